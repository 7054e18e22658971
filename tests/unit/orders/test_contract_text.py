"""The text of contracts: amounts in words, stages, canonical content, digest, what is signed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import market.orders.contract_text as text
from market.kernel import canonical
from market.orders.contract_text import Annex, PriceStandard, Side, Subject

ROOT = Path(text.__file__).parent
TEMPLATES: dict[str, Any] = json.loads((ROOT / "data" / "contract-templates.json").read_text("utf-8"))
CATALOGUE = json.loads((ROOT.parent / "catalogue" / "data" / "catalogue.json").read_text("utf-8"))
TERMS = {
    "confirm_days": 2, "sign_days": 5, "pay_days": 5, "accept_days": 10, "accept_reminder_1": 5, "accept_reminder_2": 8,
    "rework_days": 5, "dispute_days": 10, "dispute_after_acceptance_days": 10, "cancel_share_funded": 0,
    "cancel_share_under_way": 300,
}  # fmt: skip


def subject(**changes: Any) -> Subject:
    fields: dict[str, Any] = {
        "order": "R-7K3M9Q2FX", "contract": "C-7K3M9Q2FX", "number": 1,
        "buyer": Side("测试业主", "91610100MA0000000X", kind="firm"),
        "vendor": Side("测试机构有限公司", "91610100MA0000001X", "V-7K3M9Q2FX", "vendor"), "item": "环境影响报告表编制",
        "item_slug": "eia-form", "item_version": "G-7K3M9Q2FX", "category": "env", "deliverables": ("环境影响报告表 3 份",),
        "qualifications": (), "title": "测试项目", "description": "", "district": "高陵区", "facts": (("总投资", "60000000 元"),),
        "way": "direct", "listing": "L-7K3M9Q2FX", "publication": 2, "days": 22, "price_fen": 3_180_000, "guarantee_days": 0,
        "standard": None, "terms": TERMS, "drafted_on": "2026-03-04",
    }  # fmt: skip
    return Subject(**{**fields, **changes})


def composed(**changes: Any) -> dict[str, Any]:
    about = subject(**changes)
    template = text.template_for(TEMPLATES, about.category, about.item_slug)
    work = text.stages(template, price_fen=about.price_fen, days=about.days, in_milestones=True)
    return text.compose(template, about, work)


def words_of(content: dict[str, Any]) -> str:
    return "\n".join(line for clause in content["clauses"] for line in (clause["heading"], *clause["paragraphs"]))


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        # the examples of the rules for filling in bills: 支付结算办法 appendix 1 [M]
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        # our own
        (3_180_000, "叁万壹仟捌佰元整"),
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (105, "壹元零伍分"),
        (1_001_000, "壹万零壹拾元整"),
        (100_000_000_00, "壹亿元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (101_000_000_00, "壹亿零壹佰万元整"),
        (1_000_000_000_000_00, "壹万亿元整"),
        (1_000_100_000_000_00, "壹万零壹亿元整"),
    ],
)
def test_amounts_in_capital_numerals(fen: int, words: str) -> None:
    assert text.capital(fen) == words


@given(st.integers(min_value=0, max_value=10**16))
def test_an_amount_in_words_reads_back_as_the_same_amount(fen: int) -> None:
    assert read_back(text.capital(fen)) == fen


def read_back(words: str) -> int:
    """An independent reader of capital numerals."""
    whole, _, rest = words.partition("元") if "元" in words else ("", "", words)
    total = section = number = 0
    for sign in whole:
        if sign in text.DIGITS:
            number = text.DIGITS.index(sign)
        elif sign in "拾佰仟":
            section, number = section + number * {"拾": 10, "佰": 100, "仟": 1000}[sign], 0
        else:
            section, number = section + number, 0
            if sign == "万":
                total, section = total + section * 10**4, 0
            elif sign == "亿":
                total, section = (total + section) * 10**8, 0
    fen = (total + section + number) * 100
    figure = 0
    for sign in rest.strip("整"):
        if sign in text.DIGITS:
            figure = text.DIGITS.index(sign)
        elif sign == "角":
            fen, figure = fen + figure * 10, 0
        elif sign == "分":
            fen, figure = fen + figure, 0
    return fen


def test_amounts_below_zero_have_no_words() -> None:
    with pytest.raises(ValueError):
        text.capital(-1)


@given(st.integers(3, 10**12), st.integers(3, 400))
def test_instalments_and_days_add_up_exactly(fen: int, days: int) -> None:
    """KF-MON-17: the sum of the lines is the total, always."""
    template = text.template_for(TEMPLATES, "env", "eia-form")
    work = text.stages(template, price_fen=fen, days=days, in_milestones=True)
    assert sum(stage.fen for stage in work) == fen
    assert sum(stage.days for stage in work) == days
    assert all(stage.days >= 1 for stage in work)


@pytest.mark.parametrize(
    ("days", "fen", "in_milestones", "count"),
    [(22, 3_180_000, True, 3), (2, 100, True, 1), (22, 2, True, 1), (22, 3_180_000, False, 1)],
)
def test_work_that_cannot_be_divided_is_one_stage(days: int, fen: int, in_milestones: bool, count: int) -> None:
    template = text.template_for(TEMPLATES, "env", "eia-form")
    assert len(text.stages(template, price_fen=fen, days=days, in_milestones=in_milestones)) == count


@pytest.mark.parametrize("item", CATALOGUE["items"], ids=lambda item: item["code"])
def test_every_item_of_the_catalogue_has_a_contract(item: dict[str, Any]) -> None:
    content = composed(
        category=item["category"], item_slug=item["code"], item=item["name_zh"], deliverables=(item["deliverable"],),
        qualifications=tuple(one["name"] for one in item["qualification"]),
    )  # fmt: skip
    words = words_of(content)
    assert item["name_zh"] in words
    assert item["deliverable"] in words
    assert "{" not in words
    assert "None" not in words
    assert len(content["clauses"]) == 10


def test_categories_and_items_of_the_templates_exist() -> None:
    categories = {one["code"] for one in CATALOGUE["categories"]}
    items = {one["code"] for one in CATALOGUE["items"]}
    assert set(TEMPLATES["categories"]) <= categories
    assert set(TEMPLATES["items"]) <= items
    for variation in TEMPLATES["categories"].values():
        assert set().union(*variation.get("add_only_items", {}).values()) <= items


def test_shares_of_the_templates_are_thousandths() -> None:
    for one in [TEMPLATES["general"], *TEMPLATES["categories"].values()]:
        if "milestones" in one:
            assert sum(stage["share"] for stage in one["milestones"]) == 1000
            assert sum(stage["days"] for stage in one["milestones"]) == 1000


def test_only_laws_that_were_read_are_cited_by_article() -> None:
    """No invented law: an article stands only beside a law that domain.md confirms; the Civil Code only in general."""
    everything = json.dumps(TEMPLATES, ensure_ascii=False)
    cited = set(re.findall(r"《([^》]+)》第", everything))
    assert cited == {"中华人民共和国环境影响评价法", "中华人民共和国资产评估法", "中华人民共和国招标投标法"}
    assert "《中华人民共和国民法典》合同编" in everything


def test_the_content_is_canonical_and_its_digest_is_that_of_its_json() -> None:
    content = composed()
    assert json.loads(canonical.leaf(content)) == json.loads(json.dumps(content))
    assert text.digest(content) == canonical.sha256_hex(canonical.leaf(content))
    # what a database gives back has other key order and the same digest
    assert text.digest(dict(reversed(list(content.items())))) == text.digest(content)


@pytest.mark.parametrize(
    "change",
    [
        {"price_fen": 3_180_001}, {"days": 23}, {"title": "别的项目"}, {"buyer": Side("别人")}, {"contract": "C-0000TEST0"},
        {"annexes": (Annex("D-1", "图.pdf", "a" * 64, 1),)}, {"terms": {**TERMS, "accept_days": 11}}, {"replaces": "b" * 64},
        {"reason": "延期"},
    ],
    ids=str,
)  # fmt: skip
def test_any_change_gives_another_digest(change: dict[str, Any]) -> None:
    assert text.digest(composed(**change)) != text.digest(composed())


def test_text_of_people_is_data_and_never_a_placeholder() -> None:
    content = composed(title="{price} {0} %s {order}")
    assert "{price} {0} %s {order}" in words_of(content)


def test_what_does_not_add_up_is_refused() -> None:
    about = subject()
    template = text.template_for(TEMPLATES, "env", "eia-form")
    work = text.stages(template, price_fen=about.price_fen + 1, days=about.days, in_milestones=True)
    with pytest.raises(ValueError):
        text.compose(template, about, work)


def test_terms_stand_in_words_and_numbers() -> None:
    words = words_of(
        composed(terms={**TERMS, "accept_days": 12, "cancel_share_funded": 50, "cancel_share_under_way": 335})
    )
    assert "12 个工作日内验收" in words
    assert "乙方得到当期托管款的百分之五" in words
    assert "乙方得到当期托管款的千分之335" in words


@pytest.mark.parametrize(
    ("kind", "words"), [("market", "供参考"), ("guided", "规定的幅度内"), ("set", "等于该标准规定的价格")]
)
def test_the_price_stands_beside_its_standard(kind: str, words: str) -> None:
    standard = PriceStandard("测试标准", "G-7K3M9Q2FX", kind, 2_000_000, 2_500_000, None)
    found = words_of(composed(standard=standard))
    assert "《测试标准》（版本 G-7K3M9Q2FX）" in found
    assert words in found
    assert "下限 ¥20,000.00，基准价 ¥25,000.00。" in found
    assert "没有收费标准" in words_of(composed())


def test_what_is_signed_names_its_purpose_order_contract_digest_and_side() -> None:
    signed = text.signed_text("R-1", "C-1", "d" * 64, "buyer")
    assert signed.startswith(b"\x00\x00\x00\x0ewm/contract/v1\x00\x00\x00\x03R-1")
    others = {
        text.signed_text("R-1", "C-1", "d" * 64, "vendor"), text.signed_text("R-1", "C-2", "d" * 64, "buyer"),
        text.signed_text("R-2", "C-1", "d" * 64, "buyer"), text.signed_text("R-1", "C-1", "e" * 64, "buyer"),
    }  # fmt: skip
    assert len(others | {signed}) == 5


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (9, "九"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五")]
)
def test_articles_are_numbered_in_chinese(number: int, words: str) -> None:
    assert text.numeral(number) == words
