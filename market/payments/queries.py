"""Reading money: what an order's page shows, what officers see, figures of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from market import clock
from market.db import db
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.payments.holding import is_frozen, stands_still
from market.payments.ledger import Account, Totals, totals
from market.payments.models import (
    BankTransfer,
    Chargeback,
    Checkout,
    Clawback,
    Difference,
    Escrow,
    FeeRate,
    GatewayEndpoint,
    GatewayEvent,
    LedgerAccount,
    LedgerEntry,
    LedgerLine,
    Payment,
    Payout,
    PayoutAccount,
    Reconciliation,
    Refund,
)
from market.payments.posting import balance_of, held_of
from market.payments.states import (
    LIVE,
    OPEN_CHECKOUTS,
    ChargebackState,
    ClawbackState,
    DifferenceState,
    EventState,
    PaymentState,
    PayoutState,
    RefundState,
    TransferState,
)

#: what the ledger's kinds of entry say to a person, with the amount
ENTRY_WORDS: Mapping[str, str] = {
    "hold": N_("Paid by the buyer and held"),
    "late": N_("Paid although it was owed no longer"),
    "release": N_("Released to the vendor"),
    "refund": N_("On its way back to the buyer"),
    "refunded": N_("Back with the buyer"),
    "refund_returned": N_("The buyer's bank returned the refund"),
    "payout": N_("On its way to the vendor's bank"),
    "paid": N_("Arrived at the vendor's bank"),
    "returned": N_("The vendor's bank returned it"),
    "met": N_("Returned money was set against what was to come back"),
    "clawback": N_("Taken back out of the vendor's earnings"),
    "clawed": N_("Back from the vendor"),
    "chargeback": N_("Taken back by the buyer's bank"),
    "chargeback_won": N_("Given back by the buyer's bank"),
    "chargeback_lost": N_("Left to the buyer by his bank"),
    "chargeback_borne": N_("Borne by the market"),
}


# One order ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueInstalment:
    """An instalment or a further part of one; `state` in words of payments.states; `pay_by`: first instant after the term."""

    payment: str
    number: int
    fen: int
    pay_by: datetime | None
    state: str
    method: str | None


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """The money of one order, in fen: `held` now, `released` to the vendor (with `fee`), `paid_out` to its bank, `refunded` to
    the buyer, `refunding` on its way there, `taken_back` by the buyer's bank; `lines`: (when, message id, params, fen)."""

    order: str
    due: Sequence[DueInstalment]
    held_fen: int
    released_fen: int
    fee_fen: int
    paid_out_fen: int
    refunded_fen: int
    refunding_fen: int
    taken_back_fen: int
    owed_fen: int
    frozen: bool
    settled_at: datetime | None
    lines: Sequence[tuple[datetime, str, Mapping[str, Any], int]]

    @property
    def total_fen(self) -> int:
        """All that was paid in, wherever it is now."""
        return self.held_fen + self.released_fen + self.refunded_fen + self.refunding_fen + self.taken_back_fen


def money_of(order_code: str) -> MoneyOf:
    """What an order's page says about its money; all zero before the contract."""
    escrow = db.session.scalar(
        select(Escrow)
        .where(Escrow.code == order_code)
        .options(selectinload(Escrow.payments).options(selectinload(Payment.payouts), selectinload(Payment.refunds)))
    )
    if escrow is None:
        return MoneyOf(order_code, (), 0, 0, 0, 0, 0, 0, 0, 0, False, None, ())
    payouts = [one for row in escrow.payments for one in row.payouts]
    lost = [one.fen for row in escrow.payments for one in row.chargebacks if one.state is ChargebackState.LOST]
    refunds = [one for row in escrow.payments for one in row.refunds]
    return MoneyOf(
        order=order_code,
        due=[
            DueInstalment(
                row.code, row.number, row.fen, row.pay_by, str(row.state), str(row.method) if row.method else None
            )
            for row in escrow.payments
        ],
        held_fen=balance_of(Account.ESCROW, order_code),
        released_fen=sum(one.fen - one.clawed_fen + one.fee_fen for one in payouts),
        fee_fen=sum(one.fee_fen for one in payouts),
        paid_out_fen=sum(one.sent_fen for one in payouts if one.state is PayoutState.PAID),
        refunded_fen=sum(one.fen for one in refunds if one.state is RefundState.DONE) + sum(lost),
        refunding_fen=balance_of(Account.REFUNDS, order_code),
        taken_back_fen=balance_of(Account.CHARGEBACKS, order_code),
        owed_fen=sum(row.fen for row in escrow.payments if row.state in (PaymentState.DUE, PaymentState.BEGUN)),
        frozen=is_frozen(escrow),
        settled_at=escrow.settled_at,
        lines=_lines(order_code),
    )


def _lines(order_code: str) -> list[tuple[datetime, str, Mapping[str, Any], int]]:
    """The order's ledger entries as sentences, the oldest first."""
    amounts = func.sum(func.abs(LedgerLine.fen)) / 2
    rows = db.session.execute(
        select(LedgerEntry.at, LedgerEntry.kind, amounts)
        .join(LedgerEntry.lines)
        .where(LedgerEntry.order == order_code)
        .group_by(LedgerEntry.id)
        .order_by(LedgerEntry.id)
    )
    return [(at, ENTRY_WORDS[kind], {}, int(fen)) for at, kind, fen in rows]


def payment(code: str) -> Payment:
    """A payment by its code, or `NotFound`."""
    found = db.session.scalar(
        select(Payment)
        .where(Payment.code == code)
        .options(joinedload(Payment.escrow), selectinload(Payment.checkouts), selectinload(Payment.transfers))
    )
    if found is None:
        raise NotFound()
    return found


def open_checkout(row: Payment) -> Checkout | None:
    """The visit to the gateway that is open now."""
    return next((one for one in row.checkouts if one.state in OPEN_CHECKOUTS), None)


# What jobs look for ------------------------------------------------------------------------------------------------------


def unanswered(at: datetime) -> list[str]:
    """Checkouts that are open at `at` (real time) and were not asked about for a while: a minute at first, later a twentieth of
    their age."""
    rows = db.session.scalars(select(Checkout).where(Checkout.state.in_(OPEN_CHECKOUTS)).order_by(Checkout.id))
    return [row.code for row in rows if _is_due(row.begun_at, row.asked_at, at)]


def on_their_way(at: datetime) -> dict[str, list[str]]:
    """Refunds and payouts that the gateway has had for ten minutes or more without a word at `at` (market time), by kind."""
    before = at - timedelta(minutes=10)
    refunds = select(Refund.code).where(
        Refund.state == RefundState.BEGUN, Refund.checkout_id.is_not(None), Refund.begun_at < before
    )
    payouts = select(Payout.code).where(
        Payout.state == PayoutState.BEGUN, ~Payout.by_transfer, Payout.begun_at < before
    )
    return {"refund": list(db.session.scalars(refunds)), "payout": list(db.session.scalars(payouts))}


def _is_due(begun_at: datetime, asked_at: datetime | None, at: datetime) -> bool:
    age = at - begun_at
    return at - (asked_at or begun_at) >= max(timedelta(minutes=1), age / 20)


def waiting_payouts() -> list[str]:
    """Earnings that nothing holds, of vendors whose account is ready."""
    return list(
        db.session.scalars(
            select(Payout.code)
            .join(PayoutAccount, PayoutAccount.code == Payout.vendor)
            .join(Payout.payment)
            .join(Payment.escrow)
            .where(
                Payout.state.in_((PayoutState.DUE, PayoutState.RETURNED)),
                ~Payout.by_transfer,
                PayoutAccount.ready,
                ~PayoutAccount.stopped,
                ~stands_still(),
            )
            .order_by(Payout.id)
        )
    )


def waiting_events() -> list[tuple[str, str]]:
    """Events that were stored and not applied: (gateway, event)."""
    rows = db.session.execute(
        select(GatewayEvent.gateway, GatewayEvent.event)
        .where(GatewayEvent.state == EventState.STORED)
        .order_by(GatewayEvent.id)
    )
    return [(name, event) for name, event in rows]


def secrets_of(gateway_name: str) -> list[str]:
    """The secrets of the endpoints that were arranged at a gateway, the newest first."""
    statement = select(GatewayEndpoint).where(GatewayEndpoint.gateway == gateway_name)
    return [row.secret for row in db.session.scalars(statement.order_by(GatewayEndpoint.id.desc()))]


# Vendors -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VendorMoney:
    """A vendor's money in fen: earned and not sent yet, on its way, paid in all, to come back; and where it is paid."""

    due_fen: int
    on_the_way_fen: int
    paid_fen: int
    debt_fen: int
    account: PayoutAccount | None


def vendor_money(vendor_code: str) -> VendorMoney:
    """What a vendor's money page shows."""
    paid = select(func.coalesce(func.sum(Payout.sent_fen), 0)).where(
        Payout.vendor == vendor_code, Payout.state == PayoutState.PAID
    )
    return VendorMoney(
        balance_of(Account.VENDOR, vendor_code),
        balance_of(Account.PAYOUTS, vendor_code),
        int(db.session.scalar(paid) or 0),
        balance_of(Account.VENDOR_DEBT, vendor_code),
        db.session.scalar(select(PayoutAccount).where(PayoutAccount.code == vendor_code)),
    )


def payouts_of(vendor_code: str) -> Select[Any]:
    """A vendor's earnings, the newest first."""
    return (
        select(Payout)
        .where(Payout.vendor == vendor_code)
        .options(joinedload(Payout.payment).joinedload(Payment.escrow))
        .order_by(Payout.id.desc())
    )


# Officers ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for officers, by list; each row is of the table its name says."""

    invoices: Sequence[Payment]
    transfers: Sequence[BankTransfer]
    refunds: Sequence[Refund]
    payouts: Sequence[Payout]
    clawbacks: Sequence[Clawback]
    chargebacks: Sequence[Chargeback]
    differences: Sequence[Difference]
    last_run: Reconciliation | None

    @property
    def count(self) -> int:
        """How many things wait."""
        lists: tuple[Sequence[Any], ...] = (
            self.invoices, self.transfers, self.refunds, self.payouts, self.clawbacks, self.chargebacks, self.differences,
        )  # fmt: skip
        return sum(map(len, lists))

    @property
    def vendors(self) -> set[str]:
        """Codes of the vendors whose names the lists show."""
        return {one.vendor for one in self.payouts} | {one.payout.vendor for one in self.clawbacks}


def desk() -> Desk:
    """Everything in payments that waits for an officer: transfers to record and to confirm, refunds and payouts that go by bank
    transfer or failed, money to come back, chargebacks, differences. The oldest first, at most 200 of each kind.

    What a dispute holds still is not to be paid out by transfer and stands on no list.
    """
    about = select(BankTransfer.about).where(BankTransfer.state == TransferState.RECORDED)
    by_transfer = Payout.by_transfer & (Payout.state == PayoutState.DUE) & Payout.code.not_in(about) & ~stands_still()
    to_send = (Refund.state == RefundState.BEGUN) & Refund.checkout_id.is_(None) & Refund.code.not_in(about)
    money_owed = Clawback.state == ClawbackState.FAILED
    public_owed = (Clawback.state == ClawbackState.BEGUN) & Payout.by_transfer & Clawback.code.not_in(about)
    refunds = select(Refund).options(joinedload(Refund.payment).joinedload(Payment.escrow))
    payouts = select(Payout).join(Payout.payment).join(Payment.escrow)
    payouts = payouts.options(contains_eager(Payout.payment).contains_eager(Payment.escrow))
    clawbacks = select(Clawback).join(Clawback.payout)
    clawbacks = clawbacks.options(contains_eager(Clawback.payout).joinedload(Payout.payment).joinedload(Payment.escrow))
    chargebacks = select(Chargeback).options(joinedload(Chargeback.payment).joinedload(Payment.escrow))
    return Desk(
        invoices=_oldest(
            select(Payment).options(joinedload(Payment.escrow)),
            Payment,
            Payment.invoiced_at.is_not(None),
            Payment.held_at.is_(None),
            Payment.state == PaymentState.BEGUN,
            Payment.code.not_in(about),
        ),
        transfers=_oldest(select(BankTransfer), BankTransfer, BankTransfer.state == TransferState.RECORDED),
        refunds=_oldest(refunds, Refund, or_(Refund.state == RefundState.FAILED, to_send)),
        payouts=_oldest(payouts, Payout, or_(Payout.state == PayoutState.RETURNED, by_transfer)),
        clawbacks=_oldest(clawbacks, Clawback, or_(money_owed, public_owed)),
        chargebacks=_oldest(chargebacks, Chargeback, Chargeback.state == ChargebackState.OPEN),
        differences=_oldest(select(Difference), Difference, Difference.state == DifferenceState.OPEN),
        last_run=db.session.scalar(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1)),
    )


def _oldest(statement: Select[Any], model: Any, *conditions: ColumnElement[bool]) -> list[Any]:
    return list(db.session.scalars(statement.where(*conditions).order_by(model.id).limit(200)))


def payments_of(order_code: str) -> list[tuple[Payment, int]]:
    """An order's payments with what each holds, in fen."""
    rows = db.session.scalars(
        select(Payment).join(Payment.escrow).where(Escrow.code == order_code, Payment.state.in_(LIVE))
    )
    return [(row, held_of(row)) for row in sorted(rows, key=lambda row: (row.number, row.part))]


# The ledger --------------------------------------------------------------------------------------------------------------


def ledger_totals() -> Totals:
    """All money from both sides."""
    rows = db.session.execute(
        select(LedgerAccount.account, func.sum(LedgerLine.fen)).join(LedgerLine.account).group_by(LedgerAccount.account)
    )
    return totals({account: int(total) for account, total in rows})


def unbalanced_entries() -> list[str]:
    """Keys of entries whose lines do not add up to zero: none, since a trigger refuses them."""
    rows = db.session.scalars(
        select(LedgerEntry.key)
        .join(LedgerEntry.lines, isouter=True)
        .group_by(LedgerEntry.id)
        .having(func.coalesce(func.sum(LedgerLine.fen), 1) != 0)
    )
    return list(rows)


def overdrawn_accounts() -> list[tuple[str, str, int]]:
    """Accounts that hold less than nothing, without the gateway's and the bank's: (kind, owner, fen). None, if all is well."""
    debit = func.sum(LedgerLine.fen)
    rows = db.session.execute(
        select(LedgerAccount.account, LedgerAccount.owner, debit)
        .join(LedgerLine.account)
        .where(LedgerAccount.owner != "")
        .group_by(LedgerAccount.id)
    )
    found = []
    for account, owner, total in rows:
        fen = totals({account: int(total)}).where.get(account)
        if fen is None:
            fen = -int(total)
        if fen < 0:
            found.append((str(account), owner, fen))
    return found


def entries() -> int:
    """How many entries the ledger has."""
    return int(db.session.scalar(select(func.count()).select_from(LedgerEntry)) or 0)


def fee_permille(on: date | None = None) -> int:
    """The platform's fee of a day, in thousandths."""
    day = on or clock.today()
    newest = select(FeeRate.permille).where(FeeRate.valid_from <= day).order_by(FeeRate.valid_from.desc()).limit(1)
    return int(db.session.scalar(newest) or 0)


def vendor_of_payout(code: str) -> str | None:
    """The vendor whose earning this is, or None."""
    return db.session.scalar(select(Payout.vendor).where(Payout.code == code))


def differences_since(at: datetime) -> tuple[int, int]:
    """How many differences were found at or after `at` (market time), and how many of these a run mended."""
    mended = func.count().filter(Difference.state == DifferenceState.MENDED)
    found, by_run = db.session.execute(select(func.count(), mended).where(Difference.found_at >= at)).one()
    return found, by_run


def difference(code: str) -> Difference | None:
    """A difference by its code, or None."""
    return db.session.scalar(select(Difference).where(Difference.code == code))
