"""WM-DRAW-1: who is drawn follows from one line of text, and anybody can check it with `sha256sum`.

The pool is frozen first: sorted by code, its fingerprint in the public record. Then comes what nobody could know
before: the signature of a public randomness beacon, numbers that key holders and vendors sealed, or both; the notice
says which. They make the seed, one line:

    WM-DRAW-1|tender|entries hash|chain|round|randomness|SHA-256 of the entropies       (without a beacon: …|none|0|-|…)

The order is Rivest's sampler: number i = 1, 2, 3, … gives SHA-256 of `seed,i` as an integer, modulo the size of the
pool, plus 1; who is already placed is passed over. Check the first with: printf %s "SEED,1" | sha256sum

The whole permutation is published. Who withdraws or drops out is passed over and the next one follows: there is no
second draw. Source of the sampler: R. L. Rivest, sampler.py (2011); its bias is at most N / 2**256.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from market.kernel.canonical import digest

NO_BEACON = ("none", 0, "-")


def entries_hash(entries: Iterable[Mapping[str, object]]) -> str:
    """The fingerprint of a pool (64 hexadecimal digits): of {"entries": […]}, each an object with its `id`, sorted by
    it.

    The order handed in makes no difference. ValueError when a code stands in the pool twice.
    """
    pool = sorted(entries, key=lambda entry: str(entry["id"]))
    if len({entry["id"] for entry in pool}) != len(pool):
        raise ValueError("a code stands in the pool twice")
    return digest({"entries": pool})


def entropies_hash(entropies: Iterable[bytes]) -> str:
    """SHA-256 (hexadecimal) over all opened entropies one after the other, in the order of their leaves; each has 32
    bytes.

    Without any, the SHA-256 of nothing. ValueError for an entropy of another length.
    """
    total = sha256()
    for entropy in entropies:
        if len(entropy) != 32:
            raise ValueError("an entropy has 32 bytes")
        total.update(entropy)
    return total.hexdigest()


def seed(
    tender: str, entries: str, entropies: str, beacon: tuple[str, int, str] = NO_BEACON, *, label: str | None = None
) -> str:
    """The seed line of a draw: `entries` and `entropies` are the two hashes, `beacon` is chain hash, round and
    randomness.

    `label` ("tie" for a draw among equals) is put at the end, so that no two draws of one tender share a seed.
    """
    chain, round_number, randomness = beacon
    line = f"WM-DRAW-1|{tender}|{entries}|{chain}|{round_number}|{randomness}|{entropies}"
    return line if label is None else f"{line}|{label}"


def picks(text: str, size: int) -> Iterator[int]:
    """Rivest's sampler with repeats, for ever: numbers from 1 to `size` for the seed `text`. ValueError for an empty
    pool."""
    if size < 1:
        raise ValueError("nobody can be drawn from an empty pool")
    start = sha256(f"{text},".encode())
    counter = 0
    while True:
        counter += 1
        number = start.copy()
        number.update(b"%d" % counter)
        yield int.from_bytes(number.digest(), "big") % size + 1


def permutation(text: str, size: int) -> list[int]:
    """All numbers from 1 to `size` once each, in the order in which the seed `text` draws them. An empty pool gives
    an empty list.

    Costs about size * (ln size + 0.58) hashes: the last ones are found only after many repeats.
    """
    order: list[int] = []
    if not size:
        return order
    placed = bytearray(size + 1)
    start, as_integer = sha256(f"{text},".encode()), int.from_bytes
    counter = 0
    while len(order) < size:
        counter += 1
        number = start.copy()
        number.update(b"%d" % counter)
        pick = as_integer(number.digest(), "big") % size + 1
        if not placed[pick]:
            placed[pick] = 1
            order.append(pick)
    return order


def drawn(text: str, codes: Iterable[str]) -> list[str]:
    """All `codes` in the order of the draw with seed `text`. They are sorted first: the order handed in makes no
    difference.

    ValueError when a code stands there twice.
    """
    pool = sorted(codes)
    if len(set(pool)) != len(pool):
        raise ValueError("a code stands in the pool twice")
    return [pool[place - 1] for place in permutation(text, len(pool))]


def first_left(order: Sequence[str], dropped: Iterable[str]) -> str | None:
    """The winner of a draw, and each replacement: the first of `order` who has not dropped out; None when nobody is
    left."""
    gone = set(dropped)
    return next((code for code in order if code not in gone), None)
