"""The check of the whole log against its rows: leaves, places, tiles, checkpoints, signatures. Slow by design: it reads all."""

from collections.abc import Iterator

from sqlalchemy import select

from market.db import db
from market.record import log_queries, merkle, notes, policy, tiles
from market.record.findings import Unproven
from market.record.models import RecordCheckpoint, RecordLeaf

#: leaves that are read at once
PORTION = tiles.WIDTH * 16


def faults() -> Iterator[str]:
    """One sentence for each leaf, tile or checkpoint that is not as the others say. None means that the log is whole.

    After a database was restored from an older copy, a checkpoint that somebody kept says more leaves than are here:
    `bin/market record compare` with that one finds it, and the witnesses stop the sequencer.
    """
    log = log_queries.log()
    if log.halted:
        yield f"the log has stopped: {log.halted}"
    yield from _leaf_faults(log.size)
    yield from _tile_faults(log.size)
    read = log_queries.reader()
    try:
        yield from _checkpoint_faults(read, policy.read(log.policy) if log.policy else None)
        if merkle.root_of(read, 0, log.size) != log.root:
            yield f"the tiles do not give the root of the log's {log.size} leaves"
    except LookupError as missing:
        yield str(missing)
    except Unproven as found:
        yield str(found)


def _leaf_faults(size: int) -> Iterator[str]:
    """Places without a gap, and each leaf's hash in its tile."""
    for start in range(0, size, PORTION):
        rows = db.session.execute(
            select(RecordLeaf.position, RecordLeaf.body)
            .where(RecordLeaf.position >= start, RecordLeaf.position < start + PORTION)
            .order_by(RecordLeaf.position)
        ).all()
        bodies = {row.position: row.body for row in rows}
        hashes = b"".join(
            log_queries.tile(0, place)[: tiles.FULL].ljust(tiles.FULL, b"\0")
            for place in range(start // tiles.WIDTH, -(-min(size, start + PORTION) // tiles.WIDTH))
        )
        for position in range(start, min(size, start + PORTION)):
            body = bodies.get(position)
            if body is None:
                yield f"leaf {position} is missing"
            elif merkle.leaf_hash(body) != hashes[(position - start) * 32 : (position - start + 1) * 32]:
                yield f"leaf {position} is not the one that was hashed"
    beyond = db.session.scalar(select(RecordLeaf.position).where(RecordLeaf.position >= size).limit(1))
    if beyond is not None:
        yield f"leaf {beyond} stands behind the log's end"


def _tile_faults(size: int) -> Iterator[str]:
    """Each full tile's hash in the tile above: the root is read from the upper ones, which must not hide a change below."""
    level = 0
    while full := size >> (tiles.HEIGHT * (level + 1)):
        for place in range(full):
            rows = tiles.folded(log_queries.tile(level, place))
            above = log_queries.tile(level + 1, place // tiles.WIDTH)
            at = place % tiles.WIDTH * merkle.SIZE
            if len(rows) <= tiles.HEIGHT or rows[tiles.HEIGHT] != above[at : at + merkle.SIZE]:
                yield f"tile {level}/{place} does not give the hash above it"
        level += 1


def _checkpoint_faults(read: merkle.Reader, trusted: policy.Policy | None) -> Iterator[str]:
    for row in db.session.scalars(select(RecordCheckpoint).order_by(RecordCheckpoint.size)):
        try:
            if trusted is None:
                raise Unproven("policy", "there is none")
            note = log_queries.note_of(row)
            said = notes.verify_log(note, [one.key for one in trusted.logs])
            policy.verify_times(note, trusted)
            if (said.size, said.root) != (row.size, row.root):
                yield f"the checkpoint of {row.size} leaves says something else"
            elif merkle.root_of(read, 0, said.size) != said.root:
                yield f"the leaves do not give the root that was signed for {row.size} of them"
        except Unproven as found:
            yield f"the checkpoint of {row.size} leaves: {found}"
