"""What can have happened at centres. Codes and plain facts; who a citizen is, and what was said, never stands here."""

from dataclasses import dataclass
from typing import ClassVar

# Hours and bookings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoursChanged:
    """From `valid_from` on a centre (none: every one) has other hours on a weekday (1 to 7; none: every working day).

    `hours`: "09:00-12:00 x2", the number being the places in each quarter hour; empty: closed.
    """

    ABOUT: ClassVar = ("centre",)
    centre: str | None
    weekday: int | None
    hours: list[str]
    valid_from: str


@dataclass(frozen=True, slots=True)
class BookingMade:
    """A place was booked."""

    ABOUT: ClassVar = ("booking", "order")
    booking: str
    order: str | None
    centre: str
    starts_at: str


@dataclass(frozen=True, slots=True)
class BookingCancelled:
    """A place was given back before its time."""

    ABOUT: ClassVar = ("booking", "order")
    booking: str
    order: str | None
    centre: str
    starts_at: str


@dataclass(frozen=True, slots=True)
class BookingKept:
    """Who had booked came, and was taken on in `session`."""

    ABOUT: ClassVar = ("booking", "session")
    booking: str
    session: str


@dataclass(frozen=True, slots=True)
class BookingMissed:
    """Nobody came until the quarter hour and the time of grace were over."""

    ABOUT: ClassVar = ("booking",)
    booking: str
    centre: str
    starts_at: str


@dataclass(frozen=True, slots=True)
class BookingReminded:
    """Who has booked was reminded the day before."""

    ABOUT: ClassVar = ("booking",)
    booking: str


# The counter ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterSessionBegun:
    """A clerk began to serve somebody at a window."""

    ABOUT: ClassVar = ("session",)
    session: str
    centre: str
    window: str


@dataclass(frozen=True, slots=True)
class ScreenOpened:
    """The second screen of a visit was switched on."""

    ABOUT: ClassVar = ("session",)
    session: str


@dataclass(frozen=True, slots=True)
class CitizenIdentified:
    """The clerk saw who is served. `how`: identity_card, pass (a code from the own account), booking, new, consent (absent)."""

    ABOUT: ClassVar = ("session", "citizen")
    session: str
    citizen: str
    how: str


@dataclass(frozen=True, slots=True)
class CounterSessionEnded:
    """A counter session ended after `seconds`."""

    ABOUT: ClassVar = ("session", "citizen")
    session: str
    citizen: str | None
    outcome: str
    seconds: int


@dataclass(frozen=True, slots=True)
class PassMade:
    """A person made a code with which a counter finds the account."""

    ABOUT: ClassVar = ("citizen",)
    citizen: str


@dataclass(frozen=True, slots=True)
class CounterConsentGiven:
    """A citizen let a clerk do `acts`. `how`: signature_pad, paper, spoken (then `witness` is a colleague's code)."""

    ABOUT: ClassVar = ("consent", "session", "citizen")
    consent: str
    session: str
    citizen: str
    acts: list[str]
    how: str
    witness: str | None
    valid_until: str | None


@dataclass(frozen=True, slots=True)
class CounterConsentWithdrawn:
    """A consent ended before its time. `party`: citizen (in his account), clerk (told at the counter)."""

    ABOUT: ClassVar = ("consent", "citizen")
    consent: str
    citizen: str
    party: str


@dataclass(frozen=True, slots=True)
class OrderShownAtCounter:
    """A clerk opened a citizen's order in a session. `found_by`: pickup_code, order_code, list."""

    ABOUT: ClassVar = ("session", "order", "citizen")
    session: str
    order: str
    citizen: str
    found_by: str


@dataclass(frozen=True, slots=True)
class ReadBackShown:
    """What is to be done for the citizen was shown in large type; `digest`: SHA-256 of the canonical JSON shown."""

    ABOUT: ClassVar = ("read_back", "session", "order", "citizen")
    read_back: str
    session: str
    order: str
    citizen: str
    deed: str
    digest: str


@dataclass(frozen=True, slots=True)
class ReadBackConfirmed:
    """The citizen said that it is right. `how`: screen, signature_pad, paper."""

    ABOUT: ClassVar = ("read_back", "session", "order", "citizen")
    read_back: str
    session: str
    order: str
    citizen: str
    how: str


@dataclass(frozen=True, slots=True)
class ReadBackDone:
    """What was found right was done."""

    ABOUT: ClassVar = ("read_back", "session", "order", "citizen")
    read_back: str
    session: str
    order: str
    citizen: str
    deed: str


@dataclass(frozen=True, slots=True)
class ReadBackDropped:
    """What was shown was put away undone."""

    ABOUT: ClassVar = ("read_back", "session", "order", "citizen")
    read_back: str
    session: str
    order: str
    citizen: str


# Codes on paper and at the kiosk -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PickupCodeMade:
    """An order got the code by which it is found at a counter or a kiosk."""

    ABOUT: ClassVar = ("order",)
    order: str


@dataclass(frozen=True, slots=True)
class HandoverMade:
    """Somebody at a kiosk took what was chosen along to the telephone."""

    ABOUT: ClassVar = ("handover",)
    handover: str
    item: str | None
    matter: str | None
    centre: str | None


@dataclass(frozen=True, slots=True)
class HandoverUsed:
    """What was chosen at a kiosk became an order's draft."""

    ABOUT: ClassVar = ("handover", "order")
    handover: str
    order: str
