"""Prices so low that the bidder must explain them: named rules from five countries.

A flag starts a clock for an explanation, nothing more. With fewer than five bids nobody can be excluded for a low
price at all (`may_exclude`), because so few prices say nothing about each other. All numbers are integers or
fractions; shares of the notice are in hundred-thousandths. A price of zero is always flagged.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

#: fewer bids than this never exclude anybody
ENOUGH = 5

Prices = Mapping[str, int]


def flagged(prices: Prices, low: Mapping[str, Any] | None, ceiling: int | None) -> list[str]:
    """The bidders who must explain their price, sorted by code. `low` is the notice's rule ({"rule": name, …}) or None.

    `prices` in fen by bidder. ValueError for an unknown rule, and for one that needs an estimate where neither `low`
    nor the ceiling gives it.
    """
    found = {bidder for bidder, price in prices.items() if price == 0}
    if low is not None:
        if low["rule"] not in RULES:
            raise ValueError(f"there is no rule {low['rule']!r} for low prices")
        limit = RULES[low["rule"]](sorted(prices.values()), low, ceiling)
        found |= {bidder for bidder, price in prices.items() if limit(price)}
    return sorted(found)


def may_exclude(bids: int) -> bool:
    """Whether an unexplained price may exclude at all among so many bids."""
    return bids >= ENOUGH


def italian_threshold(discounts: Sequence[Fraction]) -> Fraction | None:
    """The discount from which a bid is anomalous (d.lgs. 36/2023, annex II.2, method A): mean plus mean excess,
    without the wings.

    A tenth of the bids, rounded up, is left out at each end; equal discounts at the border of a wing count as one
    block and go with it. None when nothing is left between the wings.
    """
    ordered = sorted(discounts)
    wing = -(-len(ordered) // 10)
    low, high = ordered[wing - 1] if ordered else None, ordered[-wing] if ordered else None
    rest = [one for one in ordered if low is not None and high is not None and low < one < high]
    if not rest:
        return None
    mean = sum(rest, Fraction(0)) / len(rest)
    excess = [one - mean for one in rest if one > mean]
    return mean + (sum(excess, Fraction(0)) / len(excess) if excess else 0)


def spanish_limit(prices: Sequence[int], budget: int) -> Fraction:
    """The price below which a bid is presumed abnormally low (Real Decreto 1098/2001, art. 85), by the number of bids.

    One: 25 % below the budget; two: the lower one 20 % below the other; three: 10 % below the mean, left without the
    highest when that is more than 10 % above it, and in any case 25 % below the budget; four and more: 10 % below the
    mean, taken again without bids more than 10 % above it, of the three lowest where fewer than three would remain.
    """
    ordered = sorted(prices)
    if len(ordered) == 1:
        return Fraction(75 * budget, 100)
    if len(ordered) == 2:
        return Fraction(80 * ordered[1], 100)
    mean = Fraction(sum(ordered), len(ordered))
    kept = [price for price in ordered if 10 * price <= 11 * mean]
    if len(ordered) == 3:
        kept = ordered[:2] if 10 * ordered[2] > 11 * mean else ordered
        return max(Fraction(9 * sum(kept), 10 * len(kept)), Fraction(75 * budget, 100))
    if len(kept) < 3:
        kept = ordered[:3]
    return Fraction(9 * sum(kept), 10 * len(kept))


def turkish_limit(prices: Sequence[int], estimate: int, n: Fraction = Fraction(1)) -> Fraction | None:
    """The limit value K * T2 / N (Kamu İhale Genel Tebliği, art. 45.1) for the estimated cost `estimate`.

    Only bids within 40 % to 120 % of the estimate count; T2 is the mean of those within one sample standard deviation
    of their mean, compared as squares so that no root is taken. None when no bid counts.
    """
    valid = [Fraction(price) for price in prices if 40 * estimate <= 100 * price <= 120 * estimate]
    if not valid:
        return None
    mean = sum(valid, Fraction(0)) / len(valid)
    squares = sum(((price - mean) ** 2 for price in valid), Fraction(0))
    near = [price for price in valid if (price - mean) ** 2 * (len(valid) - 1) <= squares] or valid
    second = sum(near, Fraction(0)) / len(near)
    c = second / estimate
    if c < Fraction(3, 5):
        k = c
    elif c <= 1:
        k = (Fraction(16, 5) * c - c * c - Fraction(3, 5)) / (c + 1)
    else:
        k = (c * c - Fraction(4, 5) * c + Fraction(7, 5)) / (c + 1)
    return k * second / n


def korean_preliminary(base: int, spread: int) -> list[Fraction]:
    """The 15 preliminary prices: mid-points of 15 equal intervals over base ± `spread` hundred-thousandths, from the
    lowest.

    Each bidder picks two blindly; the four that were picked most are averaged to the reserve price.
    """
    half = Fraction(base * spread, 100_000)
    return [base - half + half * (2 * place + 1) / 15 for place in range(15)]


def korean_reserve(preliminary: Sequence[Fraction], picked: Sequence[int]) -> Fraction:
    """The mean of the four preliminary prices (numbered from 1) that stand most often in `picked`; the lower number
    where equal."""
    counts = {number: picked.count(number) for number in range(1, len(preliminary) + 1)}
    chosen = sorted(counts, key=lambda number: (-counts[number], number))[:4]
    return sum((preliminary[number - 1] for number in chosen), Fraction(0)) / len(chosen)


def ukrainian_reasons(first: Sequence[Fraction], final: Sequence[Fraction], place: int) -> list[str]:
    """Why the bid at `place` of the final order must be explained (Prozorro): `mean_of_others_40` when it is at least
    40 % below the mean of the others' first bids, `next_30` when at least 30 % below the next bid of the final order.

    `first` and `final` list the same bidders in the final order. Division is avoided, so zeros do no harm.
    """
    price, others = final[place], [one for other, one in enumerate(first) if other != place]
    reasons = []
    if others and 10 * price * len(others) <= 6 * sum(others, Fraction(0)):
        reasons.append("mean_of_others_40")
    if place + 1 < len(final) and 10 * price <= 7 * final[place + 1]:
        reasons.append("next_30")
    return reasons


Test = Callable[[int], bool]


def _estimate(low: Mapping[str, Any], ceiling: int | None) -> int:
    estimate = low.get("estimate", ceiling)
    if not estimate:
        raise ValueError("this rule for low prices needs an estimate or a ceiling")
    return int(estimate)


def _italy(prices: Sequence[int], low: Mapping[str, Any], ceiling: int | None) -> Test:
    base = _estimate(low, ceiling)
    threshold = italian_threshold([Fraction(base - price, base) for price in prices])
    return lambda price: threshold is not None and Fraction(base - price, base) >= threshold


def _spain(prices: Sequence[int], low: Mapping[str, Any], ceiling: int | None) -> Test:
    base = _estimate(low, ceiling)
    return lambda price: bool(prices) and price < spanish_limit(prices, base)


def _turkey(prices: Sequence[int], low: Mapping[str, Any], ceiling: int | None) -> Test:
    limit = turkish_limit(prices, _estimate(low, ceiling), Fraction(low.get("n", 100_000), 100_000))
    return lambda price: limit is not None and price < limit


def _korea(prices: Sequence[int], low: Mapping[str, Any], ceiling: int | None) -> Test:
    floor = low["rate"] * _estimate(low, ceiling)
    return lambda price: 100_000 * price < floor


RULES: dict[str, Callable[[Sequence[int], Mapping[str, Any], int | None], Test]] = {
    "italy": _italy,
    "spain": _spain,
    "turkey": _turkey,
    "korea": _korea,
}
