"""Tables of documents: the stored bytes once, each time they were given, who reads them, uploads, consents, terms, slips."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.db import Base, Code, CodeRef, Day, Instant, LongText, Pk, Short, Texts, enum_of
from market.documents.rules import Counted, Purpose, Removal, Scan, Source, TermUnit


class StoredFile(Base):
    """Bytes in the store, by digest; the same bytes are kept once."""

    __tablename__ = "stored_file"

    id: Mapped[Pk]
    #: hex SHA-256 of the bytes: also the name in the store
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    #: media type found in the content
    media_type: Mapped[str] = mapped_column(String(100))
    stored_at: Mapped[Instant]
    #: what the virus scanner said, when, and the name of what it found
    scan: Mapped[Scan] = mapped_column(enum_of(Scan, "scan"), default=Scan.NOT_SCANNED, index=True)
    scanned_at: Mapped[Instant | None]
    found: Mapped[str | None] = mapped_column(String(200))
    #: no document needs the bytes any more: the sweep takes them; the digest stays
    gone_at: Mapped[Instant | None]

    __table_args__ = (CheckConstraint("size > 0", name="not_empty"),)


class Document(Base):
    """A file as somebody gave it: name made harmless, owner, purpose, and the code of what it is attached to."""

    __tablename__ = "document"

    id: Mapped[Pk]
    code: Mapped[Code]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    #: shown and downloaded under this name (kernel/names.py), with the ending of its real type
    name: Mapped[Short]
    purpose: Mapped[Purpose] = mapped_column(enum_of(Purpose, "document_purpose"))
    #: public code of the vendor, listing ... that it belongs to; none until it is attached
    belongs_to: Mapped[CodeRef | None]
    #: anybody may read it (attachments of published listings)
    is_public: Mapped[bool] = mapped_column(default=False)
    #: whose it is; none: the market made it (a contract), and only its readers have it
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    given_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]
    source: Mapped[Source] = mapped_column(enum_of(Source, "document_source"), default=Source.GIVEN)
    #: from the data hub: the authority that issued it, and its last day
    issuer: Mapped[str | None] = mapped_column(String(120))
    valid_to: Mapped[Day | None]
    #: part of a signed contract from then on: nobody takes it out again
    bound_at: Mapped[Instant | None]
    #: when what it belongs to came to its end: the term of retention runs from there
    ended_at: Mapped[Instant | None]
    #: why the bytes went while the row with its digest stays
    removal: Mapped[Removal | None] = mapped_column(enum_of(Removal, "removal"))

    file: Mapped[StoredFile] = relationship()
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class DocumentReader(Base):
    """A person or an organisation that may read whatever is attached to `owner_code`."""

    __tablename__ = "document_reader"
    __table_args__ = (
        CheckConstraint("(person IS NULL) <> (organisation IS NULL)", name="one_party"),
        Index(
            "uq_document_reader_running", "owner_code", "person", "organisation", unique=True,
            postgresql_where="ended_at IS NULL", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    id: Mapped[Pk]
    owner_code: Mapped[CodeRef]
    person: Mapped[CodeRef | None]
    organisation: Mapped[CodeRef | None]
    since: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class DataConsent(Base):
    """A holder's consent that one kind of document is fetched from the city's data hub for one order."""

    __tablename__ = "data_consent"
    __table_args__ = (
        Index("uq_data_consent_running", "order_code", "kind", unique=True, postgresql_where="withdrawn_at IS NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    order_code: Mapped[CodeRef]
    #: as the matter names it (Chinese)
    kind: Mapped[Short]
    #: whose document it is: the person, or the organisation he acts for
    person: Mapped[CodeRef]
    organisation: Mapped[CodeRef | None]
    #: counter staff who took the consent down for the person
    clerk: Mapped[CodeRef | None]
    given_at: Mapped[Instant]
    #: the hub was asked; whether it had one
    asked_at: Mapped[Instant | None]
    held: Mapped[bool | None]
    used_at: Mapped[Instant | None]
    withdrawn_at: Mapped[Instant | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    document: Mapped[Document | None] = relationship()


class Upload(Base):
    """A large file on its way, in parts; `received` bytes of `size` are here. A form names it by its code instead of the file."""

    __tablename__ = "upload"
    __table_args__ = (CheckConstraint("received between 0 and size", name="received"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: what the browser calls it; made harmless when it becomes a document
    name: Mapped[Short]
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[Instant]
    expires_at: Mapped[Instant]

    person: Mapped[Person] = relationship()
    parts: Mapped[list["UploadPart"]] = relationship(
        order_by="UploadPart.start", cascade="all, delete-orphan", passive_deletes=True
    )


class UploadPart(Base):
    """One piece that arrived: its first byte and length; the bytes lie in the store under `key`."""

    __tablename__ = "upload_part"
    __table_args__ = (UniqueConstraint("upload_id", "start"), CheckConstraint("size > 0", name="size"))

    id: Mapped[Pk]
    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"))
    start: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64))


class RetentionTerm(Base):
    """How long documents of a purpose are kept; the newest row that holds on the day counts."""

    __tablename__ = "retention_term"
    __table_args__ = (UniqueConstraint("purpose", "valid_from"), CheckConstraint("length >= 0", name="length"))

    id: Mapped[Pk]
    purpose: Mapped[Purpose] = mapped_column(enum_of(Purpose, "retention_purpose"))
    length: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[TermUnit] = mapped_column(enum_of(TermUnit, "term_unit"))
    counted: Mapped[Counted] = mapped_column(enum_of(Counted, "counted_from"))
    valid_from: Mapped[Day]
    #: where the figure comes from, or why the market chose it
    source: Mapped[LongText]


class Slip(Base):
    """A slip for paper originals that go into a drop-box or over the counter. It bears no name."""

    __tablename__ = "slip"

    id: Mapped[Pk]
    code: Mapped[Code]
    order_code: Mapped[CodeRef]
    #: whose it is
    person: Mapped[CodeRef | None]
    organisation: Mapped[CodeRef | None]
    originals: Mapped[Texts]
    #: the centre that it is for, or where it was received
    centre: Mapped[str | None] = mapped_column(String(60))
    made_at: Mapped[Instant]
    received_at: Mapped[Instant | None]
    received_by: Mapped[CodeRef | None]
    #: what was found in the envelope, when it was not what the slip says
    missing: Mapped[Texts] = mapped_column(default=list)
