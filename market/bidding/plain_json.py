"""Reading JSON that must already be in its one canonical form: what a leaf, a bid and a bundle are.

A text that differs from its canonical form in a single byte is refused whole, so that nothing in it can be said in
two ways.
"""

import json
from typing import Any

from market.kernel.canonical import NotCanonical, leaf


class NotPlain(ValueError):
    """The bytes are no JSON, or not in the canonical form (RFC 8785 with integers only and texts in NFC)."""


def parsed(content: bytes) -> Any:
    """The value of `content`. Raises `NotPlain` unless writing it again gives the same bytes."""
    try:
        value = json.loads(content.decode("utf-8"), parse_float=_no_fraction, parse_constant=_no_fraction)
        again = leaf(value)
    except (ValueError, RecursionError) as error:
        raise NotPlain(str(error)) from None
    if again != content:
        raise NotPlain("not in its canonical form")
    return value


def _no_fraction(text: str) -> Any:
    raise NotCanonical(f"{text} is no integer")
