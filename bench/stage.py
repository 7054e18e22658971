"""A served market on servers of its own, every part of which can be killed and started again.

PostgreSQL, Valkey and the practice bank lie in a folder of their own; the search engine is the one that the environment names,
with an index of its own. Everything is gone afterwards.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import flask_migrate
import httpx
from flask import Flask

from bench.visitor import NO_TLS
from embedded import processes, services
from embedded.serve import programs
from market import config
from market.app import create_app
from market.db import db
from market.listings import indexing
from market.pages import demo

#: what can be killed
PROGRAMS = ("web", "jobs", "timetable", "bank")
SERVERS = ("postgresql", "valkey")
PATIENCE = 300.0


@dataclass
class Stage:
    """The market: its address, an application to look inside with, and its parts by name."""

    app: Flask
    url: str
    folder: Path
    commands: Mapping[str, list[str]]
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> config.Settings:
        """As its processes have them."""
        return self.app.extensions["settings"]  # type: ignore[no-any-return]

    def start(self, name: str) -> None:
        """Start a part, or start it again."""
        if name in SERVERS:
            services.ensure(name, self.folder)
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=config.ROOT, env=dict(self.environment), stdout=log, stderr=log,
                start_new_session=True, preexec_fn=processes.dies_with_parent,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """Kill -9: a program with all its children, a server by its first process."""
        if name in SERVERS:
            process = services.running(self.folder)[name].process
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            processes.gone(process, 5)
            return
        program = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait(10)

    def keep_up(self) -> None:
        """Start again what ended by itself, as the supervisor of bin/run does."""
        for name, program in list(self.running.items()):
            if program.poll() is not None:
                self.start(name)

    def answers(self) -> bool:
        """Whether the market's pages are there."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=5, verify=NO_TLS).status_code == 200
        return False


def until(seen: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait for something; the seconds it took. TimeoutError when it does not come."""
    began = time.monotonic()
    while not seen():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


@contextlib.contextmanager
def opened(
    folder: Path,
    size: demo.Size,
    say: Callable[[str], object],
    *,
    parts: Sequence[str] = PROGRAMS,
    **changes: str,
) -> Iterator[Stage]:
    """The market with an invented shelf of `size`, served. `parts`: the programs that run, the web server among them;
    `changes`: further settings of its processes, by variable.
    """
    port, bank = free_port(), free_port()
    servers = {
        name: services.ensure(server, folder)
        for server, name in zip(SERVERS, ("DATABASE_URL", "REDIS_URL"), strict=True)
    }
    own = {
        **os.environ, **servers,
        "WEST_MARKET_MODE": "practice",
        "WEST_MARKET_SECRETS": str(folder / "secrets"),
        "WEST_MARKET_FILES": str(folder / "files"),
        "WEST_MARKET_PREFIX": f"stage{port}",
        "WEST_MARKET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEST_MARKET_MEANING": "off",
        "WEST_MARKET_CHEAP_PASSWORDS": "1",
        "WEST_MARKET_PROXIES": "1",
        "PRACTICE_BANK_URL": f"http://127.0.0.1:{bank}",
        "PRACTICE_BANK_KEY": "a key of a bench's practice bank, of no use elsewhere",
        "PYTHONPATH": str(config.ROOT),
        **changes,
    }  # fmt: skip
    commands = {one.name: list(one.command) for one in programs(port)}
    commands["bank"] = [sys.executable, "-m", "practice.bank", "--port", str(bank), "--data", str(folder / "bank")]
    try:
        app = create_app(config.load(own))
        stage = Stage(app, f"http://127.0.0.1:{port}", folder, commands, own)
        try:
            with app.app_context():
                say("making a small market")
                flask_migrate.upgrade(directory=str(config.ROOT / "migrations"))
                demo.build(size, say=say)
            for name in parts:
                stage.start(name)
            until(stage.answers, "the first page")
            with _kept_up(stage):
                yield stage
        finally:
            for name in list(stage.running):
                stage.kill(name)
            with contextlib.suppress(Exception), app.app_context():
                _forget(app)
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
    finally:
        services.discard(folder)


@contextlib.contextmanager
def _kept_up(stage: Stage) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            stage.keep_up()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _forget(app: Flask) -> None:
    client = indexing.offers_index().client
    for name in client.indices.get(index=f"{app.extensions['settings'].prefix}*", expand_wildcards="all").body:
        client.indices.delete(index=name)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]  # type: ignore[no-any-return]
