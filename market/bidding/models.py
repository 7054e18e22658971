"""Tables of tenders: the notice, key holders, sealed envelopes, questions, connected bidders, experts, auction moves, objections."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.bidding.states import TenderState
from market.db import Base, Code, CodeRef, Instant, LongText, Pk, Short, Texts, enum_of
from market.record.models import RecordLeaf
from market.vendors.models import Vendor


class Method(StrEnum):
    """How a tender is decided (methods.py)."""

    DRAW = "draw"
    LOWEST = "lowest"
    BEST_VALUE = "best_value"
    AUCTION = "auction"
    MERIT_DRAW = "merit_draw"
    BENCHMARK = "benchmark"


class Tender(Base):
    """One need under selection: a frozen copy of the order's need, the notice, and what came of it."""

    __tablename__ = "tender"
    __table_args__ = (
        CheckConstraint("ceiling_fen is null or ceiling_fen > 0", name="ceiling"),
        CheckConstraint("minimum >= 1", name="minimum"),
        # one tender at a time for an order
        Index("uq_tender_running", "order", unique=True, postgresql_where="state not in ('failed', 'cancelled')"),
        Index("ix_tender_state", "state", "closes_at"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    state: Mapped[TenderState] = mapped_column(enum_of(TenderState, "tender_state"))
    #: the order whose need it is, by code
    order: Mapped[CodeRef]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    item: Mapped[str] = mapped_column(String(60), index=True)
    district: Mapped[str] = mapped_column(String(6))
    title: Mapped[Short]
    fund: Mapped[str] = mapped_column(String(24))
    #: the need as it was placed: description, requirements, conditions, facts, days, needed_by
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)

    # the terms
    method: Mapped[Method] = mapped_column(enum_of(Method, "tender_method"))
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    low: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    minimum: Mapped[int] = mapped_column(SmallInteger)
    #: the beacon's chain and round, or none
    chain: Mapped[str] = mapped_column(String(64), default="none")
    round: Mapped[int] = mapped_column(BigInteger, default=0)
    #: vendors that must not win, each with its public reason: {code: words}
    avoided: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    closes_at: Mapped[Instant | None]
    #: the notice that holds (bundle.py says its shape), the digest of it, and how many there were
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    digest: Mapped[str | None] = mapped_column(String(64))
    notices: Mapped[int] = mapped_column(SmallInteger, default=0)
    extended: Mapped[bool] = mapped_column(default=False)

    # what came of it
    pool: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    scores: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    beacon: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    winner_id: Mapped[int | None] = mapped_column(ForeignKey("vendor.id"))
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: why it failed, was called off or extended: {code, words}
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: what is waited for, and the first instant after the term
    waiting_for: Mapped[str | None] = mapped_column(String(24))
    due_at: Mapped[Instant | None] = mapped_column(index=True)
    #: seconds after the deadline at which it closed
    late_s: Mapped[int | None]
    #: the start of the auction's present run, and how many there were
    starts_at: Mapped[Instant | None]
    runs: Mapped[int] = mapped_column(SmallInteger, default=0)

    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    submitted_at: Mapped[Instant | None]
    published_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    frozen_at: Mapped[Instant | None]
    opened_at: Mapped[Instant | None]
    proposed_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]

    organisation: Mapped[Organisation | None] = relationship()
    person: Mapped[Person] = relationship()
    winner: Mapped[Vendor | None] = relationship()
    holders: Mapped[list["TenderHolder"]] = relationship(
        back_populates="tender", order_by="(TenderHolder.key_set, TenderHolder.place)"
    )
    envelopes: Mapped[list["Envelope"]] = relationship(back_populates="tender", order_by="Envelope.id")
    questions: Mapped[list["Question"]] = relationship(back_populates="tender", order_by="Question.id")
    exclusions: Mapped[list["Exclusion"]] = relationship(back_populates="tender", order_by="Exclusion.id")
    experts: Mapped[list["Expert"]] = relationship(back_populates="tender", order_by="Expert.number")
    objections: Mapped[list["Objection"]] = relationship(back_populates="tender", order_by="Objection.id")
    explanations: Mapped[list["Explanation"]] = relationship(back_populates="tender", order_by="Explanation.id")
    connections: Mapped[list["Connection"]] = relationship(back_populates="tender", order_by="Connection.id")
    moves: Mapped[list["AuctionMove"]] = relationship(back_populates="tender", order_by="AuctionMove.id")


class TenderHolder(Base):
    """One of the parties whose keys lock the envelopes of a set; any two of a set open them all."""

    __tablename__ = "tender_holder"
    __table_args__ = (UniqueConstraint("tender_id", "key_set", "holder"),)

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    #: bids, or technical and price
    key_set: Mapped[str] = mapped_column(String(12))
    place: Mapped[int] = mapped_column(SmallInteger)
    #: buyer, regulator, operator
    holder: Mapped[str] = mapped_column(String(12))
    #: hexadecimal; the private half only once it is published
    public: Mapped[str | None] = mapped_column(String(64))
    private: Mapped[str | None] = mapped_column(String(64))
    given_at: Mapped[Instant | None]
    published_at: Mapped[Instant | None]

    tender: Mapped[Tender] = relationship(back_populates="holders")


class Envelope(Base):
    """A sealed envelope as it arrived. Every version stays; the last one before the closing counts."""

    __tablename__ = "envelope"
    __table_args__ = (Index("ix_envelope_bidder", "tender_id", "bidder"), Index("ix_envelope_vendor", "vendor_id"))

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    #: the vendor; none for an entropy of a key holder
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendor.id"))
    #: as it stands in the envelope: a vendor's code, or a holder
    bidder: Mapped[str] = mapped_column(String(12))
    part: Mapped[str] = mapped_column(String(12))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    salt: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    #: its trace in the public record
    leaf_id: Mapped[int] = mapped_column(ForeignKey("record_leaf.id"))
    received_at: Mapped[Instant]
    #: what its bidder revealed himself: {nonce, bid}
    reveal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    tender: Mapped[Tender] = relationship(back_populates="envelopes")
    vendor: Mapped[Vendor | None] = relationship()
    leaf: Mapped[RecordLeaf] = relationship()


class Question(Base):
    """A question about a notice and its answer. Who asked is kept for the refusal of the next hundred, and shown to nobody."""

    __tablename__ = "tender_question"

    id: Mapped[Pk]
    code: Mapped[Code]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    words: Mapped[LongText]
    asked_at: Mapped[Instant]
    answer: Mapped[LongText | None]
    material: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[Instant | None]

    tender: Mapped[Tender] = relationship(back_populates="questions")


class Exclusion(Base):
    """A bidder that does not count, once; the reason is of the list in rules.EXCLUSIONS."""

    __tablename__ = "tender_exclusion"
    __table_args__ = (UniqueConstraint("tender_id", "vendor_id"),)

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    reason: Mapped[str] = mapped_column(String(24))
    words: Mapped[LongText] = mapped_column(default="")
    excluded_at: Mapped[Instant]

    tender: Mapped[Tender] = relationship(back_populates="exclusions")
    vendor: Mapped[Vendor] = relationship()


class Connection(Base):
    """A group of bidders that share something which firms that compete do not share; found before the pool freezes."""

    __tablename__ = "tender_connection"

    id: Mapped[Pk]
    code: Mapped[Code]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    vendors: Mapped[Texts]
    #: representative, phone, address
    grounds: Mapped[Texts]
    found_at: Mapped[Instant]
    reply_by: Mapped[Instant]
    #: vendor code -> its words
    replies: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    excluded: Mapped[bool | None]
    words: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]

    tender: Mapped[Tender] = relationship(back_populates="connections")


class Expert(Base):
    """Somebody who marks bids. Within the tender he is a number; ties are declared before the first mark."""

    __tablename__ = "tender_expert"
    __table_args__ = (UniqueConstraint("tender_id", "person_id"), UniqueConstraint("tender_id", "number"))

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    declared_at: Mapped[Instant | None]
    #: he has a tie with somebody who takes part: he does not mark
    conflict: Mapped[bool | None]
    #: vendor code -> marks by criterion, in thousandths
    marks: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    tender: Mapped[Tender] = relationship(back_populates="experts")
    person: Mapped[Person] = relationship()


class AuctionMove(Base):
    """A valid move of an auction, in the order of the public record."""

    __tablename__ = "auction_move"

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    run: Mapped[int] = mapped_column(SmallInteger)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    alias: Mapped[str] = mapped_column(String(8))
    price_fen: Mapped[int] = mapped_column(BigInteger)
    #: whole seconds after the start of the run
    at_s: Mapped[int]
    moved_at: Mapped[Instant]
    leaf_id: Mapped[int] = mapped_column(ForeignKey("record_leaf.id"))

    tender: Mapped[Tender] = relationship(back_populates="moves")
    vendor: Mapped[Vendor] = relationship()
    leaf: Mapped[RecordLeaf] = relationship()


class Explanation(Base):
    """A low price that its bidder is asked to explain; what the buyer says to it."""

    __tablename__ = "low_price_explanation"
    __table_args__ = (UniqueConstraint("tender_id", "vendor_id"),)

    id: Mapped[Pk]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    answer_by: Mapped[Instant]
    words: Mapped[LongText | None]
    answered_at: Mapped[Instant | None]
    accepted: Mapped[bool | None]
    reason: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]

    tender: Mapped[Tender] = relationship(back_populates="explanations")
    vendor: Mapped[Vendor] = relationship()


class Objection(Base):
    """An objection to a selection: it suspends the award until the buyer answers."""

    __tablename__ = "tender_objection"

    id: Mapped[Pk]
    code: Mapped[Code]
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendor.id"))
    words: Mapped[LongText]
    raised_at: Mapped[Instant]
    answer_by: Mapped[Instant]
    answer: Mapped[LongText | None]
    upheld: Mapped[bool | None]
    answered_at: Mapped[Instant | None]

    tender: Mapped[Tender] = relationship(back_populates="objections")
    vendor: Mapped[Vendor | None] = relationship()
