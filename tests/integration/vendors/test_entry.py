"""Entry: the application step by step, the form check with its clock, and what follows."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.db import db
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Invalid, NotFound, WrongState
from market.kernel.identifiers import CREDIT_ALPHABET
from market.record.models import AuditEntry
from market.record.queries import history_of
from market.vendors import operations, public_facts, queries, rules
from market.vendors.models import LegalForm, Vendor
from market.vendors.states import VendorState
from tests.integration.factories import documents as files
from tests.integration.factories import vendors as make

#: vector ID-25 of the published cases: a resident id that also satisfies the credit code's check
ID_25 = "610103199001139987"


def told(code: str) -> list[str]:
    """The names of what happened to a vendor, oldest first."""
    return [entry.event for entry in db.session.scalars(history_of(code))][::-1]


def test_a_firm_applies_is_checked_and_is_active(app: Flask, someone: Callable) -> None:
    person = someone()
    vendor, _ = make.handed_in(person.actor)

    assert vendor.state is VendorState.APPLIED
    assert operations.check_application(vendor.code, make.all_yes(vendor), by=someone(Role.OPERATOR).actor)
    assert queries.vendor(vendor.code).state is VendorState.ACTIVE
    assert told(vendor.code) == [
        "VendorBegun", "VendorStepSaved", "VendorStepSaved", "VendorStepSaved", "VendorApplied", "VendorAccepted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("handed_in", "due"),
    [
        # Wednesday: Thursday, Friday; due with the end of Friday in Xi'an
        (datetime(2026, 3, 4, 2, 0, tzinfo=UTC), datetime(2026, 3, 6, 16, 0, tzinfo=UTC)),
        # the last minute of Wednesday in Xi'an, and the first of Thursday
        (datetime(2026, 3, 4, 15, 59, 59, tzinfo=UTC), datetime(2026, 3, 6, 16, 0, tzinfo=UTC)),
        (datetime(2026, 3, 4, 16, 0, tzinfo=UTC), datetime(2026, 3, 9, 16, 0, tzinfo=UTC)),
        # over a weekend
        (datetime(2026, 3, 6, 2, 0, tzinfo=UTC), datetime(2026, 3, 10, 16, 0, tzinfo=UTC)),
        # Saturday 28 February 2026 is a make-up working day after the Spring Festival
        (datetime(2026, 2, 26, 2, 0, tzinfo=UTC), datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),
        # the Labour Day holiday lies between
        (datetime(2026, 4, 30, 2, 0, tzinfo=UTC), datetime(2026, 5, 7, 16, 0, tzinfo=UTC)),
    ],
)
def test_the_form_check_is_due_at_the_end_of_the_second_working_day(
    app: Flask, someone: Callable, handed_in: datetime, due: datetime
) -> None:
    """KF-CAL-01 and KF-CAL-02: the day of handing in does not count; days, not hours; holidays and make-up days as published."""
    with clock.frozen(handed_in):
        vendor, _ = make.handed_in(someone().actor)
    assert vendor.check_due_at == due


def test_the_queue_counts_working_days_and_says_what_is_overdue(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    left = {}
    for day, hour in ((4, 3), (6, 15), (6, 16), (7, 3), (9, 3)):
        now = datetime(2026, 3, day, hour, tzinfo=UTC)
        [one] = queries.queue(queries.catalogue.calendar(), now)
        left[day, hour] = one.days_left
    # on Saturday no further working day has passed, but it is overdue all the same
    assert left == {(4, 3): 2, (6, 15): 0, (6, 16): -1, (7, 3): -1, (9, 3): -1}
    assert one.code == vendor.code


def test_the_queue_stands_in_the_order_of_deadlines(app: Flask, someone: Callable) -> None:
    person = someone().actor
    with clock.frozen(datetime(2026, 3, 5, 2, 0, tzinfo=UTC)):
        later, _ = make.handed_in(person, 2, name="后来的公司")
    first, _ = make.handed_in(person, 1)
    assert [one.code for one in queries.queue(queries.catalogue.calendar(), clock.now())] == [first.code, later.code]


# Saved one by one, resumable ---------------------------------------------------------------------------------------------


def test_the_same_firm_begun_again_is_gone_on_with(app: Flask, someone: Callable) -> None:
    person = someone()
    vendor, _ = operations.begin_application("测试测绘有限公司", by=person.actor)
    again, membership = operations.begin_application("测试测绘有限公司 ", by=person.actor)
    other, _ = operations.begin_application("另一家公司", by=person.actor)
    strangers, _ = operations.begin_application("测试测绘有限公司", by=someone().actor)

    assert again.id == vendor.id
    assert membership.role is Role.VENDOR
    assert membership.admin
    assert len({vendor.id, other.id, strangers.id}) == 3


def test_a_step_saved_half_filled_keeps_what_was_typed(app: Flask, someone: Callable) -> None:
    vendor, actor = make.begun(someone().actor)
    operations.save_firm(vendor.code, name="测试测绘有限公司", address="某路 1 号", by=actor)
    operations.save_contact(vendor.code, contact_name="测试联系人", by=actor)

    db.session.expire_all()
    row = queries.vendor(vendor.code)
    assert (row.address, row.contact_name, row.credit_code, row.legal_form) == ("某路 1 号", "测试联系人", None, None)
    assert row.step == 2


def test_handing_in_names_every_gap_by_its_step(app: Flask, someone: Callable) -> None:
    vendor, actor = make.begun(someone().actor)
    with pytest.raises(Invalid) as refusal:
        operations.hand_in(vendor.code, by=actor)
    assert {step: len(texts) for step, texts in refusal.value.fields.items()} == {
        "firm": 3, "contact": 3, "undertakings": 2,
    }  # fmt: skip
    assert queries.vendor(vendor.code).state is VendorState.DRAFT


def test_an_application_under_check_is_not_changed_but_can_be_taken_back(app: Flask, someone: Callable) -> None:
    vendor, actor = make.handed_in(someone().actor)
    with pytest.raises(WrongState, match="being checked"):
        operations.save_contact(vendor.code, representative="乙", contact_name="乙", contact_phone=make.PHONE, by=actor)
    operations.withdraw_vendor(vendor.code, by=actor)
    assert queries.reach(vendor.id, clock.today()) == []
    again = operations.reapply(vendor.code, by=actor)
    assert (again.state, again.address) == (VendorState.DRAFT, "西安市碑林区测试路 1 号")
    assert operations.hand_in(vendor.code, by=actor).state is VendorState.APPLIED


@pytest.mark.parametrize("form", list(LegalForm))
def test_every_legal_form_may_enter(app: Flask, someone: Callable, form: LegalForm) -> None:
    """FC-OWN-02, and sole traders in particular (domain.md 1.1, Jiangsu 2026)."""
    vendor, _ = make.active(someone().actor, legal_form=form)
    assert vendor.state is VendorState.ACTIVE


# Credit codes -----------------------------------------------------------------------------------------------------------


def save_code(vendor: Vendor, actor: Actor, code: str, **more: object) -> Vendor:
    values: dict[str, object] = {"name": vendor.name, "legal_form": LegalForm.COMPANY, "address": "某路 1 号", **more}
    return operations.save_firm(vendor.code, credit_code=code, by=actor, **values)  # type: ignore[arg-type]


def test_of_the_31_last_characters_one_is_taken(app: Flask, someone: Callable) -> None:
    """KF-INT-01, through registration."""
    vendor, actor = make.begun(someone().actor)
    right = make.credit_code(7)
    for last in CREDIT_ALPHABET:
        if last != right[-1]:
            with pytest.raises(Invalid, match="credit_code"):
                save_code(vendor, actor, right[:-1] + last)
    assert save_code(vendor, actor, right).credit_code == right


@pytest.mark.parametrize("typed", [" 9161 0100 ", "lower", "wide"])
def test_a_code_is_kept_in_one_form_however_it_is_typed(app: Flask, someone: Callable, typed: str) -> None:
    vendor, actor = make.begun(someone().actor)
    right = make.credit_code(7)
    forms = {
        " 9161 0100 ": " ".join((right[:4], right[4:8], right[8:])),
        "lower": right.lower(),
        "wide": right.translate({0x21 + i: 0xFF01 + i for i in range(94)}),
    }
    assert save_code(vendor, actor, forms[typed]).credit_code == right


def test_a_genuine_code_that_fails_the_check_enters_through_an_operator(app: Flask, someone: Callable) -> None:
    """KF-INT-02: refused with the way on, accepted with a reason, recorded, unique, and not refused again later."""
    person = someone().actor
    vendor, actor = make.begun(person)
    right = make.credit_code(7)
    odd = right[:-1] + ("0" if right[-1] != "0" else "1")

    with pytest.raises(Invalid) as refusal:
        save_code(vendor, actor, odd)
    assert "tick the box" in refusal.value.fields["credit_code"][0].remedy  # type: ignore[union-attr]
    with pytest.raises(Invalid) as refusal:
        save_code(vendor, actor, odd, as_printed=True)
    assert set(refusal.value.fields) == {"paper"}

    paper = files.given(actor)
    save_code(vendor, actor, odd, as_printed=True, paper=paper.code)
    operations.save_contact(vendor.code, representative="甲", contact_name="乙", contact_phone=make.PHONE, by=actor)
    operations.save_undertakings(vendor.code, given=list(rules.UNDERTAKINGS), no_ties=True, by=actor)
    operations.hand_in(vendor.code, by=actor)
    assert queries.shown_credit_code(queries.vendor(vendor.code)) is None

    answers = make.all_yes(vendor)
    with pytest.raises(Invalid, match="genuine"):
        operations.check_application(vendor.code, answers | {"credit_code": rules.Answer(True)}, by=make.OPERATOR)
    operations.check_application(vendor.code, answers, by=make.OPERATOR)
    row = queries.vendor(vendor.code)
    assert (row.credit_code_override, queries.shown_credit_code(row)) == ("营业执照原件所示", odd)
    assert "CreditCodeOverridden" in told(vendor.code)

    # later edits do not fall back into refusal
    assert save_code(row, actor, odd, address="某路 2 号").address == "某路 2 号"
    # the same code again from another account
    other, other_actor = make.written(someone().actor, 8, name="另一家")
    other_paper = files.given(other_actor)
    save_code(other, other_actor, odd, as_printed=True, paper=other_paper.code)
    with pytest.raises(Conflict, match="in the market already"):
        operations.hand_in(other.code, by=other_actor)


def test_a_persons_number_in_the_firms_field_is_asked_back_and_never_shown_unasked(
    app: Flask, someone: Callable
) -> None:
    """KF-INT-03: vector ID-25 typed by a sole trader: refused, and after his word still hidden until an operator decides."""
    vendor, actor = make.begun(someone().actor, "测试个体户")
    with pytest.raises(Invalid) as refusal:
        save_code(vendor, actor, ID_25, legal_form=LegalForm.SOLE_TRADER)
    assert ID_25 not in str(refusal.value)

    paper = files.given(actor)
    save_code(vendor, actor, ID_25, legal_form=LegalForm.SOLE_TRADER, as_printed=True, paper=paper.code)
    row = queries.vendor(vendor.code)
    assert public_facts.short(row)["credit_code"] is None
    assert [one.kind for one in queries.questions_about(row)][1] is rules.QuestionKind.CREDIT_CODE
    facts = " ".join(str(entry.facts) for entry in db.session.scalars(select(AuditEntry)))
    assert ID_25 not in facts, "nor does it enter the record"


def test_a_draft_blocks_nobodys_credit_code(app: Flask, someone: Callable) -> None:
    """Somebody who types a stranger's code first must not keep the stranger out."""
    make.written(someone().actor, 7, name="抢先的人")
    vendor, _ = make.handed_in(someone().actor, 7)
    assert vendor.state is VendorState.APPLIED


# The check --------------------------------------------------------------------------------------------------------------


def test_one_no_returns_it_with_the_exact_reason_and_the_way_back(app: Flask, someone: Callable) -> None:
    person = someone().actor
    vendor, actor = make.written(person)
    licence = make.give_licence(vendor, actor, document=files.given(actor).code, number="测-77")
    operations.hand_in(vendor.code, by=actor)
    key = f"licence-{licence.code}"
    no = rules.Answer(False, "dates_differ", "证书上写的是 2026-12-31")

    assert not operations.check_application(vendor.code, make.all_yes(vendor) | {key: no}, by=make.OPERATOR)

    row = queries.vendor(vendor.code)
    assert (row.state, row.step) == (VendorState.RETURNED, rules.STEPS["licences"])
    assert row.reasons == [{"question": key, "code": "dates_differ", "text": "证书上写的是 2026-12-31"}]
    assert queries.licence(licence.code).state == "refused"
    # what was answered yes and stays as it was is not asked again; the licence is
    asked = queries.questions_about(row)
    unchanged = {q.key for q in asked if row.passed.get(q.key) == queries.digest_of(row, q)}
    assert unchanged == {"firm", "representative", "undertakings"}

    # handed in again with the licence taken out
    make.licence_operations.remove_licence(licence.code, by=actor)
    operations.hand_in(vendor.code, by=actor)
    assert operations.check_application(vendor.code, make.all_yes(row), by=make.OPERATOR)
    assert queries.vendor(vendor.code).reasons == []


def test_a_reason_that_shuts_out_is_refused_and_nothing_is_decided(app: Flask, someone: Callable) -> None:
    """FC-LOC-02: an operator cannot send somebody away for having no local branch."""
    vendor, _ = make.handed_in(someone().actor)
    answers = make.all_yes(vendor) | {"firm": rules.Answer(False, "other", "请先在西安设立分支机构")}
    with pytest.raises(Invalid, match="分支机构"):
        operations.check_application(vendor.code, answers, by=make.OPERATOR)
    assert queries.vendor(vendor.code).state is VendorState.APPLIED


def test_of_two_operators_one_decides_and_the_other_is_told(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    answers = make.all_yes(vendor)
    operations.check_application(vendor.code, answers, by=make.OPERATOR)
    with pytest.raises(WrongState, match="decided already"):
        operations.check_application(vendor.code, answers, by=someone(Role.OPERATOR).actor)
    assert told(vendor.code).count("VendorAccepted") == 1


def test_an_answer_after_the_deadline_is_recorded_as_late(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    with clock.frozen(datetime(2026, 3, 6, 16, 0, tzinfo=UTC)):
        operations.check_application(vendor.code, make.all_yes(vendor), by=make.OPERATOR)
        span = (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC))
        assert queries.checked_in(*span) == (0, 1)


# Others -----------------------------------------------------------------------------------------------------------------


def test_a_vendor_of_others_does_not_exist_for_anybody_else(app: Flask, someone: Callable) -> None:
    """KF-ACC-05."""
    vendor, _ = make.written(someone().actor)
    _, stranger = make.written(someone().actor, 2, name="别家")
    for act in (
        lambda by: operations.save_firm(vendor.code, name="改名", by=by),
        lambda by: operations.save_contact(vendor.code, contact_name="改", by=by),
        lambda by: operations.hand_in(vendor.code, by=by),
        lambda by: operations.withdraw_vendor(vendor.code, by=by),
        lambda by: make.give_licence(vendor, by),
        lambda by: make.add_practitioner(vendor, by),
    ):
        for by in (stranger, someone().actor, make.OPERATOR):
            with pytest.raises(NotFound):
                act(by)


def test_personal_data_are_sealed_in_the_database_and_absent_from_the_record(app: Flask, someone: Callable) -> None:
    vendor, actor = make.written(someone().actor)
    make.add_practitioner(vendor, actor, name="某测试甲")
    db.session.flush()
    rows = [
        *db.session.execute(db.text("select representative, contact_name, contact_phone from vendor")).one(),
        *db.session.execute(db.text("select name, id_number from practitioner")).one(),
    ]
    stored = " ".join(rows)
    recorded = " ".join(str(entry.facts) for entry in db.session.scalars(select(AuditEntry)))
    for secret in ("测试代表", "测试联系人", make.PHONE, "某测试甲", make.resident_id(1)):
        assert secret not in stored
        assert secret not in recorded
