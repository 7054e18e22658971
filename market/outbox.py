"""What must follow a commit: outbox rows, done once each by the workers, found again by the sweep.

A row is the truth. A ticket in Valkey names no row: it only sends a worker to look for rows that are due, so a lost ticket, one
too many and one of yesterday do no harm. A worker first claims a row (one more try, due again after a while, committed), then
does it under the row's lock: a job that kills its process is tried again later each time, like one that fails, and never stands
in the way of the others. After the last wait a row stays due and is shown on the operator's desk.
"""

import importlib
import time
from collections.abc import Collection
from datetime import timedelta
from functools import lru_cache

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Select, delete, func, select

from market import clock
from market.db import db
from market.record.models import OutboxRow

log = structlog.get_logger()

#: waits between tries, in seconds; the last one repeats
BACKOFF = (2, 5, 15, 60, 300, 1800)
#: tickets that lie in the queue at most: whoever takes one sees all rows that were committed before
TICKETS = 8
#: seconds after which a worker lays a ticket down and takes a fresh one
TURN = 60
#: seconds for one turn at most, with its last job
LONGEST = 600
#: seconds to wait for Valkey, and to leave it alone after it did not answer
PATIENCE, PAUSE = 0.5, 5
#: done rows are kept this long
KEPT = timedelta(days=30)

_away_until = 0.0


@lru_cache(maxsize=4)
def queue(redis_url: str, prefix: str) -> Queue:
    """The queue of this installation for those who put tickets in. Short time-outs: a request never waits for Valkey."""
    # one more try: a connection that died with the server is noticed only at its next use
    connection = Redis.from_url(
        redis_url,
        socket_connect_timeout=PATIENCE,
        socket_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1, supported_errors=(NoConnection,)),
    )
    return Queue(f"{prefix}-jobs", connection=connection, serializer=JSONSerializer)


def worker_queue(redis_url: str, prefix: str) -> Queue:
    """The same queue for a worker, which waits for tickets as long as it takes."""
    connection = Redis.from_url(redis_url, socket_connect_timeout=PATIENCE, health_check_interval=30)
    return Queue(f"{prefix}-jobs", connection=connection, serializer=JSONSerializer)


def dispatch(row_ids: Collection[int]) -> None:
    """Send workers for rows that are due now. Never raises: when Valkey does not answer, the sweep sends them later."""
    global _away_until
    if not row_ids or time.monotonic() < _away_until:
        return
    from flask import current_app

    settings = current_app.extensions["settings"]
    try:
        line = queue(settings.redis_url, settings.prefix)
        for _ in range(min(len(row_ids), TICKETS - line.count)):
            line.enqueue("market.outbox.work", job_timeout=LONGEST, result_ttl=0, failure_ttl=3600)
    except Exception as error:
        # the change is committed: whatever is wrong with the queue must not look like a failure of the change
        _away_until = time.monotonic() + PAUSE
        log.warning("queue away", error=f"{type(error).__name__}: {error}")


def work() -> int:
    """What a ticket stands for: do rows that are due, the oldest first, until none is left or the turn is over.

    Returns the number done. Raises nothing for a job that fails; that is noted on its row.
    """
    end = time.monotonic() + TURN
    done = tried = 0
    while (row_id := _claim()) is not None:
        tried += 1
        done += _run(row_id)
        if time.monotonic() > end:
            dispatch([row_id])
            break
    if not tried:
        log.info("nothing due")
    return done


def drain(limit: int = 1_000_000) -> int:
    """Do all rows that are due, here and now, in order, until none is left; the number done. For commands and tests."""
    done = tried = 0
    while tried < limit and (row_id := _claim()) is not None:
        tried += 1
        done += _run(row_id)
    return done


def sweep() -> int:
    """Send workers for what is due and in nobody's hands: lost tickets, later tries, later due times. The number sent for."""
    found = [row.id for row in db.session.scalars(_due(TICKETS))]
    db.session.rollback()
    dispatch(found)
    return len(found)


def waiting() -> tuple[int, int]:
    """How many rows are not done, and how many of them failed before."""
    counts = select(func.count(), func.count().filter(OutboxRow.error.is_not(None))).where(OutboxRow.done_at.is_(None))
    due, failed = db.session.execute(counts).one()
    return due, failed


def arguments_waiting(job: str) -> set[tuple[object, ...]]:
    """The arguments of all rows of `job` (dotted name) that are not done: who asks each minute lays no second row beside one."""
    rows = db.session.scalars(select(OutboxRow.arguments).where(OutboxRow.job == job, OutboxRow.done_at.is_(None)))
    return {tuple(row) for row in rows}


def forget_done() -> int:
    """Remove rows that were done more than 30 days ago; the number. A job of the timetable."""
    gone = db.session.execute(delete(OutboxRow).where(OutboxRow.done_at < clock.real() - KEPT))
    return gone.rowcount  # type: ignore[attr-defined]


def _due(limit: int) -> Select[OutboxRow]:
    """Rows that are due and that nobody is at, locked, the oldest first."""
    return (
        select(OutboxRow)
        .where(OutboxRow.done_at.is_(None), OutboxRow.due_at <= clock.real())
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _claim() -> int | None:
    """Take the oldest row that is due: its try is counted and committed before it is made. None when there is none."""
    # here, since transaction imports this module
    from market.transaction import transactional

    @transactional
    def claim() -> int | None:
        row = db.session.scalar(_due(1))
        if row is None:
            return None
        if row.attempts and row.error is None:
            row.error = "the process ended in the middle"
        row.due_at = clock.real() + timedelta(seconds=BACKOFF[min(row.attempts, len(BACKOFF) - 1)])
        row.attempts = min(row.attempts + 1, 30_000)
        return row.id

    # the session may hold rows as an earlier job saw them
    db.session.expire_all()
    return claim()


def _run(row_id: int) -> bool:
    """Do the claimed row's job; False when it failed (noted on the row), is done, or is in other hands."""
    try:
        return _do(row_id)
    except Exception as error:
        db.session.rollback()
        log.exception("job failed", row=row_id)
        _note_failure(row_id, f"{type(error).__name__}: {error}")
        return False


def _do(row_id: int) -> bool:
    from market.transaction import transactional

    @transactional
    def act() -> bool:
        # whoever holds the lock is at it, however long it takes
        row = db.session.scalar(
            select(OutboxRow)
            .where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None))
            .with_for_update(skip_locked=True)
        )
        if row is None:
            log.info("job is done or in other hands", row=row_id)
            return False
        module, _, name = row.job.rpartition(".")
        getattr(importlib.import_module(module), name)(*row.arguments)
        row.done_at, row.error = clock.real(), None
        return True

    return act()


def _note_failure(row_id: int, error: str) -> None:
    from market.transaction import transactional

    @transactional
    def note() -> None:
        row = db.session.get(OutboxRow, row_id, with_for_update=True, populate_existing=True)
        if row is not None and row.done_at is None:
            row.error = error[:2000]

    note()
