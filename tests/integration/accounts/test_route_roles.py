"""Every route in every role: allowed, refused, or led to sign-in, as it declares (rule 13; KF-ACC-05)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from market.kernel.actor import Role
from tests.integration.conftest import Browser, Someone

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
FRAMEWORK = {"static", "bootstrap.static", "api-docs.openapi_json"}
#: a well-formed code of nothing
NOTHING = "X-00000000" + "0"


def routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Method, address with codes of nothing, and what the view declares."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FRAMEWORK:
            continue
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<(?:\w+:)?\w+>", NOTHING, path)
        for method in sorted((rule.methods or set()) & {"GET", *CHANGING}):
            yield method, path, app.view_functions[rule.endpoint]


def send(client: Browser, method: str, path: str) -> TestResponse:
    """The request as a page of ours would send it, with the CSRF token in the header."""
    if method == "GET":
        return client.get(path)
    with client.application.test_request_context():
        token, raw = generate_csrf(), session["csrf_token"]
    g.pop("csrf_token", None)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    return client.open(path, method=method, headers={"X-CSRFToken": token})


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code == 403


@pytest.fixture
def bare_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals without their page: here only the answer's code counts, two thousand times."""
    monkeypatch.setattr("market.http.render_template", lambda *_, **__: "")


@pytest.fixture
def everybody(someone: Any) -> dict[Role | None, Someone]:
    """One signed-in person for each role, and one without any."""
    return {role: someone(role) for role in (None, *Role)}


def test_a_visitor_is_led_to_sign_in_by_everything_that_is_not_public(app: Flask, client: Browser) -> None:
    wrong = []
    for method, path, view in routes(app):
        if view.permission == "public":
            continue
        answer = send(client, method, path)
        led = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
        if not (answer.status_code == 401 if method != "GET" or path.startswith("/api/") else led):
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


@pytest.mark.usefixtures("bare_refusals")
def test_every_role_is_refused_where_another_one_is_asked_for(
    app: Flask, everybody: dict[Role | None, Someone]
) -> None:
    wrong = []
    for method, path, view in routes(app):
        if isinstance(view.permission, str):
            continue
        for role, one in everybody.items():
            if role not in view.permission and not is_refused(send(one.client, method, path)):
                wrong.append(f"{method} {path} as {role}")
    assert wrong == []


@pytest.mark.usefixtures("bare_refusals")
def test_every_allowed_role_passes_the_door(app: Flask, someone: Any, everybody: dict[Role | None, Someone]) -> None:
    """Behind it, things that do not exist answer 404 and empty forms 422; nothing answers 500."""
    wrong = []
    for method, path, view in routes(app):
        if view.permission == "public":
            roles: list[Role | None] = [None]
        else:
            roles = [None] if isinstance(view.permission, str) else sorted(view.permission)
        for role in roles:
            # whoever changes something may end his session or his account by it
            one = everybody[role] if method == "GET" else someone(role)
            answer = send(one.client, method, path)
            if answer.status_code in (400, 401, 500) or is_refused(answer):
                wrong.append(f"{method} {path} as {role}: {answer.status_code}")
    assert wrong == []


def test_nothing_is_changed_by_a_request_without_a_token(app: Flask, everybody: dict[Role | None, Someone]) -> None:
    """CSRF: the cookie alone changes nothing, on pages and on the API."""
    wrong = []
    for method, path, view in routes(app):
        if method == "GET" or getattr(view, "no_csrf", False):  # these are named in tests/architecture/test_routes.py
            continue
        roles = view.permission if not isinstance(view.permission, str) else [None]
        one = everybody[next(iter(roles))]
        answer = one.client.open(path, method=method, data={"anything": "1"})
        if answer.status_code != 400:
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_a_token_of_the_api_opens_no_page(app: Flask, someone: Any) -> None:
    """Pages are for people: a bearer token is looked at below /api/ only."""
    program: Browser = app.test_client()  # type: ignore[assignment]
    answer = program.get("/account", headers={"Authorization": "Bearer wm_" + "x" * 43})
    assert answer.status_code == 302
    answer = program.get("/api/v1/me", headers={"Authorization": "Bearer wm_" + "x" * 43})
    assert answer.status_code == 401
