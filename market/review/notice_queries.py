"""Reads of published notices and of the clauses found, for the pages, the regulator's list and the public count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import selectinload

from market.db import db
from market.kernel.errors import NotFound
from market.review import queries
from market.review.gate_rules import Kind
from market.review.models import Clause, Notice
from market.review.rules import Finding, Severity
from market.review.states import CURRENT, NoticeState


def notice(code: str) -> Notice:
    """The notice with a public code; anybody may read it. `NotFound` if there is none."""
    found = db.session.scalar(select(Notice).where(Notice.code == code))
    if found is None:
        raise NotFound()
    return found


def notices_of(kind: Kind, subject: str) -> list[Notice]:
    """All texts of a subject, the first one first."""
    statement = select(Notice).where(Notice.kind == kind, Notice.subject == subject).order_by(Notice.number)
    return list(db.session.scalars(statement))


def current(kind: Kind, subject: str) -> Notice | None:
    """The text that counts for a subject now; None when nothing of it is published."""
    found = notices_of(kind, subject)
    return next((one for one in reversed(found) if one.state in CURRENT), None)


def is_objected(kind: Kind, subject: str) -> bool:
    """Whether the regulator's objection stands against the text that counts for a subject: then nothing goes on."""
    one = current(kind, subject)
    return one is not None and one.state is NoticeState.OBJECTED


def objected_quotes(kind: Kind, subject: str) -> frozenset[tuple[str, str]]:
    """The clauses (rule, words) of a subject's last text to which the regulator objected and did not withdraw."""
    found = notices_of(kind, subject)
    if not found or found[-1].answer is not None:
        return frozenset()
    return frozenset(
        (one.rule, one.quote) for one, clause in findings_of(found[-1]) if clause.rule in found[-1].objected_rules
    )


def reasons_before(kind: Kind, subject: str) -> dict[str, str]:
    """The reasons that stand with a subject's present text, by rule; none while an objection stands."""
    one = current(kind, subject)
    if one is None or one.state is NoticeState.OBJECTED:
        return {}
    return {clause.rule: clause.reason for clause in one.clauses if clause.reason is not None}


def fields_with_clauses(kind: Kind, subject: str) -> frozenset[str]:
    """The fields of a subject's present text in which a clause was found."""
    one = current(kind, subject)
    return frozenset(clause.field for clause in one.clauses) if one is not None else frozenset()


def published(rule: str = "", month: str = "", state: str = "", kind: str = "") -> Select[Any]:
    """Notices, the newest first: those in which a clause of `rule` was found, published in `month`, in `state`, of `kind`."""
    statement = select(Notice).options(selectinload(Notice.clauses), selectinload(Notice.organisation))
    if rule or month:
        clauses = select(Clause.notice_id).where(Clause.notice_id.is_not(None))
        clauses = clauses.where(Clause.rule == rule) if rule else clauses
        clauses = clauses.where(Clause.month == month) if month else clauses
        statement = statement.where(Notice.id.in_(clauses))
    if state in {str(one) for one in NoticeState}:
        statement = statement.where(Notice.state == NoticeState(state))
    if kind in {str(one) for one in Kind}:
        statement = statement.where(Notice.kind == Kind(kind))
    return statement.order_by(Notice.published_at.desc(), Notice.id.desc())


def for_regulator(district: str | None, state: NoticeState) -> Select[Any]:
    """Notices in a state for a regulator in duty for `district` (none: the whole city), the most urgent first."""
    statement = select(Notice).options(selectinload(Notice.clauses), selectinload(Notice.organisation))
    statement = statement.where(Notice.state == state)
    if district is not None:
        statement = statement.where(Notice.district == district)
    urgent = Notice.object_by if state is NoticeState.OPEN else Notice.objected_at
    return statement.order_by(urgent, Notice.id)


def overdue(now: datetime) -> list[str]:
    """Codes of notices whose time for an objection is over and that are still open."""
    statement = select(Notice.code).where(Notice.state == NoticeState.OPEN, Notice.object_by <= now)
    return list(db.session.scalars(statement.order_by(Notice.id)))


# The clauses of one notice ----------------------------------------------------------------------------------------------


def findings_of(one: Notice) -> list[tuple[Finding, Clause]]:
    """The findings that were published with a notice, in the order of its texts."""
    found = []
    for clause in one.clauses:
        text = one.texts.get(clause.field, "")
        finding = Finding(
            clause.rule, clause.field, clause.start, clause.end, clause.severity, text[clause.start : clause.end],
            tuple(clause.words),
        )  # fmt: skip
        found.append((finding, clause))
    return found


def shown(one: Notice) -> dict[str, Any]:
    """A notice's texts and findings as a page shows them (queries.reading), each finding with the publisher's reason and whether
    the regulator objects to it. All texts are there, marked or not."""
    pairs = findings_of(one)
    seen = queries.reading(one.texts, [finding for finding, _ in pairs])
    findings = [
        {**form, "reason": clause.reason, "objected": clause.rule in one.objected_rules}
        for form, (_, clause) in zip(seen["findings"], pairs, strict=True)
    ]
    marked = dict(seen["fields"])
    fields = [(name, marked.get(name, [(text, 0)])) for name, text in one.texts.items() if text]
    return {**seen, "fields": fields, "findings": findings}


# The public count -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """How often a rule was found in a month. `drafts`: in texts that were saved and not (yet) published; of those published
    `justified` with a reason and `warned`; `objected`: reasons that the regulator did not accept, of `justified`."""

    month: str
    rule: str
    drafts: int
    justified: int
    warned: int
    objected: int


def counted(rule: str = "", month: str = "") -> list[Counted]:
    """Findings by month (the newest first) and rule, of all subjects; a clause counts once for each field of a text."""
    unpublished = Clause.notice_id.is_(None)
    objected = Clause.rule == func.any(Notice.objected_rules)

    def times(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        holds: ColumnElement[bool] = conditions[0]
        for one in conditions[1:]:
            holds = holds & one
        return func.coalesce(func.sum(case((holds, 1), else_=0)), 0)

    justified = Clause.notice_id.is_not(None) & (Clause.severity == Severity.JUSTIFY)
    statement = (
        select(
            Clause.month,
            Clause.rule,
            times(unpublished),
            times(justified),
            times(Clause.notice_id.is_not(None), Clause.severity == Severity.WARN),
            times(justified, objected),
        )
        .outerjoin(Notice, Clause.notice_id == Notice.id)
        .group_by(Clause.month, Clause.rule)
        .order_by(Clause.month.desc(), Clause.rule)
    )
    if rule:
        statement = statement.where(Clause.rule == rule)
    if month:
        statement = statement.where(Clause.month == month)
    return [Counted(*row) for row in db.session.execute(statement)]


def months() -> Sequence[str]:
    """The months in which anything was found, the newest first."""
    return list(db.session.scalars(select(Clause.month).distinct().order_by(Clause.month.desc())))


def public_notice(one: Notice) -> Mapping[str, Any]:
    """A notice from permitted fields alone, as the API gives it."""
    return {
        "code": one.code,
        "state": str(one.state),
        "kind": str(one.kind),
        "subject": one.subject,
        "number": one.number,
        "title": one.title,
        "publisher": one.organisation.name if one.organisation is not None else None,
        "district": one.district,
        "item": one.item,
        "fund": str(one.fund) if one.fund is not None else None,
        "texts": dict(one.texts),
        "digest": one.digest,
        "published_at": one.published_at,
        "object_by": one.object_by,
        "objected_rules": list(one.objected_rules),
        "objection": one.objection,
        "objected_at": one.objected_at,
        "answer": one.answer,
        "answered_at": one.answered_at,
        "closed_at": one.closed_at,
        "findings": shown(one)["findings"],
    }
