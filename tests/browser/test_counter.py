"""The counter and the kiosk in a real browser: the clock, the pad, reading back; keys of 80 px, the end that forgets."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from market.accounts import practice
from market.kernel.actor import Role
from tests.functional.served import Market
from tests.integration.factories import centres as make

from .checks import overflowing, ready, sound, violations
from .conftest import NewPage
from .test_first_offer import press, signed_in

CENTRE = "610117-01"


@pytest.fixture
def clerk(market: Market, new_page: NewPage) -> Page:
    """Counter staff of the invented market, signed in."""
    found: practice.DemoSignIn = market.sign_in_of(Role.COUNTER)
    page = new_page(base_url=market.url)
    signed_in(page, found.email, found.password, lambda: market.sign_in_of(Role.COUNTER).code)
    return page


def drawn(page: Page) -> None:
    """A signature on the pad, by mouse."""
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + 20 + step * 8, box["y"] + 40 + step % 4 * 10)
    page.mouse.up()


def both_widths(page: Page) -> None:
    """Accessible and no wider than the window, on a desk and on a telephone."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        sound(page)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.timeout(300)
def test_a_visit_from_next_please_to_its_end_is_accessible_at_every_step(clerk: Page) -> None:
    page = clerk
    page.goto("/counter")
    both_widths(page)
    page.goto(f"/counter?centre={CENTRE}")
    page.locator("#f-window").fill("3")
    both_widths(page)
    press(page, "开始接待")
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"14:\d\d"))
    first = page.locator("[data-left]").inner_text()
    expect(page.locator("[data-left]")).not_to_have_text(first)
    both_widths(page)
    page.locator("#f-id_number").fill(make.identity_number(77))
    page.locator("#f-name").fill("邢测试")
    press(page, "开始接待")
    both_widths(page)
    press(page, "记下同意")
    expect(page.locator(".wm-errors")).to_contain_text("签字板")
    drawn(page)
    press(page, "记下同意")
    expect(page.locator(".wm-proof-box")).to_contain_text("本人已同意")
    both_widths(page)
    page.goto("/orders/new?item=eia-form")
    expect(page.locator(".wm-visit")).to_contain_text("邢测试")
    page.locator("main button.btn-primary").click()
    expect(page).to_have_url(re.compile(r"/step/2$"))
    page.locator(".wm-visit a").click()
    both_widths(page)
    press(page, "交给本人核对")
    expect(page.locator("h1")).to_have_text("对不对？")
    both_widths(page)
    press(page, "不对，要改")
    page.goto("/counter/receipt")
    both_widths(page)
    page.goto("/counter")
    press(page, "结束接待")
    expect(page.locator(".wm-flash, [role=status]").first).to_contain_text("用时")
    both_widths(page)


@pytest.fixture(scope="module")
def hurried_kiosk(market: Market) -> Iterator[str]:
    """The same market where a kiosk ends itself after three seconds."""
    with market.beside("kiosk", WEST_MARKET_KIOSK_IDLE="3") as url:
        yield url


def test_the_kiosk_is_accessible_and_its_keys_are_eighty_pixels(market: Market, new_page: NewPage) -> None:
    page = new_page(base_url=market.url)
    for path in ("/kiosk", "/kiosk/matters", "/kiosk/items/eia-form", "/kiosk/order", "/kiosk/help", "/kiosk/fields"):
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(f"{path}?mode=kiosk")
        ready(page)
        assert violations(page) == [], path
        small = page.evaluate(
            """() => [...document.querySelectorAll("main a, main button, header a.btn, main input")]
                 .map((one) => [one.innerText || one.name, one.getBoundingClientRect().height])
                 .filter(([, height]) => height > 0 && height < 79.5)"""
        )
        assert small == [], (path, small)
        page.set_viewport_size({"width": 390, "height": 900})
        assert overflowing(page) == [], path


def test_the_kiosk_ends_itself_and_forgets_unless_it_is_touched(hurried_kiosk: str, new_page: NewPage) -> None:
    page = new_page(base_url=hurried_kiosk)
    page.goto(f"/kiosk?mode=kiosk&centre={CENTRE}&machine=03")
    page.goto("/kiosk/items/eia-form")
    page.get_by_role("button", name="转到手机").click()
    expect(page).to_have_url(re.compile(r"/kiosk/phone$"))
    ready(page)
    for _ in range(3):
        page.wait_for_timeout(1200)
        page.mouse.click(5, 5)
    expect(page).to_have_url(re.compile(r"/kiosk/phone$"))
    expect(page.locator("[data-words]")).to_contain_text("秒自动结束")
    expect(page).to_have_url(re.compile(r"/kiosk\?mode=kiosk$"), timeout=8000)
    page.goto("/kiosk/phone")
    expect(page).to_have_url(re.compile(r"/kiosk(\?.*)?$"))
    expect(page.locator("header")).to_contain_text("03 号机")


def test_the_kiosk_ends_itself_without_scripts_too(hurried_kiosk: str, new_page: NewPage) -> None:
    page = new_page(base_url=hurried_kiosk, java_script_enabled=False)
    page.goto(f"/kiosk?mode=kiosk&centre={CENTRE}&machine=03")
    page.goto("/kiosk/items/eia-form")
    page.locator("form[action='/kiosk/take'] button").click()
    expect(page).to_have_url(re.compile(r"/kiosk/phone$"))
    expect(page).to_have_url(re.compile(r"/kiosk\?mode=kiosk$"), timeout=8000)


def test_a_pick_up_code_is_touched_key_by_key(market: Market, new_page: NewPage) -> None:
    page = new_page(base_url=market.url)
    page.goto("/kiosk/order?mode=kiosk")
    ready(page)
    for key in "7F3K92QM":
        page.locator(f"button[name=key][value='{key}']").click()
    field = page.locator("#f-typed")
    expect(field).to_have_value("7F3K92QM")
    page.locator("button[value=back]").click()
    expect(field).to_have_value("7F3K92Q")
    page.locator("main button.btn-primary").click()
    expect(page.locator(".wm-errors")).to_contain_text("取件码")
    expect(page.locator("#f-typed")).to_have_value("7F3K92Q")
