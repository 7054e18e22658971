"""What must follow a commit: outbox rows, handed to rq, run once, found again by the sweep.

A row is the truth and a ticket in Valkey only a hint: a lost ticket, a second ticket and a ticket of a row that is done do no
harm. A job that fails is tried again, later each time; after the last try it stays due and is shown on the operator's desk.
"""

import importlib
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from market import clock
from market.db import db
from market.record.models import OutboxRow

log = structlog.get_logger()

#: waits between tries, in seconds; the last one repeats
BACKOFF = (2, 5, 15, 60, 300, 1800)
#: a ticket is believed lost after this time
LOST_AFTER = timedelta(seconds=10)


@lru_cache(maxsize=4)
def queue(redis_url: str, prefix: str) -> Queue:
    """The queue of this installation. Short time-outs: a request never waits for Valkey."""
    connection = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=None, health_check_interval=30)
    return Queue(f"{prefix}-jobs", connection=connection, serializer=JSONSerializer)


def dispatch(row_ids: Iterable[int]) -> None:
    """Hand rows to the queue. When Valkey does not answer they stay due, and the sweep hands them over later."""
    from flask import current_app

    settings = current_app.extensions["settings"]
    try:
        for row_id in row_ids:
            queue(settings.redis_url, settings.prefix).enqueue(
                "market.outbox.run", row_id, job_timeout=600, result_ttl=0, failure_ttl=3600
            )
    except (RedisError, OSError) as error:
        log.warning("queue away", error=str(error))


def run(row_id: int) -> bool:
    """Do the row's job, once: False when it is done, gone or in other hands. Raises nothing; a failure is noted on the row."""
    row = db.session.scalar(
        select(OutboxRow).where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None)).with_for_update(skip_locked=True)
    )
    if row is None:
        db.session.rollback()
        return False
    try:
        _do(row)
        return True
    except Exception as error:
        db.session.rollback()
        log.exception("job failed", row=row_id, job=row.job)
        _note_failure(row_id, f"{type(error).__name__}: {error}")
        return False


def drain(limit: int = 1000) -> int:
    """Do all rows that are due, here and now, in order, until none is left; the number done. For commands and tests."""
    done = 0
    while done < limit and (row_ids := _due(100)):
        results = [run(row_id) for row_id in row_ids]
        done += sum(results)
        if not any(results):
            break
    return done


def sweep() -> int:
    """Hand over again what is due and was not done in time, oldest first; the number of rows."""
    from flask import current_app

    settings = current_app.extensions["settings"]
    row_ids = _due(500, before=LOST_AFTER)
    db.session.rollback()
    try:
        if row_ids and queue(settings.redis_url, settings.prefix).count > 1000:
            return 0  # a long queue is no lost ticket
    except (RedisError, OSError):
        return 0
    dispatch(row_ids)
    return len(row_ids)


def waiting() -> tuple[int, int]:
    """How many rows are due, and how many of them failed before."""
    counts = select(func.count(), func.count().filter(OutboxRow.attempts > 0)).where(OutboxRow.done_at.is_(None))
    due, failed = db.session.execute(counts).one()
    return due, failed


def _due(limit: int, before: timedelta = timedelta(0)) -> list[int]:
    statement = select(OutboxRow.id).where(OutboxRow.done_at.is_(None), OutboxRow.due_at <= clock.real() - before)
    return list(db.session.scalars(statement.order_by(OutboxRow.due_at, OutboxRow.id).limit(limit)))


def _do(row: OutboxRow) -> None:
    # here, since transaction imports this module
    from market.transaction import transactional

    module, _, name = row.job.rpartition(".")
    job = getattr(importlib.import_module(module), name)

    @transactional
    def act() -> None:
        job(*row.arguments)
        row.done_at, row.error = clock.real(), None

    act()


def _note_failure(row_id: int, error: str) -> None:
    from market.transaction import transactional

    @transactional
    def note() -> None:
        row = db.session.get(OutboxRow, row_id, with_for_update=True)
        if row is not None and row.done_at is None:
            wait = BACKOFF[min(row.attempts, len(BACKOFF) - 1)]
            row.attempts += 1
            row.error = error[:2000]
            row.due_at = clock.real() + timedelta(seconds=wait)

    note()
