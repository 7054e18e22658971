"""The application on real engines. Each test runs inside a transaction that is rolled back at the end."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from market import clock, config, limits
from market.accounts import session as account_session
from market.accounts.models import Membership, Organisation, OrganisationKind, Person, SignIn
from market.app import create_app
from market.db import db, new_code
from market.kernel.actor import OFFICIALS, Actor, Channel, Role
from tests.integration.factories import databases

#: Wednesday 2026-03-04, 10:00 in Xi'an: a working day in an ordinary week
NOON = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


class Browser(FlaskClient):
    """A browser without scripts. `submit` sends a form with the CSRF token that the page would have carried.

    Each request has an application context and so a database session of its own, as in the market; afterwards the test's
    session reads afresh.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        db.session.expire_all()
        return answer

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST `data` to `path` as a form."""
        with self.application.test_request_context():
            token = generate_csrf()
            raw = session["csrf_token"]
        g.pop("csrf_token", None)
        with self.session_transaction() as cookie:
            cookie["csrf_token"] = raw
        return self.post(path, data={**(data or {}), "csrf_token": token}, **kwargs)


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Settings]:
    """Settings on a database of this process's own, as the migrations leave it."""
    folder: Path = tmp_path_factory.mktemp("market")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "WEST_MARKET_SECRETS": str(folder / "secrets"),
        "WEST_MARKET_FILES": str(folder / "files"),
        "WEST_MARKET_CHEAP_PASSWORDS": "1",
    }
    with databases.fresh(config.load(environment)) as own:
        yield dataclasses.replace(own, prefix=own.database_url.rpartition("/")[2])


@pytest.fixture(scope="session")
def migrated_app(settings: config.Settings) -> Iterator[Flask]:
    """The application on its migrated database; use `app` in tests."""
    app = create_app(settings)
    app.testing = True
    app.test_client_class = Browser
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="module")
def committed(settings: config.Settings) -> Iterator[Flask]:
    """The application on a database of the module's own, where commits are commits: for things that happen at once."""
    with databases.fresh(settings) as own:
        app = create_app(own)
        yield app
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application, its database as the migrations left it; what the test writes is rolled back. The clock stands at NOON."""
    with migrated_app.app_context(), clock.frozen(NOON), _rolled_back(migrated_app):
        limits.forget_all()  # they live in Valkey, where nothing is rolled back
        yield migrated_app


@contextlib.contextmanager
def _rolled_back(app: Flask) -> Iterator[Connection]:
    engines = db._app_engines[app]
    engine = engines[None]
    connection = engine.connect()
    transaction = connection.begin()
    engines[None] = connection  # type: ignore[assignment]
    try:
        yield connection
    finally:
        db.session.remove()
        transaction.rollback()
        connection.close()
        engines[None] = engine


@pytest.fixture
def client(app: Flask) -> Browser:
    """A visitor's browser, without scripts."""
    return app.test_client()  # type: ignore[return-value]


KINDS = {Role.VENDOR: OrganisationKind.VENDOR}


@dataclasses.dataclass
class Someone:
    """A person made for a test, with the actor of the operations and a signed-in browser."""

    person: Person
    membership: Membership | None
    actor: Actor
    client: Browser


@pytest.fixture
def someone(app: Flask) -> Callable[..., Someone]:
    """`someone(Role.OPERATOR, district=None, organisation=None)`: a person in that role, signed in (second factor given)."""

    def make(
        role: Role | None = None,
        district: str | None = None,
        organisation: Organisation | None = None,
        admin: bool = True,
    ) -> Someone:
        at = clock.real()
        code = new_code("P")
        person = Person(
            code=code, email=f"{code.lower()}@example.org", email_confirmed_at=at, name="测试人员", password_hash="",
            password_changed_at=at, created_at=at,
        )  # fmt: skip
        db.session.add(person)
        membership = None
        if role is not None:
            kind = KINDS.get(role, OrganisationKind.OFFICE if role in OFFICIALS else OrganisationKind.FIRM)
            organisation = organisation or Organisation(code=new_code("O"), kind=kind, name="测试单位", created_at=at)
            membership = Membership(
                code=new_code("M"),
                person=person,
                organisation=organisation,
                role=role,
                district=district,
                admin=admin,
                since=at,
            )
            db.session.add(membership)
        secret = account_session.new_secret()
        db.session.add(
            SignIn(
                code=new_code("S"), token_hash=account_session.hashed(secret), person=person, membership=membership,
                created_at=at,
                seen_at=at, second_factor_at=at, address="127.0.0.1", agent="test",
            )
        )  # fmt: skip
        db.session.commit()
        browser: Browser = app.test_client()  # type: ignore[assignment]
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = secret
            cookie["_fresh"] = True
        return Someone(person, membership, account_session.actor_of(membership, person, Channel.WEB), browser)

    return make
