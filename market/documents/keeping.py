"""From bytes to a document: taken in, judged by their content, kept in the store, and given a row."""

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts.queries import organisation as organisation_with
from market.accounts.queries import person as person_with
from market.db import db, new_code
from market.documents import content, queries, rules, store
from market.documents.content import NotTaken
from market.documents.events import DocumentAttached
from market.documents.models import Document, StoredFile
from market.documents.rules import Purpose, Scan, Source
from market.kernel.actor import Actor
from market.kernel.words import N_
from market.record.operations import record
from market.transaction import later


def keep(
    stream: store.Readable,
    filename: str,
    purpose: Purpose,
    *,
    limit: int,
    party: tuple[str | None, str | None],
    source: Source = Source.GIVEN,
    digest: str | None = None,
) -> Document:
    """A new document of `party` (codes of person and organisation) with the bytes of `stream`, at most `limit` of them.

    Raises `NotTaken` for what is not taken for the purpose, `store.TooLarge`, `store.OtherDigest` when the bytes are not those
    of the hex SHA-256 `digest`, `Unavailable` when they cannot be stored.
    """
    with store.arriving(stream, limit) as arrival:
        if digest is not None and digest != arrival.digest:
            raise store.OtherDigest
        with store.content_of(arrival) as found:
            kind = content.recognise(found)
        rules.check_kind(kind, purpose)
        lock_digest(arrival.digest)
        arrival.keep()
    file = stored(arrival.digest, arrival.size, kind.media_type)
    if file.scan is Scan.FOUND:
        raise NotTaken(
            N_("The virus scanner found something harmful in this file."),
            remedy=N_("Clean the computer it comes from, then send a fresh copy."),
        )
    document = row(file, rules.file_name(filename, kind), purpose, party=party, source=source)
    if current_app.extensions["settings"].clamd and file.scan is Scan.NOT_SCANNED:
        later("market.documents.jobs.scan", document.code)
    return document


def row(
    file: StoredFile, name: str, purpose: Purpose, *, party: tuple[str | None, str | None], source: Source
) -> Document:
    """A new document with bytes that are in the store."""
    person, organisation = party
    document = Document(
        code=new_code("D"),
        file=file,
        name=name,
        purpose=purpose,
        person=person_with(person) if person else None,
        organisation=organisation_with(organisation) if organisation else None,
        given_at=clock.now(),
        source=source,
    )
    db.session.add(document)
    return document


def stored(digest: str, size: int, media_type: str) -> StoredFile:
    """The row of these bytes, made when there is none; the caller holds the digest's lock."""
    new = insert(StoredFile).values(digest=digest, size=size, media_type=media_type, stored_at=clock.real())
    again = new.on_conflict_do_update(index_elements=["digest"], set_={"gone_at": None})
    db.session.execute(again)
    statement = select(StoredFile).where(StoredFile.digest == digest).execution_options(populate_existing=True)
    return db.session.scalars(statement).one()


def lock_digest(digest: str) -> None:
    """Until the commit the sweep leaves these bytes alone."""
    db.session.execute(select(func.pg_advisory_xact_lock(_lock_key(digest))))


def got_digest(digest: str) -> bool:
    """Somebody who is just giving these bytes holds the lock: then they are left alone."""
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(_lock_key(digest)))))


def _lock_key(digest: str) -> int:
    return int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)


def belong(document: Document, owner_code: str, *, by: Actor) -> None:
    """Let a document belong to `owner_code` from here on. Where that has ended already, so has what the document is kept for."""
    document.belongs_to, document.ended_at = owner_code, queries.ended_at(owner_code)
    record(DocumentAttached(document.code, owner_code), by=by)
