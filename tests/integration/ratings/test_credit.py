"""Credit: only by decision, published term by term, appealed to another operator; proposals deduct nothing."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from market import clock, outbox
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from market.orders.events import OrderCancelled, OrderReturned
from market.orders.states import OrderState
from market.ratings import credit_operations, credit_queries, jobs
from market.ratings.models import CreditDeduction, CreditGround
from market.record.operations import record
from market.transaction import transactional
from market.vendors import queries as vendors
from tests.integration.conftest import NOON
from tests.integration.factories import ratings as make
from tests.integration.ratings.conftest import Scene

REASONS = "理由：纠纷 D-00000000 中查明逾期，没有正当理由，机构已陈述。"


def deduct(scene: Scene, ground: str = "quality_complaint", decision: str = "D-1111", **more: Any) -> CreditDeduction:
    return credit_operations.deduct(scene.vendor.code, ground, decision, reasons=REASONS, by=scene.operator, **more)


def points(scene: Scene) -> tuple[int, int]:
    """Credit by the formula, and as the standing keeps it."""
    db.session.expire_all()
    row = vendors.standing(scene.vendor.id)
    return round(credit_queries.credit_of(scene.vendor.id) * 1000), row.credit if row else 100_000


def test_a_deduction_costs_its_row_and_fades(scene: Scene) -> None:
    assert points(scene) == (100_000, 100_000)
    made = deduct(scene)
    assert (made.points, made.fades_on) == (15, date(2027, 3, 4))
    assert points(scene) == (85_000, 85_000)
    with clock.frozen(NOON + timedelta(days=73)):
        jobs.refresh_all()
        assert points(scene) == (88_000, 88_000)
    with clock.frozen(NOON + timedelta(days=365)):
        jobs.refresh_all()
        assert points(scene) == (100_000, 100_000)


def test_the_row_of_the_day_of_the_decision_counts(scene: Scene) -> None:
    db.session.add(
        CreditGround(
            slug="quality_complaint", position=4, title_zh="新", title_en="new", points=40, fading_days=100,
            valid_from=date(2026, 3, 1), source_zh="试", source_en="test", mark="O",
        )
    )  # fmt: skip
    db.session.flush()
    assert deduct(scene, decided_on=date(2026, 2, 28)).points == 15
    assert deduct(scene, decision="D-2222").points == 40


def test_what_is_no_decision_costs_nothing(scene: Scene) -> None:
    deduct(scene)
    with pytest.raises(Conflict):
        deduct(scene)
    for wrong in (
        {"ground": "dislike"},
        {"decision": ""},
        {"decision": "D-3333", "decided_on": date(2026, 3, 5)},
        {"decision": "D-3333", "decided_on": date(2020, 1, 1)},
    ):
        with pytest.raises(Invalid):
            deduct(scene, **wrong)
    with pytest.raises(Invalid):
        credit_operations.deduct(scene.vendor.code, "quality_complaint", "D-4", reasons="短", by=scene.operator)
    assert points(scene)[0] == 85_000


def test_an_appeal_rests_the_deduction_and_another_operator_decides(scene: Scene) -> None:
    first, second = deduct(scene), deduct(scene, decision="D-2222")
    assert points(scene) == (70_000, 70_000)
    with pytest.raises(NotFound):
        credit_operations.appeal_deduction(first.code, words=REASONS, by=make.a_vendor(2)[1])
    with clock.frozen(first.appeal_until), pytest.raises(WrongState):
        credit_operations.appeal_deduction(first.code, words=REASONS, by=scene.seller)
    for row in (first, second):
        credit_operations.appeal_deduction(row.code, words=REASONS, by=scene.seller)
    assert points(scene) == (100_000, 100_000)
    with pytest.raises(Forbidden):
        credit_operations.decide_deduction(first.code, upheld=True, reasons=REASONS, by=scene.operator)
    credit_operations.decide_deduction(first.code, upheld=True, reasons=REASONS, by=scene.other)
    credit_operations.decide_deduction(second.code, upheld=False, reasons=REASONS, by=scene.other)
    assert points(scene) == (85_000, 85_000)
    for row in (first, second):
        with pytest.raises(WrongState):
            credit_operations.decide_deduction(row.code, upheld=True, reasons=REASONS, by=scene.other)
        with pytest.raises(WrongState):
            credit_operations.appeal_deduction(row.code, words=REASONS, by=scene.seller)


@transactional
def happened(event: Any) -> None:
    """What orders say, as if it had come about there."""
    record(event, by=system())


def test_orders_only_propose_and_an_operator_decides(scene: Scene, app: Flask) -> None:
    buyer, code = make.a_citizen(), scene.vendor.code
    rows = [make.order(scene.vendor, buyer, OrderState.CANCELLED) for _ in range(6)]
    happened(OrderReturned(rows[0].code, code, "lapsed"))
    happened(OrderReturned(rows[0].code, code, "lapsed"))
    happened(OrderReturned(rows[1].code, code, "declined"))
    happened(OrderCancelled(rows[2].code, code, "vendor", "under_way", 0))
    happened(OrderCancelled(rows[3].code, code, "vendor", "selecting", 0))
    happened(OrderCancelled(rows[4].code, code, "buyer", "under_way", 0))
    happened(OrderCancelled(rows[5].code, None, "buyer", "draft", 0))
    outbox.drain()
    found = credit_queries.open_proposals()
    assert [(one.ground, one.about) for one in found] == [
        ("answer_lapsed", rows[0].code),
        ("cancelled_after_award", rows[2].code),
    ]
    assert points(scene) == (100_000, 100_000)
    assert credit_operations.decide_proposal(found[0].code, make=False, reasons=REASONS, by=scene.operator) is None
    made = credit_operations.decide_proposal(found[1].code, make=True, reasons=REASONS, by=scene.operator)
    assert (made.ground, made.decision, made.points) == ("cancelled_after_award", rows[2].code, 10)
    assert points(scene) == (90_000, 90_000)
    with pytest.raises(WrongState):
        credit_operations.decide_proposal(found[0].code, make=True, reasons=REASONS, by=scene.operator)
    # what was dropped is not proposed again
    happened(OrderReturned(rows[0].code, code, "lapsed"))
    outbox.drain()
    assert credit_queries.open_proposals() == []


def test_everybody_counts_the_credit_anew_from_its_page(scene: Scene, client: Any) -> None:
    deduct(scene, decided_on=date(2026, 1, 1))
    lifted = deduct(scene, "answer_lapsed", "O-2222")
    credit_operations.appeal_deduction(lifted.code, words=REASONS, by=scene.seller)
    found = client.get(f"/api/v1/vendors/{scene.vendor.code}/credit").json
    total = 100.0
    for one in found["deductions"]:
        age = (date.fromisoformat(found["on"]) - date.fromisoformat(one["decided_on"])).days
        left = one["points"] * (one["fading_days"] - age) / one["fading_days"] if one["state"] != "appealed" else 0
        assert abs(left * 1000 - one["left"]) <= 0.5
        total -= left
    assert abs(total * 1000 - found["credit"]) <= 0.5
    page = client.get(f"/vendors/{scene.vendor.code}/credit").text
    for one in found["deductions"]:
        assert f"/credit/{one['code']}" in page
        assert REASONS in client.get(f"/credit/{one['code']}").text
    grounds = client.get("/api/v1/credit/grounds").json["grounds"]
    assert {one["slug"] for one in grounds} >= {"quality_complaint", "answer_lapsed"}
    assert all(one["source_zh"] and one["source_en"] and one["mark"] in {"C", "C2", "M", "O"} for one in grounds)
    assert all(one["title_zh"] in client.get("/credit").text for one in grounds)
