"""The review as page, as interface for programs and as the gate of a publication."""

import pytest
from flask import Flask

from market.kernel.errors import RuleBroken
from market.review import operations
from market.review.rules import Context, Fund
from tests.integration.conftest import Browser

LOCAL = "投标人须在本市注册。"
SYSTEM = "具有ISO9001质量管理体系认证的得2分。"
CLEAN = "提供任意一个月依法缴纳社会保障资金的证明，缴纳地不限。"


def test_check_names_findings_with_field_span_and_triggering_words(app: Flask) -> None:
    (one,) = operations.check({"title": "评估服务采购公告", "terms": LOCAL})
    assert (one.rule, one.field, one.quote, str(one.severity)) == ("FC-LOC-01", "terms", "须在本市注册", "block")
    assert "本市" in one.words


def test_the_gate_lets_clean_texts_and_warnings_pass(app: Flask) -> None:
    assert operations.gate({"terms": CLEAN}) == []
    (warning,) = operations.gate({"scoring": "具有有效营业执照的得2分。"})
    assert str(warning.severity) == "warn"


def test_the_gate_refuses_a_block_and_says_which_article_and_how_to_write_instead(app: Flask) -> None:
    with app.test_request_context("/?lang=en"), pytest.raises(operations.MayNotBePublished) as refused:
        operations.gate({"terms": LOCAL}, reasons={"FC-LOC-01": "a reason does not help against a block"})
    assert isinstance(refused.value, RuleBroken)
    assert [one.rule for one in refused.value.findings] == ["FC-LOC-01"]
    assert "Fair Competition Review Regulation (State Council Order 783) 9(3)" in refused.value.params["basis"]
    assert refused.value.params["rewrite"].startswith("在中华人民共和国境内")


def test_what_must_be_justified_passes_with_a_written_reason_only(app: Flask) -> None:
    for reasons in ({}, {"FC-QUA-03": "short"}, {"FC-PRF-03": "a reason for quite another rule"}):
        with pytest.raises(operations.ReasonNeeded):
            operations.gate({"scoring": SYSTEM}, reasons=reasons)
    found = operations.gate({"scoring": SYSTEM}, reasons={"FC-QUA-03": "the laboratory works with dangerous samples"})
    assert [str(one.severity) for one in found] == ["justify"]


def test_private_money_is_bound_by_fewer_rules(app: Flask) -> None:
    text = {"terms": "曾为本单位提供过服务的加5分。"}
    with pytest.raises(operations.MayNotBePublished):
        operations.gate(text, Context(fund=Fund.FISCAL))
    with pytest.raises(operations.ReasonNeeded):
        operations.gate(text, Context(fund=Fund.PRIVATE))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_anybody_can_have_a_notice_looked_at(client: Browser, lang: str) -> None:
    assert client.get(f"/review?lang={lang}").status_code == 200
    answer = client.submit("/review", {"text": LOCAL + CLEAN})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "FC-LOC-01" in text
    assert "<mark>" in text
    assert "9(3)" in text
    assert "不限注册地" in text


def test_a_neutral_wording_is_taken_over_without_a_script(client: Browser) -> None:
    answer = client.submit("/review", {"text": LOCAL, "take": "1"})
    text = answer.get_data(as_text=True)
    assert "不限注册地" in text
    assert "FC-LOC-01" not in text


def test_where_the_neutral_wording_is_to_delete_the_clause_goes(client: Browser) -> None:
    text = client.submit("/review", {"text": "甲。" + SYSTEM + "乙。", "take": "1"}).get_data(as_text=True)
    assert "甲。。乙。" in text


def test_what_is_wrong_with_the_form_is_said_and_nothing_typed_is_lost(client: Browser) -> None:
    assert client.submit("/review", {"text": ""}).status_code == 422
    answer = client.submit("/review", {"text": LOCAL, "fund": "stolen"})
    assert answer.status_code == 422
    assert LOCAL in answer.get_data(as_text=True)


def test_markup_in_a_notice_is_shown_as_text(client: Browser) -> None:
    answer = client.submit("/review", {"text": "<script>alert(1)</script>须在本市注册。"})
    assert "<script>alert(1)" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_stands_on_the_page_of_rules(client: Browser, lang: str) -> None:
    text = client.get(f"/review/rules?lang={lang}").get_data(as_text=True)
    assert text.count('<h3 id="FC-') == 59


def test_programs_ask_the_same(client: Browser) -> None:
    answer = client.post(
        "/api/v1/review",
        json={
            "texts": {"title": "评估公告", "terms": LOCAL},
            "fund": "fiscal",
            "contract_sum": "100000",
            "fields": {"bid_deposit_percent": "3"},
        },
        headers={"Accept-Language": "en"},
    )
    body = answer.get_json()
    assert answer.status_code == 200
    assert body["severity"] == "block"
    assert [(one["rule"], one["field"], one["start"], one["end"]) for one in body["findings"]] == [
        ("FC-LOC-01", "terms", 3, 9),
        ("FC-DEP-01", "bid_deposit_percent", 0, 0),
    ]
    assert body["findings"][0]["name"] == "Place of registration"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"texts": {}}, {"texts": {"a": "x" * 20_001}}, {"texts": {"a": "x" * 20_000, "b": "x" * 20_000, "c": "x"}},
        {"texts": {"a": "x"}, "fund": "stolen"}, {"texts": {"a": "x"}, "fields": {"payment_days": "soon"}},
    ],
)  # fmt: skip
def test_what_a_program_sends_wrongly_is_refused(client: Browser, body: dict[str, object]) -> None:
    answer = client.post("/api/v1/review", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
