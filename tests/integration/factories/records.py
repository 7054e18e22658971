"""The public record in tests: leaves by the market's own operation, places and signatures here and now, witnesses in memory."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app

from market.record import log_operations, log_queries, notes, operations, policy, sequencing
from market.record.notes import COSIGNATURE, Checkpoint, Key
from market.record.policy import Group, Policy, Witness
from market.transaction import transactional

NAMES = ("authority", "chamber", "university")
KEYS = tuple(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (71, 72, 73))


def withdrawn(vendor: str = "V-000000000", at: str = "2026-03-04T02:00:00Z") -> dict[str, Any]:
    """The facts of a leaf."""
    return {"event": "vendor.withdrawn", "at": at, "vendor": vendor}


@transactional
def publish(facts: dict[str, Any] | None = None, *, subjects: Sequence[str] = (), fails: bool = False) -> None:
    """An operation that leaves one leaf; with `fails` it dies before the commit."""
    operations.publish_leaf(facts or withdrawn(), subjects=subjects)
    if fails:
        raise RuntimeError("the operation died")


def settle(*, quorum: int = 0, at: int = 1_772_589_600) -> Checkpoint:
    """Give all leaves their places and sign; with a `quorum` the three witnesses in memory cosign at the Unix second `at`."""
    sequencing.settle(current_app._get_current_object())  # type: ignore[attr-defined]
    if quorum:
        with_witnesses(quorum)
        cosign(at)
    row = log_queries.newest_checkpoint()
    assert row is not None
    return notes.read_checkpoint(notes.read_note(row.note).text)


@transactional
def with_witnesses(quorum: int) -> Policy:
    """Publish a policy with the three witnesses, `quorum` of which must have seen a checkpoint."""
    log = log_queries.log()
    public = [key.public_key().public_bytes_raw() for key in KEYS]
    witnesses = tuple(
        Witness(name, Key(f"{name}.example", COSIGNATURE, key)) for name, key in zip(NAMES, public, strict=True)
    )
    before = policy.read(log.policy)
    made = Policy(before.logs, witnesses, (Group("witnesses", quorum, NAMES),), "witnesses", before.beacons)
    log.policy = policy.write(made)
    return made


def cosign(at: int, names: Sequence[str] = NAMES) -> None:
    """Have the witnesses `names` cosign the newest checkpoint at the Unix second `at`."""
    row = log_queries.newest_checkpoint()
    assert row is not None
    said = notes.read_checkpoint(notes.read_note(row.note).text)
    lines = [
        notes.cosign(said, f"{name}.example", key, at) for name, key in zip(NAMES, KEYS, strict=True) if name in names
    ]
    log_operations.keep_cosignatures(row.size, lines)
