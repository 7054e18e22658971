"""Canonical JSON (RFC 8785) and the narrower leaf form."""

import json
import math
import struct
import unicodedata
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.canonical import DEEPEST, LARGEST_INTEGER, NotCanonical, digest, leaf, number, serialise, sha256_hex

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
plain = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class Fund(StrEnum):
    PUBLIC = "public"


def test_the_digest_of_the_draws_tickets_is_the_published_one() -> None:
    """Checked in the design's notes on selection (A4), computed there by another program."""
    entries = {"entries": [{"id": f"ticket-{n}", "weight": 1} for n in (47, 48, 49)]}

    assert digest(entries) == "6056fbb6c98a0f04404adb013192d284bfec98975e2a7975395c3bcd4ad59577"


def test_a_digest_is_sha_256_of_the_leaf() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest({"b": 1, "a": "户"}) == sha256_hex('{"a":"户","b":1}'.encode())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-7, "-7"),
        (LARGEST_INTEGER, "9007199254740991"),
        ([], "[]"),
        ({}, "{}"),
        ((1, "a"), '[1,"a"]'),
        (Fund.PUBLIC, '"public"'),
        ('\x00\x1f\b\t\n\f\r"\\/\x7f', '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\x7f"'),
        # UTF-16 units: U+1F600 is D83D DE00, U+20BB7 is D842 DFB7; both before FF21, against the code points
        ({"Ａ": 1, "😀": 2, "𠮷": 3, "a": 4}, '{"a":4,"😀":2,"𠮷":3,"Ａ":1}'),
        ({"z": {"b": 1, "a": [{"d": 1, "c": 2}]}}, '{"z":{"a":[{"c":2,"d":1}],"b":1}}'),
    ],
)
def test_a_value_has_one_text(value: Any, text: str) -> None:
    assert serialise(value) == text.encode()
    assert leaf(value) == text.encode()


@pytest.mark.parametrize(
    "value",
    [
        *(2**53, -(2**53), math.nan, math.inf, Decimal("1"), Fraction(1, 2), b"x", {1, 2}, object()),
        *({1: "a"}, {None: 1}, {"a": {True: 1}}, "\ud800", {"\udfff": 1}, ["a", ("b", {"c": 2**60})]),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        serialise(value)
    with pytest.raises(NotCanonical):
        leaf(value)


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(NotCanonical, match=r"\$\.bids\[1\]\.price: no fractions"):
        leaf({"bids": [{"price": 1}, {"price": 1.0}]})


@pytest.mark.parametrize("value", [1.0, 0.0, [0.5], {"a": 1e21}])
def test_a_leaf_holds_no_fraction_even_if_it_is_whole(value: Any) -> None:
    serialise(value)
    with pytest.raises(NotCanonical):
        leaf(value)


def test_a_leaf_is_normalised_but_plain_canonical_json_is_not() -> None:
    assert serialise("A\u030a") == '"A\u030a"'.encode()
    assert leaf("A\u030a") == leaf("Å") == '"Å"'.encode()
    with pytest.raises(NotCanonical, match="two keys"):
        leaf({"A\u030a": 1, "Å": 2})


@pytest.mark.parametrize("function", [serialise, leaf])
def test_deep_nesting_is_refused_before_it_can_exhaust_the_stack(function: Any) -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    assert function(nested(DEEPEST)).count(b"[") == DEEPEST
    for depth in (DEEPEST + 1, 100_000):
        with pytest.raises(NotCanonical, match="deep"):
            function(nested(depth))


@given(plain)
def test_canonical_json_reads_back_as_the_value_and_is_a_fixed_point(value: Any) -> None:
    written = serialise(value)

    assert json.loads(written) == value
    assert serialise(json.loads(written)) == written


@given(st.dictionaries(texts, integers, min_size=2, max_size=6))
def test_the_order_of_insertion_does_not_matter(value: dict[str, int]) -> None:
    assert serialise(dict(reversed(value.items()))) == serialise(value)


@given(plain)
def test_a_leaf_is_a_fixed_point_in_nfc(value: Any) -> None:
    try:
        written = leaf(value)
    except NotCanonical:
        return
    assert leaf(json.loads(written)) == written
    assert unicodedata.is_normalized("NFC", written.decode())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_as_itself_in_the_form_of_ecmascript(value: float) -> None:
    text = number(value)

    assert struct.pack(">d", float(text)) == struct.pack(">d", value + 0.0 if value else 0.0)
    assert ("e" in text) == (value != 0 and not 1e-6 <= abs(value) < 1e21)
    assert not text.endswith(".0")
