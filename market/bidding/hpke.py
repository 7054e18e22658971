"""Hybrid public key encryption (RFC 9180) in base mode with one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
AES-256-GCM.

Written on the primitives of `cryptography` rather than on its own `hpke.Suite`, because that one draws the ephemeral
key itself: published cases and our frozen envelopes need it handed in. The two open each other's boxes
(tests/unit/bidding/test_hpke.py). A sealed text is `enc || ciphertext`: 32 bytes of ephemeral public key, then the
text and a tag of 16 bytes.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LENGTH = 32
KEM_ID, KDF_ID, AEAD_ID = 0x0020, 0x0001, 0x0002
_KEM_SUITE = b"KEM" + KEM_ID.to_bytes(2, "big")
_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_ID, KDF_ID, AEAD_ID))


class NotOpened(Exception):
    """The text was not sealed to this key with this `info`, or it was changed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the key schedule gives (RFC 9180 section 5.1): the key and the base nonce, used for one text here."""

    key: bytes
    base_nonce: bytes


def public_key(private: bytes) -> bytes:
    """The public half (32 bytes) of an X25519 private key of 32 bytes. ValueError for another length."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sealed(recipient: bytes, info: bytes, text: bytes, *, ephemeral: bytes) -> bytes:
    """`text` sealed to the public key `recipient`: SealBase of RFC 9180 section 6.1 with an empty aad.

    `ephemeral` is a fresh X25519 private key of 32 bytes, used once and forgotten. ValueError for a key of another
    length or of small order.
    """
    enc = public_key(ephemeral)
    context = key_schedule(_shared_secret(ephemeral, recipient, enc + recipient), info)
    return enc + AESGCM(context.key).encrypt(context.base_nonce, text, b"")


def opened(private: bytes, info: bytes, box: bytes) -> bytes:
    """The text of `box`, by the recipient's private key (32 bytes): OpenBase of RFC 9180 section 6.1. Raises
    `NotOpened`."""
    enc, ciphertext = box[:KEY_LENGTH], box[KEY_LENGTH:]
    try:
        context = key_schedule(_shared_secret(private, enc, enc + public_key(private)), info)
        return AESGCM(context.key).decrypt(context.base_nonce, ciphertext, b"")
    except (InvalidTag, ValueError):
        raise NotOpened from None


def key_schedule(shared_secret: bytes, info: bytes) -> Context:
    """KeySchedule of RFC 9180 section 5.1 for mode base (0x00), without a pre-shared key."""
    psk_id_hash = _labeled_extract(b"", _SUITE, b"psk_id_hash", b"")
    info_hash = _labeled_extract(b"", _SUITE, b"info_hash", info)
    binding = b"\x00" + psk_id_hash + info_hash
    secret = _labeled_extract(shared_secret, _SUITE, b"secret", b"")
    return Context(
        key=_labeled_expand(secret, _SUITE, b"key", binding, 32),
        base_nonce=_labeled_expand(secret, _SUITE, b"base_nonce", binding, 12),
    )


def _shared_secret(private: bytes, public: bytes, kem_context: bytes) -> bytes:
    """ExtractAndExpand of RFC 9180 section 4.1 over the X25519 exchange."""
    exchange = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    prk = _labeled_extract(b"", _KEM_SUITE, b"eae_prk", exchange)
    return _labeled_expand(prk, _KEM_SUITE, b"shared_secret", kem_context, 32)


def _labeled_extract(salt: bytes, suite: bytes, label: bytes, key_material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key_material, sha256)


def _labeled_expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """Section 4: one or two blocks of HKDF-Expand are enough for what is asked here (at most 32 bytes: one)."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labeled + b"\x01", sha256)[:length]
