"""Tables of alerts."""

from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.db import Base, Code, Day, Instant, Pk, Short, Texts


class SavedSearch(Base):
    """A question to the index of offers that a person keeps."""

    __tablename__ = "saved_search"
    __table_args__ = (
        Index("uq_saved_search_running", "person_id", "fingerprint", unique=True, postgresql_where="ended_at IS NULL"),
        # the searches that an offer of an item may fit: those of it, and those of any
        Index("ix_saved_search_items", "items", postgresql_using="gin", postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    #: as the person calls it
    label: Mapped[Short]
    #: the search page's parameters, for the link that shows it again
    args: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: the fields of search.offers.OfferSearch that say what is wanted
    question: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: hex SHA-256 of the canonical JSON of the question
    fingerprint: Mapped[str] = mapped_column(String(64))
    #: items that it was narrowed to; none: any
    items: Mapped[Texts]
    created_at: Mapped[Instant]
    #: the day of the last alerts and how many there were on it
    told_on: Mapped[Day | None]
    told: Mapped[int] = mapped_column(SmallInteger, default=0)
    ended_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()


class SavedDemand(Base):
    """A kind of need that a vendor waits for: a service, in some districts or (none) in all."""

    __tablename__ = "saved_demand"
    __table_args__ = (
        Index("uq_saved_demand_running", "organisation_id", "item", unique=True, postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    item: Mapped[str] = mapped_column(String(60))
    districts: Mapped[Texts]
    created_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]

    organisation: Mapped[Organisation] = relationship()
