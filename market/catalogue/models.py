"""Tables of the catalogue. Items, matters and standards are versioned: what once was in force stays readable."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.catalogue.states import VersionState
from market.db import Base, Code, Day, Instant, LongText, Pk, Short, Texts, enum_of


class Category(Base):
    """A field of trade; `position` is the published order."""

    __tablename__ = "category"

    id: Mapped[Pk]
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[Short]
    name_en: Mapped[Short]
    position: Mapped[int] = mapped_column(SmallInteger)


class District(Base):
    """A district or development zone of the city, by its division code (zones have a code of our own: `is_official` false)."""

    __tablename__ = "district"

    id: Mapped[Pk]
    code: Mapped[str] = mapped_column(String(6), unique=True)
    name_zh: Mapped[Short]
    name_en: Mapped[Short]
    kind: Mapped[str] = mapped_column(String(20))
    is_official: Mapped[bool]
    aliases: Mapped[Texts]


class Centre(Base):
    """A service centre where staff help in person. `is_invented` ones are for the demo."""

    __tablename__ = "centre"

    id: Mapped[Pk]
    code: Mapped[str] = mapped_column(String(12), unique=True)
    district_code: Mapped[str] = mapped_column(String(6), index=True)
    name_zh: Mapped[Short]
    name_en: Mapped[Short]
    kind: Mapped[str] = mapped_column(String(20))
    services: Mapped[Texts]
    is_invented: Mapped[bool]


class Entry(Base):
    """Something with versions: an item, a matter or a price standard, known by `slug` in addresses and data."""

    __tablename__ = "catalogue_entry"
    __table_args__ = (
        UniqueConstraint("kind", "slug"),
        CheckConstraint("kind in ('item', 'matter', 'standard')", name="kind"),
    )

    id: Mapped[Pk]
    kind: Mapped[str] = mapped_column(String(10))
    slug: Mapped[str] = mapped_column(String(60), index=True)

    versions: Mapped[list["Version"]] = relationship(back_populates="entry", order_by="Version.number")


class Version(Base):
    """One version of an entry: its whole content, its state, and the days between which it holds."""

    __tablename__ = "catalogue_version"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="days"),
        Index(
            "ix_catalogue_version_in_force",
            "entry_id",
            "valid_from",
            postgresql_where="state in ('in_force', 'superseded')",
        ),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    entry_id: Mapped[int] = mapped_column(ForeignKey("catalogue_entry.id"))
    #: 1, 2, 3 ... within the entry
    number: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[VersionState] = mapped_column(enum_of(VersionState, "version_state"), index=True)
    #: the whole content, in the form of market/catalogue/data (checked by schema before it is stored)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: why it was changed and on which basis
    reason: Mapped[LongText]
    #: first and last day on which it holds (Asia/Shanghai); no last day: until superseded
    valid_from: Mapped[Day]
    valid_to: Mapped[Day | None]
    #: standards: division code it is limited to; none: the whole city
    district: Mapped[str | None] = mapped_column(String(6))
    #: standards that bind (guided, set): slugs of the items they are for
    items: Mapped[Texts]
    #: consultation: open until the end of this day
    consulted_until: Mapped[Day | None]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(String(11))

    entry: Mapped[Entry] = relationship(back_populates="versions")


class Comment(Base):
    """What somebody said in the consultation on a proposed version; public."""

    __tablename__ = "catalogue_comment"

    id: Mapped[Pk]
    code: Mapped[Code]
    version_id: Mapped[int] = mapped_column(ForeignKey("catalogue_version.id"), index=True)
    organisation: Mapped[str | None] = mapped_column(String(11))
    text: Mapped[LongText]
    created_at: Mapped[Instant]


class CalendarDay(Base):
    """A day that an operator declared off or working, on top of the shipped holidays."""

    __tablename__ = "calendar_day"

    on: Mapped[Day] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    #: the notice of the State Council that says so
    basis: Mapped[Short]
    declared_at: Mapped[Instant]
