"""The one table: method of the notice -> how its result follows from the opened bids.

Every method is a function of a `Case` and nothing else: the same case gives the same `Outcome`, whoever computes it,
in whatever order the bids are handed in. The market computes it once to propose an award; the verifier and the
browser compute it again from the tender's bundle and compare byte by byte.

    direct       the one vendor that the notice names, if its offer is valid
    draw         everybody who signed up, in the order of the draw
    lowest       the lowest price
    best_value   points for price and quality
    auction      the prices at the end of a reverse auction
    merit_draw   the order of a draw among those at or above the quality line
    benchmark    as best_value, with a formula that a rule demands (scoring.WARNING)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from market.bidding import auction, draw, low_bids, scoring, ties
from market.bidding.ties import Standing


@dataclass(frozen=True, slots=True)
class Bid:
    """An opened bid: `price` in fen (None where the method or the bidder names none), `quality` in thousandths (None
    where nobody marked it), `index` the number of its envelope's leaf."""

    bidder: str
    price: int | None
    quality: int | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Chance:
    """What the seeds of this tender are made of: the hash of the entropies, and the beacon's chain, round and
    randomness."""

    entropies: str
    beacon: tuple[str, int, str] = draw.NO_BEACON


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a result depends on. `pool`: the frozen pool, each entry with its `id`; `set_aside`: bidder ->
    why it does not count; `runs`: the moves of an auction, a list for each time that it was begun; `low`: the
    notice's rule for low prices."""

    tender: str
    method: str
    rules: Mapping[str, Any]
    ceiling: int | None
    minimum: int
    bids: tuple[Bid, ...]
    pool: tuple[Mapping[str, Any], ...]
    chance: Chance
    set_aside: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[tuple[auction.Move, ...], ...] = ()
    low: Mapping[str, Any] | None = None
    late: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the ranking, the best first; `points` is the exact total where points decide."""

    bidder: str
    price: int | None
    quality: int | None = None
    points: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result with its reasons. `reason`: why nobody wins (too_few, none_valid), else ""; `order`: the full
    permutation of the pool in draws; `seeds`: every seed that was used; `low`: who must explain a low price; `lines`:
    the arithmetic, line by line."""

    method: str
    ranking: tuple[Place, ...]
    winner: str | None
    reason: str
    set_aside: Mapping[str, str]
    order: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The outcome as JSON of texts and integers: what the bundle holds and the award's leaf digests."""
        return {
            "method": self.method,
            "ranking": [_plain_place(place) for place in self.ranking],
            "winner": self.winner,
            "reason": self.reason,
            "set_aside": dict(self.set_aside),
            "order": list(self.order),
            "seeds": list(self.seeds),
            "low": list(self.low),
            "lines": list(self.lines),
        }


def outcome(case: Case) -> Outcome:
    """The result of `case`. ValueError for an unknown method, and where the notice's rules lack what the method needs.

    Void are bids set aside before, bids without the price that the method needs, and those above the ceiling. With
    fewer valid bids than the notice's minimum nobody wins (`too_few`), but the ranking is there.
    """
    if case.method not in METHODS:
        raise ValueError(f"there is no method {case.method!r}")
    return METHODS[case.method](_valid(case))


def next_winner(ranking: Sequence[str], withdrawn: Sequence[str]) -> str | None:
    """Who follows when winners withdraw: the next of the ranking, never a second draw or a second opening; None at
    its end."""
    return draw.first_left(ranking, withdrawn)


def needs_price(method: str, rules: Mapping[str, Any]) -> bool:
    """Whether a bid without a price is void. Draws for a set price need none."""
    return method not in ("draw", "merit_draw") or bool(rules.get("priced"))


def needs_quality(method: str, rules: Mapping[str, Any]) -> bool:
    """Whether experts mark the bids."""
    return method == "merit_draw" or bool(rules.get("quality_points")) or rules.get("line") is not None


def _valid(case: Case) -> Case:
    """The case with only valid bids left, sorted by bidder, and the reasons of the others noted."""
    # the moves of an auction and the order of a draw stay as they were when somebody drops out later: he is taken out at the end
    early = {} if case.method in ("auction", "draw", "merit_draw") else case.late
    aside: dict[str, str] = {**early, **case.set_aside}
    kept = []
    for bid in sorted(case.bids, key=lambda one: one.bidder):
        if bid.bidder not in aside:
            if reason := _void(bid, case):
                aside[bid.bidder] = reason
            else:
                kept.append(bid)
    return replace(case, bids=tuple(kept), set_aside=aside)


def _void(bid: Bid, case: Case) -> str:
    if needs_quality(case.method, case.rules):
        if bid.quality is None:
            return "no_quality"
        if bid.quality < (case.rules.get("line") or 0):
            return "below_line"
    if bid.price is None:
        return "no_price" if needs_price(case.method, case.rules) else ""
    return "over_ceiling" if case.ceiling is not None and bid.price > case.ceiling else ""


def _direct(case: Case) -> Outcome:
    kept = [bid for bid in case.bids if bid.bidder == case.rules["vendor"]]
    aside = {bid.bidder: "not_invited" for bid in case.bids if bid not in kept} | dict(case.set_aside)
    return _finished(case, [Place(bid.bidder, bid.price) for bid in kept], aside=aside)


def _draw(case: Case) -> Outcome:
    """The permutation is over the frozen pool, so that nobody can change it afterwards; who does not count is passed
    over."""
    bids = {bid.bidder: bid for bid in case.bids}
    seed = _seed(case, [dict(entry) for entry in case.pool])
    order = draw.drawn(seed, [str(entry["id"]) for entry in case.pool])
    ranking = [Place(code, bids[code].price, bids[code].quality) for code in order if code in bids]
    return _finished(case, ranking, order=order, seeds=[seed], lines=[f"{seed},i"])


def _lowest(case: Case) -> Outcome:
    return _by_price(case, {bid.bidder: bid for bid in case.bids}, by_index=False)


def _auction(case: Case) -> Outcome:
    """Equal prices go to the earlier leaf: the only method in which the time of a bid counts."""
    if not case.bids:
        return _finished(case, [])
    opening = [auction.Bid(bid.bidder, bid.price or 0, bid.index) for bid in case.bids]
    final = auction.replayed(case.rules["variant"], auction.terms_of(case.rules), opening, case.runs)
    return _by_price(
        case, {bid.bidder: Bid(bid.bidder, int(bid.price), None, bid.stamp) for bid in final}, by_index=True
    )


def _best_value(case: Case) -> Outcome:
    offers = [scoring.Offer(bid.bidder, bid.price or 0, bid.quality or 0) for bid in case.bids]
    points = scoring.scored(offers, case.rules, case.ceiling)
    bids = {bid.bidder: bid for bid in case.bids}
    ranked, seeds = _ranked(
        case,
        [Standing(one.bidder, points[one.bidder].total, one.price, one.quality) for one in offers],
    )
    ranking = [Place(code, bids[code].price, bids[code].quality, points[code].total) for code in ranked]
    lines = [
        f"{code}: {_exact(points[code].price)} + {_exact(points[code].quality)} = {_exact(points[code].total)}"
        f" = {scoring.shown(points[code].total)}"
        for code in ranked
    ]
    return _finished(case, ranking, seeds=seeds, lines=lines, low=_low(case, bids))


def _by_price(case: Case, bids: Mapping[str, Bid], *, by_index: bool) -> Outcome:
    standings = [
        Standing(bid.bidder, Fraction(0), bid.price or 0, bid.quality or 0, bid.index if by_index else 0)
        for bid in bids.values()
    ]
    ranked, seeds = _ranked(case, standings)
    ranking = [Place(code, bids[code].price, bids[code].quality) for code in ranked]
    return _finished(
        case, ranking, seeds=seeds, lines=[f"{place.bidder}: {place.price}" for place in ranking], low=_low(case, bids)
    )


def _ranked(case: Case, standings: Sequence[Standing]) -> tuple[list[str], list[str]]:
    """The ranking, and the seeds of the tie draws that it took."""
    seeds: list[str] = []

    def drawn(equal: list[str]) -> list[str]:
        seeds.append(_seed(case, [{"id": code} for code in equal], label="tie"))
        return draw.drawn(seeds[-1], equal)

    return ties.ranked(standings, drawn), seeds


def _seed(case: Case, entries: list[dict[str, Any]], label: str | None = None) -> str:
    return draw.seed(case.tender, draw.entries_hash(entries), case.chance.entropies, case.chance.beacon, label=label)


def _low(case: Case, bids: Mapping[str, Bid]) -> list[str]:
    prices = {bid.bidder: bid.price for bid in bids.values() if bid.price is not None}
    return low_bids.flagged(prices, case.low, case.ceiling) if prices else []


def _finished(
    case: Case,
    ranking: Sequence[Place],
    *,
    aside: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    seeds: Sequence[str] = (),
    low: Sequence[str] = (),
    lines: Sequence[str] = (),
) -> Outcome:
    reasons = {**case.late, **(case.set_aside if aside is None else aside)}
    ranking = [place for place in ranking if place.bidder not in case.late]
    reason = "none_valid" if not ranking else "too_few" if len(ranking) < case.minimum else ""
    return Outcome(
        method=case.method,
        ranking=tuple(ranking),
        winner=None if reason else ranking[0].bidder,
        reason=reason,
        set_aside=dict(sorted(reasons.items())),
        order=tuple(order),
        seeds=tuple(seeds),
        low=tuple(low),
        lines=tuple(lines),
    )


def _plain_place(place: Place) -> dict[str, Any]:
    return {
        "bidder": place.bidder,
        "price": place.price,
        "quality": place.quality,
        "points": None if place.points is None else _exact(place.points),
    }


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


METHODS: dict[str, Callable[[Case], Outcome]] = {
    "direct": _direct,
    "draw": _draw,
    "lowest": _lowest,
    "best_value": _best_value,
    "auction": _auction,
    "merit_draw": _draw,
    "benchmark": _best_value,
}
