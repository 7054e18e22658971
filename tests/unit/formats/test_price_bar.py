"""A price against its standard. The published cases are the bars of the design's pages (search, tender, listing-edit)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import formats as f

# (price, reference) in fen -> x in percent of the bar, as drawn on the design's pages
DRAWN = [
    (2520000, 2710600, "41.2"),
    (2380000, 2710600, "34.8"),
    (2860000, 2710600, "56.9"),
    (2090000, 2710600, "21.4"),
    (2600000, 2710600, "44.9"),
    (21800000, 24280000, "37.2"),
    (3600000, 3840000, "42.2"),
    (580000, 900000, "5.6"),
]


@pytest.mark.parametrize(("price", "reference", "x"), DRAWN)
def test_a_price_stands_where_the_published_bars_draw_it(price: int, reference: int, x: str) -> None:
    assert f.price_bar_x(price, reference) == x


@pytest.mark.parametrize(
    ("price", "x"), [(0, "2"), (60, "2"), (61, "2"), (62, "2.5"), (100, "50"), (139, "98"), (140, "98"), (10**9, "98")]
)
def test_a_price_far_away_stays_on_the_bar(price: int, x: str) -> None:
    assert f.price_bar_x(price, 100) == x


def test_the_usual_band_of_a_fifth_lies_between_a_quarter_and_three_quarters() -> None:
    bar = f.price_bar(2520000, 2710600, 2168480, 3252720)
    assert (bar.low, bar.high, bar.width) == ("25", "75", "50")
    assert (bar.low_label, bar.high_label) == ("25", "75")
    assert (bar.x, bar.out, bar.off, bar.of_reference) == ("41.2", "", "", "93%")


# the listing of the design's page listing-edit: "比下限低 19%"; the offer of its page search: "低于下限 4%"
@pytest.mark.parametrize(
    ("price", "reference", "low", "high", "out", "off"),
    [
        (580000, 900000, 720000, 1080000, "below", "19%"),
        (2090000, 2710600, 2168500, 3252700, "below", "4%"),
        (3900000, 2710600, 2168500, 3252700, "above", "20%"),
        (2168499, 2710600, 2168500, 3252700, "below", "0.1%"),
        (2168500, 2710600, 2168500, 3252700, "", ""),
        (3252700, 2710600, 2168500, 3252700, "", ""),
        (3252701, 2710600, 2168500, 3252700, "above", "0.1%"),
        (1, 100, None, 120, "", ""),
        (10**6, 100, 80, None, "", ""),
        (None, 100, 80, 120, "", ""),
    ],
)
def test_out_of_bounds_is_measured_from_the_bound(
    price: int | None, reference: int, low: int | None, high: int | None, out: str, off: str
) -> None:
    bar = f.price_bar(price, reference, low, high)
    assert (bar.out, bar.off) == (out, off)


def test_labels_of_a_narrow_band_keep_clear_of_the_reference() -> None:
    bar = f.price_bar(95, 100, 95, 105)
    assert (bar.low, bar.high) == ("43.8", "56.3")
    assert (bar.low_label, bar.high_label) == ("28", "72")


@pytest.mark.parametrize(("reference", "low", "high"), [(0, None, None), (-5, None, None), (100, 120, 80)])
def test_a_standard_that_cannot_be_is_refused(reference: int, low: int | None, high: int | None) -> None:
    with pytest.raises(ValueError, match=r"above"):
        f.price_bar(100, reference, low, high)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        f.price_bar_x(25200.0, 2710600)  # type: ignore[arg-type]


@given(st.integers(0, 10**14), st.integers(0, 10**14), st.integers(1, 10**14))
def test_a_higher_price_never_stands_further_left(one: int, other: int, reference: int) -> None:
    lower, higher = sorted((one, other))
    left, right = float(f.price_bar_x(lower, reference)), float(f.price_bar_x(higher, reference))
    assert 2 <= left <= right <= 98
