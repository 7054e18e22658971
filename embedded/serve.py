"""What bin/run does once its packages are there: servers, tables, demo market, then web and workers until it is stopped.

The demo market comes in two parts. Vendors and offers are made before the market opens; its orders are told while it serves
already, by `bin/market demo orders` beside it, once the practice bank answers (which is started after the web server) and
search is ready or has been waited for long enough. A run that ends meanwhile stops it; the next one tells the rest.
"""

import argparse
import contextlib
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from types import FrameType
from typing import NoReturn

from embedded import database, jars, practice, processes, services, translations, witnesses
from embedded.command import export_secrets
from embedded.prepare import ROOT, VAR, Trouble, say, stop_with
from embedded.processes import Process
from embedded.supervisor import Program, Supervisor

USUAL_PORT = 8000
#: seconds between two looks at the programs, and at the servers
PAUSE, SERVER_PAUSE = 0.3, 1.0
WEB_WITHIN = 60.0
#: seconds for which workers and Elasticsearch leave the processor to the web server
WEB_FIRST = 8.0
#: seconds after the opening at which the demo's orders are told even though search is not ready
ORDERS_AFTER = 20.0
FETCH_AGAIN_AFTER = 60.0
NOTE = VAR / "run.json"


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the market until Ctrl-C, SIGTERM or the end of the terminal; ends with 1 and a sentence when it cannot start."""
    parser = argparse.ArgumentParser("bin/run", description="Runs the market on this machine until Ctrl-C.")
    parser.add_argument(
        "--port",
        type=int,
        help=f"port of the web server (default: MARKET_PORT, else the first free one from {USUAL_PORT})",
    )
    parser.add_argument("--no-demo", action="store_true", help="begin with an empty market")
    options = parser.parse_args(arguments)
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _leave)
    try:
        with _only_run():
            _serve(options.port, demo=not options.no_demo)
    except Trouble as trouble:
        stop_with(trouble)
    sys.exit(0)


def _serve(port: int | None, demo: bool) -> None:
    _end_what_was_left()
    port = _web_port(port)
    export_secrets()
    os.environ.setdefault("WEST_MARKET_PUBLIC_URL", f"http://localhost:{port}")
    translations.compile_stale()
    own = [name for name, variable in services.VARIABLES.items() if not os.environ.get(variable)]
    truth = [name for name in own if name != "elasticsearch"]
    try:
        if own:
            say(f"Starting {' and '.join(truth or own)}")
        with services.held(truth) as addresses:
            os.environ.update(addresses)
            _prepare_database(demo)
            if "elasticsearch" in own:
                _fetch_search()
            supervisor = Supervisor(
                [*programs(port), *practice.arrange(), *witnesses.arrange()], VAR / "log", ROOT, say
            )
            orders = DemoOrders(demo)
            try:
                _keep_up(supervisor, own, port, orders)
            finally:
                for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(sign, signal.SIG_IGN)
                say("\nStopping")
                orders.stop()
                supervisor.stop()
    finally:
        services.release()
        practice.forget()
        NOTE.unlink(missing_ok=True)


def programs(port: int) -> list[Program]:
    """The market's own programs: the web server at `port`, the worker, the timetable, the sequencer."""
    python = sys.executable
    web = [
        *(python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "--workers-kill-timeout", "10"),
        "wsgi:app",
    ]
    return [
        Program("web", web),
        Program("jobs", [python, "worker.py", "jobs"], patience=30.0),
        Program("timetable", [python, "worker.py", "timetable"]),
        Program("sequencer", [python, "worker.py", "sequencer"]),
    ]


class DemoOrders:
    """The second part of the demo market, told beside the running market: once for a database, by a process of its own."""

    def __init__(self, wanted: bool) -> None:
        self.loaded = VAR / "demo-orders-loaded"
        self.identity = ""
        self.waits = wanted and _is_practice()
        self.child: subprocess.Popen | None = None

    def look(self) -> None:
        """Start it once the practice bank answers, if one belongs here; note its end. One that fails is tried by the next run."""
        if self.child is not None:
            if (code := self.child.poll()) is not None:
                self.child = None
                if code == 0:
                    self.loaded.write_text(self.identity)
                else:
                    say("The orders of the demo market are not complete; bin/market demo orders tells the rest.")
        elif self.waits and practice.bank_answers():
            self.waits = False
            self.identity = database.identity(os.environ["DATABASE_URL"])
            if self.loaded.exists() and self.loaded.read_text() == self.identity:
                return
            command = [sys.executable, str(ROOT / "bin" / "market"), "demo", "orders"]
            self.child = subprocess.Popen(
                command, cwd=ROOT, start_new_session=True, preexec_fn=processes.dies_with_parent
            )

    def stop(self) -> None:
        """End it where it stands: whole orders are left."""
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(10)


def _is_practice() -> bool:
    return os.environ.get("WEST_MARKET_MODE", "practice") == "practice"


def _keep_up(supervisor: Supervisor, own: Sequence[str], port: int, orders: DemoOrders) -> None:
    """Look after programs and servers until a signal ends it; say when the market, and when its search, can be used.

    The web server goes first: workers and Elasticsearch wait until it answers, or until they have waited long enough.
    """
    began = time.monotonic()
    for program in supervisor.programs[1:]:
        program.due = began + WEB_FIRST
    is_open = is_told_late = is_search_told = False
    looked = opened = 0.0
    while True:
        supervisor.look()
        waited = time.monotonic() - began
        if not is_open and _answers(port):
            is_open, opened = True, waited
            for program in supervisor.programs[1:]:
                program.due = 0.0
            supervisor.look()
            _ensure(own, search=True)
            _tell()
        if not (is_open or is_told_late) and waited > WEB_WITHIN:
            is_told_late = True
            say(f"The web server does not answer yet. The end of its log:\n  {processes.tail(VAR / 'log' / 'web.log')}")
        if time.monotonic() - looked > SERVER_PAUSE:
            looked = time.monotonic()
            _note(supervisor, port)
            _ensure(own, search=is_open or waited > WEB_FIRST)
            if not is_search_told and "elasticsearch" in own and services.is_ready("elasticsearch"):
                is_search_told = True
                say(f"Search is ready ({processes.age_of_this():.0f} s after the start)")
            if is_open and (is_search_told or waited - opened > ORDERS_AFTER):
                orders.look()
        time.sleep(PAUSE if is_open else 0.05)


def _ensure(own: Sequence[str], search: bool) -> None:
    """Start the servers of this checkout that do not run; Elasticsearch only when `search` and once it is fetched."""
    for name in own:
        if name != "elasticsearch" or (search and jars.present()):
            services.ensure(name, wait=False)


def _tell() -> None:
    address = os.environ["WEST_MARKET_PUBLIC_URL"]
    say(f"\nWest Market 西市 is open at {address} ({processes.age_of_this():.1f} s after the start). Ctrl-C stops it.")
    signs = _market("accounts", "sign-ins", capture=True)
    if signs.returncode == 0:
        say(
            "One sign-in for each role (again with the present codes: bin/market accounts sign-ins):\n"
            + signs.stdout.strip()
            + "\n"
        )


def _answers(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False


def _prepare_database(demo: bool) -> None:
    """Bring the tables to the newest form; load the demo market into a database that has not had it."""
    address = os.environ["DATABASE_URL"]
    if database.is_behind(address):
        say("Making the tables")
        if _market("database", "migrate").returncode:
            raise Trouble("The tables could not be brought to the newest form; see the lines above.")
    loaded = VAR / "demo-loaded"
    if not demo or not _is_practice():
        return
    identity = database.identity(address)
    if not loaded.exists() or loaded.read_text() != identity:
        say("Loading the demo market, once")
        if _market("demo").returncode:
            raise Trouble(
                "The demo market could not be loaded; see the lines above. bin/run --no-demo starts without it."
            )
        loaded.write_text(identity)


def _market(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess:
    """Run a command of the market on the present settings."""
    command = [sys.executable, str(ROOT / "bin" / "market"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, text=True, capture_output=capture)


def _fetch_search() -> None:
    """Fetch Elasticsearch where it is missing; without a network the market opens all the same and goes on trying."""
    try:
        jars.fetch()
    except Trouble as trouble:
        say(f"{trouble}\nThe market opens without search and tries again every minute.")
        threading.Thread(target=_go_on_fetching, daemon=True).start()


def _go_on_fetching() -> None:
    while not jars.present():
        time.sleep(FETCH_AGAIN_AFTER)
        with contextlib.suppress(Trouble):
            jars.fetch()


def _web_port(wish: int | None) -> int:
    """The port to serve on: a wished one, or Trouble when it is taken; else the first free one."""
    given = os.environ.get("MARKET_PORT", "").strip()
    if wish is None and given:
        if not given.isdigit():
            raise Trouble(f"MARKET_PORT must be a number, not {given!r}.")
        wish = int(given)
    if wish is None:
        return services.free_port(USUAL_PORT)
    if not 1 <= wish <= 65535:
        raise Trouble(f"There is no port {wish}; ports go from 1 to 65535.")
    if not services.port_is_free(wish):
        other = services.free_port(max(wish, 1024) % 60_000 + 1)
        raise Trouble(f"Port {wish} is taken or not allowed. Choose another: bin/run --port {other}")
    return wish


@contextlib.contextmanager
def _only_run() -> Iterator[None]:
    """One bin/run for each checkout; Trouble names the one that runs."""
    VAR.mkdir(parents=True, exist_ok=True)
    VAR.chmod(0o755)
    (VAR / "log").mkdir(exist_ok=True)
    with (VAR / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                f"The market of this checkout runs already{_where()}. Stop it there with Ctrl-C first."
            ) from None
        yield


def _where() -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        note = json.loads(NOTE.read_text())
        return f" at http://localhost:{note['port']} (process {note['pid']})"
    return ""


def _note(supervisor: Supervisor, port: int) -> None:
    """Keep on disk what runs, for the next start: a run that is killed cannot clear up."""
    text = json.dumps(
        {"pid": os.getpid(), "port": port, "programs": [asdict(process) for process in supervisor.running()]}
    )
    with contextlib.suppress(OSError):
        if not NOTE.exists() or NOTE.read_text() != text:
            NOTE.write_text(text)


def _end_what_was_left() -> None:
    """End the programs of a run that was killed; the kernel has asked them to end already."""
    try:
        left = [Process(**line) for line in json.loads(NOTE.read_text())["programs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for process in left:
        if process.alive:
            processes.end(process, signal.SIGTERM, patience=5.0)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
