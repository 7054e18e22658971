"""Draws: Rivest's sampler with and without repeats, the frozen draw of our own, and drand's chains and beacons."""

from typing import Any

import pytest

from market.bidding import beacon, draw
from market.bidding.beacon import Chain

from .conftest import read_cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    sampled = read_cases(metafunc.config, "draw/rivest-tests.json") or {"tests": []}
    drand = read_cases(metafunc.config, "draw/drand.json") or {}
    kinds: dict[str, list[Any]] = {
        "sampled": sampled["tests"],
        "without_repeats": [
            one for one in [read_cases(metafunc.config, "draw/rivest-without-replacement.json")] if one
        ],
        "own": [one for one in [read_cases(metafunc.config, "draw/own-draw.json")] if one],
        "chain": drand.get("chains", []),
        "signed": drand.get("beacons", []),
        "moment": drand.get("quicknet_time_to_round", []),
    }
    for name, cases in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, cases, ids=lambda case: str(case.get("name") or case.get("time") or "case"))


def test_the_sampler_picks_as_published(sampled: dict[str, Any]) -> None:
    given = sampled["data"]
    found = draw.picks(given["seed"], given["total"])

    assert [next(found) for _ in sampled["expected"]] == sampled["expected"]


def test_without_repeats_the_order_is_as_published(without_repeats: dict[str, Any]) -> None:
    size, picks = without_repeats["N"], without_repeats["picks"]
    order = draw.permutation(without_repeats["seed"], size)

    assert order[: len(picks)] == picks
    assert sorted(order) == list(range(1, size + 1))


def test_our_own_draw_stays_as_it_was_frozen(own: dict[str, Any]) -> None:
    for name, order in own.items():
        if name.startswith("order_N"):
            assert draw.permutation(own["seed"], int(name.removeprefix("order_N"))) == order
    assert draw.sha256(own["entries_jcs"].encode()).hexdigest() == own["entries_hash"]


def test_the_name_of_a_chain_is_computed_from_its_constants(chain: dict[str, Any]) -> None:
    found = Chain(
        chain["beacon_id"], chain["scheme"], chain["period"], chain["genesis"], chain["public_key"], chain["group_hash"]
    )

    assert found.hash == chain["chain_hash"]
    assert beacon.is_trustworthy(found) == ("shut down" not in chain["status"])


def test_a_beacon_is_believed_only_with_its_signature(signed: dict[str, Any]) -> None:
    chain = Chain("any", signed["scheme"], 3, 0, signed["public_key"], "")
    signature = bytes.fromhex(signed["signature"])
    previous = bytes.fromhex(signed.get("previous_signature", ""))

    assert beacon.is_true(chain, signed["round"], signature, previous) == signed["valid"]
    if "randomness" in signed:
        assert beacon.randomness(signature) == signed["randomness"]


def test_a_second_belongs_to_the_published_round(moment: dict[str, Any]) -> None:
    assert beacon.round_at(beacon.QUICKNET, moment["time"]) == moment["round_current"]
    assert beacon.first_round_from(beacon.QUICKNET, moment["time"]) == moment["first_round_at_or_after"]
