"""The whole way of an order in a real browser: a citizen's, a public body's by invoice, one from a counter, one in dispute."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from market import clock
from market.accounts import operations as account_operations
from market.accounts import queries as account_queries
from market.accounts import rules as account_rules
from market.accounts.models import OrganisationKind
from market.db import db
from market.kernel.actor import Actor, Role
from market.orders.models import Order
from market.payments import queries as payments
from tests.functional.served import Market, until
from tests.integration.factories import accounts, documents, listings, vendors
from tests.integration.factories import centres as make

from .conftest import NewPage
from .pictures import Album
from .test_counter import CENTRE, drawn
from .test_first_offer import fill, press, signed_in

PASSWORD = accounts.PASSWORD
ITEM = listings.FREE_ITEM
SECONDS = 30


@pytest.fixture(scope="module")
def album(request: pytest.FixtureRequest) -> Album:
    """The pictures of this run."""
    return Album(request.config.getoption("--pictures"))


@pytest.fixture(scope="module")
def seller(market: Market) -> str:
    """A vendor with one offer of a fixed price and room for all; the offer's code. Its person is seller@example.org."""
    with market.app.app_context():
        person = accounts.person("one-stop-seller@example.org", "示例机构经办人")
        vendor, actor = vendors.active(Actor(person.code), 600, name="示例评估咨询有限公司（示例）")
        return listings.published(vendor, actor, ITEM, title="社会稳定风险评估（一口价，示例）", capacity=50).code


def newcomer(market: Market, email: str, name: str = "示例市民") -> str:
    """A person with an account and no organisation; the mail address."""
    with market.app.app_context():
        accounts.person(email, name)
    return email


def opened(
    new_page: NewPage,
    market: Market,
    email: str,
    password: str = PASSWORD,
    code: Callable[[], str | None] = lambda: None,
) -> Page:
    """A browser of this person, signed in."""
    page = new_page(url=market.url, base_url=market.url)
    signed_in(page, email, password, code)
    return page


def as_official(new_page: NewPage, market: Market, role: Role) -> Page:
    """A browser of an official of the invented market."""
    found = market.sign_in_of(role)
    return opened(new_page, market, found.email, found.password, lambda: market.sign_in_of(role).code)


def result() -> FilePayload:
    """A result to be handed over."""
    return FilePayload(name="社会稳定风险评估报告.pdf", mimeType="application/pdf", buffer=documents.pdf())


def code_in(page: Page) -> str:
    """The code of the order whose page this is."""
    found = re.search(r"/orders/(O-[0-9A-Z]{9})", page.url)
    assert found, page.url
    return found[1]


def main_act(page: Page, order: str) -> None:
    """The order's page, and its one main button."""
    page.goto(f"/orders/{order}")
    page.locator("main .btn-primary").first.click()


def written(buyer: Page, offer: str, title: str, album: Album | None = None) -> str:
    """From the offer's page to the last of the five steps; the order's code."""
    buyer.goto(f"/offers/{offer}")
    buyer.locator("main").get_by_role("link", name="下单").first.click()
    expect(buyer).to_have_url(re.compile("/orders/new"))
    if album:
        album.take(buyer, "order-1-what")
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile("/step/2$"))
    fill(buyer, title=title, district="610117")
    if buyer.locator("[name=ceiling]").count():
        fill(buyer, ceiling="20000")
    if album:
        album.take(buyer, "order-2-project")
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile("/step/3$"))
    if album:
        album.take(buyer, "order-3-papers")
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile("/step/4$"))
    if album:
        album.take(buyer, "order-4-way")
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile("/step/5$"))
    if album:
        album.take(buyer, "order-5-confirm")
    return code_in(buyer)


def placed(buyer: Page, offer: str, title: str, album: Album | None = None) -> str:
    """All five steps; the order's code."""
    order = written(buyer, offer, title, album)
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile(r"/orders/O-[0-9A-Z]{9}$"))
    return order


def confirmed(vendor: Page, order: str, album: Album | None = None) -> None:
    """The vendor says yes."""
    main_act(vendor, order)
    vendor.locator("[name=answer][value=yes]").check()
    if album:
        album.take(vendor, "order-answer")
    press(vendor, "提交答复")
    expect(vendor.locator("main")).to_contain_text("签合同")


def signed(page: Page, order: str, password: str = PASSWORD, album: Album | None = None) -> None:
    """One side reads the contract and signs it."""
    main_act(page, order)
    expect(page).to_have_url(re.compile("/contracts/C-"))
    if album:
        album.take(page, "contract")
    page.locator("[name=read]").check()
    fill(page, password=password)
    press(page, "签合同")
    expect(page).to_have_url(re.compile(r"/orders/O-[0-9A-Z]{9}$"))


def state_of(market: Market, order: str) -> str:
    """The order's state in the database."""
    with market.connect() as link:
        found = link.execute('SELECT state FROM "order" WHERE code = %s', (order,)).fetchone()
    assert found is not None
    return str(found[0])


def reaches(market: Market, order: str, state: str) -> None:
    """Wait until the order is in a state."""
    until(lambda: state_of(market, order) == state, SECONDS)


def paid(buyer: Page, market: Market, order: str, album: Album | None = None) -> None:
    """The buyer pays by card at the practice bank and comes back."""
    main_act(buyer, order)
    expect(buyer).to_have_url(re.compile("/pay/"))
    if album:
        album.take(buyer, "pay")
    buyer.locator("[name=method][value=card]").check()
    buyer.locator("main .btn-primary").click()
    expect(buyer.locator("body")).to_contain_text("练习银行")
    buyer.locator("[name=card][value=success]").check()
    buyer.get_by_role("button", name=re.compile("^付款")).click()
    buyer.wait_for_url("**/pay/*/back")
    if album:
        album.take(buyer, "pay-back")
    reaches(market, order, "funded")


def delivered(vendor: Page, market: Market, order: str, album: Album | None = None) -> None:
    """The vendor starts and hands the result over."""
    main_act(vendor, order)
    expect(vendor.locator("main")).to_contain_text("交付成果")
    main_act(vendor, order)
    vendor.locator("[name=files]").set_input_files(result())
    fill(vendor, note="请先看第三章。")
    if album:
        album.take(vendor, "deliver")
    press(vendor, "交付")
    reaches(market, order, "delivered")


def rated(page: Page, order: str, album: Album | None = None) -> None:
    """One side rates the other."""
    page.goto(f"/orders/{order}/rating")
    for name in ("quality", "timeliness", "attitude", "charge", "norms"):
        page.locator(f"main [name={name}][value='5']").check()
    fill(page, text="按约定完成，解释清楚。")
    if album:
        album.take(page, "rate")
    page.locator("main .btn-primary").click()
    expect(page.locator(".wm-told")).to_contain_text("谢谢")


def with_account(vendor: Page, album: Album | None = None) -> None:
    """The vendor opens its account at the practice bank."""
    vendor.goto("/desk/money")
    if album:
        album.take(vendor, "vendor-money")
    if vendor.locator("main form[action$='/desk/money/account']").count():
        vendor.locator("main form[action$='/desk/money/account'] button").first.click()
        vendor.locator("[name=bank][value=good]").check()
        vendor.get_by_role("button", name="开通").click()
        vendor.wait_for_url("**/desk/money*")


@pytest.mark.timeout(300)
def test_a_citizen_goes_the_whole_way_from_the_matter_to_both_ratings(
    new_page: NewPage, market: Market, seller: str, album: Album
) -> None:
    buyer = opened(new_page, market, newcomer(market, "one-stop-citizen@example.org"))
    vendor = opened(new_page, market, "one-stop-seller@example.org")
    with_account(vendor, album)
    order = placed(buyer, seller, "老街改造一期（虚构）", album=album)
    album.take(buyer, "order-asked")
    confirmed(vendor, order, album)
    signed(buyer, order, album=album)
    signed(vendor, order)
    paid(buyer, market, order, album)
    delivered(vendor, market, order, album)
    buyer.goto(f"/orders/{order}")
    album.take(buyer, "order-delivered")
    press(buyer, "验收成果")
    reaches(market, order, "accepted")
    until(lambda: _paid_out(market, order) == 1_200_000, SECONDS)
    rated(buyer, order, album)
    rated(vendor, order)
    buyer.goto(f"/orders/{order}")
    album.take(buyer, "order-done")
    expect(buyer.locator("main")).to_contain_text("按约定完成，解释清楚。")
    buyer.goto("/orders")
    album.take(buyer, "orders")
    vendor.goto("/desk/orders")
    album.take(vendor, "vendor-orders")


def _paid_out(market: Market, order: str) -> int:
    with market.app.app_context():
        found = payments.money_of(order)
        db.session.rollback()
        return found.paid_out_fen


@pytest.mark.timeout(300)
def test_a_public_body_pays_by_invoice_which_two_officers_confirm(
    new_page: NewPage, market: Market, seller: str, album: Album
) -> None:
    with market.app.app_context():
        body = accounts.organisation(OrganisationKind.PUBLIC_BODY, "示例街道办事处（示例）")
        accounts.member(accounts.person("one-stop-body@example.org", "示例经办人"), body)
        second = accounts.person("one-stop-officer@example.org", "示例复核员")
        office = account_queries.offices()[0]
        accounts.member(second, office, Role.OPERATOR)
        secret = account_operations.demo_second_factor(second.code, by=accounts.BY)
    buyer = opened(new_page, market, "one-stop-body@example.org")
    vendor = opened(new_page, market, "one-stop-seller@example.org")
    order = placed(buyer, seller, "社区风险评估（虚构）")
    confirmed(vendor, order)
    signed(buyer, order)
    signed(vendor, order)
    main_act(buyer, order)
    buyer.locator("[name=method][value=invoice]").check()
    buyer.locator("main .btn-primary").click()
    expect(buyer).to_have_url(re.compile("/invoice$"))
    album.take(buyer, "invoice")
    payment = re.search(r"/pay/([A-Z]-[0-9A-Z]{9})", buyer.url)
    assert payment is not None

    first = as_official(new_page, market, Role.OPERATOR)
    first.goto(f"/desk/payments/transfers/new?kind=paid_in&about={payment[1]}&amount=12000.00")
    fill(first, reference="示例银行流水 20260304-017")
    album.take(first, "transfer")
    first.locator("main .btn-primary").click()
    expect(first).to_have_url(re.compile("/desk/payments$"))
    album.take(first, "officer-payments")
    assert state_of(market, order) == "contracted", "one officer alone moves no money"

    other = opened(
        new_page, market, "one-stop-officer@example.org", PASSWORD, lambda: account_rules.code_at(secret, clock.real())
    )
    other.goto("/desk/payments")
    other.locator("form[action$='/confirm'] button").first.click()
    reaches(market, order, "funded")


@pytest.mark.timeout(300)
def test_a_clerk_orders_on_behalf_of_a_citizen_who_signs_on_paper(
    new_page: NewPage, market: Market, seller: str, album: Album
) -> None:
    clerk = as_official(new_page, market, Role.COUNTER)
    clerk.goto(f"/counter?centre={CENTRE}")
    clerk.locator("#f-window").fill("5")
    press(clerk, "开始接待")
    clerk.locator("#f-id_number").fill(make.identity_number(91))
    clerk.locator("#f-name").fill("邢演示")
    press(clerk, "开始接待")
    drawn(clerk)
    press(clerk, "记下同意")
    album.take(clerk, "counter")
    order = written(clerk, seller, "老屋改造（虚构，窗口代办）")
    clerk.goto("/counter")
    press(clerk, "交给本人核对")
    drawn(clerk)
    album.take(clerk, "read-back")
    drawn(clerk)
    clerk.locator("main form:has(canvas) .btn-primary").click()
    reaches(market, order, "selecting")
    with market.app.app_context():
        row = db.session.scalar(select(Order).where(Order.code == order))
        assert row is not None
        assert (str(row.channel), row.person.code != row.clerk, row.consent is not None) == ("counter", True, True)
        db.session.rollback()
    vendor = opened(new_page, market, "one-stop-seller@example.org")
    confirmed(vendor, order)
    main_act(clerk, order)
    contract = re.search(r"/contracts/(C-[0-9A-Z]{9})", clerk.url)
    assert contract is not None
    clerk.goto(f"/orders/{order}/contracts/{contract[1]}/paper")
    clerk.locator("[name=files]").set_input_files(
        FilePayload(name="签字页.pdf", mimeType="application/pdf", buffer=documents.pdf())
    )
    album.take(clerk, "contract-paper")
    clerk.locator("main .btn-primary").click()
    expect(clerk).to_have_url(re.compile(r"/orders/O-[0-9A-Z]{9}$"))
    signed(vendor, order)
    reaches(market, order, "contracted")


@pytest.mark.timeout(300)
def test_a_dispute_ends_with_a_part_of_the_money_back(
    new_page: NewPage, market: Market, seller: str, album: Album
) -> None:
    buyer = opened(new_page, market, newcomer(market, "one-stop-quarrel@example.org", "示例市民乙"))
    vendor = opened(new_page, market, "one-stop-seller@example.org")
    with_account(vendor)
    order = placed(buyer, seller, "商铺改造（虚构，有争议）")
    confirmed(vendor, order)
    signed(buyer, order)
    signed(vendor, order)
    paid(buyer, market, order)
    delivered(vendor, market, order)
    buyer.goto(f"/orders/{order}/dispute")
    fill(buyer, claim="5000", words="报告缺少约定的第四章，已经两次提醒，希望退还一部分。")
    album.take(buyer, "dispute-open")
    buyer.locator("main .btn-primary").click()
    reaches(market, order, "disputed")
    main_act(vendor, order)
    fill(vendor, text="第四章在附件里，图太大单独成册。愿意退一部分。")
    album.take(vendor, "dispute")
    vendor.locator("main form[action*='/disputes/'] button[type=submit]").first.click()

    operator = as_official(new_page, market, Role.OPERATOR)
    operator.goto("/desk/disputes")
    album.take(operator, "disputes")
    operator.get_by_role("link", name="商铺改造（虚构，有争议）").first.click()
    operator.locator("main .btn-primary").first.click()
    operator.locator("[name=outcome][value=settle]").check()
    fill(operator, buyer="3000", vendor="9000", reasons="双方都承认第四章单独成册但未随报告交付，按四分之一退还。")
    album.take(operator, "dispute-decide")
    operator.locator("main .btn-primary").click()
    reaches(market, order, "accepted")

    def settled() -> bool:
        with market.app.app_context():
            found = payments.money_of(order)
            db.session.rollback()
        return (found.refunded_fen, found.paid_out_fen, found.held_fen) == (300_000, 900_000, 0)

    until(settled, SECONDS)
    buyer.goto(f"/orders/{order}")
    album.take(buyer, "order-after-dispute")
    with market.app.app_context():
        assert payments.ledger_totals().balanced
        db.session.rollback()
