"""Reading the record."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from sqlalchemy import Select, select

from market.db import db
from market.record import chain
from market.record.models import AuditEntry


def history_of(code: str) -> Select[AuditEntry]:
    """What happened to the thing with public `code`, newest first."""
    return select(AuditEntry).where(AuditEntry.subjects.contains([code])).order_by(AuditEntry.number.desc())


def done_for(person_code: str) -> Select[AuditEntry]:
    """What others did in the name of a person, newest first."""
    return select(AuditEntry).where(AuditEntry.on_behalf_of == person_code).order_by(AuditEntry.number.desc())


def chain_faults() -> list[str]:
    """One sentence for each audit row that does not match its hash, its neighbour or its number."""
    return chain.check(_rows())


def _rows() -> Iterator[dict[str, Any]]:
    for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)):
        row = {name: getattr(entry, name) for name in (*chain.FIELDS, "hash")}
        yield row | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}
