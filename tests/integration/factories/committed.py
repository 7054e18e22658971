"""An application on a database of its own, in which commits last: for what several processes or threads do at once."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from market import config
from market.accounts.models import Membership, Organisation, OrganisationKind, Person
from market.app import create_app
from market.clock import real
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.transaction import transactional
from tests.integration.factories import databases


@contextlib.contextmanager
def application(settings: config.Settings, folder: Path, **changes: str) -> Iterator[Flask]:
    """A migrated application like that of `settings` but with its own database, files and queue; all gone afterwards."""
    with databases.fresh(settings) as own:
        name = own.database_url.rpartition("/")[2]
        app = create_app(dataclasses.replace(own, files=folder / "files", prefix=name, **changes))
        app.testing = True
        try:
            yield app
        finally:
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()


@transactional
def vendor_member(organisation: str | None = None) -> Actor:
    """A new person who works for a vendor (a new one, or the organisation with this code)."""
    at = real()
    code = new_code("P")
    person = Person(
        code=code, email=f"{code.lower()}@example.org", email_confirmed_at=at, name="测试人员", password_hash="",
        password_changed_at=at, created_at=at,
    )  # fmt: skip
    firm = db.session.query(Organisation).filter_by(code=organisation).one_or_none() or Organisation(
        code=new_code("O"), kind=OrganisationKind.VENDOR, name="测试单位", created_at=at
    )
    membership = Membership(
        code=new_code("M"), person=person, organisation=firm, role=Role.VENDOR, admin=True, since=at
    )
    db.session.add(membership)
    return Actor(code, Role.VENDOR, firm.code)
