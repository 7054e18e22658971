"""What the outbox and the timetable call. Each takes codes and is safe to run twice: what is done already is left alone, and says
so in the log."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from market import clock
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import WrongState
from market.orders import dispute_operations, work_operations
from market.orders import queries as orders
from market.orders.models import Order
from market.orders.states import OrderState
from market.payments import (
    asking,
    decision_operations,
    event_operations,
    payout_operations,
    queries,
    reconciling,
)
from market.payments.holding import open_chargebacks
from market.payments.models import Escrow, Payment, PayoutAccount
from market.payments.states import PaymentState
from market.transaction import attempt, later

log = structlog.get_logger()

#: after so long what a nightly comparison found was looked at, and its figures are kept
TO_MEND = timedelta(minutes=10)

# After the gateway was to be asked -----------------------------------------------------------------------------------------


def ask_checkout(code: str) -> None:
    """Open, look at or close a visit to the gateway. Raises `Away`, and is then tried again."""
    asking.checkout(code)


def send_refund(code: str) -> None:
    """Send a refund, or look how it stands. Raises `Away`."""
    asking.refund(code)


def begin_payout(code: str) -> None:
    """Send an earning on its way unless something holds it."""
    if not payout_operations.begin_payout(code, by=system()):
        log.info("payout waits or is done", payout=code)


def send_payout(code: str) -> None:
    """Have the gateway pay an earning out, or look how it stands. Raises `Away`."""
    asking.payout(code)


def send_clawback(code: str) -> None:
    """Have the gateway take money back. Raises `Away`."""
    asking.clawback(code)


def apply_event(gateway_name: str, event: str) -> None:
    """Apply a stored event. Raises `Away`; it stays stored until it is applied."""
    asking.event(gateway_name, event)


# What orders learn ---------------------------------------------------------------------------------------------------------


def fund_order(order_code: str, payment_code: str) -> None:
    """The money of a stage is held: the order goes on. Nothing when it is not held any more, or only a part of the stage is."""
    row = queries.payment(payment_code)
    mine = [one for one in row.escrow.payments if one.number == row.number and one.state is not PaymentState.VOID]
    held = any(one.state is PaymentState.HELD for one in mine)
    if not held or any(one.state in (PaymentState.DUE, PaymentState.BEGUN) for one in mine):
        log.info("order is not funded by this", order=order_code, payment=payment_code)
        return
    work_operations.mark_funded(order_code, row.number, by=system())


def close_order(order_code: str) -> None:
    """The order's money is settled: it may close."""
    escrow = db.session.scalar(select(Escrow).where(Escrow.code == order_code))
    if escrow is not None and escrow.settled_at is not None:
        work_operations.close_order(order_code, by=system())


def stop_order(order_code: str, payment_code: str, fen: int) -> None:
    """A buyer's bank took a payment back: before the work on it the buyer is asked to pay again, else a dispute is opened."""
    row = queries.payment(payment_code)
    if not open_chargebacks(row.escrow):
        log.info("chargeback is closed already", order=order_code)
        return
    if row.state is PaymentState.TAKEN_BACK and _unfund(order_code, row.number):
        decision_operations.ask_again(order_code, row.number, by=system())
    else:
        dispute_operations.open_for_chargeback(order_code, fen, by=system())


def unfund_if_empty(order_code: str, number: int) -> None:
    """Money went back by an officer's hand: when nothing is held for a stage that has not begun, its work cannot begin."""
    statement = select(Payment).join(Payment.escrow).where(Escrow.code == order_code, Payment.number == number)
    if not any(row.state in (PaymentState.HELD, PaymentState.RELEASED) for row in db.session.scalars(statement)):
        _unfund(order_code, number)


def _unfund(order_code: str, number: int) -> bool:
    """Take the money away from a stage that waits to begin; False when its work has begun or it waits with nothing."""
    order: Order = orders.order(order_code)
    stage = next((one for one in order.milestones if one.number == number), None)
    if stage is None or not stage.is_funded or order.state in (OrderState.DISPUTED, OrderState.ACCEPTED):
        return False
    try:
        with attempt():
            work_operations.unfund(order_code, number=number, by=system())
    except WrongState:
        return False
    return True


# By the timetable ----------------------------------------------------------------------------------------------------------


def sweep() -> None:
    """Every minute: ask about payments that were begun and not answered, each in a job of its own (KF-MON-20)."""
    at = clock.real()
    for code in queries.unanswered(at):
        later("market.payments.jobs.ask_checkout", code)


def sweep_slowly() -> None:
    """Every ten minutes: what the gateway has had for long, events that still wait, earnings that could go, vendors' accounts
    that are not ready."""
    waiting = queries.on_their_way(clock.now())
    for code in waiting["refund"]:
        later("market.payments.jobs.send_refund", code)
    for code in waiting["payout"]:
        later("market.payments.jobs.send_payout", code)
    for gateway_name, event in queries.waiting_events():
        later("market.payments.jobs.apply_event", gateway_name, event)
    for code in queries.waiting_payouts():
        later("market.payments.jobs.begin_payout", code)
    unready = select(PayoutAccount.code).where(PayoutAccount.ref.is_not(None), ~PayoutAccount.ready)
    for code in db.session.scalars(unready):
        later("market.payments.jobs.look_at_account", code)


def look_at_account(vendor_code: str) -> None:
    """Ask the gateway how a vendor's account stands. Raises `Away`."""
    asking.account(vendor_code)


def reconcile() -> None:
    """Nightly: compare the ledger with the gateway, each difference in a job of its own; once these are through, the figures are
    kept. Raises `Away`."""
    if not asking.is_connected():
        return
    comparison = reconciling.compare()
    for suspect in comparison.suspects:
        later("market.payments.jobs.mend", suspect.to_list())
    given = comparison.gateway, comparison.compared, clock.now().isoformat()
    later("market.payments.jobs.note_reconciliation", *given, due_at=clock.real() + TO_MEND)


def note_reconciliation(gateway_name: str, compared: int, since: str) -> None:
    """Keep the figures of the comparison that began at `since` (ISO 8601): what was found since, never what waited before."""
    found, mended = queries.differences_since(datetime.fromisoformat(since))
    event_operations.note_reconciliation(gateway_name, compared, found, mended, by=system())


def mend(suspect: list[str | int | None]) -> None:
    """Take note of one thing that differs. Raises `Away`."""
    reconciling.mend(reconciling.Suspect(*suspect), by=system())  # type: ignore[arg-type]
