"""Programs that end by themselves are started again; none outlives its supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded import processes
from embedded.prepare import ROOT
from embedded.supervisor import Program, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def until(happens: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for `happens` to become true."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    """What the supervisor tells the person at the terminal."""
    return []


def test_a_program_that_is_killed_is_started_again(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor([Program("sleeper", SLEEP)], tmp_path, tmp_path, said.append)
    supervisor.look()
    first = supervisor.running()[0]
    try:
        os.kill(first.pid, signal.SIGKILL)

        def is_back() -> bool:
            supervisor.look()
            return bool(supervisor.running()) and supervisor.running()[0] != first

        until(is_back)
    finally:
        supervisor.stop()
    assert said[0].startswith("sleeper ended (code -9); started again in 0.2 s.")


def test_a_program_that_fails_at_each_start_is_started_more_and_more_seldom(tmp_path: Path, said: list[str]) -> None:
    failing = Program("failing", [sys.executable, "-c", "raise SystemExit('no luck')"])
    supervisor = Supervisor([failing], tmp_path, tmp_path, said.append)
    pauses = []
    while len(pauses) < 4:
        failing.due = 0.0
        supervisor.look()
        if failing.child is not None:
            failing.child.wait()
            supervisor.look()
            pauses.append(round(failing.due - time.monotonic(), 1))
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(0.2, abs=0.1)
    assert pauses[3] == pytest.approx(5.0, abs=0.2)
    assert any("no luck" in line for line in said), "the end of its log is shown once it has failed three times"


def test_what_a_killed_program_leaves_behind_is_ended_before_it_is_started_again(
    tmp_path: Path, said: list[str]
) -> None:
    script = (
        "import subprocess, sys, time, pathlib;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "pathlib.Path('child').write_text(str(p.pid)); time.sleep(60)"
    )
    supervisor = Supervisor([Program("parent", [sys.executable, "-c", script])], tmp_path, tmp_path, said.append)
    supervisor.look()
    until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    orphan = processes.of(int((tmp_path / "child").read_text()))
    assert orphan.alive
    os.kill(supervisor.running()[0].pid, signal.SIGKILL)
    until(lambda: supervisor.look() or not orphan.alive)
    supervisor.stop()


def test_all_programs_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from embedded.supervisor import *; place = pathlib.Path(sys.argv[1]);"
        "s = Supervisor([Program('one', [sys.executable, '-c', 'import time; time.sleep(60)'])], place, place, print);"
        "s.look(); print(s.running()[0].pid, flush=True); time.sleep(60)"
    )
    own = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert own.stdout is not None
    program = processes.of(int(own.stdout.readline()))
    assert program.alive
    own.kill()
    own.wait()
    assert processes.gone(program, 5)


def test_a_program_that_does_not_listen_is_killed_when_its_patience_is_over(tmp_path: Path, said: list[str]) -> None:
    deaf = (
        "import signal, time, pathlib; signal.signal(15, signal.SIG_IGN); pathlib.Path('deaf').touch(); time.sleep(60)"
    )
    program = Program("deaf", [sys.executable, "-c", deaf], patience=0.3)
    supervisor = Supervisor([program], tmp_path, tmp_path, said.append)
    supervisor.look()
    until(lambda: (tmp_path / "deaf").exists())
    process = supervisor.running()[0]
    supervisor.stop()
    assert not process.alive
