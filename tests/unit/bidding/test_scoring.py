"""Points: the published examples, the warning, and what a third bid can and cannot change."""

from fractions import Fraction

import pytest

from market.bidding import scoring
from market.bidding.scoring import Offer, scored, shown


def totals(prices: dict[int, int], rules: dict, ceiling: int | None = None) -> list[str]:
    """Price points of price -> quality, in the order of the prices given."""
    offers = [Offer(f"V-{place}", price, quality) for place, (price, quality) in enumerate(prices.items())]
    found = scored(offers, rules, ceiling)
    return [shown(found[offer.bidder].total) for offer in offers]


CASES = {
    "F1, published": ({100: 0, 140: 0}, {"formula": "F1", "price_points": 20}, None, ["20.00", "14.29"]),
    "F1 with quality": (
        {100: 70_000, 120: 85_000, 150: 95_000},
        {"formula": "F1", "price_points": 40, "quality_points": 60}, None, ["82.00", "84.33", "83.67"],
    ),
    "F2": ({100: 0, 140: 0, 200: 0}, {"formula": "F2", "price_points": 20}, 200, ["20.00", "12.00", "0.00"]),
    "F2 with an anchor": ({80: 0, 120: 0}, {"formula": "F2", "price_points": 20, "anchor": 100}, 200, ["20.00", "16.00"]),
    "F4, published: 100 and 140 tie": (
        {100: 0, 140: 0}, {"formula": "F4", "price_points": 20}, None, ["16.67", "16.67"],
    ),
    "F5, three bids": (
        {98: 0, 100: 0, 104: 0}, {"formula": "F5", "price_points": 100, "k": 950, "e": 1000}, None,
        ["97.53", "95.43", "91.25"],
    ),
    "F5, and a shill makes another one win": (
        {98: 0, 100: 0, 104: 0, 130: 0}, {"formula": "F5", "price_points": 100, "k": 950, "e": 1000}, None,
        ["97.76", "98.73", "98.64", "73.29"],
    ),
    "F6, published": (
        {100: 90, 110: 80, 140: 0}, {"formula": "F6", "price_points": 20}, None, ["19.05", "18.10", "12.67"],
    ),
    "a price of nothing": ({0: 0, 140: 0}, {"formula": "F1", "price_points": 20}, None, ["20.00", "0.00"]),
    "all for nothing": ({0: 0}, {"formula": "F4", "price_points": 20}, None, ["20.00"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_formulas_give_the_published_points(name: str) -> None:
    """KF-BID-09: a price of zero divides by nothing."""
    prices, rules, ceiling, expected = CASES[name]
    assert totals(prices, rules, ceiling) == expected


def test_six_bids_drop_their_ends_before_the_benchmark() -> None:
    """F5 with more than five: without highest and lowest, without those more than a fifth off, then the mean."""
    prices = {50: 0, 90: 0, 100: 0, 101: 0, 140: 0, 500: 0}
    rules = {"formula": "F5", "price_points": 100, "k": 1000, "e": 1000}
    # 90, 100, 101, 140 have the mean 107.75; 140 is more than a fifth off; the rest gives 97
    assert totals(prices, rules)[2] == shown(100 - Fraction(300, 97))


def test_formulas_that_friends_can_steer_carry_a_warning() -> None:
    assert [name for name in scoring.FORMULAS if scoring.warning(name)] == ["F4", "F5", "F6"]


def test_what_a_formula_needs_is_asked_for() -> None:
    with pytest.raises(ValueError, match="ceiling"):
        scored([Offer("V", 1)], {"formula": "F2", "price_points": 20}, None)
    with pytest.raises(ValueError, match="no formula"):
        scored([Offer("V", 1)], {"formula": "F3", "price_points": 20}, None)
    assert scored([], {"formula": "F1", "price_points": 20}, None) == {}


@pytest.mark.parametrize(
    ("marks", "trimmed", "expected"),
    [
        ([70_000, 80_000, 90_001], False, 80_000),
        ([1, 2], False, 2),
        ([0, 10, 10, 10, 100_000], True, 10),
        ([0, 10, 10, 100_000], True, 25_005),
    ],
)
def test_quality_is_the_mean_of_marks_rounded_half_up(marks: list[int], trimmed: bool, expected: int) -> None:
    assert scoring.quality(marks, trimmed=trimmed) == expected


@pytest.mark.parametrize("marks", [[], [-1], [100_001]])
def test_marks_outside_their_range_are_refused(marks: list[int]) -> None:
    with pytest.raises(ValueError, match="marks"):
        scoring.quality(marks)


def test_two_decimals_are_rounded_half_up_for_people_only() -> None:
    assert [shown(Fraction(*one)) for one in ((1, 200), (1, 201), (1999, 200), (25, 3))] == [
        "0.01",
        "0.00",
        "10.00",
        "8.33",
    ]
