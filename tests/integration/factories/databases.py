"""Databases of a test's own. The migrations run once in each process; every database is a copy of what they made."""

import atexit
import contextlib
import dataclasses
import uuid
from collections.abc import Iterator

import flask_migrate
import psycopg

from market import config
from market.app import create_app
from market.db import db

#: by server: the database that the migrations of this process made, which nobody is connected to
_made: dict[str, str] = {}


@contextlib.contextmanager
def fresh(settings: config.Settings) -> Iterator[config.Settings]:
    """`settings` with a migrated database of their own on the same server; it is gone afterwards."""
    server = settings.database_url.rpartition("/")[0]
    template = _made.get(server) or _migrated(settings, server)
    name = f"t_{uuid.uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield dataclasses.replace(settings, database_url=f"{server}/{name}")
    finally:
        _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _migrated(settings: config.Settings, server: str) -> str:
    name = f"t_{uuid.uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}"')
    atexit.register(_forget, server, name)
    app = create_app(dataclasses.replace(settings, database_url=f"{server}/{name}"))
    with app.app_context():
        flask_migrate.upgrade(directory=str(config.ROOT / "migrations"))
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    _made[server] = name
    return name


def _forget(server: str, name: str) -> None:
    with contextlib.suppress(psycopg.Error):  # the server went first
        _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as admin:
        admin.execute(statement)
