"""Large files in a real browser: in parts, over a broken line, after a reload; and the pages around files."""

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from market.kernel.actor import Role
from tests.functional.served import Market
from tests.integration.factories import documents

from .checks import ready, sound
from .conftest import NewPage
from .test_first_offer import press, signed_in

MIB = 1024 * 1024


def plan(size: int = 9 * MIB, name: str = "总平面图.pdf") -> FilePayload:
    """A genuine PDF of about that size."""
    return FilePayload(name=name, mimeType="application/pdf", buffer=documents.pdf(head=b"%" + b"x" * size + b"\n"))


@pytest.fixture
def page(new_page: NewPage, market: Market) -> Page:
    """A vendor's list of files."""
    page = new_page(url=market.url, base_url=market.url)
    vendor = market.sign_in_of(Role.VENDOR)
    signed_in(page, vendor.email, vendor.password)
    page.goto("/documents")
    ready(page)
    page.locator("#f-purpose").select_option("paper")
    return page


def parts(page: Page) -> list[tuple[str, str]]:
    """(method, offset) of each request to the uploads from here on."""
    seen: list[tuple[str, str]] = []
    page.on(
        "request",
        lambda one: "/uploads" in one.url and seen.append((one.method, one.headers.get("upload-offset", ""))),
    )
    return seen


@pytest.mark.timeout(300)
def test_a_large_file_goes_in_parts_and_arrives_whole(page: Page) -> None:
    """KF-FIL-03"""
    seen = parts(page)
    page.locator("#f-file").set_input_files([plan()])
    with page.expect_response(lambda one: one.request.method == "DELETE") as ended:
        press(page, "上传这个文件")
    expect(page.locator(".wm-told")).to_contain_text("总平面图.pdf")
    # what was used is on its way no more: it counts to no limit
    assert ended.value.status == 204
    assert [method for method, _ in seen] == ["POST", "PATCH", "PATCH", "PATCH", "DELETE"]
    assert [offset for _, offset in seen[1:4]] == ["0", str(4 * MIB), str(8 * MIB)]
    expect(page.locator(".wm-list li").first).to_contain_text("9 MB")
    sound(page)


@pytest.mark.timeout(300)
def test_a_small_file_goes_with_the_form(page: Page) -> None:
    seen = parts(page)
    page.locator("#f-file").set_input_files([plan(1000, "小文件.pdf")])
    press(page, "上传这个文件")
    expect(page.locator(".wm-told")).to_contain_text("小文件.pdf")
    assert seen == []


@pytest.mark.timeout(300)
def test_a_line_that_breaks_costs_one_part_and_goes_on_by_itself(page: Page) -> None:
    broken = {"left": 2}

    def sometimes(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0" and broken["left"]:
            broken["left"] -= 1
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*", sometimes)
    seen = parts(page)
    page.locator("#f-file").set_input_files([plan(name="断线.pdf")])
    press(page, "上传这个文件")
    expect(page.locator(".wm-travel")).to_contain_text("自动继续")
    expect(page.locator(".wm-told")).to_contain_text("断线.pdf", timeout=20_000)
    offsets = [offset for method, offset in seen if method == "PATCH"]
    assert offsets == ["0", str(4 * MIB), str(4 * MIB), str(4 * MIB), str(8 * MIB)]
    assert [method for method, _ in seen].count("POST") == 1, "what had arrived was not sent again"


@pytest.mark.timeout(300)
def test_after_a_reload_the_same_file_goes_on_where_it_stopped(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "重载.pdf"
    file.write_bytes(plan()["buffer"])
    page.route(
        "**/uploads/*",
        lambda route: (
            route.abort() if route.request.headers.get("upload-offset") == str(4 * MIB) else route.continue_()
        ),
    )
    page.locator("#f-file").set_input_files(file)
    press(page, "上传这个文件")
    expect(page.locator(".wm-travel")).to_contain_text("自动继续")
    page.unroute("**/uploads/*")
    page.reload()
    ready(page)
    seen = parts(page)
    page.locator("#f-purpose").select_option("paper")
    page.locator("#f-file").set_input_files(file)
    with page.expect_response(lambda one: one.request.method == "DELETE"):
        press(page, "上传这个文件")
    expect(page.locator(".wm-told")).to_contain_text("重载.pdf")
    assert [method for method, _ in seen] == ["HEAD", "PATCH", "PATCH", "DELETE"]
    assert seen[1][1] == str(4 * MIB)


@pytest.mark.timeout(300)
def test_it_can_be_stopped_and_a_refused_file_says_why(page: Page) -> None:
    page.route("**/uploads/*", lambda route: None)
    page.locator("#f-file").set_input_files([plan(name="停.pdf")])
    press(page, "上传这个文件")
    page.get_by_role("button", name="停止上传").click()
    expect(page.locator(".wm-travel")).to_have_count(0)
    page.unroute("**/uploads/*")
    bad = FilePayload(name="licence.pdf", mimeType="application/pdf", buffer=b"MZ" + b"x" * 3 * MIB)
    page.locator("#f-file").set_input_files([bad])
    press(page, "上传这个文件")
    expect(page.locator(".wm-errors")).to_contain_text("Windows")


@pytest.mark.timeout(300)
def test_the_pages_around_files_are_sound(page: Page, market: Market) -> None:
    for path in ("/documents", "/documents/readings", "/documents/saved"):
        page.goto(path)
        sound(page)
