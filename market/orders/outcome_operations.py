"""What becomes of a choice, in one way for every cause: the vendor has the order, it comes back to its buyer, or to nothing."""

from market import clock
from market.kernel.actor import Actor
from market.kernel.states import next_state
from market.locks import lock
from market.orders import choice, queries, rules
from market.orders.events import OrderAwarded, OrderFailed, OrderReturned
from market.orders.models import Order
from market.orders.rules import Way
from market.orders.states import TRANSITIONS
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import transactional


@transactional
def award(order_code: str, *, by: Actor) -> None:
    """The vendor that stands on the order has it; the contract follows by a reaction.

    `WrongState` from states that do not award.
    """
    row = lock(Order, order_code)
    row.state = next_state(TRANSITIONS, row.state, "award")
    row.awarded_at, row.reason = clock.now(), None
    wait_for(row, None, None, None)
    vendor = row.vendor.code if row.vendor is not None else ""
    record(OrderAwarded(row.code, vendor, row.item or "", row.price_fen or 0, str(row.way or Way.DIRECT)), by=by)


@transactional
def give_back(
    order_code: str, cause: str, text: str, *, words: str = "", params: dict[str, str] | None = None, code: str | None = None,
    by: Actor,
) -> None:  # fmt: skip
    """A draft again, with everything the buyer typed; the offer is to be chosen anew.

    `cause` stands in the event, `code` (default: the cause) with `text`, its `params` and somebody's `words` on the order.
    `WrongState` from states that do not return.
    """
    row = lock(Order, order_code)
    vendor = row.vendor.code if row.vendor is not None else None
    row.state = next_state(TRANSITIONS, row.state, "return")
    row.reason = rules.reason_facts(code or cause, text, words, params)
    row.vendor = row.placed_at = row.awarded_at = row.stopped_at = None
    row.standard_version = row.low_fen = row.reference_fen = row.high_fen = None
    choice.choose_none(row)
    row.step, row.kept_until = 3, queries.kept_until(row.item, row.district)
    wait_for(row, None, None, None)
    record(OrderReturned(row.code, vendor, cause), by=by)


@transactional
def fail(order_code: str, cause: str, text: str, *, by: Actor) -> None:
    """It came to nothing, for good (`text`: a message id). `WrongState` from states that do not fail."""
    row = lock(Order, order_code)
    row.state = next_state(TRANSITIONS, row.state, "fail")
    row.ended_at, row.reason = clock.now(), rules.reason_facts(cause, text)
    wait_for(row, None, None, None)
    record(OrderFailed(row.code, row.vendor.code if row.vendor is not None else None, cause), by=by)
