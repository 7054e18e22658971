"""What time and other domains bring about: revealing, counting anew, monthly means, proposals. All safe to run twice."""

from market import clock
from market.kernel.actor import system
from market.orders.states import OrderState, Party
from market.ratings import credit_operations, operations, queries, score_queries

#: nothing was promised yet
BEFORE_AWARD = frozenset({OrderState.DRAFT, OrderState.IN_REVIEW, OrderState.SELECTING})


def reveal_due() -> None:
    """Show the ratings whose time to be written unseen is over. Every minute."""
    for code in queries.due_for_reveal(clock.now()):
        operations.reveal_order(code, by=system())


def refresh_vendor(vendor_code: str | None) -> None:
    """Bring a vendor's standing up to date after something happened to its orders; nothing without a vendor."""
    if vendor_code is not None:
        operations.refresh_vendor(vendor_code, by=system())


def refresh_all() -> None:
    """Publish the month's means if they are not yet, and count every vendor anew: ratings age and credit comes back. Daily."""
    operations.publish_means(clock.today(), by=system())
    for code in score_queries.vendors_to_refresh():
        operations.refresh_vendor(code, by=system())


def consider_return(order_code: str, vendor_code: str | None, cause: str) -> None:
    """A vendor let the term for its answer pass: put that before the operator. Other causes are no ground."""
    if vendor_code is not None and cause == "lapsed":
        credit_operations.propose_deduction(vendor_code, "answer_lapsed", order_code, by=system())


def consider_cancellation(order_code: str, vendor_code: str | None, party: str, state_before: str) -> None:
    """A vendor called off an order that it had been awarded: the operator finds out whether there was a cause."""
    if vendor_code is not None and party == Party.VENDOR and state_before not in BEFORE_AWARD:
        credit_operations.propose_deduction(vendor_code, "cancelled_after_award", order_code, by=system())
