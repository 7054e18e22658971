"""What a leaf of the public record may hold: each kind of event with its fields, and no other. Pure.

No field takes free text or a name, so that personal data cannot get in: codes, digests, days, moments, numbers and words of
closed lists alone. The code of a person, a sign-in or a membership is no public code here. `at` is the market's time in UTC.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from market.kernel import canonical, codes

Kind = Callable[[Any], bool]

#: bytes of a leaf at most: the digests of some 15,000 envelopes at a closing
LONGEST = 1 << 20
#: kinds of codes that stand for a person or what is a person's own
PRIVATE_LETTERS = frozenset("P")


class NotPublishable(ValueError):
    """The facts are not those that a leaf of this event may hold; the text names the field."""


def _text(pattern: str) -> Kind:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= canonical.LARGEST_INTEGER


def _code(value: Any) -> bool:
    return isinstance(value, str) and codes.is_valid(value) and value[0] not in PRIVATE_LETTERS


def optional(kind: Kind) -> Kind:
    """That kind, or null."""
    return lambda value: value is None or kind(value)


def several(kind: Kind) -> Kind:
    """A list of that kind, perhaps an empty one."""
    return lambda value: isinstance(value, list | tuple) and all(kind(one) for one in value)


CODE: Kind = _code
#: SHA-256 in hexadecimal
DIGEST = _text("[0-9a-f]{64}")
#: a day of the calendar
DAY = _text(r"\d{4}-\d\d-\d\d")
#: a moment in UTC, to the second
MOMENT = _text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: a word of a closed list or a slug
WORD = _text(r"[a-z0-9][a-z0-9._-]{0,79}")
#: a rule of fair competition
RULE = _text(r"FC-[A-Z]{3}-\d\d")
#: bytes in hexadecimal, at most 256
HEX = _text("(?:[0-9a-f]{2}){1,256}")
#: an integer within 2**53, money in fen
NUMBER: Kind = _number


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


#: event -> its fields beside `event`; all must be there. One line each, in the order of the domains.
SHAPES: Mapping[str, Mapping[str, Kind]] = {
    "record.policy": {"at": MOMENT, "digest": DIGEST},
    "standard.proposed": {"at": MOMENT, "version": CODE, "number": NUMBER},
    "standard.in_force": {
        "at": MOMENT, "version": CODE, "kind": WORD, "slug": WORD, "valid_from": DAY, "superseded": optional(CODE),
    },
    "standard.withdrawn": {"at": MOMENT, "version": CODE},
    "calendar.declared": {"at": MOMENT, "day": DAY, "is_working": flag},
    "vendor.accepted": {"at": MOMENT, "vendor": CODE},
    "vendor.suspended": {"at": MOMENT, "vendor": CODE, "appeal_until": DAY},
    "vendor.reinstated": {"at": MOMENT, "vendor": CODE},
    "vendor.struck_off": {"at": MOMENT, "vendor": CODE, "appeal_until": DAY},
    "vendor.withdrawn": {"at": MOMENT, "vendor": CODE},
    "licence.confirmed": {"at": MOMENT, "licence": CODE, "vendor": CODE, "valid_to": optional(DAY)},
    "licence.lapsed": {"at": MOMENT, "licence": CODE, "vendor": CODE, "reason": WORD},
    "listing.published": {
        "at": MOMENT, "listing": CODE, "vendor": CODE, "item": WORD, "number": NUMBER, "price_fen": optional(NUMBER),
        "standard_version": optional(CODE), "position": WORD,
    },
    "listing.suspended": {"at": MOMENT, "listing": CODE, "vendor": CODE, "cause": WORD},
    "listing.withdrawn": {"at": MOMENT, "listing": CODE, "vendor": CODE},
    "contract.concluded": {"at": MOMENT, "number": NUMBER, "digest": DIGEST},
    "review.published": {
        "at": MOMENT, "notice": CODE, "kind": WORD, "subject": CODE, "number": NUMBER, "digest": DIGEST,
        "rules": several(RULE),
    },
    "review.objected": {"at": MOMENT, "notice": CODE, "rules": several(RULE)},
    "review.withdrawn": {"at": MOMENT, "notice": CODE},
    "rating.revealed": {"at": MOMENT, "rating": CODE, "vendor": CODE, "item": WORD, "level": NUMBER},
    "rating.decided": {"at": MOMENT, "rating": CODE, "vendor": CODE, "removed": flag},
    "rating.appeal_decided": {"at": MOMENT, "rating": CODE, "vendor": CODE, "upheld": flag},
    "credit.deducted": {
        "at": MOMENT, "deduction": CODE, "vendor": CODE, "ground": WORD, "points": NUMBER, "fades_on": DAY,
    },
    "credit.decided": {"at": MOMENT, "deduction": CODE, "vendor": CODE, "upheld": flag},
    # without tender, bidder, number and time, so that nothing about an open tender leaks
    "envelope.received": {"digest": DIGEST},
    # what a tender leaves: market/bidding/leaves.py says what each means
    "tender.published": {"tender": CODE, "notice": DIGEST},
    "tender.amended": {"tender": CODE, "notice": DIGEST},
    "tender.closed": {"tender": CODE, "digests": several(DIGEST)},
    "tender.cancelled": {"tender": CODE},
    "key.published": {"tender": CODE, "set": WORD, "holder": WORD, "key": DIGEST},
    "scores.locked": {"tender": CODE, "scores": DIGEST},
    "bidder.excluded": {"tender": CODE, "bidder": CODE, "reason": WORD},
    "pool.frozen": {"tender": CODE, "entries_hash": DIGEST, "size": NUMBER},
    "auction.scheduled": {"tender": CODE, "starts": MOMENT},
    "auction.moved": {"tender": CODE, "alias": HEX, "price": NUMBER, "at": MOMENT},
    "draw.held": {
        "tender": CODE, "entropies": DIGEST, "chain": WORD, "round": NUMBER, "randomness": _text("-|[0-9a-f]{64}"),
    },
    "award.proposed": {"tender": CODE, "winner": CODE, "price": optional(NUMBER), "outcome": DIGEST},
    "tender.failed": {"tender": CODE, "reason": WORD, "outcome": DIGEST},
    "award.withdrawn": {"tender": CODE, "bidder": CODE, "reason": WORD},
}  # fmt: skip


def leaf(facts: Mapping[str, Any], shapes: Mapping[str, Mapping[str, Kind]] = SHAPES) -> bytes:
    """The canonical JSON of `facts` as a leaf. Raises `NotPublishable` for an event that has no shape, a field that is
    missing, not permitted or of another kind, and for more than 1 MiB."""
    event = facts.get("event")
    shape = shapes.get(event) if isinstance(event, str) else None
    if shape is None:
        raise NotPublishable(f"{event!r} is no event of the public record")
    if facts.keys() != {"event", *shape}:
        odd = sorted(facts.keys() ^ {"event", *shape})
        raise NotPublishable(f"{event}: {', '.join(odd)} missing or not permitted")
    for name, kind in shape.items():
        if not kind(facts[name]):
            raise NotPublishable(f"{event}: {name} is not of the kind that is permitted")
    body = canonical.leaf(facts)
    if len(body) > LONGEST:
        raise NotPublishable(f"{event}: a leaf has at most {LONGEST} bytes")
    return body
