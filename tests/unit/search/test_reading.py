"""Queries typed by sound, by initials or wrongly, read by the words of a small catalogue."""

import pytest

from search.passages import Passage, Source
from search.reading import Because, Reader, slips
from search.text import Kind

TERMS = {
    "eia-form": ["环境影响报告表", "环评", "环评报告表"],
    "fire-test": ["消防检测", "消防设施检测", "烟感喷淋检测"],
    "fire-assessment": ["消防评估", "消防安全评估"],
    "capital-verification": ["验资", "验资报告"],
    "health-certificate": ["健康证"],
    "drawing-review": ["施工图审查", "审图"],
    "mandarin-test": ["普通话水平测试", "普通话考试"],
    "archaeology": ["文物勘探", "地下有煤"],
}
ENGLISH = {"feasibility": ["feasibility study"], "drinking-water-test": ["drinking water test"]}


@pytest.fixture(scope="module")
def reader() -> Reader:
    passages = [
        Passage(code, "item", Source.ALIAS, term) for code, terms in (TERMS | ENGLISH).items() for term in terms
    ]
    return Reader([*passages, Passage("", "", Source.ELSEWHERE, "多少钱")])


@pytest.mark.parametrize(
    ("typed", "read", "because"),
    [
        ("huanping", "环评", Because.PINYIN),
        ("huan ping baogao biao", "环评报告表", Because.PINYIN),
        ("jiankangzheng", "健康证", Because.PINYIN),
        ("jiankangzeng", "健康证", Because.PINYIN),
        ("xiaofangjianceduoshaoqian", "消防检测多少钱", Because.PINYIN),
        ("jkz", "健康证", Because.INITIALS),
        ("hpbgb", "环评报告表", Because.INITIALS),
        ("验姿报告", "验资报告", Because.SOUND),
        ("施工图审察", "施工图审查", Because.SOUND),
        ("建康证在哪办", "健康证在哪办", Because.SOUND),
        ("普通化水平测试", "普通话水平测试", Because.SOUND),
        ("消防安全坪估", "消防安全评估", Because.SOUND),
        ("feasability study", "feasibility study", Because.SPELLING),
        ("drinkng water test", "drinking water test", Because.SPELLING),
    ],
)
def test_what_was_meant(typed: str, read: str, because: Because, reader: Reader) -> None:
    reading = reader.read(typed)
    assert reading.text == read
    assert reading.corrections[0].because is because


@pytest.mark.parametrize(
    "typed",
    [
        "环评",
        "消防检测和消防评估",
        "西安地下有没有文物",
        "今天天气怎么样",
        "water test",
        "hello world",
        "消防检查",
        "公正的人",
    ],
)
def test_what_is_right_is_left_alone(typed: str, reader: Reader) -> None:
    reading = reader.read(typed)
    assert (reading.text, reading.corrections) == (typed, ())


def test_letters_that_fit_nothing_are_left_alone(reader: Reader) -> None:
    for typed in ("qwrtp", "zzzzzzzz", "x" * 200):
        assert reader.read(typed).corrections == ()


def test_initials_say_whose_they_are_and_how_well_they_fit(reader: Reader) -> None:
    reading = reader.read("xfjc")
    assert reading.kind is Kind.INITIALS
    assert reading.meant[0] == ("fire-test", 1.0)


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [("test", "test", 0), ("test", "tets", 1), ("test", "tst", 1), ("test", "texts", 2), ("a", "xyz", 2)],
)
def test_slips_are_counted_up_to_what_is_allowed(a: str, b: str, count: int) -> None:
    assert slips(a, b, 1) == min(count, 2)
