"""The log: leaves get their places, tiles grow, checkpoints are signed and cosigned.

Placing and signing are two transactions. The first is done by the holder of the lease alone, under the lock of the log's row,
so a sequencer that slept and wakes up finds its lease gone and writes nothing. The second signs only what the first committed,
and only what the tiles show to continue the last signed checkpoint: whoever signs signs the same (Ed25519 is deterministic).
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.db import db
from market.record import log_queries, merkle, notes, operations, policy, tiles
from market.record.findings import Unproven
from market.record.models import RecordCheckpoint, RecordCosignature, RecordLeaf, RecordLog, RecordTile
from market.record.notes import Checkpoint
from market.transaction import transactional

#: how long a lease lasts unless it is renewed
LEASE = timedelta(seconds=5)
#: leaves that get their places in one transaction at most
BATCH = 4096

_PLACE = text(
    "UPDATE record_leaf SET position = given.position"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:positions AS bigint[])) AS given(id, position)"
    " WHERE record_leaf.id = given.id AND record_leaf.position IS NULL"
)


class Halted(Exception):
    """The log has stopped, since going on would mean to say two things; the text says why."""


@transactional
def open_log(origin: str, trusted: policy.Policy) -> RecordLog:
    """Give the log its name, once, and publish its policy; a changed policy leaves a leaf with its digest.

    Raises `Halted` when the log has another name: a log is never renamed.
    """
    log = db.session.scalar(select(RecordLog).with_for_update())
    if log is None:
        raise AssertionError("the log's row is missing: run the migrations")
    if log.origin not in ("", origin):
        raise Halted(f"the log is called {log.origin}, not {origin}: see WEST_MARKET_RECORD_ORIGIN")
    wanted = policy.write(trusted)
    if log.policy != wanted:
        at = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha256(wanted.encode()).hexdigest()
        operations.publish_leaf({"event": "record.policy", "at": at, "digest": digest})
        log.policy = wanted
    log.origin = origin
    return log


@transactional
def place_leaves(holder: str, most: int = BATCH) -> tuple[int, bool] | None:
    """Take or renew the lease for `holder` and give up to `most` waiting leaves, oldest first, the next places.

    Gives how many leaves were placed and whether the lease was taken from another; None while somebody else holds it or is at
    it. Raises `Halted` when the log has stopped.
    """
    found = db.session.execute(
        select(RecordLog, func.clock_timestamp())
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        return None
    log, now = found
    if log.halted:
        raise Halted(log.halted)
    taken = log.holder != holder
    if taken and log.until > now:
        return None
    log.holder, log.until = holder, now + LEASE
    if taken:
        # nothing is placed before the witnesses have been asked whether they have seen more than is here
        return 0, True
    rows = db.session.execute(
        select(RecordLeaf.id, RecordLeaf.body).where(RecordLeaf.position.is_(None)).order_by(RecordLeaf.id).limit(most)
    ).all()
    if rows:
        _append(log, [row.id for row in rows], [row.body for row in rows])
    return len(rows), False


@transactional
def sign_checkpoint(private: Ed25519PrivateKey) -> Checkpoint | None:
    """Sign the tree as it was committed last; None when that is done already.

    Raises `Halted`, and stops the log, when the tiles do not show that the tree continues the last signed one.
    """
    log = log_queries.log()
    last = log_queries.newest_checkpoint()
    if last is not None and last.size == log.size and last.root == log.root:
        return None
    said = Checkpoint(log.origin, log.size, log.root)
    key = notes.Key(log.origin, notes.ED25519, private.public_key().public_bytes_raw())
    if fault := _does_not_continue(last, said, key):
        raise Halted(fault)
    trusted = policy.read(log.policy)
    db.session.execute(
        insert(RecordCheckpoint)
        .values(
            size=said.size,
            root=said.root,
            note=str(notes.Note(said.body, (notes.sign(said.body, log.origin, private),))),
            signed_at=clock.real(),
            witnessed_at=clock.real() if trusted.satisfied_at({}) is not None else None,
        )
        .on_conflict_do_nothing()
    )
    return said


@transactional
def keep_cosignatures(size: int, lines: Sequence[notes.Signature]) -> None:
    """Keep the witnesses' lines under the checkpoint of `size`. Lines of unknown keys are left out; one that does not hold
    raises `Unproven`. Once the quorum is reached, the checkpoint is the one that is shown."""
    row = db.session.get(RecordCheckpoint, size, with_for_update=True, populate_existing=True)
    if row is None:
        raise Unproven("checkpoint", f"none of {size} leaves was signed here")
    trusted = log_queries.trusted()
    note = notes.read_note(row.note)
    names = {witness.key: witness.name for witness in trusted.witnesses}
    for line in lines:
        for key in notes.verify(notes.Note(note.text, (line,)), names, "cosignature", strict=False):
            values = {"size": size, "witness": names[key], "line": str(line)}
            db.session.execute(insert(RecordCosignature).values(values).on_conflict_do_nothing())
    times = policy.verify_times(log_queries.note_of(row), trusted)
    if row.witnessed_at is None and trusted.satisfied_at(times) is not None:
        row.witnessed_at = clock.real()


@transactional
def halt(why: str) -> None:
    """Stop the log for good: nothing gets a place and nothing is signed any more, and the page of the record says `why`."""
    db.session.execute(update(RecordLog).where(RecordLog.halted == "").values(halted=why))


def _append(log: RecordLog, ids: list[int], bodies: list[bytes]) -> None:
    """Place leaves behind the log's last one and let its tiles grow. `Halted` when what is there is not what was left."""
    highest = db.session.scalar(select(func.max(RecordLeaf.position)))
    if (0 if highest is None else highest + 1) != log.size:
        raise Halted(f"{log.size} leaves were placed, and the last one here has the place {highest}")
    places = list(range(log.size, log.size + len(ids)))
    placed = db.session.execute(_PLACE, {"ids": ids, "positions": places})
    if placed.rowcount != len(ids):  # type: ignore[attr-defined]
        raise AssertionError("a leaf that waited has got a place from somebody else")
    fetch = cache(log_queries.tile)
    try:
        before = merkle.root_of(tiles.reader(fetch), 0, log.size)
    except LookupError as fault:
        raise Halted(f"the record was changed: {fault}") from None
    if before != log.root:
        raise Halted(f"the tiles do not give the root of the {log.size} leaves that were placed")
    changed = tiles.grown(log.size, fetch, [merkle.leaf_hash(body) for body in bodies])
    grow = insert(RecordTile)
    db.session.execute(
        grow.on_conflict_do_update(index_elements=["level", "place"], set_={"hashes": grow.excluded.hashes}),
        [{"level": level, "place": place, "hashes": hashes} for (level, place), hashes in changed.items()],
    )
    log.size += len(ids)
    read = tiles.reader(lambda level, place: changed.get((level, place)) or fetch(level, place))
    log.root = merkle.root_of(read, 0, log.size)


def _does_not_continue(last: RecordCheckpoint | None, said: Checkpoint, key: notes.Key) -> str:
    """Why `said` must not be signed after `last`; empty when it may be."""
    try:
        read = log_queries.reader_around(said.size, last.size - 1 if last else 0)
        if merkle.root_of(read, 0, said.size) != said.root:
            return f"the tiles do not give the root of the {said.size} leaves that were placed"
        if last is None:
            return ""
        before = notes.verify_log(notes.read_note(last.note), [key])
        if before.size > said.size:
            return f"a checkpoint of {before.size} leaves was signed, and only {said.size} are here"
        proof = merkle.consistency_proof(read, before.size, said.size)
        if before.size and not merkle.verify_consistency(before.size, said.size, before.root, said.root, proof):
            return f"the tree of {said.size} leaves does not continue the signed one of {before.size}"
    except (LookupError, Unproven) as fault:
        return f"the record was changed: {fault}"
    return ""
