"""Every periodic job, in one table. Times are UTC intervals or hours of the day in Asia/Shanghai.

Each act has one row of name and due time: whoever writes it first does the act, so several timetable processes do no harm, and
an act that was missed while all were down is done once when one is back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import String, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market import clock, outbox
from market.db import Base, Instant, db
from market.transaction import later, transactional


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
    Act("licences", "market.vendors.jobs.check_licences", daily_at=time(0, 5)),
    Act("listings end", "market.listings.jobs.expire_listings", daily_at=time(0, 10)),
)

#: direct calls that write no outbox row of their own
SWEEPS: tuple[tuple[timedelta, Callable[[], object]], ...] = ((timedelta(seconds=5), outbox.sweep),)

_swept: dict[Callable[[], object], datetime] = {}


def run_due() -> None:
    """Start what is due now and was not started yet. Called every second by `worker.py timetable`."""
    at = clock.real()
    for pause, sweep in SWEEPS:
        if at - _swept.get(sweep, datetime.min.replace(tzinfo=UTC)) >= pause:
            _swept[sweep] = at
            sweep()
    # daily acts follow the market's clock, which can be moved in practice mode
    for act in TABLE:
        _start(act, act.last_due(clock.now()))


@transactional
def _start(act: Act, due: datetime) -> None:
    if _known.get(act.name) == due:
        return
    claim = insert(TimetableAct).values(name=act.name, due_at=due).on_conflict_do_nothing()
    if db.session.execute(claim.returning(TimetableAct.name)).scalar():
        db.session.execute(
            delete(TimetableAct).where(TimetableAct.name == act.name, TimetableAct.due_at < due - timedelta(days=30))
        )
        later(act.job)
    _known[act.name] = due


#: what this process has seen started, so that it does not ask each second
_known: dict[str, datetime] = {}
