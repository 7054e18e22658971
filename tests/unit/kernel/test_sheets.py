"""Tables for people and for machines. KF-EXP-01 to 03 in their pure part; XLSX stands in test_spreadsheets.py."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel import sheets
from market.kernel.errors import Invalid
from market.kernel.money import Money
from market.kernel.sheets import Column, from_csv, neutralise, restore, text_of, to_csv

NAME, PRICE, NOTE = (
    Column("name", "名称", also=("Name",), required=True),
    Column("price", "价格（元）", also=("Price (yuan)",), required=True),
    Column("note", "备注", also=("Note",)),
)
COLUMNS = [NAME, PRICE, NOTE]

ATTACKS = [
    # KF-EXP-01, in its order
    *("=1+1", "+1+1", "-1+1", "@SUM(1,1)", "\t=1", "\r=1", "＝1+1", '"=1+1', " =1+1", "x;=1+1"),
    # and further
    *("＋1+1", "－1+1", "＠SUM(1)", "'=1+1", "“=1+1", "\u200b=1", "\ufeff=1", "\u3000=1", "\x00=1", "\n=1", "\t1"),
    *("a\n=1+1", "a\r\n=1+1", "a\t=1+1", 'a;"=1+1', "a; =1+1", "a；=1+1", "−1+1", "\u202e=1", " \"' =1", "﹦1"),
]
HARMLESS = ["营业执照", "", "a=b", "1-2", "x+y", "a@b.example", "(=)", "2026-03-04", "000123", "12E5", "a,=b", "价格=5"]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_that_could_be_a_formula_is_made_a_text(text: str) -> None:
    """KF-EXP-01."""
    safe = neutralise(text)

    assert safe != text
    assert safe.replace("'", "") == text.replace("'", ""), "still readable"
    assert restore(safe) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    """KF-EXP-02."""
    assert neutralise(text) == text
    assert restore(text) == text


@given(st.text("=+-@'\";；\t\r\n \u3000\u200b＝ab1", max_size=12) | st.text())
def test_protection_is_taken_off_exactly(text: str) -> None:
    """KF-EXP-02: nothing is lost between export and import."""
    assert restore(neutralise(text)) == text


@given(st.text("=+-@'\";\t\r\n ＝a1", max_size=12))
def test_no_way_of_splitting_lays_a_formula_bare(text: str) -> None:
    """KF-EXP-01: opened with comma, semicolon or tab, no cell begins a formula."""
    content = to_csv([{"name": text}, {"name": text, "note": text}], [NAME, NOTE], for_people=True).decode("utf-8-sig")
    pieces = [content]
    for border in ";\t\r\n":
        pieces = [part for piece in pieces for part in piece.split(border)]
    cells = [*pieces, *(cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row)]

    assert not any(cell.strip(' "\u3000').startswith(("=", "+", "-", "@", "＝")) for cell in cells)


def test_numbers_stay_numbers_and_only_people_get_the_protection() -> None:
    """KF-EXP-02: the machine's table equals the stored values."""
    rows = [
        {"name": "- see note", "price": Money(-4000), "note": "+86 138 0000 0000"},
        {"name": "-A1", "price": Decimal("-1E+3"), "note": -5},
    ]

    people = to_csv(rows, COLUMNS, for_people=True, remark="供阅读\n2 rows").decode("utf-8-sig")
    machine = to_csv(rows, COLUMNS, for_people=False, remark="供阅读").decode()

    assert people.splitlines() == [
        "# 供阅读 2 rows",
        "名称,价格（元）,备注",
        "'- see note,-40.00,'+86 138 0000 0000",
        "'-A1,-1000,-5",
    ]
    assert machine.splitlines() == ["name,price,note", "- see note,-40.00,+86 138 0000 0000", "-A1,-1000,-5"]


def test_the_two_tables_are_told_apart_by_the_mark_of_encoding() -> None:
    """KF-EXP-03: Chinese opens as Chinese on a Chinese-language system."""
    rows = [{"name": "营业执照𠮷é"}]

    assert to_csv(rows, [NAME], for_people=True).startswith(b"\xef\xbb\xbf\xe5\x90\x8d\xe7\xa7\xb0\r\n")
    assert to_csv(rows, [NAME], for_people=False).startswith(b"name\r\n")


@pytest.mark.parametrize("for_people", [True, False])
def test_codes_keep_every_digit_on_the_way_out_and_in(for_people: bool) -> None:
    """KF-EXP-03."""
    codes = ["110000000012345678", "9112E500000000000E", "061010", "000123", "2026-03-04", "12E5", "营业执照𠮷é", "=1"]

    content = to_csv([{"name": code, "price": "1"} for code in codes], COLUMNS, for_people=for_people)

    assert [row.cells["name"] for row in from_csv(content, COLUMNS).rows] == codes


@pytest.mark.parametrize(
    ("value", "people", "machine"),
    [
        (None, "", ""),
        (True, "true", "true"),
        (0, "0", "0"),
        (Decimal("0.10"), "0.10", "0.10"),
        (Money(5), "0.05", "0.05"),
        (date(2026, 3, 4), "2026-03-04", "2026-03-04"),
        (datetime(2026, 3, 4, 16, 5, 6, tzinfo=UTC), "2026-03-05 00:05", "2026-03-04T16:05:06Z"),
        (Column, None, None),
    ],
)
def test_each_kind_of_value_has_one_form(value: Any, people: str | None, machine: str | None) -> None:
    """KF-LST-03 in an export: zero is written as zero."""
    if people is None:
        with pytest.raises(TypeError):
            text_of(value)
        return
    assert text_of(value, for_people=True) == people
    assert text_of(value) == machine


@pytest.mark.parametrize("value", [0.1, Fraction(1, 2), b"x", [1], {"a": 1}, datetime(2026, 3, 4)])  # noqa: DTZ001
def test_what_has_no_form_is_not_exported_by_accident(value: Any) -> None:
    with pytest.raises(TypeError):
        text_of(value)


# Reading


def read(text: str | bytes, **limits: int) -> sheets.Table:
    return from_csv(text if isinstance(text, bytes) else text.encode(), COLUMNS, **limits)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_table_is_read_in_the_encodings_and_delimiters_that_programs_write(
    encoding: str, delimiter: str, ending: str
) -> None:
    lines = [["备注", "名称", "价格（元）"], ["好；中", "房产测绘", "1,200"], ["", "", ""], ["b", "c", "3"]]
    text = ending.join(delimiter.join(f'"{c}"' if delimiter in c else c for c in line) for line in lines)

    table = read(text.encode(encoding))

    assert not table.errors
    assert [(row.number, dict(row.cells)) for row in table.rows] == [
        (2, {"name": "房产测绘", "price": "1,200", "note": "好；中"}),
        (4, {"name": "c", "price": "3", "note": "b"}),
    ]


@pytest.mark.parametrize("header", ["名称,价格（元）", "name,price", " Ｎａｍｅ ,PRICE (YUAN)", "名 称,价格(元)"])
def test_a_header_is_known_by_key_or_label_in_either_language(header: str) -> None:
    assert read(f"{header}\na,1").rows[0].cells == {"name": "a", "price": "1", "note": ""}


def test_every_fault_is_told_with_its_row_and_the_good_rows_are_kept() -> None:
    table = read("# 说明\nname,price,name,colour\na,1,x,red\nb,2,,,,9\n\nc,3\n")

    assert [(error.row, error.column, str(error).split(": ", 1)[1]) for error in table.errors] == [
        (2, "name", "Column “name” stands there more than once."),
        (2, "colour", "Column “colour” is not known."),
        (4, "", "The row has 6 cells, the header only 4."),
    ]
    assert all(error.remedy for error in table.errors[:2])
    assert [row.number for row in table.rows] == [3, 6]


def test_a_missing_column_is_told_by_its_label() -> None:
    table = read("名称,备注\na,b")

    assert [str(error) for error in table.errors] == ["1 price: Column “价格（元）” is missing."]


def test_an_overlong_text_and_unmatched_quotes_are_faults_of_their_rows() -> None:
    table = read("name,price\n" + "x" * 32_768 + ',1\n"b"c,2\nd,3')

    assert [(error.row, error.reason) for error in table.errors] == [
        (2, sheets.TOO_LONG),
        (3, sheets.UNREADABLE_ROW),
    ]
    assert [row.cells["name"] for row in table.rows] == ["d"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b"\n\n", b"# only a remark\n", b",,,\n"],
)
def test_a_table_without_a_header_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="no header"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest", b"%PDF-1.7", b"\x00\x01\x02", b"\xff\xfe\x00", b"\x80\xff\xff\xff"],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="not a CSV file") as refused:
        read(content)

    assert "XLSX" in refused.value.fields["file"][0].remedy  # type: ignore[union-attr]


def test_a_table_has_at_most_so_many_rows_and_columns() -> None:
    assert len(read("name,price\n" + "a,1\n" * 3, most_rows=3).rows) == 3
    with pytest.raises(Invalid, match="more than 3 rows"):
        read("name,price\n" + "a,1\n" * 4, most_rows=3)
    with pytest.raises(Invalid, match="more than 100 columns"):
        read(",".join(f"c{i}" for i in range(101)))


def test_a_cell_with_a_line_break_is_one_row() -> None:
    table = read('name,price\n"a\nb",1\nc,2')

    assert [(row.number, row.cells["name"]) for row in table.rows] == [(2, "a\nb"), (3, "c")]


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda t: f"name,price\n{t}".encode(errors="ignore")))
def test_any_bytes_are_read_or_refused_and_never_an_error(content: bytes) -> None:
    try:
        table = read(content)
    except Invalid:
        return
    assert all("%(" not in str(error) for error in table.errors)


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(str.strip)


@given(st.lists(st.tuples(cells, cells), max_size=6), st.booleans())
def test_a_table_comes_back_as_it_went_out(pairs: list[tuple[str, str]], for_people: bool) -> None:
    """Texts are trimmed on the way in, and rows of empty cells are passed over."""
    rows = [{"name": a, "price": b} for a, b in pairs if (a or b) and "\x00" not in a + b]

    table = from_csv(to_csv(rows, [NAME, PRICE], for_people=for_people), [NAME, PRICE])

    assert not table.errors
    expected = rows if for_people else [{k: restore(text).strip() for k, text in row.items()} for row in rows]
    assert [dict(row.cells) for row in table.rows] == [row for row in expected if any(row.values())]
