"""Messages outlive whatever is killed: real workers, a real mail server and a real web service on the loopback."""

import base64
import contextlib
import os
import re
import signal
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis

from market.db import db
from market.kernel.actor import Actor
from market.notifications.operations import tell
from market.notifications.webhook_operations import add_endpoint, make_test
from tests.integration.factories import committed
from tests.integration.jobs.conftest import Market, processes_below, until
from tests.integration.notifications.receiver import receiver


@dataclass
class Post:
    """A mail server: what it took, and what it does after its yes."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    refuse: bool = False
    after: list = field(default_factory=list)

    def ids(self) -> list[str]:
        """The Message-ID of each mail it took."""
        return [re.search(r"Message-ID: <(.+?)@", mail)[1] for mail in self.mails]


@contextlib.contextmanager
def post_office() -> Iterator[Post]:
    """SMTP as far as the market speaks it (RFC 5321), on the loopback."""
    state = Post()

    class Session(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # whoever was killed says no goodbye
                self.talk()

        def talk(self) -> None:
            self.say("220 here")
            lines: list[str] | None = None
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                if lines is not None:
                    if line != ".":
                        lines.append(line)
                        continue
                    state.mails.append("\n".join(lines))
                    lines = None
                    for act in state.after:
                        act()
                    with contextlib.suppress(OSError):
                        self.say("250 taken")
                elif line.upper().startswith("DATA"):
                    lines = []
                    self.say("354 go on")
                elif line.upper().startswith("QUIT"):
                    self.say("221 bye")
                    return
                elif state.refuse and line.upper().startswith("MAIL"):
                    self.say("451 later")
                else:
                    self.say("250 yes")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Session) as server:
        state.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


#: a worker's start takes seconds where other tests keep the machine busy
PATIENCE = 90


@pytest.fixture(autouse=True)
def fresh(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers of each test are its own, and read what the test encrypted."""
    keys = (f"{name}:{base64.b64encode(key).decode()}" for name, key in market.settings.data_keys.items())
    monkeypatch.setenv("WEST_MARKET_DATA_KEYS", ",".join(keys))
    market.stop()
    yield
    market.stop()


@pytest.fixture
def post(fresh: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """Workers of this test hand their mails to this server."""
    with post_office() as state:
        monkeypatch.setenv("WEST_MARKET_MAIL", f"smtp://127.0.0.1:{state.port}")
        yield state


def kill_workers(market: Market) -> None:
    """Kill -9 of the worker and its child."""
    worker = market.running["jobs"]
    for child in processes_below(worker.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    worker.kill()
    worker.wait(10)


def person(market: Market) -> Actor:
    return committed.vendor_member()


def states(market: Market) -> list[tuple[str, int]]:
    with market.connect() as connection:
        return connection.execute("SELECT state, tries FROM message_delivery ORDER BY id").fetchall()


@pytest.fixture(autouse=True)
def nothing_left(market: Market) -> Iterator[None]:
    """Each test begins and ends without messages."""

    def clear() -> None:
        with market.connect() as connection:
            connection.execute("DELETE FROM message")
            connection.execute("DELETE FROM outbox WHERE job LIKE 'market.notifications%'")

    clear()
    yield
    db.session.rollback()
    clear()


def test_a_worker_killed_between_the_yes_and_the_commit_repeats_a_mail_once_at_most(market: Market, post: Post) -> None:
    """KF-JOB-02: and the repeat is known as the same by its Message-ID."""
    [code] = tell(person(market).person, "Hello", "World", by_mail=True)
    killed = threading.Event()

    def kill() -> None:
        if not killed.is_set():
            kill_workers(market)
            killed.set()

    post.after.append(kill)
    market.work()
    until(killed.is_set, PATIENCE)
    assert states(market) == [("waiting", 0)], "nothing was committed"
    market.keep_time()
    market.work()
    until(lambda: states(market) == [("sent", 0)], PATIENCE)
    assert post.ids() == [code, code]
    # and never again
    redis.from_url(market.settings.redis_url).flushall()
    tell(person(market).person, "Other", "World", by_mail=True)
    until(lambda: len(post.mails) == 3, PATIENCE)
    assert post.ids().count(code) == 2


def test_a_worker_killed_after_a_webhook_was_taken_sends_it_again_under_the_same_id(market: Market) -> None:
    with receiver() as there:
        who = person(market)
        endpoint, _ = add_endpoint(there.url, "ERP", [], by=who)
        killed = threading.Event()

        def kill(_taken: object) -> None:
            if not killed.is_set():
                kill_workers(market)
                killed.set()

        there.seen = kill
        make_test(endpoint.code, by=who)
        market.work()
        until(killed.is_set, PATIENCE)
        market.keep_time()
        market.work()
        until(lambda: states(market) == [("sent", 0)], PATIENCE)
        ids = [taken.headers["webhook-id"] for taken in there.taken]
        assert len(ids) == 2
        assert len(set(ids)) == 1


def test_twenty_unsent_mails_outlive_a_valkey_that_loses_everything(market: Market, post: Post) -> None:
    """KF-JOB-06: from the rows in the database, without human help, each once."""
    codes = [tell(person(market).person, "Hello", "World", by_mail=True)[0] for _ in range(20)]
    redis.from_url(market.settings.redis_url).flushall()
    market.keep_time()
    market.work()
    until(lambda: states(market) == [("sent", 0)] * 20, PATIENCE)
    assert sorted(post.ids()) == sorted(codes)


def test_four_workers_at_once_send_each_mail_once(market: Market, post: Post) -> None:
    """KF-JOB-03."""
    for _ in range(4):
        market.start("jobs")
    codes = [tell(person(market).person, "Hello", "World", by_mail=True)[0] for _ in range(20)]
    market.keep_time()
    until(lambda: states(market) == [("sent", 0)] * 20, PATIENCE)
    assert sorted(post.ids()) == sorted(codes)


def test_a_mail_server_that_says_later_gets_it_later(market: Market, post: Post) -> None:
    post.refuse = True
    tell(person(market).person, "Hello", "World", by_mail=True)
    market.keep_time()
    market.work()
    until(lambda: states(market) == [("waiting", 1)], PATIENCE)
    assert post.mails == []
    post.refuse = False
    until(lambda: states(market) == [("sent", 1)], PATIENCE)
    assert len(post.mails) == 1
