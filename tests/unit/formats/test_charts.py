"""Where the lines and bars of charts lie."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import charts


@pytest.mark.parametrize(
    ("least", "most", "axis"),
    [
        (712, 1010, [700, 800, 900, 1000, 1100]),
        (600, 1010, [600, 800, 1000, 1200]),
        (0, 3, [0, 1, 2, 3]),
        (5, 5, [4, 5, 6]),
        (0, 0, [-1, 0, 1]),
        (Fraction(1, 2), Fraction(18, 19), [Fraction(2, 5), Fraction(3, 5), Fraction(4, 5), 1]),
        (Fraction(3, 1000), Fraction(9, 1000), [Fraction(n, 1000) for n in (2, 4, 6, 8, 10)]),
    ],
)
def test_an_axis_has_round_values(least: Fraction | int, most: Fraction | int, axis: list[Fraction | int]) -> None:
    assert charts.round_axis(Fraction(least), Fraction(most)) == axis


@given(st.fractions(-(10**9), 10**9), st.fractions(-(10**9), 10**9))
def test_an_axis_holds_all_values_with_few_steps(one: Fraction, other: Fraction) -> None:
    least, most = sorted((one, other))
    axis = charts.round_axis(least, most)
    assert axis[0] <= least <= most <= axis[-1]
    assert 2 <= len(axis) <= 6


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    drawn = charts.line_chart([[0, 1, None, 3, 2]], height=146)
    assert drawn.paths == ["M0 116L25 82.7M75 16L100 49.3"]
    assert drawn.last == [charts.Mark("86", "49.3", 2, 0)]
    assert [value for _, value in drawn.ticks] == [0, 1, 2, 3]


def test_a_series_without_values_has_no_last_point_and_moves_no_other() -> None:
    drawn = charts.line_chart([[None, None], [1, 2]])
    assert drawn.paths[0] == ""
    assert [mark.line for mark in drawn.last] == [1]


def test_a_band_is_one_closed_area() -> None:
    drawn = charts.line_chart([[1, 2]], band=([0, 0], [3, 3]), height=146)
    assert drawn.area == "M0 16L100 16L100 116L0 116z"


@pytest.mark.parametrize("series", [[[1]], [[1, 2], [1, 2, 3]], [[None, None]]])
def test_a_chart_without_enough_values_is_refused(series: list[list[int | None]]) -> None:
    with pytest.raises(ValueError):
        charts.line_chart(series)


@pytest.mark.parametrize(
    ("values", "path"),
    [([0, 1], "M0 26L100 4"), ([5, 5, 5], "M0 15L50 15L100 15"), ([3, 1, 2], "M0 4L50 26L100 15")],
)
def test_a_small_curve_fills_its_box(values: list[int], path: str) -> None:
    assert charts.sparkline(values) == path


# the five slices of 1980 号 for works of 60 million yuan, as the design's page standards draws them
def test_bars_reach_as_far_as_the_published_page_draws_them() -> None:
    bars = charts.bar_chart([1000000, 2800000, 2750000, 14000000, 2000000])
    assert [bar.width for bar in bars] == ["2.7", "7.6", "7.5", "38", "5.4"]
    assert [bar.words for bar in bars] == ["28.2", "33.1", "33", "63.5", "30.9"]


def test_bars_of_nothing_have_no_length() -> None:
    assert [bar.width for bar in charts.bar_chart([0, 0])] == ["0", "0"]
    assert charts.bar_chart([]) == []
    assert [bar.width for bar in charts.bar_chart([5, 20], most=10)] == ["19", "38"]


def test_a_bar_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        charts.bar_chart([1, -1])


@pytest.mark.parametrize(
    ("size", "labelled"), [(1, [0]), (2, [0, 1]), (5, [0, 1, 2, 3, 4]), (8, [1, 3, 5, 7]), (12, [2, 5, 8, 11])]
)
def test_labels_are_equally_far_apart_and_end_with_the_last(size: int, labelled: list[int]) -> None:
    assert charts.spread(size) == labelled
