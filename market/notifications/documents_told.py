"""What people are told of their documents: reactions to events of documents (market/reactions.py)."""

from datetime import datetime

from market.documents.events import DocumentQuarantined, SlipReceived
from market.documents.queries import document
from market.kernel.actor import Actor
from market.kernel.words import N_
from market.notifications.operations import tell


def quarantined(event: DocumentQuarantined, by: Actor, at: datetime) -> None:
    """A virus was found in a file of theirs."""
    found = document(event.document)
    if event.party is None or found is None:
        return
    tell(
        event.party,
        N_("A file of yours is harmful and was kept apart"),
        N_(
            "The virus scanner found %(found)s in %(name)s. Nobody gets this file. Clean the computer it comes from, then "
            "send a fresh copy."
        ),
        path="/documents",
        by_mail=True,
        once=f"quarantine {event.document}",
        found=event.found,
        name=found.name,
    )


def slip_received(event: SlipReceived, by: Actor, at: datetime) -> None:
    """Their papers were counted at a counter."""
    if not event.party:
        return
    body = N_("All papers of slip %(slip)s for order %(order)s were received.")
    if event.missing:
        body = N_(
            "The papers of slip %(slip)s for order %(order)s were received, but not all: the slip says what is missing."
        )
    tell(
        event.party,
        N_("Your papers were received"),
        body,
        path=f"/slips/{event.slip}",
        by_mail=True,
        once=f"slip {event.slip}",
        slip=event.slip,
        order=event.order,
    )
