"""XLSX in both directions (market/spreadsheets.py; needs no service). KF-EXP-01 and KF-EXP-03, and hostile workbooks."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from market.kernel import sheets
from market.kernel.errors import Invalid
from market.kernel.money import Money
from market.kernel.sheets import Column, from_csv, to_csv
from market.spreadsheets import from_xlsx, to_xlsx

from .test_sheets import ATTACKS, COLUMNS, NAME, NOTE, PRICE


def opened(content: bytes) -> list[list[Any]]:
    """The cells of the first sheet as a spreadsheet program has them."""
    return [list(row) for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows()]


def workbook(*rows: list[Any], macro: bool = False, parts: dict[str, bytes] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**(parts or {}), **({"xl/vbaProject.bin": b"x"} if macro else {})}.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("text", ATTACKS)
def test_every_text_is_a_cell_of_text_kind(text: str) -> None:
    """KF-EXP-01: no apostrophe is needed here, and nothing computes."""
    cell = opened(to_xlsx([{"name": text}], [NAME], title="名单"))[1][0]

    assert cell.data_type in ("s", "inlineStr")
    assert cell.number_format == "@"
    assert "'" not in str(cell.value).replace(text, "")
    assert b"<f>" not in b"".join(_parts(to_xlsx([{"name": text}], [NAME], title="名单")))


def test_codes_and_chinese_come_back_exactly() -> None:
    """KF-EXP-03."""
    codes = ["110000000012345678", "9112E500000000000E", "061010", "000123", "2026-03-04", "12E5", "营业执照𠮷é", "=1"]

    table = from_xlsx(to_xlsx([{"name": code, "price": "1"} for code in codes], COLUMNS, title="单"), COLUMNS)

    assert not table.errors
    assert [row.cells["name"] for row in table.rows] == codes


@pytest.mark.parametrize(
    ("value", "kind", "written", "form"),
    [
        (Money(-4000), "n", -40, "0.00"),
        (Decimal("0.10"), "n", 0.1, "0.00"),
        (0, "n", 0, "0"),
        (12345678901234, "n", 12345678901234, "0"),
        (1234567890123456, "s", "1234567890123456", "@"),
        (Decimal("12345678901234.56"), "s", "12345678901234.56", "@"),
        (date(2026, 3, 4), "s", "2026-03-04", "@"),
        (datetime(2026, 3, 4, 16, tzinfo=UTC), "s", "2026-03-05 00:00", "@"),
        (True, "s", "true", "@"),
    ],
)
def test_numbers_are_numbers_where_a_spreadsheet_keeps_them_and_days_are_texts(
    value: Any, kind: str, written: Any, form: str
) -> None:
    """KF-EXP-02, KF-EXP-03."""
    cell = opened(to_xlsx([{"price": value}], [PRICE], title="单"))[1][0]

    assert (cell.data_type, cell.value, cell.number_format) == (kind, written, form)


def test_what_has_no_form_is_not_exported_by_accident() -> None:
    with pytest.raises(TypeError):
        to_xlsx([{"price": 0.1}], [PRICE], title="单")


def test_the_sheet_has_its_title_a_remark_and_the_labels_and_no_other_columns() -> None:
    content = to_xlsx([{"name": "a", "secret": "b"}], [NAME, NOTE], title="[2026]/清单?" * 9, remark="供阅读\n1 行")
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]

    assert len(sheet.title) <= 31
    assert not set(sheet.title) & set("[]:*?/\\")
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["# 供阅读 1 行", None],
        ["名称", "备注"],
        ["a", None],
    ]
    assert from_xlsx(content, [NAME, NOTE]).rows[0].number == 3


def test_characters_that_a_workbook_cannot_hold_do_not_break_it() -> None:
    shown = opened(to_xlsx([{"name": "a\x00\x0b\ud800\uffffb\r\nc" + "x" * 40_000}], [NAME], title=""))[1][0].value

    assert shown.startswith("ab\ncxxx")
    assert len(shown) == 32_767


@settings(max_examples=25)
@given(st.lists(st.tuples(st.text(max_size=15), st.text("=+-@'_x0D;\t\n 中", max_size=15)), max_size=5))
def test_a_sheet_says_what_the_table_for_people_says(pairs: list[tuple[str, str]]) -> None:
    """Compared on texts without the characters that XML cannot hold or changes."""
    rows = [{"name": _in_xml(a) or "x", "note": _in_xml(b)} for a, b in pairs]

    by_sheet = from_xlsx(to_xlsx(rows, [NAME, NOTE], title="x"), [NAME, NOTE])
    by_csv = from_csv(to_csv(rows, [NAME, NOTE], for_people=True), [NAME, NOTE])

    assert [row.cells for row in by_sheet.rows] == [row.cells for row in by_csv.rows]


# Reading what programs write


def test_cells_are_read_as_the_texts_that_people_see() -> None:
    table = from_xlsx(
        workbook(
            ["名称", "价格（元）", "备注"],
            ["a", 1200, 0.1],
            ["b", 1234.5, True],
            [None, None, None],
            [date(2026, 3, 4), datetime(2026, 3, 4, 9, 30), time(9, 30)],  # noqa: DTZ001 - as a spreadsheet has it
            [1e-7, -0.0, 100.0],
        ),
        COLUMNS,
    )

    assert not table.errors
    assert [(row.number, *row.cells.values()) for row in table.rows] == [
        (2, "a", "1200", "0.1"),
        (3, "b", "1234.5", "true"),
        (5, "2026-03-04", "2026-03-04 09:30", "09:30:00"),
        (6, "0.0000001", "0", "100"),
    ]


def test_formulas_errors_and_rounded_numbers_are_faults_of_their_rows() -> None:
    """A number of 16 digits and more has lost its end before it comes here."""
    table = from_xlsx(
        workbook(["name", "price"], ["=1+1", 1], ["a", "#N/A"], [610104198510159970, 1], ["text =1", 2]), COLUMNS
    )

    assert [(error.row, error.column, error.reason) for error in table.errors] == [
        (2, "A", sheets.FORMULA),
        (3, "B", sheets.CELL_ERROR),
        (4, "A", sheets.LOST_DIGITS),
    ]
    assert str(table.errors[1]) == "3 B: The cell holds the error #N/A."
    assert [row.cells["name"] for row in table.rows] == ["text =1"]


def test_a_table_has_at_most_so_many_rows_and_columns() -> None:
    header = ["name", "price"]
    assert len(from_xlsx(workbook(header, *[["a", 1]] * 3), COLUMNS, most_rows=3).rows) == 3
    with pytest.raises(Invalid, match="more than 3 rows"):
        from_xlsx(workbook(header, *[["a", 1]] * 4), COLUMNS, most_rows=3)
    with pytest.raises(Invalid, match="more than 100 columns"):
        from_xlsx(workbook([f"c{i}" for i in range(300)]), COLUMNS)


def test_rows_far_below_are_not_silently_left_out() -> None:
    """A sheet with a value in row 1,000,000 is refused quickly rather than read as if that row were not there."""
    book = Workbook()
    book.active.append(["name", "price"])  # type: ignore[union-attr]
    book.active.cell(row=1_000_000, column=1, value="far")  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(Invalid, match="more than 5 rows"):
        from_xlsx(out.getvalue(), COLUMNS, most_rows=5)


def test_empty_rows_far_below_do_no_harm_and_rows_that_cannot_exist_do() -> None:
    """Programs write formatted empty rows; a row number in the thousand millions would be read for hours."""
    with zipfile.ZipFile(io.BytesIO(workbook(["name", "price"], ["a", 1]))) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    sheet = parts["xl/worksheets/sheet1.xml"]

    def with_row(number: int) -> bytes:
        row = f'<row r="{number}"><c r="A{number}"/></row></sheetData>'.encode()
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", row)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return out.getvalue()

    assert len(from_xlsx(with_row(100_000), COLUMNS, most_rows=5).rows) == 1
    with pytest.raises(Invalid, match="not a readable XLSX"):
        from_xlsx(with_row(4_000_000_000), COLUMNS, most_rows=5)


def test_an_empty_workbook_has_no_header() -> None:
    with pytest.raises(Invalid, match="no header"):
        from_xlsx(workbook(), COLUMNS)


# Hostile files


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + b"x" * 600, b"name,price\na,1\n"])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="not a readable XLSX") as refused:
        from_xlsx(content, COLUMNS)

    assert "password" in refused.value.fields["file"][0].remedy  # type: ignore[union-attr]


def test_macros_are_refused() -> None:
    for content in (
        workbook(["name"], macro=True),
        workbook(["name"], parts={"xl/macrosheets/sheet1.xml": b"<x/>"}),
    ):
        with pytest.raises(Invalid, match="contains macros"):
            from_xlsx(content, COLUMNS)


def test_a_few_kilobytes_that_unpack_to_very_much_are_refused_unopened() -> None:
    content = workbook(["name"], parts={"xl/media/bomb.bin": bytes(60 * 2**20)})

    assert len(content) < 100_000
    with pytest.raises(Invalid, match="more than 50 megabytes"):
        from_xlsx(content, COLUMNS)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(Invalid, match="too large"):
        from_xlsx(workbook(["name"], parts={f"x/{i}": b"" for i in range(1001)}), COLUMNS)


@pytest.mark.parametrize(
    "xml",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b"<!doctype x><x/>",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><x/>'.encode("utf-16"),
    ],
)
def test_document_type_declarations_are_refused_in_every_encoding(xml: bytes) -> None:
    with pytest.raises(Invalid, match="not a readable XLSX"):
        from_xlsx(workbook(["name"], parts={"xl/extra.xml": xml}), COLUMNS)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"]
)
def test_a_damaged_part_is_a_refusal_and_no_error(part: str) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(["name", "price"], ["a", 1]))) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[part] = b"<broken"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    with pytest.raises(Invalid):
        from_xlsx(out.getvalue(), COLUMNS)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_a_workbook_with_changed_bytes_is_read_or_refused_and_never_an_error(place: int, change: bytes) -> None:
    content = bytearray(workbook(["name", "price"], ["a", 1]))
    start = place % len(content)
    content[start : start + len(change)] = change
    try:
        from_xlsx(bytes(content), [Column("name"), Column("price")])
    except Invalid as refused:
        assert refused.fields["file"]  # noqa: PT017


def _parts(content: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist() if "worksheets" in name]


def _in_xml(text: str) -> str:
    return "".join(c for c in text if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c < "\ufffe").strip()
