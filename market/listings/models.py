"""Tables of listings: what is being written, and a copy of each publication."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db import Base, Code, Day, Instant, LongText, Pk, Short, Texts, enum_of
from market.listings.pricing import Position, PriceModel
from market.listings.states import ListingState
from market.vendors.models import Vendor


class Listing(Base):
    """One offering of one item. The columns are what the vendor edits; what the public sees is the last `Publication`."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("price_fen is null or price_fen >= 0", name="price"),
        CheckConstraint("share_permille is null or share_permille between 1 and 5000", name="share"),
        CheckConstraint("days between 0 and 3650", name="days"),
        CheckConstraint("capacity between 0 and 10000", name="capacity"),
        Index("ix_listing_public", "item", "state"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    #: slug of the service item
    item: Mapped[str] = mapped_column(String(60), index=True)
    state: Mapped[ListingState] = mapped_column(enum_of(ListingState, "listing_state"))
    #: the state before a suspension, to come back to
    state_before: Mapped[ListingState | None] = mapped_column(enum_of(ListingState, "listing_state_before"))
    #: why it is suspended: list of {code, text, params}
    suspension: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    title: Mapped[Short]
    description: Mapped[LongText]
    price_model: Mapped[PriceModel] = mapped_column(enum_of(PriceModel, "price_model"))
    #: fixed: the price; per unit: the price of one unit; quotation: the maximum. In fen, tax included when tax_included
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: per unit: what one unit is (m2, sample, station ...)
    unit: Mapped[str | None] = mapped_column(String(40))
    #: fixed: it covers so many units of the item's measure; more is on quotation (none: no limit)
    covers: Mapped[int | None] = mapped_column(BigInteger)
    #: per unit: the least that is charged, in fen
    minimum_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: share of the standard in thousandths (850 = 85 %)
    share_permille: Mapped[int | None] = mapped_column(SmallInteger)
    tax_included: Mapped[bool] = mapped_column(default=True)
    #: value added tax in thousandths (60 = 6 %), used when the price is without tax
    tax_permille: Mapped[int] = mapped_column(SmallInteger, default=60)
    #: travel inside the city, in fen; 0 is free
    travel_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    #: working days until the result is delivered
    days: Mapped[int] = mapped_column(SmallInteger)
    #: working days in which faults are mended free of charge; 0 is none
    guarantee_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    deliverables: Mapped[Texts]
    #: division codes; empty: all districts
    districts: Mapped[Texts]
    #: codes of the practitioners named for the work
    practitioners: Mapped[Texts]
    #: jobs at once
    capacity: Mapped[int] = mapped_column(SmallInteger)
    languages: Mapped[Texts]
    #: codes of public documents
    attachments: Mapped[Texts]
    #: written explanation of a price far below the standard
    low_price_reason: Mapped[LongText | None]
    #: last day on which it is offered; none: until withdrawn
    valid_to: Mapped[Day | None]
    published_at: Mapped[Instant | None]
    #: the newest standard that the publication was held to since, and where the price then lay
    checked_version: Mapped[str | None] = mapped_column(String(11))
    checked_position: Mapped[Position | None] = mapped_column(enum_of(Position, "checked_position"))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    #: counts every change: the external version in the index
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    #: neutral order among a vendor's own listings: from the hash of its code
    neutral: Mapped[int] = mapped_column(BigInteger)

    vendor: Mapped[Vendor] = relationship()
    publications: Mapped[list["Publication"]] = relationship(back_populates="listing", order_by="Publication.number")


class Publication(Base):
    """A copy of a listing as it was published, with the standard its price was held to. Never changed."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("listing_id", "number"),)

    id: Mapped[Pk]
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: code of the catalogue version of the standard, none where there is none
    standard_version: Mapped[str | None] = mapped_column(String(11), index=True)
    #: reference, low and high of the standard at the typical inputs, in fen
    reference_fen: Mapped[int | None] = mapped_column(BigInteger)
    low_fen: Mapped[int | None] = mapped_column(BigInteger)
    high_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: the price at the typical inputs, tax included, in fen; none on quotation
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[Position] = mapped_column(enum_of(Position, "position"))
    published_at: Mapped[Instant]

    listing: Mapped[Listing] = relationship(back_populates="publications")
