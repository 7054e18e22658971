"""From rows to documents of search, and the care that the index tells the truth.

The index is a copy: jobs bring single documents up to date after each commit, the sweep compares everything and mends, a rebuild
makes it anew while the old one serves. Versions (a row's revision) let a late job do no harm.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from flask import current_app
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.catalogue import queries as catalogue
from market.config import Settings
from market.db import db
from market.kernel.ordering import listing_number
from market.listings import queries
from market.listings.comparison import Figures
from market.listings.models import Listing
from market.listings.pricing import quote
from market.listings.states import ListingState
from market.vendors.models import Vendor
from market.vendors.states import VendorState
from search.engine import connect
from search.index import Index
from search.offers import OFFERS, Offer
from search.vendors import VENDORS, VendorDocument

T = TypeVar("T")

#: rows read at once
BATCH = 500


def offers_index() -> Index:
    """The index of offers of this installation."""
    return _indexes(_key())[0]


def vendors_index() -> Index:
    """The index of vendors of this installation."""
    return _indexes(_key())[1]


def _key() -> tuple[str, str]:
    settings: Settings = current_app.extensions["settings"]
    return settings.elasticsearch_url, settings.prefix


@lru_cache(maxsize=4)
def _indexes(key: tuple[str, str]) -> tuple[Index, Index]:
    url, prefix = key
    client = connect(url, answer=30)  # jobs may wait; pages have clients of their own with short time-outs
    return Index(client, prefix, OFFERS), Index(client, prefix, VENDORS)


def index_listings(codes: Sequence[str]) -> None:
    """Bring these listings in the index to their present state: put what is offered, take out what is not. Raises `Away`."""
    index = offers_index()
    rows = _rows(Listing.code.in_(codes))
    index.put(_documents([row for row in rows if queries.is_offered(row)]))
    for row in rows:
        if not queries.is_offered(row):
            index.remove(row.code, row.revision, clock.real())


def index_vendor(code: str) -> None:
    """Bring a vendor and all its listings in the index to their present state. Raises `Away`."""
    vendor = db.session.scalar(select(Vendor).where(Vendor.code == code))
    if vendor is None:
        return
    if vendor.state is VendorState.ACTIVE:
        vendors_index().put([_vendor(vendor)])
    else:
        vendors_index().remove(code, vendor.revision, clock.real())
    index_listings(list(db.session.scalars(select(Listing.code).where(Listing.vendor_id == vendor.id))))


def rebuild() -> tuple[int, int]:
    """Make both indexes anew while the old ones serve; how many offers and vendors they hold. Raises `Away`."""
    return offers_index().rebuild(_all_offers()), vendors_index().rebuild(_all_vendors())


def sync() -> tuple[int, int]:
    """Make what is missing and mend what differs; how many listings and vendors were brought up to date. Raises `Away`.

    An index that did not exist is filled at once.
    """
    for index in (offers_index(), vendors_index()):
        index.ensure()
    return mend()


def mend() -> tuple[int, int]:
    """Compare the indexes with the database and bring up to date what differs; how many listings and vendors. Raises `Away`."""
    offers, vendors = offers_index(), vendors_index()
    differs = offers.compare(_true_offers())
    wrong = [*differs.missing, *differs.stale, *differs.surplus]
    for codes in _batches(wrong):
        index_listings(codes)
    gone = set(differs.surplus) - set(db.session.scalars(select(Listing.code).where(Listing.code.in_(differs.surplus))))
    for code in gone:
        offers.remove(code, 2**62, clock.real())
    firms = vendors.compare(_true_vendors())
    for code in (*firms.missing, *firms.stale, *firms.surplus):
        index_vendor(code)
    return len(wrong), len(firms.missing) + len(firms.stale) + len(firms.surplus)


# Documents --------------------------------------------------------------------------------------------------------------


def _true_offers() -> Iterator[tuple[str, int]]:
    statement = select(Listing.code, Listing.revision).join(Listing.vendor).where(*_offered())
    yield from db.session.execute(statement)


def _true_vendors() -> Iterator[tuple[str, int]]:
    yield from db.session.execute(select(Vendor.code, Vendor.revision).where(_active()))


def _all_offers() -> Iterator[Offer]:
    ids = db.session.scalars(select(Listing.id).join(Listing.vendor).where(*_offered()).order_by(Listing.id)).all()
    for batch in _batches(ids):
        yield from _documents([row for row in _rows(Listing.id.in_(batch)) if queries.is_offered(row)])
        db.session.expunge_all()


def _all_vendors() -> Iterator[VendorDocument]:
    for vendor in db.session.scalars(select(Vendor).where(_active()).order_by(Vendor.id)):
        yield _vendor(vendor)


def _offered() -> tuple[ColumnElement[bool], ...]:
    in_time = or_(Listing.valid_to.is_(None), Listing.valid_to >= clock.today())
    return Listing.state == ListingState.PUBLISHED, _active(), in_time


def _active() -> ColumnElement[bool]:
    return Vendor.state == VendorState.ACTIVE


def _rows(condition: ColumnElement[bool]) -> list[Listing]:
    statement = (
        select(Listing)
        .where(condition)
        .options(joinedload(Listing.vendor).selectinload(Vendor.licences), selectinload(Listing.publications))
    )
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))


def _documents(rows: Sequence[Listing]) -> Iterator[Offer]:
    figures = queries.standing_figures([row.vendor_id for row in rows])
    jobs = queries.open_jobs([row.vendor_id for row in rows])
    items = {item.slug: item for item in catalogue.items()}
    held = {slug: queries.held_for(slug) for slug in {row.item for row in rows}}
    for row in rows:
        taken = jobs.get((row.vendor_id, row.item), 0)
        yield _offer(row, items[row.item].category, held[row.item], figures.get(row.vendor_id, Figures()), taken)


def _offer(row: Listing, category: str, held: queries.Held | None, figures: Figures, taken: int) -> Offer:
    last = row.publications[-1]
    content, vendor = last.content, row.vendor
    price = quote(
        queries.price_of(content),
        queries.typical_quantity(held.standard if held else None),
        held.reference if held else None,
    )
    today = clock.today()
    return Offer(
        code=row.code,
        version=row.revision,
        vendor=vendor.code,
        vendor_name=vendor.name,
        item=row.item,
        category=category,
        title=content["title"],
        description=" ".join((content["description"], *content["deliverables"])),
        numbers=tuple(vendor.neutral),
        own=row.neutral,
        price_fen=price.fen if price.firm else None,
        position=str(row.checked_position or last.position),
        days=content["days"],
        rating=figures.rating_low if figures.rating_count else None,
        free=max(0, content["capacity"] - taken),
        levels=tuple(
            f"{one.kind}:{one.level}"
            for one in vendor.licences
            if one.level and str(one.state) == "valid" and (one.valid_to is None or today <= one.valid_to)
        ),
        districts=tuple(content["districts"]),
        languages=tuple(content["languages"]),
    )


def _vendor(vendor: Vendor) -> VendorDocument:
    return VendorDocument(
        code=vendor.code,
        version=vendor.revision,
        name=vendor.name,
        numbers=tuple(vendor.neutral),
        own=listing_number(vendor.code),
        credit_code=vendor.credit_code,
    )


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
