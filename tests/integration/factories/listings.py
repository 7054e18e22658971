"""Listings for tests, made through the operations. Everything is invented."""

from typing import Any

from market.kernel.actor import Actor
from market.listings import operations
from market.listings.models import Listing
from market.listings.pricing import PriceModel
from market.vendors.models import Vendor

#: an item without a standard and without a demanded licence
FREE_ITEM = "stability-risk"
#: what a listing needs to be published
FIELDS: dict[str, Any] = {
    "title": "社会稳定风险评估（示例）", "price_model": PriceModel.FIXED, "price_fen": 1_200_000, "days": 15, "capacity": 3,
    "deliverables": ["评估报告 3 份"],
}  # fmt: skip


def drafted(vendor: Vendor, by: Actor, item: str = FREE_ITEM, **fields: Any) -> Listing:
    """A draft that is ready to be published."""
    return operations.draft_listing(vendor.code, item, {**FIELDS, **fields}, by=by)


def published(vendor: Vendor, by: Actor, item: str = FREE_ITEM, **fields: Any) -> Listing:
    """An offer that the public sees."""
    row = drafted(vendor, by, item, **fields)
    operations.publish_listing(row.code, by=by)
    return row
