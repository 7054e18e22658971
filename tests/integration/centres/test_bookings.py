"""Places at a centre: hours, booking, the race for the last one, reminder, cancelling, who did not come."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from market import clock, outbox
from market.centres import jobs, operations, queries
from market.centres.models import Booking
from market.centres.states import BookingState, Visit
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.notifications.models import Message
from market.transaction import transactional
from tests.integration.factories import centres as make
from tests.integration.factories.committed import vendor_member

Someone = Callable[..., Any]
TEN = make.at(5, 10)


def book(by: Actor, starts_at: Any = TEN, centre: str = make.CENTRE, **more: Any) -> Booking:
    return operations.book(centre, starts_at, Visit.PAPERS, by=by, **more)


def test_the_first_hours_stand_for_all_centres(app: Flask) -> None:
    held = queries.hours(make.CENTRE, date(2026, 3, 5))
    assert [(str(row.opens), str(row.closes), row.places) for row in held] == [
        ("09:00:00", "12:00:00", 2), ("13:00:00", "17:00:00", 2),
    ]  # fmt: skip


def test_a_place_is_booked_told_and_shown(someone: Someone) -> None:
    citizen = someone()
    row = book(citizen.actor)
    assert (row.state, row.place, row.starts_at) == (BookingState.BOOKED, 1, TEN)
    told = db.session.scalars(select(Message).where(Message.person_id == citizen.person.id)).all()
    assert [message.subject for message in told] == ["A place is booked"]
    free = {slot.starts_at: slot.free for slot in queries.free_slots(make.CENTRE, date(2026, 3, 5), clock.now())}
    assert (free[TEN], free[make.at(5, 10, 15)]) == (1, 2)


def test_a_third_person_gets_no_place_where_two_are(someone: Someone) -> None:
    book(someone().actor)
    book(someone().actor)
    with pytest.raises(Conflict) as refused:
        book(someone().actor)
    assert refused.value.rule


def test_a_place_given_back_is_free_for_the_next(someone: Someone) -> None:
    first, second = someone(), someone()
    row = book(first.actor)
    book(second.actor)
    operations.cancel_booking(row.code, by=first.actor)
    assert book(someone().actor).place == 1


def test_one_person_has_one_place_in_an_hour(someone: Someone) -> None:
    citizen = someone()
    book(citizen.actor)
    with pytest.raises(Conflict) as refused:
        book(citizen.actor, make.at(5, 10, 45), make.CITY)
    assert "same hour" in str(refused.value)
    book(citizen.actor, make.at(5, 11))


def test_one_person_holds_at_most_five_places(someone: Someone) -> None:
    citizen = someone()
    for hour in (9, 10, 11, 13, 14):
        book(citizen.actor, make.at(5, hour))
    with pytest.raises(RuleBroken):
        book(citizen.actor, make.at(5, 15))


@pytest.mark.parametrize(
    "starts_at", [make.at(5, 12), make.at(7, 10), make.at(5, 10, 5), make.at(4, 9), make.at(6, 10, month=4)]
)
def test_no_place_at_noon_on_saturday_off_the_quarter_in_the_past_or_too_far_ahead(
    someone: Someone, starts_at: Any
) -> None:
    with pytest.raises(RuleBroken):
        book(someone().actor, starts_at)


def test_a_station_without_a_window_takes_no_bookings(someone: Someone) -> None:
    with pytest.raises(NotFound):
        book(someone().actor, centre="610117-03")


def test_only_one_s_own_order_and_own_place(someone: Someone) -> None:
    with pytest.raises(NotFound):
        book(someone().actor, order="O-9XM75YJWP")
    row = book(someone().actor)
    with pytest.raises(NotFound):
        operations.cancel_booking(row.code, by=someone().actor)


def test_a_place_cannot_be_given_back_once_it_has_begun_or_twice(someone: Someone) -> None:
    citizen = someone()
    row, other = book(citizen.actor), book(citizen.actor, make.at(5, 11))
    operations.cancel_booking(other.code, by=citizen.actor)
    with pytest.raises(WrongState):
        operations.cancel_booking(other.code, by=citizen.actor)
    with clock.frozen(TEN), pytest.raises(RuleBroken):
        operations.cancel_booking(row.code, by=citizen.actor)


def test_the_reminder_goes_out_once_the_day_before(someone: Someone) -> None:
    citizen = someone()
    row = book(citizen.actor)
    for when, reminded in ((make.at(4, 15, 59), False), (make.at(4, 16), True), (make.at(4, 17), True)):
        with clock.frozen(when):
            jobs.keep_places()
            db.session.refresh(row)
            assert (row.reminded_at is not None) is reminded
    outbox.drain()
    subjects = db.session.scalars(select(Message.subject).where(Message.person_id == citizen.person.id)).all()
    assert subjects.count("Tomorrow you have a place at a centre") == 1


def test_who_does_not_come_is_noted_after_the_time_of_grace(someone: Someone) -> None:
    citizen = someone()
    row = book(citizen.actor)
    for when, state in ((make.at(5, 10, 29), BookingState.BOOKED), (make.at(5, 10, 30), BookingState.MISSED)):
        with clock.frozen(when):
            jobs.keep_places()
            jobs.keep_places()
            db.session.refresh(row)
            assert row.state is state
    with clock.frozen(make.at(5, 11)):
        book(citizen.actor, make.at(5, 14))


def test_reminding_and_missing_are_done_once_and_in_their_time_whoever_asks(someone: Someone) -> None:
    """A job that runs twice, or late, finds nothing to do."""
    citizen = someone()
    row = book(citizen.actor)
    given_back = book(citizen.actor, make.at(5, 14))
    operations.cancel_booking(given_back.code, by=citizen.actor)
    asked = (
        (operations.remind_booking, make.at(4, 15, 59), False),
        (operations.remind_booking, make.at(4, 16), True),
        (operations.remind_booking, make.at(4, 16), False),
        (operations.miss_booking, make.at(5, 10, 29), False),
        (operations.miss_booking, make.at(5, 10, 30), True),
        (operations.miss_booking, make.at(5, 10, 31), False),
        (operations.remind_booking, make.at(5, 10, 31), False),
    )
    for act, when, done in asked:
        with clock.frozen(when):
            assert act(row.code, by=system()) is done, (act, when)
            assert not act(given_back.code, by=system())


def test_the_constraint_keeps_a_place_from_being_given_twice(someone: Someone) -> None:
    """The question asked before is only for the answer's words; the index decides."""
    row, other = book(someone().actor), someone()
    twin = Booking(
        code="B-00000000X", person_id=other.person.id, centre=row.centre, starts_at=row.starts_at, hour=row.hour,
        place=row.place, visit=row.visit, state=BookingState.BOOKED, channel=row.channel, made_at=row.made_at,
    )  # fmt: skip
    db.session.add(twin)
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


# Hours ------------------------------------------------------------------------------------------------------------------


def test_an_operator_changes_hours_from_a_day_on(someone: Someone) -> None:
    operator = someone(Role.OPERATOR)
    operations.set_hours(make.CENTRE, None, "10:00-11:00 x1", date(2026, 3, 9), by=operator.actor)
    assert len(queries.slots(make.CENTRE, date(2026, 3, 6))) == 28
    assert len(queries.slots(make.CENTRE, date(2026, 3, 9))) == 4
    assert len(queries.slots(make.CITY, date(2026, 3, 9))) == 28
    operations.set_hours(make.CENTRE, None, None, date(2026, 3, 10), by=operator.actor)
    assert len(queries.slots(make.CENTRE, date(2026, 3, 9))) == 4
    assert len(queries.slots(make.CENTRE, date(2026, 3, 10))) == 28


def test_hours_are_set_by_operators_for_days_to_come(someone: Someone) -> None:
    with pytest.raises(Forbidden):
        operations.set_hours(make.CENTRE, None, "10:00-11:00 x1", date(2026, 3, 9), by=someone(Role.COUNTER).actor)
    operator = someone(Role.OPERATOR).actor
    with pytest.raises(Invalid):
        operations.set_hours(make.CENTRE, None, "10:00-11:00 x1", date(2026, 3, 4), by=operator)
    with pytest.raises(Invalid):
        operations.set_hours(None, None, None, date(2026, 3, 9), by=operator)


def test_hours_that_would_take_booked_places_away_are_refused_with_their_number(someone: Someone) -> None:
    book(someone().actor, make.at(9, 15))
    book(someone().actor, make.at(9, 15))
    operator = someone(Role.OPERATOR).actor
    with pytest.raises(RuleBroken) as refused:
        operations.set_hours(make.CENTRE, None, "10:00-17:00 x1", date(2026, 3, 9), by=operator)
    assert refused.value.params["number"] == 1
    operations.set_hours(make.CENTRE, None, "10:00-17:00 x1", date(2026, 3, 10), by=operator)


# At once ----------------------------------------------------------------------------------------------------------------


@transactional
def citizens(number: int) -> list[Actor]:
    return [vendor_member() for _ in range(number)]


def test_ten_at_once_get_two_places_and_eight_plain_refusals(committed: Flask) -> None:
    with committed.app_context(), clock.frozen(make.at(4, 10)):
        people = citizens(10)
    barrier, results = threading.Barrier(10), [None] * 10

    def run(number: int, by: Actor) -> None:
        with committed.app_context(), clock.frozen(make.at(4, 10)):
            barrier.wait(timeout=20)
            try:
                results[number] = book(by).place  # type: ignore[call-overload]
            except Exception as error:
                results[number] = type(error)  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(results, key=str) == sorted([1, 2, *[Conflict] * 8], key=str)
    with committed.app_context():
        held = select(func.count()).select_from(Booking).where(Booking.starts_at == TEN)
        assert db.session.scalar(held) == 2


def test_one_person_clicking_six_times_at_once_has_one_place(committed: Flask) -> None:
    day = TEN + timedelta(days=1)
    with committed.app_context(), clock.frozen(make.at(4, 10)):
        (person,) = citizens(1)
    barrier, results = threading.Barrier(6), [None] * 6

    def run(number: int) -> None:
        with committed.app_context(), clock.frozen(make.at(4, 10)):
            barrier.wait(timeout=20)
            try:
                results[number] = book(person, day + timedelta(minutes=15 * (number % 4))).place  # type: ignore[call-overload]
            except Conflict:
                results[number] = "refused"  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(str, results)) == ["1", *["refused"] * 5]
    with committed.app_context():
        assert db.session.execute(text("select count(*) from booking where hour = :at"), {"at": day}).scalar() == 1
