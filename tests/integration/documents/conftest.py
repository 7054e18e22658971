"""Each test of documents begins and ends with an empty store."""

from collections.abc import Iterator

import pytest
from flask import Flask

from market import limits


@pytest.fixture(autouse=True)
def _empty_store(request: pytest.FixtureRequest) -> Iterator[None]:
    """Other tests' files are no business of this one."""
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    limits.forget_all()
    _empty(app)
    yield
    _empty(app)


def _empty(app: Flask) -> None:
    for path in sorted(app.extensions["settings"].files.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
