"""Tables that people open in a spreadsheet and hand back: CSV in both directions, and what XLSX shares with
it.

Two kinds of CSV. For machines: UTF-8, keys as header, every value exactly as stored. For people: a mark of
encoding, names as header, a first line that says what it is, and no cell that a spreadsheet program takes
for a formula; numbers stay numbers. Programs of people still turn long codes into 9.1E+17: whoever wants to
edit should take XLSX (market/spreadsheets.py).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from market.kernel.calendar import to_local
from market.kernel.errors import Invalid, fill
from market.kernel.money import Money
from market.kernel.names import name_key
from market.kernel.words import N_

LARGEST_ROWS = 10_000
LARGEST_COLUMNS = 100
#: the longest text that a spreadsheet cell holds
LONGEST_CELL = 32_767
#: a first line that begins like this speaks about the table and is no row of it
REMARK = "#"

BOM = b"\xef\xbb\xbf"
_TRIGGERS = "=+\\-@\t\r＝＋－＠﹢﹣﹦﹫−"
_LEADERS = "\\s\"'“”‘’＂＇\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f"
#: where a cell may begin: at the front, and after what other settings take for the border of a cell
_BORDER = "(?:^|(?<=[;；\t\r\n]))"
_DANGER = re.compile(f"{_BORDER}(?=[{_LEADERS}]*[{_TRIGGERS}])")
_GUARDED = re.compile(f"{_BORDER}'(?=[{_LEADERS}]*[{_TRIGGERS}])")

WRONG_TYPE = N_("This is not a CSV file.")
WRONG_TYPE_REMEDY = N_("Save it as “CSV UTF-8”, or send it as XLSX.")
EMPTY = N_("The table has no header.")
TOO_MANY_ROWS = N_("The table has more than %(most)s rows.")
TOO_MANY_ROWS_REMEDY = N_("Divide it into smaller files.")
TOO_MANY_COLUMNS = N_("The table has more than %(most)s columns.")
UNKNOWN_COLUMN = N_("Column “%(column)s” is not known.")
REPEATED_COLUMN = N_("Column “%(column)s” stands there more than once.")
MISSING_COLUMN = N_("Column “%(column)s” is missing.")
COLUMN_REMEDY = N_("Take the header from the template.")
TOO_MANY_CELLS = N_("The row has %(cells)s cells, the header only %(columns)s.")
TOO_LONG = N_("The text has more than %(most)s characters.")
UNREADABLE_ROW = N_("The row cannot be read: quotation marks do not match.")
FORMULA = N_("The cell holds a formula.")
FORMULA_REMEDY = N_("Copy the column and paste it as values.")
LOST_DIGITS = N_("The spreadsheet program has rounded this number: it keeps 15 digits.")
LOST_DIGITS_REMEDY = N_("Format the column as text and type the number again.")
CELL_ERROR = N_("The cell holds the error %(error)s.")
WRONG_WORKBOOK = N_("This is not a readable XLSX file.")
WRONG_WORKBOOK_REMEDY = N_("Save it as XLSX without a password, or send it as CSV.")
MACROS = N_("The file contains macros.")
MACROS_REMEDY = N_("Save it as XLSX without macros.")
TOO_LARGE = N_("The table is too large when unpacked: more than %(most)s megabytes.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `key` for programs, `label` for people (already in the reader's language), `also` other
    accepted headers (the label in the other language), `required`: an import without this column is refused.
    """

    key: str
    label: str = ""
    also: tuple[str, ...] = ()
    required: bool = False

    def answers_to(self, header: str) -> bool:
        """Whether `header` means this column; width, case and spaces do not count."""
        return name_key(header) in {name_key(name) for name in (self.key, self.label, *self.also) if name}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in row `row` of the file (the header's row counted as the file shows it), in `column` by
    key if known."""

    row: int
    column: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {fill(self.reason, self.params)}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an import: its number in the file and its texts by column key (absent cells are empty)."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: good rows in order, and everything that is wrong. Whether good rows count is for the
    importer to say."""

    rows: tuple[Row, ...]
    errors: tuple[RowError, ...] = ()


def neutralise(text: str) -> str:
    """`text` so that no spreadsheet program computes it: an apostrophe before a place where a formula would
    begin.

    Such a place is the front of the text, or after a semicolon, tab or line break, followed (after spaces,
    quotes and invisible characters) by = + - @ tab or CR, full-width and small forms included. Harmless text
    comes back unchanged.
    """
    return _DANGER.sub("'", text)


def restore(text: str) -> str:
    """The text that `neutralise` was given: the exact inverse, for importing what people exported and
    edited."""
    return _GUARDED.sub("", text)


def text_of(value: Any, *, for_people: bool = False) -> str:
    """A stored value as the text of a cell: None is empty, amounts are yuan with two places, decimals
    without exponent, days ISO; instants RFC 3339 in UTC for machines, Beijing time to the minute for people;
    true and false.

    Refuses (TypeError) floats and anything else: nothing is exported by accident.
    """
    if isinstance(value, datetime):
        return f"{to_local(value):%Y-%m-%d %H:%M}" if for_people else _rfc3339(value)
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"a {type(value).__name__} has no form in a table")


def is_number(value: Any) -> bool:
    """Whether a value is written as a number, which no spreadsheet program takes for a formula."""
    return isinstance(value, int | Decimal | Money) and not isinstance(value, bool)


def to_csv(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], *, for_people: bool, remark: str = ""
) -> bytes:
    """The rows as CSV (RFC 4180: commas, CRLF), only the given columns, in their order; a missing value is
    an empty cell.

    For people: UTF-8 with a mark, labels as header, texts neutralised, `remark` (what this is, how many
    rows) on a first line that begins with #. For machines: UTF-8, keys as header, values as stored, and no
    remark.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    if for_people and remark:
        writer.writerow([f"{REMARK} {' '.join(remark.split())}"])
    writer.writerow([neutralise(c.label or c.key) if for_people else c.key for c in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column.key), for_people) for column in columns])
    return (BOM if for_people else b"") + out.getvalue().encode()


def from_csv(content: bytes, columns: Sequence[Column], *, most_rows: int = LARGEST_ROWS) -> Table:
    """The table in a CSV file as people send it: UTF-8 with or without a mark, GB 18030 or marked UTF-16;
    comma, semicolon or tab. Texts come back as people mean them: trimmed, and without the apostrophe that
    `to_csv` puts before formulas.

    Raises `Invalid` (field `file`) when it is no text, has no header or too many rows; everything else is a
    `RowError`: unknown, missing and repeated columns (row of the header), too many cells, overlong texts,
    unmatched quotes. Empty rows and remarks (first lines that begin with #) are passed over.
    """
    text = _decode(content)
    delimiter = _delimiter(text, columns)
    return read_table(_csv_rows(text, delimiter), columns, most_rows=most_rows, restored=True)


def read_table(
    lines: Iterable[tuple[int, Sequence[str] | RowError]],
    columns: Sequence[Column],
    *,
    most_rows: int = LARGEST_ROWS,
    restored: bool = False,
) -> Table:
    """The table in numbered lines of cells: the first line that is neither empty nor a remark is the header.

    A line may be a `RowError` instead of cells, which is passed on. `restored` takes off the apostrophes of
    `to_csv`. Raises `Invalid` and collects `RowError` as `from_csv` says.
    """
    rows: list[Row] = []
    errors: list[RowError] = []
    header: list[Column | None] | None = None
    for number, cells in lines:
        if isinstance(cells, RowError):
            errors.append(cells)
            continue
        texts = [restore(cell).strip() if restored else cell.strip() for cell in cells]
        if not any(texts) or (header is None and texts[0].startswith(REMARK)):
            continue
        if header is None:
            header = _header(number, texts, columns, errors)
            continue
        if len(rows) + len(errors) >= most_rows:
            raise Invalid.field("file", TOO_MANY_ROWS, remedy=TOO_MANY_ROWS_REMEDY, most=most_rows)
        found = list(_row_errors(number, texts, header))
        errors += found
        if not found:
            rows.append(Row(number, _by_key(texts, header, columns)))
    if header is None:
        raise Invalid.field("file", EMPTY, remedy=COLUMN_REMEDY)
    return Table(tuple(rows), tuple(errors))


def _header(number: int, texts: list[str], columns: Sequence[Column], errors: list[RowError]) -> list[Column | None]:
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) > LARGEST_COLUMNS:
        raise Invalid.field("file", TOO_MANY_COLUMNS, most=LARGEST_COLUMNS)
    header: list[Column | None] = []
    for text in texts:
        column = next((c for c in columns if c.answers_to(text)), None)
        if column is None:
            errors.append(_about_column(number, text[:80], UNKNOWN_COLUMN))
        elif column in header:
            errors.append(_about_column(number, column.key, REPEATED_COLUMN, text))
        header.append(column)
    errors += [
        _about_column(number, c.key, MISSING_COLUMN, c.label or c.key)
        for c in columns
        if c.required and c not in header
    ]
    return header


def _about_column(number: int, key: str, reason: str, shown: str = "") -> RowError:
    return RowError(number, key, reason, {"column": shown or key}, COLUMN_REMEDY)


def _row_errors(number: int, texts: list[str], header: list[Column | None]) -> Iterator[RowError]:
    used = max((place for place, text in enumerate(texts, start=1) if text), default=0)
    if used > len(header):
        params = {"cells": used, "columns": len(header)}
        yield RowError(number, "", TOO_MANY_CELLS, params)
    for text, column in zip(texts, header, strict=False):
        if column is not None and len(text) > LONGEST_CELL:
            yield RowError(number, column.key, TOO_LONG, {"most": LONGEST_CELL})


def _by_key(texts: list[str], header: list[Column | None], columns: Sequence[Column]) -> Mapping[str, str]:
    cells = {column.key: "" for column in columns}
    for column, text in zip(header, texts, strict=False):
        if column is not None:
            cells[column.key] = text
    return cells


def _cell(value: Any, for_people: bool) -> str:
    text = text_of(value, for_people=for_people)
    return neutralise(text) if for_people and not is_number(value) else text


def _decode(content: bytes) -> str:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise Invalid.field("file", WRONG_TYPE, remedy=WRONG_TYPE_REMEDY)
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid.field("file", WRONG_TYPE, remedy=WRONG_TYPE_REMEDY)


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """The one of , ; tab under which most known columns stand in one of the first lines; the comma among
    equals."""

    def known(delimiter: str) -> int:
        lines = (cells for _, cells in zip(range(5), _csv_rows(text, delimiter), strict=False))
        return max(
            (
                sum(any(c.answers_to(cell) for cell in cells[:LARGEST_COLUMNS]) for c in columns)
                for _, cells in lines
                if not isinstance(cells, RowError)
            ),
            default=0,
        )

    return max(",;\t", key=known)


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """Numbered lines of cells. Numbers count records as a spreadsheet shows them, so a cell with line breaks
    is one row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, RowError(number, "", UNREADABLE_ROW)


def _rfc3339(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise TypeError("a time without an offset is no instant")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "",
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: lambda value: f"{value:f}",
    Money: Money.to_yuan,
    date: date.isoformat,
}
