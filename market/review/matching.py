"""The pattern language of the rules, and how a pattern is found in a reading. Pure.

A pattern is a list of terms that must all stand in one sentence, near each other, in any order:

    here registered req            three concepts (words.toml)
    here|outside excl              either of two concepts
    联合体|partner here req         words or regular expressions; _ is a space, /quoted words/ are never a concept's name
    deposit percent>10             a quantity of that unit and size (numbers.py); yuan>sum and yuan>2%sum compare with the
                                   contract sum that the text or the context names
    !site                          must not stand in the clauses that the match touches;  !!site: nor in its sentence
    a > b                          b stands after a
    ~20                            the widest gap between neighbouring terms, in characters of Chinese (default 14)
    +neg                           negation does not make it harmless: it is part of the clause
    +own                           facts and quotations are judged by the pattern itself: no scope is asked
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise, product

from market.review.numbers import UNITS, Quantity, quantities
from market.review.reader import Reading

GAP = 14
#: a comma between two terms counts as so many characters
COMMA = 5
#: one Chinese character says about as much as this many characters of English
ENGLISH = 4
#: candidates per term and anchor that are tried
TRIED = 5

#: concepts whose words mean nothing inside a denial, and the concepts of denial
DENIABLE = frozenset({"must", "only", "req", "prefer"})
DENIALS = ("neg", "neg_after")

_CHINESE = re.compile(r"[\u3400-\u9fff{]")


def _english(word: str) -> bool:
    """An alternative for English texts; bare codes (iso, autocad) stand in Chinese texts too."""
    return _CHINESE.search(word) is None and r"\b" in word


#: an abbreviation (iso, cma) is no English
_ENGLISH_WORDS = re.compile(r"[a-z]{2} +[a-z]{2}")

#: a repetition without end in an expression, and how often it may repeat instead
_ENDLESS = re.compile(r"((?<!\\)[)\]a-z_\u3400-\u9fff×〇]|\\[a-z*+.])([+*])")
REPEATED = 16

_NAME = re.compile(r"[a-z_]+(?:\|[a-z_]+)*")
_SIZED = re.compile(r"([a-z]+)(>=|<=|>|<|=)(\d+(?:\.\d+)?%?)?(sum)?")


@dataclass(frozen=True, slots=True)
class Hit:
    """One term found: text[start:end], with its value where it is a quantity."""

    start: int
    end: int
    value: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """A quantity that a term asks for: its unit, and the bound it is compared with (of_sum: as a share of the contract sum)."""

    unit: str
    compare: str = ""
    bound: Fraction = Fraction(0)
    of_sum: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a pattern, `source` as written: any of its concepts, expressions and quantities.

    `after`: it must stand behind the term before it.
    """

    source: str
    names: tuple[str, ...] = ()
    regex: re.Pattern[str] | None = None
    english: bool = False
    sizes: tuple[Size, ...] = ()
    after: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: see the top of the file."""

    source: str
    terms: tuple[Term, ...]
    barred: tuple[Term, ...] = ()
    barred_in_sentence: tuple[Term, ...] = ()
    gap: int = GAP
    flags: frozenset[str] = frozenset()
    #: the terms in the order in which they are looked for: concepts, which patterns share, before expressions
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern found: its whole extent and the hits of its terms, in the order of the terms."""

    start: int
    end: int
    hits: tuple[Hit, ...]
    terms: tuple[Term, ...] = ()


class Lexicon:
    """Concepts by name, each one regular expression; a concept's words may name others in braces: {here}人民政府."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = words
        self._compiled: dict[tuple[str, bool], re.Pattern[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def source(self, name: str, latin: bool = True) -> str:
        """The alternatives of a concept as one expression, longest first; without `latin` only those with Chinese characters.

        KeyError for an unknown concept.
        """
        alternatives = sorted(self._words[name], key=lambda word: -len(word))
        return "|".join(self.expand(word, latin) for word in alternatives if latin or not _english(word))

    def expand(self, expression: str, latin: bool = True) -> str:
        """`expression` with every {concept} replaced by its alternatives."""
        whole = re.sub(r"\{([a-z_]+)\}", lambda found: f"(?:{self.source(found[1], latin)})", expression)
        # no term runs over the end of a sentence
        whole = whole.replace(".{0,", r"[^。;!?\n]{0,").replace(".{1,", r"[^。;!?\n]{1,")
        # and none repeats without end: a run of one character would cost the square of its length
        return _ENDLESS.sub(lambda found: f"{found[1]}{{{int(found[2] == '+')},{REPEATED}}}", whole)

    def pattern(self, name: str, latin: bool = True) -> re.Pattern[str]:
        """The compiled expression of a concept; without `latin` it skips English and is the faster."""
        if (name, latin) not in self._compiled:
            self._compiled[name, latin] = re.compile(self.source(name, latin) or r"(?!)")
        return self._compiled[name, latin]


def compile_pattern(source: str, lexicon: Lexicon) -> Pattern:
    """`source` compiled. ValueError when it names no term, an unknown concept or a wrong expression."""
    terms: list[Term] = []
    barred: list[Term] = []
    in_sentence: list[Term] = []
    gap, flags, after = GAP, set(), False
    for word in source.split():
        if word == ">":
            after = True
        elif word.startswith("~"):
            gap = int(word[1:])
        elif word.startswith("+"):
            flags.add(word[1:])
        elif word.startswith("!!"):
            in_sentence.append(_term(word[2:], lexicon))
        elif word.startswith("!"):
            barred.append(_term(word[1:], lexicon))
        else:
            terms.append(_term(word, lexicon, after))
            after = False
    if not terms:
        raise ValueError(f"no term in {source!r}")
    order = tuple(sorted(range(len(terms)), key=lambda place: terms[place].regex is not None))
    return Pattern(source, tuple(terms), tuple(barred), tuple(in_sentence), gap, frozenset(flags), order)


def _term(word: str, lexicon: Lexicon, after: bool = False) -> Term:
    names: list[str] = []
    sizes: list[Size] = []
    expressions: list[str] = []
    for part in _parts(word):
        if sized := _SIZED.fullmatch(part):
            sizes.append(_size(*sized.groups()))
        elif part in UNITS:
            sizes.append(Size(part))
        elif part in lexicon:
            names.append(part)
        elif _NAME.fullmatch(part):
            raise ValueError(f"unknown concept {part!r}")
        else:
            expressions.append(_expression(part))
    try:
        regex = re.compile(lexicon.expand("|".join(expressions))) if expressions else None
    except (re.error, KeyError) as error:
        raise ValueError(f"{word!r}: {error}") from None
    english = regex is not None and all(part.startswith("/") for part in expressions)
    return Term(word, tuple(names), regex, english, tuple(sizes), after)


def _parts(word: str) -> list[str]:
    """`word` cut at the bars that stand outside brackets; /an English phrase/ is one part."""
    if word.startswith("/") and word.endswith("/") and word.count("/") == 2:
        return [word]
    parts, depth, begin = [], 0, 0
    for place, character in enumerate(word):
        depth += (character in "([") - (character in ")]")
        if character == "|" and not depth:
            parts.append(word[begin:place])
            begin = place + 1
    return [*parts, word[begin:]]


def _expression(part: str) -> str:
    """A part as a regular expression: `_` is a space and slashes are quotation marks, but not within {concept}."""
    # a loose end or beginning would swallow the neighbouring term; the gap does its work
    part = re.sub(r"^(?:\.\{0,\d+\}|\(\?:\.\{0,\d+\}\))+|(?:\.\{0,\d+\}|\(\?:\.\{0,\d+\}\))+$", "", part)
    pieces = re.split(r"(\{[a-z_]+\})", part)
    plain = "".join(piece if piece.startswith("{") else piece.replace("_", " ").replace("/", "") for piece in pieces)
    return rf"\b(?:{plain})\b" if part.startswith("/") else plain


def _size(unit: str, compare: str, bound: str | None, of_sum: str | None) -> Size:
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}")
    share = Fraction(bound.rstrip("%")) / (100 if bound.endswith("%") else 1) if bound else Fraction(1)
    return Size(unit, compare, share, bool(of_sum))


class Cover:
    """Hits, asked whether one of them holds or touches another place; each answer takes the logarithm of their number."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        ordered = sorted(hits, key=lambda hit: hit.start)
        self._starts = [hit.start for hit in ordered]
        #: the furthest end of a hit up to this one
        self._ends = list(accumulate((hit.end for hit in ordered), max))

    def holds(self, place: Hit) -> bool:
        """True when one of the hits begins no later and ends no earlier than `place`."""
        before = bisect_right(self._starts, place.start)
        return before > 0 and self._ends[before - 1] >= place.end

    def touches(self, place: Hit) -> bool:
        """True when one of the hits shares a character with `place`."""
        before = bisect_left(self._starts, place.end)
        return before > 0 and self._ends[before - 1] > place.start


@dataclass(slots=True)
class Search:
    """One reading, searched: hits of each concept and expression are found once and kept."""

    reading: Reading
    lexicon: Lexicon
    contract_sum: Fraction | None = None
    #: whether the text holds English at all
    latin: bool = True
    _hits: dict[str, list[Hit]] = field(default_factory=dict)
    _quantities: list[Quantity] | None = None
    _wides: dict[int, int] = field(default_factory=dict)
    _concepts: dict[int, list[str]] | None = None
    _found: dict[str, list[Match]] = field(default_factory=dict)
    _by_unit: dict[str, list[Quantity]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.latin = bool(_ENGLISH_WORDS.search(self.reading.text))

    def concept(self, *names: str) -> list[Hit]:
        """All hits of the concepts, in order."""
        key = "|".join(names)
        if key not in self._hits:
            if len(names) == 1:
                found: list[Hit] = [
                    Hit(m.start(), m.end()) for m in self.lexicon.pattern(key, self.latin).finditer(self.reading.text)
                ]
            else:
                found = sorted(
                    {hit for name in names for hit in self.concept(name)}, key=lambda hit: (hit.start, hit.end)
                )
            hits = [hit for hit in found if hit.end > hit.start]
            self._hits[key] = self._undenied(hits) if key in DENIABLE else hits
        return self._hits[key]

    def _undenied(self, hits: list[Hit]) -> list[Hit]:
        """Without those that lie within a denial (the 要求 of 不要求), unless an exclusion (不予考虑) holds them."""
        denials = [hit for name in DENIALS if name in self.lexicon for hit in self.concept(name)]
        if not denials:
            return hits
        denied, excluded = Cover(denials), Cover(self.concept("excl"))
        return [hit for hit in hits if not denied.holds(hit) or excluded.touches(hit)]

    def quantities(self) -> list[Quantity]:
        """The quantities of the text."""
        if self._quantities is None:
            self._quantities = list(quantities(self.reading.text))
            for one in self._quantities:
                self._by_unit.setdefault(one.unit, []).append(one)
        return self._quantities

    def quantities_from(self, place: int, most: int = 3) -> list[Quantity]:
        """The next few quantities that begin at `place` or behind it."""
        found = self.quantities()
        first = bisect_left(found, place, key=lambda quantity: quantity.start)
        return found[first : first + most]

    def quantities_within(self, start: int, end: int) -> list[Quantity]:
        """The quantities that lie in text[start:end]."""
        found = self.quantities()
        low = bisect_left(found, start, key=lambda quantity: quantity.start)
        high = bisect_left(found, end, key=lambda quantity: quantity.start)
        return [quantity for quantity in found[low:high] if quantity.end <= end]

    def concepts_within(self, start: int, end: int) -> list[str]:
        """The concepts that have a hit beginning in text[start:end], in the order of the lexicon."""
        if self._concepts is None:
            self._concepts = {}
            for name in self.lexicon:
                for clause in {self.reading.clause_at(hit.start) for hit in self.concept(name)}:
                    self._concepts.setdefault(clause, []).append(name)
        return self._concepts.get(self.reading.clause_at(start), [])

    def hits(self, term: Term) -> list[Hit]:
        """All hits of a term, in order."""
        if term.regex is None and not term.sizes:
            return self.concept(*term.names)
        if term.source not in self._hits:
            found = set(self.concept(*term.names)) if term.names else set()
            if term.regex is not None and (self.latin or not term.english):
                found |= {
                    Hit(m.start(), m.end()) for m in term.regex.finditer(self.reading.text) if m.end() > m.start()
                }
            for size in term.sizes:
                found |= {Hit(q.start, q.end, q.value) for q in self._of_unit(size.unit) if self._fits(size, q)}
            self._hits[term.source] = sorted(found, key=lambda hit: (hit.start, hit.end))
        return self._hits[term.source]

    def _of_unit(self, unit: str) -> list[Quantity]:
        self.quantities()
        return self._by_unit.get(unit, [])

    def _fits(self, size: Size, quantity: Quantity) -> bool:
        if not size.compare:
            return True
        bound = size.bound
        if size.of_sum:
            if self.contract_sum is None or quantity.value == self.contract_sum:
                return False
            bound *= self.contract_sum
        value = quantity.value
        return {
            ">": value > bound,
            "<": value < bound,
            ">=": value >= bound,
            "<=": value <= bound,
            "=": value == bound,
        }[size.compare]

    def matches(self, pattern: Pattern) -> Iterator[Match]:
        """Where `pattern` stands, one match for each place of its rarest term; matches may overlap."""
        # what is known or quickly found first: most patterns end at a term without a hit
        by_place: dict[int, list[Hit]] = {}
        for term in pattern.terms:
            if self._hits.get(term.source, True) == []:
                return
        for place in pattern.order:
            by_place[place] = self.hits(pattern.terms[place])
            if not by_place[place]:
                return
        found = [by_place[place] for place in range(len(pattern.terms))]
        anchor = min(range(len(found)), key=lambda place: len(found[place]))
        seen: set[tuple[int, int]] = set()
        for hit in found[anchor]:
            start, end = self.reading.sentences[self.reading.sentence_at(hit.start)]
            wide = self._wide(start, end)
            best = self._best(pattern, found, anchor, hit, (start, end), wide)
            if best is None:
                continue
            match = Match(min(h.start for h in best), max(h.end for h in best), tuple(best), pattern.terms)
            if (match.start, match.end) in seen or self._barred(pattern, match, (start, end)):
                continue
            seen.add((match.start, match.end))
            yield match

    def within_sentence(self, pattern: Pattern, start: int, end: int) -> list[Match]:
        """The matches of `pattern` that begin in text[start:end]; all of the text are looked for once."""
        if pattern.source not in self._found:
            self._found[pattern.source] = sorted(self.matches(pattern), key=lambda match: match.start)
        found = self._found[pattern.source]
        low = bisect_left(found, start, key=lambda match: match.start)
        high = bisect_left(found, end, key=lambda match: match.start)
        return found[low:high]

    def between(self, name: str, start: int, end: int) -> list[Hit]:
        """The hits of a concept that begin in text[start:end]."""
        hits = self.concept(name)
        return hits[bisect_left(hits, start, key=_begin) : bisect_left(hits, end, key=_begin)]

    def wide(self, position: int) -> int:
        """How many characters of the sentence at `position` say as much as one Chinese character: 1, or ENGLISH."""
        return self._wide(*self.reading.sentences[self.reading.sentence_at(position)])

    def _wide(self, start: int, end: int) -> int:
        if start not in self._wides:
            text = self.reading.text[start:end]
            latin = sum(1 for c in text if "a" <= c <= "z")
            self._wides[start] = ENGLISH if latin * 2 > len(text) else 1
        return self._wides[start]

    def _best(
        self,
        pattern: Pattern,
        found: list[list[Hit]],
        anchor: int,
        hit: Hit,
        within: tuple[int, int],
        wide: int,
    ) -> tuple[Hit, ...] | None:
        reach = (pattern.gap + 12) * wide * max(len(found) - 1, 1)
        choices = [
            [hit]
            if place == anchor
            else _near(hits, hit, max(within[0], hit.start - reach), min(within[1], hit.end + reach))
            for place, hits in enumerate(found)
        ]
        best, least = None, 10**9
        for combination in product(*choices):
            cost = self._cost(pattern, combination, wide)
            if cost is not None and cost < least:
                best, least = combination, cost
        return best

    def _cost(self, pattern: Pattern, combination: tuple[Hit, ...], wide: int) -> int | None:
        for before, (term, one) in zip(
            combination, list(zip(pattern.terms, combination, strict=True))[1:], strict=False
        ):
            if term.after and one.start < before.end:
                return None
        ordered = sorted(combination, key=lambda h: (h.start, h.end))
        cost = ordered[-1].end - ordered[0].start
        for left, right in pairwise(ordered):
            if right.start < left.end:
                return None
            between = self.reading.text[left.end : right.start]
            commas = between.count(",")
            if len(between) // wide + COMMA * (commas + between.count(":")) > pattern.gap:
                return None
            cost += COMMA * 2 * commas
        return cost

    def _barred(self, pattern: Pattern, match: Match, sentence: tuple[int, int]) -> bool:
        start, _ = self.reading.clauses[self.reading.clause_at(match.start)]
        _, end = self.reading.clauses[self.reading.clause_at(match.end - 1)]
        return any(self.within(term, start, end, match) for term in pattern.barred) or any(
            self.within(term, *sentence, match) for term in pattern.barred_in_sentence
        )

    def within(self, term: Term, start: int, end: int, match: Match | None = None) -> bool:
        """True when a hit of `term` lies in text[start:end]; those that are part of a term of `match` do not count."""
        hits = self.hits(term)
        for place in range(bisect_left(hits, start, key=lambda hit: hit.start), len(hits)):
            hit = hits[place]
            if hit.start >= end:
                return False
            if hit.end <= end and not (match and any(t.start <= hit.start and hit.end <= t.end for t in match.hits)):
                return True
        return False


def _begin(hit: Hit) -> int:
    return hit.start


def _near(hits: list[Hit], anchor: Hit, start: int, end: int) -> list[Hit]:
    """The few hits nearest to `anchor` within text[start:end]."""
    low = bisect_left(hits, start, key=lambda hit: hit.start)
    high = bisect_left(hits, end, key=lambda hit: hit.start)
    inside = [hit for hit in hits[low:high] if hit.end <= end]
    if len(inside) <= TRIED:
        return inside
    return sorted(inside, key=lambda hit: abs(hit.start - anchor.start))[:TRIED]


_SUM = re.compile(
    r"(?:预算|限价|控制价|估算|概算|合同(?:价|总?金额|总额|总价)|采购金额|项目金额|服务费|总价|标的额|总投资|价款|"
    r"budget|contract (?:sum|price|value)|ceiling)"
)
_NOT_SUM = re.compile(
    r"业绩|单项|单个|保证金|类似|同类|不低于|以上|注册|track record|experience|at least|each|past|previous"
)


#: the amount stands at most so many characters behind the word that announces it
NAMED_AFTER = 12


def stated_sum(search: Search) -> Fraction | None:
    """The contract sum in yuan that the text itself names: the first amount right after words such as budget or ceiling."""
    text = search.reading.text
    for found in _SUM.finditer(text):
        for quantity in search.quantities_from(found.end(), NAMED_AFTER + 1):
            if quantity.start > found.end() + NAMED_AFTER:
                break
            if quantity.unit == "yuan":
                # a threshold (单项合同价不低于) is no contract sum
                if not _NOT_SUM.search(text[max(0, found.start() - 8) : quantity.end + 2]):
                    return quantity.value
                break
    return None


def any_hit(search: Search, terms: Iterable[Term], start: int, end: int) -> bool:
    """True when one of `terms` has a hit in text[start:end]."""
    return any(search.within(term, start, end) for term in terms)
