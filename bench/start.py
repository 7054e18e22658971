"""bench start: bin/run in a copy of this checkout, on a machine that has everything downloaded."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import report
from bench.report import Figure
from market.config import ROOT

Say = Callable[[str], object]
#: seconds: the goals of performance.md, and after which a start counts as failed
SERVES, SEARCHES, PATIENCE = 10.0, 15.0, 300.0
#: settings of this process that would lead the copy to other servers or folders
OWN = re.compile(r"DATABASE_URL|REDIS_URL|ELASTICSEARCH_URL|WEST_MARKET_.*|MARKET_PORT|VIRTUAL_ENV")


def run(rounds: int, say: Say) -> str:
    """The table of `rounds` warm starts, after one that makes the database (without the demo market)."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        checkout = Path(folder) / "market"
        # a home that others may enter, so that the database's own user can
        Path(folder).chmod(0o755)
        shutil.copytree(
            ROOT, checkout, ignore=shutil.ignore_patterns(".venv", ".git", "var", "__pycache__", ".*_cache")
        )
        # the packages are those of this checkout: the copy has the same lists, so nothing is installed
        (checkout / ".venv").symlink_to(ROOT / ".venv")
        try:
            say("the first start makes the database")
            first = _start(checkout, None)
            warm = []
            for number in range(rounds):
                say(f"warm start {number + 1}")
                warm.append(_start(checkout, SEARCHES * 4))
        finally:
            _clear(checkout)
    figures = [Figure("first start, tables made: first page", f"{first[0]:.1f} s")]
    for name, place, goal in (("first page", 0, SERVES), ("Elasticsearch ready", 1, SEARCHES)):
        slowest = max(one[place] for one in warm)
        middle = report.percentile([one[place] for one in warm], 0.5)
        figures.append(
            Figure(
                f"warm start: {name}, slowest of {rounds} (middle {middle:.1f} s)",
                f"{slowest:.1f} s",
                f"{goal:.0f} s",
                report.times(slowest, goal),
                f"<= {goal:.0f} s",
                slowest <= goal,
            )
        )
    return report.table("bench start", figures)


def _start(checkout: Path, search_within: float | None) -> tuple[float, float]:
    """Seconds from the call of bin/run to its first page, and to Elasticsearch being ready (0 where not waited for)."""
    port = _free_port()
    began = time.monotonic()
    with _running(checkout, port) as process:
        page = _until(lambda: _answers(port), process, began, PATIENCE)
        said = checkout / "bench.log"
        ready = 0.0
        if search_within is not None:
            ready = _until(lambda: "Search is ready" in said.read_text(encoding="utf-8"), process, began, search_within)
    return page, ready


@contextlib.contextmanager
def _running(checkout: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not OWN.fullmatch(name)}
    with (checkout / "bench.log").open("wb") as log:
        process = subprocess.Popen(
            [str(checkout / "bin" / "run"), "--no-demo", "--port", str(port)], cwd=checkout, env=environment, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(reached: Callable[[], bool], process: subprocess.Popen[bytes], began: float, within: float) -> float:
    while not reached():
        if process.poll() is not None:
            raise RuntimeError(f"bin/run ended with {process.returncode}; see its log")
        if time.monotonic() - began > within:
            return within
        time.sleep(0.02)
    return time.monotonic() - began


def _answers(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link:
        try:
            link.request("GET", "/")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clear(checkout: Path) -> None:
    """Stop what the copy's servers left, as bin/market does it there."""
    environment = {name: value for name, value in os.environ.items() if not OWN.fullmatch(name)}
    subprocess.run(
        [str(checkout / "bin" / "market"), "servers", "stop"], cwd=checkout, env=environment, check=False, capture_output=True,
        timeout=120,
    )  # fmt: skip
