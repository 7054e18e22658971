"""Seeded changes of sound bundles: bytes flipped, lost and doubled, and parts of the JSON exchanged, dropped or altered."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from market.kernel.canonical import leaf as canonical

from . import synthetic

#: kinds without a beacon: its signature is checked by one of the two verifiers only, and takes a second here
NAMES = [name for name in synthetic.SOUND if "beacon" not in name]


def mutated(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """`count` changed bundles with a name each; none equals the sound one."""
    random = Random(seed)
    made = 0
    while made < count:
        name = NAMES[made % len(NAMES)]
        sound = synthetic.sound(name)
        kind = random.choice(list(KINDS))
        changed = KINDS[kind](sound, random)
        if changed != sound:
            made += 1
            yield f"{made}: {name}, {kind}", changed


def flipped(content: bytes, at: int, bit: int) -> bytes:
    """`content` with one bit changed."""
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


def _flip(content: bytes, random: Random) -> bytes:
    return flipped(content, random.randrange(len(content)), random.randrange(8))


def _digit(content: bytes, random: Random) -> bytes:
    """Another hexadecimal digit: the text stays JSON in its canonical form."""
    places = [at for at, byte in enumerate(content) if byte in b"0123456789abcdef"]
    at = random.choice(places)
    return content[:at] + random.choice(b"0123456789abcdef").to_bytes(1, "big") + content[at + 1 :]


def _lose(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + content[at + random.randrange(1, 4) :]


def _double(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + content[at : at + 1] + content[at:]


def _in_json(content: bytes, random: Random) -> bytes:
    """One value of the document altered, one item dropped, doubled or exchanged; written in canonical form again."""
    document = json.loads(content)
    places = list(_places(document))
    holder, key = random.choice(places)
    value = holder[key]
    if isinstance(holder, list) and random.random() < 0.5:
        act = random.randrange(3)
        if act == 0:
            del holder[key]
        elif act == 1:
            holder.insert(key, value)
        else:
            other = random.randrange(len(holder))
            holder[key], holder[other] = holder[other], holder[key]
    else:
        holder[key] = _altered(value, random)
    return canonical(document)


def _altered(value: Any, random: Random) -> Any:
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int):
        return value + random.choice((-1, 1, 1000))
    if isinstance(value, str) and value:
        return value[:-1] + random.choice("0123456789abcdefZ甲")
    return random.choice((None, 0, [], {}, "乙"))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


KINDS = {"a bit": _flip, "a digit": _digit, "lost": _lose, "doubled": _double, "a part": _in_json}
