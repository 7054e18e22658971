"""The labelled lines: what was reached once is not lost again."""

import json

import pytest

from market.review.evaluation import Report, evaluate
from market.review.rule_files import book
from market.review.rules import Context, review

from .conftest import vectors_dir

FOLDER = "fair-competition"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    files = sorted((vectors_dir(metafunc.config) / FOLDER).glob("*.jsonl"))
    metafunc.parametrize(
        "report", [judged(path.read_text(encoding="utf-8")) for path in files], ids=[p.stem for p in files]
    )


def judged(text: str) -> Report:
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    return evaluate(
        [
            (
                [
                    {"rule": one.rule, "start": one.start, "end": one.end}
                    for one in review({"text": line["text"]}, Context(), book())
                ],
                line["labels"],
            )
            for line in lines
        ]
    )


def test_lines_findings_and_false_alarms_stay_within_their_goals(report: Report) -> None:
    """Goals of the project: line F1 0.97, finding F1 0.92, at most 2 of 100 lawful lines with a false alarm."""
    assert report.lines.f1 >= 0.97
    assert report.findings.f1 >= 0.92
    assert report.false_alarms <= 0.02 * report.lawful
