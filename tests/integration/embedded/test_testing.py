"""bin/test chooses tiers by path, counts what pytest counted, and removes what killed runs left."""

import fcntl
from pathlib import Path

import pytest

from embedded import testing
from embedded.prepare import ROOT, Trouble


@pytest.mark.parametrize(
    ("words", "tiers", "options"),
    [
        ([], list(testing.TIERS), []),
        (["tests"], list(testing.TIERS), []),
        (["tests/unit"], ["unit"], []),
        (["tests/integration/embedded", "tests/unit/kernel", "-x"], ["unit", "integration"], ["-x"]),
        (["-k", "tests", "-q"], list(testing.TIERS), ["-k", "tests", "-q"]),
        (["tests/unit", "--pictures", "docs"], ["unit"], ["--pictures", "docs"]),
        (
            ["tests/integration/embedded/test_testing.py::test_one", "--maxfail", "3"],
            ["integration"],
            ["--maxfail", "3"],
        ),
    ],
)
def test_paths_choose_tiers_and_the_rest_goes_to_pytest(words: list[str], tiers: list[str], options: list[str]) -> None:
    chosen, rest = testing._choose(words)
    assert list(chosen) == tiers
    assert rest == options


def test_a_test_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, _ = testing._choose(["tests/integration/embedded/test_testing.py::test_one"])
    assert chosen == {"integration": [f"{ROOT}/tests/integration/embedded/test_testing.py::test_one"]}


@pytest.mark.parametrize(
    ("paths", "options", "processors", "count"),
    [
        (["tests/integration"], [], 2, 2),
        (["tests/integration"], ["-x", "--no-skips"], 64, testing.MOST_PROCESSES),
        (["tests/integration"], [], 1, 0),
        (["tests/integration/embedded/test_testing.py::test_one"], [], 2, 0),
        (["tests/integration"], ["--pdb"], 2, 0),
        (["tests/integration"], ["-n", "3"], 2, 0),
        (["tests/integration"], ["-n3"], 2, 0),
        (["tests/integration"], ["-p", "no:xdist"], 2, 0),
    ],
)
def test_processes_take_the_files_of_a_tier_between_them(
    paths: list[str], options: list[str], processors: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are processors; in one where there is one file, or where somebody debugs or says how many."""
    monkeypatch.setattr(testing.os, "sched_getaffinity", lambda _: set(range(processors)))
    assert testing._shared_out(paths, options)[:2] == (["-n", str(count)] if count else [])


@pytest.mark.parametrize(
    ("word", "said"), [("tests/nowhere", "There is no tests/nowhere"), ("tests/conftest.py", "not in one of")]
)
def test_a_path_without_tests_is_refused(word: str, said: str) -> None:
    with pytest.raises(Trouble, match=said):
        testing._choose([word])


def test_the_numbers_are_those_of_pytest(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text('<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>')
    outcome = testing._counted("unit", report, 1, 2.0)
    assert (outcome.passed, outcome.failed, outcome.skipped, outcome.whole) == (4, 3, 3, True)


@pytest.mark.parametrize(
    ("outcomes", "code", "line"),
    [
        ([testing.Outcome("unit", 5, 0, 0, 1.0, True)], 0, "5 passed, 0 failed"),
        ([testing.Outcome("unit", 5, 0, 2, 1.0, True)], 0, "5 passed, 0 failed, 2 skipped"),
        ([testing.Outcome("unit", 5, 1, 0, 1.0, True), testing.Outcome("browser", 1, 0, 0, 1.0, True)], 1, "6 passed, 1 failed"),
        ([testing.Outcome("unit", 5, 0, 0, 1.0, True), testing.Outcome("browser", 0, 0, 0, 1.0, False)], 1, "5 passed, 1 failed"),
        ([testing.Outcome("unit", 0, 0, 0, 1.0, True)], testing.NO_TESTS, "0 passed, 0 failed"),
    ],
)  # fmt: skip
def test_the_closing_line_and_the_exit_code_agree(
    outcomes: list[testing.Outcome], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert testing._report(outcomes, 1.0) == code
    assert capsys.readouterr().out.endswith(f"\n{line}\n")


def test_a_run_without_a_report_did_not_end_in_order(tmp_path: Path) -> None:
    assert not testing._counted("unit", tmp_path / "none.xml", -9, 1.0).whole


def test_a_time_over_the_budget_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    testing._report([testing.Outcome("browser", 1, 0, 0, 301.0, True)], 1.0)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said if "over the budget" in line] == ["browser"]


def test_only_the_folder_of_a_run_that_is_gone_is_abandoned(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    assert testing._is_abandoned(tmp_path)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not testing._is_abandoned(tmp_path)


def test_tests_see_none_of_the_settings_of_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEST_MARKET_MODE", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@elsewhere/precious")
    seen = testing._environment(tmp_path)
    assert "DATABASE_URL" not in seen
    assert seen.get("WEST_MARKET_MODE") is None
    assert seen["WEST_MARKET_FILES"].startswith(str(tmp_path))
