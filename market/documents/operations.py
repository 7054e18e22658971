"""What is done with documents: given, attached, shown, read, used again, bound, removed, swept.

Consent and the data hub: hub_operations.py; large uploads: upload_operations.py; terms: retention_operations.py; slips:
slip_operations.py. The names that other domains call are here.
"""

import io
from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import current_app
from sqlalchemy import exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts.queries import person as person_with
from market.db import db
from market.documents import keeping, queries, rules, store
from market.documents.content import NotTaken
from market.documents.events import (
    DocumentErased,
    DocumentGiven,
    DocumentRead,
    DocumentRemoved,
    DocumentsBound,
    DocumentsEnded,
    DocumentShown,
    DocumentsRevived,
    ReadersChanged,
)
from market.documents.fetching import fetch_from_hub
from market.documents.hub_operations import give_consent, withdraw_consent
from market.documents.models import Document, DocumentReader, StoredFile
from market.documents.rules import Access, Purpose, Source
from market.documents.slip_operations import make_slip, receive_slip
from market.kernel.actor import Actor, system
from market.kernel.errors import Conflict, Invalid, NotFound, NotSignedIn, RuleBroken
from market.kernel.words import N_
from market.locks import lock, lock_all, lock_where
from market.record.operations import record
from market.transaction import attempt, later, transactional

log = structlog.get_logger()

__all__ = [
    "Swept", "attach", "bind", "end_owner", "fetch_from_hub", "give", "give_consent", "keep_made", "let_read", "make_slip",
    "read_document", "receive_slip", "remove", "revive_owner", "show", "stop_reading", "sweep", "take_off",
    "use_again", "withdraw_consent",
]  # fmt: skip

#: what belongs to nothing is removed after this time
LOOSE_FOR = timedelta(hours=24)
#: rows that one sweep looks at, at most; when there were more, another follows
BATCH = 1000


@transactional
def give(stream: store.Readable, filename: str, purpose: Purpose, *, by: Actor, field: str = "file") -> Document:
    """Take in a file: `stream` of bytes, the name the person calls it by, and what it is for.

    The type comes from the content. `Invalid` for `field` (the field's name in the form) when the file is empty, too large,
    damaged, cut short, encrypted, of a kind not accepted for the purpose, or something else besides; `RuleBroken` when 200
    files wait unused; `Unavailable` when it cannot be stored. The document belongs to nothing until `attach`.
    """
    party = rules.party(by)
    if person_with(party[0]) is None:
        raise NotSignedIn()
    rules.check_room(queries.loose_count(by))
    limit = current_app.extensions["settings"].upload_limit
    try:
        document = keeping.keep(stream, filename, purpose, limit=limit, party=party)
    except NotTaken as refusal:
        raise Invalid({field: [refusal]}) from None
    except store.TooLarge:
        raise rules.too_large(field, limit) from None
    record(DocumentGiven(document.code, str(purpose), document.file.digest, document.file.size), by=by)
    return document


@transactional
def keep_made(content: bytes, filename: str, purpose: Purpose, owner_code: str, *, by: Actor) -> Document:
    """Keep a file that the market made itself (the PDF of a contract), attached to `owner_code`.

    It belongs to nobody: those read it whom `let_read` let in to `owner_code`, and officials on duty. `NotTaken` when the bytes
    are not whole, `Unavailable` when they cannot be stored.
    """
    made = keeping.keep(
        io.BytesIO(content), filename, purpose, limit=len(content), party=(None, None), source=Source.MADE
    )
    record(DocumentGiven(made.code, str(purpose), made.file.digest, made.file.size), by=by)
    keeping.belong(made, owner_code, by=by)
    return made


@transactional
def use_again(document_code: str, owner_code: str, purpose: Purpose, *, by: Actor) -> Document:
    """Attach to `owner_code` what `by` gave before for something else, without sending it again: a new document with the same
    bytes, counted as saved. `NotFound` when it is not one of `by`'s own."""
    before = queries.document(document_code)
    if before is None or rules.access(queries.facts(before), by) not in (Access.OWN, Access.BEHALF):
        raise rules.not_found(document_code)
    rules.check_scan(before.file.scan, False, Access.OWN, before.name)
    keeping.lock_digest(before.file.digest)
    store.open_whole(before.file.digest, before.file.size).close()
    again = keeping.row(before.file, before.name, purpose, party=rules.party(by), source=Source.AGAIN)
    again.issuer, again.valid_to = before.issuer, before.valid_to
    record(DocumentGiven(again.code, str(purpose), again.file.digest, again.file.size), by=by)
    keeping.belong(again, owner_code, by=by)
    return again


@transactional
def let_read(owner_code: str, *, organisation: str | None = None, person: str | None = None, by: Actor) -> None:
    """Let an organisation or a person (one of the two, by code) read whatever is or will be attached to `owner_code`.

    Called by the domain of what `owner_code` names, which has checked that it is so. Nothing happens a second time. ValueError
    for neither or both.
    """
    if (organisation is None) == (person is None):
        raise ValueError("one organisation or one person")
    rows = insert(DocumentReader).values(
        owner_code=owner_code, organisation=organisation, person=person, since=clock.now()
    )
    if db.session.scalar(rows.on_conflict_do_nothing().returning(DocumentReader.id)) is not None:
        record(ReadersChanged(owner_code, organisation or person or "", True), by=by)


@transactional
def stop_reading(owner_code: str, *, organisation: str | None = None, person: str | None = None, by: Actor) -> None:
    """The opposite of `let_read`, for instance when an order came back from a vendor. Nothing when it does not read."""
    found = queries.reader_or_none(owner_code, organisation or person or "")
    if found is not None:
        found.ended_at = clock.now()
        record(ReadersChanged(owner_code, organisation or person or "", False), by=by)


@transactional
def bind(owner_code: str, *, by: Actor) -> int:
    """What is attached to `owner_code` is part of a signed contract from now on: no withdrawn consent takes it out again. The
    number of documents bound now."""
    unbound = Document.belongs_to == owner_code, Document.bound_at.is_(None), Document.removed_at.is_(None)
    # one statement: it follows from a signature, under the order's lock, where documents are no longer locked one by one
    bound = db.session.execute(
        update(Document).where(*unbound).values(bound_at=clock.now()).returning(Document.id)
    ).all()
    if bound:
        record(DocumentsBound(owner_code, len(bound)), by=by)
    return len(bound)


@transactional
def revive_owner(owner_code: str, *, by: Actor) -> int:
    """What had ended goes on (a vendor that comes back): no term runs any more. The number of its documents."""
    found = lock_where(Document, Document.belongs_to == owner_code, Document.ended_at.is_not(None))
    for document in found:
        document.ended_at = None
    if found:
        record(DocumentsRevived(owner_code, len(found)), by=by)
    return len(found)


@transactional
def end_owner(owner_code: str, *, by: Actor) -> int:
    """What `owner_code` names has come to its end: the terms of retention of its documents run from now. Their number."""
    found = lock_where(Document, Document.belongs_to == owner_code, Document.ended_at.is_(None))
    for document in found:
        document.ended_at = clock.now()
    if found:
        record(DocumentsEnded(owner_code, len(found)), by=by)
    return len(found)


@transactional
def attach(document_code: str, owner_code: str, *, by: Actor) -> Document:
    """Let a document belong to `owner_code` (the public code of a vendor, listing ...) from here on, for good.

    `NotFound` when it is not one of `by`'s own; `Conflict` when it belongs to something else; nothing happens when it belongs
    there already. Its bytes are compared with their digest first: `Unavailable` when they are missing or damaged.
    """
    document = _own(lock(Document, document_code), by)
    if document.belongs_to == owner_code:
        return document
    if document.belongs_to is not None:
        raise Conflict(
            N_("The file %(name)s belongs to something else already."),
            remedy=N_("Send the file once more for this."),
            name=document.name,
        )
    store.open_whole(document.file.digest, document.file.size).close()
    rules.check_scan(document.file.scan, False, Access.OWN, document.name)
    keeping.belong(document, owner_code, by=by)
    return document


@transactional
def show(document_codes: list[str], *, public: bool, by: Actor) -> None:
    """Let anybody read these attached documents, or (`public` false) no longer. `NotFound` when one is not `by`'s own;
    `RuleBroken` when one belongs to nothing yet."""
    for document in lock_all(Document, document_codes):
        _own(document, by)
        if document.belongs_to is None:
            raise RuleBroken(N_("The file %(name)s belongs to nothing that could be shown."), name=document.name)
        if document.is_public != public:
            document.is_public = public
            record(DocumentShown(document.code, document.belongs_to, public), by=by)


@transactional
def read_document(document_code: str, *, by: Actor | None) -> Document:
    """The document, for handing it out to `by` (None: a visitor).

    Whoever may not read it learns nothing: `NotSignedIn` for a visitor, `NotFound` for everybody else, also when there is no such
    document. `Quarantined` for what the virus scanner found, `Unavailable` for what it still has to see. Reading by
    staff is recorded.
    """
    document = queries.document(document_code)
    capacity = Access.NONE if document is None else rules.access(queries.facts(document), by)
    if document is None or capacity is Access.NONE:
        raise NotSignedIn() if by is None else NotFound()
    scans = bool(current_app.extensions["settings"].clamd)
    rules.check_scan(document.file.scan, scans, capacity, document.name)
    if capacity in rules.RECORDED and by is not None:
        record(DocumentRead(document.code, document.belongs_to), by=by)
    return document


@transactional
def remove(document_code: str, *, by: Actor) -> None:
    """Remove a document of one's own that belongs to nothing yet. `NotFound` for others'; `RuleBroken` once it is attached."""
    document = _own(lock(Document, document_code), by)
    if document.belongs_to is not None:
        raise RuleBroken(
            N_("The file %(name)s is part of what was handed in and stays."),
            remedy=N_("Send a newer file there: the newer one counts, the older one stays readable."),
            name=document.name,
        )
    document.removed_at = clock.now()
    record(DocumentRemoved(document.code, None), by=by)


@transactional
def take_off(document_code: str, owner_code: str, *, by: Actor) -> None:
    """Remove a document of one's own from a draft (`owner_code`, whose domain has checked that it is one). `NotFound` for
    others' and for what does not lie there; `RuleBroken` once it is part of something signed."""
    document = _own(lock(Document, document_code), by)
    if document.belongs_to != owner_code or document.removed_at is not None:
        raise NotFound(N_("There is nothing with the code %(code)s."), code=document_code)
    if document.bound_at is not None:
        raise RuleBroken(N_("The file %(name)s is part of what was signed and stays."), name=document.name)
    document.removed_at, document.removal, document.name = clock.now(), rules.Removal.ERASED, ""
    record(DocumentErased(document.code, owner_code, document.file.digest, str(rules.Removal.ERASED)), by=by)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were removed: files that never fully arrived, stored bytes that no document has, documents."""

    arrivals: int
    files: int
    documents: int


@transactional
def sweep() -> Swept:
    """Remove documents that were given more than 24 hours ago and belong to nothing, and stored bytes that no document has.

    Bytes go a day after their last row, never in the same act: a rollback must not leave a row without bytes.
    """
    before = clock.real() - LOOSE_FOR
    arrivals = store.forget_arrivals_before(before)
    files = sum(map(_forget_if_unknown, _unknown(store.kept_before(before))))
    loose = _loose_documents()
    documents = sum(map(_forget_document, loose))
    _forget_stored()
    if len(loose) == BATCH and documents:
        later("market.documents.jobs.sweep")
    return Swept(arrivals, files, documents)


def _own(document: Document, by: Actor) -> Document:
    if rules.access(queries.facts(document), by) not in (Access.OWN, Access.BEHALF):
        raise rules.not_found(document.code)
    return document


def _unknown(digests: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(digests), BATCH):
        part = digests[start : start + BATCH]
        wanted = StoredFile.digest.in_(part), StoredFile.gone_at.is_(None)
        known = set(db.session.scalars(select(StoredFile.digest).where(*wanted)))
        found.extend(digest for digest in part if digest not in known)
    return found[:BATCH]


def _forget_if_unknown(digest: str) -> bool:
    needed = exists().where(StoredFile.digest == digest, StoredFile.gone_at.is_(None))
    if not keeping.got_digest(digest) or db.session.scalar(select(needed)):
        return False
    store.forget(digest)
    return True


def _loose_documents() -> list[Document]:
    old = or_(Document.given_at < clock.now() - LOOSE_FOR, Document.removed_at.is_not(None))
    ids = select(Document.id).where(Document.belongs_to.is_(None), old).order_by(Document.id).limit(BATCH)
    return lock_where(Document, Document.id.in_(ids), Document.belongs_to.is_(None))


def _forget_document(document: Document) -> bool:
    was_shown = document.removed_at is None
    try:
        with attempt():
            db.session.delete(document)
            if was_shown:
                record(DocumentRemoved(document.code, None), by=system())
    except IntegrityError:
        # something points to it without having attached it: a fault of ours, and no reason to keep all others
        log.error("loose document in use", document=document.code)
        return False
    return True


def _forget_stored() -> None:
    """Rows of bytes that no document has any more; bytes of which only removed documents tell keep their row and digest."""
    unused = ~exists().where(Document.file_id == StoredFile.id)
    unread = ~exists().where(Document.file_id == StoredFile.id, Document.removed_at.is_(None))
    for row in db.session.scalars(select(StoredFile).where(unused).order_by(StoredFile.id).limit(BATCH)):
        if keeping.got_digest(row.digest) and db.session.scalar(select(unused).where(StoredFile.id == row.id)):
            db.session.delete(row)
    db.session.flush()
    left = select(StoredFile).where(unread, StoredFile.gone_at.is_(None)).order_by(StoredFile.id).limit(BATCH)
    for row in db.session.scalars(left):
        if keeping.got_digest(row.digest) and db.session.scalar(select(unread).where(StoredFile.id == row.id)):
            row.gone_at = clock.real()
