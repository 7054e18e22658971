"""A market of its own for tests that kill: database, Valkey, and the processes of worker.py, all ended with the test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from embedded import processes, services
from market import config, outbox
from market.accounts.models import Organisation, OrganisationKind
from market.clock import real
from market.db import db, new_code
from market.record.models import OutboxRow
from market.transaction import later, transactional
from tests.integration.factories import committed
from tests.integration.jobs import forks

Running = forks.Forked | subprocess.Popen[bytes]
ACTS = "tests.integration.jobs.acts"


def until(seen: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to be seen; patient, since the machine may be shared."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@dataclass
class Market:
    """An application whose commits last, with its servers and processes. Shared by the tests of a module, which leave it working.

    `door` is a port that leads to Elasticsearch only when a test opens it .
    """

    app: Flask
    folder: Path
    servers: Path
    door: int
    running: dict[str, Running] = field(default_factory=dict)
    test: int = 0

    @property
    def settings(self) -> config.Settings:
        return self.app.extensions["settings"]

    def work(self) -> Running:
        """`worker.py jobs` with short waits: the running one, or a new one."""
        return self._run("jobs")

    def keep_time(self, acts: bool = False) -> Running:
        """`worker.py timetable`, likewise. It sweeps; only with `acts` anything is due that no test committed."""
        return self._run("timetable", *([] if acts else ["--no-acts"]))

    def _run(self, role: str, *options: str) -> Running:
        if role not in self.running or self.running[role].poll() is not None:
            self.running[role] = self.start(role, *options)
        return self.running[role]

    def start(self, role: str, *options: str) -> Running:
        """One more process of `worker.py role`, with short waits."""
        process = forks.start([role, *options], self.environment, self.folder / "log")
        self.running.setdefault(f"{role} {process.pid}", process)
        return process

    def start_in_earnest(self, role: str) -> subprocess.Popen[bytes]:
        """`python worker.py role`, as it is."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "worker.py", role], cwd=config.ROOT, env=self.environment, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=processes.dies_with_parent,
            )  # fmt: skip
        self.running[f"{role} {process.pid}"] = process
        return process

    @property
    def environment(self) -> dict[str, str]:
        """What the processes see."""
        settings = self.settings
        return {
            **os.environ,
            "PYTHONPATH": str(config.ROOT),
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "ELASTICSEARCH_URL": f"http://127.0.0.1:{self.door}",
            "WEST_MARKET_FILES": str(settings.files),
            "WEST_MARKET_SECRETS": str(self.folder / "secrets"),
            "WEST_MARKET_PREFIX": settings.prefix,
            "WEST_MARKET_MEANING": "off",
        }

    def stop(self) -> None:
        """Kill all processes that run."""
        for process in self.running.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                self.kill(process)

    def kill(self, process: Running) -> None:
        """Kill -9, with the children."""
        for child in processes_below(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait(10)

    def organisation(self) -> str:
        """A row for jobs to work on."""
        code = new_code("O")
        row = Organisation(code=code, kind=OrganisationKind.OFFICE, name="市署", created_at=real())
        transactional(lambda: db.session.add(row))()
        return code

    def name(self, code: str) -> str:
        """What jobs have made of it."""
        with self.connect() as connection:
            return connection.execute("SELECT name FROM organisation WHERE code = %s", (code,)).fetchone()[0]

    def later(self, act: str, *arguments: object) -> int:
        """Commit something that `act` must follow; the row's id."""

        @transactional
        def change() -> OutboxRow:
            later(f"{ACTS}.{act}", *arguments)
            return db.session.info["outbox"][-1]

        return change().id

    def left(self) -> int:
        """Rows of tests that are not done."""
        with self.connect() as connection:
            statement = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND job LIKE %s"
            return connection.execute(statement, (f"{ACTS}%",)).fetchone()[0]

    def row(self, row_id: int) -> tuple[int, str | None, bool]:
        """Tries, error and whether it is done."""
        with self.connect() as connection:
            statement = "SELECT attempts, error, done_at IS NOT NULL FROM outbox WHERE id = %s"
            return connection.execute(statement, (row_id,)).fetchone()

    def connect(self) -> psycopg.Connection:
        """A look at the database beside the application's own."""
        return psycopg.connect(self.settings.database_url.replace("+psycopg", ""), autocommit=True)

    @property
    def file(self) -> Path:
        """Where jobs leave their lines."""
        return self.folder / f"notes {self.test}"

    def lines(self) -> list[str]:
        """The lines that jobs left."""
        return self.file.read_text().splitlines() if self.file.exists() else []

    def log(self) -> str:
        """What the processes said."""
        return (self.folder / "log").read_text()


def processes_below(pid: int) -> list[int]:
    """The children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


@contextlib.contextmanager
def opened(settings: config.Settings, folder: Path, **changes: str) -> Iterator[Market]:
    """A market on a database of its own and a Valkey of its own."""
    servers = folder / "var"
    servers.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        door = free.getsockname()[1]
    before = outbox.PAUSE
    outbox.PAUSE = 0.3
    try:
        redis_url = services.ensure("valkey", servers)
        with committed.application(settings, folder, redis_url=redis_url, **changes) as app, app.app_context():
            market = Market(app, folder, servers, door)
            try:
                yield market
            finally:
                market.stop()
                db.session.remove()
    finally:
        outbox.PAUSE = before
        services.discard(servers)


@pytest.fixture(scope="module")
def shared(settings: config.Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The market of a module."""
    with opened(settings, tmp_path_factory.mktemp("jobs")) as market:
        yield market


@pytest.fixture
def market(shared: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """The module's market with nothing to do, all servers up, and a fresh sheet for notes."""
    services.ensure("valkey", shared.servers)
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    shared.test += 1
    (shared.folder / "log").write_text("")
    yield shared
    with shared.connect() as connection:
        connection.execute("DELETE FROM outbox WHERE job LIKE %s", (f"{ACTS}%",))
    # further processes that a test started end with it
    for name in [name for name in shared.running if " " in name]:
        process = shared.running.pop(name)
        if process not in shared.running.values() and process.poll() is None:
            shared.kill(process)


def kill_server(name: str, servers: Path) -> None:
    """Kill a server with -9."""
    process = services.running(servers)[name].process
    os.kill(process.pid, signal.SIGKILL)
    assert processes.gone(process, 5)
