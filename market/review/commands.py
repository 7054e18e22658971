"""`bin/market review`: look at labelled or unlabelled lines. Reads files only: no service, no application."""

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from market.commands import services
from market.config import ROOT
from market.review.evaluation import Counts, Report, evaluate
from market.review.rule_files import WEIGHTS, book
from market.review.rules import Context, Finding, review

DEV = ROOT / "tests" / "vectors" / "fair-competition" / "dev.jsonl"
FOLDS = 5
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("review")
def cli() -> None:
    """Fair-competition review of texts."""


@services()
@cli.command("check")
@click.argument("file", type=FILE)
def check_(file: Path) -> None:
    """Print one JSON line of findings for each line of FILE (JSON lines with id and text).

    {"id": ..., "findings": [{"rule", "start", "end", "severity"}]}; spans count code points of the text, the end exclusive.
    """
    for line in _lines(file):
        found = [
            {"rule": one.rule, "start": one.start, "end": one.end, "severity": str(one.severity)}
            for one in _findings(line)
        ]
        click.echo(json.dumps({"id": line.get("id"), "findings": found}, ensure_ascii=False))


@services()
@cli.command("evaluate")
@click.argument("file", type=FILE, default=DEV)
@click.option("--folds", is_flag=True, help="The figures of each of the five folds (by the digest of the id) too.")
def evaluate_(file: Path, folds: bool) -> None:
    """Print precision, recall and F1 of lines, findings and each rule family on the labelled lines of FILE (default: dev)."""
    read = list(_lines(file))
    judged = [([_plain(one) for one in _findings(line)], line["labels"]) for line in read]
    if folds:
        for number in range(FOLDS):
            part = [pair for line, pair in zip(read, judged, strict=True) if fold(str(line["id"])) == number]
            if part:
                click.echo(_row(f"fold {number} lines", (report := evaluate(part)).lines))
                click.echo(_row(f"fold {number} findings", report.findings))
    _print(evaluate(judged))


@services()
@cli.command("learn")
@click.argument("files", type=FILE, nargs=-1)
def learn_(files: tuple[Path, ...]) -> None:
    """Compute the weights of likeness from the labelled lines of FILES (default: all shipped) and the rules' own examples."""
    from market.review import learning, likeness  # numpy is needed here alone

    rules = book()
    lines = [line for file in files or sorted(DEV.parent.glob("*.jsonl")) for line in _lines(file)]
    known = list(learning.examples([*lines, *learning.own_examples(rules)], rules.lexicon))
    found = learning.learn(known)
    WEIGHTS.write_text(likeness.written(found), encoding="utf-8")
    click.echo(f"{len(found.weights)} features from {len(known)} clauses")


def fold(code: str) -> int:
    """The fold of a line: SHA-256 of its id, modulo five."""
    return int(hashlib.sha256(code.encode()).hexdigest(), 16) % FOLDS


def _print(report: Report) -> None:
    click.echo(_row("lines", report.lines))
    click.echo(_row("findings", report.findings))
    share = Fraction(report.false_alarms, report.lawful) if report.lawful else Fraction(0)
    click.echo(f"{'false alarms':18} {report.false_alarms} of {report.lawful} lawful lines ({float(share):.1%})")
    for name, counts in sorted(report.families.items()):
        click.echo(_row(name, counts))


def _row(name: str, counts: Counts) -> str:
    figures = " ".join(
        f"{label} {float(value):.3f}"
        for label, value in (("precision", counts.precision), ("recall", counts.recall), ("F1", counts.f1))
    )
    return f"{name:18} {figures}  ({counts.found} found, {counts.wanted} labelled)"


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            found["text"] + ""
        except (ValueError, KeyError, TypeError):
            raise click.ClickException(f"{file}, line {number}: no JSON object with a text") from None
        yield found


def _findings(line: dict[str, Any]) -> list[Finding]:
    return review({"text": line["text"]}, Context(), book())


def _plain(one: Finding) -> dict[str, Any]:
    return {"rule": one.rule, "start": one.start, "end": one.end}
