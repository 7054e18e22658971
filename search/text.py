"""What people type, made comparable: forms of characters, words, sounds. Pure, except for the dictionaries loaded at first use.

The same functions treat documents and queries, so Elasticsearch needs no analyser but `whitespace`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

#: longest text that is looked at, in characters; what follows is cut off
LIMIT = 200

_RUN = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+(?:[./][0-9]+)*|[\u3400-\u9fff\uf900-\ufaff]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTERS = re.compile(r"^[a-z' ]+$")
#: SLUG: names of the catalogue (bid-agency); beside them public codes (L-7K3M9Q2FE), unified social credit codes
_PUBLIC_CODE = re.compile(r"^[a-z]-[0-9a-z]{9}$")
SLUG = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")
_CREDIT_CODE = re.compile(r"^[0-9a-z]{17,18}$")

#: words that say that something is asked, not what: they neither find nor count
STOP = frozenset(
    """的 了 吗 呢 吧 啊 呀 嘛 哦 嗯 么 着 过 地 得 和 与 或 及 在 是 有 我 你 他 她 它 我们 你们 他们 咱 咱们 俺
    这 那 这个 那个 这些 那些 哪 哪个 哪些 哪里 哪儿 哪家 什么 啥 怎么 怎样 怎么办 咋 咋办 咋弄 如何 为什么 谁
    多少 几 要 想 想要 需要 需 用 能 可以 能不能 可不可以 要不要 是不是 有没有 会 会不会 该 应该 必须 找 找谁 请
    请问 问 问下 一下 帮 帮忙 帮我 给 让 叫 被 把 去 来 到 从 对 向 跟 就 才 都 也 还 又 再 很 太 好 个 种 些 点
    下 上 里 中 一 一个 一家 说 看 知道 不知道 弄 搞 做 办 办理 办个 干 事 事情 东西 时候 现在 之前 以前 以后 后
    前 先 自己 人 家 人家 别人 不 没 没有 而 但 但是 如果 因为 所以 然后 还是 或者 关于 有关 相关 服务 机构 公司
    单位 材料 手续 流程 多久 多长 时间 钱 多少钱 the a an of for to in on is are do does i my me you your we our
    it its and or with by at from can need how what who where which when be this that get want please should
    would could will""".split()  # noqa: SIM905
)


class Kind(StrEnum):
    """How a query is written."""

    EMPTY = "empty"
    CODE = "code"
    PINYIN = "pinyin"
    INITIALS = "initials"
    ENGLISH = "english"
    CHINESE = "chinese"


def normalise(text: str, limit: int = LIMIT) -> str:
    """`text` in one form: NFKC (full width to half width), simplified characters, lower case, single spaces, no control
    characters, at most `limit` characters. Never fails: lone surrogates and control characters become spaces.
    """
    text = unicodedata.normalize("NFKC", text[: limit * 4])
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    text = _simplifier().convert(" ".join(text.split())[:limit])
    return " ".join(text.lower().split())[:limit].strip()


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def plain(text: str) -> str:
    """The letters, digits and characters of a normalised text, without the signs between them, runs parted by spaces."""
    return " ".join(_RUN.findall(text))


def is_chinese(text: str) -> bool:
    """True when at least one Chinese character stands in it."""
    return bool(_HAN.search(text))


class Segmenter:
    """Cuts text into words by rjieba's dictionary with `words` added to it. One per process is enough; safe for threads."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        import rjieba

        self._jieba = rjieba.Jieba()
        for word in words:
            if len(word) > 1:
                self._jieba.add_word(word, 1000, "n")

    def words(self, text: str) -> list[str]:
        """The words of a normalised text in order, long Chinese words also in their parts; stop words and signs left out;
        English words without their plural ending.
        """
        found = []
        for run in _RUN.findall(text):
            if is_chinese(run):
                found += [w for w in self._jieba.cut_for_search(run) if w not in STOP]
            elif run not in STOP:
                found.append(stem(run))
        return found

    def words_whole(self, text: str) -> list[str]:
        """The words of the Chinese runs in order, stop words too, by the dictionary alone (no guess at unknown words)."""
        return [w for run in _HAN_RUNS.findall(text) for w in self._jieba.cut(run, False)]

    def length_at(self, text: str, place: int) -> int:
        """How long the word is in which the character at `place` stands."""
        end = 0
        for word in self._jieba.cut(text, False):
            end += len(word)
            if place < end:
                return len(word)
        return 0

    def knows(self, word: str) -> bool:
        """True when the dictionary holds this word."""
        return bool(self._jieba.has_word(word))


def stem(word: str) -> str:
    """An English word without the ending of plural or of -ing, -ed, so that tests, testing, tested meet. Digits are left."""
    for ending, least, put in (("ies", 5, "y"), ("sses", 6, "ss"), ("ing", 6, ""), ("ed", 5, ""), ("s", 4, "")):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            word = word[: -len(ending)] + put
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def bigrams(text: str) -> list[str]:
    """Each two neighbouring Chinese characters of a normalised text (a single one alone), and words of other scripts whole."""
    found = []
    for run in _RUN.findall(text):
        if not is_chinese(run):
            if run not in STOP:
                found.append(stem(run))
        elif len(run) == 1:
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found


@lru_cache(maxsize=16384)
def syllables(text: str) -> tuple[str, ...]:
    """The sound of each Chinese character of a text without tones: 环评 -> ("huan", "ping"). Other characters are left out."""
    from pypinyin import lazy_pinyin

    return tuple(s for run in _HAN_RUNS.findall(text) for s in lazy_pinyin(run))


_HAN_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")


def initials(text: str) -> str:
    """The first letters of the sounds: 环评 -> "hp"."""
    return "".join(s[0] for s in syllables(text) if s)


def blurred(syllable: str) -> str:
    """A syllable as it sounds in many mouths: flat and curled tongue alike, -n and -ng alike, n and l alike."""
    for curled, flat in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(curled):
            syllable = flat + syllable[2:]
    if syllable.endswith("ng"):
        syllable = syllable[:-1]
    return "l" + syllable[1:] if syllable.startswith("n") else syllable


def sound_pairs(sounds: Sequence[str]) -> list[str]:
    """Each two neighbouring syllables, blurred and joined: what sounds are indexed and searched by."""
    soft = [blurred(s) for s in sounds]
    return [f"{a}_{b}" for a, b in pairwise(soft)] if len(soft) > 1 else soft


@cache
def all_syllables() -> frozenset[str]:
    """Every syllable of Mandarin that a character of the basic block has, without tones."""
    from pypinyin.constants import PINYIN_DICT

    marked = {s for code, sounds in PINYIN_DICT.items() if 0x4E00 <= code <= 0x9FA5 for s in sounds.split(",")}
    parted = {unicodedata.normalize("NFD", s).replace("u\u0308", "v") for s in marked}
    bare = {"".join(c for c in s if not unicodedata.combining(c)) for s in parted}
    return frozenset(s for s in bare if s.isascii()) - {"m", "n", "ng", "hm", "hng"}


@lru_cache(maxsize=1024)
def spell_out(letters: str) -> tuple[str, ...]:
    """Letters cut into syllables, the longest first where there is a choice ("huanping" -> huan, ping); empty when they are no
    pinyin. Spaces and apostrophes part syllables.
    """
    out: list[str] = []
    for part in re.split(r"[ ']+", letters):
        cut = _cut(part) if part else ()
        if cut is None:
            return ()
        out += cut
    return tuple(out)


def _cut(letters: str) -> tuple[str, ...] | None:
    """The cut with the fewest syllables, and of these the one whose first syllables are longest."""
    if len(letters) > 60:
        return None
    known = all_syllables()
    best: list[tuple[str, ...] | None] = [None] * len(letters) + [()]
    for start in range(len(letters) - 1, -1, -1):
        for end in range(min(len(letters), start + 6), start, -1):
            rest = best[end]
            if letters[start:end] in known and rest is not None:
                here = best[start]
                if here is None or len(rest) + 1 < len(here):
                    best[start] = (letters[start:end], *rest)
    return best[0]


def classify(text: str, english: frozenset[str] = frozenset()) -> Kind:
    """How a normalised query is written. `english`: words (stemmed) that are read as English even where they could be pinyin."""
    if not _RUN.search(text):
        return Kind.EMPTY
    if is_chinese(text):
        return Kind.CHINESE
    if _PUBLIC_CODE.match(text) or SLUG.match(text) or (_CREDIT_CODE.match(text) and any(c.isdigit() for c in text)):
        return Kind.CODE
    if not _LETTERS.match(text):
        return Kind.ENGLISH
    words = text.replace("'", " ").split()
    if words and all(stem(w) in english or w in STOP for w in words):
        return Kind.ENGLISH
    sounds = spell_out(text)
    if sounds and (len(sounds) > 1 or len(words) == 1) and sum(map(len, sounds)) >= 2 * len(sounds):
        return Kind.PINYIN
    if len(words) == 1 and 2 <= len(text) <= 8 and not any(stem(w) in english for w in words):
        return Kind.INITIALS
    return Kind.ENGLISH
