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
from market.vendors.states import ChangeState, LicenceState, VendorState


class LegalForm(StrEnum):
    """All forms may enter: companies, partnerships, sole traders, public institutions, social organisations."""

    COMPANY = "company"
    PARTNERSHIP = "partnership"
    SOLE_TRADER = "sole_trader"
    INSTITUTION = "institution"
    SOCIAL = "social"


class ChangeKind(StrEnum):
    """What an active vendor changed and an operator looks at again."""

    FIRM = "firm"
    REPRESENTATIVE = "representative"
    LICENCE = "licence"
    PRACTITIONER = "practitioner"


class ConfirmedBy(StrEnum):
    """What stands behind a licence that counts."""

    REGISTRY = "registry"
    OPERATOR = "operator"


class Vendor(Base):
    """An intermediary: its entry, its state and what it declared."""

    __tablename__ = "vendor"
    __table_args__ = (
        # a draft may hold any code that was typed, so that nobody blocks a firm by typing its code first
        Index(
            "uq_vendor_credit_code",
            "credit_code",
            unique=True,
            postgresql_where="state in ('applied', 'active', 'suspended', 'struck_off')",
        ),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), unique=True)
    state: Mapped[VendorState] = mapped_column(enum_of(VendorState, "vendor_state"), index=True)
    name: Mapped[Short]
    #: for search: full pinyin and initials of the name
    name_pinyin: Mapped[Short]
    credit_code: Mapped[str | None] = mapped_column(String(18), index=True)
    #: the vendor says that a code which the form doubts is printed like this; an operator must accept it
    credit_code_as_printed: Mapped[bool] = mapped_column(default=False)
    #: set when an operator accepted such a code (check character, or reads as a person's number), with his reason
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
    #: the firm's business licence or registration paper
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
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
    #: end of the operator's two working days: the first instant after the last of them
    check_due_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    #: the operator's exact reasons: list of {question, code, text}
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    #: questions answered yes in the last check: keyed digest of what was looked at, by question
    passed: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    #: why suspended or struck off, on which basis, and until when an appeal can be made
    standing_reason: Mapped[LongText | None]
    standing_basis: Mapped[LongText | None]
    appeal_until: Mapped[Day | None]
    #: neutral order (kernel/ordering.py): 31 integers, one column a day
    neutral: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    #: counts every change of this row: the version of the vendor's document in the index
    revision: Mapped[int] = mapped_column(BigInteger)

    __mapper_args__ = {"version_id_col": revision}

    organisation: Mapped[Organisation] = relationship()
    paper: Mapped[Document | None] = relationship()
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
    #: why it does not count, as the vendor reads it: {code, text, ...} (rules.REASONS)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: a file that was not taken: {name, what, remedy, params}
    file_refused: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    confirmed_by: Mapped[ConfirmedBy | None] = mapped_column(enum_of(ConfirmedBy, "confirmed_by"))
    confirmed_at: Mapped[Instant | None]
    #: when it first counted: a licence may be confirmed before its first day
    begun_at: Mapped[Instant | None]
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
    #: counted and shown only from here on
    confirmed_at: Mapped[Instant | None]
    #: why an operator did not confirm it: {code, text}
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    joined_at: Mapped[Instant]
    left_at: Mapped[Instant | None]

    vendor: Mapped[Vendor] = relationship(back_populates="practitioners")


class VendorChange(Base):
    """Something that an active vendor changed, waiting for the operator's look within two working days.

    New data of the firm or its representative lie sealed in `values` until they are accepted; a licence or practitioner has its
    own row, which does not count before.
    """

    __tablename__ = "vendor_change"
    __table_args__ = (
        # one open change of a kind for one thing
        Index(
            "uq_vendor_change_open",
            "vendor_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where="state = 'open'",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(enum_of(ChangeKind, "change_kind"))
    #: code of the licence or practitioner
    subject: Mapped[str | None] = mapped_column(String(11))
    #: names of the fields that change
    fields: Mapped[Texts]
    #: JSON of the new values by field, encrypted
    values: Mapped[str | None] = mapped_column(Encrypted)
    state: Mapped[ChangeState] = mapped_column(enum_of(ChangeState, "change_state"), index=True)
    given_at: Mapped[Instant]
    #: end of the operator's two working days
    due_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    #: why it was returned: {code, text}
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    vendor: Mapped[Vendor] = relationship()


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
    #: credit in thousandths of a point (100000 is the start); in the row without an item
    credit: Mapped[int] = mapped_column(default=100_000)
    updated_at: Mapped[Instant]
