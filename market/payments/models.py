"""Tables of payments: instalments, visits to the gateway, refunds, earnings, the ledger, events, differences."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db import Base, Code, CodeRef, Day, Fen, Instant, LongText, Pk, Short, Texts, enum_of
from market.payments.ledger import Account
from market.payments.states import (
    ChargebackState,
    CheckoutState,
    ClawbackState,
    DifferenceState,
    EventState,
    PaymentState,
    PayoutState,
    RefundState,
    TransferState,
)
from market.personal_data import Encrypted


class Method(StrEnum):
    """How an instalment is paid. `nothing`: an instalment of zero, which is held from the first moment."""

    CARD = "card"
    WALLET = "wallet"
    INVOICE = "invoice"
    NOTHING = "nothing"


class Escrow(Base):
    """The money of one order. Whoever moves any of it locks this row first, so that two never decide about it at once."""

    __tablename__ = "escrow"

    id: Mapped[Pk]
    #: the order's code: one row for each order that has money
    code: Mapped[Code]
    vendor: Mapped[CodeRef]
    #: the dispute that holds everything still, by code
    dispute: Mapped[str | None] = mapped_column(String(11))
    #: the vendor's part of all as an operator decided it while a chargeback was open: done once that is closed
    decided_fen: Mapped[int | None] = mapped_column(BigInteger)
    #: the order came to its end: no instalment will fall due any more
    ended: Mapped[bool] = mapped_column(default=False)
    #: since when nothing is held, on its way or owed
    settled_at: Mapped[Instant | None]
    opened_at: Mapped[Instant]

    payments: Mapped[list["Payment"]] = relationship(
        back_populates="escrow", order_by="Payment.number, Payment.part", lazy="selectin"
    )


class Payment(Base):
    """An instalment, or a further part of one after an amendment or a chargeback."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("escrow_id", "number", "part"),
        CheckConstraint("fen >= 0", name="fen"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    escrow_id: Mapped[int] = mapped_column(ForeignKey("escrow.id"))
    #: the milestone's number, and which part of its instalment this is
    number: Mapped[int] = mapped_column(SmallInteger)
    part: Mapped[int] = mapped_column(SmallInteger, default=1)
    fen: Mapped[Fen]
    state: Mapped[PaymentState] = mapped_column(enum_of(PaymentState, "payment_state"), index=True)
    #: first instant after the term for paying; none while the stage before it is not accepted
    pay_by: Mapped[Instant | None]
    method: Mapped[Method | None] = mapped_column(enum_of(Method, "payment_method"))
    #: an invoice was asked for: its number is this payment's code
    invoiced_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    held_at: Mapped[Instant | None]

    escrow: Mapped[Escrow] = relationship(back_populates="payments")
    checkouts: Mapped[list["Checkout"]] = relationship(back_populates="payment", order_by="Checkout.id")
    refunds: Mapped[list["Refund"]] = relationship(back_populates="payment", order_by="Refund.id")
    payouts: Mapped[list["Payout"]] = relationship(back_populates="payment", order_by="Payout.id")
    chargebacks: Mapped[list["Chargeback"]] = relationship(back_populates="payment", order_by="Chargeback.id")
    transfers: Mapped[list["BankTransfer"]] = relationship(back_populates="payment", order_by="BankTransfer.id")


class Checkout(Base):
    """A visit of the buyer to the gateway. Its code is the idempotency key and the reference that the gateway gives back."""

    __tablename__ = "checkout"
    __table_args__ = (
        # a second one cannot be begun while one is open
        Index("uq_checkout_open", "payment_id", unique=True, postgresql_where="state in ('asked', 'open')"),
        Index("ix_checkout_unanswered", "begun_at", postgresql_where="state in ('asked', 'open')"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    state: Mapped[CheckoutState] = mapped_column(enum_of(CheckoutState, "checkout_state"))
    gateway: Mapped[str] = mapped_column(String(16))
    fen: Mapped[Fen]
    person: Mapped[CodeRef]
    #: the gateway's names for the visit and for the charge, and where the buyer pays
    ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    charge: Mapped[str | None] = mapped_column(String(200), unique=True)
    url: Mapped[str | None] = mapped_column(String(2000))
    #: the buyer gave it up, or the instalment is owed no longer: the gateway is asked to close it
    closing: Mapped[bool] = mapped_column(default=False)
    #: the language of that page
    language: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str | None] = mapped_column(String(60))
    begun_at: Mapped[Instant]
    asked_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]

    payment: Mapped[Payment] = relationship(back_populates="checkouts")


class RefundCause(StrEnum):
    """Why money goes back."""

    CANCELLED = "cancelled"
    DISPUTE = "dispute"
    LATE = "late"
    AMENDED = "amended"
    CHARGEBACK_WON = "chargeback_won"
    OFFICER = "officer"


class Refund(Base):
    """Money on its way back to a buyer: through the gateway to where it came from, or by bank transfer."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    #: the visit that brought it; none: it came by bank transfer and goes back so
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout.id"))
    fen: Mapped[Fen]
    cause: Mapped[RefundCause] = mapped_column(enum_of(RefundCause, "refund_cause"))
    #: an officer's reason
    words: Mapped[LongText | None]
    state: Mapped[RefundState] = mapped_column(enum_of(RefundState, "refund_state"), index=True)
    #: how often it was sent: each try has a key of its own
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    failure: Mapped[str | None] = mapped_column(String(200))
    person: Mapped[CodeRef]
    #: a form sent twice makes one refund
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    begun_at: Mapped[Instant]
    done_at: Mapped[Instant | None]

    payment: Mapped[Payment] = relationship(back_populates="refunds")
    checkout: Mapped[Checkout | None] = relationship()


class Payout(Base):
    """A vendor's earning from one instalment, and its way to the vendor's bank account."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("fen > 0 and fee_fen >= 0", name="fen"),
        CheckConstraint("clawed_fen between 0 and fen", name="clawed"),
        Index("ix_payout_waiting", "vendor", postgresql_where="state in ('due', 'returned')"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    vendor: Mapped[CodeRef]
    #: what the vendor gets, and what the platform kept of the instalment beside it
    fen: Mapped[Fen]
    fee_fen: Mapped[Fen]
    #: taken back of it later
    clawed_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[PayoutState] = mapped_column(enum_of(PayoutState, "payout_state"), index=True)
    #: on its way or arrived at the last try
    sent_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    #: an instalment that came by bank transfer is paid out so
    by_transfer: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: the gateway's names: of the vendor's account, of the transfer into it, of the payout from it
    account: Mapped[str | None] = mapped_column(String(200))
    transfer: Mapped[str | None] = mapped_column(String(200), unique=True)
    ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    failure: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[Instant]
    begun_at: Mapped[Instant | None]
    paid_at: Mapped[Instant | None]
    returned_at: Mapped[Instant | None]

    payment: Mapped[Payment] = relationship(back_populates="payouts")
    clawbacks: Mapped[list["Clawback"]] = relationship(back_populates="payout", order_by="Clawback.id")


class Clawback(Base):
    """Money taken back out of an earning that had left already."""

    __tablename__ = "clawback"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    payout_id: Mapped[int] = mapped_column(ForeignKey("payout.id"), index=True)
    fen: Mapped[Fen]
    state: Mapped[ClawbackState] = mapped_column(enum_of(ClawbackState, "clawback_state"), index=True)
    #: the vendor had it, so it stands as a debt until it is back
    owed: Mapped[bool]
    tries: Mapped[int] = mapped_column(SmallInteger, default=1)
    ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    failure: Mapped[str | None] = mapped_column(String(200))
    begun_at: Mapped[Instant]
    done_at: Mapped[Instant | None]

    payout: Mapped[Payout] = relationship(back_populates="clawbacks")


class Chargeback(Base):
    """A payment that the buyer's bank took back."""

    __tablename__ = "chargeback"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    checkout_id: Mapped[int] = mapped_column(ForeignKey("checkout.id"))
    fen: Mapped[Fen]
    ref: Mapped[str] = mapped_column(String(200), unique=True)
    reason: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[ChargebackState] = mapped_column(enum_of(ChargebackState, "chargeback_state"), index=True)
    #: where the instalment stood, to come back to
    state_before: Mapped[PaymentState] = mapped_column(enum_of(PaymentState, "payment_state_before"))
    opened_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]

    payment: Mapped[Payment] = relationship(back_populates="chargebacks")


class TransferKind(StrEnum):
    """What a bank transfer was for."""

    PAID_IN = "paid_in"
    REFUND = "refund"
    PAYOUT = "payout"
    CLAWBACK = "clawback"


class BankTransfer(Base):
    """A movement on the market's bank account as one officer recorded it from the statement, for another to confirm."""

    __tablename__ = "bank_transfer"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        Index("uq_bank_transfer_open", "about", unique=True, postgresql_where="state = 'recorded'"),
        # one line of the statement stands for one thing
        Index(
            "uq_bank_transfer_reference",
            "reference",
            unique=True,
            postgresql_where="state in ('recorded', 'confirmed')",
        ),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    kind: Mapped[TransferKind] = mapped_column(enum_of(TransferKind, "transfer_kind"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    #: the code of the payment, refund, payout or clawback
    about: Mapped[CodeRef]
    fen: Mapped[Fen]
    #: as the bank's statement has it
    reference: Mapped[str] = mapped_column(String(60))
    booked_on: Mapped[Day]
    state: Mapped[TransferState] = mapped_column(enum_of(TransferState, "transfer_state"), index=True)
    recorded_by: Mapped[CodeRef]
    recorded_at: Mapped[Instant]
    answered_by: Mapped[str | None] = mapped_column(String(11))
    answered_at: Mapped[Instant | None]
    words: Mapped[LongText | None]

    payment: Mapped[Payment] = relationship(back_populates="transfers")


class PayoutAccount(Base):
    """Where a vendor is paid: its account at the gateway, and the bank account for money that came by bank transfer."""

    __tablename__ = "payout_account"

    id: Mapped[Pk]
    #: the vendor's code
    code: Mapped[Code]
    gateway: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    ready: Mapped[bool] = mapped_column(default=False)
    #: what the gateway still wants to know, in its words
    needs: Mapped[Texts]
    #: a payout was returned: nothing goes there before it was corrected
    stopped: Mapped[bool] = mapped_column(default=False)
    #: what the gateway knows of the account changed: counted, so that a correction shows
    version: Mapped[str | None] = mapped_column(String(80))
    bank: Mapped[Short | None]
    number: Mapped[str | None] = mapped_column(Encrypted)
    updated_at: Mapped[Instant]


# The ledger: only added to (a trigger refuses changes), each entry adds up to zero (a trigger at the commit) -----------------


class LedgerAccount(Base):
    """An account: a kind and, for most, an owner."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("account", "owner"),)

    id: Mapped[Pk]
    account: Mapped[Account] = mapped_column(enum_of(Account, "ledger_account_kind"))
    #: code of an order or a vendor, empty for the accounts of which there is one
    owner: Mapped[str] = mapped_column(String(11))


class LedgerEntry(Base):
    """One movement of money. `key` says what happened to what: a second one with it cannot be written."""

    __tablename__ = "ledger_entry"

    id: Mapped[Pk]
    key: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    order: Mapped[CodeRef]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    #: the market's time of the operation that wrote it
    at: Mapped[Instant]

    lines: Mapped[list["LedgerLine"]] = relationship(back_populates="entry", order_by="LedgerLine.id")


class LedgerLine(Base):
    """A posting: fen on an account, debit above zero."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        CheckConstraint("fen <> 0", name="fen"),
        Index("ix_ledger_line_account_fen", "account_id", postgresql_include=["fen"]),
    )

    id: Mapped[Pk]
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    fen: Mapped[Fen]

    entry: Mapped[LedgerEntry] = relationship(back_populates="lines")
    account: Mapped[LedgerAccount] = relationship()


class FeeRate(Base):
    """The platform's fee from a day on, in thousandths of what is released."""

    __tablename__ = "fee_rate"
    __table_args__ = (CheckConstraint("permille between 0 and 1000", name="permille"),)

    valid_from: Mapped[Day] = mapped_column(primary_key=True)
    permille: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[LongText]


# The gateway -------------------------------------------------------------------------------------------------------------


class GatewayEvent(Base):
    """An event as the gateway sent it: stored once, applied by a job."""

    __tablename__ = "gateway_event"
    __table_args__ = (UniqueConstraint("gateway", "event"),)

    id: Mapped[Pk]
    gateway: Mapped[str] = mapped_column(String(16))
    event: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(80))
    state: Mapped[EventState] = mapped_column(enum_of(EventState, "event_state"), index=True)
    #: what it is about: a kind of thing and the gateway's names; none for types that mean nothing to the market
    thing: Mapped[str | None] = mapped_column(String(16))
    ref: Mapped[str | None] = mapped_column(String(200))
    account: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    happened_at: Mapped[Instant]
    received_at: Mapped[Instant]
    #: how often it came
    times: Mapped[int] = mapped_column(SmallInteger, default=1)
    done_at: Mapped[Instant | None]


class GatewayEndpoint(Base):
    """Where a gateway sends its events, and the secret that signs them."""

    __tablename__ = "gateway_endpoint"
    __table_args__ = (UniqueConstraint("gateway", "url"),)

    id: Mapped[Pk]
    gateway: Mapped[str] = mapped_column(String(16))
    url: Mapped[str] = mapped_column(String(500))
    ref: Mapped[str] = mapped_column(String(200))
    secret: Mapped[str] = mapped_column(Encrypted)
    made_at: Mapped[Instant]


class Difference(Base):
    """Where gateway and ledger differ, with both figures."""

    __tablename__ = "difference"
    __table_args__ = (Index("uq_difference_open", "kind", "ref", unique=True, postgresql_where="state = 'open'"),)

    id: Mapped[Pk]
    code: Mapped[Code]
    kind: Mapped[str] = mapped_column(String(24))
    #: the gateway's name of the thing, and our code of what it belongs to (none: nothing of ours)
    ref: Mapped[str] = mapped_column(String(200))
    about: Mapped[str | None] = mapped_column(String(11))
    order: Mapped[str | None] = mapped_column(String(11), index=True)
    ours_fen: Mapped[Fen]
    theirs_fen: Mapped[Fen]
    state: Mapped[DifferenceState] = mapped_column(enum_of(DifferenceState, "difference_state"), index=True)
    found_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]
    how: Mapped[str | None] = mapped_column(String(24))
    words: Mapped[LongText | None]
    person: Mapped[str | None] = mapped_column(String(11))


class Reconciliation(Base):
    """A run of the comparison: what was compared and how much differed."""

    __tablename__ = "reconciliation"

    id: Mapped[Pk]
    at: Mapped[Instant]
    gateway: Mapped[str] = mapped_column(String(16))
    compared: Mapped[int]
    differences: Mapped[int]
    mended: Mapped[int]
