"""What makes a clause harmless although its words match a rule: negation, quotation, history, others, a question. Pure.

The words stand in words.toml under the names `neg`, `neg_after`, `open`, `limits`,
`history`, `turn`, `third`, `object`, `told`, `quoted`, `ask`, `yes`.
"""

import re

from market.review.matching import DENIALS, Hit, Match, Search

#: words with which a clause goes on with the negation of the one before it
_GOES_ON = re.compile(r"\s*(?:或|也|亦|和|及|以及|并|更|还|又|or\b|nor\b|and\b)")

#: a clause that speaks of all the others: 否则不得分
CONTRAST = re.compile(
    r"\s*(?:否则|其余|其他|其它|未|反之|不然|没有?|无(?!论|须|需)|不(?:具备|满足|足|够|符合|具有|达)|达不到|缺|"
    r"otherwise|others|those without|the rest)"
)


def harmless(search: Search, match: Match, negatable: bool = True) -> str:
    """Why the match is no requirement: "negated", "quoted", "past", "elsewhere", "told", "asked"; "" when it is one.

    With `negatable` false the negation is part of the clause and does not count.
    """
    reading = search.reading
    sentence = reading.sentence_at(match.start)
    start, end = reading.sentences[sentence]
    first, last = reading.clause_at(match.start), reading.clause_at(match.end - 1)
    left, right = reading.clauses[first][0], reading.clauses[last][1]
    if negatable and _negated(search, match, left, right, first, start, end):
        return "negated"
    if _between_quotes(search, match, start, end):
        return "quoted"
    if past := _past(search, match, start, end):
        return past
    if _hit(search, "third", start, match.start):
        return "elsewhere"
    # 被评估公司注册资本1200万元: whom the work is about, not who may apply
    if _hit(search, "object", start, right) and not _hit(search, "must", left, right):
        return "elsewhere"
    if _hit(search, "told", start, end, match):
        return "told"
    if _asked(search, sentence, start, end):
        return "asked"
    return ""


def _free(search: Search, name: str, start: int, end: int, match: Match | None = None) -> list[Hit]:
    """Hits of a scope word within text[start:end] that are no mere part of a term of the match."""
    taken = match.hits if match else ()
    # 不予考虑 shuts somebody out: no denial within it denies anything
    excluded = search.between("excl", start - 20, end) if name in DENIALS else []
    return [
        hit
        for hit in search.between(name, start, end)
        if hit.end <= end
        and not any(e.start <= hit.start and hit.end <= e.end for e in excluded)
        and not any(t.start <= hit.start and hit.end <= t.end for t in taken)
    ]


def _hit(search: Search, name: str, start: int, end: int, match: Match | None = None) -> bool:
    return bool(_free(search, name, start, end, match))


def _negated(search: Search, match: Match, left: int, right: int, first: int, start: int, end: int) -> bool:
    # a denial begins before the match or within it; it may reach beyond (删除…的要求)
    if any(hit.start < match.end for hit in _free(search, "neg", left, right, match)) or _hit(
        search, "neg_after", match.start, right, match
    ):
        return True
    exclusive = _hit(search, "limits", left, right)
    if not exclusive and _hit(search, "open", match.start, right, match):
        return True
    clauses = search.reading.clauses
    text = search.reading.text
    # the clause goes on with a negation begun before it: 不得要求在本地设立机构, 或者缴纳社保
    place = first
    while place > 0 and clauses[place][0] > start and _GOES_ON.match(text, clauses[place][0]):
        place -= 1
        if _hit(search, "neg", *clauses[place]):
            return True
    # a clause without a subject of its own says it of this one: 注册地在外省的, 均可报名
    after = search.reading.clause_at(match.end - 1) + 1
    if after < len(clauses) and clauses[after][0] < end:
        begin, stop = clauses[after]
        return not CONTRAST.match(text, begin) and any(
            len(text[begin : hit.start].strip()) <= (14 if text[hit.start].isascii() else 3)
            for name in ("neg_after", *(() if exclusive else ("open",)))
            for hit in _free(search, name, begin, stop, match)
        )
    return False


def _between_quotes(search: Search, match: Match, start: int, end: int) -> bool:
    text = search.reading.text
    opened = max(text.rfind("“", start, match.start + 1), text.rfind('"', start, match.start + 1))
    if opened < 0 or text.find("”", opened, match.start) >= 0:
        return False
    closed = text.find("”", match.start, end)
    if closed < 0:
        return False
    return _hit(search, "quoted", start, opened) or _hit(search, "quoted", closed, end)


def _past(search: Search, match: Match, start: int, end: int) -> str:
    """Before a turn (现改为) all is past; after it all is present."""
    turns = _free(search, "turn", start, end)
    if any(turn.end <= match.start for turn in turns):
        return ""
    if any(match.end <= turn.start + 1 for turn in turns):
        return "past"
    return "past" if _hit(search, "history", start, end, match) else ""


def _asked(search: Search, sentence: int, start: int, end: int) -> bool:
    text = search.reading.text
    question = (end < len(text) and text[end] == "?") or _hit(search, "ask", start, end)
    if not question:
        return False
    sentences = search.reading.sentences
    if sentence + 1 < len(sentences):
        return not search.lexicon.pattern("yes").match(text, sentences[sentence + 1][0])
    return True
