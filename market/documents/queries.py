"""Reading documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.accounts.models import Organisation, Person
from market.accounts.queries import organisation as organisation_with
from market.accounts.queries import person as person_with
from market.db import db
from market.documents import hub
from market.documents.hub import Holder
from market.documents.models import DataConsent, Document, DocumentReader, RetentionTerm, Slip, Upload
from market.documents.rules import DocumentFacts, Purpose, Source, is_party, party
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, RuleBroken
from market.kernel.words import N_
from market.record.models import AuditEntry


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
        person=found.person.code if found.person else None,
        organisation=found.organisation.code if found.organisation else None,
        is_attached=found.belongs_to is not None,
        is_public=found.is_public,
        is_removed=found.removed_at is not None,
        readers=readers_of(found.belongs_to) if found.belongs_to else frozenset(),
    )


def readers_of(owner_code: str) -> frozenset[str]:
    """Codes of the persons and organisations that may read whatever is attached to `owner_code`."""
    who = func.coalesce(DocumentReader.organisation, DocumentReader.person)
    running = DocumentReader.owner_code == owner_code, DocumentReader.ended_at.is_(None)
    return frozenset(db.session.scalars(select(who).where(*running)))


def reader_or_none(owner_code: str, party_code: str) -> DocumentReader | None:
    """The running right of a person or organisation to read what is attached to `owner_code`."""
    who = or_(DocumentReader.organisation == party_code, DocumentReader.person == party_code)
    running = DocumentReader.owner_code == owner_code, DocumentReader.ended_at.is_(None)
    return db.session.scalar(select(DocumentReader).where(*running, who))


def ended_at(owner_code: str) -> datetime | None:
    """When what `owner_code` names ended, as its documents know it."""
    return db.session.scalar(select(func.max(Document.ended_at)).where(Document.belongs_to == owner_code))


def upload(code: str, actor: Actor) -> Upload | None:
    """The upload of `actor`'s own with this code, with its parts; None for others' and for one that is over."""
    statement = select(Upload).join(Upload.person).where(Upload.code == code, Person.code == actor.person)
    found = db.session.scalar(statement.options(selectinload(Upload.parts)).execution_options(populate_existing=True))
    return found if found is not None and found.expires_at > clock.real() else None


# What its owner sees -----------------------------------------------------------------------------------------------------


def readings(actor: Actor) -> Select[AuditEntry]:
    """Each time that staff opened a document of `actor`'s party, the newest first."""
    mine = Document.code == AuditEntry.facts["document"].astext
    read = select(AuditEntry).join(Document, mine).where(AuditEntry.event == "DocumentRead", _of(actor))
    return read.order_by(AuditEntry.number.desc())


def by_code(codes: Iterable[str]) -> dict[str, Document]:
    """Code -> document for those that exist, removed ones included."""
    return {row.code: row for row in db.session.scalars(select(Document).where(Document.code.in_(set(codes))))}


def consents_by(actor: Actor) -> Select[DataConsent]:
    """All consents of `actor`'s party, the newest first, with what was fetched."""
    person, organisation = party(actor)
    alone = (DataConsent.person == person) & DataConsent.organisation.is_(None)
    mine = alone if organisation is None else DataConsent.organisation == organisation
    return select(DataConsent).where(mine).options(joinedload(DataConsent.document)).order_by(DataConsent.id.desc())


def consent_with(code: str) -> DataConsent | None:
    """The consent with this code."""
    return db.session.scalar(select(DataConsent).where(DataConsent.code == code))


# Terms and slips --------------------------------------------------------------------------------------------------------


def terms_of(purpose: Purpose) -> list[RetentionTerm]:
    """The terms of retention of a purpose, the newest first."""
    newest = RetentionTerm.valid_from.desc()
    return list(db.session.scalars(select(RetentionTerm).where(RetentionTerm.purpose == purpose).order_by(newest)))


def term(purpose: Purpose, on: date) -> RetentionTerm | None:
    """The term that is in force on a day."""
    return next((row for row in terms_of(purpose) if row.valid_from <= on), None)


def slip(code: str) -> Slip | None:
    """The slip with this code."""
    return db.session.scalar(select(Slip).where(Slip.code == code))


def slips_of(order_code: str) -> list[Slip]:
    """The slips of an order, the oldest first."""
    return list(db.session.scalars(select(Slip).where(Slip.order_code == order_code).order_by(Slip.id)))


# The data hub -----------------------------------------------------------------------------------------------------------


def consents_of(order_code: str, *, withdrawn: bool = False) -> list[DataConsent]:
    """The consents given for an order, the oldest first, with what was fetched; with `withdrawn`, also those that ended."""
    statement = (
        select(DataConsent).where(DataConsent.order_code == order_code).options(joinedload(DataConsent.document))
    )
    if not withdrawn:
        statement = statement.where(DataConsent.withdrawn_at.is_(None))
    return list(db.session.scalars(statement.order_by(DataConsent.id)))


def consent(order_code: str, kind: str) -> DataConsent | None:
    """The running consent for one kind of document of an order."""
    found = [one for one in consents_of(order_code) if one.kind == kind]
    return found[0] if found else None


def running_consent(order_code: str, kind: str, by: Actor) -> DataConsent:
    """The consent for one kind of document of an order: `RuleBroken` when there is none, `NotFound` when it is not of `by`'s
    party."""
    found = consent(order_code, kind)
    if found is None:
        raise RuleBroken(
            N_("Nobody agreed to “%(kind)s” being fetched for this order."),
            rule=N_("Documents are fetched with the consent of their holder, for one order each."),
            remedy=N_("Agree to it in the order, or upload the document."),
            kind=kind,
        )
    if not by.is_system and not is_party(by, found.person, found.organisation):
        raise NotFound()
    return found


def holder_of(actor: Actor) -> Holder:
    """Whose documents `actor` may ask the hub for: the organisation he acts for, whom he serves at the counter, or himself."""
    return holder(*party(actor))


def holder(person_code: str, organisation_code: str | None) -> Holder:
    """A party as the hub knows it. LookupError for codes that nobody has."""
    if organisation_code is not None and (firm := organisation_with(organisation_code)) is not None:
        return Holder("organisation", firm.code, firm.name, firm.credit_code)
    if organisation_code is None and (found := person_with(person_code)) is not None:
        return Holder("person", found.code, found.name, None)
    raise LookupError(organisation_code or person_code)


@dataclass(frozen=True, slots=True)
class HeldByCity:
    """Which kinds the city's hub holds for somebody; `away`: it did not answer, and everything is to be uploaded."""

    kinds: frozenset[str]
    away: bool


def held_by_city(kinds: list[str], actor: Actor) -> HeldByCity:
    """What the hub holds for `actor`'s party of these `kinds`. Never raises for a hub that does not answer. Asks over the
    network (up to 4 s): call it outside an operation."""
    try:
        settings = current_app.extensions["settings"]
        return HeldByCity(hub.of(settings).available(kinds, holder_of(actor)), away=False)
    except hub.Away:
        return HeldByCity(frozenset(), away=True)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many documents the hub was asked for, came from it, and did not have to be brought (fetched or used again)."""

    asked: int
    fetched: int
    saved: int


def saved_figures() -> Figures:
    """The figures since the beginning. A document whose consent was withdrawn before it was of use is not saved."""
    consents = select(
        func.count().filter(DataConsent.asked_at.is_not(None)),
        func.count().filter(DataConsent.used_at.is_not(None)),
    )
    asked, fetched = db.session.execute(consents).one()
    effortless = Document.source.in_((Source.HUB, Source.AGAIN)), Document.belongs_to.is_not(None)
    kept = select(func.count()).select_from(Document).where(*effortless, Document.removal.is_distinct_from("withdrawn"))
    return Figures(asked, fetched, db.session.scalar(kept) or 0)


def _of(actor: Actor) -> ColumnElement[bool]:
    person, organisation = party(actor)
    if organisation is not None:
        return Document.organisation.has(Organisation.code == organisation)
    return Document.person.has(Person.code == person) & Document.organisation_id.is_(None)
