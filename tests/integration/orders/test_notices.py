"""The need of a public body on its way through the review: refused, published with a reason, objected to, changed."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from market import clock, outbox
from market.accounts.models import Organisation, OrganisationKind
from market.db import db, new_code
from market.kernel.actor import Actor, Role, system
from market.kernel.calendar import last_day
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.listings.models import Listing
from market.orders import (
    answer_operations,
    draft_operations,
    notice_operations,
    placing_operations,
    queries,
    work_queries,
)
from market.orders.models import Order
from market.orders.states import OrderState, Party
from market.record.models import AuditEntry
from market.review import jobs as review_jobs
from market.review import notice_queries
from market.review import operations as review
from market.review.gate_rules import Kind
from market.review.models import Clause, Notice
from market.review.states import NoticeState
from tests.integration.conftest import NOON, Someone
from tests.integration.factories import listings, orders, vendors
from tests.integration.orders.test_api import Program

Make = Callable[..., Someone]
BRANCH = "投标人须在西安市设立分支机构。"
SYSTEM = "投标人须具有ISO9001质量管理体系认证证书。"
REASON = "本项目成果须并入已按该体系运行的档案，没有更宽松的办法。"
WHY_NOT = "公告载明的工作内容与质量管理体系认证没有直接关系，理由不成立。"


@pytest.fixture
def market(someone: Make) -> tuple[Actor, Listing]:
    """A vendor's member and its offer at 12,000 yuan."""
    vendor, seller = vendors.active(someone(None).actor)
    return seller, listings.published(vendor, seller)


@pytest.fixture
def body(someone: Make) -> Someone:
    organisation = Organisation(
        code=new_code("O"), kind=OrganisationKind.PUBLIC_BODY, name="示例住建局", created_at=clock.real()
    )
    return someone(Role.BUYER, organisation=organisation)


def drafted(body: Someone, offer: Listing, **texts: str) -> Order:
    return orders.chosen(body.actor, offer, ceiling_fen=3_000_000, **texts)


def with_reason(body: Someone, offer: Listing) -> tuple[Order, Notice]:
    """An order of a public body that keeps a clause with a reason, and its notice."""
    row = drafted(body, offer, requirements=SYSTEM)
    notice_operations.save_wording(row.code, reasons={"FC-QUA-03": REASON}, by=body.actor)
    row = placing_operations.place_order(row.code, by=body.actor)
    found = notice_queries.current(Kind.ORDER, row.code)
    assert found is not None
    return row, found


def last_day_of(row: Order) -> date:
    assert row.due_at is not None
    return last_day(row.due_at)


def recorded(event: str, subject: str) -> int:
    statement = select(func.count()).where(AuditEntry.event == event, AuditEntry.subjects.contains([subject]))
    return db.session.scalar(statement) or 0


def test_a_clause_that_shuts_somebody_out_stops_a_public_bodys_order(market, body: Someone) -> None:
    _, offer = market
    row = drafted(body, offer, requirements=BRANCH)
    with pytest.raises(review.MayNotBePublished) as refused:
        placing_operations.place_order(row.code, by=body.actor)
    assert [(one.rule, one.field) for one in refused.value.findings] == [("FC-LOC-02", "qualifications")]
    assert queries.order(row.code).state is OrderState.DRAFT
    assert notice_queries.notices_of(Kind.ORDER, row.code) == []
    # it was counted when the draft was saved, once, without its words
    clauses = list(db.session.scalars(select(Clause).where(Clause.subject == row.code)))
    assert [(one.rule, one.field, one.start, one.end, one.words, one.month) for one in clauses] == [
        ("FC-LOC-02", "qualifications", 0, 0, [], "2026-03")
    ]
    draft_operations.save_project(row.code, orders.project(requirements=BRANCH + "。"), by=body.actor)
    assert recorded("ClausesFound", row.code) == 1


def test_a_private_need_that_nobody_publishes_is_only_warned_of(market, someone: Make) -> None:
    _, offer = market
    buyer = someone(Role.BUYER).actor
    row = orders.placed(buyer, offer, description=BRANCH)
    assert row.state is OrderState.SELECTING
    assert notice_queries.notices_of(Kind.ORDER, row.code) == []
    assert db.session.scalar(select(func.count()).where(Clause.subject == row.code)) == 0


def test_a_clause_with_a_reason_is_published_with_it_and_stands_after_two_working_days(market, body: Someone) -> None:
    _, offer = market
    row = drafted(body, offer, requirements=SYSTEM)
    with pytest.raises(review.ReasonNeeded):
        placing_operations.place_order(row.code, by=body.actor)
    row, notice = with_reason(body, offer)
    assert (row.state, notice.state, notice.number) == (OrderState.SELECTING, NoticeState.OPEN, 1)
    # Wednesday: Thursday and Friday are the regulator's
    assert notice.object_by is not None
    assert last_day(notice.object_by) == date(2026, 3, 6)
    (finding,) = notice_queries.shown(notice)["findings"]
    assert (finding["rule"], finding["reason"]) == ("FC-QUA-03", REASON)
    assert finding["quote"] in SYSTEM
    with clock.frozen(notice.object_by - timedelta(seconds=1)):
        review_jobs.settle_notices()
        assert notice_queries.notice(notice.code).state is NoticeState.OPEN
    with clock.frozen(notice.object_by):
        review_jobs.settle_notices()
        review_jobs.settle_notices()
        assert notice_queries.notice(notice.code).state is NoticeState.IN_FORCE
    assert recorded("NoticeLetStand", notice.code) == 1


def test_an_objection_stops_the_order_until_it_is_withdrawn(market, body: Someone, someone: Make) -> None:
    seller, offer = market
    row, notice = with_reason(body, offer)
    regulator = someone(Role.REGULATOR).actor
    for wrong in (
        {"rules": [], "words": WHY_NOT},
        {"rules": ["FC-LOC-01"], "words": WHY_NOT},
        {"rules": ["FC-QUA-03"], "words": "不行"},
    ):
        with pytest.raises(Invalid):
            review.object_to_notice(notice.code, **wrong, by=regulator)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=body.actor)
    elsewhere = someone(Role.REGULATOR, district="610102").actor
    with pytest.raises(NotFound):
        review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=elsewhere)
    review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=regulator)
    row = queries.order(row.code)
    assert (row.stopped_at, row.waiting_for, row.waiting_on) == (NOON, "amend", Party.BUYER)
    assert last_day_of(row) == date(2026, 3, 11)
    with pytest.raises(RuleBroken, match="objects"):
        answer_operations.answer_order(row.code, accept=True, by=seller)
    with pytest.raises(WrongState):
        review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=regulator)
    # the vendor's old term passes and takes nothing away
    with clock.frozen(NOON + timedelta(days=4)):
        orders.keep_terms()
        assert queries.order(row.code).state is OrderState.SELECTING
        review.withdraw_objection(
            notice.code, words="采购人补充说明后，理由成立，撤回异议，照原公告继续。", by=regulator
        )
        row = queries.order(row.code)
        assert (row.stopped_at, row.waiting_for, last_day_of(row)) == (None, "confirm", date(2026, 3, 10))
    with clock.frozen(NOON + timedelta(days=5)):
        assert answer_operations.answer_order(row.code, accept=True, by=seller).state is OrderState.AWARDED
    assert [recorded(name, row.code) for name in ("OrderStopped", "OrderResumed")] == [1, 1]


def test_after_an_objection_the_buyer_changes_the_clause_and_orders_again(market, body: Someone, someone: Make) -> None:
    seller, offer = market
    row, notice = with_reason(body, offer)
    answer_operations.answer_order(row.code, accept=True, by=seller)
    review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=someone(Role.REGULATOR).actor)
    contract = work_queries.contract_offered(queries.order(row.code))
    assert contract is not None
    row = answer_operations.take_back(row.code, by=body.actor)
    assert (row.state, row.stopped_at, row.listing) == (OrderState.DRAFT, None, offer.code)
    assert row.reason is not None
    assert row.reason["code"] == "objection"
    assert work_queries.contract_offered(row) is None
    outbox.drain()
    assert notice_queries.notice(notice.code).state is NoticeState.ENDED
    notice_operations.save_wording(row.code, {"qualifications": "具备履行合同所必需的专业技术能力。"}, by=body.actor)
    row = placing_operations.place_order(row.code, by=body.actor)
    second = notice_queries.current(Kind.ORDER, row.code)
    assert second is not None
    assert (second.number, second.state) == (2, NoticeState.IN_FORCE)
    outbox.drain()
    assert notice_queries.notice(second.code).state is NoticeState.IN_FORCE


def test_an_order_whose_clause_nobody_changes_comes_back_to_its_buyer(market, body: Someone, someone: Make) -> None:
    _, offer = market
    row, notice = with_reason(body, offer)
    review.object_to_notice(notice.code, rules=["FC-QUA-03"], words=WHY_NOT, by=someone(Role.REGULATOR).actor)
    due_at = queries.order(row.code).due_at
    assert due_at is not None
    notice_operations.lapse_objection(row.code, by=system())
    assert queries.order(row.code).state is OrderState.SELECTING
    with clock.frozen(due_at):
        orders.keep_terms()
    assert queries.order(row.code).state is OrderState.DRAFT


def test_a_clause_counts_in_the_month_of_the_markets_day_and_never_twice(market, body: Someone) -> None:
    """KF-FAI-02, KF-FAI-03: the month is that of Asia/Shanghai, and a notice with two clauses and an objection is joined once."""
    _, offer = market
    with clock.frozen(datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)):
        drafted(body, offer, requirements=SYSTEM)
    with clock.frozen(datetime(2026, 3, 31, 16, 0, tzinfo=UTC)):
        row = drafted(body, offer, requirements=SYSTEM, description="提供有效营业执照的得2分。")
        notice_operations.save_wording(row.code, reasons={"FC-QUA-03": REASON}, by=body.actor)
        placing_operations.place_order(row.code, by=body.actor)
    found = {(one.month, one.rule): (one.drafts, one.justified, one.warned) for one in notice_queries.counted()}
    assert found == {
        ("2026-03", "FC-QUA-03"): (1, 0, 0),
        ("2026-04", "FC-QUA-03"): (1, 1, 0),
        ("2026-04", "FC-SCO-02"): (1, 0, 1),
    }


def test_a_blank_of_a_neutral_wording_is_filled_in_before_it_is_published(market, body: Someone) -> None:
    _, offer = market
    row = drafted(body, offer, requirements="在接到通知后__小时内到场；不要求设立任何机构。")
    with pytest.raises(Invalid) as refused:
        placing_operations.place_order(row.code, by=body.actor)
    assert list(refused.value.fields) == ["qualifications"]


def test_the_pages_lead_from_the_clause_to_its_neutral_wording_without_scripts(
    market, body: Someone, someone: Make
) -> None:
    """The regulator's list, the notice and the public count follow what was published."""
    _, offer = market
    row = drafted(body, offer, requirements=BRANCH)
    step = f"/orders/{row.code}/step/2"
    page = body.client.get(step).get_data(as_text=True)
    assert "<mark>" in page
    assert "须在西安市设立分支机构" in page
    assert "公平竞争审查条例" in page
    refused = body.client.submit(f"/orders/{row.code}/step/5")
    assert refused.status_code == 422
    assert "须在西安市设立分支机构" in refused.get_data(as_text=True)
    typed = {
        "title": "示例项目",
        "district": orders.DISTRICT,
        "fund": "fiscal",
        "ceiling": "30000",
        "requirements": BRANCH,
    }
    part = body.client.submit(f"/orders/{row.code}/wording", typed).get_data(as_text=True)
    assert part.lstrip().startswith("<section")
    assert 'value="FC-LOC-02:qualifications:3:14"' in part
    taken = body.client.submit(step, typed | {"take": "FC-LOC-02:qualifications:3:14"})
    assert taken.status_code == 302
    changed = queries.order(row.code).requirements
    assert changed.startswith("投标人成交后应按服务需要安排现场人员")
    assert "设立分支机构" not in changed
    body.client.submit(step, typed | {"requirements": SYSTEM})
    assert body.client.submit(f"/orders/{row.code}/step/5").status_code == 422
    # a reason that was typed and taken out again is none
    notice_operations.save_wording(row.code, reasons={"FC-QUA-03": REASON}, by=body.actor)
    assert body.client.submit(f"/orders/{row.code}/step/5", {"reason-FC-QUA-03": ""}).status_code == 422
    assert body.client.submit(f"/orders/{row.code}/step/5", {"reason-FC-QUA-03": REASON}).status_code == 302
    notice = notice_queries.current(Kind.ORDER, row.code)
    assert notice is not None
    regulator = someone(Role.REGULATOR).client
    assert notice.code in regulator.get("/desk/reasons").get_data(as_text=True)
    desk = f"/desk/reasons/{notice.code}"
    assert regulator.submit(desk, {"decision": "object", "rules": "FC-QUA-03"}).status_code == 422
    assert regulator.submit(desk, {"decision": "object", "rules": "FC-QUA-03", "words": WHY_NOT}).status_code == 302
    visitor = someone(None).client
    public = visitor.get(f"/review/notices/{notice.code}").get_data(as_text=True)
    assert REASON in public
    assert WHY_NOT in public
    assert "Take it back" in body.client.get(f"/orders/{row.code}?lang=en", follow_redirects=True).get_data(
        as_text=True
    )
    assert notice.code in visitor.get("/review/notices?rule=FC-QUA-03&month=2026-03").get_data(as_text=True)
    assert notice.code not in visitor.get("/review/notices?rule=FC-LOC-01").get_data(as_text=True)
    count = json.loads(visitor.get("/review/findings.json?month=2026-03").data)["findings"]
    assert {(one["rule"], one["drafts"], one["justified"], one["objected"]) for one in count} == {
        ("FC-LOC-02", 1, 0, 0), ("FC-QUA-03", 1, 1, 1),
    }  # fmt: skip
    assert "FC-QUA-03" in visitor.get("/review/findings.csv").get_data(as_text=True)
    api = json.loads(visitor.get(f"/api/v1/review/notices/{notice.code}").data)
    assert (api["state"], api["findings"][0]["reason"], api["objection"]) == ("objected", REASON, WHY_NOT)
    assert json.loads(visitor.get("/api/v1/review/notices?rule=FC-QUA-03").data)["total"] == 1
    assert json.loads(visitor.get("/api/v1/review/findings").data)["findings"] == [
        {name: value for name, value in one.items() if name != "name"} for one in count
    ]
    assert "FC-LOC-02" in visitor.get("/review/findings?page=99").get_data(as_text=True)


def test_a_program_gives_the_reason_with_the_placing(market, body: Someone, client) -> None:
    _, offer = market
    row = drafted(body, offer, requirements=SYSTEM)
    program = Program(client, body, "orders:read", "orders:write")
    status, told = program("POST", f"/orders/{row.code}/place")
    assert (status, told["code"]) == (422, "reason_needed")
    assert told["remedy"]
    status, order = program("POST", f"/orders/{row.code}/place", {"reasons": {"FC-QUA-03": REASON}})
    assert (status, order["state"], order["requirements"], order["stopped_at"]) == (200, "selecting", SYSTEM, None)
