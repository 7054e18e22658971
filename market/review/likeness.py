"""How like a clause is to clauses whose reading is known: a second opinion beside the patterns. Pure.

The patterns of the rules know words and their order; a colloquial or roundabout clause may use none of them. Labelled clauses
(tests/vectors/fair-competition) give every short run of characters, every concept of words.toml and every kind of quantity a
weight: how much it speaks for a violation, and for which rule. The sum over a clause, divided by the root of the number of its
known features, is its likeness: about 1 for a violation, about -1 for a harmless clause. The weights are readable data
(rules/likeness.tsv, one feature a line) and were computed by `bin/market review learn`; there is nothing else in it.

A clause found by likeness alone names the runs of characters that speak loudest, and never blocks by itself (rules.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from market.review.matching import Search

#: the weights are whole numbers: thousandths
UNIT = 1000
#: characters of the longest run
LONGEST_RUN = 3
#: how many runs are named as the words that speak loudest
NAMED = 3

_DIGITS = re.compile(r"\d+")
_ENGLISH = re.compile(r"[a-z]{3} [a-z]")
_TOKENS = re.compile(r"[a-z]+|[#0]|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Weight:
    """What one feature says: for a violation at all (`harm`), and for single rules (`rules`); thousandths."""

    harm: int
    rules: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """The weights by feature; empty: every clause has likeness 0."""

    weights: Mapping[str, Weight]

    def of(self, features: Iterable[str]) -> float:
        """The likeness of a clause with these features to a violation."""
        known = [weight.harm for name in features if (weight := self.weights.get(name))]
        return sum(known) / sqrt(len(known)) / UNIT if known else 0.0

    def rule(self, features: Iterable[str]) -> str:
        """The rule that the features speak for most, the smallest id of equal ones; "" when they speak for none."""
        said: dict[str, int] = {}
        for name in features:
            if weight := self.weights.get(name):
                for code, value in weight.rules:
                    said[code] = said.get(code, 0) + value
        return min(said, key=lambda code: (-said[code], code), default="")

    def loudest(self, features: Iterable[str], code: str, text: str) -> tuple[str, ...]:
        """The runs of at least two characters of `text` that speak loudest for rule `code`; none lies within another."""
        runs = []
        for name in features:
            kind, _, run = name.partition(":")
            weight = self.weights.get(name)
            if weight and kind in ("g", "w") and len(run) > 1 and run in text:
                runs.append((-(weight.harm + dict(weight.rules).get(code, 0)), run))
        named: list[str] = []
        for _, run in sorted(runs):
            if len(named) < NAMED and not any(run in other or other in run for other in named):
                named.append(run)
        return tuple(sorted(named, key=text.index))


def features(search: Search, start: int, end: int) -> list[str]:
    """The features of the clause text[start:end], each once, in order: quantities by unit (Q:), runs of one to three characters
    (g:, ^ and $ are its ends) or English words and pairs of words (w:), concepts (C:). Numbers themselves do not count.
    """
    text, found, pieces, place = search.reading.text, dict[str, None](), [], start
    for quantity in search.quantities_within(start, end):
        if quantity.unit and quantity.start >= place:
            pieces += [text[place : quantity.start], "#"]
            found[f"Q:{quantity.unit}"] = None
            place = quantity.end
    plain = _DIGITS.sub("0", "".join((*pieces, text[place:end])))
    if _ENGLISH.search(plain):
        words = _TOKENS.findall(plain)
        for i, word in enumerate(words):
            found[f"w:{word}"] = None
            if i + 1 < len(words):
                found[f"w:{word} {words[i + 1]}"] = None
    else:
        whole = f"^{plain.strip()}$"
        for size in range(1, LONGEST_RUN + 1):
            for i in range(len(whole) - size + 1):
                found["g:" + whole[i : i + size]] = None
    for name in search.concepts_within(start, end):
        found[f"C:{name}"] = None
    return list(found)


def parse(lines: Iterable[str]) -> Likeness:
    """The weights of likeness.tsv: feature, tab, harm, and after another tab `RULE weight` pairs. ValueError for another line."""
    weights = {}
    for line in lines:
        name, harm, *rest = line.rstrip("\n").split("\t")
        pairs = rest[0].split() if rest else []
        rules = tuple((f"FC-{code}", int(value)) for code, value in zip(pairs[::2], pairs[1::2], strict=True))
        weights[name] = Weight(int(harm), rules)
    return Likeness(weights)


def written(likeness: Likeness) -> str:
    """The text of likeness.tsv for these weights, in the order of their features."""
    lines = []
    for name, weight in sorted(likeness.weights.items()):
        pairs = " ".join(f"{code.removeprefix('FC-')} {value}" for code, value in weight.rules)
        lines.append(f"{name}\t{weight.harm}" + (f"\t{pairs}" if pairs else ""))
    return "\n".join(lines) + "\n"
