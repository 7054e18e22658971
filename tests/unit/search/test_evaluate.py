"""The measures, by cases computed by hand."""

import json
from pathlib import Path

import pytest

from search.evaluate import evaluate, ndcg, read_queries, recall, reciprocal_rank


@pytest.mark.parametrize(
    ("found", "relevant", "value"),
    [
        (["a"], {"a": 3}, 1.0),
        ([], {"a": 3}, 0.0),
        (["x", "a"], {"a": 3}, 0.6309),  # 1 / log2(3)
        (["a", "b"], {"a": 3, "b": 1}, 1.0),
        (["b", "a"], {"a": 3, "b": 1}, 0.7098),  # (1 + 7/1.58496) / (7 + 1/1.58496)
        (["x"] * 10 + ["a"], {"a": 3}, 0.0),
    ],
)
def test_ndcg(found: list[str], relevant: dict[str, int], value: float) -> None:
    assert ndcg(found, relevant) == pytest.approx(value, abs=1e-4)


def test_reciprocal_rank_and_recall() -> None:
    assert reciprocal_rank(["x", "y", "a"], {"a": 1}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"] * 10 + ["a"], {"a": 1}) == 0
    assert recall(["a", "x", "y", "b"], {"a": 3, "b": 3, "c": 1}) == 0.5
    assert recall(["a", "b", "c"], dict.fromkeys("abcde", 3)) == 1.0


def test_hopeless_queries_are_counted_apart_and_empty_answers_count_nothing() -> None:
    queries = [
        {"q": "good", "type": "one", "relevant": {"a": 3}},
        {"q": "none", "type": "two", "relevant": {"a": 3}},
        {"q": "hopeless", "type": "two", "relevant": {}},
        {"q": "hopeless but answered", "type": "two", "relevant": {}},
    ]
    answers = {"good": ["a"], "none": [], "hopeless": [], "hopeless but answered": ["a"]}
    report = evaluate(queries, lambda q: answers[q]).as_json()
    assert report["ndcg@10"] == 0.5
    assert (report["hopeless"], report["hopeless_empty"], report["hopeless_empty_share"]) == (2, 1, 0.5)
    assert report["wrongly_empty"] == 1
    assert report["types"]["one"] == {"queries": 1, "ndcg@10": 1.0, "mrr": 1.0, "recall@3": 1.0}
    assert "1 of 2" in evaluate(queries, lambda q: answers[q]).as_table()


@pytest.mark.parametrize(
    "line", ["{", '{"q": 1, "relevant": {}}', '{"q": "x"}', '{"q": "x", "relevant": {"a": 4}}', "[]"]
)
def test_a_line_that_is_no_judged_query_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(json.dumps({"q": "x", "relevant": {}}) + "\n" + line + "\n")
    with pytest.raises(ValueError, match="line 2"):
        read_queries(str(path))
