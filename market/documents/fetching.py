"""From a consent to a document: the hub is asked first, outside any lock, then what came is kept in one operation."""

from flask import current_app

from market.documents import hub, hub_operations, queries
from market.documents.hub import ConsentProof, NotHeld
from market.documents.models import Document
from market.kernel.actor import Actor


def fetch_from_hub(order_code: str, kind: str, *, by: Actor) -> Document:
    """Fetch a document of this `kind` from the data hub by the running consent and attach it to the order.

    `NotFound` when the consent is not of `by`'s party (the market itself may always); `RuleBroken` without a consent, or when
    it is withdrawn meanwhile; `NotHeld` when the city has none; `Away` when the hub does not answer or sends what is not taken:
    the order goes on with an upload. What was fetched before is returned. Asks over the network for up to 11 s: call it outside
    an operation, so that no row is locked meanwhile.
    """
    consent = queries.running_consent(order_code, kind, by)
    if consent.document is not None and consent.document.removed_at is None:
        return consent.document
    proof = ConsentProof(consent.code, order_code, consent.given_at.isoformat())
    holder = queries.holder(consent.person, consent.organisation)
    try:
        fetched = hub.of(current_app.extensions["settings"]).fetch(kind, holder, proof)
    except NotHeld:
        hub_operations.note_not_held(order_code, kind, by=by)
        raise
    return hub_operations.keep_fetched(order_code, kind, fetched, by=by)
