"""Requests that the market signs: X-Market-Time within five minutes, X-Market-Signature the hex HMAC-SHA-256 under the shared
secret over the lines time, method, path, hex SHA-256 of the body."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

#: seconds that a signed request may be old, or early
WINDOW = 300


def is_signed(environ: Mapping[str, Any], body: bytes, secret: str, now: float, *, method: str, path: str) -> bool:
    """Whether the WSGI request `environ` with `body` is signed with `secret` at about `now` (seconds since 1970)."""
    at = environ.get("HTTP_X_MARKET_TIME", "")
    if not (at.isascii() and at.isdigit()) or abs(now - int(at[:15])) > WINDOW:
        return False
    text = "\n".join((at, method, path, hashlib.sha256(body).hexdigest()))
    expected = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    given = environ.get("HTTP_X_MARKET_SIGNATURE", "")
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
