"""One file per tender, from which a stranger derives its result again: its parts, its shape, its bytes.

The file is JSON and equal to its own canonical form (RFC 8785), so that each byte of it is either bound to the public
record or makes it another text. Its parts:

    format, tender, notice      the notice with all rules, as its leaf digests it
    envelopes                   every envelope that the closing leaf lists, with its salt, in the order of that list
    reveals                     bids that their bidders revealed themselves, where key holders failed: digest, nonce, bid
    pool                        the frozen pool: {id, key} by code
    scores                      the experts' marks, or null
    beacon                      the signature of the round, or null
    outcome                     what follows (methods.Outcome.plain)
    leaves                      each public leaf about the tender: number, text, proof to the last checkpoint
    checkpoints                 signed notes from the oldest to the last, each with its proof that it begins the last one's tree

`SHAPE` is data, so that the verifier in the browser holds the very same (tests compare the two).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from market.bidding import leaves
from market.bidding.plain_json import NotPlain, parsed
from market.bidding.seal import envelope_bytes, envelope_digest
from market.kernel.canonical import leaf as canonical

FORMAT = "west-market-bundle/1"

_HOLDERS = [{"holder": "text", "key": "hash"}]
_NOTICE = {
    "tender": "text",
    "title": "text",
    "item": "text",
    "buyer": "text",
    "district": "text",
    "method": "text",
    "closes": "time",
    "ceiling": "number?",
    "minimum": "number",
    "keys": "keys",
    "draw": {"chain": "text", "round": "number"},
    "low": "object?",
    "rules": "object",
    "about": "object",
}
_ENVELOPE = {
    "tender": "text",
    "bidder": "text",
    "part": "text",
    "com": "hash",
    "ct": "hex",
    "boxes": "hexes",
    "key": "hash",
    "signature": "hex",
}
#: what each part is. A list holds any number of its one member; an object has exactly the named fields; `?` allows null.
SHAPE: Mapping[str, Any] = {
    "format": "text",
    "tender": "text",
    "notice": _NOTICE,
    "envelopes": [{"salt": "hash", "envelope": _ENVELOPE}],
    "reveals": [{"digest": "hash", "nonce": "hash", "bid": "object"}],
    "pool": [{"id": "text", "key": "hash"}],
    "scores": "scores?",
    "beacon": "beacon?",
    "outcome": "object",
    "leaves": [{"index": "number", "leaf": "object", "proof": ["hash"]}],
    "checkpoints": [{"note": "text", "proof": ["hash"]}],
}
#: shapes with a name
NAMED: Mapping[str, Any] = {
    "keys": {"bids": _HOLDERS},
    "keys of two envelopes": {"technical": _HOLDERS, "price": _HOLDERS},
    "scores": {"experts": ["text"], "marks": [{"bidder": "text", "expert": "text", "marks": ["number"]}]},
    "beacon": {"signature": "hex"},
}

_HASH, _HEX = re.compile("[0-9a-f]{64}"), re.compile("(?:[0-9a-f]{2})*")


class Misshapen(ValueError):
    """The file is no bundle; the text names the place and what must stand there."""


def written(
    *,
    notice: Mapping[str, Any],
    envelopes: Iterable[Mapping[str, Any]],
    pool: Iterable[Mapping[str, Any]],
    outcome: Mapping[str, Any],
    leaf_proofs: Iterable[Mapping[str, Any]],
    checkpoints: Sequence[Mapping[str, Any]],
    scores: Mapping[str, Any] | None = None,
    beacon: Mapping[str, Any] | None = None,
    reveals: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """The bytes of a bundle: the same parts in any order give the same bytes.

    `envelopes`: {salt, envelope} each; `leaf_proofs`: {index, leaf, proof}; `checkpoints`: {note, proof}, oldest
    first. Raises `Misshapen` for parts of another shape; whether they fit together is for the verifier.
    """
    document = {
        "format": FORMAT,
        "tender": notice["tender"],
        "notice": dict(notice),
        "envelopes": sorted(map(dict, envelopes), key=digest_of),
        "reveals": sorted(map(dict, reveals), key=lambda one: str(one["digest"])),
        "pool": sorted(map(dict, pool), key=lambda entry: str(entry["id"])),
        "scores": scores,
        "beacon": beacon,
        "outcome": dict(outcome),
        "leaves": sorted(map(dict, leaf_proofs), key=lambda one: one["index"]),
        "checkpoints": [dict(one) for one in checkpoints],
    }
    content = canonical(document)
    read(content)
    return content


def read(content: bytes) -> dict[str, Any]:
    """The bundle that `content` is. Raises `Misshapen` for anything that is not canonical JSON of the shape, naming
    the place."""
    try:
        document = parsed(content)
    except NotPlain:
        raise Misshapen("it is not JSON in its canonical form (RFC 8785)") from None
    check_shape(document, SHAPE, "$")
    if document["format"] != FORMAT:
        raise Misshapen(f"$.format is not {FORMAT}")
    result: dict[str, Any] = document
    return result


def digest_of(entry: Mapping[str, Any]) -> str:
    """The digest of a bundle's envelope with its salt (seal.envelope_digest)."""
    return envelope_digest(bytes.fromhex(entry["salt"]), envelope_bytes(entry["envelope"]))


def check_shape(value: Any, shape: Any, path: str) -> None:
    """Nothing, or `Misshapen` with the first place (in the order of the shape) that is not what `shape` says."""
    if isinstance(shape, Mapping):
        if not isinstance(value, dict) or value.keys() != shape.keys():
            raise Misshapen(f"{path} has not exactly the fields {', '.join(sorted(shape))}")
        for name, inner in shape.items():
            check_shape(value[name], inner, f"{path}.{name}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise Misshapen(f"{path} is no list")
        for place, one in enumerate(value):
            check_shape(one, shape[0], f"{path}[{place}]")
    else:
        _check_kind(value, shape, path)


def _check_kind(value: Any, kind: str, path: str) -> None:
    if kind.endswith("?"):
        if value is not None:
            _check_kind(value, kind[:-1], path)
    elif kind == "keys":
        two = isinstance(value, dict) and "technical" in value
        check_shape(value, NAMED["keys of two envelopes" if two else "keys"], path)
    elif kind in NAMED:
        check_shape(value, NAMED[kind], path)
    elif not KINDS[kind](value):
        raise Misshapen(f"{path} is no {kind}")


def is_time(value: Any) -> bool:
    """Whether `value` is a time as leaves write it."""
    try:
        return isinstance(value, str) and leaves.seconds(value) is not None
    except ValueError:
        return False


#: what the words of a shape mean
KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "hash": lambda value: isinstance(value, str) and _HASH.fullmatch(value) is not None,
    "hex": lambda value: isinstance(value, str) and _HEX.fullmatch(value) is not None,
    "hexes": lambda value: isinstance(value, dict) and all(KINDS["hex"](one) for one in value.values()),
    "object": lambda value: isinstance(value, dict),
    "time": is_time,
}
