"""Tables of vendors. No column asks for local registration, a branch, turnover or tax (a test holds the list of words)."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation
from market.db import Base, Code, Day, Instant, LongText, Pk, Short, Texts, enum_of
from market.documents.models import Document
from market.personal_data import Encrypted
from market.vendors.states import LicenceState, VendorState


class LegalForm(StrEnum):
    """All forms may enter: companies, partnerships, sole traders, public institutions, social organisations."""

    COMPANY = "company"
    PARTNERSHIP = "partnership"
    SOLE_TRADER = "sole_trader"
    INSTITUTION = "institution"
    SOCIAL = "social"


class Vendor(Base):
    """An intermediary: its entry, its state and what it declared."""

    __tablename__ = "vendor"

    id: Mapped[Pk]
    code: Mapped[Code]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), unique=True)
    state: Mapped[VendorState] = mapped_column(enum_of(VendorState, "vendor_state"), index=True)
    name: Mapped[Short]
    #: for search: full pinyin and initials of the name
    name_pinyin: Mapped[Short]
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    #: set when an operator accepted a genuine code that fails its check character, with his reason
    credit_code_override: Mapped[LongText | None]
    legal_form: Mapped[LegalForm | None] = mapped_column(enum_of(LegalForm, "legal_form"))
    #: personal data of the representative and the contact, encrypted
    representative: Mapped[str | None] = mapped_column(Encrypted)
    contact_name: Mapped[str | None] = mapped_column(Encrypted)
    contact_phone: Mapped[str | None] = mapped_column(Encrypted)
    #: keyed hashes, for connected bidders
    representative_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    #: business address as written; where it lies decides nothing
    address: Mapped[str | None] = mapped_column(String(300))
    introduction: Mapped[LongText | None]
    languages: Mapped[Texts]
    #: undertakings by name, agreed at the time given
    undertakings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: declared ties with public bodies: list of {body, kind, explanation}; empty list and `ties_declared_at`: none
    ties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    ties_declared_at: Mapped[Instant | None]
    #: the step of the application that was saved last (1 to 5)
    step: Mapped[int] = mapped_column(SmallInteger, default=1)
    applied_at: Mapped[Instant | None]
    #: end of the operator's two working days
    check_due_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    #: the operator's exact reasons, by field: list of {field, reason}
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    #: why suspended or struck off, on which basis, and until when an appeal can be made
    standing_reason: Mapped[LongText | None]
    standing_basis: Mapped[LongText | None]
    appeal_until: Mapped[Day | None]
    #: neutral order (kernel/ordering.py): 31 integers, one column a day
    neutral: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    organisation: Mapped[Organisation] = relationship()
    licences: Mapped[list["Licence"]] = relationship(back_populates="vendor", order_by="Licence.id")
    practitioners: Mapped[list["Practitioner"]] = relationship(back_populates="vendor", order_by="Practitioner.id")


class Licence(Base):
    """A licence or qualification as the vendor gave it and the registry confirmed it. Valid through its last day."""

    __tablename__ = "licence"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="days"),
        Index("ix_licence_end", "valid_to", postgresql_where="state = 'valid'"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    #: which qualification, as the catalogue names it (qualification name of the items it opens)
    kind: Mapped[str] = mapped_column(String(120))
    level: Mapped[str | None] = mapped_column(String(60))
    number: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[Short]
    valid_from: Mapped[Day]
    valid_to: Mapped[Day | None]
    state: Mapped[LicenceState] = mapped_column(enum_of(LicenceState, "licence_state"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    #: what the registry said last, and when
    registry_answer: Mapped[str | None] = mapped_column(String(20))
    registry_checked_at: Mapped[Instant | None]
    reason: Mapped[LongText | None]
    #: days before the end (60, 30, 7) for which the vendor was warned
    warned: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    created_at: Mapped[Instant]

    vendor: Mapped[Vendor] = relationship(back_populates="licences")
    document: Mapped[Document | None] = relationship()


class Practitioner(Base):
    """A registered professional of the vendor. The identity number is encrypted; the hash finds the same person elsewhere."""

    __tablename__ = "practitioner"
    __table_args__ = (
        Index("uq_practitioner_running", "vendor_id", "id_hash", unique=True, postgresql_where="left_at IS NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    name: Mapped[str] = mapped_column(Encrypted)
    id_number: Mapped[str] = mapped_column(Encrypted)
    id_hash: Mapped[str] = mapped_column(String(64), index=True)
    #: profession as registered, and the number of the registration
    profession: Mapped[str] = mapped_column(String(120))
    registration: Mapped[str] = mapped_column(String(80))
    valid_to: Mapped[Day | None]
    joined_at: Mapped[Instant]
    left_at: Mapped[Instant | None]

    vendor: Mapped[Vendor] = relationship(back_populates="practitioners")


class Standing(Base):
    """What domains further right know of a vendor, for an item or in all (item none). Written by vendors.operations alone.

    Ratings in thousandths of a star (1000 to 5000) with the 95 % interval; k of n for on-time and first-pass.
    """

    __tablename__ = "standing"
    __table_args__ = (UniqueConstraint("vendor_id", "item", postgresql_nulls_not_distinct=True),)

    id: Mapped[Pk]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    item: Mapped[str | None] = mapped_column(String(60))
    rating_mean: Mapped[int | None] = mapped_column(SmallInteger)
    rating_low: Mapped[int | None] = mapped_column(SmallInteger)
    rating_high: Mapped[int | None] = mapped_column(SmallInteger)
    rating_count: Mapped[int] = mapped_column(default=0)
    on_time: Mapped[int] = mapped_column(default=0)
    on_time_of: Mapped[int] = mapped_column(default=0)
    first_pass: Mapped[int] = mapped_column(default=0)
    first_pass_of: Mapped[int] = mapped_column(default=0)
    open_jobs: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[Instant]
