"""Tables of the record: audit rows that are only added, their head, the outbox; leaves of the public record, its tiles,
checkpoints and cosignatures, and the log's one row."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base, Facts, Instant, LongText, Pk, Texts


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


class RecordLeaf(Base):
    """One public fact. It is written by the operation it tells of, in its transaction; the sequencer gives it its place."""

    __tablename__ = "record_leaf"
    __table_args__ = (
        Index("ix_record_leaf_waiting", "id", postgresql_where="position IS NULL"),
        Index("ix_record_leaf_event", "event", "position"),
        Index("ix_record_leaf_subjects", "subjects", postgresql_using="gin"),
    )

    id: Mapped[Pk]
    event: Mapped[str] = mapped_column(String(60))
    #: canonical JSON, as it is hashed
    body: Mapped[bytes] = mapped_column(LargeBinary)
    #: codes under which the market finds it again; never shown
    subjects: Mapped[Texts]
    #: 0, 1, 2 ... without a gap, once it is in the tree
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)


class RecordTile(Base):
    """Hashes of the tree: tile `place` of `level`, up to 256 of 32 bytes; it only grows at its end."""

    __tablename__ = "record_tile"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class RecordCheckpoint(Base):
    """The log's signed word on its tree at one size."""

    __tablename__ = "record_checkpoint"
    __table_args__ = (Index("ix_record_checkpoint_witnessed", "size", postgresql_where="witnessed_at IS NOT NULL"),)

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    #: text and signature line of the log
    note: Mapped[LongText]
    signed_at: Mapped[Instant]
    #: when the quorum of witnesses was reached: only then it is shown
    witnessed_at: Mapped[Instant | None]


class RecordCosignature(Base):
    """A witness's line under a checkpoint."""

    __tablename__ = "record_cosignature"

    size: Mapped[int] = mapped_column(BigInteger, ForeignKey("record_checkpoint.size"), primary_key=True)
    #: the witness's name in the policy
    witness: Mapped[str] = mapped_column(String(100), primary_key=True)
    line: Mapped[LongText]


class RecordLog(Base):
    """The log: one row. Whoever sequences holds it locked, so that nobody else can; the lease says who may."""

    __tablename__ = "record_log"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    #: name of the log; empty until the first sequencer gives it one, the same ever after
    origin: Mapped[str] = mapped_column(String(200))
    #: the published policy (C2SP tlog-policy); empty until then
    policy: Mapped[LongText]
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    #: the sequencer that may work, and until when (the database's clock)
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[Instant]
    #: why nothing is sequenced or signed any more; empty as it should be
    halted: Mapped[LongText]
