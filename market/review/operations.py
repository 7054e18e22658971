"""What every publication passes through: `check` names the findings, `gate` refuses and records; the regulator's word follows.

Whoever publishes calls `gate` inside its own operation, before the state changes, and hands over what it publishes as a
`NewNotice`: the texts, findings and reasons are kept with it, public, and open to the regulator's objection where a reason was
needed. What an objection stops is a reaction of the domain whose text it is (market/reactions.py).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts import queries as accounts
from market.db import db, new_code
from market.kernel import canonical
from market.kernel.actor import Actor, Role
from market.kernel.calendar import local_date
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.record.operations import record
from market.review import gate_rules, notice_queries, queries
from market.review.events import (
    ClausesFound,
    NoticeEnded,
    NoticeLetStand,
    NoticeObjected,
    NoticePublished,
    ObjectionWithdrawn,
)
from market.review.gate_rules import LEAST_REASON, Kind, NewNotice
from market.review.models import Clause, Notice
from market.review.rules import Context, Finding, Severity
from market.review.states import CURRENT, TRANSITIONS, NoticeState
from market.transaction import transactional

__all__ = ["LEAST_REASON", "MayNotBePublished", "NewNotice", "ReasonNeeded", "check", "end_notice", "gate", "hold_notice",
           "let_stand", "note_clauses", "object_to_notice", "settle_notice", "withdraw_objection"]  # fmt: skip


class MayNotBePublished(RuleBroken):
    """Clauses that shut somebody out. `findings`: those that stop the publication, in the order of the texts."""

    code = "clause_blocked"
    title = N_("These clauses may not be published")
    findings: tuple[Finding, ...] = ()


class ObjectionStands(MayNotBePublished):
    """Clauses to which the regulator objected already: another reason does not help, only another wording or his withdrawal."""

    code = "objection_stands"
    title = N_("The regulator objects to these clauses")


class ReasonNeeded(MayNotBePublished):
    """Clauses that need the buyer's written reason before they are published."""

    code = "reason_needed"
    title = N_("These clauses need a written reason")


# Before publication -----------------------------------------------------------------------------------------------------


@transactional
def check(texts: Mapping[str, str], context: Context | None = None) -> list[Finding]:
    """The findings of `texts` (name of the field -> text), and of the structured fields in `context`; refuses nothing.

    Severity follows the source of money (rule catalogue, section 1): `context.fund`, `context.compulsory`.
    """
    return queries.findings(texts, context)


@transactional
def note_clauses(kind: Kind, subject: str, found: Sequence[Finding], *, by: Actor) -> None:
    """Count what was found in a text that is saved to be published later: each rule once for each field of the subject.

    Neither the words nor the spans are kept: a draft is nobody else's business.
    """
    now = clock.now()
    rows = {
        (one.rule, one.field): {
            "kind": kind, "subject": subject, "rule": one.rule, "field": one.field, "severity": one.severity,
            "start": 0, "end": 0, "words": [], "found_at": now, "month": gate_rules.month_of(local_date(now)),
        }
        for one in found
    }  # fmt: skip
    if not rows:
        return
    # in one order, so that two who save at once do not wait for each other in a circle
    statement = insert(Clause).values([rows[key] for key in sorted(rows)]).on_conflict_do_nothing()
    fresh = list(db.session.scalars(statement.returning(Clause.rule)))
    if fresh:
        record(ClausesFound(str(kind), subject, sorted(set(fresh))), by=by)


@transactional
def hold_notice(kind: Kind, subject: str) -> None:
    """Lock the text that counts for a subject, if there is one: who publishes another one in its place calls this before it
    locks anything of its own (market/locks.py)."""
    if (one := notice_queries.current(kind, subject)) is not None:
        lock(Notice, one.code)


@transactional
def gate(
    texts: Mapping[str, str],
    context: Context | None = None,
    reasons: Mapping[str, str] | None = None,
    *,
    notice: NewNotice | None = None,
    descriptive: Collection[str] = (),
    by: Actor | None = None,
) -> list[Finding]:
    """The findings to publish with the texts. `reasons`: rule id -> the buyer's reason (at least LEAST_REASON characters).

    Refuses with `MayNotBePublished` when a finding blocks, with `ReasonNeeded` when one must be justified and its rule has
    no reason (Fair Competition Review Regulation, art. 12: why the work needs it and why nothing milder works), and by field a
    blank of a neutral wording that nobody filled in. Warnings pass.
    Findings in fields that are `descriptive` are one step milder (gate_rules.described).
    With a `notice` it refuses with `ObjectionStands` a clause to which the regulator objected in the subject's notice before.
    With `notice` (and `by`) the texts are published here: kept with findings and reasons, in the place of the subject's notice
    before; a reason opens it to objection until `notice.object_by`. Call `hold_notice` first. What is no need (an item, a
    standard, an offer) is kept as a notice only when a clause needed a reason.
    """
    found = gate_rules.described(queries.findings(texts, context), descriptive)
    reasons = reasons or {}
    gate_rules.check_reasons(reasons)
    given = gate_rules.given(reasons)
    _refuse([one for one in found if one.severity == Severity.BLOCK], MayNotBePublished)
    _refuse([one for one in found if one.severity == Severity.JUSTIFY and one.rule not in given], ReasonNeeded)
    if unfilled := gate_rules.blanks(texts):
        raise Invalid(
            {name: [RuleBroken(N_("Fill in the blank (__) that the neutral wording left."))] for name in unfilled}
        )
    if notice is not None:
        if by is None:
            raise ValueError("somebody publishes a notice")
        objected = notice_queries.objected_quotes(notice.kind, notice.subject)
        _refuse([one for one in found if (one.rule, one.quote) in objected], ObjectionStands)
        if notice.kind in gate_rules.NEEDS or any(one.severity is Severity.JUSTIFY for one in found):
            _publish(notice, texts, found, reasons, by)
        else:
            end_notice(notice.kind, notice.subject, by=by)
    return found


def _publish(
    new: NewNotice, texts: Mapping[str, str], found: Sequence[Finding], reasons: Mapping[str, str], by: Actor
) -> None:
    now = clock.now()
    before = _of_subject(new.kind, new.subject)
    for old in before:
        if old.state in CURRENT:
            old.state = next_state(TRANSITIONS, old.state, "replace")
            old.closed_at = now
    # the index that allows one text at a time must see the old one go first
    db.session.flush()
    justified = sorted({one.rule for one in found if one.severity == Severity.JUSTIFY})
    publisher = accounts.organisation(new.publisher) if new.publisher is not None else None
    row = Notice(
        code=new_code("Y"),
        state=NoticeState.OPEN if justified else NoticeState.IN_FORCE,
        kind=new.kind,
        subject=new.subject,
        number=len(before) + 1,
        title=new.title,
        organisation=publisher,
        district=new.district,
        item=new.item,
        fund=new.fund,
        texts=dict(texts),
        digest=canonical.digest(dict(texts)),
        published_at=now,
        object_by=new.object_by if justified else None,
        objected_rules=[],
    )
    for one in found:
        row.clauses.append(_clause(new, one, reasons, now))
    db.session.add(row)
    warned = sorted({one.rule for one in found if one.severity == Severity.WARN})
    until = row.object_by.isoformat() if row.object_by is not None else None
    replaced = next((old.code for old in before if old.closed_at == now), None)
    record(
        NoticePublished(
            row.code, str(row.kind), row.subject, row.number, row.digest, justified, warned, until, replaced
        ),
        by=by,
    )


def _of_subject(kind: Kind, subject: str) -> list[Notice]:
    """All texts of a subject, the first one first; the one that counts is locked by `hold_notice` already."""
    return notice_queries.notices_of(kind, subject)


def _clause(new: NewNotice, one: Finding, reasons: Mapping[str, str], now: datetime) -> Clause:
    return Clause(
        kind=new.kind,
        subject=new.subject,
        rule=one.rule,
        field=one.field,
        severity=one.severity,
        start=one.start,
        end=one.end,
        words=list(one.words),
        reason=reasons[one.rule].strip() if one.severity == Severity.JUSTIFY else None,
        found_at=now,
        month=gate_rules.month_of(local_date(now)),
    )


#: what is said of the first clause that stops a publication, and what to do
SAID: Mapping[type[MayNotBePublished], tuple[str, str]] = {
    MayNotBePublished: (
        N_("“%(quote)s” may not be published (%(name)s); clauses that may not: %(count)s."),
        N_("Write instead: %(rewrite)s"),
    ),
    ReasonNeeded: (
        N_("“%(quote)s” (%(name)s) needs a written reason; clauses that need one: %(count)s."),
        N_("Say why the work needs it and why nothing milder works, or write instead: %(rewrite)s"),
    ),
    ObjectionStands: (
        N_("The regulator objects to “%(quote)s” (%(name)s); clauses to which he does: %(count)s."),
        N_("Another reason does not help while the objection stands. Write instead: %(rewrite)s"),
    ),
}


def _refuse(stopped: list[Finding], kind: type[MayNotBePublished]) -> None:
    if not stopped:
        return
    first = stopped[0]
    said, remedy = SAID[kind]
    refusal = kind(said, remedy=remedy, **_in_words(first), count=len(stopped))
    refusal.rule = N_("%(basis)s")
    refusal.findings = tuple(stopped)
    raise refusal


def _in_words(finding: Finding) -> dict[str, str]:
    found = queries.rule(finding.rule)
    return {
        "quote": finding.quote,
        "name": queries.name(found),
        "basis": queries.basis_in_words(found),
        "rewrite": found.rewrite,
    }


# The regulator's word ---------------------------------------------------------------------------------------------------


@transactional
def object_to_notice(code: str, *, rules: Sequence[str], words: str, by: Actor) -> Notice:
    """The regulator finds the reasons for `rules` insufficient, in public words: what the notice is for stands still.

    `NotFound` outside his district, `WrongState` when the two working days are over or somebody answered before, by field what
    gate_rules.check_objection refuses.
    """
    row = _for_regulator(code, by)
    state = next_state(TRANSITIONS, row.state, "object")
    justified = {one.rule for one in row.clauses if one.severity == Severity.JUSTIFY}
    now = clock.now()
    gate_rules.check_objection(rules, justified, words, now, row.object_by or now)
    row.state, row.objected_rules = state, sorted(set(rules))
    row.objection, row.objected_at = words.strip(), now
    record(NoticeObjected(row.code, str(row.kind), row.subject, row.objected_rules), by=by)
    return row


@transactional
def let_stand(code: str, *, by: Actor) -> Notice:
    """The regulator finds the reasons sufficient before his time is over. `WrongState` when it is not open (any more)."""
    row = _for_regulator(code, by)
    row.state = next_state(TRANSITIONS, row.state, "let_stand")
    row.answered_at = clock.now()
    record(NoticeLetStand(row.code, str(row.kind), row.subject, False), by=by)
    return row


@transactional
def withdraw_objection(code: str, *, words: str, by: Actor) -> Notice:
    """The regulator takes an objection back, in public words: what the notice is for goes on. `WrongState` when there is none."""
    row = _for_regulator(code, by)
    state = next_state(TRANSITIONS, row.state, "withdraw")
    gate_rules.check_words(words)
    row.state, row.answer, row.answered_at = state, words.strip(), clock.now()
    record(ObjectionWithdrawn(row.code, str(row.kind), row.subject), by=by)
    return row


@transactional
def settle_notice(code: str, *, by: Actor) -> None:
    """Let a notice stand when the time for an objection is over; nothing while it runs or after somebody answered."""
    row = lock(Notice, code)
    if row.state is not NoticeState.OPEN or row.object_by is None or clock.now() < row.object_by:
        return
    row.state = next_state(TRANSITIONS, row.state, "lapse")
    record(NoticeLetStand(row.code, str(row.kind), row.subject, True), by=by)


@transactional
def end_notice(kind: Kind, subject: str, *, by: Actor) -> None:
    """End the text that counts for a subject: taken back, or what it was for is over. Nothing when there is none."""
    one = notice_queries.current(kind, subject)
    if one is None or (row := lock(Notice, one.code)).state not in CURRENT:
        return
    row.state = next_state(TRANSITIONS, row.state, "end")
    row.closed_at = clock.now()
    record(NoticeEnded(row.code, str(row.kind), row.subject), by=by)


def _for_regulator(code: str, by: Actor) -> Notice:
    """The notice, locked, for a regulator in duty for its district."""
    if by.role is not Role.REGULATOR:
        raise Forbidden(N_("Only the regulator answers to the reasons of a notice."))
    row = lock(Notice, code)
    if by.district not in (None, row.district):
        raise NotFound()
    return row
