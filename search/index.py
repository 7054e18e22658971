"""An index behind an alias: written by jobs in any order, rebuilt while it serves, compared with the truth.

* `NAME` is an alias for reading; `NAME-writes` is on every index that must hear of changes: one, and during a rebuild two.
* Each document has a version that only grows (a row's revision). What is older than what is indexed is left alone, so a late job
  does no harm; the same version may be written again.
* A removed document stays as a tombstone with its version (`gone`), which no search sees, so a late job or a rebuild that read
  the row earlier cannot bring it back. `sweep_tombstones` removes them when they are older than any job can be.
"""

import json
import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from elasticsearch import Elasticsearch, NotFoundError, helpers

from search.engine import Away, Missing, asking

#: documents in one bulk request
BATCH = 1000
#: seconds that an index outlives its replacement, for searches that began before the switch
SETTLE = 2.0
#: fields that every document has beside its own
COMMON: dict[str, Any] = {
    "code": {"type": "keyword"},
    "version": {"type": "long"},
    "gone": {"type": "boolean"},
    "at": {"type": "date"},
}


class Document(Protocol):
    """Something that can be indexed under a public code."""

    @property
    def code(self) -> str:
        """The public code: the address of the document."""
        ...

    @property
    def version(self) -> int:
        """Grows with every change of what is indexed."""
        ...

    def fields(self) -> dict[str, Any]:
        """What is indexed, in the shape of the mapping."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """The kind of an index: the last part of its name, and the mapping of its documents' fields."""

    name: str
    properties: Mapping[str, Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """Of a put: how many documents are in the index now as given, and how many were older than what is there."""

    taken: int
    older: int


@dataclass(frozen=True, slots=True)
class Differences:
    """Between truth and index. missing: not indexed; stale: indexed in an older version; surplus: indexed, no more true."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    surplus: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.surplus)


class Index:
    """One index of one installation (`prefix`). Every method raises `Away` when Elasticsearch does not answer."""

    def __init__(self, client: Elasticsearch, prefix: str, shape: Shape) -> None:
        self.client = client
        self.shape = shape
        self.name = f"{prefix}-{shape.name}"
        self.writes = f"{self.name}-writes"

    def ensure(self) -> bool:
        """Makes the index and its aliases where they are missing. True when they were: the documents must be put then."""
        with asking():
            if self.client.indices.exists_alias(name=self.name):
                return False
            made = self._make([self.name, self.writes], refresh="1s")
            holders = self._behind(self.name)
            if len(holders) > 1:  # two processes at once: the first in the alphabet stays
                for extra in sorted(holders)[1:]:
                    self._drop(extra)
            return made in self._behind(self.name)

    def put(self, documents: Iterable[Document]) -> Written:
        """Writes documents to every index that hears of changes; searchable within a second. Older versions are left alone."""
        return self._bulk(_action(document.code, document.version, document.fields()) for document in documents)

    def remove(self, code: str, version: int, at: datetime) -> Written:
        """Takes a document out: a tombstone with `version`. `at` (aware) is when, for `sweep_tombstones`."""
        return self._bulk([_action(code, version, {"gone": True, "at": at.isoformat()})])

    def _bulk(self, actions: Iterable[dict[str, Any]], into: str | None = None) -> Written:
        taken = older = 0
        rest = iter(actions)
        while batch := list(islice(rest, BATCH)):
            here = self._sent([into], batch) if into else self._sent(self._targets(), batch)
            if here is None and into is None:  # an index was deleted after we asked where to write: ask again
                here = self._sent(self._targets(), batch)
            if here is None:
                raise Away(f"no index of {self.name} takes writes")
            taken, older = taken + here.taken, older + here.older
        return Written(taken, older)

    def _fill(self, name: str, actions: Iterable[dict[str, Any]]) -> None:
        """Fills a new index: two batches under way while the next is made ready."""
        rest = iter(actions)
        with ThreadPoolExecutor(2) as pool:
            under_way: deque[Future[Written]] = deque()
            while batch := list(islice(rest, BATCH)):
                if len(under_way) == 2:
                    under_way.popleft().result()
                under_way.append(pool.submit(self._bulk, batch, name))
            for future in under_way:
                future.result()

    def _sent(self, targets: Sequence[str], batch: list[dict[str, Any]]) -> Written | None:
        """Writes a batch to each target; None when one of them is there no more. The figures are those of the first."""
        with asking():
            answers = [_sent(self.client, target, batch) for target in targets]
        return None if not answers or None in answers else answers[0]

    def _targets(self) -> list[str]:
        """Asked anew for each batch, after the commit of what is written: a rebuild that has begun since then is heard of."""
        with asking():
            holders = self._behind(self.writes)
        if not holders:
            self.ensure()
            with asking():
                holders = self._behind(self.writes)
        return sorted(holders)

    def _behind(self, alias: str) -> list[str]:
        try:
            return list(self.client.indices.get_alias(name=alias).body)
        except NotFoundError:
            return []

    def _make(self, aliases: Iterable[str], refresh: str) -> str:
        """A new index. Writers use an alias of its own, so that a late write to a deleted one cannot create it anew."""
        name = f"{self.name}-{secrets.token_hex(6)}"
        self.client.indices.create(
            index=name,
            settings={
                "number_of_shards": 1,
                "number_of_replicas": 0,
                "auto_expand_replicas": "0-1",
                "refresh_interval": refresh,
                **self.shape.settings,
            },
            mappings={"dynamic": "strict", "properties": {**COMMON, **self.shape.properties}},
            aliases={alias: {} for alias in (*aliases, _inlet(name))},
        )
        return name

    def _drop(self, name: str) -> None:
        self.client.options(ignore_status=404).indices.delete(index=name)

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Fills a new index from `documents` while the old one serves, then puts it in its place in one step; returns how many
        documents were given. The old one is deleted SETTLE seconds later, when no search that began before the step needs it.

        `documents` is not begun before changes are written to both, so it must read the truth when it is iterated, not earlier.
        Tombstones of the old index are carried over. If it breaks off, the old index goes on serving and what was begun is
        removed. Two rebuilds at once do no harm; the later switch wins.
        """
        with asking():
            old = self._behind(self.name)
            new = self._make([self.writes], refresh="-1")
        given = 0

        def counted() -> Iterator[dict[str, Any]]:
            nonlocal given
            for document in documents:
                given += 1
                yield _action(document.code, document.version, document.fields())

        try:
            self._fill(new, counted())
            gone = (
                {"gone": True, "at": at} | {"code": code, "version": version}
                for code, version, at in self._tombstones(old)
            )
            self._bulk(gone, new)
            with asking():
                self.client.indices.put_settings(index=new, settings={"refresh_interval": "1s"})
                self.client.indices.refresh(index=new)
                before = self._switch(new)
        except BaseException:
            self._abandon(new)
            raise
        if before:
            time.sleep(SETTLE)
        for name in before:
            self._abandon(name)
        return given

    def _switch(self, new: str) -> list[str]:
        """Reading and writing to the new index alone, in one step; returns those that had it before, for deletion."""
        before = [name for name in self._behind(self.name) if name != new]
        actions: list[dict[str, Any]] = [{"add": {"index": new, "alias": self.name}}]
        for name in before:
            actions += [{"remove": {"index": name, "alias": alias}} for alias in (self.name, self.writes)]
        self.client.indices.update_aliases(actions=actions)
        return before

    def _abandon(self, new: str) -> None:
        try:
            with asking():
                self._drop(new)
        except Away:
            pass  # `sweep_abandoned` finds it

    def _tombstones(self, names: Iterable[str]) -> Iterator[tuple[str, int, str]]:
        for name in names:
            with asking():
                self.client.indices.refresh(index=name)
            for source in self._all(name, {"term": {"gone": True}}, ["code", "version", "at"]):
                yield source["code"], source["version"], source["at"]

    def _all(self, name: str, query: dict[str, Any], fields: list[str]) -> Iterator[dict[str, Any]]:
        """Every document that matches, by code, a thousand at a time."""
        after: list[Any] | None = None
        while True:
            with asking():
                answer = self.client.search(
                    index=name,
                    query=query,
                    size=BATCH,
                    sort=[{"code": "asc"}],
                    source={"includes": fields},
                    track_total_hits=False,
                    search_after=after,
                )
            hits = answer["hits"]["hits"]
            for hit in hits:
                yield hit["_source"]
            if len(hits) < BATCH:
                return
            after = hits[-1]["sort"]

    def compare(self, truth: Iterable[tuple[str, int]]) -> Differences:
        """What differs from the pairs of (code, version) that ought to be there. Reads the index first: a document put meanwhile
        counts as surplus at worst and is put again by whoever mends. Keeps one number per document in memory.
        """
        self.refresh()
        indexed = {
            s["code"]: s["version"] for s in self._all(self.name, {"term": {"gone": False}}, ["code", "version"])
        }
        missing, stale = [], []
        for code, version in truth:
            have = indexed.pop(code, None)
            if have is None:
                missing.append(code)
            elif have < version:
                stale.append(code)
        return Differences(tuple(missing), tuple(stale), tuple(sorted(indexed)))

    def sweep_tombstones(self, before: datetime) -> int:
        """Removes tombstones made before that time; it must be so long ago that no job from then can still come."""
        removed = 0
        for name in self._targets():
            query = {"bool": {"filter": [{"term": {"gone": True}}, {"range": {"at": {"lt": before.isoformat()}}}]}}
            codes = [source["code"] for source in self._all(name, query, ["code"])]
            with asking():
                helpers.bulk(
                    self.client,
                    ({"_op_type": "delete", "_index": name, "_id": code} for code in codes),
                    raise_on_error=False,
                )
            removed += len(codes)
        return removed

    def sweep_abandoned(self, now: datetime) -> list[str]:
        """Removes indexes of rebuilds that began more than a day before `now` and never came to their switch."""
        limit = (now - timedelta(days=1)).timestamp() * 1000
        with asking():
            serving = set(self._behind(self.name))
            held = self.client.indices.get_settings(index=f"{self.name}-*", name="index.creation_date").body
            left = [
                name
                for name, value in held.items()
                if name not in serving and int(value["settings"]["index"]["creation_date"]) < limit
            ]
            for name in left:
                self._drop(name)
        return left

    def refresh(self) -> None:
        """Everything written until now is searchable when it returns."""
        with asking():
            self.client.options(ignore_status=404).indices.refresh(index=self.writes)

    def count(self) -> int:
        """How many documents can be found."""
        with asking():
            return int(self.client.count(index=self.name, query={"term": {"gone": False}})["count"])

    def forget(self) -> None:
        """Removes the index with everything in it."""
        with asking():
            for name in {*self._behind(self.name), *self._behind(self.writes)}:
                self._drop(name)

    def ask(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a search body. A missing index is `Away` too: it is about to be made."""
        try:
            with asking():
                return dict(self.client.search(index=self.name, body=dict(body)).body)
        except NotFoundError as error:
            raise Missing(f"there is no index {self.name} yet") from error


def _action(code: str, version: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": code, "version": version, "gone": False, **fields}


def _inlet(name: str) -> str:
    return f"{name}-in"


def _sent(client: Elasticsearch, target: str, batch: list[dict[str, Any]]) -> Written | None:
    """One bulk request. `external_gte`: the same version again is taken, an older one is refused with 409 and counted. None when
    the index is there no more.
    """
    lines: list[dict[str, Any]] = []
    for source in batch:
        head = {"_id": source["code"], "version": source["version"], "version_type": "external_gte"}
        lines += [{"index": head}, source]
    answer = client.bulk(index=_inlet(target), operations=lines, require_alias=True).body
    older = 0
    for item in answer["items"] if answer["errors"] else ():
        status, error = item["index"]["status"], item["index"].get("error")
        if status == 409:
            older += 1
        elif status == 404:
            return None
        elif status in (429, 503):
            raise Away(f"Elasticsearch answers {status} to a part of the batch")
        elif error:
            raise ValueError(f"{item['index']['_id']} cannot be indexed: {json.dumps(error, ensure_ascii=False)[:400]}")
    return Written(len(batch) - older, older)
