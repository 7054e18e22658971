"""The score: published figures, what must hold of any ratings, and what colluding clients can do."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.ratings import scoring
from market.ratings.scoring import C, Term

M = Fraction(42, 10)


def term(level: int | Fraction = 5, age: int = 0, client: str = "a", code: str = "A-1", **more: object) -> Term:
    return Term(code=code, client=client, level=Fraction(level), age_days=age, **{"amount_fen": 100, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "printed"),
    [
        # design notes, section F
        ([term(5)] * 5, "4.466667"),
        ([term(1)], "3.909091"),
        ([term(5, age=365)], "4.238095"),
        ([], "4.200000"),
    ],
)
def test_the_mean_is_the_published_one(terms: Sequence[Term], printed: str) -> None:
    found = scoring.mean_of(M, [(one.level, scoring.weight_of(one)) for one in terms])
    assert round(Decimal(found.numerator) / Decimal(found.denominator), 6) == Decimal(printed)


@pytest.mark.parametrize(
    ("age", "weight"),
    [(0, "1"), (-3, "1"), (365, "0.5"), (730, "0.25"), (1095, "0.125"), (1, "0.998102769"), (100_000, "0")],
)
def test_a_rating_weighs_half_after_a_year(age: int, weight: str) -> None:
    assert scoring.fading(age) == Fraction(weight)


@pytest.mark.parametrize(
    ("amount", "median", "factor"),
    [
        (100, None, "1"), (0, 100, "1"), (100, 100, "1"), (99, 100, "1"), (1000, 100, "2"),
        (10**14, 100, "2"), (999, 100, "1.999565488"),
        (200, 100, "1.301029996"), (500, 100, "1.698970004"),
    ],
)  # fmt: skip
def test_larger_orders_weigh_more_up_to_twice(amount: int, median: int | None, factor: str) -> None:
    assert scoring.size_factor(amount, median) == Fraction(factor)


def test_a_median_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        scoring.size_factor(100, 0)


def test_an_author_tied_to_the_vendor_weighs_nothing() -> None:
    five = [term(5, client=str(i)) for i in range(5)]
    assert scoring.weight_of(term(1, linked=True)) == 0
    with_tie, without = scoring.score(M, [*five, term(1, client="tied", linked=True)]), scoring.score(M, five)
    assert (with_tie.mean, with_tie.low, with_tie.high, with_tie.clients) == (
        without.mean, without.low, without.high, without.clients,
    )  # fmt: skip


def test_shown_from_five_distinct_clients_tied_ones_do_not_count() -> None:
    four = [term(5, client=str(i)) for i in range(4)]
    again = [*four, term(5, client="0", code="A-2")]
    assert not scoring.score(M, again).shown
    assert not scoring.score(M, [*four, term(5, client="4", linked=True)]).shown
    assert scoring.score(M, [*four, term(5, client="4")]).shown


def test_interval_by_hand() -> None:
    """Five fives around 4.2: S = 67/15, var = (8/15)^2, half = 1.96 x (8/15) / sqrt(15) = 0.269905..."""
    assert scoring.score(M, [term(5, client=str(i)) for i in range(5)]) == scoring.Score(4467, 4197, 4737, 5, 5, True)


def test_interval_ends_at_the_ends_of_the_scale() -> None:
    low = scoring.score(Fraction(1), [term(1, client=str(i)) for i in range(5)] + [term(5, client="x")])
    assert low.low == 1000
    high = scoring.score(Fraction(5), [term(5, client=str(i)) for i in range(9)] + [term(1, client="x")])
    assert high.high == 5000


# The cut ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
        ([100, 1, 1, 1, 1, 1], ["5/4", 1, 1, 1, 1, 1]),
        ([100, 100, 1, 1, 1], [1, 1, 1, 1, 1]),
        ([3, 2, 2, 2, 2, 2], ["5/2", 2, 2, 2, 2, 2]),
        ([9, 9, 3, 3, 3, 3], [4, 4, 3, 3, 3, 3]),
        # fewer than five cannot meet it, and no score is shown
        ([9, 1], [9, 1]),
        ([9, 1, 1, 1, 0], [9, 1, 1, 1, 0]),
    ],
)
def test_no_client_weighs_more_than_a_quarter_of_the_others(weights: list[int], expected: list[int | str]) -> None:
    found = scoring.cut({str(i): Fraction(weight) for i, weight in enumerate(weights)})
    assert list(found.values()) == [Fraction(one) for one in expected]


WEIGHTS = st.lists(st.integers(1, 1000), min_size=5, max_size=12)


@given(WEIGHTS)
def test_after_the_cut_each_client_has_at_most_a_quarter_of_all_others(weights: list[int]) -> None:
    found = scoring.cut({str(i): Fraction(weight) for i, weight in enumerate(weights)})
    total = sum(found.values())
    assert all(0 < one <= (total - one) / 4 for one in found.values())
    # and no more was taken than needed: either nobody was cut, or the largest reach the limit
    assert list(found.values()) == [Fraction(w) for w in weights] or max(found.values()) == total / 5


def test_many_ratings_of_one_client_share_one_cut_weight() -> None:
    others = [term(3, client=str(i)) for i in range(5)]
    own = [term(5, client="big", code=f"A-{i}") for i in range(20)]
    weighed = scoring.weigh([*others, *own])
    assert sum(one.counted for one in weighed if one.term.client == "big") == Fraction(5, 4)


# Properties -------------------------------------------------------------------------------------------------------------

TERMS = st.lists(
    st.builds(
        Term,
        code=st.just("A"),
        client=st.sampled_from("abcdefgh"),
        level=st.builds(Fraction, st.integers(5, 25), st.just(5)),
        age_days=st.integers(0, 3000),
        amount_fen=st.integers(0, 10**9),
        median_fen=st.none() | st.integers(1, 10**7),
        linked=st.booleans(),
    ),
    max_size=15,
)
MEANS = st.builds(Fraction, st.integers(1000, 5000), st.just(1000))


@given(MEANS, TERMS, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_ratings_never_matters(m: Fraction, terms: list[Term], chance: object) -> None:
    mixed = list(terms)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert scoring.score(m, mixed) == scoring.score(m, terms)


@given(MEANS, TERMS)
@settings(max_examples=60, deadline=None)
def test_the_quick_sums_are_the_formula_itself(m: Fraction, terms: list[Term]) -> None:
    """Term by term, as the formula page says it, in exact fractions."""
    weighed, found = scoring.weigh(terms), scoring.score(m, terms)
    total = sum((one.counted for one in weighed), Fraction(0))
    mean = (C * m + sum(one.counted * one.term.level for one in weighed)) / (C + total)
    assert found.mean == scoring.half_up(mean * 1000)
    if total:
        var = sum(one.counted * (one.term.level - mean) ** 2 for one in weighed) / total
        half = (found.high - found.mean) if found.high < 5000 else (found.mean - found.low)
        if found.low > 1000 or found.high < 5000:
            exact = Fraction(196, 100) ** 2 * var / (C + total) * 10**6
            assert (2 * half - 1) ** 2 <= 4 * exact < (2 * half + 1) ** 2 or half == exact == 0


@given(MEANS, TERMS)
@settings(max_examples=60, deadline=None)
def test_the_score_stays_within_the_scale_and_its_interval(m: Fraction, terms: list[Term]) -> None:
    found = scoring.score(m, terms)
    assert 1000 <= found.low <= found.mean <= found.high <= 5000


@given(
    MEANS,
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 2000)), max_size=12),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.integers(1, 2000),
)
def test_k_colluding_clients_move_the_mean_by_a_bounded_amount(
    m: Fraction, honest: list[tuple[int, int]], levels: list[int], most: int
) -> None:
    """I32: at most k w_max 4 / (C + sum w + k w_max)."""
    pairs = [(Fraction(level), Fraction(weight, 1000)) for level, weight in honest]
    largest, k = Fraction(most, 1000), len(levels)
    added = [(Fraction(level), largest) for level in levels]
    total = sum((weight for _, weight in pairs), Fraction(0))
    moved = abs(scoring.mean_of(m, [*pairs, *added]) - scoring.mean_of(m, pairs))
    assert moved <= k * largest * 4 / (C + total + k * largest)


@given(MEANS, TERMS, st.integers(0, 14))
@settings(max_examples=60, deadline=None)
def test_a_better_rating_never_lowers_the_score(m: Fraction, terms: list[Term], place: int) -> None:
    if place >= len(terms):
        return
    better = [
        Term(one.code, one.client, Fraction(5), one.age_days, one.amount_fen, one.median_fen, one.linked)
        if index == place
        else one
        for index, one in enumerate(terms)
    ]
    assert scoring.score(m, better).mean >= scoring.score(m, terms).mean


# Around it --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "mean"), [([5, 5, 1], 3667), ([5, 5], 5000), ([5, 1], 3000), ([], None), ([1, 2], 1500)]
)
def test_plain_average(levels: list[int], mean: int | None) -> None:
    """The figures of KF-RAT-03."""
    assert scoring.plain_mean([Fraction(level) for level in levels]) == mean


@pytest.mark.parametrize(("amounts", "median"), [([], None), ([7], 7), ([3, 1, 2], 2), ([1, 2], 2), ([4, 1, 3, 2], 3)])
def test_median_price(amounts: list[int], median: int | None) -> None:
    assert scoring.median_fen(amounts) == median


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_has_no_interval(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        scoring.wilson(part, whole)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_within_nought_and_one(pair: tuple[int, int]) -> None:
    part, whole = pair
    low, high = scoring.wilson(part, whole)
    assert 0 <= low <= Decimal(part) / whole <= high <= 1
