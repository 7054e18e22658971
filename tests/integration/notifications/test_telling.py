"""The table of who is told, applied to real rows: every line finds its people and its facts."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from market import clock, telling
from market.accounts.models import Membership, Person
from market.centres import operations as centres
from market.centres.states import Visit
from market.db import db, new_code
from market.documents.rules import Purpose
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import RuleBroken
from market.notifications import texts
from market.notifications.models import Message
from market.notifications.states import Importance, Topic
from market.orders import events as orders
from market.orders import work_operations
from market.payments import events as payments
from market.ratings import events as ratings
from market.record.operations import record
from market.review import events as review
from market.review import notice_queries
from market.review import operations as review_operations
from market.review.gate_rules import Kind, NewNotice
from market.telling_facts import (
    BOTH,
    BUYER,
    CLERK,
    NOTICE_REGULATORS,
    OPERATORS,
    OTHER,
    PUBLISHER,
    REGULATORS,
    VENDOR,
    Happened,
)
from market.transaction import transactional
from tests.integration.factories import centres as centre_rows
from tests.integration.factories import documents as files
from tests.integration.factories import listings, work
from tests.integration.factories import ratings as rating_rows

LATER = datetime(2026, 3, 20, 16, tzinfo=UTC).isoformat()


@pytest.fixture
def rows(app: Flask, someone) -> dict[str, Any]:
    """Real rows that events can be about."""
    work_row = work.awarded(1)
    rating = rating_rows.rated(work_row.firm, 2, seller=work_row.vendor, buyer=work_row.buyer)
    clerk = someone(Role.COUNTER)
    order = work_row.fresh()
    order.clerk = clerk.person.code
    db.session.commit()
    offer = listings.published(work_row.firm, work_row.vendor, title="第二项")
    return {
        "order": order.code,
        "vendor": work_row.firm.code,
        "contract": work_row.contract().code,
        "rating": rating.code,
        "listing": offer.code,
        "organisation": work_row.vendor.organisation,
        "person": work_row.buyer.person,
        "citizen": work_row.buyer.person,
        "booking": centres.book(centre_rows.CENTRE, centre_rows.at(5, 10), Visit.PAPERS, by=work_row.buyer).code,
        "notice": kept_with_a_reason(work_row.buyer, order.code),
        "document": files.given(work_row.buyer, files.pdf("x"), "x.pdf", Purpose.RESULT).code,
    }


def kept_with_a_reason(by: Actor, subject: str) -> str:
    """A published notice that keeps a clause with a reason; its code."""
    new = NewNotice(Kind.ORDER, subject, "示例需求", by.organisation, None, None, None, datetime.fromisoformat(LATER))
    texts = {"qualifications": "投标人须具有ISO9001质量管理体系认证证书。"}
    review_operations.gate(texts, reasons={"FC-QUA-03": "成果须并入已按该体系运行的档案。"}, notice=new, by=by)
    found = notice_queries.current(Kind.ORDER, subject)
    assert found is not None
    return found.code


def sample(event: type, rows: dict[str, Any], **given: Any) -> Any:
    """An event of this class about real rows where it names any, with harmless facts else."""
    values: dict[str, Any] = {}
    for one in fields(event):
        kind = str(one.type)
        if one.name in given:
            values[one.name] = given[one.name]
        elif one.name in rows:
            values[one.name] = rows[one.name]
        elif one.name == "party":
            values[one.name] = rows["person"] if event.__module__.endswith("documents.events") else "buyer"
        elif one.name.endswith("_at") or one.name in ("pay_by", "until"):
            values[one.name] = LATER
        elif one.name.endswith(("_on", "_until", "valid_to")):
            values[one.name] = "2026-03-20"
        elif "bool" in kind:
            values[one.name] = True
        elif "int" in kind:
            values[one.name] = [] if "list" in kind else 1
        elif "list" in kind or "dict" in kind:
            values[one.name] = [] if "list" in kind else {}
        else:
            values[one.name] = new_code("X")
    return event(**values)


def test_every_line_of_the_table_finds_its_facts_and_reads_well_in_both_languages(rows: dict[str, Any]) -> None:
    checked = 0
    for event, lines in telling.TELL.items():
        for line in lines:
            what = Happened(sample(event, rows), system())
            notice = telling.notice_of(what, line)
            codes = line.to.codes(what) if line.to.codes else []
            assert line.to.role is not None or all(code[1] == "-" for code in codes), (event, line)
            told = Message(subject=notice.subject, body=notice.body, params=_stored(notice.params))
            for language in ("zh_Hans_CN", "en"):
                with force_locale(language):
                    shown = f"{texts.subject(told)}\n{texts.body(told)}"
                    assert "%(" not in shown, shown
                    assert "{" not in shown, shown
            checked += 1
    assert checked == sum(map(len, telling.TELL.values()))


def _stored(params: Any) -> dict[str, Any]:
    from market.notifications.rules import to_store

    return {name: to_store(value) for name, value in params.items()}


@pytest.mark.parametrize(
    ("event", "audience", "importance", "given"),
    [
        (orders.OrderPlaced, VENDOR, Importance.URGENT, {}),
        (orders.OrderReturned, BUYER, Importance.URGENT, {"cause": "lapsed"}),
        (orders.OrderReturned, VENDOR, Importance.IMPORTANT, {"cause": "lapsed"}),
        (orders.OrderReturned, CLERK, Importance.ORDINARY, {"cause": "declined"}),
        (orders.ContractOffered, BOTH, Importance.URGENT, {"number": 1}),
        (orders.ContractOffered, OTHER, Importance.URGENT, {"number": 2}),
        (orders.WorkDelivered, BUYER, Importance.URGENT, {}),
        (orders.ReworkAsked, VENDOR, Importance.URGENT, {}),
        (orders.MilestoneAccepted, BUYER, Importance.URGENT, {"by_lapse": True}),
        (orders.DisputeOpened, OPERATORS, Importance.IMPORTANT, {}),
        (orders.DisputeOpened, REGULATORS, Importance.ORDINARY, {"party": "market"}),
        (payments.InstalmentDue, BUYER, Importance.URGENT, {}),
        (payments.PayoutFailed, VENDOR, Importance.URGENT, {}),
        (payments.ChargebackOpened, OPERATORS, Importance.URGENT, {}),
        (ratings.RatingRevealed, VENDOR, Importance.IMPORTANT, {}),
        (review.NoticePublished, NOTICE_REGULATORS, Importance.IMPORTANT, {"object_by": LATER}),
        (review.NoticeObjected, PUBLISHER, Importance.URGENT, {}),
        (orders.OrderStopped, VENDOR, Importance.IMPORTANT, {}),
    ],
)
def test_who_is_told_how_urgently(
    rows: dict[str, Any], event: type, audience: object, importance: Importance, given: dict[str, Any]
) -> None:
    what = Happened(sample(event, rows, **given), system())
    held = [line for line in telling.TELL[event] if line.when.holds(what)]
    assert [line.importance for line in held if line.to is audience] == [importance]


@pytest.mark.parametrize(
    ("event", "given", "audience"),
    [
        (orders.OrderReturned, {"cause": "changed_mind"}, BUYER),
        (orders.OrderReturned, {"cause": "declined"}, VENDOR),
        (orders.OrderAwarded, {"way": "direct"}, VENDOR),
        (orders.MilestoneAccepted, {"by_lapse": False}, BUYER),
        (orders.DisputeOpened, {"party": "buyer"}, REGULATORS),
        (review.NoticePublished, {"object_by": None}, NOTICE_REGULATORS),
    ],
)
def test_who_is_not_told(rows: dict[str, Any], event: type, given: dict[str, Any], audience: object) -> None:
    what = Happened(sample(event, rows, **given), system())
    assert not [line for line in telling.TELL[event] if line.to is audience and line.when.holds(what)]


def inbox(person: str) -> list[str]:
    statement = select(Message).join(Message.person).where(Person.code == person).order_by(Message.id)
    return [message.event for message in db.session.scalars(statement)]


def test_both_sides_follow_an_order_from_the_award_to_the_acceptance(app: Flask) -> None:
    row = work.accepted()
    own = [
        event for event in inbox(row.buyer.person) if event != "payments.payment_voided"
    ]  # the money was only said to be held
    assert own == [
        "orders.order_awarded",
        "orders.contract_offered",
        "orders.contract_concluded",
        "payments.instalment_due",
        "orders.work_started",
        "orders.work_delivered",
        "orders.order_accepted",
    ]
    seen = [event for event in inbox(row.vendor.person) if event.startswith("orders.")]
    assert seen == [
        "orders.contract_offered",
        "orders.contract_signed",
        "orders.contract_concluded",
        "orders.order_funded",
        "orders.milestone_accepted",
    ]


def test_officials_are_told_in_the_district_of_the_order(app: Flask, someone) -> None:
    row = work.delivered()
    here, whole, elsewhere = (
        someone(Role.OPERATOR, district=district) for district in (row.fresh().district, None, "610113")
    )
    event = orders.DisputeOpened(row.code, new_code("X"), row.firm.code, "buyer", 100)
    transactional(lambda: record(event, by=row.buyer))()
    assert [inbox(one.person.code) for one in (here, whole, elsewhere)] == [["orders.dispute_opened"]] * 2 + [[]]
    told = db.session.scalars(select(Message).join(Message.person).where(Person.code == here.person.code)).one()
    assert (told.topic, told.importance) == (Topic.DUTY, Importance.IMPORTANT)


def test_a_rolled_back_act_tells_nobody(app: Flask) -> None:
    """KF-JOB-01: what is told is part of the act."""
    row = work.started()
    before = inbox(row.buyer.person)

    @transactional
    def act() -> None:
        work_operations.pause_work(row.code, "applicant", "还缺两份材料，等买家补齐后再继续。", by=row.vendor)
        raise RuleBroken("no")

    with pytest.raises(RuleBroken):
        act()
    assert inbox(row.buyer.person) == before


def test_everybody_in_an_organisation_is_told_and_nobody_who_has_left(app: Flask, someone) -> None:
    row = work.delivered()
    membership = db.session.scalars(
        select(Membership).join(Membership.person).where(Person.code == row.vendor.person)
    ).one()
    colleague = someone(Role.VENDOR, organisation=membership.organisation)
    former = someone(Role.VENDOR, organisation=membership.organisation)
    former.membership.ended_at = clock.real()
    db.session.commit()
    work_operations.accept_milestone(row.code, by=row.buyer)
    assert "orders.milestone_accepted" in inbox(colleague.person.code)
    assert inbox(former.person.code) == []


def test_readers_see_the_table(client) -> None:
    page = client.get("/messages/who-is-told").text
    assert page.count("<tr") > sum(map(len, telling.TELL.values()))
    for name in ("orders.order_placed", "payments.payout_failed", "orders.order_read", "listings.listing_published"):
        assert f"<code>{name}</code>" in page
    assert "%(" not in page
