"""The demo market: made once, whole or not at all, marked as invented, with something in every queue."""

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import practice
from market.accounts.models import Person
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel import identifiers
from market.kernel.actor import OFFICIALS, Role
from market.listings import queries as listing_queries
from market.listings.models import Listing, Publication
from market.listings.pricing import Position
from market.listings.states import ListingState
from market.pages import demo, demo_plan
from market.record.models import AuditEntry, OutboxRow
from market.record.queries import chain_faults
from market.vendors import queries as vendor_queries
from market.vendors.models import Licence, Vendor
from market.vendors.states import VendorState
from tests.integration.conftest import NOON, _rolled_back

SMALL = demo.Size(vendors=14, listings=70, days=16)


@pytest.fixture(scope="module")
def market(migrated_app: Flask) -> Iterator[demo.Built]:
    """A small demo market, built once for these tests."""
    with migrated_app.app_context(), clock.frozen(NOON), _rolled_back(migrated_app):
        yield demo.build(SMALL, say=lambda line: None)


def names() -> list[Vendor]:
    return list(db.session.scalars(select(Vendor).order_by(Vendor.id)))


def test_it_is_made_in_the_size_asked_for(market: demo.Built) -> None:
    assert (market.made, market.vendors, market.listings) == (True, 14, 70)


def test_a_second_run_leaves_it_as_it_is(market: demo.Built) -> None:
    before = db.session.scalar(select(AuditEntry.number).order_by(AuditEntry.number.desc()))
    again = demo.build(SMALL, say=pytest.fail)
    assert (again.made, again.vendors, again.listings) == (False, 14, 70)
    assert db.session.scalar(select(AuditEntry.number).order_by(AuditEntry.number.desc())) == before


def test_every_vendor_is_marked_as_invented_and_its_code_is_nobodys(market: demo.Built) -> None:
    for vendor in names():
        assert vendor.name.endswith(("（示例）", "（示例）（示例）")), vendor.name
        assert vendor.credit_code is not None
        assert vendor.credit_code[8:10] == "YY", "organisation codes that begin with YY are not given out"
    held = [vendor.credit_code for vendor in names() if vendor.state is VendorState.ACTIVE]
    assert all(identifiers.credit_code(code or "", clock.today()).accepted for code in held)
    people = list(db.session.scalars(select(Person)))
    assert all(person.email.endswith("@demo.example") and person.name.startswith("示例") for person in people)


def test_identity_numbers_are_well_formed_and_of_nobody_living() -> None:
    today = NOON.date()
    numbers = demo_plan._nobody(today)
    some = [next(numbers) for _ in range(250)]
    assert len(set(some)) == 250
    for number in some:
        verdict = identifiers.resident_id(number, today)
        assert verdict.accepted
        assert verdict.birth is not None
        assert today.year - verdict.birth.year == 129


def test_every_state_that_an_operator_meets_is_there(market: demo.Built) -> None:
    found = Counter(vendor.state for vendor in names())
    assert found[VendorState.ACTIVE] >= 9
    assert {VendorState.APPLIED, VendorState.RETURNED, VendorState.SUSPENDED} <= set(found)
    queue = vendor_queries.queue(catalogue.calendar(), clock.now())
    assert {"application"} < {entry.kind for entry in queue}, "applications and changes wait"
    returned = next(vendor for vendor in names() if vendor.state is VendorState.RETURNED)
    assert returned.reasons[0]["text"]


def test_the_vendors_desk_has_something_of_everything(market: demo.Built) -> None:
    """The vendor who signs in: a lapsed licence, one near its end, a draft, a paused, a suspended and a published offer."""
    sign_in = next(one for one in practice.sign_ins() if one.role is Role.VENDOR)
    vendor = next(vendor for vendor in names() if vendor.name == sign_in.organisation)
    shelves = {row.state for row in db.session.scalars(listing_queries.of_vendor(vendor.id))}
    assert {ListingState.DRAFT, ListingState.PAUSED, ListingState.SUSPENDED, ListingState.PUBLISHED} <= shelves
    licences = list(db.session.scalars(select(Licence).where(Licence.vendor_id == vendor.id)))
    assert {str(licence.state) for licence in licences} == {"valid", "lapsed"}
    assert any(30 in licence.warned for licence in licences)


def test_there_is_a_sign_in_for_each_role_with_a_code_for_officials(market: demo.Built) -> None:
    found = {one.role: one for one in practice.sign_ins()}
    assert set(found) == set(Role)
    assert {role for role, one in found.items() if one.code} == set(OFFICIALS)
    assert {one.password for one in found.values()} == {practice.demo_password()}


def test_what_happened_lies_in_the_past_in_order_and_the_chain_is_whole(market: demo.Built) -> None:
    times = list(db.session.scalars(select(AuditEntry.at).order_by(AuditEntry.number)))
    assert times == sorted(times)
    assert times[-1] <= NOON
    assert (NOON - times[0]).days > 300
    assert chain_faults() == []


def test_the_index_is_brought_up_to_date_by_one_job_instead_of_thousands(market: demo.Built) -> None:
    assert [row.job for row in db.session.scalars(select(OutboxRow))] == ["market.listings.jobs.sweep_index"]


def test_two_invented_local_standards_bind(market: demo.Built) -> None:
    for spec in demo_plan.DATA["standards"]:
        [item] = spec["items"]
        held = listing_queries.held_for(item)
        assert held is not None
        assert held.reference is not None
        assert (held.standard.slug, held.standard.kind) == (spec["slug"], "guided")
        assert "虚构示例" in held.standard.title_zh
        assert held.standard.typical_inputs["area"] == spec["area"], "the plan's prices are for the typical job"
        open_ = select(Listing).where(Listing.item == item, Listing.state == ListingState.PUBLISHED)
        for row in db.session.scalars(open_):
            last = listing_queries.publication(row)
            place = row.checked_position or last.position
            assert place is Position.WITHIN, (row.title, last.price_fen)


def test_prices_lie_around_the_reference_and_low_ones_are_explained(market: demo.Built) -> None:
    rows = list(db.session.scalars(select(Publication).where(Publication.position != Position.NONE)))
    found = Counter(row.position for row in rows)
    assert found[Position.WITHIN] > 0
    assert found[Position.WITHIN] + found[Position.ABOVE] > found[Position.BELOW]
    for row in rows:
        if row.position is Position.BELOW:
            assert len(row.content["low_price_reason"]) >= 20
