"""Numbers with units, as notices write them."""

from fractions import Fraction

import pytest

from market.review.numbers import number, quantities


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("500万元", "yuan", 5_000_000),
        ("三百万元", "yuan", 3_000_000),
        ("2亿元", "yuan", 200_000_000),
        ("rmb 20,000", "yuan", 20_000),
        ("rmb 1.5 million", "yuan", 1_500_000),
        ("百分之十", "percent", 10),
        ("15%", "percent", 15),
        ("八成", "percent", 80),
        ("三年", "years", 3),
        ("五个工作日", "workdays", 5),
        ("30日", "days", 30),
        ("六个月", "months", 6),
        ("48小时", "hours", 48),
        ("八折", "fold", 8),
        ("二十公里", "km", 20),
        ("5分", "points", 5),
        ("ten working days", "workdays", 10),
        ("一百二十名", "people", 120),
        ("半年", "years", Fraction(1, 2)),
    ],
)
def test_a_quantity_is_read(text: str, unit: str, value: int) -> None:
    (found,) = quantities(text)
    assert (found.unit, found.value, found.start, found.end) == (unit, value, 0, len(text))


def test_a_calendar_year_is_no_duration() -> None:
    assert [q.unit for q in quantities("2026年3月") if q.unit == "years"] == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("一千零八十六", 1086),
        ("两万五千", 25000),
        ("十二", 12),
        ("三点五", Fraction(7, 2)),
        ("1,200.5", Fraction(2401, 2)),
    ],
)
def test_numerals(written: str, value: Fraction) -> None:
    assert number(written) == value
