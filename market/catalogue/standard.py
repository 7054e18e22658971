"""A price standard as frozen data: what it asks, its tables, its coefficients and limits, and the days on which they hold.

Amounts are `Fraction` of yuan (of square metres where an input says so), rates are `Fraction` of one. Nothing here computes
a fee (tariff.py) or knows the form of the files (standard_schema.py).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from market.kernel.errors import Invalid
from market.kernel.words import N_


class Text(NamedTuple):
    """A text of the catalogue in both languages."""

    zh: str
    en: str

    def to(self, lang: str) -> str:
        """The text in `lang`; everything but "en" is Chinese, the market's first language."""
        return self.en if lang == "en" else self.zh


def plain_word(word: str) -> str:
    """A word as it is compared: NFKC, case folded, letters and digits only (with % and ‰); "Form, review" is "formreview"."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in folded if letter.isalnum() or letter in "%‰")


class Kind(StrEnum):
    """How far a standard binds a price: a reference only, a band, or one price."""

    MARKET = "market"
    GUIDED = "guided"
    SET = "set"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.MARKET: N_("market price, the standard is a reference only"),
    Kind.GUIDED: N_("government-guided price, offers must lie in the band"),
    Kind.SET: N_("price set by government"),
}


class Mark(StrEnum):
    """How certain a fact is: read at its source, read in a copy only, from memory, derived."""

    CONFIRMED = "C"
    COPY = "C2"
    MEMORY = "M"
    DERIVED = "D"


MARK_WORDS: Mapping[Mark, str] = {
    Mark.CONFIRMED: N_("confirmed in the text of the issuing body"),
    Mark.COPY: N_("read in a secondary source only"),
    Mark.MEMORY: N_("from memory, to be checked before it is relied on"),
    Mark.DERIVED: N_("derived from a published table"),
}


class Takes(StrEnum):
    """What an input takes."""

    AMOUNT = "amount"
    AREA = "area"
    NUMBER = "number"
    NUMBERS = "numbers"
    CHOICE = "choice"


#: conditions on choices: every named input must have been given as one of the named choices
Condition = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers an input offers. `factor` is its coefficient; `negotiated` says why it leaves the fee to agreement."""

    name: str
    label: Text
    factor: Fraction | None = None
    aliases: tuple[str, ...] = ()
    negotiated: Text | None = None
    article: Text | None = None

    @property
    def words(self) -> frozenset[str]:
        """What this choice may be called: its name, labels and aliases, as `plain_word` leaves them."""
        return frozenset(plain_word(word) for word in (self.name, *self.label, *self.aliases))


@dataclass(frozen=True, slots=True)
class Presumption:
    """A choice taken by itself: when the conditions hold and the amount lies below `below` (yuan), and nobody said otherwise."""

    choice: str
    when: Condition
    below: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One thing the calculator asks. `least` and `most` bound numbers and amounts; `beyond_least` excludes `least` itself."""

    name: str
    label: Text
    takes: Takes
    required: bool = False
    aliases: tuple[str, ...] = ()
    help: Text | None = None
    choices: tuple[Choice, ...] = ()
    default: str | None = None
    presumed: tuple[Presumption, ...] = ()
    least: Fraction | None = None
    most: Fraction | None = None
    beyond_least: bool = False
    used_when: Condition = field(default_factory=dict)
    article: Text | None = None
    mark: Mark | None = None

    def choice(self, name: str) -> Choice:
        """The choice called `name`; KeyError when there is none."""
        for choice in self.choices:
            if choice.name == name:
                return choice
        raise KeyError(name)

    @property
    def factors(self) -> tuple[Fraction, ...]:
        """The coefficients this input publishes, ascending, each once."""
        return tuple(sorted({choice.factor for choice in self.choices if choice.factor is not None}))


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of the base, or yuan per square metre; `low` to `high` where the standard gives a range. `text` is for readers."""

    low: Fraction
    high: Fraction
    text: str

    @property
    def middle(self) -> Fraction:
        """The middle of the range, which stands for the reference."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class RateOfWhole:
    """Beyond the table: a rate on the whole base, not on the part beyond."""

    rate: Rate


@dataclass(frozen=True, slots=True)
class RateAsked:
    """Beyond the table: a rate that the asker gives as input `input`; without it the fee is `otherwise` agreed."""

    input: str
    otherwise: Text


@dataclass(frozen=True, slots=True)
class Last:
    """Beyond the table: the nearest value. `at_least` marks a value the standard writes as "7+": the least, upwards open."""

    at_least: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Beyond the table: from `low` to `high` yuan without saying how a project finds its place; the reference is `low`."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Negotiated:
    """Beyond the table: the standard leaves the fee to agreement, for this reason."""

    reason: Text


Beyond = RateOfWhole | RateAsked | Last | Span | Negotiated


class Shape(StrEnum):
    """How a table is read."""

    PROGRESSIVE = "progressive"
    INTERPOLATED = "interpolated"


class Scale(StrEnum):
    """In what the bounds or fees of a table are written in the standard, and how many yuan (or square metres) one of it is."""

    YUAN = "元"
    WAN = "万元"
    YI = "亿元"
    AREA = "平方米"

    @property
    def size(self) -> int:
        """Yuan (or square metres) in one."""
        return {"元": 1, "万元": 10**4, "亿元": 10**8, "平方米": 1}[self.value]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice up to and including `up_to` (None: without end) with one rate per column."""

    up_to: Fraction | None
    rates: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of an interpolated table: at this base, this fee (yuan) per column; a column may lack the last points."""

    at: Fraction
    fees: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Table:
    """Slices or points, each with one value per column; `above` and `below` say per column what holds beyond them."""

    name: str
    shape: Shape
    scale: Scale
    columns: tuple[str, ...]
    slices: tuple[Slice, ...] = ()
    points: tuple[Point, ...] = ()
    above: Mapping[str, Beyond] = field(default_factory=dict)
    below: Mapping[str, Beyond] = field(default_factory=dict)
    article: Text | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of the fee: table and column, applied to input `of`, when the conditions hold and `of` is given.

    The column is `column`, or what was chosen for input `column_from`.
    """

    of: str
    table: str
    column: str | None
    column_from: str | None
    label: Text | None
    when: Condition


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of the base counts: of `input` (part of the base) above `share` of the base only `share` of it is counted.

    The base then is at least the rest times `rest_floor`.
    """

    base: str
    input: str
    share: Fraction
    rest_floor: Fraction
    article: Text | None


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Inputs whose coefficients are applied together: multiplied, or added up less their count plus one."""

    inputs: tuple[str, ...]
    summed: bool
    when: Condition


@dataclass(frozen=True, slots=True)
class Band:
    """How far the standard lets a price move down and up, as shares; `input` lets the asker name a place in it."""

    down: Fraction
    up: Fraction
    input: str
    article: Text | None
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Limit:
    """The least or the most a fee may be, in yuan: one amount, or one per choice of input `by`; `input` switches it off.

    `shared_by` names an input with the whole amount of which the base is a part: the limit is shared in that proportion.
    """

    amount: Fraction | None
    by: str | None
    amounts: Mapping[str, Fraction]
    input: str
    shared_by: str | None
    article: Text | None

    def for_choice(self, choice: str | None) -> Fraction | None:
        """The limit (yuan) under this choice of `by`, or None when there is none."""
        return self.amounts.get(choice or "", self.amount)


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know, under conditions."""

    text: Text
    when: Condition


@dataclass(frozen=True, slots=True)
class Version:
    """What a standard says from `valid_from` to `valid_to` (both included; None: not known, or without end)."""

    id: str
    valid_from: date | None
    valid_to: date | None
    basis: Text
    inputs: Mapping[str, Input]
    one_of: tuple[str, ...]
    tables: Mapping[str, Table]
    parts: tuple[Part, ...]
    counted: Counted | None
    coefficients: tuple[Coefficients, ...]
    band: Band | None
    cap: Limit | None
    floor: Limit | None
    rounding: int
    notes: tuple[Note, ...]

    def holds_on(self, day: date) -> bool:
        """Whether `day` lies within this version's validity."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class KindSince:
    """From this day (None: from the beginning) the standard is of this kind, for this reason."""

    since: date | None
    kind: Kind
    basis: Text
    mark: Mark


@dataclass(frozen=True, slots=True)
class Standard:
    """A price standard with all its versions, oldest first. `ceiling`: what it gives is the most, not a usual price."""

    id: str
    aliases: tuple[str, ...]
    title: Text
    number: str
    issuer: Text
    region: Text
    kinds: tuple[KindSince, ...]
    ceiling: bool
    source: Text
    mark: Mark
    presets: Mapping[str, Mapping[str, str]]
    day_rates: tuple[tuple[Text, str], ...]
    versions: tuple[Version, ...]

    @property
    def last_change(self) -> date:
        """The day since which the standard stands as it does: when its newest version or kind began, whichever is later."""
        newest = self.versions[-1]
        days = [day for day in (newest.valid_from, self.kinds[-1].since) if day is not None]
        return max(days) if days else newest.valid_to or date.max

    def version_on(self, day: date) -> Version:
        """The version in force on `day`; Invalid naming `on` and the days that are covered when there is none."""
        for version in reversed(self.versions):
            if version.holds_on(day):
                return version
        spans = ", ".join(f"{v.valid_from or '…'} – {v.valid_to or '…'}" for v in self.versions)
        raise Invalid.field(
            "on",
            N_("%(number)s was not in force on %(day)s."),
            remedy=N_("Choose a day within: %(spans)s."),
            number=self.number,
            day=day.isoformat(),
            spans=spans,
        )

    def kind_on(self, day: date) -> KindSince:
        """How far the standard binds on `day`; before its first known kind, that first kind."""
        known = [kind for kind in self.kinds if kind.since is None or kind.since <= day]
        return known[-1] if known else self.kinds[0]
