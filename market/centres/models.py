"""Tables of centres: hours, booked places, counter sessions, consents, what was read back, codes on paper, hand-overs."""

from datetime import time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Time
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Person
from market.catalogue.models import Centre
from market.centres.states import (
    BookingState,
    ConfirmedHow,
    ConsentHow,
    Deed,
    Outcome,
    ReadBackState,
    Visit,
)  # fmt: skip
from market.db import Base, Code, CodeRef, Day, Instant, Pk, Texts, enum_of
from market.kernel.actor import Channel
from market.personal_data import Encrypted


class CentreHours(Base):
    """Hours of one centre (none: of all) on one weekday (1 Monday to 7; none: every working day), and places a quarter hour."""

    __tablename__ = "centre_hours"
    __table_args__ = (
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        CheckConstraint("places between 0 and 50", name="places"),
        CheckConstraint("opens < closes", name="span"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
    )

    id: Mapped[Pk]
    centre: Mapped[str | None] = mapped_column(ForeignKey("centre.code"), index=True)
    weekday: Mapped[int | None] = mapped_column(SmallInteger)
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)
    #: in each quarter hour; 0: closed
    places: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[Day]
    valid_to: Mapped[Day | None]


class Booking(Base):
    """One place in one quarter hour of a centre, kept for one person."""

    __tablename__ = "booking"
    __table_args__ = (
        # a place is given once, and nobody sits in two of them; who comes at once with others gets the next place or none
        Index("uq_booking_place", "centre", "starts_at", "place", unique=True, postgresql_where="state = 'booked'"),
        Index("uq_booking_person_hour", "person_id", "hour", unique=True, postgresql_where="state = 'booked'"),
        Index("ix_booking_due", "starts_at", postgresql_where="state = 'booked'"),
        CheckConstraint("place >= 1", name="place"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    #: the order it is about, where there is one already
    order: Mapped[CodeRef | None]
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"), index=True)
    starts_at: Mapped[Instant]
    #: the full hour in which it lies
    hour: Mapped[Instant]
    #: 1 to the places of the quarter hour
    place: Mapped[int] = mapped_column(SmallInteger)
    visit: Mapped[Visit] = mapped_column(enum_of(Visit, "visit"))
    state: Mapped[BookingState] = mapped_column(enum_of(BookingState, "booking_state"))
    channel: Mapped[Channel] = mapped_column(enum_of(Channel, "booking_channel"))
    made_at: Mapped[Instant]
    remind_at: Mapped[Instant | None]
    reminded_at: Mapped[Instant | None]
    #: when it was kept, missed or given back
    ended_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()
    place_of: Mapped[Centre] = relationship()


class CounterSession(Base):
    """One visit at one window, from "next, please" to its outcome. Times are the machine's: the visit happens in the world."""

    __tablename__ = "counter_session"
    __table_args__ = (
        # a clerk serves one person, and at a window one is served
        Index("uq_counter_session_clerk", "clerk", unique=True, postgresql_where="ended_at IS NULL"),
        Index("uq_counter_session_window", "centre", "window", unique=True, postgresql_where="ended_at IS NULL"),
        Index("ix_counter_session_day", "day", "centre"),
        CheckConstraint("seconds is null or seconds >= 0", name="seconds"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    clerk: Mapped[CodeRef]
    centre: Mapped[str] = mapped_column(ForeignKey("centre.code"))
    window: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    #: the order that was opened last
    order: Mapped[CodeRef | None]
    #: the market's day, under which the visit is counted
    day: Mapped[Day]
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    seconds: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[Outcome | None] = mapped_column(enum_of(Outcome, "outcome"))
    #: papers that did not have to be brought
    documents_saved: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: hash of the secret with which a second screen shows what is read back
    screen_hash: Mapped[str | None] = mapped_column(String(64), unique=True)

    person: Mapped[Person | None] = relationship()
    booking: Mapped[Booking | None] = relationship()
    place_of: Mapped[Centre] = relationship()


class CounterConsent(Base):
    """What a citizen lets counter staff do: which acts, until when, how it was given."""

    __tablename__ = "counter_consent"
    __table_args__ = (
        CheckConstraint("cardinality(acts) > 0", name="acts"),
        Index("uq_counter_consent_running", "session_id", unique=True, postgresql_where="withdrawn_at IS NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("counter_session.id"))
    clerk: Mapped[CodeRef]
    acts: Mapped[Texts]
    how: Mapped[ConsentHow] = mapped_column(enum_of(ConsentHow, "consent_how"))
    #: pad: the strokes; personal data
    signature: Mapped[str | None] = mapped_column(Encrypted)
    #: paper: code of the scan
    document: Mapped[CodeRef | None]
    #: spoken: code of the colleague who heard it
    witness: Mapped[CodeRef | None]
    given_at: Mapped[Instant]
    #: first instant at which it no longer counts; none: it ends with the session
    valid_until: Mapped[Instant | None]
    withdrawn_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()
    session: Mapped[CounterSession] = relationship()


class ReadBack(Base):
    """What a clerk is about to do for a citizen, as it was shown, and that the citizen found it right."""

    __tablename__ = "read_back"
    __table_args__ = (
        Index("uq_read_back_open", "session_id", unique=True, postgresql_where="state in ('shown', 'confirmed')"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    session_id: Mapped[int] = mapped_column(ForeignKey("counter_session.id"))
    order: Mapped[CodeRef]
    deed: Mapped[Deed] = mapped_column(enum_of(Deed, "deed"))
    state: Mapped[ReadBackState] = mapped_column(enum_of(ReadBackState, "read_back_state"))
    #: what the clerk typed for the citizen: {words, reasons}
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: SHA-256 of the canonical JSON of all that was shown
    digest: Mapped[str] = mapped_column(String(64))
    shown_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    how: Mapped[ConfirmedHow | None] = mapped_column(enum_of(ConfirmedHow, "confirmed_how"))
    signature: Mapped[str | None] = mapped_column(Encrypted)
    ended_at: Mapped[Instant | None]

    session: Mapped[CounterSession] = relationship()


class PersonPass(Base):
    """A code that a person's own account shows, so that a counter finds the account without an identity card. Works once."""

    __tablename__ = "person_pass"

    id: Mapped[Pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    #: keyed hash of the code
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[Instant]

    person: Mapped[Person] = relationship()


class PickupCode(Base):
    """The code by which an order is found at a counter or a kiosk; it stands on receipts and slips, with no name beside it."""

    __tablename__ = "pickup_code"

    id: Mapped[Pk]
    order: Mapped[str] = mapped_column(String(11), unique=True)
    pickup: Mapped[str] = mapped_column(String(8), unique=True)
    made_at: Mapped[Instant]


class Handover(Base):
    """What was chosen at a kiosk, on its way to a telephone. No person, no address: a secret link that lives 30 minutes."""

    __tablename__ = "handover"

    id: Mapped[Pk]
    code: Mapped[Code]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    centre: Mapped[str | None] = mapped_column(ForeignKey("centre.code"))
    matter: Mapped[str | None] = mapped_column(String(60))
    item: Mapped[str | None] = mapped_column(String(60))
    district: Mapped[str | None] = mapped_column(String(6))
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    order: Mapped[CodeRef | None]
