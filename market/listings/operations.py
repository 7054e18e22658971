"""What happens to listings."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from market import clock
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel.actor import Actor, system
from market.kernel.errors import NotFound
from market.kernel.ordering import listing_number
from market.kernel.states import next_state
from market.listings import pricing, queries, reviewed, rules
from market.listings.events import (
    ListingDrafted,
    ListingEdited,
    ListingExpired,
    ListingPaused,
    ListingPublished,
    ListingRestored,
    ListingResumed,
    ListingStandardChanged,
    ListingSuspended,
    ListingWithdrawn,
)
from market.listings.models import Listing, Publication
from market.listings.pricing import Position, PriceModel
from market.listings.states import TRANSITIONS, ListingState
from market.locks import lock, lock_where
from market.record.operations import record
from market.review.events import NoticeObjected, ObjectionWithdrawn
from market.review.gate_rules import Kind
from market.transaction import transactional
from market.vendors import queries as vendors
from market.vendors import rules as vendor_rules
from market.vendors.models import Vendor

#: what a vendor edits, and what a publication keeps a copy of
FIELDS = (
    "title", "description", "price_model", "price_fen", "unit", "covers", "minimum_fen", "share_permille", "tax_included",
    "tax_permille", "travel_fen", "days", "guarantee_days", "deliverables", "districts", "practitioners", "capacity",
    "languages", "attachments", "low_price_reason", "valid_to",
)  # fmt: skip

DEFAULTS: Mapping[str, Any] = {
    "title": "", "description": "", "price_model": PriceModel.FIXED, "price_fen": None, "unit": None, "covers": None,
    "minimum_fen": None, "share_permille": None, "tax_included": True, "tax_permille": 60, "travel_fen": 0, "days": 10,
    "guarantee_days": 0, "deliverables": (), "districts": (), "practitioners": (), "capacity": 1, "languages": ("zh",),
    "attachments": (), "low_price_reason": None, "valid_to": None,
}  # fmt: skip


# By the vendor ----------------------------------------------------------------------------------------------------------


@transactional
def draft_listing(vendor_code: str, item: str, fields: Mapping[str, Any], *, by: Actor) -> Listing:
    """Begin a listing of `item` with `fields` (any of FIELDS). `NotFound` for an unknown item or another's vendor."""
    vendor = _own_vendor(vendor_code, by)
    if catalogue.item(item) is None:
        raise NotFound()
    code, now = new_code("L"), clock.now()
    row = Listing(
        code=code,
        vendor=vendor,
        item=item,
        state=ListingState.DRAFT,
        suspension=[],
        neutral=listing_number(code),
        created_at=now,
        updated_at=now,
        revision=1,
    )
    _assign(row, {**DEFAULTS, **fields})
    db.session.add(row)
    _attach(fields, code, by)
    record(ListingDrafted(row.code, vendor.code, item), by=by)
    return row


@transactional
def edit_listing(code: str, fields: Mapping[str, Any], *, by: Actor) -> Listing:
    """Change what the vendor wrote. The public goes on seeing the last publication until the next one."""
    if fields.get("attachments"):
        queries.own_listing(code, by.organisation)
        _attach(fields, code, by)
    row = _own(code, by)
    changed = rules.changes(_content(row), _jsonable(fields))
    if changed:
        _assign(row, fields)
        _touch(row)
        record(ListingEdited(row.code, row.vendor.code, changed), by=by)
    return row


@transactional
def publish_listing(code: str, *, reasons: Mapping[str, str] | None = None, by: Actor) -> Publication:
    """Offer a listing as it is written now, and keep a copy with the standard it was held to.

    Refuses what `rules.check_draft` and `rules.check_open` refuse, and a price that a binding standard does not admit; a price
    below the floor of a reference needs its explanation (pricing.check_price). What is new in its texts passes the review of fair
    competition (reviewed.publish; `reasons`: rule id -> why it stays). Nothing changes for what is ordered already.
    """
    if attachments := queries.own_listing(code, by.organisation).attachments:
        documents.show(sorted(attachments), public=True, by=by)
    reviewed.hold(code)
    row = _own(code, by)
    state = next_state(TRANSITIONS, row.state, "publish")
    today = clock.today()
    held = queries.held_for(row.item, on=today)
    rules.check_open(
        vendor_rules.is_open(vendors.facts(row.vendor)), [lack.refusal() for lack in queries.lacks(row, today)]
    )
    rules.check_draft(
        _draft(row),
        has_standard=held is not None,
        own_practitioners={one.code for one in vendors.practitioners_of(row.vendor_id)},
        districts={district.code for district in catalogue.districts()},
        today=today,
    )
    offered, place = _priced(row, held)
    reviewed.publish(row, reasons or {}, by=by)
    number = len(row.publications) + 1
    reference = held.reference if held else None
    publication = Publication(
        listing=row,
        number=number,
        content=_content(row),
        standard_version=held.standard.version if held else None,
        reference_fen=reference.base_fen if reference else None,
        low_fen=reference.band[0] if reference else None,
        high_fen=reference.band[1] if reference else None,
        price_fen=offered.fen if offered.firm else None,
        position=place,
        published_at=clock.now(),
    )
    db.session.add(publication)
    row.state, row.published_at, row.suspension = state, publication.published_at, []
    row.checked_version = row.checked_position = None
    _touch(row)
    record(
        ListingPublished(
            row.code,
            row.vendor.code,
            row.item,
            number,
            publication.price_fen,
            publication.standard_version,
            str(place),
        ),
        by=by,
    )
    return publication


@transactional
def pause_listing(code: str, *, by: Actor) -> Listing:
    """Take no orders for now."""
    row = _own(code, by)
    row.state = next_state(TRANSITIONS, row.state, "pause")
    _touch(row)
    record(ListingPaused(row.code, row.vendor.code), by=by)
    return row


@transactional
def resume_listing(code: str, *, by: Actor) -> Listing:
    """Offer again what was last published. Refused while the vendor or its licences do not allow it."""
    row = _own(code, by)
    state = next_state(TRANSITIONS, row.state, "resume")
    missing = [lack.refusal() for lack in queries.lacks(row, clock.today())]
    rules.check_open(vendor_rules.is_open(vendors.facts(row.vendor)), missing)
    row.state = state
    _touch(row)
    record(ListingResumed(row.code, row.vendor.code), by=by)
    return row


@transactional
def withdraw_listing(code: str, *, by: Actor) -> Listing:
    """Take a listing back for good; its page goes on saying that it is no longer offered."""
    row = _own(code, by)
    row.state = next_state(TRANSITIONS, row.state, "withdraw")
    _touch(row)
    record(ListingWithdrawn(row.code, row.vendor.code), by=by)
    return row


@transactional
def follow_objection(event: NoticeObjected | ObjectionWithdrawn, by: Actor, at: datetime) -> None:
    """The regulator objects to a reason in an offer's texts, or withdraws: it is suspended, or comes back. A reaction."""
    if event.kind != str(Kind.LISTING):
        return
    lock_where(Vendor, Vendor.id == queries.listing(event.subject).vendor_id)
    row = lock(Listing, event.subject)
    if row.state is not ListingState.WITHDRAWN:
        _review(row, by)
        _touch(row)


# By what happens elsewhere ----------------------------------------------------------------------------------------------


@transactional
def review_vendor(vendor_code: str, *, by: Actor) -> None:
    """Look at all listings of a vendor after its state, licences or people changed: suspend, restore, withdraw.

    Exactly the listings whose reason holds are suspended; one whose reasons are gone comes back to what it was.
    """
    vendor = vendors.vendor(vendor_code)  # locked already by what happened to it
    gone = str(vendor.state) == "withdrawn"
    for row in lock_where(Listing, Listing.vendor_id == vendor.id, Listing.state != ListingState.WITHDRAWN):
        if gone:
            row.state = next_state(TRANSITIONS, row.state, "withdraw")
            record(ListingWithdrawn(row.code, vendor.code), by=by)
        elif row.state is not ListingState.DRAFT:
            _review(row, by)
        _touch(row)


@transactional
def show_figures(vendor_code: str) -> None:
    """A vendor's figures changed, which its listings show in the index. What it may offer does not depend on them."""
    vendor = vendors.vendor(vendor_code)
    for row in lock_where(Listing, Listing.vendor_id == vendor.id, Listing.state != ListingState.WITHDRAWN):
        _touch(row)


@transactional
def recheck_standard(listing_code: str) -> None:
    """Hold a listing to the standard that is in force now; what changed is recorded, so that its vendor is told.

    A binding standard that the price does not meet suspends the listing; a reference only moves its position.
    """
    row = lock(Listing, listing_code)
    if row.state not in (ListingState.PUBLISHED, ListingState.PAUSED, ListingState.SUSPENDED) or not row.publications:
        return
    last = row.publications[-1]
    held = queries.held_for(row.item)
    version = held.standard.version if held else None
    seen = version == (row.checked_version or last.standard_version)
    if seen or version is None:
        return
    before, now = row.checked_position or last.position, _position(last, held)
    row.checked_version, row.checked_position = version, now
    _review(row, system())
    _touch(row)
    record(ListingStandardChanged(row.code, row.vendor.code, version, str(before), str(now)), by=system())


@transactional
def expire_listing(code: str) -> None:
    """End a listing whose last day has passed (valid through that day, Asia/Shanghai); otherwise nothing."""
    row = lock(Listing, code)
    if row.valid_to is None or clock.today() <= row.valid_to or (row.state, "expire") not in TRANSITIONS:
        return
    row.state = next_state(TRANSITIONS, row.state, "expire")
    _touch(row)
    record(ListingExpired(row.code, row.vendor.code), by=system())


@transactional
def touch_listing(code: str) -> None:
    """Give a listing a new revision, so that the index takes it anew; nothing else changes and nothing is recorded."""
    _touch(lock(Listing, code))


def _review(row: Listing, by: Actor) -> None:
    found = rules.causes(
        vendor_open=vendor_rules.is_open(vendors.facts(row.vendor)),
        lacks=[" / ".join(lack.names) for lack in queries.lacks(row, clock.today())],
        outside=_outside(row),
        objected=reviewed.is_objected(row.code),
    )
    before = {entry["cause"] for entry in row.suspension}
    row.suspension = found
    if found and row.state in (ListingState.PUBLISHED, ListingState.PAUSED):
        row.state_before = row.state
        row.state = next_state(TRANSITIONS, row.state, "suspend")
        for entry in found:
            record(ListingSuspended(row.code, row.vendor.code, entry["cause"], entry["detail"]), by=by)
    elif not found and row.state is ListingState.SUSPENDED:
        verb = "restore_paused" if row.state_before is ListingState.PAUSED else "restore"
        row.state = next_state(TRANSITIONS, row.state, verb)
        row.state_before = None
        record(ListingRestored(row.code, row.vendor.code, ", ".join(sorted(before))), by=by)


def _outside(row: Listing) -> str:
    """The words of a binding standard that the published price does not meet; empty when it does or none binds."""
    if not row.publications:
        return ""
    held = queries.held_for(row.item)
    if held is None or held.reference is None or held.reference.kind == "market":
        return ""
    content = row.publications[-1].content
    try:
        offered = pricing.quote(queries.price_of(content), queries.typical_quantity(held.standard), held.reference)
        pricing.check_price(offered, held.reference, content["low_price_reason"] or "")
    except pricing.OutsideStandard as refusal:
        return refusal.rule
    return ""


def _position(last: Publication, held: queries.Held | None) -> Position:
    if held is None or held.reference is None:
        return Position.NONE
    offered = pricing.quote(queries.price_of(last.content), queries.typical_quantity(held.standard), held.reference)
    return pricing.position(offered.fen, held.reference)


# Parts ------------------------------------------------------------------------------------------------------------------


def _own_vendor(code: str, by: Actor) -> Vendor:
    vendor = vendors.vendor(code)
    if not by.is_system and vendor.organisation.code != by.organisation:
        raise NotFound()
    return vendor


def _own(code: str, by: Actor) -> Listing:
    vendor_id = queries.listing(code).vendor_id
    lock_where(Vendor, Vendor.id == vendor_id)
    row = lock(Listing, code)
    if not by.is_system and row.vendor.organisation.code != by.organisation:
        raise NotFound()
    return row


def _assign(row: Listing, fields: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in fields:
            value = fields[name]
            setattr(row, name, list(value) if isinstance(value, tuple) else value)


def _attach(fields: Mapping[str, Any], listing_code: str, by: Actor) -> None:
    """Documents are locked before vendors and listings (market/locks.py), so this comes first."""
    for code in sorted(fields.get("attachments", ())):
        documents.attach(code, listing_code, by=by)


def _touch(row: Listing) -> None:
    row.revision += 1
    row.updated_at = clock.now()


def _content(row: Listing) -> dict[str, Any]:
    return _jsonable({name: getattr(row, name) for name in FIELDS})


def _jsonable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as a publication keeps them: enums as texts, days as ISO texts, tuples as lists."""
    return {name: _plain(value) for name, value in fields.items() if name in FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PriceModel):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _draft(row: Listing) -> rules.Draft:
    return rules.Draft(
        title=row.title,
        price_model=row.price_model,
        price_fen=row.price_fen,
        unit=row.unit,
        share_permille=row.share_permille,
        days=row.days,
        capacity=row.capacity,
        deliverables=row.deliverables,
        districts=row.districts,
        practitioners=row.practitioners,
        valid_to=row.valid_to,
    )


def _priced(row: Listing, held: queries.Held | None) -> tuple[pricing.Quote, Position]:
    reference = held.reference if held else None
    quantity = queries.typical_quantity(held.standard if held else None)
    offered = pricing.quote(queries.price_of(_content(row)), quantity, reference)
    return offered, pricing.check_price(offered, reference, row.low_price_reason or "")
