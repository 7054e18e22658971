"""What the calculator accepts and what it refuses, with the field named and the accepted values told."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from market.catalogue.tariff_words import say_refusal
from market.kernel.errors import Invalid

from .cases import fee

BID: dict[str, Any] = {"amount": "60000000", "kind": "works"}


def refused(standard: str, **inputs: Any) -> dict[str, str]:
    """The fields that were refused and what is said about each."""
    with pytest.raises(Invalid) as refusal:
        fee(standard, **inputs)
    return {
        name: " ".join(say_refusal(text, lambda m: m) for text in texts) for name, texts in refusal.value.fields.items()
    }


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "-1",
            "−1",
            "0",
            "0.00",
            "10000000000000.01",
            "99999999999999999999",
            "NaN",
            "nan",
            "Infinity",
            "-inf",
            "1e5",
            "1E5",
        ),
        *(
            "six",
            "六千万",
            "1.005",
            "1,00,000",
            "6000,0000",
            ",100",
            "1.2.3",
            "1 000",
            "0x10",
            "1_000",
            "60000000 CNY",
            "+5",
        ),
        *("１２ａ", "٣", "1/3", "1" * 500, "\x00", "1\n2", "6000.0000001万", "Ⅷ"),
    ],
)
def test_an_amount_that_is_none_is_refused_with_what_is_accepted(amount: str) -> None:
    told = refused("bid-agency-1980", amount=amount, kind="works")

    assert list(told) == ["amount"]
    assert "an amount in yuan up to 10000000000000 with at most two decimals" in told["amount"]
    assert len(told["amount"]) < 300


@pytest.mark.parametrize(
    "amount",
    [
        "60000000",
        "60,000,000",
        "６０００００００",
        "60000000.00",
        "6000万",
        "6000 万元",
        "0.6亿",
        "¥60,000,000",
        "￥60000000元",
        60000000,
    ],
)
def test_amounts_are_read_as_people_write_them(amount: Any) -> None:
    assert fee("bid-agency-1980", amount=amount, kind="works").base == 225500


@pytest.mark.parametrize("amount", [Decimal("60000000"), Fraction(60000000)])
def test_exact_numbers_pass(amount: Any) -> None:
    assert fee("bid-agency-1980", amount=amount, kind="works").base == 225500


@pytest.mark.parametrize("amount", [60000000.0, True, None])
def test_what_is_not_exact_is_a_fault_of_the_caller(amount: Any) -> None:
    with pytest.raises(TypeError):
        fee("bid-agency-1980", amount=amount, kind="works")


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Fraction(-1), 10**13 + 1])
def test_exact_numbers_out_of_range_are_refused(amount: Any) -> None:
    assert list(refused("bid-agency-1980", amount=amount, kind="works")) == ["amount"]


@pytest.mark.parametrize("kind", ["works", "Works", " WORKS ", "工程", "ｗｏｒｋｓ"])
def test_a_choice_goes_by_its_name_or_label(kind: str) -> None:
    assert fee("bid-agency-1980", amount="60000000", kind=kind).base == 225500


def test_a_choice_that_is_not_offered_is_refused_with_those_that_are() -> None:
    told = refused("bid-agency-1980", amount="60000000", kind="gods")

    assert told == {"kind": "“gods” is not on offer here. Accepted: works, goods, services."}


@pytest.mark.parametrize("scope", ["document_only", "0.3", "0.30", "只编招标文件"])
def test_a_published_coefficient_may_be_given_as_a_number(scope: str) -> None:
    assert fee("bid-agency-1980", **BID, scope=scope).base == 67650


@pytest.mark.parametrize(
    ("standard", "inputs", "field"),
    [
        ("bid-agency-1980", {**BID, "scope": "0.31"}, "scope"),
        ("bid-agency-1980", {**BID, "band": "0.21"}, "band"),
        ("bid-agency-1980", {**BID, "band": "-0.2001"}, "band"),
        ("bid-agency-1980", {**BID, "factor": "0"}, "factor"),
        ("bid-agency-1980", {**BID, "factor": "2.01"}, "factor"),
        ("bid-agency-1980", {**BID, "factor": "1e-1"}, "factor"),
        ("bid-agency-1980", {**BID, "industry": "0.7"}, "industry"),
        ("bid-agency-1980", {**BID, "__class__": "x"}, "__class__"),
        ("bid-agency-1980", {"kind": "works"}, "amount"),
        ("bid-agency-1980", {"amount": "5"}, "kind"),
        ("bid-agency-1980", {**BID, "tender_amount": "59999999"}, "tender_amount"),
        ("consulting-1283", {"amount": "120000000", "item": "feasibility", "industry": "0.75"}, "industry"),
        ("consulting-1283", {"amount": "120000000", "item": "feasibility", "complexity": "0.79"}, "complexity"),
        ("consulting-1283", {"amount": "120000000", "investment": "120000000", "item": "feasibility"}, "investment"),
        ("consulting-1283", {"amount": "120000000", "item": "1"}, "item"),
        ("supervision-670", {"amount": "10000000", "profession": "1.05"}, "profession"),
        ("supervision-670", {"amount": "10000000", "altitude": "2500"}, "altitude"),
        ("supervision-670", {"amount": "10000000", "equipment": "10000000.01"}, "equipment"),
        ("supervision-670", {"amount": "10000000", "rate_below_500": "0.5"}, "rate_below_500"),
        ("design-10", {"amount": "10000000", "coefficients": "1.1,x"}, "coefficients"),
        ("design-10", {"amount": "10000000", "coefficients": ",".join(["1"] * 11)}, "coefficients"),
        # 0.5 + 0.5 - 2 + 1 = 0 and 1.5 - 3 + 1 = -0.5: nothing, or less than nothing, would be left of the fee
        ("design-10", {"amount": "10000000", "coefficients": "0.5,0.5"}, "coefficients"),
        ("design-10", {"amount": "10000000", "coefficients": "0.5,0.5,0.5"}, "coefficients"),
        ("cost-hunan", {"amount": "10000000", "service": "settlement_review_total"}, "difference"),
        ("cost-hunan", {"amount": "10000000", "service": "judicial", "difference": "5"}, "difference"),
        ("drawing-review-534", {}, "amount"),
        ("drawing-review-534", {"amount": "5", "area": "5"}, "area"),
        ("drawing-review-534", {"area": "-5"}, "area"),
        ("eia-125", {"amount": "100000000", "item": "evaluate_form", "rule_534": "yes"}, "rule_534"),
    ],
)
def test_bad_input_names_its_field_and_no_other(standard: str, inputs: dict[str, Any], field: str) -> None:
    told = refused(standard, **inputs)

    assert list(told) == [field]
    assert len(told[field]) > 20


def test_all_faults_are_told_at_once() -> None:
    assert set(refused("bid-agency-1980", amount="-1", kind="x", foo="1")) == {"amount", "kind", "foo"}


def test_what_was_left_blank_counts_as_not_given() -> None:
    assert fee("bid-agency-1980", **BID, band="", factor=" ", foo="").base == 225500


def test_an_input_may_go_by_the_word_of_its_trade() -> None:
    assert fee("consulting-1283", investment="120000000", item="feasibility").base == 303500


def test_a_strangers_value_is_quoted_short_and_printable() -> None:
    told = refused("bid-agency-1980", amount="60000000", kind="<script>\x00\x1b" + "x" * 1000)

    assert "\x00" not in told["kind"]
    assert "\x1b" not in told["kind"]
    assert len(told["kind"]) < 120


def test_the_result_repeats_what_was_understood() -> None:
    result = fee("bid-agency-1980", amount="6,000万", kind="工程", band="-10%")

    assert {name: reading.plain for name, reading in result.inputs.items()} == {
        "amount": "60000000",
        "kind": "works",
        "scope": "full",
        "band": "-0.1",
        "cap": "yes",
    }
