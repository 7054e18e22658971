"""Who reads the documents of an order, and what their owner sees of that."""

import pytest
from flask import Flask
from sqlalchemy import select

from market.db import db
from market.documents import operations, queries
from market.documents.models import Document
from market.documents.rules import Purpose
from market.kernel.actor import Role, system
from market.record.models import AuditEntry
from tests.integration.factories.documents import given, pdf

ORDER = "R-00000000X"


def events(name: str) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == name).order_by(AuditEntry.number)))


def paper(someone, by) -> Document:
    document = given(by.actor, purpose="paper")
    return operations.attach(document.code, ORDER, by=by.actor)


def test_both_sides_of_an_order_read_what_belongs_to_it(app: Flask, someone) -> None:
    """KF-ACC-05: by role and by order."""
    buyer, vendor, rival = someone(Role.BUYER), someone(Role.VENDOR), someone(Role.VENDOR)
    colleague = someone(Role.VENDOR, organisation=vendor.membership.organisation)
    document = paper(someone, buyer)
    path = f"/documents/{document.code}"

    def answers() -> list[int]:
        return [one.client.get(path).status_code for one in (buyer, vendor, colleague, rival)]

    assert answers() == [200, 404, 404, 404]
    operations.let_read(ORDER, organisation=vendor.actor.organisation, by=system())
    operations.let_read(ORDER, organisation=vendor.actor.organisation, by=system())
    assert answers() == [200, 200, 200, 404]
    result = operations.attach(given(vendor.actor, purpose="result").code, ORDER, by=vendor.actor)
    assert buyer.client.get(f"/documents/{result.code}").status_code == 404, (
        "the buyer is let in by orders, like everybody"
    )
    operations.let_read(ORDER, organisation=buyer.actor.organisation, by=system())
    assert buyer.client.get(f"/documents/{result.code}").status_code == 200
    operations.stop_reading(ORDER, organisation=vendor.actor.organisation, by=system())
    operations.stop_reading(ORDER, organisation=vendor.actor.organisation, by=system())
    assert answers() == [200, 404, 404, 404]
    assert [entry.facts["reads"] for entry in events("ReadersChanged")] == [True, True, False]
    assert events("DocumentRead") == [], "the sides of an order are no staff"


def test_a_citizen_reads_in_whatever_role_he_is_signed_in(app: Flask, someone) -> None:
    buyer, vendor, citizen = someone(Role.BUYER), someone(Role.VENDOR), someone(Role.BUYER)
    operations.let_read(ORDER, person=citizen.person.code, by=system())
    result = operations.attach(given(vendor.actor, purpose="result").code, ORDER, by=vendor.actor)
    assert citizen.client.get(f"/documents/{result.code}").status_code == 200
    assert buyer.client.get(f"/documents/{result.code}").status_code == 404


def test_readers_of_one_order_do_not_read_another(app: Flask, someone) -> None:
    buyer, vendor = someone(Role.BUYER), someone(Role.VENDOR)
    operations.let_read("R-00000001X", organisation=vendor.actor.organisation, by=system())
    document = paper(someone, buyer)
    assert vendor.client.get(f"/documents/{document.code}").status_code == 404


@pytest.mark.parametrize("who", [{}, {"person": "P-1", "organisation": "O-1"}])
def test_one_party_is_let_in_at_a_time(app: Flask, who: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one"):
        operations.let_read(ORDER, by=system(), **who)


def test_what_the_market_makes_belongs_to_nobody_and_is_read_by_both_sides(app: Flask, someone) -> None:
    """KF-FIL-04: neither side can take it out."""
    buyer, stranger = someone(Role.BUYER), someone(Role.BUYER)
    made = operations.keep_made(pdf("合同"), "合同 R-00000000X", Purpose.CONTRACT, ORDER, by=system())
    operations.let_read(ORDER, organisation=buyer.actor.organisation, by=system())
    got = buyer.client.get(f"/documents/{made.code}")
    assert (got.status_code, got.data) == (200, pdf("合同"))
    assert stranger.client.get(f"/documents/{made.code}").status_code == 404
    assert buyer.client.submit(f"/documents/{made.code}/remove").status_code == 404


def test_the_owner_sees_which_staff_read_what_and_when(app: Flask, someone) -> None:
    """KF-AUD-03: an entry on the right thing, seen by whom it concerns and by nobody else."""
    buyer, other = someone(Role.BUYER), someone(Role.BUYER)
    operator, auditor = someone(Role.OPERATOR), someone(Role.AUDITOR)
    document = paper(someone, buyer)
    assert "没有工作人员" in buyer.client.get("/documents/readings").text
    for one in (operator, auditor, operator):
        one.client.get(f"/documents/{document.code}")
    page = buyer.client.get("/documents/readings").text
    assert page.count("营业执照.pdf") == 3
    assert ORDER in page
    assert queries.readings(buyer.actor) is not None
    assert "营业执照.pdf" not in other.client.get("/documents/readings").text
    assert "测试人员" not in page.split('id="readings"')[1].split('id="consents"')[0], (
        "staff are shown by duty and office"
    )


def test_the_readings_page_needs_a_sign_in_and_is_linked_from_the_account(app: Flask, client, someone) -> None:
    assert "/sign-in" in client.get("/documents/readings").location
    assert "/documents/readings" in someone(Role.BUYER).client.get("/account").text


def test_the_figures_are_public(app: Flask, client) -> None:
    assert client.get("/documents/saved").status_code == 200
