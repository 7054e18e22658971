"""The processes beside the web: `python worker.py jobs` does what follows commits, `python worker.py timetable` what is due,
`python worker.py sequencer` gives public leaves their places in the record and signs it.

Any number of each may run: a job's row is locked while it is done, each act of the timetable has one row per due time, and of
several sequencers one holds the lease.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, ClassVar

import structlog
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from market import outbox
from market.app import DOMAINS, create_app, part
from market.db import db

log = structlog.get_logger()


class MarketWorker(Worker):
    """A worker whose jobs run in forked children inside the application that the parent has loaded."""

    #: seconds between tries while the queue is away
    max_connection_wait_time = 2.0
    #: rq ends its loop alike when it is told to stop and when Valkey dies under a job; only the first is meant to last
    told_to_stop: ClassVar[bool] = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT: end after the present job."""
        MarketWorker.told_to_stop = True
        try:
            super().request_stop(signum, frame)
        except (RedisError, OSError):
            # rq notes the wish in Valkey before it stops; with Valkey away there is nobody to tell and no job to end
            raise StopRequested from None

    def main_work_horse(self, *args: Any, **kwargs: Any) -> Any:
        """In the child: the parent's database connections are left alone and new ones made."""
        for engine in db.engines.values():
            engine.dispose(close=False)
        return super().main_work_horse(*args, **kwargs)


def jobs() -> None:
    """Serve the queue until a signal; waits and tries again while Valkey is away."""
    app = create_app()
    settings = app.extensions["settings"]
    with app.app_context(), contextlib.suppress(StopRequested):
        _warm_up()
        while not MarketWorker.told_to_stop:
            try:
                queue = outbox.worker_queue(settings.redis_url, settings.prefix)
                MarketWorker(
                    [queue],
                    connection=queue.connection,
                    serializer=JSONSerializer,
                    worker_ttl=30,
                    maintenance_interval=5,
                    job_monitoring_interval=5,
                ).work(logging_level="WARNING")
            except (RedisError, OSError) as error:
                log.warning("queue away", error=f"{type(error).__name__}: {error}")
            if not MarketWorker.told_to_stop:
                _bury_children()
                time.sleep(1)


def _warm_up() -> None:
    """Load and connect once what each child would otherwise load and connect for itself, and would throw away again."""
    for domain in DOMAINS:
        part(domain, "jobs")
    try:
        outbox.waiting()
    except SQLAlchemyError as error:
        log.warning("database away", error=type(error).__name__)
    finally:
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    # children leave these objects' pages as they are
    gc.freeze()


def _bury_children() -> None:
    """Take note of children that ended after rq stopped waiting for them, so that they do not stay as zombies."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def timetable() -> None:
    """Do what is due, every second, until a signal."""
    from market import timetable as table

    stopping = False

    def stop(*_: Any) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    app = create_app()
    while not stopping:
        with app.app_context():
            table.run_due()
        time.sleep(1)


def sequencer() -> None:
    """Sequence the public record until a signal."""
    from market.record import sequencing

    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    sequencing.serve(create_app(), stopping)


ROLES = {"jobs": jobs, "timetable": timetable, "sequencer": sequencer}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ROLES:
        raise SystemExit(f"usage: python worker.py {' | '.join(ROLES)}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    ROLES[sys.argv[1]]()
