"""The practice hub on a free port of this process, its clock standing where the market's stands in tests."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from market.documents import hub
from practice.data_hub import Hub
from practice.serving import server
from tests.integration.conftest import NOON

SECRET = "s" * 40


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[Hub, str]]:
    """The hub and its address."""
    practice = Hub(folder, SECRET, lambda: NOON.timestamp())
    with server(0, practice) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield practice, f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join(5)


def connect(app: Flask, monkeypatch, address: str, secret: str = SECRET) -> None:
    """Let the market ask the hub at `address`."""
    settings = dataclasses.replace(app.extensions["settings"], data_hub=address, data_hub_secret=secret)
    monkeypatch.setitem(app.extensions, "settings", settings)
    hub.breaker.cache_clear()
