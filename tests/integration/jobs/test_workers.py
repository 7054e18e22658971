"""What must follow a commit follows it, whatever is killed in between: with real processes of worker.py and a real Valkey."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import redis
from rq import Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from embedded import services
from market import config, outbox
from tests.integration.jobs.conftest import Market, kill_server, opened, processes_below, until


def the_queue(market: Market) -> Queue:
    return outbox.queue(market.settings.redis_url, market.settings.prefix)


def test_a_worker_does_what_follows_a_commit_soon(market: Market) -> None:
    """`python worker.py jobs`, as it is started in earnest: by its ticket, since no timetable sweeps here."""
    worker = market.start_in_earnest("jobs")
    market.later("note", str(market.file), "first")
    until(lambda: market.lines() == ["first"])
    market.later("note", str(market.file), "second")
    until(lambda: market.lines() == ["first", "second"])
    assert worker.poll() is None


def test_one_ticket_does_many_rows_and_none_of_them_twice(market: Market) -> None:
    """Two workers, 60 rows of one commit."""
    market.work()
    market.start("jobs")
    for number in range(60):
        market.later("note", str(market.file), str(number))
    assert the_queue(market).count <= outbox.TICKETS
    until(lambda: market.left() == 0)
    assert sorted(map(int, market.lines())) == list(range(60))


# Valkey -------------------------------------------------------------------------------------------------------------------


def test_valkey_emptied_loses_nothing(market: Market) -> None:
    """KF-JOB-06: all tickets, the worker's registration and its locks vanish; every row is done from the database."""
    for number in range(20):
        market.later("note", str(market.file), str(number))
    market.work()
    until(lambda: market.lines())
    redis.from_url(market.settings.redis_url).flushall()
    for number in range(20, 30):
        market.later("note", str(market.file), str(number))
        redis.from_url(market.settings.redis_url).flushall()
    market.keep_time()

    until(lambda: market.left() == 0)
    assert sorted(map(int, market.lines())) == list(range(30))


def test_changes_are_accepted_while_valkey_is_away_and_effects_follow(market: Market) -> None:
    """KF-JOB-06, quality.md: and the worker that was there before goes on by itself."""
    worker, table = market.work(), market.keep_time()
    market.later("note", str(market.file), "before")
    until(lambda: market.lines() == ["before"])
    kill_server("valkey", market.servers)

    begun = time.monotonic()
    for number in range(10):
        market.later("note", str(market.file), str(number))
    assert time.monotonic() - begun < 3, "whoever commits does not wait for Valkey"

    services.ensure("valkey", market.servers)
    until(lambda: market.left() == 0)
    assert market.lines()[1:] == [str(number) for number in range(10)]
    assert worker.poll() is None
    assert table.poll() is None


def test_a_valkey_that_hangs_holds_nobody_up(market: Market) -> None:
    market.work()
    market.keep_time()
    pid = services.running(market.servers)["valkey"].process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        for number in range(3):
            market.later("note", str(market.file), str(number))
        # one of them waited half a second, the others did not ask
        assert time.monotonic() - begun < 4
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: market.left() == 0)
    assert sorted(market.lines()) == ["0", "1", "2"]


def test_a_worker_outlives_a_valkey_that_dies_under_its_job(market: Market) -> None:
    """rq ends its loop then as if it had been asked to; the process must go on."""
    worker = market.work()
    market.keep_time()
    code = market.organisation()
    market.later("rename", code, str(market.file), 1.5)
    until(lambda: market.lines())
    kill_server("valkey", market.servers)
    # its child cannot report to Valkey, nor the worker look the job up
    until(lambda: "ended" in market.lines() and processes_below(worker.pid) == [])
    until(lambda: "queue away" in market.log() or worker.poll() is not None)
    services.ensure("valkey", market.servers)
    market.later("note", str(market.file), "after")

    until(lambda: "after" in market.lines())
    assert worker.poll() is None
    until(lambda: market.left() == 0)
    assert market.name(code) == "市署+"


# Workers ------------------------------------------------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_leaves_the_job_to_the_next(market: Market) -> None:
    """Kill -9 of the worker and of its child: done once, all of it or nothing."""
    worker = market.work()
    code = market.organisation()
    row = market.later("rename", code, str(market.file), 30)
    until(lambda: market.lines())
    market.kill(worker)
    assert market.name(code) == "市署"
    assert market.row(row) == (1, None, False)

    with market.connect() as connection:
        connection.execute("UPDATE outbox SET arguments = jsonb_set(arguments, '{2}', '0') WHERE id = %s", (row,))
    market.keep_time()
    market.work()
    until(lambda: market.left() == 0)
    assert market.name(code) == "市署+"
    assert market.row(row) == (2, None, True)


def test_a_job_that_kills_its_process_is_tried_later_each_time_and_hinders_no_other(market: Market) -> None:
    worker = market.work()
    market.keep_time()
    fatal = market.later("die", str(market.file))
    until(lambda: market.lines().count("dies") >= 2)
    market.later("note", str(market.file), "other")
    until(lambda: "other" in market.lines())

    tries, error, done = market.row(fatal)
    assert tries >= 2
    assert "the process ended" in (error or "")
    assert not done
    assert worker.poll() is None


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(market: Market) -> None:
    worker = market.work()
    code = market.organisation()
    market.later("rename", code, str(market.file), 1)
    until(lambda: market.lines())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert market.left() == 0
    assert market.name(code) == "市署+"


def test_idle_processes_stop_when_asked_also_while_valkey_is_away(market: Market) -> None:
    worker, table = market.work(), market.keep_time()
    market.later("note", str(market.file), "x")
    until(market.lines)
    kill_server("valkey", market.servers)
    until(lambda: "could not connect" in market.log())
    for process in (worker, table):
        process.send_signal(signal.SIGTERM)
    codes = [process.wait(10) for process in (worker, table)]
    assert codes == [0, 0], market.log()[-4000:]


def test_no_child_is_left_behind(market: Market) -> None:
    worker = market.work()
    for number in range(5):
        market.later("note", str(market.file), str(number))
    until(lambda: market.left() == 0)
    until(lambda: processes_below(worker.pid) == [])


# Tickets ------------------------------------------------------------------------------------------------------------------


def test_tickets_of_yesterday_do_nothing_and_say_so(market: Market) -> None:
    """KF-JOB-02: ended jobs put back into the queue by hand, and one that rq declared lost and an operator requeued."""
    market.work()
    code = market.organisation()
    row = market.later("rename", code, str(market.file), 0)
    until(lambda: market.left() == 0)

    line = the_queue(market)
    for _ in range(5):
        line.enqueue("market.outbox.work", result_ttl=0)
    lost = line.enqueue("market.outbox.work", result_ttl=0, at_front=True)
    FailedJobRegistry(queue=line).add(lost, ttl=60)
    line.enqueue("market.outbox.run", row)  # as an older version of the market wrote them

    until(lambda: market.log().count("nothing due") >= 6)
    assert market.name(code) == "市署+"
    assert market.row(row)[0] == 1


def test_rubbish_in_valkey_hides_no_work(market: Market) -> None:
    """KF-JOB-05: a job hash without queue entry, an entry without hash, entries of other programs."""
    server = redis.from_url(market.settings.redis_url)
    line = the_queue(market)
    half = line.enqueue("market.outbox.work")
    server.lrem(line.key, 0, half.id)
    server.rpush(line.key, "no-such-job", "x" * 40)
    server.hset("rq:job:broken", mapping={"status": "started", "started_at": "2020-01-01T00:00:00Z"})
    server.rpush(line.key, "broken")
    market.work()
    market.keep_time()

    market.later("note", str(market.file), "one")
    market.later("note", str(market.file), "one")
    until(lambda: market.lines() == ["one", "one"])
    market.later("note", str(market.file), "later")
    until(lambda: "later" in market.lines())


def test_a_queue_full_of_tickets_takes_no_more(market: Market) -> None:
    for number in range(outbox.TICKETS * 3):
        market.later("note", str(market.file), str(number))
    assert the_queue(market).count == outbox.TICKETS
    assert the_queue(market).serializer is JSONSerializer


# PostgreSQL, Elasticsearch ------------------------------------------------------------------------------------------------


def test_postgresql_killed_under_a_job_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost or doubled, no process needs a person's help, and the next request after the restart is answered."""
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    (tmp_path / "var").mkdir()
    own = services.ensure("postgresql", tmp_path / "var")
    base = config.load({**os.environ, "DATABASE_URL": own, "WEST_MARKET_SECRETS": str(tmp_path / "secrets")})
    with opened(base, tmp_path) as market:
        worker, table = market.work(), market.keep_time()
        code = market.organisation()
        market.later("rename", code, str(market.file), 1)
        until(market.lines)
        kill_server("postgresql", market.servers)
        services.ensure("postgresql", market.servers)

        with market.app.test_client() as client:
            assert client.get("/sign-in").status_code == 200
        until(lambda: market.left() == 0)
        assert market.name(code) == "市署+"
        market.later("note", str(market.file), "after")
        until(lambda: "after" in market.lines())
        assert [process.poll() for process in (worker, table)] == [None, None]


@contextmanager
def door_to(url: str, port: int) -> Iterator[None]:
    """Let `port` lead to the server at `url` while the block runs."""
    target = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", port))
    pipes: list[socket.socket] = []

    def carry(source: socket.socket, sink: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                sink.sendall(part)
        except OSError:
            pass
        finally:
            sink.close()

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((target.hostname, target.port))
            pipes.extend((near, far))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for pipe in pipes:
            pipe.close()


def test_a_change_made_while_elasticsearch_is_away_reaches_the_index(market: Market, elasticsearch_url: str) -> None:
    market.work()
    market.keep_time()
    row = market.later("index", "L-1")
    until(lambda: "refused" in (market.row(row)[1] or ""))
    assert not market.row(row)[2]

    place = f"{elasticsearch_url}/{market.settings.prefix}-jobs"
    try:
        with door_to(elasticsearch_url, market.door):
            until(lambda: market.left() == 0)
        assert httpx.get(f"{place}/_doc/L-1").json()["_source"] == {"code": "L-1"}
    finally:
        httpx.delete(place)


def test_a_wrong_word_on_the_command_line_is_one_sentence() -> None:
    result = subprocess.run(
        [sys.executable, "worker.py", "nonsense"],
        cwd=config.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert result.stderr.strip() == "usage: python worker.py jobs | timetable | sequencer"
