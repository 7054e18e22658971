"""What people type, made comparable."""

import pytest

from search import text
from search.text import Kind


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("ＣＭＡ", "cma"),
        ("CMA", "cma"),
        ("環境影響報告書", "环境影响报告书"),
        ("  环评　 多少钱 ", "环评 多少钱"),
        ("環評\x00\x07\u200b審批", "环评 审批"),
        ("\ud800环评", "环评"),
        ("１０／２０１９", "10/2019"),
        ("", ""),
        (" \n\t ", ""),
        ("㈱", "(株)"),
    ],
)
def test_one_form_for_what_means_the_same(typed: str, same: str) -> None:
    assert text.normalise(typed) == same


def test_normalising_twice_changes_nothing_and_length_is_bounded() -> None:
    for typed in ("檢" * 10_000, "ﷺ" * 500, "Ａ１ " * 300):
        once = text.normalise(typed)
        assert len(once) <= text.LIMIT
        assert text.normalise(once) == once


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", Kind.EMPTY),
        ("???...。。", Kind.EMPTY),
        ("环评", Kind.CHINESE),
        ("做个eia报告", Kind.CHINESE),
        ("huanping", Kind.PINYIN),
        ("huan ping", Kind.PINYIN),
        ("xi'an", Kind.PINYIN),
        ("hp", Kind.INITIALS),
        ("tender agent", Kind.ENGLISH),
        ("fire safety 2", Kind.ENGLISH),
        ("bid-agency", Kind.CODE),
        ("l-7k3m9q2fx", Kind.CODE),
        ("91610100ma6test12x", Kind.CODE),
    ],
)
def test_how_a_query_is_written(typed: str, kind: Kind) -> None:
    assert text.classify(typed) is kind


@pytest.mark.parametrize(
    ("letters", "sounds"),
    [
        ("huanping", ("huan", "ping")),
        ("huan ping", ("huan", "ping")),
        ("xian", ("xian",)),
        ("xi'an", ("xi", "an")),
        ("jiankangzheng", ("jian", "kang", "zheng")),
        ("lvse", ("lv", "se")),
        ("hello", ()),
        ("x" * 500, ()),
    ],
)
def test_letters_are_cut_into_syllables(letters: str, sounds: tuple[str, ...]) -> None:
    assert text.spell_out(letters) == sounds


def test_sounds_that_many_mouths_do_not_part_are_one() -> None:
    assert text.sound_pairs(["zheng", "shen"]) == text.sound_pairs(["zen", "sheng"])
    assert text.sound_pairs(["nan"]) == text.sound_pairs(["lang"])


def test_sounds_of_characters_with_several() -> None:
    assert text.syllables("会计") == ("kuai", "ji")
    assert text.syllables("重庆银行") == ("chong", "qing", "yin", "hang")
    assert text.initials("重庆银行") == "cqyh"


def test_words_of_the_catalogue_stay_whole_and_their_parts_are_there_too() -> None:
    segmenter = text.Segmenter(["环境影响报告表"])
    words = segmenter.words("小厂的环境影响报告表怎么办")
    assert "环境影响报告表" in words
    assert {"环境", "影响"} <= set(words)
    assert not {"的", "怎么办"} & set(words)


@pytest.mark.parametrize(
    "pair",
    [("tests", "test"), ("testing", "test"), ("tested", "test"), ("surveys", "survey"), ("factories", "factory")],
)
def test_english_endings_do_not_part_words(pair: tuple[str, str]) -> None:
    assert text.stem(pair[0]) == text.stem(pair[1])


def test_bigrams_of_runs_and_single_characters() -> None:
    assert text.bigrams("测甲醛 cma 水") == ["测甲", "甲醛", "cma", "水"]
