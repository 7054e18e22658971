"""Listings in bulk: one table for export, template and import, as CSV or XLSX.

Everything is read and checked before anything is written; with one row refused nothing is imported, unless the vendor asks for
the good rows alone. Each row becomes a draft, or a change of the listing whose code it names; publishing stays an act of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy import select

from market import http, i18n, spreadsheets
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel import sheets
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, NotFound, Refusal
from market.kernel.sheets import Column
from market.kernel.words import N_
from market.listings import operations, schemas
from market.listings.events import ListingsImported
from market.listings.models import Listing
from market.record.operations import record
from market.transaction import attempt, transactional
from market.vendors import queries as vendors

#: key of each column -> its label
LABELS: Mapping[str, str] = {
    "code": N_("Code (empty: a new offer)"),
    "item": N_("Service (code or Chinese name)"),
    "title": N_("Title"),
    "description": N_("Description"),
    "price_model": N_("Price model (fixed, per_unit, share, quotation)"),
    "price": N_("Price in yuan"),
    "unit": N_("Unit"),
    "covers": N_("Covers up to (units)"),
    "minimum": N_("Least charged in yuan"),
    "share": N_("Share of the standard in %"),
    "tax_excluded": N_("Price without tax (true, false)"),
    "tax": N_("Tax in %"),
    "travel": N_("Travel in yuan"),
    "days": N_("Working days"),
    "guarantee_days": N_("Guarantee in working days"),
    "deliverables": N_("What is delivered (separated by ；)"),
    "districts": N_("Districts (codes separated by ；, empty: all)"),
    "capacity": N_("Jobs at once"),
    "languages": N_("Languages (zh；en)"),
    "low_price_reason": N_("Explanation of a low price"),
    "valid_to": N_("Last day"),
    "state": N_("State (not read)"),
}
LISTS = ("districts", "languages")
REQUIRED = ("item", "title", "price_model", "days", "capacity")
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in a row of the file, in the reader's language."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: codes made and changed, and the faults of the rows that were refused."""

    made: Sequence[str]
    changed: Sequence[str]
    faults: Sequence[RowFault]


def columns() -> list[Column]:
    """The table's columns with labels in the reader's language; an import also takes the keys as headers."""
    return [Column(key, _(label), also=(label,), required=key in REQUIRED) for key, label in LABELS.items()]


def rows_of(vendor_id: int) -> list[dict[str, Any]]:
    """A vendor's listings as rows of the table, all of them."""
    statement = select(Listing).where(Listing.vendor_id == vendor_id).order_by(Listing.item, Listing.id)
    return [_row(row) for row in db.session.scalars(statement)]


def example() -> list[dict[str, Any]]:
    """One invented row for the template."""
    return [
        {
            "item": "house-safety", "title": "住宅房屋安全鉴定（示例）", "description": "现场查勘、检测、出具鉴定报告",
            "price_model": "per_unit", "price": "12.50", "unit": "m²", "minimum": "3000", "tax_excluded": "false", "tax": "6",
            "travel": "0", "days": "10", "guarantee_days": "20", "deliverables": "鉴定报告 3 份；电子版", "districts": "",
            "capacity": "3", "languages": "zh",
        }
    ]  # fmt: skip


def as_file(rows: Sequence[Mapping[str, Any]], kind: str) -> bytes:
    """The table as csv (for people) or xlsx. Texts that a spreadsheet would compute are neutralised."""
    if kind == "xlsx":
        return spreadsheets.to_xlsx(rows, columns(), title=_("Offers"))
    return sheets.to_csv(rows, columns(), for_people=True)


def read(content: bytes) -> sheets.Table:
    """The table in an uploaded file, CSV or XLSX by its content; `Invalid` on field `file` when it is neither."""
    if content[:4] == b"PK\x03\x04":
        return spreadsheets.from_xlsx(content, columns(), most_rows=MOST_ROWS)
    return sheets.from_csv(content, columns(), most_rows=MOST_ROWS)


@transactional
def import_listings(content: bytes, *, good_rows_only: bool, by: Actor) -> Outcome:
    """Read listings from a file into drafts of the actor's vendor.

    Any fault leaves everything as it was, unless `good_rows_only`; the faults name row and column. Raises `Invalid` on `file`
    when the file itself cannot be read.
    """
    vendor = vendors.vendor_of(by.organisation)
    if vendor is None:
        raise NotFound()
    table = read(content)
    faults = [
        RowFault(error.row, error.column, i18n.tell_line(Refusal(error.reason, remedy=error.remedy, **error.params)))
        for error in table.errors
    ]
    made: list[str] = []
    changed: list[str] = []
    try:
        with attempt():
            for row in table.rows:
                try:
                    with attempt():
                        _take(row, vendor.code, made, changed, by)
                except Refusal as refusal:
                    faults += _faults(row.number, refusal)
            if faults and not good_rows_only:
                raise _AllOrNothing
    except _AllOrNothing:
        return Outcome((), (), faults)
    if made or changed:
        record(ListingsImported(vendor.code, len(made) + len(changed), len({fault.row for fault in faults})), by=by)
    return Outcome(made, changed, faults)


class _AllOrNothing(Exception):
    """One row was refused, so none counts."""


def _take(row: sheets.Row, vendor_code: str, made: list[str], changed: list[str], by: Actor) -> None:
    cells = {key: value for key, value in row.cells.items() if value and key != "state"}
    given: dict[str, Any] = dict(cells)
    for key in LISTS:
        given[key] = [part for part in cells.get(key, "").replace(";", "；").split("；") if part.strip()]
    given["deliverables"] = cells.get("deliverables", "").replace("；", "\n").replace(";", "\n")
    given["tax_excluded"] = cells.get("tax_excluded", "false").lower() in ("true", "是", "yes", "1")
    try:
        data = schemas.ListingForm().load(given)
    except ValidationError as error:
        raise http.invalid(error) from None
    fields = schemas.fields_of(data)
    if code := cells.get("code"):
        current = operations.queries.own_listing(code, by.organisation)
        keep = {name: getattr(current, name) for name in ("practitioners", "attachments")}
        operations.edit_listing(code, {**fields, **keep}, by=by)
        changed.append(code)
        return
    made.append(operations.draft_listing(vendor_code, _item(cells.get("item", "")), fields, by=by).code)


def _item(text: str) -> str:
    for item in catalogue.items():
        if text in (item.slug, item.name_zh, item.name_en):
            return item.slug
    raise Invalid.field(
        "item",
        N_("There is no service “%(text)s”."),
        remedy=N_("Take the code or name from the catalogue."),
        text=text[:60],
    )


def _faults(number: int, refusal: Refusal) -> list[RowFault]:
    if isinstance(refusal, Invalid):
        return [
            RowFault(number, name, i18n.tell_line(text)) for name, texts in refusal.fields.items() for text in texts
        ]
    if isinstance(refusal, NotFound):
        return [RowFault(number, "code", _("You have no offer with this code."))]
    return [RowFault(number, "", i18n.tell_line(refusal))]


def _row(row: Listing) -> dict[str, Any]:
    values = schemas.values_of(row)
    return {
        **values,
        "code": row.code,
        "item": row.item,
        "tax_excluded": "false" if row.tax_included else "true",
        "deliverables": "；".join(row.deliverables),
        "districts": "；".join(row.districts),
        "languages": "；".join(row.languages),
        "state": str(row.state),
    }
