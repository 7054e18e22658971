"""The published score of a vendor: pure and exact, so that anybody gets the same figure from the same terms.

Source: design notes on ratings (a mean that leans on its category, Bayesian in the way of IMDb's), weights by age, size of the
order and ties. With ratings r (level 1 to 5, fifths) and weights w:

    S = (C m + sum w r) / (C + sum w)            C = 10, m = the mean of the category, published monthly
    var = sum w (r - S)^2 / sum w                half = z sqrt(var / (C + sum w)),  z = 1.96
    w = 2^(-age/365) x min(2, 1 + log10(max(1, amount/median))) x cred

Age in whole days (Asia/Shanghai); cred is 1, and 0 for an author who is tied to the vendor. Powers and logarithms are taken
with 50 digits and rounded half up to 9 decimals (PLACES), the weight is their product rounded half up to 9 decimals; all that
follows is rational, and S, low and high are rounded half up to thousandths. No float takes part.

One client may weigh at most a quarter of what all others weigh together (a fifth of the sum). Where more do, all of them are
cut to the same weight, the greatest that keeps to this. The score is shown from LEAST_CLIENTS clients whose weight is not 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from market.kernel.money import half_up

#: weight of the category's mean: as many fresh ratings of ordinary orders
C = 10
#: for the 95 % interval
Z = Fraction(196, 100)
#: days after which a rating weighs half
HALF_LIFE = 365
#: the most that the size of an order multiplies
LARGEST_FACTOR = 2
#: distinct clients from which a score is shown
LEAST_CLIENTS = 5
#: a client weighs at most this share of all others together
OF_OTHERS = Fraction(1, 4)
LOWEST, HIGHEST = 1, 5
#: decimals of a weight
PLACES = 9
UNIT = 10**PLACES
#: z of the Wilson interval, as in Newcombe (1998): the 97.5 % point of the normal distribution, 1.959964
WILSON_Z = Decimal("1.959963984540054")

_EXACT = Context(prec=50, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Term:
    """One rating as the score sees it: `level` 1 to 5 (fifths), age in days, amount and median of its order in fen.

    `linked`: its author is tied to the vendor. `median_fen` none: amounts of this category count alike.
    """

    code: str
    client: str
    level: Fraction
    age_days: int
    amount_fen: int
    median_fen: int | None = None
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """A term with its factors: `fading`, `size` and `weight` have 9 decimals; `counted` is the weight after the cut."""

    term: Term
    fading: Fraction
    size: Fraction
    weight: Fraction
    counted: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """Mean with its interval in thousandths of a level, and what it was counted from. `shown`: enough clients."""

    mean: int
    low: int
    high: int
    clients: int
    count: int
    shown: bool


@lru_cache(maxsize=8192)
def fading(age_days: int) -> Fraction:
    """2^(-age/365), 9 decimals. An age below 0 counts as 0: nothing is fresher than today."""
    if age_days <= 0:
        return Fraction(1)
    return _rounded(_EXACT.power(Decimal(2), _EXACT.divide(Decimal(-age_days), Decimal(HALF_LIFE))))


@lru_cache(maxsize=8192)
def size_factor(amount_fen: int, median_fen: int | None) -> Fraction:
    """min(2, 1 + log10(max(1, amount/median))), 9 decimals; 1 without a median. ValueError for a median that is not above 0."""
    if median_fen is None:
        return Fraction(1)
    if median_fen <= 0:
        raise ValueError("a median price is above zero")
    if amount_fen <= median_fen:
        return Fraction(1)
    if amount_fen >= 10 * median_fen:
        return Fraction(LARGEST_FACTOR)
    return 1 + _rounded(_EXACT.log10(_EXACT.divide(Decimal(amount_fen), Decimal(median_fen))))


def weight_of(term: Term) -> Fraction:
    """The weight of one rating before any cut, 9 decimals; 0 for an author who is tied to the vendor."""
    if term.linked:
        return Fraction(0)
    return Fraction(half_up(fading(term.age_days) * size_factor(term.amount_fen, term.median_fen) * UNIT), UNIT)


def mean_of(m: Fraction, pairs: Iterable[tuple[Fraction, Fraction]]) -> Fraction:
    """S of (level, weight) pairs around the category's mean `m`; `m` itself without any."""
    top, bottom = C * m, Fraction(C)
    for level, weight in pairs:
        top, bottom = top + weight * level, bottom + weight
    return top / bottom


def cut(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """What each client's weight becomes, so that none weighs more than a quarter of all others together.

    Fewer than five clients with weight cannot meet this; theirs stay as they are, since no score is shown from so few.
    """
    heavy = sorted((weight for weight in weights.values() if weight > 0), reverse=True)
    if len(heavy) < LEAST_CLIENTS:
        return dict(weights)
    share = OF_OTHERS / (1 + OF_OTHERS)
    rest, limit = sum(heavy, Fraction(0)), heavy[0]
    for cut_off, weight in enumerate(heavy):
        limit = share * rest / (1 - share * cut_off)
        if weight <= limit:
            break
        rest -= weight
    return {client: min(weight, limit) for client, weight in weights.items()}


def weigh(terms: Sequence[Term]) -> list[Weighed]:
    """Every term with its factors and its weight after the cut, in the order given."""
    weights = [weight_of(term) for term in terms]
    units: dict[str, int] = {}
    for term, weight in zip(terms, weights, strict=True):
        units[term.client] = units.get(term.client, 0) + int(weight * UNIT)
    by_client = {client: Fraction(whole, UNIT) for client, whole in units.items()}
    kept = cut(by_client)
    shares = {client: kept[client] / whole for client, whole in by_client.items() if kept[client] != whole}
    return [
        Weighed(
            term,
            fading(term.age_days),
            size_factor(term.amount_fen, term.median_fen),
            weight,
            weight * shares[term.client] if term.client in shares else weight,
        )
        for term, weight in zip(terms, weights, strict=True)
    ]


def score(m: Fraction, terms: Sequence[Term]) -> Score:
    """The score of `terms` around the category's mean `m` (a level). Without terms it is `m`, not shown."""
    return score_of(m, weigh(terms))


def score_of(m: Fraction, weighed: Sequence[Weighed]) -> Score:
    """The score of terms that are weighed already."""
    by_level = _weight_by_level(weighed)
    mean = mean_of(m, by_level.items())
    total = sum(by_level.values(), Fraction(0))
    spread = sum((weight * (level - mean) ** 2 for level, weight in by_level.items()), Fraction(0))
    half = _root(Z**2 * spread / (total * (C + total)) * 10**6) if total else 0
    clients = len({one.term.client for one in weighed if one.counted > 0})
    thousandths = half_up(mean * 1000)
    return Score(
        mean=thousandths,
        low=max(LOWEST * 1000, thousandths - half),
        high=min(HIGHEST * 1000, thousandths + half),
        clients=clients,
        count=len(weighed),
        shown=clients >= LEAST_CLIENTS,
    )


def _weight_by_level(weighed: Sequence[Weighed]) -> dict[Fraction, Fraction]:
    """Counted weight of each level. Whole units are added as integers, and exact shares of clients that were cut (at most four)
    each by themselves: thousands of fractions with different denominators would take seconds.
    """
    whole: dict[Fraction, int] = {}
    parts: dict[tuple[Fraction, str], list[Weighed]] = {}
    for one in weighed:
        if one.counted == one.weight:
            whole[one.term.level] = whole.get(one.term.level, 0) + int(one.weight * UNIT)
        else:
            parts.setdefault((one.term.level, one.term.client), []).append(one)
    found = {level: Fraction(units, UNIT) for level, units in whole.items()}
    for (level, _), ones in parts.items():
        units = sum(int(one.weight * UNIT) for one in ones)
        share = ones[0].counted / ones[0].weight
        found[level] = found.get(level, Fraction(0)) + share * Fraction(units, UNIT)
    return found


def plain_mean(levels: Sequence[Fraction]) -> int | None:
    """The ordinary average in thousandths, rounded half up; None without any."""
    return half_up(sum(levels, Fraction(0)) / len(levels) * 1000) if levels else None


def median_fen(amounts: Sequence[int]) -> int | None:
    """The median of amounts in fen, half up where two lie in the middle; None without any."""
    if not amounts:
        return None
    ordered, middle = sorted(amounts), len(amounts) // 2
    return ordered[middle] if len(amounts) % 2 else half_up(Fraction(ordered[middle - 1] + ordered[middle], 2))


def wilson(part: int, whole: int, z: Decimal = WILSON_Z) -> tuple[Decimal, Decimal]:
    """Wilson's interval of `part` of `whole` as shares of one (Newcombe 1998, method 3). ValueError without a whole.

    (p + z^2/2n -/+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), with 50 digits.
    """
    if not 0 <= part <= whole or whole == 0:
        raise ValueError(f"{part} of {whole} is no share")
    n, p = Decimal(whole), _EXACT.divide(Decimal(part), Decimal(whole))
    square = _EXACT.multiply(z, z)
    inner = _EXACT.add(_over(_EXACT.multiply(p, _EXACT.subtract(Decimal(1), p)), n), _over(square, 4 * n * n))
    middle, half = _EXACT.add(p, _over(square, 2 * n)), _EXACT.multiply(z, _EXACT.sqrt(inner))
    below = _EXACT.add(Decimal(1), _over(square, n))
    low, high = _over(_EXACT.subtract(middle, half), below), _over(_EXACT.add(middle, half), below)
    # at the ends the formula gives 0 and 1 themselves; only the digits' end may miss them
    return (Decimal(0) if part == 0 else low), (Decimal(1) if part == whole else high)


def _over(top: Decimal, bottom: Decimal) -> Decimal:
    return _EXACT.divide(top, bottom)


def _rounded(value: Decimal) -> Fraction:
    return Fraction(half_up(Fraction(value) * UNIT), UNIT)


def _root(value: Fraction) -> int:
    """The square root of `value`, rounded half up to a whole number."""
    return (isqrt((4 * value).__floor__()) + 1) // 2
