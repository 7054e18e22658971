"""One transaction: the change, its record, what follows at once and what follows later."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from market import outbox, transaction
from market.accounts.models import Organisation, OrganisationKind
from market.clock import real
from market.db import db, new_code
from market.kernel.actor import Actor, system
from market.kernel.errors import RuleBroken
from market.record.models import AuditEntry, OutboxRow
from market.record.operations import record
from market.record.queries import chain_faults, history_of
from market.transaction import Later, attempt, transactional


@dataclass(frozen=True, slots=True)
class Opened:
    ABOUT: ClassVar = ("office",)
    office: str
    fee_fen: int = 0


@dataclass(frozen=True, slots=True)
class Greeted:
    ABOUT: ClassVar = ("office",)
    office: str


done: list[object] = []


def note(*arguments: object) -> None:
    """A job."""
    done.append(arguments)


def fail() -> None:
    """A job that fails."""
    raise RuntimeError("the printer is on fire")


@pytest.fixture(autouse=True)
def _reactions():
    before = transaction._now, transaction._later
    done.clear()
    transaction.install(
        {Opened: [lambda event, by, at: record(Greeted(event.office), by=by)]},
        {Greeted: [Later(f"{__name__}.note", lambda event: (event.office, "hello"))]},
    )
    yield
    transaction.install(*before)


@transactional
def open_office(name: str, by: Actor, then: Exception | None = None) -> str:
    office = Organisation(code=new_code("O"), kind=OrganisationKind.OFFICE, name=name, created_at=real())
    db.session.add(office)
    record(Opened(office.code, 500), by=by)
    if then:
        raise then
    return office.code


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_change_leaves_its_row_its_reactions_and_their_jobs(app: Flask) -> None:
    code = open_office("市署", system())

    assert [(e.event, e.facts) for e in db.session.scalars(history_of(code))] == [
        ("Greeted", {"office": code}),
        ("Opened", {"office": code, "fee_fen": 500}),
    ]
    assert outbox.drain() == 1
    assert done == [(code, "hello")]
    assert outbox.drain() == 0, "a job that is done is not done again"


def test_a_refusal_leaves_nothing_at_all(app: Flask) -> None:
    """KF-JOB-01: no job, no mail, no audit row of something that was rolled back."""
    with pytest.raises(RuleBroken):
        open_office("市署", system(), then=RuleBroken("no"))

    assert (count(AuditEntry), count(OutboxRow), count(Organisation)) == (0, 0, 0)


def test_a_commit_that_the_database_refuses_leaves_nothing(app: Flask) -> None:
    """KF-JOB-01: the refusal may come as late as the commit."""

    @transactional
    def twice() -> None:
        code = new_code("O")
        for _ in range(2):
            db.session.add(Organisation(code=code, kind=OrganisationKind.OFFICE, name="x", created_at=real()))
            record(Opened(code), by=system())

    with pytest.raises(Exception, match="uq_organisation_code"):
        twice()
    assert (count(AuditEntry), count(OutboxRow), count(Organisation)) == (0, 0, 0)


def test_a_part_that_fails_alone_takes_its_record_with_it(app: Flask) -> None:
    @transactional
    def both() -> None:
        open_office("one", system())
        with pytest.raises(RuleBroken), attempt():
            open_office("two", system(), then=RuleBroken("no"))

    both()
    assert count(Organisation) == 1
    assert count(AuditEntry) == 2


def test_a_failed_job_stays_due_with_its_error(app: Flask) -> None:
    transactional(lambda: transaction.later(f"{__name__}.fail"))()

    assert outbox.drain() == 0
    row = db.session.scalars(select(OutboxRow)).one()
    assert row.done_at is None
    assert row.attempts == 1
    assert "on fire" in (row.error or "")
    assert row.due_at > real()


def test_the_queue_being_away_loses_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("valkey is away")

    monkeypatch.setattr(outbox, "queue", away)
    open_office("市署", system())
    assert outbox.waiting() == (1, 0)
    assert outbox.drain() == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event", "Closed"), ("person", "P-00000000X"), ("role", "operator"), ("organisation", "O-1"), ("district", "610102"),
        ("on_behalf_of", "P-1"), ("channel", "web"), ("facts", {"office": "O-1"}), ("subjects", ["O-1"]),
        ("at", text("at + interval '1 microsecond'")), ("hash", "0" * 64),
    ],
)  # fmt: skip
def test_a_changed_field_of_the_record_is_found(app: Flask, column: str, value: object) -> None:
    """KF-AUD-01: every field is inside the hash."""
    for name in ("one", "two", "three"):
        open_office(name, system())
    assert chain_faults() == []

    db.session.execute(update(AuditEntry).where(AuditEntry.number == 3).values({column: value}))
    assert any("row 3" in fault for fault in chain_faults())


def test_a_missing_row_of_the_record_is_found(app: Flask) -> None:
    """KF-AUD-01, KF-AUD-02: gaps are named."""
    for name in ("one", "two"):
        open_office(name, system())
    db.session.execute(AuditEntry.__table__.delete().where(AuditEntry.number == 2))
    assert chain_faults()[0] == "row 2 is missing: the next one is 3"
