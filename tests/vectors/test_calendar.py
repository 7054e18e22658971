"""Working days: the published table 2019 to 2026 (chinese-calendar 1.11.0, MIT) and the examples computed from it twice."""

from datetime import date
from typing import Any

import pytest

from market.kernel.calendar import Calendar

from .conftest import read_cases

TABLE = "calendar/cn-holidays-2019-2026.json"
EXAMPLES = "calendar/working-day-examples.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    calendar, found = _calendar(metafunc.config), read_cases(metafunc.config, EXAMPLES) or {}
    for name, kind in (("example", "examples"), ("count", "counts")):
        if name in metafunc.fixturenames:
            cases = found.get(kind, []) if calendar else []
            metafunc.parametrize(name, cases, ids=lambda c: f"{c.get('start', c.get('first'))}")


@pytest.fixture
def calendar(pytestconfig: pytest.Config) -> Calendar:
    found = _calendar(pytestconfig)
    assert found
    return found


def test_working_days_are_counted_as_published(example: dict[str, Any], calendar: Calendar) -> None:
    start = date.fromisoformat(example["start"])

    answer = calendar.add_working_days(start, example["working_days"])

    assert answer.day.isoformat() == example["result"]
    assert not answer.provisional
    assert (answer.day - start).days == example["calendar_days"]
    assert calendar.is_working_day(start) == example["start_is_working_day"]


def test_working_days_between_undoes_the_published_count(example: dict[str, Any], calendar: Calendar) -> None:
    start, end = date.fromisoformat(example["start"]), date.fromisoformat(example["result"])

    if example["working_days"] >= 0:
        assert calendar.working_days_between(start, end).days == example["working_days"]
    else:
        assert calendar.working_days_in(end, start).days - calendar.is_working_day(start) == -example["working_days"]


def test_a_span_has_the_published_number_of_working_days(count: dict[str, Any], calendar: Calendar) -> None:
    first, last = date.fromisoformat(count["first"]), date.fromisoformat(count["last"])

    assert calendar.working_days_in(first, last).days == count["working_days_inclusive"]


def _calendar(config: pytest.Config) -> Calendar | None:
    """The calendar of the case folder itself, so that other tables are run by the same code."""
    table = read_cases(config, TABLE)
    if table is None:
        return None
    years = table["years"]
    return Calendar(
        days_off=_days(years, "days_off"),
        make_up=_days(years, "make_up_working_days"),
        published_from=date(min(y["year"] for y in years), 1, 1),
        published_through=date(max(y["year"] for y in years), 12, 31),
    )


def _days(years: list[dict[str, Any]], kind: str) -> frozenset[date]:
    entries = (entry for year in years for entry in year[kind])
    return frozenset(date.fromisoformat(e["date"] if isinstance(e, dict) else e) for e in entries)
