"""Side by side: what is best by a published rule, and what differs."""

from dataclasses import replace
from fractions import Fraction

import pytest

from market.listings.comparison import Figures, OfferFacts, best, by_price, same, share
from market.listings.pricing import Quote, Reference, Why


def offer(fen: int | None, days: int = 10, why: Why = Why.FIRM, **figures: int) -> OfferFacts:
    return OfferFacts(
        code=f"L-{fen}", title="t", vendor_code="V", vendor_name="v", quote=Quote(fen, why), reference=None, days=days,
        guarantee_days=0, travel_fen=0, deliverables=(), licences=(), practitioners={}, capacity=3, languages=("zh",),
        districts=(), figures=Figures(**figures),
    )  # fmt: skip


def test_the_lowest_firm_price_is_marked_and_a_maximum_is_not() -> None:
    """KF-LST-04: a 'from' or 'at most' price is not ranked as firm."""
    assert best("price", [offer(300), offer(100, why=Why.QUOTATION), offer(200)]) == [2]


def test_a_price_below_the_floor_is_not_called_best() -> None:
    reference = Reference("market", 150, 200, 250)
    offers = [replace(offer(fen), reference=reference) for fen in (100, 180, 220)]
    assert best("price", offers) == [1]


def test_equals_share_the_mark_and_all_equal_have_none() -> None:
    assert best("days", [offer(1, 5), offer(1, 5), offer(1, 9)]) == [0, 1]
    assert best("days", [offer(1, 5), offer(1, 5)]) == []


def test_a_newcomer_is_not_called_worse() -> None:
    assert best("on_time", [offer(1), offer(1, on_time=9, on_time_of=10)]) == []
    assert best("on_time", [offer(1), offer(1, on_time=9, on_time_of=10), offer(1, on_time=4, on_time_of=5)]) == [1]


def test_offers_sort_by_the_figure_that_is_shown() -> None:
    """KF-LST-04: sorted by the same amount as shown, without a firm amount last."""
    offers = [offer(None, why=Why.BEYOND), offer(300), offer(100, why=Why.QUOTATION), offer(200)]
    assert [one.quote.fen for one in by_price(offers)] == [200, 300, None, 100]


def test_a_part_above_the_whole_is_an_error() -> None:
    """KF-FAI-01."""
    assert share(9, 10) == Fraction(9, 10)
    assert share(0, 0) is None
    with pytest.raises(ValueError, match="11 of 10"):
        share(11, 10)


def test_full_hands_never_count_below_zero() -> None:
    assert offer(1, open_jobs=5).free == 0
    assert offer(1, open_jobs=1).free == 2


def test_same_cells_are_found() -> None:
    assert same(["a", "a", "a"])
    assert not same(["a", "b"])
