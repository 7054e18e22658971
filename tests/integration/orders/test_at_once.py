"""Orders, two or three at once: one wins under the lock, the others are told in a sentence. Real commits, real threads."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.accounts.models import Membership, Organisation, OrganisationKind, Person
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.errors import Invalid, RuleBroken, WrongState
from market.listings.models import Listing
from market.orders import (
    answer_operations,
    draft_operations,
    notice_operations,
    placing_operations,
    queries,
)
from market.orders.choice import OfferChanged
from market.orders.models import Order
from market.orders.states import OrderState
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.review import notice_queries
from market.review import operations as review
from market.review.gate_rules import Kind
from market.transaction import transactional
from tests.integration.factories import listings, orders, vendors
from tests.integration.vendors.test_at_once import at_once, person, split


@transactional
def buyer(kind: OrganisationKind = OrganisationKind.FIRM) -> Actor:
    """A buyer of a new organisation."""
    at, code = clock.real(), new_code("P")
    made = Person(
        code=code, email=f"{code.lower()}@example.org", email_confirmed_at=at, name="测试人员", password_hash="",
        password_changed_at=at, created_at=at,
    )  # fmt: skip
    firm = Organisation(code=new_code("O"), kind=kind, name=f"测试单位 {code}", created_at=at)
    db.session.add(
        Membership(code=new_code("M"), person=made, organisation=firm, role=Role.BUYER, admin=True, since=at)
    )
    return Actor(code, Role.BUYER, firm.code)


numbers = iter(range(100, 1000))


@pytest.fixture
def market(committed: Flask) -> Iterator[tuple[Actor, Listing]]:
    """A vendor's member and its offer for one job at once."""
    with committed.app_context():
        number = next(numbers)
        vendor, seller = vendors.active(person(5000 + number), number, name=f"{number}号公司")
        yield seller, listings.published(vendor, seller, capacity=1)


def count(event: str, code: str) -> int:
    statement = select(func.count()).where(AuditEntry.event == event, AuditEntry.subjects.contains([code]))
    return db.session.scalar(statement) or 0


def fresh(code: str) -> Order:
    db.session.expire_all()
    db.session.rollback()
    return queries.order(code)


def test_one_draft_placed_in_four_windows_is_placed_once(committed: Flask, market: tuple[Actor, Listing]) -> None:
    """KF-MON-08: two tabs, two orders."""
    by = buyer()
    code = orders.chosen(by, market[1]).code
    db.session.rollback()
    results = at_once(committed, *[lambda: placing_operations.place_order(code, by=by)] * 4)
    assert split(results, WrongState) == (1, 3)
    assert count("OrderPlaced", code) == 1
    assert len(queries.asked_vendors(fresh(code))) == 1


def test_begin_clicked_four_times_at_once_is_one_draft(committed: Flask) -> None:
    """KF-MON-08 at the beginning."""
    with committed.app_context():
        by = buyer()
        db.session.rollback()
        results = at_once(committed, *[lambda: draft_operations.begin_order(item=listings.FREE_ITEM, by=by)] * 4)
        assert len({one.code for one in results if isinstance(one, Order)}) == 1


def test_the_last_place_goes_to_one_of_three(committed: Flask, market: tuple[Actor, Listing]) -> None:
    """KF-MON-10, the part of orders: three orders, capacity 1, three confirmations at once."""
    seller, offer = market
    codes = [orders.placed(buyer(), offer).code for _ in range(3)]
    db.session.rollback()
    acts = [lambda code=code: answer_operations.answer_order(code, accept=True, by=seller) for code in codes]
    results = at_once(committed, *acts)
    assert split(results, WrongState) == (1, 2)
    states = sorted(str(fresh(code).state) for code in codes)
    assert states == ["awarded", "draft", "draft"]
    for code in codes:
        row = fresh(code)
        assert row.state is OrderState.AWARDED or row.reason["code"] == "full"
    assert not list(chain_faults())


def test_confirming_and_taking_back_at_once_do_one_of_both(committed: Flask, market: tuple[Actor, Listing]) -> None:
    seller, offer = market
    by = buyer()
    code = orders.placed(by, offer).code
    db.session.rollback()
    results = at_once(
        committed,
        lambda: answer_operations.answer_order(code, accept=True, by=seller),
        lambda: answer_operations.take_back(code, by=by),
    )
    assert split(results, WrongState) == (1, 1)
    assert fresh(code).state in (OrderState.AWARDED, OrderState.DRAFT)


def test_placing_while_the_vendor_publishes_another_price_gives_the_price_that_was_seen_or_a_refusal(
    committed: Flask, market: tuple[Actor, Listing]
) -> None:
    from market.listings import operations as listing_operations

    seller, offer = market
    by = buyer()
    code = orders.chosen(by, offer).code
    listing_operations.edit_listing(offer.code, {"price_fen": 1_500_000}, by=seller)
    db.session.rollback()
    placed, _ = at_once(
        committed,
        lambda: placing_operations.place_order(code, by=by),
        lambda: listing_operations.publish_listing(offer.code, by=seller),
    )
    if isinstance(placed, Exception):
        assert isinstance(placed, OfferChanged), placed
    else:
        assert fresh(code).price_fen == 1_200_000


def test_two_parts_of_one_need_placed_at_once_see_each_other(committed: Flask, market: tuple[Actor, Listing]) -> None:
    """Together they reach the limit of direct choice: one is placed, the other must say why they are not one need; also with
    different vendors, whose rows keep them apart no more."""
    number = next(numbers)
    other, member = vendors.active(person(5000 + number), number, name=f"{number}号公司")
    pair = [market[1], listings.published(other, member)]
    for _ in range(3):
        by = buyer(OrganisationKind.PUBLIC_BODY)
        codes = [orders.chosen(by, offer, ceiling_fen=3_000_000).code for offer in pair]
        db.session.rollback()
        results = at_once(
            committed, *[lambda code=code, by=by: placing_operations.place_order(code, by=by) for code in codes]
        )
        assert split(results, Invalid) == (1, 1), results


def test_two_windows_save_one_draft_and_the_last_one_counts(committed: Flask, market: tuple[Actor, Listing]) -> None:
    by = buyer()
    code = orders.drafted(by).code
    db.session.rollback()
    results = at_once(
        committed,
        lambda: draft_operations.save_project(code, orders.project(title="甲"), by=by),
        lambda: draft_operations.save_project(code, orders.project(title="乙"), by=by),
    )
    assert split(results, RuleBroken) == (2, 0)
    assert fresh(code).title in ("甲", "乙")


def test_the_clock_and_the_answer_at_the_last_moment_do_one_of_both(
    committed: Flask, market: tuple[Actor, Listing]
) -> None:
    """The row lock decides: an answer that came before the end counts, the lapse does nothing then."""
    seller, offer = market
    code = orders.placed(buyer(), offer).code
    due_at = fresh(code).due_at
    db.session.rollback()

    def lapse() -> None:
        with clock.frozen(due_at):
            answer_operations.lapse_answer(code, by=seller)

    results = at_once(committed, lambda: answer_operations.answer_order(code, accept=True, by=seller), lapse)
    row = fresh(code)
    if row.state is OrderState.AWARDED:
        assert not isinstance(results[0], Exception)
    else:
        assert isinstance(results[0], WrongState)
    assert count("OrderAwarded", code) + count("OrderReturned", code) == 1


def test_an_objection_and_the_vendors_yes_at_once_leave_an_order_that_nobody_signs(
    committed: Flask, market: tuple[Actor, Listing]
) -> None:
    """Whichever comes first, the order is stopped: the vendor's yes is refused, or the contract it led to is. Four officials who
    answer the same notice at once give it one answer."""
    seller, offer = market
    by = buyer(OrganisationKind.PUBLIC_BODY)
    row = orders.chosen(by, offer, ceiling_fen=3_000_000, requirements="投标人须具有ISO9001质量管理体系认证证书。")
    reasons = {"FC-QUA-03": "本项目成果须并入已按该体系运行的档案，没有更宽松的办法。"}
    notice_operations.save_wording(row.code, reasons=reasons, by=by)
    code = placing_operations.place_order(row.code, by=by).code
    notice = notice_queries.current(Kind.ORDER, code)
    assert notice is not None
    number = notice.code
    db.session.rollback()

    def object_() -> object:
        regulator = Actor(new_code("P"), Role.REGULATOR, new_code("O"))
        words = "工作内容与质量管理体系认证没有直接关系，理由不成立。"
        return review.object_to_notice(number, rules=["FC-QUA-03"], words=words, by=regulator)

    results = at_once(
        committed,
        object_,
        object_,
        object_,
        object_,
        lambda: answer_operations.answer_order(code, accept=True, by=seller),
    )
    assert split(results[:4], WrongState) == (1, 3)
    found = fresh(code)
    assert found.stopped_at is not None
    assert found.waiting_for == "amend"
    assert isinstance(results[4], RuleBroken) == (found.state is OrderState.SELECTING)
    assert [count(name, code) for name in ("NoticeObjected", "OrderStopped")] == [1, 1]
    db.session.rollback()
    again = at_once(committed, *[lambda: answer_operations.take_back(code, by=by)] * 3)
    assert split(again, WrongState) == (1, 2)
    assert count("OrderReturned", code) == 1
