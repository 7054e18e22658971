"""A vendor's first days: an account, the application in five steps, the operator's check, the first offer, found at once."""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from market.kernel.actor import Actor, Role
from tests.functional.served import Market
from tests.integration.factories import accounts, documents, vendors

from .checks import sound
from .conftest import NewPage

#: seconds within which a change is to be seen in search, from the moment its answer is here
SOON = 2.0
PASSWORD = accounts.PASSWORD


def press(page: Page, name: str) -> None:
    """A button of the page's content."""
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def fill(page: Page, **fields: str) -> None:
    """Type into fields by their names; choices are chosen."""
    for name, value in fields.items():
        field = page.locator(f"main [name={name}]")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"main [name={name}][value={value}]").check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def kept(page: Page, **fields: str) -> None:
    """What was typed is still there."""
    for name, value in fields.items():
        expect(page.locator(f"main [name={name}]")).to_have_value(value)


def paper(name: str = "资质证书.pdf") -> FilePayload:
    """A genuine PDF."""
    return FilePayload(name=name, mimeType="application/pdf", buffer=documents.pdf())


def signed_in(page: Page, email: str, password: str, code: Callable[[], str | None] = lambda: None) -> None:
    """Through the sign-in page; with a one-time code where it is asked for."""
    page.goto("/sign-in")
    fill(page, email=email, password=password)
    press(page, "登录")
    if (digits := code()) is not None:
        sound(page)
        fill(page, code=digits)
        press(page, "登录")
    expect(page.locator("details.wm-account")).to_be_visible()


def new_account(page: Page, email: str) -> None:
    """An account by the link in the mail, which practice mode keeps to be read."""
    page.goto("/sign-in")
    page.locator("main").get_by_role("link", name="注册账户").click()
    sound(page)
    fill(page, email=email)
    press(page, "发送链接")
    page.wait_for_url("**/mail-sent*")
    sound(page)
    page.get_by_role("link", name="查看演示邮箱").click()
    mail = page.locator("article").filter(has_text=email)
    for _ in range(50):
        if mail.count():
            break
        page.wait_for_timeout(200)
        page.reload()
    sound(page)
    mail.first.get_by_role("link").first.click()
    page.wait_for_url("**/sign-up/finish")
    sound(page)
    fill(page, name="示例经办人", password=PASSWORD)
    press(page, "完成注册")
    expect(page.locator(".wm-told")).to_contain_text("示例经办人，欢迎")


@pytest.mark.timeout(300)
def test_a_vendor_enters_from_the_first_mail_to_the_operators_yes(new_page: NewPage, market: Market) -> None:
    mark = uuid.uuid4().hex[:6]
    email, name = f"first-{mark}@example.org", f"示例测试{mark}有限公司"
    code = vendors.credit_code(int(mark, 16) % 899_000 + 100_000)
    number = f"示例证字第{mark.upper()}号"  # the registry does not know it, so an operator must see the paper
    page = new_page(url=market.url, base_url=market.url)
    new_account(page, email)

    page.locator("footer").get_by_role("link", name="机构入驻").click()
    sound(page)
    fill(page, name=name)
    press(page, "开始")

    # step 1: a code with one wrong character is refused with its reason, and nothing typed is lost
    page.wait_for_url("**/desk/vendor/firm")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    firm = {"address": "西安市雁塔区示例路 1 号", "introduction": "只为演示，全部虚构。"}
    fill(page, legal_form="company", credit_code=wrong, **firm)
    press(page, "保存，下一步：代表人与联系人")
    errors = page.locator(".wm-errors")
    expect(errors).to_be_focused()
    expect(errors).to_contain_text("统一社会信用代码")
    expect(errors).to_contain_text("最后一位")
    kept(page, name=name, credit_code=wrong, **firm)
    sound(page)
    errors.get_by_role("link").first.click()
    expect(page.locator("[name=credit_code]")).to_be_focused()
    fill(page, credit_code=code)
    press(page, "保存，下一步：代表人与联系人")

    page.wait_for_url("**/desk/vendor/contact")
    sound(page)
    fill(page, representative="示例代表", contact_name="示例联系人", contact_phone=vendors.PHONE)
    press(page, "保存，下一步：证照")

    # step 3: a program is no licence; the licence itself is kept, with the reason beside its file
    page.wait_for_url("**/desk/vendor/licences")
    sound(page)
    fill(
        page, kind="检验检测机构资质认定（CMA）", number=number, issuer="示例发证机关",
        valid_from="2024-12-31", valid_to="2030-12-31",
    )  # fmt: skip
    program = FilePayload(name="证书.pdf", mimeType="application/pdf", buffer=b"MZ\x90\x00 this is a program")
    page.locator("[name=file]").set_input_files(program)
    press(page, "添加这张证照")
    given = page.locator("main li fieldset")
    expect(given).to_contain_text(number)
    expect(given.locator(".wm-files .is-bad")).to_contain_text("证书.pdf")
    sound(page)
    press(page, "保存，以后再填")
    page.wait_for_url("**/desk/vendor")
    sound(page)

    # another computer, days later
    page.context.close()
    page = new_page(url=market.url, base_url=market.url)
    signed_in(page, email, PASSWORD)
    page.goto("/desk/vendor")
    page.get_by_role("link", name=re.compile("^接着填申请")).click()
    page.wait_for_url("**/desk/vendor/licences")
    page.get_by_role("link", name=re.compile("更正，或补文件")).click()
    kept(page, number=number)
    sound(page)
    page.locator("[name=file]").set_input_files(paper())
    press(page, "保存并重新核对")
    page.wait_for_url("**/desk/vendor/licences*")
    expect(page.locator("main li fieldset")).to_contain_text("资质证书.pdf")
    press(page, "保存，下一步：执业人员")
    page.wait_for_url("**/desk/vendor/staff")
    sound(page)
    press(page, "保存，下一步：承诺与提交")

    page.wait_for_url("**/desk/vendor/undertakings")
    sound(page)
    for box in page.locator("[name=given], [name=no_ties]").all():
        box.check()
    press(page, "提交")
    page.wait_for_url("**/desk/vendor")
    expect(page.locator("main")).to_contain_text("最迟在3月6日结束前答复您")
    expect(page.locator(".wm-clock").first).to_contain_text("剩 2 个工作日")
    sound(page)

    # the operator: code from the app, the clock, and a reason for what is not right
    operator = new_page(url=market.url, base_url=market.url)
    who = market.sign_in_of(Role.OPERATOR)
    signed_in(operator, who.email, who.password, lambda: market.sign_in_of(Role.OPERATOR).code)
    operator.goto("/desk/entry")
    row = operator.locator(".wm-queue li").filter(has_text=name)
    expect(row.locator(".wm-clock")).to_contain_text("3月6日")
    expect(row.locator(".wm-clock")).to_contain_text("剩 2 个工作日")
    sound(operator)
    row.get_by_role("link").click()
    expect(operator.get_by_role("heading", level=1)).to_have_text(name)
    sound(operator)
    for yes in operator.locator("[name^=answer-][value=yes]").all():
        yes.check()
    licence = operator.locator(".wm-checks li").filter(has_text=number)
    licence.locator("[value=no]").check()
    licence.locator("details summary").click()
    licence.locator("select").select_option("unsigned")
    licence.locator("textarea").fill("第二页缺少公章，请补齐后重新提交。")
    press(operator, "送达结论")
    expect(operator.locator(".wm-told")).to_contain_text(f"已退回{name}")

    # the vendor reads exactly that, mends it, and hands in again
    page.goto("/desk/vendor")
    expect(page.locator("main")).to_contain_text("第二页缺少公章，请补齐后重新提交。")
    sound(page)
    page.get_by_role("link", name="补正：证照").click()
    expect(page.locator(".wm-errors")).to_contain_text("证照上缺签名或印章。")
    expect(page.locator(".wm-errors")).to_contain_text("第二页缺少公章，请补齐后重新提交。")
    page.get_by_role("link", name=re.compile("更正，或补文件")).click()
    page.locator("[name=file]").set_input_files(paper("盖章的证书.pdf"))
    press(page, "保存并重新核对")
    expect(page.locator("main li fieldset")).to_contain_text("盖章的证书.pdf")
    page.goto("/desk/vendor/undertakings")
    press(page, "提交")
    page.wait_for_url("**/desk/vendor")

    operator.goto("/desk/entry")
    operator.locator(".wm-queue li").filter(has_text=name).get_by_role("link").click()
    expect(operator.get_by_role("heading", level=1)).to_have_text(name)
    points = operator.locator(".wm-checks > li")
    expect(points.locator("[value=yes]:checked")).to_have_count(points.count() - 1)
    expect(points.filter(has_text=number).locator("[value=yes]")).not_to_be_checked()
    sound(operator)
    operator.locator(".wm-checks li").filter(has_text="盖章的证书.pdf").locator("[value=yes]").check()
    press(operator, "送达结论")
    expect(operator.locator(".wm-told")).to_contain_text(f"{name}已入驻，各区县通用。")

    page.goto("/desk/vendor")
    expect(page.locator("main").get_by_role("link", name="新建服务产品")).to_be_visible()
    page.get_by_role("link", name="公开页面").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("main")).to_contain_text(number)
    sound(page)

    in_english_on_a_phone(
        new_page, market, page, ("/desk/vendor", "/desk/vendor/firm", "/desk/vendor/licences", "/account")
    )
    in_english_on_a_phone(new_page, market, operator, ("/desk/entry", "/desk/vendors", "/desk/catalogue"))


def in_english_on_a_phone(new_page: NewPage, market: Market, page: Page, paths: tuple[str, ...]) -> None:
    """The same person's pages in the other language, 390 px wide."""
    phone = new_page("en", 390, url=market.url, base_url=market.url, storage_state=page.context.storage_state())
    for path in paths:
        answer = phone.goto(path)
        assert answer is not None
        assert answer.ok, path
        expect(phone.locator("html")).to_have_attribute("lang", "en")
        sound(phone)


@pytest.fixture
def vendor(market: Market) -> str:
    """The mail address of somebody who works for a new vendor in the market."""
    mark = uuid.uuid4().hex[:6]
    with market.app.app_context():
        person = accounts.person(f"offer-{mark}@example.org", "示例经办人")
        number = int(mark, 16) % 899_000 + 100_000
        vendors.active(Actor(person.code), number, name=f"示例代理{mark}有限公司（示例）")
        return person.email


def begun(page: Page, item: str) -> str:
    """A new draft for a service; its code."""
    page.goto("/desk/offers")
    sound(page)
    page.locator("main").get_by_role("link", name="新建服务产品").first.click()
    sound(page)
    fill(page, item=item)
    press(page, "开始写草稿")
    page.wait_for_url("**/desk/offers/L-*")
    sound(page)
    return page.url.rpartition("/")[2]


def seconds_until_seen(page: Page, button: str, seen: Callable[[], bool]) -> float:
    """Press a button that changes something; the seconds between its answer and the moment when search shows it."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        press(page, button)
    assert answered.value.status == 302
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < 20, "never seen"
        time.sleep(0.05)
    return time.monotonic() - began


def test_an_offer_is_held_to_its_standard_and_found_within_two_seconds(
    new_page: NewPage, market: Market, vendor: str
) -> None:
    page = new_page(url=market.url, base_url=market.url)
    signed_in(page, vendor, PASSWORD)
    code = begun(page, "bid-agency")

    # far below the reference: not forbidden, but it is to be explained; everything typed stays
    typed: dict[str, Any] = {
        "title": "招标代理全流程（示例）", "price": "20000", "days": "15", "deliverables": "招标文件 5 份\n评标报告 3 份",
        "capacity": "3",
    }  # fmt: skip
    fill(page, price_model="fixed", **typed)
    press(page, "保存并上架")
    errors = page.locator(".wm-errors")
    expect(errors).to_contain_text("¥20,000.00 低于参考价下限 ¥")
    expect(errors).to_contain_text("20 个字")
    kept(page, **typed)
    sound(page)
    fill(page, low_price_reason="文件有成熟模板，两名专职人员当天即可完成编制。")

    with httpx.Client(base_url=market.url, timeout=10) as visitor:

        def found() -> bool:
            return code in visitor.get("/search", params={"item": "bid-agency", "sort": "price"}).text

        published = seconds_until_seen(page, "保存并上架", found)
        page.wait_for_url(f"**/offers/{code}")
        expect(page.locator("main")).to_contain_text("文件有成熟模板")
        sound(page)
        page.goto(f"/desk/offers/{code}")
        paused = seconds_until_seen(page, "暂停接单", lambda: not found())
        sound(page)
        resumed = seconds_until_seen(page, "重新接单", found)
    print(f"seen after {published:.2f} s, gone after {paused:.2f} s, seen again after {resumed:.2f} s")
    assert max(published, paused, resumed) <= SOON, (published, paused, resumed)


def test_a_guided_price_outside_its_band_is_refused_with_the_band(
    new_page: NewPage, market: Market, vendor: str
) -> None:
    """The demo's invented guided standard: 12 yuan a square metre, 120 m², give or take 30 %."""
    page = new_page(url=market.url, base_url=market.url)
    signed_in(page, vendor, PASSWORD)
    code = begun(page, "house-safety")
    typed: dict[str, Any] = {
        "title": "住房安全鉴定（示例）", "price": "1,900", "days": "10", "deliverables": "鉴定报告 2 份", "capacity": "2"
    }  # fmt: skip
    fill(page, price_model="fixed", **typed)
    press(page, "保存并上架")
    errors = page.locator(".wm-errors")
    expect(errors).to_contain_text("指导价在 ¥1,008.00 到 ¥1,872.00 之间，您的报价是 ¥1,900.00。")
    kept(page, **typed)
    sound(page)
    fill(page, price="1,872")
    press(page, "保存并上架")
    page.wait_for_url(f"**/offers/{code}")
    in_english_on_a_phone(new_page, market, page, ("/desk/offers", f"/desk/offers/{code}", f"/offers/{code}"))
