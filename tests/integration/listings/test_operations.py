"""Drafted, published, paused, suspended, restored, withdrawn, expired."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock, outbox
from market.catalogue import operations as catalogue_operations
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound, RuleBroken, WrongState
from market.listings import jobs, operations, queries
from market.listings.models import Listing
from market.listings.pricing import ExplanationMissing, OutsideStandard, Position, PriceModel
from market.listings.states import ListingState
from market.record.queries import history_of
from market.vendors import licence_operations
from market.vendors import operations as vendor_operations
from tests.integration.conftest import NOON
from tests.integration.factories import vendors
from tests.integration.factories.listings import FREE_ITEM, drafted, published

SURVEY = "property-survey"


@pytest.fixture
def vendor(app: Flask, someone):
    """An active vendor and its actor."""
    return vendors.active(someone().actor)


def state(code: str) -> ListingState:
    db.session.expire_all()
    return queries.listing(code).state


def test_a_listing_goes_its_way(vendor) -> None:
    row = drafted(*vendor)
    assert list(db.session.scalars(queries.offers(FREE_ITEM))) == []
    operations.publish_listing(row.code, by=vendor[1])
    assert [one.code for one in db.session.scalars(queries.offers(FREE_ITEM))] == [row.code]
    operations.pause_listing(row.code, by=vendor[1])
    assert list(db.session.scalars(queries.offers(FREE_ITEM))) == []
    operations.resume_listing(row.code, by=vendor[1])
    operations.withdraw_listing(row.code, by=vendor[1])
    with pytest.raises(WrongState):
        operations.publish_listing(row.code, by=vendor[1])
    events = [entry.event for entry in db.session.scalars(history_of(row.code))]
    assert events == ["ListingWithdrawn", "ListingResumed", "ListingPaused", "ListingPublished", "ListingDrafted"]


def test_the_public_sees_the_last_publication_until_the_next(vendor) -> None:
    row = published(*vendor, title="旧标题")
    operations.edit_listing(row.code, {"title": "新标题", "price_fen": 0}, by=vendor[1])
    assert queries.publication(row).content["title"] == "旧标题"
    operations.publish_listing(row.code, by=vendor[1])
    assert queries.publication(row).content["title"] == "新标题"
    assert queries.publication(row).content["price_fen"] == 0
    assert [p.content["title"] for p in row.publications] == ["旧标题", "新标题"], "each publication keeps its copy"


def test_zero_is_a_value(vendor) -> None:
    """KF-LST-03: 5 to 0 is a change, is kept, shown and recorded."""
    row = drafted(*vendor, guarantee_days=5, travel_fen=500)
    operations.edit_listing(row.code, {"guarantee_days": 0, "travel_fen": 0}, by=vendor[1])
    entry = db.session.scalars(history_of(row.code)).first()
    assert entry.facts["changes"] == {"guarantee_days": ["5", "0"], "travel_fen": ["500", "0"]}
    assert (row.guarantee_days, row.travel_fen) == (0, 0)


def test_saving_what_is_there_changes_and_records_nothing(vendor) -> None:
    row = drafted(*vendor)
    operations.edit_listing(row.code, {"title": row.title, "days": row.days}, by=vendor[1])
    assert [entry.event for entry in db.session.scalars(history_of(row.code))] == ["ListingDrafted"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"), ({"price_fen": None}, "price"), ({"days": 0}, "days"), ({"capacity": 0}, "capacity"),
        ({"deliverables": []}, "deliverables"), ({"price_model": PriceModel.PER_UNIT, "unit": None}, "unit"),
        ({"districts": ["999999"]}, "districts"), ({"practitioners": ["Q-000000000"]}, "practitioners"),
        ({"valid_to": date(2026, 3, 3)}, "valid_to"), ({"price_model": PriceModel.SHARE, "share_permille": 900}, "price_model"),
    ],
)  # fmt: skip
def test_what_buyers_could_not_compare_is_refused_by_field(vendor, fields: dict, field: str) -> None:
    row = drafted(*vendor, **fields)
    with pytest.raises(Invalid) as refused:
        operations.publish_listing(row.code, by=vendor[1])
    assert field in refused.value.fields
    assert state(row.code) is ListingState.DRAFT


def test_only_an_active_vendor_publishes(app: Flask, someone) -> None:
    applicant, actor = vendors.handed_in(someone().actor, number=7)
    row = drafted(applicant, actor)
    with pytest.raises(RuleBroken, match="Only an active vendor"):
        operations.publish_listing(row.code, by=actor)


def test_another_vendor_finds_nothing(vendor, someone) -> None:
    """KF-ACC-05: objects of others answer as if they were not there."""
    row = drafted(*vendor)
    stranger = vendors.active(someone().actor, number=2, name="另一家有限公司")[1]
    for act in (operations.publish_listing, operations.pause_listing, operations.withdraw_listing):
        with pytest.raises(NotFound):
            act(row.code, by=stranger)
    with pytest.raises(NotFound):
        operations.edit_listing(row.code, {"title": "mine"}, by=stranger)


def test_a_share_of_the_standard_and_a_low_price_with_its_reason(vendor) -> None:
    row = drafted(*vendor, item="feasibility", price_model=PriceModel.SHARE, share_permille=700, price_fen=None)
    with pytest.raises(ExplanationMissing):
        operations.publish_listing(row.code, by=vendor[1])
    reason = "同类项目模板成熟，数据自有，三名工程师五日可成，差旅为零。"
    operations.edit_listing(row.code, {"low_price_reason": reason}, by=vendor[1])
    publication = operations.publish_listing(row.code, by=vendor[1])
    assert publication.position is Position.BELOW
    assert publication.standard_version == catalogue.standard_for("feasibility").version
    assert publication.price_fen == round(publication.reference_fen * 0.7)


def test_a_licence_is_needed_where_the_law_demands_it_and_carries_exactly_its_listings(vendor) -> None:
    survey = drafted(*vendor, item=SURVEY)
    free = published(*vendor)
    with pytest.raises(RuleBroken, match="is needed for this service"):
        operations.publish_listing(survey.code, by=vendor[1])
    licence = vendors.confirmed_licence(*vendor, valid_to=date(2026, 3, 31), number="YS-2026-03-31-0001")
    operations.publish_listing(survey.code, by=vendor[1])

    with clock.frozen(NOON.replace(day=31, hour=15, minute=59)):  # 23:59 in Xi'an
        licence_operations.review_days(vendor[0].code, by=vendors.OPERATOR)
        assert state(survey.code) is ListingState.PUBLISHED, "valid through its last day (KF-LST-01)"
    with clock.frozen(NOON.replace(day=31, hour=16)):  # 00:00 on 1 April
        licence_operations.review_days(vendor[0].code, by=vendors.OPERATOR)
        assert state(survey.code) is ListingState.SUSPENDED
        assert state(free.code) is ListingState.PUBLISHED
        assert not queries.is_offered(queries.listing(survey.code))
        renewed = vendors.confirmed_licence(
            *vendor, valid_from=date(2026, 4, 1), valid_to=date(2031, 3, 31), number="YS-2031-03-31-0002"
        )
        assert renewed.code != licence.code
        assert state(survey.code) is ListingState.PUBLISHED, "the renewal restores it"


def test_a_suspended_vendor_offers_nothing_and_a_reinstated_one_what_it_offered(vendor) -> None:
    shown, paused = published(*vendor), published(*vendor, title="另一项")
    operations.pause_listing(paused.code, by=vendor[1])
    vendor_operations.suspend_vendor(
        vendor[0].code, reason="核查期间暂停，待补正材料", basis="示例依据", by=vendors.OPERATOR
    )
    assert (state(shown.code), state(paused.code)) == (ListingState.SUSPENDED, ListingState.SUSPENDED)
    assert list(db.session.scalars(queries.offers(FREE_ITEM))) == []
    vendor_operations.reinstate_vendor(vendor[0].code, reason="材料已补正，核查完成", by=vendors.OPERATOR)
    assert (state(shown.code), state(paused.code)) == (ListingState.PUBLISHED, ListingState.PAUSED)


def test_a_vendor_that_leaves_takes_its_offers_along(vendor) -> None:
    shown, draft = published(*vendor), drafted(*vendor, title="草稿")
    vendor_operations.withdraw_vendor(vendor[0].code, by=vendor[1])
    assert (state(shown.code), state(draft.code)) == (ListingState.WITHDRAWN, ListingState.WITHDRAWN)


def test_the_last_day_counts_and_the_next_ends_it(vendor) -> None:
    """KF-LST-01 for offers: valid through its last day in Asia/Shanghai, by page, search and job alike."""
    row = published(*vendor, valid_to=date(2026, 3, 31))
    with clock.frozen(NOON.replace(day=31, hour=15, minute=59, second=59)):
        jobs.expire_listings()
        assert queries.is_offered(queries.listing(row.code))
    with clock.frozen(NOON.replace(day=31, hour=16)):
        assert not queries.is_offered(queries.listing(row.code)), "also before the job has run"
        assert list(db.session.scalars(queries.offers(FREE_ITEM))) == []
        jobs.expire_listings()
        assert state(row.code) is ListingState.EXPIRED
        operations.edit_listing(row.code, {"valid_to": None}, by=vendor[1])
        operations.publish_listing(row.code, by=vendor[1])
        assert state(row.code) is ListingState.PUBLISHED


def guided_standard(operator, items: list[str]) -> str:
    """A local guided standard for `items`, open for comments, from 12 March on; the code of its version."""
    content = {
        **catalogue.entry("standard", "bid-agency-1980").versions[0].content,
        "id": "local-agency",
        "aliases": [],
    }
    content["kinds"] = [
        {"since": "2026-03-01", "kind": "guided", "basis": {"zh": "虚构", "en": "invented"}, "mark": "M"}
    ]
    version = catalogue_operations.propose_version(
        "standard",
        "local-agency",
        content,
        reason="虚构的地方标准",
        valid_from=date(2026, 3, 12),
        by=operator,
        items=items,
    )
    catalogue_operations.consult(version.code, by=operator)
    return version.code


def test_a_new_binding_standard_suspends_what_does_not_fit_and_tells_what_changed(vendor, someone) -> None:
    operator = someone(Role.OPERATOR).actor
    reference = queries.held_for("bid-agency").reference.base_fen
    fits = published(*vendor, item="bid-agency", price_fen=reference)
    dear = published(*vendor, item="bid-agency", price_fen=reference * 3)
    assert queries.publication(dear).position is Position.ABOVE, "a reference refuses nothing"

    code = guided_standard(operator, ["bid-agency"])
    with clock.frozen(NOON + timedelta(days=8)):
        catalogue_operations.put_in_force(code, by=operator)
        outbox.drain()
        assert state(fits.code) is ListingState.PUBLISHED
        assert state(dear.code) is ListingState.SUSPENDED
        told = [e.facts for e in db.session.scalars(history_of(dear.code)) if e.event == "ListingStandardChanged"]
        assert [(facts["standard_version"], facts["position_now"]) for facts in told] == [(code, "above")]

        jobs.recheck_standard("standard", "local-agency", "2026-03-12")
        assert len(list(db.session.scalars(history_of(dear.code)))) == 4, "looking twice tells nothing twice"

        with pytest.raises(OutsideStandard, match="between"):
            operations.publish_listing(drafted(*vendor, item="bid-agency", price_fen=reference * 3).code, by=vendor[1])


def test_a_suspended_offer_comes_back_with_a_fitting_price(vendor, someone) -> None:
    operator = someone(Role.OPERATOR).actor
    reference = queries.held_for("bid-agency").reference.base_fen
    dear = published(*vendor, item="bid-agency", price_fen=reference * 3)
    code = guided_standard(operator, ["bid-agency"])
    with clock.frozen(NOON + timedelta(days=8)):
        catalogue_operations.put_in_force(code, by=operator)
        outbox.drain()
        operations.edit_listing(dear.code, {"price_fen": reference}, by=vendor[1])
        operations.publish_listing(dear.code, by=vendor[1])
        assert state(dear.code) is ListingState.PUBLISHED


def test_two_at_once_one_revision_each(vendor) -> None:
    row = published(*vendor)
    before = row.revision
    operations.edit_listing(row.code, {"days": 9}, by=vendor[1])
    operations.pause_listing(row.code, by=vendor[1])
    assert db.session.scalar(select(Listing.revision).where(Listing.code == row.code)) == before + 2
