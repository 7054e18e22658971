"""Proposed, consulted, in force, superseded: and the past stays readable."""

import json
from datetime import date, timedelta

import pytest
from flask import Flask

from market import clock
from market.catalogue import operations, queries
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Invalid, RuleBroken, WrongState
from market.record.queries import history_of
from tests.integration.conftest import NOON

TODAY = date(2026, 3, 4)


def changed_item(**changes: object) -> dict[str, object]:
    item = queries.item("eia-form")
    assert item is not None
    return {**item.content, **changes}


def test_a_change_of_an_item_goes_its_whole_way(app: Flask, someone) -> None:
    operator, citizen = someone(Role.OPERATOR).actor, someone(Role.BUYER).actor
    version = operations.propose_version(
        "item",
        "eia-form",
        changed_item(deliverable="报告表与承诺书"),
        reason="按新规补充承诺书",
        valid_from=TODAY,
        by=operator,
    )
    assert queries.item("eia-form").deliverable != "报告表与承诺书", "a proposal changes nothing"

    operations.consult(version.code, by=operator)
    operations.comment(version.code, "同意", by=citizen)
    with pytest.raises(RuleBroken, match="runs until"):
        operations.put_in_force(version.code, by=operator)

    with clock.frozen(NOON + timedelta(days=8)):
        operations.put_in_force(version.code, by=operator)
        assert queries.item("eia-form").deliverable == "报告表与承诺书"
        assert queries.item("eia-form", on=TODAY).deliverable != "报告表与承诺书", "the past stays readable"
        assert [c.text for c in queries.comments(version.id)] == ["同意"]
    events = [e.event for e in db.session.scalars(history_of(version.code))]
    assert events == ["VersionPutInForce", "VersionCommented", "VersionConsulted", "VersionProposed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name_zh": ""}, "name_zh"), ({"name_zh": "长" * 61}, "name_zh"), ({"category": "magic"}, "category"),
        ({"legal_basis": []}, "legal_basis"), ({"price_standard": "none-such"}, "price_standard"),
        ({"price_kind": "free"}, "price_kind"), ({"statutory_days": 0}, "statutory_days"),
        ({"statutory_days": 30, "statutory_days_source": ""}, "statutory_days_source"), ({"who_pays": "nobody"}, "who_pays"),
    ],
)  # fmt: skip
def test_contents_that_are_not_in_order_are_refused_by_field(app: Flask, someone, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        operations.propose_version(
            "item",
            "eia-form",
            changed_item(**changes),
            reason="试试",
            valid_from=TODAY,
            by=someone(Role.OPERATOR).actor,
        )
    assert list(refused.value.fields) == [field]


def test_a_version_cannot_hold_from_a_past_day(app: Flask, someone) -> None:
    with pytest.raises(Invalid, match="has passed"):
        operations.propose_version(
            "item",
            "eia-form",
            changed_item(),
            reason="x",
            valid_from=TODAY - timedelta(days=1),
            by=someone(Role.OPERATOR).actor,
        )


def test_a_decided_version_cannot_be_withdrawn_or_commented(app: Flask, someone) -> None:
    operator = someone(Role.OPERATOR).actor
    version = operations.propose_version("item", "eia-form", changed_item(), reason="x", valid_from=TODAY, by=operator)
    with pytest.raises(WrongState):
        operations.comment(version.code, "zu früh", by=operator)
    operations.withdraw_version(version.code, reason="doch nicht", by=operator)
    for act in (operations.consult, operations.put_in_force):
        with pytest.raises(WrongState):
            act(version.code, by=operator)


def local_standard(kind: str) -> dict:
    content = json.loads(json.dumps(queries.entry("standard", "audit-901").versions[0].content))
    content |= {"id": "local-audit", "aliases": []}
    content["kinds"] = [{"since": "2026-03-01", "kind": kind, "basis": {"zh": "虚构", "en": "invented"}, "mark": "M"}]
    return content


def test_a_binding_local_standard_comes_before_the_reference(app: Flask, someone) -> None:
    operator = someone(Role.OPERATOR).actor
    with pytest.raises(Invalid, match="which items"):
        operations.propose_version(
            "standard", "local-audit", local_standard("guided"), reason="x", valid_from=TODAY, by=operator
        )
    version = operations.propose_version(
        "standard",
        "local-audit",
        local_standard("guided"),
        reason="x",
        valid_from=TODAY,
        by=operator,
        items=["annual-audit"],
    )
    operations.consult(version.code, by=operator)
    assert queries.standard_for("annual-audit").slug == "audit-901"
    with clock.frozen(NOON + timedelta(days=8)):
        operations.put_in_force(version.code, by=operator)
        held = queries.standard_for("annual-audit")
        assert (held.slug, held.kind, held.version) == ("local-audit", "guided", version.code)
        assert queries.standard_for("final-account-audit").slug == "audit-901", "other items keep their reference"


def test_a_standard_of_one_district_holds_there_alone(app: Flask, someone) -> None:
    operator = someone(Role.OPERATOR).actor
    version = operations.propose_version(
        "standard", "local-audit", local_standard("guided"), reason="x", valid_from=TODAY, by=operator,
        items=["annual-audit"], district="610117",
    )  # fmt: skip
    operations.consult(version.code, by=operator)
    with clock.frozen(NOON + timedelta(days=8)):
        operations.put_in_force(version.code, by=operator)
        assert queries.standard_for("annual-audit", district="610117").slug == "local-audit"
        assert queries.standard_for("annual-audit", district="610102").slug == "audit-901"
        assert queries.standard_for("annual-audit").slug == "audit-901"


def test_a_document_that_is_no_standard_is_refused_with_its_fault(app: Flask, someone) -> None:
    with pytest.raises(Invalid, match="price standard"):
        operations.propose_version(
            "standard", "broken", {"id": "broken"}, reason="x", valid_from=TODAY, by=someone(Role.OPERATOR).actor
        )


def test_a_declared_day_moves_deadlines(app: Flask, someone) -> None:
    friday = date(2027, 3, 5)
    before = queries.calendar().add_working_days(friday, 1)
    assert before.provisional
    operations.declare_day(date(2027, 3, 8), is_working=False, basis="虚构通知", by=someone(Role.OPERATOR).actor)
    assert queries.calendar().add_working_days(friday, 1).day == date(2027, 3, 9)
    operations.declare_day(date(2027, 3, 8), is_working=True, basis="更正", by=someone(Role.OPERATOR).actor)
    assert queries.calendar().add_working_days(friday, 1).day == date(2027, 3, 8)


def test_an_operator_proposes_by_form_and_keeps_what_he_typed(app: Flask, someone) -> None:
    browser = someone(Role.OPERATOR).client
    values = {
        "name_zh": "环评报告表编制", "name_en": "EIA form", "category": "env", "summary_zh": "说明", "summary_en": "Text",
        "approval_matter": "环评审批", "department": "生态环境部门", "deliverable": "报告表", "who_pays": "applicant",
        "price_kind": "market", "price_standard": "eia-125", "statutory_days": "0", "aliases_zh": "环评表，报告表",
        "reason": "名称按新目录统一", "valid_from": "2026-03-04",
    }  # fmt: skip
    refused = browser.submit("/desk/catalogue/item/eia-form/propose?lang=en", values)
    assert refused.status_code == 422
    assert "环评表，报告表" in refused.get_data(as_text=True)

    made = browser.submit("/desk/catalogue/item/eia-form/propose", {**values, "statutory_days": ""})
    assert made.status_code == 302
    page = browser.get(made.headers["Location"]).get_data(as_text=True)
    assert "名称按新目录统一" in page
    assert browser.submit(made.headers["Location"] + "/consult", {"days": "7"}).status_code == 302
    early = browser.submit(made.headers["Location"] + "/put-in-force", {})
    assert early.status_code == 422
