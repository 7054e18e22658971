"""Published and derived cases of the score and of Wilson's interval."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import pytest

from market.ratings import scoring

from .conftest import read_cases


def star(given: dict[str, Any]) -> list[Fraction]:
    """S of ratings with the weights the case names."""
    assert given["C"] == scoring.C
    pairs = [(exact(one["stars"]), exact(one["weight"])) for one in given["ratings"]]
    return [scoring.mean_of(exact(given["category_mean"]), pairs)]


def wilson(given: dict[str, Any]) -> list[Fraction]:
    """Both ends of the interval."""
    z = scoring.WILSON_Z
    if given["confidence"] != 0.95:
        z = Decimal(str(NormalDist().inv_cdf(0.5 + given["confidence"] / 2)))
    return [Fraction(end) for end in scoring.wilson(given["k"], given["n"], z)]


def exact(number: Any) -> Fraction:
    """A number as it is written, not as a machine holds it."""
    return Fraction(str(number))


KINDS: dict[str, Callable[[dict[str, Any]], list[Fraction]]] = {"bayes_star": star, "wilson": wilson}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    document = read_cases(metafunc.config, "stats/stats-cases.json") or {"cases": []}
    cases = [case for case in document["cases"] if case["kind"] in KINDS]
    metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


def test_statistics_agree_with_the_published_cases(case: dict[str, Any]) -> None:
    found = KINDS[case["kind"]](case["input"])
    expected = case["expected"]
    values = (
        list(expected.values())
        if isinstance(expected, dict)
        else expected
        if isinstance(expected, list)
        else [expected]
    )
    assert len(found) == len(values)
    tolerance = exact(case["tolerance"])
    for ours, theirs in zip(found, values, strict=True):
        assert abs(ours - exact(theirs)) <= tolerance * max(1, abs(exact(theirs))), case["source"]
