"""Many operations at once leave one chain: numbers without gap or branch."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from market import config
from market.accounts import operations as accounts
from market.accounts.models import OrganisationKind
from market.app import create_app
from market.db import db
from market.kernel.actor import system
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.transaction import transactional


@pytest.fixture
def committed(settings: config.Settings, database_url: str) -> Iterator[Flask]:
    """The application on a database of this test's own, where commits are commits."""
    import flask_migrate

    name = f"t_{uuid.uuid4().hex[:12]}"
    server = database_url.rpartition("/")[0]
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        app = create_app(replace(settings, database_url=f"{server}/{name}"))
        with app.app_context():
            flask_migrate.upgrade(directory=str(config.ROOT / "migrations"))
        yield app
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_operations_at_once_never_fork_the_chain(committed: Flask) -> None:
    """KF-AUD-02: 48 operations from 6 sides at once."""
    barrier, failures = threading.Barrier(6), []

    def work(side: int) -> None:
        barrier.wait()
        for number in range(8):
            try:
                with committed.app_context():
                    accounts.add_organisation(f"单位{side}-{number}", OrganisationKind.FIRM, by=system())
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=(side,)) for side in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with committed.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 48
        assert chain_faults() == []


@transactional
def dying() -> None:
    """Records, and dies before the commit."""
    accounts.add_organisation("无", OrganisationKind.FIRM, by=system())
    raise RuntimeError


def test_an_operation_that_dies_between_two_others_leaves_no_gap(committed: Flask) -> None:
    """KF-AUD-02: a rolled-back operation takes no number."""
    with committed.app_context():
        accounts.add_organisation("一", OrganisationKind.FIRM, by=system())
        with pytest.raises(RuntimeError):
            dying()
        accounts.add_organisation("二", OrganisationKind.FIRM, by=system())
        assert chain_faults() == []
        assert list(db.session.scalars(select(AuditEntry.number).order_by(AuditEntry.number))) == [1, 2]
