"""The review itself: rules as data, and the findings of a text. Pure: the rules come as an argument (rule_files.py reads them).

How severity depends on the source of money is section 1 of the rule catalogue (design: fair-competition rules): fiscal or
state-owned money and compulsory tenders meet the severities as they are; with private money every `block` that rests on
procurement law alone becomes `justify`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from market.review import scopes
from market.review.alike import SUBJECT, Alike
from market.review.likeness import Likeness
from market.review.matching import Lexicon, Match, Pattern, Search, any_hit, stated_sum
from market.review.reader import read


class Severity(StrEnum):
    """What follows from a finding."""

    BLOCK = "block"
    JUSTIFY = "justify"
    WARN = "warn"


class Fund(StrEnum):
    """Whose money is spent."""

    FISCAL = "fiscal"
    STATE_OWNED = "state-owned"
    PRIVATE = "private"


#: keys of sources that bind only those who procure or tender (rule catalogue, section 1)
PROCUREMENT_LAW = frozenset({"16号", "招法", "招条", "采法", "采条", "87号", "中小办", "四类", "昆例", "38号"})
#: a text longer than this is not reviewed at once (code points)
LONGEST = 200_000
#: how much of a finding may be taken by a stronger one before it is dropped
SHARED = Fraction(1, 2)
#: how much of it may be contested by a more specific rule
CONTESTED = Fraction(2, 5)


@dataclass(frozen=True, slots=True)
class Basis:
    """One source of a rule: its key (sources.toml), the articles as written, and how sure we are: C, C2 or M."""

    key: str
    articles: str
    mark: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the span that the rule must find in it; no span: the rule must stay silent."""

    text: str
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the 59 rules. `name`, `plain`: by language; `rewrite`: neutral wording; `spared`: lawful look-alikes in words.

    `over` names the rules that give way to this one where both would mark the same words.
    """

    id: str
    severity: Severity
    name: Mapping[str, str]
    plain: Mapping[str, str]
    basis: tuple[Basis, ...]
    rewrite: str
    spared: str
    find: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    over: frozenset[str] = frozenset()
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()

    @property
    def family(self) -> str:
        """The three letters of the family: LOC."""
        return self.id.split("-")[1]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A structured field that breaks a rule when its number passes `least` or `most` (None: no bound)."""

    field: str
    rule: str
    least: Fraction | None = None
    most: Fraction | None = None
    #: True: any value at all breaks the rule (a floor price, a list of allowed places)
    any_value: bool = False


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, the words they are made of, and the rules about structured fields."""

    rules: Mapping[str, Rule]
    lexicon: Lexicon
    sources: Mapping[str, Mapping[str, str]]
    fields: tuple[FieldRule, ...] = ()
    likeness: Likeness = field(default_factory=lambda: Likeness({}))
    #: rule id -> the units of the quantities that its patterns compare with a bound
    measured: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the texts: whose money (None: not known, severities as they are), whether the law demands a tender,
    the contract sum in yuan, and structured fields by name (rules/fields.toml).
    """

    fund: Fund | None = None
    compulsory: bool = False
    contract_sum: Fraction | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A clause that breaks `rule`: text `field`, code points `start` to `end` (exclusive), the words that triggered it.

    A structured field has start = end = 0 and its value as `quote`.
    """

    rule: str
    field: str
    start: int
    end: int
    severity: Severity
    quote: str
    words: tuple[str, ...]


def severity(rule: Rule, context: Context) -> Severity:
    """The rule's severity for this money (rule catalogue, section 1, "who is bound")."""
    private = context.fund == Fund.PRIVATE and not context.compulsory
    if private and rule.severity == Severity.BLOCK and {b.key for b in rule.basis} <= PROCUREMENT_LAW:
        return Severity.JUSTIFY
    return rule.severity


def review(texts: Mapping[str, str], context: Context, book: RuleBook) -> list[Finding]:
    """The findings of all texts (by field name, in their order) and of the context's structured fields.

    NoPlainNumber when a field with bounds holds no plain number. Spans of one text never overlap. A text beyond LONGEST is read
    up to there; the caller bounds what it takes.
    """
    found: list[Finding] = []
    for name, text in texts.items():
        found.extend(replace(one, field=name) for one in _text_findings(text[:LONGEST], context, book))
    found.extend(_field_findings(context, book))
    return found


#: severities, the mildest first
BY_WEIGHT = (Severity.WARN, Severity.JUSTIFY, Severity.BLOCK)


@dataclass(frozen=True, slots=True)
class _Candidate:
    rule: Rule
    start: int
    end: int
    match: Match
    pattern: Pattern


def _text_findings(text: str, context: Context, book: RuleBook) -> Iterable[Finding]:
    reading = read(text)
    if not reading.text:
        return
    search = Search(reading, book.lexicon)
    search.contract_sum = context.contract_sum if context.contract_sum is not None else stated_sum(search)
    by_sentence: dict[int, list[_Candidate]] = {}
    for candidate in _candidates(search, book):
        by_sentence.setdefault(reading.sentence_at(candidate.start), []).append(candidate)
    known = Alike(search, book.likeness, book.measured)
    for sentence in range(len(reading.sentences)):
        settled = [
            one
            for one in _settled(by_sentence.get(sentence, []), search)
            if not known.unlike(one.rule.id, one.start, one.end)
        ]
        for one in settled:
            start, end = reading.span(one.start, one.end)
            words = tuple(
                reading.text[hit.start : hit.end] for hit in sorted(one.match.hits, key=lambda hit: hit.start)
            )
            yield Finding(one.rule.id, "", start, end, severity(one.rule, context), text[start:end], words)
        if not settled and (like := known.like(sentence)):
            rule = book.rules[like.rule]
            start, end = reading.span(like.start, like.end)
            # a likeness asks for a reason; it does not forbid
            grave = min(severity(rule, context), Severity.JUSTIFY, key=BY_WEIGHT.index)
            yield Finding(rule.id, "", start, end, grave, text[start:end], like.words)


def _candidates(search: Search, book: RuleBook) -> Iterable[_Candidate]:
    for rule in book.rules.values():
        for pattern in rule.find:
            for match in search.matches(pattern):
                if _spared(search, rule, match):
                    continue
                if "own" not in pattern.flags and scopes.harmless(search, match, negatable="neg" not in pattern.flags):
                    continue
                start, end = _extent(search, match)
                yield _Candidate(rule, start, end, match, pattern)


def _spared(search: Search, rule: Rule, match: Match) -> bool:
    """A lawful look-alike of the rule stands in the same sentence, touching or containing the match's clauses."""
    if not rule.unless:
        return False
    reading = search.reading
    start, end = reading.sentences[reading.sentence_at(match.start)]
    for pattern in rule.unless:
        for other in search.within_sentence(pattern, start, end):
            if other.end <= end and not any_hit(search, pattern.barred, start, end):
                return True
    return False


#: words that belong to the span when they abut on it
_LEFT = re.compile(
    r"(?:(?:必须|务必|应当|应该|应|须|需要|需|要求|要|得|只能|只|仅限于|仅限|仅|限于|限|凡|未|不|非|没有|没|无|以|按|对|向|由|在|为|是|有|于|具有|具备|提供|提交|持有|取得)+)$"
    r"|(?:(?:must|shall|should|only|have to|has to|be|is|are|to|a|an|the|at least|of|in|with|have|has|need|required)\s+)+$"
)
_RIGHT = re.compile(
    r"(?:的|者|及以上|以上|以内)?(?:供应商|投标人|申请人|企业|机构|公司|单位|中介|人员|者)?(?:的|,)?"
    r"(?:一律|均|都|也|将|应|可|方|才|予以|给予|暂时?)?"
    r"(?:不得|不能|不可|不予|不接受|谢绝|拒绝|方可|才能|才可|优先|加|得|计|扣|取消|视为|作|"
    r"(?:可以?|能)(?:承接|承担|承揽|报名|参加|参与|投标|应标|报价|入围|申请))"
    r"[^,。;:!?、]{0,8}"
)
_QUOTED = re.compile(r"[^,。“]{0,14}“[^”]{1,20}”(?:等)?(?:字样|的内容|业务)?")
_TIERS = re.compile(
    r"[,、;]?(?!否则|不足|未|不得|没有|无|本项|最高|满分|[^,。;]{0,12}(?:不得分|得0分|0分))[^,。;!?]{0,22}?(?:得|加|计|扣|给)(?:满)?\d+(?:\.\d+)?分(?![钟公之支])(?:[^,。;]{0,3}(?=[,。;]|$))?"
)


def _extent(search: Search, match: Match) -> tuple[int, int]:
    """The match with the predicate words and quantities that abut on it, further tiers of a scoring clause, and the short rest
    of its clause: a finding should read as a statement.
    """
    text = search.reading.text
    start, end = _without_far_subject(search, match), match.end
    first, last = search.reading.clause_at(start), search.reading.clause_at(end - 1)
    left, right = search.reading.clauses[first][0], search.reading.clauses[last][1]
    if before := _LEFT.search(text[left:start]):
        start = left + before.start()
    sentence_end = search.reading.sentences[search.reading.sentence_at(match.start)][1]
    for quantity in search.quantities_from(end):
        if quantity.start > end + 3 or quantity.end > right:
            break
        end = quantity.end
    if after := _RIGHT.match(text, end, sentence_end) or _QUOTED.match(text, end, right):
        end = after.end()
    if search.between("score", match.start, end + 14):
        while tier := _TIERS.match(text, end, sentence_end):
            end = tier.end()
    start, end = _with_list(search, match, start, end, left, right)
    wide = search.wide(start)
    spare = min(NEAR * wide, max((end - start) * 6 // 5 + 2, TAIL * wide))
    rest = right - end
    if 0 < rest <= min(spare, TAIL * wide) or (0 < rest <= VERDICT and search.between("excl", end, right)):
        spare -= right - end
        end = right
    subject = SUBJECT.match(text, left, start)
    begin = subject.end() if subject else left
    if 0 < start - begin <= spare:
        start = begin
    while end > start and text[end - 1] in " ,、:;)”。":
        end -= 1
    while start < end and text[start] in " ,、:;(“":
        start += 1
    return start, end


#: concepts that a clause is full of: further hits of them say nothing
_COMMON = frozenset(
    {"must", "only", "req", "excl", "score", "prefer", "firm", "comparator", "staff", "have", "site", "lacks"}
)


def _with_list(search: Search, match: Match, start: int, end: int, left: int, right: int) -> tuple[int, int]:
    """The span with further hits of the same concepts that stand right beside it: food, travel and review costs."""
    names = {name for term in match.terms for name in term.names} - _COMMON
    hits = [hit for name in names for hit in search.between(name, left, right) if hit.end <= right]
    for hit in sorted(hits, key=lambda hit: -hit.start):
        if hit.start < start and hit.end >= start - 3:
            start = hit.start
    for hit in sorted(hits, key=lambda hit: hit.start):
        if hit.end > end and hit.start <= end + 3:
            end = hit.end
    return start, end


#: concepts that name who is meant
_WHO = frozenset({"outside", "firm"})


def _without_far_subject(search: Search, match: Match) -> int:
    """Where the match begins; a clause before it that holds nothing but one of its terms (who is meant) is left out."""
    reading = search.reading
    first, last = reading.clause_at(match.start), reading.clause_at(match.end - 1)
    behind = [hit for hit in match.hits if hit.start >= reading.clauses[first][1]]
    if first == last or len(behind) < 2 or len(behind) < len(match.hits) - 1:
        return match.start
    if any(
        term.names and not {*term.names} <= _WHO
        for term, hit in zip(match.terms, match.hits, strict=False)
        if hit not in behind
    ):
        return match.start
    return min(hit.start for hit in behind)


#: a rest of a clause of so many characters that says what follows (视为放弃) is taken along
VERDICT = 14
#: the rest of a clause that is taken along: at most so many characters before (NEAR) and behind (TAIL), no more than there are
NEAR, TAIL = 12, 8


def _settled(candidates: list[_Candidate], search: Search) -> list[_Candidate]:
    """One finding per violation: equal rules that touch are joined, the more specific rule keeps contested words."""
    joined = _joined(candidates, search)
    kept: list[_Candidate] = []
    for one in sorted(joined, key=_strength(joined)):
        rest = _cut_free(one, kept)
        if rest is not None:
            kept.append(rest)
    return sorted(kept, key=lambda one: one.start)


def _strength(candidates: list[_Candidate]) -> Callable[[_Candidate], tuple[Any, ...]]:
    def beaten(one: _Candidate) -> int:
        return sum(
            1
            for other in candidates
            if one.rule.id in other.rule.over and other.start < one.end and one.start < other.end
        )

    return lambda one: (beaten(one), -len(one.match.hits), -(one.match.end - one.match.start), one.rule.id)


def _joined(candidates: Sequence[_Candidate], search: Search) -> list[_Candidate]:
    """Candidates of one rule that touch or lie in one clause become one finding."""
    result: list[_Candidate] = []
    for one in sorted(candidates, key=lambda c: (c.rule.id, c.start, -c.end)):
        last = result[-1] if result else None
        if last and last.rule is one.rule and _belong(search, last, one):
            result[-1] = _union(search, last, one)
        elif last and last.rule is one.rule and _restates(search, last, one):
            if not _of_others(search, one.start, one.rule):
                result[-1] = replace(last, end=one.end)
        else:
            result.append(one)
    return result


def _union(search: Search, last: _Candidate, one: _Candidate) -> _Candidate:
    """Both as one; but what says it all within one clause is not stretched over the next by a looser match."""
    clause_at = search.reading.clause_at
    whole = replace(last, end=max(last.end, one.end))
    lone = [c for c in (last, one) if clause_at(c.match.start) == clause_at(c.match.end - 1)]
    if len(lone) == 1:
        # the looser match may add the clause behind, never the clause before
        base = lone[0]
        return (
            base
            if whole.end <= base.end or _of_others(search, whole.end - 1, one.rule)
            else replace(base, end=whole.end)
        )
    stronger = last if len(last.match.hits) >= len(one.match.hits) else one
    hits = tuple(dict.fromkeys((*last.match.hits, *one.match.hits)))
    match = replace(stronger.match, hits=hits)
    return _Candidate(one.rule, last.start, max(last.end, one.end), match, stronger.pattern)


def _restates(search: Search, last: _Candidate, one: _Candidate) -> bool:
    """The next clause of the same sentence says the same once more: one violation, one finding.

    A clause that goes on (保函均不予采纳) belongs to it, one that speaks of all others (否则, 其他银行的保函无效) does not.
    """
    reading = search.reading
    same = reading.sentence_at(last.start) == reading.sentence_at(one.start)
    return same and reading.clause_at(one.start) - reading.clause_at(last.end - 1) <= 1


def _of_others(search: Search, position: int, rule: Rule) -> bool:
    """The clause at `position` says what becomes of all others, unless it is a lower tier of a score or of a price."""
    start, end = search.reading.clauses[search.reading.clause_at(position)]
    if search.between("score", start, end):
        return False
    if scopes.CONTRAST.match(search.reading.text, start):
        return True
    return rule.family not in ("PRC", "DEP") and bool(search.between("excl", start, end))


def _belong(search: Search, last: _Candidate, one: _Candidate) -> bool:
    clause_at = search.reading.clause_at
    return one.start < last.end or clause_at(last.end - 1) == clause_at(one.start)


def _cut_free(one: _Candidate, kept: Sequence[_Candidate]) -> _Candidate | None:
    """`one` without the words that stronger findings hold; None when too little is left."""
    start, end = one.start, one.end
    for other in kept:
        if other.start < end and start < other.end:
            shared = min(end, other.end) - max(start, other.start)
            if (other.start <= start and end <= other.end) or (
                one.rule.id in other.rule.over and (shared >= CONTESTED * (end - start) or _rests_on(one, other))
            ):
                return None
            if other.start <= start:
                start = other.end
            elif end <= other.end:
                end = other.start
            else:
                return None
    if (end - start) < SHARED * (one.end - one.start):
        return None
    return replace(one, start=start, end=end) if (start, end) != (one.start, one.end) else one


def _rests_on(one: _Candidate, other: _Candidate) -> bool:
    """True when words that `one` cannot do without lie in what `other`, the more specific rule, holds."""
    return any(
        other.start <= hit.start and hit.end <= other.end and not ({*term.names} <= _COMMON and term.names)
        for term, hit in zip(one.match.terms, one.match.hits, strict=False)
    )


def _field_findings(context: Context, book: RuleBook) -> Iterable[Finding]:
    for check in book.fields:
        value = context.fields.get(check.field)
        if value in (None, "", (), []):
            continue
        broken = check.any_value
        if not broken:
            number = _plain_number(check.field, value)
            broken = (check.least is not None and number < check.least) or (
                check.most is not None and number > check.most
            )
        if broken:
            rule = book.rules[check.rule]
            yield Finding(rule.id, check.field, 0, 0, severity(rule, context), str(value), (check.field,))


class NoPlainNumber(ValueError):
    """A structured field that should hold a plain number holds something else. `field`: its name; `written`: its value."""

    def __init__(self, name: str, written: str) -> None:
        super().__init__(f"{name}: {written!r} is no plain number")
        self.field, self.written = name, written


#: up to twelve digits before and six behind the point; no fraction and no exponent, which could grow without bound
_PLAIN = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?", re.ASCII)


def _plain_number(name: str, value: Any) -> Fraction:
    if isinstance(value, int | Fraction):
        return Fraction(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 12:
        return Fraction(value)
    written = str(value).strip()
    if not _PLAIN.fullmatch(written):
        raise NoPlainNumber(name, written[:40])
    return Fraction(written)
