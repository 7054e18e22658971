"""An order found for who may act on it, and locked in a state in which the act is possible. Parts of operations."""

from market.kernel.actor import Actor
from market.kernel.errors import WrongState
from market.kernel.words import N_
from market.listings import queries as listings
from market.locks import lock, lock_where
from market.orders import queries, rules
from market.orders.models import Order
from market.orders.states import TRANSITIONS
from market.vendors.models import Vendor


def own(code: str, by: Actor) -> Order:
    """The buyer's own order, or any for the market itself; `NotFound` for everybody else."""
    return queries.order(code) if by.is_system else queries.own_order(code, by)


def draft(code: str, by: Actor, verb: str = "save") -> Order:
    """The buyer's own draft, locked; `WrongState` with the way on when it is none any more."""
    own(code, by)
    row = lock(Order, code)
    rules.check_is_draft(row.state, verb)
    return row


def in_state(code: str, verb: str) -> Order:
    """The order, locked, in a state in which `verb` is possible; else `WrongState`."""
    row = lock(Order, code)
    if (row.state, verb) not in TRANSITIONS:
        raise not_now(row)
    return row


def not_now(row: Order) -> WrongState:
    """The refusal of what is not possible in the order's state, with what can be done instead."""
    return WrongState(
        N_("This is not possible while the order is “%(state)s”."),
        rule=N_("Orders move by a published table of states."),
        remedy=rules.INSTEAD[row.state],
        state=str(row.state),
    )


def lock_vendor_of(listing: str | None) -> None:
    """The vendor before the order (market/locks.py): capacity and standing are counted under its lock."""
    if listing is not None:
        lock_where(Vendor, Vendor.id == listings.listing(listing).vendor_id)
