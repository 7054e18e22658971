"""What a listing must say, when it may be offered, and why it is suspended: pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from market.kernel.errors import Invalid, Refusal, RuleBroken
from market.kernel.words import N_
from market.listings.pricing import PriceModel

#: languages in which work can be done
LANGUAGES = ("zh", "en")
#: longest texts, in characters
LONGEST = {"title": 60, "description": 4000, "deliverable": 120, "low_price_reason": 2000}
MOST_DELIVERABLES = 12
MOST_ATTACHMENTS = 8


class Cause(StrEnum):
    """Why a listing is suspended; each goes away by itself when its reason does."""

    VENDOR = "vendor"
    LICENCE = "licence"
    STANDARD = "standard"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class Draft:
    """A listing as its vendor wrote it, for the check before publication."""

    title: str
    price_model: PriceModel
    price_fen: int | None
    unit: str | None
    share_permille: int | None
    days: int
    capacity: int
    deliverables: Sequence[str]
    districts: Sequence[str]
    practitioners: Sequence[str]
    valid_to: date | None


def check_draft(
    draft: Draft, *, has_standard: bool, own_practitioners: Collection[str], districts: Collection[str], today: date
) -> None:
    """Refuse, by field, a listing that buyers could not compare, or that names what does not exist."""
    wrong: dict[str, list[Refusal | str]] = {}

    def say(field: str, what: str, **params: Any) -> None:
        wrong.setdefault(field, []).append(Refusal(what, **params))

    if not draft.title.strip():
        say("title", N_("Give the offer a title that says what is done."))
    if draft.price_model is PriceModel.SHARE:
        if not has_standard:
            say("price_model", N_("This service has no standard, so there is nothing to take a share of."))
        if draft.share_permille is None:
            say("share", N_("Say which share of the standard you ask, for instance 85 %."))
    elif draft.price_fen is None:
        say("price", N_("Say the price; on quotation, the most it can be."))
    if draft.price_model is PriceModel.PER_UNIT and not (draft.unit or "").strip():
        say("unit", N_("Say what one unit is, for instance m²."))
    if draft.days < 1:
        say("days", N_("Say in how many working days you deliver."))
    if draft.capacity < 1:
        say("capacity", N_("Say how many jobs you can do at once; at least one."))
    if not draft.deliverables:
        say("deliverables", N_("Say what the buyer gets."))
    if unknown := set(draft.districts) - set(districts):
        say("districts", N_("There is no district %(codes)s."), codes=", ".join(sorted(unknown)))
    if set(draft.practitioners) - set(own_practitioners):
        say("practitioners", N_("Name only people who are entered under “Licences and staff”."))
    if draft.valid_to is not None and draft.valid_to < today:
        say("valid_to", N_("The last day has passed."))
    if wrong:
        raise Invalid(wrong)


def check_open(open_: bool, missing: Sequence[Refusal]) -> None:
    """Refuse to publish for a vendor that is not active, or that lacks what the law demands for the item."""
    if not open_:
        raise RuleBroken(
            N_("Only an active vendor can offer."),
            remedy=N_("Finish the entry, or clear up the suspension; the desk shows what is waited for."),
        )
    if missing:
        first = missing[0]
        raise RuleBroken(first.what, rule=first.rule, remedy=first.remedy, **first.params)


def causes(*, vendor_open: bool, lacks: Sequence[str], outside: str, objected: bool = False) -> list[dict[str, str]]:
    """Everything that suspends a listing now: [{cause, detail}], empty when nothing does.

    `lacks` are names of missing qualifications, `outside` the words of a binding standard that the price no longer meets;
    `objected`: the regulator objects to a reason in its texts.
    """
    found = [] if vendor_open else [{"cause": str(Cause.VENDOR), "detail": ""}]
    found += [{"cause": str(Cause.LICENCE), "detail": lack} for lack in lacks]
    if outside:
        found.append({"cause": str(Cause.STANDARD), "detail": outside})
    if objected:
        found.append({"cause": str(Cause.OBJECTION), "detail": ""})
    return found


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """Which fields differ: name -> [old, new] as short texts. 0 and "no" are values like others (KF-LST-03)."""
    return {name: [_short(old.get(name)), _short(value)] for name, value in new.items() if old.get(name) != value}


def _short(value: Any) -> str:
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}… ({len(text)})"
