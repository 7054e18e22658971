"""Reading contracts, stages, messages and disputes."""

from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import joinedload, selectinload

from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.calendar import end_of_day, local_date
from market.kernel.errors import NotFound
from market.orders import queries, terms
from market.orders.models import (
    Contract,
    Delivery,
    Dispute,
    Extension,
    Milestone,
    Order,
    OrderMessage,
    Pause,
    Signature,
)
from market.orders.states import ContractState, DisputeState, MilestoneState, OrderState, Party
from market.record.models import AuditEntry
from market.record.queries import history_of

#: a stage that is being worked on or waits for acceptance
RUNNING = (MilestoneState.UNDER_WAY, MilestoneState.DELIVERED)


# Contracts --------------------------------------------------------------------------------------------------------------


def contract(code: str) -> Contract:
    """The contract version with this public code, with signatures and order, whoever asks, or `NotFound`."""
    found = db.session.scalar(
        select(Contract)
        .where(Contract.code == code)
        .options(joinedload(Contract.order), selectinload(Contract.signatures), joinedload(Contract.document))
    )
    if found is None:
        raise NotFound()
    return found


def contracts_of(order: Order) -> list[Contract]:
    """All versions of an order's contract, the first one first."""
    statement = select(Contract).where(Contract.order_id == order.id).options(selectinload(Contract.signatures))
    return list(db.session.scalars(statement.order_by(Contract.number)))


def contract_in_force(order: Order) -> Contract | None:
    """The version that binds, if any."""
    return _contract_in(order, ContractState.IN_FORCE)


def contract_offered(order: Order) -> Contract | None:
    """The version that waits for signatures, if any."""
    return _contract_in(order, ContractState.OFFERED)


def _contract_in(order: Order, state: ContractState) -> Contract | None:
    return db.session.scalar(select(Contract).where(Contract.order_id == order.id, Contract.state == state))


def signature_of(contract: Contract, party: Party) -> Signature | None:
    """One side's signature of a version, if it signed."""
    return db.session.scalar(select(Signature).where(Signature.contract_id == contract.id, Signature.party == party))


def amendments_over(at: datetime) -> list[str]:
    """Codes of amendments whose time for signing is over, unsigned, the oldest first."""
    offered = Contract.state == ContractState.OFFERED, Contract.number > 1, Contract.sign_by <= at
    return list(db.session.scalars(select(Contract.code).where(*offered).order_by(Contract.id).limit(500)))


# Work -------------------------------------------------------------------------------------------------------------------


def milestones_of(order: Order) -> list[Milestone]:
    """The stages of an order's work, with deliveries and pauses."""
    statement = select(Milestone).where(Milestone.order_id == order.id).order_by(Milestone.number)
    return list(
        db.session.scalars(statement.options(selectinload(Milestone.deliveries), selectinload(Milestone.pauses)))
    )


def milestone(order: Order, number: int) -> Milestone:
    """One stage by its number, or `NotFound`."""
    found = db.session.scalar(select(Milestone).where(Milestone.order_id == order.id, Milestone.number == number))
    if found is None:
        raise NotFound()
    return found


def running(order: Order) -> Milestone | None:
    """The stage that is being worked on or waits for acceptance."""
    return db.session.scalar(
        select(Milestone)
        .where(Milestone.order_id == order.id, Milestone.state.in_(RUNNING))
        .order_by(Milestone.number)
        .limit(1)
    )


def next_waiting(order: Order) -> Milestone | None:
    """The first stage that has not begun."""
    return db.session.scalar(
        select(Milestone)
        .where(Milestone.order_id == order.id, Milestone.state == MilestoneState.WAITING)
        .order_by(Milestone.number)
        .limit(1)
    )


def open_pause(milestone: Milestone) -> Pause | None:
    """The pause in which the stage's clock stands now."""
    return db.session.scalar(select(Pause).where(Pause.milestone_id == milestone.id, Pause.ended_at.is_(None)))


def open_extension(milestone: Milestone) -> Extension | None:
    """The extension that waits for an answer."""
    return db.session.scalar(
        select(Extension).where(Extension.milestone_id == milestone.id, Extension.answered_at.is_(None))
    )


def last_delivery(milestone: Milestone) -> Delivery | None:
    """The newest result of a stage."""
    return db.session.scalar(
        select(Delivery).where(Delivery.milestone_id == milestone.id).order_by(Delivery.round.desc()).limit(1)
    )


def reminders_due(at: datetime) -> list[str]:
    """Codes of orders whose buyer is to be reminded now of a result that waits, the oldest first: 500 at most."""
    statement = (
        select(Order.code, Order.item, Order.district, Milestone.delivered_at, Milestone.reminders)
        .join(Milestone, Milestone.order_id == Order.id)
        .where(
            Order.state == OrderState.DELIVERED, Milestone.state == MilestoneState.DELIVERED, Milestone.reminders < 2
        )
        .order_by(Milestone.delivered_at, Order.id)
    )
    waiting = db.session.execute(statement).all()
    if not waiting:
        return []
    rows, calendar, on = queries.all_terms(), catalogue.calendar(), local_date(at)
    found = []
    for code, item, district, delivered_at, reminders in waiting:
        name = f"accept_reminder_{reminders + 1}"
        days = terms.in_force(rows, name, item=item, region=district, on=on).value
        if delivered_at is not None and at >= end_of_day(calendar.add_working_days(local_date(delivered_at), days).day):
            found.append(code)
    return found[:500]


def deliveries_of(vendor_id: int) -> Select[Order]:
    """The orders that a vendor works on or has handed over, by deadline; those without one last."""
    at_work = (
        OrderState.FUNDED, OrderState.UNDER_WAY, OrderState.DELIVERED, OrderState.DISPUTED, OrderState.ACCEPTED,
    )  # fmt: skip
    return (
        select(Order)
        .where(Order.vendor_id == vendor_id, Order.state.in_(at_work))
        .options(selectinload(Order.milestones))
        .order_by(Order.due_at.asc().nulls_last(), Order.id)
    )


# Messages and history ---------------------------------------------------------------------------------------------------


def messages_of(order: Order) -> list[OrderMessage]:
    """What both sides wrote, the oldest first."""
    return list(
        db.session.scalars(select(OrderMessage).where(OrderMessage.order_id == order.id).order_by(OrderMessage.id))
    )


def message_with_key(form_key: str) -> OrderMessage | None:
    """The message that a form with this key made."""
    return db.session.scalar(select(OrderMessage).where(OrderMessage.form_key == form_key))


def story_of(order: Order) -> list[AuditEntry]:
    """What happened to an order, the oldest first."""
    return list(reversed(list(db.session.scalars(history_of(order.code)))))


def was_settled(order: Order) -> bool:
    """True when payments have said of this order that nothing is held or owed any more."""
    settled = AuditEntry.event == "AccountsSettled", AuditEntry.subjects.contains([order.code])
    return bool(db.session.scalar(select(exists().where(*settled))))


# Disputes ---------------------------------------------------------------------------------------------------------------


def dispute(code: str) -> Dispute:
    """The dispute with this public code with its order, whoever asks, or `NotFound`."""
    found = db.session.scalar(select(Dispute).where(Dispute.code == code).options(joinedload(Dispute.order)))
    if found is None:
        raise NotFound()
    return found


def disputes_of(order: Order) -> list[Dispute]:
    """All disputes of an order, the oldest first."""
    return list(db.session.scalars(select(Dispute).where(Dispute.order_id == order.id).order_by(Dispute.id)))


def open_dispute(order: Order) -> Dispute | None:
    """The dispute that waits for a decision."""
    return db.session.scalar(select(Dispute).where(Dispute.order_id == order.id, Dispute.state == DisputeState.OPEN))


def dispute_queue() -> Select[Dispute]:
    """Open disputes by the operator's deadline."""
    return (
        select(Dispute)
        .where(Dispute.state == DisputeState.OPEN)
        .options(joinedload(Dispute.order).joinedload(Order.vendor))
        .order_by(Dispute.due_at, Dispute.id)
    )


def decided_disputes() -> Select[Dispute]:
    """Disputes that are over, the newest first."""
    return (
        select(Dispute)
        .where(Dispute.state != DisputeState.OPEN)
        .options(joinedload(Dispute.order).joinedload(Order.vendor))
        .order_by(Dispute.decided_at.desc(), Dispute.id.desc())
    )


def dispute_until(order: Order) -> datetime | None:
    """The first instant at which an accepted order can be disputed no more; None before it is accepted."""
    if order.accepted_at is None:
        return None
    days = queries.term("dispute_after_acceptance_days", item=order.item, region=order.district)
    return queries.end_of_term(order.accepted_at, days)


def paid_for(order: Order) -> int:
    """What was paid for the stages of an order, in fen: held, released or taken back since."""
    return sum(one.fen for one in milestones_of(order) if one.is_funded)
