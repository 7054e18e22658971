"""What happens to people on their way: nothing found, a second page, Back, a double click, an old link, a mistyped code."""

import re
import time
import uuid

import httpx
from playwright.sync_api import Page, Route, expect

from market.kernel.actor import Actor
from tests.functional.served import Market, free_port
from tests.integration.factories import accounts, vendors

from .checks import ready, sound
from .conftest import NewPage


def first_codes(page: Page) -> list[str]:
    """The offers of the list, in order."""
    links = page.locator("#results .wm-offer a.wm-name").all()
    return [str(link.get_attribute("href")).rpartition("/")[2] for link in links]


def test_a_suggestion_is_taken_with_the_keyboard_alone(new_page: NewPage, market: Market) -> None:
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/")
    ready(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "q":
            break
    page.keyboard.type("环评报告")
    options = page.locator("[role=option]")
    expect(options.first).to_be_visible()
    sound(page)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/items/|/search"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_question_that_belongs_elsewhere_is_told_so_with_a_way_on(new_page: NewPage, market: Market) -> None:
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/search?q=羊肉泡馍哪家好吃")
    expect(page.locator(".wm-heard")).to_contain_text("市场里没有与此有关的服务。")
    expect(page.locator("#q")).to_have_value("羊肉泡馍哪家好吃")
    sound(page)
    page.locator("main").get_by_role("link", name="全部服务事项").first.click()
    page.wait_for_url("**/catalogue")


def test_a_service_that_is_said_to_have_no_offer_has_none(new_page: NewPage, market: Market) -> None:
    """Also where others that were found have offers, and where the service stands further down."""
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/search?q=想开个小饭馆环保那边要啥")
    page.locator("#other summary").click()
    without = page.locator("li:has(> h2), li:has(> h3)").filter(has_text="还没有报价")
    paths = [str(link.get_attribute("href")) for link in without.locator("a.wm-name").all()]
    assert paths
    offering = [path for path in paths if "wm-offer" in httpx.get(f"{market.url}{path}", timeout=10).text]
    assert offering == []


def test_the_next_page_shows_others_and_leads_back(new_page: NewPage, market: Market) -> None:
    """KF-SEA-02."""
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/search")
    first = first_codes(page)
    assert len(first) == 20
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url(re.compile("after="))
    second = first_codes(page)
    assert len(second) == 20
    assert not set(first) & set(second)
    sound(page)
    page.get_by_role("link", name="第一页").click()
    page.wait_for_url(re.compile(r"/search(\?(?!.*after=).*)?$"))
    assert first_codes(page) == first


def test_back_takes_filters_back_one_by_one_and_returns_to_the_same_list_from_an_offer(
    new_page: NewPage, market: Market
) -> None:
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/search?item=eia-form")
    ready(page)
    everything = first_codes(page)
    page.locator("#facets input[name=position][value=within]").check()
    expect(page.locator(".wm-chips li")).to_have_count(3)  # the service, the position, "all of them"
    within = first_codes(page)
    assert len(within) < len(everything)
    page.locator("#facets input[name=days][value='40']").check()
    expect(page.locator(".wm-chips li")).to_have_count(4)
    page.go_back()
    expect(page.locator(".wm-chips li")).to_have_count(3)
    page.locator("#results .wm-offer a.wm-name").first.click()
    page.wait_for_url("**/offers/L-*")
    page.go_back()
    expect(page.locator("#facets input[name=position][value=within]")).to_be_checked()
    assert first_codes(page) == within
    page.go_back()
    expect(page.locator(".wm-chips li")).to_have_count(1)
    assert first_codes(page) == everything


def test_a_wrong_amount_is_named_and_kept(new_page: NewPage, market: Market) -> None:
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/items/eia-form")
    ready(page)
    page.locator("#f-amount").fill("三千多万")
    page.get_by_role("button", name="算一算").click()
    expect(page.locator(".wm-errors")).to_be_focused()
    expect(page.locator(".wm-errors")).to_contain_text("估算投资额")
    expect(page.locator("#f-amount")).to_have_value("三千多万")
    expect(page.locator(".wm-offer").first).to_be_visible()
    sound(page)


def answered_late(route: Route) -> None:
    """The market does at once what a form asks; its answer takes longer than a second click."""
    if route.request.method != "POST":
        return route.continue_()
    answer = route.fetch(max_redirects=0)
    time.sleep(0.6)
    return route.fulfill(response=answer)


def test_a_double_click_begins_one_draft(new_page: NewPage, market: Market) -> None:
    mark = uuid.uuid4().hex[:6]
    with market.app.app_context():
        email = f"double-{mark}@example.org"
        vendors.active(Actor(accounts.person(email, "示例经办人").code), int(mark, 16) % 899_000 + 100_000)
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(accounts.PASSWORD)
    page.locator("main").get_by_role("button", name="登录").click()
    page.goto("/desk/offers/new?item=bid-agency")
    ready(page)
    page.route("**/desk/offers/new*", answered_late)
    page.evaluate(
        """() => { const button = document.querySelector("main form button");
                   button.click(); setTimeout(() => button.click(), 250); }"""
    )
    page.wait_for_url("**/desk/offers/L-*")
    page.goto("/desk/offers")
    expect(page.locator(".wm-list .wm-notice")).to_have_count(1)


def test_a_used_link_says_so_and_leads_to_a_new_one(new_page: NewPage, market: Market) -> None:
    """KF-ACC-01."""
    email = f"link-{uuid.uuid4().hex[:6]}@example.org"
    with market.app.app_context():
        accounts.person(email, "示例经办人")
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/password/forgotten")
    page.locator("[name=email]").fill(email)
    page.locator("main form button").click()
    page.get_by_role("link", name="查看演示邮箱").click()
    mail = page.locator("article").filter(has_text=email)
    for _ in range(50):
        if mail.count():
            break
        page.wait_for_timeout(200)
        page.reload()
    link = str(mail.first.get_by_role("link").first.get_attribute("href"))
    page.goto(link)
    sound(page)
    page.locator("[name=password]").fill("four other plain words")
    page.locator("main form button").click()
    page.wait_for_url("**/sign-in")
    expect(page.locator(".wm-told")).to_be_visible()

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("这个链接已失效")
    expect(page.locator("main").get_by_role("link", name="重设密码")).to_be_visible()
    sound(page)


def test_a_mistyped_code_is_recognised(new_page: NewPage, market: Market) -> None:
    page = new_page(url=market.url, base_url=market.url)
    page.goto("/search?item=eia-form")
    code = first_codes(page)[0]
    mistyped = code[:5] + ("2" if code[5] != "2" else "3") + code[6:]
    answer = page.goto(f"/offers/{mistyped}")
    assert answer is not None
    assert answer.status == 404
    sound(page)
    page.locator("main").get_by_role("link", name=re.compile(code)).click()
    page.wait_for_url(f"**/offers/{code}")


def test_without_the_search_engine_the_market_is_browsed(new_page: NewPage, market: Market) -> None:
    """KF-SEA-04: the page says so, looks things up in the database, and everything else goes on."""
    with market.beside("web without search", ELASTICSEARCH_URL=f"http://127.0.0.1:{free_port()}") as url:
        for lang, width in (("zh-Hans-CN", 1280), ("en", 390)):
            page = new_page(lang, width, url=url, base_url=url)
            page.goto("/")
            page.locator("#q").fill("环评报告表")
            page.locator("#q").press("Enter")
            page.wait_for_url(re.compile(r"/search\?q="))
            told = "搜索现在答不上来" if lang == "zh-Hans-CN" else "Search does not answer at the moment"
            expect(page.locator(".wm-heard")).to_contain_text(told)
            expect(page.locator(".wm-offer").first).to_be_visible()
            sound(page)
        page.locator("section[aria-labelledby=named] a[href$='/items/eia-form']").click()
        page.wait_for_url("**/items/eia-form")
        boxes = page.locator("input[form=compare]")
        for number in range(3):
            boxes.nth(number).check()
        page.get_by_role("button", name="Compare the 3 chosen").click()
        page.wait_for_url(re.compile("/compare"))
        sound(page)
