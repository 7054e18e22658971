"""What citizens are told of their places and of acts in their name: reactions to events of centres (market/reactions.py)."""

from datetime import datetime
from typing import Any

from market import clock
from market.centres import code_operations, counter_operations, events, queries
from market.kernel.actor import Actor, Channel, Role
from market.kernel.words import N_
from market.notifications.operations import tell

BOOKINGS = "/account/bookings"
IN_MY_NAME = "/account/in-my-name"


def booking_made(event: events.BookingMade, by: Actor, at: datetime) -> None:
    """The citizen has a place; by mail too, since it is a date to keep."""
    _tell_booking(
        event.booking, N_("A place is booked"), N_("You are expected on %(when)s at %(centre)s. Code: %(code)s."), True
    )


def booking_reminded(event: events.BookingReminded, by: Actor, at: datetime) -> None:
    """The day before."""
    _tell_booking(
        event.booking,
        N_("Tomorrow you have a place at a centre"),
        N_("You are expected on %(when)s at %(centre)s. If you cannot come, please give the place back."),
        True,
    )


def booking_missed(event: events.BookingMissed, by: Actor, at: datetime) -> None:
    """Nobody came: nothing is held against the citizen, and another place can be booked."""
    _tell_booking(
        event.booking,
        N_("A booked place was not used"),
        N_(
            "You were expected on %(when)s at %(centre)s. Nothing is held against you; book another place when you like."
        ),
        False,
    )


def consent_given(event: events.CounterConsentGiven, by: Actor, at: datetime) -> None:
    """The citizen sees in his own account what he has let a clerk do."""
    tell(
        event.citizen,
        N_("Counter staff act for you"),
        N_(
            "You have let counter staff act for you. What they do in your name is shown to you, and you can end it at any time."
        ),
        path=IN_MY_NAME,
        once=f"consent {event.consent}",
    )


def consent_withdrawn(event: events.CounterConsentWithdrawn, by: Actor, at: datetime) -> None:
    """It has ended."""
    tell(
        event.citizen,
        N_("Counter staff no longer act for you"),
        N_("The consent has ended at once."),
        path=IN_MY_NAME,
        once=f"consent ended {event.consent}",
    )


def order_begun(event: Any, by: Actor, at: datetime) -> None:
    """Every order has a code by which a counter and a kiosk find it; one begun at a counter names the consent that let it be."""
    code_operations.give_pickup_code(event.order, by=by)
    if by.on_behalf_of:
        counter_operations.note_order(event.order, by=by)


def paper_saved(event: Any, by: Actor, at: datetime) -> None:
    """A paper that nobody had to bring counts for the visit in which it was fetched."""
    if by.channel is Channel.COUNTER and by.role is Role.COUNTER:
        counter_operations.count_saved(by.person)


def _tell_booking(code: str, subject: str, body: str, by_mail: bool) -> None:
    row = queries.booking(code)
    tell(
        row.person.code,
        subject,
        body,
        path=BOOKINGS,
        by_mail=by_mail,
        once=f"{subject} {code}",
        when=row.starts_at.astimezone(clock.SHANGHAI),
        centre={"zh": row.place_of.name_zh, "en": row.place_of.name_en},
        code=code,
    )
