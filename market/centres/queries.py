"""Reading hours, free places, bookings, counter sessions, consents, codes, and the figures of centres."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from market.accounts.models import Person
from market.catalogue import queries as catalogue
from market.catalogue.models import Centre
from market.centres import rules
from market.centres.models import (
    Booking,
    CentreHours,
    CounterConsent,
    CounterSession,
    Handover,
    PersonPass,
    PickupCode,
    ReadBack,
)
from market.centres.states import Act, BookingState, Outcome, ReadBackState
from market.db import db
from market.kernel.actor import Channel
from market.kernel.calendar import end_of_day, local_date, start_of_day
from market.kernel.errors import NotFound
from market.orders.models import Order
from market.personal_data import keyed_hash

# Places and hours -------------------------------------------------------------------------------------------------------


def place(code: str) -> Centre:
    """The centre with this code, if it has a window, else `NotFound`."""
    found = centre(code)
    if found is None or rules.WINDOW not in found.services:
        raise NotFound()
    return found


def centre(code: str) -> Centre | None:
    """The centre with this code."""
    return db.session.scalar(select(Centre).where(Centre.code == code))


def nearest(district: str | None) -> list[Centre]:
    """Centres with a window, nearest to `district` first (rules.nearest)."""
    found = {one.code: one for one in catalogue.centres()}
    places = [rules.Place(one.code, one.district_code, one.kind, frozenset(one.services)) for one in found.values()]
    return [found[one.code] for one in rules.nearest(places, district)]


def hours_rows(centre_code: str | None = None) -> list[CentreHours]:
    """All rows of hours that hold for a centre, its own and everybody's; without one, everybody's alone. Newest first."""
    whose: list[ColumnElement[bool]] = [CentreHours.centre.is_(None)]
    if centre_code is not None:
        whose.append(CentreHours.centre == centre_code)
    rows = select(CentreHours).where(or_(*whose))
    return list(
        db.session.scalars(
            rows.order_by(CentreHours.centre, CentreHours.weekday, CentreHours.valid_from.desc(), CentreHours.opens)
        )
    )


def hours(centre_code: str, day: date) -> list[rules.Hours]:
    """The hours of a centre on a day, empty when it is closed."""
    return rules.hours_on(_plain(hours_rows(centre_code)), centre_code, day, catalogue.calendar())


def week_of(centre_code: str, first: date, days: int = 7) -> list[tuple[date, list[rules.Hours]]]:
    """The hours of a centre on each of `days` days from `first` on."""
    rows, calendar = _plain(hours_rows(centre_code)), catalogue.calendar()
    return [
        (day, rules.hours_on(rows, centre_code, day, calendar))
        for day in (first + timedelta(days=n) for n in range(days))
    ]


def slots(centre_code: str, day: date) -> list[rules.Slot]:
    """The quarter hours of a centre on a day."""
    return rules.slots_of(hours(centre_code, day), day)


def all_hours() -> list[rules.Hours]:
    """The rows of all centres, for who asks about many (rules.hours_on)."""
    return _plain(db.session.scalars(select(CentreHours)).all())


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A quarter hour and how many of its places are free."""

    starts_at: datetime
    free: int


def free_slots(centre_code: str, day: date, now: datetime) -> list[FreeSlot]:
    """The quarter hours of a day that have not begun, with the places that are free."""
    return _free(slots(centre_code, day), _taken(centre_code, day, day), now)


def free_days(centre_code: str, now: datetime, number: int) -> list[tuple[date, list[FreeSlot]]]:
    """The next `number` days on which the centre has hours (open_days), each with its quarter hours that have not begun."""
    days = _open(centre_code, now, number)
    taken_at = _taken(centre_code, days[0][0], days[-1][0]) if days else {}
    return [(day, _free(held, taken_at, now)) for day, held in days]


def _taken(centre_code: str, first: date, last: date) -> dict[datetime, int]:
    """How many places are booked in each quarter hour of these days."""
    start, end = span(first, last)
    rows = db.session.execute(
        select(Booking.starts_at, func.count())
        .where(
            Booking.centre == centre_code, Booking.state == BookingState.BOOKED,
            Booking.starts_at >= start, Booking.starts_at < end,
        )
        .group_by(Booking.starts_at)
    )  # fmt: skip
    return dict(rows.all())


def _free(held: Sequence[rules.Slot], taken_at: Mapping[datetime, int], now: datetime) -> list[FreeSlot]:
    return [
        FreeSlot(slot.starts_at, max(0, slot.places - taken_at.get(slot.starts_at, 0)))
        for slot in held
        if slot.starts_at > now
    ]


def open_days(centre_code: str, now: datetime, number: int = 10) -> list[date]:
    """The next days on which the centre has hours, today included while a quarter hour is ahead; at most 30 days ahead."""
    return [day for day, _ in _open(centre_code, now, number)]


def _open(centre_code: str, now: datetime, number: int) -> list[tuple[date, list[rules.Slot]]]:
    """Such days with their quarter hours."""
    week = week_of(centre_code, local_date(now), rules.AHEAD_DAYS + 1)
    held = ((day, rules.slots_of(hours, day)) for day, hours in week if hours)
    return list(islice(((day, rows) for day, rows in held if any(slot.starts_at > now for slot in rows)), number))


def taken(centre_code: str, starts_at: datetime) -> set[int]:
    """The numbers of the places that are booked in a quarter hour."""
    held = Booking.centre == centre_code, Booking.starts_at == starts_at, Booking.state == BookingState.BOOKED
    return set(db.session.scalars(select(Booking.place).where(*held)))


def _plain(rows: Sequence[CentreHours]) -> list[rules.Hours]:
    return [
        rules.Hours(row.centre, row.weekday, row.opens, row.closes, row.places, row.valid_from, row.valid_to)
        for row in rows
    ]


# Bookings ---------------------------------------------------------------------------------------------------------------


def booking(code: str) -> Booking:
    """The booking with this code, or `NotFound`."""
    found = db.session.scalar(
        select(Booking).where(Booking.code == code).options(joinedload(Booking.place_of), joinedload(Booking.person))
    )
    if found is None:
        raise NotFound()
    return found


def booking_of(code: str, person_code: str) -> Booking:
    """A person's own booking, or `NotFound`."""
    found = booking(code)
    if found.person.code != person_code:
        raise NotFound()
    return found


def bookings_of(person_code: str) -> Select[Booking]:
    """All bookings of a person: those to come first by time, then the past ones, newest first."""
    to_come = Booking.state == BookingState.BOOKED
    return (
        select(Booking)
        .join(Booking.person)
        .where(Person.code == person_code)
        .options(joinedload(Booking.place_of))
        .order_by(to_come.desc(), Booking.starts_at.desc(), Booking.id)
    )


def open_number(person_id: int, now: datetime) -> int:
    """How many places a person has booked that are still to come."""
    held = Booking.person_id == person_id, Booking.state == BookingState.BOOKED, Booking.starts_at > now
    return db.session.scalar(select(func.count()).select_from(Booking).where(*held)) or 0


def has_hour(person_id: int, hour: datetime) -> bool:
    """True when the person has a place booked within this hour."""
    held = Booking.person_id == person_id, Booking.hour == hour, Booking.state == BookingState.BOOKED
    return bool(db.session.scalar(select(func.count()).select_from(Booking).where(*held)))


def bookings_at(centre_code: str, day: date) -> list[Booking]:
    """Everybody who booked at a centre on a day and has not given it back, by time."""
    start, end = span(day, day)
    statement = (
        select(Booking)
        .where(
            Booking.centre == centre_code, Booking.state != BookingState.CANCELLED,
            Booking.starts_at >= start, Booking.starts_at < end,
        )
        .options(joinedload(Booking.person))
        .order_by(Booking.starts_at, Booking.place, Booking.id)
    )  # fmt: skip
    return list(db.session.scalars(statement))


def overdue_bookings(now: datetime) -> list[str]:
    """Codes of booked places whose quarter hour and time of grace are over."""
    due = Booking.state == BookingState.BOOKED, Booking.starts_at <= rules.missed_before(now)
    return list(db.session.scalars(select(Booking.code).where(*due).order_by(Booking.id)))


def bookings_to_remind(now: datetime) -> list[str]:
    """Codes of booked places whose reminder is due."""
    due = (
        Booking.state == BookingState.BOOKED, Booking.reminded_at.is_(None),
        Booking.remind_at <= now, Booking.starts_at > now,
    )  # fmt: skip
    return list(db.session.scalars(select(Booking.code).where(*due).order_by(Booking.id)))


# The counter ------------------------------------------------------------------------------------------------------------


def session(code: str) -> CounterSession:
    """The counter session with this code, or `NotFound`."""
    found = db.session.scalar(
        select(CounterSession)
        .where(CounterSession.code == code)
        .options(
            joinedload(CounterSession.place_of), joinedload(CounterSession.person), joinedload(CounterSession.booking)
        )
    )
    if found is None:
        raise NotFound()
    return found


def session_of(clerk: str) -> CounterSession | None:
    """The session that a clerk has running."""
    return db.session.scalar(
        select(CounterSession)
        .where(CounterSession.clerk == clerk, CounterSession.ended_at.is_(None))
        .options(joinedload(CounterSession.place_of), joinedload(CounterSession.person))
    )


def names_of(people: Collection[str]) -> dict[str, str]:
    """The names of people by their codes."""
    rows = db.session.execute(select(Person.code, Person.name).where(Person.code.in_(people)))
    return {row.code: row.name for row in rows}


def session_among(codes: Collection[str], clerk: str) -> CounterSession | None:
    """The clerk's session among those with these codes."""
    if not codes:
        return None
    return db.session.scalar(
        select(CounterSession).where(CounterSession.clerk == clerk, CounterSession.code.in_(codes))
    )


def last_session_of(clerk: str) -> CounterSession | None:
    """The clerk's last session that ended: its window is offered again."""
    ended = CounterSession.clerk == clerk, CounterSession.ended_at.is_not(None)
    return db.session.scalar(select(CounterSession).where(*ended).order_by(CounterSession.id.desc()).limit(1))


def session_by_screen(token_hash: str) -> CounterSession | None:
    """The running session whose second screen has this secret."""
    return db.session.scalar(
        select(CounterSession)
        .where(CounterSession.screen_hash == token_hash, CounterSession.ended_at.is_(None))
        .options(joinedload(CounterSession.place_of), joinedload(CounterSession.person))
    )


def forgotten_sessions(now: datetime) -> list[str]:
    """Codes of sessions that nobody ended."""
    due = CounterSession.ended_at.is_(None), CounterSession.began_at <= now - rules.LONGEST_SESSION
    return list(db.session.scalars(select(CounterSession.code).where(*due).order_by(CounterSession.id)))


def consent(code: str) -> CounterConsent:
    """The consent with this code, or `NotFound`."""
    found = db.session.scalar(
        select(CounterConsent)
        .where(CounterConsent.code == code)
        .options(joinedload(CounterConsent.person), joinedload(CounterConsent.session))
    )
    if found is None:
        raise NotFound()
    return found


def consents_of(person_code: str) -> Select[CounterConsent]:
    """All consents of a person, newest first."""
    return (
        select(CounterConsent)
        .join(CounterConsent.person)
        .where(Person.code == person_code)
        .options(
            joinedload(CounterConsent.session).joinedload(CounterSession.place_of),
            joinedload(CounterConsent.person),
        )
        .order_by(CounterConsent.id.desc())
    )


def running_consent(
    session_row: CounterSession, at: datetime, *, ending: Collection[str] = ()
) -> CounterConsent | None:
    """The consent by which the clerk of a session may act for its citizen: the session's own, else one that outlives the
    session in which it was given, newest first. None without a citizen or without one that runs. Sessions in `ending` (codes)
    count as running still."""
    if session_row.person_id is None:
        return None
    held = (
        select(CounterConsent)
        .join(CounterConsent.session)
        .where(
            CounterConsent.person_id == session_row.person_id,
            CounterConsent.withdrawn_at.is_(None),
            or_(
                and_(CounterConsent.session_id == session_row.id, CounterConsent.valid_until.is_(None)),
                CounterConsent.valid_until > at,
            ),
        )
        .options(joinedload(CounterConsent.person), joinedload(CounterConsent.session))
        .order_by((CounterConsent.session_id == session_row.id).desc(), CounterConsent.id.desc())
    )
    return next((row for row in db.session.scalars(held) if rules.runs(facts(row, ending=ending), at)), None)


def facts(row: CounterConsent, *, ending: Collection[str] = ()) -> rules.Consent:
    """A consent as the rules see it; its session counts as running when its code is in `ending`."""
    return rules.Consent(
        row.code,
        row.person.code,
        row.clerk,
        frozenset(Act(act) for act in row.acts),
        row.given_at,
        row.valid_until,
        None if row.session.code in ending else row.session.ended_at,
        row.withdrawn_at,
    )


def open_consents_at(centre_code: str, at: datetime) -> list[CounterConsent]:
    """Consents given at a centre that outlive their session and run: for these citizens the clerks may go on without them."""
    held = (
        select(CounterConsent)
        .join(CounterConsent.session)
        .where(
            CounterSession.centre == centre_code, CounterConsent.withdrawn_at.is_(None), CounterConsent.valid_until > at
        )
        .options(joinedload(CounterConsent.person), joinedload(CounterConsent.session))
        .order_by(CounterConsent.valid_until, CounterConsent.id)
    )
    return list(db.session.scalars(held))


def read_back(code: str) -> ReadBack:
    """What was read back, or `NotFound`."""
    found = db.session.scalar(
        select(ReadBack)
        .where(ReadBack.code == code)
        .options(joinedload(ReadBack.session).joinedload(CounterSession.person))
    )
    if found is None:
        raise NotFound()
    return found


def open_read_back(session_id: int) -> ReadBack | None:
    """What is being read back in a session."""
    held = ReadBack.session_id == session_id, ReadBack.state.in_((ReadBackState.SHOWN, ReadBackState.CONFIRMED))
    return db.session.scalar(select(ReadBack).where(*held))


def read_backs_of(session_id: int) -> list[ReadBack]:
    """All that was read back in a session, the oldest first."""
    return list(db.session.scalars(select(ReadBack).where(ReadBack.session_id == session_id).order_by(ReadBack.id)))


def orders_of(person_id: int) -> list[Order]:
    """The orders that a citizen has for himself, those that wait for somebody first, then by last change; at most 20."""
    statement = (
        select(Order)
        .where(Order.person_id == person_id, Order.organisation_id.is_(None))
        .options(joinedload(Order.person), joinedload(Order.vendor))
        .order_by(Order.due_at.is_(None), Order.updated_at.desc(), Order.id)
        .limit(20)
    )
    return list(db.session.scalars(statement))


# Codes on paper ---------------------------------------------------------------------------------------------------------


def order_by_pickup(code: str) -> str | None:
    """The code of the order with this pick-up code (normalised)."""
    return db.session.scalar(select(PickupCode.order).where(PickupCode.pickup == code))


def pickup_of(order_code: str) -> str | None:
    """The pick-up code of an order, without its hyphen."""
    return db.session.scalar(select(PickupCode.pickup).where(PickupCode.order == order_code))


def person_by_pass(code: str, at: datetime) -> PersonPass | None:
    """The pass of this code (normalised) if it works at `at`."""
    return db.session.scalar(
        select(PersonPass)
        .where(PersonPass.code_hash == keyed_hash(f"pass {code}"), PersonPass.expires_at > at)
        .options(joinedload(PersonPass.person))
    )


def handover_by(token_hash: str) -> Handover | None:
    """The hand-over of this secret, also one that is over."""
    return db.session.scalar(select(Handover).where(Handover.token_hash == token_hash))


# Figures ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterTimes:
    """Counter sessions that ended: how many, the median of their seconds, how many took longer than 15 minutes, how many went
    over to an appointment, papers that nobody had to bring; and how many were forgotten (counted nowhere else)."""

    sessions: int
    median_seconds: int | None
    over: int
    appointments: int
    documents_saved: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class CounterRow:
    """The times of one centre, or of one day, of a list."""

    name: Any
    times: CounterTimes


def counter_times(
    first: date, last: date, *, centre_code: str | None = None, window: str | None = None
) -> CounterTimes:
    """The times of counter sessions that began from `first` to `last` (the market's days, both included)."""
    rows = _times(first, last, None, centre_code, window)
    return rows[0].times if rows else CounterTimes(0, None, 0, 0, 0, 0)


def counter_times_by_centre(first: date, last: date) -> list[CounterRow]:
    """The same for each centre with a session, by code."""
    return _times(first, last, CounterSession.centre, None, None)


def counter_times_by_day(first: date, last: date, centre_code: str | None = None) -> list[CounterRow]:
    """The same for each day."""
    return _times(first, last, CounterSession.day, centre_code, None)


def _times(first: date, last: date, by: Any, centre_code: str | None, window: str | None) -> list[CounterRow]:
    standard = int(rules.STANDARD.total_seconds())
    counted = CounterSession.outcome != Outcome.ABANDONED
    figures = (
        func.count().filter(counted),
        # the lower of two in the middle: a duration that was measured, never a mean of two
        func.percentile_disc(0.5).within_group(CounterSession.seconds).filter(counted),
        func.count().filter(counted, CounterSession.seconds > standard),
        func.count().filter(CounterSession.outcome == Outcome.APPOINTMENT),
        func.coalesce(func.sum(CounterSession.documents_saved).filter(counted), 0),
        func.count().filter(CounterSession.outcome == Outcome.ABANDONED),
    )
    statement = select(*figures if by is None else (by, *figures)).where(
        CounterSession.ended_at.is_not(None), CounterSession.day.between(first, last)
    )
    if centre_code is not None:
        statement = statement.where(CounterSession.centre == centre_code)
    if window is not None:
        statement = statement.where(CounterSession.window == window)
    if by is None:
        return [CounterRow(None, CounterTimes(*row)) for row in db.session.execute(statement)]
    statement = statement.group_by(by).order_by(by)
    return [CounterRow(row[0], CounterTimes(*row[1:])) for row in db.session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ChannelShare:
    """How many orders came in by a channel, of how many in all."""

    channel: Channel
    count: int
    total: int


def channel_shares(first: date, last: date) -> list[ChannelShare]:
    """Orders placed from `first` to `last` (days in Shanghai, both included) by the channel in which they were begun, the most
    used first, equal ones by name."""
    start, end = span(first, last)
    rows = db.session.execute(
        select(Order.channel, func.count())
        .where(Order.placed_at >= start, Order.placed_at < end)
        .group_by(Order.channel)
    ).all()
    total = sum(count for _, count in rows)
    ordered = sorted(rows, key=lambda row: (-row[1], str(row[0])))
    return [ChannelShare(channel, count, total) for channel, count in ordered]


@dataclass(frozen=True, slots=True)
class BookingFigures:
    """Booked places of a time by what came of them."""

    kept: int
    missed: int
    cancelled: int
    to_come: int


def booking_figures(first: date, last: date) -> BookingFigures:
    """Places whose time lay from `first` to `last` (days in Shanghai, both included)."""
    start, end = span(first, last)
    rows = db.session.execute(
        select(Booking.state, func.count())
        .where(Booking.starts_at >= start, Booking.starts_at < end)
        .group_by(Booking.state)
    )
    counts = dict(rows.all())
    return BookingFigures(
        counts.get(BookingState.KEPT, 0),
        counts.get(BookingState.MISSED, 0),
        counts.get(BookingState.CANCELLED, 0),
        counts.get(BookingState.BOOKED, 0),
    )


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The first instant of `first` and the first instant after `last`, in Shanghai."""
    return start_of_day(first), end_of_day(last)
