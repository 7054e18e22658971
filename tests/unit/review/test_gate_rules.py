"""What passes the gate, what needs a reason, how long the regulator may object."""

from datetime import UTC, date, datetime, timedelta

import pytest

from market.kernel.errors import Invalid, WrongState
from market.review import gate_rules
from market.review.rules import Finding, Severity

UNTIL = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
WORDS = "公告的工作内容与该认证没有直接关系，理由不成立。"


def finding(severity: Severity = Severity.BLOCK, field: str = "terms", start: int = 3, end: int = 9) -> Finding:
    return Finding("FC-LOC-01", field, start, end, severity, "须在本市注册", ("本市", "注册"))


@pytest.mark.parametrize(
    ("severity", "described"),
    [(Severity.BLOCK, "justify"), (Severity.JUSTIFY, "warn"), (Severity.WARN, "warn")],
)
def test_a_description_is_read_one_step_milder_and_a_requirement_as_it_is(severity: Severity, described: str) -> None:
    milder, same = gate_rules.described([finding(severity, "summary_zh"), finding(severity)], {"summary_zh"})
    assert (str(milder.severity), same.severity) == (described, severity)


def test_what_nobody_publishes_is_only_warned_of() -> None:
    assert [one.severity for one in gate_rules.softened([finding(one) for one in Severity])] == [Severity.WARN] * 3


def test_reasons_are_the_fields_of_that_name_that_say_something() -> None:
    typed = {"title": "x", "reason-FC-QUA-03": "  因为工作需要该体系  ", "reason-FC-PRF-03": " "}
    assert gate_rules.reasons_in(typed) == {"FC-QUA-03": "因为工作需要该体系"}
    reasons = {"FC-QUA-03": "字" * gate_rules.LEAST_REASON, "FC-PRF-03": "字" * (gate_rules.LEAST_REASON - 1)}
    assert gate_rules.given(reasons) == {"FC-QUA-03"}
    gate_rules.check_reasons({"FC-QUA-03": "字" * gate_rules.LONGEST_REASON})
    with pytest.raises(Invalid) as refused:
        gate_rules.check_reasons({"FC-QUA-03": "字" * (gate_rules.LONGEST_REASON + 1)})
    assert list(refused.value.fields) == ["reason-FC-QUA-03"]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("投标人须在本市注册。", "投标人不限注册地。"),
        ("投标人须在本市注册，其余不限。", "投标人不限注册地，其余不限。"),
        ("投标人须在本市注册", "投标人不限注册地。"),
    ],
)
def test_a_neutral_wording_takes_the_clauses_place_with_one_mark_at_its_end(text: str, taken: str) -> None:
    texts = gate_rules.take({"title": "公告", "terms": text}, finding(), "不限注册地。")
    assert texts == {"title": "公告", "terms": taken}


def test_a_structured_field_has_no_place_for_a_wording() -> None:
    texts = {"terms": "投标人须在本市注册。"}
    assert gate_rules.take(texts, finding(field="floor", start=0, end=0), "不设。") == texts


@pytest.mark.parametrize(
    ("text", "blank"), [("__小时内", True), ("＿＿小时内", True), ("a_b 4小时内", False), ("", False)]
)
def test_a_blank_of_a_wording_is_noticed(text: str, blank: bool) -> None:
    assert gate_rules.blanks({"terms": text}) == (["terms"] if blank else [])


def test_an_objection_may_come_until_the_last_instant_of_the_term() -> None:
    """KF-CAL-01: the term's end is the first instant that is no longer in it."""
    gate_rules.check_objection(["FC-QUA-03"], ["FC-QUA-03"], WORDS, UNTIL - timedelta(microseconds=1), UNTIL)
    with pytest.raises(WrongState):
        gate_rules.check_objection(["FC-QUA-03"], ["FC-QUA-03"], WORDS, UNTIL, UNTIL)


@pytest.mark.parametrize(
    ("rules", "words", "field"),
    [
        ([], WORDS, "rules"),
        (["FC-LOC-01"], WORDS, "rules"),
        (["FC-QUA-03"], "太短", "words"),
        (["FC-QUA-03"], " " * 40, "words"),
        (["FC-QUA-03"], "字" * (gate_rules.LONGEST_WORDS + 1), "words"),
    ],
)
def test_an_objection_names_a_clause_kept_with_a_reason_and_says_why(rules: list[str], words: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        gate_rules.check_objection(rules, ["FC-QUA-03"], words, UNTIL - timedelta(days=1), UNTIL)
    assert list(refused.value.fields) == [field]


def test_months_sort_as_they_are_written() -> None:
    assert [gate_rules.month_of(date(2026, month, 1)) for month in (3, 12)] == ["2026-03", "2026-12"]
