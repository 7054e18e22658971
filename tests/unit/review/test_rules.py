"""The 59 rules: each one's own examples, scopes, severity by the source of money, structured fields."""

import re
import time
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from market.review.evaluation import evaluate, points
from market.review.matching import Lexicon, compile_pattern
from market.review.numbers import number, quantities
from market.review.rule_files import book
from market.review.rules import Context, Example, Fund, NoPlainNumber, Rule, Severity, review, severity

RULES = book().rules
BAD = [(rule, example) for rule in RULES.values() for example in rule.bad]
GOOD = [(rule, example) for rule in RULES.values() for example in rule.good]


def named(pair: tuple[Rule, Example] | Example | Rule) -> str:
    return pair.id if isinstance(pair, Rule) else re.sub(r"\W", "", getattr(pair, "text", ""))[:14]


def found(text: str, context: Context | None = None) -> list[str]:
    return [one.rule for one in review({"text": text}, context or Context(), book())]


def test_the_catalogue_has_59_rules_each_with_both_kinds_of_examples() -> None:
    assert len(RULES) == 59
    assert [rule.id for rule in RULES.values() if not rule.bad or len(rule.good) < 1] == []
    assert all(
        rule.rewrite and rule.spared and set(rule.name) == set(rule.plain) == {"zh", "en"} for rule in RULES.values()
    )


@pytest.mark.parametrize(("rule", "example"), BAD, ids=named)
def test_a_rule_finds_its_own_example(rule: Rule, example: Example) -> None:
    assert example.span is not None
    findings = [
        {"rule": one.rule, "start": one.start, "end": one.end}
        for one in review({"text": example.text}, Context(), book())
    ]
    label = {"rule": rule.id, "start": example.span[0], "end": example.span[1]}
    assert [pair[0] for pair in points(findings, [label])] == [1], findings


@pytest.mark.parametrize(("rule", "example"), GOOD, ids=named)
def test_nothing_is_found_in_a_lawful_look_alike(rule: Rule, example: Example) -> None:
    assert found(example.text) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=named)
def test_the_neutral_wording_of_a_rule_is_itself_clean(rule: Rule) -> None:
    assert found(rule.rewrite) == []


@pytest.mark.parametrize(
    "text",
    [
        "不得要求供应商在本市注册。",
        "是否须在本市设立分公司？答：不需要。",
        "原公告要求本地企业优先，现予取消。",
        "条例规定，“须在本地设立分支机构”等字样不得出现。",
        "如发现“本市企业优先”的条款，请举报。",
        "有的地方曾要求外地企业备案。",
        "注册地在外省的，均可报名。",
        "We do not require a local branch.",
    ],
)
def test_negation_quotation_history_others_and_questions_are_read(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("非本市注册的机构不得报名。", "FC-LOC-01"),
        ("原公告未要求本地注册，现改为须在本市注册。", "FC-LOC-01"),
        ("规模不限，但须在本市注册。", "FC-LOC-01"),
        ("不接受合伙企业报名。", "FC-OWN-02"),
    ],
)
def test_a_negation_that_shuts_out_is_no_negation(text: str, rule: str) -> None:
    assert found(text) == [rule]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("本项目预算50万元，须具有单项合同金额40万元的业绩。", []),
        ("本项目预算20万元，须具有单项合同金额40万元的业绩。", ["FC-PRF-03"]),
        ("投标保证金为估算价的2%。", []),
        ("投标保证金为估算价的3%。", ["FC-DEP-01"]),
        ("本项目预算10万元，投标保证金2000元。", []),
        ("本项目预算10万元，投标保证金3000元。", ["FC-DEP-01"]),
        ("验收后60日内付款。", []),
        ("验收后61日内付款。", ["FC-CON-01"]),
        ("价格分占10分。", []),
        ("价格分占9分。", ["FC-PRC-03"]),
    ],
)
def test_numbers_are_compared_with_the_law_and_with_the_contract_sum(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_the_contract_sum_may_come_from_the_context() -> None:
    text = "须具有单项合同金额40万元的业绩。"
    assert found(text, Context(contract_sum=Fraction(500_000))) == []
    assert found(text, Context(contract_sum=Fraction(100_000))) == ["FC-PRF-03"]


def test_private_money_outside_a_tender_turns_blocks_of_procurement_law_into_reasons() -> None:
    capital, origin = RULES["FC-PRF-02"], RULES["FC-LOC-01"]
    private, tender = Context(fund=Fund.PRIVATE), Context(fund=Fund.PRIVATE, compulsory=True)
    assert severity(capital, Context()) == severity(capital, Context(fund=Fund.FISCAL)) == Severity.BLOCK
    assert severity(capital, private) == Severity.JUSTIFY
    assert severity(capital, tender) == Severity.BLOCK
    assert severity(origin, private) == Severity.BLOCK, "the review regulation binds beyond procurement"


def test_structured_fields_are_checked_as_fields() -> None:
    context = Context(fields={"bid_deposit_percent": "3", "signup_workdays": 5, "floor_price": "", "payment_days": 90})
    assert [(one.rule, one.field, one.quote) for one in review({}, context, book())] == [
        ("FC-DEP-01", "bid_deposit_percent", "3"),
        ("FC-CON-01", "payment_days", "90"),
    ]


@pytest.mark.parametrize(
    "written",
    ["1/0", "1e999999999", "1E5", "9" * 5000, "nan", "inf", "3 percent", "٣", "0x1f", "1.", Decimal("1e99999")],
)
def test_a_field_that_holds_no_plain_number_is_refused_by_name(written: object) -> None:
    with pytest.raises(NoPlainNumber) as refused:
        review({}, Context(fields={"payment_days": written}), book())
    assert refused.value.field == "payment_days"


@pytest.mark.parametrize("written", [90, "90", " 90.0 ", Decimal("90"), Decimal("9e1"), Fraction(90)])
def test_a_plain_number_is_read_in_every_type(written: object) -> None:
    assert [one.rule for one in review({}, Context(fields={"payment_days": written}), book())] == ["FC-CON-01"]


def test_spans_of_one_text_never_overlap_and_two_violations_are_two_findings() -> None:
    text = "投标人须在本市注册，注册资本不低于500万元，并须为协会会员单位。"
    findings = review({"text": text}, Context(), book())
    assert [one.rule for one in findings] == ["FC-LOC-01", "FC-FIN-01", "FC-LIB-03"]
    assert all(a.end <= b.start for a, b in pairwise(findings))
    assert all(one.quote == text[one.start : one.end] and one.words for one in findings)


#: texts that once cost the square of their length, or more
HOSTILE = {
    "all terms": "须本市注册企业优先得5分",
    "placeholders of names": "甲",
    "other placeholders": "某",
    "digits": "1",
    "Chinese digits": "一",
    "denials": "不要求",
    "denials and exclusions": "不予考虑不要求",
    "one English word": "a",
    "sums": "预算1元须本市2元",
    "thousands": "1,",
    "negations": "不得要求须本市",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_the_time_grows_with_the_length_not_with_its_square(unit: str) -> None:
    """8,000 characters take about four times as long as 2,000 (16 times, were it the square)."""

    def took(size: int) -> float:
        text = (unit * size)[:size]
        started = time.process_time()
        review({"text": text}, Context(), book())
        return time.process_time() - started

    took(500)
    assert took(8_000) < 8 * took(2_000) + 0.3


@pytest.mark.parametrize(
    "text", ["9" * 20_000, "注册资本不低于" + "9" * 5_000 + "万元", "一" * 20_000 + "元", "8." + "1" * 9_000]
)
def test_a_number_of_endless_digits_is_no_quantity(text: str) -> None:
    assert list(quantities(text)) == []
    assert number(text[:10_000]) == 0
    review({"text": text}, Context(), book())


@pytest.mark.parametrize("source", ["", "nowhere", "a(", "lightyears>3 here"])
def test_a_pattern_that_cannot_be_read_is_refused(source: str) -> None:
    with pytest.raises(ValueError):
        compile_pattern(source, Lexicon({"here": ["本市"]}))


def test_half_points_for_the_family_and_nothing_for_too_short_a_span() -> None:
    label = {"rule": "FC-LOC-01", "start": 0, "end": 10}
    report = evaluate(
        [
            ([{"rule": "FC-LOC-04", "start": 2, "end": 10}], [label]),
            ([{"rule": "FC-LOC-01", "start": 0, "end": 4}], [label]),
            ([{"rule": "FC-LOC-01", "start": 0, "end": 4}], []),
            ([], []),
        ]
    )
    assert report.findings.matched == Fraction(1, 2)
    assert (report.lines.precision, report.lines.recall, report.false_alarms, report.lawful) == (
        Fraction(2, 3),
        1,
        1,
        2,
    )
