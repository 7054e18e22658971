"""Row locks, taken in one declared order so that two operations never wait for each other in a circle.

An operation that changes a thing locks it first; what may happen once is decided under the lock or by a constraint, never by
a question asked before. Several rows of one table are locked by primary key.
"""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select

from market.db import Base, db
from market.kernel.errors import NotFound
from market.kernel.words import N_

M = TypeVar("M", bound=Base)

#: tables in the order in which their rows may be locked within one transaction
ORDER = (
    # what a kiosk handed over becomes a draft, which locks its person
    "handover",
    "person",
    "account_key",
    "organisation",
    "membership",
    "link",
    "sign_in",
    "api_token",
    "guesses",
    "catalogue_version",
    "booking",
    "counter_session",
    "counter_consent",
    # before the order with which it is done
    "read_back",
    "upload",
    # attached first by the operations of all domains, before they lock what it is attached to
    "document",
    "slip",
    # what an objection stops is locked after it
    "review_notice",
    "vendor",
    "licence",
    "practitioner",
    "vendor_change",
    "listing",
    "order",
    "contract",
    "milestone",
    "dispute",
    # all money of an order is moved under its escrow's lock
    "escrow",
    "payout_account",
    "ledger_account",
    "difference",
    "rating",
    "credit_deduction",
    "phone",
    "webhook_endpoint",
    "saved_search",
    "saved_demand",
    "message",
    "message_delivery",
)


def lock(model: type[M], code: str) -> M:
    """The row with public `code`, locked until the transaction ends and freshly read. `NotFound` if there is none.

    A row that this transaction has locked already may be locked again at any time: that waits for nobody, so a reaction may
    call an operation on what was locked before it.
    """
    held = db.session.info.setdefault("held", set())
    take = _locked if (model.__tablename__, code) in held else lock_where
    row = take(model, model.code == code)  # type: ignore[attr-defined]
    if not row:
        raise NotFound(N_("There is nothing with the code %(code)s."), code=code)
    return row[0]


def lock_all(model: type[M], codes: Iterable[str]) -> list[M]:
    """The rows with these public codes, locked by primary key. `NotFound` names the first that does not exist."""
    wanted = sorted(set(codes))
    rows = lock_where(model, model.code.in_(wanted))  # type: ignore[attr-defined]
    missing = set(wanted) - {row.code for row in rows}  # type: ignore[attr-defined]
    if missing:
        raise NotFound(N_("There is nothing with the code %(code)s."), code=min(missing))
    return rows


def lock_where(model: type[M], *conditions: object) -> list[M]:
    """All rows of `model` that meet `conditions`, locked by primary key and freshly read."""
    _in_order(model.__tablename__)
    return _locked(model, *conditions)


def _locked(model: type[M], *conditions: object) -> list[M]:
    # FOR NO KEY UPDATE: two who lock a row exclude each other, but who only writes a row that points to it (a message to a
    # person who is just signing) does not wait, and so never closes a circle with the declared order
    statement = select(model).where(*conditions).order_by(model.id).with_for_update(key_share=True)  # type: ignore[arg-type,attr-defined]
    rows = list(db.session.scalars(statement.execution_options(populate_existing=True)))
    codes = (getattr(row, "code", None) for row in rows)
    db.session.info.setdefault("held", set()).update((model.__tablename__, code) for code in codes if code is not None)
    return rows


def _in_order(table: str) -> None:
    rank = ORDER.index(table)
    highest = db.session.info.get("lock_rank", -1)
    if rank < highest:
        raise AssertionError(f"{table} locked after {ORDER[highest]}: see the order in market/locks.py")
    db.session.info["lock_rank"] = rank
