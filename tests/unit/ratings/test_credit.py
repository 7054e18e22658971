"""Credit: 100 less what decisions cost, fading to nothing."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.ratings import credit
from market.ratings.credit import Deduction

DAY = date(2026, 3, 4)


def cost(points: int = 10, days: int = 365, *, on: date = DAY, counts: bool = True) -> Deduction:
    return Deduction("X-1", points, days, on, counts)


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (-1, "0"),
        (0, "10"),
        (1, "3640/365"),
        (73, "8"),
        (146, "6"),
        (292, "2"),
        (364, "10/365"),
        (365, "0"),
        (3650, "0"),
    ],
)
def test_a_deduction_fades_linearly_to_nothing(after: int, left: str) -> None:
    assert credit.left_of(cost(), DAY + timedelta(days=after)) == Fraction(left)


def test_it_is_gone_on_the_day_that_is_published() -> None:
    assert credit.fades_on(DAY, 365) == date(2027, 3, 4)
    assert credit.left_of(cost(), credit.fades_on(DAY, 365)) == 0
    assert credit.left_of(cost(), credit.fades_on(DAY, 365) - timedelta(days=1)) > 0


def test_it_starts_at_a_hundred_and_never_falls_below_nought() -> None:
    assert credit.credit([], DAY) == 100
    assert credit.credit([cost(10), cost(3, 180)], DAY) == 87
    assert credit.credit([cost(60), cost(50)], DAY) == 0


def test_a_deduction_under_appeal_rests() -> None:
    assert credit.credit([cost(10), cost(3, counts=False)], DAY) == 90


def test_points_are_kept_as_thousandths_half_up() -> None:
    assert credit.thousandths(Fraction(3640, 365)) == 9973
    assert credit.thousandths(Fraction(1, 2000)) == 1


@given(st.lists(st.builds(cost, st.integers(1, 100), st.integers(1, 2000)), max_size=8), st.integers(0, 3000))
def test_credit_only_comes_back_while_nothing_new_happens(terms: list[Deduction], after: int) -> None:
    first, later = DAY + timedelta(days=after), DAY + timedelta(days=after + 1)
    assert 0 <= credit.credit(terms, first) <= credit.credit(terms, later) <= 100
