"""The reader: one form to search in, and the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.review.reader import read


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("投标人须在本 市 注 册", "投标人须在本市注册"),
        ("投標人須在本市註冊", "投标人须在本市注册"),
        ("注·册·地须在本市", "注册地须在本市"),
        ("须在本【市】注册", "须在本市注册"),
        ("注册资本５００万元", "注册资本500万元"),
        ("ＩＳＯ９００１", "iso9001"),
        ("本\u200b市企业", "本市企业"),
        ("Firms  must be   local", "firms must be local"),
        ("得３分（不含）", "得3分(不含)"),
        ("（一）资格", "(一)资格"),
    ],
)
def test_what_hides_a_word_is_levelled(written: str, plain: str) -> None:
    assert read(written).text == plain


def test_a_span_of_the_reading_leads_back_to_the_original_with_what_was_written_inside() -> None:
    original = "甲：须在本 【市】 註·冊。"
    reading = read(original)
    start = reading.text.index("本市")
    assert original[slice(*reading.span(start, start + 4))] == "本 【市】 註·冊"


def test_sentences_and_clauses() -> None:
    reading = read("注册地不限，均可报名；报价1,200.50元。Price is 3.5. Next one\n第二行")
    said = [reading.text[a:b].strip() for a, b in reading.sentences]
    assert said == ["注册地不限,均可报名", "报价1,200.50元", "price is 3.5", "next one", "第二行"]
    assert reading.text[slice(*reading.clauses[0])] == "注册地不限"


@given(st.text(max_size=200))
def test_every_character_of_the_reading_knows_where_it_comes_from(original: str) -> None:
    reading = read(original)
    assert len(reading.origin) == len(reading.text) + 1
    assert list(reading.origin) == sorted(reading.origin)
    for place in range(len(reading.text)):
        start, end = reading.span(place, place + 1)
        assert 0 <= start < end <= len(original)
    covered = "".join(reading.text[a:b] for a, b in reading.sentences)
    assert len(covered) + len(reading.sentences) - 1 == len(reading.text)
