"""The randomness beacon: which round, and whose word counts."""

import sys
from dataclasses import replace

import pytest

from market.bidding import beacon
from market.bidding.beacon import QUICKNET

from .synthetic import ROUND, ROUND_SIGNATURE


def test_the_pinned_chain_is_the_one_that_its_constants_name() -> None:
    assert QUICKNET.hash == "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
    assert replace(QUICKNET, period=4).hash != QUICKNET.hash
    assert beacon.chain_of({name: getattr(QUICKNET, name) for name in type(QUICKNET).__dataclass_fields__}) == QUICKNET
    with pytest.raises(ValueError, match="constants"):
        beacon.chain_of({"scheme": "bls-unchained-g1-rfc9380"})


def test_rounds_and_seconds() -> None:
    assert beacon.time_of(QUICKNET, 1) == QUICKNET.genesis
    assert beacon.time_of(QUICKNET, ROUND) == 1694775603
    assert beacon.first_round_from(QUICKNET, QUICKNET.genesis - 10) == 1
    with pytest.raises(ValueError, match="not begun"):
        beacon.round_at(QUICKNET, QUICKNET.genesis - 1)
    with pytest.raises(ValueError, match="number 1"):
        beacon.time_of(QUICKNET, 0)


def test_chains_of_nobody_and_of_the_past_are_not_believed() -> None:
    """I25."""
    assert beacon.is_trustworthy(QUICKNET)
    practice = replace(QUICKNET, beacon_id="practice-xian")
    assert not beacon.is_trustworthy(practice)
    assert beacon.is_trustworthy(practice, practice=True)
    assert not beacon.is_trustworthy(replace(QUICKNET, beacon_id="TEST-ONLY"))


def test_what_is_no_signature_is_not_true_and_the_interpreter_keeps_its_limit() -> None:
    """I25; py_ecc lifts the recursion limit at its import, which would let a nested JSON text crash the process."""
    limit = sys.getrecursionlimit()
    signature = bytes.fromhex(ROUND_SIGNATURE)
    assert not beacon.is_true(QUICKNET, ROUND, signature[:-1])
    assert not beacon.is_true(QUICKNET, ROUND, b"\xff" * 48)
    assert not beacon.is_true(QUICKNET, 0, signature)
    assert not beacon.is_true(replace(QUICKNET, scheme="unknown"), ROUND, signature)
    assert not beacon.is_true(replace(QUICKNET, public_key="00" * 96), ROUND, signature)
    assert sys.getrecursionlimit() == limit
