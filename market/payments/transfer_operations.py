"""Bank transfers of public money: one officer records a line of the bank statement, another confirms it, then it counts."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Conflict, RuleBroken, WrongState
from market.kernel.money import Money
from market.kernel.states import next_state
from market.kernel.words import N_
from market.payments import money_operations, payout_operations, rules
from market.payments.events import TransferConfirmed, TransferRecorded, TransferRejected
from market.payments.holding import is_frozen, locked_with
from market.payments.models import BankTransfer, Clawback, Method, Payment, Payout, Refund, TransferKind
from market.payments.states import (
    PAYABLE,
    TRANSFER_TRANSITIONS,
    ClawbackState,
    PayoutState,
    RefundState,
    TransferState,
)
from market.record.operations import record
from market.transaction import attempt, transactional


@transactional
def record_transfer(
    kind: TransferKind, about: str, fen: int, reference: str, booked_on: date, *, by: Actor
) -> BankTransfer:
    """One officer found a line of the bank statement: `fen` for `about` (the code of a payment, refund, payout or clawback).

    Refused: another amount than is expected, a line that stands for something already, a thing that awaits no transfer, a payout
    of an order whose money a dispute holds still.
    """
    payment, expected = _expected(kind, about)
    if fen != expected:
        raise RuleBroken(
            N_("%(expected)s are expected, not %(fen)s."),
            rule=N_("A transfer is recorded as it stands on the statement and must be the whole amount."),
            remedy=N_("Send back what is too much or too little, and ask for the right amount."),
            expected=Money(expected),
            fen=Money(fen),
        )
    if booked_on > clock.today():
        raise RuleBroken(N_("The statement cannot be of a day to come."))
    try:
        with attempt():
            row = BankTransfer(
                code=new_code("U"), kind=kind, payment=payment, about=about, fen=fen, reference=reference, booked_on=booked_on,
                state=TransferState.RECORDED, recorded_by=by.person, recorded_at=clock.now(),
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise Conflict(
            N_("This line of the statement, or a transfer for this, was recorded already."),
            remedy=N_("Look at the transfers that wait for a second officer."),
        ) from None
    record(TransferRecorded(payment.escrow.code, payment.code, fen), by=by)
    return row


@transactional
def confirm_transfer(code: str, *, by: Actor) -> BankTransfer:
    """Another officer found it on the statement too: it counts. Refused to the officer who recorded it."""
    escrow, row = locked_with(BankTransfer, code)
    rules.check_second_officer(row.recorded_by, by.person)
    row.state = next_state(TRANSFER_TRANSITIONS, row.state, "confirm")
    row.answered_by, row.answered_at = by.person, clock.now()
    _count(row, by)
    money_operations.settle(escrow, by=by)
    record(TransferConfirmed(escrow.code, row.payment.code, row.code, row.fen), by=by)
    return row


@transactional
def reject_transfer(code: str, words: str, *, by: Actor) -> BankTransfer:
    """Another officer did not find it: nothing happens, and the line can be recorded anew."""
    escrow, row = locked_with(BankTransfer, code)
    row.state = next_state(TRANSFER_TRANSITIONS, row.state, "reject")
    row.answered_by, row.answered_at, row.words = by.person, clock.now(), words
    record(TransferRejected(escrow.code, row.payment.code, row.code, row.fen), by=by)
    return row


def _expected(kind: TransferKind, about: str) -> tuple[Payment, int]:
    """The payment concerned and the amount that is expected, under the order's lock; WrongState when none is."""
    if kind is TransferKind.PAID_IN:
        _, payment = locked_with(Payment, about)
        # one that is void by now is recorded all the same: the money is there, and goes back
        if payment.method is Method.INVOICE and payment.held_at is None:
            return payment, payment.fen
    elif kind is TransferKind.REFUND:
        _, refund = locked_with(Refund, about)
        if (refund.state is RefundState.BEGUN and refund.checkout is None) or refund.state is RefundState.FAILED:
            return refund.payment, refund.fen
    elif kind is TransferKind.PAYOUT:
        escrow, payout = locked_with(Payout, about)
        if payout.by_transfer and payout.state is PayoutState.DUE and is_frozen(escrow):
            raise WrongState(
                N_("A dispute holds the money of this order still."), remedy=N_("Wait until it is decided.")
            )
        if payout.by_transfer and payout.state is PayoutState.DUE:
            return payout.payment, payout.fen - payout.clawed_fen
    else:
        _, claw = locked_with(Clawback, about)
        if claw.state is not ClawbackState.DONE and claw.payout.by_transfer:
            return claw.payout.payment, claw.fen
    raise WrongState(N_("No bank transfer is expected for this."))


def _count(row: BankTransfer, by: Actor) -> None:
    payment = row.payment
    if row.kind is TransferKind.PAID_IN and payment.state in PAYABLE:
        money_operations.hold_payment(payment, by=by)
    elif row.kind is TransferKind.PAID_IN:
        money_operations.refund_late(payment, row.fen, checkout=None, by=by)
    elif row.kind is TransferKind.REFUND:
        payout_operations.refund_by_transfer(row.about, by=by)
    elif row.kind is TransferKind.PAYOUT:
        payout_operations.pay_by_transfer(row.about, by=by)
    else:
        claw = db.session.scalar(select(Clawback).where(Clawback.code == row.about))
        assert claw is not None
        money_operations.finish_clawback(claw, row.reference, by=by)
