"""From price and quality to points: exact fractions, rounded only to be shown.

Prices are integer fen, quality is in integer thousandths of a point out of 100 (0 to 100,000), weights are whole
points. The formulas are called F1 to F6:

    F1  proportional     W * lowest / price                       the default (财政部令第87号 第五十五条, lowest price first)
    F2  linear           W * (ceiling - price) / (ceiling - anchor)      the anchor is the lowest price, or fixed by the notice
    F4  mean             W * (1 - |price - mean| / mean)
    F5  benchmark (评标基准价)    T = K * D; W * (1 - E * |price - T| / T), half of E below T
    F6  gradient (梯度)  base = mean price of the two best in quality; W * (1 - |price - base| / base), times 0.95 above the base

F4 to F6 invite friends of a bidder to steer the benchmark: a losing bid can make another one win. They are there only
for authorities that a rule obliges to use them, and every page shows the warning. A price above the notice's own
ceiling is void; nothing else about a price is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from market.kernel.words import N_

FULL_QUALITY = 100_000
FIXED, PRONE = ("F1", "F2"), ("F4", "F5", "F6")
WARNING = N_(
    "This formula measures prices against an average of the bids. Bids that cannot win can change who wins; it is used here "
    "only because a rule demands it."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A valid bid as the formulas see it: price in fen, quality in thousandths (0 where quality does not count)."""

    bidder: str
    price: int
    quality: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Points for the price, for quality, and both together."""

    price: Fraction
    quality: Fraction

    @property
    def total(self) -> Fraction:
        """What decides."""
        return self.price + self.quality


def warning(formula: str) -> str | None:
    """The message id of the warning that a page must show beside this formula; None for those that need none."""
    return WARNING if formula in PRONE else None


def scored(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> dict[str, Points]:
    """The points of each offer under the notice's `rules`: `formula`, `price_points`, `quality_points` and what the
    formula asks.

    The order of `offers` makes no difference. ValueError for an unknown formula, and for F2 without a ceiling.
    """
    if rules["formula"] not in FORMULAS:
        raise ValueError(f"there is no formula {rules['formula']!r}")
    if not offers:
        return {}
    of_price = FORMULAS[rules["formula"]](offers, rules, ceiling)
    weight = rules.get("quality_points", 0)
    return {
        offer.bidder: Points(of_price(offer.price), Fraction(weight * offer.quality, FULL_QUALITY)) for offer in offers
    }


def quality(marks: Sequence[int], *, trimmed: bool = False) -> int:
    """The quality of one bid from its experts' totals (thousandths): the arithmetic mean, rounded half up to a whole
    thousandth.

    `trimmed` leaves out one highest and one lowest when there are at least five experts. ValueError without marks,
    and for a mark outside 0 to 100,000.
    """
    if not marks or not all(0 <= mark <= FULL_QUALITY for mark in marks):
        raise ValueError("marks lie between 0 and 100,000 thousandths, and there is at least one")
    kept = sorted(marks)[1:-1] if trimmed and len(marks) >= 5 else marks
    return (2 * sum(kept) + len(kept)) // (2 * len(kept))


def shown(value: Fraction) -> str:
    """`value` (not negative) with two decimals, rounded half up: for people; decisions use the fraction."""
    hundredths = (200 * value.numerator + value.denominator) // (2 * value.denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


Priced = Callable[[int], Fraction]


def _proportional(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> Priced:
    weight, lowest = rules["price_points"], min(offer.price for offer in offers)
    return lambda price: Fraction(weight * lowest, price) if price else Fraction(weight)


def _linear(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> Priced:
    if ceiling is None:
        raise ValueError("the linear formula needs the notice's ceiling")
    weight = rules["price_points"]
    anchor = rules["anchor"] if rules.get("anchor") is not None else min(offer.price for offer in offers)
    span = ceiling - anchor

    def points(price: int) -> Fraction:
        if price <= anchor or span <= 0:
            return Fraction(weight)
        return max(Fraction(weight * (ceiling - price), span), Fraction(0))

    return points


def _around_mean(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> Priced:
    return _around(rules["price_points"], _mean([offer.price for offer in offers]))


def _around_benchmark(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> Priced:
    target = Fraction(rules["k"], 1000) * _benchmark([offer.price for offer in offers])
    return _around(rules["price_points"], target, Fraction(rules["e"], 1000), Fraction(rules["e"], 2000))


def _around_best_two(offers: Sequence[Offer], rules: Mapping[str, Any], ceiling: int | None) -> Priced:
    best = sorted(offers, key=lambda offer: (-offer.quality, offer.price, offer.bidder))[:2]
    weight, base = rules["price_points"], _mean([offer.price for offer in best])
    near = _around(weight, base)
    return lambda price: near(price) * (Fraction(95, 100) if price > base else 1)


def _around(weight: int, target: Fraction, above: Fraction = Fraction(1), below: Fraction = Fraction(1)) -> Priced:
    def points(price: int) -> Fraction:
        if not target:
            return Fraction(weight if not price else 0)
        slope = above if price > target else below
        return max(weight * (1 - slope * abs(price - target) / target), Fraction(0))

    return points


def _benchmark(prices: Sequence[int]) -> Fraction:
    """D of F5: the mean of up to five; of more, without the highest and the lowest and those more than a fifth off
    their mean."""
    if len(prices) <= 5:
        return _mean(prices)
    inner = sorted(prices)[1:-1]
    middle = _mean(inner)
    near = [price for price in inner if 5 * abs(price - middle) <= middle]
    return _mean(near or inner)


def _mean(prices: Sequence[int]) -> Fraction:
    return Fraction(sum(prices), len(prices))


FORMULAS: dict[str, Callable[[Sequence[Offer], Mapping[str, Any], int | None], Priced]] = {
    "F1": _proportional,
    "F2": _linear,
    "F4": _around_mean,
    "F5": _around_benchmark,
    "F6": _around_best_two,
}
