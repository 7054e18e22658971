"""Jobs for tests of the workers, imported by name. What they did stands in a file line by line, as in the outside world."""

import os
import signal
import time
from pathlib import Path

import httpx
from flask import current_app

from market.accounts.models import Organisation
from market.db import db
from market.locks import lock


def note(path: str, text: str) -> None:
    """Leave a line."""
    with Path(path).open("a") as file:
        file.write(f"{text}\n")


def rename(code: str, path: str, seconds: float) -> None:
    """Change a row, slowly: what it adds shows how often it was done."""
    organisation = lock(Organisation, code)
    organisation.name += "+"
    db.session.flush()  # the change is on its way when the worker is killed
    note(path, f"begun {os.getpid()}")
    time.sleep(seconds)
    note(path, "ended")


def die(path: str) -> None:
    """End the process in the middle, as a lack of memory would."""
    note(path, "dies")
    os.kill(os.getpid(), signal.SIGKILL)


def index(code: str) -> None:
    """Put a row into Elasticsearch."""
    settings = current_app.extensions["settings"]
    place = f"{settings.elasticsearch_url}/{settings.prefix}-jobs"
    httpx.put(place, json={"settings": {"number_of_replicas": 0}}, timeout=20)
    httpx.put(f"{place}/_doc/{code}", json={"code": code}, timeout=20).raise_for_status()
