"""Each act of the timetable happens once for its due time, however many processes keep it and whatever zone they stand in."""

import os
import signal
import threading
import time as machine
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from market import clock, timetable
from market.db import db
from market.record.models import OutboxRow
from market.timetable import Act, TimetableAct
from tests.integration.conftest import NOON
from tests.integration.jobs.conftest import Market, until

DAILY = Act("nightly", "market.x.jobs.f", daily_at=time(0, 5))
OFTEN = Act("often", "market.x.jobs.g", every=timedelta(minutes=1))
#: 00:05 in Xi'an on 2 March 2026
DUE = datetime(2026, 3, 1, 16, 5, tzinfo=UTC)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timetable of one daily and one frequent act, which this process has not seen yet."""
    monkeypatch.setattr(timetable, "TABLE", (DAILY, OFTEN))
    monkeypatch.setattr(timetable, "SWEEPS", ())
    monkeypatch.setattr(timetable, "_known", {})
    monkeypatch.setattr(timetable, "_swept", {})


def started(name: str) -> list[datetime]:
    return list(
        db.session.scalars(select(TimetableAct.due_at).where(TimetableAct.name == name).order_by(TimetableAct.due_at))
    )


def jobs(job: str) -> int:
    return db.session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.job == job)) or 0


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("begin", ["2026-03-01T00:00+00:00", "2026-03-07T12:00+00:00", "2026-10-31T12:00+00:00"])
def test_a_daily_act_is_due_at_its_hour_in_xian_wherever_the_server_stands(
    monkeypatch: pytest.MonkeyPatch, zone: str, begin: str
) -> None:
    """KF-JOB-04: 48 hours, minute by minute, also over New York's changes of clock (8 March, 1 November)."""
    monkeypatch.setenv("TZ", zone)
    machine.tzset()
    try:
        at = datetime.fromisoformat(begin)
        dues = []
        for minute in range(48 * 60):
            due = DAILY.last_due(at + timedelta(minutes=minute))
            if not dues or dues[-1] != due:
                dues.append(due)
        inside = [due for due in dues if due >= at]
        assert [(due.hour, due.minute) for due in inside] == [(16, 5), (16, 5)]
        assert all(due.utcoffset() == timedelta(0) for due in inside)
    finally:
        monkeypatch.delenv("TZ")
        machine.tzset()


def test_a_time_given_in_xian_is_that_time_everywhere() -> None:
    """KF-JOB-04"""
    there = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert OFTEN.last_due(there) == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert OFTEN.last_due(there + timedelta(seconds=59)) == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_each_due_time_once(app: Flask, table: None) -> None:
    for seconds in range(-120, 121, 20):
        with clock.frozen(DUE + timedelta(seconds=seconds)):
            timetable.run_due()
            timetable._known.clear()  # as another process would
            timetable.run_due()
    assert started("nightly") == [DUE - timedelta(days=1), DUE]
    assert jobs(DAILY.job) == 2
    assert jobs(OFTEN.job) == 5


def test_what_was_missed_while_all_were_down_is_done_once(app: Flask, table: None) -> None:
    for days in (0, 9):
        with clock.frozen(DUE + timedelta(days=days, hours=3)):
            timetable.run_due()
    assert started("nightly") == [DUE, DUE + timedelta(days=9)]


def test_daily_acts_follow_the_markets_time_and_upkeep_the_machines(
    app: Flask, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(NOON):
        timetable.run_due()
        monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=3))
        timetable.run_due()
    assert len(started("nightly")) == 2
    assert len(started("often")) == 1


def test_an_act_whose_commit_failed_is_started_the_next_time(
    app: Flask, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that goes away in the wrong moment must not cost a night's work."""
    commit = db.session.commit

    def broken() -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    with clock.frozen(DUE):
        monkeypatch.setattr(db.session, "commit", broken)
        timetable.run_due()
        assert started("nightly") == []
        monkeypatch.setattr(db.session, "commit", commit)
        timetable.run_due()
    assert started("nightly") == [DUE]
    assert jobs(DAILY.job) == 1


def test_a_part_that_fails_stops_no_other(app: Flask, table: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a fault")

    calls: list[int] = []
    sweeps = ((timedelta(seconds=2), broken), (timedelta(seconds=2), lambda: calls.append(1)))
    monkeypatch.setattr(timetable, "SWEEPS", sweeps)
    for seconds in (0, 1, 2, 3, -3600):
        with clock.frozen(DUE + timedelta(seconds=seconds)):
            timetable.run_due()
    assert len(calls) == 3, "every two seconds, and not an hour's silence after the machine's clock was set back"
    assert DUE in started("nightly")


def test_old_acts_are_forgotten(app: Flask, table: None) -> None:
    for days in (0, 1, 40):
        with clock.frozen(DUE + timedelta(days=days)):
            timetable.run_due()
    assert started("nightly") == [DUE + timedelta(days=40)]


def test_every_act_names_a_job_that_exists() -> None:
    import importlib

    for act in timetable.TABLE:
        module, _, name = act.job.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), act.job
        assert (act.every is None) != (act.daily_at is None)
    assert len({act.name for act in timetable.TABLE}) == len(timetable.TABLE)


def test_many_who_keep_the_timetable_start_an_act_once(market: Market) -> None:
    """KF-JOB-03: at the same instant."""
    start, results = threading.Barrier(8), []

    def keep() -> None:
        with market.app.app_context():
            start.wait(10)
            results.append(timetable._start(DAILY, DUE))

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [False] * 7 + [True]
    assert jobs(DAILY.job) == 1


def test_three_processes_of_which_one_sleeps_start_each_act_once(market: Market) -> None:
    """KF-JOB-03: real processes; one is stopped in the middle and goes on later."""
    first = market.keep_time(acts=True)
    with market.connect() as connection:

        def acts() -> list[tuple[str, int]]:
            statement = "SELECT name, count(*) FROM timetable_act WHERE name <> 'nightly' GROUP BY name ORDER BY name"
            return connection.execute(statement).fetchall()

        until(lambda: len(acts()) == len(timetable.TABLE))
        os.kill(first.pid, signal.SIGSTOP)
        for _ in range(2):
            market.start("timetable")
        connection.execute("DELETE FROM outbox WHERE job = 'market.outbox.forget_done'")
        connection.execute("DELETE FROM timetable_act WHERE name = 'done jobs'")
        until(lambda: ("done jobs", 1) in acts())
        os.kill(first.pid, signal.SIGCONT)
        machine.sleep(1.5)  # each of the three looks at least once more
        daily = [act for act in timetable.TABLE if act.daily_at is not None]
        assert [count for name, count in acts() if name in {act.name for act in daily}] == [1] * len(daily)
        for act in daily:
            made = connection.execute("SELECT count(*) FROM outbox WHERE job = %s", (act.job,)).fetchone()
            assert made == (1,), act.name
