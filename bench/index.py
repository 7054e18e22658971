"""bench index: a rebuild while readers search, beside bare bulk of ready documents; and from a commit to being found."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

from flask import Flask
from sqlalchemy import select

from bench import report, scratch
from bench.report import Figure
from bench.search import read_questions
from market.config import ROOT, Settings
from market.db import db
from market.kernel.actor import Actor, Role
from market.listings import indexing, operations
from market.listings.models import Listing
from market.listings.states import ListingState
from market.pages import finder
from search.index import BATCH, SETTLE, Index
from search.offers import OFFERS

#: documents of the bare bulk at most: they lie ready in memory
READY = 50_000
#: changes whose way into the index is timed
CHANGES = 20
#: between two searches of the reader that goes on searching
PAUSE = 0.05
#: seconds within which a change must be found, and after which it counts as lost
GOAL, LOST = 2.0, 30.0


def run(size: int, say: scratch.Say) -> str:
    """The table for `size` listings, with the growth from a hundredth and a tenth of it."""
    sizes = sorted({max(size // 100, 1000), max(size // 10, 1000), size})
    found: dict[int, tuple[float, float, float, _Reader]] = {}
    with scratch.installation(say) as settings:
        for one in sizes:
            scratch.grow(settings, one, say)
            with scratch.application(settings) as app:
                say("filling the index, then making it anew while somebody searches")
                indexing.sync()
                found[one] = _rebuilds(app)
        with scratch.application(settings), _worker(settings):
            say("changing offers")
            waits = _changes()
    figures = list(_figures(*found[sizes[-1]], waits))
    for one in sizes:
        ours = found[one][0]
        figures.append(Figure(f"rebuild at {one}", f"{ours:.0f} documents/s", f"{found[one][2]:.0f} documents/s"))
    for before, after in pairwise(sizes):
        cost = found[before][0] / found[after][0]
        figures.append(
            Figure(f"cost of a document from {before} to {after}", f"{cost:.2f} x", goal="<= 1.5 x", met=cost <= 1.5)
        )
    return report.table(f"bench index: {size} listings", figures)


@dataclass
class _Reader:
    """Somebody who searches all the while, in a thread of the same process."""

    app: Flask
    times: list[float] = field(default_factory=list)
    failed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "_Reader":
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        questions = read_questions()
        number = 0
        while not self._stop.is_set():
            question = questions[number % len(questions)]
            began = time.perf_counter()
            answer = self.app.test_client().get(
                f"/api/v1/search/listings?{question.arguments}",
                environ_overrides={"REMOTE_ADDR": f"10.2.0.{number % 250 + 1}"},
            )
            self.times.append(time.perf_counter() - began)
            self.failed += answer.status_code != 200
            number += 1
            self._stop.wait(PAUSE)


def _rebuilds(app: Flask) -> tuple[float, float, float, _Reader]:
    """Documents a second: of the whole rebuild from the database, of one from ready documents, of bare bulk; all beside the
    same reader, whose counts come with them."""
    finder.finder().find_items("预热", patience=120)
    with _Reader(app) as reader:
        began = time.perf_counter()
        offers, vendors = indexing.rebuild()
        # both old indexes outlive their replacement for a while; the new ones serve already
        whole = (offers + vendors) / (time.perf_counter() - began - 2 * SETTLE)
        ready = list(islice(indexing._all_offers(), READY))
        own = Index(indexing.offers_index().client, f"{app.extensions['settings'].prefix}-ready", OFFERS)
        began = time.perf_counter()
        own.rebuild(ready)
        again = len(ready) / (time.perf_counter() - began)
        own.forget()
        bulk = _bare_bulk(
            own, [{"code": one.code, "version": one.version, "gone": False, **one.fields()} for one in ready]
        )
    return whole, again, bulk, reader


def _bare_bulk(index: Index, documents: list[dict[str, object]]) -> float:
    """Documents a second of plain bulk requests of ready text, one after the other, with one refresh at the end."""
    bodies = [
        "".join(
            f'{{"index":{{"_id":"{one["code"]}"}}}}\n{json.dumps(one, ensure_ascii=False)}\n'
            for one in documents[at : at + BATCH]
        )
        for at in range(0, len(documents), BATCH)
    ]
    index.ensure()
    client = index.client
    try:
        client.indices.put_settings(index=index.writes, settings={"refresh_interval": "-1"})
        began = time.perf_counter()
        for body in bodies:
            lines: list[Any] = body.encode().splitlines()
            answer = client.bulk(index=index.writes, operations=lines)
            if answer["errors"]:
                raise RuntimeError("the bare bulk was refused")
        client.indices.refresh(index=index.writes)
        return len(documents) / (time.perf_counter() - began)
    finally:
        index.forget()


@contextlib.contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    """A real worker of the scratch installation, in a process of its own."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ELASTICSEARCH_URL": settings.elasticsearch_url,
        "WEST_MARKET_PREFIX": settings.prefix,
        "WEST_MARKET_FILES": str(settings.files),
        "WEST_MARKET_MODE": "practice",
    }
    process = subprocess.Popen(
        [sys.executable, "worker.py", "jobs"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _changes() -> list[float]:
    """Seconds from the commit to the search that shows it, for offers paused and resumed in turn; LOST where it never did."""
    statement = select(Listing).where(Listing.state == ListingState.PUBLISHED, Listing.valid_to.is_(None))
    waits: list[float] = []
    # the oldest are the pattern's own: their vendors hold the licences that an offer needs to come back
    rows = list(db.session.scalars(statement.order_by(Listing.id).limit(CHANGES // 2 + 3)))
    owners = {row.code: Actor("bench", Role.VENDOR, row.vendor.organisation.code) for row in rows}
    db.session.rollback()
    for number, (code, owner) in enumerate(owners.items()):
        for verb, shown in ((operations.pause_listing, False), (operations.resume_listing, True)):
            verb(code, by=owner)
            wait = _until(code, shown)
            # the first ones wait for the worker to start
            if number >= 3:
                waits.append(wait)
    return waits


def _until(code: str, shown: bool) -> float:
    index = indexing.offers_index()
    body = {"query": {"bool": {"filter": [{"term": {"code": code}}, {"term": {"gone": False}}]}}, "size": 0}
    began = time.perf_counter()
    while time.perf_counter() - began < LOST:
        if bool(index.ask(body)["hits"]["total"]["value"]) is shown:
            return time.perf_counter() - began
        time.sleep(0.02)
    return LOST


def _figures(whole: float, again: float, bulk: float, reader: _Reader, waits: list[float]) -> Iterator[Figure]:
    yield Figure(
        "rebuild of ready documents, while searching", f"{again:.0f} documents/s", f"bare bulk {bulk:.0f} documents/s",
        f"{again / bulk:.0%}", ">= 60 %", again / bulk >= 0.6,
    )  # fmt: skip
    yield Figure(
        "rebuild from the database, while searching", f"{whole:.0f} documents/s", f"bare bulk {bulk:.0f} documents/s",
        f"{whole / bulk:.0%}", ">= 60 %", whole / bulk >= 0.6,
    )  # fmt: skip
    for share in (0.5, 1.0):
        slow = report.percentile(waits, share)
        name = "the slowest" if share == 1.0 else f"p{share * 100:.0f}"
        yield Figure(
            f"change to searchable, {name} of {len(waits)}", f"{slow:.2f} s", f"{GOAL:.0f} s", report.times(slow, GOAL),
            f"<= {GOAL:.0f} s", slow <= GOAL,
        )  # fmt: skip
    asked = len(reader.times)
    yield Figure("searches that failed meanwhile", f"{reader.failed} of {asked}", goal="0", met=reader.failed == 0)
    yield Figure("searches meanwhile, p95", report.milliseconds(report.percentile(reader.times, 0.95)))
