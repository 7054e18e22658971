"""Recording: the last line of every operation, and the check of what was recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.record import chain, shapes
from market.record.models import AuditEntry, AuditHead, RecordLeaf


def record(event: Any, *, by: Actor) -> None:
    """Say that `event` happened by `by`. Its audit row, reactions and outbox rows are made before the commit.

    `event` is a frozen dataclass from a domain's events.py; its class says in ABOUT which fields hold the codes of the things
    it happened to. Money is integer fen, days are ISO text, no personal data.
    """
    db.session.info.setdefault("events", []).append((event, by, clock.now()))


def publish_leaf(facts: Mapping[str, Any], *, subjects: Iterable[str] = ()) -> RecordLeaf:
    """Write a leaf of the public record in this transaction; the sequencer gives it its place after the commit.

    `facts` hold `event` and exactly the fields that shapes.SHAPES permits for it: codes, digests, days, moments in UTC,
    numbers, words. `subjects` are the codes under which `log_queries` finds the leaf again; they are never shown. Raises
    `NotPublishable` for other facts, so that no personal data can become public by a slip. `.id` is known after a flush.
    """
    row = RecordLeaf(event=facts.get("event", ""), body=shapes.leaf(facts), subjects=list(subjects))
    db.session.add(row)
    return row


def append(entries: list[tuple[Any, Actor, datetime]]) -> None:
    """Write the audit rows of `entries` in order, chained to the last one. Called by the transaction alone.

    The head row is locked from here to the commit: as short as it can be, since everybody who writes waits for it.
    """
    head = db.session.scalar(select(AuditHead).with_for_update().execution_options(populate_existing=True))
    if head is None:
        raise AssertionError("the audit head is missing: run the migrations")
    for event, by, at in entries:
        row = {
            "number": head.number + 1,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "event": type(event).__name__,
            "subjects": [value for name in event.ABOUT if (value := getattr(event, name))],
            "person": by.person,
            "role": str(by.role) if by.role else None,
            "organisation": by.organisation,
            "district": by.district,
            "on_behalf_of": by.on_behalf_of,
            "channel": str(by.channel),
            "facts": {f.name: _plain(getattr(event, f.name)) for f in fields(event)},
        }
        row_hash = chain.row_hash(row, head.hash)
        db.session.add(AuditEntry(**(row | {"at": at, "hash": row_hash})))
        head.number, head.hash = head.number + 1, row_hash


def _plain(value: Any) -> Any:
    """A fact as canonical JSON can hold it: integers, texts, booleans, lists, maps."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)
