"""The life of a booking, of a counter session and of what is read back; the acts that a consent can name."""

from collections.abc import Mapping
from enum import StrEnum


class BookingState(StrEnum):
    """A place in a quarter hour: booked, then kept by who came, missed by who did not, or given back."""

    BOOKED = "booked"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


BOOKING_TRANSITIONS: Mapping[tuple[BookingState, str], BookingState] = {
    (BookingState.BOOKED, "keep"): BookingState.KEPT,
    (BookingState.BOOKED, "miss"): BookingState.MISSED,
    (BookingState.BOOKED, "cancel"): BookingState.CANCELLED,
}


class Visit(StrEnum):
    """What somebody comes for."""

    ORDER = "order"
    PAPERS = "papers"
    RESULT = "result"
    ADVICE = "advice"


class Outcome(StrEnum):
    """How a counter session ended; `abandoned`: the market ended it, since nobody did."""

    DONE = "done"
    GOES_ON_ONLINE = "goes_on_online"
    PAPERS_MISSING = "papers_missing"
    APPOINTMENT = "appointment"
    ADVICE_ONLY = "advice_only"
    LEFT = "left"
    ABANDONED = "abandoned"


class Act(StrEnum):
    """What a citizen can let counter staff do: look, order (up to calling off), hand in and fetch papers, answer a result
    (accept, send back, dispute), write to the vendor, book. Paying, signing a contract and rating are not among them."""

    SEE = "see"
    ORDER = "order"
    DOCUMENTS = "documents"
    ACCEPT = "accept"
    MESSAGES = "messages"
    BOOK = "book"


class ConsentHow(StrEnum):
    """How a consent was given at the counter."""

    SIGNATURE_PAD = "signature_pad"
    PAPER = "paper"
    SPOKEN = "spoken"


class ConfirmedHow(StrEnum):
    """How the citizen said that what was read back is right."""

    SCREEN = "screen"
    SIGNATURE_PAD = "signature_pad"
    PAPER = "paper"


class Deed(StrEnum):
    """What is done once it was read back and found right."""

    PLACE = "place"
    ACCEPT = "accept"
    REWORK = "rework"
    MESSAGE = "message"


class ReadBackState(StrEnum):
    """Text shown to the citizen: shown, found right, done; or put away, for instance since the order changed meanwhile."""

    SHOWN = "shown"
    CONFIRMED = "confirmed"
    DONE = "done"
    DROPPED = "dropped"


READ_BACK_TRANSITIONS: Mapping[tuple[ReadBackState, str], ReadBackState] = {
    (ReadBackState.SHOWN, "confirm"): ReadBackState.CONFIRMED,
    (ReadBackState.SHOWN, "drop"): ReadBackState.DROPPED,
    (ReadBackState.CONFIRMED, "do"): ReadBackState.DONE,
    (ReadBackState.CONFIRMED, "drop"): ReadBackState.DROPPED,
}
