"""Finding items and matters: what a person describes in his own words, however written, led to the catalogue.

Every passage of the catalogue is weighed against the query by words, by pairs of characters and by sound (BM25 in
Elasticsearch, one request) and by meaning (a matrix in memory); an entry is as near as its nearest passage. The signals are
put together by fixed weights, chosen by cross-validation on judged queries (docs/search.md), into a score from
0 to 1. The same signals, with the nearness to what no entry answers (data/elsewhere.json), decide whether a query is hopeless.
"""

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from elasticsearch import BadRequestError, Elasticsearch, helpers

from search.engine import Missing, asking, several
from search.meaning import Meaning, Vectors
from search.passages import Entry, Source, digest, passages, related, vectors
from search.reading import Correction, Reader, Reading
from search.text import (
    SLUG,
    Kind,
    Segmenter,
    bigrams,
    classify,
    normalise,
    sound_pairs,
    syllables,
)

MAPPING: dict[str, Any] = {
    "settings": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "auto_expand_replicas": "0-1",
        "similarity": {"short": {"type": "BM25", "k1": 0.8, "b": 0.3}},
    },
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "row": {"type": "integer"},
            "code": {"type": "keyword"},
            "kind": {"type": "keyword"},
            "words": {"type": "text", "analyzer": "whitespace", "similarity": "short"},
            "pairs": {"type": "text", "analyzer": "whitespace", "similarity": "short"},
            "sounds": {"type": "text", "analyzer": "whitespace", "similarity": "short"},
        },
    },
}
FIELDS = ("words", "pairs", "sounds")
#: entries that each of the searches hands over
DEEP = 40


class Why(StrEnum):
    """What led to a hit, the strongest alone."""

    CODE = "code"
    NAME = "name"
    ALIAS = "alias"
    WORDS = "words"
    SOUND = "sound"
    MEANING = "meaning"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Hit:
    """An item or matter found. `score` from 0 to 1; `matched` is the passage that was nearest."""

    code: str
    score: float
    why: Why
    matched: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How the query was read. `read_as` is what was searched; `corrections` say where it differs from `query` and why.
    `hopeless`: nothing here has to do with it.
    """

    query: str
    kind: Kind
    read_as: str
    corrections: tuple[Correction, ...] = ()
    matter: str | None = None
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query: how it was read, items and matters, best first."""

    understood: Understood
    items: tuple[Hit, ...] = ()
    matters: tuple[Hit, ...] = ()


@dataclass(slots=True)
class Signals:
    """What is known of one entry for one query: how much of the query it covers by words, pairs and sounds (0 to 1.2), how near
    it is in meaning (scalar product), and which passages (rows) were nearest in each.
    """

    words: float = 0.0
    pairs: float = 0.0
    sounds: float = 0.0
    meaning: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> float:
        """Words, pairs and sounds in one figure."""
        return WORDS * self.words + PAIRS * self.pairs + SOUNDS * self.sounds


#: weights of what is covered by words, pairs of characters, sounds; 0.05 of meaning weighs 1
WORDS, PAIRS, SOUNDS, MEANING = 0.8, 0.4, 0.2, 1 / 0.05
#: so many of an entry's passages nearest in meaning count, and of what is elsewhere
NEAREST, NEAREST_ELSEWHERE = 4, 2
#: weight of a term typed by its initials
INITIALS = 2.0
#: what an item gains that the matter which was meant needs, at most
MATTER = 0.15
NEED = {"always": 1.0, "conditional": 0.6, "optional": 0.35}
#: what an item gains that is often needed beside the one that was found (data/related.json), staying BEHIND it at least
RELATED, BEHIND = 0.3, 0.02
#: a matter this little behind the best item is what the query describes
BESIDE = 0.15
#: is there anything at all? constant; meaning of the nearest, and how far nearer it is than what is elsewhere; words and pairs
#: covered by the best entry; the same covered by elsewhere. Logistic regression on judged queries (docs/search.md).
SENSE = (-43.32, 49.45, 56.84, 1.49, 1.02, -2.70, -2.73)
#: the model puts questions in English a little farther from everything: what is added for them
ENGLISH = 1.75
SENSE_WITHOUT_MEANING = (0.36, 0.0, 0.0, 5.29, 2.63, -4.49, -6.24)


class Catalogue:
    """Items and matters, searchable. Loads vectors at once (a tenth of a second) and makes its index at the first question.

    The index is named by the digest of its passages: processes with the same catalogue share it, a changed one makes its own,
    and a lost one is made again. Safe for threads.
    """

    def __init__(
        self, client: Elasticsearch, prefix: str, entries: Iterable[Entry], meaning: Meaning, *, lexicon: bool = True
    ) -> None:
        self.entries = {entry.code: entry for entry in entries}
        self.passages = passages(self.entries.values(), lexicon=lexicon)
        self.index = f"{prefix}-passages-{digest(self.passages)}"
        self.reader = Reader(self.passages)
        self._segment = Segmenter(p.text for p in self.passages if p.source in (Source.NAME, Source.ALIAS))
        self._client = client
        self._meaning = meaning
        self._vectors = vectors(self.passages, meaning)
        self._rows = {
            code: np.array([i for i, p in enumerate(self.passages) if p.code == code]) for code in (*self.entries, "")
        }
        self._related = related() if lexicon else {}
        self._terms = {code: _terms(entry) for code, entry in self.entries.items()}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in FIELDS}
        for passage in self.passages:
            for name, tokens in self._tokens(passage.text).items():
                self._counts[name].update(set(tokens))
        self._ready = False
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def find(self, q: str, size: int = 10, *, as_typed: bool = False) -> Found:
        """Up to `size` items and matters for what was typed, best first. `as_typed` takes back all corrections. Nothing is
        found for an empty query and for one that has nothing to do with any entry (`understood.hopeless`). No text is refused.
        Raises `Away` when Elasticsearch does not answer.
        """
        query = normalise(q)
        reading = Reading(classify(query), query) if as_typed else self.reader.read(query)
        understood = Understood(query, reading.kind, reading.text, reading.corrections)
        if reading.kind is Kind.EMPTY:
            return Found(understood)
        if query in self.entries:
            return self._by_code(query, understood)
        if reading.kind is Kind.CODE and not SLUG.match(query):
            return Found(understood)
        signals = self.signals(reading.text)
        sense = 9.0 if reading.meant else self.sense(signals, reading.kind)
        if sense < 0:
            return Found(replace(understood, hopeless=True))
        return self._ranked(understood, reading, signals, 1 / (1 + math.exp(-sense)), size)

    def _by_code(self, code: str, understood: Understood) -> Found:
        entry = self.entries[code]
        hit = Hit(code, 1.0, Why.CODE, code)
        if entry.kind == "matter":
            return Found(replace(understood, matter=code), self._needed(entry), (hit,))
        return Found(understood, (hit,))

    def _needed(self, matter: Entry) -> tuple[Hit, ...]:
        return tuple(Hit(item, NEED[need], Why.MATTER, matter.name_zh) for item, need in matter.needs)

    def _ranked(
        self, understood: Understood, reading: Reading, signals: Mapping[str, Signals], sure: float, size: int
    ) -> Found:
        nearest = max(s.meaning for code, s in signals.items() if code)
        meant = dict(reading.meant)
        scores = {
            code: MEANING * (signal.meaning - nearest) * self._meaning.on
            + signal.covered
            + INITIALS * meant.get(code, 0.0)
            for code, signal in signals.items()
            if code
        }
        best = max(scores.values())
        gains = self._gains(scores, best)
        for code, gain in gains.items():
            scores[code] = scores.get(code, -9.0) + gain
        best = max(scores.values())
        scores |= self._beside(scores, best)
        order = sorted(scores, key=lambda code: (-scores[code], code))
        items = [code for code in order if self.entries[code].kind == "item"][:size]
        matters = [code for code in order if self.entries[code].kind == "matter"][:size]

        def hit(code: str) -> Hit:
            why, matched = self._why(understood, code, signals.get(code, Signals()), code in meant)
            return Hit(code, round(sure * math.exp(scores[code] - best), 4), why, matched)

        described = matters[0] if matters and scores[matters[0]] >= best - BESIDE else None
        return Found(replace(understood, matter=described), tuple(map(hit, items)), tuple(map(hit, matters)))

    def _gains(self, scores: Mapping[str, float], best: float) -> dict[str, float]:
        """What items gain because matters near the query need them."""
        gains: dict[str, float] = {}
        for code, score in scores.items():
            for item, need in self.entries[code].needs if best - score < 2 else ():
                if item in self.entries:
                    gains[item] = max(gains.get(item, 0.0), MATTER * NEED[need] * math.exp((score - best) / 0.5))
        return gains

    def _beside(self, scores: Mapping[str, float], best: float) -> dict[str, float]:
        """The scores of items that are often needed beside one of the best, where that lifts them."""
        lifted: dict[str, float] = {}
        for code in sorted(scores, key=lambda code: -scores[code])[:4]:
            for other in self._related.get(code, ()):
                if other in scores:
                    near = scores[other] + RELATED * math.exp((scores[code] - best) / 0.4)
                    lift = min(scores[code] - BEHIND, near)
                    if lift > lifted.get(other, scores[other]):
                        lifted[other] = lift
        return lifted

    def _why(self, understood: Understood, code: str, signal: Signals, meant: bool) -> tuple[Why, str]:
        rows = signal.rows
        by_words = rows.get("words", rows.get("pairs", -1))
        if meant:
            return Why.SOUND, understood.read_as
        for term, why in self._terms[code]:
            if term in understood.read_as:
                return why, term
        if by_words >= 0 and max(signal.words, signal.pairs) >= 0.5:
            return Why.WORDS, self.passages[by_words].text
        if "sounds" in rows and signal.sounds >= 0.6 and signal.sounds > signal.pairs:
            return Why.SOUND, self.passages[rows["sounds"]].text
        if "meaning" in rows:
            return Why.MEANING, self.passages[rows["meaning"]].text
        if by_words >= 0:
            return Why.WORDS, self.passages[by_words].text
        return Why.MATTER, ""

    def sense(self, signals: Mapping[str, Signals], kind: Kind = Kind.CHINESE) -> float:
        """Above 0: the query has to do with some entry. The logarithm of the odds."""
        here = [signal for code, signal in signals.items() if code]
        away = signals.get("", Signals())
        if not here:
            return -math.inf
        nearest = max(s.meaning for s in here)
        given = (
            1.0, nearest, nearest - away.meaning, max(s.words for s in here), max(s.pairs for s in here), away.words, away.pairs
        )  # fmt: skip
        weights = SENSE if self._meaning.on else SENSE_WITHOUT_MEANING
        strange = ENGLISH if kind is Kind.ENGLISH and self._meaning.on else 0.0
        return sum(w * x for w, x in zip(weights, given, strict=True)) + strange

    def signals(self, read: str) -> dict[str, Signals]:
        """The signals of every entry that any search found; "" is elsewhere. `read`: normalised text. Raises `Away`."""
        # the model works while Elasticsearch does: neither holds the interpreter
        nearness = self._beside_pool().submit(self._nearness, read) if self._meaning.on else None
        tokens = self._tokens(read)
        answers = self._ask([_body(name, tokens[name]) for name in FIELDS])
        near = nearness.result() if nearness is not None else None
        found: dict[str, Signals] = defaultdict(Signals)
        for name, answer in zip(FIELDS, answers, strict=True):
            whole = sum(self._rareness(name, token) for token in set(tokens[name])) or 1.0
            for hit in answer["hits"]["hits"]:
                row = hit["fields"]["row"][0]
                signal = found[self.passages[row].code]
                setattr(signal, name, min(hit["_score"] / whole, 1.2))
                signal.rows[name] = row
        if near is not None:
            for code, rows in self._rows.items():
                if len(rows):
                    found[code].meaning = _nearest(near[rows], NEAREST if code else NEAREST_ELSEWHERE)
                    found[code].rows["meaning"] = int(rows[near[rows].argmax()])
        return found

    def _beside_pool(self) -> ThreadPoolExecutor:
        """Made at the first question, not before: threads do not survive a fork."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="meaning")
            return self._pool

    def _nearness(self, read: str) -> Vectors:
        """Scalar products with all passages. einsum and not `@`: it stays in this thread (0.3 ms), while the threads of the
        linear algebra library wait for one another on a busy machine (up to 20 ms).
        """
        return np.asarray(np.einsum("ij,j->i", self._vectors, self._meaning.query(read)))

    def _rareness(self, name: str, token: str) -> float:
        """The inverse document frequency that Lucene's BM25 uses: what a passage of usual length with this token scores."""
        count = self._counts[name][token]
        return math.log(1 + (len(self.passages) - count + 0.5) / (count + 0.5))

    def _tokens(self, text: str) -> dict[str, list[str]]:
        return {"words": self._segment.words(text), "pairs": bigrams(text), "sounds": sound_pairs(syllables(text))}

    def _ask(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self._ready:
            self._make()
        try:
            return several(self._client, self.index, bodies)
        except Missing:
            self._ready = False
            self._make()
            return several(self._client, self.index, bodies)

    def _make(self) -> None:
        """Makes the index unless another process did; waits until it is full. Raises `Away`."""
        with self._lock, asking():
            if self._ready:
                return
            try:
                self._client.indices.create(index=self.index, **MAPPING)
            except BadRequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
            if self._client.count(index=self.index)["count"] < self._indexed():
                helpers.bulk(self._client, self._documents(), chunk_size=1000)
                self._client.indices.refresh(index=self.index)
            self._ready = True

    def _indexed(self) -> int:
        return len(self.passages)

    def _documents(self) -> Iterable[dict[str, Any]]:
        for row, passage in enumerate(self.passages):
            tokens = {name: " ".join(words) for name, words in self._tokens(passage.text).items()}
            yield {
                "_index": self.index,
                "_id": str(row),
                "row": row,
                "code": passage.code,
                "kind": passage.kind,
                **tokens,
            }

    def warm(self) -> None:
        """Loads the language model and makes the index, so that the first question is not slower. Raises `Away`."""
        self.signals("开饭店")

    def sweep(self, now: datetime) -> list[str]:
        """Removes passage indexes of catalogues that are no more, when they were made more than a day before `now`."""
        limit = (now - timedelta(days=1)).timestamp() * 1000
        with asking():
            held = self._client.indices.get_settings(
                index=f"{self.index.rpartition('-')[0]}-*", name="index.creation_date"
            ).body
            left = [
                name
                for name, value in held.items()
                if name != self.index and int(value["settings"]["index"]["creation_date"]) < limit
            ]
            for name in left:
                self._client.options(ignore_status=404).indices.delete(index=name)
        return left

    def forget(self) -> None:
        """Removes the index; it is made again at the next question."""
        with self._lock, asking():
            self._client.options(ignore_status=404).indices.delete(index=self.index)
            self._ready = False


def _nearest(values: Vectors, count: int) -> float:
    """The mean of the `count` greatest: one passage that is near by chance counts less than several."""
    return float(np.partition(values, -count)[-count:].mean() if len(values) > count else values.mean())


def _terms(entry: Entry) -> list[tuple[str, Why]]:
    """Names and aliases as they stand in a query, the longest first."""
    terms = [(normalise(name), Why.NAME) for name in (entry.name_zh, entry.name_en)]
    terms += [(normalise(alias), Why.ALIAS) for alias in entry.aliases_zh]
    return sorted((term for term in terms if term[0]), key=lambda term: -len(term[0]))


def _body(name: str, tokens: Sequence[str]) -> dict[str, Any]:
    """The search of one field: at least one token; the best passage of each entry. No token finds nothing."""
    query: dict[str, Any] = (
        {"bool": {"should": [{"term": {name: {"value": token}}} for token in dict.fromkeys(tokens[:60])]}}
        if tokens
        else {"match_none": {}}
    )
    return {
        "query": query,
        "collapse": {"field": "code"},
        "size": DEEP,
        "_source": False,
        "docvalue_fields": ["row"],
        "track_total_hits": False,
    }
