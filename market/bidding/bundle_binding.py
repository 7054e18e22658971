"""The first half of verifying a bundle: every part of it is bound to the public record, or named.

Checkpoints are signed as the policy asks and begin one tree; leaves are in it, in their place; notice, envelopes,
marks, pool and outcome have the digests that the leaves say; each envelope was in a tree that the witnesses saw in
time. What is bound cannot have been changed since; whether it is right, bundle_verifier.py asks.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from market.bidding import beacon, bundle, draw, leaves, seal
from market.bidding.leaves import READ, RECEIVED, Leaf
from market.bidding.seal import Unopened
from market.kernel.canonical import digest
from market.kernel.canonical import leaf as canonical
from market.record import merkle, policy
from market.record.findings import Finding, Unproven
from market.record.notes import Checkpoint
from market.record.policy import Policy

#: seconds after the deadline by which the witnesses must have seen a checkpoint that holds a bid
GRACE = 60

Findings = Iterator[Finding]


def checkpoints_of(document: dict[str, Any], trusted: Policy) -> tuple[list[Checkpoint | None], list[Finding]]:
    """The checkpoints of the file (None for one that does not hold), and what is wrong with them."""
    read: list[Checkpoint | None] = []
    found = []
    for number, one in enumerate(document["checkpoints"], start=1):
        try:
            read.append(_signed(one["note"], trusted))
        except Unproven:
            read.append(None)
            found.append(Finding(f"checkpoint {number}", "it is not signed as the policy asks"))
    if not read:
        found.append(Finding("checkpoints", "there is none"))
    last = read[-1] if read else None
    before = 0
    for number, (checkpoint, one) in enumerate(zip(read, document["checkpoints"], strict=True), start=1):
        if checkpoint is None or last is None:
            continue
        if checkpoint.size <= before:
            found.append(Finding(f"checkpoint {number}", "it is not larger than the one before"))
        before = checkpoint.size
        proof = [bytes.fromhex(node) for node in one["proof"]]
        if checkpoint.origin != last.origin or not merkle.verify_consistency(
            checkpoint.size, last.size, checkpoint.root, last.root, proof
        ):
            found.append(Finding(f"checkpoint {number}", "its tree is not the beginning of the last one's"))
    return read, found


@lru_cache(maxsize=256)
def _signed(note: str, trusted: Policy) -> Checkpoint:
    """The checkpoint of a note. Files of one market share many, and each costs several signatures."""
    return policy.verify_checkpoint(note, trusted)


def check_leaves(document: dict[str, Any], last: Checkpoint) -> Findings:
    """Whether each leaf stands in the tree of the last checkpoint, in order, and says what a leaf of its name must
    say."""
    before = -1
    for one in document["leaves"]:
        index, leaf = one["index"], one["leaf"]
        name = f"leaf {index}"
        if index <= before:
            yield Finding(name, "it does not come after the one before")
        before = index
        proof = [bytes.fromhex(node) for node in one["proof"]]
        if not merkle.verify_inclusion(index, last.size, merkle.leaf_hash(canonical(leaf)), proof, last.root):
            yield Finding(name, "its proof does not lead to the last checkpoint")
        elif not _is_ours(leaf, document["tender"]):
            yield Finding(name, "it is not of this tender, or lacks what it must say")


#: kinds of a leaf's fields (bundle.KINDS)
FIELDS = {
    "notice": "hash",
    "set": "text",
    "holder": "text",
    "key": "hash",
    "scores": "hash",
    "bidder": "text",
    "reason": "text",
    "entries_hash": "hash",
    "size": "number",
    "starts": "time",
    "alias": "text",
    "at": "time",
    "entropies": "hash",
    "chain": "text",
    "round": "number",
    "randomness": "text",
    "winner": "text",
    "outcome": "hash",
}


def _is_ours(leaf: Leaf, tender: str) -> bool:
    event = leaf.get("event")
    if event == RECEIVED:
        return bundle.KINDS["hash"](leaf.get("digest"))
    if not isinstance(event, str) or leaf.get("tender") != tender:
        return False
    return all(_has(leaf, name, event) for name in READ.get(event, ()))


def _has(leaf: Leaf, name: str, event: str) -> bool:
    value = leaf.get(name)
    if name == "digests":
        return isinstance(value, list) and all(bundle.KINDS["hash"](one) for one in value)
    if name == "price":
        return bundle.KINDS["number"](value) or (value is None and name in leaf and event == "award.proposed")
    return bundle.KINDS[FIELDS[name]](value)


def check_parts(document: dict[str, Any], trusted: Policy, checkpoints: list[Checkpoint]) -> list[Finding]:
    """What in the file is not what the leaves digest. Asks for leaves that hold (`check_leaves`)."""
    told = leaves_of(document)
    closings = [(index, leaf) for index, leaf in told if leaf["event"] == "tender.closed"]
    if len(closings) != 1:
        return [Finding("closing", "there is not exactly one leaf tender.closed")]
    found = list(_bound_notice(document, told, closings[0][0]))
    found += _bound_envelopes(document, trusted, checkpoints, closings[0][1]["digests"])
    found += _bound_once(document["scores"], told, "scores.locked", "scores", "scores")
    frozen = [leaf for _, leaf in told if leaf["event"] == "pool.frozen"]
    if len(frozen) != 1 or not _is_pool(document["pool"], frozen[0]):
        found.append(Finding("pool", "it is not the one that the leaf pool.frozen digests"))
    ends = [leaf for _, leaf in told if leaf["event"] in ("award.proposed", "tender.failed")]
    if not ends or ends[-1]["outcome"] != digest(document["outcome"]):
        found.append(Finding("outcome", "it is not the one that the award digests"))
    found += _bound_beacon(document, told)
    return found


def leaves_of(document: dict[str, Any]) -> list[tuple[int, Leaf]]:
    """Number and text of each leaf of a bundle, in the order of the file."""
    return [(one["index"], one["leaf"]) for one in document["leaves"]]


def _bound_notice(document: dict[str, Any], told: list[tuple[int, Leaf]], closing: int) -> Findings:
    notices = [
        leaf for index, leaf in told if leaf["event"] in ("tender.published", "tender.amended") and index < closing
    ]
    if document["notice"]["tender"] != document["tender"]:
        yield Finding("notice", "it is of another tender")
    if not notices or notices[-1]["notice"] != digest(document["notice"]):
        yield Finding("notice", "it is not the one that its leaf digests")


def _bound_envelopes(
    document: dict[str, Any], trusted: Policy, checkpoints: list[Checkpoint], listed: list[str]
) -> Findings:
    if listed != sorted(set(listed)):
        yield Finding("closing", "its digests are not sorted, each once")
    if len(document["envelopes"]) != len(listed):
        yield Finding("envelopes", f"the file holds {len(document['envelopes'])}, the closing leaf lists {len(listed)}")
    given = [bundle.digest_of(one) for one in document["envelopes"]]
    for number, (own, expected) in enumerate(zip(given, listed, strict=False), start=1):
        if own != expected:
            yield Finding(f"envelope {number}", "it is not the one that the closing leaf lists there")
    known = set(listed)
    limit = leaves.seconds(document["notice"]["closes"]) + GRACE
    seen = max((one.size for one in checkpoints if seen_by(one, trusted, limit)), default=0)
    arrived: dict[str, int] = {}
    for index, leaf in leaves_of(document):
        if leaf["event"] == RECEIVED:
            if leaf["digest"] not in known:
                yield Finding(f"leaf {index}", "the closing leaf does not list its envelope")
            arrived.setdefault(leaf["digest"], index)
    for value in listed:
        if value not in arrived:
            yield Finding(f"envelope {value[:16]}", "no leaf shows when it was received")
        elif arrived[value] >= seen:
            yield Finding(f"envelope {value[:16]}", "no checkpoint that the witnesses saw in time holds it")
    envelopes = {own: one["envelope"] for own, one in zip(given, document["envelopes"], strict=True)}
    for number, reveal in enumerate(document["reveals"], start=1):
        if not _fits(envelopes.get(reveal["digest"]), reveal):
            yield Finding(f"reveal {number}", "it is not the bid that its envelope commits to")
    digests = [reveal["digest"] for reveal in document["reveals"]]
    if digests != sorted(set(digests)):
        yield Finding("reveals", "they are not sorted, each once")


def seen_by(checkpoint: Checkpoint, trusted: Policy, limit: int) -> bool:
    """Whether the quorum of the policy had seen this checkpoint at the Unix second `limit`."""
    at = trusted.satisfied_at(checkpoint.cosigned_at)
    return at is not None and at <= limit


def _fits(envelope: seal.Envelope | None, reveal: dict[str, Any]) -> bool:
    try:
        return envelope is not None and bool(seal.revealed(envelope, bytes.fromhex(reveal["nonce"]), reveal["bid"]))
    except Unopened:
        return False


def _bound_once(value: Any, told: list[tuple[int, Leaf]], event: str, name: str, part: str) -> Findings:
    """A part that is null without its leaf, and otherwise what the one leaf digests."""
    digests = [leaf[name] for _, leaf in told if leaf["event"] == event]
    if digests != ([] if value is None else [digest(value)]):
        yield Finding(part, f"it is not what the leaf {event} digests")


def _is_pool(pool: list[dict[str, Any]], frozen: Leaf) -> bool:
    codes = [entry["id"] for entry in pool]
    return (
        codes == sorted(set(codes))
        and frozen["size"] == len(pool)
        and frozen["entries_hash"] == draw.entries_hash(pool)
    )


def _bound_beacon(document: dict[str, Any], told: list[tuple[int, Leaf]]) -> Findings:
    held = [leaf for _, leaf in told if leaf["event"] == "draw.held"]
    if len(held) > 1:
        yield Finding("draw", "there is more than one leaf draw.held")
    given = document["beacon"]
    randomness = "-" if given is None else beacon.randomness(bytes.fromhex(given["signature"]))
    if (given is not None and not held) or any(leaf["randomness"] != randomness for leaf in held):
        yield Finding("beacon", "it does not give the randomness of the leaf draw.held")
