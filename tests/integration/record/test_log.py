"""The public log on PostgreSQL: leaves with their operations, one sequencer, no gap, nothing signed twice in two ways."""

import itertools
import json
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from market.db import db
from market.record import log_operations, log_queries, merkle, notes, policy, sequencing, tlog_proof
from market.record.log_operations import Halted
from market.record.models import RecordCheckpoint, RecordLeaf, RecordLog, RecordTile
from market.record.shapes import NotPublishable
from market.transaction import transactional
from tests.integration.factories import records


def test_a_leaf_is_placed_signed_and_proved_and_one_of_a_failed_operation_never_appears(app: Flask) -> None:
    """KF-AUD-03: what is rolled back leaves nothing; I3: every receipt's leaf is in every later tree at the same place."""
    with pytest.raises(RuntimeError):
        records.publish(fails=True)
    records.publish(subjects=["V-000000000"])
    first = records.settle(quorum=2)

    (leaf,) = log_queries.leaves_about("V-000000000")
    assert leaf.position is not None
    receipt = log_queries.receipt(leaf)
    assert receipt is not None
    proved = tlog_proof.verify_receipt(tlog_proof.write(receipt), leaf.body, log_queries.trusted())
    assert proved.checkpoint.cosigned_at.keys() == set(records.NAMES)
    assert db.session.scalar(select(func.count()).select_from(RecordLeaf)) == first.size

    for _ in range(5):
        records.publish()
    later = records.settle(quorum=2)
    assert merkle.verify_inclusion(
        leaf.position,
        later.size,
        merkle.leaf_hash(leaf.body),
        log_queries.inclusion(leaf.position, later.size),
        later.root,
    )
    proof = log_queries.consistency(first.size, later.size)
    assert merkle.verify_consistency(first.size, later.size, first.root, later.root, proof)
    # the same file whenever it is asked for
    assert log_queries.receipt(leaf) == receipt


@pytest.mark.parametrize(
    "facts",
    [
        {"event": "vendor.withdrawn", "at": "2026-03-04T02:00:00Z", "vendor": "V-000000000", "name": "某人"},
        {"event": "vendor.withdrawn", "at": "2026-03-04T02:00:00Z"},
        {"event": "vendor.withdrawn", "at": "2026-03-04T02:00:00Z", "vendor": "某某公司"},
        {"event": "vendor.withdrawn", "at": "2026-03-04T02:00:00Z", "vendor": "P-000000000"},
        {"event": "vendor.withdrawn", "at": "yesterday", "vendor": "V-000000000"},
        {"event": "credit.deducted", "at": "2026-03-04T02:00:00Z", "deduction": "D-000000000", "vendor": "V-000000000",
         "ground": "late", "points": 1.5, "fades_on": "2026-03-04"},
        {"event": "person.joined", "at": "2026-03-04T02:00:00Z"},
        {},
    ],
)  # fmt: skip
def test_what_a_leaf_may_not_hold_does_not_get_in(app: Flask, facts: dict) -> None:
    """KF-AUD-04: the public part never has personal data, whatever an operation tries to put there."""
    with pytest.raises(NotPublishable):
        records.publish(facts or {"vendor": "x"})


def test_leaves_written_at_once_get_places_without_gap_from_two_sequencers(committed: Flask) -> None:
    """Three writers, of whom every fifth operation dies, and two sequencers that fight for the lease."""
    stopping, failures = threading.Event(), []

    def write(side: int) -> None:
        with committed.app_context():
            for number in range(40):
                try:
                    records.publish(fails=number % 5 == 4)
                except RuntimeError:
                    db.session.rollback()
                except Exception as error:
                    failures.append(error)

    with committed.app_context():
        sequencing.begin(committed.extensions["settings"], _key(committed))
    sequencers = [
        threading.Thread(target=sequencing.serve, args=(committed, stopping, f"s{number}")) for number in (1, 2)
    ]
    writers = [threading.Thread(target=write, args=(side,)) for side in range(3)]
    for thread in (*sequencers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    with committed.app_context():
        assert failures == []
        _until(lambda: not log_queries.is_waiting())
    stopping.set()
    for thread in sequencers:
        thread.join()

    with committed.app_context():
        _whole(97)  # 3 x 32 and the policy
        sizes = list(db.session.scalars(select(RecordCheckpoint.size).order_by(RecordCheckpoint.size)))
        roots = {row.size: row.root for row in db.session.scalars(select(RecordCheckpoint))}
        for old, new in itertools.pairwise(size for size in sizes if size):
            proof = log_queries.consistency(old, new)
            assert merkle.verify_consistency(old, new, roots[old], roots[new], proof)


def test_a_sequencer_that_sleeps_past_its_lease_writes_nothing_when_it_wakes(committed: Flask, monkeypatch) -> None:
    """Asleep between two turns, and asleep in the middle of one: the database ends its transaction, another goes on."""
    settings, private = committed.extensions["settings"], _key(committed)
    with committed.app_context():
        _forget_lease()
        assert log_operations.place_leaves("sleeper") == (0, True)
        assert log_operations.place_leaves("other") is None
        before = log_queries.log().size
        records.publish()
        _run_out()
        assert sequencing.work(settings, private, "other") == 0
        assert log_operations.place_leaves("sleeper") is None
        assert sequencing.work(settings, private, "other") == 1

        # in the middle of a turn
        records.publish()
        _forget_lease()
        log_operations.place_leaves("sleeper")
        grown = log_operations.tiles.grown
        monkeypatch.setattr(log_operations.tiles, "grown", lambda *given: _asleep(grown, *given))
        with pytest.raises(SQLAlchemyError):
            _sleepily("sleeper")
        db.session.rollback()
        monkeypatch.setattr(log_operations.tiles, "grown", grown)
        assert log_queries.log().size == before + 1
        assert log_operations.place_leaves("other") is None
        _run_out()
        assert sequencing.work(settings, private, "other") == 0
        assert sequencing.work(settings, private, "other") == 1
        _whole(before + 2)


def test_a_sequencer_that_dies_between_placing_and_signing_is_continued(committed: Flask) -> None:
    with committed.app_context():
        _forget_lease()
        records.publish()
        assert log_operations.place_leaves("dying") == (0, True)
        placed = log_operations.place_leaves("dying")
        assert placed is not None
        assert placed[0] >= 1
        _forget_lease()
        sequencing.work(committed.extensions["settings"], _key(committed), "next")

        newest = log_queries.newest_checkpoint()
        assert newest is not None
        assert newest.size == log_queries.log().size
        # whoever signs the same tree signs the same
        assert notes.sign(notes.read_note(newest.note).text, log_queries.log().origin, _key(committed)) in (
            notes.read_note(newest.note).signatures
        )


@pytest.mark.parametrize("what", ["a tile", "the log's row", "fewer leaves", "a checkpoint"])
def test_a_record_that_was_changed_is_not_signed_again(app: Flask, what: str) -> None:
    """KF-AUD-01, KF-AUD-02, I1, I2: a changed hash, a changed head, a restored older copy: the log stops and says so."""
    for _ in range(3):
        records.publish()
    records.settle()
    signed = db.session.scalar(select(func.count()).select_from(RecordCheckpoint))
    if what == "a tile":
        hashes = log_queries.tile(0, 0)
        db.session.execute(update(RecordTile).values(hashes=bytes(32) + hashes[32:]))
    elif what == "the log's row":
        db.session.execute(update(RecordLog).values(root=bytes(32), size=RecordLog.size))
    elif what == "fewer leaves":
        db.session.execute(update(RecordLog).values(size=2, root=merkle.root_of(log_queries.reader(), 0, 2)))
    else:
        db.session.execute(update(RecordCheckpoint).values(note=func.replace(RecordCheckpoint.note, "= ", "A ")))
        db.session.execute(update(RecordCheckpoint).values(note=RecordCheckpoint.note + "x"))
    db.session.expire_all()
    records.publish()

    _forget_lease()
    log_operations.place_leaves("s")
    with pytest.raises(Halted):
        sequencing.work(app.extensions["settings"], _key(app), "s")
    assert db.session.scalar(select(func.count()).select_from(RecordCheckpoint)) == signed
    assert log_queries.log().halted
    with pytest.raises(Halted):
        log_operations.place_leaves("s")


def test_a_log_keeps_its_name_and_a_new_policy_leaves_a_leaf(app: Flask) -> None:
    records.settle()
    trusted = log_queries.trusted()
    with pytest.raises(Halted, match="is called"):
        log_operations.open_log("another.example/record", trusted)
    log_operations.open_log(log_queries.log().origin, policy.Policy(trusted.logs))
    records.settle()
    assert [leaf.event for leaf in db.session.scalars(log_queries.leaves())] == ["record.policy"] * 3
    assert json.loads(log_queries.leaf_at(0).body)["digest"]


def _key(app: Flask) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(app.extensions["settings"].record_key)


def _whole(size: int) -> None:
    """Places 0 to `size` - 1, each once; tiles and root as the leaves give them."""
    rows = db.session.execute(select(RecordLeaf.position, RecordLeaf.body).order_by(RecordLeaf.position)).all()
    assert [row.position for row in rows] == list(range(size))
    root = merkle.root([merkle.leaf_hash(row.body) for row in rows])
    assert (log_queries.log().size, log_queries.log().root) == (size, root)
    assert merkle.root_of(log_queries.reader(), 0, size) == root


@transactional
def _run_out() -> None:
    """As after five seconds in which the holder did nothing."""
    db.session.execute(update(RecordLog).values(until=func.now() - text("interval '1 second'")))


@transactional
def _forget_lease() -> None:
    db.session.execute(update(RecordLog).values(until=func.now() - text("interval '1 hour'"), holder=""))


@transactional
def _sleepily(holder: str) -> None:
    db.session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 200"))
    log_operations.place_leaves(holder)


def _asleep(grown, *given):
    time.sleep(0.5)
    return grown(*given)


def _until(done) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        db.session.rollback()
        time.sleep(0.02)
