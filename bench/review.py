"""bench review: whole notices through the fair-competition review, fast enough to run while one types."""

import json
import os
import time
from collections.abc import Callable

from bench import report
from bench.report import Figure
from market.config import ROOT
from market.review.rule_files import book
from market.review.rules import Context, review

Say = Callable[[str], object]
LINES = ROOT / "tests" / "vectors" / "fair-competition" / "dev.jsonl"
#: characters of a notice, seconds it may take, rounds over all notices
LENGTH, GOAL, ROUNDS = 1500, 0.050, 10


def run(say: Say) -> str:
    """The table: processor time per notice on one core (other work of the machine does not count), and loading the rules."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    began = time.process_time()
    rules = book()
    loading = time.process_time() - began
    notices = _notices()
    say(f"{len(notices)} notices, {ROUNDS} rounds")
    for notice in notices:
        review({"text": notice}, Context(), rules)
    seconds = []
    for _ in range(ROUNDS):
        for notice in notices:
            began = time.process_time()
            review({"text": notice}, Context(), rules)
            seconds.append(time.process_time() - began)
    figures = [
        Figure(
            f"a notice of {LENGTH} characters, {name}",
            report.milliseconds(value := report.percentile(seconds, share)),
            report.milliseconds(GOAL),
            report.times(value, GOAL),
            f"<= {report.milliseconds(GOAL)}",
            value <= GOAL,
        )
        for name, share in (("middle", 0.5), ("95 of 100", 0.95))
    ]
    clause = "投标人须在本市市场监督管理部门登记注册，注册资本不低于500万元。"
    began = time.process_time()
    for _ in range(100):
        review({"text": clause}, Context(), rules)
    figures.append(Figure("one clause", report.milliseconds((time.process_time() - began) / 100)))
    figures.append(Figure("reading the rules, once for each process", report.milliseconds(loading)))
    return report.table("bench review", figures)


def _notices() -> list[str]:
    """The whole notices of the published lines, put together and cut to one length."""
    texts = [json.loads(line)["text"] for line in LINES.read_text(encoding="utf-8").splitlines()]
    whole = "\n".join(text for text in texts if len(text) > 200)
    return [whole[at : at + LENGTH] for at in range(0, len(whole) - LENGTH + 1, LENGTH // 3)]
