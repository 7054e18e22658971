"""The pages of the public record, and what it serves as C2SP says: a stranger with a browser or a program gets all he needs."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from market.db import db
from market.record import log_queries, merkle, notes, policy, tiles, tlog_proof
from market.record.models import RecordCheckpoint
from tests.integration.conftest import Browser
from tests.integration.factories import records


@pytest.fixture
def filled(app: Flask) -> notes.Checkpoint:
    """300 vendors that left, an envelope, and the policy; two of three witnesses have seen it."""
    for number in range(300):
        records.publish(records.withdrawn(at=f"2026-03-04T02:{number // 60:02}:{number % 60:02}Z"))
    records.publish({"event": "envelope.received", "digest": "ab" * 32}, subjects=["T-000000000"])
    return records.settle(quorum=2)


def test_everybody_reads_entries_filters_turns_pages_and_takes_a_receipt(
    client: Browser, filled: notes.Checkpoint, tmp_path: Path
) -> None:
    first = client.get("/record?lang=en").text
    assert "302 entries, the newest first" in first
    assert "No. 301" in first
    assert "T-000000000" not in first, "under what an envelope was published is nobody's business"
    assert "No. 281" in client.get("/record?page=2").text
    one = client.get("/record?event=envelope.received").text
    assert "1 entry" in one
    assert "/record/leaves/300" in one

    page = client.get("/record/leaves/7").text
    leaf = client.get("/record/leaves/7/leaf.json").data
    assert merkle.leaf_hash(leaf).hex() in page
    assert "authority, chamber" in page
    receipt, trusted = client.get("/record/leaves/7/receipt"), client.get("/record/policy.json").data
    proved = tlog_proof.verify_receipt(receipt.data, leaf, policy.read(trusted))
    assert (proved.index, proved.checkpoint.size) == (7, 302)
    assert policy.read(trusted) == policy.read(client.get("/record/policy").data)
    assert client.get("/record/leaves/302").status_code == client.get("/record/leaves/302/receipt").status_code == 404

    # a stranger has nothing but these files
    for name, content in {
        "verify.pyz": client.get("/record/verify.pyz").data, "policy.json": trusted, "good": receipt.data,
        "bad": receipt.data.replace(b"index 7", b"index 8"), "note": client.get("/record/checkpoint").data,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-I", "verify.pyz", "--policy", "policy.json"]
    good = subprocess.run([*command, "good", "note"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (good.returncode, good.stdout) == (0, "ok good\nok note\n"), good.stderr
    bad = subprocess.run([*command, "good", "bad"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (bad.returncode, bad.stdout.splitlines()[1][:15]) == (1, "FAIL bad: proof")


def test_an_empty_record_and_one_that_waits_for_its_witnesses_say_so(client: Browser) -> None:
    assert "There is no entry yet." in client.get("/record?lang=en").text
    assert client.get("/record/checkpoint").status_code == client.get("/record/policy").status_code == 404

    records.settle()
    records.with_witnesses(2)
    records.publish()
    records.settle()  # with the settings' policy again: nobody need see it
    records.with_witnesses(2)
    shown = log_queries.shown_checkpoint()
    assert shown is not None
    db.session.delete(shown)
    db.session.flush()
    newest = log_queries.newest_checkpoint()
    assert newest is not None
    db.session.query(RecordCheckpoint).update({"witnessed_at": None})
    records.cosign(1_772_589_600, ["authority"])
    position = log_queries.log().size - 1
    assert "once the witnesses have seen" in client.get(f"/record/leaves/{newest.size - 1}").text
    assert client.get(f"/record/leaves/{position}/receipt").status_code == 404
    assert client.get("/record/checkpoint").status_code == 404
    records.cosign(1_772_589_601, ["chamber"])
    assert client.get("/record/checkpoint").status_code == 200


def test_a_monitor_rebuilds_the_tree_from_tiles_and_entries(client: Browser, filled: notes.Checkpoint) -> None:
    """C2SP tlog-tiles: 302 leaves are a full tile and one of 46, and a tile of one hash above."""
    said = policy.verify_checkpoint(client.get("/record/checkpoint").data, log_queries.trusted())
    assert (said.size, said.root) == (filled.size, filled.root)
    served = {address: client.get(f"/record/tile/{address}") for address in ("0/000", "0/001.p/46", "1/000.p/1")}
    assert {answer.status_code for answer in served.values()} == {200}
    assert served["0/000"].headers["Content-Type"] == "application/octet-stream"
    assert len(served["0/000"].data) == tiles.FULL
    fetched = {(0, 0): served["0/000"].data, (0, 1): served["0/001.p/46"].data, (1, 0): served["1/000.p/1"].data}
    assert merkle.root_of(tiles.reader(lambda level, place: fetched[level, place]), 0, said.size) == said.root

    bundles = client.get("/record/tile/entries/000").data + client.get("/record/tile/entries/001.p/46").data
    entries = []
    while bundles:
        length = int.from_bytes(bundles[:2], "big")
        entries.append(bundles[2 : 2 + length])
        bundles = bundles[2 + length :]
    assert merkle.root([merkle.leaf_hash(entry) for entry in entries]) == said.root

    for missing in (
        "0/002",
        "0/001",
        "0/001.p/47",
        "0/1",
        "0/0001",
        "8/000",
        "entries/002",
        "0/000.p/256",
        "0/000.p/0",
    ):
        assert client.get(f"/record/tile/{missing}").status_code == 404, missing
    proof = [base64.b64decode(line) for line in client.get("/record/consistency/100/302").text.splitlines()]
    old = merkle.root([merkle.leaf_hash(entry) for entry in entries[:100]])
    assert merkle.verify_consistency(100, 302, old, said.root, proof)
    assert client.get("/record/consistency/100/303").status_code == 404


def test_a_regulator_sees_whether_what_others_keep_goes_together(client: Browser, filled: notes.Checkpoint) -> None:
    """I2 and the split view: equal, consistent, forked, ahead, and notes that say nothing."""
    now = client.get("/record/checkpoint").text
    for _ in range(3):
        records.publish()
    records.settle()

    log = log_queries.log()
    key = records_key(client)

    def signed(size: int, root: bytes) -> str:
        body = notes.Checkpoint(log.origin, size, root).body
        return str(notes.Note(body, (notes.sign(body, log.origin, key),)))

    def verdicts(*brought: str) -> str:
        names = ("first", "second", "third")
        answer = client.submit("/record/compare?lang=en", dict(zip(names, brought, strict=False)))
        assert answer.status_code == 200
        return answer.text

    assert "older, and continued by what is here" in verdicts(now)
    assert "the same as here" in verdicts(signed(log.size, log.root))
    forked = verdicts(now, signed(302, bytes(32)), signed(log.size + 1, log.root))
    assert forked.count("exclude each other") == 1
    assert "another note shows a different root of the same 302 leaves" in forked
    assert "entries were lost" in forked
    assert forked.count("together they prove it") == 2
    assert "no checkpoint of this log" in verdicts(now.replace("\n302\n", "\n301\n"))
    empty = client.submit("/record/compare?lang=en", {"first": " "})
    assert empty.status_code == 422
    assert "Paste at least one checkpoint." in empty.text


def records_key(client: Browser):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(client.application.extensions["settings"].record_key)
