"""Tables of notifications."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Person
from market.db import Base, Code, Facts, Instant, LongText, Pk


class Message(Base):
    """One message to one person: shown on the desk, and sent by mail when `by_mail` is set."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_unread", "person_id", postgresql_where="read_at IS NULL"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: message ids with named parameters
    subject: Mapped[LongText]
    body: Mapped[LongText]
    params: Mapped[Facts]
    #: path within the market that the message leads to
    path: Mapped[str | None] = mapped_column(String(300))
    by_mail: Mapped[bool] = mapped_column(default=False)
    #: messages with the same key to the same person are made once
    once_key: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()


Index(
    "uq_message_once",
    Message.person_id,
    Message.once_key,
    unique=True,
    postgresql_where=Message.once_key.is_not(None),
)
