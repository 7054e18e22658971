"""The identifier cases (identifiers.json beside the design: own collection, check characters from the published algorithms).

KF-INT-01, KF-INT-04, KF-INT-05. Two pairs of published cases cannot be told apart by the number: ID-11 ("invalid") and ID-24
("refuse_but_officer_may_accept") are both well-formed credit codes whose last character alone is wrong, and for division
611100 ("invalid") KF-INT-05 lets an officer accept. So "invalid" means here what the file says of it, that the form refuses with
the reason; where the shape is right an officer may still accept, and a wrong shape never leaves him that way.
"""

from datetime import date
from typing import Any

import pytest

from market.kernel.identifiers import Kind, Verdict, credit_code, division_code, divisions_of, mobile, resident_id

from .conftest import read_cases

TODAY = date(2026, 11, 25)

#: districts.json and divisions-former.json of the catalogue's data, version 2026-11-25; cities of Shaanxi from memory
DIVISIONS = divisions_of(
    districts=[
        *("610102", "610103", "610104", "610111", "610112", "610113", "610114", "610115", "610116", "610117"),
        *("610118", "610122", "610124"),
    ],
    cities=[f"61{city:02}00" for city in range(1, 11)],
    former={"610125": "610118", "610126": "610117"},
)

JUDGES = {
    "uscc": lambda text: credit_code(text, TODAY, DIVISIONS),
    "resident_id": lambda text: resident_id(text, TODAY, DIVISIONS),
    "division_code": lambda text: division_code(text, DIVISIONS),
    "mobile": mobile,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        found = read_cases(metafunc.config, "identifiers.json") or {"cases": []}
        metafunc.parametrize("case", found["cases"], ids=lambda case: case["id"])


def test_the_verdict_is_the_published_one(case: dict[str, Any]) -> None:
    verdict = JUDGES[case["kind"]](case["input"])

    if case["expected"] == "invalid":
        assert not verdict.accepted
        assert verdict.kind in (Kind.INVALID, Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT)
    else:
        assert verdict.kind == case["expected"]


def test_the_facts_are_the_published_ones(case: dict[str, Any]) -> None:
    verdict = JUDGES[case["kind"]](case["input"])

    if verdict.accepted:
        assert verdict.normalised == case.get("normalised", case["input"])
    for fact in ("birth", "sex", "document", "inner_org_check"):
        if fact in case:
            assert _plain(getattr(verdict, fact)) == case[fact]
    if "also_valid_as" in case:
        assert JUDGES[case["also_valid_as"]](case["input"]).accepted


def test_a_refusal_says_why_and_what_to_do(case: dict[str, Any]) -> None:
    verdict: Verdict = JUDGES[case["kind"]](case["input"])
    if verdict.accepted and verdict.kind is not Kind.VALID_WITH_WARNING:
        assert not verdict.reason
        return

    assert str(verdict)
    assert "%(" not in str(verdict)
    assert verdict.remedy or case["kind"] == "division_code"
    if case["kind"] in ("resident_id", "mobile"):
        assert not any(case["input"][i : i + 4] in str(verdict) for i in range(len(case["input"]) - 3))


def _plain(fact: Any) -> Any:
    return fact.isoformat() if isinstance(fact, date) else fact
