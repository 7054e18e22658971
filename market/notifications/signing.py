"""Signatures and secrets of webhooks (Standard Webhooks 1.0: HMAC-SHA-256 over id, time and body; "whsec_" and base64)."""

import base64
import secrets
from datetime import datetime

from standardwebhooks import Webhook

from market.notifications.models import WebhookEndpoint

#: bytes of a secret (the specification asks for 24 to 64)
LENGTH = 32


def new_secret() -> str:
    """A fresh secret as it is shown, once, to whoever makes an endpoint."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def signatures(endpoint: WebhookEndpoint, message_id: str, at: datetime, body: str) -> str:
    """The header webhook-signature: one signature, and beside it that of the former secret until its time is over, so that the
    receiver can change its secret without losing anything.
    """
    held = [endpoint.secret]
    if endpoint.former_secret is not None and endpoint.former_until is not None and at < endpoint.former_until:
        held.append(endpoint.former_secret)
    return " ".join(Webhook(secret).sign(message_id, at, body) for secret in held)
