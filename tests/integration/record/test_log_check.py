"""`record check`: whatever row of the log somebody changes in the database, the check names it."""

from flask import Flask
from sqlalchemy import text

from market.db import db
from market.record import log_check, merkle
from tests.integration.factories import records

#: what is changed, and what the check says of it
CHANGES = (
    (
        "UPDATE record_leaf SET body = body || ' '::bytea WHERE position = 1",
        "leaf 1 is not the one that was hashed",
    ),
    ("DELETE FROM record_leaf WHERE position = 1", "leaf 1 is missing"),
    ("UPDATE record_leaf SET position = 9 WHERE position = 4", "leaf 9 stands behind the log's end"),
    (
        "UPDATE record_leaf SET body = (SELECT body FROM record_leaf WHERE position = 2) WHERE position = 0",
        "leaf 0 is not the one that was hashed",
    ),
    ("UPDATE record_tile SET hashes = sha256(hashes)", "leaf 0 is not the one that was hashed"),
    ("UPDATE record_log SET root = sha256(root)", "the tiles do not give the root of the log's 5 leaves"),
    ("UPDATE record_checkpoint SET root = sha256(root) WHERE size = 5", "of 5 leaves says something else"),
    ("UPDATE record_checkpoint SET note = replace(note, E'=\\n', E'A=\\n')", "the checkpoint of"),
    (
        "UPDATE record_checkpoint SET note = replace(note, E'\\n5\\n', E'\\n4\\n') WHERE size = 5",
        "the signature of west-market.example",
    ),
    ("UPDATE record_cosignature SET line = replace(line, 'AAAA', 'AAAB')", "does not hold"),
    ("UPDATE record_log SET halted = 'a witness has seen more'", "the log has stopped: a witness has seen more"),
)


def test_every_change_of_a_row_is_named(app: Flask) -> None:
    """KF-AUD-01: body, place, order, hash, signature, one at a time."""
    records.publish()
    records.publish()
    records.settle(quorum=2)
    records.publish()
    records.settle()
    records.with_witnesses(2)
    assert list(log_check.faults()) == []

    for change, says in CHANGES:
        with db.session.begin_nested() as attempt:
            db.session.execute(text(change))
            db.session.expire_all()
            found = list(log_check.faults())
            attempt.rollback()
        db.session.expire_all()
        assert any(says in fault for fault in found), (change, found)
    assert list(log_check.faults()) == []


def test_a_changed_entry_with_its_hash_changed_too_is_named_beyond_the_first_tile(app: Flask) -> None:
    """KF-AUD-01: the root is read from the tiles above, which must not hide a change below."""
    for _ in range(300):
        records.publish()
    records.settle()
    assert list(log_check.faults()) == []
    other = b'{"event":"envelope.received","digest":"changed"}'
    db.session.execute(text("UPDATE record_leaf SET body = :body WHERE position = 3"), {"body": other})
    changed = text(
        "UPDATE record_tile SET hashes = overlay(hashes placing :hash from 97 for 32) WHERE level = 0 AND place = 0"
    )
    db.session.execute(changed, {"hash": merkle.leaf_hash(other)})
    db.session.expire_all()
    assert "tile 0/0 does not give the hash above it" in list(log_check.faults())
