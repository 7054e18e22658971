"""Pages of vendors: the journey through the five steps, the operator's check, what the public sees, and what nobody else may."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from market import outbox
from market.db import db
from market.kernel.actor import Role
from market.record.models import AuditEntry
from market.record.queries import history_of
from market.vendors import operations, queries, rules
from market.vendors.models import Vendor
from market.vendors.states import VendorState
from tests.integration.factories import documents as files
from tests.integration.factories import vendors as make


def acting(vendor: Vendor, someone: Callable) -> Any:
    """A person of this vendor, signed in."""
    return someone(Role.VENDOR, organisation=vendor.organisation)


FIRM = {
    "name": "测试测绘有限公司",
    "legal_form": "company",
    "credit_code": make.credit_code(7),
    "address": "某路 1 号",
    "languages": "zh",
}
CONTACT = {"representative": "测试代表", "contact_name": "测试联系人", "contact_phone": "+86 199 9999 9999"}
LICENCE = {
    "kind": "测绘资质", "level": "乙级", "number": "YS-2027-12-31-1", "issuer": "某省厅", "valid_from": "2022-01-01",
    "valid_to": "2027年12月31日",
}  # fmt: skip
PERSON = {
    "name": "测试人员",
    "id_number": make.resident_id(3),
    "profession": "一级造价工程师",
    "registration": "建[造]11610000001",
}
UNDERTAKEN = {"given": list(rules.UNDERTAKINGS), "no_ties": "1"}


def test_from_nothing_to_a_public_page(app: Flask, someone: Callable) -> None:
    """A person without any role applies in five steps, an operator answers every question, the page is public."""
    person, operator = someone(), someone(Role.OPERATOR)
    browser = person.client

    step = browser.submit("/vendors/apply", {"name": "测试测绘有限公司"})
    assert step.location == "/desk/vendor/firm", "the person acts for the vendor from here on"
    step = browser.submit("/desk/vendor/firm", FIRM)
    assert step.location == "/desk/vendor/contact"
    step = browser.submit("/desk/vendor/contact", CONTACT)
    assert step.location == "/desk/vendor/licences"
    browser.submit("/desk/vendor/licences", LICENCE)
    step = browser.submit("/desk/vendor/licences", {"onward": "1"})
    assert step.location == "/desk/vendor/staff"
    step = browser.submit("/desk/vendor/staff", {**PERSON, "onward": "1"})
    assert step.location == "/desk/vendor/undertakings", "what was typed is saved when one goes on"
    done = browser.submit("/desk/vendor/undertakings", {**UNDERTAKEN, "hand_in": "1"})
    assert done.status_code == 422, done.text  # the registry has not answered, and there is no file
    assert "没有文件" in done.text
    outbox.drain()
    done = browser.submit("/desk/vendor/undertakings", {**UNDERTAKEN, "hand_in": "1"}, follow_redirects=True)
    assert "3月6日" in done.text

    vendor = db.session.scalars(select(Vendor)).one()
    assert vendor.contact_phone == make.PHONE
    assert operator.client.get("/desk/entry").text.count(vendor.name) == 1
    page = operator.client.get(f"/desk/entry/{vendor.code}").text
    answers = {f"answer-{question.key}": "yes" for question in queries.questions_about(vendor)}
    assert all(f'name="{name}"' in page for name in answers)
    assert operator.client.submit(f"/desk/entry/{vendor.code}", answers).location == "/desk/entry"

    public = app.test_client().get(f"/vendors/{vendor.code}").text
    shown = (
        "测试测绘有限公司",
        make.credit_code(7),
        "公司",
        "测绘资质",
        "YS-2027-12-31-1",
        "2027-12-31",
        "新入驻",
        "一级造价工程师",
    )
    for one in shown:
        assert one in public, one
    assert vendor.name in app.test_client().get("/vendors").text


def test_what_is_wrong_is_said_at_the_field_and_everything_typed_is_still_there(app: Flask, someone: Callable) -> None:
    vendor, _ = make.begun(someone().actor)
    browser = acting(vendor, someone).client
    wrong = FIRM | {"credit_code": "91610100MA000007", "introduction": "我们的介绍"}
    page = browser.submit("/desk/vendor/firm", wrong)
    assert page.status_code == 422
    for kept in ("91610100MA000007", "某路 1 号", "我们的介绍", "16"):
        assert kept in page.text
    assert 'href="#f-credit_code"' in page.text


def test_a_step_can_be_left_half_filled_and_found_again(app: Flask, someone: Callable) -> None:
    vendor, _ = make.begun(someone().actor)
    browser = acting(vendor, someone).client
    half = {"name": vendor.name, "address": "某路 1 号"}
    assert browser.submit("/desk/vendor/firm", half).status_code == 422, "going on asks for the rest"
    assert browser.submit("/desk/vendor/firm", half | {"later": "1"}).location == "/desk/vendor"
    assert 'value="某路 1 号"' in browser.get("/desk/vendor/firm").text


def test_a_file_of_a_refused_form_is_kept_and_one_that_is_not_taken_stays_with_its_reason(
    app: Flask, someone: Callable
) -> None:
    vendor, _ = make.begun(someone().actor)
    browser = acting(vendor, someone).client

    def upload(content: bytes, name: str, **changes: str) -> Any:
        data = {**LICENCE, "number": "测-9", **changes, "file": (io.BytesIO(content), name)}
        return browser.submit("/desk/vendor/licences", data, content_type="multipart/form-data")

    # the number is missing: the file has arrived all the same and goes with the next try
    page = upload(files.pdf(), "证书.pdf", level="")
    assert page.status_code == 422
    kept = page.text.split('name="file_code" value="')[1].split('"')[0]
    browser.submit("/desk/vendor/licences", {**LICENCE, "number": "测-9", "file_code": kept})
    [licence] = queries.licences_of(vendor.id)
    assert licence.document is not None
    assert licence.document.code == kept

    page = browser.get("/desk/vendor/licences").text
    assert "证书.pdf" in page

    # a file that is none: the licence is in the list, with the reason beside it
    upload(b"MZ this is a program", "证书.exe", number="测-10")
    refused = queries.licences_of(vendor.id)[1]
    assert refused.document is None
    page = browser.get("/desk/vendor/licences").text
    assert "证书.exe" in page
    assert "测-10" in page


def test_a_strangers_file_is_not_taken_over(app: Flask, someone: Callable) -> None:
    """KF-ACC-05: the hidden field with the file's code is typed by hand."""
    mine, _ = make.begun(someone().actor)
    _, others_actor = make.begun(someone().actor, "别家")
    document = files.given(others_actor)
    answer = acting(mine, someone).client.submit("/desk/vendor/licences", {**LICENCE, "file_code": document.code})
    assert answer.status_code == 404
    assert queries.licences_of(mine.id) == []


# The operator -----------------------------------------------------------------------------------------------------------


def test_each_time_staff_open_personal_data_is_kept_and_shown_to_the_vendor(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    operator = someone(Role.OPERATOR)
    for _ in range(2):
        assert operator.client.get(f"/desk/entry/{vendor.code}").status_code == 200
    reads = [e for e in db.session.scalars(history_of(vendor.code)) if e.event == "PersonalDataRead"]
    assert [read.person for read in reads] == [operator.person.code] * 2
    assert "representative" in reads[0].facts["fields"]
    assert acting(vendor, someone).client.get("/desk/vendor/history").text.count("工作人员查看了个人信息") == 2


def test_a_refused_answer_shows_the_check_again_with_everything_answered(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    operator = someone(Role.OPERATOR).client
    typed = {"answer-firm": "no", "text-firm": "请先办理外地备案", "answer-representative": "yes"}
    page = operator.submit(f"/desk/entry/{vendor.code}", typed)
    assert page.status_code == 422
    assert "外地" in page.text
    assert "请选“符合”或“不符合”。" in page.text
    assert 'id="y-representative" value="yes" checked' in page.text


def test_the_second_operator_reads_a_clear_sentence(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    answers = {f"answer-{question.key}": "yes" for question in queries.questions_about(vendor)}
    first, second = someone(Role.OPERATOR).client, someone(Role.OPERATOR).client
    assert first.submit(f"/desk/entry/{vendor.code}", answers).status_code == 302
    page = second.submit(f"/desk/entry/{vendor.code}", answers)
    assert page.status_code == 409
    assert "已有结论" in page.text


def test_an_operator_of_one_district_checks_entry_of_the_whole_city(app: Flask, someone: Callable) -> None:
    vendor, _ = make.handed_in(someone().actor)
    assert someone(Role.OPERATOR, district="610117").client.get(f"/desk/entry/{vendor.code}").status_code == 200


def test_suspended_by_the_page_with_reason_and_basis(app: Flask, someone: Callable) -> None:
    vendor, _ = make.active(someone().actor)
    operator = someone(Role.OPERATOR).client
    form = {"verb": "suspend", "reason": "三份报告中的检测数据与原始记录不符。", "basis": "第七十一条"}
    assert operator.submit(f"/desk/vendors/{vendor.code}", form | {"basis": ""}).status_code == 422
    assert operator.submit(f"/desk/vendors/{vendor.code}", form).status_code == 302
    for page in (app.test_client().get(f"/vendors/{vendor.code}"), acting(vendor, someone).client.get("/desk/vendor")):
        assert "三份报告中的检测数据" in page.text
        assert "3月25日" in page.text


def test_a_change_is_answered_on_its_page(app: Flask, someone: Callable) -> None:
    vendor, _ = make.active(someone().actor)
    browser = acting(vendor, someone).client
    browser.submit("/desk/vendor/contact", CONTACT | {"representative": "新任代表"})
    [change] = queries.open_changes(vendor.id)
    operator = someone(Role.OPERATOR).client
    assert "新任代表" in operator.get(f"/desk/entry/changes/{change.code}").text
    assert operator.submit(f"/desk/entry/changes/{change.code}", {"answer": "no"}).status_code == 422
    assert operator.submit(f"/desk/entry/changes/{change.code}", {"answer": "yes"}).status_code == 302
    assert queries.vendor(vendor.code).representative == "新任代表"


# Others -----------------------------------------------------------------------------------------------------------------

ENTRY = (
    "/desk/entry",
    "/desk/entry/{vendor}",
    "/desk/entry/changes/{change}",
    "/desk/vendors",
    "/desk/vendors/{vendor}",
)


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.VENDOR, Role.COUNTER, Role.AUDITOR])
def test_the_operators_pages_are_closed_to_others(app: Flask, someone: Callable, role: Role | None) -> None:
    """KF-ACC-05."""
    vendor, actor = make.active(someone().actor)
    operations.save_contact(vendor.code, representative="新", contact_name="新", contact_phone=make.PHONE, by=actor)
    [change] = queries.open_changes(vendor.id)
    browser = acting(vendor, someone).client if role is Role.VENDOR else someone(role).client
    for path in ENTRY:
        address = path.format(vendor=vendor.code, change=change.code)
        assert browser.get(address).status_code == 403, address
        assert browser.submit(address, {"answer": "yes"}).status_code in (403, 405), address
    assert [e for e in db.session.scalars(history_of(vendor.code)) if e.event == "PersonalDataRead"] == []


def test_what_belongs_to_another_vendor_answers_as_if_it_were_not_there(app: Flask, someone: Callable) -> None:
    """KF-ACC-05: licences and professionals of others, read and changed."""
    vendor, actor = make.written(someone().actor)
    licence, person = make.give_licence(vendor, actor), make.add_practitioner(vendor, actor)
    stranger, _ = make.written(someone().actor, 2, name="别家")
    browser = acting(stranger, someone).client
    answers = [
        browser.get(f"/desk/vendor/licences/{licence.code}"),
        browser.submit(f"/desk/vendor/licences/{licence.code}", LICENCE),
        browser.submit(f"/desk/vendor/licences/{licence.code}/remove"),
        browser.submit(f"/desk/vendor/staff/{person.code}/leave"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert not any(licence.number in answer.text for answer in answers)
    assert (queries.licence(licence.code).state, person.left_at) == ("given", None)


@pytest.mark.parametrize("state", ["draft", "applied", "returned", "left while applying"])
def test_an_application_is_nobodys_business(app: Flask, someone: Callable, state: str) -> None:
    vendor, actor = make.handed_in(someone().actor) if state != "draft" else make.written(someone().actor)
    if state == "returned":
        answers = make.all_yes(vendor) | {"firm": rules.Answer(False, "incomplete")}
        operations.check_application(vendor.code, answers, by=make.OPERATOR)
    if state == "left while applying":
        operations.withdraw_vendor(vendor.code, by=actor)
    visitor = app.test_client()
    assert visitor.get(f"/vendors/{vendor.code}").status_code == 404
    assert visitor.get(f"/api/v1/vendors/{vendor.code}").status_code == 404
    assert visitor.get("/api/v1/vendors").get_json()["total"] == 0


def test_the_public_page_and_api_tell_no_personal_data(app: Flask, someone: Callable) -> None:
    vendor, actor = make.written(someone().actor)
    make.add_practitioner(vendor, actor, name="某测试甲", registration="建[造]11610000001")
    operations.hand_in(vendor.code, by=actor)
    operations.check_application(vendor.code, make.all_yes(vendor), by=make.OPERATOR)
    visitor = app.test_client()
    seen = visitor.get(f"/vendors/{vendor.code}").text + visitor.get(f"/api/v1/vendors/{vendor.code}").text
    for secret in (
        "测试代表",
        "测试联系人",
        make.PHONE,
        "某测试甲",
        make.resident_id(1),
        "11610000001",
        vendor.address or "",
    ):
        assert secret not in seen, secret
    assert "建[**" in seen


def test_the_api_gives_permitted_fields_only(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor, 7)
    make.give_licence(vendor, actor)
    outbox.drain()
    body = app.test_client().get(f"/api/v1/vendors/{vendor.code.lower()}").get_json()
    assert set(body) == {
        "code", "name", "state", "credit_code", "legal_form", "introduction", "languages", "accepted_at", "standing_reason",
        "standing_basis", "appeal_until", "licences", "professions", "standing",
    }  # fmt: skip
    assert body["licences"] == [
        {
            "kind": "测绘资质", "level": "乙级", "number": "YS-2027-12-31-0001", "issuer": "测试发证机关",
            "valid_from": "2022-01-01", "valid_to": "2027-12-31", "state": "valid", "confirmed_by": "registry",
            "registry_checked_at": body["licences"][0]["registry_checked_at"],
        }
    ]  # fmt: skip
    assert body["credit_code"] == make.credit_code(7)


# Order and cost ---------------------------------------------------------------------------------------------------------


def test_the_list_stands_in_the_neutral_order_of_the_day(app: Flask, someone: Callable) -> None:
    from market.kernel.ordering import column_of, vendor_numbers

    codes = [make.active(someone().actor, number, name=f"公司{number}")[0].code for number in range(1, 6)]
    for day in (date(2026, 3, 4), date(2026, 3, 5), date(2026, 4, 1)):
        listed = [row.code for row in db.session.scalars(queries.open_vendors(day))]
        assert listed == sorted(codes, key=lambda code: vendor_numbers(code)[column_of(day)])


def statements(act: Callable[[], object]) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(db.engine, "before_cursor_execute", counted)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", counted)
    return count


def test_the_list_costs_the_same_for_two_vendors_and_for_eight(app: Flask, someone: Callable) -> None:
    visitor, counts = app.test_client(), []
    for number in range(1, 9):
        make.active(someone().actor, number, name=f"公司{number}")
        if number in (2, 8):
            db.session.expire_all()
            visitor.get("/vendors")
            counts.append(statements(lambda: visitor.get("/vendors")))
    assert counts[0] == counts[1] <= 6


def test_the_desk_of_a_vendor_in_each_state(app: Flask, someone: Callable) -> None:
    vendor, actor = make.written(someone().actor)
    browser = acting(vendor, someone).client
    seen = [browser.get("/desk/vendor")]
    operations.hand_in(vendor.code, by=actor)
    seen.append(browser.get("/desk/vendor"))
    answers = make.all_yes(vendor) | {"firm": rules.Answer(False, "incomplete", "缺副本页")}
    operations.check_application(vendor.code, answers, by=make.OPERATOR)
    seen.append(browser.get("/desk/vendor"))
    assert "缺副本页" in seen[-1].text
    assert "缺副本页" in browser.get("/desk/vendor/firm").text
    operations.hand_in(vendor.code, by=actor)
    operations.check_application(vendor.code, make.all_yes(vendor), by=make.OPERATOR)
    seen.append(browser.get("/desk/vendor"))
    browser.submit("/desk/vendor/leave", {"sure": "1"})
    seen.append(browser.get("/desk/vendor"))
    assert queries.vendor(vendor.code).state is VendorState.WITHDRAWN
    assert browser.submit("/desk/vendor/reapply").location == "/desk/vendor/firm"
    assert [page.status_code for page in seen] == [200] * 5


def test_every_page_speaks_english_too(app: Flask, someone: Callable) -> None:
    vendor, actor = make.active(someone().actor)
    make.give_licence(vendor, actor)
    browser, operator = acting(vendor, someone).client, someone(Role.OPERATOR).client
    paths = ("", "/firm", "/contact", "/licences", "/staff", "/undertakings", "/ties", "/history", "/leave")
    pages = [browser.get(f"/desk/vendor{path}?lang=en") for path in paths]
    pages += [
        operator.get(f"{path}?lang=en") for path in ("/desk/entry", "/desk/vendors", f"/desk/vendors/{vendor.code}")
    ]
    pages += [app.test_client().get(f"{path}?lang=en") for path in ("/vendors", f"/vendors/{vendor.code}")]
    assert [page.status_code for page in pages] == [200] * len(pages)


def test_staff_readings_are_the_only_reads_in_the_record(app: Flask, someone: Callable) -> None:
    """Looking at public pages leaves nothing."""
    vendor, _ = make.active(someone().actor)
    before = len(list(db.session.scalars(select(AuditEntry))))
    app.test_client().get(f"/vendors/{vendor.code}")
    assert len(list(db.session.scalars(select(AuditEntry)))) == before


@pytest.mark.parametrize("typed", ["lower", "spaced", "wide", "part", "name", "code", "nobody", "wild"])
def test_staff_find_a_vendor_however_the_code_is_typed(app: Flask, someone: Callable, typed: str) -> None:
    """KF-INT-01: lower case, spaces and full width find it; a wildcard finds nothing of its own."""
    vendor, _ = make.handed_in(someone().actor, 7)
    right = make.credit_code(7)
    words = {
        "lower": right.lower(),
        "spaced": f"{right[:8]} {right[8:]}",
        "wide": right.translate({0x21 + i: 0xFF01 + i for i in range(94)}),
        "part": right[2:12],
        "name": "测绘",
        "code": vendor.code.lower(),
        "nobody": make.credit_code(8),
        "wild": "%_%",
    }
    found = [row.code for row in db.session.scalars(queries.vendors_for_staff(words[typed]))]
    assert found == ([] if typed in ("nobody", "wild") else [vendor.code])
