"""An offer's texts on their way through the review: those that changed since its last publication."""

from collections.abc import Mapping
from typing import Any

from market import clock
from market.catalogue import queries as catalogue
from market.kernel.actor import Actor
from market.kernel.calendar import end_of_day, local_date
from market.listings.models import Listing
from market.review import gate_rules, notice_queries
from market.review import operations as review
from market.review import queries as review_queries
from market.review.gate_rules import Kind, NewNotice
from market.review.rules import Context, Finding, Fund

#: whose money pays is not known when an offer is written; it is the vendor's own text
CONTEXT = Context(fund=Fund.PRIVATE)
FIELDS = ("title", "description", "deliverables", "low_price_reason")


def texts_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The texts of an offer (its row as a mapping, or what a publication kept) by field; lists as lines."""
    found = {}
    for name in FIELDS:
        value = content[name]
        found[name] = "\n".join(value) if isinstance(value, list | tuple) else value or ""
    return found


def changed(row: Listing) -> dict[str, str]:
    """The texts that the public has not seen yet, and those in which a clause was found before."""
    before = texts_of(row.publications[-1].content) if row.publications else {}
    now = texts_of({name: getattr(row, name) for name in FIELDS})
    found = notice_queries.fields_with_clauses(Kind.LISTING, row.code)
    return {name: text for name, text in now.items() if text and (text != before.get(name) or name in found)}


def findings(row: Listing) -> list[Finding]:
    """What the review finds in the texts that changed; they describe, and ask nothing of anybody."""
    return gate_rules.described(review_queries.findings(changed(row), CONTEXT), FIELDS)


def with_wording(row: Listing, key: str) -> dict[str, Any]:
    """The fields of an offer in which the neutral wording of the finding `key` (review.queries.key) takes the clause's place;
    nothing when the text has changed since."""
    texts = changed(row)
    one = next((finding for finding in findings(row) if review_queries.key(finding) == key), None)
    if one is None:
        return {}
    text = gate_rules.take(texts, one, review_queries.wording(review_queries.rule(one.rule)))[one.field]
    return {one.field: [line for line in text.split("\n") if line.strip()] if one.field == "deliverables" else text}


def hold(code: str) -> None:
    """Lock the notice that an offer has already, before the offer."""
    review.hold_notice(Kind.LISTING, code)


def is_objected(code: str) -> bool:
    """Whether the regulator's objection stands against the texts of an offer."""
    return notice_queries.is_objected(Kind.LISTING, code)


def publish(row: Listing, reasons: Mapping[str, str], *, by: Actor) -> None:
    """Through the gate: refuses a clause without its reason (review.operations.gate); nothing when no text changed and none
    had a clause. Reasons that stand already need not be given again. A clause whose text was emptied ends its notice."""
    if not (texts := changed(row)):
        review.end_notice(Kind.LISTING, row.code, by=by)
        return
    days = catalogue.calendar().add_working_days(local_date(clock.now()), gate_rules.OBJECTION_DAYS)
    notice = NewNotice(
        kind=Kind.LISTING,
        subject=row.code,
        title=row.title,
        publisher=row.vendor.organisation.code,
        district=None,
        item=row.item,
        fund=CONTEXT.fund,
        object_by=end_of_day(days.day),
    )
    reasons = notice_queries.reasons_before(Kind.LISTING, row.code) | dict(reasons)
    review.gate(texts, CONTEXT, reasons, notice=notice, descriptive=FIELDS, by=by)
