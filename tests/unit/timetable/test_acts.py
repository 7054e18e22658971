"""When an act is due, whatever zone the server stands in."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as hour

import pytest

from market.timetable import TABLE, Act


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def test_a_daily_act_is_due_once_a_day_at_its_hour_in_xian(zone: str) -> None:
    """KF-JOB-04: 48 hours over New York's clock change: two due times, 16:05 UTC each, in every zone of the server."""
    act = Act("daily", "x", daily_at=hour(0, 5))
    start = datetime(2026, 3, 7, 16, 5, tzinfo=UTC)  # New York moves its clocks on 8 March 2026
    due = [act.last_due(start + timedelta(minutes=step)) for step in range(48 * 60)]
    assert sorted(set(due)) == [start, start + timedelta(days=1)]


def test_just_before_its_hour_the_act_of_yesterday_counts(zone: str) -> None:
    act = Act("daily", "x", daily_at=hour(0, 5))
    at = datetime(2026, 3, 8, 16, 4, 59, tzinfo=UTC)
    assert act.last_due(at) == datetime(2026, 3, 7, 16, 5, tzinfo=UTC)


def test_an_interval_falls_on_the_same_moments_for_all_processes(zone: str) -> None:
    act = Act("often", "x", every=timedelta(minutes=5))
    at = datetime(2026, 3, 8, 3, 14, 15, tzinfo=UTC)
    assert act.last_due(at) == datetime(2026, 3, 8, 3, 10, tzinfo=UTC)
    assert act.last_due(at + timedelta(seconds=30)) == act.last_due(at)


def test_acts_have_names_of_their_own_and_jobs_that_exist() -> None:
    import importlib

    assert len({act.name for act in TABLE}) == len(TABLE)
    for act in TABLE:
        module, _, name = act.job.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), act.job
