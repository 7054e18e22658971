"""WM-SEAL-1: frozen envelopes, which the browser reproduces too (tests/browser/test_sealing.py)."""

from itertools import combinations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from market.bidding import seal

from .conftest import read_cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    document = read_cases(metafunc.config, "seal/wm-seal-1.json") or {"cases": []}
    metafunc.parametrize("case", document["cases"], ids=[case["name"] for case in document["cases"]])


def test_the_same_chance_gives_the_same_envelope(case: dict[str, Any]) -> None:
    account = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["account_private"]))
    given = iter(case["chance"])
    envelope = seal.sealed(
        case["tender"], case["bidder"], case["part"], case["bid"],
        [bytes.fromhex(one["public"]) for one in case["holders"]],
        account_key=account.public_key().public_bytes_raw(),
        sign=account.sign,
        chance=lambda size: bytes.fromhex(next(given))[:size],
    )  # fmt: skip

    assert envelope == case["envelope"]
    assert not list(given)
    assert seal.is_signed(envelope)
    assert seal.envelope_digest(bytes.fromhex(case["salt"]), seal.envelope_bytes(envelope)) == case["digest"]


def test_any_two_holders_open_it_and_one_does_not(case: dict[str, Any]) -> None:
    keys = {place: bytes.fromhex(one["private"]) for place, one in enumerate(case["holders"], start=1)}

    for pair in combinations(keys, 2):
        assert seal.opened(case["envelope"], {place: keys[place] for place in pair}).bid == case["bid"]
    with pytest.raises(seal.Unopened, match="keys"):
        seal.opened(case["envelope"], {1: keys[1]})
