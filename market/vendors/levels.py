"""How the catalogue writes qualifications, read: pure.

An entry is `{"name", "level", "statutory"}`; entries of a list are all needed. A name may join two things with 、 (both are
needed) and name alternatives of a grade with / (一级/二级造价工程师: either). A level is written as the trade writes it:
甲/乙级 (either), 乙/丙级以上 (the lower of them and all above), 综合、专业甲/乙级 (one of the three). An entry may also be
`{"any": [...]}` or `{"all": [...]}` of entries.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: ranks from the highest
RANKS = ("甲乙丙丁", "特一二三四")
_GRADED = re.compile(
    r"(?P<prefix>.*?)(?P<ranks>[甲乙丙丁特一二三四](?:/[甲乙丙丁特一二三四])*)(?P<suffix>级|类)(?P<up>以上)?"
)
_PERSON = re.compile(r"(?P<grades>[一二三]级(?:/[一二三]级)*)?(?P<name>.*师)")


@dataclass(frozen=True, slots=True)
class Need:
    """One qualification: any of `names`, at any of `levels` (none: whatever level). `personal`: people hold it, not the firm."""

    names: tuple[str, ...]
    levels: tuple[str, ...] = ()
    statutory: bool = True
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives: one of them, each a list of needs, is enough."""

    choices: tuple[tuple["Need | Either", ...], ...]


def needs(entries: Sequence[Mapping[str, Any]]) -> tuple[Need | Either, ...]:
    """What a qualification list of the catalogue asks for; all of the result is needed. Raises KeyError without a name."""
    return tuple(need for entry in entries for need in _needs_of(entry))


def flat(found: Sequence[Need | Either]) -> Iterator[Need]:
    """Every single need in `found`, alternatives included."""
    for one in found:
        if isinstance(one, Need):
            yield one
        else:
            for choice in one.choices:
                yield from flat(choice)


def levels_in(text: str | None) -> tuple[str, ...]:
    """The levels that a text such as 综合、专业甲/乙级 allows, the highest first as written; none when any level will do."""
    return tuple(dict.fromkeys(level for part in (text or "").split("、") if part for level in _levels(part)))


def _needs_of(entry: Mapping[str, Any]) -> Iterator[Need | Either]:
    if "any" in entry:
        yield Either(tuple(needs([choice]) for choice in entry["any"]))
        return
    if "all" in entry:
        yield from needs(entry["all"])
        return
    for name in str(entry["name"]).split("、"):
        person = _PERSON.fullmatch(name)
        grades = (person["grades"] or "").split("/") if person else [""]
        names = tuple(f"{grade}{person['name']}" for grade in grades) if person else (name,)
        levels = levels_in(entry.get("level"))
        yield Need(names, levels, bool(entry.get("statutory", True)), personal=person is not None)


def _levels(part: str) -> list[str]:
    found = _GRADED.fullmatch(part)
    if not found:
        return part.split("/")
    ranks = found["ranks"].split("/")
    if found["up"]:
        scale = next(scale for scale in RANKS if ranks[0] in scale)
        ranks = list(scale[: max(scale.index(rank) for rank in ranks) + 1])
    return [f"{found['prefix']}{rank}{found['suffix']}" for rank in ranks]
