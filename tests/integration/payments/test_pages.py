"""Pages of payments: who sees what, and the ways of money that people make: invoices, transfers, refunds, accounts."""

import re
from datetime import timedelta
from typing import Any

import pytest

from market import clock
from market.db import db
from market.kernel.actor import Role
from market.orders import work_operations
from market.orders.models import BuyerKind
from market.payments import queries
from market.payments.ledger import Account
from market.payments.posting import balance_of
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play, payment_of, payouts_of, refunds_of
from tests.integration.factories.work import Work

FEN = 100_000


@pytest.fixture
def one(play: Play) -> Work:
    """An order of 1,000.00 whose contract is signed."""
    return payments.signed(work.sides(), FEN)


@pytest.fixture
def public_order(play: Play) -> Work:
    """The same of a public body."""
    return payments.signed(work.sides(), FEN, buyer_kind=BuyerKind.PUBLIC_BODY)


def text(answer: Any) -> str:
    """The page."""
    return answer.get_data(as_text=True)


# The buyer -----------------------------------------------------------------------------------------------------------------


def test_a_buyer_goes_to_the_bank_in_one_step_and_comes_back_to_a_paid_instalment(play: Play, one: Work) -> None:
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    page = browser.get(f"/pay/{code}")
    assert page.status_code == 200
    assert "¥1,000.00" in text(page)
    assert "练习银行" in text(page)
    assert "form-action 'self' http://bank.test" in page.headers["Content-Security-Policy"]
    there = browser.submit(f"/pay/{code}", {"method": "card"})
    assert there.status_code == 303
    assert there.headers["Location"].startswith("http://bank.test/pay/che_")
    assert "form-action 'self' http://bank.test" in there.headers["Content-Security-Policy"]
    play.control("pay", checkout=play.bank.all("checkout")[0]["id"])
    play.deliver()
    back = browser.get(f"/pay/{code}/back")
    assert "已付款，由平台托管" in text(back)


def test_other_pages_let_no_form_end_elsewhere(play: Play, one: Work) -> None:
    page = work.browser(play.app, one.buyer).get(f"/orders/{one.code}")
    assert "form-action 'self';" in page.headers["Content-Security-Policy"]


def test_while_the_bank_is_away_the_page_says_so_and_goes_on_by_itself(play: Play, one: Work) -> None:
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    play.transport.away = True
    answer = browser.submit(f"/pay/{code}", {"method": "card"})
    assert answer.headers["Location"].endswith(f"/pay/{code}/back")
    assert "正在向支付服务发出请求" in text(browser.get(f"/pay/{code}/back"))
    play.transport.away = False
    with clock.frozen(clock.real() + timedelta(minutes=1)):
        payments.drain()
        assert "http://bank.test/pay/" in text(browser.get(f"/pay/{code}"))


def test_a_payment_that_was_given_up_can_be_begun_again_in_another_way(play: Play, one: Work) -> None:
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    browser.submit(f"/pay/{code}", {"method": "card"})
    assert browser.submit(f"/pay/{code}/give-up").status_code == 302
    assert payment_of(one).state == "due"
    assert "上一次付款没有完成" in text(browser.get(f"/pay/{code}"))
    assert browser.submit(f"/pay/{code}", {"method": "wallet"}).status_code == 303
    assert [row["stage"] for row in play.bank.all("checkout")] == ["failed", "open"]


def test_only_the_two_sides_and_officials_see_a_payment_and_only_the_buyer_pays(
    play: Play, one: Work, someone: Any
) -> None:
    code = payment_of(one).code
    stranger = someone(Role.BUYER).client
    for path in (f"/pay/{code}", f"/pay/{code}/back", f"/pay/{code}/invoice"):
        assert stranger.get(path).status_code == 404
    assert stranger.submit(f"/pay/{code}", {"method": "card"}).status_code == 404
    vendor = work.browser(play.app, one.vendor)
    assert vendor.get(f"/pay/{code}").status_code == 200
    assert 'name="method"' not in text(vendor.get(f"/pay/{code}"))
    assert vendor.submit(f"/pay/{code}", {"method": "card"}).status_code == 403
    assert vendor.submit(f"/pay/{code}/give-up").status_code == 403
    assert someone(Role.OPERATOR).client.get(f"/pay/{code}").status_code == 200
    assert payment_of(one).state == "due"
    assert play.app.test_client().get(f"/pay/{code}").status_code == 302


def test_nobody_else_than_a_public_body_pays_by_invoice(play: Play, one: Work) -> None:
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    assert 'value="invoice"' not in text(browser.get(f"/pay/{code}"))
    refused = browser.submit(f"/pay/{code}", {"method": "invoice"})
    assert refused.status_code == 422
    assert "缴款单只供机关事业单位使用" in text(refused)
    assert browser.submit(f"/pay/{code}", {"method": "cash"}).status_code == 422


def test_programs_of_both_sides_read_where_the_money_is(play: Play, one: Work, someone: Any) -> None:
    from market.accounts import operations as account_operations

    officer = someone(Role.AUDITOR)
    _token, secret = account_operations.make_api_token(
        officer.membership.code, "测试", ["payments:read"], 30, by=officer.actor
    )
    headers = {"Authorization": f"Bearer {secret}"}
    found = play.app.test_client().get(f"/api/v1/orders/{one.code}/money", headers=headers)
    assert found.status_code == 200
    assert found.json["held"] == {"amount": "0.00", "currency": "CNY"}
    assert found.json["instalments"][0]["amount"] == {"amount": "1000.00", "currency": "CNY"}
    assert play.app.test_client().get(f"/api/v1/orders/{one.code}/money").status_code == 401


# A public body, and two officers ---------------------------------------------------------------------------------------------


def record_form(kind: str, about: str, amount: str, reference: str) -> dict[str, str]:
    return {
        "kind": kind, "about": about, "amount": amount, "reference": reference,
        "booked_on": clock.today().isoformat(),
    }  # fmt: skip


def confirm(client: Any) -> Any:
    """Press the one button for confirming a transfer on the desk."""
    (found,) = re.findall(r"/desk/payments/transfers/(U-\w+)/confirm", text(client.get("/desk/payments")))
    return client.submit(f"/desk/payments/transfers/{found}/confirm")


def test_an_invoice_is_paid_by_transfer_recorded_by_one_officer_and_confirmed_by_another(
    play: Play, public_order: Work, someone: Any
) -> None:
    one = public_order
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    there = browser.submit(f"/pay/{code}", {"method": "invoice"})
    assert there.headers["Location"].endswith(f"/pay/{code}/invoice")
    invoice = text(browser.get(f"/pay/{code}/invoice"))
    assert "¥1,000.00" in invoice
    assert code in invoice
    first, second = someone(Role.OPERATOR).client, someone(Role.OPERATOR).client
    assert code in text(first.get("/desk/payments"))
    wrong = first.submit("/desk/payments/transfers/new", record_form("paid_in", code, "999.99", "BK-1"))
    assert wrong.status_code == 422
    assert "¥1,000.00" in text(wrong)
    assert 'value="999.99"' in text(wrong)
    assert first.submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000", "BK-1")).status_code == 302
    again = first.submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000", "BK-2"))
    assert again.status_code == 409
    assert payment_of(one).state == "begun"
    # not by the one who recorded it
    (transfer,) = queries.desk().transfers
    own = first.submit(f"/desk/payments/transfers/{transfer.code}/confirm")
    assert own.status_code == 422
    assert "请同事对照" in text(own)
    assert browser.submit(f"/pay/{code}/give-up").status_code == 409
    assert confirm(second).status_code == 302
    payments.drain()
    assert (payment_of(one).state, payment_of(one).method, payments.state_of(one)) == ("held", "invoice", "funded")
    assert balance_of(Account.BANK) == FEN
    assert confirm_twice(second, transfer.code) == 409


def confirm_twice(client: Any, code: str) -> int:
    return client.submit(f"/desk/payments/transfers/{code}/confirm").status_code


def paid_by_invoice(play: Play, one: Work, officers: tuple[Any, Any], reference: str) -> None:
    """The public body asked for an invoice and paid it."""
    code = payment_of(one).code
    work.browser(play.app, one.buyer).submit(f"/pay/{code}", {"method": "invoice"})
    officers[0].submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000.00", reference))
    confirm(officers[1])
    payments.drain()


def test_what_came_by_transfer_is_paid_out_by_transfer(play: Play, public_order: Work, someone: Any) -> None:
    one = public_order
    officers = someone(Role.OPERATOR).client, someone(Role.OPERATOR).client
    paid_by_invoice(play, one, officers, "BK-1")
    vendor = work.browser(play.app, one.vendor)
    saved = vendor.submit("/desk/money/bank", {"bank": "示例银行西安分行", "number": "６２２２ 0000 1111 2222"})
    assert saved.status_code == 302
    assert vendor.submit("/desk/money/bank", {"bank": "示例银行", "number": "12"}).status_code == 422
    payments.done(one)
    (payout,) = payouts_of(one)
    assert (payout.state, payout.by_transfer) == ("due", True)
    form = text(officers[0].get(f"/desk/payments/transfers/new?kind=payout&about={payout.code}&amount=1,000.00"))
    assert "6222000011112222" in form
    answer = officers[0].submit("/desk/payments/transfers/new", record_form("payout", payout.code, "1,000.00", "BK-2"))
    assert answer.status_code == 302
    assert confirm(officers[1]).status_code == 302
    payments.drain()
    assert payouts_of(one)[0].state == "paid"
    assert balance_of(Account.BANK) == 0
    assert queries.money_of(one.code).settled_at is not None
    assert play.transport.asked == []


def test_a_transfer_that_arrives_after_the_order_was_called_off_goes_back_by_transfer(
    play: Play, public_order: Work, someone: Any
) -> None:
    from market.orders import operations as order_operations

    one = public_order
    officers = someone(Role.OPERATOR).client, someone(Role.OPERATOR).client
    code = payment_of(one).code
    work.browser(play.app, one.buyer).submit(f"/pay/{code}", {"method": "invoice"})
    officers[0].submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000", "BK-1"))
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    payments.drain()
    assert confirm(officers[1]).status_code == 302
    (refund,) = refunds_of(one)
    assert (refund.cause, refund.state, balance_of(Account.BANK)) == ("late", "begun", FEN)
    assert refund.code in text(officers[0].get("/desk/payments"))
    # one line of the statement stands for one thing
    twice = officers[0].submit("/desk/payments/transfers/new", record_form("refund", refund.code, "1000", "BK-1"))
    assert twice.status_code == 409
    officers[0].submit("/desk/payments/transfers/new", record_form("refund", refund.code, "1000", "BK-2"))
    confirm(officers[1])
    assert refunds_of(one)[0].state == "done"
    assert balance_of(Account.BANK) == 0


def test_a_transfer_that_is_not_there_changes_nothing_and_can_be_recorded_anew(
    play: Play, public_order: Work, someone: Any
) -> None:
    one = public_order
    officers = someone(Role.OPERATOR).client, someone(Role.OPERATOR).client
    code = payment_of(one).code
    work.browser(play.app, one.buyer).submit(f"/pay/{code}", {"method": "invoice"})
    officers[0].submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000", "BK-1"))
    (transfer,) = queries.desk().transfers
    path = f"/desk/payments/transfers/{transfer.code}/reject"
    assert officers[1].submit(path, {"words": ""}).status_code == 422
    assert officers[1].submit(path, {"words": "对账单上没有这一笔。"}).status_code == 302
    assert payment_of(one).state == "begun"
    paid = officers[0].submit("/desk/payments/transfers/new", record_form("paid_in", code, "1000", "BK-1"))
    assert paid.status_code == 302


# The vendor ----------------------------------------------------------------------------------------------------------------


def test_a_vendor_opens_its_account_and_its_earnings_go_there(play: Play, one: Work) -> None:
    payments.paid_at_bank(play, one)
    play.deliver()
    payments.done(one)
    vendor = work.browser(play.app, one.vendor)
    page = text(vendor.get("/desk/money"))
    assert "¥1,000.00" in page
    assert "开通" in page or "收款" in page
    there = vendor.submit("/desk/money/account")
    assert there.status_code == 303
    assert there.headers["Location"].startswith("http://bank.test/onboarding/acc_")
    play.control("name_bank", account=play.bank.all("account")[0]["id"], bank="good")
    # the event is lost: "Look again" asks
    assert vendor.submit("/desk/money/look").status_code == 302
    payments.drain()
    assert payouts_of(one)[0].state == "paid"
    assert "收款账户已开通" in text(vendor.get("/desk/money"))
    # a second time leads to the same account
    vendor.submit("/desk/money/account")
    assert len(play.bank.all("account")) == 1


def test_a_vendor_whose_bank_returned_a_payout_sees_why_nothing_comes(play: Play, one: Work, someone: Any) -> None:
    payments.paid_at_bank(play, one)
    play.deliver()
    payments.with_account(play, one, "bad")
    payments.done(one)
    play.deliver()
    assert payouts_of(one)[0].state == "returned"
    assert "银行退回了一笔付款" in text(work.browser(play.app, one.vendor).get("/desk/money"))
    officer = someone(Role.OPERATOR).client
    assert "被退回" in text(officer.get("/desk/payments"))
    play.bank.put("account", {**play.bank.all("account")[0], "bank": "good"})
    assert officer.submit(f"/desk/payments/accounts/{one.firm.code}/free").status_code == 302
    payments.drain()
    play.deliver()
    assert payouts_of(one)[0].state == "paid"


def test_a_bank_that_refuses_an_account_returns_the_payout_with_its_reason(play: Play, one: Work) -> None:
    payments.paid_at_bank(play, one)
    play.deliver()
    payments.with_account(play, one, "refusing")
    payments.done(one)
    (payout,) = payouts_of(one)
    assert (payout.state, payout.failure) == ("returned", "account_closed")
    assert balance_of(Account.VENDOR, one.firm.code) == FEN


# Officers ------------------------------------------------------------------------------------------------------------------


def test_the_desk_shows_everything_that_waits_and_the_ledger_from_both_sides(
    play: Play, one: Work, someone: Any
) -> None:
    officer = someone(Role.OPERATOR).client
    assert "没有" in text(officer.get("/desk/payments")) or "Nothing" in text(officer.get("/desk/payments"))
    payments.paid_at_bank(play, one)
    play.deliver()
    page = text(officer.get("/desk/payments"))
    assert page.count("¥1,000.00") >= 2
    assert text(officer.get(f"/desk/payments/orders/{one.code}")).count("¥1,000.00") >= 2
    assert officer.submit("/desk/payments/compare").status_code == 302
    assert "还没有对过账" not in text(officer.get("/desk/payments"))


def test_an_officer_settles_a_difference_with_a_reason(play: Play, one: Work, someone: Any) -> None:
    payments.paid_at_bank(play, one)
    play.deliver()
    work_operations.start_work(one.code, by=one.vendor)
    play.control("refund_by_hand", charge=payment_of(one).checkouts[0].charge, amount=40_000)
    play.deliver()
    officer = someone(Role.OPERATOR).client
    (found,) = queries.desk().differences
    page = text(officer.get(f"/desk/payments/differences/{found.code}"))
    assert "¥400.00" in page
    assert officer.submit(f"/desk/payments/differences/{found.code}", {"words": ""}).status_code == 422
    done = officer.submit(f"/desk/payments/differences/{found.code}", {"words": "客户到场要求退款。"})
    assert done.status_code == 302
    assert queries.desk().differences == []
    db.session.expire_all()
    assert (payments.escrow_of(one), refunds_of(one)[0].state) == (60_000, "done")
    twice = officer.submit(f"/desk/payments/differences/{found.code}", {"words": "客户到场要求退款。"})
    assert twice.status_code == 409


@pytest.mark.parametrize("role", [Role.BUYER, Role.VENDOR, Role.REGULATOR, Role.AUDITOR, Role.COUNTER])
def test_the_officers_pages_are_for_operators(play: Play, one: Work, someone: Any, role: Role) -> None:
    client = someone(role).client
    for path in (
        "/desk/payments",
        f"/desk/payments/orders/{one.code}",
        f"/desk/payments/{payment_of(one).code}/refund",
    ):
        assert client.get(path).status_code == 403
    assert client.submit("/desk/payments/compare").status_code == 403
