"""`bin/market bench draw`: a whole draw and its check, beside the bare loop of the same number of hashes in the same run."""

from collections.abc import Callable
from hashlib import sha256
from time import process_time

from bench.report import Figure, compared, table
from market.bidding import draw

#: the best of so many runs counts, ours and the loop's in turn
RUNS = 3


def run(size: int, say: Callable[[str], None]) -> str:
    """The table for `size` entrants, with the cost per hash at a hundredth, a tenth and all of them."""
    figures: list[Figure] = []
    costs: list[tuple[int, float]] = []
    for count in sorted({max(size // 100, 2), max(size // 10, 2), size}):
        say(f"{count} entrants")
        found, cost = measured(count)
        figures += found
        costs.append((count, cost))
    (small, least), (large, most) = costs[0], costs[-1]
    name, ratio = f"cost per hash, {large:,} beside {small:,}", most / least
    times = f"{most * 1e6:.2f} µs", f"{least * 1e6:.2f} µs"
    return table("Draw", [*figures, Figure(name, *times, f"{ratio:.2f} x", "<= 1.5 x", ratio <= 1.5)])


def measured(count: int) -> tuple[list[Figure], float]:
    """The figures for `count` entrants, and what one hash costs in seconds."""
    codes = [f"V-{number:08d}0" for number in range(count)]
    seed = draw.seed("T-7K3M9Q2FE", draw.entries_hash([{"id": code} for code in codes]), draw.entropies_hash([]))
    hashes, order = hashes_of(seed, count), draw.drawn(seed, codes)
    runs = [
        (
            timed(lambda: draw.drawn(seed, codes)),
            timed(lambda: draw.drawn(seed, codes) == order),
            timed(lambda: loop(seed, hashes)),
        )
        for _ in range(RUNS)
    ]
    drawn, checked, bare = (min(column) for column in zip(*runs, strict=True))
    return [
        compared(f"draw of {count:,}, {hashes:,} hashes", drawn, bare, most=1.5),
        compared(f"its check, {count:,}", checked, bare, most=1.5),
    ], drawn / hashes


def hashes_of(seed: str, size: int) -> int:
    """How many hashes the whole permutation takes: until the last entrant is found."""
    missing = set(range(1, size + 1))
    for count, pick in enumerate(draw.picks(seed, size), start=1):
        missing.discard(pick)
        if not missing:
            return count
    raise AssertionError("the sampler does not end")


def loop(seed: str, hashes: int) -> None:
    """The bare work: as many hashes of the same lines, and nothing done with them."""
    for counter in range(1, hashes + 1):
        sha256(f"{seed},{counter}".encode()).digest()


def timed(act: Callable[[], object]) -> float:
    """Seconds of processor time that `act` takes: one thread that only computes, so that others on the machine do not count."""
    begin = process_time()
    act()
    return process_time() - begin
