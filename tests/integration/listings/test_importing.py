"""Offers in bulk: out, edited, in again; row-wise faults; nothing computed by a spreadsheet."""

import io

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Invalid
from market.listings import importing, operations, queries
from market.listings.models import Listing
from market.record.models import AuditEntry
from tests.integration.factories import vendors
from tests.integration.factories.listings import FREE_ITEM, drafted

HEAD = "item,title,price_model,price,days,capacity,deliverables\n"
GOOD = f"{FREE_ITEM},稳评一,fixed,12000,15,3,报告\n社会稳定风险评估,稳评二,fixed,9000.50,10,2,报告；电子版\n"


@pytest.fixture
def vendor(app: Flask, someone):
    return vendors.active(someone().actor)


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Listing)) or 0


def test_good_rows_become_drafts(vendor) -> None:
    outcome = importing.import_listings((HEAD + GOOD).encode(), good_rows_only=False, by=vendor[1])
    assert (len(outcome.made), outcome.faults) == (2, [])
    second = queries.listing(outcome.made[1])
    assert (second.item, second.price_fen, second.deliverables) == (FREE_ITEM, 900_050, ["报告", "电子版"])


def test_one_refused_row_leaves_everything_as_it_was(vendor) -> None:
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    bad = f"{FREE_ITEM},坏,fixed,zwölf,15,3,报告\nno-such-item,坏,fixed,1,15,3,报告\n"
    outcome = importing.import_listings((HEAD + GOOD + bad).encode(), good_rows_only=False, by=vendor[1])
    assert [(fault.row, fault.column) for fault in outcome.faults] == [(4, "price"), (5, "item")]
    assert count() == 0
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_good_rows_count_alone_when_asked(vendor) -> None:
    bad = f"{FREE_ITEM},坏,fixed,zwölf,15,3,报告\n"
    outcome = importing.import_listings((HEAD + bad + GOOD).encode(), good_rows_only=True, by=vendor[1])
    assert (len(outcome.made), [fault.row for fault in outcome.faults], count()) == (2, [2], 2)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_goes_out_comes_in_again_unchanged(vendor, kind: str) -> None:
    """KF-EXP-01, KF-EXP-03: formulas stay text, Chinese and codes stay what they are."""
    row = drafted(*vendor, title="=1+1", description="+SUM(1,1) 𠮷é", districts=["610102"], travel_fen=0)
    before = {name: getattr(row, name) for name in operations.FIELDS}
    file = importing.as_file(importing.rows_of(vendor[0].id), kind)
    if kind == "xlsx":
        cells = [cell for line in openpyxl.load_workbook(io.BytesIO(file)).active.iter_rows() for cell in line]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    else:
        assert file.startswith(b"\xef\xbb\xbf")
        assert b",=1+1" not in file
    outcome = importing.import_listings(file, good_rows_only=False, by=vendor[1])
    assert (list(outcome.changed), list(outcome.faults)) == ([row.code], [])
    db.session.expire_all()
    assert {name: getattr(queries.listing(row.code), name) for name in operations.FIELDS} == before


def test_a_row_with_anothers_code_is_refused(vendor, someone) -> None:
    """KF-ACC-05: a code of somebody else is as unknown as one that does not exist."""
    other = vendors.active(someone().actor, number=2, name="另一家有限公司")
    code = drafted(*other).code
    file = f"code,{HEAD}{code},{FREE_ITEM},mine,fixed,1,15,3,报告\n".encode()
    outcome = importing.import_listings(file, good_rows_only=True, by=vendor[1])
    assert [(fault.row, fault.column) for fault in outcome.faults] == [(2, "code")]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04 no zip"])
def test_what_is_no_table_is_refused_on_the_file(vendor, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        importing.import_listings(content, good_rows_only=False, by=vendor[1])
    assert list(refused.value.fields) == ["file"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_imported_as_it_is(vendor, kind: str) -> None:
    outcome = importing.import_listings(
        importing.as_file(importing.example(), kind), good_rows_only=False, by=vendor[1]
    )
    assert (len(outcome.made), list(outcome.faults)) == (1, [])


def test_the_page_shows_the_faults_of_each_row(vendor, someone) -> None:
    browser = someone(Role.VENDOR, organisation=vendor[0].organisation).client
    bad = f"{HEAD}{FREE_ITEM},坏,fixed,zwölf,15,3,报告\n"
    file = (io.BytesIO(bad.encode()), "offers.csv")
    answer = browser.submit("/desk/offers/import?lang=en", {"file": file}, content_type="multipart/form-data")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "1 rows are refused" in text
    assert "Please give an amount in yuan" in text
    done = browser.submit("/desk/offers/import", {"file": (io.BytesIO((HEAD + GOOD).encode()), "offers.csv")}, content_type="multipart/form-data")  # fmt: skip  # noqa: E501
    assert done.status_code == 302
    for path in ("export.csv", "export.xlsx", "template.csv", "template.xlsx"):
        assert browser.get(f"/desk/offers/{path}").status_code == 200
    assert browser.get("/desk/offers/export.exe").status_code == 404


def test_an_export_holds_everything_not_one_page(vendor, someone) -> None:
    """KF-EXP-04: the desk shows 50 a page, the export has all 57."""
    for number in range(57):
        drafted(*vendor, title=f"第{number}项")
    assert len(importing.rows_of(vendor[0].id)) == 57
    browser = someone(Role.VENDOR, organisation=vendor[0].organisation).client
    assert browser.get("/desk/offers?lang=en").get_data(as_text=True).count("wm-notice") == 50
    assert browser.get("/desk/offers?page=2").get_data(as_text=True).count("wm-notice") == 7
    assert len(browser.get("/desk/offers/export.csv").get_data(as_text=True).strip().splitlines()) >= 58
