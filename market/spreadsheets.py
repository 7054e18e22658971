"""XLSX in both directions: what stands in market/kernel/sheets.py, as a workbook of one sheet.

Writing: texts are cells of text kind whatever they begin with, so nothing computes and codes keep their
digits; amounts are numbers; days are ISO texts. Reading: no macros, no formulas, no entities, and limits on
what the file unpacks to, because a few kilobytes of ZIP can hold gigabytes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font

from market.kernel.errors import Invalid
from market.kernel.sheets import (
    CELL_ERROR,
    FORMULA,
    FORMULA_REMEDY,
    LARGEST_COLUMNS,
    LARGEST_ROWS,
    LONGEST_CELL,
    LOST_DIGITS,
    LOST_DIGITS_REMEDY,
    MACROS,
    MACROS_REMEDY,
    REMARK,
    TOO_LARGE,
    TOO_MANY_ROWS,
    TOO_MANY_ROWS_REMEDY,
    WRONG_WORKBOOK,
    WRONG_WORKBOOK_REMEDY,
    Column,
    RowError,
    Table,
    is_number,
    read_table,
    text_of,
)

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: all parts of a workbook together, unpacked
LARGEST_UNPACKED = 50 * 2**20
MOST_PARTS = 1_000
#: a spreadsheet program keeps 15 significant digits of a number
EXACT_BELOW = 10**15
#: the last row that the format has
LAST_ROW = 2**20
#: header, remarks and empty rows that may stand beside the rows themselves
SPARE_ROWS = 100

_TEXT_FORMAT = "@"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def to_xlsx(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], *, title: str, remark: str = "") -> bytes:
    """The rows as a workbook with one sheet named `title`: labels as header, only the given columns, in
    their order.

    Values as `sheets.text_of` takes them; refuses (TypeError) the same. Numbers that a spreadsheet cannot
    hold exactly are written as text; characters that XML cannot hold are left out, line breaks become LF,
    texts end at 32,767 characters.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    sheet.freeze_panes = "A3" if remark else "A2"
    try:
        if remark:
            sheet.append([_text_cell(sheet, f"{REMARK} {' '.join(remark.split())}")])
        sheet.append([_text_cell(sheet, column.label or column.key, bold=True) for column in columns])
        for row in rows:
            sheet.append([_value_cell(sheet, row.get(column.key)) for column in columns])
    except TypeError:
        sheet.close()  # openpyxl keeps a temporary file open until the sheet is closed or saved
        raise
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def from_xlsx(content: bytes, columns: Sequence[Column], *, most_rows: int = LARGEST_ROWS) -> Table:
    """The table on the first sheet of a workbook, as texts: numbers plain, days and times ISO, true and
    false.

    Raises `Invalid` (field `file`) for anything but a plain XLSX: password, macros, document type
    declarations, more than 50 MB unpacked, no header, too many rows or columns. A formula, an error, or a
    number that has lost digits is a `RowError` of its cell's row, beside those of `sheets.from_csv`.
    """
    _inspect(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except Exception as broken:  # openpyxl answers a damaged file with almost any error
        raise _not_a_workbook() from broken
    try:
        if not book.worksheets:
            raise _not_a_workbook()
        return read_table(_lines(book.worksheets[0], most_rows), columns, most_rows=most_rows)
    finally:
        book.close()


def _inspect(content: bytes) -> None:
    """Refuse by the ZIP's own list, before anything is unpacked; then look for document type declarations part
    by part."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise Invalid.field("file", TOO_LARGE, most=LARGEST_UNPACKED // 2**20)
            names = [part.filename.lower() for part in parts]
            if any("vbaproject" in name or "macrosheets" in name for name in names):
                raise Invalid.field("file", MACROS, remedy=MACROS_REMEDY)
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _refuse_declarations(archive.read(part))
    except Invalid:
        raise
    except Exception as broken:  # a damaged or encrypted ZIP answers with almost any error
        raise _not_a_workbook() from broken


def _refuse_declarations(xml: bytes) -> None:
    plain = xml.replace(b"\x00", b"")  # so that UTF-16 does not hide one
    if _DECLARATION.search(plain):
        raise _not_a_workbook()


def _not_a_workbook() -> Invalid:
    return Invalid.field("file", WRONG_WORKBOOK, remedy=WRONG_WORKBOOK_REMEDY)


def _lines(sheet: Any, most_rows: int) -> Iterator[tuple[int, list[str] | RowError]]:
    """Numbered rows of texts. Stated dimensions are not believed; rows far below the limit may only be empty."""
    sheet.reset_dimensions()
    blank: Any = None
    rows = enumerate(sheet.iter_rows(max_col=LARGEST_COLUMNS + 1), start=1)
    while (line := _next(rows)) is not None:
        number, cells = line
        if number > LAST_ROW:
            raise _not_a_workbook()
        if number > most_rows + SPARE_ROWS:
            if cells is not blank and any(cell.value is not None for cell in cells):
                raise Invalid.field("file", TOO_MANY_ROWS, remedy=TOO_MANY_ROWS_REMEDY, most=most_rows)
            blank = cells  # openpyxl gives one and the same tuple for all rows that are not there
            continue
        faults = [fault for cell in cells if (fault := _fault(number, cell))]
        yield from ((number, fault) for fault in faults)
        if not faults:
            yield number, [_read(cell.value) for cell in cells] or [""]


def _next(rows: Iterator[tuple[int, Any]]) -> tuple[int, Any] | None:
    try:
        return next(rows, None)
    except Exception as broken:  # openpyxl reads the sheet as it goes, and answers a damaged one with almost any error
        raise _not_a_workbook() from broken


def _fault(number: int, cell: Any) -> RowError | None:
    value, column = cell.value, getattr(cell, "column_letter", "")
    if value is None:
        return None
    if cell.data_type == "f":
        return RowError(number, column, FORMULA, remedy=FORMULA_REMEDY)
    if cell.data_type == "e":
        return RowError(number, column, CELL_ERROR, {"error": str(value)})
    if isinstance(value, int | float) and abs(value) >= EXACT_BELOW:
        return RowError(number, column, LOST_DIGITS, remedy=LOST_DIGITS_REMEDY)
    return None


def _read(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _value_cell(sheet: Any, value: Any) -> Cell:
    text = text_of(value, for_people=True)
    if not is_number(value) or not _fits(Decimal(text)):
        return _text_cell(sheet, text)
    cell = WriteOnlyCell(sheet, value=Decimal(text))  # type: ignore[arg-type]
    places = len(text.partition(".")[2])
    cell.number_format = f"0.{'0' * places}" if places else "0"
    return cell


def _fits(number: Decimal) -> bool:
    return len(number.normalize().as_tuple().digits) <= 15 and abs(number) < EXACT_BELOW


def _text_cell(sheet: Any, text: str, *, bold: bool = False) -> Cell:
    clean = _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_CELL]
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"  # whatever openpyxl made of it: text that begins with = is text
    cell.number_format = _TEXT_FORMAT
    if bold:
        cell.font = Font(bold=True)
    return cell


def _sheet_title(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:31] or "1"
