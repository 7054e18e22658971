"""Tables of documents: the stored bytes once, and each time they were given."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.db import Base, Code, CodeRef, Instant, Pk, Short, enum_of
from market.documents.rules import Purpose


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
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    given_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]

    file: Mapped[StoredFile] = relationship()
    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
