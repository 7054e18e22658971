"""The hash chain over audit rows: pure.

A row's hash is SHA-256 over the canonical JSON (RFC 8785) of all its fields and the hash of the row before, so that a change
of any field, an exchange, a gap and a branch are found at the right row.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from market.kernel import canonical

#: stands before the first row
GENESIS = hashlib.sha256(b"west-market audit v1").hexdigest()

FIELDS = (
    "number", "at", "event", "subjects", "person", "role", "organisation", "district", "on_behalf_of", "channel", "facts",
)  # fmt: skip


def row_hash(row: Mapping[str, Any], before: str) -> str:
    """Hex SHA-256 of `row` (all of FIELDS; times as ISO 8601 UTC text) chained to `before`, the hash of the row before."""
    body = {name: row[name] for name in FIELDS} | {"before": before}
    return hashlib.sha256(canonical.leaf(body)).hexdigest()


def check(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence for each fault in `rows` (by number, each with `hash`); none means the chain is whole."""
    faults = []
    before, expected = GENESIS, 1
    for row in rows:
        if row["number"] != expected:
            faults.append(f"row {expected} is missing: the next one is {row['number']}")
            expected = row["number"]
        if row_hash(row, before) != row["hash"]:
            faults.append(f"row {row['number']} does not match its hash or the row before it")
        before, expected = row["hash"], expected + 1
    return faults
