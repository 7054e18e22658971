"""Tables of the review: texts as they were published, and the clauses that were found in them."""

from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation
from market.db import Base, Code, Instant, LongText, Pk, Short, Texts, enum_of
from market.review.gate_rules import Kind
from market.review.rules import Fund, Severity
from market.review.states import NoticeState

__all__ = ["Clause", "Kind", "Notice", "NoticeState"]


class Notice(Base):
    """A text as it was published, with the reasons of its publisher; anybody may read all of it."""

    __tablename__ = "review_notice"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "number"),
        # one text counts at a time
        Index(
            "uq_review_notice_current", "kind", "subject", unique=True,
            postgresql_where="state IN ('open', 'in_force', 'objected')",
        ),
        Index("ix_review_notice_open", "object_by", postgresql_where="state = 'open'"),
        Index("ix_review_notice_published", "published_at", "id"),
    )  # fmt: skip

    id: Mapped[Pk]
    code: Mapped[Code]
    state: Mapped[NoticeState] = mapped_column(enum_of(NoticeState, "notice_state"))
    kind: Mapped[Kind] = mapped_column(enum_of(Kind, "notice_kind"))
    #: public code of the order, the tender, the offer, or the version of an item or standard
    subject: Mapped[str] = mapped_column(String(80))
    #: 1 for the first text of this subject, then counted on
    number: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[Short]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    district: Mapped[str | None] = mapped_column(String(6))
    item: Mapped[str | None] = mapped_column(String(60))
    fund: Mapped[Fund | None] = mapped_column(enum_of(Fund, "notice_fund"))
    #: name of the field -> text, exactly as published
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: SHA-256 of the canonical JSON of `texts`
    digest: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[Instant]
    #: the first instant at which the regulator may not object any more; none without a reason
    object_by: Mapped[Instant | None]
    #: what the regulator said: against which rules, why, when; and why not any more
    objected_rules: Mapped[Texts] = mapped_column(default=list)
    objection: Mapped[LongText | None]
    objected_at: Mapped[Instant | None]
    answer: Mapped[LongText | None]
    answered_at: Mapped[Instant | None]
    #: replaced or ended
    closed_at: Mapped[Instant | None]

    organisation: Mapped[Organisation | None] = relationship()
    clauses: Mapped[list["Clause"]] = relationship(back_populates="notice", order_by="Clause.id")


class Clause(Base):
    """A clause that was found: in a published notice, or (`notice` none) in a text that was saved and is not published.

    Of the latter nothing is kept but which rule in which field, for the public count by rule and month.
    """

    __tablename__ = "review_clause"
    __table_args__ = (
        Index(
            "uq_review_clause_found", "kind", "subject", "rule", "field", unique=True,
            postgresql_where="notice_id IS NULL",
        ),
        Index("ix_review_clause_month", "month", "rule"),
    )  # fmt: skip

    id: Mapped[Pk]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("review_notice.id"), index=True)
    kind: Mapped[Kind] = mapped_column(enum_of(Kind, "clause_kind"))
    subject: Mapped[str] = mapped_column(String(80))
    rule: Mapped[str] = mapped_column(String(12))
    field: Mapped[str] = mapped_column(String(60))
    severity: Mapped[Severity] = mapped_column(enum_of(Severity, "clause_severity"))
    #: code points of the field's text, the end exclusive
    start: Mapped[int]
    end: Mapped[int]
    #: the words that triggered it
    words: Mapped[Texts] = mapped_column(default=list)
    #: why the work needs it, in the publisher's words
    reason: Mapped[LongText | None]
    found_at: Mapped[Instant]
    #: of the market's day: 2026-03
    month: Mapped[str] = mapped_column(String(7))

    notice: Mapped[Notice | None] = relationship(back_populates="clauses")
