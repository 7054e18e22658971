"""Offers for programs: read by anybody, written by a vendor's token with the scope listings:write."""

from typing import Any

from flask_smorest import Blueprint

from market.http import allow, current_actor, public
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.listings import operations, queries, schemas
from market.listings.models import Listing
from market.vendors import queries as vendors

blp = Blueprint("listings_api", __name__, url_prefix="/api/v1", description="Offers")
WRITE = "listings:write"


@blp.route("/listings/<code>")
@public
@blp.response(200, schemas.ListingOut)
def listing(code: str) -> Any:
    """One offer as published last; `offered` says whether it can be ordered now."""
    return public_form(queries.published(code))


@blp.route("/listings", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.arguments(schemas.ListingIn)
@blp.response(201, schemas.ListingOut)
def make(data: dict[str, Any]) -> Any:
    """Begin an offer as a draft."""
    vendor = vendors.vendor_of(current_actor().organisation)
    if vendor is None:
        raise NotFound()
    if not data["item"]:
        raise Invalid.field("item", N_("Say which service the offer is for."))
    row = operations.draft_listing(vendor.code, data["item"], schemas.fields_of(data), by=current_actor())
    return own_form(row)


@blp.route("/listings/<code>", methods=["PUT"])
@allow(Role.VENDOR, scope=WRITE)
@blp.arguments(schemas.ListingIn)
@blp.response(200, schemas.ListingOut)
def edit(data: dict[str, Any], code: str) -> Any:
    """Change what was written; the public sees it after the next publication."""
    return own_form(operations.edit_listing(code, schemas.fields_of(data), by=current_actor()))


@blp.route("/listings/<code>/publish", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.arguments(schemas.PublishIn)
@blp.response(200, schemas.ListingOut)
def publish(data: dict[str, Any], code: str) -> Any:
    """Offer it as it is written now. Its new texts pass the review: 422 reason_needed or objection_stands."""
    operations.publish_listing(code, reasons=data["reasons"], by=current_actor())
    return public_form(queries.published(code))


@blp.route("/listings/<code>/pause", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.response(200, schemas.ListingOut)
def pause(code: str) -> Any:
    """Take no orders for now."""
    return public_form(operations.pause_listing(code, by=current_actor()))


@blp.route("/listings/<code>/resume", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.response(200, schemas.ListingOut)
def resume(code: str) -> Any:
    """Offer it again as last published."""
    return public_form(operations.resume_listing(code, by=current_actor()))


@blp.route("/listings/<code>/withdraw", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.response(200, schemas.ListingOut)
def withdraw(code: str) -> Any:
    """Take it back for good."""
    return own_form(operations.withdraw_listing(code, by=current_actor()))


def public_form(row: Listing) -> dict[str, Any]:
    """An offer from its last publication: permitted fields alone."""
    last = queries.publication(row)
    content = last.content
    return _head(row) | _body(content) | {
        "publication": last.number,
        "standard_version": last.standard_version,
        "position": str(last.position),
        "low_price_reason": content["low_price_reason"],
    }  # fmt: skip


def own_form(row: Listing) -> dict[str, Any]:
    """An offer as its vendor wrote it, perhaps not yet published."""
    content = {name: getattr(row, name) for name in operations.FIELDS}
    valid_to = row.valid_to.isoformat() if row.valid_to else None
    return _head(row) | _body(content | {"valid_to": valid_to}) | {"low_price_reason": row.low_price_reason}


def _head(row: Listing) -> dict[str, Any]:
    return {
        "code": row.code,
        "vendor": row.vendor.code,
        "vendor_name": row.vendor.name,
        "item": row.item,
        "state": str(row.state),
        "offered": queries.is_offered(row),
        "published_at": row.published_at,
    }


def _body(content: dict[str, Any]) -> dict[str, Any]:
    same = (
        "title", "description", "unit", "covers", "share_permille", "tax_included", "tax_permille", "days", "guarantee_days",
        "deliverables", "districts", "capacity", "languages", "valid_to",
    )  # fmt: skip
    return {name: content[name] for name in same} | {
        "price_model": str(content["price_model"]),
        "price": content["price_fen"],
        "minimum": content["minimum_fen"],
        "travel": content["travel_fen"],
    }
