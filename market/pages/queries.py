"""What pages show of several domains at once: the market in figures, what is new, offers as rows of a list.

Rows of offers come in one statement for a page of them, built from columns, since lists are read more than anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.listings import queries as listings
from market.listings.comparison import Figures as Standings
from market.listings.models import Listing, Publication
from market.listings.pricing import Position, Price, PriceModel, Quote, Reference, Why, position, quote
from market.listings.states import ListingState
from market.listings.units import same_unit
from market.vendors import queries as vendors
from market.vendors.models import Licence, Practitioner, Standing, Vendor
from market.vendors.states import LicenceState, VendorState

#: seconds for which the market's figures are kept; they say as of when they are
KEPT = 300
#: seconds for which the list of what is new is kept, and how many of the latest are looked at for different vendors
KEPT_NEWEST, LATEST = 60, 2000
#: span of the entry checks that are counted
CHECKS = timedelta(days=30)

# Figures ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """The market in figures, all counted from rows. Shares exact; None where nothing can be counted yet."""

    vendors: int
    #: licences of these vendors that count today
    licences: int
    offers: int
    #: vendors with an offer
    offering: int
    #: services with an offer, and services in all
    items_offered: int
    items: int
    #: price over reference at the typical job: the middle one of `priced` firm prices, in thousandths
    median: int | None
    priced: int
    #: entry checks of the last 30 days that were done within two working days, and all of them
    checked_in_time: int
    checked: int
    at: datetime


def figures() -> MarketFigures:
    """The market in figures, at most five minutes old."""
    slot = int(clock.real().timestamp()) // KEPT
    return _figures(current_app.extensions["settings"].database_url, slot, clock.today())


@lru_cache(maxsize=2)
def _figures(database: str, slot: int, today: date) -> MarketFigures:
    active = select(Vendor.id).where(Vendor.state == VendorState.ACTIVE).scalar_subquery()
    offered = _offered(select(Listing.id, Listing.vendor_id, Listing.item), today).subquery()
    counts = db.session.execute(
        select(
            select(func.count()).select_from(Vendor).where(Vendor.state == VendorState.ACTIVE).scalar_subquery(),
            select(func.count())
            .select_from(Licence)
            .where(Licence.vendor_id.in_(active), *holds(today))
            .scalar_subquery(),
            select(func.count()).select_from(offered).scalar_subquery(),
            select(func.count(offered.c.vendor_id.distinct())).scalar_subquery(),
            select(func.count(offered.c.item.distinct())).scalar_subquery(),
        )
    ).one()
    last = (
        select(Publication.price_fen, Publication.reference_fen)
        .join(offered, offered.c.id == Publication.listing_id)
        .ext(distinct_on(Publication.listing_id))
        .order_by(Publication.listing_id, Publication.number.desc())
        .subquery()
    )
    share = last.c.price_fen * 1000 / func.nullif(last.c.reference_fen, 0)
    median, priced = db.session.execute(
        select(func.percentile_disc(0.5).within_group(func.floor(share)), func.count(share))
    ).one()
    checked_in_time, checked = vendors.checked_in(clock.now() - CHECKS, clock.now())
    return MarketFigures(
        *counts,
        items=len(catalogue.items(today)),
        median=None if median is None else int(median),
        priced=priced,
        checked_in_time=checked_in_time,
        checked=checked,
        at=clock.now(),
    )


def holds(today: date) -> tuple[Any, ...]:
    """What makes a licence count on a day, as conditions: valid through its last day (KF-LST-01)."""
    return (
        Licence.state == LicenceState.VALID,
        Licence.valid_from <= today,
        or_(Licence.valid_to.is_(None), Licence.valid_to >= today),
    )


def _offered(statement: Any, today: date) -> Any:
    return statement.join(Vendor, Vendor.id == Listing.vendor_id).where(
        Listing.state == ListingState.PUBLISHED,
        Vendor.state == VendorState.ACTIVE,
        or_(Listing.valid_to.is_(None), Listing.valid_to >= today),
    )


def offers_by_item(items: Sequence[str]) -> dict[str, int]:
    """How many offers each of these services has now; those without any are left out."""
    if not items:
        return {}
    statement = select(Listing.item, func.count()).where(Listing.item.in_(items)).group_by(Listing.item)
    return {item: count for item, count in db.session.execute(_offered(statement, clock.today()))}  # noqa: C416


# Offers as rows ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer in a list. `quote` is what it comes to for the job asked for, `reference` the standard for the same job."""

    code: str
    title: str
    item: str
    vendor_code: str
    vendor_name: str
    price: Price
    quote: Quote
    reference: Reference | None
    position: Position
    explained: bool
    days: int
    districts: Sequence[str]
    capacity: int
    standing: Standings
    #: licences that count today, professionals that an operator confirmed
    licences: int
    people: int
    published_at: datetime

    @property
    def free(self) -> int:
        """Jobs that can be taken now; never below 0."""
        return max(0, self.capacity - self.standing.open_jobs)


@dataclass(frozen=True, slots=True)
class Job:
    """What the buyer needs of one item: inputs of its standard, and how many units where prices are per unit.

    `held` is the standard for exactly these inputs, None where the item has none.
    """

    item: str
    unit: str
    quantity: Fraction | None = None
    held: listings.Held | None = None


def offer_rows(codes: Sequence[str], job: Job | None = None) -> list[OfferRow]:
    """The offers with these codes that can be ordered now, in the order of `codes`; what is over is left out (KF-LST-02).

    Without `job`, prices are those of the typical job of each item, against the standard that holds now.
    """
    if not codes:
        return []
    found = {row.code: row for row in db.session.execute(_rows(codes))}
    held = _HeldOnce()
    return [_offer_row(found[code], job, held) for code in dict.fromkeys(codes) if code in found]


def newest_offers(most: int = 4) -> list[OfferRow]:
    """Offers that were first published last, one of each vendor: publishing again brings nothing (rule 9). Looked for once a
    minute; what is over meanwhile is left out.
    """
    slot = int(clock.real().timestamp()) // KEPT_NEWEST
    return offer_rows(_newest(current_app.extensions["settings"].database_url, slot, clock.today(), most))


@lru_cache(maxsize=2)
def _newest(database: str, slot: int, today: date, most: int) -> list[str]:
    first = (
        _offered(select(Listing.code, Listing.vendor_id), today)
        .join(Publication, Publication.listing_id == Listing.id)
        .where(Publication.number == 1)
        .order_by(Publication.published_at.desc(), Listing.neutral)
        .limit(LATEST)
    )
    by_vendor: dict[int, str] = {}
    for code, vendor_id in db.session.execute(first):
        by_vendor.setdefault(vendor_id, code)
    return list(by_vendor.values())[:most]


STANDING = tuple(name for name in Standings.__dataclass_fields__)


def _rows(codes: Sequence[str]) -> Select[Any]:
    today = clock.today()
    last = (
        select(
            Publication.content, Publication.price_fen, Publication.reference_fen, Publication.low_fen,
            Publication.high_fen, Publication.position, Publication.standard_version, Publication.published_at,
        )
        .where(Publication.listing_id == Listing.id)
        .order_by(Publication.number.desc())
        .limit(1)
        .lateral("last")
    )  # fmt: skip
    licences = (
        select(func.count())
        .where(Licence.vendor_id == Listing.vendor_id, *holds(today))
        .correlate(Listing)
        .scalar_subquery()
    )
    people = (
        select(func.count())
        .where(
            Practitioner.vendor_id == Listing.vendor_id,
            Practitioner.left_at.is_(None),
            Practitioner.confirmed_at.is_not(None),
        )
        .correlate(Listing)
        .scalar_subquery()
    )
    # an offer's capacity counts jobs of its own item
    at_work = aliased(Standing)
    statement = _offered(
        select(
            Listing.code,
            Listing.item,
            Listing.checked_version,
            Vendor.code.label("vendor_code"),
            Vendor.name.label("vendor_name"),
            last.c.content,
            last.c.price_fen,
            last.c.reference_fen,
            last.c.low_fen,
            last.c.high_fen,
            last.c.position,
            last.c.standard_version,
            last.c.published_at,
            licences.label("licences"),
            people.label("people"),
            *(getattr(Standing, name) for name in STANDING if name != "open_jobs"),
            func.coalesce(at_work.open_jobs, 0).label("open_jobs"),
        ),
        today,
    )
    return (
        statement.join(last, true())
        .outerjoin(Standing, (Standing.vendor_id == Listing.vendor_id) & Standing.item.is_(None))
        .outerjoin(at_work, (at_work.vendor_id == Listing.vendor_id) & (at_work.item == Listing.item))
        .where(Listing.code.in_(codes))
    )


class _HeldOnce(dict[str, listings.Held | None]):
    """The standard for the typical job of each item, asked for once a page."""

    def __missing__(self, item: str) -> listings.Held | None:
        self[item] = listings.held_for(item)
        return self[item]


def _offer_row(row: Row[Any], job: Job | None, held: _HeldOnce) -> OfferRow:
    content = row.content
    price = listings.price_of(content)
    if job is not None:
        reference = job.held.reference if job.held else None
        offered = quoted(price, job, reference)
        place = position(offered.fen, reference)
    elif row.checked_version is None:
        # no other standard was put in force since it was published: its own figures hold
        reference = _stored(row)
        offered = _stored_quote(row, price, reference)
        place = row.position
    else:
        now = held[row.item]
        reference = now.reference if now else None
        offered = quote(price, listings.typical_quantity(now.standard if now else None), reference)
        place = position(offered.fen, reference)
    return OfferRow(
        code=row.code,
        title=content["title"],
        item=row.item,
        vendor_code=row.vendor_code,
        vendor_name=row.vendor_name,
        price=price,
        quote=offered,
        reference=reference,
        position=place,
        explained=bool(content["low_price_reason"]),
        days=content["days"],
        districts=content["districts"],
        capacity=content["capacity"],
        standing=Standings(**{name: getattr(row, name) for name in STANDING if getattr(row, name) is not None}),
        licences=row.licences,
        people=row.people,
        published_at=row.published_at,
    )


def _stored(row: Row[Any]) -> Reference | None:
    if row.reference_fen is None:
        return None
    return Reference("market", row.low_fen, row.reference_fen, row.high_fen, ceiling=row.low_fen == 0)


def _stored_quote(row: Row[Any], price: Price, reference: Reference | None) -> Quote:
    if row.price_fen is not None:
        return Quote(row.price_fen)
    if price.model is PriceModel.FIXED:  # the typical job is more than it covers
        return Quote(None, Why.BEYOND)
    return quote(price, None, reference)


def quoted(price: Price, job: Job, reference: Reference | None) -> Quote:
    """What `price` comes to for the buyer's job; a price per another unit than the item's is not computed (KF-LST-04)."""
    quantity = job.quantity
    if price.model is PriceModel.PER_UNIT and not same_unit(price.unit or "", job.unit):
        quantity = None
    return quote(price, quantity, reference)


@dataclass(frozen=True, slots=True)
class PublishedOffer:
    """An offer that was published once, as the public may know it whatever became of it."""

    code: str
    item: str
    title: str
    offered: bool


def published_offers(codes: Sequence[str]) -> dict[str, PublishedOffer]:
    """Those of the listings with these codes that were published once, by code; drafts and unknown codes are absent."""
    if not codes:
        return {}
    last = (
        select(Publication.content["title"].as_string().label("title"))
        .where(Publication.listing_id == Listing.id)
        .order_by(Publication.number.desc())
        .limit(1)
        .lateral("last")
    )
    today = clock.today()
    in_time = or_(Listing.valid_to.is_(None), Listing.valid_to >= today)
    offered = (Listing.state == ListingState.PUBLISHED) & (Vendor.state == VendorState.ACTIVE) & in_time
    statement = (
        select(Listing.code, Listing.item, last.c.title, offered)
        .join(Vendor, Vendor.id == Listing.vendor_id)
        .join(last, true())
        .where(Listing.code.in_(codes))
    )
    return {row[0]: PublishedOffer(*row) for row in db.session.execute(statement)}


def count_offers(item: str) -> int:
    """How many offers of an item can be ordered now."""
    statement = _offered(select(func.count()).select_from(Listing), clock.today()).where(Listing.item == item)
    return db.session.scalar(statement) or 0


def offers_of_item(item: str, job: Job | None, most: int) -> tuple[list[OfferRow], int]:
    """The first `most` offers of an item in the neutral order of the day, and how many there are."""
    codes = [row.code for row in db.session.scalars(listings.offers(item).limit(most))]
    return offer_rows(codes, job), count_offers(item)
