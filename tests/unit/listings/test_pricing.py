"""What an offer comes to, and where that lies against the standard."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.listings.pricing import (
    BUCKETS,
    ExplanationMissing,
    OutsideStandard,
    Position,
    Price,
    PriceModel,
    Quote,
    Reference,
    Why,
    bucket,
    check_price,
    position,
    quote,
)

MARKET = Reference("market", 80_000, 100_000, 120_000)
GUIDED = Reference("guided", 80_000, 100_000, 120_000, title="示例")
SET = Reference("set", 100_000, 100_000, 100_000, title="示例")
PLAIN = Reference("market", 100_000, 100_000, 100_000)
CEILING = Reference("market", 0, 100_000, 100_000, ceiling=True)
REASON = "仪器自有，同一园区一次进场完成多家，差旅摊薄。"


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [
        # KF-LST-04: 2.00 per m2; 180.00 up to 100 m2; 170.00 without tax at 6 %; from 150.00
        (Price(PriceModel.PER_UNIT, 200, "m²"), 80, Quote(16_000)),
        (Price(PriceModel.PER_UNIT, 200, "m²"), 120, Quote(24_000)),
        (Price(PriceModel.FIXED, 18_000, covers=100), 80, Quote(18_000)),
        (Price(PriceModel.FIXED, 18_000, covers=100), 100, Quote(18_000)),
        (Price(PriceModel.FIXED, 18_000, covers=100), 120, Quote(None, Why.BEYOND)),
        (Price(PriceModel.FIXED, 17_000, tax_included=False, tax_permille=60), 80, Quote(18_020)),
        (Price(PriceModel.QUOTATION, 15_000), 80, Quote(15_000, Why.QUOTATION)),
        # minimum, travel, nothing
        (Price(PriceModel.PER_UNIT, 200, "m²", minimum_fen=30_000), 80, Quote(30_000)),
        (Price(PriceModel.FIXED, 18_000, travel_fen=5_000), None, Quote(23_000)),
        (Price(PriceModel.FIXED, 0), None, Quote(0)),
        (Price(PriceModel.PER_UNIT, 200, "m²"), None, Quote(None, Why.NO_QUANTITY)),
        (Price(PriceModel.PER_UNIT, 333, "m²", tax_included=False, tax_permille=60), 1, Quote(353)),
        (Price(PriceModel.QUOTATION), 1, Quote(None, Why.QUOTATION)),
    ],
)
def test_an_offer_comes_to_this(price: Price, quantity: int | None, expected: Quote) -> None:
    assert quote(price, None if quantity is None else Fraction(quantity), MARKET) == expected


def test_a_share_is_taken_of_the_reference() -> None:
    assert quote(Price(PriceModel.SHARE, share_permille=855), None, MARKET) == Quote(85_500)
    assert quote(Price(PriceModel.SHARE, share_permille=855), None, None) == Quote(None, Why.NO_REFERENCE)


@pytest.mark.parametrize(
    ("fen", "reference", "expected"),
    [
        (79_999, MARKET, Position.BELOW), (80_000, MARKET, Position.WITHIN), (120_000, MARKET, Position.WITHIN),
        (120_001, MARKET, Position.ABOVE), (79_999, PLAIN, Position.BELOW), (80_000, PLAIN, Position.WITHIN),
        (0, CEILING, Position.WITHIN), (100_001, CEILING, Position.ABOVE), (None, MARKET, Position.NONE),
        (5, None, Position.NONE),
    ],
)  # fmt: skip
def test_where_an_amount_lies(fen: int | None, reference: Reference | None, expected: Position) -> None:
    assert position(fen, reference) is expected


def test_a_market_price_is_never_refused_only_explained() -> None:
    with pytest.raises(ExplanationMissing) as missing:
        check_price(Quote(1), MARKET, "便宜")
    assert missing.value.params["low"] == "¥800.00"
    assert check_price(Quote(1), MARKET, REASON) is Position.BELOW
    assert check_price(Quote(10**12), MARKET, "") is Position.ABOVE


@pytest.mark.parametrize(
    "offered", [Quote(79_999), Quote(120_001), Quote(None, Why.NO_QUANTITY), Quote(130_000, Why.QUOTATION)]
)
def test_a_guided_price_must_lie_in_the_band(offered: Quote) -> None:
    with pytest.raises(OutsideStandard) as refused:
        check_price(offered, GUIDED, REASON)
    assert (refused.value.params["low"], refused.value.params["high"]) == ("¥800.00", "¥1,200.00")
    assert refused.value.rule == "示例"


@pytest.mark.parametrize("fen", [80_000, 100_000, 120_000])
def test_a_guided_price_inside_the_band_is_admitted(fen: int) -> None:
    assert check_price(Quote(fen), GUIDED, "") is Position.WITHIN


@pytest.mark.parametrize("offered", [Quote(99_999), Quote(100_001), Quote(100_000, Why.QUOTATION)])
def test_a_set_price_must_be_equal_and_firm(offered: Quote) -> None:
    with pytest.raises(OutsideStandard):
        check_price(offered, SET, REASON)
    assert check_price(Quote(100_000), SET, "") is Position.WITHIN


def test_without_a_standard_nothing_is_held_against_a_price() -> None:
    assert check_price(Quote(1), None, "") is Position.NONE


@given(st.integers(0, 10**12), st.integers(0, 200), st.integers(0, 10**9))
def test_tax_is_added_once_and_rounded_once(fen: int, permille: int, travel: int) -> None:
    with_tax = quote(
        Price(PriceModel.FIXED, fen, tax_included=False, tax_permille=permille, travel_fen=travel), None, None
    ).fen
    exact = (fen + travel) * (1 + Fraction(permille, 1000))
    assert with_tax is not None
    assert abs(with_tax - exact) <= Fraction(1, 2)


@given(st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_units_never_cost_less(unit: int, fewer: int, more: int) -> None:
    price = Price(PriceModel.PER_UNIT, unit, "m²", minimum_fen=10**5)
    amounts = [quote(price, Fraction(quantity), None).fen for quantity in sorted((fewer, more))]
    assert amounts[0] <= amounts[1]  # type: ignore[operator]


def test_buckets_are_bounded_above() -> None:
    assert [bucket(fen) for fen in (0, BUCKETS[0], BUCKETS[0] + 1, BUCKETS[-1], BUCKETS[-1] + 1, None)] == [
        "1000", "1000", "5000", "100000", "more", "quotation",
    ]  # fmt: skip
