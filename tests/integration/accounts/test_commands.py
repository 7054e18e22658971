"""`bin/market accounts`."""

import dataclasses
import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from market import clock
from market.accounts import operations, practice, queries, rules
from market.accounts.commands import cli
from market.accounts.models import OrganisationKind
from market.db import db
from market.kernel.actor import Role
from tests.integration.conftest import Browser
from tests.integration.factories import accounts as make

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("add-official", "--email", ...)` inside the test's application."""
    monkeypatch.setattr("market.app.create_app", lambda: app)
    return lambda *words: CliRunner().invoke(cli, list(words))


def test_the_first_official_comes_in_by_command(run: Run, client: Browser) -> None:
    result = run(
        "add-official", "--email", "op@example.org", "--name", "测试", "--role", "operator", "--office", "市场运营中心"
    )
    assert result.exit_code == 0, result.output
    link = "/link?key=" + result.output.strip().partition("/link?key=")[2]
    answer = client.get(link)
    client.submit(answer.location, {"password": make.PASSWORD})
    answer = client.submit("/sign-in", {"email": "op@example.org", "password": make.PASSWORD})
    assert answer.location.startswith("/account/second-factor")

    again = run(
        "add-official", "--email", "op@example.org", "--name", "x", "--role", "regulator", "--district", "610117"
    )
    assert "already" in again.output
    assert [(m.role, m.district) for m in queries.memberships_of(queries.person_by_email("op@example.org").code)] == [  # type: ignore[union-attr]
        (Role.OPERATOR, None), (Role.REGULATOR, "610117"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("--email", "no address", "--name", "x", "--role", "operator", "--office", "y"),
        ("--email", "a@b.cn", "--name", " ", "--role", "operator", "--office", "y"),
        ("--email", "a@b.cn", "--name", "x", "--role", "buyer", "--office", "y"),
        ("--email", "a@b.cn", "--name", "x", "--role", "operator", "--office", "y", "--district", "Gaoling"),
        ("--email", "a@b.cn", "--name", "x", "--role", "operator"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(run: Run, words: tuple[str, ...]) -> None:
    assert run("add-official", *words).exit_code == 2


def test_sign_ins_of_the_demonstration_work(run: Run, client: Browser) -> None:
    office = make.organisation(OrganisationKind.OFFICE)
    person = make.person(f"operator@{practice.DEMO_DOMAIN}", password=practice.demo_password())
    make.member(person, office, Role.OPERATOR)
    operations.demo_second_factor(person.code, by=make.BY)
    make.member(make.person("real@example.org"), office, Role.REGULATOR)

    [found] = json.loads(run("sign-ins", "--json").output)
    assert (found["role"], found["email"]) == ("operator", f"operator@{practice.DEMO_DOMAIN}")
    client.submit("/sign-in", {"email": found["email"], "password": found["password"]})
    assert client.submit("/sign-in/code", {"code": found["code"]}).status_code == 302
    assert found["code"] in run("code", found["email"]).output
    assert found["password"] in run("sign-ins").output


@pytest.mark.parametrize("words", [("sign-ins",), ("code", "a@demo.example")])
def test_what_would_be_unsafe_is_refused_outside_practice_mode(
    run: Run, app: Flask, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    person = make.person("a@demo.example")
    operations.demo_second_factor(person.code, by=make.BY)
    production = dataclasses.replace(app.extensions["settings"], mode="production")
    monkeypatch.setitem(app.extensions, "settings", production)
    result = run(*words)
    assert result.exit_code == 1
    assert "practice" in result.output
    assert rules.code_at(person.totp_secret, clock.real()) not in result.output  # type: ignore[arg-type]


def test_a_lost_telephone_is_forgotten(run: Run) -> None:
    person = make.person()
    operations.demo_second_factor(person.code, by=make.BY)
    assert run("remove-second-factor", "sun@example.org", "--yes").exit_code == 0
    db.session.expire_all()  # the command has a session of its own
    assert queries.person_by_email("sun@example.org").totp_secret is None  # type: ignore[union-attr]
    assert run("remove-second-factor", "nobody@example.org", "--yes").exit_code == 1
