"""Money in the served market with the practice bank as a server of its own: real pages, real events, real deaths."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from flask import Flask

from market.accounts.models import Person
from market.commands import cli
from market.db import db
from market.orders import queries as orders
from market.payments import asking, queries
from market.payments.models import PayoutAccount
from market.vendors import queries as vendors
from tests.functional import served
from tests.functional.served import Market, until
from tests.functional.visitor import Visitor
from tests.integration.factories import payments, work
from tests.integration.factories.work import PASSWORD, Work

FEN = 100_000


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """An empty market whose workers wait for tenths of seconds."""
    with served.opened(tmp_path_factory.mktemp("money"), size=None, hurried=True, WEST_MARKET_MEANING="off") as found:
        yield found


@pytest.fixture(scope="module")
def sides(market: Market) -> Any:
    """A buyer, a vendor's member, and the code of the vendor."""
    with market.app.app_context():
        buyer, seller, firm = work.sides()
        return buyer, seller, firm.code


@contextlib.contextmanager
def inside(market: Market) -> Iterator[Flask]:
    """A look into the market's database, afresh."""
    with market.app.app_context():
        db.session.expire_all()
        yield market.app
        db.session.remove()


def signed(market: Market, sides: Any) -> tuple[str, str]:
    """An order of 1,000.00 whose contract is signed: its code and that of its payment."""
    with inside(market):
        one = made(sides)
        return one.code, payments.payment_of(one).code


def made(sides: Any) -> Work:
    """Such an order, within the application's context."""
    buyer, seller, firm = sides
    return payments.signed((buyer, seller, vendors.vendor(firm)), FEN)


def email_of(market: Market, person: str) -> str:
    """The address with which somebody signs in."""
    with inside(market):
        return str(db.session.query(Person.email).filter_by(code=person).scalar())


@pytest.fixture(scope="module")
def buyer(market: Market, sides: Any) -> Visitor:
    """The buyer's browser."""
    found = Visitor(market.url)
    found.sign_in(email_of(market, sides[0].person), PASSWORD)
    return found


def state_of(market: Market, payment: str) -> str:
    """Where a payment stands."""
    with inside(market):
        return str(queries.payment(payment).state)


def page_of(buyer: Visitor, payment: str) -> str:
    """Press "pay" in the market; the address of the bank's page."""
    buyer.token = ""
    answer = buyer.submit(f"/pay/{payment}", method="card")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def pay_there(page: str, card: str, **more: str) -> httpx.Response:
    """Choose a card on the bank's page."""
    assert "练习银行" in httpx.get(page, trust_env=False).text
    return httpx.post(page, data={"card": card, **more}, trust_env=False)


@pytest.mark.parametrize("card", ["success", "duplicate", "before", "delay"])
def test_what_is_paid_at_the_bank_is_held_in_the_market(market: Market, sides: Any, buyer: Visitor, card: str) -> None:
    """KF-MON-01, KF-MON-06: once, however often and however early the bank tells it."""
    order, payment = signed(market, sides)
    there = pay_there(page_of(buyer, payment), card)
    assert there.status_code == 303
    assert there.headers["Location"] == f"{market.url}/pay/{payment}/back"
    until(lambda: state_of(market, payment) == "held")
    with inside(market):
        assert queries.money_of(order).held_fen == FEN
    until(lambda: "已付款，由平台托管" in buyer.get(f"/pay/{payment}/back"))


def test_a_second_factor_and_a_declined_card_are_asked_for_at_the_bank(
    market: Market, sides: Any, buyer: Visitor
) -> None:
    _order, payment = signed(market, sides)
    page = page_of(buyer, payment)
    assert "拒绝" in pay_there(page, "decline").text
    assert state_of(market, payment) == "begun"
    assert "验证" in pay_there(page, "second").text
    assert "验证码不对" in pay_there(page, "second", code="000000").text
    assert pay_there(page, "second", code="123456").status_code == 303
    until(lambda: state_of(market, payment) == "held")
    assert "已付清" in httpx.get(page, trust_env=False).text


def test_a_chargeback_at_the_bank_stops_the_order(market: Market, sides: Any, buyer: Visitor) -> None:
    _order, payment = signed(market, sides)
    pay_there(page_of(buyer, payment), "chargeback")
    until(lambda: state_of(market, payment) == "taken_back")


def test_what_the_bank_tells_while_the_market_is_dead_arrives_when_it_is_back(
    market: Market, sides: Any, buyer: Visitor
) -> None:
    """KF-MON-20: kill -9 of web and workers between paying and the event."""
    _order, payment = signed(market, sides)
    page = page_of(buyer, payment)
    for name in ("web", "jobs", "timetable"):
        market.kill(name)
    assert pay_there(page, "success").status_code == 303
    for name in ("web", "jobs", "timetable"):
        market.start(name)
    until(lambda: state_of(market, payment) == "held")
    until(market.answers)


def test_the_bank_forgets_nothing_when_it_is_killed(market: Market, sides: Any, buyer: Visitor) -> None:
    """kill -9 of the bank: open pages, its books and what it has to tell are there again."""
    _order, payment = signed(market, sides)
    page = page_of(buyer, payment)
    _other, second = signed(market, sides)
    market.kill("bank")
    buyer.token = ""
    waiting = buyer.submit(f"/pay/{second}", method="card")
    assert waiting.headers["Location"].endswith(f"/pay/{second}/back")
    assert "正在向支付服务发出请求" in buyer.get(f"/pay/{second}/back")
    market.start("bank")
    until(lambda: _answers(page))
    assert pay_there(page, "success").status_code == 303
    until(lambda: state_of(market, payment) == "held")
    until(lambda: "/pay/che_" in buyer.get(f"/pay/{second}"))


def _answers(page: str) -> bool:
    try:
        return httpx.get(page, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def command(market: Market, *words: str) -> str:
    """What `bin/market WORDS` prints on this market."""
    done = CliRunner(env=dict(market.environment)).invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.timeout(400)
def test_drift_at_the_bank_is_found_by_the_comparison_and_the_next_one_finds_nothing(
    market: Market, sides: Any, buyer: Visitor
) -> None:
    """KF-MON-20: by the commands, as an operator uses them: exactly the four that were planted."""
    order, payment = signed(market, sides)
    pay_there(page_of(buyer, payment), "success")
    until(lambda: state_of(market, payment) == "held")
    with inside(market):
        buyer_of, seller, firm = sides
        asking.onboarding(firm, by=seller)
        account = db.session.query(PayoutAccount.ref).filter_by(code=firm).scalar()
        service: Any = asking.gateway()
        service.control("name_bank", {"account": account, "bank": "good"})
        asking.account(firm)
        one = Work(orders.order(order), buyer_of, seller, seller, vendors.vendor(firm))
        until(lambda: payments.state_of(one) == "funded")
        payments.done(one)
    until(lambda: paid_out(market, order))
    for _ in range(2):
        _order, visit = signed(market, sides)
        pay_there(page_of(buyer, visit), "success")
        until(lambda visit=visit: state_of(market, visit) == "held")
    _order, open_visit = signed(market, sides)
    page_of(buyer, open_visit)
    for name in ("jobs", "timetable"):
        market.kill(name)  # so that nothing but the command mends
    assert re.search(r"^0 differences", command(market, "payments", "reconcile"), re.MULTILINE)
    assert "4 planted" in command(market, "practice", "bank", "drift", "--seed", "1")
    found = command(market, "payments", "reconcile")
    kinds = [line.split()[0] for line in found.splitlines() if " ours " in line]
    assert sorted(kinds) == ["chargeback_unseen", "paid_unseen", "payout_returned", "refund_by_hand"]
    assert re.search(r"^4 differences .*; 1 wait for an officer\.$", found, re.MULTILINE)
    assert re.search(r"^0 differences", command(market, "payments", "reconcile"), re.MULTILINE)
    assert re.search(r"^\d+ entries, balanced$", command(market, "ledger", "check"), re.MULTILINE)
    for name in ("jobs", "timetable"):
        market.start(name)


def paid_out(market: Market, order: str) -> bool:
    """Whether a vendor's earning of an order arrived."""
    with inside(market):
        return queries.money_of(order).paid_out_fen == FEN
