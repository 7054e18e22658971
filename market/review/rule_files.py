"""Reading the rules: rules/*.toml, one file for each group of families, words.toml, sources.toml, fields.toml, likeness.tsv."""

import re
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from market.review import likeness
from market.review.matching import Lexicon, compile_pattern
from market.review.rules import Basis, Example, FieldRule, Rule, RuleBook, Severity

FOLDER = Path(__file__).parent / "rules"
WEIGHTS = FOLDER / "likeness.tsv"
NO_RULES = ("words", "sources", "fields")
#: the span that an example must be found in is written between these
MARKED = re.compile(r"⟦(.*?)⟧", re.DOTALL)
BASIS = re.compile(r"(?P<key>\S+?)\s+(?P<articles>.*?)\s*\[(?P<mark>C|C2|M)\]")


@cache
def book() -> RuleBook:
    """All shipped rules. ValueError names the rule and the line that cannot be read."""
    lexicon = Lexicon(_load("words"))
    sources = _load("sources")
    rules: dict[str, Rule] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        if path.stem in NO_RULES:
            continue
        for code, entry in _load(path.stem).items():
            rules[code] = _rule(code, entry, lexicon, sources)
    unknown = {over for rule in rules.values() for over in rule.over} - set(rules)
    if unknown:
        raise ValueError(f"no such rule: {sorted(unknown)}")
    fields = tuple(
        FieldRule(name, entry["rule"], _bound(entry.get("least")), _bound(entry.get("most")), entry.get("any", False))
        for name, entry in _load("fields").items()
    )
    weights = likeness.parse(WEIGHTS.read_text(encoding="utf-8").splitlines())
    return RuleBook(rules, lexicon, sources, fields, weights, {rule.id: _measured(rule) for rule in rules.values()})


def _measured(rule: Rule) -> frozenset[str]:
    sizes = (size for pattern in rule.find for term in pattern.terms for size in term.sizes)
    return frozenset(size.unit for size in sizes if size.compare)


def _load(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def _bound(value: int | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _rule(code: str, entry: dict[str, Any], lexicon: Lexicon, sources: dict[str, Any]) -> Rule:
    def patterns(name: str) -> tuple[Any, ...]:
        compiled = []
        for line in entry.get(name, ()):
            try:
                compiled.append(compile_pattern(line, lexicon))
            except ValueError as error:
                raise ValueError(f"{code}, {name}: {error}") from None
        return tuple(compiled)

    basis = tuple(_basis(code, line, sources) for line in entry["basis"])
    return Rule(
        code,
        Severity(entry["severity"]),
        entry["name"],
        entry["plain"],
        basis,
        entry["rewrite"],
        entry["spared"],
        patterns("find"),
        patterns("unless"),
        frozenset(entry.get("over", ())),
        tuple(_example(code, text) for text in entry["bad"]),
        tuple(Example(text) for text in entry["good"]),
    )


def _basis(code: str, line: str, sources: dict[str, Any]) -> Basis:
    found = BASIS.fullmatch(line)
    if found is None or found["key"] not in sources:
        raise ValueError(f"{code}: no source in {line!r}")
    return Basis(found["key"], found["articles"], found["mark"])


def _example(code: str, text: str) -> Example:
    marked = MARKED.search(text)
    if marked is None:
        raise ValueError(f"{code}: no span is marked in {text!r}")
    return Example(MARKED.sub(r"\1", text), (marked.start(), marked.start() + len(marked[1])))
