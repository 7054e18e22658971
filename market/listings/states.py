"""The life of a listing. Suspended: not by the vendor's will (licence, vendor's standing, a new binding standard)."""

from collections.abc import Mapping
from enum import StrEnum


class ListingState(StrEnum):
    """Where a listing stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TRANSITIONS: Mapping[tuple[ListingState, str], ListingState] = {
    (ListingState.DRAFT, "publish"): ListingState.PUBLISHED,
    (ListingState.DRAFT, "withdraw"): ListingState.WITHDRAWN,
    (ListingState.PUBLISHED, "publish"): ListingState.PUBLISHED,
    (ListingState.PUBLISHED, "pause"): ListingState.PAUSED,
    (ListingState.PAUSED, "resume"): ListingState.PUBLISHED,
    (ListingState.PAUSED, "publish"): ListingState.PUBLISHED,
    (ListingState.PUBLISHED, "suspend"): ListingState.SUSPENDED,
    (ListingState.PAUSED, "suspend"): ListingState.SUSPENDED,
    (ListingState.SUSPENDED, "publish"): ListingState.PUBLISHED,
    (ListingState.SUSPENDED, "restore"): ListingState.PUBLISHED,
    (ListingState.SUSPENDED, "restore_paused"): ListingState.PAUSED,
    (ListingState.SUSPENDED, "withdraw"): ListingState.WITHDRAWN,
    (ListingState.PUBLISHED, "withdraw"): ListingState.WITHDRAWN,
    (ListingState.PAUSED, "withdraw"): ListingState.WITHDRAWN,
    (ListingState.EXPIRED, "withdraw"): ListingState.WITHDRAWN,
    (ListingState.PUBLISHED, "expire"): ListingState.EXPIRED,
    (ListingState.PAUSED, "expire"): ListingState.EXPIRED,
    (ListingState.EXPIRED, "publish"): ListingState.PUBLISHED,
}
