"""Tables of orders: the need, who was asked, contracts and signatures, stages of the work, messages, disputes, terms."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.db import Base, Code, CodeRef, Day, Instant, LongText, Pk, Short, Texts, enum_of
from market.documents.models import Document
from market.kernel.actor import Channel
from market.orders.rules import BuyerKind, Fund, PaymentPlan, Way
from market.orders.states import ContractState, DisputeState, MilestoneState, OrderState, Party
from market.vendors.models import Vendor

__all__ = [
    "Answer", "AskedVendor", "BuyerKind", "Contract", "Delivery", "Dispute", "ExcludedOffer", "Extension",
    "Fund", "Milestone", "Order",
    "OrderMessage", "OrderPaper", "OrderTerm", "PaperSource", "Pause", "PaymentPlan", "SignMethod", "Signature", "Way",
]  # fmt: skip


class Order(Base):
    """One need of one buyer, from draft to close."""

    __tablename__ = "order"
    __table_args__ = (
        CheckConstraint("price_fen is null or price_fen >= 0", name="price"),
        CheckConstraint("step between 1 and 5", name="step"),
        Index("ix_order_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_order_buyer", "organisation_id", "person_id", "state"),
        Index("ix_order_vendor", "vendor_id", "state"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    state: Mapped[OrderState] = mapped_column(enum_of(OrderState, "order_state"), index=True)
    #: the state in which a dispute was opened, to come back to
    state_before: Mapped[OrderState | None] = mapped_column(enum_of(OrderState, "order_state_before"))
    #: the buyer: a person, for himself or for his organisation
    buyer_kind: Mapped[BuyerKind] = mapped_column(enum_of(BuyerKind, "buyer_kind"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    #: the way in which the order came in first, and (counter, kiosk) the clerk's code and the consent that lets him act
    channel: Mapped[Channel] = mapped_column(enum_of(Channel, "order_channel"))
    clerk: Mapped[CodeRef | None]
    consent: Mapped[CodeRef | None]

    # step 1: what
    matter: Mapped[str | None] = mapped_column(String(60))
    item: Mapped[str | None] = mapped_column(String(60), index=True)
    # step 2: the project
    title: Mapped[Short] = mapped_column(default="")
    description: Mapped[LongText] = mapped_column(default="")
    #: what a public buyer asks of the vendor, and his terms for the contract: read before they are published
    requirements: Mapped[LongText] = mapped_column(default="", server_default="")
    conditions: Mapped[LongText] = mapped_column(default="", server_default="")
    #: why a clause is kept, by rule of fair competition
    reasons: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    district: Mapped[str | None] = mapped_column(String(6))
    #: inputs of the price standard and of the offers, as typed: {"investment": "60000000", "quantity": "120"}
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    fund: Mapped[Fund] = mapped_column(enum_of(Fund, "fund"), default=Fund.PRIVATE)
    #: last day on which the buyer can use the result
    needed_by: Mapped[Day | None]
    #: the most the buyer can pay, tax included, in fen
    ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)
    # step 3: the papers are rows of OrderPaper
    # step 4: way of selection and, for direct choice, the offer
    way: Mapped[Way | None] = mapped_column(enum_of(Way, "way"))
    #: why the way is right, where the rules want a reason (splitting, avoidance)
    justification: Mapped[LongText | None]
    plan: Mapped[PaymentPlan] = mapped_column(enum_of(PaymentPlan, "payment_plan"), default=PaymentPlan.WHOLE)
    #: code of the chosen offer and the number of its publication: what was promised then counts
    listing: Mapped[CodeRef | None]
    publication: Mapped[int | None] = mapped_column(SmallInteger)
    #: the step that was saved last (1 to 5)
    step: Mapped[int] = mapped_column(SmallInteger, default=1)
    #: a draft is kept until then
    kept_until: Mapped[Instant | None]

    # what came of it
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendor.id"))
    #: the price agreed, tax included, in fen; before the contract the offer's price for this project
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: working days of the whole work
    days: Mapped[int | None] = mapped_column(SmallInteger)
    #: the standard at these facts when it was placed: version code, low, reference, high in fen
    standard_version: Mapped[str | None] = mapped_column(String(11))
    low_fen: Mapped[int | None] = mapped_column(BigInteger)
    reference_fen: Mapped[int | None] = mapped_column(BigInteger)
    high_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: what is waited for now: the verb, from whom, and the first instant after the term
    waiting_for: Mapped[str | None] = mapped_column(String(24))
    waiting_on: Mapped[Party | None] = mapped_column(enum_of(Party, "waiting_on"))
    due_at: Mapped[Instant | None]
    #: since when an objection to a clause of the published need stops it; none: it goes on
    stopped_at: Mapped[Instant | None]
    #: moments of passage
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    placed_at: Mapped[Instant | None]
    awarded_at: Mapped[Instant | None]
    contracted_at: Mapped[Instant | None]
    funded_at: Mapped[Instant | None]
    started_at: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    #: why it came back, was called off or failed, as both sides read it: {code, text, params}
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: number of times a result went back for rework
    reworks: Mapped[int] = mapped_column(SmallInteger, default=0)
    late: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    vendor: Mapped[Vendor | None] = relationship()
    papers: Mapped[list["OrderPaper"]] = relationship(back_populates="order", order_by="OrderPaper.position")
    asked: Mapped[list["AskedVendor"]] = relationship(back_populates="order", order_by="AskedVendor.id")
    contracts: Mapped[list["Contract"]] = relationship(back_populates="order", order_by="Contract.number")
    milestones: Mapped[list["Milestone"]] = relationship(back_populates="order", order_by="Milestone.number")


class PaperSource(StrEnum):
    """Where a paper of the order comes from: the buyer, the city's data hub, or an intermediary's result."""

    BUYER = "buyer"
    HUB = "hub"
    RESULT = "result"


class OrderPaper(Base):
    """One paper that the matter asks for, and what stands for it; `saved`: the buyer did not have to bring it."""

    __tablename__ = "order_paper"
    __table_args__ = (UniqueConstraint("order_id", "name"),)

    id: Mapped[Pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    #: as the matter names it (Chinese), or the buyer for a further one
    name: Mapped[Short]
    source: Mapped[PaperSource] = mapped_column(enum_of(PaperSource, "paper_source"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    saved: Mapped[bool] = mapped_column(default=False)
    given_at: Mapped[Instant | None]

    order: Mapped[Order] = relationship(back_populates="papers")
    document: Mapped[Document | None] = relationship()


class Answer(StrEnum):
    """What a vendor said to an order that was placed on its offer."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    TAKEN_BACK = "taken_back"


class AskedVendor(Base):
    """One vendor that was asked directly, and what it answered by when."""

    __tablename__ = "asked_vendor"
    __table_args__ = (
        # one vendor at a time
        Index("uq_asked_vendor_waiting", "order_id", unique=True, postgresql_where="answer = 'waiting'"),
    )

    id: Mapped[Pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"), index=True)
    listing: Mapped[CodeRef]
    publication: Mapped[int] = mapped_column(SmallInteger)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[Instant]
    due_at: Mapped[Instant]
    answer: Mapped[Answer] = mapped_column(enum_of(Answer, "answer"))
    answered_at: Mapped[Instant | None]
    #: why it declined: a code of rules.DECLINE_REASONS and its words
    reason: Mapped[str | None] = mapped_column(String(24))
    words: Mapped[LongText | None]

    order: Mapped[Order] = relationship(back_populates="asked")
    vendor: Mapped[Vendor] = relationship()


class ExcludedOffer(Base):
    """An offer that did not fit an order when it was placed, with the reasons as its vendor may read them."""

    __tablename__ = "excluded_offer"
    __table_args__ = (UniqueConstraint("order_id", "listing"), Index("ix_excluded_offer_vendor", "vendor_id", "id"))

    id: Mapped[Pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id"))
    listing: Mapped[str] = mapped_column(String(11))
    #: list of {ground, text, params}; text is a message id
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    noted_at: Mapped[Instant]

    order: Mapped[Order] = relationship()


class Contract(Base):
    """A version of the order's contract. `content` is canonical and never changed; `digest` is SHA-256 of its RFC 8785 form."""

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        # one version waits for signature, one binds
        Index("uq_contract_offered", "order_id", unique=True, postgresql_where="state = 'offered'"),
        Index("uq_contract_in_force", "order_id", unique=True, postgresql_where="state = 'in_force'"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[ContractState] = mapped_column(enum_of(ContractState, "contract_state"))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    #: an amendment: who proposes it, and why
    proposed_by: Mapped[Party | None] = mapped_column(enum_of(Party, "proposed_by"))
    reason: Mapped[LongText | None]
    #: the PDF as it was offered
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    offered_at: Mapped[Instant]
    sign_by: Mapped[Instant]
    in_force_at: Mapped[Instant | None]

    order: Mapped[Order] = relationship(back_populates="contracts")
    document: Mapped[Document | None] = relationship()
    signatures: Mapped[list["Signature"]] = relationship(back_populates="contract", order_by="Signature.id")


class SignMethod(StrEnum):
    """How a side signed: with the account's key, through a qualified e-signature service, or on paper at a counter."""

    ACCOUNT_KEY = "account_key"
    QUALIFIED = "qualified"
    PAPER = "paper"


class Signature(Base):
    """One side's signature over the digest of a contract version."""

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("contract_id", "party"),)

    id: Mapped[Pk]
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    party: Mapped[Party] = mapped_column(enum_of(Party, "signing_party"))
    person: Mapped[CodeRef]
    method: Mapped[SignMethod] = mapped_column(enum_of(SignMethod, "sign_method"))
    #: account key: the key's public code and the Ed25519 signature (base64) over the text that rules name
    key: Mapped[str | None] = mapped_column(String(11))
    signature: Mapped[str | None] = mapped_column(String(400))
    #: paper: the scan
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    signed_at: Mapped[Instant]

    contract: Mapped[Contract] = relationship(back_populates="signatures")
    document: Mapped[Document | None] = relationship()


class Milestone(Base):
    """One stage of the work as the contract in force names it."""

    __tablename__ = "milestone"
    __table_args__ = (UniqueConstraint("order_id", "number"), CheckConstraint("fen >= 0", name="fen"))

    id: Mapped[Pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[Short]
    #: working days from its start
    days: Mapped[int] = mapped_column(SmallInteger)
    #: its instalment in fen; all add up to the price
    fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[MilestoneState] = mapped_column(enum_of(MilestoneState, "milestone_state"))
    #: the money for it is held (payments says so)
    is_funded: Mapped[bool] = mapped_column(default=False)
    #: rounds of delivery so far
    round: Mapped[int] = mapped_column(SmallInteger, default=0)
    started_at: Mapped[Instant | None]
    #: last day; moves with pauses and agreed extensions
    due_on: Mapped[Day | None]
    delivered_at: Mapped[Instant | None]
    #: reminders sent of the present round, and the first instant after the term of acceptance
    reminders: Mapped[int] = mapped_column(SmallInteger, default=0)
    accept_by: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    by_lapse: Mapped[bool] = mapped_column(default=False)

    order: Mapped[Order] = relationship(back_populates="milestones")
    deliveries: Mapped[list["Delivery"]] = relationship(back_populates="milestone", order_by="Delivery.round")
    pauses: Mapped[list["Pause"]] = relationship(back_populates="milestone", order_by="Pause.id")


class Delivery(Base):
    """A result as it was handed over, and what the buyer said."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("milestone_id", "round"),)

    id: Mapped[Pk]
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    note: Mapped[LongText]
    #: codes of the documents; their digests stand in the event and in `digests`, in the same order
    documents: Mapped[Texts]
    digests: Mapped[Texts]
    given_at: Mapped[Instant]
    #: accepted or refused, with reasons by rules.REWORK_REASONS and words
    accepted: Mapped[bool | None]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    answered_at: Mapped[Instant | None]
    #: handing over to the approving department: receipt of its system, when
    exchange_receipt: Mapped[str | None] = mapped_column(String(80))
    exchanged_at: Mapped[Instant | None]

    milestone: Mapped[Milestone] = relationship(back_populates="deliveries")


class Pause(Base):
    """A time in which the clock of a milestone stands."""

    __tablename__ = "pause"
    __table_args__ = (Index("uq_pause_open", "milestone_id", unique=True, postgresql_where="ended_at IS NULL"),)

    id: Mapped[Pk]
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"))
    cause: Mapped[str] = mapped_column(String(24))
    words: Mapped[LongText]
    #: who stopped it
    party: Mapped[Party] = mapped_column(enum_of(Party, "pausing_party"))
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]

    milestone: Mapped[Milestone] = relationship(back_populates="pauses")


class Extension(Base):
    """More working days, asked for by the vendor and answered by the buyer."""

    __tablename__ = "extension"
    __table_args__ = (
        CheckConstraint("days between 1 and 365", name="days"),
        Index("uq_extension_open", "milestone_id", unique=True, postgresql_where="answered_at IS NULL"),
    )

    id: Mapped[Pk]
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"))
    days: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[LongText]
    asked_at: Mapped[Instant]
    agreed: Mapped[bool | None]
    answered_at: Mapped[Instant | None]


class OrderMessage(Base):
    """What one side wrote to the other, with files."""

    __tablename__ = "order_message"

    id: Mapped[Pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    party: Mapped[Party] = mapped_column(enum_of(Party, "writing_party"))
    person: Mapped[CodeRef]
    text: Mapped[LongText]
    documents: Mapped[Texts]
    sent_at: Mapped[Instant]
    #: a form sent twice (double click, Back) makes one message
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class Dispute(Base):
    """A quarrel about an order and the operator's decision."""

    __tablename__ = "dispute"
    __table_args__ = (
        Index("uq_dispute_open", "order_id", unique=True, postgresql_where="state = 'open'"),
        CheckConstraint("claim_fen >= 0", name="claim"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    state: Mapped[DisputeState] = mapped_column(enum_of(DisputeState, "dispute_state"))
    party: Mapped[Party] = mapped_column(enum_of(Party, "disputing_party"))
    #: what the opener wants of the money, in fen
    claim_fen: Mapped[int] = mapped_column(BigInteger)
    words: Mapped[LongText]
    documents: Mapped[Texts]
    opened_at: Mapped[Instant]
    #: end of the operator's term
    due_at: Mapped[Instant]
    #: answers of both sides and of the operator: list of {party, person, text, documents, at}
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    outcome: Mapped[str | None] = mapped_column(String(24))
    buyer_fen: Mapped[int | None] = mapped_column(BigInteger)
    vendor_fen: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]

    order: Mapped[Order] = relationship()


class OrderTerm(Base):
    """A dated term: a period in working days, a share in thousandths, a number. The most special row that holds counts."""

    __tablename__ = "order_term"
    __table_args__ = (UniqueConstraint("name", "item", "region", "valid_from", postgresql_nulls_not_distinct=True),)

    id: Mapped[Pk]
    #: a name of terms.NAMES
    name: Mapped[str] = mapped_column(String(40))
    #: slug of an item, division code of a district; none: all
    item: Mapped[str | None] = mapped_column(String(60))
    region: Mapped[str | None] = mapped_column(String(6))
    value: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[Day]
    #: where the figure comes from, or why the market chose it
    source: Mapped[LongText]
