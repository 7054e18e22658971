"""Tables of the record: audit rows that are only added, their head, and the outbox."""

from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base, Facts, Instant, Pk


class AuditEntry(Base):
    """One thing that happened. `subjects` holds the codes of everything whose history shows it."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subjects", "subjects", postgresql_using="gin"),
        Index("ix_audit_entry_on_behalf_of", "on_behalf_of", postgresql_where="on_behalf_of IS NOT NULL"),
    )

    #: 1, 2, 3 ... without a gap
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    event: Mapped[str] = mapped_column(String(80), index=True)
    subjects: Mapped[list[str]] = mapped_column(ARRAY(Text))
    person: Mapped[str] = mapped_column(String(11), index=True)
    role: Mapped[str | None] = mapped_column(String(24))
    organisation: Mapped[str | None] = mapped_column(String(11), index=True)
    district: Mapped[str | None] = mapped_column(String(6))
    on_behalf_of: Mapped[str | None] = mapped_column(String(11))
    channel: Mapped[str] = mapped_column(String(12))
    facts: Mapped[Facts]
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The last number and hash: one row, locked while rows are added, so that the chain never branches."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class OutboxRow(Base):
    """Something that must be done after the commit: a job of rq. A row is done or still due, never lost."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "due_at", postgresql_where="done_at IS NULL"),)

    id: Mapped[Pk]
    #: dotted name of a function in a jobs.py
    job: Mapped[str] = mapped_column(String(120))
    arguments: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    done_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)
