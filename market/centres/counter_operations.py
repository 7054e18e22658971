"""What happens at a counter: a visit and its clock, who is served, the consent, what is read back before it is done.

Times of a visit are the machine's (clock.real()): it happens in the world, also where the market's time is moved in practice.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts import counter_operations as counter_people
from market.accounts import queries as accounts
from market.accounts.models import Person
from market.accounts.session import hashed, new_secret
from market.centres import code_operations, deeds, operations, queries, rules
from market.centres.events import (
    CitizenIdentified,
    CounterConsentGiven,
    CounterConsentWithdrawn,
    CounterSessionBegun,
    CounterSessionEnded,
    OrderShownAtCounter,
    ReadBackConfirmed,
    ReadBackDone,
    ReadBackDropped,
    ReadBackShown,
    ScreenOpened,
)
from market.centres.models import CounterConsent, CounterSession, ReadBack
from market.centres.states import (
    READ_BACK_TRANSITIONS,
    Act,
    ConfirmedHow,
    ConsentHow,
    Deed,
    Outcome,
    ReadBackState,
    Visit,
)
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel import codes, identifiers, printed
from market.kernel.actor import Actor, Role
from market.kernel.calendar import local_date
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import queries as orders
from market.orders.states import Party
from market.record.operations import record
from market.transaction import attempt, transactional

# The visit --------------------------------------------------------------------------------------------------------------


@transactional
def begin_session(centre: str, window: str, *, booking: str | None = None, by: Actor) -> CounterSession:
    """A clerk begins to serve somebody at a window; the clock starts. With `booking`, who had booked is there: the place is kept.

    For counter staff, in their district. Refused: a centre without a window, a clerk or a window with a visit running
    (`Conflict`), a place booked elsewhere or for another day.
    """
    _clerk(by)
    found = queries.place(centre)
    if by.district is not None and found.district_code != by.district:
        raise Forbidden(
            N_("You work in another district."), remedy=N_("Choose a centre of your district, or ask the operator.")
        )
    at = clock.real()
    row = CounterSession(
        code=new_code("W"), clerk=by.person, centre=centre, window=" ".join(window.split())[:20],
        day=clock.today(), began_at=at,
        documents_saved=0,
    )  # fmt: skip
    if booking is not None:
        place = queries.booking(booking)
        today = clock.today()
        if place.centre != centre or local_date(place.starts_at) != today:
            raise RuleBroken(
                N_("This place is booked at another centre or for another day."), remedy=N_("Begin without it.")
            )
        operations.keep_booking(booking, row.code, by=by)
        row.booking_id, row.person_id, row.order = place.id, place.person_id, place.order
    try:
        with attempt():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise Conflict(
            N_("You, or this window, have a visit running."),
            rule=N_("Market rule: one visit at a time, so that its time is measured"),
            remedy=N_("End the running visit first."),
        ) from None
    record(CounterSessionBegun(row.code, centre, row.window), by=by)
    if booking is not None:
        record(CitizenIdentified(row.code, queries.session(row.code).person.code, "booking"), by=by)  # type: ignore[union-attr]
    return row


@transactional
def identify_by_card(session_code: str, id_number: str, *, by: Actor) -> Person:
    """The citizen served is the one with this identity number. Refused (`Invalid`, field "id_number"): nobody is known by it."""
    row = _own(session_code, by)
    person = accounts.person_by_identity(_plain_number(id_number))
    if person is None:
        raise Invalid.field(
            "id_number",
            N_("Nobody is known by this number yet."),
            remedy=N_("Compare it with the card; if it is right, take the citizen on with name and number."),
        )
    return _serve(row, person, "identity_card", by)


@transactional
def register_citizen(session_code: str, *, name: str, id_number: str, mobile: str | None = None, by: Actor) -> Person:
    """Take the citizen on with name and number from the card; who is known already is found."""
    row = queries.session(session_code)
    person = counter_people.register_at_counter(name=name, id_number=id_number, mobile=mobile, by=by)
    row = _own(session_code, by)
    return _serve(row, person, "new", by)


@transactional
def identify_by_pass(session_code: str, code: str, *, by: Actor) -> Person:
    """The citizen served shows this code on the telephone. Refused (`Invalid`, field "pass_code"): it does not work."""
    person = code_operations.use_pass(code, by=by)
    return _serve(_own(session_code, by), person, "pass", by)


@transactional
def go_on_for(session_code: str, consent_code: str, *, by: Actor) -> Person:
    """Go on for a citizen who is not there, by a consent that runs and was given at this centre."""
    row = _own(session_code, by)
    held = {one.code: one for one in queries.open_consents_at(row.centre, clock.real())}
    if consent_code not in held:
        raise NotFound()
    return _serve(row, held[consent_code].person, "consent", by)


def _serve(row: CounterSession, person: Person, how: str, by: Actor) -> Person:
    if row.person_id is not None and row.person_id != person.id:
        raise WrongState(
            N_("Somebody else is served in this visit."), remedy=N_("End it, and begin a new one for the next citizen.")
        )
    row.person_id = person.id
    record(CitizenIdentified(row.code, person.code, how), by=by)
    return person


@transactional
def end_session(
    session_code: str,
    outcome: Outcome,
    *,
    appointment: tuple[str, datetime] | None = None,
    by: Actor,
) -> CounterSession:
    """The visit ends; its seconds are what is measured. `appointment` (centre, first instant): the rest is done at a booked
    place, which then is the outcome.

    Refused: the outcome “appointment” without one; a place that cannot be booked (operations.book), which needs the citizen and
    a consent that names booking.
    """
    row = queries.session(session_code)
    if outcome is Outcome.APPOINTMENT and appointment is None:
        raise Invalid.field("outcome", N_("Choose the place and time of the appointment."))
    if appointment is not None:
        if by.on_behalf_of is None:
            raise RuleBroken(
                N_("An appointment needs the citizen and a consent that names booking."),
                remedy=N_("Take down the consent, or let the citizen book in the own account."),
            )
        centre, starts_at = appointment
        operations.book(centre, starts_at, Visit.ORDER if row.order else Visit.ADVICE, order=row.order, by=by)
        outcome = Outcome.APPOINTMENT
    row = _own(session_code, by)
    _end(row, outcome, by)
    return row


@transactional
def abandon_session(session_code: str, *, by: Actor) -> bool:
    """End a visit that nobody ended for two hours; it counts in no figure of time. True when that was done now."""
    row = lock(CounterSession, session_code)
    if row.ended_at is not None or clock.real() < row.began_at + rules.LONGEST_SESSION:
        return False
    _end(row, Outcome.ABANDONED, by)
    return True


def _end(row: CounterSession, outcome: Outcome, by: Actor) -> None:
    if (shown := queries.open_read_back(row.id)) is not None:
        _drop(lock(ReadBack, shown.code), by)
    row.ended_at, row.outcome, row.screen_hash = clock.real(), outcome, None
    row.seconds = rules.reading(row.began_at, row.ended_at).used
    citizen = db.session.get(Person, row.person_id) if row.person_id else None
    record(CounterSessionEnded(row.code, citizen.code if citizen else None, str(outcome), row.seconds), by=by)


@transactional
def open_screen(session_code: str, *, by: Actor) -> str:
    """The secret of the visit's second screen, on which the citizen sees what is read back; an earlier one stops working."""
    row = _own(session_code, by)
    secret = new_secret()
    row.screen_hash = hashed(secret)
    record(ScreenOpened(row.code), by=by)
    return secret


# The consent ------------------------------------------------------------------------------------------------------------


@transactional
def give_consent(
    session_code: str,
    acts: frozenset[Act],
    how: ConsentHow,
    *,
    witness: str | None = None,
    signature: str | None = None,
    document: str | None = None,
    until: date | None = None,
    by: Actor,
) -> CounterConsent:
    """The citizen served lets the clerks do `acts`: until the visit ends, or through the day `until`. A consent given before in
    this visit ends.

    `signature`: strokes of the pad; `document`: code of the scan; `witness`: code of a colleague who heard it. Refused
    (`Invalid`): what rules.check_consent refuses, a witness who is not counter staff; no citizen identified yet.
    """
    row = _own(session_code, by)
    if row.person_id is None:
        raise WrongState(
            N_("Nobody is identified in this visit yet."), remedy=N_("Find or register the citizen first.")
        )
    drawn = rules.strokes(signature)
    rules.check_consent(acts, how, witness=witness, clerk=by.person, signature=drawn, scan=document is not None)
    if how is ConsentHow.SPOKEN and witness not in {person.code for person in accounts.people_in_role(Role.COUNTER)}:
        raise Invalid.field("witness", N_("The witness must be counter staff."))
    at = clock.real()
    citizen = db.session.get_one(Person, row.person_id)
    before = queries.running_consent(row, at)
    if before is not None and before.session_id == row.id:
        before = lock(CounterConsent, before.code)
        before.withdrawn_at = at
        record(CounterConsentWithdrawn(before.code, citizen.code, "clerk"), by=by)
        db.session.flush()  # one consent runs in a visit: the constraint
    valid_until = rules.consent_end(until, at)
    consent = CounterConsent(
        code=new_code("R"), person_id=row.person_id, session_id=row.id, clerk=by.person, acts=sorted(str(act) for act in acts),
        how=how, given_at=at, valid_until=valid_until,
        signature=drawn if how is ConsentHow.SIGNATURE_PAD else None,
        document=document if how is ConsentHow.PAPER else None,
        witness=witness if how is ConsentHow.SPOKEN else None,
    )  # fmt: skip
    db.session.add(consent)
    if consent.document is not None:
        documents.attach(consent.document, consent.code, by=by)
    record(
        CounterConsentGiven(
            consent.code,
            row.code,
            citizen.code,
            consent.acts,
            str(how),
            consent.witness,
            valid_until.isoformat() if valid_until else None,
        ),
        by=by,
    )
    return consent


@transactional
def withdraw_consent(consent_code: str, *, by: Actor) -> CounterConsent:
    """The consent ends at once: acts under way that were not written yet are refused (acting.py). By the citizen, or by a clerk
    who is told so. `NotFound` for others; nothing happens a second time."""
    row = lock(CounterConsent, consent_code)
    citizen = row.person.code
    if by.person != citizen and by.role is not Role.COUNTER:
        raise NotFound()
    if row.withdrawn_at is None:
        row.withdrawn_at = clock.real()
        record(CounterConsentWithdrawn(row.code, citizen, "citizen" if by.person == citizen else "clerk"), by=by)
    return row


# The order --------------------------------------------------------------------------------------------------------------


@transactional
def find_order(session_code: str, typed: str, *, by: Actor) -> str:
    """Open the citizen's order by its pick-up code or order code; its code. `by` acts on behalf.

    Refused (`Invalid`, field "code"): no code, or no order of the citizen who is served: which of them is not told.
    """
    row = _own(session_code, by)
    if by.on_behalf_of is None:
        raise RuleBroken(
            N_("No consent of the citizen is running: nothing may be done in this name now."),
            rule=N_("Market rule: counter staff act only by a consent that runs"),
            remedy=N_("Take down a new consent, with the citizen at the window."),
        )
    code, found_by = _order_code(typed)
    party = None
    if code is not None:
        try:
            party = orders.party_of(orders.order(code), by)
        except NotFound:
            party = None
    if code is None or party is not Party.BUYER:
        raise Invalid.field(
            "code",
            N_("The citizen has no order with this code."),
            remedy=N_("Compare it with the receipt, or choose from the citizen's orders below."),
        )
    row.order = code
    record(OrderShownAtCounter(row.code, code, by.on_behalf_of or "", found_by), by=by)
    return code


@transactional
def note_order(order_code: str, *, by: Actor) -> None:
    """A clerk began this order in his running visit: it is the one that is open there, and names the consent."""
    visit = queries.session_of(by.person)
    consent = queries.running_consent(visit, clock.real()) if visit is not None else None
    if visit is None or consent is None:
        return
    orders.order(order_code).consent = consent.code
    db.session.execute(update(CounterSession).where(CounterSession.id == visit.id).values(order=order_code))


def _order_code(typed: str) -> tuple[str | None, str]:
    plain = printed.read(typed, rules.PICKUP_LENGTH)
    if plain is not None and (found := queries.order_by_pickup(plain)) is not None:
        return found, "pickup_code"
    order_code = codes.normalise(typed)
    return (order_code, "order_code") if codes.is_valid(order_code) else (None, "")


# Read back before it is done ----------------------------------------------------------------------------------------------


@transactional
def show_read_back(session_code: str, deed: Deed, said: Mapping[str, Any], *, by: Actor) -> ReadBack:
    """Read back what is to be done for the citizen, on the clerk's screen and on the second one: the order as it stands and what
    was `said`. What was shown before and not done is put away.

    Refused: no order is open, or the deed does not fit it (deeds.py).
    """
    row = _own(session_code, by)
    if row.order is None:
        raise WrongState(N_("No order is open in this visit."), remedy=N_("Find the order first."))
    order = orders.order_for(row.order, by)[0]
    deeds.check(deed, order, said)
    if (before := queries.open_read_back(row.id)) is not None:
        _drop(lock(ReadBack, before.code), by)
        db.session.flush()  # one at a time: the constraint
    shown = ReadBack(
        code=new_code("Z"), session_id=row.id, order=order.code, deed=deed, state=ReadBackState.SHOWN, said=dict(said),
        digest=deeds.digest(deed, order, said), shown_at=clock.real(),
    )  # fmt: skip
    db.session.add(shown)
    record(ReadBackShown(shown.code, row.code, order.code, by.on_behalf_of or "", str(deed), shown.digest), by=by)
    return shown


@transactional
def confirm_read_back(
    code: str, how: ConfirmedHow, *, digest: str, signature: str | None = None, by: Actor
) -> ReadBack:
    """The citizen found right what was shown under `digest`. On the second screen `by` is the citizen; with a signature (pad or
    paper) the clerk of the visit.

    Refused: everybody else (`NotFound`), something else is shown by now (`Conflict`), it was put away or done, or the visit has
    ended (`WrongState`), a pad without a signature.
    """
    row = lock(ReadBack, code) if how is ConfirmedHow.SCREEN else _own_read_back(code, by)
    session = queries.session(row.session.code)
    citizen = session.person.code if session.person else ""
    if how is ConfirmedHow.SCREEN and by.person != citizen:
        raise NotFound()
    if row.digest != digest:
        raise Conflict(N_("Something else is shown by now."), remedy=N_("Look at it once more."))
    drawn = rules.strokes(signature)
    if how is ConfirmedHow.SIGNATURE_PAD and drawn is None:
        raise Invalid.field("signature", N_("The pad is empty."), remedy=N_("Ask for the signature."))
    row.state = next_state(READ_BACK_TRANSITIONS, row.state, "confirm")
    row.confirmed_at, row.how, row.signature = clock.real(), how, drawn
    record(
        ReadBackConfirmed(row.code, session.code, row.order, citizen, str(how)),
        by=by,
    )
    return row


@transactional
def do_read_back(code: str, *, by: Actor) -> ReadBack:
    """Do what was found right, in the clerk's own visit (`NotFound` for others). Refused: it was not confirmed or is done
    (`WrongState`); the order changed since it was shown (`Conflict`: put it away, and read it back anew)."""
    row = _own_read_back(code, by)
    state = next_state(READ_BACK_TRANSITIONS, row.state, "do")
    order = orders.order_for(row.order, by)[0]
    if deeds.digest(row.deed, order, row.said) != row.digest:
        raise Conflict(
            N_("The order was changed since it was read back."),
            rule=N_("Market rule: only what the citizen found right is done"),
            remedy=N_("Read it back once more."),
        )
    row.state, row.ended_at = state, clock.real()
    deeds.do(row.deed, order, row.said, by=by)
    record(ReadBackDone(row.code, row.session.code, row.order, by.on_behalf_of or "", str(row.deed)), by=by)
    return row


@transactional
def drop_read_back(code: str, *, by: Actor) -> ReadBack:
    """Put away what is shown in the clerk's own visit, also when it was found right: it is not done. `NotFound` for others."""
    row = _own_read_back(code, by)
    _drop(row, by)
    return row


def _drop(row: ReadBack, by: Actor) -> None:
    row.state = next_state(READ_BACK_TRANSITIONS, row.state, "drop")
    row.ended_at = clock.real()
    session = queries.session(row.session.code)
    record(ReadBackDropped(row.code, session.code, row.order, session.person.code if session.person else ""), by=by)


@transactional
def count_saved(clerk: str) -> None:
    """One paper more that nobody had to bring, in the visit that the clerk has running. Not through locks.py: an order is locked
    already, and who holds a visit's row waits for no order."""
    running = CounterSession.clerk == clerk, CounterSession.ended_at.is_(None)
    db.session.execute(
        update(CounterSession).where(*running).values(documents_saved=CounterSession.documents_saved + 1)
    )


# Inside -----------------------------------------------------------------------------------------------------------------


def _clerk(by: Actor) -> None:
    if by.role is not Role.COUNTER:
        raise Forbidden()


def _own(session_code: str, by: Actor) -> CounterSession:
    """The clerk's own running session, locked."""
    _clerk(by)
    row = lock(CounterSession, session_code)
    if row.clerk != by.person:
        raise NotFound()
    if row.ended_at is not None:
        raise WrongState(N_("This visit has ended."), remedy=N_("Begin a new one."))
    return row


def _own_read_back(code: str, by: Actor) -> ReadBack:
    """What is read back in the clerk's own visit, locked. The visit's row is not: it is shared last, with the consent
    (acting.py), and a visit that ends puts away what was open in it."""
    _clerk(by)
    row = lock(ReadBack, code)
    if row.session.clerk != by.person:
        raise NotFound()
    return row


def _plain_number(text: str) -> str:
    return identifiers.resident_id(text, local_date(clock.real())).normalised
