"""The practice bank inside the test's process, and orders whose money is where a test wants it. Everything is invented."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from sqlalchemy import select

from market import clock, outbox
from market.accounts import queries as accounts
from market.db import db, new_code
from market.kernel.actor import Actor, Channel, Role, system
from market.orders import queries as orders
from market.orders import work_operations
from market.orders.events import OrderBegun
from market.orders.models import BuyerKind, Milestone, Order, Way
from market.orders.states import MilestoneState, OrderState, Party
from market.payments import asking, operations, queries
from market.payments.bank_gateway import BankGateway
from market.payments.ledger import Account
from market.payments.models import Checkout, GatewayEvent, Method, Payment, Payout, Refund
from market.payments.posting import balance_of
from market.record.operations import record
from market.transaction import transactional
from market.vendors.models import Vendor
from practice import bank as practice_bank
from tests.integration.factories import work
from tests.integration.factories.work import Work

URL, KEY = "http://bank.test", "a practice key of more than 32 characters"


class Counting(httpx.WSGITransport):
    """The bank's application; it can be away, lose the answer to a request that it did, and counts what moved money."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.away = False
        #: part of a path: the request is done, its answer never arrives
        self.loses = ""
        self.refuses_to_connect = ""
        #: what was asked for by POST with its key, and how many requests there were in all
        self.asked: list[tuple[str, str]] = []
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, unless the play says otherwise."""
        path = request.url.path
        if not path.startswith("/control/"):
            if self.away or (self.refuses_to_connect and self.refuses_to_connect in path):
                raise httpx.ConnectError("away", request=request)
            self.requests += 1
            if request.method == "POST":
                self.asked.append((path, request.headers.get("Idempotency-Key", "")))
        reply = super().handle_request(request)
        if self.loses and self.loses in path and not path.startswith("/control/"):
            reply.read()
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return reply


@dataclass
class Play:
    """The bank and what it does in a test. Its events wait until the test delivers them."""

    app: Flask
    bank: practice_bank.Bank
    transport: Counting
    gateway: BankGateway
    delivered: set[str] = field(default_factory=set)

    def control(self, name: str, **wish: Any) -> Any:
        """Play something."""
        return self.gateway.control(name, wish)

    def events(self, kind: str = "") -> list[str]:
        """The ids of all events so far, the oldest first; of one type."""
        return [one["id"] for one in self.control("events")["data"] if kind in ("", one["type"])]

    def post(self, event: str, signature: str = "") -> Any:
        """Deliver an event to the market's webhook; the answer."""
        (parcel,) = self.control("signed", event=event)["data"]
        answer = self.app.test_client().post(
            "/payments/webhook",
            data=parcel["body"],
            headers={"Stripe-Signature": signature or parcel["signature"], "Content-Type": "application/json"},
        )
        self.delivered.add(event)
        return answer

    def deliver(self) -> None:
        """Deliver what was not delivered yet, in order, and let the jobs do what follows."""
        for event in self.events():
            if event not in self.delivered:
                assert self.post(event).status_code == 200
        drain()


@contextmanager
def played(app: Flask, folder: Path) -> Iterator[Play]:
    """The practice bank behind the market of `app` for the time of the block. Its clock is the test's."""
    bank = practice_bank.Bank(folder / "bank", URL, KEY, now=lambda: clock.real().timestamp())
    transport = Counting(practice_bank.application(bank))
    service = BankGateway(URL, KEY, transport)
    before, made = app.extensions["settings"], asking._bank
    app.extensions["settings"] = dataclasses.replace(before, practice_bank=URL, practice_bank_key=KEY)
    asking._bank = lambda url, key: service  # type: ignore[assignment]
    try:
        yield Play(app, bank, transport, service)
    finally:
        app.extensions["settings"], asking._bank = before, made
        bank.base.close()


# Many orders, without their contracts ------------------------------------------------------------------------------------


@transactional
def signed(sides: tuple[Actor, Actor, Vendor], fen: int = 10_000, stages: int = 1, **fields: Any) -> Work:
    """An order of these sides whose contract is signed, with one instalment of `fen` for each stage; made without a contract
    text, so that twenty of them take no time."""
    buyer, seller, firm = sides
    at = clock.now()
    who = accounts.person(buyer.person)
    assert who is not None
    pay_by = orders.end_of_term(at, 5)
    order = Order(
        code=new_code("R"), state=OrderState.CONTRACTED, buyer_kind=fields.pop("buyer_kind", BuyerKind.CITIZEN), person=who,
        channel=Channel.WEB, item=work.ITEM, title="测试项目", district="610117", way=Way.DIRECT, step=5, vendor=firm,
        price_fen=fen * stages, days=10, created_at=at, updated_at=at, placed_at=at, awarded_at=at, contracted_at=at,
        waiting_for="pay", waiting_on=Party.BUYER, due_at=pay_by, **fields,
    )  # fmt: skip
    order.milestones = [
        Milestone(number=n, title=f"阶段 {n}", days=5, fen=fen, state=MilestoneState.WAITING)
        for n in range(1, stages + 1)
    ]
    db.session.add(order)
    db.session.flush()
    record(OrderBegun(order.code, "citizen", work.ITEM, None), by=buyer)
    operations.open_instalments(order.code, firm.code, [fen] * stages, pay_by, by=system())
    operator = Actor("P-0000TEST0", role=Role.OPERATOR)
    return Work(order, buyer, seller, operator, firm)


# Money where a test wants it --------------------------------------------------------------------------------------------


def drain() -> None:
    """Do the jobs that wait; what the session holds is read afresh."""
    outbox.drain()
    db.session.expire_all()


def payment_of(one: Work, number: int = 1, part: int = 1) -> Payment:
    """A payment of an order, as it stands now."""
    db.session.expire_all()
    found = [row for row, _ in queries.payments_of(one.code) if (row.number, row.part) == (number, part)]
    return found[0] if found else _any_payment(one, number, part)


def _any_payment(one: Work, number: int, part: int) -> Payment:
    for row in db.session.scalars(select(Payment)):
        if row.escrow.code == one.code and (row.number, row.part) == (number, part):
            return row
    raise AssertionError("no such payment")


def begun(one: Work, number: int = 1, method: Method = Method.CARD) -> Checkout:
    """The buyer is on the bank's page."""
    visit = operations.begin_payment(payment_of(one, number).code, method, "practice", by=one.buyer)
    drain()
    return visit_of(visit.code)


def visit_of(code: str) -> Checkout:
    """A checkout as it stands now."""
    db.session.expire_all()
    found = db.session.scalar(select(Checkout).where(Checkout.code == code))
    assert found is not None
    return found


def paid_at_bank(play: Play, one: Work, number: int = 1, card: str = "success") -> Checkout:
    """The buyer paid on the bank's page; nobody told the market yet."""
    visit = begun(one, number)
    play.control("pay", checkout=visit.ref, card=card)
    return visit


def held(play: Play, number: int = 1, **fields: Any) -> Work:
    """An order whose first instalment is held, and which knows it."""
    one = work.contracted(number, **fields)
    paid_at_bank(play, one)
    play.deliver()
    return one


def with_account(play: Play, one: Work, bank: str = "good") -> str:
    """The vendor has an account at the bank; its name there."""
    asking.onboarding(one.firm.code, by=one.vendor)
    account = queries.vendor_money(one.firm.code).account
    assert account is not None
    ref = account.ref
    assert ref is not None
    play.control("name_bank", account=ref, bank=bank)
    play.deliver()
    return ref


def done(one: Work) -> None:
    """The work begins, is delivered and accepted."""
    work_operations.start_work(one.code, by=one.vendor)
    work.hand_over(one)
    work_operations.accept_milestone(one.code, by=one.buyer)
    drain()


def paid_out(play: Play, number: int = 1, bank: str = "good", **fields: Any) -> Work:
    """An order that is accepted and whose vendor has its money at its bank."""
    one = held(play, number, **fields)
    with_account(play, one, bank)
    done(one)
    play.deliver()
    return one


def escrow_of(one: Work) -> int:
    """What is held for the order, in fen."""
    return balance_of(Account.ESCROW, one.code)


def refunds_of(one: Work) -> list[Refund]:
    """All refunds of an order."""
    db.session.expire_all()
    return [
        row for row in db.session.scalars(select(Refund).order_by(Refund.id)) if row.payment.escrow.code == one.code
    ]


def payouts_of(one: Work) -> list[Payout]:
    """All earnings of an order."""
    db.session.expire_all()
    return [
        row for row in db.session.scalars(select(Payout).order_by(Payout.id)) if row.payment.escrow.code == one.code
    ]


def event(name: str) -> GatewayEvent:
    """A stored event."""
    db.session.expire_all()
    found = db.session.scalar(select(GatewayEvent).where(GatewayEvent.event == name))
    assert found is not None
    return found


def state_of(one: Work) -> str:
    """The order's state."""
    db.session.expire_all()
    return str(orders.order(one.code).state)


def assert_sound() -> None:
    """The ledger balances, and no account that must not is below zero."""
    assert queries.ledger_totals().balanced
    assert queries.unbalanced_entries() == []
    assert queries.overdrawn_accounts() == []
