"""Computing the weights of likeness.py from labelled lines: ridge regression, solved once, nothing random in it.

Each clause of a line is one example: its features, each 1 / root of their number, and what it is, a violation (+1) or not (-1)
and of which rule (1 or 0). A clause belongs to a label that covers four tenths of it, or that lies in it for the most part.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from market.review.likeness import UNIT, Likeness, Weight, features
from market.review.matching import Lexicon, Search
from market.review.reader import read
from market.review.rules import RuleBook

#: how strongly large weights are held back; features of fewer clauses are no features; smaller weights of rules are left out
RIDGE, LEAST_CLAUSES, LEAST_WEIGHT = 0.3, 2, 20
#: share of the clause that a label covers, or share of the label that the clause holds
COVERED, HELD = 0.4, 0.8


@dataclass(frozen=True, slots=True)
class Example:
    """One clause: its features, and the rule it breaks ("" for none)."""

    features: tuple[str, ...]
    rule: str


def examples(lines: Iterable[Mapping[str, Any]], lexicon: Lexicon) -> Iterator[Example]:
    """The clauses of labelled lines (text, labels with rule, start, end)."""
    for line in lines:
        reading = read(line["text"])
        search = Search(reading, lexicon)
        for start, end in reading.clauses:
            if reading.text[start:end].strip():
                yield Example(tuple(features(search, start, end)), _rule(reading.span(start, end), line["labels"]))


def own_examples(book: RuleBook) -> Iterator[Mapping[str, Any]]:
    """The examples of the rules themselves, as labelled lines."""
    for rule in book.rules.values():
        for one in (*rule.bad, *rule.good):
            labels = [{"rule": rule.id, "start": one.span[0], "end": one.span[1]}] if one.span else []
            yield {"text": one.text, "labels": labels}


def learn(known: Sequence[Example]) -> Likeness:
    """The weights that these examples give. ValueError without any example."""
    if not known:
        raise ValueError("nothing to learn from")
    counts = Counter(name for one in known for name in one.features)
    names = sorted(name for name, count in counts.items() if count >= LEAST_CLAUSES)
    column = {name: place for place, name in enumerate(names)}
    matrix = np.zeros((len(known), len(names)), dtype=np.float32)
    for row, one in enumerate(known):
        places = [column[name] for name in one.features if name in column]
        matrix[row, places] = 1 / max(len(places), 1) ** 0.5
    codes = sorted({one.rule for one in known} - {""})
    wanted = np.array([[1.0 if one.rule else -1.0, *(float(one.rule == code) for code in codes)] for one in known])
    solved = np.linalg.solve(matrix @ matrix.T + RIDGE * np.eye(len(known)), wanted)
    weights = np.rint(matrix.T @ solved * UNIT).astype(int)
    return Likeness(
        {
            name: Weight(
                int(row[0]),
                tuple(
                    (code, int(value)) for code, value in zip(codes, row[1:], strict=True) if abs(value) >= LEAST_WEIGHT
                ),
            )
            for name, row in zip(names, weights, strict=True)
        }
    )


def _rule(span: tuple[int, int], labels: Sequence[Mapping[str, Any]]) -> str:
    """The rule of the label that shares most with the clause at `span`, if it belongs to it."""
    start, end = span
    best = (0, "")
    for label in labels:
        shared = min(end, label["end"]) - max(start, label["start"])
        held = shared >= HELD * (label["end"] - label["start"])
        if shared > 0 and (shared > COVERED * (end - start) or held) and shared > best[0]:
            best = (shared, label["rule"])
    return best[1]
