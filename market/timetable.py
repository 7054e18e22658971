"""Every periodic job, in one table: intervals of the machine's time, or hours of the market's day in Asia/Shanghai.

Each act has one row of name and due time: whoever writes it first does the act, so several timetable processes do no harm, and
an act that was missed while all were down is done once when one is back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

import structlog
from sqlalchemy import String, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market import clock, outbox
from market.db import Base, Instant, db
from market.transaction import later, transactional

log = structlog.get_logger()


class TimetableAct(Base):
    """One act that was started: the key makes it happen once."""

    __tablename__ = "timetable_act"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    due_at: Mapped[Instant] = mapped_column(primary_key=True)


@dataclass(frozen=True, slots=True)
class Act:
    """`job` (dotted name in a jobs.py) every so often, or daily at an hour in Asia/Shanghai."""

    name: str
    job: str
    every: timedelta | None = None
    daily_at: time | None = None

    def last_due(self, at: datetime) -> datetime:
        """The latest due time not after `at` (UTC)."""
        if self.every is not None:
            seconds = int(self.every.total_seconds())
            return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
        local = at.astimezone(clock.SHANGHAI)
        due = datetime.combine(local.date(), self.daily_at or time(0), clock.SHANGHAI)
        return (due if due <= local else due - timedelta(days=1)).astimezone(UTC)


#: the whole timetable of the market
TABLE: tuple[Act, ...] = (
    Act("accounts forget", "market.accounts.jobs.forget_old", daily_at=time(3, 20)),
    Act("search sweep", "market.listings.jobs.sweep_index", every=timedelta(minutes=1)),
    Act("ratings shown", "market.ratings.jobs.reveal_due", every=timedelta(minutes=1)),
    Act("scores and credit", "market.ratings.jobs.refresh_all", daily_at=time(0, 20)),
    Act("licences", "market.vendors.jobs.check_licences", daily_at=time(0, 5)),
    Act("search tidied", "market.listings.jobs.tidy_index", daily_at=time(3, 30)),
    Act("listings end", "market.listings.jobs.expire_listings", daily_at=time(0, 10)),
    Act("files", "market.documents.jobs.sweep", daily_at=time(3, 30)),
    Act("uploads", "market.documents.jobs.forget_uploads", every=timedelta(hours=1)),
    Act("virus scans", "market.documents.jobs.scan_unscanned", every=timedelta(hours=1)),
    Act("terms of retention", "market.documents.jobs.keep_terms", daily_at=time(2, 30)),
    Act("terms of orders", "market.orders.jobs.keep_terms", every=timedelta(minutes=1)),
    Act("time for objections", "market.review.jobs.settle_notices", every=timedelta(minutes=1)),
    Act("places", "market.centres.jobs.keep_places", every=timedelta(minutes=1)),
    Act("visits", "market.centres.jobs.end_forgotten", every=timedelta(minutes=10)),
    Act("payments asked about", "market.payments.jobs.sweep", every=timedelta(minutes=1)),
    Act("money on its way", "market.payments.jobs.sweep_slowly", every=timedelta(minutes=10)),
    Act("payments compared", "market.payments.jobs.reconcile", daily_at=time(2, 0)),
    Act("daily mails", "market.notifications.jobs.make_digests", daily_at=time(8, 0)),
    Act("deliveries forgotten", "market.notifications.jobs.forget_deliveries", daily_at=time(3, 50)),
    Act("done jobs", "market.outbox.forget_done", daily_at=time(3, 40)),
)

#: direct calls that write no outbox row of their own
SWEEPS: tuple[tuple[timedelta, Callable[[], object]], ...] = ((timedelta(seconds=2), outbox.sweep),)

#: what this process has seen started, and when it swept: so that it does not ask each second
_known: dict[str, datetime] = {}
_swept: dict[Callable[[], object], datetime] = {}


def run_due() -> None:
    """Start what is due now and was not started yet. Called every second by `worker.py timetable`.

    One part that fails (the database is away, a fault) is logged, tried again the next time, and stops no other.
    """
    at = clock.real()
    for pause, sweep in SWEEPS:
        # a machine whose clock was set back must not wait until it is past again
        if not timedelta(0) <= at - _swept.get(sweep, datetime.min.replace(tzinfo=UTC)) < pause:
            _swept[sweep] = at
            _safely(sweep.__name__, sweep)
    for act in TABLE:
        _safely(act.name, partial(_start_if_due, act))


def _start_if_due(act: Act) -> None:
    # upkeep follows the machine's time; daily acts the market's, which can be moved in practice mode
    due = act.last_due(clock.real() if act.every is not None else clock.now())
    if _known.get(act.name) != due:
        _start(act, due)
        _known[act.name] = due


@transactional
def _start(act: Act, due: datetime) -> bool:
    """Have the act's job done, unless somebody did so for this due time; True when it was us."""
    claim = insert(TimetableAct).values(name=act.name, due_at=due).on_conflict_do_nothing()
    if not db.session.execute(claim.returning(TimetableAct.name)).scalar():
        return False
    old = TimetableAct.name == act.name, TimetableAct.due_at < due - timedelta(days=30)
    db.session.execute(delete(TimetableAct).where(*old))
    later(act.job)
    return True


def _safely(name: str, part: Callable[[], object]) -> None:
    try:
        part()
    except Exception:
        log.exception("timetable", part=name)
        db.session.rollback()
