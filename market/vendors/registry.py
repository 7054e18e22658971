"""What the licence registry says of a licence: a Protocol, the adapter that asks over HTTP, and the practice data in-process.

The setting WEST_MARKET_LICENCE_REGISTRY is the address of a registry, or `practice`: then the invented data of the practice
registry (practice/licences.json) is read in this process, and every answer is labelled as practice. A registry that does not
answer is `Away`: nothing is decided, and whoever asked tries again later.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import httpx

from market.config import ROOT, Settings
from market.kernel.errors import Unavailable
from market.kernel.words import N_

#: seconds to wait for a connection, and for an answer
CONNECT, ANSWER = 3.0, 6.0
PRACTICE_DATA = ROOT / "practice" / "licences.json"


class Status(StrEnum):
    """What the registry thinks of a licence today."""

    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    OTHER_HOLDER = "other_holder"


class Away(Unavailable):
    """The registry does not answer, or not in a way that can be understood."""

    code = "registry_away"
    title = N_("The licence registry does not answer at the moment")


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer: the status, and for a licence that is known its level and days (none: the registry does not say)."""

    status: Status
    level: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Registry(Protocol):
    """Where licences are looked up."""

    @property
    def practice(self) -> bool:
        """Whether it is an invented registry: everything it confirms is labelled so."""
        ...

    def ask(self, kind: str, number: str, holder: str | None, on: date) -> Finding:
        """What is known of licence `number` of this `kind` (the catalogue's name) on the day `on`.

        `holder` is the credit code of the firm that claims it (none: not compared). Raises `Away`.
        """
        ...


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A registry over HTTP: GET {url}/licences?kind=&number= gives the licence as JSON, 404 when there is none."""

    url: str
    practice: bool = False
    transport: httpx.BaseTransport | None = None

    def ask(self, kind: str, number: str, holder: str | None, on: date) -> Finding:
        """See `Registry`. Away: no connection within 3 s, no answer within 6 s, any other status, no readable JSON."""
        try:
            with httpx.Client(
                timeout=httpx.Timeout(ANSWER, connect=CONNECT), transport=self.transport, follow_redirects=False
            ) as client:
                reply = client.get(f"{self.url.rstrip('/')}/licences", params={"kind": kind, "number": number})
            if reply.status_code == 404:
                return Finding(Status.UNKNOWN)
            reply.raise_for_status()
            return read(reply.json(), holder, on)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Away() from error


@dataclass(frozen=True, slots=True)
class InProcess:
    """The practice registry's data without its server."""

    path: Path = PRACTICE_DATA
    practice: bool = True

    def ask(self, kind: str, number: str, holder: str | None, on: date) -> Finding:
        """See `Registry`; never away while the data file can be read."""
        try:
            data = _practice_data(self.path)
        except (OSError, ValueError) as error:
            raise Away() from error
        row = find(data, kind, number)
        return Finding(Status.UNKNOWN) if row is None else read(row, holder, on)


def find(data: Mapping[str, Any], kind: str, number: str) -> Mapping[str, Any] | None:
    """The licence in the practice data: listed by kind and number, or a sample whose number says what the answer is."""
    for row in data["licences"]:
        if (row["kind"], row["number"]) == (kind, number):
            return row
    for sample in data["samples"]:
        if found := re.fullmatch(sample["number"], number):
            return {**sample["answer"], **found.groupdict()}
    return None


def read(body: Mapping[str, Any], holder: str | None, on: date) -> Finding:
    """A registry's JSON as a finding on the day `on`. ValueError, KeyError or TypeError when it is not understood.

    `status` is valid or revoked; `level`, `holder` (credit code), `valid_from`, `valid_to` (ISO days) may be null. A licence is
    valid through its last day.
    """
    body = dict(body)
    days = {name: date.fromisoformat(body[name]) if body.get(name) else None for name in ("valid_from", "valid_to")}
    said = Status(body["status"])
    if said is Status.VALID and body.get("holder") and holder and body["holder"] != holder:
        said = Status.OTHER_HOLDER
    if said is Status.VALID and days["valid_to"] is not None and days["valid_to"] < on:
        said = Status.EXPIRED
    return Finding(said, body.get("level"), **days)


def of(settings: Settings) -> Registry:
    """The registry that the settings name."""
    if settings.licence_registry == "practice":
        return InProcess()
    return OverHttp(settings.licence_registry, practice=settings.practice)


@lru_cache(maxsize=2)
def _practice_data(path: Path) -> Mapping[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
