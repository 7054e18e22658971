"""The rules of centres, on plain data: hours of a day, quarter hours, nearest centre, the counter's clock, consent, figures."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from market.centres.states import Act, ConsentHow
from market.kernel.calendar import SHANGHAI, Calendar, end_of_day, local_date
from market.kernel.errors import Invalid, RuleBroken
from market.kernel.words import N_

QUARTER = timedelta(minutes=15)
#: how far ahead a place can be booked: as long as a draft is kept
AHEAD_DAYS = 30
#: places that one person may have booked at a time
MOST_OPEN = 5
#: most places in a quarter hour that an operator can set
MOST_PLACES = 50
#: a booking counts as missed this long after its quarter hour is over
GRACE = timedelta(minutes=15)
#: when who has booked is reminded, the day before; who books later than that is not
REMIND_AT = time(16, 0)

#: the standard of the 15-minute service circle (domain.md 5; product.md)
STANDARD = timedelta(minutes=15)
#: nobody serves somebody that long: the session was forgotten
LONGEST_SESSION = timedelta(hours=2)
#: a consent that outlives the session ends at the latest after so many days
CONSENT_DAYS = 90

#: how long what was chosen at a kiosk waits for the telephone, and how long a code from one's own account works
HANDOVER_LIVES = timedelta(minutes=30)
PASS_LIVES = timedelta(minutes=30)
#: characters of a pick-up code (kernel/printed.py): 40 bits of chance, and attempts are counted
PICKUP_LENGTH = 8

WINDOW = "window"


# Hours ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that hold for a centre (None: all) on a weekday (1 Monday to 7; None: every working day), both ends in Shanghai.

    `places` in each quarter hour; 0: closed.
    """

    centre: str | None
    weekday: int | None
    opens: time
    closes: time
    places: int
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter hour of a centre: its first instant (UTC) and its places."""

    starts_at: datetime
    places: int


def hours_on(rows: Iterable[Hours], centre: str, day: date, calendar: Calendar) -> list[Hours]:
    """The hours of `centre` on `day`, in order of time; empty when it is closed.

    Of the rows in force on the day the most particular ones count alone: the centre's for this weekday, the centre's for every
    working day, everybody's for this weekday, everybody's for every working day. Rows for every working day count on working days
    of the calendar only; a row for a weekday counts on every such day that is no public day off.
    """
    held = [row for row in rows if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)]
    works = calendar.is_working_day(day)
    off = day in calendar.days_off or day in calendar.statutory
    for whose in (centre, None):
        for weekday in (day.isoweekday(), None):
            found = [row for row in held if (row.centre, row.weekday) == (whose, weekday)]
            if found and (works or (weekday is not None and not off)):
                return sorted((row for row in found if row.places), key=lambda row: row.opens)
    return []


def slots_of(hours: Sequence[Hours], day: date) -> list[Slot]:
    """The quarter hours of `hours` on `day`; the last one ends with closing time."""
    found = []
    for row in hours:
        start = datetime.combine(day, row.opens, SHANGHAI)
        end = datetime.combine(day, row.closes, SHANGHAI)
        while start + QUARTER <= end:
            found.append(Slot(start.astimezone(UTC), row.places))
            start += QUARTER
    return found


def slot_at(slots: Iterable[Slot], starts_at: datetime) -> Slot:
    """The slot that begins at `starts_at`. Refused where the centre has none then."""
    for slot in slots:
        if slot.starts_at == starts_at:
            return slot
    raise RuleBroken(
        N_("The centre has no place at that time."),
        remedy=N_("Choose one of the times shown: they begin on the quarter."),
    )


def check_bookable(starts_at: datetime, now: datetime) -> None:
    """Refused: a time that has begun, and one more than 30 days ahead (so long a draft is kept)."""
    if starts_at <= now:
        raise RuleBroken(N_("That time has passed."), remedy=N_("Choose a later one."))
    last = local_date(now) + timedelta(days=AHEAD_DAYS)
    if local_date(starts_at) > last:
        raise RuleBroken(
            N_("Places can be booked up to %(days)s days ahead."),
            rule=N_("Market rule: a booked place waits as long as a draft order, 30 days"),
            remedy=N_("Choose a day until %(day)s."),
            days=AHEAD_DAYS,
            day=last.isoformat(),
        )


def check_open_bookings(number: int) -> None:
    """Refused: a sixth place at a time, so that nobody keeps others' places."""
    if number >= MOST_OPEN:
        raise RuleBroken(
            N_("You have %(number)s places booked; more cannot be held at a time."),
            rule=N_("Market rule: at most %(most)s booked places for one person"),
            remedy=N_("Cancel one that you do not need, then book again."),
            number=number,
            most=MOST_OPEN,
        )


def check_cancellable(starts_at: datetime, now: datetime) -> None:
    """Refused: a place whose time has begun."""
    if now >= starts_at:
        raise RuleBroken(
            N_("The time has begun: the place cannot be given back any more."),
            rule=N_("Market rule: a place can be cancelled until it begins"),
            remedy=N_("Nothing happens if you do not come; you can book another one."),
        )


def hour_of(at: datetime) -> datetime:
    """The full hour in which `at` lies (China has whole-hour offset)."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def missed_before(now: datetime) -> datetime:
    """Booked places that began before this are missed: the quarter hour and the time of grace are over."""
    return now - QUARTER - GRACE


def remind_from(starts_at: datetime) -> datetime:
    """When who has booked is reminded: the day before at 16:00 in Shanghai."""
    day = local_date(starts_at) - timedelta(days=1)
    return datetime.combine(day, REMIND_AT, SHANGHAI).astimezone(UTC)


_HOURS = re.compile(r"(\d{1,2}):?(\d{2})\s*-\s*(\d{1,2}):?(\d{2})\s*x\s*(\d{1,3})")


def parse_hours(text: str) -> list[tuple[time, time, int]]:
    """Lines such as "09:00-12:00 x2" as (opens, closes, places), in order. Empty text: closed.

    `Invalid` (field "hours"): a line of another shape, times not on the quarter, an end not after its beginning, spans that
    overlap, more than 50 places.
    """
    found = []
    for line in text.splitlines():
        plain = (
            unicodedata.normalize("NFKC", line).lower().replace("–", "-").replace("—", "-").replace("×", "x").strip()
        )
        if not plain:
            continue
        match = _HOURS.fullmatch(plain)
        if match is None:
            raise _hours_fault(N_("“%(line)s” is not a span of hours with its places."), line=line.strip())
        a, b, c, d, places = (int(part) for part in match.groups())
        if not (a < 24 and c <= 24 and b in (0, 15, 30, 45) and d in (0, 15, 30, 45)) or (c == 24):
            raise _hours_fault(
                N_("“%(line)s”: times lie on the quarter hour, between 00:00 and 23:45."), line=line.strip()
            )
        if not 1 <= places <= MOST_PLACES:
            raise _hours_fault(N_("“%(line)s”: between 1 and %(most)s places."), line=line.strip(), most=MOST_PLACES)
        if time(a, b) >= time(c, d):
            raise _hours_fault(N_("“%(line)s”: the end does not lie after the beginning."), line=line.strip())
        found.append((time(a, b), time(c, d), places))
    found.sort()
    for one, other in pairwise(found):
        if other[0] < one[1]:
            raise _hours_fault(N_("Two spans overlap."))
    return found


def _hours_fault(what: str, **params: Any) -> Invalid:
    return Invalid.field(
        "hours",
        what,
        remedy=N_("One span on each line, for instance 09:00-12:00 x2 (two places each quarter hour)."),
        **params,
    )


def hours_line(opens: time, closes: time, places: int) -> str:
    """What `parse_hours` reads."""
    return f"{opens:%H:%M}-{closes:%H:%M} x{places}"


# Nearest centre ---------------------------------------------------------------------------------------------------------

#: a hall answers more than a community station; of equals the code decides
_RANK = {"hall": 0, "township": 1, "community": 2, "city-hall": 0}


@dataclass(frozen=True, slots=True)
class Place:
    """A centre as the rule of nearness sees it."""

    code: str
    district: str
    kind: str
    services: frozenset[str]


def nearest(places: Iterable[Place], district: str | None) -> list[Place]:
    """Centres with a window, nearest first: those of `district`, then the city's own hall, then all others.

    Within a group halls come before towns and communities, then the code. No district: the city's hall comes first.
    """

    def distance(place: Place) -> tuple[int, int, str]:
        group = 0 if district is not None and place.district == district else 1 if place.kind == "city-hall" else 2
        return group, _RANK.get(place.kind, 3), place.code

    return sorted((place for place in places if WINDOW in place.services), key=distance)


# The counter's clock ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """The counter's clock: whole seconds used and left; `over` when the standard is used up (left is then 0)."""

    used: int
    left: int
    over: bool


def reading(began_at: datetime, at: datetime) -> Reading:
    """What the clock of a session that began at `began_at` shows at `at` (or at its end). Never negative."""
    used = max(0, int((at - began_at).total_seconds()))
    standard = int(STANDARD.total_seconds())
    return Reading(used, max(0, standard - used), used > standard)


def minutes_seconds(seconds: int) -> tuple[int, int]:
    """Whole minutes and the seconds left over."""
    return divmod(seconds, 60)


# Consent ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as the rule sees it. `session_ended`: when the session in which it was given ended, None while it runs."""

    code: str
    citizen: str
    clerk: str
    acts: frozenset[Act]
    given_at: datetime
    #: first instant at which it no longer counts; None: with the session
    valid_until: datetime | None
    session_ended: datetime | None
    withdrawn_at: datetime | None


def runs(consent: Consent, at: datetime) -> bool:
    """True while nobody withdrew it and its session runs, or its day has not come."""
    if consent.withdrawn_at is not None and consent.withdrawn_at <= at:
        return False
    if consent.valid_until is not None:
        return at < consent.valid_until
    return consent.session_ended is None or at < consent.session_ended


def check_act(consent: Consent | None, citizen: str, act: Act | None, at: datetime) -> None:
    """Refused: no consent of this citizen runs, the act is not among those it names, or (None) no consent could name it."""
    if consent is None or consent.citizen != citizen or not runs(consent, at):
        raise RuleBroken(
            N_("No consent of the citizen is running: nothing may be done in this name now."),
            rule=N_("Market rule: counter staff act only by a consent that runs"),
            remedy=N_("Take down a new consent, with the citizen at the window."),
        )
    if act is None:
        raise RuleBroken(
            N_("Counter staff may not do this for anybody."),
            rule=N_("Market rule: paying, signing a contract and rating are the citizen's own"),
            remedy=N_("The citizen does it in the own account, or signs on paper in person."),
        )
    if act not in consent.acts:
        raise RuleBroken(
            N_("The consent does not name this act."),
            rule=N_("Market rule: counter staff act within the consent"),
            remedy=N_("Ask the citizen; if it is wished, take down a consent that names it."),
            act=str(act),
        )


def check_consent(
    acts: Collection[Act], how: ConsentHow, *, witness: str | None, clerk: str, signature: str | None, scan: bool
) -> None:
    """Refused: a consent to nothing, without looking (every other act needs it), spoken without a second clerk as witness,
    by pad without a signature, on paper without its scan. `Invalid` by field."""
    if not acts:
        raise Invalid.field("acts", N_("Tick what the citizen agrees to."))
    if Act.SEE not in acts:
        raise Invalid.field(
            "acts", N_("Nothing can be done in an order that may not be looked at: “see” belongs to it.")
        )
    if how is ConsentHow.SPOKEN and (not witness or witness == clerk):
        raise Invalid.field(
            "witness",
            N_("A spoken consent needs a colleague who heard it."),
            rule=N_("Market rule: a spoken consent has a witness from the counter staff"),
            remedy=N_("Call a colleague, or take the consent on the pad or on paper."),
        )
    if how is ConsentHow.SIGNATURE_PAD and not signature:
        raise Invalid.field(
            "signature", N_("The pad is empty."), remedy=N_("Ask for the signature, or take the consent on paper.")
        )
    if how is ConsentHow.PAPER and not scan:
        raise Invalid.field("scan", N_("Add the scan of the signed paper."))


def consent_end(day: date | None, now: datetime) -> datetime | None:
    """The first instant after `day` (Shanghai), None: with the session. Refused: a day before today or after 90 days."""
    if day is None:
        return None
    today = local_date(now)
    if not today <= day <= today + timedelta(days=CONSENT_DAYS):
        raise Invalid.field(
            "until",
            N_("A consent lasts at most %(days)s days and ends today at the earliest."),
            remedy=N_("Leave the day empty: then it ends with this visit."),
            days=CONSENT_DAYS,
        )
    return end_of_day(day)


#: strokes of the pad as SVG writes paths: moves and lines with whole numbers, up to 20,000 characters
_STROKES = re.compile(r"(M\d{1,4},\d{1,4}(L\d{1,4},\d{1,4})*)+")
LEAST_STROKES = 8


def strokes(text: str | None) -> str | None:
    """The strokes of a signature if they are some, else None. Refused (`Invalid`, field "signature"): anything but strokes."""
    if not text:
        return None
    if len(text) > 20_000 or not _STROKES.fullmatch(text):
        raise Invalid.field(
            "signature", N_("The signature could not be read."), remedy=N_("Clear the pad and sign again.")
        )
    return text if text.count("L") >= LEAST_STROKES else None


# Names in the hall -----------------------------------------------------------------------------------------------------


def sitting(name: str) -> str:
    """A name as strangers in the hall may hear it: the first character (the family name), then stars. One character stays."""
    plain = name.strip()
    return plain if len(plain) < 2 else plain[0] + "*" * min(len(plain) - 1, 3)
