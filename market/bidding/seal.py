"""WM-SEAL-1: bids that nobody can read before the deadline, and that nobody can take back, swap or copy.

A bid is locked with a key K of its own; K is wrapped once for each pair of key holders, so that any two of them
together open every bid of the tender, and no single one opens any. The fingerprint `com` beside the lock says which
text must come out: AES-GCM alone would let a cheat make one lock that opens in two ways. Tender and bidder stand
inside the lock, so that an envelope copied under another name is found out.

    pt   = LP(tender, bidder, nonce32, JCS(bid)), then 0x80, then zeros up to a multiple of 1024 bytes
    com  = SHA-256(LP("wm/bid/v1", tender, bidder, nonce32, JCS(bid)))
    ct   = AES-256-GCM(K, 12 zero bytes, aad = LP("wm/seal/v1", tender, bidder, com), pt)
    box of holders i < j = HPKE to j of HPKE to i of K, with info = LP("wm/seal/v1", tender, bidder, "i-j", "inner" | "outer")
    envelope = JCS of {bidder, boxes, com, ct, key, part, signature, tender}; digest = SHA-256(LP("wm/env/v1", salt32, envelope))

LP writes each part after its length (32 bits, big-endian). Holders are counted from 1 in the order of the notice.
`signature` is Ed25519 by the bidder's account key `key` over the envelope without that field. Bytes are lower-case
hexadecimal. Known cases: tests/vectors/seal.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from market.bidding import hpke
from market.bidding.plain_json import NotPlain, parsed
from market.kernel.canonical import leaf as canonical
from market.kernel.framing import framed

BLOCK = 1024
SECRET = 32
#: what an envelope may hold; which of the notice's key sets locks it follows from it (bundle_contents.Contents.set_of)
PARTS = ("bids", "technical", "price", "entropy")
FIELDS = frozenset({"tender", "bidder", "part", "com", "ct", "boxes", "key", "signature"})

Envelope = Mapping[str, Any]
Chance = Callable[[int], bytes]


class Unopened(Exception):
    """An envelope that gives no bid. `reason` is a code: keys, damaged, ids, commitment, unreadable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Opened:
    """What lay in an envelope: the bid, and the nonce that ties it to `com`."""

    bid: dict[str, Any]
    nonce: bytes


def sealed(
    tender: str,
    bidder: str,
    part: str,
    bid: Mapping[str, Any],
    holders: Sequence[bytes],
    *,
    account_key: bytes,
    sign: Callable[[bytes], bytes],
    chance: Chance,
) -> dict[str, Any]:
    """`locked`, and signed: `account_key` is the bidder's Ed25519 public key and `sign` signs with its private half."""
    envelope = {**locked(tender, bidder, part, bid, holders, chance=chance), "key": account_key.hex()}
    return envelope | {"signature": sign(canonical(envelope)).hex()}


def locked(
    tender: str, bidder: str, part: str, bid: Mapping[str, Any], holders: Sequence[bytes], *, chance: Chance
) -> dict[str, Any]:
    """The envelope of `bid` (integers, texts, lists, objects) for the public codes `tender` and `bidder`, without key
    and signature.

    `holders`: the X25519 public keys of the notice's key set, 32 bytes each, at least two. `chance(n)` gives n fresh
    random bytes: the nonce, then K, then for each pair the inner and the outer ephemeral key. ValueError for an
    unknown part or fewer than two holders; NotCanonical for a bid that holds a fraction.
    """
    if part not in PARTS:
        raise ValueError(f"an envelope holds one of {', '.join(PARTS)}, not {part!r}")
    if len(holders) < 2:
        raise ValueError("a bid is sealed to at least two key holders")
    text = canonical(bid)
    nonce, secret = chance(SECRET), chance(SECRET)
    com = commitment(tender, bidder, nonce, text)
    lock = AESGCM(secret).encrypt(bytes(12), padded(framed(tender, bidder, nonce, text)), _context(tender, bidder, com))
    return {
        "tender": tender,
        "bidder": bidder,
        "part": part,
        "com": com.hex(),
        "ct": lock.hex(),
        "boxes": _boxes(tender, bidder, secret, holders, chance),
    }


def commitment(tender: str, bidder: str, nonce: bytes, text: bytes) -> bytes:
    """`com`: the fingerprint (32 bytes) that leaves one bid only; `text` is the canonical JSON of the bid."""
    return sha256(framed("wm/bid/v1", tender, bidder, nonce, text)).digest()


def envelope_bytes(envelope: Envelope) -> bytes:
    """The envelope as it is stored, digested and handed on: canonical JSON."""
    return canonical(envelope)


def envelope_digest(salt: bytes, envelope: bytes) -> str:
    """The only trace that a bid leaves while the tender is open (64 hexadecimal digits). `salt`: 32 random bytes,
    kept with it.

    Without the salt nobody can tell which envelope it stands for. ValueError for a salt of another length.
    """
    if len(salt) != SECRET:
        raise ValueError("the salt has 32 bytes")
    return sha256(framed("wm/env/v1", salt, envelope)).hexdigest()


def is_signed(envelope: Envelope) -> bool:
    """True when the account key named in the envelope signed all the rest of it. Never raises for an envelope of the
    right shape."""
    unsigned = {name: value for name, value in envelope.items() if name != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(envelope["key"]))
        key.verify(bytes.fromhex(envelope["signature"]), canonical(unsigned))
    except (InvalidSignature, ValueError):
        return False
    return True


def pairs(holders: int) -> list[str]:
    """The names of the pairs among so many holders: "1-2", "1-3", "2-3" for three."""
    return [f"{i}-{j}" for i, j in combinations(range(1, holders + 1), 2)]


def opened(envelope: Envelope, keys: Mapping[int, bytes]) -> Opened:
    """The bid of `envelope` by the published private keys of at least two holders (place in the notice, from 1, -> 32
    bytes).

    The first pair, in the order of `pairs`, whose two keys are there must open it: one key opens all bids, so nobody
    can choose which to open. Raises `Unopened`: "keys" without two of them, "damaged" when lock or box do not open,
    "ids" when the inside names another tender or bidder, "commitment" when it is not the text of `com`, "unreadable"
    when that text is no canonical JSON object.
    """
    tender, bidder = envelope["tender"], envelope["bidder"]
    com = bytes.fromhex(envelope["com"])
    secret = _unwrapped(envelope, keys)
    try:
        plain = AESGCM(secret).decrypt(bytes(12), bytes.fromhex(envelope["ct"]), _context(tender, bidder, com))
    except (InvalidTag, ValueError):
        raise Unopened("damaged") from None
    inner_tender, inner_bidder, nonce, text = _parts(plain)
    if (inner_tender, inner_bidder) != (tender.encode(), bidder.encode()):
        raise Unopened("ids")
    return _committed(envelope, nonce, text)


def revealed(envelope: Envelope, nonce: bytes, bid: Mapping[str, Any]) -> Opened:
    """The bid as its bidder reveals it himself, when too few holders publish their keys. Raises
    `Unopened("commitment")`.

    Only the text behind `com` is accepted: nobody can reveal another bid after having seen those of others.
    """
    return _committed(envelope, nonce, canonical(bid))


def padded(text: bytes) -> bytes:
    """`text`, a 0x80 byte, zeros up to a multiple of 1024: the length must not tell the price or the number of
    annexes."""
    return text + b"\x80" + bytes(-(len(text) + 1) % BLOCK)


def unpadded(text: bytes) -> bytes:
    """What `padded` was given. ValueError where the padding is no such padding."""
    body = text.rstrip(b"\x00")
    if len(text) % BLOCK or not body.endswith(b"\x80") or len(text) - len(body) >= BLOCK:
        raise ValueError("the padding is damaged")
    return body[:-1]


def _context(tender: str, bidder: str, com: bytes) -> bytes:
    return framed("wm/seal/v1", tender, bidder, com)


def _boxes(tender: str, bidder: str, secret: bytes, holders: Sequence[bytes], chance: Chance) -> dict[str, str]:
    boxes = {}
    for pair in pairs(len(holders)):
        first, second = (holders[int(place) - 1] for place in pair.split("-"))
        inner = hpke.sealed(first, _layer(tender, bidder, pair, "inner"), secret, ephemeral=chance(SECRET))
        outer = hpke.sealed(second, _layer(tender, bidder, pair, "outer"), inner, ephemeral=chance(SECRET))
        boxes[pair] = outer.hex()
    return boxes


def _layer(tender: str, bidder: str, pair: str, layer: str) -> bytes:
    return framed("wm/seal/v1", tender, bidder, pair, layer)


def _unwrapped(envelope: Envelope, keys: Mapping[int, bytes]) -> bytes:
    """K from the first pair of holders whose keys are there."""
    if len(keys) < 2:
        raise Unopened("keys")
    i, j = sorted(keys)[:2]
    pair = f"{i}-{j}"
    tender, bidder = envelope["tender"], envelope["bidder"]
    try:
        outer = bytes.fromhex(envelope["boxes"][pair])
        inner = hpke.opened(keys[j], _layer(tender, bidder, pair, "outer"), outer)
        secret = hpke.opened(keys[i], _layer(tender, bidder, pair, "inner"), inner)
    except (hpke.NotOpened, KeyError, ValueError):
        raise Unopened("damaged") from None
    if len(secret) != SECRET:
        raise Unopened("damaged")
    return secret


def _parts(plain: bytes) -> list[bytes]:
    """The four framed parts of an unlocked text."""
    try:
        rest = unpadded(plain)
    except ValueError:
        raise Unopened("damaged") from None
    parts = []
    while rest:
        length = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + length:
            raise Unopened("damaged")
        parts.append(rest[4 : 4 + length])
        rest = rest[4 + length :]
    if len(parts) != 4:
        raise Unopened("damaged")
    return parts


def _committed(envelope: Envelope, nonce: bytes, text: bytes) -> Opened:
    found = commitment(envelope["tender"], envelope["bidder"], nonce, text)
    if not hmac.compare_digest(found.hex(), envelope["com"]):
        raise Unopened("commitment")
    return Opened(_read(text), nonce)


def _read(text: bytes) -> dict[str, Any]:
    try:
        bid = parsed(text)
    except NotPlain:
        raise Unopened("unreadable") from None
    if not isinstance(bid, dict):
        raise Unopened("unreadable")
    return bid
