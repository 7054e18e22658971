"""Slips for paper originals."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from market.db import db
from market.documents import operations, queries
from market.kernel.actor import Role
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.record.models import AuditEntry
from tests.integration.factories import centres

ORDER = "R-00000000X"


def test_a_slip_lists_the_papers_and_bears_no_name(app: Flask, someone) -> None:
    """KF-AUD-04"""
    buyer = someone(Role.BUYER)
    slip = operations.make_slip(ORDER, ["业主同意书，12 页", " ", "授权委托书"], by=buyer.actor)
    page = buyer.client.get(f"/slips/{slip.code}").text
    paper = page.split('class="wm-paper wm-slip"')[1].split("</footer>")[0]
    for words in (slip.code, ORDER, "业主同意书，12 页", "授权委托书", "<svg"):
        assert words in paper
    for words in ("测试单位", "测试人员", buyer.person.email):
        assert words not in paper
    assert slip.originals == ["业主同意书，12 页", "授权委托书"]


def test_the_qr_code_holds_the_address_of_the_slip(app: Flask, someone) -> None:
    import segno

    buyer = someone(Role.BUYER)
    slip = operations.make_slip(ORDER, ["a"], by=buyer.actor)
    page = buyer.client.get(f"/slips/{slip.code}").text
    address = f"{app.extensions['settings'].public_url}/slips/{slip.code}"
    expected = segno.make(address, error="m", micro=False)
    size = expected.symbol_size(border=2)[0]
    assert f'viewBox="0 0 {size} {size}"' in page
    path = re.search(r'<path class="qrline"[^>]* d="([^"]+)"', page)
    assert path is not None
    assert path[1] in expected.svg_inline(border=2, omitsize=True)


def test_only_the_owner_and_counter_staff_see_it(app: Flask, someone, client) -> None:
    """KF-ACC-05"""
    buyer, stranger, clerk = someone(Role.BUYER), someone(Role.BUYER), someone(Role.COUNTER)
    colleague = someone(Role.BUYER, organisation=buyer.membership.organisation)
    slip = operations.make_slip(ORDER, ["a"], by=buyer.actor)
    path = f"/slips/{slip.code}"
    answers = [one.client.get(path).status_code for one in (buyer, colleague, clerk, stranger, someone(Role.OPERATOR))]
    assert answers == [200, 200, 200, 404, 404]
    assert "/sign-in" in client.get(path).location
    assert clerk.client.get("/slips/B-00000000X").status_code == 404


def test_counter_staff_confirm_the_reception_once(app: Flask, someone) -> None:
    """KF-JOB-02"""
    buyer, clerk, other = someone(Role.BUYER), someone(Role.COUNTER), someone(Role.COUNTER)
    slip = operations.make_slip(ORDER, ["a", "b"], by=buyer.actor)
    with pytest.raises(Forbidden):
        operations.receive_slip(slip.code, centre="610117-01", by=buyer.actor)
    with pytest.raises(Invalid):
        operations.receive_slip(slip.code, centre="610117-01", missing=["c"], by=clerk.actor)
    with pytest.raises(NotFound):
        operations.receive_slip("B-00000000X", centre="610117-01", by=clerk.actor)
    got = operations.receive_slip(slip.code, centre="610117-01", missing=["b"], by=clerk.actor)
    again = operations.receive_slip(slip.code, centre="other", by=other.actor)
    assert (again.received_by, again.centre, again.missing) == (clerk.person.code, "610117-01", ["b"])
    assert got.received_at is not None
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "SlipReceived"))
    assert entry.facts["missing"] == 1
    assert "缺：b" in buyer.client.get(f"/slips/{slip.code}").text


def test_a_clerk_makes_one_for_whom_he_serves(app: Flask, someone) -> None:
    clerk = someone(Role.COUNTER)
    _, _, acting = centres.served(clerk.actor)
    slip = operations.make_slip(ORDER, ["a"], centre="610117-01", by=acting)
    assert (slip.person, slip.organisation, slip.centre) == (acting.on_behalf_of, None, "610117-01")


@pytest.mark.parametrize("originals", [[], ["  "], ["a"] * 21, ["a" * 101]])
def test_what_is_no_list_of_papers_is_refused(app: Flask, someone, originals: list[str]) -> None:
    with pytest.raises(Invalid):
        operations.make_slip(ORDER, originals, by=someone(Role.BUYER).actor)


def test_ten_slips_wait_at_most(app: Flask, someone) -> None:
    buyer, clerk = someone(Role.BUYER), someone(Role.COUNTER)
    slips = [operations.make_slip(ORDER, ["a"], by=buyer.actor) for _ in range(10)]
    with pytest.raises(RuleBroken):
        operations.make_slip(ORDER, ["a"], by=buyer.actor)
    operations.receive_slip(slips[0].code, centre="610117-01", by=clerk.actor)
    operations.make_slip(ORDER, ["a"], by=buyer.actor)
    assert len(queries.slips_of(ORDER)) == 11


def test_the_owner_is_told_what_came_and_that_something_is_missing(app: Flask, someone) -> None:
    buyer, clerk = someone(Role.BUYER), someone(Role.COUNTER)
    whole, short = (operations.make_slip(ORDER, ["a", "b"], by=buyer.actor) for _ in range(2))
    operations.receive_slip(whole.code, centre="610117-01", by=clerk.actor)
    operations.receive_slip(short.code, centre="610117-01", missing=["a"], by=clerk.actor)
    messages = buyer.client.get("/messages").text
    assert f"{whole.code} 的材料已全部收到" in messages
    assert f"{short.code} 的材料已收到，但不齐" in messages
