"""Suggestions while somebody types: by Chinese prefix, pinyin prefix and initials, from the terms in memory."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from search.passages import Entry, Source, passages
from search.text import is_chinese, normalise, plain, syllables

#: phrases longer than this are no suggestion
LONGEST = 16
RANK = {Source.NAME: 0, Source.ALIAS: 1, Source.EVERYDAY: 2}


class Way(StrEnum):
    """What of the suggestion was typed."""

    TEXT = "text"
    PINYIN = "pinyin"
    INITIALS = "initials"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term that begins with what was typed, and the entry it leads to."""

    text: str
    code: str
    kind: str
    why: Way


class Suggestions:
    """The terms of these entries, sorted by text, by pinyin and by initials. Below a millisecond a question; safe for threads."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._terms = [
            (RANK[p.source], p.text, p.code, p.kind)
            for p in passages(entries)
            if p.source in RANK and len(p.text) <= (40 if p.text.isascii() else LONGEST)
        ]
        keys: list[tuple[str, int, Way]] = []
        for place, (rank, text, _, _) in enumerate(self._terms):
            keys.append((text, place, Way.TEXT))
            sounds = syllables(text) if rank < 2 or len(text) <= 6 else ()
            if sounds:
                keys.append(("".join(sounds), place, Way.PINYIN))
                keys.append(("".join(s[0] for s in sounds), place, Way.INITIALS))
        self._keys = sorted(keys)
        self._starts = [key for key, _, _ in self._keys]

    def find(self, prefix: str, size: int = 8) -> tuple[Suggestion, ...]:
        """Up to `size` terms, each text once and no entry more than twice: names before aliases before everyday phrases, short
        before long; then terms that hold a typed Chinese text further inside. Empty for an empty prefix.
        """
        text = normalise(prefix, 40)
        if not plain(text):
            return ()
        found: list[tuple[Way, int]] = list(self._beginning(text))
        if text.isascii() and " " in text:
            found += self._beginning(text.replace(" ", ""))
        if is_chinese(text):
            found += ((Way.INSIDE, place) for place, term in enumerate(self._terms) if text in term[1])
        ways = list(Way)
        found.sort(
            key=lambda f: (ways.index(f[0]) == 3, self._terms[f[1]][0], len(self._terms[f[1]][1]), self._terms[f[1]][1])
        )
        chosen: list[Suggestion] = []
        texts: set[str] = set()
        times: dict[str, int] = {}
        for way, place in found:
            _, term, code, kind = self._terms[place]
            if term in texts or times.get(code, 0) >= 2:
                continue
            texts.add(term)
            times[code] = times.get(code, 0) + 1
            chosen.append(Suggestion(term, code, kind, way))
            if len(chosen) == size:
                break
        return tuple(chosen)

    def _beginning(self, text: str) -> Iterator[tuple[Way, int]]:
        for place in range(bisect_left(self._starts, text), len(self._keys)):
            key, term, way = self._keys[place]
            if not key.startswith(text):
                return
            yield way, term
