"""Codes printed on paper and typed again by hand: Crockford's base32 in groups of four, without a letter for the kind.

They are secrets for a while (a pick-up code, a code that takes an account over), so they are longer than guesses reach and carry
no check character: a wrong one is simply unknown.
"""

import re
import unicodedata

from market.kernel.codes import ALPHABET

_READ_AS = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212]")


def make(bits: int, length: int) -> str:
    """A code of `length` characters from 5 x `length` random `bits`, without hyphens: the form that is stored and compared."""
    if not 0 <= bits < 1 << 5 * length:
        raise ValueError(f"{length} characters hold {5 * length} bits")
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(length))


def grouped(code: str) -> str:
    """As it is printed: 7F3K-92QM."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def read(text: str, length: int) -> str | None:
    """What was typed, as `make` gave it: full width, small letters, blanks and hyphens are read, O is 0, I and L are 1. None
    when it can be no code of this length."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text).upper()).translate(_READ_AS)
    return plain if len(plain) == length and set(plain) <= set(ALPHABET) else None
