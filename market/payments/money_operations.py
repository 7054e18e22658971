"""Moving the money of one order: void, hold, release, send back, take back, settle. Called by the operations that decide, under
the lock of holding.py; each writes its ledger entry and its event."""

from datetime import datetime

from sqlalchemy import select

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.states import next_state
from market.payments import ledger, rules
from market.payments.events import (
    AccountsSettled,
    ClawbackBegun,
    ClawbackDone,
    InstalmentDue,
    MoneyReleased,
    PaymentHeld,
    PaymentRefused,
    PaymentVoided,
    RefundBegun,
)
from market.payments.holding import holding_checkout, open_chargebacks
from market.payments.models import (
    Checkout,
    Clawback,
    Escrow,
    FeeRate,
    Method,
    Payment,
    Payout,
    Refund,
    RefundCause,
)
from market.payments.posting import held_of, post
from market.payments.states import (
    CHECKOUT_TRANSITIONS,
    CLAWBACK_TRANSITIONS,
    OPEN_CHECKOUTS,
    PAYABLE,
    PAYMENT_TRANSITIONS,
    PAYOUT_TRANSITIONS,
    REFUND_TRANSITIONS,
    ClawbackState,
    PaymentState,
    PayoutState,
    RefundState,
)
from market.record.operations import record
from market.transaction import later, transactional

FINISHED_PAYOUTS = frozenset({PayoutState.PAID, PayoutState.DROPPED})


@transactional
def open_payment(escrow: Escrow, number: int, fen: int, pay_by: datetime | None, *, by: Actor) -> Payment:
    """A further payment of instalment `number` (from 1). One of 0 fen is held at once: nobody can pay nothing (KF-MON-18)."""
    part = 1 + max((row.part for row in escrow.payments if row.number == number), default=0)
    row = Payment(
        code=new_code("F"), escrow=escrow, number=number, part=part, fen=fen, state=PaymentState.DUE, pay_by=pay_by,
        created_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    escrow.settled_at = None
    if fen == 0:
        row.method = Method.NOTHING
        hold_payment(row, by=by)
    elif pay_by is not None:
        record(InstalmentDue(escrow.code, row.code, number, fen, pay_by.isoformat()), by=by)
    return row


@transactional
def hold_payment(payment: Payment, *, checkout: Checkout | None = None, by: Actor) -> None:
    """The money of a payment that was due is here: through `checkout`, else by bank transfer (or 0 fen)."""
    payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "hold")
    payment.held_at = clock.now()
    if payment.fen:
        by_transfer = payment.method is Method.INVOICE
        post(f"hold {payment.code}", "hold", payment, ledger.hold(payment.escrow.code, payment.fen, by_transfer))
    method = payment.method or Method.CARD
    record(PaymentHeld(payment.escrow.code, payment.code, payment.number, payment.fen, str(method)), by=by)


@transactional
def void_payment(payment: Payment, *, by: Actor) -> None:
    """The instalment is owed no longer; a visit to the gateway that is open is closed there."""
    payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "void")
    for checkout in payment.checkouts:
        if checkout.state in OPEN_CHECKOUTS:
            checkout.closing = True
            later("market.payments.jobs.ask_checkout", checkout.code)
    record(PaymentVoided(payment.escrow.code, payment.code), by=by)


@transactional
def release_payment(payment: Payment, fen: int, *, by: Actor) -> Payout:
    """`fen` of what a payment holds become the vendor's, less the fee of the day; they go to its bank once nothing stops them."""
    escrow = payment.escrow
    rates = {row.valid_from: row.permille for row in db.session.scalars(select(FeeRate))}
    fee_fen = rules.fee(rates, clock.today(), fen)
    row = Payout(
        code=new_code("Z"), payment=payment, vendor=escrow.vendor, fen=fen - fee_fen, fee_fen=fee_fen, clawed_fen=0,
        state=PayoutState.DUE, by_transfer=payment.method is Method.INVOICE, tries=0, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    post(f"release {row.code}", "release", payment, ledger.release(escrow.code, escrow.vendor, fen, fee_fen))
    if held_of(payment) == 0:
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "release")
    record(MoneyReleased(escrow.code, payment.code, escrow.vendor, fen, fee_fen), by=by)
    if not row.by_transfer:
        later("market.payments.jobs.begin_payout", row.code)
    return row


@transactional
def refund_payment(
    payment: Payment,
    fen: int,
    cause: RefundCause,
    *,
    words: str | None = None,
    form_key: str | None = None,
    ref: str | None = None,
    by: Actor,
) -> Refund:
    """Send `fen` of what a payment holds back to where it came from. `Overdrawn` when it holds less.

    With `ref` it was sent at the gateway already, and is only booked.
    """
    checkout = holding_checkout(payment)
    row = Refund(
        code=new_code("B"), payment=payment, checkout=checkout, fen=fen, cause=cause, words=words,
        state=RefundState.WAITING, tries=0, person=by.person, form_key=form_key, ref=ref, begun_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    post(f"refund {row.code}", "refund", payment, ledger.refund_begun(payment.escrow.code, fen))
    payment.escrow.settled_at = None
    had_earnings = any(payout.fen > payout.clawed_fen for payout in payment.payouts)
    if payment.state is PaymentState.HELD and held_of(payment) == 0:
        verb = "release" if had_earnings else "refund"
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, verb)
    record(RefundBegun(payment.escrow.code, payment.code, row.code, fen, str(cause)), by=by)
    _begin_refunds(payment)
    return row


@transactional
def refund_late(payment: Payment, fen: int, *, checkout: Checkout | None, by: Actor) -> Refund:
    """A payment came in that nobody owes any more, or a second one: all of it goes back by itself to where it came from."""
    row = Refund(
        code=new_code("B"), payment=payment, checkout=checkout, fen=fen, cause=RefundCause.LATE,
        state=RefundState.BEGUN, tries=1, person=by.person, begun_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    post(f"late {row.code}", "late", payment, ledger.late_payment(payment.escrow.code, fen, checkout is None))
    payment.escrow.settled_at = None
    record(RefundBegun(payment.escrow.code, payment.code, row.code, row.fen, str(row.cause)), by=by)
    if checkout is not None:
        later("market.payments.jobs.send_refund", row.code)
    return row


def _begin_refunds(payment: Payment) -> None:
    """Send the refunds that waited for a vendor's money, once all of it is back; others at once."""
    if any(claw.state is not ClawbackState.DONE for payout in payment.payouts for claw in payout.clawbacks):
        return
    for row in payment.refunds:
        if row.state is RefundState.WAITING:
            row.state = next_state(REFUND_TRANSITIONS, row.state, "begin")
            row.tries += 1
            if row.checkout is not None and row.ref is None:
                later("market.payments.jobs.send_refund", row.code)


@transactional
def claw_back(payment: Payment, fen: int, *, by: Actor) -> None:
    """Take `fen` (with the fee's part) of a payment's earnings back into escrow, the latest first.

    An earning that has not left is simply cut; one that has is owed by the vendor until the gateway (or, for public money, two
    officers) has it back. ValueError when the earnings are less.
    """
    escrow = payment.escrow
    escrow.settled_at = None
    latest = [row for row in reversed(payment.payouts) if row.fen > row.clawed_fen]
    parts = rules.split_in_order(fen, [row.fen - row.clawed_fen + row.fee_fen for row in latest])
    for row, part in zip(latest, parts, strict=True):
        if part:
            _cut(escrow, payment, row, part, by)
    if payment.state is PaymentState.RELEASED:
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "claw_back")


def _cut(escrow: Escrow, payment: Payment, row: Payout, part: int, by: Actor) -> None:
    fee_back = rules.share_of_fee(part, row.fen - row.clawed_fen, row.fee_fen)
    net = part - fee_back
    left = row.state in (PayoutState.BEGUN, PayoutState.PAID)
    number = len(row.clawbacks) + 1
    row.clawed_fen += net
    row.fee_fen -= fee_back
    if net and (left or row.transfer is not None):
        claw = Clawback(
            code=new_code("Q"), payout=row, fen=net, state=ClawbackState.BEGUN, owed=left, tries=1, begun_at=clock.now()
        )
        db.session.add(claw)
        if not row.by_transfer:
            db.session.flush()
            later("market.payments.jobs.send_clawback", claw.code)
    write = ledger.clawback_begun if left else ledger.unreleased
    post(
        f"clawback {row.code} {number} {row.clawed_fen}",
        "clawback",
        payment,
        write(escrow.code, escrow.vendor, net, fee_back),
    )
    if row.clawed_fen == row.fen and row.state in (PayoutState.DUE, PayoutState.RETURNED):
        row.state = next_state(PAYOUT_TRANSITIONS, row.state, "drop")
    record(ClawbackBegun(escrow.code, payment.code, row.code, row.vendor, part, left), by=by)


@transactional
def settle(escrow: Escrow, *, by: Actor) -> bool:
    """Say that the order's money is settled, once nothing is held, on its way or owed; True when that was found now."""
    if escrow.settled_at is not None or not escrow.ended or open_chargebacks(escrow):
        return False
    for payment in escrow.payments:
        payouts = payment.payouts
        if payment.state in PAYABLE or payment.state is PaymentState.TAKEN_BACK or held_of(payment):
            return False
        if any(one.state is not RefundState.DONE for one in payment.refunds):
            return False
        if any(one.state not in FINISHED_PAYOUTS for one in payouts):
            return False
        if any(claw.state is not ClawbackState.DONE for one in payouts for claw in one.clawbacks):
            return False
    escrow.settled_at = clock.now()
    record(_figures(escrow), by=by)
    return True


def _figures(escrow: Escrow) -> AccountsSettled:
    payouts = [one for payment in escrow.payments for one in payment.payouts]
    refunds = [one.fen for payment in escrow.payments for one in payment.refunds]
    lost = [one.fen for payment in escrow.payments for one in payment.chargebacks if one.state == "lost"]
    paid = [row.fen for row in escrow.payments if row.held_at is not None]
    paid += [one.fen for row in escrow.payments for one in row.refunds if one.cause is RefundCause.LATE]
    return AccountsSettled(
        escrow.code,
        sum(paid),
        sum(one.fen - one.clawed_fen for one in payouts),
        sum(one.fee_fen for one in payouts),
        sum(refunds) + sum(lost),
    )


@transactional
def finish_clawback(claw: Clawback, ref: str, *, by: Actor) -> None:
    """The vendor's money is back; the refunds that waited for it go on their way."""
    payout = claw.payout
    claw.state = next_state(CLAWBACK_TRANSITIONS, claw.state, "finish")
    claw.ref, claw.failure, claw.done_at = ref, None, clock.now()
    if claw.owed:
        lines = ledger.clawback_done(payout.vendor, claw.fen, payout.by_transfer)
        post(f"clawed {claw.code}", "clawed", payout.payment, lines)
    escrow = payout.payment.escrow
    record(ClawbackDone(escrow.code, payout.payment.code, payout.code, payout.vendor, claw.fen), by=by)
    _begin_refunds(payout.payment)
    settle(escrow, by=by)


@transactional
def refuse_checkout(checkout: Checkout, cause: str, *, by: Actor) -> None:
    """A visit to the gateway came to nothing; the instalment, unless it is owed no longer, is due again."""
    payment = checkout.payment
    checkout.state = next_state(CHECKOUT_TRANSITIONS, checkout.state, "refuse")
    checkout.cause, checkout.ended_at = cause[:60], clock.real()
    if payment.state is PaymentState.BEGUN:
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "refuse")
    record(PaymentRefused(payment.escrow.code, payment.code, cause[:60]), by=by)
