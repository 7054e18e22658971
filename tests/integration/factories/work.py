"""Orders that have a vendor, for tests of contract, work and disputes. Everything is invented."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market import clock, outbox
from market.accounts import queries as account_queries
from market.accounts import session
from market.accounts.models import OrganisationKind, SignIn
from market.db import db, new_code
from market.documents import queries as document_queries
from market.documents.rules import Purpose
from market.kernel.actor import Actor, Channel, Role, system
from market.locks import lock
from market.orders import contract_operations, queries, work_operations, work_queries
from market.orders.events import OrderAwarded, OrderBegun
from market.orders.models import BuyerKind, Contract, Order, PaymentPlan, Way
from market.orders.states import OrderState
from market.payments.events import AccountsSettled
from market.record.operations import record
from market.transaction import transactional
from market.vendors.models import Vendor
from tests.integration.factories import documents as files
from tests.integration.factories import listings, vendors
from tests.integration.factories.accounts import PASSWORD, acting, member, organisation, person

ITEM = "stability-risk"
PRICE = 1_200_001
DAYS = 15


@dataclass
class Work:
    """An order with its two sides and an operator."""

    order: Order
    buyer: Actor
    vendor: Actor
    operator: Actor
    firm: Vendor

    @property
    def code(self) -> str:
        """The order's code."""
        return self.order.code

    def fresh(self) -> Order:
        """The order as it stands now."""
        db.session.expire_all()
        return queries.order(self.code)

    def contract(self) -> Contract:
        """The version that waits for signatures, else the one that binds."""
        order = self.fresh()
        found = work_queries.contract_offered(order) or work_queries.contract_in_force(order)
        assert found is not None
        return found


def sides(number: int = 1) -> tuple[Actor, Actor, Vendor]:
    """A citizen, a member of an active vendor, and that vendor; both have PASSWORD."""
    buyer = person(f"buyer{number}@example.org", f"测试买家{number}")
    seller = person(f"seller{number}@example.org", "测试卖家")
    firm, actor = vendors.active(Actor(seller.code), number=number, name=f"测试评估有限公司{number}")
    return Actor(buyer.code, channel=Channel.WEB), actor, firm


@transactional
def _awarded(buyer: Actor, firm: Vendor, offer: Any, fields: dict[str, Any]) -> Order:
    at = clock.now()
    who = account_queries.person(buyer.person)
    assert who is not None
    order = Order(
        code=new_code("O"), state=OrderState.AWARDED, person=who, channel=Channel.WEB, item=ITEM, title="测试路口改造项目",
        description="需要走访两个社区。", district="610117", facts={"quantity": "2"}, way=Way.DIRECT, listing=offer.code,
        publication=1, step=5, vendor=firm, price_fen=PRICE, days=DAYS, created_at=at, updated_at=at, placed_at=at,
        awarded_at=at, **{"buyer_kind": BuyerKind.CITIZEN, **fields},
    )  # fmt: skip
    db.session.add(order)
    db.session.flush()  # the reaction looks for it by its code
    record(OrderBegun(order.code, "citizen", ITEM, None), by=buyer)
    record(OrderAwarded(order.code, firm.code, ITEM, PRICE, "direct"), by=buyer)
    return order


def awarded(
    number: int = 1,
    *,
    milestones: bool = False,
    buyer: Actor | None = None,
    for_organisation: bool = False,
    **fields: Any,
) -> Work:
    """An order whose vendor has confirmed: its contract waits for signatures. `buyer`: another one than made here, who buys
    for his organisation when `for_organisation`."""
    own, vendor, firm = sides(number)
    buyer = buyer or own
    offer = listings.published(firm, vendor, ITEM)
    plan = PaymentPlan.MILESTONES if milestones else PaymentPlan.WHOLE
    if for_organisation:
        fields |= {"organisation": account_queries.organisation(buyer.organisation or ""), "buyer_kind": BuyerKind.FIRM}
    order = _awarded(buyer, firm, offer, {"plan": plan, **fields})
    desk = organisation(OrganisationKind.OFFICE, f"测试运营中心{number}")
    operator = acting(member(person(f"operator{number}@example.org", "测试运营"), desk, Role.OPERATOR))
    return Work(order, buyer, vendor, operator, firm)


def sign(work: Work, *who: Actor) -> Contract:
    """Sign what waits, for both sides or for `who`."""
    code = work.contract().code
    for actor in who or (work.buyer, work.vendor):
        contract_operations.sign_contract(code, password=PASSWORD, by=actor)
    return work_queries.contract(code)


def contracted(number: int = 1, **fields: Any) -> Work:
    """Both have signed: the buyer is to pay."""
    work = awarded(number, **fields)
    sign(work)
    return work


def fund(work: Work, *numbers: int) -> None:
    """The money of instalments is held (all of them by default)."""
    for number in numbers or [one.number for one in work_queries.milestones_of(work.fresh())]:
        work_operations.mark_funded(work.code, number, by=system())


def funded(number: int = 1, **fields: Any) -> Work:
    """All money is held."""
    work = contracted(number, **fields)
    fund(work)
    return work


def started(number: int = 1, **fields: Any) -> Work:
    """The first stage is under way."""
    work = funded(number, **fields)
    work_operations.start_work(work.code, by=work.vendor)
    return work


def result_file(by: Actor, name: str = "报告.pdf", text: str = "报告") -> str:
    """The code of a file that somebody gave for handing over."""
    return files.given(by, files.pdf(text), name, Purpose.RESULT).code


def delivered(number: int = 1, **fields: Any) -> Work:
    """The result of the first stage waits for the buyer."""
    work = started(number, **fields)
    hand_over(work)
    return work


def hand_over(work: Work, text: str = "报告") -> str:
    """Hand over one file for the running stage; its code."""
    code = result_file(work.vendor, text=text)
    work_operations.deliver(work.code, [code], "请查收。", by=work.vendor)
    return code


def accepted(number: int = 1, **fields: Any) -> Work:
    """The only stage is accepted."""
    work = delivered(number, **fields)
    work_operations.accept_milestone(work.code, by=work.buyer)
    return work


def at(moment: datetime, act: Callable[[], Any]) -> Any:
    """Do something when the clocks stand at `moment`."""
    with clock.frozen(moment):
        return act()


def drain() -> None:
    """Do the jobs that wait."""
    outbox.drain()
    db.session.expire_all()


__all__ = ["DAYS", "ITEM", "PASSWORD", "PRICE", "Work"]


def clerk() -> Actor:
    """Counter staff of a centre."""
    desk = organisation(OrganisationKind.OFFICE, "测试便民中心")
    return acting(member(person("clerk@example.org", "测试帮办"), desk, Role.COUNTER))


def browser(app: Any, actor: Actor) -> Any:
    """A signed-in browser of somebody, without scripts."""
    at, secret = clock.real(), session.new_secret()
    who = account_queries.person(actor.person)
    found = [
        one
        for one in account_queries.memberships_of(actor.person)
        if actor.organisation is not None and one.organisation.code == actor.organisation
    ]
    db.session.add(
        SignIn(
            code=new_code("S"), token_hash=session.hashed(secret), person=who, membership=found[0] if found else None,
            created_at=at, seen_at=at, second_factor_at=at, address="127.0.0.1", agent="test",
        )
    )  # fmt: skip
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
        cookie["_fresh"] = True
    return client


@transactional
def award_again(work: Work, firm: Vendor) -> None:
    """Another vendor has the order that came back to its buyer."""
    order = lock(Order, work.code)
    order.state, order.vendor = OrderState.AWARDED, firm
    order.price_fen, order.days = PRICE, DAYS
    record(OrderAwarded(order.code, firm.code, ITEM, PRICE, "direct"), by=work.buyer)


def document(code: str) -> Any:
    """A document with its file."""
    return document_queries.document(code)


@transactional
def settled(work: Work) -> None:
    """Payments say that nothing of the order is held or owed any more."""
    record(AccountsSettled(work.code, PRICE, PRICE, 0, 0), by=system())
