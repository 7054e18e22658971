"""Working days, periods and the borders of days. KF-CAL-01 to 04, KF-LST-01, in their pure part."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import holidays as independent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import holidays
from market.kernel.calendar import (
    NOT_KNOWN,
    NOT_YET_PUBLISHED,
    Calendar,
    Override,
    Period,
    Unit,
    add_months,
    add_years,
    end_of_day,
    holds_through,
    local_date,
    read_instant,
    read_local,
    start_of_day,
    to_local,
)
from market.kernel.errors import Invalid

SHIPPED = holidays.shipped()
DAYS = st.dates(date(2005, 1, 1), date(2034, 12, 31))
BEIJING = timezone(timedelta(hours=8))


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


# KF-CAL-02, with the 2021 table


@pytest.mark.parametrize(
    ("start", "length", "unit", "extends", "last"),
    [
        (date(2021, 4, 30), 3, Unit.CALENDAR_DAYS, False, date(2021, 5, 3)),
        (date(2021, 4, 30), 3, Unit.CALENDAR_DAYS, True, date(2021, 5, 6)),
        (date(2021, 9, 25), 10, Unit.CALENDAR_DAYS, False, date(2021, 10, 5)),
        (date(2021, 9, 25), 10, Unit.CALENDAR_DAYS, True, date(2021, 10, 8)),
        (date(2021, 5, 6), 3, Unit.WORKING_DAYS, False, date(2021, 5, 10)),
        (date(2021, 5, 6), 3, Unit.WORKING_DAYS, True, date(2021, 5, 10)),
    ],
)
def test_a_period_moves_to_the_next_working_day_only_by_its_rule(
    start: date, length: int, unit: Unit, extends: bool, last: date
) -> None:
    """KF-CAL-02: the published figures."""
    answer = SHIPPED.end_of(start, Period(length, unit, extends))

    assert answer.day == last
    assert not answer.provisional


@pytest.mark.parametrize(
    ("start", "years", "last"),
    [
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 28), 1, date(2025, 2, 28)),
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 12, 31)),
    ],
)
def test_a_year_ends_on_the_same_day_and_from_29_february_on_the_28th(start: date, years: int, last: date) -> None:
    """KF-CAL-01: the one rule for all modules."""
    assert add_years(start, years) == last
    assert SHIPPED.end_of(start, Period(years, Unit.YEARS)).day == last


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        *((date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2024, 1, 31), 1, date(2024, 2, 29))),
        *((date(2026, 3, 31), -1, date(2026, 2, 28)), (date(2026, 11, 30), 3, date(2027, 2, 28))),
        *((date(2026, 12, 5), 0, date(2026, 12, 5)), (date(2026, 11, 5), 1, date(2026, 12, 5))),
        *((date(2026, 12, 5), 1, date(2027, 1, 5)), (date(2026, 1, 5), -1, date(2025, 12, 5))),
    ],
)
def test_a_month_ends_on_the_day_of_the_same_number_or_the_last(start: date, months: int, last: date) -> None:
    assert add_months(start, months) == last


def test_the_day_of_publication_does_not_count_and_the_hour_does_not_matter() -> None:
    """KF-CAL-01: published at 10:32:15, three days: through the end of the third day after."""
    published = beijing("2026-03-04 10:32:15")

    last = SHIPPED.end_of(local_date(published), Period(3)).day

    assert last == date(2026, 3, 7)
    assert holds_through(last, beijing("2026-03-07 23:59:59"))
    assert not holds_through(last, beijing("2026-03-08 00:00:00"))


def test_a_period_is_not_negative() -> None:
    with pytest.raises(ValueError):
        SHIPPED.end_of(date(2026, 1, 1), Period(-1))


# The borders of days


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        *(("2026-03-31 00:00:01", True), ("2026-03-31 07:59:59", True), ("2026-03-31 23:59:59", True)),
        *(("2026-04-01 00:00:00", False), ("2026-04-01 08:00:00", False)),
    ],
)
def test_a_licence_holds_through_its_last_day_in_beijing(moment: str, holds: bool) -> None:
    """KF-LST-01: valid to 2026-03-31."""
    assert holds_through(date(2026, 3, 31), beijing(moment)) is holds


def test_a_day_begins_and_ends_at_sixteen_hours_utc() -> None:
    assert start_of_day(date(2026, 3, 31)) == datetime(2026, 3, 30, 16, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 31)) == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert to_local(datetime(2026, 3, 31, 16, tzinfo=UTC)).isoformat() == "2026-04-01T00:00:00+08:00"


@pytest.mark.parametrize(
    "day", [date(1988, 7, 1), date(1986, 5, 4), date(1991, 9, 15), date(1949, 5, 1), date(1940, 6, 1)]
)
def test_days_before_1992_are_never_instants(day: date) -> None:
    """KF-CAL-04: birth dates stay dates; there is no way to make a moment of one."""
    with pytest.raises(ValueError):
        start_of_day(day)
    with pytest.raises(ValueError):
        local_date(datetime.combine(day, time(), UTC))


def test_a_time_without_an_offset_is_no_instant() -> None:
    for function in (local_date, to_local):
        with pytest.raises(ValueError):
            function(datetime(2026, 3, 31))  # noqa: DTZ001


@given(DAYS.filter(lambda day: day.year > 1992), st.integers(0, 86_399_999_999))
def test_every_instant_of_a_day_has_that_date(day: date, microseconds: int) -> None:
    instant = start_of_day(day) + timedelta(microseconds=microseconds)

    assert local_date(instant) == day
    assert instant < end_of_day(day) == start_of_day(day + timedelta(days=1))


@pytest.mark.parametrize("text", ["2026-03-02 09:00", "2026-03-02T09:00", " 2026-03-02 09:00:00 ", "2026-03-02T01:00Z"])
def test_a_typed_time_is_beijing_time_unless_it_says_otherwise(text: str) -> None:
    """KF-CAL-03: whatever the server's zone."""
    assert read_local(text) == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_typed_time_in_utc_means_utc() -> None:
    """KF-CAL-03: 09:00Z is 17:00 in Beijing; saving what is shown changes nothing."""
    moment = read_local("2026-03-02T09:00Z")

    assert f"{to_local(moment):%H:%M}" == "17:00"
    assert read_local(f"{to_local(moment):%Y-%m-%d %H:%M}") == moment


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-03-02", "2026-02-30 09:00", "0001-01-01 00:00", "1988-07-01 09:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    for read in (read_local, read_instant):
        with pytest.raises(Invalid, match="not a date and time"):
            read(text)


def test_a_programs_time_needs_an_offset() -> None:
    """KF-CAL-03: API without offset refused."""
    assert read_instant("2026-03-02T09:00:00+08:00") == datetime(2026, 3, 2, 1, tzinfo=UTC)
    with pytest.raises(Invalid, match="no offset"):
        read_instant("2026-03-02T09:00:00")


# Working days


def test_three_working_days_after_the_last_of_september_2026() -> None:
    """The design's notes on libraries (2.9) give 2026-10-10, a make-up Saturday."""
    assert SHIPPED.add_working_days(date(2026, 9, 30), 3).day == date(2026, 10, 10)


@given(DAYS, st.integers(-60, 60))
def test_adding_working_days_is_undone_by_counting_them(start: date, days: int) -> None:
    end = SHIPPED.add_working_days(start, days).day

    assert SHIPPED.working_days_between(start, end).days == days
    assert days == 0 or SHIPPED.is_working_day(end)
    assert (end > start) - (end < start) == (days > 0) - (days < 0)


@given(DAYS, st.integers(1, 20), st.integers(1, 20))
def test_periods_of_working_days_add_up(start: date, first: int, second: int) -> None:
    middle = SHIPPED.add_working_days(start, first).day

    assert SHIPPED.add_working_days(middle, second).day == SHIPPED.add_working_days(start, first + second).day


@given(DAYS, DAYS)
def test_counting_on_and_back_differ_only_by_the_day_that_does_not_count(start: date, end: date) -> None:
    on, back = SHIPPED.working_days_between(start, end), SHIPPED.working_days_between(end, start)

    last, first = max(start, end), min(start, end)
    assert on.days + back.days == SHIPPED.is_working_day(last) - SHIPPED.is_working_day(first)


@given(DAYS, st.integers(0, 40), st.booleans())
def test_a_longer_period_never_ends_earlier(start: date, length: int, extends: bool) -> None:
    for unit in Unit:
        shorter, longer = (SHIPPED.end_of(start, Period(n, unit, extends)).day for n in (length, length + 1))
        assert start <= shorter <= longer


def test_a_search_without_end_is_refused() -> None:
    with pytest.raises(ValueError):
        SHIPPED.add_working_days(date(2026, 1, 1), 40_000)
    with pytest.raises(ValueError):
        SHIPPED.working_days_in(date(1800, 1, 1), date(2026, 1, 1))


# Past the published holidays


def test_a_period_that_leaves_the_published_years_says_so() -> None:
    """Ten working days from 21 December 2026: 1 January 2027 (statutory) is off, the plan for 2027 is not published."""
    answer = SHIPPED.add_working_days(date(2026, 12, 21), 10)

    assert answer.day == date(2027, 1, 5)
    assert answer.provisional
    assert answer.note == NOT_YET_PUBLISHED
    assert "after 2026-12-31 are not yet published" in str(answer)
    assert str(SHIPPED.add_working_days(date(2026, 12, 21), 8)) == "2026-12-31"


def test_counts_over_the_border_say_so_too() -> None:
    count = SHIPPED.working_days_between(date(2026, 12, 30), date(2027, 1, 4))

    assert (count.days, count.provisional, count.note) == (2, True, NOT_YET_PUBLISHED)
    assert not SHIPPED.working_days_between(date(2026, 12, 30), date(2026, 12, 31)).provisional


def test_past_the_statutory_table_only_weekends_are_known_and_that_is_said() -> None:
    assert SHIPPED.add_working_days(date(2035, 12, 31), 1).note == NOT_KNOWN
    assert SHIPPED.add_working_days(date(2035, 12, 31), 1).day == date(2036, 1, 1)
    assert SHIPPED.next_working_day(date(2035, 12, 31)).note == NOT_YET_PUBLISHED


def test_before_the_first_published_year_that_is_said() -> None:
    answer = SHIPPED.add_working_days(date(2003, 12, 30), -1)

    assert answer.provisional
    assert "2004-01-01" in str(answer)


def test_calendar_days_without_the_rule_are_certain_even_in_years_to_come() -> None:
    assert not SHIPPED.end_of(date(2027, 5, 1), Period(3)).provisional
    assert SHIPPED.end_of(date(2027, 4, 30), Period(3, extends=True)).provisional


# The shipped table


@pytest.mark.parametrize("year", sorted(holidays.STATUTORY))
def test_the_shipped_statutory_days_are_those_of_an_independent_package(year: int) -> None:
    computed = independent.country_holidays("CN", years=[year])

    assert {date(year, *day) for day in holidays.STATUTORY[year]} == {day for day in computed if day.year == year}


@pytest.mark.parametrize("year", range(2019, 2027))
def test_the_published_days_are_those_of_an_independent_package(year: int) -> None:
    computed = independent.country_holidays("CN", years=[year - 1, year, year + 1])
    days = [date(year, 1, 1) + timedelta(days=i) for i in range(365 + (year % 4 == 0))]

    assert [SHIPPED.is_working_day(day) for day in days] == [computed.is_working_day(day) for day in days]


def test_the_shipped_calendar_is_built_once_and_reaches_over_the_coming_years() -> None:
    assert holidays.shipped() is SHIPPED
    assert SHIPPED.published_from == date(2004, 1, 1)
    assert SHIPPED.published_through >= date(2026, 12, 31)
    assert SHIPPED.statutory_through == date(2035, 12, 31)
    assert all(day > SHIPPED.published_through for day in SHIPPED.statutory)


def test_a_year_that_a_newer_package_knows_is_published_and_takes_the_place_of_our_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {date(2026, 1, 1): "", date(2027, 1, 1): "", date(2027, 10, 1): ""}
    monkeypatch.setattr(holidays.constants, "holidays", known)
    monkeypatch.setattr(holidays.constants, "workdays", {})

    newer = holidays.shipped.__wrapped__()

    assert newer.published_through == date(2027, 12, 31)
    assert newer.is_working_day(date(2027, 10, 4)), "a substitute that the published plan did not grant"
    assert not newer.is_working_day(date(2028, 10, 4))


# The operators' table


def test_a_day_that_operators_settle_is_certain_and_the_rest_stays_open() -> None:
    entered = SHIPPED.with_overrides([Override(date(2027, 1, 1), works=False)])

    assert entered.is_published(date(2027, 1, 1))
    assert not entered.is_published(date(2027, 1, 2))
    assert SHIPPED.end_of(date(2026, 12, 31), Period(1, Unit.WORKING_DAYS)).provisional


def test_a_whole_year_that_operators_enter_is_published() -> None:
    rows = [
        *(Override(date(2027, 1, day), works=False) for day in (1, 2, 3)),
        Override(date(2027, 1, 9), works=True),  # a make-up Saturday
    ]

    entered = SHIPPED.with_overrides(rows, published_through=date(2027, 12, 31))
    answer = entered.add_working_days(date(2027, 1, 7), 2)

    assert (answer.day, answer.provisional) == (date(2027, 1, 9), False)
    assert not entered.is_working_day(date(2027, 10, 1)), "a statutory day stays off without a row"
    assert SHIPPED.add_working_days(date(2027, 1, 7), 2).day == date(2027, 1, 11)


def test_operators_correct_the_shipped_table_both_ways_and_the_later_row_holds() -> None:
    """The 2020 prolongation of Spring Festival came by a special notice: such things happen."""
    closed, opened = date(2026, 11, 25), date(2026, 10, 1)
    corrected = SHIPPED.with_overrides(
        [Override(closed, works=True), Override(closed, works=False), Override(opened, works=True)]
    )

    assert not corrected.is_working_day(closed)
    assert corrected.is_working_day(opened)
    assert opened not in corrected.days_off
    reopened = corrected.with_overrides([Override(closed, works=True)])
    assert reopened.is_working_day(closed)
    assert not reopened.with_overrides([Override(closed, works=False)]).is_working_day(closed)
    make_up_saturday = date(2026, 10, 10)
    assert not SHIPPED.with_overrides([Override(make_up_saturday, works=False)]).is_working_day(make_up_saturday)


def test_the_published_border_never_moves_back() -> None:
    assert SHIPPED.with_overrides([], published_through=date(2020, 1, 1)) == SHIPPED


@given(st.lists(st.tuples(DAYS, st.booleans()), max_size=20))
def test_every_override_holds(rows: list[tuple[date, bool]]) -> None:
    corrected = SHIPPED.with_overrides(Override(day, works) for day, works in rows)

    for day, works in dict(rows).items():
        assert corrected.is_working_day(day) is works
        assert corrected.is_published(day)


def test_a_calendar_without_statutory_days_still_says_how_far_it_reaches() -> None:
    bare = Calendar(frozenset(), frozenset(), published_through=date(2026, 12, 31))

    assert bare.add_working_days(date(2026, 12, 31), 1).note == NOT_KNOWN
