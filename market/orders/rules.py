"""What decides about orders: who buys, which ways of selection are open to a need and why not, splitting, calling off. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any

from market.kernel.errors import Invalid, Refusal, RuleBroken, WrongState
from market.kernel.money import Money, half_up
from market.kernel.words import N_
from market.orders.states import MilestoneState, OrderState, Party


class BuyerKind(StrEnum):
    """Who orders; what the rules allow depends on it."""

    CITIZEN = "citizen"
    FIRM = "firm"
    PUBLIC_BODY = "public_body"


class Fund(StrEnum):
    """Whose money pays."""

    PRIVATE = "private"
    FISCAL = "fiscal"


class Way(StrEnum):
    """The ways of selection (design: selection.md). Direct choice ends in `orders`; the others are held by bidding."""

    DIRECT = "direct"
    DRAW = "draw"
    PRICE = "price"
    BEST_VALUE = "best_value"
    AUCTION = "auction"
    MERIT_DRAW = "merit_draw"


class PaymentPlan(StrEnum):
    """The contract sum in one, or an instalment for each milestone."""

    WHOLE = "whole"
    MILESTONES = "milestones"


#: the ways that this market holds now. The one place to extend: a tender will take a need over, and its
#: award or failure come back to `operations.award_order` and `operations.fail_order` through market/reactions.py
HELD = frozenset({Way.DIRECT})

#: longest texts, in characters
LONGEST = {
    "title": 100,
    "description": 4000,
    "requirements": 4000,
    "conditions": 4000,
    "justification": 2000,
    "words": 2000,
}
#: a justification has at least so many characters
JUSTIFICATION = 20
#: drafts of one buyer at most
MOST_DRAFTS = 50

# Who buys ---------------------------------------------------------------------------------------------------------------


def check_fund(kind: BuyerKind, fund: Fund) -> None:
    """Refuse a fund that the kind of buyer does not have: a citizen pays with his own money, a public body with fiscal money."""
    if kind is BuyerKind.CITIZEN and fund is Fund.FISCAL:
        raise Invalid.field("fund", N_("Who orders for himself pays with his own money."))
    if kind is BuyerKind.PUBLIC_BODY and fund is Fund.PRIVATE:
        raise Invalid.field("fund", N_("What a public body spends is fiscal money, own income included."))


# Ways of selection ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """A need as the ways of selection see it. Amounts in fen; `amount_fen`: the most the buyer can pay, None while not said.

    `others_fen`: other needs of the same buyer and item that were placed within the window; `limit_fen`: the dated limit of
    direct choice with fiscal money; `price_kind` of the item: market, guided, set.
    """

    kind: BuyerKind
    fund: Fund
    amount_fen: int | None
    others_fen: int
    limit_fen: int
    window_days: int
    price_kind: str = "market"
    item: str = ""


@dataclass(frozen=True, slots=True)
class WayFacts:
    """A way of selection for a need: permitted by the rules or the exact reason why not; `held`: in this market, now.

    `justify`: it is open once the buyer says in writing why several needs are not one (and an operator looked at it).
    """

    way: Way
    permitted: bool
    held: bool
    why: Refusal
    justify: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the buyer can choose it."""
        return self.permitted and self.held


OWN_CHOICE = "优化营商环境条例第四十三条"
LIMIT = N_("The market's dated limit for direct choice with fiscal money")
NO_SPLITTING = N_("One need may not be divided to get under a limit; 国办发〔2015〕31号")
NOT_YET = N_(
    "The rules allow it. It is a tender with a notice, held from the day on which tenders open here; not yet in this market."
)


def ways(need: Need) -> list[WayFacts]:
    """Every way of selection for a need, in the order shown: permitted or not and why, held or not."""
    return [_direct(need), *(_tendered(way, need) for way in Way if way is not Way.DIRECT)]


def counted_fen(price_fen: int | None, ceiling_fen: int | None) -> int:
    """What a need counts when needs are added up: the higher of the price that is agreed or asked and what can be paid."""
    return max(price_fen or 0, ceiling_fen or 0)


def way_for(need: Need, way: Way) -> WayFacts:
    """What `ways` says of one way."""
    return next(one for one in ways(need) if one.way is way)


def check_way(need: Need, way: Way, justification: str) -> bool:
    """Refuse a way that is not open to the need, or a missing justification; True when an operator must look first."""
    found = way_for(need, way)
    if not found.permitted:
        raise found.why
    if not found.held:
        raise RuleBroken(found.why.what, remedy=N_("Choose directly from an offer, or keep the draft until then."))
    if found.justify and len(justification.strip()) < JUSTIFICATION:
        raise Invalid(
            {
                "justification": [
                    Refusal(
                        N_("Say in at least %(least)s characters why these needs are not one."), least=JUSTIFICATION
                    )
                ]
            }
        )
    return found.justify


def _direct(need: Need) -> WayFacts:
    held = Way.DIRECT in HELD
    if need.fund is Fund.PRIVATE:
        why = Refusal(N_("It is your money: you choose freely, and nobody may name a vendor to you."), rule=OWN_CHOICE)
        return WayFacts(Way.DIRECT, True, held, why)
    limit = str(Money(need.limit_fen))
    if need.amount_fen is None:
        return WayFacts(
            Way.DIRECT,
            False,
            held,
            RuleBroken(
                N_("With fiscal money direct choice depends on the amount, and none is given."),
                rule=LIMIT,
                remedy=N_("Say the most you can pay, in step 2."),
            ),
        )
    if need.amount_fen >= need.limit_fen:
        return WayFacts(
            Way.DIRECT,
            False,
            held,
            RuleBroken(
                N_("%(amount)s of fiscal money is not below the limit of direct choice, %(limit)s."),
                rule=LIMIT,
                remedy=N_("Choose a way in which vendors compete."),
                amount=str(Money(need.amount_fen)),
                limit=limit,
            ),
        )
    if need.others_fen + need.amount_fen >= need.limit_fen:
        why = Refusal(
            N_(
                "Together with %(others)s that you ordered of this service within %(days)s days it is %(sum)s, not below the "
                "limit of %(limit)s. Say in writing why these are not one need; an operator looks at it first."
            ),
            rule=NO_SPLITTING,
            others=str(Money(need.others_fen)),
            sum=str(Money(need.others_fen + need.amount_fen)),
            days=need.window_days,
            limit=limit,
        )
        return WayFacts(Way.DIRECT, True, held, why, justify=True)
    why = Refusal(N_("%(amount)s of fiscal money is below the limit of %(limit)s."), rule=LIMIT,
                  amount=str(Money(need.amount_fen)), limit=limit)  # fmt: skip
    return WayFacts(Way.DIRECT, True, held, why)


#: ways in which vendors compete with their price
BY_PRICE = frozenset({Way.PRICE, Way.AUCTION})


def _tendered(way: Way, need: Need) -> WayFacts:
    held = way in HELD
    if way in BY_PRICE and need.price_kind == "set":
        why = RuleBroken(
            N_("The price of this service is set, so vendors cannot compete with it."),
            remedy=N_("Choose a draw or the best value."),
        )
        return WayFacts(way, False, held, why)
    return WayFacts(way, True, held, Refusal(NOT_YET))


# The need ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """An order as it must be before it is placed."""

    item: str | None
    title: str
    district: str | None
    needed_by: date | None
    ceiling_fen: int | None
    fund: Fund
    way: Way | None
    listing: str | None


def check_draft(draft: DraftFacts, *, districts: frozenset[str], today: date) -> None:
    """Refuse, by field, a draft that nobody could answer. Each text names the step in which it is mended."""
    wrong: dict[str, list[Refusal | str]] = {}

    def say(field: str, what: str) -> None:
        wrong.setdefault(field, []).append(Refusal(what))

    if draft.item is None:
        say("item", N_("Step 1: choose a service."))
    if not draft.title.strip():
        say("title", N_("Step 2: give the project a name."))
    if draft.district is None or draft.district not in districts:
        say("district", N_("Step 2: choose the district in which the project lies."))
    if draft.needed_by is not None and draft.needed_by < today:
        say("needed_by", N_("Step 2: the day by which you need it has passed."))
    if draft.fund is Fund.FISCAL and draft.ceiling_fen is None:
        say("ceiling", N_("Step 2: with fiscal money, say the most you can pay."))
    if draft.way is None:
        say("way", N_("Step 4: choose a way of selection."))
    elif draft.way is Way.DIRECT and draft.listing is None:
        say("listing", N_("Step 4: choose an offer."))
    if wrong:
        raise Invalid(wrong)


#: the fact of an order that is no input of a standard: how many units
QUANTITY = "quantity"


def number(text: object) -> Fraction | None:
    """A number above 0 as people type it, exactly; None for anything else."""
    plain = unicodedata.normalize("NFKC", str(text or "")).replace(",", "").strip()
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return Fraction(value) if value.is_finite() and 0 < value <= 10**9 else None


@dataclass(frozen=True, slots=True)
class Project:
    """What step 2 says; a field that is absent from `given` keeps what it was. Money in fen, `facts` as typed."""

    given: frozenset[str]
    title: str = ""
    description: str = ""
    requirements: str = ""
    conditions: str = ""
    district: str | None = None
    facts: Mapping[str, str] | None = None
    fund: Fund | None = None
    ceiling_fen: int | None = None
    needed_by: date | None = None


class AlreadyPlaced(WrongState):
    """The order is no draft any more."""

    code = "already_placed"


def check_is_draft(state: OrderState, verb: str = "save") -> None:
    """Refuse with `AlreadyPlaced`, and the way on, an order that is no draft any more."""
    if state is not OrderState.DRAFT:
        raise AlreadyPlaced(
            N_("This order was placed already: what was typed here changes nothing."),
            rule=N_("Only a draft can be changed."),
            remedy=N_("Open the order; until the vendor has answered you can take it back and change it."),
            verb=verb,
        )


# Saying no --------------------------------------------------------------------------------------------------------------

#: why a vendor declines an order; "other" needs words
DECLINE_REASONS: Mapping[str, str] = {
    "full": N_("All our people are at work"),
    "scope": N_("The project is not what the offer is for"),
    "facts": N_("The facts of the project are not enough, or not right"),
    "conflict": N_("We have a tie with the buyer or the project"),
    "other": N_("Another reason"),
}
#: why an order is called off, by side; "other" needs words
CANCEL_REASONS: Mapping[str, str] = {
    "no_need": N_("It is not needed any more"),
    "mistake": N_("It was ordered by mistake"),
    "other_way": N_("It will be done in another way"),
    "too_late": N_("It takes too long"),
    "no_people": N_("The people for it are not there any more"),
    "not_possible": N_("It cannot be done as agreed"),
    "no_answer": N_("The other side does not answer"),
    "other": N_("Another reason"),
}
CANCEL_REASONS_OF: Mapping[Party, tuple[str, ...]] = {
    Party.BUYER: ("no_need", "mistake", "other_way", "too_late", "no_answer", "other"),
    Party.VENDOR: ("no_people", "not_possible", "no_answer", "other"),
    Party.MARKET: ("no_answer", "other"),
}


def check_reason(reason: str, words: str, known: Mapping[str, str] | Sequence[str]) -> None:
    """Refuse an unknown reason, "other" without words, and words that are too long."""
    if reason not in known:
        raise Invalid.field("reason", N_("Please choose one of the answers given."))
    if reason == "other" and not words.strip():
        raise Invalid.field("words", N_("Say the reason in words."))
    if len(words) > LONGEST["words"]:
        raise Invalid.field("words", N_("At most %(most)s characters, please."), most=LONGEST["words"])


#: what can be done instead, by state, when a verb is not possible
INSTEAD: Mapping[OrderState, str] = {
    OrderState.DRAFT: N_("It is a draft: go on with its steps, or drop it."),
    OrderState.IN_REVIEW: N_("An operator looks at it; the buyer can take it back."),
    OrderState.SELECTING: N_("The vendor is asked; the buyer can take it back until it has answered."),
    OrderState.AWARDED: N_("The contract waits for signatures; until then it can be called off without cost."),
    OrderState.CONTRACTED: N_("The payment is waited for; it can be called off without cost."),
    OrderState.FUNDED: N_("The money is held and the vendor can begin; it can be called off."),
    OrderState.UNDER_WAY: N_(
        "The work is under way: it can be called off at the cost that the page shows, or disputed."
    ),
    OrderState.DELIVERED: N_("A result was handed over: accept it, send it back with reasons, or open a dispute."),
    OrderState.ACCEPTED: N_("The result was accepted; faults found later can be disputed."),
    OrderState.CLOSED: N_("It is closed and nothing is owed."),
    OrderState.DISPUTED: N_("It is disputed: the operator decides, or whoever opened the dispute withdraws it."),
    OrderState.CANCELLED: N_("It was called off. Begin a new order with the same facts."),
    OrderState.FAILED: N_("It came to nothing. Begin a new order with the same facts."),
}


# Calling off ------------------------------------------------------------------------------------------------------------

#: states in which each side may call an order off; delivered work is accepted, refused or disputed instead
MAY_CANCEL: Mapping[Party, frozenset[OrderState]] = {
    Party.BUYER: frozenset(
        {
            OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SELECTING, OrderState.AWARDED, OrderState.CONTRACTED,
            OrderState.FUNDED, OrderState.UNDER_WAY,
        }
    ),
    Party.VENDOR: frozenset({OrderState.AWARDED, OrderState.CONTRACTED, OrderState.FUNDED, OrderState.UNDER_WAY}),
    Party.MARKET: frozenset(
        {
            OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SELECTING, OrderState.AWARDED, OrderState.CONTRACTED,
            OrderState.FUNDED, OrderState.UNDER_WAY,
        }
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """A milestone as calling off sees it: its money in fen, whether that is held, how far its work is."""

    fen: int
    is_funded: bool
    state: MilestoneState


@dataclass(frozen=True, slots=True)
class Cost:
    """What calling off costs, in fen: of what is held the vendor keeps `vendor_fen`, the rest goes back to the buyer."""

    held_fen: int
    vendor_fen: int
    #: the share in thousandths of the stage that is being worked on
    permille: int

    @property
    def buyer_fen(self) -> int:
        """What goes back to the buyer."""
        return self.held_fen - self.vendor_fen


def cost_of_cancelling(stages: Sequence[Stage], party: Party, *, waiting_permille: int, working_permille: int) -> Cost:
    """What calling an order off costs whom (terms cancel_share_funded, cancel_share_under_way; rounded half up to the fen).

    Money of accepted stages was released and does not count. Of a held stage the vendor keeps `working_permille` when its work
    had begun, else `waiting_permille`; nothing when the vendor or the market calls it off.
    """
    held = [one for one in stages if one.is_funded and one.state is not MilestoneState.ACCEPTED]
    at_work = any(one.state in _WORKED for one in held)
    share = working_permille if at_work else waiting_permille
    if party is not Party.BUYER:
        return Cost(sum(one.fen for one in held), 0, 0)
    vendor = sum(
        half_up(Fraction(one.fen * (working_permille if one.state in _WORKED else waiting_permille), 1000))
        for one in held
    )
    return Cost(sum(one.fen for one in held), vendor, share)


_WORKED = frozenset({MilestoneState.UNDER_WAY, MilestoneState.DELIVERED})


def reason_facts(code: str, text: str, words: str = "", params: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A reason as an order keeps it: a stable code, the market's own words (message id) with their parameters, and what
    somebody wrote himself."""
    return {"code": code, "text": text, "params": dict(params or {}), "words": words.strip()}
