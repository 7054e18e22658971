"""What of which event becomes public: the one table from an event's class to its leaf in the public record.

An event that is not here stays inside. Each line gives the leaf's name and the fields that it takes from the event; beside
them stands only the market's time. What fields a leaf may have, and of which kinds, is said in market/record/shapes.py, which
refuses any other: texts and names never get in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from market.catalogue import events as catalogue
from market.listings import events as listings
from market.orders import events as orders
from market.ratings import events as ratings
from market.review import events as review
from market.transaction import Publication
from market.vendors import events as vendors


def leaf(name: str, *fields: str) -> Publication:
    """A leaf called `name` with the time and these fields of the event."""

    def facts(event: Any, at: datetime) -> dict[str, Any]:
        return {"event": name, "at": moment(at)} | {field: getattr(event, field) for field in fields}

    return facts


def moment(at: datetime) -> str:
    """A moment as leaves write it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


PUBLIC: Mapping[type, Publication] = {
    catalogue.VersionProposed: leaf("standard.proposed", "version", "number"),
    catalogue.VersionPutInForce: leaf("standard.in_force", "version", "kind", "slug", "valid_from", "superseded"),
    catalogue.VersionWithdrawn: leaf("standard.withdrawn", "version"),
    catalogue.DayDeclared: leaf("calendar.declared", "day", "is_working"),
    vendors.VendorAccepted: leaf("vendor.accepted", "vendor"),
    vendors.VendorSuspended: leaf("vendor.suspended", "vendor", "appeal_until"),
    vendors.VendorReinstated: leaf("vendor.reinstated", "vendor"),
    vendors.VendorStruckOff: leaf("vendor.struck_off", "vendor", "appeal_until"),
    vendors.VendorWithdrawn: leaf("vendor.withdrawn", "vendor"),
    vendors.LicenceConfirmed: leaf("licence.confirmed", "licence", "vendor", "valid_to"),
    vendors.LicenceLapsed: leaf("licence.lapsed", "licence", "vendor", "reason"),
    listings.ListingPublished: leaf(
        "listing.published", "listing", "vendor", "item", "number", "price_fen", "standard_version", "position"
    ),
    listings.ListingSuspended: leaf("listing.suspended", "listing", "vendor", "cause"),
    listings.ListingWithdrawn: leaf("listing.withdrawn", "listing", "vendor"),
    # neither parties nor price: what two agreed on is their own, its fingerprint proves it to them
    orders.ContractConcluded: leaf("contract.concluded", "number", "digest"),
    # which rules a notice keeps with a reason, never the words: those stand with the notice, held by its digest
    review.NoticePublished: leaf("review.published", "notice", "kind", "subject", "number", "digest", "rules"),
    review.NoticeObjected: leaf("review.objected", "notice", "rules"),
    review.ObjectionWithdrawn: leaf("review.withdrawn", "notice"),
    ratings.RatingRevealed: leaf("rating.revealed", "rating", "vendor", "item", "level"),
    ratings.ReportDecided: leaf("rating.decided", "rating", "vendor", "removed"),
    ratings.AppealDecided: leaf("rating.appeal_decided", "rating", "vendor", "upheld"),
    ratings.CreditDeducted: leaf("credit.deducted", "deduction", "vendor", "ground", "points", "fades_on"),
    ratings.DeductionDecided: leaf("credit.decided", "deduction", "vendor", "upheld"),
}
