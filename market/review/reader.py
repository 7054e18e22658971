"""Reading a text: one normalised form to search in, with the way back to the original, cut into sentences and clauses.

Pure. Width (NFKC), letter case, traditional characters, invisible characters, and what is written inside words to hide them
(spaces, dots, brackets around one or two characters) are levelled; nothing else of the text is changed.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

#: what may stand between two Chinese characters without meaning anything
STUFFING = frozenset("·•‧∙⋅・.*_|^~`'\u00b7-+=#&$")
OPENING, CLOSING = "([{【〔<《", ")]}】〕>》"
#: brackets that hide a word hold at most this many characters
HIDDEN = 2
SENTENCE_ENDS = frozenset("。!?;\n")
CLAUSE_ENDS = frozenset(",:—…")

#: characters after which a sentence without an end is cut
LONGEST_SENTENCE = 300

_converter = OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` is what is searched; `origin[i]` is where its character i stands in `original` (the last entry is the end).

    `sentences` and `clauses` are (start, end) in `text`, in order, together covering it but for the marks between them.
    """

    original: str
    text: str
    origin: tuple[int, ...]
    sentences: tuple[tuple[int, int], ...]
    clauses: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] stands in the original: code points, end exclusive."""
        return self.origin[start], self.origin[end - 1] + 1

    def sentence_at(self, position: int) -> int:
        """The number of the sentence that holds `position`."""
        return max(bisect_right(self.sentences, (position, len(self.text) + 1)) - 1, 0)

    def clause_at(self, position: int) -> int:
        """The number of the clause that holds `position`."""
        return max(bisect_right(self.clauses, (position, len(self.text) + 1)) - 1, 0)


def read(original: str) -> Reading:
    """The reading of `original`. Refuses nothing; an empty text has one empty sentence."""
    characters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(original):
        for plain in _plain(character):
            characters.append(plain)
            origin.append(place)
    characters, origin = _without(characters, origin, _brackets(characters))
    characters, origin = _without(characters, origin, _stuffed(characters))
    text = "".join(characters)
    sentences, clauses = _cut(text)
    return Reading(original, text, (*origin, len(original)), tuple(sentences), tuple(clauses))


@lru_cache(maxsize=16384)
def _plain(character: str) -> str:
    if character in "\n\r\u2028\u2029":
        return "\n"
    if character in "、。“”‘’「」『』":
        return {"「": "“", "」": "”", "『": "“", "』": "”"}.get(character, character)
    if unicodedata.category(character) in ("Cf", "Cc", "Cs"):
        return " " if character == "\t" else ""
    level = unicodedata.normalize("NFKC", character).lower()
    return _converter.convert(level) if level and not level.isascii() else level


def is_chinese(character: str) -> bool:
    """True for a Chinese character (no punctuation, no digit)."""
    return "\u3400" <= character <= "\u9fff" or character == "〇"


def _without(characters: list[str], origin: list[int], dropped: set[int]) -> tuple[list[str], list[int]]:
    if not dropped:
        return characters, origin
    kept = [i for i in range(len(characters)) if i not in dropped]
    return [characters[i] for i in kept], [origin[i] for i in kept]


def _brackets(characters: list[str]) -> set[int]:
    """Brackets around one or two Chinese characters in the middle of Chinese text hide a word: 本【市】注册."""
    dropped: set[int] = set()
    for start, character in enumerate(characters):
        if character not in OPENING or not is_chinese(_next(characters, start, -1)):
            continue
        for length in range(1, HIDDEN + 1):
            end = start + length + 1
            if end >= len(characters) or characters[end] != CLOSING[OPENING.index(character)]:
                continue
            if all(map(is_chinese, characters[start + 1 : end])) and is_chinese(_next(characters, end, 1)):
                dropped |= {start, end}
    return dropped


def _next(characters: list[str], place: int, step: int) -> str:
    """The nearest character before (-1) or behind (1) `place` that is no space; "" at the end of the text."""
    place += step
    while 0 <= place < len(characters) and characters[place] == " ":
        place += step
    return characters[place] if 0 <= place < len(characters) else ""


def _stuffed(characters: list[str]) -> set[int]:
    """Spaces and dots between two Chinese characters; more than one space anywhere else."""
    dropped: set[int] = set()
    place, size = 0, len(characters)
    while place < size:
        if characters[place] != " " and not characters[place].isspace() and characters[place] not in STUFFING:
            place += 1
            continue
        if characters[place] == "\n":
            place += 1
            continue
        end = place
        while end < size and characters[end] != "\n" and (characters[end].isspace() or characters[end] in STUFFING):
            end += 1
        run = characters[place:end]
        before = characters[place - 1] if place else ""
        after = characters[end] if end < size else ""
        blank = all(c.isspace() for c in run)
        if before and after and is_chinese(before) and is_chinese(after):
            dropped.update(range(place, end))
        elif blank and (not before.isascii() or not after.isascii() or len(run) > 1 or not before or not after):
            spare = place if before.isascii() and after.isascii() and before and after else place - 1
            dropped.update(i for i in range(place, end) if i != spare)
        place = end
    return dropped


def _cut(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    sentences: list[tuple[int, int]] = []
    clauses: list[tuple[int, int]] = []
    sentence = clause = 0
    for place, character in enumerate(text):
        full = (
            character in SENTENCE_ENDS
            or (character == "." and _ends_english(text, place))
            # whoever writes without full stops is read in portions
            or (place - sentence >= LONGEST_SENTENCE and character in "、, ")
            or place - sentence >= 2 * LONGEST_SENTENCE
        )
        part = character in CLAUSE_ENDS and not _inside_number(text, place)
        if not full and not part:
            continue
        clauses.append((clause, place))
        clause = place + 1
        if full:
            sentences.append((sentence, place))
            sentence = place + 1
    clauses.append((clause, len(text)))
    sentences.append((sentence, len(text)))
    return sentences, clauses


def _ends_english(text: str, place: int) -> bool:
    before = re.search(r"[a-z0-9%)]+$", text[max(0, place - 12) : place])
    if (
        before is None
        or re.search(r"(?:^|\s)\d{1,2}$", text[max(0, place - 4) : place])
        or before[0] in ("no", "art", "e", "g", "i", "co", "ltd")
    ):
        return False
    return place + 1 >= len(text) or text[place + 1].isspace()


def _inside_number(text: str, place: int) -> bool:
    around = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return all(c.isdigit() for c in around) and all(around)
