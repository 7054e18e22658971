"""Personal data at rest: encrypted with a named key, and a keyed hash beside it for uniqueness and exact search.

AES-256-GCM with a random 96-bit nonce; stored as "keyid:base64". New values take the first key of WEST_MARKET_DATA_KEYS, the
other keys still decrypt, so keys can be rotated. A keyed hash (HMAC-SHA-256) cannot be reversed without the lookup key.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator

from market.config import Settings


def encrypt(plain: str) -> str:
    """`plain` encrypted with the current key, as text."""
    key_id, key = next(iter(_settings().data_keys.items()))
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), key_id.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str) -> str:
    """What `encrypt` was given. KeyError when the key is no longer in the settings, InvalidTag when the text was changed."""
    key_id, _, body = stored.partition(":")
    raw = base64.b64decode(body)
    return AESGCM(_settings().data_keys[key_id]).decrypt(raw[:12], raw[12:], key_id.encode()).decode()


def keyed_hash(plain: str) -> str:
    """Hex HMAC-SHA-256 of `plain` (normalised by the caller) under the lookup key."""
    return hmac.new(_settings().lookup_key, plain.encode(), hashlib.sha256).hexdigest()


class Encrypted(TypeDecorator[str]):
    """A text column whose database value is encrypted; None stays None. It cannot be searched: put a keyed hash beside it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        return None if value is None else encrypt(value)

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        return None if value is None else decrypt(value)


def _settings() -> Settings:
    return current_app.extensions["settings"]
