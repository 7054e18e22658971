"""Receipts: files by C2SP tlog-proof@v1 that show, without a network, that a leaf stands in the public record. Pure.

The `extra` line of a receipt of this market is canonical JSON with the member `leaf` (the leaf itself) and, for a sealed bid
before the opening, `salt` (32 bytes, hexadecimal) and `envelope` (its canonical JSON as text): what the leaf's digest is of.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market.kernel import canonical
from market.kernel.framing import framed
from market.record import merkle, notes, policy
from market.record.findings import Unproven
from market.record.notes import Checkpoint

HEAD = "c2sp.org/tlog-proof@v1"
#: hashes in a proof at most: a tree has at most 2**63 leaves
LONGEST_PROOF = 63
#: what the digest in an `envelope.received` leaf is of: LP of this, salt and envelope
ENVELOPE = "wm/env/v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A leaf's index, its proof (hashes, the sibling first), the checkpoint as a note, and bytes that nobody signed."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a receipt shows: the leaf, its index, and the checkpoint it lies in."""

    leaf: bytes
    index: int
    checkpoint: Checkpoint


def write(receipt: Receipt) -> str:
    """The receipt as a file, which `read` reads back."""
    lines = [HEAD]
    if receipt.extra:
        lines.append(f"extra {notes.encoded(receipt.extra)}")
    lines += [f"index {receipt.index}", *map(notes.encoded, receipt.proof), "", receipt.checkpoint]
    return "\n".join(lines)


def read(content: str | bytes) -> Receipt:
    """The receipt that a file says. Raises `Unproven` of `receipt` or `proof` for a wrong line; nothing is verified yet."""
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise Unproven("receipt", "it is not UTF-8") from None
    head, _, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEAD:
        raise Unproven("receipt", f"its first line is not {HEAD}")
    rest = lines[1:]
    extra = b""
    if rest and rest[0].startswith("extra "):
        extra = notes.decoded(rest.pop(0).removeprefix("extra "), "receipt")
        if not extra:
            raise Unproven("receipt", "its extra line is empty")
    if not rest or not rest[0].startswith("index "):
        raise Unproven("receipt", "it has no index line")
    index = notes.read_decimal(rest.pop(0).removeprefix("index "), "receipt")
    if len(rest) > LONGEST_PROOF:
        raise Unproven("proof", f"it has more than {LONGEST_PROOF} hashes")
    proof = tuple(notes.decoded(line, "proof") for line in rest)
    if any(len(value) != merkle.SIZE for value in proof):
        raise Unproven("proof", "a hash has not 32 bytes")
    return Receipt(index, proof, checkpoint, extra)


def verify_receipt(
    receipt: Receipt | str | bytes, leaf: bytes | None, trusted: policy.Policy, *, strict: bool = True
) -> Proved:
    """What the receipt shows by the policy `trusted`: that `leaf` (None: the one in its extra line) is in the record.

    Raises `Unproven` of `receipt`, `checkpoint`, `proof` or `leaf`: a signature, quorum, proof or leaf that does not hold.
    """
    if not isinstance(receipt, Receipt):
        receipt = read(receipt)
    inside = leaf_of(receipt) if receipt.extra else None
    if leaf is None:
        leaf = inside
    if leaf is None:
        raise Unproven("receipt", "it does not hold the leaf that it is about")
    if inside not in (None, leaf):
        raise Unproven("leaf", "the receipt holds another leaf")
    checkpoint = policy.verify_checkpoint(receipt.checkpoint, trusted, strict=strict)
    if receipt.index >= checkpoint.size:
        raise Unproven("proof", f"the checkpoint has {checkpoint.size} leaves, not {receipt.index + 1}")
    if not merkle.verify_inclusion(
        receipt.index, checkpoint.size, merkle.leaf_hash(leaf), receipt.proof, checkpoint.root
    ):
        raise Unproven("proof", f"it does not lead from leaf {receipt.index} to the root of the checkpoint")
    return Proved(leaf, receipt.index, checkpoint)


def extra_of(leaf: Mapping[str, Any], *, salt: str | None = None, envelope: str | None = None) -> bytes:
    """The extra line's content for `leaf`; for a sealed bid with its salt (hexadecimal) and envelope (canonical JSON)."""
    said = {"leaf": leaf, "salt": salt, "envelope": envelope}
    return canonical.leaf({name: value for name, value in said.items() if value is not None})


def leaf_of(receipt: Receipt) -> bytes:
    """The leaf in the extra line, as it stands in the record. Raises `Unproven` of `receipt` or `leaf` when the line is not
    canonical, or holds a salt and an envelope that do not give the leaf's digest."""
    try:
        said = json.loads(receipt.extra)
        leaf = canonical.leaf(said["leaf"])
        if canonical.leaf(said) != receipt.extra or not {"leaf"} <= said.keys() <= {"leaf", "salt", "envelope"}:
            raise ValueError
        if said.keys() != {"leaf"} and envelope_digest(said["salt"], said["envelope"]) != said["leaf"]["digest"]:
            raise Unproven("leaf", "salt and envelope do not give the digest in the leaf")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unproven("receipt", "its extra line is not canonical JSON with a leaf") from None
    return leaf


def envelope_digest(salt: str, envelope: str | bytes) -> str:
    """SHA-256 (hexadecimal) over LP("wm/env/v1", salt, envelope): what an `envelope.received` leaf holds.

    `salt` is 64 hexadecimal digits, lower case, `envelope` its canonical JSON. Raises ValueError for another salt.
    """
    raw = bytes.fromhex(salt)
    if len(raw) != 32 or raw.hex() != salt:
        raise ValueError("a salt has 32 bytes in lower-case hexadecimal")
    return canonical.sha256_hex(framed(ENVELOPE, raw, envelope))
