"""`bin/market vendors`: what the timetable does at night, asked for now."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from market import clock, outbox
from market.commands import cli, services_needed
from market.db import db
from market.vendors import queries
from tests.integration.factories import vendors as make


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command on the test's application."""
    monkeypatch.setattr("market.app.create_app", lambda: app)

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, ["vendors", *words])

    return call


def test_check_licences_does_what_the_night_does(app: Flask, someone: Callable, run: Callable[..., Result]) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.confirmed_licence(vendor, actor, number="测-1", valid_to=date(2026, 3, 31))
    outbox.drain()
    with clock.frozen(datetime(2026, 4, 1, 2, 0, tzinfo=UTC)):
        result = run("check-licences")
    assert result.exit_code == 0, result.output
    assert "1 vendors looked at" in result.output
    db.session.expire_all()
    assert queries.licence(licence.code).state == "lapsed"


def test_recheck_asks_the_registry_about_one_vendor(app: Flask, someone: Callable, run: Callable[..., Result]) -> None:
    vendor, actor = make.active(someone().actor)
    licence = make.give_licence(vendor, actor)
    result = run("recheck", vendor.code.lower())
    assert result.exit_code == 0, result.output
    assert [line.split()[-2:] for line in result.output.splitlines()] == [["valid", "valid"]]
    db.session.expire_all()
    assert queries.licence(licence.code).confirmed_by == "registry"


def test_recheck_of_nobody_says_so(run: Callable[..., Result]) -> None:
    result = run("recheck", "V-00000000X")
    assert result.exit_code == 1
    assert "nothing at this address" in result.output


def test_the_commands_need_no_search_engine() -> None:
    assert services_needed(["vendors", "check-licences"]) == {"postgresql", "valkey"}
