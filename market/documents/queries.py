"""Reading documents."""

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from market.accounts.models import Organisation, Person
from market.db import db
from market.documents.models import Document
from market.documents.rules import DocumentFacts
from market.kernel.actor import Actor


def document(code: str) -> Document | None:
    """The document with this public code, with its file; None also for a removed one. Permission is the caller's question."""
    statement = select(Document).where(Document.code == code, Document.removed_at.is_(None))
    everything = joinedload(Document.file), joinedload(Document.person), joinedload(Document.organisation)
    return db.session.scalar(statement.options(*everything))


def documents_of(owner_code: str) -> list[Document]:
    """The documents attached to `owner_code` (a vendor, listing ...), the oldest first, with their files."""
    statement = select(Document).where(Document.belongs_to == owner_code, Document.removed_at.is_(None))
    return list(db.session.scalars(statement.options(joinedload(Document.file)).order_by(Document.id)))


def documents_with(codes: list[str]) -> list[Document]:
    """The documents with these codes that exist, in the order given, with their files."""
    statement = select(Document).where(Document.code.in_(codes), Document.removed_at.is_(None))
    found = {row.code: row for row in db.session.scalars(statement.options(joinedload(Document.file)))}
    return [found[code] for code in codes if code in found]


def given_by(actor: Actor) -> Select[Document]:
    """What `actor` gave: for his organisation, all that its members gave for it; else his own. The newest first."""
    statement = select(Document).where(Document.removed_at.is_(None), _of(actor)).options(joinedload(Document.file))
    return statement.order_by(Document.id.desc())


def loose_count(actor: Actor) -> int:
    """How many documents of `actor` (as in `given_by`) belong to nothing yet."""
    statement = select(func.count()).select_from(Document).where(Document.removed_at.is_(None), _of(actor))
    return db.session.scalar(statement.where(Document.belongs_to.is_(None))) or 0


def facts(found: Document) -> DocumentFacts:
    """What decides who may read it."""
    return DocumentFacts(
        person=found.person.code,
        organisation=found.organisation.code if found.organisation else None,
        is_attached=found.belongs_to is not None,
        is_public=found.is_public,
        is_removed=found.removed_at is not None,
    )


def _of(actor: Actor) -> ColumnElement[bool]:
    if actor.organisation is not None:
        return Document.organisation.has(Organisation.code == actor.organisation)
    return Document.person.has(Person.code == actor.person) & Document.organisation_id.is_(None)
