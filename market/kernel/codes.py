"""Public codes: the names under which everything with an address is known outside, such as `T-7K3M9Q2FE`.

A capital letter for the kind of thing, a hyphen, eight random characters of Crockford's base32 (no I, L, O,
U) and one check character: Luhn mod 32 over the eight. Any single mistyped character is noticed, and every
exchange of two neighbours but that of 0 and Z. Numbers that run on are never shown, so nobody can count
orders or walk through them.
"""

from collections.abc import Iterator
from typing import Any

from market.kernel.errors import NotFound
from market.kernel.words import N_

#: Crockford's base32: 0 to 9 and the letters without I, L, O and U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE = len(ALPHABET)
RANDOM_LENGTH = 8
RANDOM_BYTES = 5
#: letter, hyphen, eight random characters, check character
CODE_LENGTH = RANDOM_LENGTH + 3

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
#: what Crockford lets a reader take a letter for
_READ_AS = str.maketrans("OIL", "011")
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)}
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


class MistypedCode(NotFound):
    """What was typed is no public code. `near` holds the valid codes at one slip from it, for the page to
    offer."""

    def __init__(self, what: str, /, *, near: tuple[str, ...] = (), remedy: str = "", **params: Any) -> None:
        super().__init__(what, remedy=remedy, **params)
        self.near = near


def check_character(body: str) -> str:
    """The check character of eight base32 characters: Luhn mod N for N = 32, doubling from the right.

    Raises ValueError when `body` is not eight characters of the alphabet (capital letters).
    """
    if len(body) != RANDOM_LENGTH or not set(body) <= _VALUE.keys():
        raise ValueError("a code has eight characters of Crockford's base32 before its check character")
    total = 0
    for place, character in enumerate(reversed(body)):
        weighted = _VALUE[character] * (2 if place % 2 == 0 else 1)
        total += weighted // BASE + weighted % BASE
    return ALPHABET[-total % BASE]


def make(letter: str, chance: bytes | int) -> str:
    """A public code for the kind `letter` (one of A to Z) from 40 bits of `chance` (five bytes, or an
    integer of them).

    Chance is handed in, so that this stays pure; the caller takes it from `secrets`. Raises ValueError
    otherwise.
    """
    if letter not in _LETTERS:
        raise ValueError(f"a code begins with one letter A to Z, not {letter!r}")
    if isinstance(chance, bytes):
        if len(chance) != RANDOM_BYTES:
            raise ValueError("a code takes exactly five random bytes")
        chance = int.from_bytes(chance, "big")
    if not 0 <= chance < BASE**RANDOM_LENGTH:
        raise ValueError("a code takes a random integer of 40 bits")
    body = "".join(ALPHABET[chance >> shift & 31] for shift in range(35, -1, -5))
    return f"{letter}-{body}{check_character(body)}"


def is_valid(code: str, letter: str | None = None) -> bool:
    """Whether `code` is a public code exactly as written on paper (of the kind `letter`, when given)."""
    if len(code) != CODE_LENGTH or code[0] not in _LETTERS or code[1] != "-":
        return False
    body, check = code[2:-1], code[-1]
    if letter is not None and code[0] != letter:
        return False
    return set(body) <= _VALUE.keys() and check == check_character(body)


def normalise(text: str) -> str:
    """`text` as Crockford lets it be read: capitals, ASCII width, no spaces or hyphens inside, O as 0, I and
    L as 1.

    The first character is the kind and keeps its letter (a leading 0 is read as O). The result has the shape
    of a code when the length fits; its characters and check are for `is_valid` to judge. Anything at all may
    be given.
    """
    kept = text.translate(_FULL_WIDTH).translate(_UPPER)
    kept = "".join(c for c in kept if not c.isspace() and c not in _DASHES and c not in "\u200b\ufeff")
    if not kept:
        return ""
    letter = "O" if kept[0] == "0" else kept[0]
    return f"{letter}-{kept[1:].translate(_READ_AS)}"


def parse(text: str, letter: str | None = None) -> str:
    """The public code that `text` says, as it is stored; `letter` limits the kind.

    Refuses with `MistypedCode` (404, so that a wrong code and a missing thing look alike), naming what is
    wrong: length, a character outside the alphabet, the check character, or another kind; `near` then holds
    the codes at one slip.
    """
    code = normalise(text)
    if is_valid(code, letter):
        return code
    what, params = _fault(code, letter)
    raise MistypedCode(
        what,
        near=tuple(candidate for candidate in near(code) if letter in (None, candidate[0])),
        remedy=N_("Compare the code with the paper or the message it came from."),
        **params,
    )


def near(text: str) -> tuple[str, ...]:
    """All valid codes that differ from `text` by one mistyped character or one exchange of neighbours, in
    order of place.

    At most nine by one character (the check leaves one choice for each place) and eight by exchange. Empty
    when the length does not fit or when more than one character is outside the alphabet. The letter of the
    kind is taken as it is.
    """
    code = normalise(text)
    if len(code) != CODE_LENGTH or code[0] not in _LETTERS:
        return ()
    found = dict.fromkeys(candidate for candidate in _slips(code) if candidate != code and is_valid(candidate))
    return tuple(found)


def _slips(code: str) -> Iterator[str]:
    wrong = [place for place in range(2, CODE_LENGTH) if code[place] not in _VALUE]
    if len(wrong) > 1:
        return
    for place in wrong or range(2, CODE_LENGTH):
        yield from (f"{code[:place]}{character}{code[place + 1 :]}" for character in ALPHABET)
    if not wrong:
        for place in range(2, CODE_LENGTH - 1):
            yield f"{code[:place]}{code[place + 1]}{code[place]}{code[place + 2 :]}"


def _fault(code: str, letter: str | None) -> tuple[str, dict[str, Any]]:
    length = max(len(code) - 1, 0)
    if length != CODE_LENGTH - 1 or code[0] not in _LETTERS:
        return N_("A code has one letter and nine more characters, for instance T-7K3M9Q2FE."), {}
    if letter is not None and code[0] != letter:
        return N_("A code of this kind begins with %(letter)s."), {"letter": letter}
    for place, character in enumerate(code[2:], start=2):
        if character not in _VALUE:
            return N_("Character %(place)s is “%(character)s”, which no code contains."), {
                "place": place,
                "character": character,
            }
    return N_("The check character does not fit: one character may be mistyped."), {}
