"""Search as this process does it: one client, one searchable catalogue, made in the background and renewed when it changes.

Making the catalogue searchable takes some seconds (every saying is cut into words and sounds), so it happens in a thread: at the
start of the web process (`warm`), and again when operators put another version of an item or matter in force; until the new one
is ready the one before answers, and at the very start the names alone. After Elasticsearch did not answer, pages do not ask
again for some seconds, so that nobody waits for what is away.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import structlog
from flask import Flask, current_app

from market import clock
from market.catalogue import queries as catalogue
from market.config import Settings
from market.pages.book import book
from market.pages.named import named
from search.engine import Away, connect
from search.index import Index
from search.items import Catalogue, Found, Hit, Understood, Why
from search.meaning import meaning
from search.offers import OFFERS, Offers, OfferSearch, find_offers
from search.passages import Entry
from search.suggest import Suggestion, Suggestions
from search.text import classify, normalise
from search.vendors import VENDORS, VendorHit, find_vendors

log = structlog.get_logger()

#: seconds for which Elasticsearch is left alone after it did not answer
PAUSE = 5.0
#: seconds that a page waits at most for the catalogue to become searchable; the API may wait longer
PATIENCE = 0.3

Stamp = tuple[str, ...]


class Finder:
    """Search for one process. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.client = connect(settings.elasticsearch_url)
        self.offers = Index(self.client, settings.prefix, OFFERS)
        self.vendors = Index(self.client, settings.prefix, VENDORS)
        self._prefix = settings.prefix
        self._meaning = meaning(settings.meaning)
        self._lock = threading.Lock()
        self._suggestions: tuple[Stamp, Suggestions] | None = None
        self._catalogue: tuple[Stamp, Catalogue] | None = None
        self._making: tuple[Stamp, threading.Event] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._failed_until = 0.0
        self._away_until = 0.0
        #: since when Elasticsearch has not answered; None while it does
        self.away_since: datetime | None = None

    # What is asked ------------------------------------------------------------------------------------------------------

    def find_items(
        self, q: str, size: int = 10, *, as_typed: bool = False, patience: float = PATIENCE
    ) -> tuple[Found, bool]:
        """Items and matters for what was typed, and whether the whole of search answered: while it is being made ready (after
        `patience` seconds) names alone do. Raises `Away`.
        """
        found = self._searchable(patience)
        if found is None:
            return self._by_names(q, size), False
        with self._asking():
            return found.find(q, size, as_typed=as_typed), True

    def find_offers(self, request: OfferSearch) -> Offers:
        """A page of offers with its facets. Raises `Away`."""
        with self._asking():
            return find_offers(self.offers, request)

    def find_vendors(self, q: str, column: int, size: int = 5) -> Future[tuple[VendorHit, ...]]:
        """Vendors for what was typed, looked for beside; the result raises `Away`."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="vendors")
        return self._pool.submit(find_vendors, self.vendors, q, column=column, size=size)

    def suggest(self, prefix: str, size: int = 8) -> Sequence[Suggestion]:
        """Terms that begin with what was typed. Needs no other service but the database."""
        return self._terms().find(prefix, size)

    def _by_names(self, q: str, size: int) -> Found:
        query = normalise(q)
        _, entries = _entries()
        hits = {
            kind: tuple(
                Hit(code, 0.5, Why.WORDS, name)
                for code, name in named(
                    query, ((e.code, (e.name_zh, e.name_en, *e.aliases_zh)) for e in entries if e.kind == kind), size
                )
            )
            for kind in ("item", "matter")
        }
        return Found(Understood(query, classify(query), query), hits["item"], hits["matter"])

    # Away ---------------------------------------------------------------------------------------------------------------

    def _asking(self) -> "_Asking":
        return _Asking(self)

    def check(self) -> None:
        """Raises `Away` while Elasticsearch is left alone."""
        if time.monotonic() < self._away_until:
            raise Away("Elasticsearch did not answer a moment ago")

    def went(self, *, away: bool) -> None:
        """Take note of whether Elasticsearch answered."""
        if not away:
            self.away_since = None
        else:
            self._away_until = time.monotonic() + PAUSE
            self.away_since = self.away_since or clock.real()

    def retry(self) -> None:
        """Ask again at the next question, whatever happened before."""
        self._away_until = 0.0

    # The catalogue, made ready ------------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Begin to make the catalogue searchable, unless it is. Needs the database."""
        self._begin(*_entries())

    def _terms(self) -> Suggestions:
        stamp, entries = _entries()
        kept = self._suggestions
        if kept is None or kept[0] != stamp:
            kept = self._suggestions = (stamp, Suggestions(entries))
        return kept[1]

    def _searchable(self, patience: float) -> Catalogue | None:
        stamp, entries = _entries()
        kept = self._catalogue
        if kept is not None and kept[0] == stamp:
            return kept[1]
        ready = self._begin(stamp, entries)
        if kept is None:
            ready.wait(patience)
        kept = self._catalogue  # perhaps of the day before, for the seconds that the new one takes
        return kept[1] if kept else None

    def _begin(self, stamp: Stamp, entries: Sequence[Entry]) -> threading.Event:
        with self._lock:
            if self._making is not None and self._making[0] == stamp:
                return self._making[1]
            ready = threading.Event()
            if time.monotonic() < self._failed_until or (self._catalogue is not None and self._catalogue[0] == stamp):
                ready.set()
                return ready
            self._making = (stamp, ready)
        threading.Thread(target=self._make, args=(stamp, entries, ready), name="catalogue", daemon=True).start()
        return ready

    def _make(self, stamp: Stamp, entries: Sequence[Entry], ready: threading.Event) -> None:
        began = time.monotonic()
        try:
            made = Catalogue(self.client, self._prefix, entries, self._meaning)
            try:
                made.find("预热")  # loads the model and fills the index, so that no visitor waits for either
                made.sweep(clock.real())
            except Away:
                self.went(away=True)
            self._catalogue = (stamp, made)
            log.info("catalogue searchable", entries=len(entries), seconds=round(time.monotonic() - began, 1))
        except Exception:
            log.exception("catalogue not searchable")
            self._failed_until = time.monotonic() + 60
        finally:
            with self._lock:
                self._making = None
            ready.set()

    def forget(self) -> None:
        """Remove the index of the catalogue's sayings. For tests and before a rebuild; it is made again when asked for."""
        if self._catalogue:
            self._catalogue[1].forget()


class _Asking:
    """A question to Elasticsearch: refused at once while it is left alone, and its silence noted."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def __enter__(self) -> None:
        self._finder.check()

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None or issubclass(kind, Away):
            self._finder.went(away=kind is not None)


_lock = threading.Lock()


def finder() -> Finder:
    """The finder of this process."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _lock:
        if "finder" not in app.extensions:
            app.extensions["finder"] = Finder(app.extensions["settings"])
        return app.extensions["finder"]


def warm(app: Flask) -> None:
    """At the start of a web process: begin to make search ready. Nothing happens when the database does not answer yet."""
    with app.app_context():
        try:
            finder().warm()
        except Exception as error:  # the first question tries again
            log.warning("search not warmed", error=f"{type(error).__name__}: {error}")


def _entries() -> tuple[Stamp, Sequence[Entry]]:
    items, matters = list(book().items.values()), list(book().matters.values())
    return (*(item.version for item in items), *(matter.version for matter in matters)), _Lazy(items, matters)


class _Lazy(Sequence[Entry]):
    """The catalogue as entries of search, turned into them only when somebody reads them."""

    def __init__(self, items: Sequence[catalogue.Item], matters: Sequence[catalogue.Matter]) -> None:
        self._items, self._matters = items, matters
        self._made: tuple[Entry, ...] | None = None

    def _all(self) -> tuple[Entry, ...]:
        if self._made is None:
            self._made = (*map(_item, self._items), *map(_matter, self._matters))
        return self._made

    def __len__(self) -> int:
        return len(self._items) + len(self._matters)

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __iter__(self) -> Any:
        return iter(self._all())


def _item(item: catalogue.Item) -> Entry:
    return Entry(
        code=item.slug,
        kind="item",
        name_zh=item.name_zh,
        name_en=item.name_en,
        summary_zh=item.summary_zh or "",
        summary_en=item.summary_en or "",
        aliases_zh=tuple(item.aliases_zh),
        further=(item.approval_matter or "", item.deliverable or "", *_names(item.qualification)),
    )


def _names(entries: Iterable[Any]) -> Iterable[str]:
    for entry in entries:
        if "name" in entry:
            yield entry["name"]
        yield from _names((*entry.get("any", ()), *entry.get("all", ())))


def _matter(matter: catalogue.Matter) -> Entry:
    return Entry(
        code=matter.slug,
        kind="matter",
        name_zh=matter.name_zh,
        name_en=matter.name_en,
        needs=tuple(
            (need["item"], need["need"]) for need in sorted(matter.intermediary_items, key=lambda need: need["order"])
        ),
    )
