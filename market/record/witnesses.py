"""Asking witnesses to cosign the newest checkpoint (C2SP tlog-witness, add-checkpoint).

A witness that has seen more leaves than are here, or other ones, proves that the record went back or forked (a database restored
from an older copy, for instance): then the log stops for good, before it says a second thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from market.config import Settings
from market.db import db
from market.record import log_operations, log_queries, notes
from market.record.findings import Unproven
from market.record.log_operations import Halted
from market.record.models import RecordCheckpoint
from market.record.notes import Key
from market.record.policy import Beacon, Group, Log, Policy, Witness

#: seconds to wait for a connection and for an answer
CONNECT, ANSWER = 1.0, 5.0
#: bytes of an answer that are read at most
LONGEST = 64 * 1024
GROUP = "witnesses"


class Refused(Exception):
    """A witness gave no cosignature, by an answer that says nothing against the log (unknown log, bad request, fault)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Cosignature lines, or the size that the witness has seen last where the market believed another."""

    lines: Sequence[notes.Signature] = ()
    size: int | None = None


def policy_of(settings: Settings, origin: str, public: bytes) -> Policy:
    """The policy of this installation: its log, the witnesses of the settings, k of n, and the beacons.

    Addresses are left out, since whoever checks needs none. Raises `Unproven` of `policy` for a setting that is none.
    """
    listed = witnesses_of(settings)
    names = tuple(witness.name for witness in listed)
    log = Log(Key(origin, notes.ED25519, public))
    groups: tuple[Group, ...] = ()
    quorum = "none"
    if names:
        wanted = settings.witness_quorum or len(names) // 2 + 1
        if wanted > len(names):
            raise Unproven("policy", f"WEST_MARKET_WITNESS_QUORUM wants {wanted} of {len(names)} witnesses")
        groups, quorum = (Group(GROUP, wanted, names),), GROUP
    known = tuple(Witness(witness.name, witness.key) for witness in listed)
    return Policy((log,), known, groups, quorum, tuple(map(_beacon, settings.beacons)))


def witnesses_of(settings: Settings) -> list[Witness]:
    """The witnesses of the settings with their addresses. Raises `Unproven` of `policy` for an entry that is none."""
    found = []
    for entry in settings.witnesses:
        words = entry.split()
        if len(words) != 3:
            raise Unproven("policy", f"WEST_MARKET_WITNESSES: {entry!r} is not name, vkey and address")
        key = notes.read_key(words[1])
        if key.kind != notes.COSIGNATURE:
            raise Unproven("policy", f"WEST_MARKET_WITNESSES: the key of {words[0]} is no witness's key")
        found.append(Witness(words[0], key, words[2].rstrip("/")))
    return found


def bring_up_to_date(client: httpx.Client, witness: Witness, *, old: int | None = None) -> bool:
    """Have the witness cosign the newest checkpoint if it has not; True when a line was kept.

    `old` is what the witness has seen last as far as is known here; by default what it has cosigned here. Raises `Halted`, and
    stops the log, when the witness has seen what the record does not hold; `Refused` and httpx errors for other failures.
    """
    row = log_queries.newest_checkpoint()
    seen = log_queries.seen_by(witness.name) if old is None else old
    if row is None or (witness.name in log_queries.cosigned_by(row.size) and old is None):
        return False
    answer = _ask(client, witness, row, seen)
    if answer.size is not None and answer.size != seen:
        if answer.size > row.size:
            newest = log_queries.newest_checkpoint()
            if newest is None or answer.size > newest.size:
                _stop(f"the witness {witness.name} has seen {answer.size} leaves, and only {row.size} are here")
            return False
        seen = answer.size
        answer = _ask(client, witness, row, seen)
    if answer.size == seen:
        _stop(f"the witness {witness.name} has seen another tree of {answer.size} leaves than is here")
    if not answer.lines:
        raise Refused(f"{witness.name} has seen {answer.size} leaves meanwhile")
    log_operations.keep_cosignatures(row.size, answer.lines)
    return True


def _ask(client: httpx.Client, witness: Witness, row: RecordCheckpoint, old: int) -> Answer:
    proof = log_queries.consistency(old, row.size) if old <= row.size else []
    body = "".join([f"old {old}\n", *(f"{notes.encoded(one)}\n" for one in proof), "\n", row.note])
    # nothing is held in the database while the witness thinks
    db.session.rollback()
    got = client.post(f"{witness.url}/add-checkpoint", content=body.encode())
    said = got.text[:LONGEST]
    if got.status_code == 200:
        return Answer(
            lines=notes.read_note(f"{row.note.partition(chr(10) * 2)[0]}\n\n{said}", "cosignature").signatures
        )
    if got.status_code == 409:
        return Answer(size=notes.read_decimal(said.strip(), "cosignature"))
    if got.status_code == 422:
        _stop(f"the witness {witness.name} does not find its tree of {old} leaves in that of {row.size}")
    raise Refused(f"{witness.name} answers {got.status_code}: {said[:200]}")


def _stop(why: str) -> None:
    log_operations.halt(why)
    raise Halted(why)


def _beacon(entry: str) -> Beacon:
    words = entry.split()
    if len(words) != 5:
        raise Unproven("policy", f"WEST_MARKET_BEACONS: {entry[:80]!r} is not name, chain, key, period and genesis")
    return Beacon(words[0], words[1], words[2], *(notes.read_decimal(word, "policy") for word in words[3:]))
