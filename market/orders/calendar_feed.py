"""The dates of orders as an iCalendar (RFC 5545) that a person's own calendar subscribes to: pure.

The address holds a token, so no sign-in is needed: HMAC-SHA-256 (RFC 2104) under a key derived from the server's secret, over
the person and the order (or "all"). Whoever has the address reads titles and dates; it is shown to its owner only.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from market.kernel.framing import framed

PRODID = "-//West Market//Orders//ZH"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Entry:
    """A day of an order: `key` is unique in the order and stays when the day moves; `words` say what is due."""

    key: str
    order: str
    day: date
    words: str
    text: str
    url: str
    is_done: bool = False


def token(secret: str, person: str, order: str = ALL) -> str:
    """The part of the address that only the market can make, for one order (its code) or all of a person's orders."""
    key = hmac.new(secret.encode(), b"wm/calendar/v1", hashlib.sha256).digest()
    made = hmac.new(key, framed(person, order), hashlib.sha256).digest()[:20]
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_token(given: str, secret: str, person: str, order: str = ALL) -> bool:
    """True when `given` is the token of this person and order; takes the same time whatever it is."""
    return hmac.compare_digest(given.encode(), token(secret, person, order).encode())


def feed(name: str, entries: Iterable[Entry], *, at: datetime, host: str) -> bytes:
    """The calendar `name` (shown by calendar programs) with an all-day event for each entry; `at` is the time of making it.

    Entries keep their UID (`key@order@host`) when they move, so that programs move them too. What is done is marked and rings
    no bell; what is due rings the day before.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, at, host))
    return calendar.to_ical()


def _event(entry: Entry, at: datetime, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}-{entry.order}@{host}")
    event.add("dtstamp", at)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", f"✓ {entry.words}" if entry.is_done else entry.words)
    event.add("description", entry.text)
    event.add("url", entry.url)
    event.add("transp", "TRANSPARENT")
    if not entry.is_done:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.words)
        alarm.add("trigger", timedelta(hours=-15))
        event.add_component(alarm)
    return event
