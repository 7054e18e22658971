"""Instalments: owed by contract, paid at the gateway, void when the order ends before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Conflict, Forbidden, NotFound, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.orders import queries as orders
from market.orders.models import BuyerKind
from market.orders.states import OrderState, Party
from market.payments import difference_operations, gateway, money_operations, rules
from market.payments.events import CheckoutOpened, InstalmentDue, InvoiceAsked, PaymentBegun, PaymentGivenUp
from market.payments.holding import locked, locked_with, payments_in
from market.payments.models import Checkout, Escrow, Method, Payment, RefundCause
from market.payments.posting import held_of
from market.payments.states import (
    CHECKOUT_TRANSITIONS,
    OPEN_CHECKOUTS,
    PAYABLE,
    PAYMENT_TRANSITIONS,
    CheckoutState,
    PaymentState,
    TransferState,
)
from market.record.operations import record
from market.transaction import later, transactional

# What the contract says --------------------------------------------------------------------------------------------------


@transactional
def open_instalments(
    order_code: str, vendor: str, instalments: Sequence[int], pay_by: datetime, *, by: Actor
) -> Escrow:
    """The buyer owes `instalments` (fen by milestone, 1 first): the first by `pay_by`, each later one once the stage before it
    is accepted. Called again with an amendment's instalments, it asks for what is missing, by `pay_by` where that stage was due
    already, and sends back what is too much."""
    if db.session.scalar(select(Escrow.id).where(Escrow.code == order_code)) is None:
        db.session.add(Escrow(code=order_code, vendor=vendor, ended=False, opened_at=clock.now()))
        db.session.flush()
    escrow = locked(order_code)
    paid = payments_in(escrow, (PaymentState.HELD, PaymentState.RELEASED))
    asked = [row for row in payments_in(escrow, PAYABLE) if row.pay_by is not None]
    due = max([1, *(row.number for row in [*paid, *asked])])
    current = [
        rules.Instalment(row.code, row.number, row.fen - _sent_back(row), row.state, held_of(row))
        for row in escrow.payments
    ]
    by_code = {row.code: row for row in escrow.payments}
    for step in rules.replan(current, dict(enumerate(instalments, start=1))):
        if step.kind == "void":
            money_operations.void_payment(by_code[step.code], by=by)
        elif step.kind == "refund":
            money_operations.refund_payment(by_code[step.code], step.fen, RefundCause.AMENDED, by=by)
        else:
            money_operations.open_payment(escrow, step.number, step.fen, pay_by if step.number <= due else None, by=by)
    there = {row.number for row in payments_in(escrow, (PaymentState.HELD, PaymentState.RELEASED))}
    for number, fen in enumerate(instalments, start=1):
        if fen == 0 and number not in there:
            money_operations.open_payment(escrow, number, 0, None, by=by)
    return escrow


def _sent_back(payment: Payment) -> int:
    """What earlier amendments took off a payment: agreed to be less, unlike what an officer refunds."""
    return sum(one.fen for one in payment.refunds if one.cause is RefundCause.AMENDED)


@transactional
def release(order_code: str, number: int, *, final: bool, by: Actor) -> None:
    """A stage was accepted: what is held for it goes to the vendor, and the next instalment falls due.

    Nothing is held: nothing is released. After the `final` stage nothing falls due any more.
    """
    escrow = locked(order_code)
    for payment in payments_in(escrow, (PaymentState.HELD,)):
        held = held_of(payment) if payment.number == number else 0
        if held:
            money_operations.release_payment(payment, held, by=by)
    if final:
        escrow.ended = True
        for payment in payments_in(escrow, PAYABLE):
            money_operations.void_payment(payment, by=by)
    else:
        pay_by = orders.end_of_term(clock.now(), _pay_days(order_code))
        for payment in payments_in(escrow, PAYABLE):
            if payment.number <= number + 1 and payment.pay_by is None:
                payment.pay_by = pay_by
                record(InstalmentDue(order_code, payment.code, payment.number, payment.fen, pay_by.isoformat()), by=by)
    money_operations.settle(escrow, by=by)


def _pay_days(order_code: str) -> int:
    row = orders.order(order_code)
    return orders.term("pay_days", item=row.item, region=row.district)


# Paying ------------------------------------------------------------------------------------------------------------------


@transactional
def begin_payment(code: str, method: Method, gateway_name: str, *, language: str = "zh", by: Actor) -> Checkout:
    """The buyer goes to the gateway (whose page is in `language`) to pay an instalment.

    Refused while another visit is open, when it is paid, void or past its term (rules.check_begin): of two at once, one begins
    and the other is told so (KF-MON-08).
    """
    escrow, payment = locked_with(Payment, code)
    _check_may_pay(escrow, payment, by)
    if method not in (Method.CARD, Method.WALLET):
        raise RuleBroken(N_("This cannot be paid in that way."))
    payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "begin")
    payment.method = method
    row = Checkout(
        code=new_code("J"), payment=payment, state=CheckoutState.ASKED, gateway=gateway_name, fen=payment.fen,
        person=by.person, closing=False, language=language[:12], begun_at=clock.real(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    later("market.payments.jobs.ask_checkout", row.code)
    record(PaymentBegun(escrow.code, payment.code, str(method), payment.fen), by=by)
    return row


@transactional
def give_up_payment(code: str, *, by: Actor) -> None:
    """The buyer does not go on with a visit that is open: the gateway is asked to close it, and says whether it was in time."""
    escrow, payment = locked_with(Payment, code)
    _buyer_only(escrow, by)
    if payment.method is Method.INVOICE and payment.state is PaymentState.BEGUN:
        if any(one.state is TransferState.RECORDED for one in payment.transfers):
            raise Conflict(
                N_("A transfer for this invoice was recorded already."),
                remedy=N_("Wait until it is confirmed; call us if it was not yours."),
            )
        payment.state, payment.method = next_state(PAYMENT_TRANSITIONS, payment.state, "refuse"), None
        record(PaymentGivenUp(escrow.code, payment.code), by=by)
        return
    open_ones = [one for one in payment.checkouts if one.state in OPEN_CHECKOUTS]
    if not open_ones:
        raise WrongState(N_("No payment of this instalment is open."))
    for checkout in open_ones:
        checkout.closing = True
        later("market.payments.jobs.ask_checkout", checkout.code)
    record(PaymentGivenUp(escrow.code, payment.code), by=by)


@transactional
def ask_invoice(code: str, *, by: Actor) -> Payment:
    """A public body pays by bank transfer on an invoice, whose number is the payment's code. Refused to other buyers."""
    escrow, payment = locked_with(Payment, code)
    _check_may_pay(escrow, payment, by)
    if orders.order(escrow.code).buyer_kind is not BuyerKind.PUBLIC_BODY:
        raise RuleBroken(
            N_("Invoices are for public bodies."), rule=rules.TERMS, remedy=N_("Pay by card or wallet instead.")
        )
    payment.state = next_state(PAYMENT_TRANSITIONS, payment.state, "begin")
    payment.method, payment.invoiced_at = Method.INVOICE, clock.now()
    record(InvoiceAsked(escrow.code, payment.code, payment.fen), by=by)
    return payment


def _check_may_pay(escrow: Escrow, payment: Payment, by: Actor) -> None:
    order = _buyer_only(escrow, by)
    rules.check_begin(
        rules.ToPay(
            payment.state,
            payment.fen,
            payment.pay_by,
            awaited=order.state is OrderState.CONTRACTED,
            ended=escrow.ended or order.state in (OrderState.CANCELLED, OrderState.FAILED, OrderState.CLOSED),
            frozen=escrow.dispute is not None,
        ),
        clock.now(),
    )


def _buyer_only(escrow: Escrow, by: Actor) -> Any:
    order = orders.order(escrow.code)
    party = orders.party_of(order, by)
    if party is None:
        raise NotFound()
    if party is not Party.BUYER:
        raise Forbidden(N_("Only the buyer pays."))
    return order


# What the gateway says ---------------------------------------------------------------------------------------------------


@transactional
def note_checkout(code: str, facts: gateway.CheckoutFacts, *, by: Actor) -> bool:
    """Take note of how a visit stands at the gateway; True when that was news. In any order, any number of times.

    Money that comes in for an instalment which is due is held. Money that nobody owes any more, or that comes a second time,
    goes straight back. A sum other than the one asked for is put before an officer and moves nothing.
    """
    escrow, checkout = locked_with(Checkout, code)
    payment = checkout.payment
    checkout.asked_at = clock.real()
    if checkout.state is CheckoutState.SUCCEEDED:
        return False
    checkout.ref, checkout.url = checkout.ref or facts.ref, facts.url or checkout.url
    if facts.stage is gateway.Stage.OPEN:
        if checkout.state is not CheckoutState.ASKED:
            return False
        checkout.state = next_state(CHECKOUT_TRANSITIONS, checkout.state, "open")
        record(CheckoutOpened(escrow.code, payment.code, checkout.code), by=by)
        return True
    if facts.stage is gateway.Stage.FAILED:
        if checkout.state not in OPEN_CHECKOUTS:
            return False
        money_operations.refuse_checkout(checkout, facts.cause or "expired", by=by)
        money_operations.settle(escrow, by=by)
        return True
    return _paid(escrow, checkout, facts, by)


def _paid(escrow: Escrow, checkout: Checkout, facts: gateway.CheckoutFacts, by: Actor) -> bool:
    payment = checkout.payment
    if facts.fen != checkout.fen:
        ref = facts.charge or facts.ref
        found = difference_operations.find_difference(
            "amount", ref, checkout.fen, facts.fen, about=checkout.code, order=escrow.code, by=by
        )
        return found is not None
    checkout.state = next_state(CHECKOUT_TRANSITIONS, checkout.state, "succeed")
    checkout.charge, checkout.ended_at = facts.charge, clock.real()
    if payment.state in PAYABLE and not (payment.method is Method.INVOICE and payment.state is PaymentState.BEGUN):
        for other in payment.checkouts:
            if other.state in OPEN_CHECKOUTS:
                other.closing = True
                later("market.payments.jobs.ask_checkout", other.code)
        payment.method = payment.method or Method.CARD
        money_operations.hold_payment(payment, checkout=checkout, by=by)
    else:
        money_operations.refund_late(payment, checkout.fen, checkout=checkout, by=by)
    return True
