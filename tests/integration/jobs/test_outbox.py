"""Rows of the outbox: claimed before they are done, tried later each time, swept when nobody is at them."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from market import clock, outbox
from market.clock import real
from market.db import db
from market.record.models import OutboxRow
from market.transaction import later, transactional
from tests.integration.conftest import NOON
from tests.integration.jobs.conftest import Market

done: list[object] = []


def note(*arguments: object) -> None:
    """A job."""
    done.append(*arguments)


def fail() -> None:
    """A job that fails."""
    raise RuntimeError("the printer is on fire")


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


def rows() -> list[OutboxRow]:
    return list(db.session.scalars(select(OutboxRow).order_by(OutboxRow.id).execution_options(populate_existing=True)))


def commit(job: str, *arguments: object, **more: object) -> None:
    transactional(lambda: later(f"{__name__}.{job}", *arguments, **more))()


def test_the_oldest_is_done_first_and_what_is_due_later_waits(app: Flask) -> None:
    commit("note", "b", due_at=NOON - timedelta(seconds=1))
    commit("note", "c")
    commit("note", "a", due_at=NOON - timedelta(seconds=2))
    commit("note", "tomorrow", due_at=NOON + timedelta(days=1))
    assert outbox.drain() == 3
    assert done == ["a", "b", "c"]
    with clock.frozen(NOON + timedelta(days=1)):
        assert outbox.drain() == 1


def test_a_job_that_fails_waits_longer_each_time_and_hinders_no_other(app: Flask) -> None:
    commit("fail")
    commit("note", "other")
    waits, at = [], NOON
    for _ in range(8):
        with clock.frozen(at):
            outbox.work()
        row = rows()[0]
        waits.append((row.due_at - at).total_seconds())
        at = row.due_at
    assert done == ["other"]
    assert waits == [2, 5, 15, 60, 300, 1800, 1800, 1800]
    assert (row.attempts, row.done_at, row.error) == (8, None, "RuntimeError: the printer is on fire")
    assert outbox.waiting() == (1, 1)


def test_the_try_is_counted_before_it_is_made(app: Flask) -> None:
    """A job that takes its process with it leaves no chance to note anything afterwards."""
    commit("note", "x")
    assert outbox._claim() == rows()[0].id
    assert (rows()[0].attempts, rows()[0].due_at) == (1, NOON + timedelta(seconds=2))
    assert outbox._claim() is None
    assert outbox.waiting() == (1, 0)
    with clock.frozen(NOON + timedelta(seconds=2)):
        assert outbox.work() == 1
    assert done == ["x"]
    assert rows()[0].error is None


def test_a_done_row_is_not_done_again_whatever_is_asked(app: Flask) -> None:
    """KF-JOB-02"""
    commit("note", "x")
    assert outbox.work() == 1
    [row] = rows()
    assert outbox._run(row.id) is False
    assert outbox._run(10**9) is False
    assert outbox.work() == 0
    assert done == ["x"]


def test_an_unknown_job_is_noted_and_not_lost(app: Flask) -> None:
    transactional(lambda: later("market.no_such_domain.jobs.f"))()
    assert outbox.work() == 0
    assert "ModuleNotFoundError" in (rows()[0].error or "")


def test_a_job_sees_what_other_jobs_committed(app: Flask) -> None:
    """The session of a worker keeps rows; each job must read them afresh."""
    commit("note", "x")
    [row] = rows()
    db.session.execute(update(OutboxRow).values(arguments=["y"]).execution_options(synchronize_session=False))
    assert row.arguments == ["x"]
    outbox.work()
    assert done == ["y"]


def test_whatever_the_queue_raises_a_committed_change_stays_a_success(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    calls: list[object] = []

    def broken(*arguments: object) -> None:
        calls.append(arguments)
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(outbox, "queue", broken)
    commit("note", "x")
    commit("note", "y")
    assert len(rows()) == 2
    assert len(calls) == 1, "it is left alone for a while after it failed"


def test_what_was_done_long_ago_is_forgotten(app: Flask) -> None:
    for days in (31, 29):
        with clock.frozen(NOON - timedelta(days=days)):
            commit("note", days)
            outbox.drain()
    commit("fail")
    transactional(outbox.forget_done)()
    assert [row.arguments for row in rows()] == [[29], []]


def test_a_turn_ends_in_time_and_hands_over(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "TURN", -1)
    sent: list[object] = []
    for number in range(3):
        commit("note", number)
    monkeypatch.setattr(outbox, "dispatch", sent.append)
    assert [outbox.work() for _ in range(4)] == [1, 1, 1, 0]
    assert len([ids for ids in sent if ids]) == 3


def test_the_sweep_sends_for_what_nobody_is_at(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost ticket, a later try and a later due time at once; never for a row whose job is running."""
    sent: list[list[int]] = []
    monkeypatch.setattr(outbox, "dispatch", sent.append)
    with market.connect() as connection:
        connection.execute("DELETE FROM outbox")
    lost = market.later("note", str(market.file), "x")
    tried = market.later("note", str(market.file), "y")
    future = market.later("note", str(market.file), "z")
    with market.connect() as connection:
        connection.execute("UPDATE outbox SET attempts = 3, error = 'x' WHERE id = %s", (tried,))
        connection.execute("UPDATE outbox SET due_at = now() + interval '1 hour' WHERE id = %s", (future,))
    sent.clear()

    assert outbox.sweep() == 2
    assert sent == [[lost, tried]]
    with market.connect() as other, other.transaction():
        other.execute("SELECT 1 FROM outbox WHERE id = %s FOR UPDATE", (lost,))
        assert outbox.sweep() == 1
    with market.connect() as connection:
        connection.execute("UPDATE outbox SET due_at = %s WHERE id = %s", (real() - timedelta(seconds=1), future))
    assert outbox.sweep() == 3


def test_handing_over_costs_little(market: Market) -> None:
    """With Valkey there, a commit with a job takes hardly longer than one without; the ratio within one run."""
    rounds = 40

    def seconds(act: object) -> float:
        begun = time.perf_counter()
        for _ in range(rounds):
            transactional(act)()
        return (time.perf_counter() - begun) / rounds

    from market.accounts.models import Organisation, OrganisationKind
    from market.db import new_code

    def change() -> None:
        db.session.add(Organisation(code=new_code("O"), kind=OrganisationKind.OFFICE, name="x", created_at=real()))

    def change_with_job() -> None:
        change()
        later("tests.integration.jobs.acts.note", str(market.file), "x")

    seconds(change)
    alone = min(seconds(change) for _ in range(3))
    both = min(seconds(change_with_job) for _ in range(3))
    assert both < 8 * alone
