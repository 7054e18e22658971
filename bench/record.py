"""bench record: leaves appended, sequenced and proved in a log that grows, and a tender's file checked, beside bare SHA-256."""

import contextlib
import dataclasses
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import flask_migrate
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from psycopg import sql

from bench import report, scratch
from bench.report import Figure
from market import config
from market.config import Settings
from market.db import db
from market.kernel import codes
from market.record import log_queries, merkle, operations, sequencing, shapes
from market.transaction import transactional

#: leaves that operations append, a transaction at a time; the others are copied in
APPENDED, TOGETHER = 10_000, 100
PROOFS = 300
#: leaves a second, seconds for a proof
RATE, PROOF = 10_000.0, 0.001
GROWTH = 1.5
#: bytes under one inner node, as they are hashed
NODE = 65


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """What one size gave: leaves sequenced a second, processor seconds for each (this process and its database process), seconds
    for a proof, processor seconds for one, seconds for its check."""

    size: int
    rate: float
    cost: float
    proof: float
    proof_cost: float
    check: float


def run(size: int, say: scratch.Say) -> str:
    """The table for a log of `size` leaves, with the growth from a hundredth and a tenth of it."""
    stages = []
    with _installation(say) as app, app.app_context():
        say("appending by operations")
        appended = _append(min(APPENDED, size // 100))
        for goal in sorted({max(size // 100, 1000), max(size // 10, 1000), size}):
            stages.append(_stage(app, goal, say))
    last = stages[-1]
    bare = _sha256_rate()
    figures = [
        Figure("append (operations)", f"{appended:.0f} leaves/s"),
        Figure(
            "sequence", f"{last.rate:.0f} leaves/s", f"{bare:.0f} hashes/s", f"1 : {bare / last.rate:.0f}",
            f">= {RATE:.0f} leaves/s", last.rate >= RATE,
        ),
        Figure("its processor time", f"{1 / last.cost:.0f} leaves/s", f"{bare:.0f} hashes/s", f"1 : {bare * last.cost:.0f}"),
        Figure(
            f"proof at {last.size}", report.milliseconds(last.proof), "", "", f"<= {PROOF * 1000:g} ms", last.proof <= PROOF
        ),
        Figure("its processor time", report.milliseconds(last.proof_cost)),
        Figure("its check", report.milliseconds(last.check)),
    ]  # fmt: skip
    figures += [Figure(f"sequence at {one.size}", f"{one.rate:.0f} leaves/s") for one in stages]
    figures += [_growth(f"processor time of a leaf, {a.size} to {b.size}", a.cost, b.cost) for a, b in pairwise(stages)]
    figures += [_growth(f"of a proof, {a.size} to {b.size}", a.proof_cost, b.proof_cost) for a, b in pairwise(stages)]
    return report.table(f"record: {size} leaves", figures)


def _stage(app: Flask, goal: int, say: scratch.Say) -> Stage:
    """Let the log grow to `goal` leaves, and prove some of them."""
    settings: Settings = app.extensions["settings"]
    private = Ed25519PrivateKey.from_private_bytes(settings.record_key)
    say(f"writing leaves up to {goal}")
    _copy(settings, goal - log_queries.log().size - log_queries.waiting())
    say("sequencing")
    holder, placed = "bench", 0
    began, spent = time.perf_counter(), _processor_time()
    while log_queries.is_waiting():
        placed += sequencing.work(settings, private, holder) or 0
    rate, cost = placed / (time.perf_counter() - began), (_processor_time() - spent) / placed
    say("proving")
    row = log_queries.newest_checkpoint()
    assert row is not None
    chance, proving, checking = Random(goal), [], []
    positions = [chance.randrange(row.size) for _ in range(PROOFS)]
    spent = _processor_time()
    for position in positions:
        log_queries.inclusion(position, row.size)
    proof_cost = (_processor_time() - spent) / PROOFS
    for position in positions:
        start = time.perf_counter()
        proof = log_queries.inclusion(position, row.size)
        proving.append(time.perf_counter() - start)
        leaf = merkle.leaf_hash(log_queries.leaf_at(position).body)
        start = time.perf_counter()
        assert merkle.verify_inclusion(position, row.size, leaf, proof, row.root)
        checking.append(time.perf_counter() - start)
    usual = report.percentile(proving, 0.5)
    return Stage(row.size, rate, cost, usual, proof_cost, report.percentile(checking, 0.5))


def _processor_time() -> float:
    """Seconds of processor time of this process, and of the database's process that serves it where it can be seen (Linux)."""
    own = time.process_time()
    connection = db.session.connection().connection.driver_connection
    assert connection is not None
    with contextlib.suppress(OSError, ValueError, IndexError):
        words = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
        return own + (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return own


def _append(count: int) -> float:
    """Leaves a second that operations write, `TOGETHER` in each transaction."""

    @transactional
    def act(numbers: range) -> None:
        for number in numbers:
            operations.publish_leaf(_facts(number), subjects=[_facts(number)["vendor"]])

    began = time.perf_counter()
    for start in range(0, count, TOGETHER):
        act(range(start, min(start + TOGETHER, count)))
    return count / (time.perf_counter() - began)


def _copy(settings: Settings, count: int) -> None:
    """Write `count` more leaves as rows, as operations would have left them."""
    with _plain(settings.database_url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY record_leaf (event, body, subjects) FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["varchar", "bytea", "text[]"])
            for number in range(count):
                facts = _facts(number)
                copy.write_row((facts["event"], shapes.leaf(facts), [facts["vendor"]]))
        cursor.execute("ANALYZE record_leaf")


def _facts(number: int) -> dict[str, str]:
    at = datetime(2026, 3, 4, tzinfo=UTC) + timedelta(seconds=number)
    return {
        "event": "vendor.accepted",
        "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "vendor": codes.make("V", number * 2_654_435_761 % (1 << 40)),
    }


def _growth(name: str, before: float, after: float) -> Figure:
    ratio = after / before
    return Figure(
        name, f"{after * 1e6:.0f} µs", f"{before * 1e6:.0f} µs", f"{ratio:.2f} x", f"<= {GROWTH} x", ratio <= GROWTH
    )


def _sha256_rate() -> float:
    """Hashes of 65 bytes a second on one core: by openssl speed where there is one, else by hashlib."""
    if program := shutil.which("openssl"):
        command = [program, "speed", "-seconds", "1", "-bytes", str(NODE), "-evp", "sha256"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        if found := re.search(r"sha256\s+([0-9.]+)k\s*$", said, re.IGNORECASE | re.MULTILINE):
            return float(found[1]) * 1000 / NODE
    value, count = bytes(NODE), 200_000
    began = time.perf_counter()
    for _ in range(count):
        hashlib.sha256(value).digest()
    return count / (time.perf_counter() - began)


@contextlib.contextmanager
def _installation(say: scratch.Say) -> Iterator[Flask]:
    """An application on an empty database of its own, without demo market; gone at the end."""
    settings = config.load()
    name, server = f"bench_{secrets.token_hex(4)}", settings.database_url.rpartition("/")[0]
    say("making the tables")
    with _plain(settings.database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    own = dataclasses.replace(
        settings, database_url=f"{server}/{name}", prefix=name, mode="practice", witnesses=(), record_public=""
    )
    try:
        with scratch.application(own) as app:
            flask_migrate.upgrade(directory=str(config.ROOT / "migrations"))
            sequencing.begin(own, Ed25519PrivateKey.from_private_bytes(own.record_key))
            db.session.remove()
            yield app
    finally:
        with _plain(settings.database_url) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _plain(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
