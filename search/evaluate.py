"""How well search answers, measured on judged queries (one JSON object a line: id, q, type, relevant {item: grade 1 to 3}).

nDCG@10 with gain 2^grade - 1 and discount log2(rank + 1) (Järvelin and Kekäläinen 2002, in the form of Burges et al. 2005);
MRR: 1 / rank of the first relevant item among the first ten, else 0; recall@3: share of the relevant items of the highest
grade that the query has which stand among the first three (of three at most). Hopeless queries (relevant {}) are counted
apart: right when nothing is returned. A query with relevant items that is answered with nothing counts 0.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.engine import connect
from search.items import Catalogue
from search.meaning import meaning as meaning_of
from search.passages import entries

AT = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over `queries` queries that have an answer; shares from 0 to 1."""

    queries: int
    ndcg: float
    mrr: float
    recall: float


@dataclass(frozen=True, slots=True)
class Report:
    """What `evaluate` found. `hopeless` of them have no answer, `empty` of these got none. Milliseconds per query."""

    overall: Figures
    by_type: Mapping[str, Figures]
    hopeless: int
    empty: int
    wrongly_empty: int
    p50_ms: float
    p95_ms: float

    def as_json(self) -> dict[str, Any]:
        """Plain data for --json. `hopeless_empty_share` is None where the file has no hopeless query."""
        return {
            "queries": self.overall.queries + self.hopeless,
            "ndcg@10": round(self.overall.ndcg, 4),
            "mrr": round(self.overall.mrr, 4),
            "recall@3": round(self.overall.recall, 4),
            "hopeless": self.hopeless,
            "hopeless_empty": self.empty,
            "hopeless_empty_share": round(self.empty / self.hopeless, 4) if self.hopeless else None,
            "wrongly_empty": self.wrongly_empty,
            "p50_ms": round(self.p50_ms, 1),
            "p95_ms": round(self.p95_ms, 1),
            "types": {
                name: {
                    "queries": f.queries, "ndcg@10": round(f.ndcg, 4), "mrr": round(f.mrr, 4), "recall@3": round(f.recall, 4)
                }
                for name, f in self.by_type.items()
            },
        }  # fmt: skip

    def as_table(self) -> str:
        """The same for reading, one line per type."""
        lines = [f"{'type':<14}{'queries':>8}{'nDCG@10':>9}{'MRR':>8}{'recall@3':>10}"]
        for name, f in [*self.by_type.items(), ("all", self.overall)]:
            lines.append(f"{name:<14}{f.queries:>8}{f.ndcg:>9.4f}{f.mrr:>8.4f}{f.recall:>10.4f}")
        if self.hopeless:
            lines.append(f"hopeless queries that return nothing: {self.empty} of {self.hopeless}")
        lines.append(f"queries wrongly answered with nothing: {self.wrongly_empty} of {self.overall.queries}")
        lines.append(f"per query: p50 {self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms")
        return "\n".join(lines)


def ndcg(found: Sequence[str], relevant: Mapping[str, int], at: int = AT) -> float:
    """Normalised discounted cumulative gain of the first `at`; `relevant` must not be empty."""
    best = sorted(relevant.values(), reverse=True)[:at]
    return _gain([relevant.get(code, 0) for code in found[:at]]) / _gain(best)


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def reciprocal_rank(found: Sequence[str], relevant: Mapping[str, int], at: int = AT) -> float:
    """One over the place of the first relevant one among the first `at`, else 0."""
    return next((1 / (place + 1) for place, code in enumerate(found[:at]) if code in relevant), 0.0)


def recall(found: Sequence[str], relevant: Mapping[str, int], at: int = 3) -> float:
    """Share of the items with the query's highest grade that stand among the first `at`, of at most `at`."""
    top = max(relevant.values())
    best = {code for code, grade in relevant.items() if grade == top}
    return len(best & set(found[:at])) / min(at, len(best))


def evaluate(queries: Iterable[Mapping[str, Any]], find: Callable[[str], Sequence[str]]) -> Report:
    """Asks every query through `find` (query -> item codes, best first) and measures. ValueError without any query."""
    rows: list[tuple[str, float, float, float]] = []
    spent: list[float] = []
    hopeless = empty = wrongly_empty = 0
    for query in queries:
        begin = time.perf_counter()
        found = find(query["q"])
        spent.append((time.perf_counter() - begin) * 1000)
        relevant = query["relevant"]
        if not relevant:
            hopeless += 1
            empty += not found
            continue
        wrongly_empty += not found
        rows.append(
            (
                query.get("type", "all"),
                ndcg(found, relevant),
                reciprocal_rank(found, relevant),
                recall(found, relevant),
            )
        )
    if not spent:
        raise ValueError("no query in the file")
    spent.sort()
    types = dict.fromkeys(row[0] for row in rows)
    return Report(
        overall=_figures(rows),
        by_type={name: _figures([row for row in rows if row[0] == name]) for name in types},
        hopeless=hopeless,
        empty=empty,
        wrongly_empty=wrongly_empty,
        p50_ms=spent[len(spent) // 2],
        p95_ms=spent[min(len(spent) - 1, int(len(spent) * 0.95))],
    )


def _figures(rows: Sequence[tuple[str, float, float, float]]) -> Figures:
    count = len(rows)
    columns = ([row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows])
    return Figures(count, *(sum(column) / count if count else 0.0 for column in columns))


def read_queries(path: str) -> list[dict[str, Any]]:
    """The judged queries of a file. ValueError names the line that is not one."""
    found = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            query = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: {error.msg}") from error
        if not isinstance(query, dict) or not isinstance(query.get("q"), str) or not _graded(query.get("relevant")):
            raise ValueError(f"{path}, line {number}: needs q (text) and relevant (item -> grade 1 to 3)")
        found.append(query)
    return found


def _graded(relevant: object) -> bool:
    return isinstance(relevant, dict) and all(isinstance(g, int) and 1 <= g <= 3 for g in relevant.values())


def main(path: str, as_json: bool, elasticsearch_url: str, catalogue: str, matters: str, meaning: bool = True) -> str:
    """The figures of the queries in `path` over the catalogue in the two JSON files, as a table or as JSON text. Makes an index
    of its own and removes it; needs no database. Raises `engine.Away`, and ValueError for a file that holds no judged queries.
    """
    documents = entries(
        json.loads(Path(catalogue).read_text(encoding="utf-8")), json.loads(Path(matters).read_text(encoding="utf-8"))
    )
    queries = read_queries(path)
    engine = Catalogue(connect(elasticsearch_url), "evaluate", documents, meaning_of(meaning))
    try:
        engine.find("预热")
        report = evaluate(queries, lambda q: [hit.code for hit in engine.find(q, AT).items])
    finally:
        engine.forget()
    return json.dumps(report.as_json(), ensure_ascii=False, indent=1) if as_json else report.as_table()
