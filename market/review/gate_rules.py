"""What decides at the gate: what passes, what needs a reason, how long the regulator may object, what is kept. Pure.

Periods are working days; spans are code points, the end exclusive. The rule catalogue (design: fair-competition rules) says in
section 1 who is bound; Fair Competition Review Regulation art. 12 [C] what a reason must show: why the work needs it, why nothing
milder works.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from market.kernel.errors import Invalid, RuleBroken, WrongState
from market.kernel.words import N_
from market.review.rules import Finding, Fund, Severity


class Kind(StrEnum):
    """What a published text belongs to."""

    ORDER = "order"
    TENDER = "tender"
    LISTING = "listing"
    ITEM = "item"
    STANDARD = "standard"


#: a reason says something: fewer characters than this are none
LEAST_REASON = 10
#: the regulator says why he objects, or why not any more
LEAST_WORDS = 20
#: longest reason and longest words, in characters
LONGEST_REASON, LONGEST_WORDS = 1000, 2000
#: working days in which the regulator may object (issue of the review; the market's own choice, as long as the check of form)
OBJECTION_DAYS = 2
#: name of the form field that holds the reason for a rule
REASON = "reason-"


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A text on its way to the public: what it belongs to, who publishes it, until when the regulator may object (UTC).

    `publisher` is the code of an organisation (none: the market itself); `district` a division code (none: the whole city).
    """

    kind: Kind
    subject: str
    title: str
    publisher: str | None
    district: str | None
    item: str | None
    fund: Fund | None
    object_by: datetime


def reasons_in(typed: Mapping[str, object]) -> dict[str, str]:
    """The reasons that a form or body sends: rule id -> text, from the fields `reason-FC-...`; empty ones are left out."""
    return {
        name.removeprefix(REASON): str(value).strip()
        for name, value in typed.items()
        if name.startswith(REASON) and str(value).strip()
    }


def check_reasons(reasons: Mapping[str, str]) -> None:
    """Refuse, by field, reasons that are too long to be read (LONGEST_REASON characters)."""
    wrong: dict[str, list[RuleBroken | str]] = {
        REASON + rule: [RuleBroken(N_("At most %(most)s characters, please."), most=LONGEST_REASON)]
        for rule, reason in reasons.items()
        if len(reason) > LONGEST_REASON
    }
    if wrong:
        raise Invalid(wrong)


def given(reasons: Mapping[str, str] | None) -> frozenset[str]:
    """The rules for which a reason of at least LEAST_REASON characters was given."""
    return frozenset(rule for rule, reason in (reasons or {}).items() if len(reason.strip()) >= LEAST_REASON)


def softened(found: Iterable[Finding]) -> list[Finding]:
    """The findings as warnings: shown to who writes, stopping nothing.

    For a text that nobody publishes: a private need with the buyer's own money that goes to the one vendor whose offer he chose.
    """
    return [replace(one, severity=Severity.WARN) for one in found]


#: what is published as a notice even when nothing is found in it: a need that somebody answers
NEEDS = frozenset({Kind.ORDER, Kind.TENDER})
#: what a finding is in a text that describes and asks nothing of anybody
DESCRIBING: Mapping[Severity, Severity] = {
    Severity.BLOCK: Severity.JUSTIFY,
    Severity.JUSTIFY: Severity.WARN,
    Severity.WARN: Severity.WARN,
}


def described(found: Iterable[Finding], fields: Collection[str]) -> list[Finding]:
    """The findings with those in `fields` one step milder: texts that describe a service or explain a price.

    The review was made for what is asked of bidders. In a description it also marks what the law itself asks of others, so there
    a clause is not stopped but published with its reason, open to the regulator's objection like every reason.
    """
    return [replace(one, severity=DESCRIBING[one.severity]) if one.field in fields else one for one in found]


#: what a neutral wording leaves for its author to fill in
_BLANK = re.compile(r"_{2,}|＿{2,}")


def blanks(texts: Mapping[str, str]) -> list[str]:
    """The fields in which a blank of a neutral wording (two or more low lines) still waits to be filled in."""
    return [name for name, text in texts.items() if _BLANK.search(text)]


def take(texts: Mapping[str, str], one: Finding, wording: str) -> dict[str, str]:
    """The texts with `wording` in the place of a finding; as they are for a structured field, which has no place in a text."""
    changed = dict(texts)
    if one.end > one.start:
        text = texts[one.field]
        before, after = text[: one.start], text[one.end :]
        # the wording is a sentence: what follows begins with its own mark
        if wording.endswith("。") and after[:1] and after[0] in "，。；、,;.":
            wording = wording[:-1]
        changed[one.field] = before + wording + after
    return changed


def check_objection(rules: Sequence[str], justified: Iterable[str], words: str, now: datetime, until: datetime) -> None:
    """Refuse an objection that names no clause kept with a reason, says too little, or comes after the term (UTC instants)."""
    if now >= until:
        raise WrongState(
            N_("The two working days for an objection are over."),
            rule=N_("A notice with a reason is open to objection for two working days."),
            remedy=N_("The order may still be looked at as a case of its own."),
        )
    if not rules or not set(rules) <= set(justified):
        raise Invalid.field("rules", N_("Choose at least one clause that is kept with a reason."))
    check_words(words)


def check_words(words: str) -> None:
    """Refuse words of the regulator that say too little or too much: they are published with the notice."""
    if len(words.strip()) < LEAST_WORDS:
        raise Invalid.field(
            "words", N_("Say why in at least %(least)s characters; it is published."), least=LEAST_WORDS
        )
    if len(words) > LONGEST_WORDS:
        raise Invalid.field("words", N_("At most %(most)s characters, please."), most=LONGEST_WORDS)


def month_of(day: date) -> str:
    """The month of a day as the public list counts it: 2026-03."""
    return f"{day.year:04}-{day.month:02}"
