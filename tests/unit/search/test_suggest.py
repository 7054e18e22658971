"""Suggestions while somebody types."""

import pytest

from search.passages import Entry
from search.suggest import Suggestions, Way


@pytest.fixture(scope="module")
def suggestions() -> Suggestions:
    return Suggestions(
        [
            Entry("eia-form", "item", "环境影响报告表编制", "Environmental impact form", aliases_zh=("环评", "环评表")),
            Entry("fire-test", "item", "建筑消防设施检测", "Fire-installation test", aliases_zh=("消防检测",)),
            Entry("restaurant-opening", "matter", "开办餐饮店一件事", "Opening a restaurant"),
        ]
    )


@pytest.mark.parametrize(
    ("prefix", "code", "way"),
    [
        ("环", "eia-form", Way.TEXT),
        ("環評", "eia-form", Way.TEXT),
        ("huanp", "eia-form", Way.PINYIN),
        ("huan ping", "eia-form", Way.PINYIN),
        ("hp", "eia-form", Way.INITIALS),
        ("HP", "eia-form", Way.INITIALS),
        ("消防检", "fire-test", Way.TEXT),
        ("餐饮店", "restaurant-opening", Way.INSIDE),
        ("fire", "fire-test", Way.TEXT),
    ],
)
def test_a_beginning_leads_to_the_entry(prefix: str, code: str, way: Way, suggestions: Suggestions) -> None:
    first = suggestions.find(prefix)[0]
    assert (first.code, first.why) == (code, way)


@pytest.mark.parametrize("prefix", ["", "  ", "???", "\x00", "AND OR (((", "*" * 10_000, "zzzzq"])
def test_nothing_is_suggested_where_nothing_fits(prefix: str, suggestions: Suggestions) -> None:
    assert suggestions.find(prefix) == ()


def test_no_text_twice_no_entry_more_than_twice_and_never_more_than_asked(suggestions: Suggestions) -> None:
    for prefix in ("环", "h", "检测", "开"):
        found = suggestions.find(prefix, 5)
        assert len({s.text for s in found}) == len(found) <= 5
        assert max([[s.code for s in found].count(c) for c in {s.code for s in found}], default=0) <= 2
