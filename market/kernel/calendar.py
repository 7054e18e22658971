"""Chinese working days, periods and the borders of days, as pure functions on a `Calendar` that is handed
in.

Days are dates in Asia/Shanghai, never instants; instants are aware and in UTC. The day from which a period
runs never counts, and a period ends with the end of its last day. The State Council publishes days off and
make-up working days for one year at a time: past the published year the statutory days alone are known, and
every answer says that it is provisional.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

from market.kernel.errors import Invalid, fill
from market.kernel.words import N_

#: China has kept UTC+8 without summer time since 15 September 1991; a fixed offset needs no zone file.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
#: the first day for which that offset is safe to use; dates before it exist as dates only (birth dates)
FIRST_SAFE_DAY = date(1992, 1, 1)
#: a search for working days gives up after this many calendar days: no true period is longer
LONGEST_SEARCH = 36_600

ONE_DAY = timedelta(days=1)
NOT_YET_PUBLISHED = N_(
    "The days off after %(published_through)s are not yet published; counted with the statutory holidays only, so this day "
    "may still move."
)
NOT_KNOWN = N_(
    "No holidays are known after %(statutory_through)s; counted with weekends only, so this day may still move."
)
BEFORE_RECORDS = N_("No holidays are recorded before %(published_from)s; counted with weekends only.")


class Unit(StrEnum):
    """What a period is counted in; every notice says which."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Period:
    """A length in a unit. `extends`: a last day that is no working day moves to the next working day (only
    if the rule says so)."""

    length: int
    unit: Unit = Unit.CALENDAR_DAYS
    extends: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A row of the operators' table: `day` is a working day or not, whatever the shipped table says."""

    day: date
    works: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A day, and whether it may still move. `note` is a message id (empty when certain) filled from
    `params`."""

    day: date
    provisional: bool = False
    note: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.day} ({fill(self.note, self.params)})" if self.note else str(self.day)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of working days, and whether it may still change, as in `Answer`."""

    days: int
    provisional: bool = False
    note: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of working days.

    `days_off` and `make_up` are complete from `published_from` through `published_through`; `statutory`
    holds the days that the State Council's regulation itself fixes (substitutes for weekends included),
    known through `statutory_through`; `decided` are single days that operators settled, which are certain
    even in a year not yet published.
    """

    days_off: frozenset[date]
    make_up: frozenset[date]
    published_through: date
    statutory: frozenset[date] = frozenset()
    statutory_through: date | None = None
    published_from: date = date.min
    decided: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is a working day as far as is known: make-up days are, days off and statutory days
        are not, otherwise Monday to Friday."""
        if day in self.make_up:
            return True
        if day in self.days_off or day in self.statutory:
            return False
        return day.weekday() < 5

    def is_published(self, day: date) -> bool:
        """Whether the answer for `day` is certain: in the published years, or settled by an operator."""
        return self.published_from <= day <= self.published_through or day in self.decided

    def with_overrides(self, rows: Iterable[Override], *, published_through: date | None = None) -> "Calendar":
        """This calendar with the operators' table on top; of two rows for one day the later holds.

        `published_through` says how far the operators have entered a published plan completely (never moves
        back); days up to there that have no row are ordinary weekdays, weekends or statutory days.
        """
        works = {row.day: row.works for row in rows}
        on = frozenset(day for day, working in works.items() if working)
        off = frozenset(works) - on
        return replace(
            self,
            days_off=(self.days_off - on) | off,
            make_up=(self.make_up - off) | on,
            published_through=max(self.published_through, published_through or self.published_through),
            decided=self.decided | frozenset(works),
        )

    def add_working_days(self, start: date, days: int) -> Answer:
        """The `days`-th working day after `start` (before it when negative); `start` itself never counts; 0
        gives `start`.

        Provisional when any day on the way is not published. Raises ValueError beyond a hundred years.
        """
        step = ONE_DAY if days >= 0 else -ONE_DAY
        day, left = start, abs(days)
        for _ in range(LONGEST_SEARCH):
            if not left:
                return self._answer(day, *sorted((start, day)))
            day += step
            left -= self.is_working_day(day)
        raise ValueError(f"{days} working days lead out of the calendar")

    def next_working_day(self, day: date) -> Answer:
        """`day` itself if it is a working day, else the first one after it."""
        return self._answer(day, day, day) if self.is_working_day(day) else self.add_working_days(day, 1)

    def working_days_between(self, start: date, end: date) -> Count:
        """Working days after `start` up to and including `end`, negative when `end` lies before `start`.

        It undoes `add_working_days`: what is left of a time limit that ends with `end`, seen on the day
        `start`.
        """
        if end < start:
            count = self.working_days_in(end, start - ONE_DAY)
            return replace(count, days=-count.days)
        return self.working_days_in(start + ONE_DAY, end)

    def working_days_in(self, first: date, last: date) -> Count:
        """Working days from `first` to `last`, both included; none when `last` lies before `first`."""
        if last < first:
            return Count(0)
        span = (last - first).days + 1
        if span > LONGEST_SEARCH:
            raise ValueError("more than a hundred years")
        days = sum(self.is_working_day(first + timedelta(days=i)) for i in range(span))
        note, params = self._note(first, last)
        return Count(days, bool(note), note, params)

    def end_of(self, start: date, period: Period) -> Answer:
        """The last day of `period` when `start` is the day of the event (publication, award, issue), which
        does not count.

        Calendar days, months and years move on only when `period.extends` and the last day is no working
        day. A month or year ends on the day of the same number, or on the month's last day where there is
        none: a year from 29 February ends on 28 February. Raises ValueError for a negative length.
        """
        if period.length < 0:
            raise ValueError("a period is not negative")
        if period.unit is Unit.WORKING_DAYS:
            return self.add_working_days(start, period.length)
        last = _LAST_DAY[period.unit](start, period.length)
        return self.next_working_day(last) if period.extends else Answer(last)

    def _answer(self, day: date, first: date, last: date) -> Answer:
        note, params = self._note(first, last)
        return Answer(day, bool(note), note, params)

    def _note(self, first: date, last: date) -> tuple[str, Mapping[str, Any]]:
        """Why days from `first` to `last` are not certain; the weakest knowledge names itself. Empty when
        all are."""
        if self._all_published(first, last):
            return "", {}
        if last > self.published_through:
            through = self.statutory_through or self.published_through
            if last > through:
                return NOT_KNOWN, {"statutory_through": through}
            return NOT_YET_PUBLISHED, {"published_through": self.published_through}
        return BEFORE_RECORDS, {"published_from": self.published_from}

    def _all_published(self, first: date, last: date) -> bool:
        if self.published_from <= first and last <= self.published_through:
            return True
        span = (last - first).days + 1
        return all(self.is_published(first + timedelta(days=i)) for i in range(span))


def add_months(start: date, months: int) -> date:
    """The day of the same number `months` later (earlier when negative), or that month's last day where
    there is none."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first_of_next = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=start.day - 1), first_of_next - ONE_DAY)


def add_years(start: date, years: int) -> date:
    """The same day `years` later; a year from 29 February ends on 28 February."""
    return add_months(start, 12 * years)


def start_of_day(day: date) -> datetime:
    """The first instant of `day` in Asia/Shanghai, in UTC. Raises ValueError before 1992 (summer time, other
    offsets)."""
    if day < FIRST_SAFE_DAY:
        raise ValueError("days before 1992 are dates only, never instants")
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The instant at which `day` is over in Asia/Shanghai, in UTC: the first instant of the next day.

    A thing that runs through `day` still holds while `now < end_of_day(day)`. Show `day` itself, never this
    instant.
    """
    return start_of_day(day + ONE_DAY)


def local_date(instant: datetime) -> date:
    """The date in Asia/Shanghai at `instant` (aware). Raises ValueError for a naive time, or one before
    1992."""
    day = to_local(instant).date()
    if day < FIRST_SAFE_DAY:
        raise ValueError("instants before 1992 are not read as days here")
    return day


def last_day(end: datetime) -> date:
    """The last day of a deadline that is kept as the first instant after it (see `end_of_day`)."""
    return local_date(end - timedelta(microseconds=1))


def to_local(instant: datetime) -> datetime:
    """`instant` (aware) with the clock of Asia/Shanghai, for showing. Raises ValueError for a naive time."""
    if instant.tzinfo is None:
        raise ValueError("a time without an offset is no instant")
    return instant.astimezone(SHANGHAI)


def holds_through(last_day: date, now: datetime) -> bool:
    """Whether something valid through `last_day` still holds at `now`: all of that day in Asia/Shanghai, and
    not after."""
    return now < end_of_day(last_day)


def read_local(text: str) -> datetime:
    """A time typed into a form, such as `2026-03-02 09:00`: Beijing time unless it carries an offset (Z is
    UTC); in UTC.

    Refuses (`Invalid`, field `time`) what is no such time. It never reads the server's zone.
    """
    moment = _moment(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def read_instant(text: str) -> datetime:
    """A time in a program's message (RFC 3339), in UTC; refuses (`Invalid`, field `time`) one without an
    offset."""
    moment = _moment(text)
    if moment.tzinfo is None:
        raise Invalid.field(
            "time",
            N_("The time has no offset, so it could mean several instants."),
            remedy=N_("Write it with an offset, for instance 2026-03-02T09:00:00+08:00."),
        )
    return moment.astimezone(UTC)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.date() < FIRST_SAFE_DAY or ":" not in text:
        raise Invalid.field("time", N_("This is not a date and time."), remedy=N_("Write it as 2026-03-02 09:00."))
    return moment


_LAST_DAY = {
    Unit.CALENDAR_DAYS: lambda start, length: start + timedelta(days=length),
    Unit.MONTHS: add_months,
    Unit.YEARS: add_years,
}
