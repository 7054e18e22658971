"""The second reading of a text (likeness.py): what patterns found is dropped where everything speaks against it, and a sentence
in which they found nothing is reported when a clause of it is like a violation. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from market.review import scopes
from market.review.likeness import Likeness, features
from market.review.matching import Hit, Match, Search

#: who is spoken of, at the beginning of a clause: no part of a span
SUBJECT = re.compile(
    r"\s*(?:[(]?\d+[)、.]|[一二三四五六七八九十]+、|[(][一二三四五六七八九十]+[)])?(?:本(?:项目|次|公告)(?:要求)?|凡|如|其中|注(?=:)|"
    r"(?:所有|各|全部)?(?:投标(?:人|单位)|(?:潜在)?供应商|申请(?:人|单位|机构)|报名(?:单位|机构|人)?|参选(?:人|单位|机构)|"
    r"(?:中介)?(?:服务)?机构|中选(?:人|机构|单位|方)|成交(?:人|单位|供应商|机构)|乙方|响应(?:人|单位)|竞标人|应选(?:人|机构)))?"
)
#: a clause that is only a subject keeps it
LEAST_REST = 4
#: a clause of fewer characters says too little to be like anything
LEAST_CLAUSE = 5
#: a clause without a pattern is reported from this likeness on; what a pattern found is dropped below the other one
ALIKE, UNLIKE = 0.50, -0.50


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause that no pattern found and that is like a violation of `rule`; `words` speak loudest for it."""

    rule: str
    start: int
    end: int
    words: tuple[str, ...]


class Alike:
    """The likeness of the clauses of one text, each computed once, when it is asked for."""

    def __init__(self, search: Search, likeness: Likeness, measured: Mapping[str, frozenset[str]]) -> None:
        self._search = search
        #: the units of the quantities that a rule compares: their size decides, not how alike the words are
        self._measured = measured
        self._likeness = likeness
        self._features: dict[int, list[str]] = {}
        self._likenesses: dict[int, float] = {}

    def unlike(self, rule: str, start: int, end: int) -> bool:
        """True when every clause that text[start:end] touches is unlike any violation, and no quantity decides `rule`."""
        clauses = self._search.reading.clauses
        clause_at = self._search.reading.clause_at
        touched = range(clause_at(start), clause_at(end - 1) + 1)
        return (
            bool(self._likeness.weights)
            and all(self._of(clause) < UNLIKE for clause in touched)
            and not self._measures(rule, clauses[touched[0]][0], clauses[touched[-1]][1])
        )

    def like(self, sentence: int) -> Clause | None:
        """The clause of a sentence that is most like a violation, if it is one; a clause beside it that says the same is taken
        along. What the scopes make harmless, and what becomes of all others (否则不予受理), is none.
        """
        reading = self._search.reading
        start, end = reading.sentences[sentence]
        clauses = range(reading.clause_at(start), reading.clause_at(max(end - 1, start)) + 1)
        best = max(clauses, key=lambda clause: (self._of(clause), -clause))
        short = len(reading.text[slice(*reading.clauses[best])].strip()) < LEAST_CLAUSE
        if short or self._of(best) < ALIKE or self._spared(best):
            return None
        rule = self._likeness.rule(self._clause(best))
        if self._measures(rule, *reading.clauses[best]):
            return None
        first = last = best
        while last + 1 in clauses and self._says(last + 1, rule):
            last += 1
        while first - 1 in clauses and self._says(first - 1, rule):
            first -= 1
        left, right = reading.clauses[first][0], reading.clauses[last][1]
        subject = SUBJECT.match(reading.text, left, right)
        left = subject.end() if subject and right - subject.end() >= LEAST_REST else left
        left += len(reading.text[left:right]) - len(reading.text[left:right].lstrip())
        right = left + len(reading.text[left:right].rstrip(" ”。"))
        words = self._likeness.loudest(self._clause(best), rule, reading.text[left:right])
        return Clause(rule, left, right, words) if rule and left < right else None

    def _measures(self, rule: str, start: int, end: int) -> bool:
        units = self._measured.get(rule, frozenset())
        return any(quantity.unit in units for quantity in self._search.quantities_within(start, end))

    def _says(self, clause: int, rule: str) -> bool:
        return (
            self._of(clause) >= ALIKE
            and self._likeness.rule(self._clause(clause)) == rule
            and not scopes.CONTRAST.match(self._search.reading.text, self._search.reading.clauses[clause][0])
        )

    def _spared(self, clause: int) -> bool:
        start, end = self._search.reading.clauses[clause]
        whole = Match(start, max(end, start + 1), (Hit(start, start),))
        return bool(
            scopes.CONTRAST.match(self._search.reading.text, start)
            or scopes.harmless(self._search, whole, negatable=False)
        )

    def _of(self, clause: int) -> float:
        if clause not in self._likenesses:
            self._likenesses[clause] = self._likeness.of(self._clause(clause))
        return self._likenesses[clause]

    def _clause(self, clause: int) -> list[str]:
        if clause not in self._features:
            self._features[clause] = features(self._search, *self._search.reading.clauses[clause])
        return self._features[clause]
