"""What follows commits for listings: the index, new standards, last days. All safe to run twice."""

from datetime import timedelta

from sqlalchemy import select

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.listings import indexing, operations
from market.listings.models import Listing
from market.listings.states import ListingState
from market.transaction import later


def index_listing(code: str) -> None:
    """Bring one listing's document in the index to its present state: put, or remove when it is not offered."""
    indexing.index_listings([code])


def index_vendor(code: str) -> None:
    """Bring a vendor and all its listings in the index to their present state."""
    indexing.index_vendor(code)


def sweep_index() -> None:
    """Make the index where it is missing, compare it with the database, and mend what differs."""
    indexing.sync()


def tidy_index() -> None:
    """Remove tombstones that no late job can need any more (a week old) and what broken-off rebuilds left. Daily."""
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.sweep_tombstones(clock.real() - timedelta(days=7))
        index.sweep_abandoned(clock.real())


def recheck_standard(kind: str, slug: str, valid_from: str) -> None:
    """A version came into force: hold every listing it may concern to it; on its day, if that is still to come."""
    if kind == "matter":
        return
    if valid_from > clock.today().isoformat():
        # the daily job takes it up on its day
        return
    items = {slug} if kind == "item" else {item.slug for item in catalogue.items() if _held_to(item, slug)}
    statement = select(Listing.code).where(
        Listing.item.in_(items),
        Listing.state.in_((ListingState.PUBLISHED, ListingState.PAUSED, ListingState.SUSPENDED)),
    )
    for code in db.session.scalars(statement.order_by(Listing.id)):
        operations.recheck_standard(code)


def _held_to(item: catalogue.Item, standard: str) -> bool:
    """Whether prices of an item are held to this standard, or would be if nothing more binding stood before it."""
    held = catalogue.standard_for(item.slug)
    return item.price_standard == standard or (held is not None and held.slug == standard)


def expire_listings() -> None:
    """End what ended yesterday, and hold listings to standards that begin today. Daily, after midnight in Xi'an."""
    over = select(Listing.code).where(
        Listing.valid_to < clock.today(), Listing.state.in_((ListingState.PUBLISHED, ListingState.PAUSED))
    )
    for code in db.session.scalars(over.order_by(Listing.id)):
        operations.expire_listing(code)
    today = clock.today().isoformat()
    for row, _ in catalogue.standards():
        if row.valid_from.isoformat() == today:
            later("market.listings.jobs.recheck_standard", "standard", row.slug, today)
