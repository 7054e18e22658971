"""What several people do with the same money at the same moment: threads on a database where commits are commits."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Refusal
from market.payments import asking, decision_operations, operations, queries
from market.payments.models import Checkout, LedgerEntry, Method
from market.payments.posting import refundable
from tests.integration.conftest import NOON
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play, played
from tests.integration.factories.work import Work


@pytest.fixture(scope="module")
def play(committed: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The practice bank behind a market whose commits last."""
    folder: Path = tmp_path_factory.mktemp("bank")
    with committed.app_context(), clock.frozen(NOON), played(committed, folder) as found:
        yield found
        payments.assert_sound()
        db.session.remove()


@pytest.fixture(scope="module")
def sides(play: Play) -> Any:
    """A buyer, a vendor's member and the vendor."""
    return work.sides()


def together(app: Flask, *acts: Callable[[], Any], wait: float = 0.0) -> list[Any]:
    """Do all of it at once, each in a context and session of its own; what each gave or refused."""
    start = threading.Barrier(len(acts))

    def do(index: int, act: Callable[[], Any]) -> Any:
        with app.app_context(), clock.frozen(NOON):
            start.wait()
            time.sleep(wait * index)
            try:
                return act()
            except Refusal as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, range(len(acts)), acts))


def held(play: Play, sides: Any, fen: int = 10_000) -> Work:
    """An order whose only instalment is held."""
    one = payments.signed(sides, fen)
    payments.paid_at_bank(play, one)
    play.deliver()
    return one


def test_of_two_clerks_who_refund_at_once_one_is_refused(play: Play, sides: Any) -> None:
    """KF-MON-12: 60.00 twice out of 100.00, twenty orders: one refund each, the other exceeds 40.00."""
    rows = [payments.signed(sides, 10_000) for _ in range(20)]
    for one in rows:
        operations.begin_payment(payments.payment_of(one).code, Method.CARD, "practice", by=one.buyer)
    payments.drain()
    for visit in play.bank.all("checkout"):
        if visit["stage"] == "open":
            play.control("pay", checkout=visit["id"])
    play.deliver()
    for one in rows:
        code = payments.payment_of(one).code

        def refund(code: str = code) -> Any:
            officer = Actor("P-0000TEST0", role=Role.OPERATOR)
            return decision_operations.refund_by_officer(code, 6000, "示例退款原因", shown_fen=10_000, by=officer).fen

        outcomes = together(play.app, refund, refund)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert [outcome for outcome in outcomes if not isinstance(outcome, Refusal)] == [6000]
        assert "¥40.00" in str(refused[0])
        assert refundable(payments.payment_of(one)) == 4000
    payments.drain()
    assert all(row["refunded"] in (0, 6000) for row in play.bank.all("charge"))


def test_of_two_tabs_that_pay_at_once_one_begins(play: Play, sides: Any) -> None:
    """KF-MON-08: one payment, one charge; the other tab is told that one is open."""
    one = payments.signed(sides, 10_000)
    code, buyer = payments.payment_of(one).code, one.buyer

    def pay() -> Any:
        return operations.begin_payment(code, Method.CARD, "practice", by=buyer).code

    outcomes = together(play.app, pay, pay, pay)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert {refusal.status for refusal in refusals} == {409}
    payments.drain()
    statement = select(func.count()).select_from(Checkout).where(Checkout.payment_id == payments.payment_of(one).id)
    assert db.session.scalar(statement) == 1


@pytest.mark.parametrize("first", ["return", "event"])
def test_the_return_page_and_the_event_finish_a_payment_once(play: Play, sides: Any, first: str) -> None:
    """KF-MON-07: released together, 0 to 50 ms apart, ten times each way: one charge, one posting, never an error."""
    for attempt in range(10):
        one = payments.signed(sides, 10_000)
        visit = payments.paid_at_bank(play, one, card="silent")
        event = play.events("checkout.session.completed")[-1]
        code = visit.code

        def return_(code: str = code) -> Any:
            return asking.checkout(code)

        def deliver(event: str = event) -> Any:
            status = play.post(event).status_code
            asking.event("practice", event)
            return status

        acts = (return_, deliver) if first == "return" else (deliver, return_)
        outcomes = together(play.app, *acts, wait=0.005 * attempt)
        assert not any(isinstance(outcome, BaseException) for outcome in outcomes)
        payments.drain()
        assert payments.payment_of(one).state == "held"
        holds = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.order == one.code)
        assert db.session.scalar(holds.where(LedgerEntry.kind == "hold")) == 1
        assert payments.state_of(one) == "funded"


def test_the_same_event_from_three_connections_is_stored_and_applied_once(play: Play, sides: Any) -> None:
    """KF-MON-01, at the same moment."""
    one = payments.signed(sides, 10_000)
    payments.paid_at_bank(play, one)
    event = play.events("checkout.session.completed")[-1]
    outcomes = together(play.app, *(lambda: play.post(event).status_code for _ in range(3)))
    assert outcomes == [200, 200, 200]
    together(play.app, *(lambda: asking.event("practice", event) for _ in range(3)))
    assert payments.event(event).times == 3
    assert payments.escrow_of(one) == 10_000


def test_a_cancellation_and_a_payment_at_once_end_with_the_money_in_one_place(play: Play, sides: Any) -> None:
    """KF-MON-10, KF-MON-19: whichever is first, the order is called off and all of the money goes back."""
    from market.orders import operations as order_operations

    for attempt in range(6):
        one = payments.signed(sides, 10_000)
        visit = payments.paid_at_bank(play, one, card="silent")
        code, order, buyer = visit.code, one.code, one.buyer

        def cancel(order: str = order, buyer: Actor = buyer) -> Any:
            return order_operations.cancel_order(order, reason="no_need", by=buyer).code

        def finish(code: str = code) -> Any:
            return asking.checkout(code)

        together(play.app, *((cancel, finish) if attempt % 2 else (finish, cancel)), wait=0.004 * attempt)
        payments.drain()
        assert payments.state_of(one) == "cancelled"
        assert payments.escrow_of(one) == 0
        assert sum(row.fen for row in payments.refunds_of(one)) == 10_000
        assert {row.state for row in payments.refunds_of(one)} == {"done"}


def test_two_set_ups_at_once_make_one_endpoint(play: Play) -> None:
    """KF-MON-05: from two processes at the same time; the secret in use is the endpoint's own."""
    with play.app.app_context():
        for row in play.bank.all("endpoint"):
            play.gateway.remove_endpoint(row["id"])
    together(play.app, *(lambda: asking.arrange_endpoints(by=system()) for _ in range(3)))
    (there,) = play.bank.all("endpoint")
    db.session.expire_all()
    assert queries.secrets_of("practice")[0] == there["secret"]


def test_a_refund_and_a_release_at_once_never_give_more_than_was_paid(play: Play, sides: Any) -> None:
    for _ in range(6):
        one = held(play, sides)
        payment = payments.payment_of(one)
        code, order = payment.code, one.code

        def refund(code: str = code) -> Any:
            officer = Actor("P-0000TEST0", role=Role.OPERATOR)
            return decision_operations.refund_by_officer(code, 10_000, "示例退款原因", shown_fen=10_000, by=officer).fen

        def release(order: str = order) -> Any:
            return operations.release(order, 1, final=True, by=system())

        together(play.app, refund, release)
        db.session.expire_all()
        given = sum(row.fen for row in payments.refunds_of(one)) + sum(row.fen for row in payments.payouts_of(one))
        assert given == 10_000
