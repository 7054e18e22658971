"""What time it is. The only place that reads the machine's clock.

`now()` is the market's time, for deadlines of the domain; in practice mode it can be moved and run faster, the same for all
processes, through one row. `real()` is the machine's time, for sign-in, one-time codes, payments and everything outside.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base, Instant, db
from market.kernel.errors import RuleBroken
from market.kernel.words import N_

SHANGHAI = ZoneInfo("Asia/Shanghai")
FASTEST = 60

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
#: (monotonic time of reading, (real start, shown start, factor) or None): the row is read at most once a second
_seen: tuple[float, tuple[datetime, datetime, int] | None] | None = None


class ShownClock(Base):
    """One row at most: market time = shown_start + factor x (real time - real_start)."""

    __tablename__ = "shown_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint(f"factor between 1 and {FASTEST}", name="factor"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    real_start: Mapped[Instant]
    shown_start: Mapped[Instant]
    factor: Mapped[int] = mapped_column(SmallInteger, default=1)


def real() -> datetime:
    """The machine's time, aware, UTC."""
    return _frozen.get() or datetime.now(UTC)


def now() -> datetime:
    """The market's time, aware, UTC: for deadlines and states of the domain."""
    if frozen := _frozen.get():
        return frozen
    started = _started()
    machine = datetime.now(UTC)
    if started is None:
        return machine
    real_start, shown_start, factor = started
    return shown_start + (machine - real_start) * factor


def today() -> date:
    """The market's date in Asia/Shanghai."""
    return now().astimezone(SHANGHAI).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """For tests: both clocks stand at `at` (aware) inside the block."""
    token = _frozen.set(at)
    try:
        yield
    finally:
        _frozen.reset(token)


def move(*, skip: timedelta = timedelta(0), factor: int | None = None, practice: bool) -> datetime:
    """Move the market's time forward by `skip` and let it run `factor` times as fast; gives the new market time.

    Refused outside practice mode, backwards, and for factors that are not 1 to 60.
    """
    global _seen
    if not practice:
        raise RuleBroken(N_("The clock can be moved in practice mode only."))
    if skip < timedelta(0):
        raise RuleBroken(N_("The market's time never goes back."))
    if factor is not None and not 1 <= factor <= FASTEST:
        raise RuleBroken(N_("The factor must lie between 1 and %(most)s."), most=FASTEST)
    _seen = None
    shown = now() + skip
    row = db.session.get(ShownClock, 1, with_for_update=True)
    if row is None:
        row = ShownClock(id=1, factor=1)
        db.session.add(row)
    row.real_start, row.shown_start = datetime.now(UTC), shown
    row.factor = factor or row.factor
    _seen = None
    return shown


def _started() -> tuple[datetime, datetime, int] | None:
    global _seen
    tick = time.monotonic()
    if _seen is None or tick - _seen[0] > 1:
        with db.session.no_autoflush:
            row = db.session.execute(
                select(ShownClock.real_start, ShownClock.shown_start, ShownClock.factor)
            ).one_or_none()
        _seen = (tick, tuple(row) if row else None)  # type: ignore[assignment]
    return _seen[1]  # type: ignore[index]
