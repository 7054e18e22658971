"""What a vendor in the market changes is looked at again; standing is decided with reason, basis and a day for the appeal."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Conflict, Invalid, WrongState
from market.record.models import AuditEntry
from market.record.queries import history_of
from market.vendors import operations, public_facts, queries, rules
from market.vendors.change_operations import decide_change
from market.vendors.models import LegalForm, VendorChange
from market.vendors.operations import Figures
from market.vendors.states import ChangeState, VendorState
from tests.integration.factories import vendors as make


def open_kinds(vendor_id: int) -> list[str]:
    return [str(change.kind) for change in queries.open_changes(vendor_id)]


def rename(vendor, actor, name: str, **more: object) -> None:
    values: dict[str, object] = {
        "legal_form": vendor.legal_form, "credit_code": vendor.credit_code, "address": vendor.address, **more,
    }  # fmt: skip
    operations.save_firm(vendor.code, name=name, by=actor, **values)  # type: ignore[arg-type]


def contact(vendor, actor, representative: str = "测试代表", phone: str = make.PHONE) -> None:
    operations.save_contact(
        vendor.code, representative=representative, contact_name="测试联系人", contact_phone=phone, by=actor
    )


# Changes ----------------------------------------------------------------------------------------------------------------


def test_a_new_name_holds_when_an_operator_accepted_it(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    rename(vendor, actor, "改名后的公司", legal_form=LegalForm.PARTNERSHIP)
    assert (vendor.name, open_kinds(vendor.id)) == ("测试测绘有限公司", ["firm"])

    [change] = queries.open_changes(vendor.id)
    assert change.due_at == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    assert decide_change(change.code, rules.Answer(True), by=make.OPERATOR)
    row = queries.vendor(vendor.code)
    assert (row.name, row.organisation.name, row.legal_form) == ("改名后的公司", "改名后的公司", LegalForm.PARTNERSHIP)
    assert "gmh" in row.name_pinyin, "it is found under the new name's initials"


def test_what_needs_no_second_look_holds_at_once(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    rename(vendor, actor, vendor.name, address="西安市雁塔区新路 2 号", introduction="新的介绍")
    contact(vendor, actor, phone="18888888888")
    row = queries.vendor(vendor.code)
    assert (row.address, row.introduction, row.contact_phone) == ("西安市雁塔区新路 2 号", "新的介绍", "18888888888")
    assert open_kinds(vendor.id) == []


def test_a_new_representative_is_sealed_until_accepted(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    before = vendor.representative_hash
    contact(vendor, actor, "新任代表")
    [change] = queries.open_changes(vendor.id)
    sealed = db.session.scalar(db.text("select values from vendor_change"))
    recorded = " ".join(str(entry.facts) for entry in db.session.scalars(select(AuditEntry)))
    assert "新任代表" not in sealed + recorded
    assert vendor.representative == "测试代表"

    decide_change(change.code, rules.Answer(True), by=make.OPERATOR)
    row = queries.vendor(vendor.code)
    assert row.representative == "新任代表"
    assert row.representative_hash != before


def test_a_returned_change_changes_nothing_and_keeps_its_reason(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "新任代表")
    [change] = queries.open_changes(vendor.id)
    assert not decide_change(change.code, rules.Answer(False, "unsigned"), by=make.OPERATOR)
    assert queries.vendor(vendor.code).representative == "测试代表"
    assert queries.change(change.code).reason == {"code": "unsigned", "text": ""}
    assert open_kinds(vendor.id) == []


@pytest.mark.parametrize("answer", [rules.Answer(False), rules.Answer(False, "other", "外地公司，不予通过")])
def test_a_change_is_not_returned_without_a_fair_reason(app: Flask, someone: Callable, answer: rules.Answer) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "新任代表")
    [change] = queries.open_changes(vendor.id)
    with pytest.raises(Invalid):
        decide_change(change.code, answer, by=make.OPERATOR)
    assert queries.change(change.code).state is ChangeState.OPEN


def test_a_newer_change_takes_the_place_of_an_open_one_and_taking_it_back_closes_it(
    app: Flask, someone: Callable
) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "第一人")
    [first] = queries.open_changes(vendor.id)
    contact(vendor, actor, "第二人")
    [second] = queries.open_changes(vendor.id)
    assert queries.change_values(second)["representative"] == "第二人"
    with pytest.raises(WrongState, match="decided already, or was taken back"):
        decide_change(first.code, rules.Answer(True), by=make.OPERATOR)

    contact(vendor, actor, "测试代表")
    assert open_kinds(vendor.id) == []


def test_of_two_operators_one_decides_a_change(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "新任代表")
    [change] = queries.open_changes(vendor.id)
    decide_change(change.code, rules.Answer(True), by=make.OPERATOR)
    with pytest.raises(WrongState):
        decide_change(change.code, rules.Answer(False, "unsigned"), by=make.OPERATOR)


def test_a_code_that_another_vendor_holds_cannot_be_changed_to(app: Flask, someone: Callable) -> None:
    make.active(someone().actor, 8, name="先来的公司")
    vendor, actor = make.active(someone().actor, 7)
    with pytest.raises(Conflict):
        rename(vendor, actor, vendor.name, credit_code=make.credit_code(8))


def test_changes_and_applications_stand_in_one_queue(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "新任代表")
    make.add_practitioner(vendor, actor)
    make.give_licence(vendor, actor, number="测-1")
    with clock.frozen(datetime(2026, 3, 5, 2, tzinfo=UTC)):
        make.handed_in(someone().actor, 2, name="新来的公司")
        waiting = queries.queue(queries.catalogue.calendar(), clock.now())
    assert [one.kind for one in waiting][-1] == "application"
    assert sorted(one.kind for one in waiting) == ["application", "licence", "practitioner", "representative"]
    assert {one.what for one in waiting if one.kind == "licence"} == {("测绘资质",)}


def test_leaving_closes_what_waits(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    contact(vendor, actor, "新任代表")
    operations.withdraw_vendor(vendor.code, by=actor)
    assert open_kinds(vendor.id) == []
    assert db.session.scalar(select(func.count()).select_from(VendorChange)) == 1, "it stays readable"


# Standing ---------------------------------------------------------------------------------------------------------------

REASON = {"reason": "三份报告中的检测数据与原始记录不符。", "basis": "《优化营商环境条例》第七十一条"}


def test_a_suspension_says_why_on_what_basis_and_until_when_to_appeal(app: Flask, someone: Callable) -> None:
    vendor, _ = make.active(someone().actor)
    operations.suspend_vendor(vendor.code, **REASON, by=make.OPERATOR)
    row = queries.vendor(vendor.code)
    assert row.state is VendorState.SUSPENDED
    # fifteen working days after Wednesday 4 March 2026
    assert row.appeal_until == date(2026, 3, 25)
    shown = public_facts.whole(queries.public_vendor(vendor.code))
    assert (shown["standing_reason"], shown["standing_basis"]) == (REASON["reason"], REASON["basis"])
    assert not rules.is_open(queries.facts(row))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "不行"}, "reason"),
        ({"reason": "该公司没有在本地设立分支机构，应予清退。"}, "reason"),
        ({"basis": ""}, "basis"),
    ],
)
def test_no_decision_without_a_fair_reason_and_a_basis(
    app: Flask, someone: Callable, changes: dict[str, str], field: str
) -> None:
    vendor, _ = make.active(someone().actor)
    for act in (operations.suspend_vendor, operations.strike_off_vendor):
        with pytest.raises(Invalid) as refusal:
            act(vendor.code, **REASON | changes, by=make.OPERATOR)
        assert set(refusal.value.fields) == {field}
    assert queries.vendor(vendor.code).state is VendorState.ACTIVE


def test_the_ways_out_and_back(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    operations.suspend_vendor(vendor.code, **REASON, by=make.OPERATOR)
    operations.reinstate_vendor(vendor.code, reason="复核后数据无误，恢复在册。", by=make.OPERATOR)
    assert queries.vendor(vendor.code).appeal_until is None
    operations.strike_off_vendor(vendor.code, **REASON, by=make.OPERATOR)
    with pytest.raises(WrongState):
        operations.withdraw_vendor(vendor.code, by=actor)
    operations.reinstate_vendor(vendor.code, reason="申诉成立，撤销原决定。", by=make.OPERATOR)
    assert queries.vendor(vendor.code).state is VendorState.ACTIVE
    entries = db.session.scalars(queries.public_history(vendor.code))
    assert [entry.event for entry in entries] == [
        "VendorReinstated", "VendorStruckOff", "VendorReinstated", "VendorSuspended", "VendorAccepted",
    ]  # fmt: skip


@pytest.mark.parametrize("second", ["suspend_vendor", "strike_off_vendor"])
def test_a_second_click_finds_it_decided(app: Flask, someone: Callable, second: str) -> None:
    vendor, _ = make.active(someone().actor)
    operations.strike_off_vendor(vendor.code, **REASON, by=make.OPERATOR)
    with pytest.raises(WrongState, match="decided already"):
        getattr(operations, second)(vendor.code, **REASON, by=make.OPERATOR)


def test_a_struck_off_firm_does_not_come_back_under_another_account(app: Flask, someone: Callable) -> None:
    vendor, _ = make.active(someone().actor, 7)
    operations.strike_off_vendor(vendor.code, **REASON, by=make.OPERATOR)
    again, actor = make.written(someone().actor, 7, name="换个账号")
    with pytest.raises(Conflict):
        operations.hand_in(again.code, by=actor)


def test_a_firm_that_left_may_come_back_and_the_operator_sees_its_past(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor, 7)
    operations.suspend_vendor(vendor.code, **REASON, by=make.OPERATOR)
    operations.withdraw_vendor(vendor.code, by=actor)
    again, _ = make.handed_in(someone().actor, 7, name="换个账号")
    assert [row.code for row in queries.earlier_entries(again)] == [vendor.code]


def test_standing_figures_are_kept_by_item_and_in_all(app: Flask, someone: Callable) -> None:
    vendor, _ = make.active(someone().actor)
    for figures in (
        Figures(rating_mean=4000, rating_count=1),
        Figures(rating_mean=4500, rating_count=2, on_time=2, on_time_of=2),
    ):
        operations.put_standing(vendor.code, figures, by=system())
        operations.put_standing(vendor.code, Figures(open_jobs=1), item="eia-form", by=system())
    assert (queries.standing(vendor.id).rating_mean, queries.standing(vendor.id).rating_count) == (4500, 2)
    assert queries.standing(vendor.id, "eia-form").open_jobs == 1
    assert queries.standing(vendor.id, "eia-report") is None


def test_everything_that_happens_leaves_a_record(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    before = len(list(db.session.scalars(history_of(vendor.code))))
    operations.declare_tie(vendor.code, body="某局", kind="staff", explanation="", by=actor)
    operations.drop_tie(vendor.code, 1, by=actor)
    assert len(list(db.session.scalars(history_of(vendor.code)))) == before + 2
