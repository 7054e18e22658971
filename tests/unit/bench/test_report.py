"""The table that every bench prints."""

import pytest

from bench import report


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.5, 5.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        (list(range(1, 101)), 0.95, 95),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_a_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert report.percentile(values, share) == expected


def test_nothing_measured_gives_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        report.percentile([], 0.5)


@pytest.mark.parametrize(
    ("ours", "peer", "goal", "ratio", "met"),
    [
        (0.016, 0.010, {"most": 1.6}, "1.60 x", True), (0.017, 0.010, {"most": 1.6}, "1.70 x", False),
        (0.010, 0.100, {"least": 10}, "10.0 x faster", True), (0.011, 0.100, {"least": 10}, "9.1 x faster", False),
        (0.010, 0.100, {}, "10.0 x faster", None),
    ],
)  # fmt: skip
def test_a_goal_is_met_by_the_ratio_alone(
    ours: float, peer: float, goal: dict[str, float], ratio: str, met: bool | None
) -> None:
    figure = report.compared("page", ours, peer, **goal)
    assert (figure.ratio, figure.met) == (ratio, met)


def test_the_columns_stand_under_each_other_also_with_chinese() -> None:
    lines = report.table(
        "bench", [report.Figure("页面 p50", "1 ms", goal="-"), report.Figure("page", "10 ms")]
    ).splitlines()
    assert lines[4].index("1 ms") + 2 == lines[5].index("10 ms"), "a Chinese character takes two columns"
