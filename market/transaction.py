"""The only place that commits.

An operation is `@transactional`: the outermost one of a call commits, inner ones join it. Before the commit the reactions to
what was recorded run (market/reactions.py, NOW) until no event is left, then audit and outbox rows are written. After the
commit the outbox rows are handed to the queue; should the process die in between, the sweep finds them (market/outbox.py).
Whatever is raised rolls everything back: no change, no record, no mail.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from market import clock, outbox
from market.db import db
from market.kernel.actor import Actor
from market.record import operations as record_operations
from market.record.models import OutboxRow

P = ParamSpec("P")
R = TypeVar("R")

Reaction = Callable[[Any, Actor, datetime], object]
#: sees what operations recorded (event, actor, moment) before any reaction, and may refuse it
Check = Callable[[Sequence[tuple[Any, Actor, datetime]]], None]
#: what the public record is told of an event and its moment
Publication = Callable[[Any, datetime], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Later:
    """A job after the commit: dotted name of a function in a jobs.py, and its arguments taken from the event."""

    job: str
    arguments: Callable[[Any], Sequence[Any]]


_now: Mapping[type, Sequence[Reaction]] = {}
_later: Mapping[type, Sequence[Later]] = {}
_check: Check | None = None
_public: Mapping[type, Publication] = {}


def install(
    now: Mapping[type, Sequence[Reaction]],
    later: Mapping[type, Sequence[Later]],
    check: Check | None = None,
    public: Mapping[type, Publication] | None = None,
) -> None:
    """Hand over the two tables of market/reactions.py, its check of all that was recorded, and market/public_leaves.py's table
    of what is public; create_app does it once."""
    global _now, _later, _check, _public
    _now, _later, _check, _public = now, later, check, public or {}


def transactional(operation: Callable[P, R]) -> Callable[P, R]:
    """Run `operation` in one transaction with its record and reactions; inside another transactional call, join that."""

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        info = db.session.info
        if info.get("inside"):
            return operation(*args, **kwargs)
        info["inside"] = True
        try:
            result = operation(*args, **kwargs)
            _finish()
            due = _outbox_rows()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            for key in ("inside", "events", "told", "outbox", "lock_rank", "held", "in_bulk"):
                info.pop(key, None)
        outbox.dispatch(due)
        return result

    run.transactional = True  # type: ignore[attr-defined]
    return run


@contextmanager
def attempt() -> Iterator[None]:
    """A part of an operation that may fail alone: what it did and recorded is undone when it raises, with the locks that it
    took; the exception goes on."""
    info = db.session.info
    events, later = len(info.setdefault("events", [])), len(info.setdefault("outbox", []))
    held, rank = set(info.get("held", ())), info.get("lock_rank", -1)
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        del info["events"][events:], info["outbox"][later:]
        info["held"], info["lock_rank"] = held, rank
        raise


def later(job: str, *arguments: Any, due_at: datetime | None = None) -> None:
    """Have `job` (dotted name of a function in a jobs.py) run after the commit, or at `due_at` (real time, UTC)."""
    if db.session.info.get("in_bulk"):
        return
    row = OutboxRow(job=job, arguments=list(arguments), created_at=clock.real(), due_at=due_at or clock.real())
    db.session.add(row)
    db.session.info.setdefault("outbox", []).append(row)


@transactional
def in_bulk(steps: Iterable[tuple[datetime, Callable[[], object]]]) -> None:
    """Load much at once: every (moment, operation) of `steps` in order, each with its reactions and at its own moment on both
    clocks, all in one transaction.

    Nothing goes to the outbox: whoever loads has index and registry brought up to date as a whole afterwards. Each step takes
    its locks as if it stood alone, and all are held to the end: only for rows that nobody else writes to meanwhile.
    """
    info = db.session.info
    _react()
    info["in_bulk"] = True
    for at, operation in steps:
        with clock.frozen(at):
            operation()
            _react()
        info.pop("lock_rank", None)
        info.pop("held", None)
    del info["in_bulk"]


def _finish() -> None:
    if _check is not None and (fresh := db.session.info.get("events", [])[db.session.info.get("told", 0) :]):
        _check(fresh)
    _react()
    if events := db.session.info.get("events"):
        for event, _by, at in events:
            if publication := _public.get(type(event)):
                subjects = [value for name in event.ABOUT if (value := getattr(event, name))]
                record_operations.publish_leaf(publication(event, at), subjects=subjects)
        record_operations.append(events)


def _react() -> None:
    """Run the reactions to what was recorded since the last time, until no event is left."""
    info = db.session.info
    events = info.setdefault("events", [])
    while (told := info.get("told", 0)) < len(events):
        event, by, at = events[told]
        for react in _now.get(type(event), ()):
            react(event, by, at)
        for job in _later.get(type(event), ()):
            later(job.job, *job.arguments(event))
        info["told"] = told + 1


def _outbox_rows() -> list[int]:
    rows = db.session.info.get("outbox", [])
    if rows:
        db.session.flush()  # the rows get their keys, which the queue needs
    return [row.id for row in rows if row.due_at <= clock.real()]
