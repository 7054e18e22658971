"""Reading the public record: leaves, tiles, checkpoints with their cosignatures, proofs and receipts."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select, text

from market.db import db
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.record import merkle, notes, policy, tiles, tlog_proof
from market.record.models import RecordCheckpoint, RecordCosignature, RecordLeaf, RecordLog, RecordTile
from market.record.notes import Checkpoint
from market.record.policy import Policy
from market.record.tlog_proof import Receipt

_TILES = text(
    "SELECT level, place, hashes FROM record_tile"
    " JOIN unnest(CAST(:levels AS smallint[]), CAST(:places AS bigint[])) AS wanted(level, place) USING (level, place)"
)


def log() -> RecordLog:
    """The log's row as the database has it now."""
    found = db.session.scalar(select(RecordLog).execution_options(populate_existing=True))
    if found is None:
        raise AssertionError("the log's row is missing: run the migrations")
    return found


def trusted() -> Policy:
    """The policy that this market publishes. `NotFound` until its sequencer ran for the first time."""
    published = log().policy
    if not published:
        raise NotFound(N_("The public record has not begun yet: its sequencer has not run."))
    return policy.read(published)


# Leaves -----------------------------------------------------------------------------------------------------------------


def leaf_at(position: int) -> RecordLeaf:
    """The leaf with that place. `NotFound` if there is none."""
    wanted = select(RecordLeaf).where(RecordLeaf.position == position)
    found = db.session.scalar(wanted) if position <= notes.LARGEST else None
    if found is None:
        raise NotFound(N_("The public record has no entry %(position)s."), position=position)
    return found


def leaves_about(subject: str, event: str | None = None) -> list[RecordLeaf]:
    """The leaves that were published under the code `subject` (of one kind of event), oldest first; those without a place
    yet come last. What a leaf was published under is not public: show it to whom it concerns."""
    found = select(RecordLeaf).where(RecordLeaf.subjects.contains([subject]))
    if event is not None:
        found = found.where(RecordLeaf.event == event)
    return list(db.session.scalars(found.order_by(RecordLeaf.position.asc().nulls_last(), RecordLeaf.id)))


def leaves(event: str | None = None) -> Select[Any]:
    """The leaves that have a place, newest first, of one kind of event or of all."""
    found = select(RecordLeaf).where(RecordLeaf.position.is_not(None))
    if event is not None:
        found = found.where(RecordLeaf.event == event)
    return found.order_by(RecordLeaf.position.desc())


def facts_of(leaf: RecordLeaf) -> dict[str, Any]:
    """What the leaf says, beside its event."""
    facts = json.loads(leaf.body)
    facts.pop("event", None)
    return facts


def events() -> list[str]:
    """The kinds of events that the record holds, in alphabetical order (a loose index scan: one step for each kind)."""
    found: list[str] = []
    last: str | None = ""
    while (
        last := db.session.scalar(
            select(func.min(RecordLeaf.event)).where(RecordLeaf.event > last, RecordLeaf.position.is_not(None))
        )
    ) is not None:
        found.append(last)
    return found


def waiting() -> int:
    """How many leaves are committed and have no place yet."""
    return db.session.scalar(select(func.count()).where(RecordLeaf.position.is_(None))) or 0


def is_waiting() -> bool:
    """True when a committed leaf has no place yet."""
    return db.session.scalar(select(RecordLeaf.id).where(RecordLeaf.position.is_(None)).limit(1)) is not None


# Tree -------------------------------------------------------------------------------------------------------------------


def tile(level: int, place: int) -> bytes:
    """The hashes of a tile, one after the other; empty where there is none."""
    found = select(RecordTile.hashes).where(RecordTile.level == level, RecordTile.place == place)
    return db.session.scalar(found) or b""


def reader() -> merkle.Reader:
    """A reader of the whole tree over its tiles, for one task: each tile is fetched once."""
    return tiles.reader(tile)


def reader_around(size: int, *positions: int) -> merkle.Reader:
    """A reader for proofs about these leaves in the tree of `size`: their tiles come in one question, others when needed."""
    wanted = {
        (level, position >> tiles.HEIGHT * (level + 1))
        for level in range(1 + (max(size - 1, 0).bit_length() - 1) // tiles.HEIGHT)
        for position in (*positions, size - 1)
        if 0 <= position < size
    }
    found = _TILES, {"levels": [level for level, _ in wanted], "places": [place for _, place in wanted]}
    known = {(level, place): bytes(hashes) for level, place, hashes in db.session.execute(*found)}
    return tiles.reader(lambda level, place: known.get((level, place)) or tile(level, place))


def entries(place: int, width: int) -> list[bytes]:
    """The first `width` leaves of entry bundle `place` (256 leaves each)."""
    start = place * tiles.WIDTH
    if start + width > notes.LARGEST:
        return []
    found = (
        select(RecordLeaf.body)
        .where(RecordLeaf.position >= start, RecordLeaf.position < start + width)
        .order_by(RecordLeaf.position)
    )
    return list(db.session.scalars(found))


# Checkpoints ------------------------------------------------------------------------------------------------------------


def shown_checkpoint() -> RecordCheckpoint | None:
    """The newest checkpoint that the quorum has seen; None before the first."""
    return db.session.scalar(_witnessed().order_by(RecordCheckpoint.size.desc()).limit(1))


def newest_checkpoint() -> RecordCheckpoint | None:
    """The newest checkpoint that the log signed, whoever has seen it."""
    return db.session.scalar(select(RecordCheckpoint).order_by(RecordCheckpoint.size.desc()).limit(1))


def checkpoint_with(position: int) -> RecordCheckpoint | None:
    """The first checkpoint seen by the quorum that holds leaf `position`; None as long as there is none."""
    return db.session.scalar(
        _witnessed().where(RecordCheckpoint.size > position).order_by(RecordCheckpoint.size).limit(1)
    )


def note_of(row: RecordCheckpoint) -> notes.Note:
    """A checkpoint as a note: the log's signature, then the cosignatures that are kept, by name of the witness."""
    signed = notes.read_note(row.note)
    lines = db.session.scalars(
        select(RecordCosignature.line).where(RecordCosignature.size == row.size).order_by(RecordCosignature.witness)
    )
    kept = tuple(notes.read_note(f"{signed.text}\n{line}").signatures[0] for line in lines)
    return notes.Note(signed.text, signed.signatures + kept)


def verified(row: RecordCheckpoint) -> Checkpoint:
    """The checkpoint with the times of those cosignatures whose witnesses the published policy names today; raises `Unproven`
    when the log's signature does not hold. Whether the quorum of its day had seen it, its row says."""
    note, now = note_of(row), trusted()
    return notes.cosigned(notes.verify_log(note, [one.key for one in now.logs]), policy.verify_times(note, now))


# Proofs -----------------------------------------------------------------------------------------------------------------


def inclusion(position: int, size: int) -> list[bytes]:
    """The proof that leaf `position` is in the tree of `size` leaves; IndexError when it is not."""
    return merkle.inclusion_proof(reader_around(size, position), position, size)


def consistency(old: int, size: int) -> list[bytes]:
    """The proof that the tree of `size` leaves continues that of `old`; IndexError when `old` is larger."""
    return merkle.consistency_proof(reader_around(size, old - 1), old, size)


def receipt(leaf: RecordLeaf, *, salt: str | None = None, envelope: str | None = None) -> Receipt | None:
    """The receipt of a leaf against the first checkpoint that holds it and that the quorum has seen; None until then.

    The same file at any later time. `salt` and `envelope`: of a sealed bid, for its bidder alone (tlog_proof.py).
    """
    if leaf.position is None or (row := checkpoint_with(leaf.position)) is None:
        return None
    extra = tlog_proof.extra_of(json.loads(leaf.body), salt=salt, envelope=envelope)
    proof = inclusion(leaf.position, row.size)
    return Receipt(leaf.position, tuple(proof), str(note_of(row)), extra)


def cosigned_by(size: int) -> Collection[str]:
    """The names of the witnesses whose lines under the checkpoint of `size` are kept."""
    return set(db.session.scalars(select(RecordCosignature.witness).where(RecordCosignature.size == size)))


def seen_by(witness: str) -> int:
    """The largest size that the witness has cosigned here; 0 for none."""
    found = select(func.max(RecordCosignature.size)).where(RecordCosignature.witness == witness)
    return db.session.scalar(found) or 0


def _witnessed() -> Select[Any]:
    return select(RecordCheckpoint).where(RecordCheckpoint.witnessed_at.is_not(None))
