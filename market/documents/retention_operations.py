"""How long documents are kept: dated terms for each purpose, the nightly end of what is over, erasure on request."""

from datetime import date, datetime

from sqlalchemy import select

from market import clock
from market.db import db
from market.documents import queries, rules
from market.documents.events import DocumentErased, RetentionTermSet
from market.documents.models import Document, RetentionTerm
from market.documents.rules import Counted, Purpose, Removal, TermUnit
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, RuleBroken
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.record.operations import record
from market.transaction import later, transactional

#: documents that one nightly turn looks at, at most
BATCH = 1000


@transactional
def set_term(
    purpose: Purpose, length: int, unit: TermUnit, counted: Counted, valid_from: date, source: str, *, by: Actor
) -> RetentionTerm:
    """Keep documents of a purpose for `length` years or days from `valid_from` on, counted from when they were given or from the
    end of what they belong to; `source` says where that comes from.

    `Forbidden` for everybody but operators and the market itself; `Invalid` for a negative length, a day in the past or no
    source; `Conflict` when there is a term from that day.
    """
    if by.role is not Role.OPERATOR and not by.is_system:
        raise Forbidden()
    if length < 0 or length > 1000:
        raise Invalid.field("length", N_("Between 0 and 1000."))
    if valid_from < clock.today():
        raise Invalid.field("valid_from", N_("A term begins today or later; what was kept under the old one is kept."))
    if not source.strip():
        raise Invalid.field("source", N_("Say which law or decision sets the term."))
    if any(term.valid_from == valid_from for term in queries.terms_of(purpose)):
        raise Conflict(N_("There is a term from that day already."))
    term = RetentionTerm(
        purpose=purpose, length=length, unit=unit, counted=counted, valid_from=valid_from, source=source.strip()
    )
    db.session.add(term)
    record(RetentionTermSet(str(purpose), length, str(unit), str(counted), valid_from.isoformat()), by=by)
    return term


@transactional
def keep_terms() -> int:
    """Let the bytes of documents go whose term is over; the number of documents. Their rows and digests stay.

    The term that is in force today counts. A document whose owner has not come to its end is kept where the term counts from
    there. Safe to run twice.
    """
    today, gone = clock.today(), 0
    for purpose in Purpose:
        term = queries.term(purpose, today)
        if term is None:
            continue
        begun = Document.given_at if term.counted is Counted.GIVEN else Document.ended_at
        living = Document.purpose == purpose, Document.removed_at.is_(None), Document.belongs_to.is_not(None)
        # the oldest first: whose term is not over is followed by none whose term is
        oldest = select(Document.id).where(*living, begun.is_not(None)).order_by(begun, Document.id).limit(BATCH)
        for document in lock_where(Document, Document.id.in_(oldest), *living):
            since = document.given_at if term.counted is Counted.GIVEN else document.ended_at
            if since is not None and rules.term_end(_day(since), term.length, term.unit) < today:
                _erase(document, Removal.TERM, by=system())
                gone += 1
    if gone >= BATCH:
        later("market.documents.jobs.keep_terms")
    return gone


@transactional
def erase(document_code: str, *, by: Actor) -> Document:
    """Let the bytes of a document go on its owner's request; the row with the digest stays, the name goes.

    By its owner or an operator, once its term is over; the market itself (a command of the operator's) also earlier.
    `RuleBroken` while the term runs, which it names; `NotFound` for others, and for what is gone already.
    """
    document = lock(Document, document_code)
    if document.removed_at is not None and by.is_system:
        return document
    facts = queries.facts(document)
    on_duty = by.role is Role.OPERATOR and facts.is_attached and not facts.is_removed
    if rules.access(facts, by) is not rules.Access.OWN and not on_duty:
        raise rules.not_found(document_code)
    if document.belongs_to is not None and not by.is_system:
        term = queries.term(document.purpose, clock.today())
        since = document.ended_at if term is None or term.counted is Counted.END else document.given_at
        if term is None or since is None:
            raise RuleBroken(
                N_("%(name)s is part of something that still runs."),
                remedy=N_("It is removed by itself when its term is over."),
                name=document.name,
            )
        until = rules.term_end(_day(since), term.length, term.unit)
        if until >= clock.today():
            raise RuleBroken(
                N_("%(name)s has to be kept until %(until)s."),
                rule=term.source,
                remedy=N_("It is removed by itself when its term is over."),
                name=document.name,
                until=until.isoformat(),
            )
    _erase(document, Removal.ERASED, by=by)
    return document


def _day(at: datetime) -> date:
    return at.astimezone(clock.SHANGHAI).date()


def _erase(document: Document, cause: Removal, *, by: Actor) -> None:
    document.removed_at, document.removal, document.name = clock.now(), cause, ""
    record(DocumentErased(document.code, document.belongs_to, document.file.digest, str(cause)), by=by)
