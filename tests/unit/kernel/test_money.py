"""Money is an integer of fen (architecture rule 8)."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.money import Money, half_up, round_decimal

fen = st.integers(-(10**14), 10**14)
amounts = fen.map(Money)
fractions = st.fractions(min_value=-(10**9), max_value=10**9)


@pytest.mark.parametrize(
    ("value", "unit", "rounded"),
    [
        (Fraction(1, 2), 1, 1),
        (Fraction(-1, 2), 1, -1),
        (Decimal("2.5"), 1, 3),
        (Decimal("2.4999999999999999999999999999"), 1, 2),
        (Fraction(-249, 100), 1, -2),
        (150, 100, 200),
        (149, 100, 100),
        (-150, 100, -200),
        (0, 100, 0),
        (10**30 + 1, 10, 10**30),
    ],
)
def test_a_half_is_rounded_away_from_zero(value: Any, unit: int, rounded: int) -> None:
    assert half_up(value, unit) == rounded


@given(fractions)
def test_rounding_moves_by_at_most_a_half_and_alike_on_both_sides_of_zero(value: Fraction) -> None:
    assert abs(half_up(value) - value) <= Fraction(1, 2)
    assert half_up(-value) == -half_up(value)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("225500.00", 22_550_000),
        ("-0.01", -1),
        ("0", 0),
        ("0.5", 50),
        (Decimal("0.005"), 1),
        (Decimal("-0.005"), -1),
        (Fraction(1, 3), 33),
        (7, 700),
        ("9999999999999.99", 999_999_999_999_999),
    ],
)
def test_yuan_become_fen(amount: Any, expected: int) -> None:
    assert Money.yuan(amount).fen == expected


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1.", ".5", "1.005", "1e3", "+1", "1,000", "--1", "12345678901234", "²", "NaN", "1\n", "¥1"],
)
def test_a_text_that_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Money.yuan(text)


def test_ten_thousands_of_yuan_become_fen() -> None:
    assert Money.wan(Decimal("26.91")) == Money(26_910_000)
    assert Money.wan(Fraction(1, 3)) == Money(333_333)


@pytest.mark.parametrize("value", [1.0, "1", Decimal(1), Fraction(1), True, None])
def test_fen_are_integers_and_nothing_else(value: Any) -> None:
    with pytest.raises(TypeError):
        Money(value)


def test_currencies_never_mix() -> None:
    for act in (lambda a, b: a + b, lambda a, b: a - b):
        with pytest.raises(ValueError, match="do not mix"):
            act(Money(1), Money(1, "USD"))


@given(amounts)
def test_the_form_in_json_reads_back_exactly(amount: Money) -> None:
    assert Money.yuan(amount.to_yuan()) == amount
    assert amount.to_json() == {"amount": amount.to_yuan(), "currency": "CNY"}


@pytest.mark.parametrize(
    ("value", "json", "shown"),
    [
        (0, "0.00", "¥0.00"),
        (5, "0.05", "¥0.05"),
        (-5, "-0.05", "-¥0.05"),
        (123_456_789, "1234567.89", "¥1,234,567.89"),
        (-100_000, "-1000.00", "-¥1,000.00"),
    ],
)
def test_an_amount_is_written_with_two_places(value: int, json: str, shown: str) -> None:
    assert Money(value).to_yuan() == json
    assert str(Money(value)) == shown


@given(amounts, amounts)
def test_adding_and_taking_away_undo_each_other(one: Money, other: Money) -> None:
    assert one + other - other == one
    assert one - other == -(other - one)
    assert bool(one) == (one.fen != 0)


@given(amounts, fractions)
def test_a_factor_rounds_once(amount: Money, factor: Fraction) -> None:
    assert amount.times(factor).fen == half_up(amount.fen * factor)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [1, 1], [1, 0]),
        (0, [3, 4], [0, 0]),
        # seats of a classic example of largest remainders: 47, 16, 15.8, 12, 6.1, 3.1 of ten
        (10, [47_000, 16_000, 15_800, 12_000, 6_100, 3_100], [5, 2, 1, 1, 1, 0]),
        (10, [0, 5], [0, 10]),
    ],
)
def test_shares_are_by_largest_remainder(amount: int, weights: list[int], parts: list[int]) -> None:
    assert [share.fen for share in Money(amount).shares(weights)] == parts


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_shares_add_up_and_each_is_within_a_fen_of_its_due(amount: Money, weights: list[int]) -> None:
    shares = amount.shares(weights)

    assert sum(share.fen for share in shares) == amount.fen
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.fen - Fraction(amount.fen * weight, sum(weights))) < 1
        assert weight or not share


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_shares_need_weights_that_are_not_negative_and_not_all_zero(weights: list[int]) -> None:
    with pytest.raises(ValueError):
        Money(100).shares(weights)


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (Fraction(18837, 100_000), 4, "0.1884"),
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(-1, 8), 2, "-0.13"),
        (5, 2, "5.00"),
    ],
)
def test_a_table_value_is_rounded_half_up_and_keeps_its_places(value: Any, places: int, rounded: str) -> None:
    assert str(round_decimal(Fraction(value), places)) == rounded
