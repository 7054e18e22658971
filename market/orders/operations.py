"""What ends the choice of a vendor from outside (a selection that bidding held), and calling an order off."""

from collections.abc import Mapping

from market import clock
from market.kernel.actor import Actor
from market.kernel.errors import NotFound
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.orders import locked, outcome_operations, queries, rules
from market.orders.events import (
    OrderCancelled,
)
from market.orders.models import Answer, Order
from market.orders.rules import Way
from market.orders.states import TRANSITIONS, Party
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import transactional
from market.vendors import queries as vendors
from market.vendors.models import Vendor


@transactional
def award_order(code: str, *, vendor: str, price_fen: int, days: int, way: Way, by: Actor) -> Order:
    """A selection ended: this vendor has the order at this price (fen) and working days. For reactions on `TenderAwarded`."""
    found = vendors.vendor(vendor)
    lock_where(Vendor, Vendor.id == found.id)
    row = locked.in_state(code, "award")
    row.vendor, row.price_fen, row.days, row.way = found, price_fen, days, way
    outcome_operations.award(row.code, by=by)
    return row


FAILED: Mapping[str, str] = {
    "no_vendor": N_("No vendor was found for it."),
    "vendor_gone": N_("The vendor is no longer in the market."),
}


@transactional
def fail_order(code: str, *, cause: str, by: Actor) -> Order:
    """A selection ended without a vendor (`cause`: no_vendor, vendor_gone). For reactions on `TenderFailed`."""
    row = locked.in_state(code, "fail")
    outcome_operations.fail(row.code, cause, FAILED.get(cause, FAILED["no_vendor"]), by=by)
    return row


@transactional
def cancel_order(code: str, *, reason: str, words: str = "", by: Actor) -> Order:
    """Call an order off: the buyer until work is delivered, the vendor from the award on. What it costs is a dated term
    (queries.cost_of_cancelling tells it before); the money follows by a reaction.

    `Invalid` for a reason that is none, `RuleBroken` in states in which this side cannot, with what it can do instead.
    """
    seen, party = queries.order_for(code, by)
    if party is Party.OPERATOR:
        raise NotFound()
    rules.check_reason(reason, words, rules.CANCEL_REASONS_OF[party])
    row = lock(Order, code)
    if row.state not in rules.MAY_CANCEL[party]:
        raise locked.not_now(row)
    before, cost = row.state, queries.cost_of_cancelling(row, party)
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.TAKEN_BACK, clock.now()
    row.state = next_state(TRANSITIONS, row.state, "cancel")
    row.ended_at, row.kept_until = clock.now(), None
    row.reason = rules.reason_facts(reason, rules.CANCEL_REASONS[reason], words)
    wait_for(row, None, None, None)
    vendor = seen.vendor.code if seen.vendor is not None else None
    record(OrderCancelled(row.code, vendor, str(party), str(before), cost.vendor_fen), by=by)
    return row
