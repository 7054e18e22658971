"""Canonical JSON: cyberphone/json-canonicalization testdata (Apache-2.0) and the doubles of RFC 8785 appendix B."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from market.kernel.canonical import NotCanonical, number, serialise

from .conftest import read_cases, vectors_dir

NUMBERS = "hpke/jcs/numbers.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    found = read_cases(metafunc.config, NUMBERS) or {"numbers": [], "must_refuse_ieee": []}
    inputs = sorted((vectors_dir(metafunc.config) / "hpke/jcs/input").glob("*.json"))
    kinds: dict[str, list[Any]] = {
        "sample": found["numbers"],
        "bits": found.get("must_refuse_ieee", []),
        "source": inputs,
    }
    for name, cases in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, cases, ids=_name)


def test_a_document_becomes_the_published_bytes(source: Path) -> None:
    expected = (source.parent.parent / "output" / source.name).read_bytes()

    assert serialise(json.loads(source.read_bytes())) == expected
    assert serialise(json.loads(expected)) == expected


def test_a_double_is_written_as_published(sample: dict[str, str]) -> None:
    assert number(_double(sample["ieee"])) == sample["json"]


def test_what_is_no_number_is_refused(bits: str) -> None:
    with pytest.raises(NotCanonical):
        serialise([_double(bits)])


def _double(bits: str) -> float:
    return struct.unpack(">d", bytes.fromhex(bits))[0]


def _name(case: Any) -> str:
    if isinstance(case, Path):
        return case.stem
    return case["ieee"] if isinstance(case, dict) else str(case)
