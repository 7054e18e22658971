"""How well the review does on labelled lines: lines, findings, false alarms, by family. Pure.

A finding matches a label when their spans overlap by at least half of their union; an equal rule counts 1, another of the same
family 1/2 (rule catalogue, section 2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

OVERLAP = Fraction(1, 2)
SAME_FAMILY = Fraction(1, 2)


@dataclass(slots=True)
class Counts:
    """What was found and what should have been: `matched` in whole and half points."""

    found: int = 0
    wanted: int = 0
    matched: Fraction = Fraction(0)

    @property
    def precision(self) -> Fraction:
        """Matched points for each finding; 0 without any."""
        return self.matched / self.found if self.found else Fraction(0)

    @property
    def recall(self) -> Fraction:
        """Matched points for each label; 0 without any."""
        return self.matched / self.wanted if self.wanted else Fraction(0)

    @property
    def f1(self) -> Fraction:
        """The harmonic mean of precision and recall."""
        return f1(self.precision, self.recall)


@dataclass(slots=True)
class Report:
    """`lines`: a violating line with any finding counts as matched. `false_alarms` of `lawful` lines had a finding."""

    lines: Counts = field(default_factory=Counts)
    findings: Counts = field(default_factory=Counts)
    families: dict[str, Counts] = field(default_factory=dict)
    lawful: int = 0
    false_alarms: int = 0


def f1(precision: Fraction, recall: Fraction) -> Fraction:
    """The harmonic mean; 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else Fraction(0)


def family(rule: str) -> str:
    """The family of a rule id: FC-LOC-01 -> LOC."""
    return rule.split("-")[1]


def points(found: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, Any]]) -> list[tuple[Fraction, int, int]]:
    """The pairs (points, finding, label) that count, each finding and label once, the best pairs first."""
    pairs = []
    for i, one in enumerate(found):
        for j, label in enumerate(labels):
            shared = min(one["end"], label["end"]) - max(one["start"], label["start"])
            union = max(one["end"], label["end"]) - min(one["start"], label["start"])
            if union <= 0 or shared < OVERLAP * union:
                continue
            if one["rule"] == label["rule"]:
                pairs.append((Fraction(1), i, j))
            elif family(one["rule"]) == family(label["rule"]):
                pairs.append((SAME_FAMILY, i, j))
    kept: list[tuple[Fraction, int, int]] = []
    for pair in sorted(pairs, key=lambda pair: -pair[0]):
        if all(pair[1] != i and pair[2] != j for _, i, j in kept):
            kept.append(pair)
    return kept


def evaluate(lines: Sequence[tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]]) -> Report:
    """The report on (findings, labels) of each line. Findings and labels have rule, start, end."""
    report = Report()
    for found, labels in lines:
        report.lines.found += bool(found)
        report.lines.wanted += bool(labels)
        report.lines.matched += bool(found and labels)
        report.lawful += not labels
        report.false_alarms += bool(found and not labels)
        kept = points(found, labels)
        report.findings.found += len(found)
        report.findings.wanted += len(labels)
        report.findings.matched += sum(pair[0] for pair in kept)
        for one in found:
            report.families.setdefault(family(one["rule"]), Counts()).found += 1
        for label in labels:
            report.families.setdefault(family(label["rule"]), Counts()).wanted += 1
        for value, _, j in kept:
            report.families[family(labels[j]["rule"])].matched += value
    return report
