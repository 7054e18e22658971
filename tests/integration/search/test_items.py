"""Items and matters found in the shipped catalogue, by words, sound and meaning."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.engine import Away, connect
from search.evaluate import evaluate, main, read_queries
from search.items import Catalogue, Why
from search.meaning import E5, Off
from search.offers import leading
from search.passages import VECTORS, Entry, entries, passages, vectors
from search.text import Kind

ROOT = Path(__file__).parents[3]
DATA = ROOT / "market" / "catalogue" / "data"
QUERIES = ROOT / "tests" / "vectors" / "search"
STRANGE = [
    "a/b", "(", ")", "[", '"', "\\", "*:*", "+-", "10/2019", "AND", '"未闭合', "????????*", "~", "field:value", "x" * 1000,
    "检" * 10_000, "   ", "检", "AND OR (((", "!!!???。。。", "\x00\x01\x02", "\ud800", "🙂🙂", "^4",
    "\u202e\u200b", "91610100MA6TEST12X", "L-7K3M9Q2FX", "a-b-c", "'; drop table", "aaaa bbbb cccc " * 30,
]  # fmt: skip


def shipped() -> tuple[Entry, ...]:
    return entries(json.loads((DATA / "catalogue.json").read_text()), json.loads((DATA / "matters.json").read_text()))


@pytest.fixture(scope="module")
def catalogue(elasticsearch_url: str) -> Iterator[Catalogue]:
    engine = Catalogue(connect(elasticsearch_url), "test-items", shipped(), E5())
    yield engine
    engine.forget()


@pytest.fixture(scope="module")
def without_meaning(elasticsearch_url: str) -> Iterator[Catalogue]:
    engine = Catalogue(connect(elasticsearch_url), "test-items-plain", shipped(), Off())
    yield engine
    engine.forget()


@pytest.mark.parametrize(
    ("q", "code", "why"),
    [
        ("健康证", "health-certificate", {Why.ALIAS}),
        ("ＣＭＡ 甲醛检测", "indoor-air-test", {Why.ALIAS}),
        ("環境影響報告表編制", "eia-form", {Why.NAME}),
        ("indoor-air-test", "indoor-air-test", {Why.CODE}),
        ("xfjc", "fire-test", {Why.SOUND}),
        ("jiankangzheng", "health-certificate", {Why.ALIAS}),
        ("验姿报告", "capital-verification", {Why.ALIAS}),
        ("娃刚搬进新屋子，怕屋里气味伤身体", "indoor-air-test", {Why.MEANING, Why.WORDS}),
        ("who can check if the walls of my house will collapse", "house-safety", {Why.MEANING, Why.WORDS}),
    ],
)
def test_the_right_item_stands_first_and_says_why(q: str, code: str, why: set[Why], catalogue: Catalogue) -> None:
    found = catalogue.find(q)
    assert found.items[0].code == code
    assert found.items[0].why in why
    assert found.items[0].matched


def test_scores_fall_and_lie_between_nought_and_one(catalogue: Catalogue) -> None:
    for q in ("测甲醛", "开饭店要办什么手续", "hp"):
        scores = [hit.score for hit in catalogue.find(q, 20).items]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] <= scores[0] <= 1


def test_a_matter_that_is_described_is_named_and_its_items_stand_high(catalogue: Catalogue) -> None:
    found = catalogue.find("开饭店要办什么手续")
    assert found.understood.matter == "restaurant-opening"
    assert found.matters[0].code == "restaurant-opening"
    needed = {"health-certificate", "fire-test", "fire-assessment", "house-safety", "env-monitoring", "eia-form"}
    assert len(needed & {hit.code for hit in found.items[:8]}) >= 3


def test_a_correction_is_told_and_can_be_taken_back(catalogue: Catalogue) -> None:
    found = catalogue.find("验姿报告")
    assert [(c.typed, c.read) for c in found.understood.corrections] == [("验姿报告", "验资报告")]
    back = catalogue.find("验姿报告", as_typed=True)
    assert back.understood.corrections == ()
    assert back.understood.read_as == "验姿报告"


def test_only_leading_items_lead_to_offers(catalogue: Catalogue) -> None:
    chosen = leading(catalogue.find("测甲醛"))
    assert next(iter(chosen)) == "indoor-air-test"
    assert len(chosen) <= 6


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("kyb g", "feasibility"),
        ("feasability study", "feasibility"),
        ("swimming pol water test", "public-place-test"),
        ("消房检测", "fire-test"),
        ("shigongtushencha", "drawing-review"),
        ("消防設施檢測", "fire-test"),
    ],
)
def test_slips_and_other_scripts_lead_to_the_same_item(q: str, code: str, catalogue: Catalogue) -> None:
    assert catalogue.find(q).items[0].code == code


@pytest.mark.parametrize("q", STRANGE, ids=lambda q: repr(q[:12]))
def test_strange_text_is_never_an_error(q: str, catalogue: Catalogue, without_meaning: Catalogue) -> None:
    """KF-SEA-03."""
    catalogue.find(q)
    without_meaning.find(q)


@pytest.mark.parametrize("q", ["", "  ", "???", "\x00"])
def test_nothing_typed_finds_nothing_and_is_not_hopeless(q: str, catalogue: Catalogue) -> None:
    found = catalogue.find(q)
    assert (found.items, found.matters, found.understood.kind, found.understood.hopeless) == ((), (), Kind.EMPTY, False)


def test_what_has_to_do_with_nothing_here_finds_nothing_and_says_so(catalogue: Catalogue) -> None:
    for q in ("明天会不会下雪", "hello how are you", "红烧肉怎么做才不腻"):
        found = catalogue.find(q)
        assert (found.items, found.matters, found.understood.hopeless) == ((), (), True)


@pytest.mark.parametrize(
    ("name", "ndcg", "empty"), [("queries-dev", 0.97, 12), ("own-queries", 0.97, 0), ("later-queries", 0.9, 28)]
)
def test_judged_queries_are_answered_well_enough(name: str, ndcg: float, empty: int, catalogue: Catalogue) -> None:
    report = evaluate(
        read_queries(str(QUERIES / f"{name}.jsonl")), lambda q: [hit.code for hit in catalogue.find(q).items]
    )
    assert report.overall.ndcg >= ndcg
    assert report.empty >= empty
    assert report.wrongly_empty <= 4


def test_nearly_all_hopeless_queries_return_nothing(catalogue: Catalogue) -> None:
    report = evaluate(
        read_queries(str(QUERIES / "hopeless-queries.jsonl")), lambda q: [hit.code for hit in catalogue.find(q).items]
    )
    assert (report.hopeless, report.empty >= 45) == (50, True)


def test_search_goes_on_without_the_language_model(without_meaning: Catalogue) -> None:
    report = evaluate(
        read_queries(str(QUERIES / "queries-dev.jsonl")), lambda q: [hit.code for hit in without_meaning.find(q).items]
    )
    assert report.overall.ndcg >= 0.9


def test_the_command_prints_a_table_or_json(elasticsearch_url: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(
        '{"q": "测甲醛", "type": "t", "relevant": {"indoor-air-test": 3}}\n{"q": "明天会下雪吗", "relevant": {}}\n'
    )
    files = (elasticsearch_url, str(DATA / "catalogue.json"), str(DATA / "matters.json"))
    figures = json.loads(main(str(path), True, *files))
    assert (figures["ndcg@10"], figures["hopeless_empty_share"]) == (1.0, 1.0)
    assert "nDCG@10" in main(str(path), False, *files)


def test_a_lost_index_is_made_again_at_the_next_question(catalogue: Catalogue) -> None:
    catalogue.find("测甲醛")
    catalogue._client.indices.delete(index=catalogue.index)
    assert catalogue.find("测甲醛").items[0].code == "indoor-air-test"


def test_indexes_of_catalogues_that_are_no_more_are_swept_after_a_day(engine: Elasticsearch) -> None:
    old, new = (Catalogue(engine, "test-swept", shipped()[:count], Off(), lexicon=False) for count in (3, 4))
    old.warm()
    new.warm()
    now = datetime.fromtimestamp(engine.nodes.stats(metric="os")["nodes"].popitem()[1]["timestamp"] / 1000, UTC)
    assert new.sweep(now) == []
    assert new.sweep(now + timedelta(days=2)) == [old.index]
    new.forget()


def test_many_questions_at_once_get_the_same_answers(catalogue: Catalogue) -> None:
    questions = ["测甲醛", "危房鉴定", "环评", "审车", "亲子鉴定", "拆迁补偿评估"]
    alone = {q: catalogue.find(q) for q in questions}
    together: dict[str, object] = {}
    threads = [threading.Thread(target=lambda q=q: together.update({q: catalogue.find(q)})) for q in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_an_engine_that_is_silent_is_away() -> None:
    """KF-SEA-04."""
    engine = Catalogue(connect("http://127.0.0.1:9"), "test-silent", shipped()[:3], Off())
    with pytest.raises(Away):
        engine.find("环评")


def test_the_shipped_vectors_fit_the_shipped_catalogue() -> None:
    """`python -m search.passages CATALOGUE MATTERS` makes them; a catalogue that changed is caught here."""

    class Refusing:
        name, on = E5.name, True

        def passages(self, texts: list[str]) -> None:
            raise AssertionError(f"{len(texts)} passages have no shipped vector, the first: {texts[:3]}")

        def query(self, text: str) -> None:
            raise AssertionError

    assert len(vectors(passages(shipped()), Refusing())) > 4000  # type: ignore[arg-type]
    assert VECTORS.stat().st_size < 4 * 2**20


def test_an_entry_that_is_new_is_compared_by_its_own_vectors(engine: Elasticsearch) -> None:
    new = Entry("drone-show", "item", "无人机灯光表演审批代办", "Drone light show permit", "申请放飞无人机编队。")
    catalogue = Catalogue(engine, "test-new", (*shipped()[:5], new), E5())
    assert catalogue.find("放飞无人机编队要申请吗").items[0].code == "drone-show"
    catalogue.forget()
