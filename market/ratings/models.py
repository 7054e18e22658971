"""Tables of ratings and credit: ratings, reports and their review, call-backs, monthly means, terms; grounds and deductions."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db import Base, Code, CodeRef, Day, Instant, LongText, Pk, Short, enum_of
from market.kernel.actor import Channel
from market.orders.models import Order
from market.orders.states import Party
from market.ratings.states import DeductionState, ProposalState, RatingState, ReviewState
from market.vendors.models import Vendor


class Rating(Base):
    """What one side of an order says of the other: at most one for each order and side, for ever."""

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("order_id", "party"),
        CheckConstraint("party in ('buyer', 'vendor')", name="party_side"),
        # the public never reads what a vendor says of its buyer
        CheckConstraint("party = 'buyer' or state in ('hidden', 'told', 'withdrawn')", name="vendors_never_public"),
        CheckConstraint(
            "quality between 1 and 5 and timeliness between 1 and 5 and attitude between 1 and 5 and charge between 1 and 5 "
            "and norms between 1 and 5",
            name="levels",
        ),
        Index("ix_rating_shown", "vendor_id", "revealed_at", postgresql_where="state in ('public', 'under_review')"),
        Index("ix_rating_waiting", "reveal_at", postgresql_where="state = 'hidden'"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    #: slugs as they were when it was written
    item: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(40))
    party: Mapped[Party] = mapped_column(enum_of(Party, "rating_party"))
    #: who wrote it, and for which organisation; the client is the organisation, or the person without one
    person: Mapped[CodeRef]
    organisation: Mapped[str | None] = mapped_column(String(11))
    client: Mapped[CodeRef]
    channel: Mapped[Channel] = mapped_column(enum_of(Channel, "rating_channel"))
    state: Mapped[RatingState] = mapped_column(enum_of(RatingState, "rating_state"))
    #: five dimensions, levels 1 to 5
    quality: Mapped[int] = mapped_column(SmallInteger)
    timeliness: Mapped[int] = mapped_column(SmallInteger)
    attitude: Mapped[int] = mapped_column(SmallInteger)
    charge: Mapped[int] = mapped_column(SmallInteger)
    norms: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[LongText] = mapped_column(default="")
    #: the author wants his name beside it
    is_named: Mapped[bool] = mapped_column(default=False)
    #: the agreed price of the order, in fen
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: why its weight is 0: a name of rules.LINKS
    link: Mapped[str | None] = mapped_column(String(24))
    given_at: Mapped[Instant]
    #: the day in Asia/Shanghai from which its age counts
    given_on: Mapped[Day]
    corrected_at: Mapped[Instant | None]
    #: the first instant after the time in which the other side can write unseen
    reveal_at: Mapped[Instant]
    revealed_at: Mapped[Instant | None]
    #: the vendor's one public reply
    reply: Mapped[LongText | None]
    replied_at: Mapped[Instant | None]

    order: Mapped[Order] = relationship()
    vendor: Mapped[Vendor] = relationship()


class RatingReview(Base):
    """A reported rating before the operator: decision and reasons, and the appeal that another operator decides."""

    __tablename__ = "rating_review"
    __table_args__ = (
        Index("uq_rating_review_running", "rating_id", unique=True, postgresql_where="state in ('open', 'appealed')"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"), index=True)
    state: Mapped[ReviewState] = mapped_column(enum_of(ReviewState, "review_state"), index=True)
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant]
    removed: Mapped[bool | None]
    reasons: Mapped[LongText | None]
    decided_by: Mapped[str | None] = mapped_column(String(11))
    decided_at: Mapped[Instant | None]
    #: the first instant after the time for an appeal
    appeal_until: Mapped[Instant | None]
    #: author (buyer) or vendor
    appeal_party: Mapped[Party | None] = mapped_column(enum_of(Party, "appeal_party"))
    appeal_words: Mapped[LongText | None]
    appealed_at: Mapped[Instant | None]
    appeal_due_at: Mapped[Instant | None]
    appeal_upheld: Mapped[bool | None]
    appeal_reasons: Mapped[LongText | None]
    appeal_decided_by: Mapped[str | None] = mapped_column(String(11))
    appeal_decided_at: Mapped[Instant | None]

    rating: Mapped[Rating] = relationship()
    reports: Mapped[list["RatingReport"]] = relationship(back_populates="review", order_by="RatingReport.id")


class RatingReport(Base):
    """One report of a rating: once by each organisation, or person without one, whatever became of it."""

    __tablename__ = "rating_report"
    __table_args__ = (UniqueConstraint("rating_id", "reporter"),)

    id: Mapped[Pk]
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"))
    review_id: Mapped[int] = mapped_column(ForeignKey("rating_review.id"), index=True)
    #: organisation or person
    reporter: Mapped[CodeRef]
    person: Mapped[CodeRef]
    #: the vendor that is rated reports
    by_vendor: Mapped[bool]
    #: a name of rules.REPORT_CAUSES
    cause: Mapped[str] = mapped_column(String(24))
    words: Mapped[LongText]
    reported_at: Mapped[Instant]

    review: Mapped[RatingReview] = relationship(back_populates="reports")


class CallBack(Base):
    """A bad rating whose author the operator calls within five working days."""

    __tablename__ = "call_back"

    id: Mapped[Pk]
    code: Mapped[Code]
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"), unique=True)
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant]
    #: a name of rules.CALL_BACK_OUTCOMES
    outcome: Mapped[str | None] = mapped_column(String(24))
    #: what was done; only the operator's desk and the author read it
    words: Mapped[LongText | None]
    person: Mapped[str | None] = mapped_column(String(11))
    done_at: Mapped[Instant | None]

    rating: Mapped[Rating] = relationship()


class CategoryMean(Base):
    """What a score leans on, published for a month: mean of a category (none: the market) and median of its order prices."""

    __tablename__ = "category_mean"
    __table_args__ = (
        UniqueConstraint("category", "month", postgresql_nulls_not_distinct=True),
        CheckConstraint("mean between 1000 and 5000", name="mean"),
        CheckConstraint("median_fen is null or median_fen > 0", name="median"),
    )

    id: Mapped[Pk]
    category: Mapped[str | None] = mapped_column(String(40))
    #: first day of the month in which it is used
    month: Mapped[Day]
    #: thousandths of a level
    mean: Mapped[int] = mapped_column(SmallInteger)
    #: ratings it was counted from; 0: the level the market began with
    count: Mapped[int] = mapped_column(Integer)
    #: median price of those orders in fen; none: not enough of them, all amounts count alike
    median_fen: Mapped[int | None] = mapped_column(BigInteger)


class RatingTerm(Base):
    """A dated term of ratings and credit, by a name of rules.TERMS: the newest row that has begun counts."""

    __tablename__ = "rating_term"
    __table_args__ = (UniqueConstraint("name", "valid_from"), CheckConstraint("value >= 0", name="value"))

    id: Mapped[Pk]
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[Day]
    #: where the figure comes from, or why the market chose it
    source_zh: Mapped[LongText]
    source_en: Mapped[LongText]


class CertaintyMark(StrEnum):
    """How sure the source of a ground is: C its text was read, C2 a secondary source's, M not checked, O the market's own."""

    CONFIRMED = "C"
    SECONDARY = "C2"
    MEMORY = "M"
    OWN = "O"


class CreditGround(Base):
    """A row of the published table of deductions, with the day from which it holds."""

    __tablename__ = "credit_ground"
    __table_args__ = (
        UniqueConstraint("slug", "valid_from"),
        CheckConstraint("points between 1 and 100", name="points"),
        CheckConstraint("fading_days > 0", name="fading_days"),
    )

    id: Mapped[Pk]
    slug: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(SmallInteger)
    title_zh: Mapped[Short]
    title_en: Mapped[Short]
    points: Mapped[int] = mapped_column(SmallInteger)
    #: days after which nothing of it is left
    fading_days: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[Day]
    #: last day, or none
    valid_to: Mapped[Day | None]
    source_zh: Mapped[LongText]
    source_en: Mapped[LongText]
    mark: Mapped[CertaintyMark] = mapped_column(enum_of(CertaintyMark, "certainty_mark"))


class CreditDeduction(Base):
    """What one upheld decision costs a vendor; it fades linearly to nothing."""

    __tablename__ = "credit_deduction"
    __table_args__ = (UniqueConstraint("vendor_id", "ground", "decision"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    ground: Mapped[str] = mapped_column(String(40))
    points: Mapped[int] = mapped_column(SmallInteger)
    fading_days: Mapped[int] = mapped_column(SmallInteger)
    decided_on: Mapped[Day]
    #: the first day on which nothing of it is left
    fades_on: Mapped[Day]
    #: code of what the decision is about (order, dispute, review), or the number of an authority's decision
    decision: Mapped[str] = mapped_column(String(80))
    reasons: Mapped[LongText]
    state: Mapped[DeductionState] = mapped_column(enum_of(DeductionState, "deduction_state"), index=True)
    made_by: Mapped[CodeRef]
    made_at: Mapped[Instant]
    appeal_until: Mapped[Instant]
    appeal_words: Mapped[LongText | None]
    appealed_at: Mapped[Instant | None]
    appeal_due_at: Mapped[Instant | None]
    appeal_reasons: Mapped[LongText | None]
    appeal_decided_by: Mapped[str | None] = mapped_column(String(11))
    appeal_decided_at: Mapped[Instant | None]

    vendor: Mapped[Vendor] = relationship()


class CreditProposal(Base):
    """What happened to an order suggests a deduction; nothing is deducted before an operator decided with reasons."""

    __tablename__ = "credit_proposal"
    __table_args__ = (UniqueConstraint("ground", "about"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    ground: Mapped[str] = mapped_column(String(40))
    #: code of the order
    about: Mapped[CodeRef]
    state: Mapped[ProposalState] = mapped_column(enum_of(ProposalState, "proposal_state"), index=True)
    proposed_at: Mapped[Instant]
    due_at: Mapped[Instant]
    reasons: Mapped[LongText | None]
    decided_by: Mapped[str | None] = mapped_column(String(11))
    decided_at: Mapped[Instant | None]

    vendor: Mapped[Vendor] = relationship()
