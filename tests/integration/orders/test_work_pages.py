"""Pages of contract, work and disputes in a browser without scripts."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from market.documents.rules import Purpose
from market.kernel.calendar import last_day
from market.orders import dispute_operations, work_operations, work_queries
from market.orders.states import ContractState, OrderState
from tests.integration.factories import documents as files
from tests.integration.factories import work
from tests.integration.factories.accounts import PASSWORD

WORDS = "成果与约定不符，少了一个社区的走访记录，要求退还部分款项。"


def pdf(name: str = "报告.pdf", text: str = "报告") -> tuple[io.BytesIO, str]:
    return io.BytesIO(files.pdf(text)), name


def sign_url(made: work.Work) -> str:
    return f"/orders/{made.code}/contracts/{made.contract().code}"


# The contract -----------------------------------------------------------------------------------------------------------


def test_the_contract_is_read_and_signed_with_the_password(app: Flask) -> None:
    made = work.awarded()
    buyer, vendor = work.browser(app, made.buyer), work.browser(app, made.vendor)
    page = buyer.get(sign_url(made))
    assert page.status_code == 200
    for words in (
        "社会稳定风险评估服务合同",
        "测试评估有限公司1",
        "壹万贰仟元零壹分",
        made.contract().digest[:32],
        "<svg",
    ):
        assert words in page.text
    for browser in (buyer, vendor):
        answer = browser.submit(sign_url(made), {"read": "1", "password": PASSWORD})
        assert (answer.status_code, answer.location) == (302, f"/orders/{made.code}")
    assert made.fresh().state is OrderState.CONTRACTED
    assert buyer.get(sign_url(made)).text.count("wm-proof") >= 2


@pytest.mark.parametrize("typed", [{"password": PASSWORD}, {"read": "1", "password": "not my password"}, {"read": "1"}])
def test_without_reading_or_the_right_password_nothing_is_signed(app: Flask, typed: dict[str, str]) -> None:
    made = work.awarded()
    answer = work.browser(app, made.buyer).submit(sign_url(made), typed)
    assert answer.status_code == 422
    assert "wm-errors" in answer.text
    assert PASSWORD not in answer.text
    assert made.contract().signatures == []


def test_guesses_at_the_password_pause_like_those_at_sign_in(app: Flask) -> None:
    made = work.awarded()
    browser = work.browser(app, made.buyer)
    answers = [browser.submit(sign_url(made), {"read": "1", "password": f"guess {n}"}).status_code for n in range(6)]
    assert answers[:5] == [422] * 5
    assert answers[5] == 429
    assert browser.submit(sign_url(made), {"read": "1", "password": PASSWORD}).status_code == 429


def test_the_pdf_comes_before_and_after_the_job_with_the_same_bytes(app: Flask) -> None:
    made = work.awarded()
    browser = work.browser(app, made.vendor)
    now = browser.get(f"{sign_url(made)}.pdf")
    assert now.mimetype == "application/pdf"
    work.drain()
    kept = browser.get(f"/documents/{made.contract().document.code}")  # type: ignore[union-attr]
    assert kept.data == now.data


def test_the_public_page_of_a_contract_tells_nothing_personal(app: Flask, client: Any) -> None:
    made = work.contracted()
    contract = made.contract()
    page = client.get(f"/orders/contracts/{contract.code}")
    assert page.status_code == 200
    assert contract.digest[:32] in page.text
    assert "wm-proof" in page.text
    for secret in ("测试买家", "测试评估有限公司1", made.code, made.firm.code, made.buyer.person, "12,000", "测试路口"):
        assert secret not in page.text, secret


def test_a_changed_text_shows_on_the_public_page(app: Flask, client: Any) -> None:
    """KF-FIL-04: bytes that do not match are reported to everybody who looks."""
    from sqlalchemy import update

    from market.db import db
    from market.orders.models import Contract

    made = work.contracted()
    contract = made.contract()
    db.session.execute(
        update(Contract).where(Contract.id == contract.id).values(content={**contract.content, "days": 1})
    )
    db.session.commit()
    page = client.get(f"/orders/contracts/{contract.code}")
    assert "is-failed" in page.text


def test_a_change_is_proposed_kept_when_refused_and_dropped(app: Flask) -> None:
    made = work.started()
    buyer, vendor = work.browser(app, made.buyer), work.browser(app, made.vendor)
    url = f"/orders/{made.code}/amend"
    typed = {
        "title_1": "全部成果",
        "days_1": "15",
        "amount_1": "12000.01",
        "title_2": "补充走访",
        "days_2": "3",
        "amount_2": "2000",
    }
    assert "12000.01" in vendor.get(url).text
    refused = vendor.submit(url, {**typed, "days_2": "", "reason": "增加一个社区的走访，三天。"})
    assert refused.status_code == 422
    assert "增加一个社区的走访，三天。" in refused.text
    assert 'id="f-days_2-e"' in refused.text
    answer = vendor.submit(url, {**typed, "reason": "增加一个社区的走访，三天。"})
    assert answer.status_code == 302
    contract = made.contract()
    assert contract.state is ContractState.OFFERED
    assert "增加一个社区的走访" in buyer.get(f"/orders/{made.code}").text
    assert buyer.submit(f"/orders/{made.code}/contracts/{contract.code}/drop").status_code == 302
    assert work_queries.contract(contract.code).state is ContractState.DROPPED


def test_what_is_paid_cannot_be_changed_and_the_page_says_so(app: Flask) -> None:
    made = work.started()
    typed = {"title_1": "全部成果", "days_1": "15", "amount_1": "9999", "reason": "价格谈低一些，双方同意。"}
    refused = work.browser(app, made.vendor).submit(f"/orders/{made.code}/amend", typed)
    assert refused.status_code == 422
    assert "第 1 阶段已经付款" in refused.text
    assert "9999" in refused.text


# The work ---------------------------------------------------------------------------------------------------------------


def test_the_whole_work_by_buttons(app: Flask) -> None:
    made = work.funded()
    buyer, vendor = work.browser(app, made.buyer), work.browser(app, made.vendor)
    base = f"/orders/{made.code}"
    assert vendor.submit(f"{base}/start").status_code == 302
    assert (
        vendor.submit(f"{base}/pause", {"cause": "applicant", "words": "缺街道办的会议纪要，请补来。"}).status_code
        == 302
    )
    assert "缺街道办的会议纪要" in buyer.get(base).text
    assert buyer.submit(f"{base}/resume").status_code == 302
    assert (
        vendor.submit(f"{base}/extension", {"days": "3", "words": "社区走访安排在下周，需要三天。"}).status_code == 302
    )
    assert "申请延期 3 个工作日" in buyer.get(base).text
    assert buyer.submit(f"{base}/extension/answer", {"agreed": "true"}).status_code == 302
    given = vendor.submit(f"{base}/deliver", {"files": [pdf(), pdf("附图.pdf", "附图")], "note": "请查收。"})
    assert given.status_code == 302
    page = buyer.get(base).text
    assert "报告.pdf" in page
    assert "附图.pdf" in page
    number, round_ = (re.search(rf'name="{name}" value="(\d+)"', page)[1] for name in ("number", "round"))  # type: ignore[index]
    assert (
        buyer.submit(f"{base}/rework", {"reasons": ["wrong"], "words": "第 3 页的人口数有误，请更正。"}).status_code
        == 302
    )
    assert "第 3 页的人口数有误" in vendor.get(f"{base}/deliver").text
    assert vendor.submit(f"{base}/deliver", {"files": [pdf(text="二稿")]}).status_code == 302
    stale = buyer.submit(f"{base}/accept", {"number": number, "round": round_})
    assert stale.status_code == 409
    assert "机构交付了更新的成果" in stale.text
    for _ in range(2):
        assert buyer.submit(f"{base}/accept", {"number": "1", "round": "2"}).status_code == 302
    assert made.fresh().state is OrderState.ACCEPTED


def test_a_refused_form_keeps_words_and_files(app: Flask) -> None:
    """Nothing typed is lost: the file has arrived and is ticked in the form that comes back."""
    made = work.started()
    work_operations.pause_work(made.code, "other", "等专家的意见，下周才有。", by=made.vendor)
    vendor = work.browser(app, made.vendor)
    refused = vendor.submit(f"/orders/{made.code}/deliver", {"files": [pdf("初稿.pdf")], "note": "请看附录。"})
    assert refused.status_code == 409
    assert "请看附录。" in refused.text
    code = re.search(r'name="documents" value="(D-\w+)" checked', refused.text)[1]  # type: ignore[index]
    assert "初稿.pdf" in refused.text
    vendor.submit(f"/orders/{made.code}/resume")
    assert vendor.submit(f"/orders/{made.code}/deliver", {"documents": code, "note": "请看附录。"}).status_code == 302
    assert made.fresh().state is OrderState.DELIVERED


@pytest.mark.parametrize(
    ("page", "typed", "kept"),
    [
        ("pause", {"cause": "", "words": "缺街道办的会议纪要，请补来。"}, "缺街道办的会议纪要，请补来。"),
        ("extension", {"days": "0", "words": "社区走访安排在下周，需要三天。"}, "社区走访安排在下周，需要三天。"),
        ("rework", {"words": "第 3 页的人口数有误，请更正。"}, "第 3 页的人口数有误，请更正。"),
        ("dispute", {"claim": "abc", "words": WORDS}, WORDS),
    ],
)
def test_each_form_says_what_is_wrong_beside_the_field(app: Flask, page: str, typed: dict[str, str], kept: str) -> None:
    made = work.delivered() if page == "rework" else work.started()
    browser = work.browser(app, made.buyer if page in ("rework", "dispute") else made.vendor)
    assert browser.get(f"/orders/{made.code}/{page}").status_code == 200
    refused = browser.submit(f"/orders/{made.code}/{page}", typed)
    assert refused.status_code == 422
    assert "wm-errors" in refused.text
    assert kept in refused.text


def test_a_message_sent_by_two_clicks_is_one(app: Flask) -> None:
    made = work.started()
    buyer = work.browser(app, made.buyer)
    key = re.search(r'name="form_key" value="(X-\w+)"', buyer.get(f"/orders/{made.code}").text)[1]  # type: ignore[index]
    for _ in range(2):
        sent = buyer.submit(
            f"/orders/{made.code}/messages", {"text": "请先看附图。", "form_key": key, "files": [pdf("附图.pdf")]}
        )
        assert sent.status_code == 302
    assert len(work_queries.messages_of(made.fresh())) == 1
    empty = buyer.submit(f"/orders/{made.code}/messages", {"text": "  ", "form_key": "X-2"})
    assert empty.status_code == 422
    assert "请先看附图。" in work.browser(app, made.vendor).get(f"/orders/{made.code}").text


def test_a_button_that_no_longer_fits_shows_the_page_as_it_stands(app: Flask) -> None:
    made = work.started()
    answer = work.browser(app, made.vendor).submit(f"/orders/{made.code}/resume")
    assert answer.status_code == 409
    assert "计时正在进行" in answer.text
    assert "测试路口改造项目" in answer.text


def test_the_vendor_s_list_is_by_deadline(app: Flask) -> None:
    made = work.started()
    page = work.browser(app, made.vendor).get("/desk/deliveries")
    assert page.status_code == 200
    assert made.code in page.text
    assert "3月25日" in page.text


# Disputes ---------------------------------------------------------------------------------------------------------------


def test_a_dispute_from_opening_to_decision(app: Flask) -> None:
    made = work.delivered()
    buyer, vendor, operator = (work.browser(app, one) for one in (made.buyer, made.vendor, made.operator))
    opened = buyer.submit(f"/orders/{made.code}/dispute", {"claim": "3000", "words": WORDS, "files": [pdf("照片.pdf")]})
    assert opened.status_code == 302
    url = opened.location
    queue = operator.get("/desk/disputes").text
    assert made.order.title in queue
    assert "3,000.00" in queue
    assert vendor.submit(url, {"text": "该社区当日封闭，已补电话访谈。"}).status_code == 302
    page = operator.get(url).text
    assert WORDS in page
    assert "照片.pdf" in page
    assert "该社区当日封闭" in page
    wrong = operator.submit(f"{url}/decide", {"outcome": "settle", "buyer": "3000", "vendor": "1", "reasons": WORDS})
    assert wrong.status_code == 422
    assert "12,000.01" in wrong.text
    assert WORDS in wrong.text
    right = operator.submit(
        f"{url}/decide", {"outcome": "settle", "buyer": "3000", "vendor": "9000.01", "reasons": WORDS}
    )
    assert right.status_code == 302
    assert made.fresh().state is OrderState.ACCEPTED
    seen = buyer.get(url).text
    assert "视为完成" in seen
    assert "¥3,000.00" in seen


def test_only_the_operator_decides_and_only_its_opener_withdraws(app: Flask) -> None:
    made = work.delivered()
    dispute = dispute_operations.open_dispute(made.code, 1, WORDS, by=made.buyer)
    buyer, vendor = work.browser(app, made.buyer), work.browser(app, made.vendor)
    assert buyer.get(f"/disputes/{dispute.code}/decide").status_code == 403
    assert vendor.submit(f"/disputes/{dispute.code}/withdraw").status_code == 403
    assert buyer.submit(f"/disputes/{dispute.code}/withdraw").status_code == 302
    assert made.fresh().state is OrderState.DELIVERED


# Strangers --------------------------------------------------------------------------------------------------------------

#: every address of an order that a stranger may try: method and path
ADDRESSES = [
    ("GET", "/orders/{order}"), ("GET", "/orders/{order}/contract"), ("GET", "/orders/{order}/contracts/{contract}"),
    ("POST", "/orders/{order}/contracts/{contract}"), ("GET", "/orders/{order}/contracts/{contract}.pdf"),
    ("POST", "/orders/{order}/contracts/{contract}/drop"), ("GET", "/orders/{order}/amend"), ("POST", "/orders/{order}/amend"),
    ("POST", "/orders/{order}/start"), ("GET", "/orders/{order}/pause"), ("POST", "/orders/{order}/pause"),
    ("POST", "/orders/{order}/resume"), ("GET", "/orders/{order}/extension"), ("POST", "/orders/{order}/extension"),
    ("POST", "/orders/{order}/extension/answer"), ("GET", "/orders/{order}/deliver"), ("POST", "/orders/{order}/deliver"),
    ("POST", "/orders/{order}/accept"), ("GET", "/orders/{order}/rework"), ("POST", "/orders/{order}/rework"),
    ("POST", "/orders/{order}/messages"), ("GET", "/orders/{order}/dispute"), ("POST", "/orders/{order}/dispute"),
    ("GET", "/disputes/{dispute}"), ("POST", "/disputes/{dispute}"), ("POST", "/disputes/{dispute}/withdraw"),
    ("GET", "/documents/{document}"),
]  # fmt: skip
TYPED = {
    "read": "1", "password": PASSWORD, "cause": "other", "words": WORDS, "days": "3", "agreed": "true", "reasons": "wrong",
    "text": WORDS, "claim": "1", "title_1": "一", "days_1": "1", "amount_1": "1", "reason": WORDS,
}  # fmt: skip


def test_another_person_s_order_answers_404_everywhere_without_a_word_of_it(app: Flask) -> None:
    """KF-ACC-05: another citizen, another vendor and a visitor, by every address, read and change nothing."""
    made = work.delivered()
    contract = made.contract().code
    dispute = dispute_operations.open_dispute(made.code, 1, WORDS, by=made.buyer).code
    delivery = work_queries.last_delivery(work_queries.milestones_of(made.fresh())[0])
    assert delivery is not None
    names = {"order": made.code, "contract": contract, "dispute": dispute, "document": delivery.documents[0]}
    before = made.fresh().updated_at, made.order.state
    citizen, rival, _ = work.sides(2)
    for who in (work.browser(app, citizen), work.browser(app, rival)):
        for method, path in ADDRESSES:
            url = path.format(**names)
            answer = who.get(url) if method == "GET" else who.submit(url, TYPED)
            assert answer.status_code == 404, (method, path, answer.status_code)
            for secret in ("测试路口", "测试买家1", "测试评估有限公司1", "12,000", WORDS):
                assert secret not in answer.text or (secret == WORDS and method == "POST"), (method, path, secret)
    visitor = app.test_client()
    for method, path in ADDRESSES:
        url = path.format(**names)
        answer = visitor.get(url) if method == "GET" else visitor.submit(url, TYPED)  # type: ignore[attr-defined]
        assert answer.status_code in (302, 401), (method, path)
        assert "测试路口" not in answer.text
    assert (made.fresh().updated_at, made.order.state) == before


def test_a_contract_of_another_order_is_not_found_under_one_s_own(app: Flask) -> None:
    mine, other = work.awarded(1), work.awarded(2)
    browser = work.browser(app, mine.buyer)
    foreign = other.contract().code
    for path in (f"/orders/{mine.code}/contracts/{foreign}", f"/orders/{mine.code}/contracts/{foreign}.pdf"):
        assert browser.get(path).status_code == 404
    assert browser.submit(f"/orders/{mine.code}/contracts/{foreign}/drop").status_code == 404


def test_an_official_s_reading_is_recorded(app: Flask) -> None:
    from market.db import db
    from market.record.queries import history_of

    made = work.started()
    assert work.browser(app, made.operator).get(f"/orders/{made.code}").status_code == 200
    assert "OrderRead" in [entry.event for entry in db.session.scalars(history_of(made.code))]


# The calendar -----------------------------------------------------------------------------------------------------------


def feeds(page: str) -> list[str]:
    return [re.sub(r"^https?://[^/]+", "", url) for url in re.findall(r'href="([^"]+\.ics)"', page)]


def test_the_calendar_is_read_without_signing_in_by_its_address_alone(app: Flask, client: Any) -> None:
    made = work.started(milestones=True)
    one, every = feeds(work.browser(app, made.vendor).get(f"/orders/{made.code}").text)
    for url in (one, every):
        answer = client.get(url)
        assert answer.mimetype == "text/calendar"
        events = Calendar.from_ical(answer.data).walk("VEVENT")
        assert [event.decoded("dtstart").isoformat() for event in events] == [
            row.due_on.isoformat() for row in work_queries.milestones_of(made.fresh()) if row.due_on
        ]
        assert "测试买家" not in answer.text


def test_the_calendar_of_all_holds_what_a_vendor_sells_and_what_its_firm_buys(app: Flask, client: Any) -> None:
    sold = work.started()
    bought = work.awarded(2, buyer=sold.vendor, for_organisation=True)
    other = work.started(3)
    _, every = feeds(work.browser(app, sold.vendor).get(f"/orders/{sold.code}").text)
    events = Calendar.from_ical(client.get(every).data).walk("VEVENT")
    found = sorted((str(event["description"]), str(event["uid"]).split("-")[0]) for event in events)
    assert found == sorted([(sold.code, "stage"), (bought.code, "sign")])
    assert other.code not in client.get(every).text


def test_the_calendar_follows_what_is_waited_for(app: Flask, client: Any) -> None:
    made = work.delivered()
    one, _ = feeds(work.browser(app, made.buyer).get(f"/orders/{made.code}").text)
    events = {str(e["uid"]).partition("-")[0]: e for e in Calendar.from_ical(client.get(one).data).walk("VEVENT")}
    assert events["accept"].decoded("dtstart") == last_day(made.fresh().due_at)  # type: ignore[arg-type]
    assert str(events["stage"]["summary"]).startswith("✓")


def test_a_guessed_or_borrowed_address_gives_nothing(app: Flask, client: Any) -> None:
    made, other = work.started(1), work.started(2)
    one, every = feeds(work.browser(app, made.buyer).get(f"/orders/{made.code}").text)
    for url in (
        one.replace(made.code, other.code), one.replace(made.buyer.person, other.buyer.person), every[:-20] + "a" + every[-19:],
        every.replace(made.buyer.person, made.vendor.person),
    ):  # fmt: skip
        assert client.get(url).status_code == 404, url


def test_who_left_the_firm_reads_its_orders_no_more(app: Flask, client: Any) -> None:
    from market.accounts import operations as accounts
    from market.accounts import queries as account_queries

    made = work.started()
    one, every = feeds(work.browser(app, made.vendor).get(f"/orders/{made.code}").text)
    [membership] = account_queries.memberships_of(made.vendor.person)
    accounts.end_membership(membership.code, by=made.vendor)
    assert client.get(one).status_code == 404
    assert Calendar.from_ical(client.get(every).data).walk("VEVENT") == []


def test_paper_is_signed_at_the_counter(app: Flask) -> None:
    from tests.integration.factories import centres

    _, _, clerk = centres.served(work.clerk())
    from market.kernel.actor import Actor

    made = work.awarded(buyer=Actor(clerk.on_behalf_of or ""))
    browser = work.browser(app, clerk)
    url = f"{sign_url(made)}/paper"
    assert browser.get(url).status_code == 200
    missing = browser.submit(url)
    assert missing.status_code == 422
    assert browser.submit(url, {"files": [pdf("签字页.pdf")]}).status_code == 302
    [signed] = made.contract().signatures
    assert str(signed.method) == "paper"
    assert work.document(made.contract().signatures[0].document.code).purpose is Purpose.CONTRACT


def test_a_stage_that_did_not_begin_is_left_out_by_emptying_it(app: Flask) -> None:
    made = work.awarded(milestones=True)
    work.sign(made)
    work.fund(made, 1)
    vendor = work.browser(app, made.vendor)
    page = vendor.get(f"/orders/{made.code}/amend").text
    assert page.count('readonly="readonly"') == 1
    typed = {"title_1": "送审稿", "days_1": "10", "amount_1": "6000.01", "reason": "后面的阶段不做了，另行安排。"}
    assert vendor.submit(f"/orders/{made.code}/amend", typed).status_code == 302
    assert [one["title"] for one in made.contract().content["milestones"]] == ["送审稿"]
