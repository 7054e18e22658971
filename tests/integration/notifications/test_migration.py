"""The migration of messages, down and up again on data: what was to be mailed still is, and nothing else."""

from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import text

from market import config, mail, outbox
from market.db import db
from market.notifications.delivery_operations import deliver
from tests.integration.factories import committed
from tests.integration.factories.notifications import delivery_of, told

FOLDER = str(config.ROOT / "migrations")


def rows(statement: str) -> list[tuple]:
    found = [tuple(row) for row in db.session.execute(text(statement))]
    db.session.rollback()
    return found


def test_mails_that_wait_survive_the_migration_down_and_up(
    settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(mail, "send", lambda to, *_, **__: sent.append(to))
    with committed.application(settings, tmp_path) as app, app.app_context():
        person = committed.vendor_member().person
        done = told(person, "done", by_mail=True)
        deliver(delivery_of(done).code)
        told(person, "waits", by_mail=True)
        told(person, "inbox only")
        db.session.remove()
        assert len(sent) == 1

        flask_migrate.downgrade(directory=FOLDER, revision="0010")
        assert rows("SELECT subject, by_mail FROM message ORDER BY id") == [
            ("done", True),
            ("waits", True),
            ("inbox only", False),
        ]
        waiting = "SELECT job FROM outbox WHERE done_at IS NULL AND job LIKE 'market.notifications%'"
        assert set(rows(waiting)) == {("market.notifications.jobs.send_message",)}

        flask_migrate.upgrade(directory=FOLDER)
        assert rows(
            "SELECT m.subject, m.importance, d.state FROM message m LEFT JOIN message_delivery d ON d.message_id = m.id"
            " ORDER BY m.id"
        ) == [("done", "important", "sent"), ("waits", "important", "waiting"), ("inbox only", "ordinary", None)]
        outbox.drain()
        assert len(sent) == 2
        assert rows("SELECT count(*) FROM message_delivery WHERE state = 'waiting'") == [(0,)]
        assert rows(waiting) == []
