"""A visit at a counter: its clock, who is served, the consent that every act is held against, what is read back."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import queries as accounts
from market.accounts.models import CounterPerson
from market.catalogue import queries as catalogue
from market.centres import acting, code_operations, counter_operations, jobs, operations, queries
from market.centres.states import Act, ConsentHow, Outcome, Visit
from market.db import db
from market.documents.events import DocumentFetched
from market.kernel.actor import Actor, Channel, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.notifications.models import Message
from market.orders import draft_operations
from market.orders.events import OrderRead
from market.orders.models import Order
from market.record.models import AuditEntry
from market.record.operations import record
from market.record.queries import done_for
from market.transaction import transactional
from tests.integration.conftest import NOON
from tests.integration.factories import centres as make

Someone = Callable[..., Any]


@pytest.fixture
def clerk(someone: Someone) -> Actor:
    return someone(Role.COUNTER).actor


def later(minutes: float) -> Any:
    return clock.frozen(NOON + timedelta(minutes=minutes))


# The visit and its clock ------------------------------------------------------------------------------------------------


def test_a_visit_is_measured_from_next_please_to_its_outcome(clerk: Actor) -> None:
    row = make.visit(clerk)
    with later(6.5):
        counter_operations.end_session(row.code, Outcome.DONE, by=clerk)
    assert (row.seconds, row.outcome) == (390, Outcome.DONE)
    assert queries.session_of(clerk.person) is None


def test_a_clerk_has_one_visit_and_a_window_serves_one(clerk: Actor, someone: Someone) -> None:
    make.visit(clerk)
    with pytest.raises(Conflict):
        make.visit(clerk, window="4")
    with pytest.raises(Conflict):
        make.visit(someone(Role.COUNTER).actor, window="3")
    make.visit(someone(Role.COUNTER).actor, window="4")


def test_only_counter_staff_of_the_district_and_only_at_a_window(someone: Someone) -> None:
    with pytest.raises(Forbidden):
        make.visit(someone(Role.OPERATOR).actor)
    with pytest.raises(Forbidden):
        make.visit(someone(Role.COUNTER, district="610102").actor)
    make.visit(someone(Role.COUNTER, district="610117").actor)
    with pytest.raises(NotFound):
        make.visit(someone(Role.COUNTER).actor, centre="610117-03")


def test_a_visit_belongs_to_its_clerk(clerk: Actor, someone: Someone) -> None:
    row = make.visit(clerk)
    with pytest.raises(NotFound):
        counter_operations.end_session(row.code, Outcome.DONE, by=someone(Role.COUNTER).actor)
    counter_operations.end_session(row.code, Outcome.DONE, by=clerk)
    with pytest.raises(WrongState):
        counter_operations.end_session(row.code, Outcome.DONE, by=clerk)


def test_who_had_booked_is_taken_on_from_the_list_and_the_place_is_kept(clerk: Actor, someone: Someone) -> None:
    citizen = someone()
    booking = operations.book(make.CENTRE, make.at(4, 10, 15), Visit.PAPERS, by=citizen.actor)
    row = counter_operations.begin_session(make.CENTRE, "3", booking=booking.code, by=clerk)
    db.session.refresh(booking)
    assert (str(booking.state), row.person_id) == ("kept", citizen.person.id)
    with later(60):
        jobs.keep_places()
    db.session.refresh(booking)
    assert str(booking.state) == "kept"


def test_over_time_goes_over_to_an_appointment(clerk: Actor) -> None:
    row, _, acting_for = make.served(clerk)
    with later(16):
        counter_operations.end_session(row.code, Outcome.DONE, appointment=(make.CENTRE, make.at(5, 9)), by=acting_for)
    assert row.outcome is Outcome.APPOINTMENT
    citizen = accounts.person(acting_for.on_behalf_of or "")
    assert citizen is not None
    (booking,) = db.session.scalars(queries.bookings_of(citizen.code)).all()
    assert (booking.starts_at, booking.channel) == (make.at(5, 9), Channel.COUNTER)


def test_an_appointment_needs_its_time_and_a_consent(clerk: Actor) -> None:
    row = make.visit(clerk)
    with pytest.raises(Invalid):
        counter_operations.end_session(row.code, Outcome.APPOINTMENT, by=clerk)
    with pytest.raises(RuleBroken):
        counter_operations.end_session(row.code, Outcome.DONE, appointment=(make.CENTRE, make.at(5, 9)), by=clerk)
    assert row.ended_at is None


def test_a_visit_that_nobody_ended_is_ended_and_counts_in_no_figure(clerk: Actor) -> None:
    row = make.visit(clerk)
    with later(119):
        jobs.end_forgotten()
        db.session.refresh(row)
        assert row.ended_at is None
        assert not counter_operations.abandon_session(row.code, by=system())
    with later(121):
        jobs.end_forgotten()
        assert not counter_operations.abandon_session(row.code, by=system())
    db.session.refresh(row)
    assert row.outcome is Outcome.ABANDONED
    times = queries.counter_times(NOON.date(), NOON.date())
    assert (times.sessions, times.median_seconds, times.forgotten) == (0, None, 1)


def test_a_paper_that_the_city_holds_counts_for_the_visit_in_which_it_was_fetched(clerk: Actor) -> None:
    row, _, acting_for = make.served(clerk)

    @transactional
    def fetch(by: Actor) -> None:
        record(DocumentFetched("F-1", "K-1", "O-1", "身份证", "d"), by=by)

    fetch(acting_for)
    fetch(Actor(clerk.person))  # at home, for himself
    db.session.refresh(row)
    assert row.documents_saved == 1


def test_times_are_counted_by_centre_window_and_day(clerk: Actor, someone: Someone) -> None:
    other = someone(Role.COUNTER).actor
    for serial, (who, window, minutes) in enumerate(
        [(clerk, "3", 4), (clerk, "3", 10), (clerk, "3", 20), (other, "4", 15), (other, "4", 5)], start=1
    ):
        row = make.visit(who, serial, window=window)
        with later(minutes):
            counter_operations.end_session(row.code, Outcome.DONE, by=who)
    today = NOON.date()
    whole = queries.counter_times(today, today)
    assert (whole.sessions, whole.median_seconds, whole.over, whole.documents_saved) == (5, 600, 1, 0)
    third, fourth = (queries.counter_times(today, today, centre_code=make.CENTRE, window=one) for one in ("3", "4"))
    assert (third.median_seconds, third.over, fourth.median_seconds) == (600, 1, 300)
    assert [row.name for row in queries.counter_times_by_centre(today, today)] == [make.CENTRE]
    assert [row.name for row in queries.counter_times_by_day(today, today)] == [today]
    assert queries.counter_times(today + timedelta(1), today + timedelta(1)).sessions == 0


# Who is served ------------------------------------------------------------------------------------------------------------


def test_the_same_citizen_is_found_again_and_the_number_lies_encrypted(clerk: Actor) -> None:
    first = make.citizen(clerk)
    assert make.citizen(clerk, name="另一个写法").id == first.id
    row = db.session.scalars(select(CounterPerson)).one()
    raw = db.session.execute(select(CounterPerson.__table__.c.id_number.cast(db.Text))).scalar_one()
    assert row.id_number == make.identity_number()
    assert make.identity_number() not in str(raw)
    assert make.identity_number() not in str([entry.facts for entry in db.session.scalars(select(AuditEntry))])


def test_a_number_with_a_slip_is_refused_and_an_unknown_one_said_to_be(clerk: Actor) -> None:
    row = make.visit(clerk, None)
    number = make.identity_number(2)
    with pytest.raises(Invalid):
        counter_operations.register_citizen(row.code, name="测试", id_number=number[:-1] + "5", by=clerk)
    with pytest.raises(Invalid):
        counter_operations.identify_by_card(row.code, number, by=clerk)
    citizen = make.citizen(clerk, 2)
    assert counter_operations.identify_by_card(row.code, number, by=clerk).id == citizen.id


def test_one_visit_serves_one_citizen(clerk: Actor) -> None:
    row = make.visit(clerk, 1)
    make.citizen(clerk, 2)
    with pytest.raises(WrongState):
        counter_operations.identify_by_card(row.code, make.identity_number(2), by=clerk)


def test_a_pass_from_one_s_own_account_works_once_for_thirty_minutes(clerk: Actor, someone: Someone) -> None:
    citizen = someone()
    old, code = code_operations.make_pass(by=citizen.actor), code_operations.make_pass(by=citizen.actor)
    row = make.visit(clerk, None)
    with pytest.raises(Invalid):
        counter_operations.identify_by_pass(row.code, old, by=clerk)
    assert counter_operations.identify_by_pass(row.code, code.lower(), by=clerk).id == citizen.person.id
    with pytest.raises(Invalid):
        counter_operations.identify_by_pass(row.code, code, by=clerk)
    late = code_operations.make_pass(by=citizen.actor)
    with later(30), pytest.raises(Invalid):
        counter_operations.identify_by_pass(row.code, late, by=clerk)


# The consent ------------------------------------------------------------------------------------------------------------


def test_without_a_consent_a_clerk_is_only_himself(clerk: Actor) -> None:
    assert acting.actor_for(clerk) == clerk
    row = make.visit(clerk)
    assert acting.actor_for(clerk) == clerk
    make.consent(clerk, row)
    citizen = accounts.person_by_identity(make.identity_number())
    assert citizen is not None
    assert acting.actor_for(clerk) == replace(clerk, on_behalf_of=citizen.code, channel=Channel.COUNTER)


def test_what_is_done_in_the_citizen_s_name_says_so_and_is_shown(clerk: Actor) -> None:
    row, given, on_behalf = make.served(clerk)
    order = draft_operations.begin_order(item=None, by=on_behalf)
    assert (order.channel, order.clerk, order.consent) == (Channel.COUNTER, clerk.person, given.code)
    assert order.person.code == on_behalf.on_behalf_of
    db.session.refresh(row)
    assert row.order == order.code
    shown = db.session.scalars(done_for(on_behalf.on_behalf_of or "")).all()
    begun = next(entry for entry in shown if entry.event == "OrderBegun")
    assert (begun.person, begun.channel, begun.role) == (clerk.person, "counter", "counter")


@pytest.mark.parametrize("act", [Act.ORDER, Act.BOOK])
def test_an_act_that_the_consent_does_not_name_is_undone(clerk: Actor, act: Act) -> None:
    _, _, on_behalf = make.served(clerk, make.ALL_ACTS - {act})
    doing: dict[Act, Callable[[], object]] = {
        Act.ORDER: lambda: draft_operations.begin_order(by=on_behalf),
        Act.BOOK: lambda: operations.book(make.CENTRE, make.at(5, 9), Visit.ADVICE, by=on_behalf),
    }
    with pytest.raises(RuleBroken) as refused:
        doing[act]()
    assert refused.value.params["act"] == str(act)
    assert db.session.scalars(select(Order)).all() == []
    assert db.session.scalars(queries.bookings_of(on_behalf.on_behalf_of or "")).all() == []


@pytest.mark.parametrize("event", ["PaymentBegun", "RatingGiven"])
def test_paying_and_rating_are_refused_whatever_the_consent_says(clerk: Actor, event: str) -> None:
    from dataclasses import fields

    from market.payments import events as payments
    from market.ratings import events as ratings

    kind = getattr(payments, event, None) or getattr(ratings, event)
    _, _, on_behalf = make.served(clerk)

    @transactional
    def act() -> None:
        record(kind(*["x" for _ in fields(kind)]), by=on_behalf)

    with pytest.raises(RuleBroken) as refused:
        act()
    assert refused.value.rule


def test_a_withdrawn_consent_stops_at_once(clerk: Actor) -> None:
    """Also where the request had begun before: the actor still acts on behalf, the check before the commit refuses."""
    _, given, on_behalf = make.served(clerk)
    citizen = Actor(on_behalf.on_behalf_of or "")
    counter_operations.withdraw_consent(given.code, by=citizen)
    with pytest.raises(RuleBroken):
        draft_operations.begin_order(by=on_behalf)
    assert acting.actor_for(clerk) == clerk
    assert db.session.scalars(select(Order)).all() == []


def test_a_consent_ends_with_the_visit_or_outlives_it_to_its_day(clerk: Actor) -> None:
    row, _, on_behalf = make.served(clerk)
    counter_operations.end_session(row.code, Outcome.DONE, by=clerk)
    with pytest.raises(RuleBroken):
        draft_operations.begin_order(by=on_behalf)
    second = make.visit(clerk)
    make.consent(clerk, second, until=NOON.date() + timedelta(days=2))
    counter_operations.end_session(second.code, Outcome.DONE, by=clerk)
    with later(24 * 60):
        third = make.visit(clerk, None)
        (held,) = queries.open_consents_at(make.CENTRE, clock.real())
        counter_operations.go_on_for(third.code, held.code, by=clerk)
        assert draft_operations.begin_order(by=acting.actor_for(clerk)).consent == held.code
    with later(3 * 24 * 60):
        assert acting.actor_for(clerk) == clerk


def test_a_consent_is_withdrawn_by_the_citizen_or_the_clerk_and_nobody_else(clerk: Actor, someone: Someone) -> None:
    _, given, _ = make.served(clerk)
    with pytest.raises(NotFound):
        counter_operations.withdraw_consent(given.code, by=someone().actor)
    counter_operations.withdraw_consent(given.code, by=clerk)
    counter_operations.withdraw_consent(given.code, by=clerk)
    ended = select(AuditEntry.facts).where(AuditEntry.event == "CounterConsentWithdrawn")
    assert [facts["party"] for facts in db.session.scalars(ended)] == ["clerk"]


def test_a_spoken_consent_names_a_colleague(clerk: Actor, someone: Someone) -> None:
    row = make.visit(clerk)
    with pytest.raises(Invalid):
        make.consent(clerk, row, how=ConsentHow.SPOKEN, witness=someone().person.code)
    given = make.consent(clerk, row, how=ConsentHow.SPOKEN, witness=someone(Role.COUNTER).person.code)
    assert given.witness
    assert given.signature is None


def test_a_new_consent_takes_the_place_of_the_visit_s_earlier_one(clerk: Actor) -> None:
    row, first, _ = make.served(clerk)
    second = make.consent(clerk, row, frozenset({Act.SEE}))
    db.session.refresh(first)
    assert first.withdrawn_at is not None
    running = queries.running_consent(row, clock.real())
    assert running is not None
    assert running.code == second.code


def test_the_citizen_is_told_of_the_consent_and_of_its_end(clerk: Actor) -> None:
    _, given, on_behalf = make.served(clerk)
    counter_operations.withdraw_consent(given.code, by=clerk)
    told = db.session.scalars(select(Message.subject).join(Message.person)).all()
    assert told == ["Counter staff act for you", "Counter staff no longer act for you"]
    assert on_behalf.on_behalf_of


# The order --------------------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_its_pick_up_code_and_its_own_code(clerk: Actor) -> None:
    row, _, on_behalf = make.served(clerk)
    order = draft_operations.begin_order(by=on_behalf)
    pickup = code_operations.give_pickup_code(order.code, by=clerk)
    assert counter_operations.find_order(row.code, pickup.lower().replace("-", " "), by=on_behalf) == order.code
    assert counter_operations.find_order(row.code, order.code, by=on_behalf) == order.code
    assert code_operations.give_pickup_code(order.code, by=clerk) == pickup


def test_another_citizen_s_order_is_not_found_with_its_code_either(clerk: Actor, someone: Someone) -> None:
    stranger = someone()
    order = draft_operations.begin_order(by=stranger.actor)
    pickup = code_operations.give_pickup_code(order.code, by=stranger.actor)
    row, _, on_behalf = make.served(clerk)
    for typed in (pickup, order.code, "O-9XM75YJWP", "7F3K-92QM", "", "…"):
        with pytest.raises(Invalid):
            counter_operations.find_order(row.code, typed, by=on_behalf)


# Read back --------------------------------------------------------------------------------------------------------------


def test_what_was_not_read_back_is_not_done(clerk: Actor) -> None:
    """Placing straight through the order's own page is undone."""
    from market.orders.events import OrderPlaced

    _, _, on_behalf = make.served(clerk)
    order = draft_operations.begin_order(by=on_behalf)

    @transactional
    def place() -> None:
        record(OrderPlaced(order.code, "V-1", "L-1", "item", 1, "2026-03-06"), by=on_behalf)

    with pytest.raises(RuleBroken) as refused:
        place()
    assert "read back" in str(refused.value)


# At once ----------------------------------------------------------------------------------------------------------------


def test_an_act_under_way_and_a_withdrawal_never_cross(committed: Flask) -> None:
    """The act was checked and waits before its commit: the withdrawal waits for it; the next act is refused."""
    from market.accounts.models import Membership, Organisation, OrganisationKind
    from market.db import new_code
    from tests.integration.factories.committed import vendor_member

    @transactional
    def make_clerk() -> Actor:
        actor = vendor_member()
        person = accounts.person(actor.person)
        office = Organisation(
            code=new_code("O"), kind=OrganisationKind.OFFICE, name="测试中心", created_at=clock.real()
        )
        db.session.add(
            Membership(
                code=new_code("M"),
                person=person,
                organisation=office,
                role=Role.COUNTER,
                admin=False,
                since=clock.real(),
            )
        )
        return Actor(actor.person, Role.COUNTER, office.code)

    with committed.app_context(), clock.frozen(NOON):
        clerk = make_clerk()
        _, given, on_behalf = make.served(clerk)
        code = given.code
    held, ended = threading.Event(), threading.Event()

    @transactional
    def slow_act() -> None:
        # an act that holds nothing by itself: beginning an order would lock the citizen
        record(OrderRead("O-9XM75YJWP"), by=on_behalf)
        acting.check(db.session.info["events"])
        held.set()
        assert not ended.wait(timeout=1)

    def withdraw() -> None:
        with committed.app_context(), clock.frozen(NOON + timedelta(seconds=1)):
            held.wait(timeout=20)
            counter_operations.withdraw_consent(code, by=Actor(on_behalf.on_behalf_of or ""))
            ended.set()

    thread = threading.Thread(target=withdraw)
    thread.start()
    with committed.app_context(), clock.frozen(NOON):
        slow_act()
    thread.join(timeout=30)
    assert ended.is_set()
    with committed.app_context(), clock.frozen(NOON + timedelta(seconds=2)):
        told = select(AuditEntry.event).where(AuditEntry.event.in_(("OrderRead", "CounterConsentWithdrawn")))
        assert db.session.scalars(told.order_by(AuditEntry.number)).all() == ["OrderRead", "CounterConsentWithdrawn"]
        with pytest.raises(RuleBroken):
            draft_operations.begin_order(item=catalogue.items()[0].slug, by=on_behalf)
