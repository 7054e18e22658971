"""Keeps the market's own processes up: starts them, starts again what ends by itself, stops all in order.

Why this is not the package `supervisor`: docs/decisions/001-supervision.md.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded import processes
from embedded.processes import Process

#: seconds before the next start of a program that ended, by the number of its failures in a row
PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
#: a program that ran for so many seconds has not failed at its start
STEADY = 60.0


@dataclass(slots=True)
class Program:
    """One process to keep up. `patience` is how many seconds it may take to end by SIGTERM before it is killed."""

    name: str
    command: Sequence[str]
    patience: float = 12.0
    child: subprocess.Popen | None = None
    process: Process | None = None
    started: float = 0.0
    due: float = 0.0
    failures: int = 0
    env: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """The programs of one run. All its methods are called from the main thread.

    Each program leads a process group of its own, so that a terminal's Ctrl-C reaches only the supervisor and so that what
    a killed program leaves behind (web workers that hold the port) can be ended. All end with the supervisor, even when it
    is killed: the kernel sends them SIGTERM.
    """

    def __init__(self, programs: Sequence[Program], logs: Path, cwd: Path, say: Callable[[str], None]) -> None:
        self.programs, self.logs, self.cwd, self.say = list(programs), logs, cwd, say

    def look(self) -> None:
        """Start what is due; notice what has ended, end what it left behind, and set when it is started again."""
        now = time.monotonic()
        for program in self.programs:
            if program.child is not None and program.child.poll() is not None:
                self._after_end(program, now)
            if program.child is None and now >= program.due:
                self._start(program, now)

    def running(self) -> list[Process]:
        """The processes that lead the programs now."""
        return [
            program.process for program in self.programs if program.child is not None and program.process is not None
        ]

    def stop(self) -> None:
        """Ask all programs to end, last started first, wait for each as long as it may take, then kill what is left."""
        children = [(program, program.child) for program in reversed(self.programs) if program.child is not None]
        for _, child in children:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        began = time.monotonic()
        for program, child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, began + program.patience - time.monotonic()))
            _end_group(child.pid)
            child.wait()
            program.child = None

    def _start(self, program: Program, now: float) -> None:
        log = self.logs / f"{program.name}.log"
        processes.begin_anew_if_large(log)
        with log.open("ab") as out:
            program.child = subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.cwd,
                env={**os.environ, **program.env},
                start_new_session=True,
                preexec_fn=processes.dies_with_parent,
            )
        program.started, program.process = now, processes.of(program.child.pid)

    def _after_end(self, program: Program, now: float) -> None:
        assert program.child is not None
        _end_group(program.child.pid)
        if now - program.started > STEADY:
            program.failures = 0
        pause = PAUSES[min(program.failures, len(PAUSES) - 1)]
        log = self.logs / f"{program.name}.log"
        self.say(
            f"{program.name} ended (code {program.child.returncode}); started again in {pause:g} s. Its log: {log}"
        )
        if program.failures == 2:
            self.say(f"  {processes.tail(log)}")
        program.failures += 1
        program.due = now + pause
        program.child = None


def _end_group(leader: int) -> None:
    """Kill what is left of the process group of a program that has ended or must."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
