"""The city's data hub: documents that an authority holds are fetched there, with the holder's consent, instead of being asked
for again (国务院令第716号, article 7).

One Protocol; over HTTP by the settings DATA_HUB_URL and DATA_HUB_SECRET. A request is signed
(market/signed_http.py); what comes is compared with its Content-Digest (RFC 9530). Short time-outs, and a circuit
breaker for each process: after five failures in a row nobody waits for the hub for half a minute.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

import httpx
import pybreaker

from market import signed_http
from market.config import Settings
from market.kernel.errors import RuleBroken, Unavailable
from market.kernel.words import N_

#: seconds to wait for a connection, for a list, and for a document
CONNECT, ANSWER, DELIVERY = 1.0, 3.0, 10.0
#: failures in a row after which the hub is left alone, and for how many seconds
FAILURES, REST = 5, 30
#: what the hub hands out is never larger
LARGEST = 20 * 1024 * 1024

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class Away(Unavailable):
    """The hub does not answer, or not in a way that can be understood."""

    code = "hub_away"
    title = N_("The city's data hub does not answer at the moment.")

    def __init__(self) -> None:
        super().__init__(self.title, remedy=N_("Go on and upload the document yourself, or try again later."))


class NotHeld(RuleBroken):
    """The hub holds no such document of this holder."""

    code = "not_held"

    def __init__(self, kind: str) -> None:
        super().__init__(
            N_("The city holds no “%(kind)s” of yours."), remedy=N_("Please upload it yourself."), kind=kind
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose document it is. `kind` is person or organisation; `code` the public code under which the hub knows the account that
    signed in through the city; an organisation also has its unified social credit code (GB 32100)."""

    kind: str
    code: str
    name: str
    credit_code: str | None


@dataclass(frozen=True, slots=True)
class ConsentProof:
    """What the hub is shown: the consent's code, the order it is for, and when it was given (ISO 8601, UTC)."""

    code: str
    order: str
    given_at: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document from the hub: bytes, hex SHA-256, the issuing authority, and its last day (none: without an end)."""

    content: bytes
    digest: str
    issuer: str
    valid_to: date | None


class DataHub(Protocol):
    """Where documents that the city holds are fetched."""

    def available(self, kinds: Sequence[str], holder: Holder) -> frozenset[str]:
        """Those of `kinds` (as the matters name them) that the city holds for `holder`. Raises `Away`."""
        ...

    def fetch(self, kind: str, holder: Holder, consent: ConsentProof) -> Fetched:
        """The document. Raises `Away`, or `NotHeld` when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class NoHub:
    """No hub is connected: it is always away, and everything is uploaded."""

    def available(self, kinds: Sequence[str], holder: Holder) -> frozenset[str]:
        """See `DataHub`."""
        raise Away()

    def fetch(self, kind: str, holder: Holder, consent: ConsentProof) -> Fetched:
        """See `DataHub`."""
        raise Away()


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A hub over HTTP: POST /available and POST /documents with JSON, signed; the document comes as the body."""

    url: str
    secret: str
    transport: httpx.BaseTransport | None = None

    def available(self, kinds: Sequence[str], holder: Holder) -> frozenset[str]:
        """See `DataHub`."""
        reply = self._post("/available", {"holder": asdict(holder), "kinds": list(kinds)}, ANSWER)
        try:
            return frozenset(row["kind"] for row in reply.json()["held"]) & frozenset(kinds)
        except (ValueError, KeyError, TypeError) as error:
            raise Away() from error

    def fetch(self, kind: str, holder: Holder, consent: ConsentProof) -> Fetched:
        """See `DataHub`. A body that does not match its digest counts as away."""
        body = {"holder": asdict(holder), "kind": kind, "consent": asdict(consent)}
        reply = self._post("/documents", body, DELIVERY)
        if reply.status_code == 404:
            raise NotHeld(kind)
        try:
            return read(reply.content, reply.headers)
        except (ValueError, KeyError) as error:
            raise Away() from error

    def _post(self, path: str, body: Mapping[str, Any], patience: float) -> httpx.Response:
        try:
            return breaker(self.url).call(self._send, path, body, patience)
        except (httpx.HTTPError, pybreaker.CircuitBreakerError) as error:
            raise Away() from error

    def _send(self, path: str, body: Mapping[str, Any], patience: float) -> httpx.Response:
        payload = json.dumps(body, ensure_ascii=False).encode()
        reply = signed_http.send(
            self.url, self.secret, "POST", path, payload, patience=httpx.Timeout(patience, connect=CONNECT),
            headers={"Content-Type": "application/json"}, transport=self.transport,
        )  # fmt: skip
        if reply.status_code != 404:
            reply.raise_for_status()
        return reply


def read(content: bytes, headers: Mapping[str, str]) -> Fetched:
    """An answer of the hub as a document. ValueError or KeyError when headers are missing, the bytes are others or too many."""
    found = _DIGEST.fullmatch(headers["content-digest"])
    digest = hashlib.sha256(content)
    if found is None or base64.b64decode(found[1]) != digest.digest() or not 0 < len(content) <= LARGEST:
        raise ValueError("the bytes are not those of the digest")
    valid_to = headers.get("x-valid-to")
    return Fetched(
        content,
        digest.hexdigest(),
        unquote(headers["x-issuer"])[:120],
        date.fromisoformat(valid_to) if valid_to else None,
    )


@lru_cache(maxsize=4)
def breaker(url: str) -> pybreaker.CircuitBreaker:
    """The circuit breaker of this process for a hub."""
    return pybreaker.CircuitBreaker(fail_max=FAILURES, reset_timeout=REST, name=url)


def of(settings: Settings) -> DataHub:
    """The hub that the settings name."""
    return OverHttp(settings.data_hub, settings.data_hub_secret) if settings.data_hub else NoHub()
