"""Where the lines, points and bars of a chart lie: numbers in, positions as plain strings out, for templates/macros/charts.html.

Every x is in percent of the chart's width, every y in px of its height, so that curves stretch with the page and type does not.
Pure; values are int, `Fraction` or `Decimal`, None where there is none (the line is broken there).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

Number = int | Fraction | Decimal

#: where a line chart's plot begins, how wide it is (percent), and how much height its labels need (px)
PLOT_LEFT, PLOT_WIDTH, PLOT_TOP, PLOT_FOOT = 13, 73, 16, 30
#: where a bar chart's bars begin and how far the longest reaches (percent)
BAR_LEFT, BAR_REACH = 24, 38


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a line chart: its place, its value, and which of the series it belongs to."""

    x: str
    y: str
    value: Number
    line: int


@dataclass(frozen=True, slots=True)
class LineChart:
    """`ticks` are (y, value) of the grid lines, `paths` one per series, `area` the closed band, `last` each series' last point.

    `places` are the x of all positions, in percent of the whole chart.
    """

    ticks: list[tuple[str, Number]]
    paths: list[str]
    area: str
    last: list[Mark]
    places: list[str]


def line_chart(
    series: Sequence[Sequence[Number | None]],
    *,
    band: tuple[Sequence[Number], Sequence[Number]] | None = None,
    height: int = 240,
    steps: int = 3,
) -> LineChart:
    """Lines over the same positions, with an optional `band` (lower, upper) behind them, on one round axis.

    ValueError when there is no value at all, the series differ in length, or there are fewer than two positions.
    """
    lengths = {len(one) for one in series} | ({len(one) for one in band} if band else set())
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError("series must have the same length, at least two positions")
    size = lengths.pop()
    seen = [Fraction(value) for one in (*series, *(band or ())) for value in one if value is not None]
    if not seen:
        raise ValueError("a chart needs a value")
    axis = round_axis(min(seen), max(seen), steps)
    bottom = height - PLOT_FOOT

    def y_of(value: Number) -> Fraction:
        return bottom - (Fraction(value) - axis[0]) / (axis[-1] - axis[0]) * (bottom - PLOT_TOP)

    xs = [Fraction(100 * i, size - 1) for i in range(size)]
    area = ""
    if band:
        lower, upper = band
        there = [f"{_one(x)} {_one(y_of(v))}" for x, v in zip(xs, upper, strict=True)]
        back = [f"{_one(x)} {_one(y_of(v))}" for x, v in zip(reversed(xs), reversed(lower), strict=True)]
        area = "M" + "L".join([*there, *back]) + "z"
    places = [PLOT_LEFT + x * PLOT_WIDTH / 100 for x in xs]
    last = []
    for line, one in enumerate(series):
        index = max((i for i, value in enumerate(one) if value is not None), default=None)
        if index is not None and (value := one[index]) is not None:
            last.append(Mark(_one(places[index]), _one(y_of(value)), value, line))
    return LineChart(
        ticks=[(_one(y_of(value)), value) for value in axis],
        paths=[_path([(x, None if v is None else y_of(v)) for x, v in zip(xs, one, strict=True)]) for one in series],
        area=area,
        last=last,
        places=[_one(place) for place in places],
    )


def sparkline(values: Sequence[Number]) -> str:
    """The path of a small curve in a box of 100 by 30, between y 26 (least) and 4 (most); a flat one lies in the middle.

    ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("a curve needs two values")
    exact = [Fraction(value) for value in values]
    least, span = min(exact), max(exact) - min(exact)
    ys = [26 - (value - least) / span * 22 if span else Fraction(15) for value in exact]
    return _path([(Fraction(100 * i, len(ys) - 1), y) for i, y in enumerate(ys)])


@dataclass(frozen=True, slots=True)
class Bar:
    """A lying bar: where it begins, how wide it is and where the words beside it begin, in percent."""

    x: str
    width: str
    words: str


def bar_chart(values: Sequence[Number], most: Number | None = None) -> list[Bar]:
    """Lying bars from a common edge; the longest (or `most`) reaches 38 % of the width. ValueError for a value below zero."""
    exact = [Fraction(value) for value in values]
    if any(value < 0 for value in exact):
        raise ValueError("a bar has no length below zero")
    top = Fraction(most) if most is not None else max(exact, default=Fraction(0))
    widths = [min(value / top, Fraction(1)) * BAR_REACH if top else Fraction(0) for value in exact]
    return [Bar(str(BAR_LEFT), _one(width), _one(BAR_LEFT + width + Fraction(3, 2))) for width in widths]


def round_axis(least: Fraction, most: Fraction, steps: int = 3) -> list[Fraction]:
    """Round values (1, 2 or 5 times a power of ten apart) from at or below `least` to at or above `most`, about `steps` apart."""
    if least == most:
        least, most = least - max(abs(least) / 10, Fraction(1)), most + max(abs(most) / 10, Fraction(1))
    rough = (most - least) / steps
    power = Fraction(10) ** (len(str(int(rough))) - 1 if rough >= 1 else -_zeros(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough)
    first, last = (least / step).__floor__(), (most / step).__ceil__()
    return [step * i for i in range(first, last + 1)]


def spread(size: int, most: int = 5) -> list[int]:
    """Which of `size` positions get a label: at most `most`, equally far apart, the last one always."""
    step = max(1, -(-(size - 1) // (most - 1)))
    return list(range((size - 1) % step, size, step))


def _zeros(value: Fraction) -> int:
    """How many places to the right the first digit of a value below one stands: 0.03 is 2."""
    places = 0
    while value < 1:
        value, places = value * 10, places + 1
    return places


def _path(points: Sequence[tuple[Fraction, Fraction | None]]) -> str:
    parts = []
    for before, (x, y) in pairwise([(Fraction(0), None), *points]):
        if y is not None:
            parts.append(f"{'M' if before[1] is None else 'L'}{_one(x)} {_one(y)}")
    return "".join(parts)


def _one(value: Fraction) -> str:
    """With one decimal, without a needless one: positions, not amounts."""
    tenths = (value * 10 + Fraction(1, 2)).__floor__()
    sign = "-" if tenths < 0 else ""
    whole, rest = divmod(abs(tenths), 10)
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
