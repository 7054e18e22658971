"""Money, shares, scores and sizes as a page shows them."""

from decimal import Decimal
from fractions import Fraction

import pytest

from market import formats as f
from market.kernel.money import Money

YUAN = [
    (1234500, "¥12,345.00"),
    (0, "¥0.00"),
    (5, "¥0.05"),
    (-1050, "−¥10.50"),
    (10**14, "¥1,000,000,000,000.00"),
    (Money(2520000), "¥25,200.00"),
]


@pytest.mark.parametrize(("fen", "words"), YUAN)
def test_yuan_have_two_places_and_separators(fen: f.Amount, words: str) -> None:
    assert f.yuan_words(fen) == words


# the reference of 计价格〔2002〕125号 for 100 million, machinery, sensitive area, as design/prototype/item.html works it out
WAN = [
    (2710600, "2.71 万元", "CNY 27,100"),
    (46000000, "46.00 万元", "CNY 460,000"),
    (22550000, "22.55 万元", "CNY 225,500"),
    (642_000_000_00, "64,200.00 万元", "CNY 642,000,000"),
    (9999, "¥99.99", "¥99.99"),
    (10000, "0.01 万元", "CNY 100"),
    (-2715000, "−2.72 万元", "−CNY 27,200"),
]


@pytest.mark.parametrize(("fen", "chinese", "english"), WAN)
def test_ten_thousands_are_as_exact_in_english(fen: int, chinese: str, english: str) -> None:
    assert f.wan_words(fen, chinese=True) == chinese
    assert f.wan_words(fen, chinese=False) == english


SHORT = [
    (2168500, 2710600, "2.17", "21.7k"),
    (2710600, 2710600, "2.71", "27.1k"),
    (90000000, 90000000, "90.00", "900k"),
    (125000000, 125000000, "125.00", "1.25m"),
    (48000, 60000, "480", "480"),
    (350, 400, "3.50", "3.50"),
    (99999, 99999, "999.99", "999.99"),
    (100000, 100000, "0.10", "1k"),
]


@pytest.mark.parametrize(("fen", "reference", "chinese", "english"), SHORT)
def test_labels_of_a_bar_share_the_unit_of_its_reference(fen: int, reference: int, chinese: str, english: str) -> None:
    assert f.short_words(fen, reference, chinese=True) == chinese
    assert f.short_words(fen, reference, chinese=False) == english


@pytest.mark.parametrize("wrong", [25200.0, "25200", Decimal(25200), True, Money(1, "USD")])
def test_money_that_is_no_integer_of_fen_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        f.yuan_words(wrong)  # type: ignore[arg-type]


PERCENT = [
    (Fraction(36, 38), 0, "95%"),
    (Fraction(36, 38), 1, "94.7%"),
    (947, 0, "95%"),
    (944, 0, "94%"),
    (Decimal("0.005"), 0, "1%"),
    (Fraction(1, 201), 0, "0%"),
    (Fraction(-21, 1000), 1, "−2.1%"),
    (0, 0, "0%"),
    (1000, 0, "100%"),
]


@pytest.mark.parametrize(("share", "places", "words"), PERCENT)
def test_percent_are_rounded_half_up_once(share: f.Share, places: int, words: str) -> None:
    assert f.percent_words(share, places) == words


@pytest.mark.parametrize("wrong", [0.95, "0.95", None, True])
def test_a_share_that_is_not_exact_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        f.percent_words(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("score", "words", "x"),
    [
        (4600, "4.6", "90"),
        (1000, "1.0", "0"),
        (5000, "5.0", "100"),
        (Fraction(41, 10), "4.1", "77.5"),
        (4250, "4.3", "81.3"),
    ],
)
def test_scores_lie_on_the_whole_scale_of_one_to_five(score: f.Share, words: str, x: str) -> None:
    assert f.score_words(score) == words
    assert f.score_x(score) == x


@pytest.mark.parametrize("outside", [999, 5001, 0, Fraction(6)])
def test_a_score_outside_the_scale_is_refused(outside: f.Share) -> None:
    with pytest.raises(ValueError, match="between 1 and 5"):
        f.score_x(outside)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Fraction(785, 21685), "4%"),
        (Fraction(1, 100), "1%"),
        (Fraction(3, 1000), "0.3%"),
        (Fraction(1, 10**6), "0.1%"),
        (Fraction(30), "3,000%"),
    ],
)
def test_a_distance_is_never_said_to_be_nothing(share: Fraction, words: str) -> None:
    assert f.distance_words(share) == words


@pytest.mark.parametrize(
    ("size", "words"), [(2_202_010, "2.1 MB"), (30 * 1024 * 1024, "30 MB"), (24_576, "24 KB"), (0, "1 KB"), (1, "1 KB")]
)
def test_sizes_of_files(size: int, words: str) -> None:
    assert f.size_words(size) == words


@pytest.mark.parametrize(
    ("value", "show", "chinese", "english"),
    [
        (Fraction(8214), "number", "8,214", "8,214"),
        (Fraction(5, 2), "number", "2.5", "2.5"),
        (Fraction(-1, 3), "number", "−0.33", "−0.33"),
        (Fraction(1), "percent", "100%", "100%"),
        (Fraction(36, 38), "percent", "94.7%", "94.7%"),
        (22550000, "wan", "22.55 万元", "CNY 225,500"),
        (22550000, "yuan", "¥225,500.00", "¥225,500.00"),
        (Fraction(23, 5), "score", "4.6", "4.6"),
        (None, "wan", "—", "—"),
    ],
)
def test_values_of_charts(value: f.Number | None, show: str, chinese: str, english: str) -> None:
    assert f.shown_words(value, show, chinese=True) == chinese
    assert f.shown_words(value, show, chinese=False) == english


def test_a_chart_refuses_a_way_of_showing_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="shown as furlongs"):
        f.shown_words(1, "furlongs", chinese=True)


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (-1, 3), (4, 3)])
def test_a_share_needs_a_whole_that_holds_it(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="is not a part"):
        f.share(part, whole)
