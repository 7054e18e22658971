"""Every macro on one page: accessible in both languages, at all widths and in all modes, and at work with and without scripts."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, expect

from .checks import overflowing, ready, violations
from .conftest import NewPage
from .specimen import served

WIDTHS = (320, 360, 390, 480, 575, 576, 700, 767, 768, 900, 991, 992, 1024, 1199, 1280, 1440, 1600)
ERRORS = ("refused", "401", "403", "404", "429", "500", "503")


@pytest.fixture(scope="module")
def market() -> Iterator[tuple[str, Flask]]:
    with served() as (url, app):
        yield url, app


@pytest.fixture
def url(market: tuple[str, Flask]) -> str:
    return market[0]


@pytest.mark.parametrize("mode", ["light", "dark", "care"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["zh-Hans-CN", "en"])
def test_every_macro_is_accessible(new_page: NewPage, url: str, lang: str, width: int, mode: str) -> None:
    page = new_page(lang, width, mode, url=url)
    answer = page.goto(f"{url}/specimen?bad=1&flash=1&signed_in=1")
    assert answer is not None
    assert answer.ok
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("html").get_attribute("data-mode") == ("care" if mode == "care" else None)
    ready(page)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
    assert violations(page) == []


@pytest.mark.parametrize("lang", ["zh-Hans-CN", "en"])
def test_menus_and_suggestions_are_accessible_when_open(new_page: NewPage, url: str, lang: str) -> None:
    page = new_page(lang, 1280, "light", url=url)
    page.goto(f"{url}/specimen?signed_in=1")
    page.locator("details.wm-account summary").click()
    assert violations(page) == []
    page.locator("#q").press_sequentially("环评")
    expect(page.locator("[role=option]")).to_have_count(2)
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 900})
    page.locator("details.wm-menu summary").click()
    assert violations(page) == []


@pytest.mark.parametrize("lang", ["zh-Hans-CN", "en"])
def test_every_error_page_is_accessible_and_has_one_title(new_page: NewPage, url: str, lang: str) -> None:
    page = new_page(lang, 390, "light", url=url)
    for name in ERRORS:
        page.goto(f"{url}/errors/{name}?signed_in=1")
        expect(page.locator("h1")).to_have_count(1)
        assert page.title().endswith("West Market" if lang == "en" else "西市")
        assert (name, violations(page), overflowing(page)) == (name, [], [])


@pytest.mark.parametrize("name", ["500", "503"])
def test_pages_for_a_broken_market_show_nothing_of_the_account(new_page: NewPage, url: str, name: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/errors/{name}?signed_in=1")
    expect(page.locator(".wm-account")).to_have_count(0)


@pytest.mark.parametrize("mode", ["light", "care"])
@pytest.mark.parametrize("lang", ["zh-Hans-CN", "en"])
def test_nothing_sticks_out_from_320_to_1600(new_page: NewPage, url: str, lang: str, mode: str) -> None:
    page = new_page(lang, 1600, mode, url=url)
    answer = page.goto(f"{url}/specimen?bad=1&flash=1&signed_in=1")
    assert answer is not None
    assert answer.ok
    out = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if found := overflowing(page):
            out[width] = found
    assert out == {}


def test_no_text_of_the_frame_is_left_in_english(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    answer = page.goto(f"{url}/specimen?bad=1&flash=1&signed_in=1")
    assert answer is not None
    assert answer.ok
    words = page.locator("body").inner_text()
    allowed = {"English", "CMA", "PDF", "JPG", "PNG", "MB", "KB", "https", "pdf", "tif", "plan", "b", "n", "CNY", "m"}
    codes = re.compile(r"\b[A-Z]-[0-9A-Z]+\b|\b[0-9a-f]{8}\b|Xi’an")
    left = set(re.findall(r"[A-Za-z]{2,}", codes.sub("", words))) - allowed
    assert left == set()


def test_an_error_summary_takes_the_focus_and_leads_into_the_field(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen?bad=1")
    expect(page.locator(".wm-errors")).to_be_focused()
    page.locator(".wm-errors a", has_text="手机号").click()
    expect(page.locator("#f-phone")).to_be_focused()
    described = page.locator("#f-phone").get_attribute("aria-describedby") or ""
    assert "11 位" in page.locator(f"#{described.split()[-1]}").inner_text()
    expect(page.locator("#f-memo")).to_have_value("<b>12 月下旬设备进场</b>")
    expect(page.locator("#f-near-3")).to_be_checked()
    expect(page.locator("#f-near-2")).not_to_be_checked()


def test_suggestions_are_walked_with_the_keyboard(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    box = page.get_by_role("combobox", name="搜索")
    box.press_sequentially("喷漆")
    expect(page.locator("[role=option]")).to_have_count(2)
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    first = page.locator("[role=option]").first
    expect(first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    box.press("ArrowUp")
    expect(first).to_have_attribute("aria-selected", "false")
    box.press("ArrowUp")
    expect(page.locator("[role=option]").last).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("喷漆")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url(re.compile(r"/specimen\?found=1"))


def test_a_suggestion_without_an_address_is_searched_for(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    page.locator("#q").press_sequentially("x")
    page.locator("[role=option]").last.click()
    page.wait_for_url(re.compile(r"/pages/search\?.*q=x"))


def test_an_input_method_is_left_in_peace_while_it_composes(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "suggest?" in request.url else None)
    page.locator("#q").focus()
    page.evaluate(
        """() => {
          const box = document.getElementById("q");
          box.dispatchEvent(new CompositionEvent("compositionstart"));
          for (const text of ["h", "hu", "huan"]) {
            box.value = text;
            box.dispatchEvent(new InputEvent("input", { isComposing: true }));
          }
          box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }));
        }"""
    )
    page.wait_for_timeout(400)
    assert asked == []
    page.evaluate(
        """() => {
          const box = document.getElementById("q");
          box.value = "环";
          box.dispatchEvent(new CompositionEvent("compositionend", { data: "环" }));
        }"""
    )
    expect(page.locator("[role=option]")).to_have_count(2)
    assert len(asked) == 1


def test_the_box_works_when_suggestions_are_away(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.route("**/search/suggest*", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(f"{url}/specimen")
    page.locator("#q").press_sequentially("环评")
    page.locator("#q").press("Enter")
    page.wait_for_url(re.compile(r"/pages/search"))


def test_a_filter_replaces_the_results_and_keeps_focus_and_history(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    expect(page.locator("#facets [data-apply]")).to_be_hidden()
    page.evaluate("window.stayed = true")
    page.get_by_label("鄠邑区").first.check()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 1 区")
    expect(page).to_have_url(re.compile(r"\?q=x&kept=a&kept=b&district=610118$"))
    expect(page.locator("#facets input[value='610118']")).to_be_focused()
    page.locator("#facets input[value='610117']").check()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 2 区")
    page.go_back()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 1 区")
    expect(page.locator("#facets input[value='610117']")).not_to_be_checked()
    page.go_back()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 0 区")
    assert page.evaluate("window.stayed") is True


def test_a_filter_whose_answer_fails_is_sent_as_a_form(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    expect(page.locator("#facets [data-apply]")).to_be_hidden()
    page.evaluate("window.stayed = true")
    page.route(
        "**/specimen?*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_()
    )
    page.get_by_label("鄠邑区").first.check()
    page.wait_for_url(re.compile("district=610118"))
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 1 区")
    assert page.evaluate("window.stayed") is None


def test_at_most_five_offers_are_chosen_and_stay_chosen(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    boxes = page.locator("input[form=compare]")
    expect(boxes).to_have_count(6)
    expect(boxes.first).to_be_checked()
    for index in range(1, 5):
        boxes.nth(index).check()
    expect(boxes.nth(5)).to_be_disabled()
    expect(page.locator("#compare button")).to_have_text("比较已选的 5 家")
    expect(page.locator("#compare [data-status]")).to_have_text("最多比较 5 家，去掉一家才能再加。")
    page.get_by_label("鄠邑区").first.check()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 1 区")
    expect(page.locator("input[form=compare]:checked")).to_have_count(5)
    page.locator("input[form=compare]").nth(1).uncheck()
    expect(page.locator("input[form=compare]").nth(5)).to_be_enabled()
    page.locator("#compare button").click()
    page.wait_for_url(re.compile(r"(c=[^&]+&){3}c=[^&]+$"))


def test_a_form_is_sent_once_however_often_it_is_pressed(new_page: NewPage, market: tuple[str, Flask]) -> None:
    url, app = market
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    before = len(app.extensions["posts"])
    app.extensions["answering"].clear()
    try:
        page.evaluate(
            """() => { const button = document.querySelector("form.d-inline[data-once] button");
                       button.click(); setTimeout(() => button.click(), 250); }"""
        )
        page.wait_for_timeout(700)
    finally:
        app.extensions["answering"].set()
    expect(page.locator(".wm-told")).to_contain_text("received 0")
    assert len(app.extensions["posts"]) == before + 1


def test_the_foot_leaves_out_what_does_not_exist_and_ends_in_the_hotline(new_page: NewPage, url: str) -> None:
    page = new_page("en", url=url)
    page.goto(f"{url}/specimen")
    expect(page.locator(".wm-foot h2")).to_have_text(["Rules", "Help"])
    expect(page.locator(".wm-foot li")).to_have_text(["Price standards", "Government hotline 12345"])


def test_files_are_listed_at_once_and_those_too_big_stay_here(new_page: NewPage, market: tuple[str, Flask]) -> None:
    url, app = market
    page = new_page(url=url)
    page.goto(f"{url}/specimen?bad=1")
    ready(page)
    page.locator("#f-licence").set_input_files(
        [
            FilePayload(name="营业执照.pdf", mimeType="application/pdf", buffer=b"x" * 1500),
            FilePayload(name="平面图.png", mimeType="image/png", buffer=b"x" * 4000),
        ]
    )
    rows = page.locator("[data-files-of=f-licence] li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("营业执照.pdf")
    expect(rows.last).to_contain_text("超过 2 KB，不会上传")
    assert violations(page) == []
    form = page.locator("form[data-upload]")
    form.evaluate("one => one.noValidate = true")
    form.get_by_role("button", name="下一步").click()
    expect(page.locator(".wm-told")).to_contain_text("received 1")
    assert app.extensions["posts"][-1] == ["营业执照.pdf"]
    expect(page.locator(".wm-errors")).to_be_focused()


def test_a_broken_upload_says_so_and_can_be_sent_again(new_page: NewPage, market: tuple[str, Flask]) -> None:
    url, app = market
    page = new_page(url=url)
    page.goto(f"{url}/specimen")
    ready(page)
    form = page.locator("form[data-upload]")
    form.evaluate("one => one.noValidate = true")
    page.locator("#f-licence").set_input_files([FilePayload(name="a.pdf", mimeType="application/pdf", buffer=b"x")])
    page.locator("#f-name").fill("还在")
    page.route("**/specimen", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    form.get_by_role("button", name="下一步").click()
    expect(form.locator(".wm-travel")).to_contain_text("网络断了")
    expect(page.locator("#f-name")).to_have_value("还在")
    page.unroute("**/specimen")
    form.get_by_role("button", name="下一步").click()
    expect(page.locator(".wm-told")).to_contain_text("received 1")
    assert app.extensions["posts"][-1] == ["a.pdf"]


def test_escape_closes_a_menu_and_gives_the_focus_back(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen?signed_in=1")
    ready(page)
    menu = page.locator("details.wm-account")
    menu.locator("summary").click()
    expect(menu.locator("li")).to_have_count(3)
    expect(menu.locator("li").first).to_contain_text("陕西怀远环境技术有限公司（虚构）")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    menu.locator("summary").click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_large_text_can_be_heard_and_left(new_page: NewPage, url: str) -> None:
    page = new_page("zh-Hans-CN", 390, "care", url=url)
    page.goto(f"{url}/specimen?bad=1")
    button = page.get_by_role("button", name="听这一页")
    expect(button).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")
    size = page.evaluate("getComputedStyle(document.querySelector('main p')).fontSize")
    assert float(size.removesuffix("px")) >= 20
    page.locator(".wm-top").get_by_role("link", name="退出关怀版").click()
    page.wait_for_url(re.compile(r"bad=1&mode=normal"))
    assert page.locator("html").get_attribute("data-mode") is None


def test_the_language_changes_on_the_same_page(new_page: NewPage, url: str) -> None:
    page = new_page(url=url)
    page.goto(f"{url}/specimen?bad=1&district=610117")
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url(re.compile(r"bad=1&district=610117&lang=en$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="中文").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans-CN")


def test_everything_works_without_scripts(new_page: NewPage, market: tuple[str, Flask]) -> None:
    url, app = market
    page = new_page(url=url, java_script_enabled=False)
    page.goto(f"{url}/specimen")
    page.get_by_label("鄠邑区").first.check()
    page.get_by_role("button", name="应用筛选").click()
    expect(page.locator("[data-live-status]")).to_have_text("6 家，已选 1 区")
    page.locator("input[form=compare]").nth(1).check()
    page.get_by_role("button", name="比较已选的（2 到 5 家）").click()
    page.wait_for_url(re.compile(r"c=L-16B1M7W3F&c=L-76CNSE0G8$"))
    before = len(app.extensions["posts"])
    page.get_by_role("button", name="暂停").click()
    assert len(app.extensions["posts"]) == before + 1
    expect(page.locator("[data-copy]")).to_be_hidden()


def test_two_of_five_stand_side_by_side_on_a_phone(new_page: NewPage, url: str) -> None:
    page = new_page("zh-Hans-CN", 390, url=url)
    page.goto(f"{url}/specimen")
    heads = page.locator(".wm-compare thead th")
    expect(heads.nth(0)).to_be_visible()
    expect(heads.nth(1)).to_be_visible()
    expect(heads.nth(4)).to_be_hidden()
    page.get_by_label("右：兰州河湟生态环境咨询有限责任公司").check()
    expect(heads.nth(4)).to_be_visible()
    expect(heads.nth(1)).to_be_hidden()
