"""Which offers fit a need, ground by ground: pure. Nothing is ranked here: the order of the answer is the neutral order.

An offer is eligible when every ground is met. What is not met is said with its figures, to the buyer and to the vendor alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from market.kernel.errors import Refusal
from market.kernel.money import Money
from market.kernel.words import N_
from market.listings.pricing import Position, Quote, Reference, Why, position


class Ground(StrEnum):
    """What an offer is looked at for."""

    OFFERED = "offered"
    LICENCE = "licence"
    CONFLICT = "conflict"
    DISTRICT = "district"
    CAPACITY = "capacity"
    DAYS = "days"
    PRICE = "price"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """A need as matching sees it. `ceiling_fen`: the most the buyer can pay; none: not said."""

    district: str | None
    needed_by: date | None
    ceiling_fen: int | None


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An offer for one need: its price for this project, and what stands for or against it.

    `ready_on`: the last day of its working days if work began today. `missing`: demanded licences that the vendor lacks today.
    `open_jobs`: of the vendor for this service. `tie`: why the vendor and the buyer are too near to each other, or empty.
    """

    code: str
    publication: int
    vendor: str
    vendor_name: str
    title: str
    offered: bool
    missing: tuple[Refusal, ...]
    own: bool
    tie: str
    districts: tuple[str, ...]
    capacity: int
    open_jobs: int
    days: int
    ready_on: date
    quote: Quote
    reference: Reference | None
    #: the price must lie in the band: guided and set standards bind
    binds: bool = False

    @property
    def place(self) -> Position:
        """Where the price lies against the standard."""
        return position(self.quote.fen, self.reference)


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground: met or not, in words (a message id with its parameters)."""

    ground: Ground
    met: bool
    words: Refusal


@dataclass(frozen=True, slots=True)
class Match:
    """An offer and every ground it was looked at for."""

    offer: OfferFacts
    reasons: tuple[Reason, ...]

    @property
    def eligible(self) -> bool:
        """Whether the buyer can choose it for this need."""
        return all(reason.met for reason in self.reasons)

    @property
    def against(self) -> tuple[Reason, ...]:
        """What is not met."""
        return tuple(reason for reason in self.reasons if not reason.met)


OWN_VENDOR = N_("Who orders, or the firm for which he orders, belongs to the vendor.")
TIES = "国办发〔2015〕31号"


def match(need: NeedFacts, offer: OfferFacts) -> Match:
    """Look at an offer for a need, ground by ground, in the order in which they are shown."""
    reasons: list[Reason] = []

    def say(ground: Ground, met: bool, what: str, **params: Any) -> None:
        reasons.append(Reason(ground, met, Refusal(what, **params)))

    if not offer.offered:
        say(Ground.OFFERED, False, N_("It is no longer offered."))
    for lack in offer.missing:
        reasons.append(Reason(Ground.LICENCE, False, lack))
    if not offer.missing:
        say(Ground.LICENCE, True, N_("It holds every licence that the law demands for this service."))
    if offer.own:
        say(Ground.CONFLICT, False, OWN_VENDOR)
    elif offer.tie:
        reasons.append(
            Reason(
                Ground.CONFLICT,
                False,
                Refusal(N_("The vendor declared a tie with this public body: %(tie)s"), rule=TIES, tie=offer.tie),
            )
        )
    if need.district is not None:
        served = not offer.districts or need.district in offer.districts
        say(Ground.DISTRICT, served, N_("It serves the district.") if served else N_("It does not serve the district."))
    free = offer.capacity - offer.open_jobs
    if free > 0:
        say(Ground.CAPACITY, True, N_("It can take %(free)s more jobs of this service now."), free=free)
    else:
        say(
            Ground.CAPACITY,
            False,
            N_("All %(capacity)s jobs that it does at once are taken."),
            capacity=offer.capacity,
        )
    _days(need, offer, say)
    _price(need, offer, say)
    return Match(offer, tuple(reasons))


def _days(need: NeedFacts, offer: OfferFacts, say: Callable[..., None]) -> None:
    if need.needed_by is None:
        return
    in_time = offer.ready_on <= need.needed_by
    what = (
        N_("%(days)s working days: begun today, done by %(ready)s.")
        if in_time
        else N_("%(days)s working days: begun today, done by %(ready)s, after the day you named.")
    )
    say(Ground.DAYS, in_time, what, days=offer.days, ready=offer.ready_on.isoformat())


def _price(need: NeedFacts, offer: OfferFacts, say: Callable[..., None]) -> None:
    fen = offer.quote.fen
    if fen is None:
        say(Ground.PRICE, False, NO_PRICE[offer.quote.why])
        return
    if offer.binds and offer.place not in (Position.WITHIN, Position.NONE):
        say(Ground.PRICE, False, N_("%(price)s is not what the binding standard allows."), price=str(Money(fen)))
    else:
        say(Ground.PRICE, True, PLACES[offer.place], price=str(Money(fen)))
    if need.ceiling_fen is not None and fen > need.ceiling_fen:
        say(
            Ground.CEILING,
            False,
            N_("%(price)s is more than the %(most)s that you can pay."),
            price=str(Money(fen)),
            most=str(Money(need.ceiling_fen)),
        )


NO_PRICE = {
    Why.QUOTATION: N_("It names no price and no maximum: ask the vendor."),
    Why.BEYOND: N_("The project is larger than its price covers: ask the vendor."),
    Why.NO_QUANTITY: N_(
        "Its price goes by units: say the quantity in step 2, or ask the vendor if it counts in others."
    ),
    Why.NO_REFERENCE: N_("Its price is a share of the standard: fill in what the standard asks, in step 2."),
}
PLACES = {
    Position.BELOW: N_("%(price)s for this project, below the floor of the reference; explained in writing."),
    Position.WITHIN: N_("%(price)s for this project, within the standard."),
    Position.ABOVE: N_("%(price)s for this project, above the standard."),
    Position.NONE: N_("%(price)s for this project; there is no standard to compare with."),
}


def up_to(quote: Quote) -> bool:
    """Whether the price is only a stated maximum: the vendor says the firm one when it confirms, never a higher one."""
    return quote.why is Why.QUOTATION and quote.fen is not None


def split(matches: Sequence[Match]) -> tuple[list[Match], list[Match]]:
    """The eligible ones and the others, each in the order given."""
    return [one for one in matches if one.eligible], [one for one in matches if not one.eligible]
