"""Reading orders: rows for those who may see them, terms, and facts for rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Actor, Role
from market.kernel.calendar import end_of_day, local_date
from market.kernel.errors import NotFound
from market.orders import terms
from market.orders.events import OrderRead
from market.orders.models import Order, OrderTerm
from market.orders.states import AT_WORK, Party
from market.record.operations import record
from market.transaction import transactional
from market.vendors.models import Vendor

#: officials who may read any order in duty; each reading is recorded
READERS = frozenset({Role.OPERATOR, Role.REGULATOR, Role.AUDITOR})

# Orders and who may see them --------------------------------------------------------------------------------------------


def order(code: str) -> Order:
    """The order with this public code, whoever asks, or `NotFound`."""
    found = db.session.scalar(
        select(Order)
        .where(Order.code == code)
        .options(
            joinedload(Order.person),
            joinedload(Order.organisation),
            joinedload(Order.vendor).joinedload(Vendor.organisation),
        )
    )
    if found is None:
        raise NotFound()
    return found


def party_of(row: Order, actor: Actor) -> Party | None:
    """Which side of an order `actor` is: its buyer (or who acts for him), its vendor, an official in duty; None for others.

    The vendor of a placed order is a side from the moment it is asked; one that was asked before and said no is none.
    """
    if actor.is_system:
        return Party.MARKET
    if is_buyer(row, actor):
        return Party.BUYER
    if row.vendor is not None and actor.role is Role.VENDOR and row.vendor.organisation.code == actor.organisation:
        return Party.VENDOR
    return Party.OPERATOR if actor.role in READERS else None


def is_buyer(row: Order, actor: Actor) -> bool:
    """True for the person who ordered for himself, for buyers of the organisation that ordered, and for counter staff who act
    for either with consent."""
    if row.organisation is not None:
        return actor.role is Role.BUYER and actor.organisation == row.organisation.code
    return row.person.code == (actor.on_behalf_of or actor.person)


def order_for(code: str, actor: Actor) -> tuple[Order, Party]:
    """The order and which side the reader is; `NotFound` for everybody who is no side. An official's reading is recorded."""
    row = order(code)
    party = party_of(row, actor)
    if party is None:
        raise NotFound()
    if party is Party.OPERATOR:
        _note_reading(row.code, actor)
    return row, party


@transactional
def _note_reading(code: str, actor: Actor) -> None:
    record(OrderRead(code), by=actor)


def people_of(order_code: str) -> dict[str, list[str]]:
    """Whom to tell of an order: codes of the buyer (an organisation, or the person himself) and of the vendor's organisation."""
    row = order(order_code)
    buyer = row.organisation.code if row.organisation is not None else row.person.code
    return {"buyer": [buyer], "vendor": [row.vendor.organisation.code] if row.vendor is not None else []}


# Terms ------------------------------------------------------------------------------------------------------------------


def term(name: str, *, item: str | None = None, region: str | None = None, on: date | None = None) -> int:
    """The value of a term (unit in terms.NAMES) for an item in a region on a day (default: today). LookupError without a row."""
    return term_row(name, item=item, region=region, on=on).value


def term_row(name: str, *, item: str | None = None, region: str | None = None, on: date | None = None) -> terms.Row:
    """The dated row of a term that counts, with its source."""
    rows = db.session.scalars(select(OrderTerm).where(OrderTerm.name == name)).all()
    return terms.in_force(_rows(rows), name, item=item, region=region, on=on or clock.today())


def term_rows(on: date | None = None, *, item: str | None = None, region: str | None = None) -> dict[str, terms.Row]:
    """All terms for an item in a region on a day, by name, in one statement."""
    rows = _rows(db.session.scalars(select(OrderTerm)).all())
    on = on or clock.today()
    return {name: terms.in_force(rows, name, item=item, region=region, on=on) for name in terms.NAMES}


def _rows(rows: Sequence[OrderTerm]) -> list[terms.Row]:
    return [terms.Row(one.name, one.item, one.region, one.value, one.valid_from, one.source) for one in rows]


def end_of_term(start: datetime, working_days: int) -> datetime:
    """The first instant after a term of so many working days from `start` (aware): the day of the start does not count, the
    last day counts whole, in Asia/Shanghai (KF-CAL-01)."""
    return end_of_day(catalogue.calendar().add_working_days(local_date(start), working_days).day)


def working_days_left(due_at: datetime, now: datetime | None = None) -> int:
    """Working days left until a deadline kept as the first instant after it; 0 on its last day, below 0 when it is over."""
    now = now or clock.now()
    last = local_date(due_at) if now >= due_at else last_day(due_at)
    left = catalogue.calendar().working_days_between(local_date(now), last).days
    return min(left, -1) if now >= due_at else left


def last_day(due_at: datetime) -> date:
    """The last day of a deadline that is kept as the first instant after it."""
    return local_date(due_at - timedelta(microseconds=1))


# Capacity ---------------------------------------------------------------------------------------------------------------


def open_jobs(vendor_ids: Sequence[int]) -> Mapping[int, int]:
    """How many orders each vendor has at work, by its key; vendors without any are absent."""
    rows = db.session.execute(
        select(Order.vendor_id, func.count())
        .where(Order.vendor_id.in_(vendor_ids), Order.state.in_(AT_WORK))
        .group_by(Order.vendor_id)
    )
    return {vendor_id: count for vendor_id, count in rows if vendor_id is not None}
