"""Which embedded server runs where, who needs it, and when it may end.

Each folder of services (`var/` for the market, `var/test-PID/` for a test run) has a register `services.json`, read and
written only under its lock. A server runs as long as a live process holds it; `ensure` takes hold, `release` lets go, and
the last to let go stops it. A holder that is killed cannot let go: the keeper notices and does it in its place. A server
that is killed is started again on its old port by the next `ensure`.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType

from embedded import elasticsearch, postgres, processes, valkey
from embedded.prepare import ROOT, VAR, Trouble
from embedded.processes import Process

#: one module for each server, all with NAME, STOP_SIGNAL, PATIENCE, READY_WITHIN, HINT, url, start, ready
KINDS: dict[str, ModuleType] = {kind.NAME: kind for kind in (postgres, valkey, elasticsearch)}
#: the names under which the environment gives a server of somebody else's
VARIABLES = {"postgresql": "DATABASE_URL", "valkey": "REDIS_URL", "elasticsearch": "ELASTICSEARCH_URL"}
#: below the ports that outgoing connections take
FIRST_PORT, LAST_PORT = 20_000, 29_999
#: seconds that the old port of a server is waited for
PORT_WITHIN = 3.0


@dataclass(slots=True)
class Entry:
    """A line of the register: the server's process, its port and address, and the processes that hold it."""

    process: Process
    port: int
    url: str
    holders: list[Process] = field(default_factory=list)


Register = dict[str, Entry]


def ensure(name: str, folder: Path = VAR, *, durable: bool = True, wait: bool = True) -> str:
    """The address of the server `name` of `folder`, started when it does not run; this process holds it until `release`.

    With `wait` it answers when this returns. Trouble says why it cannot be had. Calling again gives the same server.
    """
    kind = KINDS[name]
    with _register(folder) as register:
        entry = register.get(name)
        if entry is None or not entry.process.alive:
            entry = _start(kind, folder, entry, durable)
            register[name] = entry
        me = processes.this()
        if me not in entry.holders:
            entry.holders.append(me)
        _start_keeper(folder)
    if wait:
        _wait(kind, folder, entry)
    return entry.url


def is_ready(name: str, folder: Path = VAR) -> bool:
    """True when the server `name` of `folder` runs and answers now."""
    with _register(folder) as register:
        entry = register.get(name)
    return entry is not None and entry.process.alive and KINDS[name].ready(folder, entry.port)


def is_held(name: str, folder: Path = VAR) -> bool:
    """True when this process holds the server `name` of `folder`."""
    with _register(folder) as register:
        return name in register and processes.this() in register[name].holders


def release(folder: Path = VAR) -> None:
    """Let go of all servers of `folder` that this process holds; those that nobody else holds are stopped."""
    with _register(folder) as register:
        me = processes.this()
        for entry in register.values():
            entry.holders = [holder for holder in entry.holders if holder != me]
        _stop_unheld(register)


def stop(name: str, folder: Path = VAR) -> None:
    """Stop the server `name` of `folder`, whoever holds it."""
    with _register(folder) as register:
        entry = register.get(name)
        if entry is not None:
            processes.end(entry.process, KINDS[name].STOP_SIGNAL, KINDS[name].PATIENCE)


def tidy(folder: Path, last: Callable[[], None]) -> bool:
    """Stop what no live process holds any more; True while a server runs, else `last` is called under the lock."""
    with _register(folder) as register:
        _stop_unheld(register)
        runs = any(entry.process.alive for entry in register.values())
        if not runs:
            last()
        return runs


def discard(folder: Path) -> None:
    """Stop all servers of `folder`, whoever holds them, and remove it with their data."""
    if folder.exists():
        for name in KINDS:
            stop(name, folder)
        postgres.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def held(names: Iterable[str], folder: Path = VAR, *, durable: bool = True) -> Iterator[dict[str, str]]:
    """The settings for the servers that the environment does not give: addresses of embedded ones.

    Those of `names` run for the time of the block. The others are only named: the market wants all addresses, and an
    address where nobody answers is the same to it as a server that is away.
    """
    missing = [name for name in KINDS if not os.environ.get(VARIABLES[name])]
    needed = [name for name in missing if name in set(names)]
    try:
        for name in needed:
            ensure(name, folder, durable=durable, wait=False)  # all start at once, then each is waited for
        yield {VARIABLES[name]: ensure(name, folder) if name in needed else address(name, folder) for name in missing}
    finally:
        if needed:
            release(folder)


def address(name: str, folder: Path = VAR) -> str:
    """Where the server `name` of `folder` is found when it runs; starts nothing."""
    with _register(folder) as register:
        entry = register.get(name)
    return entry.url if entry else KINDS[name].url(folder, usual_port(name, folder))


def running(folder: Path = VAR) -> Register:
    """The servers of `folder` that run now."""
    with _register(folder) as register:
        return {name: entry for name, entry in register.items() if entry.process.alive}


def free_port(wish: int) -> int:
    """`wish`, or the next port above it that no program listens on."""
    for port in range(wish, wish + 1000):
        if port_is_free(port):
            return port
    raise Trouble(f"No free port was found from {wish} on.")


def port_is_free(port: int) -> bool:
    """True when a server could listen on `port` of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _start(kind: ModuleType, folder: Path, before: Entry | None, durable: bool) -> Entry:
    """Start a server on its old port, or on one that depends on the folder, so that two checkouts seldom meet."""
    port = free_port(before.port if before and _falls_free(before.port) else usual_port(kind.NAME, folder))
    process = kind.start(folder, port, durable=durable)
    holders = [holder for holder in before.holders if holder.alive] if before else []
    return Entry(process, port, kind.url(folder, port), holders)


def _falls_free(port: int) -> bool:
    """True as soon as `port` is free: a killed server's threads may hold it for a moment."""
    until = time.monotonic() + PORT_WITHIN
    while not port_is_free(port):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def usual_port(name: str, folder: Path) -> int:
    """The port that the server `name` of `folder` takes when it is free."""
    digest = hashlib.sha256(os.fsencode(folder.resolve()) + name.encode()).digest()
    return FIRST_PORT + int.from_bytes(digest[:4], "big") % (LAST_PORT - FIRST_PORT - 1000)


def _wait(kind: ModuleType, folder: Path, entry: Entry) -> None:
    until = time.monotonic() + kind.READY_WITHIN
    while not kind.ready(folder, entry.port):
        if not entry.process.alive or time.monotonic() > until:
            happened = "did not answer in time" if entry.process.alive else "ended at once"
            log = folder / "log" / f"{kind.NAME}.log"
            raise Trouble(f"{kind.NAME} {happened}. The end of {log}:\n  {processes.tail(log)}\n{kind.HINT}")
        time.sleep(0.03)


def _stop_unheld(register: Register) -> None:
    for name, entry in register.items():
        entry.holders = [holder for holder in entry.holders if holder.alive]
        if not entry.holders:
            processes.end(entry.process, KINDS[name].STOP_SIGNAL, KINDS[name].PATIENCE)


@contextlib.contextmanager
def _register(folder: Path) -> Iterator[Register]:
    """The register of `folder` under its lock; written back when the block ends without an error.

    A register that cannot be read (a full disk cut it) counts as empty: PostgreSQL and Valkey guard their data themselves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "services.json"
    with (folder / "services.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        register = _read(path)
        before = _text(register)
        yield register
        after = _text(register)
        if after != before:
            half = path.with_suffix(".half")
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(after)
            half.replace(path)


def _read(path: Path) -> Register:
    try:
        return {
            name: Entry(
                Process(**line["process"]),
                line["port"],
                line["url"],
                [Process(**holder) for holder in line["holders"]],
            )
            for name, line in json.loads(path.read_text()).items()
            if name in KINDS
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _text(register: Register) -> str:
    return json.dumps({name: asdict(entry) for name, entry in register.items()}, indent=1)


def is_unkept(folder: Path) -> bool:
    """True when no keeper watches `folder`."""
    with (folder / "keeper.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _start_keeper(folder: Path) -> None:
    """See that a keeper watches `folder`. Called under the register's lock, which a keeper also holds when it leaves."""
    if not is_unkept(folder):
        return
    command = [sys.executable, "-m", "embedded.keeper", str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.Popen(command, cwd="/", env=env, start_new_session=True, stdin=-3, stdout=-3, stderr=-3).returncode = 0
