"""A fault of ours shows a page, also when the database is away and somebody is signed in."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from market.db import db
from market.kernel.actor import Role
from tests.integration.conftest import Browser


def away(*_: Any, **__: Any) -> None:
    raise OperationalError("select", {}, Exception("the database is away"))


def test_the_page_of_a_fault_needs_no_database(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = someone(Role.BUYER).client
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        monkeypatch.setattr(db.session, "scalar", away)
        monkeypatch.setattr(db.session, "scalars", away)
        monkeypatch.setattr(db.session, "execute", away)
        answer = browser.get("/standards?lang=en")
    finally:
        monkeypatch.undo()
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = None
    assert answer.status_code == 500
    assert "went wrong on our side" in answer.get_data(as_text=True)


def test_the_api_says_a_fault_as_a_problem(app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        monkeypatch.setattr(db.session, "execute", away)
        answer = client.get("/api/v1/items", headers={"Accept-Language": "en"})
    finally:
        monkeypatch.undo()
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = None
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert answer.json["code"] == "fault"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/standards", "post", 405), ("/nowhere", "get", 404), ("/api/v1/nowhere", "get", 404)],
)
def test_errors_of_the_framework_are_pages_and_problems_too(
    client: Browser, path: str, method: str, status: int
) -> None:
    answer = getattr(client, method)(path) if method == "get" else client.submit(path)
    assert answer.status_code == status
    kind = "application/problem+json" if path.startswith("/api/") else "text/html; charset=utf-8"
    assert answer.content_type == kind


def test_every_page_carries_the_headers_that_keep_it_safe(client: Browser) -> None:
    headers = client.get("/standards").headers
    assert "nonce-" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_form_without_its_token_is_refused(client: Browser, someone) -> None:
    browser = someone(Role.VENDOR).client
    assert browser.post("/desk/offers/new", data={"item": "eia-form"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/offers/%00",
        "/items/%00",
        "/vendors/%00",
        "/catalogue/versions/%00",
        "/api/v1/listings/%00",
    ],
)
def test_a_nul_in_an_address_is_no_fault(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404
