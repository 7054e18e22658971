"""How a query is read: which script, and what is meant where it is spelled by sound, by initials or wrongly. Each change is a
`Correction` that the reader is shown and can take back. Everything is decided by the words of the passages alone.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from search.passages import Passage, Source
from search.text import (
    STOP,
    Kind,
    Segmenter,
    blurred,
    classify,
    initials,
    is_chinese,
    plain,
    spell_out,
    stem,
    syllables,
)

#: longest term that is looked for as a whole, in characters
LONGEST_TERM = 10
#: how far a source is believed where spellings coincide
TRUST = {Source.NAME: 3, Source.ALIAS: 3, Source.EVERYDAY: 2, Source.FURTHER: 1}
#: logarithms of probability: a letter that fits nothing; a word spelled as many mouths say it (zh as z, ng as n)
STRAY, BLUR = -14.0, -1.5


class Because(StrEnum):
    """Why something was read differently from how it was typed."""

    PINYIN = "pinyin"
    INITIALS = "initials"
    SOUND = "sound"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class Correction:
    """`typed` was read as `read`."""

    typed: str
    read: str
    because: Because


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it was read. `meant`: the entries whose term was typed by its initials, with how well it fits (0 to 1)."""

    kind: Kind
    text: str
    corrections: tuple[Correction, ...] = ()
    meant: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    code: str
    trust: int


class Reader:
    """Reads queries by the terms and words of these passages. Pure after it is made; safe for threads."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._terms = [
            _Term(p.text, p.code, TRUST[p.source])
            for p in passages
            if p.source in TRUST and len(p.text) <= LONGEST_TERM and _all_chinese(p.text)
        ]
        self._known = {term.text for term in self._terms}
        self._spoken = sorted(
            {w for p in passages for w in plain(p.text).split() if w.isascii() and w.isalpha() and len(w) > 1}
        )
        self._english = frozenset(map(stem, self._spoken))
        self._cutter = Segmenter(term.text for term in self._terms if term.trust == 3)
        self._initials: dict[str, list[_Term]] = defaultdict(list)
        for term in self._terms:
            self._initials[initials(term.text)].append(term)
        self._beginnings = {known[:end] for known in self._initials for end in range(2, len(known) + 1)}
        self._by_sound: dict[tuple[str, ...], list[_Term]] = defaultdict(list)
        self._by_gap: dict[str, list[_Term]] = defaultdict(list)
        for term in sorted(self._terms, key=lambda t: -t.trust):
            self._by_sound[_soft(term.text)].append(term)
            if term.trust == 3 and len(term.text) >= 4:
                for gap in range(len(term.text)):
                    self._by_gap[term.text[:gap] + "*" + term.text[gap + 1 :]].append(term)
        self._spelled = _spellings(passages, self._terms, self._cutter)

    def read(self, query: str) -> Reading:
        """Reads a normalised query."""
        kind = classify(query, self._english)
        letters = query.replace(" ", "").replace("'", "")
        if kind in (Kind.PINYIN, Kind.ENGLISH) and letters in self._initials and stem(query) not in self._english:
            return self._read_initials(query, letters)
        if kind is Kind.ENGLISH and len(letters) <= 8 and letters in self._beginnings and not self._speaks(query):
            return self._read_initials(query, letters)
        match kind:
            case Kind.PINYIN:
                return self._read_pinyin(query, letters)
            case Kind.INITIALS:
                return self._read_initials(query, letters)
            case Kind.CHINESE:
                return self._read_chinese(query)
            case Kind.ENGLISH:
                return self._read_english(query)
        return Reading(kind, query)

    def _speaks(self, query: str) -> bool:
        """True when a word of the query is a known English one."""
        return any(stem(word) in self._english or word in STOP for word in query.split())

    def _read_initials(self, query: str, letters: str) -> Reading:
        """Terms with these initials, or that begin with them; an English word with a slip where there is none."""
        fit: dict[str, float] = {}
        best: tuple[float, str] = (0.0, "")
        for known, terms in self._initials.items():
            if not known.startswith(letters):
                continue
            for term in terms:
                near = (len(letters) / len(known)) ** 0.5 * (
                    1.0 if term.trust == 3 else 0.8 if term.trust == 2 else 0.6
                )
                fit[term.code] = max(fit.get(term.code, 0.0), near)
                best = max(best, (near, term.text))
        fit.pop("", None)
        if not fit:
            return self._read_english(query)
        meant = tuple(sorted(fit.items(), key=lambda pair: -pair[1])[:10])
        return Reading(Kind.INITIALS, best[1], (Correction(query, best[1], Because.INITIALS),), meant)

    def _read_pinyin(self, query: str, letters: str) -> Reading:
        """The likeliest Chinese words for the letters."""
        exact = self._by_letters(letters)
        text = exact or self._decode(letters)
        if not text:
            return Reading(Kind.PINYIN, query)
        return Reading(Kind.PINYIN, text, (Correction(query, text, Because.PINYIN),))

    def _by_letters(self, letters: str) -> str:
        sounds = spell_out(letters)
        terms = self._by_sound.get(tuple(blurred(s) for s in sounds), ()) if sounds else ()
        fitting = [t for t in terms if t.trust == 3 and "".join(syllables(t.text)) == letters]
        return fitting[0].text if fitting else ""

    def _decode(self, letters: str) -> str:
        """The cut of the letters into known words with the greatest probability; "" when more than a third fits nothing."""
        size = len(letters)
        best: list[tuple[float, int, str, bool]] = [(0.0, 0, "", False)] + [(-math.inf, 0, "", False)] * size
        for start in range(size):
            if best[start][0] == -math.inf:
                continue
            score = best[start][0]
            for end in range(start + 1, min(size, start + 36) + 1):
                word = self._spelled.get(letters[start:end])
                if word and score + word[0] > best[end][0]:
                    best[end] = (score + word[0], start, word[1], True)
            if score + STRAY > best[start + 1][0]:
                best[start + 1] = (score + STRAY, start, "", False)
        words: list[str] = []
        stray, end = 0, size
        while end:
            _, start, word_text, fits = best[end]
            words.append(word_text)
            stray += 0 if fits else 1
            end = start
        return "".join(reversed(words)) if stray * 3 <= size else ""

    def _read_english(self, query: str) -> Reading:
        """Each long English word that nobody knows, one slip from one that is known. In a long question words that the catalogue
        does not know are no wonder, so nothing is corrected there.
        """
        corrections = []
        words = []
        few = len(query.split()) <= 5
        for word in query.split():
            near = self._near_english(word) if word.isalpha() and len(word) >= 6 and few else None
            if near:
                corrections.append(Correction(word, near, Because.SPELLING))
            words.append(near or word)
        return Reading(Kind.ENGLISH, " ".join(words), tuple(corrections))

    def _near_english(self, word: str) -> str | None:
        if stem(word) in self._english or word in STOP:
            return None
        near = [
            known for known in self._spoken if len(known) >= 5 and known[0] == word[0] and slips(word, known, 1) <= 1
        ]
        return min(near) if near else None

    def _read_chinese(self, query: str) -> Reading:
        """Terms written with wrong characters: those of the same sound, and long terms with one slip."""
        corrections: list[Correction] = []
        text, start = query, 0
        sounds = _sounds_by_place(text)
        while start < len(text):
            change = self._change_at(text, sounds, start)
            if change:
                corrections.append(change)
                text = text[:start] + change.read + text[start + len(change.typed) :]
                sounds = _sounds_by_place(text)
                start += len(change.read)
            else:
                start += self._skip(text, start)
        return Reading(Kind.CHINESE, text, tuple(corrections))

    def _skip(self, text: str, start: int) -> int:
        """Over a known term as a whole, so that its middle is not taken for another's slip."""
        for size in range(min(LONGEST_TERM, len(text) - start), 1, -1):
            if text[start : start + size] in self._known:
                return size
        return 1

    def _change_at(self, text: str, sounds: Sequence[str], start: int) -> Correction | None:
        """The correction of the longest window that begins here, if any. Windows hold Chinese characters alone."""
        size = 0
        while size < LONGEST_TERM and start + size < len(text) and sounds[start + size]:
            size += 1
        for end in range(start + size, start + 1, -1):
            window = text[start:end]
            if window in self._known:
                return None
            for term in self._by_sound.get(tuple(sounds[start:end]), ()):
                if self._may_be(window, term.text):
                    return Correction(window, term.text, Because.SOUND)
            for gap in range(len(window) if len(window) >= 4 else 0):
                for term in self._by_gap.get(window[:gap] + "*" + window[gap + 1 :], ()):
                    if window[gap] not in STOP and self._is_slip(text, start + gap, term.text, gap):
                        return Correction(window, term.text, Because.SPELLING)
        return None

    def _may_be(self, window: str, term: str) -> bool:
        """Same sound: one character right at least, no wrong one a word that only asks, the whole no word of its own."""
        wrong = [a for a, b in zip(window, term, strict=True) if a != b]
        if len(wrong) == len(window) or STOP & set(wrong) or self._cutter.knows(window):
            return False
        return len(window) > 2 or any(len(w) == 1 for w in self._cutter.words_whole(window))

    def _is_slip(self, text: str, place: int, term: str, gap: int) -> bool:
        """One character differs and stands alone in the text as typed, while in the term it is part of a word."""
        return self._cutter.length_at(text, place) == 1 and self._cutter.length_at(term, gap) > 1


def _sounds_by_place(text: str) -> list[str]:
    """The blurred sound of each character, "" where it is not Chinese."""
    sounds = iter(syllables(text))
    return [blurred(next(sounds)) if is_chinese(c) else "" for c in text]


def _soft(text: str) -> tuple[str, ...]:
    return tuple(blurred(s) for s in syllables(text))


def _all_chinese(text: str) -> bool:
    return len(text) > 1 and all(is_chinese(c) for c in text)


def _spellings(passages: Iterable[Passage], terms: Iterable[_Term], cutter: Segmenter) -> dict[str, tuple[float, str]]:
    """Letters -> (logarithm of probability, word): the words of all passages by how often they occur, terms as wholes."""
    counts: Counter[str] = Counter()
    for passage in passages:
        weight = 1 if passage.code else 3
        for word in cutter.words_whole(passage.text):
            counts[word] += weight
    for term in terms:
        counts[term.text] += {3: 8, 2: 2, 1: 1}[term.trust]
    total = sum(counts.values())
    spelled: dict[str, tuple[float, str]] = {}
    for word, count in counts.items():
        if not all(is_chinese(c) for c in word):
            continue
        sounds = syllables(word)
        chance = math.log(count / total)
        for letters, worse in (
            ("".join(sounds), 0.0),
            ("".join(map(_flat, sounds)), BLUR),
            ("".join(map(_short, sounds)), BLUR),
        ):
            if letters and spelled.get(letters, (-math.inf,))[0] < chance + worse:
                spelled[letters] = (chance + worse, word)
    return spelled


def _flat(syllable: str) -> str:
    return syllable[0] + syllable[2:] if syllable[:2] in ("zh", "ch", "sh") else syllable


def _short(syllable: str) -> str:
    return syllable[:-1] if syllable.endswith("ng") else syllable


def slips(a: str, b: str, allowed: int) -> int:
    """Least number of letters put in, left out, changed or swapped with the neighbour between a and b (optimal string
    alignment); `allowed + 1` as soon as it is more than `allowed`.
    """
    if abs(len(a) - len(b)) > allowed:
        return allowed + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = last
        if min(row) > allowed:
            return allowed + 1
    return min(row[-1], allowed + 1)
