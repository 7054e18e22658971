"""Account keys: Ed25519 keys (RFC 8032) that sign for a person and lie on the server under the person's own password.

The private key is sealed with AES-256-GCM (NIST SP 800-38D) under a key that Argon2id (RFC 9106) derives from the password; the
caller keeps the sealed form encrypted once more with the server's data key, so that neither the database alone nor the server's
keys alone can sign. Nothing here knows tables or requests. Why a key on the server: docs/decisions/006-account-keys.md.
"""

import base64
import secrets
from dataclasses import dataclass

from argon2 import low_level, profiles
from argon2.profiles import get_default_parameters
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from market.kernel.framing import framed

SALT, NONCE, SEED = 16, 12, 32
#: separates this use of a password and of a key from all others
SEAL = "wm/account-key/v1"


class WrongPassword(Exception):
    """The password does not open the sealed key, or the sealed key belongs to somebody else or was changed."""


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key at rest: the public half (base64 of 32 bytes) and the sealed private half (base64, with its parameters)."""

    public: str
    sealed: str


def new_key(password: str, *, owner: str, cheap: bool = False) -> SealedKey:
    """A fresh key of `owner` (public code of the person), sealed under `password`. `cheap` (tests only): weak derivation."""
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return SealedKey(public, _seal(private.private_bytes_raw(), password, owner, public, cheap))


def resealed(key: SealedKey, password: str, new_password: str, *, owner: str, cheap: bool = False) -> SealedKey:
    """The same key under a new password. `WrongPassword` unless `password` opens it."""
    return SealedKey(key.public, _seal(_open(key, password, owner), new_password, owner, key.public, cheap))


def opened(key: SealedKey, password: str, *, owner: str) -> Ed25519PrivateKey:
    """The private key itself, for signing several texts. `WrongPassword` unless `password` opens it."""
    return Ed25519PrivateKey.from_private_bytes(_open(key, password, owner))


def signed(private: Ed25519PrivateKey, text: bytes) -> str:
    """The signature (base64 of 64 bytes, RFC 8032) over `text`."""
    return base64.b64encode(private.sign(text)).decode()


def fits(public: str, signed: str, text: bytes) -> bool:
    """True when `signed` (base64) is a signature of the key `public` (base64) over `text`. Never raises for bad input."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signed, validate=True), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _seal(private: bytes, password: str, owner: str, public: str, cheap: bool) -> str:
    by = profiles.CHEAPEST if cheap else get_default_parameters()
    salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    head = f"a2id,{by.time_cost},{by.memory_cost},{by.parallelism}"
    key = _derived(password, salt, head)
    sealed = AESGCM(key).encrypt(nonce, private, framed(SEAL, owner, public, head))
    return f"{head}:{base64.b64encode(salt + nonce + sealed).decode()}"


def _open(key: SealedKey, password: str, owner: str) -> bytes:
    head, _, body = key.sealed.partition(":")
    try:
        raw = base64.b64decode(body, validate=True)
        salt, nonce, sealed = raw[:SALT], raw[SALT : SALT + NONCE], raw[SALT + NONCE :]
        return AESGCM(_derived(password, salt, head)).decrypt(nonce, sealed, framed(SEAL, owner, key.public, head))
    except (InvalidTag, ValueError):
        raise WrongPassword from None


def _derived(password: str, salt: bytes, head: str) -> bytes:
    _, time_cost, memory_cost, parallelism = head.split(",")
    return low_level.hash_secret_raw(
        secret=framed(SEAL, password),
        salt=salt,
        time_cost=int(time_cost),
        memory_cost=int(memory_cost),
        parallelism=int(parallelism),
        hash_len=SEED,
        type=low_level.Type.ID,
    )
