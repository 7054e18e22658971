"""What a stranger can find out from a tender's file, and that no change of it goes unseen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from market.bidding import bundle, leaves
from market.bidding.bundle_verifier import BEACON_SIGNATURE, verify
from market.record.findings import Finding
from market.verification import main

from . import dishonest, mutations, synthetic
from .synthetic import Tender, vendor


@pytest.mark.parametrize("name", synthetic.SOUND)
def test_everything_follows_from_the_file_of_a_sound_tender(name: str) -> None:
    """I5: the file alone derives the outcome again, byte for byte."""
    assert verify(synthetic.sound(name), synthetic.trusted()) == []


def test_every_formula_and_rule_of_a_notice_is_derived_again() -> None:
    """I5, over two dozen tenders by lot; what each kind is for must have happened in one of them."""
    seen = set()
    for seed in range(24):
        tender = synthetic.varied(seed)
        assert verify(tender.bundle(), synthetic.trusted()) == [], seed
        assert tender.result is not None
        seen |= {tender.rules.get("formula"), (tender.low or {}).get("rule") if tender.result["low"] else None}
        seen |= set(tender.result["set_aside"].values()) | ({"tie"} if tender.result["seeds"] else set())
    assert {"F1", "F2", "F4", "F5", "F6", "italy", "spain", "turkey", "korea"} <= seen
    assert {"over_ceiling", "below_line", "conflict", "tie"} <= seen


@pytest.mark.parametrize("name", dishonest.CASES)
def test_what_an_operator_with_all_keys_tries_is_named(name: str) -> None:
    """I2, I4, I11, I13, I21, I25, I26."""
    make, words = dishonest.CASES[name]
    found = verify(make(), synthetic.trusted())
    assert any(words in str(one) for one in found), found


def test_one_changed_byte_anywhere_is_found() -> None:
    """I4, KF-AUD-01: each byte of the smallest file once, each time another bit."""
    content, trusted = synthetic.sound("direct"), synthetic.trusted()
    unseen = [at for at in range(len(content)) if not verify(mutations.flipped(content, at, at % 8), trusted)]
    assert unseen == []


def test_one_changed_byte_of_a_file_with_a_beacon_is_found_without_its_curve() -> None:
    """I4, sampled; the browser has no such curve, and still sees each of these."""
    content, trusted = synthetic.sound("draw with a beacon"), synthetic.trusted()
    places = Random(3).sample(range(len(content)), 300)
    unseen = [
        at for at in places if not verify(mutations.flipped(content, at, at % 8), trusted, signatures_of_beacons=False)
    ]
    assert unseen == []


def test_changed_files_are_found_and_the_part_is_named() -> None:
    """I4: 500 changes from one seed; every finding names a part."""
    trusted = synthetic.trusted()
    for name, content in mutations.mutated(500):
        found = verify(content, trusted)
        assert found, name
        assert all(one.part and one.message for one in found), name


def test_a_file_signed_anew_with_another_key_of_a_log_fails() -> None:
    """The policy comes from outside: what a file says about its own keys counts for nothing."""
    assert verify(synthetic.sound("lowest"), synthetic.trusted("another log"))[0] == Finding(
        "checkpoint 1", "it is not signed as the policy asks"
    )
    assert verify(synthetic.sound("lowest"), replace(synthetic.trusted(), quorum="none")) == []


def test_a_true_signature_of_another_round_is_no_randomness() -> None:
    """I25: the part that the browser leaves out is a finding of its own."""
    make, _ = dishonest.CASES["another round"]
    parts = [one.part for one in verify(make(), synthetic.trusted())]
    assert BEACON_SIGNATURE in parts
    without = verify(make(), synthetic.trusted(), signatures_of_beacons=False)
    assert [one.part for one in without] == [part for part in parts if part != BEACON_SIGNATURE]


def test_the_same_parts_in_another_order_give_the_same_bytes() -> None:
    tender = synthetic.lowest()
    first = tender.bundle()
    tender.envelopes.reverse()
    tender.told.reverse()
    assert tender.bundle(last=False) == first


def test_a_bid_that_does_not_open_blocks_nobody_else() -> None:
    """I7, I9, I10: a copied envelope, a damaged one, one of another tender, one without a signature, one of half a bid."""
    tender = Tender("lowest", {})
    tender.publish()
    tender.bid(vendor(1), 300)
    copied = tender.sealed(vendor(1), "bids", {"price": 1})
    tender.receive(copied | {"bidder": vendor(2)})
    tender.receive(copied | {"bidder": vendor(3), "com": "00" * 32})
    foreign = tender.sealed(vendor(4), "bids", {"price": 2}, tender="T-00000000")
    tender.receive(foreign)
    tender.receive(tender.sealed(vendor(5), "price", {"price": 3}))
    tender.receive(tender.sealed(vendor(6), "bids", {"price": 4, "part": "price"}))
    account = synthetic.private(f"account {vendor(7)}")
    holders = [bytes.fromhex(one["key"]) for one in tender.notice["keys"]["bids"]]
    damaged = synthetic.seal.sealed(
        vendor(7), vendor(7), "bids", {"part": "bids", "price": 5}, holders,
        account_key=account.public_key().public_bytes_raw(), sign=account.sign, chance=tender.chance,
    )  # fmt: skip
    unsigned = {name: value for name, value in (damaged | {"tender": tender.code}).items() if name != "signature"}
    tender.receive(unsigned | {"signature": account.sign(synthetic.canonical(unsigned)).hex()})
    tender.close()
    tender.freeze()
    tender.keys("bids")
    tender.award()
    assert verify(tender.bundle(), synthetic.trusted()) == []
    assert tender.result is not None
    assert tender.result["winner"] == vendor(1)
    assert tender.result["set_aside"] == {
        vendor(2): "unopened:unsigned",
        vendor(3): "unopened:unsigned",
        vendor(6): "unopened:part",
        vendor(7): "unopened:damaged",
    }


def test_the_last_version_before_the_closing_counts_and_all_stay_visible() -> None:
    """I8, I12."""
    tender = Tender("lowest", {})
    tender.publish()
    tender.bid(vendor(1), 300)
    tender.bid(vendor(2), 200)
    tender.bid(vendor(1), 100)
    tender.bid(vendor(2), withdrawn=True)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    tender.award()
    content = tender.bundle()
    assert verify(content, synthetic.trusted()) == []
    assert tender.result is not None
    assert [(one["bidder"], one["price"]) for one in tender.result["ranking"]] == [(vendor(1), 100)]
    assert tender.result["set_aside"] == {vendor(2): "withdrawn"}
    assert len(bundle.read(content)["envelopes"]) == 4


def test_a_digest_that_the_closing_leaf_lacks_is_proof_in_the_hands_of_its_bidder() -> None:
    """The operator drops a bid: the file alone looks whole, the receipt of the bidder does not fit it."""
    tender = Tender("lowest", {})
    tender.publish()
    tender.bid(vendor(1), 300)
    tender.bid(vendor(2), 100)
    dropped = bundle.digest_of(tender.envelopes[1])
    tender.close(leave_out=[dropped])
    tender.freeze()
    tender.keys("bids")
    tender.award()
    content = tender.bundle()
    assert verify(content, synthetic.trusted()) == []
    closing = next(one["leaf"] for one in bundle.read(content)["leaves"] if one["leaf"]["event"] == "tender.closed")
    assert dropped not in closing["digests"]
    assert tender.received[dropped] < tender.record.notes[0][0]


def test_without_two_keys_a_tender_is_void_unless_every_bidder_reveals_his_bid() -> None:
    """No bid is read, and none counts, when one is missing."""
    tender = synthetic.self_revealed()
    assert tender.result is not None
    assert tender.result["winner"] == vendor(2)
    half = synthetic.self_revealed()
    half.reveals = half.reveals[:1]
    half.told.pop()
    half.award()
    assert verify(half.bundle(), synthetic.trusted()) == []
    assert half.result is not None
    assert half.result["winner"] is None
    assert set(half.result["set_aside"].values()) == {"unopened:keys"}


def test_any_two_of_three_holders_give_the_same_result() -> None:
    results = []
    for holders in (("buyer", "regulator"), ("buyer", "operator"), ("regulator", "operator"), synthetic.HOLDERS):
        tender = Tender("lowest", {})
        tender.publish()
        tender.bid(vendor(1), 300)
        tender.bid(vendor(2), 200)
        tender.close()
        tender.freeze()
        tender.keys("bids", holders)
        tender.award()
        assert verify(tender.bundle(), synthetic.trusted()) == []
        results.append(tender.result)
    assert all(result == results[0] for result in results)


def test_somebody_who_answers_an_objection_by_dropping_out_is_followed_by_the_next() -> None:
    tender = synthetic.replaced()
    tender.withdraw(vendor(2))
    tender.withdraw(vendor(1))
    tender.tell(leaves.failed(tender.code, "withdrawn", tender.result or {}))
    assert verify(tender.bundle(), synthetic.trusted()) == []


def test_an_auction_that_began_anew_keeps_the_prices_reached() -> None:
    """KF-BID-07: after an outage the rounds begin again from where they were."""
    tender = Tender("auction", {"variant": "rounds", "step": 10})
    tender.publish()
    tender.bid(vendor(1), 1000)
    tender.bid(vendor(2), 900)
    tender.close()
    tender.freeze()
    tender.keys("bids")
    for hour, price in ((1, 800), (3, 700)):
        starts = tender.closes + timedelta(hours=hour)
        tender.schedule(starts)
        tender.move(vendor(1) if hour == 1 else vendor(2), price, starts + timedelta(seconds=300))
    tender.award()
    assert verify(tender.bundle(), synthetic.trusted()) == []
    assert tender.result is not None
    assert [(one["bidder"], one["price"]) for one in tender.result["ranking"]] == [(vendor(2), 700), (vendor(1), 800)]


NOT_A_BUNDLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "$: it is not JSON"),
    "a text": (b'"x"', "$ has not exactly the fields"),
    "spaces": (b'{ "a":1}', "it is not JSON in its canonical form"),
    "a fraction": (b'{"a":1.5}', "it is not JSON in its canonical form"),
    "half a character": (b'{"a":"\\ud800"}', "it is not JSON in its canonical form"),
    "another order": (b'{"b":1,"a":1}', "it is not JSON in its canonical form"),
    "too large a number": (b'{"a":9007199254740992}', "it is not JSON in its canonical form"),
    "too deep": (b"[" * 200 + b"]" * 200, "it is not JSON in its canonical form"),
    "far too deep": (b"[" * 100_000, "it is not JSON in its canonical form"),
}


@pytest.mark.parametrize("name", NOT_A_BUNDLE)
def test_what_is_no_bundle_is_told_so(name: str) -> None:
    content, words = NOT_A_BUNDLE[name]
    (found,) = verify(content, synthetic.trusted())
    assert found.part == "file"
    assert words.removeprefix("$: ") in found.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.update(format="west-market-bundle/2"), "$.format is not west-market-bundle/1"),
        (lambda one: one["notice"].update(ceiling=-1), "$.notice.ceiling is no number"),
        (lambda one: one["notice"].update(closes="2026-02-30T09:00:00Z"), "$.notice.closes is no time"),
        (lambda one: one["envelopes"][0].update(salt="AB" * 32), "$.envelopes[0].salt is no hash"),
        (lambda one: one["leaves"][0].update(more=1), "$.leaves[0] has not exactly the fields index, leaf, proof"),
        (lambda one: one.update(pool={}), "$.pool is no list"),
        (
            lambda one: one["notice"].update(keys={"technical": []}),
            "$.notice.keys has not exactly the fields price, technical",
        ),
    ],
)
def test_the_first_misshapen_place_is_named(change: Callable[[dict], None], words: str) -> None:
    document = bundle.read(synthetic.sound("lowest"))
    change(document)
    assert verify(synthetic.canonical(document), synthetic.trusted()) == [Finding("file", words)]


def test_a_stranger_runs_it_as_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, changed, trusted = tmp_path / "sound.json", tmp_path / "changed.json", tmp_path / "policy.json"
    sound.write_bytes(synthetic.sound("lowest"))
    changed.write_bytes(synthetic.sound("lowest").replace(b"8750000", b"8750002"))
    trusted.write_bytes(synthetic.policy_bytes())
    assert main(["--policy", str(trusted), str(sound)]) == 0
    assert main(["--policy", str(trusted), str(sound), str(changed)]) == 1
    assert main(["--policy", str(sound), str(sound)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"ok {sound}"
    assert lines[2].startswith(f"FAIL {changed}: leaf ")
