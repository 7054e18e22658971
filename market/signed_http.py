"""Signed requests to the services around the market: data hub, departments, signature service.

HMAC-SHA-256 (RFC 2104) over the lines time, method, path, hex SHA-256 of the body; the time and the signature travel as
X-Market-Time and X-Market-Signature. Redirects are not followed: what is signed goes to nobody else.
"""

import hashlib
import hmac
from collections.abc import Mapping

import httpx

from market import clock


def signature(secret: str, at: str, method: str, path: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 over the lines time (seconds since 1970), method, path, hex SHA-256 of the body."""
    text = "\n".join((at, method, path, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def send(
    url: str,
    secret: str,
    method: str,
    path: str,
    body: bytes,
    *,
    patience: httpx.Timeout,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Response:
    """The answer of the service at `url` to a signed request, whatever its status. httpx.HTTPError when there is none."""
    at = str(int(clock.real().timestamp()))
    signed = {"X-Market-Time": at, "X-Market-Signature": signature(secret, at, method, path, body)}
    with httpx.Client(timeout=patience, transport=transport, follow_redirects=False) as client:
        return client.request(method, f"{url.rstrip('/')}{path}", content=body, headers={**(headers or {}), **signed})
