"""Reading listings: rows, the standard for a job, facts for comparison and for the index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.catalogue import queries as catalogue
from market.catalogue import tariff
from market.db import db
from market.kernel.errors import Invalid, NotFound
from market.kernel.ordering import column_of
from market.listings.comparison import Figures, OfferFacts
from market.listings.models import Listing, Publication
from market.listings.pricing import Price, PriceModel, Reference, quote
from market.listings.states import ListingState
from market.vendors import queries as vendors
from market.vendors.models import Standing, Vendor
from market.vendors.rules import Missing, missing_qualifications
from market.vendors.states import VendorState

#: states in which a listing that was published once has a public page
PUBLIC_STATES = tuple(state for state in ListingState if state is not ListingState.DRAFT)


# Rows -------------------------------------------------------------------------------------------------------------------


def listing(code: str) -> Listing:
    """The listing with this public code in whatever state, or `NotFound`."""
    return _found(db.session.scalar(select(Listing).where(Listing.code == code).options(joinedload(Listing.vendor))))


def own_listing(code: str, organisation_code: str | None) -> Listing:
    """A listing of the vendor that an organisation is; `NotFound` for those of others."""
    row = listing(code)
    if organisation_code is None or row.vendor.organisation.code != organisation_code:
        raise NotFound()
    return row


def published(code: str) -> Listing:
    """A listing that was published once, also one no longer offered (its page says so); `NotFound` for drafts."""
    row = listing(code)
    if row.published_at is None:
        raise NotFound()
    return row


def publication(row: Listing) -> Publication:
    """What the public sees of a listing: its last publication. `NotFound` when there is none."""
    statement = select(Publication).where(Publication.listing_id == row.id).order_by(Publication.number.desc()).limit(1)
    return _found(db.session.scalar(statement))


def is_offered(row: Listing) -> bool:
    """Whether orders can be placed on it now: published, its vendor active, its last day not over."""
    in_time = row.valid_to is None or clock.today() <= row.valid_to
    return row.state is ListingState.PUBLISHED and row.vendor.state is VendorState.ACTIVE and in_time


def offers(item: str | None = None, district: str | None = None) -> Select[Listing]:
    """Published offers of active vendors in the neutral order of the day; of an item, serving a district."""
    today = clock.today()
    statement = (
        select(Listing)
        .join(Listing.vendor)
        .options(joinedload(Listing.vendor))
        .where(
            Listing.state == ListingState.PUBLISHED,
            Vendor.state == VendorState.ACTIVE,
            or_(Listing.valid_to.is_(None), Listing.valid_to >= today),
        )
        .order_by(Vendor.neutral[column_of(today) + 1], Listing.neutral, Listing.code)
    )
    if item is not None:
        statement = statement.where(Listing.item == item)
    if district is not None:
        statement = statement.where(
            or_(func.cardinality(Listing.districts) == 0, Listing.districts.contains([district]))
        )
    return statement


def of_vendor(vendor_id: int, *, state: ListingState | None = None) -> Select[Listing]:
    """A vendor's own listings for its desk, by item and as they were made."""
    statement = select(Listing).where(Listing.vendor_id == vendor_id).order_by(Listing.item, Listing.id)
    return statement if state is None else statement.where(Listing.state == state)


def public_offers_of(vendor_id: int) -> Select[Listing]:
    """What a vendor offers now, by item."""
    today = clock.today()
    return (
        select(Listing)
        .where(
            Listing.vendor_id == vendor_id,
            Listing.state == ListingState.PUBLISHED,
            or_(Listing.valid_to.is_(None), Listing.valid_to >= today),
        )
        .order_by(Listing.item, Listing.id)
    )


def publications_of(codes: Sequence[str]) -> dict[str, Publication]:
    """The last publication of each listing, by listing code, in two statements."""
    rows = db.session.scalars(
        select(Listing).where(Listing.code.in_(codes)).options(selectinload(Listing.publications))
    )
    return {row.code: row.publications[-1] for row in rows if row.publications}


# The standard for a job -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """The standard that holds for an item, computed for one job; `reference` is None where it gives no number."""

    standard: catalogue.StandardInForce
    reference: Reference | None


def held_for(
    item: str, inputs: Mapping[str, str] | None = None, on: date | None = None, district: str | None = None
) -> Held | None:
    """The standard in force for an item with its reference for `inputs` (default: the typical job); None without a standard.

    Inputs that the standard refuses give no reference: whoever asks for a buyer's inputs checks them with the calculator.
    """
    on = on or clock.today()
    standard = catalogue.standard_for(item, on, district)
    if standard is None:
        return None
    given = {**(inputs if inputs is not None else standard.typical_inputs), **standard.presets}
    try:
        result = tariff.evaluate(standard.standard, given, on) if given else None
    except Invalid:
        result = None
    if result is None or result.base_money is None or result.low_money is None or result.high_money is None:
        return Held(standard, None)
    reference = Reference(
        kind=standard.kind,
        low_fen=result.low_money.fen,
        base_fen=result.base_money.fen,
        high_fen=result.high_money.fen,
        ceiling=standard.standard.ceiling,
        title=f"{standard.title_zh} {standard.standard.number}",
    )
    return Held(standard, reference)


def typical_quantity(standard: catalogue.StandardInForce | None) -> Fraction | None:
    """How many units the typical job has, where the standard is asked by area."""
    area = standard.typical_inputs.get("area") if standard else None
    return Fraction(area) if area else None


def price_of(content: Mapping[str, Any]) -> Price:
    """The price in a publication's content."""
    return Price(
        model=PriceModel(content["price_model"]),
        price_fen=content["price_fen"],
        unit=content["unit"],
        covers=content["covers"],
        minimum_fen=content["minimum_fen"],
        share_permille=content["share_permille"],
        tax_included=content["tax_included"],
        tax_permille=content["tax_permille"],
        travel_fen=content["travel_fen"],
    )


# Licences ---------------------------------------------------------------------------------------------------------------


def lacks(row: Listing, on: date) -> list[Missing]:
    """The qualifications that the law demands for the listing's item and its vendor does not have on a day."""
    item = catalogue.item(row.item, on)
    return missing_qualifications(item.qualification, vendors.qualifications_of(row.vendor_id), on) if item else []


def _found(row: Any) -> Any:
    if row is None:
        raise NotFound()
    return row


# Comparison -------------------------------------------------------------------------------------------------------------


def compare_facts(
    codes: Sequence[str], inputs: Mapping[str, str], quantity: Fraction | None = None
) -> list[OfferFacts]:
    """Facts of the offers with these codes that can be ordered now, in the order of `codes`; others are left out.

    `inputs` are the buyer's inputs of the item's standard (empty: the typical job), `quantity` the units of per-unit prices.
    """
    rows = {
        row.code: row
        for row in db.session.scalars(
            select(Listing)
            .where(Listing.code.in_(codes))
            .options(
                joinedload(Listing.vendor).selectinload(Vendor.licences),
                joinedload(Listing.vendor).selectinload(Vendor.practitioners),
                selectinload(Listing.publications),
            )
        )
    }
    found = [rows[code] for code in dict.fromkeys(codes) if code in rows and is_offered(rows[code])]
    figures = standing_figures([row.vendor_id for row in found])
    jobs = open_jobs([row.vendor_id for row in found])
    return [
        _facts(
            row,
            inputs,
            quantity,
            replace(figures.get(row.vendor_id, Figures()), open_jobs=jobs.get((row.vendor_id, row.item), 0)),
        )
        for row in found
    ]


def standing_figures(vendor_ids: Sequence[int]) -> dict[int, Figures]:
    """Standing of each vendor over all items, by its key; vendors without any are absent."""
    rows = db.session.scalars(select(Standing).where(Standing.vendor_id.in_(vendor_ids), Standing.item.is_(None)))
    return {row.vendor_id: Figures(**{one.name: getattr(row, one.name) for one in fields(Figures)}) for row in rows}


def open_jobs(vendor_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """Jobs in hand by vendor and item, as the standing knows them: an offer's capacity counts jobs of its own item. Pairs
    without any are absent."""
    rows = db.session.scalars(
        select(Standing).where(Standing.vendor_id.in_(vendor_ids), Standing.item.is_not(None), Standing.open_jobs > 0)
    )
    return {(row.vendor_id, row.item): row.open_jobs for row in rows if row.item is not None}


def _facts(row: Listing, inputs: Mapping[str, str], quantity: Fraction | None, figures: Figures) -> OfferFacts:
    content = row.publications[-1].content
    held = held_for(row.item, inputs or None)
    reference = held.reference if held else None
    if quantity is None:
        area = inputs.get("area", "") if inputs else ""
        quantity = Fraction(area) if area.isdigit() else typical_quantity(held.standard if held else None)
    today = clock.today()
    named = {one.code: one.profession for one in row.vendor.practitioners if one.left_at is None}
    professions = [named[code] for code in content["practitioners"] if code in named] or list(named.values())
    return OfferFacts(
        code=row.code,
        title=content["title"],
        vendor_code=row.vendor.code,
        vendor_name=row.vendor.name,
        quote=quote(price_of(content), quantity, reference),
        reference=reference,
        days=content["days"],
        guarantee_days=content["guarantee_days"],
        travel_fen=content["travel_fen"],
        deliverables=content["deliverables"],
        licences=[
            (one.kind, one.level, one.valid_to)
            for one in row.vendor.licences
            if str(one.state) == "valid" and (one.valid_to is None or today <= one.valid_to)
        ],
        practitioners={name: professions.count(name) for name in dict.fromkeys(professions)},
        capacity=content["capacity"],
        languages=content["languages"],
        districts=content["districts"],
        figures=figures,
        low_price_reason=content["low_price_reason"] or "",
    )
