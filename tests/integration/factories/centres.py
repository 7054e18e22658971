"""Citizens, clerks, visits and consents for tests, made through the operations."""

from datetime import datetime
from typing import Any

from market import clock
from market.accounts import counter_operations as counter_people
from market.accounts.models import Person
from market.centres import acting, counter_operations
from market.centres.models import CounterConsent, CounterSession
from market.centres.states import Act, ConsentHow
from market.kernel.actor import Actor
from market.kernel.identifiers import resident_check

CENTRE = "610117-01"
CITY = "610100-01"
ALL_ACTS = frozenset(Act)
STROKES = "M10,10" + "".join(f"L{x},{x}" for x in range(11, 30))


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """A moment of 2026 in Shanghai."""
    return datetime(2026, month, day, hour, minute, tzinfo=clock.SHANGHAI)


def identity_number(serial: int = 1) -> str:
    """A well-formed number of nobody: the region 000000 does not exist in the province table, so 610100 with the year 1970."""
    body = f"61010019700101{serial:03d}"
    return body + resident_check(body)


def citizen(clerk: Actor, serial: int = 1, name: str = "测试居民") -> Person:
    """Somebody registered at a counter."""
    return counter_people.register_at_counter(name=name, id_number=identity_number(serial), by=clerk)


def visit(clerk: Actor, serial: int | None = 1, window: str = "3", centre: str = CENTRE) -> CounterSession:
    """A running visit; with `serial`, the citizen of that number is served."""
    row = counter_operations.begin_session(centre, window, by=clerk)
    if serial is not None:
        counter_operations.register_citizen(row.code, name="测试居民", id_number=identity_number(serial), by=clerk)
    return row


def consent(clerk: Actor, row: CounterSession, acts: frozenset[Act] = ALL_ACTS, **more: Any) -> CounterConsent:
    """A consent on the pad."""
    more = {"how": ConsentHow.SIGNATURE_PAD, "signature": STROKES} | more
    return counter_operations.give_consent(row.code, acts, by=clerk, **more)


def served(clerk: Actor, acts: frozenset[Act] = ALL_ACTS, **more: Any) -> tuple[CounterSession, CounterConsent, Actor]:
    """A visit with a citizen and a consent, and the clerk's actor as the pages make it."""
    row = visit(clerk, **more)
    given = consent(clerk, row, acts)
    return row, given, acting.actor_for(clerk)
