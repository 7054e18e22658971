"""How an order comes back to its buyer or comes to nothing: one way for every cause. Parts of operations that hold its lock."""

from datetime import datetime, timedelta

from market import clock
from market.kernel.actor import Actor
from market.kernel.states import next_state
from market.orders import queries, rules
from market.orders.events import OrderFailed, OrderReturned
from market.orders.models import Order
from market.orders.states import TRANSITIONS
from market.orders.waiting import wait_for
from market.record.operations import record


def give_back(
    row: Order, cause: str, text: str, *, words: str = "", params: dict[str, str] | None = None, code: str | None = None,
    by: Actor,
) -> None:  # fmt: skip
    """A draft again, with everything the buyer typed; the offer is to be chosen anew.

    `cause` stands in the event, `code` (default: the cause) with `text`, its `params` and somebody's `words` on the order.
    `WrongState` from states that do not return.
    """
    vendor = row.vendor.code if row.vendor is not None else None
    row.state = next_state(TRANSITIONS, row.state, "return")
    row.reason = rules.reason_facts(code or cause, text, words, params)
    row.vendor = row.placed_at = row.awarded_at = row.stopped_at = None
    row.standard_version = row.low_fen = row.reference_fen = row.high_fen = None
    choose_none(row)
    row.step, row.kept_until = 3, kept_until(row.item, row.district)
    wait_for(row, None, None, None)
    record(OrderReturned(row.code, vendor, cause), by=by)


def fail(row: Order, cause: str, text: str, *, by: Actor) -> None:
    """It came to nothing, for good. `WrongState` from states that do not fail."""
    row.state = next_state(TRANSITIONS, row.state, "fail")
    row.ended_at, row.reason = clock.now(), rules.reason_facts(cause, text)
    wait_for(row, None, None, None)
    record(OrderFailed(row.code, row.vendor.code if row.vendor is not None else None, cause), by=by)


def choose_none(row: Order) -> None:
    """No offer is chosen."""
    row.listing = row.publication = row.price_fen = row.days = None


def kept_until(item: str | None, district: str | None) -> datetime:
    """Until when a draft is kept that is touched now (term draft_days, calendar days)."""
    return clock.now() + timedelta(days=queries.term("draft_days", item=item, region=district))
