"""The exchange with approving departments: an accepted result goes to the department's own system, so that nobody carries it
there again.

One Protocol; over HTTP by the settings DEPARTMENTS_URL and DEPARTMENTS_SECRET. Each file is put under its digest, then the
result is handed over with an idempotency key; requests are signed (market/signed_http.py). Safe to repeat.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

import httpx

from market import signed_http
from market.config import Settings
from market.kernel.errors import Refusal, Unavailable
from market.kernel.words import N_

#: seconds to wait for a connection and for an answer
CONNECT, ANSWER = 1.0, 20.0


class Away(Unavailable):
    """The department's system does not answer, or not in a way that can be understood."""

    code = "department_away"
    title = N_("The department's system does not answer at the moment.")


class NotTaken(Refusal):
    """The department's system refuses the result; its words are in `why`."""

    code = "department_refused"

    def __init__(self, why: str) -> None:
        super().__init__(N_("The department's system did not take the result: %(why)s"), why=why)


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file of a result: name, SHA-256 (hex), media type."""

    name: str
    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Result:
    """A result for a department: what it is for, whose work it is, and its files. Codes and digests, no personal data."""

    order: str
    round: int
    item: str
    matter: str | None
    department: str
    title: str
    vendor: str
    contract_digest: str
    files: tuple[ResultFile, ...]


class Departments(Protocol):
    """Where accepted results are handed over."""

    def has(self, digest: str) -> bool:
        """True when the file with this digest (SHA-256, hex) is there already. Raises `Away`."""
        ...

    def put(self, digest: str, content: bytes) -> None:
        """Send a file. Raises `Away`."""
        ...

    def offer(self, result: Result) -> str:
        """Hand the result over and give the department's receipt; the same result again gives the same receipt. Raises `Away`,
        or `NotTaken` with the department's reason."""
        ...


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A department's system over HTTP: HEAD and PUT /files/<digest>, POST /results."""

    url: str
    secret: str
    transport: httpx.BaseTransport | None = None

    def has(self, digest: str) -> bool:
        """See `Departments`."""
        return self._send("HEAD", f"/files/{digest}", b"").status_code == 200

    def put(self, digest: str, content: bytes) -> None:
        """See `Departments`."""
        self._expect(self._send("PUT", f"/files/{digest}", content, {"Content-Digest": content_digest(content)}))

    def offer(self, result: Result) -> str:
        """See `Departments`."""
        body = json.dumps(asdict(result), ensure_ascii=False).encode()
        key = hashlib.sha256(f"{result.order}|{result.round}".encode()).hexdigest()
        answer = self._send("POST", "/results", body, {"Idempotency-Key": key, "Content-Type": "application/json"})
        self._expect(answer)
        try:
            receipt = answer.json()["receipt"]
        except (ValueError, KeyError, TypeError) as error:
            raise Away() from error
        if not isinstance(receipt, str) or not 0 < len(receipt) <= 80:
            raise Away()
        return receipt

    def _expect(self, answer: httpx.Response) -> None:
        if answer.status_code == 422:
            raise NotTaken(answer.text[:200])
        if not answer.is_success:
            raise Away()

    def _send(self, method: str, path: str, body: bytes, more: dict[str, str] | None = None) -> httpx.Response:
        try:
            return signed_http.send(
                self.url, self.secret, method, path, body, patience=httpx.Timeout(ANSWER, connect=CONNECT), headers=more,
                transport=self.transport,
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise Away() from error


def content_digest(content: bytes) -> str:
    """The Content-Digest header of `content` (RFC 9530, section 2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def hand_over(departments: Departments, result: Result, read: Callable[[str], bytes]) -> str:
    """Send the files that are not there yet, each read (by its digest) when its turn comes, then the result; the receipt.

    Raises as the Protocol says."""
    for file in result.files:
        if not departments.has(file.digest):
            departments.put(file.digest, read(file.digest))
    return departments.offer(result)


def of(settings: Settings) -> Departments | None:
    """The departments' systems that the settings name; None where none is connected."""
    return OverHttp(settings.departments, settings.departments_secret) if settings.departments else None
