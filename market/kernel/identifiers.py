"""Numbers that the state gives: unified social credit codes, resident ids, division codes, and the shape of
mobile numbers.

The kind of a number comes from the field it is typed in, never from guessing: some resident ids are also
well-formed credit codes. Every refusal names the place and what is wrong with it, and never repeats a
person's number. Genuine credit codes exist that fail the check, and lists of divisions are never complete:
such numbers the form refuses, and an officer may accept them with evidence and a record.

Sources: GB 32100-2015 (credit codes), GB 11714-1997 (the organisation code inside), GB 11643-1999 (resident
ids). Marked [memory] where no text of the standard was at hand.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from market.kernel.errors import Refusal, fill
from market.kernel.words import N_


class Kind(StrEnum):
    """What a form does with a number."""

    VALID = "valid"
    VALID_AFTER_NORMALISING = "valid_after_normalising"
    VALID_WITH_WARNING = "valid_with_warning"
    VALID_FOR_HISTORY_ONLY = "valid_for_history_only"
    REFUSE_BUT_OFFICER_MAY_ACCEPT = "refuse_but_officer_may_accept"
    INVALID = "invalid"


class Sex(StrEnum):
    """As the resident id says it."""

    FEMALE = "female"
    MALE = "male"


class Document(StrEnum):
    """The paper that carries an 18-digit personal number."""

    RESIDENT_CARD = "resident identity card"
    RESIDENCE_PERMIT = "residence permit"
    PERMANENT_RESIDENCE_CARD = "permanent residence card"


class Level(StrEnum):
    """What a division code names."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


ACCEPTED = frozenset({Kind.VALID, Kind.VALID_AFTER_NORMALISING, Kind.VALID_WITH_WARNING})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be thought of a number.

    `normalised` is the form to store (empty when the shape is wrong; for a code that only an officer may
    accept, the form that he accepts). `reason` and `remedy` are message ids filled from `params`; a valid
    number has none. The facts below are read from a valid number only. A number is left out of `repr`, so
    that it reaches no log by accident.
    """

    kind: Kind
    normalised: str = field(default="", repr=False)
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""
    birth: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    document: Document | None = None
    level: Level | None = None
    #: the present code of a former division
    now: str | None = None
    #: whether the organisation code inside a credit code satisfies GB 11714
    inner_org_check: bool | None = None
    #: a well-formed resident id typed where a firm's code belongs: never publish it unasked
    reads_as_resident_id: bool = False

    @property
    def accepted(self) -> bool:
        """Whether a form takes the number for something new (with a warning, perhaps)."""
        return self.kind in ACCEPTED

    @property
    def officer_may_accept(self) -> bool:
        """Whether an officer may accept what the form refuses, with evidence and a recorded reason."""
        return self.kind is Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT

    def refusal(self) -> Refusal:
        """The reason as a refusal, to put beside the field. For verdicts that have a reason."""
        return Refusal(self.reason, remedy=self.remedy, **self.params)

    def __str__(self) -> str:
        return fill(self.reason, self.params) if self.reason else str(self.kind)


@dataclass(frozen=True, slots=True)
class Divisions:
    """The division codes (six digits, GB/T 2260) that an installation knows.

    `current` holds the codes in force, cities and districts; `former` maps a code no longer in force to the one that took
    its place. The lists are complete for the cities of the provinces in `cities_of` (two digits) and for the districts of the
    cities in `districts_of` (four digits); elsewhere they say nothing.
    """

    current: frozenset[str]
    former: Mapping[str, str] = field(default_factory=dict)
    cities_of: frozenset[str] = frozenset()
    districts_of: frozenset[str] = frozenset()

    def knows(self, code: str) -> bool:
        """Whether `code` is or was in force, names a province, or lies where the lists say nothing."""
        if code in self.current or code in self.former or (code[2:] == "0000" and code[:2] in PROVINCES):
            return True
        unknown_city = code[:2] in self.cities_of and f"{code[:4]}00" not in self.current
        return code[:2] in PROVINCES and not unknown_city and code[:4] not in self.districts_of


#: First two digits of all divisions at province level (GB/T 2260).
PROVINCES = frozenset(
    {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37"}
    | {"41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54"}
    | {"61", "62", "63", "64", "65", "71", "81", "82"}
)
#: Regions of residence permits: residents of Hong Kong, Macao and Taiwan [memory].
PERMIT_REGIONS = frozenset({"810000", "820000", "830000"})

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
CREDIT_LENGTH = 18
#: Department (first character) to categories (second), GB 32100 table 1 and its later additions [memory].
CREDIT_CATEGORIES = {
    **dict.fromkeys("248A", "19"),
    **dict.fromkeys("67", "129"),
    **dict.fromkeys("159N", "1239"),
    "3": "123459",
    "Y": "1",
}
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
RESIDENT_LENGTH = 18
OLDEST_YEARS = 130

_DIGITS = frozenset("0123456789")
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)}
_ASCII_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ROMAN_TEN = {0x2169: "X", 0x2179: "X"}
#: spaces, hyphens and dashes of all kinds, and marks without width, as they come with pasted numbers
_SEPARATORS = re.compile("[\\s\\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PREFIX = re.compile(r"(?:\+|00)86|86(?=1[3-9][0-9]{9}$)")
_LANDLINE = re.compile(r"0[0-9]{9,11}")


def fold(text: str) -> str:
    """A typed number in the form it is stored and searched: ASCII width, capitals, without spaces and
    hyphens.

    Nothing else changes: a superscript two stays one, so that it can be refused. Use it for looking a number
    up.
    """
    return _SEPARATORS.sub("", text.translate(_FULL_WIDTH)).translate(_ASCII_UPPER)


def credit_check(body: str) -> str:
    """The 18th character of a unified social credit code from its first 17 (GB 32100): (31 - sum mod 31) mod
    31.

    Raises ValueError for characters outside the alphabet or another length.
    """
    if len(body) != len(CREDIT_WEIGHTS) or not set(body) <= set(CREDIT_ALPHABET):
        raise ValueError("17 characters of the credit code alphabet are needed")
    total = sum(CREDIT_ALPHABET.index(c) * weight for c, weight in zip(body, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def organisation_check(body: str) -> str:
    """The check character of an organisation code from its eight characters (GB 11714): 11 - sum mod 11; 10
    is X, 11 is 0."""
    if len(body) != len(ORGANISATION_WEIGHTS) or not set(body) <= set(_BASE36):
        raise ValueError("eight digits or capital letters are needed")
    total = sum(_BASE36.index(c) * weight for c, weight in zip(body, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def resident_check(body: str) -> str:
    """The 18th character of a resident id from its first 17 digits (GB 11643): sum mod 11 picks from
    10X98765432."""
    if len(body) != len(RESIDENT_WEIGHTS) or not set(body) <= _DIGITS:
        raise ValueError("17 digits are needed")
    total = sum(int(c) * weight for c, weight in zip(body, RESIDENT_WEIGHTS, strict=True))
    return RESIDENT_CHECKS[total % 11]


def credit_code(text: str, today: date, divisions: Divisions | None = None) -> Verdict:
    """What is to be thought of `text` as a unified social credit code (18 characters, GB 32100).

    Invalid: wrong length, a character outside the alphabet (never changed silently), a letter in the region
    (3 to 8). Refused unless an officer accepts: check character, unknown department or category. With a
    warning: the organisation code inside does not fit (GB 11714), a region that `divisions` does not know,
    or a number that on `today` (a date in Asia/Shanghai) also reads as a resident id.
    """
    code = fold(text)
    fault = _credit_shape(code)
    if fault:
        return fault
    inner = organisation_check(code[8:16]) == code[16]
    doubt = _credit_refused(code, inner) or _credit_warning(code, inner, today, divisions)
    if doubt:
        return doubt
    return Verdict(_as_typed(text, code), code, inner_org_check=inner)


def _credit_shape(code: str) -> Verdict | None:
    if not code:
        return _invalid(N_("No credit code was typed."), remedy=_CREDIT_REMEDY)
    if len(code) != CREDIT_LENGTH:
        return _invalid(
            N_("The credit code has %(length)s characters; it needs 18."), remedy=_CREDIT_REMEDY, length=len(code)
        )
    for position, character in enumerate(code, start=1):
        if character in _SLIP_REASONS:
            return _invalid(_SLIP_REASONS[character], remedy=_CREDIT_REMEDY, position=position, character=character)
        if character not in CREDIT_ALPHABET:
            return _invalid(
                N_("Character %(position)s is “%(character)s”; a credit code has digits and capital letters only."),
                remedy=_CREDIT_REMEDY,
                position=position,
                character=character,
            )
        if 3 <= position <= 8 and character not in _DIGITS:
            return _invalid(
                N_(
                    "Character %(position)s is the letter %(character)s; characters 3 to 8 are the region, digits only."
                ),
                remedy=_CREDIT_REMEDY,
                position=position,
                character=character,
            )
    return None


def _credit_refused(code: str, inner: bool) -> Verdict | None:
    """The two faults that genuine codes also have: an officer may accept them with the licence in hand."""
    if code[17] != credit_check(code[:17]):
        reason, params = N_("The last character does not fit the others: one of them may be mistyped."), {}
    elif code[1] not in CREDIT_CATEGORIES.get(code[0], ""):
        reason = N_("No department and category “%(category)s” of registration is known (first two characters).")
        params = {"category": code[:2]}
    else:
        return None
    return Verdict(
        Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT,
        code,
        reason,
        params,
        N_("Compare it with the licence. If it is printed like this, hand in the licence: an officer can accept it."),
        inner_org_check=inner,
    )


def _credit_warning(code: str, inner: bool, today: date, divisions: Divisions | None) -> Verdict | None:
    resident = resident_id(code, today).accepted
    if resident:
        reason = N_("This number also reads as a person's resident id. Is it really the firm's credit code?")
    elif not inner:
        reason = N_("The organisation code inside (characters 9 to 17) does not satisfy its own check.")
    elif divisions is not None and not (code[2:8] == "100000" or divisions.knows(code[2:8])):
        reason = N_("The region (characters 3 to 8) is not in the list of divisions.")
    else:
        return None
    return Verdict(
        Kind.VALID_WITH_WARNING,
        code,
        reason,
        remedy=N_("Please hand in the licence that shows it."),
        inner_org_check=inner,
        reads_as_resident_id=resident,
    )


def resident_id(text: str, today: date, divisions: Divisions | None = None) -> Verdict:
    """What is to be thought of `text` as a resident id (18 characters, GB 11643) on the date `today` in
    Asia/Shanghai.

    Also takes the same kind of number on residence permits (regions 810000, 820000, 830000) and on
    foreigners' permanent residence cards (first digit 9) [memory]. Invalid: length (first-generation numbers
    of 15 digits included), anything but digits before the last place, a province that does not exist, a
    birth date that does not exist, lies in the future or more than 130 years back, the check character. A
    region that `divisions` does not know: an officer may accept. Reads birth date, sex and paper from a
    whole valid number only; no text repeats the number.
    """
    number = fold(text.translate(_ROMAN_TEN))
    fault = _resident_shape(number) or _resident_region(number)
    if fault:
        return fault
    birth = _date(number[6:14])
    fault = _birth_fault(birth, today)
    if fault:
        return fault
    if number[17] != resident_check(number[:17]):
        return _invalid(
            N_("The last character does not fit the others: one of them may be mistyped."), remedy=_RESIDENT_REMEDY
        )
    if divisions is not None and number[0] != "9" and not _resident_region_known(number[:6], divisions):
        return Verdict(
            Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT,
            number,
            N_("The region (characters 1 to 6) is not in the list of divisions."),
            remedy=N_("Compare it with the card. If it is printed like this, show the card: an officer can accept it."),
        )
    return Verdict(
        _as_typed(text, number),
        number,
        birth=birth,
        sex=Sex.MALE if int(number[16]) % 2 else Sex.FEMALE,
        document=_document(number),
    )


def _resident_shape(number: str) -> Verdict | None:
    if not number:
        return _invalid(N_("No number was typed."), remedy=_RESIDENT_REMEDY)
    if len(number) == 15 and set(number) <= _DIGITS:
        return _invalid(
            N_("The number has 15 digits, as on first-generation cards; those are no longer accepted."),
            remedy=N_("Type the number of the present card, with 18 characters."),
        )
    if len(number) != RESIDENT_LENGTH:
        return _invalid(
            N_("The number has %(length)s characters; it needs 18."), remedy=_RESIDENT_REMEDY, length=len(number)
        )
    for position, character in enumerate(number[:17], start=1):
        if character not in _DIGITS:
            return _invalid(
                _PART_REASONS[_part(position)], remedy=_RESIDENT_REMEDY, position=position, character=character
            )
    if number[17] not in RESIDENT_CHECKS:
        return _invalid(N_("The last character must be a digit or the letter X."), remedy=_RESIDENT_REMEDY)
    return None


def _part(position: int) -> str:
    return "region" if position <= 6 else "birth" if position <= 14 else "sequence"


def _resident_region(number: str) -> Verdict | None:
    foreign = number[0] == "9" and number[1:3] in PROVINCES
    if foreign or number[:6] in PERMIT_REGIONS or number[:2] in PROVINCES:
        return None
    return _invalid(N_("Characters 1 and 2 name a province that does not exist."), remedy=_RESIDENT_REMEDY)


def _resident_region_known(region: str, divisions: Divisions) -> bool:
    return region in PERMIT_REGIONS or divisions.knows(region)


def _birth_fault(birth: date | None, today: date) -> Verdict | None:
    if birth is None:
        return _invalid(
            N_("Characters 7 to 14 are the date of birth, and that day does not exist."), remedy=_RESIDENT_REMEDY
        )
    if birth > today:
        return _invalid(
            N_("Characters 7 to 14 are the date of birth, and that day lies in the future."), remedy=_RESIDENT_REMEDY
        )
    if today.year - birth.year > OLDEST_YEARS:
        return _invalid(
            N_("Characters 7 to 14 are the date of birth, and that day lies more than 130 years back."),
            remedy=_RESIDENT_REMEDY,
        )
    return None


def _document(number: str) -> Document:
    if number[0] == "9":
        return Document.PERMANENT_RESIDENCE_CARD
    return Document.RESIDENCE_PERMIT if number[:6] in PERMIT_REGIONS else Document.RESIDENT_CARD


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def division_code(text: str, divisions: Divisions, *, for_address: bool = False) -> Verdict:
    """What is to be thought of `text` as a division code (six digits, kept as text; a lost zero is not
    guessed).

    A code no longer in force is valid for history only, with the present code in `now`. `for_address` asks
    for a district: a whole city or province is refused. A code that does not stand in a list that is
    complete for its area is refused, though an officer may accept it; one outside those areas is accepted
    with a warning.
    """
    code = fold(text)
    if len(code) != 6:
        return _invalid(
            N_("A division code has six digits; this one has %(length)s characters."),
            remedy=N_("Check for a zero that a spreadsheet has dropped."),
            length=len(code),
        )
    if not set(code) <= _DIGITS:
        return _invalid(N_("A division code has digits only."))
    if code in divisions.former:
        return Verdict(
            Kind.VALID_FOR_HISTORY_ONLY,
            code,
            N_("Division %(code)s no longer exists; it is now %(now)s."),
            {"code": code, "now": divisions.former[code]},
            N_("Use the present code for a new address."),
            level=_level(code),
            now=divisions.former[code],
        )
    if not divisions.knows(code):
        return Verdict(
            Kind.REFUSE_BUT_OFFICER_MAY_ACCEPT,
            code,
            N_("Division %(code)s is not in the list."),
            {"code": code},
            N_("Choose a division from the list. If a paper shows this code, an officer can accept it."),
            level=_level(code),
        )
    if for_address and _level(code) is not Level.DISTRICT:
        return _invalid(
            N_("Division %(code)s is a whole city or province."), remedy=N_("Choose the district."), code=code
        )
    if code not in divisions.current and _level(code) is not Level.PROVINCE:
        return Verdict(
            Kind.VALID_WITH_WARNING,
            code,
            N_("Division %(code)s lies outside the area whose list is complete; it was not checked."),
            {"code": code},
            level=_level(code),
        )
    return Verdict(_as_typed(text, code), code, level=_level(code))


def _level(code: str) -> Level:
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.DISTRICT


def mobile(text: str) -> Verdict:
    """What is to be thought of `text` as a mobile number of the mainland: by shape alone, 1, then 3 to 9,
    then nine digits.

    No list of prefixes, because new ranges open. +86, 0086 and 86 before it are dropped. A landline is told
    apart.
    """
    number = _PREFIX.sub("", fold(text), count=1) if _PREFIX.match(fold(text)) else fold(text)
    if _MOBILE.fullmatch(number):
        return Verdict(_as_typed(text, number), number)
    if not number:
        return _invalid(N_("No mobile number was typed."), remedy=_MOBILE_REMEDY)
    for position, character in enumerate(number, start=1):
        if character not in _DIGITS:
            return _invalid(
                N_("Character %(position)s is “%(character)s”; a mobile number has digits only."),
                remedy=_MOBILE_REMEDY,
                position=position,
                character=character,
            )
    if _LANDLINE.fullmatch(number):
        return _invalid(
            N_("This is a landline number, not a mobile number."), remedy=N_("Put it into the field for the landline.")
        )
    if len(number) != 11:
        return _invalid(
            N_("The mobile number has %(length)s digits; it needs 11."), remedy=_MOBILE_REMEDY, length=len(number)
        )
    return _invalid(N_("A mobile number begins with 1 and then a digit from 3 to 9."), remedy=_MOBILE_REMEDY)


def mask_resident_id(number: str) -> str:
    """A personal number as staff and pages show it: the first three and the last character, the rest as
    stars.

    Neither the birth date nor the last four characters (which others use as a password) can be read.
    Anything that is not 18 characters long becomes stars altogether.
    """
    if len(number) != RESIDENT_LENGTH:
        return "*" * len(number)
    return f"{number[:3]}{'*' * 14}{number[17:]}"


def mask_mobile(number: str) -> str:
    """A mobile number as it is shown: 138****0000. Anything that is not 11 characters long becomes stars
    altogether."""
    return f"{number[:3]}****{number[7:]}" if len(number) == 11 else "*" * len(number)


def divisions_of(districts: Iterable[str], cities: Iterable[str], former: Mapping[str, str]) -> Divisions:
    """What an installation knows: all `districts` of its city, all `cities` of its province, and `former` codes.

    Codes that are not six digits (development zones have their own) are left out.
    """
    known = frozenset(code for code in districts if len(code) == 6 and set(code) <= _DIGITS)
    all_cities = frozenset(cities)
    return Divisions(
        known | all_cities,
        dict(former),
        cities_of=frozenset(code[:2] for code in all_cities),
        districts_of=frozenset(code[:4] for code in known),
    )


def _as_typed(text: str, normalised: str) -> Kind:
    return Kind.VALID if text == normalised else Kind.VALID_AFTER_NORMALISING


def _invalid(reason: str, *, remedy: str = "", **params: Any) -> Verdict:
    return Verdict(Kind.INVALID, "", reason, params, remedy)


_CREDIT_REMEDY = N_("Type the 18 characters as they stand on the licence.")
_RESIDENT_REMEDY = N_("Type the 18 characters as they stand on the card.")
_MOBILE_REMEDY = N_("Type the 11 digits, for instance 13800000000.")
_SLIP_REASONS = {
    "O": N_("Character %(position)s is the letter O; the alphabet has no O: is it a zero?"),
    "I": N_("Character %(position)s is the letter I; the alphabet has no I: is it a one?"),
    "S": N_("Character %(position)s is the letter S; the alphabet has no S: is it a five?"),
    "Z": N_("Character %(position)s is the letter Z; the alphabet has no Z: is it a two?"),
    "V": N_("Character %(position)s is the letter V; the alphabet has no V: is it a U?"),
}
_PART_REASONS = {
    "region": N_("Character %(position)s is “%(character)s”; characters 1 to 6 are the region, digits only."),
    "birth": N_("Character %(position)s is “%(character)s”; characters 7 to 14 are the date of birth, digits only."),
    "sequence": N_("Character %(position)s is “%(character)s”; characters 15 to 17 are digits only."),
}
