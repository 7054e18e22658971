"""The review before publication in a real browser: found while one writes, taken over, kept with a reason, objected to."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from market import clock
from market.accounts.models import OrganisationKind
from market.catalogue import operations as catalogue_operations
from market.catalogue import queries as catalogue
from market.kernel.actor import Actor, Role
from tests.functional.served import Market
from tests.integration.factories import accounts, listings, vendors

from .conftest import NewPage
from .pictures import Album
from .test_first_offer import fill, press
from .test_one_stop_order import as_official, code_in, opened

BRANCH = "投标人须在西安市设立分支机构。"
SYSTEM = "投标人须具有ISO9001质量管理体系认证证书。"
REASON = "本项目成果须并入已按该体系运行的档案，没有更宽松的办法。"
WHY_NOT = "公告载明的工作内容与质量管理体系认证没有直接关系，理由不成立。"


@pytest.fixture(scope="module")
def album(request: pytest.FixtureRequest) -> Album:
    """The pictures of this run."""
    return Album(request.config.getoption("--pictures"))


@pytest.fixture(scope="module")
def offer(market: Market) -> str:
    """A vendor with one offer, and two public bodies that buy; the offer's code."""
    with market.app.app_context():
        seller = accounts.person("review-seller@example.org", "示例机构经办人")
        vendor, actor = vendors.active(Actor(seller.code), 610, name="示例咨询有限公司（审查示例）")
        for number, name in ((1, "示例街道办事处（审查示例）"), (2, "示例住建局（审查示例）")):
            body = accounts.organisation(OrganisationKind.PUBLIC_BODY, name)
            accounts.member(accounts.person(f"review-body-{number}@example.org", "示例经办人"), body)
        return listings.published(
            vendor, actor, listings.FREE_ITEM, title="社会稳定风险评估（审查示例）", capacity=50
        ).code


def proposal(market: Market) -> str:
    """A proposed change of an item that asks too much; its code."""
    with market.app.app_context():
        item = catalogue.item(listings.FREE_ITEM)
        assert item is not None
        content = {**item.content, "qualification": [{"name": "须在西安市设立分支机构", "level": ""}]}
        return catalogue_operations.propose_version(
            "item", item.slug, content, reason="示例修改", valid_from=clock.today() + timedelta(days=30), by=accounts.BY
        ).code


def project(page: Page, offer: str, title: str) -> str:
    """From the offer's page to the second step, with its plain entries made; the order's code."""
    page.goto(f"/offers/{offer}")
    page.locator("main").get_by_role("link", name="下单").first.click()
    page.locator("main .btn-primary").click()
    expect(page).to_have_url(re.compile("/step/2$"))
    fill(page, title=title, district="610117", ceiling="20000")
    return code_in(page)


def to_the_last_step(page: Page) -> None:
    """From the second step on, taking what is offered."""
    for number in (3, 4, 5):
        page.locator("main .btn-primary").click()
        expect(page).to_have_url(re.compile(f"/step/{number}(#|$)"))


@pytest.mark.timeout(400)
def test_a_clause_is_found_while_one_writes_and_its_neutral_wording_taken_over(
    new_page: NewPage, market: Market, offer: str, album: Album
) -> None:
    body = opened(new_page, market, "review-body-1@example.org")
    order = project(body, offer, "社区风险评估（审查示例）")
    fill(body, requirements=BRANCH)
    found = body.locator("#found")
    # no button was pressed: it was looked at after a pause
    expect(found.locator("mark")).to_have_text(re.compile("须在西安市设立分支机构"))
    expect(found).to_contain_text("公平竞争审查条例 9(2)")
    album.take(body, "review-while-writing")
    found.get_by_role("button", name=re.compile("采用这个写法")).click()
    expect(body.locator("[name=requirements]")).to_have_value(re.compile("^投标人成交后应按服务需要安排现场人员"))
    expect(body.locator("#found mark")).to_have_count(0)
    # what was typed beside it is kept, and the blank of the wording waits to be filled in
    expect(body.locator("[name=ceiling]")).to_have_value("20000.00")
    text = body.locator("[name=requirements]").input_value()
    fill(body, requirements=text.replace("__", "4"))
    to_the_last_step(body)
    album.take(body, "review-last-step")
    body.locator("main .btn-primary").click()
    expect(body).to_have_url(re.compile(f"/orders/{order}(#|$)"))
    body.locator("main").get_by_role("link", name="查看公告").click()
    expect(body.locator("main")).to_contain_text("没有发现排斥他人的条款")


@pytest.mark.timeout(400)
def test_a_clause_kept_with_a_reason_stops_the_order_when_the_regulator_objects(
    new_page: NewPage, market: Market, offer: str, album: Album
) -> None:
    body = opened(new_page, market, "review-body-2@example.org")
    order = project(body, offer, "老旧小区风险评估（审查示例）")
    fill(body, requirements=SYSTEM)
    to_the_last_step(body)
    body.locator("main .btn-primary").click()
    expect(body.locator("[role=alert]").first).to_contain_text("需要书面理由")
    fill(body, **{"reason-FC-QUA-03": REASON})
    album.take(body, "review-reason")
    body.locator("main .btn-primary").click()
    expect(body).to_have_url(re.compile(f"/orders/{order}(#|$)"))

    regulator = as_official(new_page, market, Role.REGULATOR)
    regulator.goto("/desk/reasons")
    album.take(regulator, "review-reasons")
    regulator.get_by_role("link", name="老旧小区风险评估（审查示例）").click()
    expect(regulator.locator("main")).to_contain_text(REASON)
    regulator.get_by_label("提出异议", exact=True).check()
    fill(regulator, words=WHY_NOT)
    album.take(regulator, "review-objection")
    regulator.locator("main .btn-primary").click()
    expect(regulator.locator("main")).to_contain_text(WHY_NOT)

    vendor = opened(new_page, market, "review-seller@example.org")
    vendor.goto(f"/orders/{order}/answer")
    expect(vendor.locator("main")).to_contain_text("已暂停：监管部门对条款提出异议")
    body.reload()
    album.take(body, "review-stopped")
    visitor = new_page(url=market.url, base_url=market.url)
    visitor.goto("/review/notices?state=objected")
    album.take(visitor, "review-notices")
    visitor.get_by_role("link", name="老旧小区风险评估（审查示例）").click()
    album.take(visitor, "review-notice")
    visitor.goto("/review/findings")
    album.take(visitor, "review-findings")

    # texts that describe pass the same review: an offer, a change of the catalogue
    vendor.goto(f"/desk/offers/{offer}")
    fill(vendor, description=BRANCH)
    vendor.locator("main button[name=publish]").click()
    expect(vendor.locator("#found mark")).to_have_count(1)
    album.take(vendor, "review-offer")
    operator = as_official(new_page, market, Role.OPERATOR)
    operator.goto(f"/catalogue/versions/{proposal(market)}")
    album.take(operator, "review-proposal")

    press(body, "撤回订单，修改条款")
    expect(body).to_have_url(re.compile("/step/2#found$"))
    fill(body, requirements="具备履行合同所必需的专业技术能力。")
    to_the_last_step(body)
    body.locator("main .btn-primary").click()
    expect(body).to_have_url(re.compile(f"/orders/{order}(#|$)"))
    vendor.goto(f"/orders/{order}/answer")
    expect(vendor.locator("[name=answer][value=yes]")).to_be_visible()
