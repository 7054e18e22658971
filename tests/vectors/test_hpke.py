"""HPKE of RFC 9180 (base mode, X25519, HKDF-SHA256, AES-256-GCM) and Ed25519 of RFC 8032."""

from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from market.bidding import hpke

from .conftest import read_cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    boxes = read_cases(metafunc.config, "hpke/rfc9180-base-x25519.json") or {"vectors": []}
    signed = read_cases(metafunc.config, "hpke/rfc8032-ed25519.json") or {"sign": [], "must_refuse": []}
    ours = (hpke.KEM_ID, hpke.KDF_ID, hpke.AEAD_ID)
    kinds: dict[str, list[Any]] = {
        "box": [one for one in boxes["vectors"] if (one["kem_id"], one["kdf_id"], one["aead_id"]) == ours],
        "signed": signed["sign"],
        "refused": signed["must_refuse"],
    }
    for name, cases in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, cases, ids=lambda case: str(case.get("name") or case.get("why") or "suite"))


def raw(case: Mapping[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def test_every_step_of_the_published_exchange_is_reproduced(box: dict[str, Any]) -> None:
    context = hpke.key_schedule(raw(box, "shared_secret"), raw(box, "info"))

    assert hpke.public_key(raw(box, "skEm")) == raw(box, "enc")
    assert (context.key, context.base_nonce) == (raw(box, "key"), raw(box, "base_nonce"))
    for one in box["encryptions"]:
        nonce = (int.from_bytes(context.base_nonce, "big") ^ one["seq"]).to_bytes(12, "big")
        assert AESGCM(context.key).encrypt(nonce, raw(one, "pt"), raw(one, "aad")) == raw(one, "ct")


def test_what_is_sealed_to_the_published_key_opens_with_it(box: dict[str, Any]) -> None:
    info = raw(box, "info")
    sealed = hpke.sealed(raw(box, "pkRm"), info, b"bid", ephemeral=raw(box, "skEm"))

    assert sealed[:32] == raw(box, "enc")
    assert hpke.opened(raw(box, "skRm"), info, sealed) == b"bid"


def test_a_signature_is_as_published(signed: dict[str, Any]) -> None:
    private = Ed25519PrivateKey.from_private_bytes(raw(signed, "sk"))

    assert private.public_key().public_bytes_raw() == raw(signed, "pk")
    assert private.sign(raw(signed, "msg")) == raw(signed, "sig")


def test_a_signature_that_must_be_refused_is_refused(refused: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(raw(refused, "pk")).verify(raw(refused, "sig"), raw(refused, "msg"))
