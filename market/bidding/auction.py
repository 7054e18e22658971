"""Reverse auctions as a replay of what happened: rounds as in Prozorro, and an English form with a soft close. No
clock is read.

Rounds: after a pause there are three equal rounds; in each, bidders move one after the other, the worst first and the
best last, so that the last word belongs to the lowest and, among equals, to the earliest. A move must lie at least
one step below the mover's own last price; who does not move keeps his price. The order is found anew before each
round.

Soft close: anybody may bid at any time; a bid must lie at least one step below the best and not come from who leads
already. A valid bid in the last minutes puts the end off to that many seconds after it; a refused bid puts off
nothing.

Prices are integers (fen) in the market; the functions take fractions too. Seconds count from the start of the
auction. `stamp` orders bids in time: the number of the leaf in the public record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

#: a stage that begins later than this many seconds after its time is not run but planned anew
LATEST = 120

#: what an offer of -1 means in Prozorro's protocol; this market has no such move, so that a price can never rise again
TAKE_BACK = "withdraw_bid_of_this_round"

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Bid:
    """A bidder's price as it stands. Where other things than the price count, `coefficient` and `addition` turn it
    into a cost."""

    bidder: str
    price: Number
    stamp: int
    coefficient: Fraction = Fraction(1)
    addition: Fraction = Fraction(0)

    @property
    def cost(self) -> Fraction:
        """What is compared: price / coefficient + addition; the bare price by default."""
        return Fraction(self.price) / self.coefficient + self.addition


@dataclass(frozen=True, slots=True)
class Terms:
    """The notice's rules: step in fen, everything else in seconds."""

    step: Number
    rounds: int = 3
    first_pause: int = 300
    pause: int = 120
    turn: int = 120
    length: int = 900
    extension: int = 120


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the auction: it begins at `at`; `kind` is pause, bids, pre_announcement or announcement; round and
    turn from 1."""

    at: int
    kind: str
    round: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A price named at `at` seconds."""

    bidder: str
    price: int
    at: int
    stamp: int


class Refused(Exception):
    """A move that does not count. `reason` is a code: not_bidding, not_your_turn, unknown, too_high, too_low,
    leading; `stamp` is that of the move, where a whole auction is replayed."""

    def __init__(self, reason: str, stamp: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stamp = stamp


def terms_of(rules: Mapping[str, Any]) -> Terms:
    """The terms that a notice's rules give; what they leave out is as in `Terms`."""
    return Terms(**{name: rules[name] for name in Terms.__dataclass_fields__ if name in rules})


def ranking(bids: Iterable[Bid]) -> list[Bid]:
    """The best first: the lowest cost, among equals the earliest."""
    return sorted(bids, key=lambda bid: (bid.cost, bid.stamp, bid.bidder))


def order_of_moves(bids: Iterable[Bid]) -> list[str]:
    """Who moves first … last: the reverse of the ranking, so that equal prices move later first, earlier last."""
    return [bid.bidder for bid in reversed(ranking(bids))]


def stages(bidders: int, terms: Terms) -> list[Stage]:
    """The whole timetable for so many bidders, in seconds from the start."""
    at, plan = 0, []
    for number in range(1, terms.rounds + 1):
        plan.append(Stage(at, "pause", number))
        at += terms.first_pause if number == 1 else terms.pause
        for turn in range(1, bidders + 1):
            plan.append(Stage(at, "bids", number, turn))
            at += terms.turn
    plan.append(Stage(at, "pre_announcement"))
    return [*plan, Stage(at + terms.pause, "announcement")]


def stage_at(plan: Sequence[Stage], at: int) -> Stage:
    """The stage that runs at `at`; one that begins at this second has begun. `Refused` before the first."""
    running = [stage for stage in plan if stage.at <= at]
    if not running:
        raise Refused("not_bidding")
    return running[-1]


def what_now(kind: str, late: int) -> str:
    """ "run" or "reschedule_auction", for a stage that begins `late` seconds after its time. Results are announced
    however late."""
    return "reschedule_auction" if late > LATEST and kind in ("pause", "bids") else "run"


def highest_allowed(own: Number, step: Number) -> Number:
    """The highest price of the next move: one step below the bidder's own last price (not below the leader's)."""
    return own - step


def check(price: Number, own: Number, step: Number) -> None:
    """Refuses a move with `too_low` when it is not above zero, and with `too_high` when it is not a whole step below
    `own`."""
    if price <= 0:
        raise Refused("too_low")
    if price > highest_allowed(own, step):
        raise Refused("too_high")


@dataclass(frozen=True, slots=True)
class Rounds:
    """An auction in rounds: the bids as they stand, and who moves when in the running round."""

    terms: Terms
    bids: Mapping[str, Bid]
    round: int = 0
    order: tuple[str, ...] = ()

    def mover(self, at: int) -> str | None:
        """Whose turn it is at second `at`; None in pauses and after the last turn."""
        stage = stage_at(stages(len(self.bids), self.terms), at)
        return self._in(stage.round).order[stage.turn - 1] if stage.kind == "bids" else None

    def moved(self, bidder: str, price: int, *, at: int, stamp: int) -> "Rounds":
        """The auction after this move. Raises `Refused`."""
        stage = stage_at(stages(len(self.bids), self.terms), at)
        if stage.kind != "bids":
            raise Refused("not_bidding")
        now = self._in(stage.round)
        if bidder not in now.bids:
            raise Refused("unknown")
        if now.order[stage.turn - 1] != bidder:
            raise Refused("not_your_turn")
        own = now.bids[bidder]
        check(price, own.price, self.terms.step)
        return replace(now, bids={**now.bids, bidder: replace(own, price=price, stamp=stamp)})

    def _in(self, number: int) -> "Rounds":
        """The state when round `number` has begun: the order is that of the bids at its beginning."""
        return (
            self
            if number == self.round
            else replace(self, round=number, order=tuple(order_of_moves(self.bids.values())))
        )


@dataclass(frozen=True, slots=True)
class SoftClose:
    """An English reverse auction: the bids as they stand and the second at which it ends."""

    terms: Terms
    bids: Mapping[str, Bid]
    ends: int

    def moved(self, bidder: str, price: int, *, at: int, stamp: int) -> "SoftClose":
        """The auction after this bid, with a new end where it came late. Raises `Refused`; a refused bid changes
        nothing."""
        if not 0 <= at < self.ends:
            raise Refused("not_bidding")
        if bidder not in self.bids:
            raise Refused("unknown")
        best = ranking(self.bids.values())[0]
        if best.bidder == bidder:
            raise Refused("leading")
        check(price, best.price, self.terms.step)
        bids = {**self.bids, bidder: replace(self.bids[bidder], price=price, stamp=stamp)}
        return replace(self, bids=bids, ends=max(self.ends, at + self.terms.extension))


Auction = Rounds | SoftClose


def begun(variant: str, terms: Terms, bids: Iterable[Bid]) -> Auction:
    """An auction of `variant` ("rounds" or "soft_close") at its first second. ValueError for another, and for no
    bidder."""
    opening = {bid.bidder: bid for bid in bids}
    if not opening:
        raise ValueError("an auction needs a bidder")
    if variant == "rounds":
        return Rounds(terms, opening)
    if variant == "soft_close":
        return SoftClose(terms, opening, terms.length)
    raise ValueError(f"there is no auction {variant!r}")


def replayed(variant: str, terms: Terms, bids: Iterable[Bid], runs: Sequence[Sequence[Move]]) -> list[Bid]:
    """The bids as they stand at the end, the best first. Each run begins the timetable anew with the prices reached
    before: there are several when an auction had to be rescheduled. Raises `Refused` at the first move that breaks a
    rule."""
    standing = list(bids)
    for moves in runs or [[]]:
        auction = begun(variant, terms, standing)
        for move in sorted(moves, key=lambda one: one.stamp):
            try:
                auction = auction.moved(move.bidder, move.price, at=move.at, stamp=move.stamp)
            except Refused as refused:
                raise Refused(refused.reason, move.stamp) from None
        standing = list(auction.bids.values())
    return ranking(standing)


def coefficient(values: Iterable[Fraction], largest_share: Fraction) -> Fraction:
    """The divisor of a price by its non-price points (Prozorro, most economically advantageous): 1 + sum / (1 -
    largest share)."""
    return 1 + sum(values, Fraction(0)) / (1 - largest_share)
