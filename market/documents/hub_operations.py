"""Consent, and what it brings: given for one order and one kind of document, used once, withdrawn at any time."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.db import db, new_code
from market.documents import hub, keeping, queries, rules, store
from market.documents.content import NotTaken
from market.documents.events import (
    ConsentGiven,
    ConsentWithdrawn,
    DocumentFetched,
    DocumentGiven,
    DocumentNotHeld,
)
from market.documents.hub import Away, Fetched
from market.documents.models import DataConsent, Document
from market.documents.rules import Purpose, Removal, Source
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, RuleBroken
from market.kernel.words import N_
from market.locks import lock_where
from market.record.operations import record
from market.transaction import transactional

#: kinds that one order may ask for
MOST_KINDS = 60


@transactional
def give_consent(order_code: str, kinds: Sequence[str], *, by: Actor) -> list[DataConsent]:
    """Note that `by`'s party agrees to documents of these `kinds` (as the matter names them) being fetched for this order.

    Called by orders, which has checked that the order is `by`'s. Running consents stay as they are; those of all `kinds` are
    returned in their order. `RuleBroken` for more than 60 kinds. Counter staff give it for whom they serve, and are named.
    """
    wanted = list(dict.fromkeys(kind.strip() for kind in kinds if kind.strip()))
    if len(wanted) > MOST_KINDS:
        raise RuleBroken(N_("At most %(most)s documents can be fetched for one order."), most=MOST_KINDS)
    person, organisation = rules.party(by)
    for kind in wanted:
        code = new_code("H")
        row = insert(DataConsent).values(
            code=code,
            order_code=order_code,
            kind=kind[:200],
            person=person,
            organisation=organisation,
            clerk=by.person if by.on_behalf_of else None,
            given_at=clock.now(),
        )
        if db.session.scalar(row.on_conflict_do_nothing().returning(DataConsent.id)) is not None:
            record(ConsentGiven(code, order_code, kind), by=by)
    running = {one.kind: one for one in queries.consents_of(order_code)}
    return [running[kind[:200]] for kind in wanted]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What came of a withdrawal: the document that had been fetched, if any, and whether it stays (part of a contract)."""

    document: str | None
    stays: bool


@transactional
def withdraw_consent(order_code: str, kind: str, *, by: Actor) -> Withdrawn:
    """End the consent for one kind of document of an order, at any time.

    What had been fetched is removed (its digest stays), unless it is part of a signed contract: then it stays, and that is
    said. `RuleBroken` when there is no running consent, `NotFound` when it is not of `by`'s party.
    """
    consent = queries.running_consent(order_code, kind, by)
    ended = update(DataConsent).where(DataConsent.id == consent.id, DataConsent.withdrawn_at.is_(None))
    if db.session.scalar(ended.values(withdrawn_at=clock.now()).returning(DataConsent.id)) is None:
        raise NotFound()
    db.session.refresh(consent)
    document = lock_where(Document, Document.id == consent.document_id)[0] if consent.document_id else None
    stays = document is not None and document.bound_at is not None
    if document is not None and not stays and document.removed_at is None:
        document.removed_at, document.removal, document.name = clock.now(), Removal.WITHDRAWN, ""
    code = document.code if document is not None else None
    record(ConsentWithdrawn(consent.code, order_code, kind, code, document is not None and not stays), by=by)
    return Withdrawn(code, stays)


@transactional
def keep_fetched(order_code: str, kind: str, fetched: Fetched, *, by: Actor) -> Document:
    """Keep what the hub sent, attached to the order; what was kept before is returned. `RuleBroken` when the consent was
    withdrawn while the hub was asked, `Away` when the bytes are none that the market takes."""
    statement = select(DataConsent).where(
        DataConsent.order_code == order_code, DataConsent.kind == kind, DataConsent.withdrawn_at.is_(None)
    )
    consent = db.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if consent is None:
        raise RuleBroken(N_("The consent for “%(kind)s” was withdrawn; nothing was kept."), kind=kind)
    if consent.document is not None and consent.document.removed_at is None:
        return consent.document
    party = (consent.person, consent.organisation)
    try:
        document = keeping.keep(
            io.BytesIO(fetched.content), kind, Purpose.PAPER, limit=hub.LARGEST, party=party, source=Source.HUB,
            digest=fetched.digest,
        )  # fmt: skip
    except (NotTaken, store.TooLarge, store.OtherDigest) as error:
        raise Away() from error
    document.issuer, document.valid_to = fetched.issuer, fetched.valid_to
    now = clock.now()
    consent.document, consent.held, consent.asked_at, consent.used_at = document, True, now, now
    record(DocumentGiven(document.code, str(Purpose.PAPER), document.file.digest, document.file.size), by=by)
    keeping.belong(document, order_code, by=by)
    record(DocumentFetched(document.code, consent.code, order_code, kind, document.file.digest), by=by)
    return document


@transactional
def note_not_held(order_code: str, kind: str, *, by: Actor) -> None:
    """Note that the hub has no such document of the holder, once."""
    consent = queries.consent(order_code, kind)
    if consent is not None and consent.held is None:
        consent.asked_at, consent.held = clock.now(), False
        record(DocumentNotHeld(consent.code, order_code, kind), by=by)
