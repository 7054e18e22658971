"""Names of files and people, harmless and intact. KF-FIL-03."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market.kernel.names import (
    display_name,
    name_key,
    safe_file_name,
    visible,
)

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # KF-FIL-03, in its order
        ("营业执照.pdf", "营业执照.pdf"),
        ("资质证书.pdf", "资质证书.pdf"),
        ("𠮷野.pdf", "𠮷野.pdf"),
        ("合同📄.pdf", "合同📄.pdf"),
        ("...营业执照.pdf", "营业执照.pdf"),
        ("../../x.pdf", "x.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("营业\x00执照.pdf", "营业执照.pdf"),
        ("营业\n执照.pdf", "营业 执照.pdf"),
        ("执照\u202efdp.exe", "执照fdp.exe"),
        ('"执照".pdf', "_执照_.pdf"),
        # and further
        ("C:\\Users\\我\\执照.pdf", "执照.pdf"),
        ("/etc/passwd", "passwd"),
        ("执照.pdf/", "执照.pdf"),
        ("..\\..\\", "file"),
        ("..", "file"),
        ("", "file"),
        (" \t\u3000", "file"),
        ("\u200b\u202e", "file"),
        ("nul", "_nul"),
        ("LPT1.tar.gz", "_LPT1.tar.gz"),
        ("com¹", "_com¹"),
        ("CONTRACT.pdf", "CONTRACT.pdf"),
        ("执照. . .", "执照"),
        ("a<b>:c|d?e*f.pdf", "a_b__c_d_e_f.pdf"),
        ("Cafe\u0301.pdf", "Café.pdf"),
        ("a   b.pdf", "a b.pdf"),
        ("（2026）年检报告.PDF", "（2026）年检报告.PDF"),
        ("'=1+1.csv", "'=1+1.csv"),
    ],
)
def test_a_file_keeps_its_name_made_harmless(name: str, shown: str) -> None:
    """KF-FIL-03."""
    assert safe_file_name(name) == shown


def test_two_chinese_names_stay_apart() -> None:
    """KF-FIL-03: stripping to ASCII made both of them "pdf"."""
    assert safe_file_name("营业执照.pdf") != safe_file_name("资质证书.pdf")


@pytest.mark.parametrize("letter", ["a", "照", "𠮷"])
def test_a_long_name_is_cut_before_its_ending(letter: str) -> None:
    """KF-FIL-03: 200 characters."""
    shown = safe_file_name(letter * 200 + ".pdf")

    assert shown.endswith(f"{letter}.pdf")
    assert len(shown) <= 120
    assert len(shown.encode()) <= 240
    assert len(shown) == 120 or len(shown.encode()) > 240 - 4


def test_a_long_ending_is_no_ending() -> None:
    assert len(safe_file_name("x." + "y" * 300)) == 120


def test_the_fallback_is_the_callers() -> None:
    assert safe_file_name("///", fallback="附件") == "附件"


@given(st.text())
@example("CON" + " ." * 3)
@example("_.\u200d")
@example("a\u200d" * 120)
def test_a_file_name_is_safe_whatever_was_sent_and_stays_as_it_is(name: str) -> None:
    shown = safe_file_name(name)

    assert shown
    assert safe_file_name(shown) == shown
    assert not set(shown) & set('/\\<>:"|?*\x00\r\n\t' + BIDI)
    assert not shown.startswith((".", " "))
    assert not shown.endswith((".", " "))
    assert len(shown) <= 120
    assert len(shown.encode()) <= 240
    assert shown.partition(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  王  某某 ", "王 某某"),
        ("𠮷田", "𠮷田"),
        ("葛\U000e0100城", "葛\U000e0100城"),  # a chosen form of a character in a name
        ("\U00031350某", "\U00031350某"),  # newer than the Unicode of Python 3.11
        ("阿依·古丽", "阿依·古丽"),
        ("张\x00三\u202e\u200b\ufeff\ufffe", "张三"),
        ("a\r\nb", "a b"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("\u3164\u2800\u115f", ""),
        ("\ud800x", "x"),
    ],
)
def test_a_persons_name_is_shown_without_what_cannot_be_seen(text: str, shown: str) -> None:
    assert display_name(text) == shown


def test_a_name_is_cut_by_characters_and_not_within_one() -> None:
    assert display_name("𠮷" * 200) == "𠮷" * 100
    assert display_name("e\u0323\u0302x", 1) == "ệ"
    assert display_name("ab\u20dd", 2) == "a", "a mark stays with its letter"
    assert display_name("ab👩\u200d👧", 3) == "ab"


@given(st.text(), st.integers(1, 20))
def test_what_is_visible_stays_as_it_is(text: str, longest: int) -> None:
    assert visible(visible(text)) == visible(text)
    assert not set(visible(text)) & set(BIDI + "\x00\x7f\u2028\u200b")
    assert unicodedata.is_normalized("NFC", visible(text))
    assert len(display_name(text, longest)) <= longest
    visible(text).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("ＣＭＡ检测", "cma检测"),
            ("西安（高新）公司", "西安(高新)公司"),
            ("王 某某", "王某某"),
            ("王\u3000某", "王某"),
        ),
        *(("阿依·古丽", "阿依•古丽"), ("阿依・古丽", "阿依‧古丽"), ("STRASSE", "straße"), ("Café", "Cafe\u0301")),
        *(("Ⅷ号", "viii号"), ("甲\u200b乙", "甲乙"), ("公司 ", "公司")),
    ],
)
def test_width_case_spaces_and_dots_do_not_tell_names_apart(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("王某", "汪某"), ("未来", "末来"), ("A公司", "B公司"), ("吉", "𠮷")])
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    assert name_key(f" {text}\u3000") == name_key(text)
