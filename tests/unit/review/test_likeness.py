"""The second reading: weights of features, what they find, what they drop, and how they are learned."""

from dataclasses import replace

import pytest

from market.review import learning
from market.review.likeness import Likeness, Weight, features, parse, written
from market.review.matching import Search
from market.review.reader import read
from market.review.rule_files import book
from market.review.rules import Context, Finding, Severity, review

BOOK = book()
#: no pattern knows these words
STRANGE = "外乡的算盘打不响"
LOUD = {f"g:{STRANGE[i : i + 2]}": Weight(900, (("FC-LOC-01", 800), ("FC-LOC-04", 100))) for i in range(7)}


def found(text: str, weights: dict[str, Weight]) -> list[Finding]:
    return review({"text": text}, Context(), replace(BOOK, likeness=Likeness(weights)))


def test_features_are_runs_units_and_concepts_without_the_numbers_themselves() -> None:
    text = "注册资本500万元"
    search = Search(read(text), BOOK.lexicon)
    names = features(search, 0, len(text))
    assert {"Q:yuan", "g:^注", "g:资本#", "g:#$", "C:capital"} <= set(names)
    assert not any("5" in name for name in names)
    english = "must be local firms"
    assert {"w:must", "w:local firms"} <= set(features(Search(read(english), BOOK.lexicon), 0, len(english)))


def test_a_clause_like_a_violation_is_found_with_its_rule_its_words_and_without_its_subject() -> None:
    text = f"本项目分两期。供应商{STRANGE}，请知悉。"
    (one,) = found(text, LOUD)
    assert (one.rule, one.quote) == ("FC-LOC-01", STRANGE)
    assert one.words
    assert all(word in STRANGE for word in one.words)
    assert found(text, {}) == []


def test_likeness_alone_asks_for_a_reason_and_never_blocks() -> None:
    assert BOOK.rules["FC-LOC-01"].severity == Severity.BLOCK
    assert [one.severity for one in found(STRANGE, LOUD)] == [Severity.JUSTIFY]


@pytest.mark.parametrize(
    "text",
    [
        f"原公告规定{STRANGE}。",
        f"某些地方曾要求{STRANGE}。",
        f"是否{STRANGE}？答：不是。",
        f"否则{STRANGE}。",
        f"如发现“{STRANGE}”的条款，请举报。",
    ],
)
def test_history_others_questions_quotations_and_consequences_are_spared(text: str) -> None:
    assert found(text, LOUD) == []


def test_a_sentence_in_which_a_pattern_found_something_is_not_searched_again() -> None:
    text = f"投标人须在本市注册，{STRANGE}。"
    assert [one.quote for one in found(text, LOUD)] == ["须在本市注册"]


def test_what_a_pattern_found_is_dropped_where_everything_speaks_against_it() -> None:
    text = "投标人须在本市注册。"
    names = features(Search(read(text), BOOK.lexicon), 0, len(text) - 1)
    assert len(found(text, {name: Weight(-400) for name in names})) == 0
    assert len(found(text, {name: Weight(400) for name in names})) == 1


def test_what_is_written_is_read_again() -> None:
    known = Likeness({"g:本市": Weight(120, (("FC-LOC-01", 90), ("FC-LOC-04", -30))), "C:here": Weight(-5)})
    assert written(known) == "C:here\t-5\ng:本市\t120\tLOC-01 90 LOC-04 -30\n"
    assert parse(written(known).splitlines()) == known
    with pytest.raises(ValueError):
        parse(["g:本市"])


def test_learning_tells_known_clauses_apart_and_twice_gives_the_same() -> None:
    lines = [
        {"text": "须在本市注册，工期十天。", "labels": [{"rule": "FC-LOC-01", "start": 0, "end": 6}]},
        {"text": "须在本市登记注册，工期二十天。", "labels": [{"rule": "FC-LOC-01", "start": 0, "end": 8}]},
        {"text": "注册资本不低于十万元。", "labels": [{"rule": "FC-FIN-01", "start": 0, "end": 10}]},
        {"text": "注册资本不低于九万元。", "labels": [{"rule": "FC-FIN-01", "start": 0, "end": 10}]},
    ]
    known = list(learning.examples(lines, BOOK.lexicon))
    assert [one.rule for one in known] == ["FC-LOC-01", "", "FC-LOC-01", "", "FC-FIN-01", "FC-FIN-01"]
    weights = learning.learn(known)
    assert weights.of(known[0].features) > 0.5 > -0.3 > weights.of(known[1].features)
    assert [weights.rule(known[place].features) for place in (0, 4)] == ["FC-LOC-01", "FC-FIN-01"]
    assert learning.learn(known) == weights
    with pytest.raises(ValueError):
        learning.learn([])


def test_the_shipped_weights_are_what_was_written() -> None:
    shipped = BOOK.likeness
    assert len(shipped.weights) > 5000
    assert {code for weight in shipped.weights.values() for code, _ in weight.rules} <= set(BOOK.rules)
