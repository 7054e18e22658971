"""What is done with documents: given, attached, shown, read, removed, swept."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import current_app
from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts.queries import organisation as organisation_with
from market.accounts.queries import person as person_with
from market.db import db, new_code
from market.documents import content, queries, rules, store
from market.documents.content import NotTaken
from market.documents.events import DocumentAttached, DocumentGiven, DocumentRead, DocumentRemoved, DocumentShown
from market.documents.models import Document, StoredFile
from market.documents.rules import Access, Purpose
from market.kernel.actor import Actor, system
from market.kernel.errors import Conflict, Invalid, NotFound, NotSignedIn, RuleBroken
from market.kernel.words import N_
from market.locks import lock, lock_all, lock_where
from market.record.operations import record
from market.transaction import attempt, later, transactional

log = structlog.get_logger()

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
    person = person_with(by.person)
    if person is None:
        raise NotSignedIn()
    rules.check_room(queries.loose_count(by))
    limit = current_app.extensions["settings"].upload_limit
    try:
        with store.arriving(stream, limit) as arrival:
            with store.content_of(arrival) as found:
                kind = content.recognise(found)
            rules.check_kind(kind, purpose)
            # until the commit the sweep leaves these bytes alone
            db.session.execute(select(func.pg_advisory_xact_lock(_lock_key(arrival.digest))))
            arrival.keep()
    except NotTaken as refusal:
        raise Invalid({field: [refusal]}) from None
    except store.TooLarge:
        raise Invalid.field(
            field,
            N_("The file is larger than %(limit)s MB."),
            remedy=N_("Save it with fewer or smaller pictures, or send it in parts."),
            limit=limit // (1024 * 1024),
        ) from None
    document = Document(
        code=new_code("D"),
        file=_stored(arrival.digest, arrival.size, kind.media_type),
        name=rules.file_name(filename, kind),
        purpose=purpose,
        person=person,
        organisation=organisation_with(by.organisation) if by.organisation else None,
        given_at=clock.now(),
    )
    db.session.add(document)
    record(DocumentGiven(document.code, str(purpose), arrival.digest, arrival.size), by=by)
    return document


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
    document.belongs_to = owner_code
    record(DocumentAttached(document.code, owner_code), by=by)
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

    Whoever may not read it learns nothing: `NotSignedIn` for a visitor, `NotFound` for everybody else, also when there is no
    such document. Reading in duty is recorded.
    """
    document = queries.document(document_code)
    capacity = Access.NONE if document is None else rules.access(queries.facts(document), by)
    if document is None or capacity is Access.NONE:
        raise NotSignedIn() if by is None else NotFound()
    if capacity is Access.DUTY and by is not None:
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
    if rules.access(queries.facts(document), by) is not Access.OWN:
        # word for word what market/locks.py says when there is no such document
        raise NotFound(N_("There is nothing with the code %(code)s."), code=document.code)
    return document


def _stored(digest: str, size: int, media_type: str) -> StoredFile:
    """The row of these bytes, made when there is none; the caller holds the digest's lock."""
    new = insert(StoredFile).values(digest=digest, size=size, media_type=media_type, stored_at=clock.real())
    db.session.execute(new.on_conflict_do_nothing())
    return db.session.scalars(select(StoredFile).where(StoredFile.digest == digest)).one()


def _lock_key(digest: str) -> int:
    return int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)


def _got_lock(digest: str) -> bool:
    """Somebody who is just giving these bytes holds the lock: then they are left alone."""
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(_lock_key(digest)))))


def _unknown(digests: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(digests), BATCH):
        part = digests[start : start + BATCH]
        known = set(db.session.scalars(select(StoredFile.digest).where(StoredFile.digest.in_(part))))
        found.extend(digest for digest in part if digest not in known)
    return found[:BATCH]


def _forget_if_unknown(digest: str) -> bool:
    if not _got_lock(digest) or db.session.scalar(select(exists().where(StoredFile.digest == digest))):
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
    unused = ~exists().where(Document.file_id == StoredFile.id)
    for row in db.session.scalars(select(StoredFile).where(unused).order_by(StoredFile.id).limit(BATCH)):
        if _got_lock(row.digest) and db.session.scalar(select(unused).where(StoredFile.id == row.id)):
            db.session.delete(row)
