"""What becomes of the question to a vendor: confirmed, declined, not answered in the term, taken back by the buyer.

Locks: the vendor (its capacity is counted under it), then the order and those that wait for the same offer.
"""

from collections.abc import Mapping

from sqlalchemy import and_, or_

from market import clock
from market.kernel.actor import Actor, Role
from market.kernel.errors import Invalid, NotFound, RuleBroken, WrongState
from market.kernel.words import N_
from market.listings.pricing import OutsideStandard, Quote, check_price
from market.locks import lock, lock_where
from market.orders import locked, notices, offers, outcome_operations, queries, rules
from market.orders.matching import up_to
from market.orders.models import Answer, AskedVendor, Order
from market.orders.states import OrderState
from market.transaction import transactional
from market.vendors import queries as vendors
from market.vendors import rules as vendor_rules
from market.vendors.models import Vendor

#: what the buyer reads when a vendor declined, by reason
DECLINED: Mapping[str, str] = {
    "full": N_("The vendor declined: all its people are at work."),
    "scope": N_("The vendor declined: the project is not what the offer is for."),
    "facts": N_("The vendor declined: the facts of the project are not enough, or not right."),
    "conflict": N_("The vendor declined: it has a tie with the buyer or the project."),
    "other": N_("The vendor declined."),
}
LAPSED = N_("The vendor did not answer in the term.")
TAKEN_BACK = N_("You took the order back.")
OBJECTED = N_("The regulator objects to a clause of the need: change it, then order again.")
GIVEN_AWAY = N_("The vendor gave the last place that it had free to another order.")


@transactional
def answer_order(
    code: str, *, accept: bool, reason: str | None = None, words: str = "", price_fen: int | None = None, by: Actor
) -> Order:
    """The vendor confirms, or declines with a `reason` of rules.DECLINE_REASONS, within the term.

    Confirming looks again, under locks, at standing, licences and capacity; `price_fen` may only go below the price asked, and
    only where that was a maximum. When the last free place is taken, other orders that wait for the same offer return at once.
    `WrongState` when nothing is asked (any more), `RuleBroken` with the ground when the vendor cannot take it.
    """
    row = _asked_of(code, by)
    # the lock reads the row anew: who was asked before it is remembered, so that nobody answers for another vendor
    vendor_id = row.vendor_id
    lock_where(Vendor, Vendor.id == vendor_id)
    same = Order.vendor_id == vendor_id, Order.state == OrderState.SELECTING, Order.item == row.item
    rows = lock_where(Order, or_(Order.id == row.id, and_(*same)))
    notices.check_goes_on(row)
    asked = _waiting(row, vendor_id)
    if not accept:
        rules.check_reason(reason or "", words, rules.DECLINE_REASONS)
        asked.answer, asked.answered_at = Answer.DECLINED, clock.now()
        asked.reason, asked.words = reason, words.strip() or None
        outcome_operations.give_back(row.code, "declined", DECLINED[reason or "other"], words=words, by=by)
        return row
    capacity = _check_can_take(row)
    if price_fen is not None and price_fen != row.price_fen:
        _lower(row, price_fen)
    asked.answer, asked.answered_at, asked.price_fen = Answer.CONFIRMED, clock.now(), row.price_fen or 0
    outcome_operations.award(row.code, by=by)
    if capacity <= 1:
        for other in rows:
            if other.id != row.id and other.listing == row.listing:
                _give_back(other, by)
    return row


@transactional
def take_back(code: str, *, by: Actor) -> Order:
    """The buyer takes an order back that was not confirmed yet (or not looked at yet): a draft again, with all he typed.

    One that an objection stops comes back to be changed, also when the vendor had confirmed and nobody is bound yet.
    """
    locked.own(code, by)
    row = locked.in_state(code, "return")
    stopped = row.stopped_at is not None
    if row.state not in (OrderState.SELECTING, OrderState.IN_REVIEW) and not (
        stopped and row.state is OrderState.AWARDED
    ):
        raise locked.not_now(row)
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.TAKEN_BACK, clock.now()
    keep = row.listing, row.publication, row.price_fen, row.days
    cause, text = ("objection", OBJECTED) if stopped else ("changed_mind", TAKEN_BACK)
    outcome_operations.give_back(row.code, cause, text, by=by)
    row.listing, row.publication, row.price_fen, row.days = keep
    return row


@transactional
def lapse_answer(code: str, *, by: Actor) -> None:
    """Return an order whose vendor did not answer in the term; nothing while the term runs or when it was answered."""
    row = lock(Order, code)
    over = row.due_at is not None and clock.now() >= row.due_at
    if row.state is not OrderState.SELECTING or row.waiting_for != "confirm" or not over:
        return
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.LAPSED, clock.now()
    outcome_operations.give_back(row.code, "lapsed", LAPSED, by=by)


def _asked_of(code: str, by: Actor) -> Order:
    """The order for a member of the vendor that is or was asked; `NotFound` for others."""
    row = queries.order(code)
    if row.vendor is not None and by.role is Role.VENDOR and row.vendor.organisation.code == by.organisation:
        return row
    mine = (one for one in queries.asked_vendors(row) if one.vendor.organisation.code == by.organisation)
    if by.role is Role.VENDOR and (last := list(mine)):
        raise WrongState(
            N_("This order no longer asks you."),
            rule=N_("An order asks one vendor at a time, until its term ends."),
            remedy=N_("What became of it stands in your list: %(answer)s."),
            answer=str(last[-1].answer),
        )
    raise NotFound()


def _waiting(row: Order, vendor_id: int | None) -> AskedVendor:
    """The open question to the vendor, or `WrongState`: answered, taken back, or the term is over."""
    asked = queries.asked_vendor(row)
    if (
        row.state is not OrderState.SELECTING
        or row.waiting_for != "confirm"
        or asked is None
        or asked.vendor_id != vendor_id
    ):
        raise locked.not_now(row)
    if clock.now() >= asked.due_at:
        raise WrongState(
            N_("The term for the answer is over."),
            rule=N_("The vendor answers within the term that stands beside the order."),
            remedy=N_("The order returns to its buyer, who may ask you again."),
        )
    return asked


def _check_can_take(row: Order) -> int:
    """Refuse a vendor that cannot take the order now; gives how many jobs it can still begin, this one included."""
    found = offers.judge_one(row, row.listing or "")
    vendor = vendors.vendor(row.vendor.code) if row.vendor is not None else None
    if vendor is None or not vendor_rules.is_open(vendors.facts(vendor)):
        raise RuleBroken(
            N_("Only an active vendor takes orders."),
            remedy=N_("Decline the order, so that the buyer can ask another vendor."),
        )
    if found is not None and found.offer.missing:
        lack = found.offer.missing[0]
        raise RuleBroken(lack.what, rule=lack.rule, remedy=lack.remedy, **lack.params)
    free = found.offer.capacity - found.offer.open_jobs if found is not None else 0
    if free <= 0:
        raise RuleBroken(
            N_("All %(capacity)s jobs that you do at once are taken."),
            rule=N_("An offer says how many jobs are done at once."),
            remedy=N_("Raise the number in the offer and publish it, or decline this order."),
            capacity=found.offer.capacity if found is not None else 0,
        )
    return free


def _lower(row: Order, price_fen: int) -> None:
    """A firm price below the maximum that was asked; held to a binding standard like every price."""
    found = offers.judge_one(row, row.listing or "")
    if found is None or not up_to(found.offer.quote) or row.price_fen is None or not 0 < price_fen <= row.price_fen:
        raise Invalid.field("price", N_("The price that was asked can be confirmed; only a maximum can be gone below."))
    if found.offer.binds:
        try:
            check_price(Quote(price_fen), found.offer.reference, "")
        except OutsideStandard as refusal:
            raise Invalid({"price": [refusal]}) from None
    row.price_fen = price_fen


def _give_back(other: Order, by: Actor) -> None:
    """An order that asked for a place which is now another's: its buyer need not wait for the end of the term."""
    if (asked := queries.asked_vendor(other)) is not None:
        asked.answer, asked.answered_at, asked.reason = Answer.DECLINED, clock.now(), "full"
    outcome_operations.give_back(other.code, "full", GIVEN_AWAY, by=by)
