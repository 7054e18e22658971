"""Published fee cases against the price standards, their words read through vocabulary.json."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from market.catalogue.standard import Standard, Version, plain_word
from market.catalogue.standard_files import shipped_standard
from market.catalogue.tariff import evaluate
from market.kernel.money import Money, round_decimal

from .conftest import SHIPPED, read_cases, vectors_dir

VOCABULARY = "fees/vocabulary.json"
#: the day the cases were collected, for cases that name no date
READ_ON = date(2026, 11, 25)
UNITS = {"万元": 10**4, "亿元": 10**8}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    folder = vectors_dir(metafunc.config) / "fees"
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    cases = [case for document in found for case in document.get("cases", ())]
    words = read_cases(metafunc.config, VOCABULARY) or json.loads((SHIPPED / VOCABULARY).read_text(encoding="utf-8"))
    metafunc.parametrize(("case", "words"), [(case, words) for case in cases], ids=[case["id"] for case in cases])


def named_standard(name: str, words: dict[str, Any]) -> tuple[Standard, str, date]:
    """The standard a case names, which of its three amounts is meant, and the day it is read on when the case has none."""
    meaning = words["standards"].get(name, name)
    standard = shipped_standard(re.match(r"[a-z0-9-]+", meaning)[0])
    side = re.search(r", (low|high)$", meaning)
    before = re.search(r"before (\d{4}-\d\d-\d\d)", meaning)
    day = date.fromisoformat(before[1]) - timedelta(days=1) if before else READ_ON
    return standard, side[1] if side else "base", day


def meanings(words: dict[str, Any]) -> dict[str, str]:
    """What the vocabulary says about each input, one entry per name."""
    return {name.strip(): str(text) for names, text in words["inputs"].items() for name in names.split(",")}


def engine_inputs(inputs: dict[str, Any], version: Version, words: dict[str, Any]) -> dict[str, Any]:
    """The case's inputs as the engine takes them: amounts in yuan, words by their meaning, cap and floor only when asked."""
    said = meanings(words)
    given: dict[str, Any] = {}
    for name, value in inputs.items():
        unit = next((size for word, size in UNITS.items() if word in said.get(name, "")), None)
        if unit:
            name = "amount" if "base of the tariff" in said[name] else name
            given[name] = Fraction(leading_number(value)) * unit
        elif name != "date":
            given[name] = leading_number(value) if isinstance(value, str) else value
    for name in ("cap", "floor"):
        if name in version.inputs:
            given.setdefault(name, "no")
    for name, value in given.items():
        asked = version.inputs.get(name)
        if isinstance(value, str) and asked and asked.choices:
            given[name] = renamed(
                value, {word for choice in asked.choices for word in choice.words}, said.get(name, "")
            )
    return given


def leading_number(value: str) -> str:
    """'0.7 (municipal)' is its leading number; the rest is for the reader."""
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s+\(.*\)", value)
    return found[1] if found else value


def renamed(value: str, known: set[str], said: str) -> str:
    """A word that the standard does not know itself, by what the vocabulary says it means: 'same, review' = ..."""
    if plain_word(value) in known:
        return value
    found = re.search(rf"'{re.escape(value)}' = ([^;]+)", said)
    return found[1].strip() if found else value


def test_the_fee_is_the_published_one(case: dict[str, Any], words: dict[str, Any]) -> None:
    """Compared in 万元 to four decimals, that is to the yuan."""
    standard, side, day = named_standard(case["standard"], words)
    if "date" in case["inputs"]:
        day = date.fromisoformat(case["inputs"]["date"])
    result = evaluate(standard, engine_inputs(case["inputs"], standard.version_on(day), words), day)
    if case["expected"] is None:
        assert result.negotiated
        return
    exact, money = getattr(result, side), getattr(result, f"{side}_money")
    assert round_decimal(exact / 10**4, 4) == Decimal(case["expected"])
    assert money == Money.wan(Decimal(case["expected"]))
