"""bin/market review: check and evaluate."""

import json
from pathlib import Path

from click.testing import CliRunner

from market.review.commands import cli

LINES = [
    {"id": "a", "text": "投标人须在本市注册。", "labels": [{"rule": "FC-LOC-01", "start": 3, "end": 9}]},
    {"id": "b", "text": "项目地点为西安市。", "labels": []},
]


def written(folder: Path) -> str:
    path = folder / "lines.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in LINES) + "\n", encoding="utf-8")
    return str(path)


def test_check_prints_one_json_line_of_findings_for_each_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["check", written(tmp_path)])
    assert [json.loads(line) for line in result.output.splitlines()] == [
        {"id": "a", "findings": [{"rule": "FC-LOC-01", "start": 3, "end": 9, "severity": "block"}]},
        {"id": "b", "findings": []},
    ]


def test_evaluate_prints_figures_for_lines_findings_and_families(tmp_path: Path) -> None:
    output = CliRunner().invoke(cli, ["evaluate", "--folds", written(tmp_path)]).output
    assert "lines              precision 1.000 recall 1.000 F1 1.000" in output
    assert "false alarms       0 of 1 lawful lines (0.0%)" in output
    assert "LOC                precision 1.000" in output
    assert "fold" in output


def test_a_file_that_is_no_json_lines_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"id": 1}\n', encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", str(path)])
    assert result.exit_code != 0
    assert "line 1" in result.output
