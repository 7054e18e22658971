"""Each test of accounts begins with counters at zero and an empty mailbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from market import limits
from tests.integration.factories import accounts as make


@pytest.fixture(autouse=True)
def _fresh(migrated_app: Flask) -> Iterator[None]:
    with migrated_app.app_context():
        limits.forget_all()
        make.forget_mails(migrated_app)
    yield
    with migrated_app.app_context():
        limits.forget_all()


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., TestResponse]:
    """`sign_in(client, email, password, **kwargs)`: the first step, as the form sends it."""

    def send(client: Any, email: str = "sun@example.org", password: str = make.PASSWORD, **kwargs: Any) -> TestResponse:
        return client.submit("/sign-in", {"email": email, "password": password}, **kwargs)

    return send
