"""What a tender leaves in the public record, word by word.

While a tender is open, a bid or sign-up leaves one kind of leaf only, `envelope.received` with a salted digest: no
tender, no bidder, no number. Everything else names the tender. Fields beyond those below may be there (such as a
time); the verifier passes over them, and over leaves of the tender with other names. Amounts are integer fen, times
UTC texts such as 2026-03-10T09:00:00Z, hashes and keys lower-case hexadecimal.

In the order in which they must come:

    tender.published    notice: SHA-256 of the notice's canonical JSON
    tender.amended      notice: the same of the new notice, which holds from here on; only before the closing
    envelope.received   digest                                                        (any number; names no tender)
    tender.closed       digests: those that arrived in time, sorted
    key.published       set, holder, key: the private key of a key holder, for all envelopes of that set at once
    scores.locked       scores: SHA-256 of the experts' marks; before any key of the set "price"
    bidder.excluded     bidder, reason: a code; before the pool is frozen, or "low_price" before the award
    pool.frozen         entries_hash, size; before any key of the last set, and before the beacon's round
    auction.scheduled   starts; once more whenever an auction begins anew
    auction.moved       alias, price, at
    draw.held           entropies, chain, round, randomness
    award.proposed      winner, price, outcome: SHA-256 of the outcome
    tender.failed       reason, outcome
    award.withdrawn     bidder, reason: the next of the ranking follows, by a new award.proposed
    tender.cancelled    the buyer called it off while nothing was open; no bundle follows
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from market.kernel.canonical import digest
from market.kernel.framing import framed

#: leaves that the verifier reads, each with the fields that it needs
READ: dict[str, frozenset[str]] = {
    "tender.published": frozenset({"notice"}),
    "tender.amended": frozenset({"notice"}),
    "tender.closed": frozenset({"digests"}),
    "key.published": frozenset({"set", "holder", "key"}),
    "scores.locked": frozenset({"scores"}),
    "bidder.excluded": frozenset({"bidder", "reason"}),
    "pool.frozen": frozenset({"entries_hash", "size"}),
    "auction.scheduled": frozenset({"starts"}),
    "auction.moved": frozenset({"alias", "price", "at"}),
    "draw.held": frozenset({"entropies", "chain", "round", "randomness"}),
    "award.proposed": frozenset({"winner", "price", "outcome"}),
    "tender.failed": frozenset({"reason", "outcome"}),
    "award.withdrawn": frozenset({"bidder", "reason"}),
}
#: the only leaf without a tender
RECEIVED = "envelope.received"

Leaf = dict[str, Any]


def published(tender: str, notice: Mapping[str, Any]) -> Leaf:
    """The notice is out."""
    return {"event": "tender.published", "tender": tender, "notice": digest(notice)}


def amended(tender: str, notice: Mapping[str, Any]) -> Leaf:
    """Another notice holds from now on."""
    return {"event": "tender.amended", "tender": tender, "notice": digest(notice)}


def received(envelope_digest: str) -> Leaf:
    """Some envelope arrived for some tender; `envelope_digest` as in seal.py."""
    return {"event": RECEIVED, "digest": envelope_digest}


def closed(tender: str, digests: Iterable[str]) -> Leaf:
    """The tender takes no more; `digests` of all that arrived in time, in any order."""
    return {"event": "tender.closed", "tender": tender, "digests": sorted(digests)}


def key_published(tender: str, key_set: str, holder: str, private: bytes) -> Leaf:
    """A key holder publishes the private half (32 bytes) of its key of `key_set`."""
    return {"event": "key.published", "tender": tender, "set": key_set, "holder": holder, "key": private.hex()}


def scores_locked(tender: str, scores: Mapping[str, Any]) -> Leaf:
    """The experts' marks as they stay."""
    return {"event": "scores.locked", "tender": tender, "scores": digest(scores)}


def excluded(tender: str, bidder: str, reason: str) -> Leaf:
    """A bidder does not count. `reason` is a code: conflict, connected, avoided, suspended, unqualified, low_price,
    …"""
    return {"event": "bidder.excluded", "tender": tender, "bidder": bidder, "reason": reason}


def pool_frozen(tender: str, entries_hash: str, size: int) -> Leaf:
    """The pool cannot change any more; `entries_hash` as in draw.py."""
    return {"event": "pool.frozen", "tender": tender, "entries_hash": entries_hash, "size": size}


def auction_scheduled(tender: str, starts: datetime) -> Leaf:
    """An auction begins at `starts`; the second leaf of this kind says that it begins anew."""
    return {"event": "auction.scheduled", "tender": tender, "starts": utc(starts)}


def auction_moved(tender: str, alias: str, price: int, at: datetime) -> Leaf:
    """A valid move of the bidder with this alias, in fen."""
    return {"event": "auction.moved", "tender": tender, "alias": alias, "price": price, "at": utc(at)}


def draw_held(tender: str, entropies: str, beacon: tuple[str, int, str]) -> Leaf:
    """What the seeds are made of (draw.py): hash of the entropies; chain, round and randomness."""
    chain, number, randomness = beacon
    return {
        "event": "draw.held",
        "tender": tender,
        "entropies": entropies,
        "chain": chain,
        "round": number,
        "randomness": randomness,
    }


def award_proposed(tender: str, winner: str, price: int | None, outcome: Mapping[str, Any]) -> Leaf:
    """Who is to win, and the digest of the outcome (`Outcome.plain`)."""
    return {"event": "award.proposed", "tender": tender, "winner": winner, "price": price, "outcome": digest(outcome)}


def failed(tender: str, reason: str, outcome: Mapping[str, Any]) -> Leaf:
    """Nobody wins."""
    return {"event": "tender.failed", "tender": tender, "reason": reason, "outcome": digest(outcome)}


def withdrawn(tender: str, bidder: str, reason: str) -> Leaf:
    """The proposed winner is out; the next of the ranking follows."""
    return {"event": "award.withdrawn", "tender": tender, "bidder": bidder, "reason": reason}


def cancelled(tender: str) -> Leaf:
    """The tender was called off before anything was opened."""
    return {"event": "tender.cancelled", "tender": tender}


def alias(tender: str, bidder: str, nonce: bytes) -> str:
    """The name of a bidder during a live auction (8 hexadecimal digits): nobody can tell whose it is before the bids
    are open, and everybody can afterwards. `nonce` is that of the sealed bid."""
    return sha256(framed("wm/auction/alias/v1", tender, bidder, nonce)).hexdigest()[:8]


def utc(moment: datetime) -> str:
    """An aware time as the record writes it: UTC, whole seconds, a Z. ValueError for a time without zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> int:
    """The Unix second of a time as `utc` writes it. ValueError for any other text, also for days that do not exist."""
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if utc(moment) != text:
        raise ValueError("a time is written as 2026-03-10T09:00:00Z")
    return int(moment.timestamp())
