"""The texts of an item or a price standard under change, on their way through the review: those that differ from what holds.

The Chinese texts bind and are read; names and titles of laws are none of the authors' words.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from market import clock
from market.catalogue import queries
from market.catalogue.models import Version
from market.catalogue.states import VersionState
from market.kernel.actor import Actor
from market.kernel.calendar import end_of_day, local_date
from market.kernel.errors import RuleBroken
from market.kernel.words import N_
from market.review import gate_rules, notice_queries
from market.review import operations as review
from market.review import queries as review_queries
from market.review.gate_rules import Kind, NewNotice
from market.review.rules import Context, Finding, Fund

KINDS: Mapping[str, Kind] = {"item": Kind.ITEM, "standard": Kind.STANDARD}
#: written by an administrative body for everybody
CONTEXT = Context(fund=Fund.FISCAL)
ITEM_TEXTS = ("name_zh", "summary_zh", "approval_matter", "deliverable")
#: fields that describe and ask nothing; what an item asks of a vendor (qualifications) is read as it is in a notice
DESCRIPTIVE = frozenset({*ITEM_TEXTS, "title", "notes", "labels"})
#: parts of a standard that quote the law or name who issued it
QUOTED = frozenset({"basis", "source", "article", "issuer", "region", "above"})


def texts_of(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a version by field; empty for a matter, which sets no condition of its own."""
    if kind == "item":
        found = {name: str(content.get(name) or "") for name in ITEM_TEXTS}
        asked = [f"{one.get('name') or ''}{one.get('level') or ''}" for one in content.get("qualification") or ()]
        return {**found, "qualifications": "\n".join(asked)}
    if kind == "standard":
        rest = {name: value for name, value in content.items() if name != "title"}
        lines = list(_chinese(rest))
        return {
            "title": "\n".join(text for _, text in _chinese({"title": content.get("title")})),
            "notes": "\n".join(text for path, text in lines if "notes" in path),
            "labels": "\n".join(text for path, text in lines if "notes" not in path),
        }
    return {}


def _chinese(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every Chinese text of a content that its authors wrote, with the names on the way to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "zh" and isinstance(inner, str):
                yield path, inner
            elif name not in QUOTED:
                yield from _chinese(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _chinese(inner, path)


def changed(version: Version) -> dict[str, str]:
    """The texts of a version that differ from the version in force (a new entry: all of them)."""
    kind = version.entry.kind
    held = [one for one in version.entry.versions if one.state is VersionState.IN_FORCE and one.id != version.id]
    before = texts_of(kind, held[-1].content) if held else {}
    return {name: text for name, text in texts_of(kind, version.content).items() if text and text != before.get(name)}


def findings(version: Version) -> list[Finding]:
    """What the review finds in the texts that change."""
    return gate_rules.described(review_queries.findings(changed(version), CONTEXT), DESCRIPTIVE)


def publish(version: Version, reasons: Mapping[str, str], *, by: Actor) -> None:
    """Through the gate when a proposal is opened for comments: refuses what review.operations.gate refuses."""
    kind = KINDS.get(version.entry.kind)
    if kind is None:
        return
    review.hold_notice(kind, version.code)
    days = queries.calendar().add_working_days(local_date(clock.now()), gate_rules.OBJECTION_DAYS)
    content = version.content
    notice = NewNotice(
        kind=kind,
        subject=version.code,
        title=str(content.get("name_zh") or (content.get("title") or {}).get("zh") or version.entry.slug)[:200],
        publisher=by.organisation,
        district=version.district,
        item=version.entry.slug if kind is Kind.ITEM else None,
        fund=CONTEXT.fund,
        object_by=end_of_day(days.day),
    )
    review.gate(changed(version), CONTEXT, reasons, notice=notice, descriptive=DESCRIPTIVE, by=by)


def end(version: Version, *, by: Actor) -> None:
    """End the notice of a proposal that is given up."""
    if (kind := KINDS.get(version.entry.kind)) is not None:
        review.end_notice(kind, version.code, by=by)


def check_goes_on(version: Version) -> None:
    """Refuse to put in force what the regulator objects to. The notice is locked, so that he cannot do so meanwhile."""
    kind = KINDS.get(version.entry.kind)
    if kind is None:
        return
    review.hold_notice(kind, version.code)
    if notice_queries.is_objected(kind, version.code):
        raise RuleBroken(
            N_("The regulator objects to a clause of this proposal."),
            rule=N_("An objection within two working days stops what a notice is for."),
            remedy=N_("Withdraw the proposal and propose another wording, or wait for his withdrawal."),
        )
