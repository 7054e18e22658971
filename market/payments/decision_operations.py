"""What becomes of an order's money when the order ends early, is disputed or decided; refunds by officers; chargebacks."""

from sqlalchemy import select

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.orders import queries as orders
from market.payments import difference_operations, gateway, ledger, money_operations, payout_operations, rules
from market.payments.events import ChargebackClosed, ChargebackOpened, MoneyFrozen, PaymentHeld
from market.payments.holding import is_frozen, locked, locked_with, open_chargebacks, payments_in
from market.payments.models import Chargeback, Checkout, Difference, Escrow, Payment, Refund, RefundCause
from market.payments.posting import held_of, post, refundable
from market.payments.states import (
    CHARGEBACK_TRANSITIONS,
    PAYABLE,
    PAYMENT_TRANSITIONS,
    ChargebackState,
    PaymentState,
    PayoutState,
)
from market.record.operations import record
from market.transaction import later, transactional

# The order ends ----------------------------------------------------------------------------------------------------------


@transactional
def unwind(order_code: str, vendor_fen: int, *, by: Actor) -> None:
    """An order was called off or failed: what is unpaid is void, `vendor_fen` of what is held goes to the vendor (all of it, if
    less is held), the rest back to the buyer; while a buyer's bank has not decided about a chargeback, once it has: the vendor's
    part of all is then that share beside what it has earned. Nothing for an order that never had money."""
    if db.session.scalar(select(Escrow.id).where(Escrow.code == order_code)) is None:
        return
    escrow = locked(order_code)
    escrow.ended = True
    for payment in payments_in(escrow, PAYABLE):
        money_operations.void_payment(payment, by=by)
    if open_chargebacks(escrow):
        held_fen = sum(held_of(row) for row in escrow.payments)
        escrow.decided_fen = sum(map(_earned, escrow.payments)) + min(vendor_fen, held_fen)
        return
    held = payments_in(escrow, (PaymentState.HELD,))
    amounts = [held_of(row) for row in held]
    parts = rules.split_in_order(min(vendor_fen, sum(amounts)), amounts)
    for row, amount, part in zip(held, amounts, parts, strict=True):
        if part:
            money_operations.release_payment(row, part, by=by)
        if amount > part:
            money_operations.refund_payment(row, amount - part, RefundCause.CANCELLED, by=by)
    money_operations.settle(escrow, by=by)


@transactional
def freeze(order_code: str, dispute: str, *, by: Actor) -> None:
    """A dispute was opened: releases, refunds and payouts of the order wait."""
    if db.session.scalar(select(Escrow.id).where(Escrow.code == order_code)) is None:
        return
    escrow = locked(order_code)
    escrow.dispute, escrow.settled_at = dispute, None
    record(MoneyFrozen(order_code, True), by=by)


@transactional
def thaw(order_code: str, *, by: Actor) -> None:
    """The dispute was withdrawn: what waited goes on."""
    if db.session.scalar(select(Escrow.id).where(Escrow.code == order_code)) is None:
        return
    escrow = locked(order_code)
    escrow.dispute = None
    _go_on(escrow)
    record(MoneyFrozen(order_code, False), by=by)
    money_operations.settle(escrow, by=by)


@transactional
def follow_decision(order_code: str, outcome: str, vendor_fen: int, *, by: Actor) -> None:
    """The operator decided: of all that the order holds and has released, `vendor_fen` are the vendor's and the rest goes back.

    `outcome`: settle and end divide the money and end the order's payments; continue divides nothing. What the vendor has
    already beyond its part is clawed back, and the buyer's refund waits for it. While a buyer's bank has not decided about a
    chargeback, the division waits for that.
    """
    if db.session.scalar(select(Escrow.id).where(Escrow.code == order_code)) is None:
        return
    escrow = locked(order_code)
    escrow.dispute = None
    if outcome != "continue":
        escrow.ended = True
        for payment in payments_in(escrow, PAYABLE):
            money_operations.void_payment(payment, by=by)
        if open_chargebacks(escrow):
            escrow.decided_fen = vendor_fen
        else:
            _divide(escrow, vendor_fen, by)
    _go_on(escrow)
    record(MoneyFrozen(order_code, False), by=by)
    money_operations.settle(escrow, by=by)


def _divide(escrow: Escrow, vendor_fen: int, by: Actor) -> None:
    """Bring the vendor's earnings to `vendor_fen` in all (all there is, if less), and send the rest to the buyer."""
    escrow.decided_fen = None
    rows = payments_in(escrow, (PaymentState.HELD, PaymentState.RELEASED))
    earned = {row.id: _earned(row) for row in rows}
    more = vendor_fen - sum(earned.values())
    if more < 0:
        latest = list(reversed(rows))
        for row, part in zip(latest, rules.split_in_order(-more, [earned[row.id] for row in latest]), strict=True):
            if part:
                money_operations.claw_back(row, part, by=by)
    amounts = [held_of(row) for row in rows]
    parts = rules.split_in_order(min(max(more, 0), sum(amounts)), amounts)
    for row, amount, part in zip(rows, amounts, parts, strict=True):
        if part:
            money_operations.release_payment(row, part, by=by)
        if amount > part:
            money_operations.refund_payment(row, amount - part, RefundCause.DISPUTE, by=by)


def _earned(payment: Payment) -> int:
    """What the vendor has of a payment, with the fee that was kept of it."""
    return sum(one.fen - one.clawed_fen + one.fee_fen for one in payment.payouts)


def _go_on(escrow: Escrow) -> None:
    """Send the payouts that the freeze held up; each looks for itself whether anything still holds it."""
    for payment in escrow.payments:
        for payout in payment.payouts:
            if payout.state in (PayoutState.DUE, PayoutState.RETURNED) and not payout.by_transfer:
                later("market.payments.jobs.begin_payout", payout.code)


# Refunds by officers -----------------------------------------------------------------------------------------------------


@transactional
def refund_by_officer(
    code: str, fen: int, words: str, *, shown_fen: int, form_key: str | None = None, by: Actor
) -> Refund:
    """Send `fen` of what a payment holds back, for the reason `words`. Refused: nothing, too much, a form that showed another
    amount as available (rules.check_refund). The same form sent again gives the refund that it made."""
    escrow, payment = locked_with(Payment, code)
    if form_key and (done := db.session.scalar(select(Refund).where(Refund.form_key == form_key))):
        return done
    rules.check_refund(fen, refundable(payment), shown_fen, is_frozen(escrow))
    row = money_operations.refund_payment(payment, fen, RefundCause.OFFICER, words=words, form_key=form_key, by=by)
    later("market.payments.jobs.unfund_if_empty", escrow.code, payment.number)
    money_operations.settle(escrow, by=by)
    return row


# Chargebacks -------------------------------------------------------------------------------------------------------------


@transactional
def note_chargeback(checkout_code: str, facts: gateway.DisputeFacts, *, by: Actor) -> bool:
    """Take note of a payment that the buyer's bank took back, and of how it ended; True when that was news.

    Everything of the order stands still while it is open. Won: as before, and what an operator decided meanwhile is done.
    Lost: the buyer keeps it, out of what is held or else of what the vendor gives back.
    """
    escrow, checkout = locked_with(Checkout, checkout_code)
    row = db.session.scalar(select(Chargeback).where(Chargeback.ref == facts.ref))
    news = row is None
    if row is None:
        if checkout.state != "succeeded":
            raise WrongState(N_("The payment itself is not known yet."))
        row = _open_chargeback(escrow, checkout, facts, by)
    if row.state is ChargebackState.OPEN and facts.stage is not gateway.Stage.OPEN:
        (_win if facts.stage is gateway.Stage.DONE else _lose)(escrow, row, by)
        news = True
    return news


def _open_chargeback(escrow: Escrow, checkout: Checkout, facts: gateway.DisputeFacts, by: Actor) -> Chargeback:
    payment = checkout.payment
    row = Chargeback(
        code=new_code("X"), payment=payment, checkout_id=checkout.id, fen=facts.fen, ref=facts.ref, reason=facts.reason,
        state=ChargebackState.OPEN, state_before=payment.state, opened_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    post(f"chargeback {row.code}", "chargeback", payment, ledger.chargeback_opened(escrow.code, row.fen))
    if payment.state in (PaymentState.HELD, PaymentState.RELEASED):
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "take_back")
    escrow.settled_at = None
    record(ChargebackOpened(escrow.code, payment.code, row.fen), by=by)
    return row


def _win(escrow: Escrow, row: Chargeback, by: Actor) -> None:
    payment = row.payment
    row.state, row.closed_at = next_state(CHARGEBACK_TRANSITIONS, row.state, "win"), clock.now()
    post(f"chargeback won {row.code}", "chargeback_won", payment, ledger.chargeback_won(escrow.code, row.fen))
    if payment.state is PaymentState.TAKEN_BACK:
        verb = "win_held" if row.state_before is PaymentState.HELD else "win_released"
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, verb)
    record(ChargebackClosed(escrow.code, payment.code, True, row.fen), by=by)
    again = [one for one in escrow.payments if one.number == payment.number and one.part > payment.part]
    if payment.state is PaymentState.HELD and any(
        one.state in (PaymentState.HELD, PaymentState.RELEASED) for one in again
    ):
        # asked for once more and paid once more: the first money is too much
        money_operations.refund_payment(payment, held_of(payment), RefundCause.CHARGEBACK_WON, by=by)
    elif payment.state is PaymentState.HELD:
        for one in again:
            if one.state in PAYABLE:
                money_operations.void_payment(one, by=by)
        if again:
            record(PaymentHeld(escrow.code, payment.code, payment.number, payment.fen, str(payment.method)), by=by)
    _after_chargeback(escrow, by)


def _lose(escrow: Escrow, row: Chargeback, by: Actor) -> None:
    payment = row.payment
    row.state, row.closed_at = next_state(CHARGEBACK_TRANSITIONS, row.state, "lose"), clock.now()
    missing = row.fen - held_of(payment)
    if missing > 0 and _earned(payment):
        money_operations.claw_back(payment, min(missing, _earned(payment)), by=by)
    covered = min(row.fen, held_of(payment))
    if covered:
        post(f"chargeback lost {row.code}", "chargeback_lost", payment, ledger.chargeback_lost(escrow.code, covered))
    if covered < row.fen:
        # went back to the buyer already: the market bears what the bank took a second time
        rest = row.fen - covered
        post(f"chargeback borne {row.code}", "chargeback_borne", payment, ledger.chargeback_borne(escrow.code, rest))
    if payment.state is PaymentState.TAKEN_BACK and held_of(payment) == 0:
        payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "lose")
    record(ChargebackClosed(escrow.code, payment.code, False, row.fen), by=by)
    _after_chargeback(escrow, by)


def _after_chargeback(escrow: Escrow, by: Actor) -> None:
    if not open_chargebacks(escrow):
        if escrow.decided_fen is not None:
            _divide(escrow, escrow.decided_fen, by)
        _go_on(escrow)
    money_operations.settle(escrow, by=by)


@transactional
def ask_again(order_code: str, number: int, *, by: Actor) -> Payment | None:
    """The bank took an instalment back before the work began: the buyer owes it once more. None when that is asked already."""
    escrow = locked(order_code)
    mine = [row for row in escrow.payments if row.number == number]
    if escrow.ended or any(row.state in (*PAYABLE, PaymentState.HELD) for row in mine):
        return None
    taken = [row.fen for row in mine if row.state is PaymentState.TAKEN_BACK]
    if not taken:
        return None
    order = orders.order(order_code)
    days = orders.term("pay_days", item=order.item, region=order.district)
    return money_operations.open_payment(escrow, number, sum(taken), orders.end_of_term(clock.now(), days), by=by)


# Refunds that were made at the gateway by hand -----------------------------------------------------------------------------


@transactional
def note_foreign_refund(checkout_code: str, facts: gateway.RefundFacts, *, by: Actor) -> bool:
    """Take note of a refund that the market did not send; True when that was news.

    The money is gone, so the ledger follows where the payment holds as much; in any case an officer has to say why. Where it
    holds less (the vendor has it), nothing is booked and the order's money stands still until somebody decides.
    """
    escrow, checkout = locked_with(Checkout, checkout_code)
    payment = checkout.payment
    known = db.session.scalar(select(Refund).where(Refund.ref == facts.ref))
    if known is not None:
        return payout_operations.note_refund(known.code, facts, by=by)
    if facts.stage is gateway.Stage.FAILED:
        return False
    found = difference_operations.find_difference(
        "refund_by_hand", facts.ref, 0, facts.fen, about=payment.code, order=escrow.code, by=by
    )
    if found is None:
        return False
    if held_of(payment) >= facts.fen:
        _book(payment, facts, by)
        found.how = "booked"
    return True


def _book(payment: Payment, facts: gateway.RefundFacts, by: Actor) -> None:
    row = money_operations.refund_payment(payment, facts.fen, RefundCause.OFFICER, ref=facts.ref, by=by)
    payout_operations.note_refund(row.code, facts, by=by)
    later("market.payments.jobs.unfund_if_empty", payment.escrow.code, payment.number)


@transactional
def settle_difference(code: str, words: str, *, facts: gateway.RefundFacts | None = None, by: Actor) -> Difference:
    """An officer settles a difference with a reason. One about a refund by hand that could not be booked is booked now, with
    what the gateway says of it (`facts`): refused while the payment holds less."""
    row = db.session.scalar(select(Difference).where(Difference.code == code))
    if row is None:
        raise NotFound()
    how = row.how or "officer"
    if row.kind == "refund_by_hand" and row.how is None and row.about is not None and facts is not None:
        _, payment = locked_with(Payment, row.about)
        if held_of(payment) < facts.fen:
            raise WrongState(
                N_("The order holds less than was sent back."),
                remedy=N_("Have the vendor's part taken back by a decision on the order, then settle this."),
            )
        _book(payment, facts, by)
        how = "booked"
    return difference_operations.close_difference(code, how, words, by=by)
