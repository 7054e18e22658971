"""Draws: one permutation from one line of text, whatever the order of the pool, fair over many seeds."""

import subprocess
from collections import Counter
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bidding import draw

CODES = [f"V-{number:09d}" for number in range(1, 26)]


@given(st.text(max_size=20), st.integers(0, 200))
def test_everybody_stands_in_the_order_exactly_once(seed: str, size: int) -> None:
    """I22."""
    assert sorted(draw.permutation(seed, size)) == list(range(1, size + 1))


@given(st.permutations(CODES), st.text(max_size=20))
def test_the_order_handed_in_makes_no_difference(codes: list[str], seed: str) -> None:
    """I23, KF-DRA-02."""
    assert draw.drawn(seed, codes) == draw.drawn(seed, CODES)
    entries = [{"id": code, "key": "00" * 32} for code in codes]
    assert draw.entries_hash(entries) == draw.entries_hash(entries[::-1])


def test_another_character_of_seed_or_pool_gives_another_order() -> None:
    """KF-DRA-02."""
    first = draw.drawn("seed", CODES)
    assert draw.drawn("seed ", CODES) != first
    pool = [{"id": code} for code in CODES]
    assert draw.entries_hash(pool) != draw.entries_hash([*pool[:-1], {"id": "V-x"}])


def test_the_first_pick_can_be_checked_with_sha256sum_and_a_pencil() -> None:
    """docs/verification.md: the same line, hashed by a program that knows nothing of the market."""
    seed = draw.seed("T-7K3M9Q2FE", draw.entries_hash([{"id": code} for code in CODES]), draw.entropies_hash([]))
    hashed = subprocess.run(["sha256sum"], input=f"{seed},1".encode(), capture_output=True, check=True).stdout.split()[
        0
    ]
    assert draw.drawn(seed, CODES)[0] == CODES[int(hashed, 16) % len(CODES)]


def test_one_code_enters_once() -> None:
    """KF-DRA-05."""
    with pytest.raises(ValueError, match="twice"):
        draw.drawn("seed", ["V-1", "V-1"])
    with pytest.raises(ValueError, match="twice"):
        draw.entries_hash([{"id": "V-1"}, {"id": "V-1"}])


def test_seeds_have_their_form_with_and_without_a_beacon() -> None:
    nothing = draw.entropies_hash([])
    assert nothing == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert draw.seed("T", "e", nothing) == f"WM-DRAW-1|T|e|none|0|-|{nothing}"
    assert draw.seed("T", "e", nothing, ("c", 7, "r"), label="tie") == f"WM-DRAW-1|T|e|c|7|r|{nothing}|tie"
    with pytest.raises(ValueError, match="32 bytes"):
        draw.entropies_hash([b"short"])


def test_who_drops_out_is_passed_over_until_nobody_is_left() -> None:
    """KF-DRA-04: no second draw; the others keep their places."""
    order = draw.drawn("seed", CODES[:5])
    gone: list[str] = []
    for expected in order:
        assert draw.first_left(order, gone) == expected
        gone.append(expected)
    assert draw.first_left(order, gone) is None


def test_over_a_hundred_thousand_seeds_everybody_wins_equally_often() -> None:
    """I24: chi-square of ten entrants at 1e-6 (nine degrees of freedom: 45.1); the first pick alone needs one hash a seed."""
    counts = Counter(next(draw.picks(f"seed {number}", 10)) for number in range(100_000))
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts.values()) < 45.1
    assert set(counts) == set(range(1, 11))


def test_places_are_independent_of_each_other() -> None:
    """KF-DRA-01: all 60 ordered pairs of places one to three of five, chi-square at 1e-6 (59 degrees of freedom: 121.1)."""
    random, counts = Random(1), Counter[tuple[int, ...]]()
    for _ in range(12_000):
        counts[tuple(draw.permutation(str(random.random()), 5)[:3])] += 1
    assert set(counts) == set(permutations(range(1, 6), 3))
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 121.1


def test_an_empty_pool_draws_nobody() -> None:
    assert draw.permutation("seed", 0) == []
    with pytest.raises(ValueError, match="empty"):
        next(draw.picks("seed", 0))
