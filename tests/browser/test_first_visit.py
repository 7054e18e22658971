"""The first visit: somebody asks in everyday words and is led to a service, its price and real offers, side by side.

Each page on the way is looked at as a whole: scripts at work, accessible, as wide as the window.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.functional.served import Market

from .checks import sound
from .conftest import NewPage

#: what is typed, and the words by which the page is understood, in both languages
WORDS = {
    "zh-Hans-CN": {
        "question": "想开个小饭馆环保那边要啥",
        "heard": "理解为：污染源与环境检测，用于开办餐饮店一件事。",
        "service": "环境影响报告表编制",
        "also": "污染源与环境检测",
        "matter": "开办餐饮店一件事",
        "calculate": "算一算",
        "all": "全部报价，可以筛选",
        "apply": "应用筛选",
        "filters": "筛选条件",
        "within": "下限至上限",
        "compare": "比较已选的 5 家",
        "compare_plain": "比较已选的（2 到 5 家）",
        "compared": "比较 5 项报价",
        "offer": "看这家",
        "steps": ["× 0.8", "内插"],
    },
    "en": {
        "question": "Opening a small restaurant: what about the environment office?",
        "heard": "Understood as: Environmental impact form.",
        "service": "Environmental impact form",
        "also": "Pollution and environment testing",
        "matter": "Opening a restaurant",
        "calculate": "Calculate",
        "all": "All offers, with filters",
        "apply": "Apply filters",
        "filters": "Filters",
        "within": "between floor and ceiling",
        "compare": "Compare the 5 chosen",
        "compare_plain": "Compare what you chose (2 to 5)",
        "compared": "Compare 5 offers",
        "offer": "See the offer",
        "steps": ["× 0.8", "÷"],
    },
}
#: 50 million yuan, machinery, ordinary surroundings: 2 + 2 × 2,000 ÷ 17,000 = 2.235294 万元, × 0.8 × 0.8 = ¥14,305.88, rounded
#: to the yuan. Computed by hand from 计价格〔2002〕125 号.
REFERENCE = "¥14,306.00"
#: the offer of nine tenths of it
NINE_TENTHS = "¥12,875.40"


@dataclass
class Visit:
    """One visitor's browser: the page, its words, and what is checked on each page."""

    page: Page
    words: dict
    check: Callable[[Page], None]
    phone: bool

    def link(self, name: str, within: str = "main") -> Locator:
        """The first link with these words."""
        return self.page.locator(within).get_by_role("link", name=name, exact=True).first

    def asks(self) -> None:
        """The question, with the keyboard alone, from the first page."""
        self.page.goto("/")
        self.check(self.page)
        for _ in range(30):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.id") == "q":
                break
        self.page.keyboard.type(self.words["question"])
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile(r"/search\?q="))
        self.check(self.page)

    def is_understood(self) -> None:
        """The page says how it understood, and has the service and the rest of the way."""
        expect(self.page.locator(".wm-heard")).to_contain_text(self.words["heard"])
        expect(self.link(self.words["service"])).to_be_visible()
        expect(self.link(self.words["also"])).to_be_visible()

    def goes_by_the_matter(self) -> None:
        """Through the matter "opening a restaurant", which lists what it needs, to the service."""
        self.link(self.words["matter"]).click()
        self.page.wait_for_url("**/matters/restaurant-opening")
        self.check(self.page)
        expect(self.link(self.words["also"])).to_be_visible()
        self.goes_to_the_service()

    def goes_to_the_service(self) -> None:
        """Its page."""
        self.link(self.words["service"]).click()
        self.page.wait_for_url("**/items/eia-form")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.words["service"])
        self.check(self.page)

    def calculates(self) -> None:
        """50 million yuan: the reference, its steps and its bar."""
        self.page.locator("#f-amount").fill("50,000,000")
        self.page.locator("[name=industry]").select_option("machinery")
        self.page.locator("[name=sensitivity]").select_option("ordinary")
        self.page.get_by_role("button", name=self.words["calculate"]).click()
        self.page.wait_for_url(re.compile(r"[?&]amount="))
        expect(self.page.locator(".wm-sum")).to_have_text(REFERENCE)
        steps = self.page.locator(".wm-calc")
        for words in self.words["steps"]:
            expect(steps).to_contain_text(words)
        expect(steps.locator("tfoot")).to_contain_text("1.4306")
        expect(self.page.locator("section[aria-labelledby=calculate] svg.wm-bar")).to_be_visible()
        self.check(self.page)

    def filters(self, scripts: bool = True) -> None:
        """All offers, then those within the standard, and back: the list is as long as the counts promise."""
        self.link(self.words["all"]).click()
        self.page.wait_for_url(re.compile(r"/search\?.*item=eia-form"))
        self.check(self.page)
        offers = self.page.locator("#results .wm-offer")
        all_of_them = offers.count()
        assert all_of_them >= 7
        expect(offers.filter(has_text="示例环评乙")).to_contain_text(NINE_TENTHS)
        before = self._promised()
        assert sum(before.values()) == all_of_them, "each offer has one position"
        assert 0 < before["within"] < all_of_them, "the shelf of tests has something outside too"

        self._choose("within", scripts)
        expect(offers).to_have_count(before["within"])
        chip = self.page.locator(".wm-chips a").filter(has_text=self.words["within"])
        expect(chip).to_be_visible()
        assert self._promised() == before, "counts of a facet do not depend on what is chosen in it"
        self.check(self.page)
        chip.click()
        expect(offers).to_have_count(all_of_them)

    def _promised(self) -> dict[str, int]:
        """Counts beside the positions against the standard, by value."""
        boxes = self.page.locator("#facets input[name=position]").all()
        counts = {box.get_attribute("value"): box.locator("xpath=../span").inner_text() for box in boxes}
        return {str(value): int(re.sub(r"\D", "", words)) for value, words in counts.items()}

    def _choose(self, value: str, scripts: bool) -> None:
        if self.phone:
            self.page.get_by_text(re.compile(rf"^{self.words['filters']}")).first.click()
        self.page.locator(f"#facets input[name=position][value={value}]").check()
        if not scripts:
            self.page.get_by_role("button", name=self.words["apply"]).click()

    def compares(self, scripts: bool = True) -> list[str]:
        """Five of them, for the amount typed before; the prices as shown."""
        boxes = self.page.locator("#results input[form=compare]")
        for number in range(5):
            boxes.nth(number).check()
        if scripts:
            expect(boxes.nth(5)).to_be_disabled()
        name = self.words["compare" if scripts else "compare_plain"]
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(re.compile(r"/compare\?.*offer="))
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.words["compared"])
        assert "amount=50" in self.page.url, "the job that was typed goes along"
        expect(self.page.locator(".wm-differs").first).to_be_visible()
        self.check(self.page)
        return self.prices()

    def prices(self) -> list[str]:
        """The amounts of the row "for this job", left to right."""
        cells = self.page.locator(".wm-compare tbody:nth-of-type(1) tr:nth-child(2) td").all()
        return [re.findall(r"[\d,]+\.\d\d", cell.inner_text() or cell.text_content() or "")[0] for cell in cells]

    def goes_to_the_vendor(self) -> None:
        """From the comparison to an offer, and to who offers it."""
        self.page.locator(".wm-compare tfoot a").first.click()
        self.page.wait_for_url("**/offers/L-*")
        self.check(self.page)
        vendor = self.page.locator("a[href^='/vendors/V-']").first
        name = vendor.inner_text()
        vendor.click()
        self.page.wait_for_url("**/vendors/V-*")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)
        self.check(self.page)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["zh-Hans-CN", "en"])
def test_from_a_question_to_five_offers_side_by_side(
    new_page: NewPage, market: Market, tmp_path: Path, lang: str, width: int
) -> None:
    page = new_page(lang, width, url=market.url, base_url=market.url)
    visit = Visit(page, WORDS[lang], sound, phone=width < 992)
    visit.asks()
    visit.is_understood()
    if lang == "zh-Hans-CN":
        visit.goes_by_the_matter()
    else:
        visit.goes_to_the_service()
    visit.calculates()
    visit.filters()
    prices = visit.compares()
    assert len(prices) == 5

    # whoever gets the link sees the same
    other = new_page(lang, width, url=market.url)
    other.goto(page.url)
    assert Visit(other, WORDS[lang], sound, False).prices() == prices
    # and so does the file
    with page.expect_download() as download:
        page.locator("a[href*='compare.csv']").click()
    file = tmp_path / "comparison.csv"
    download.value.save_as(file)
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [f"{float(row[3]):,.2f}" for row in rows[2:]] == prices
    visit.goes_to_the_vendor()


def test_the_same_way_without_scripts(new_page: NewPage, market: Market) -> None:
    page = new_page(url=market.url, base_url=market.url, java_script_enabled=False)
    visit = Visit(page, WORDS["zh-Hans-CN"], lambda page: None, phone=False)
    page.goto("/")
    page.locator("#q").fill(visit.words["question"])
    page.locator("#q").press("Enter")
    visit.is_understood()
    visit.goes_by_the_matter()
    visit.calculates()
    visit.filters(scripts=False)
    assert len(visit.compares(scripts=False)) == 5
    visit.goes_to_the_vendor()
