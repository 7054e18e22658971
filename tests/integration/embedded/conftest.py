"""A folder of services for one test, whose servers are stopped and whose data are removed at its end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import services


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What these tests run changes the process's environment, as bin/ does; the tests after them need it as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for the embedded servers of one test."""
    place = tmp_path / "var"
    place.mkdir()
    yield place
    services.discard(place)


@pytest.fixture
def no_given_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no server, as on a newcomer's machine."""
    for name in services.VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    assert not set(services.VARIABLES.values()) & set(os.environ)
