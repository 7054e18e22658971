"""Keys that stay open for many signatures in one go (the demo market): trying a password takes a tenth of a second on purpose.

No request uses it: outside the block of `keys_kept_open` nothing is kept.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is, and under which password's hash: another one since then makes what was kept worth nothing."""

    person: str
    key: str
    password_hash: str | None


_kept: ContextVar[dict[Owner, tuple[str, Ed25519PrivateKey]] | None] = ContextVar("kept_keys", default=None)


@contextmanager
def keys_kept_open() -> Iterator[None]:
    """Within the block a key that its password opened is not opened again for the same password."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def keep(owner: Owner, password: str, private: Ed25519PrivateKey) -> None:
    """Remember an opened key, inside the block only."""
    if (kept := _kept.get()) is not None:
        kept[owner] = (password, private)


def opened_before(owner: Owner, password: str) -> Ed25519PrivateKey | None:
    """The key that the same password opened in this block, or None."""
    found = (_kept.get() or {}).get(owner)
    if found is None or not hmac.compare_digest(found[0].encode(), password.encode()):
        return None
    return found[1]
