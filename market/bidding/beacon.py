"""drand, a public source of chance: every few seconds a group of independent parties signs the number of the round.

Nobody can know a signature before its round, and nobody can choose it; the draw uses SHA-256 of it. A chain is named
by the hash of its constants (period, genesis, public key, group), recomputed here, and only chains that the policy
names are believed: one made up for tests, or one that was shut down, says nothing. Signatures are BLS12-381 (RFC 9380
for the hash to the curve), checked with py_ecc in about a fifth of a second. Fetching a round is no part of this
file.

time(R) = genesis + (R - 1) * period, in seconds since 1970. Source: drand specification, chain info and schemes.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any

#: on which curve signatures lie, whether the round before is signed along, and the tag of the hash to the curve
_G1_TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_G2_TAG = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way of signing rounds: signatures on G1 or G2, chained to the round before or not, the tag of the hash to the
    curve."""

    on_g1: bool
    chained: bool
    tag: bytes


SCHEMES = {
    "bls-unchained-g1-rfc9380": Scheme(on_g1=True, chained=False, tag=_G1_TAG),
    #: the old form of the shut-down chain fastnet: G1 with the tag of G2. Known so that it can be told apart, never believed
    "bls-unchained-on-g1": Scheme(on_g1=True, chained=False, tag=_G2_TAG),
    "pedersen-bls-chained": Scheme(on_g1=False, chained=True, tag=_G2_TAG),
    "pedersen-bls-unchained": Scheme(on_g1=False, chained=False, tag=_G2_TAG),
}


@dataclass(frozen=True, slots=True)
class Chain:
    """The constants of a chain; keys and hashes in hexadecimal, `period` in seconds, `genesis` in seconds since
    1970."""

    beacon_id: str
    scheme: str
    period: int
    genesis: int
    public_key: str
    group_hash: str

    @property
    def hash(self) -> str:
        """The chain's name: SHA-256(u32be(period) || i64be(genesis) || key || group hash || id, unless it is
        "default")."""
        beacon_id = b"" if self.beacon_id == "default" else self.beacon_id.encode()
        numbers = self.period.to_bytes(4, "big") + self.genesis.to_bytes(8, "big", signed=True)
        keys = bytes.fromhex(self.public_key) + bytes.fromhex(self.group_hash)
        return sha256(numbers + keys + beacon_id).hexdigest()


#: the chain that notices name unless they say otherwise: League of Entropy, three seconds
QUICKNET = Chain(
    beacon_id="quicknet",
    scheme="bls-unchained-g1-rfc9380",
    period=3,
    genesis=1692803367,
    public_key="83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc2"
    "2b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    group_hash="f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e",
)
#: chains that ended and whose keys may be anybody's
ENDED = frozenset({"dbd506d6ef76e5f386f41c651dcb808c5bcbd75471cc4eafa3f4df7ad4e4c493"})
#: what the id of a chain begins with when somebody made it for practice: refused wherever practice is not allowed by name
PRACTICE = "practice"


def chain_of(constants: Mapping[str, Any]) -> Chain:
    """The chain of a JSON object with exactly the fields of `Chain`. ValueError for anything else or an unknown
    scheme."""
    if set(constants) != set(Chain.__dataclass_fields__) or constants["scheme"] not in SCHEMES:
        raise ValueError("not the constants of a chain")
    return Chain(**constants)


def is_trustworthy(chain: Chain, *, practice: bool = False) -> bool:
    """False for a chain that was shut down and, unless `practice`, for one made for practice and tests."""
    return chain.hash not in ENDED and (practice or not chain.beacon_id.lower().startswith((PRACTICE, "test")))


def time_of(chain: Chain, round_number: int) -> int:
    """When `round_number` (from 1) is signed, in seconds since 1970. ValueError for a round before the first."""
    if round_number < 1:
        raise ValueError("the first round is number 1")
    return chain.genesis + (round_number - 1) * chain.period


def round_at(chain: Chain, seconds: int) -> int:
    """The newest round at `seconds` since 1970. ValueError before the chain began."""
    if seconds < chain.genesis:
        raise ValueError("the chain had not begun")
    return (seconds - chain.genesis) // chain.period + 1


def first_round_from(chain: Chain, seconds: int) -> int:
    """The first round that is signed at `seconds` or later; 1 before the chain began."""
    return max(-((chain.genesis - seconds) // chain.period) + 1, 1)


def randomness(signature: bytes) -> str:
    """The chance of a round: SHA-256 of its signature (hexadecimal)."""
    return sha256(signature).hexdigest()


def is_true(chain: Chain, round_number: int, signature: bytes, previous: bytes = b"") -> bool:
    """True when the chain's key signed this round. `previous`: the signature of the round before, in chained schemes.

    False for points off the curve, outside the subgroup or at infinity, for an unknown scheme, and for a key of the
    wrong group. Takes about 0.2 s.
    """
    scheme = SCHEMES.get(chain.scheme)
    if scheme is None or round_number < 1:
        return False
    message = sha256((previous if scheme.chained else b"") + round_number.to_bytes(8, "big")).digest()
    try:
        if scheme.on_g1:
            on_g1, on_g2 = _g1(signature), _g2(bytes.fromhex(chain.public_key))
        else:
            on_g1, on_g2 = _g1(bytes.fromhex(chain.public_key)), _g2(signature)
    except ValueError:
        return False
    curve = _curve()
    hashed = _hashed(message, scheme)
    if scheme.on_g1:
        left, right = (curve.G2, on_g1), (on_g2, curve.neg(hashed))
    else:
        left, right = (on_g2, curve.G1), (hashed, curve.neg(on_g1))
    both = curve.pairing(*left, final_exponentiate=False) * curve.pairing(*right, final_exponentiate=False)
    return bool(curve.final_exponentiate(both) == curve.FQ12.one())


def _curve() -> ModuleType:
    """py_ecc's curve, loaded at first use. Its import lifts the interpreter's recursion limit for everybody,
    whereupon a deeply nested JSON text would crash the process instead of raising; the limit is put back."""
    limit = sys.getrecursionlimit()
    try:
        return import_module("py_ecc.optimized_bls12_381")
    finally:
        sys.setrecursionlimit(limit)


def _hashed(message: bytes, scheme: Scheme) -> Any:
    """The point of the message (RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO_ or its G2 sibling)."""
    _curve()
    from py_ecc.bls.hash_to_curve import hash_to_G1, hash_to_G2

    return (hash_to_G1 if scheme.on_g1 else hash_to_G2)(message, scheme.tag, sha256)  # type: ignore[arg-type]


def _g1(content: bytes) -> Any:
    _curve()
    from py_ecc.bls.g2_primitives import subgroup_check
    from py_ecc.bls.point_compression import decompress_G1

    if len(content) != 48:
        raise ValueError("a point of G1 has 48 bytes")
    point = decompress_G1(int.from_bytes(content, "big"))  # type: ignore[arg-type]
    if _curve().is_inf(point) or not subgroup_check(point):
        raise ValueError("no point of the subgroup")
    return point


def _g2(content: bytes) -> Any:
    _curve()
    from py_ecc.bls.g2_primitives import subgroup_check
    from py_ecc.bls.point_compression import decompress_G2

    if len(content) != 96:
        raise ValueError("a point of G2 has 96 bytes")
    halves = (int.from_bytes(content[:48], "big"), int.from_bytes(content[48:], "big"))
    point = decompress_G2(halves)  # type: ignore[arg-type]
    if _curve().is_inf(point) or not subgroup_check(point):
        raise ValueError("no point of the subgroup")
    return point
