"""The market and the witness program, over HTTP: cosignatures arrive, and what a witness has seen stops a log that went back."""

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import text

import witness as program
from market.config import Settings
from market.db import db
from market.record import log_operations, log_queries, merkle, notes, sequencing, witnesses
from market.record.findings import Unproven
from market.record.log_operations import Halted
from market.record.policy import Witness
from market.transaction import transactional
from tests.integration.factories import records

NAMES = ("authority", "chamber")


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> Iterator[Settings]:
    """The application's settings with two witnesses that run, both wanted."""
    serving = program.server([program.Witness(name, tmp_path) for name in NAMES], 0)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    before = app.extensions["settings"]
    address = f"http://127.0.0.1:{serving.server_port}"
    app.extensions["settings"] = dataclasses.replace(
        before,
        witnesses=tuple(f"{name} {program.Witness(name, tmp_path).key} {address}/{name}" for name in NAMES),
        witness_quorum=2,
        record_public=str(tmp_path / "logs"),
    )
    yield app.extensions["settings"]
    app.extensions["settings"] = before
    serving.shutdown()
    serving.server_close()


def _ask(settings: Settings, number: int) -> bool:
    with httpx.Client(trust_env=False) as client:
        return witnesses.bring_up_to_date(client, witnesses.witnesses_of(settings)[number])


def _work(settings: Settings) -> None:
    private = Ed25519PrivateKey.from_private_bytes(settings.record_key)
    sequencing.begin(settings, private)
    for _ in range(3):
        sequencing.work(settings, private, "one")


def test_both_witnesses_cosign_each_checkpoint_and_only_then_it_is_shown(served: Settings) -> None:
    records.publish(subjects=["V-000000000"])
    _work(served)
    assert log_queries.shown_checkpoint() is not None, "whoever takes over asks at once"
    records.publish()
    _work(served)
    newest = log_queries.newest_checkpoint()
    assert newest is not None
    assert newest.witnessed_at is None

    assert _ask(served, 0)
    assert newest.witnessed_at is None
    assert _ask(served, 1)
    assert not _ask(served, 1), "it has seen this one"
    shown = log_queries.shown_checkpoint()
    assert shown is not None
    assert log_queries.verified(shown).cosigned_at.keys() == set(NAMES)


def test_a_database_restored_from_an_older_copy_stops_before_anything_is_signed_again(served: Settings) -> None:
    """KF-AUD-02: the next sequencer asks the witnesses first, and they have seen more."""
    records.publish()
    _work(served)
    _ask(served, 0)
    size = log_queries.log().size
    # in the copy of yesterday there was nothing
    _begin_anew()
    records.publish()

    with pytest.raises(Halted, match=f"has seen {size} leaves"):
        _work(served)
    assert log_queries.log().halted
    newest = log_queries.newest_checkpoint()
    assert newest is not None
    assert newest.size == 0


@pytest.mark.parametrize(("size", "says"), [(3, "another tree of 3 leaves"), (5, "does not find its tree of 3 leaves")])
def test_a_log_that_forked_is_found_out_by_its_witness(served: Settings, size: int, says: str) -> None:
    """I2, the split view: other leaves under numbers that the witness has seen."""
    records.publish()
    records.publish()
    _work(served)
    _ask(served, 0)
    assert log_queries.log().size == 3
    witness = witnesses.witnesses_of(served)[0]
    _forge(served, size)

    with httpx.Client(trust_env=False) as client, pytest.raises(Halted, match=says):
        witnesses.bring_up_to_date(client, witness, old=3)


def test_a_witness_that_does_not_know_the_log_or_is_away_stops_nothing(served: Settings, tmp_path: Path) -> None:
    records.publish()
    _work(served)
    records.publish()
    _work(served)
    (tmp_path / "logs").write_text("")
    with pytest.raises(witnesses.Refused, match="404"):
        _ask(served, 0)
    entry = served.witnesses[0].rsplit(":", 1)[0] + ":9/away"
    with pytest.raises(httpx.HTTPError):
        _ask(dataclasses.replace(served, witnesses=(entry,)), 0)
    assert not log_queries.log().halted
    assert log_queries.newest_checkpoint() is not None


def test_a_line_that_is_no_cosignature_is_not_kept(served: Settings) -> None:
    _work(served)
    row = log_queries.newest_checkpoint()
    assert row is not None
    known = witnesses.witnesses_of(served)[0].key
    with pytest.raises(Unproven, match="does not hold"):
        log_operations.keep_cosignatures(row.size, [notes.Signature(known.name, known.id, bytes(72))])
    log_operations.keep_cosignatures(row.size, [notes.Signature("stranger", b"abcd", bytes(72))])
    assert "stranger" not in log_queries.cosigned_by(row.size)


def test_settings_that_name_no_witness_are_refused(app: Flask) -> None:
    settings = app.extensions["settings"]
    for entry in ("authority", "authority x http://127.0.0.1", "a b c d"):
        with pytest.raises(Unproven):
            witnesses.witnesses_of(dataclasses.replace(settings, witnesses=(entry,)))
    key = notes.Key("authority", notes.COSIGNATURE, bytes(32))
    one = dataclasses.replace(settings, witnesses=(f"authority {key} http://127.0.0.1:9",), witness_quorum=2)
    with pytest.raises(Unproven, match="2 of 1"):
        witnesses.policy_of(one, "a.example", bytes(32))
    assert isinstance(witnesses.witnesses_of(one)[0], Witness)


@transactional
def _begin_anew() -> None:
    for statement in (
        "DELETE FROM record_cosignature", "DELETE FROM record_checkpoint", "DELETE FROM record_tile",
        "DELETE FROM record_leaf", "UPDATE record_log SET size = 0, holder = '', until = now() - interval '1 hour'",
    ):  # fmt: skip
        db.session.execute(text(statement))
    db.session.execute(text("UPDATE record_log SET root = :root"), {"root": merkle.EMPTY})


@transactional
def _forge(settings: Settings, size: int) -> None:
    """Sign another tree of `size` leaves, as a dishonest operator would with the log's key."""
    hashes = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    log = log_queries.log()
    body = notes.Checkpoint(log.origin, size, merkle.root(hashes)).body
    line = notes.sign(body, log.origin, Ed25519PrivateKey.from_private_bytes(settings.record_key))
    db.session.execute(text("DELETE FROM record_cosignature"))
    db.session.execute(text("DELETE FROM record_checkpoint"))
    db.session.execute(text("UPDATE record_tile SET hashes = :hashes"), {"hashes": b"".join(hashes)})
    db.session.execute(
        text("INSERT INTO record_checkpoint (size, root, note, signed_at) VALUES (:size, :root, :note, now())"),
        {"size": size, "root": merkle.root(hashes), "note": str(notes.Note(body, (line,)))},
    )
