"""Canonical JSON: one text for one value, so that anybody can compute the same digest (RFC 8785, JCS).

`serialise` follows the whole of RFC 8785, doubles included. `leaf` is the narrower form of everything that
the public record and the draws digest: integers, strings, booleans, null, lists and objects; no fraction,
because money is integer fen, scores are integer thousandths and times are texts in UTC.
"""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

#: the largest integer that a double, and so every JSON reader, holds exactly: 2**53 - 1 (RFC 7493 section
#: 2.2)
LARGEST_INTEGER = 2**53 - 1
#: deeper nesting is refused: nothing here needs it, and it could exhaust a reader's stack
DEEPEST = 100

_SHORT = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | _SHORT


class NotCanonical(ValueError):
    """The value has no canonical form here; the text names the place as a path such as `$.bids[2].price`."""


def serialise(value: Any) -> bytes:
    """`value` as canonical JSON in UTF-8 by RFC 8785: keys sorted by UTF-16 units, no white space, numbers
    as in ECMAScript.

    Takes None, bool, int within ±(2**53 - 1), finite float, str without lone surrogates, list, tuple, and
    mappings with text keys, nested at most 100 deep. Strings are kept as they are (RFC 8785 section 3.1
    forbids normalising). Raises `NotCanonical` for anything else, NaN and infinities included.
    """
    return _encode("".join(_pieces(value, "$", 0)))


def leaf(value: Any) -> bytes:
    """`value` as the canonical bytes that the public record digests: as `serialise`, but no float, and texts
    in NFC.

    Normalising makes texts that look the same digest the same; two keys that become one by it are refused.
    Raises `NotCanonical` as `serialise` does.
    """
    return serialise(_plain(value, "$", 0))


def sha256_hex(content: bytes) -> str:
    """SHA-256 of `content` as 64 lower-case hexadecimal digits."""
    return sha256(content).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 (hexadecimal) over the leaf form of `value`; refuses what `leaf` refuses."""
    return sha256_hex(leaf(value))


def number(value: float) -> str:
    """A double as ECMAScript writes it (RFC 8785 section 3.2.2.3): shortest digits that read back the same.

    Both zeros are "0"; from 1e21 up and below 1e-6 with an exponent. Raises `NotCanonical` for NaN and
    infinities.
    """
    if not math.isfinite(value):
        raise NotCanonical("$: NaN and infinities have no JSON form")
    if value == 0:
        return "0"
    sign, digits, point = _shortest(value)
    count = len(digits)
    if count <= point <= 21:
        body = digits + "0" * (point - count)
    elif 0 < point <= 21:
        body = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if count > 1 else ""
        body = f"{digits[0]}{fraction}e{point - 1:+d}"
    return sign + body


def _shortest(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits, and the place of the decimal point: value = 0.digits x 10**point.

    Python's repr gives the shortest digits that read back the same, and the nearest of them, as ECMAScript
    asks.
    """
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, places = mantissa.partition(".")
    digits = (whole + places).lstrip("0")
    point = len(whole) - (len(whole + places) - len(digits)) + int(exponent or 0)
    return sign, digits.rstrip("0"), point


def _pieces(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise NotCanonical(f"nested more than {DEEPEST} deep")
    if value is None:
        yield "null"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield _integer(value, path)
    elif isinstance(value, float):
        yield _double(value, path)
    elif isinstance(value, str):
        yield _string(value)
    elif isinstance(value, list | tuple):
        yield from _array(value, path, depth)
    elif isinstance(value, Mapping):
        yield from _object(value, path, depth)
    else:
        raise NotCanonical(f"{path}: {type(value).__name__} has no JSON form")


def _integer(value: int, path: str) -> str:
    if abs(value) > LARGEST_INTEGER:
        raise NotCanonical(f"{path}: an integer must lie within ±(2**53 - 1)")
    return str(int(value))


def _double(value: float, path: str) -> str:
    if not math.isfinite(value):
        raise NotCanonical(f"{path}: NaN and infinities have no JSON form")
    return number(value)


def _string(text: str) -> str:
    return f'"{str(text).translate(_ESCAPES)}"'


def _array(values: list[Any] | tuple[Any, ...], path: str, depth: int) -> Iterator[str]:
    yield "["
    for place, item in enumerate(values):
        if place:
            yield ","
        yield from _pieces(item, f"{path}[{place}]", depth + 1)
    yield "]"


def _object(values: Mapping[Any, Any], path: str, depth: int) -> Iterator[str]:
    for key in values:
        _text_key(key, path)
    yield "{"
    for place, key in enumerate(sorted(values, key=_utf16)):
        yield f"{',' if place else ''}{_string(key)}:"
        yield from _pieces(values[key], f"{path}.{key}", depth + 1)
    yield "}"


def _text_key(key: Any, path: str) -> None:
    if not isinstance(key, str):
        raise NotCanonical(f"{path}: a key must be text, not {type(key).__name__}")


def _utf16(text: str) -> bytes:
    """The sort key of RFC 8785 section 3.2.3: UTF-16 code units, not code points."""
    return text.encode("utf-16-be", "surrogatepass")


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("a text holds half a surrogate pair") from None


def _plain(value: Any, path: str, depth: int) -> Any:
    """`value` with texts in NFC; refuses floats and keys that fall together."""
    if depth > DEEPEST:
        raise NotCanonical(f"nested more than {DEEPEST} deep")
    if isinstance(value, float):
        raise NotCanonical(f"{path}: no fractions here; use an integer of the smallest unit or a text")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            _text_key(key, path)
        plain = {
            unicodedata.normalize("NFC", key): _plain(item, f"{path}.{key}", depth + 1) for key, item in value.items()
        }
        if len(plain) != len(value):
            raise NotCanonical(f"{path}: two keys are the same text in NFC")
        return plain
    return value
