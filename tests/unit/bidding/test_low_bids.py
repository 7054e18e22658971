"""Low prices: worked examples of five countries, and that a flag excludes nobody by itself."""

from fractions import Fraction

import pytest

from market.bidding import low_bids


def prices(*values: int) -> dict[str, int]:
    return {f"V-{place:02d}": value for place, value in enumerate(values)}


def values_flagged(given: dict[str, int], low: dict, ceiling: int | None = None) -> list[int]:
    return sorted(given[bidder] for bidder in low_bids.flagged(given, low, ceiling))


def test_italy_flags_discounts_from_the_threshold_upwards() -> None:
    discounts = (10, 12, 14, 15, 16, 17, 18, 20, 22, 30)
    assert low_bids.italian_threshold([Fraction(one) for one in discounts]) == Fraction(77, 4)
    assert values_flagged(prices(*(10_000 - 100 * one for one in discounts)), {"rule": "italy"}, 10_000) == [
        7000, 7800, 8000,
    ]  # fmt: skip


def test_equal_discounts_at_the_border_of_a_wing_go_with_it() -> None:
    discounts = [Fraction(one) for one in (10, 10, 14, 16, 18, 30, 30)]
    assert low_bids.italian_threshold(discounts) == 18
    assert low_bids.italian_threshold([Fraction(10)] * 4) is None
    assert low_bids.italian_threshold([]) is None


@pytest.mark.parametrize(
    ("given", "budget", "expected"),
    [
        ((100, 98, 95, 80, 130), 200, [80]),
        ((74,), 100, [74]),
        ((75,), 100, []),
        ((79, 100), 200, [79]),
        ((80, 100), 200, []),
        ((89, 100, 100), 100, []),
        ((80, 100, 140), 100, [80]),
        ((70, 72, 74), 100, [70, 72, 74]),
        ((10, 100, 100, 400), 100, [10]),
    ],
)
def test_spain_measures_by_the_number_of_bids(given: tuple[int, ...], budget: int, expected: list[int]) -> None:
    assert values_flagged(prices(*given), {"rule": "spain", "estimate": budget}) == expected


def test_turkey_compares_squares_and_takes_no_root() -> None:
    limit = low_bids.turkish_limit((700, 720, 750, 800, 900), 1000)
    assert limit is not None
    assert abs(limit - Fraction("521.86")) < Fraction(1, 100)
    assert values_flagged(prices(690, 700, 720, 750, 800, 900), {"rule": "turkey", "estimate": 1000}) == []
    assert values_flagged(prices(450, 700, 720, 750, 800, 900), {"rule": "turkey", "estimate": 1000}) == [450]
    assert low_bids.turkish_limit((1,), 1000) is None
    assert low_bids.turkish_limit((500,), 1000) == Fraction(250)
    assert low_bids.turkish_limit((1100,), 1000) == Fraction(1100) * (
        Fraction("1.21") - Fraction("0.88") + Fraction("1.4")
    ) / Fraction("2.1")


def test_korea_has_fifteen_preliminary_prices_and_a_floor_rate() -> None:
    found = low_bids.korean_preliminary(100_000_000, 3_000)
    assert (found[0], found[1], found[-1], len(found)) == (97_200_000, 97_600_000, 102_800_000, 15)
    assert low_bids.korean_reserve(found, (1, 1, 2, 2, 3, 3, 4, 4, 5, 9)) == 97_800_000
    assert low_bids.korean_reserve(found, ()) == 97_800_000
    assert values_flagged(prices(877, 878), {"rule": "korea", "rate": 87_745, "estimate": 1000}) == [877]


@pytest.mark.parametrize("rule", low_bids.RULES)
def test_a_price_of_nothing_is_flagged_and_divides_by_nothing(rule: str) -> None:
    """KF-BID-09: also where all prices are zero."""
    low = {"rule": rule, "estimate": 1000, "rate": 80_000}
    assert values_flagged(prices(0, 0, 0, 0, 0), low) == [0] * 5
    assert values_flagged(prices(0), low) == [0]
    assert low_bids.flagged(prices(0, 5), None, None) == ["V-00"]


def test_what_a_rule_needs_is_asked_for() -> None:
    with pytest.raises(ValueError, match="no rule"):
        low_bids.flagged(prices(1), {"rule": "atlantis"}, 10)
    with pytest.raises(ValueError, match="estimate"):
        low_bids.flagged(prices(1), {"rule": "spain"}, None)


def test_fewer_than_five_bids_exclude_nobody() -> None:
    assert [low_bids.may_exclude(count) for count in (0, 4, 5)] == [False, False, True]
