"""What a vendor's members are told of their offers: reactions to events of listings (market/reactions.py).

Each offer has its message on the desk. Mail is sent once a day and cause for all of them, since a licence or a standard may
concern dozens of offers at once.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.kernel.words import N_
from market.listings import events
from market.listings.models import Listing
from market.listings.rules import Cause
from market.notifications.operations import tell
from market.notifications.rules import Word
from market.vendors.queries import vendor

OFFERS = "/desk/offers"

#: what the vendor itself is told of (vendors/told.py) needs no telling for each offer
TOLD_ELSEWHERE = str(Cause.VENDOR)

POSITIONS = {
    "below": N_("below the standard"),
    "within": N_("within the standard"),
    "above": N_("above the standard"),
    "none": N_("without a standard"),
}


def suspended(event: events.ListingSuspended, by: Actor, at: datetime) -> None:
    """An offer is not shown any more, not by the vendor's will."""
    if event.cause == Cause.LICENCE:
        _tell(
            event,
            N_("Offer suspended: a licence is missing"),
            N_(
                "“%(title)s” is not shown, because this is not valid: %(detail)s. It comes back by itself once it counts again."
            ),
            detail=event.detail,
        )
    elif event.cause == Cause.STANDARD:
        _tell(
            event,
            N_("Offer suspended: the price does not fit the standard"),
            N_(
                "“%(title)s” is not shown, because its price does not fit the standard in force: %(detail)s. Change the price."
            ),
            detail=event.detail,
        )
    else:
        return
    _mail_once(
        event.vendor,
        f"suspended {event.cause} {clock.today()}",
        N_("Offers of yours are suspended"),
        N_("Some of your offers are not shown any more. Why, and what brings each of them back, stands on your desk."),
    )


def restored(event: events.ListingRestored, by: Actor, at: datetime) -> None:
    """The offer is shown again."""
    if event.cause == TOLD_ELSEWHERE:
        return
    _tell(event, N_("Offer shown again"), N_("The reason why “%(title)s” was suspended is gone."))
    _mail_once(
        event.vendor,
        f"restored {clock.today()}",
        N_("Offers of yours are shown again"),
        N_("Offers that were suspended are as they were before: shown again, or paused if you had paused them."),
    )


def expired(event: events.ListingExpired, by: Actor, at: datetime) -> None:
    """Its last day, set by the vendor, has passed."""
    _tell(
        event, N_("Offer ended"), N_("The last day of “%(title)s” has passed. Publish it anew if you still offer it.")
    )


def standard_changed(event: events.ListingStandardChanged, by: Actor, at: datetime) -> None:
    """A new standard is in force; where the price lies now."""
    _tell(
        event,
        N_("A new price standard concerns an offer"),
        N_("A new price standard is in force. The price of “%(title)s” was %(before)s and is now %(after)s."),
        before=Word(POSITIONS[event.position_before]),
        after=Word(POSITIONS[event.position_now]),
    )
    _mail_once(
        event.vendor,
        f"standard {event.standard_version}",
        N_("A new price standard is in force"),
        N_("A new price standard concerns offers of yours. Where each price lies now stands on your desk."),
    )


def _tell(event: Any, subject: str, body: str, **params: Any) -> None:
    title = db.session.scalar(select(Listing.title).where(Listing.code == event.listing)) or event.listing
    organisation = vendor(event.vendor).organisation.code
    tell(organisation, subject, body, path=f"{OFFERS}/{event.listing}", title=title, **params)


def _mail_once(vendor_code: str, once: str, subject: str, body: str) -> None:
    tell(vendor(vendor_code).organisation.code, subject, body, path=OFFERS, by_mail=True, once=once)
