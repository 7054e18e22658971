"""What bin/test does once its packages are there: each tier of tests by itself, on servers that nobody else uses."""

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from embedded import processes, services, translations
from embedded.prepare import ROOT, VAR, Trouble, locked, say, stop_with

#: the tiers in the order they run: what needs no server first. Minutes are the budget on two cores.
TIERS = ("unit", "vectors", "architecture", "integration", "functional", "browser")
ALONE = ("unit", "vectors", "architecture")
BUDGETS = {"prepare": 4, "unit, vectors, architecture": 2, "integration": 5, "functional": 3, "browser": 5}
#: options of pytest whose value follows as a word of its own and is no path
WITH_VALUE = {
    "-k",
    "-m",
    "-n",
    "--dist",
    "-p",
    "-o",
    "-W",
    "-c",
    "--deselect",
    "--ignore",
    "--maxfail",
    "--timeout",
    "--durations",
    "--durations-min",
    "--pictures",
}
#: options of pytest with which a tier must run in the one process that the terminal talks to
IN_ONE_PROCESS = ("-n", "--numprocesses", "--dist", "-p", "-s", "--capture", "--pdb", "--trace")
#: processes at most among which the files of a tier are shared out: more would wait for the same three servers
MOST_PROCESSES = 4
NO_TESTS = 5
#: beginnings of settings that the tests must not see (STRIPE_MOCK is none: where Stripe's mock server lies)
OWN_SETTINGS = ("WEST_MARKET_", "PYTEST_", "STRIPE_", "PRACTICE_", "DATA_HUB_", "DEPARTMENTS_", "FILES_", "CLAMD_")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a tier went: numbers of tests, seconds, and whether pytest ended in order."""

    tier: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    whole: bool


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the tests that `arguments` choose and end with 0 when none failed, 1 when one did, 5 when there was none."""
    parser = argparse.ArgumentParser(
        "bin/test",
        description="Runs every test, or those under the given paths, on servers of its own. Options that are not named "
        "here go to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("--vectors", metavar="DIR", help="folder with other published cases for tests/vectors")
    parser.add_argument("--coverage", action="store_true", help="report how much of market/ and search/ was run")
    known, rest = parser.parse_known_args(arguments)
    prepared = processes.age_of_this()
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _leave)
    try:
        chosen, options = _choose(rest)
        if known.vectors:
            options += ["--vectors", str(Path(known.vectors).resolve())]
        if os.environ.get("CI") == "true":
            options.append("--no-skips")
        translations.compile_stale()
        with _own_folder() as folder:
            outcomes = _run(chosen, options, folder, known.coverage)
            if known.coverage:
                _report_coverage(folder)
    except Trouble as trouble:
        stop_with(trouble)
    except KeyboardInterrupt:
        stop_with(Trouble("Stopped; the servers of this run were removed."))
    sys.exit(_report(outcomes, prepared))


def _choose(words: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The paths by tier, and the words that are for pytest."""
    chosen: dict[str, list[str]] = {}
    options: list[str] = []
    before = ""
    for word in words:
        if word.startswith("-") or before in WITH_VALUE or not _is_path(word):
            options.append(word)
        else:
            for tier, path in _in_tiers(word):
                chosen.setdefault(tier, []).append(path)
        before = word
    if not chosen:
        chosen = {tier: [f"tests/{tier}"] for tier in TIERS}
    return {tier: chosen[tier] for tier in TIERS if tier in chosen}, options


def _is_path(word: str) -> bool:
    return word.split("::")[0].rstrip("/").split("/")[0] == "tests" or Path(word.split("::")[0]).exists()


def _in_tiers(word: str) -> Iterator[tuple[str, str]]:
    file, _, test = word.partition("::")
    path = (ROOT / file).resolve()
    if not path.exists():
        raise Trouble(f"There is no {file}.")
    for tier in TIERS:
        folder = ROOT / "tests" / tier
        if path == folder or folder in path.parents:
            yield tier, str(path) + (f"::{test}" if test else "")
            return
    if path != ROOT / "tests":
        raise Trouble(f"{file} is not in one of the folders of tests: {', '.join(TIERS)}.")
    yield from ((tier, str(path / tier)) for tier in TIERS)


@contextlib.contextmanager
def _own_folder() -> Iterator[Path]:
    """A fresh folder for the servers of this run, removed at the end; what killed runs left is removed first."""
    with locked(VAR / "tests.lock"):
        for left in VAR.glob("test-*"):
            if _is_abandoned(left):
                services.discard(left)
        folder = VAR / f"test-{os.getpid()}"
        folder.mkdir(parents=True)
        VAR.chmod(0o755)
        folder.chmod(0o755)
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        services.discard(folder)
        lock.close()


def _is_abandoned(folder: Path) -> bool:
    """True when the run that made `folder` is gone: a live one holds its lock."""
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _run(chosen: dict[str, list[str]], options: list[str], folder: Path, coverage: bool) -> list[Outcome]:
    alone = {tier: paths for tier, paths in chosen.items() if tier in ALONE}
    served = {tier: paths for tier, paths in chosen.items() if tier not in ALONE}
    environment = _environment(folder)
    outcomes = [_run_tier(tier, paths, options, folder, environment, coverage) for tier, paths in alone.items()]
    if any((ROOT / "tests" / tier).exists() for tier in served):
        say("Starting PostgreSQL, Valkey and Elasticsearch for this run")
        with services.held(services.KINDS, folder, durable=False) as addresses:
            environment |= addresses
            for tier, paths in served.items():
                outcomes.append(_run_tier(tier, paths, options, folder, environment, coverage))
    return outcomes


def _environment(folder: Path) -> dict[str, str]:
    """What the tests see: nothing of the market's own settings, so that they hit no data but their own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith(OWN_SETTINGS) and name != "STRIPE_MOCK") and name not in services.VARIABLES.values()
    }
    for name in services.VARIABLES.values():
        os.environ.pop(name, None)
    own = {"WEST_MARKET_SECRETS": str(folder / "secrets"), "WEST_MARKET_FILES": str(folder / "files")}
    return {**kept, **own, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


def _run_tier(
    tier: str, paths: list[str], options: list[str], folder: Path, environment: dict[str, str], coverage: bool
) -> Outcome:
    """One run of pytest. A tier whose folder does not exist has no tests."""
    if not any(Path(ROOT, path.split("::")[0]).exists() for path in paths):
        return Outcome(tier, 0, 0, 0, 0.0, True)
    print(f"\n===== {tier} =====", flush=True)
    results = folder / f"{tier}.xml"
    runner = ["-m", "pytest"]
    if coverage:
        runner = ["-m", "coverage", "run", "--parallel-mode", f"--data-file={folder / 'coverage'}", *runner]
    else:
        options = [*options, *_shared_out(paths, options)]
    command = [
        sys.executable,
        *runner,
        *paths,
        *options,
        f"--junitxml={results}",
        f"--basetemp={folder / 'tmp' / tier}",
    ]
    (folder / "tmp").mkdir(exist_ok=True)
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=processes.dies_with_parent) as pytest:
        try:
            code = pytest.wait()
        except BaseException:
            pytest.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.wait(10)
            pytest.kill()
            raise
    return _counted(tier, results, code, time.monotonic() - began)


def _shared_out(paths: list[str], options: list[str]) -> list[str]:
    """The options by which processes of pytest, one for each processor, take the files at `paths` between them.

    None where there is only one file or processor, or where `options` ask for something that needs a single process.
    """
    if any(option.startswith(IN_ONE_PROCESS) for option in options):
        return []
    files = {file for path in paths for file in _test_files(Path(path.split("::")[0]))}
    count = min(len(os.sched_getaffinity(0)), len(files), MOST_PROCESSES)
    # in the order of tests/conftest.py, not by the number of tests in a file
    return ["-n", str(count), "--dist", "loadfile", "--no-loadscope-reorder"] if count > 1 else []


def _test_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else list((ROOT / path).rglob("test_*.py"))


def _counted(tier: str, results: Path, code: int, seconds: float) -> Outcome:
    """The numbers in pytest's own report; a run that ended without one, or that could not collect, did not end in order."""
    try:
        suites = list(ElementTree.parse(results).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return Outcome(tier, 0, 0, 0, seconds, False)
    total, failed, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites for name in names)
        for names in (("tests",), ("failures", "errors"), ("skipped",))
    )
    return Outcome(tier, max(0, total - failed - skipped), failed, skipped, seconds, code in (0, 1, NO_TESTS))


def _report(outcomes: list[Outcome], prepared: float) -> int:
    """Print time per tier against the budget, and the closing line; returns the exit code."""
    spent = {
        "prepare": prepared,
        "unit, vectors, architecture": 0.0,
        "integration": 0.0,
        "functional": 0.0,
        "browser": 0.0,
    }
    for outcome in outcomes:
        spent["unit, vectors, architecture" if outcome.tier in ALONE else outcome.tier] += outcome.seconds
    print("\ntime            spent    budget")
    for name, seconds in spent.items():
        over = "  over the budget" if seconds > 60 * BUDGETS[name] else ""
        print(f"{name:28} {seconds:6.1f} s {60 * BUDGETS[name]:6d} s{over}")
    print()
    for outcome in outcomes:
        broken = "" if outcome.whole else ", did not end in order"
        print(f"{outcome.tier}: {outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped{broken}")
    unfinished = sum(not outcome.whole and not outcome.failed for outcome in outcomes)
    passed, failed, skipped = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed + unfinished} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    if failed or unfinished:
        return 1
    return 0 if passed + skipped else NO_TESTS


def _report_coverage(folder: Path) -> None:
    for step in (["combine", "-q"], ["report", "--skip-covered", "--sort=cover"]):
        command = [sys.executable, "-m", "coverage", step[0], f"--data-file={folder / 'coverage'}", *step[1:]]
        subprocess.run(command, cwd=ROOT, check=False)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
