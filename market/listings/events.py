"""What can have happened to listings. Money in integer fen."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ListingDrafted:
    """A vendor began a listing of `item`."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    item: str


@dataclass(frozen=True, slots=True)
class ListingEdited:
    """Fields changed; `changes` maps field to [old, new]. The public sees it only after publication."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    changes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class ListingPublished:
    """Publication `number`: price at typical inputs, the standard used and where the price lies."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    item: str
    number: int
    price_fen: int | None
    standard_version: str | None
    position: str


@dataclass(frozen=True, slots=True)
class ListingPaused:
    """The vendor takes no orders on it for now."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str


@dataclass(frozen=True, slots=True)
class ListingResumed:
    """Offered again as last published."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str


@dataclass(frozen=True, slots=True)
class ListingSuspended:
    """Not by the vendor's will; `cause` is licence, vendor or standard."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    cause: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListingRestored:
    """The cause of the suspension is gone."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    cause: str


@dataclass(frozen=True, slots=True)
class ListingWithdrawn:
    """Taken back for good by the vendor."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str


@dataclass(frozen=True, slots=True)
class ListingExpired:
    """Its last day has passed."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str


@dataclass(frozen=True, slots=True)
class ListingStandardChanged:
    """A new standard came into force for its item; where the price now lies."""

    ABOUT: ClassVar = ("listing", "vendor")
    listing: str
    vendor: str
    standard_version: str
    position_before: str
    position_now: str


@dataclass(frozen=True, slots=True)
class ListingsImported:
    """A file with listings was read in: how many were made and how many rows were refused."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    made: int
    refused: int
