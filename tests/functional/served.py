"""The whole market as bin/run serves it: web server, workers, a database of its own, a small invented market.

For tests that look at it from outside, through HTTP or a browser. The market's clock begins at NOON, whatever the day of the
run, so that working days and the neutral order are the same each time; sign-in and one-time codes go by real time.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
from elasticsearch import Elasticsearch
from flask import Flask

from embedded import processes
from embedded.serve import programs
from market import clock, config
from market.accounts import practice
from market.kernel.actor import Role
from market.pages import demo
from tests.integration.factories import committed
from tests.integration.jobs import forks

#: Wednesday 2026-03-04, 10:00 in Xi'an: a working day in an ordinary week
NOON = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
SIZE = demo.Size(vendors=24, listings=150, days=12)
#: seconds that a process may take to be there; the machine may be shared
PATIENCE = 120.0
Running = subprocess.Popen[bytes] | forks.Forked


def until(seen: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait for something to be seen; the seconds that it took."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - began


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@dataclass
class Market:
    """A served market: `url` for visitors, `app` to look inside, its processes by name (web, jobs, timetable, bank)."""

    app: Flask
    folder: Path
    port: int
    environment: Mapping[str, str]
    hurried: bool = False
    #: the command of its practice bank
    bank: list[str] = field(default_factory=list)
    running: dict[str, Running] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where visitors find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> config.Settings:
        """As the processes have them."""
        return self.app.extensions["settings"]

    def start(self, name: str) -> Running:
        """Start web, jobs, timetable or bank as bin/run starts them (hurried: workers with waits of tenths of seconds)."""
        if name == "bank":
            return self._run(name, self.bank, self.environment)
        if self.hurried and name != "web":
            self.running[name] = forks.start([name], self.environment, self.folder / f"{name}.log")
            return self.running[name]
        command = next(list(one.command) for one in programs(self.port) if one.name == name)
        return self._run(name, command, self.environment)

    def _run(self, name: str, command: list[str], environment: Mapping[str, str]) -> Running:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=config.ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=processes.dies_with_parent,
            )  # fmt: skip
        return self.running[name]

    def kill(self, name: str) -> None:
        """Kill -9, with all its children."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """Kill everything that runs."""
        for name in list(self.running):
            self.kill(name)

    def answers(self, url: str = "") -> bool:
        """Whether the market answers there (default: its own address)."""
        try:
            return httpx.get(f"{url or self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def finds_everything(self) -> bool:
        """Whether the index is complete and search understands whole questions, in each of its processes most likely."""
        try:
            pages = [httpx.get(f"{self.url}/search", params={"q": "环评"}, timeout=20).text for _ in range(4)]
            if any('id="facets"' not in page or "搜索还在准备" in page for page in pages):
                return False
            found = httpx.get(f"{self.url}/api/v1/search/listings", params={"size": 1}, timeout=20)
        except httpx.TransportError:
            return False
        return found.status_code == 200 and found.json()["total"] == self.offered()

    def offered(self) -> int:
        """How many offers the database holds."""
        with self.connect() as connection:
            return connection.execute("SELECT count(*) FROM listing WHERE state = 'published'").fetchone()[0]  # type: ignore[index]

    def connect(self) -> psycopg.Connection:
        """A look at the database beside the application's own."""
        return psycopg.connect(self.settings.database_url.replace("+psycopg", ""), autocommit=True)

    def sign_in_of(self, role: Role) -> practice.DemoSignIn:
        """An invented person in this role; the code of officials is the present one."""
        with self.app.app_context():
            return next(one for one in practice.sign_ins() if one.role is role)

    @contextlib.contextmanager
    def beside(self, name: str, **environment: str) -> Iterator[str]:
        """One more web server on the same data with other settings; its address."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = next(list(one.command) for one in programs(port) if one.name == "web")
        command[command.index("--workers") + 1] = "1"
        self._run(name, command, {**self.environment, "WEST_MARKET_PUBLIC_URL": url, **environment})
        try:
            until(lambda: self.answers(url))
            yield url
        finally:
            self.kill(name)


@contextlib.contextmanager
def opened(
    folder: Path, size: demo.Size | None = SIZE, *, hurried: bool = False, **environment: str
) -> Iterator[Market]:
    """A market with a small demo (none with size None), its web server and workers running; everything is gone afterwards.

    `environment`: other settings for it, for instance REDIS_URL. The search index fills meanwhile: see `finds_everything`.
    """
    port, bank = free_port(), free_port()
    own = {
        **os.environ,
        "PRACTICE_BANK_URL": f"http://127.0.0.1:{bank}",
        "PRACTICE_BANK_KEY": "a key of a test's practice bank, of no use elsewhere",
        "WEST_MARKET_SECRETS": str(folder / "secrets"),
        "WEST_MARKET_CHEAP_PASSWORDS": "1",
        "WEST_MARKET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(config.ROOT),
        **environment,
    }
    with committed.application(config.load(own), folder) as app:
        settings: config.Settings = app.extensions["settings"]
        own |= {
            "DATABASE_URL": settings.database_url,
            "WEST_MARKET_FILES": str(settings.files),
            "WEST_MARKET_PREFIX": settings.prefix,
        }
        command = [sys.executable, "-m", "practice.bank", "--port", str(bank), "--data", str(folder / "bank")]
        market = Market(app, folder, port, own, hurried, command)
        try:
            with market.connect() as connection:
                connection.execute(
                    "INSERT INTO shown_clock (id, real_start, shown_start, factor) VALUES (1, now(), %s, 1)", (NOON,)
                )
            clock._seen = None
            market.start("bank")
            market.start("web")  # its search gets ready while the demo is made
            if size is not None:
                with app.app_context():
                    demo.build(size, say=lambda line: None)
            market.start("jobs")
            market.start("timetable")
            until(market.answers)
            yield market
        finally:
            market.stop()
            _forget(settings)


def _forget(settings: config.Settings) -> None:
    """Remove the market's indexes, where its engine answers."""
    with contextlib.suppress(Exception):
        engine = Elasticsearch(settings.elasticsearch_url, request_timeout=5, max_retries=0)
        for index in engine.cat.indices(index=f"{settings.prefix}-*", format="json"):
            engine.indices.delete(index=index["index"])
