"""Processes of worker.py, forked from one that has loaded the market already: there in tenths of a second instead of seconds.

Each is a process of its own session with its own application, as if started by its command. They end with the process of tests.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from embedded import processes

HERE = Path(__file__).parent
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.integration.jobs.loaded"])


class Forked:
    """What the tests use of subprocess.Popen, for a forked process."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def poll(self) -> int | None:
        """Its exit code (a negative one: the signal that ended it); None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int | None:
        """Its exit code as soon as it has ended; None when it has not after so many seconds."""
        self._process.join(seconds)
        return self._process.exitcode

    def send_signal(self, sign: signal.Signals) -> None:
        """Tell it something, while it runs."""
        if self.poll() is None:
            os.kill(self.pid, sign)

    def kill(self) -> None:
        """Kill -9, itself alone."""
        self.send_signal(signal.SIGKILL)


def start(words: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
    """`python hurried.py WORDS` with this environment, writing to `log`."""
    process = _forks.Process(target=_be, args=(list(words), dict(environment), str(log)))
    process.start()
    return Forked(process)


def _be(words: list[str], environment: dict[str, str], log: str) -> None:
    import runpy

    os.setsid()
    processes.dies_with_parent()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(HERE / "hurried.py"), *words]
    runpy.run_path(sys.argv[0], run_name="__main__")
