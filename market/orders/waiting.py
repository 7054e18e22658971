"""What an order waits for: one verb, from one side, until one instant. Every clock of an order is set here."""

from datetime import datetime

from market import clock
from market.orders.models import Order
from market.orders.states import Party


def wait_for(order: Order, verb: str | None, party: Party | None, due_at: datetime | None) -> None:
    """Let a locked order wait for `verb` from `party` until `due_at` (UTC, the first instant after the term); all None: for
    nothing. What happens when the term ends stands in jobs.LAPSES under the verb. The order counts as changed now."""
    order.waiting_for, order.waiting_on, order.due_at = verb, party, due_at
    order.updated_at = clock.now()
