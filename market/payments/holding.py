"""The money of one order, locked: every operation that moves any of it begins here, so that two never decide at once."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select, text

from market.db import Base, db
from market.kernel.errors import NotFound
from market.locks import lock
from market.payments.models import (
    BankTransfer,
    Chargeback,
    Checkout,
    Clawback,
    Difference,
    Escrow,
    Payment,
    Payout,
    Refund,
)
from market.payments.states import ChargebackState, CheckoutState, DifferenceState, PaymentState

M = TypeVar("M", bound=Base)

#: the key of the lock that lets one process at a time arrange endpoints
_ENDPOINTS = 0x77_6D_70_61_79
#: kept in step with the lock: what was read before it may be out of date
_OWN = (Payment, Checkout, Refund, Payout, Clawback, Chargeback, BankTransfer)


def locked(order_code: str) -> Escrow:
    """The escrow of an order with all that hangs on it, locked and freshly read. `NotFound` when the order has no money."""
    db.session.flush()
    escrow = lock(Escrow, order_code)
    for row in list(db.session.identity_map.values()):
        if isinstance(row, _OWN):
            db.session.expire(row)
    db.session.expire(escrow, ["payments"])
    return escrow


def locked_with(model: type[M], code: str) -> tuple[Escrow, M]:
    """A payment, checkout, refund, payout, clawback, chargeback or transfer by its code, under its order's lock. `NotFound`."""
    statement = select(Escrow.code).where(model.code == code)  # type: ignore[attr-defined]
    if model is Payment:
        statement = statement.join(Payment, Payment.escrow_id == Escrow.id)
    elif model is Clawback:
        statement = (
            statement.join(Payment, Payment.escrow_id == Escrow.id)
            .join(Payout, Payout.payment_id == Payment.id)
            .join(Clawback, Clawback.payout_id == Payout.id)
        )
    else:
        statement = statement.join(Payment, Payment.escrow_id == Escrow.id).join(
            model,
            model.payment_id == Payment.id,  # type: ignore[attr-defined]
        )
    order_code: str | None = db.session.scalar(statement)
    if order_code is None:
        raise NotFound()
    escrow = locked(order_code)
    row: M | None = db.session.scalar(select(model).where(model.code == code))  # type: ignore[attr-defined,arg-type]
    assert row is not None
    return escrow, row


def is_frozen(escrow: Escrow) -> bool:
    """True while a dispute, a chargeback or a difference before an officer holds the order's money still."""
    return db.session.scalar(select(Escrow.id).where(Escrow.id == escrow.id, stands_still())) is not None


def stands_still() -> ColumnElement[bool]:
    """The same as a condition on the `Escrow` of a statement."""
    taken = select(Chargeback.id).join(Payment, Chargeback.payment_id == Payment.id).correlate(Escrow)
    unbooked = select(Difference.id).where(Difference.state == DifferenceState.OPEN, Difference.how.is_(None))
    return or_(
        Escrow.dispute.is_not(None),
        taken.where(Payment.escrow_id == Escrow.id, Chargeback.state == ChargebackState.OPEN).exists(),
        unbooked.where(Difference.order == Escrow.code).exists(),
    )


def open_chargebacks(escrow: Escrow) -> list[Chargeback]:
    """What buyers' banks took of this order and have not decided."""
    return [one for row in escrow.payments for one in row.chargebacks if one.state is ChargebackState.OPEN]


def payments_in(escrow: Escrow, states: Iterable[PaymentState]) -> list[Payment]:
    """The order's payments in these states, by number and part."""
    wanted = set(states)
    return [row for row in escrow.payments if row.state in wanted]


def holding_checkout(payment: Payment) -> Checkout | None:
    """The visit to the gateway that brought the money which is or was held; None for a bank transfer and for nothing at all.

    A visit that succeeded when the payment was held or void already brought money that went straight back.
    """
    late = {refund.checkout_id for refund in payment.refunds if refund.cause == "late"}
    return next((one for one in payment.checkouts if one.state is CheckoutState.SUCCEEDED and one.id not in late), None)


def lock_endpoints() -> None:
    """One process at a time arranges endpoints: until the transaction ends (KF-MON-05)."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ENDPOINTS})
