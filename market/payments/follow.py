"""What payments do when something happens to an order: reactions for market/reactions.py."""

from datetime import datetime

from market.kernel.actor import Actor
from market.orders import events
from market.payments import decision_operations, operations


def contract_concluded(event: events.ContractConcluded, by: Actor, at: datetime) -> None:
    """Its instalments are owed."""
    pay_by = datetime.fromisoformat(event.pay_by)
    operations.open_instalments(event.order, event.vendor, event.instalments, pay_by, by=by)


def milestone_accepted(event: events.MilestoneAccepted, by: Actor, at: datetime) -> None:
    """Its instalment is the vendor's."""
    operations.release(event.order, event.milestone, final=event.final, by=by)


def order_cancelled(event: events.OrderCancelled, by: Actor, at: datetime) -> None:
    """The vendor's share of what is held is the vendor's, the rest the buyer's."""
    decision_operations.unwind(event.order, event.vendor_fen, by=by)


def order_failed(event: events.OrderFailed, by: Actor, at: datetime) -> None:
    """Whatever is held goes back."""
    decision_operations.unwind(event.order, 0, by=by)


def dispute_opened(event: events.DisputeOpened, by: Actor, at: datetime) -> None:
    """Everything waits."""
    decision_operations.freeze(event.order, event.dispute, by=by)


def dispute_withdrawn(event: events.DisputeWithdrawn, by: Actor, at: datetime) -> None:
    """Everything goes on."""
    decision_operations.thaw(event.order, by=by)


def dispute_decided(event: events.DisputeDecided, by: Actor, at: datetime) -> None:
    """The money follows the decision."""
    decision_operations.follow_decision(event.order, event.outcome, event.vendor_fen, by=by)
