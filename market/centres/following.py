"""What follows at centres from events of orders and documents (market/reactions.py)."""

from datetime import datetime
from typing import Any

from market.centres import code_operations, counter_operations
from market.kernel.actor import Actor, Channel, Role


def order_begun(event: Any, by: Actor, at: datetime) -> None:
    """Every order has a code by which a counter and a kiosk find it; one begun at a counter names the consent that let it be."""
    code_operations.give_pickup_code(event.order, by=by)
    if by.on_behalf_of:
        counter_operations.note_order(event.order, by=by)


def paper_saved(event: Any, by: Actor, at: datetime) -> None:
    """A paper that came from the data hub, which nobody had to bring, counts for the visit in which it was fetched."""
    if by.channel is Channel.COUNTER and by.role is Role.COUNTER:
        counter_operations.count_saved(by.person)
