"""Reading orders: rows for those who may see them, terms, and facts for rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.accounts.models import Organisation, Person
from market.catalogue import queries as catalogue
from market.catalogue import tariff
from market.db import db
from market.kernel.actor import Actor, Role
from market.kernel.calendar import Calendar, end_of_day, last_day, local_date
from market.kernel.errors import Invalid, NotFound, Refusal
from market.listings.queries import Held
from market.orders import rules, terms
from market.orders.events import OrderRead
from market.orders.models import Answer, AskedVendor, ExcludedOffer, Milestone, Order, OrderPaper, OrderTerm
from market.orders.states import AT_WORK, OrderState, Party
from market.record.operations import record
from market.transaction import transactional
from market.vendors.models import Vendor

#: officials who may read any order in duty; each reading is recorded
READERS = frozenset({Role.OPERATOR, Role.REGULATOR, Role.AUDITOR})
#: roles in which somebody buys for his organisation: a vendor's firm may need services of others too
BUYING = frozenset({Role.BUYER, Role.VENDOR})

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
    in_duty = actor.role in READERS and actor.district in (None, row.district)
    return Party.OPERATOR if in_duty else None


def is_buyer(row: Order, actor: Actor) -> bool:
    """True for the person who ordered for himself, for buyers of the organisation that ordered, and for counter staff who act
    for either with consent."""
    if row.organisation is not None:
        return actor.role in BUYING and actor.organisation == row.organisation.code
    return row.person.code == (actor.on_behalf_of or actor.person)


def own_order(code: str, actor: Actor) -> Order:
    """The order, whatever its state, for its buyer; `NotFound` for everybody else."""
    row = order(code)
    if not is_buyer(row, actor):
        raise NotFound()
    return row


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
    rows, on = all_terms(), on or clock.today()
    return {name: terms.in_force(rows, name, item=item, region=region, on=on) for name in terms.NAMES}


def all_terms() -> list[terms.Row]:
    """Every dated row of every term, for terms.in_force: one statement for many orders."""
    return _rows(db.session.scalars(select(OrderTerm)).all())


def _rows(rows: Sequence[OrderTerm]) -> list[terms.Row]:
    return [terms.Row(one.name, one.item, one.region, one.value, one.valid_from, one.source) for one in rows]


def kept_until(item: str | None, district: str | None) -> datetime:
    """Until when a draft is kept that is touched now (term draft_days, calendar days)."""
    return clock.now() + timedelta(days=term("draft_days", item=item, region=district))


def end_of_term(start: datetime, working_days: int) -> datetime:
    """The first instant after a term of so many working days from `start` (aware): the day of the start does not count, the
    last day counts whole, in Asia/Shanghai (KF-CAL-01)."""
    return end_of_day(catalogue.calendar().add_working_days(local_date(start), working_days).day)


def working_days_left(due_at: datetime, now: datetime | None = None, calendar: Calendar | None = None) -> int:
    """Working days left until a deadline kept as the first instant after it; 0 on its last day, below 0 when it is over."""
    now = now or clock.now()
    last = local_date(due_at) if now >= due_at else last_day(due_at)
    left = (calendar or catalogue.calendar()).working_days_between(local_date(now), last).days
    return min(left, -1) if now >= due_at else left


# Capacity ---------------------------------------------------------------------------------------------------------------


def open_jobs(vendor_ids: Sequence[int], item: str | None = None) -> Mapping[int, int]:
    """How many orders each vendor has at work (of one item), by its key; vendors without any are absent."""
    statement = (
        select(Order.vendor_id, func.count())
        .where(Order.vendor_id.in_(vendor_ids), Order.state.in_(AT_WORK))
        .group_by(Order.vendor_id)
    )
    if item is not None:
        statement = statement.where(Order.item == item)
    return {vendor_id: count for vendor_id, count in db.session.execute(statement) if vendor_id is not None}


# Ways of selection ------------------------------------------------------------------------------------------------------


def need_facts(row: Order) -> rules.Need:
    """An order as the ways of selection see it, with what the same buyer placed of the same item within the window."""
    on = clock.today()
    where: dict[str, Any] = {"item": row.item, "region": row.district, "on": on}
    window = term("split_window_days", **where)
    item = catalogue.item(row.item, on) if row.item is not None else None
    return rules.Need(
        kind=row.buyer_kind,
        fund=row.fund,
        amount_fen=row.ceiling_fen,
        others_fen=_others_fen(row, window) if row.fund is rules.Fund.FISCAL else 0,
        limit_fen=term("direct_limit_fen", **where),
        window_days=window,
        price_kind=item.price_kind if item is not None else "market",
        item=row.item or "",
    )


def _others_fen(row: Order, window_days: int) -> int:
    """The sum of what `summed_with` lists."""
    amount = func.greatest(func.coalesce(Order.price_fen, 0), func.coalesce(Order.ceiling_fen, 0))
    return int(db.session.scalar(select(func.sum(amount)).where(*_same_need(row, window_days))) or 0)


def _same_need(row: Order, window_days: int) -> tuple[ColumnElement[bool], ...]:
    """Other needs of the same buyer and item, for fiscal money, that were placed within the window and not called off."""
    buyer = (
        Order.organisation_id == row.organisation_id
        if row.organisation_id is not None
        else and_(Order.organisation_id.is_(None), Order.person_id == row.person_id)
    )
    return (
        Order.id != row.id,
        Order.item == row.item,
        Order.fund == rules.Fund.FISCAL,
        Order.state.not_in((OrderState.DRAFT, OrderState.CANCELLED, OrderState.FAILED)),
        Order.placed_at > clock.now() - timedelta(days=window_days),
        buyer,
    )


# Lists ------------------------------------------------------------------------------------------------------------------

#: what a list can be narrowed to
GROUPS: Mapping[str, frozenset[OrderState]] = {
    "drafts": frozenset({OrderState.DRAFT}),
    "choosing": frozenset({OrderState.IN_REVIEW, OrderState.SELECTING, OrderState.AWARDED}),
    "work": AT_WORK - {OrderState.AWARDED},
    "done": frozenset({OrderState.ACCEPTED, OrderState.CLOSED}),
    "ended": frozenset({OrderState.CANCELLED, OrderState.FAILED}),
}


def of_buyer(actor: Actor, group: str | None = None) -> Select[Order]:
    """The orders of the organisation for which `actor` buys, or of the person himself; what is waited for first, then newest."""
    statement = select(Order).options(joinedload(Order.vendor)).order_by(Order.updated_at.desc(), Order.id.desc())
    return _of_group(statement.where(mine(actor)), group)


def of_vendor(vendor_id: int, group: str | None = None) -> Select[Order]:
    """The orders of a vendor: those it is asked for with the nearest deadline first, then the newest."""
    statement = (
        select(Order)
        .where(Order.vendor_id == vendor_id)
        .options(joinedload(Order.organisation))
        .order_by(Order.due_at.asc().nulls_last(), Order.updated_at.desc(), Order.id.desc())
    )
    return _of_group(statement, group)


def of_sides(*sides: ColumnElement[bool]) -> Select[Order]:
    """The orders, drafts left out, of whoever is one of these sides (`mine`, `of_seller`), with their stages; newest first."""
    return (
        select(Order)
        .where(or_(*sides), Order.state != OrderState.DRAFT)
        .options(selectinload(Order.milestones))
        .order_by(Order.updated_at.desc(), Order.id.desc())
    )


def of_seller(vendor_id: int) -> ColumnElement[bool]:
    """The condition for the orders of a vendor."""
    return Order.vendor_id == vendor_id


def asked_of(vendor_id: int) -> Select[Order]:
    """The orders for which a vendor must say yes or no, the nearest deadline first."""
    waiting = Order.state == OrderState.SELECTING, Order.waiting_for == "confirm"
    return select(Order).where(Order.vendor_id == vendor_id, *waiting).order_by(Order.due_at, Order.id)


def counts(condition: ColumnElement[bool]) -> dict[str, int]:
    """How many orders there are in each group of states."""
    rows = db.session.execute(select(Order.state, func.count()).where(condition).group_by(Order.state))
    by_state = {state: count for state, count in rows}  # noqa: C416
    return {name: sum(by_state.get(state, 0) for state in states) for name, states in GROUPS.items()}


def _of_group(statement: Select[Order], group: str | None) -> Select[Order]:
    return statement if group is None or group not in GROUPS else statement.where(Order.state.in_(GROUPS[group]))


def mine(actor: Actor) -> ColumnElement[bool]:
    """The condition for the orders of whom `actor` buys for."""
    if actor.organisation is not None and actor.role in BUYING and actor.on_behalf_of is None:
        return Order.organisation.has(Organisation.code == actor.organisation)
    person = actor.on_behalf_of or actor.person
    return Order.person.has(Person.code == person) & Order.organisation_id.is_(None)


def in_review(district: str | None = None) -> Select[Order]:
    """Orders that wait for an operator's look, the nearest deadline first; with `district`, those in it."""
    statement = (
        select(Order)
        .where(Order.state == OrderState.IN_REVIEW)
        .options(joinedload(Order.organisation))
        .order_by(Order.due_at, Order.id)
    )
    return statement if district is None else statement.where(Order.district == district)


def summed_with(row: Order) -> list[Order]:
    """The other orders that count when a need may have been divided, the newest first; each with rules.counted_fen."""
    window = term("split_window_days", item=row.item, region=row.district)
    statement = select(Order).where(*_same_need(row, window)).options(joinedload(Order.vendor))
    return list(db.session.scalars(statement.order_by(Order.placed_at.desc(), Order.id.desc())))


def asked_vendor(row: Order) -> AskedVendor | None:
    """The vendor that is asked now."""
    statement = select(AskedVendor).where(AskedVendor.order_id == row.id, AskedVendor.answer == Answer.WAITING)
    return db.session.scalar(statement)


def asked_vendors(row: Order) -> list[AskedVendor]:
    """All vendors that were asked, the first one first."""
    statement = select(AskedVendor).where(AskedVendor.order_id == row.id).options(joinedload(AskedVendor.vendor))
    return list(db.session.scalars(statement.order_by(AskedVendor.id)))


def excluded_of(vendor_id: int, order_code: str | None = None) -> Select[ExcludedOffer]:
    """Where offers of a vendor did not fit an order that was placed, the newest first; with `order_code`, for that order."""
    statement = (
        select(ExcludedOffer)
        .where(ExcludedOffer.vendor_id == vendor_id)
        .options(joinedload(ExcludedOffer.order))
        .order_by(ExcludedOffer.id.desc())
    )
    if order_code is None:
        return statement
    return statement.where(ExcludedOffer.order.has(Order.code == order_code))


def papers_of(row: Order) -> list[OrderPaper]:
    """The papers of an order in their order, with the documents."""
    statement = select(OrderPaper).where(OrderPaper.order_id == row.id).options(joinedload(OrderPaper.document))
    return list(db.session.scalars(statement.order_by(OrderPaper.position, OrderPaper.id)))


# Clocks -----------------------------------------------------------------------------------------------------------------


def due(verbs: Sequence[str], at: datetime, most: int = 500) -> list[tuple[str, str]]:
    """Code and verb of orders whose term for one of `verbs` is over, the oldest first.

    The term to pay ends an order before its first stage only: later it shows as overdue, and the vendor waits or disputes.
    """
    later_stage = and_(Order.waiting_for == "pay", Order.state != OrderState.CONTRACTED)
    statement = (
        select(Order.code, Order.waiting_for)
        .where(Order.due_at <= at, Order.waiting_for.in_(verbs), not_(later_stage))
        .order_by(Order.due_at, Order.id)
        .limit(most)
    )
    return [(code, str(verb)) for code, verb in db.session.execute(statement)]


def forgotten(at: datetime, most: int = 500) -> list[str]:
    """Codes of drafts that nobody touched for their term."""
    statement = (
        select(Order.code).where(Order.state == OrderState.DRAFT, Order.kept_until <= at).order_by(Order.id).limit(most)
    )
    return list(db.session.scalars(statement))


# What things cost -------------------------------------------------------------------------------------------------------


def cost_of_cancelling(row: Order, party: Party) -> rules.Cost:
    """What calling an order off now costs, by the terms in force (shown before anybody confirms it)."""
    where: dict[str, Any] = {"item": row.item, "region": row.district}
    stages = db.session.scalars(select(Milestone).where(Milestone.order_id == row.id).order_by(Milestone.number))
    return rules.cost_of_cancelling(
        [rules.Stage(one.fen, one.is_funded, one.state) for one in stages],
        party,
        waiting_permille=term("cancel_share_funded", **where),
        working_permille=term("cancel_share_under_way", **where),
    )


def input_faults(held: Held, given: Mapping[str, str]) -> dict[str, list[Refusal | str]]:
    """What the standard does not understand of the inputs given, by name; empty when it understands all."""
    try:
        tariff.evaluate(held.standard.standard, {**given, **held.standard.presets}, clock.today())
    except Invalid as invalid:
        return invalid.fields
    return {}
