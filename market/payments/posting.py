"""Writing the ledger and reading balances: the only place that adds entries. What may be written is ledger.py's affair."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.db import db
from market.locks import lock_where
from market.payments.ledger import OF_VENDORS, Account, Key, Lines, after, balance
from market.payments.models import LedgerAccount, LedgerEntry, LedgerLine, Payment
from market.payments.states import PaymentState


def post(key: str, kind: str, payment: Payment, lines: Lines) -> LedgerEntry:
    """Add an entry of `lines` about `payment`. `key` says what happened to what, once for all.

    The caller has locked the order's escrow; the accounts of a vendor, which other orders share, are locked here. `Overdrawn`
    when an account lacks what would leave it.
    """
    accounts = _accounts(lines)
    after(_balances(accounts.values()), lines)
    entry = LedgerEntry(key=key, kind=kind, order=payment.escrow.code, payment_id=payment.id, at=clock.now())
    entry.lines = [LedgerLine(account_id=accounts[line.account, line.owner].id, fen=line.fen) for line in lines]
    db.session.add(entry)
    db.session.flush()
    return entry


def held_of(payment: Payment) -> int:
    """What escrow holds of one payment, in fen."""
    total = db.session.scalar(
        select(func.coalesce(func.sum(LedgerLine.fen), 0))
        .join(LedgerLine.entry)
        .join(LedgerLine.account)
        .where(LedgerEntry.payment_id == payment.id, LedgerAccount.account == Account.ESCROW)
    )
    return balance(Account.ESCROW, int(total or 0))


def refundable(payment: Payment) -> int:
    """What an officer can send back of a payment, in fen: what is held of it; nothing unless it is held."""
    return held_of(payment) if payment.state is PaymentState.HELD else 0


def balance_of(account: Account, owner: str = "") -> int:
    """What an account holds, in fen, on its own side; 0 for one without entries."""
    total = db.session.scalar(
        select(func.coalesce(func.sum(LedgerLine.fen), 0))
        .join(LedgerLine.account)
        .where(LedgerAccount.account == account, LedgerAccount.owner == owner)
    )
    return balance(account, int(total or 0))


def _accounts(lines: Lines) -> dict[Key, LedgerAccount]:
    """The accounts of `lines`, made where they are missing; all accounts of a vendor concerned are locked together."""
    wanted: set[Key] = {(line.account, line.owner) for line in lines}
    wanted |= {(kind, owner) for account, owner in wanted if account in OF_VENDORS for kind in OF_VENDORS}
    rows = [{"account": account, "owner": owner} for account, owner in sorted(wanted)]
    db.session.execute(insert(LedgerAccount).values(rows).on_conflict_do_nothing())
    vendors = {owner for account, owner in wanted if account in OF_VENDORS}
    if vendors:
        lock_where(LedgerAccount, LedgerAccount.account.in_(OF_VENDORS), LedgerAccount.owner.in_(vendors))
    found = db.session.scalars(select(LedgerAccount).where(LedgerAccount.owner.in_({owner for _, owner in wanted})))
    return {(row.account, row.owner): row for row in found if (row.account, row.owner) in wanted}


def _balances(accounts: Iterable[LedgerAccount]) -> dict[Key, int]:
    """What the accounts with an owner hold; of the others, which have very many lines, none is ever judged by what it holds."""
    owned = {row.id: (row.account, row.owner) for row in accounts if row.owner}
    sums = db.session.execute(
        select(LedgerLine.account_id, func.sum(LedgerLine.fen))
        .where(LedgerLine.account_id.in_(owned))
        .group_by(LedgerLine.account_id)
    )
    found = dict.fromkeys(owned.values(), 0)
    for account_id, total in sums:
        account, owner = owned[account_id]
        found[account, owner] = balance(account, int(total))
    return found
