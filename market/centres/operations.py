"""What happens to hours and booked places. Times are the market's (clock.now())."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts.models import Person
from market.accounts.queries import person as person_with
from market.catalogue import queries as catalogue
from market.centres import queries, rules
from market.centres.events import (
    BookingCancelled,
    BookingKept,
    BookingMade,
    BookingMissed,
    BookingReminded,
    HoursChanged,
)
from market.centres.models import Booking, CentreHours
from market.centres.states import BOOKING_TRANSITIONS, BookingState, Visit
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.calendar import local_date, start_of_day
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, RuleBroken
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import queries as orders
from market.orders.states import Party
from market.record.operations import record
from market.transaction import attempt, transactional

#: whoever changes hours waits for whoever does so at this moment (an advisory lock of PostgreSQL)
HOURS_LOCK = 7_013_001

# Hours ------------------------------------------------------------------------------------------------------------------


@transactional
def set_hours(
    centre: str | None, weekday: int | None, text: str | None, valid_from: date, *, by: Actor
) -> list[CentreHours]:
    """From `valid_from` on, `centre` (None: all) has the hours of `text` (rules.parse_hours; empty: closed) on a weekday (1 to 7;
    None: every working day). `text` None: it follows what holds for all again.

    For operators. Refused: a day before tomorrow; hours for all that follow nothing; places that people have booked and that
    would be gone, with their number.
    """
    if by.role is not Role.OPERATOR:
        raise Forbidden()
    if centre is not None:
        queries.place(centre)
    if valid_from <= clock.today():
        raise Invalid.field("valid_from", N_("Hours change from tomorrow on at the earliest."))
    if text is None and centre is None and weekday is None:
        raise Invalid.field(
            "hours", N_("These are the hours that all follow: they need a span, or stay empty for closed.")
        )
    spans = None if text is None else rules.parse_hours(text) or [(time(0), time(23, 45), 0)]
    db.session.execute(select(func.pg_advisory_xact_lock(HOURS_LOCK)))
    same = select(CentreHours).where(
        CentreHours.centre.is_not_distinct_from(centre), CentreHours.weekday.is_not_distinct_from(weekday)
    )
    for row in db.session.scalars(same):
        if row.valid_from >= valid_from:
            db.session.delete(row)
        elif row.valid_to is None or row.valid_to >= valid_from:
            row.valid_to = valid_from - timedelta(days=1)
    made = [
        CentreHours(centre=centre, weekday=weekday, opens=opens, closes=closes, places=places, valid_from=valid_from)
        for opens, closes, places in spans or ()
    ]
    db.session.add_all(made)
    db.session.flush()  # booked places are held against the new rows
    _check_booked(centre, valid_from)
    lines = [rules.hours_line(row.opens, row.closes, row.places) for row in made if row.places]
    record(HoursChanged(centre, weekday, lines, valid_from.isoformat()), by=by)
    return made


def _check_booked(centre: str | None, valid_from: date) -> None:
    booked = select(Booking.centre, Booking.starts_at, Booking.place).where(
        Booking.state == BookingState.BOOKED, Booking.starts_at >= start_of_day(valid_from)
    )
    if centre is not None:
        booked = booked.where(Booking.centre == centre)
    rows, calendar = queries.all_hours(), catalogue.calendar()
    places: dict[tuple[str, date], Mapping[datetime, int]] = {}
    gone = 0
    for place in db.session.execute(booked):
        key = place.centre, local_date(place.starts_at)
        if key not in places:
            held = rules.slots_of(rules.hours_on(rows, *key, calendar), key[1])
            places[key] = {slot.starts_at: slot.places for slot in held}
        gone += places[key].get(place.starts_at, 0) < place.place
    if gone:
        raise RuleBroken(
            N_("%(number)s booked places would be gone."),
            rule=N_("Market rule: a booked place stays"),
            remedy=N_("Choose a later day (places are booked at most 30 days ahead), or keep enough places."),
            number=gone,
        )


# Places -----------------------------------------------------------------------------------------------------------------


@transactional
def book(centre: str, starts_at: datetime, visit: Visit, *, order: str | None = None, by: Actor) -> Booking:
    """One place at a centre in the quarter hour that begins at `starts_at` (aware), for `by` or whom he serves.

    Refused: no such quarter hour, all places taken (`Conflict`), a time past or more than 30 days ahead, another place of the
    person within the same hour, more than five places at a time, somebody else's order (`NotFound`).
    """
    now = clock.now()
    rules.check_bookable(starts_at, now)
    queries.place(centre)
    slot = rules.slot_at(queries.slots(centre, local_date(starts_at)), starts_at)
    person = person_with(by.on_behalf_of or by.person)
    if person is None:
        raise NotFound()
    if order is not None and orders.order_for(order, by)[1] is not Party.BUYER:
        raise NotFound()
    # bookings of one person one after the other, so that they can be counted
    lock(Person, person.code)
    rules.check_open_bookings(queries.open_number(person.id, now))
    if queries.has_hour(person.id, rules.hour_of(starts_at)):
        raise _same_hour()
    row = Booking(
        code=new_code("J"), person_id=person.id, order=order, centre=centre, starts_at=slot.starts_at,
        hour=rules.hour_of(slot.starts_at), visit=visit, state=BookingState.BOOKED, channel=by.channel, made_at=now,
    )  # fmt: skip
    at = rules.remind_from(slot.starts_at)
    row.remind_at = at if at > now else None
    _take_place(row, slot.places)
    record(BookingMade(row.code, order, centre, slot.starts_at.isoformat()), by=by)
    return row


def _take_place(row: Booking, places: int) -> None:
    """The first free place of the quarter hour. Who is faster has it: the constraint decides, and the next one is tried."""
    for _ in range(places + 1):
        free = sorted(set(range(1, places + 1)) - queries.taken(row.centre, row.starts_at))
        if not free:
            break
        row.place = free[0]
        try:
            with attempt():
                db.session.add(row)
                db.session.flush()
        except IntegrityError:
            continue
        return
    raise Conflict(
        N_("All places at that time are taken."),
        rule=N_("Market rule: a centre gives no more places than it has windows for"),
        remedy=N_("Choose another time; the free ones are shown."),
    )


def _same_hour() -> Refusal:
    return Conflict(
        N_("You have another place within the same hour."),
        rule=N_("Market rule: one booked place for a person within an hour"),
        remedy=N_("Choose another hour, or cancel the other place first."),
    )


@transactional
def cancel_booking(code: str, *, by: Actor) -> Booking:
    """Give a place back, until it begins. `NotFound` for others' places, `WrongState` when it is no longer booked."""
    row = lock(Booking, code)
    if row.person.code != (by.on_behalf_of or by.person):
        raise NotFound()
    if row.state is BookingState.BOOKED:
        rules.check_cancellable(row.starts_at, clock.now())
    row.state = next_state(BOOKING_TRANSITIONS, row.state, "cancel")
    row.ended_at = clock.now()
    record(BookingCancelled(row.code, row.order, row.centre, row.starts_at.isoformat()), by=by)
    return row


@transactional
def keep_booking(code: str, session_code: str, *, by: Actor) -> Booking:
    """Who had booked is there and is served in the counter session `session_code`. For counter staff."""
    if by.role is not Role.COUNTER:
        raise Forbidden()
    row = lock(Booking, code)
    row.state = next_state(BOOKING_TRANSITIONS, row.state, "keep")
    row.ended_at = clock.now()
    record(BookingKept(row.code, session_code), by=by)
    return row


@transactional
def miss_booking(code: str, *, by: Actor) -> bool:
    """Nobody came: True when that was noted now. Nothing before the time of grace is over, nor a second time."""
    row = lock(Booking, code)
    if row.state is not BookingState.BOOKED or row.starts_at > rules.missed_before(clock.now()):
        return False
    row.state = next_state(BOOKING_TRANSITIONS, row.state, "miss")
    row.ended_at = clock.now()
    record(BookingMissed(row.code, row.centre, row.starts_at.isoformat()), by=by)
    return True


@transactional
def remind_booking(code: str, *, by: Actor) -> bool:
    """Remind who has booked, once: True when that is done now. Nothing before its time, after the visit's, or when given back."""
    row = lock(Booking, code)
    now = clock.now()
    if row.state is not BookingState.BOOKED or row.reminded_at is not None:
        return False
    if row.remind_at is None or not row.remind_at <= now < row.starts_at:
        return False
    row.reminded_at = now
    record(BookingReminded(row.code), by=by)
    return True
