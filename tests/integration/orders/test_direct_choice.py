"""From a need to a vendor by direct choice: what the operations do and refuse."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Update, func, select, update

from market import clock, outbox
from market.accounts.models import Organisation, OrganisationKind
from market.db import db, new_code
from market.kernel.actor import Actor, Channel, Role, system
from market.kernel.calendar import last_day
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.listings import operations as listing_operations
from market.listings.models import Listing
from market.listings.pricing import PriceModel
from market.orders import answer_operations, draft_operations, jobs, operations, placing_operations, queries, rules
from market.orders.choice import NotFitting, OfferChanged
from market.orders.models import Answer, AskedVendor, Order, OrderTerm
from market.orders.rules import Fund, Way
from market.orders.states import OrderState, Party
from market.orders.wording import STATES, WAITS
from market.record.models import AuditEntry, OutboxRow
from market.vendors import operations as vendor_operations
from market.vendors.models import Vendor
from tests.integration.conftest import NOON, Someone
from tests.integration.factories import listings, orders, vendors

Make = Callable[..., Someone]


@pytest.fixture
def market(someone: Make) -> tuple[Vendor, Actor, Listing]:
    """A vendor, its member, and its offer: 12,000.00 yuan, 15 working days, three jobs at once."""
    vendor, seller = vendors.active(someone(None).actor)
    return vendor, seller, listings.published(vendor, seller)


@pytest.fixture
def buyer(someone: Make) -> Actor:
    return someone(Role.BUYER).actor


@pytest.fixture
def public_body(someone: Make) -> Actor:
    body = Organisation(
        code=new_code("O"), kind=OrganisationKind.PUBLIC_BODY, name="示例住建局", created_at=clock.real()
    )
    return someone(Role.BUYER, organisation=body).actor


def recorded(event: str, order: str) -> int:
    statement = select(func.count()).where(AuditEntry.event == event, AuditEntry.subjects.contains([order]))
    return db.session.scalar(statement) or 0


# The whole way ----------------------------------------------------------------------------------------------------------


def test_an_order_goes_from_its_beginning_to_a_vendor(market, buyer: Actor) -> None:
    vendor, seller, offer = market
    row = orders.placed(buyer, offer)
    assert (row.state, row.waiting_for, row.waiting_on) == (OrderState.SELECTING, "confirm", Party.VENDOR)
    assert (row.price_fen, row.days, row.publication) == (1_200_000, 15, 1)
    # Wednesday: the day of asking does not count, Thursday and Friday do
    assert last_day(row.due_at) == date(2026, 3, 6)
    row = answer_operations.answer_order(row.code, accept=True, by=seller)
    assert (row.state, row.vendor.code, row.asked[0].answer) == (OrderState.AWARDED, vendor.code, Answer.CONFIRMED)
    assert row.waiting_for == "sign"  # the contract lies ready
    for event in ("OrderBegun", "OrderPlaced", "OrderAwarded"):
        assert recorded(event, row.code) == 1


def test_what_changed_between_the_first_look_and_the_lock_is_told(
    market, buyer: Actor, someone: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock reads anew: nobody is asked with another vendor locked, and nobody answers for another vendor."""
    _, seller, offer = market
    other, member = vendors.active(someone(None).actor, 2, name="第二家公司")
    another = listings.published(other, member)
    code = orders.chosen(buyer, offer).code

    def meanwhile(changed: Update) -> None:
        db.session.execute(changed, execution_options={"synchronize_session": False})

    order_now = update(Order).where(Order.code == code)
    lock_vendor = placing_operations.locked.lock_vendor_of
    with monkeypatch.context() as window:
        window.setattr(
            placing_operations.locked,
            "lock_vendor_of",
            lambda listing: (lock_vendor(listing), meanwhile(order_now.values(listing=another.code))),
        )
        with pytest.raises(Conflict, match="another window"):
            placing_operations.place_order(code, by=buyer)
    meanwhile(order_now.values(listing=offer.code))
    db.session.expire_all()
    placing_operations.place_order(code, by=buyer)
    lock_rows = answer_operations.lock_where

    def lock_late(model: type, *which: object) -> list[object]:
        if model is Order:
            meanwhile(order_now.values(vendor_id=other.id))
            meanwhile(update(AskedVendor).values(vendor_id=other.id))
        return lock_rows(model, *which)

    monkeypatch.setattr(answer_operations, "lock_where", lock_late)
    with pytest.raises(WrongState):
        answer_operations.answer_order(code, accept=True, by=seller)


def test_placing_freezes_what_was_promised(market, buyer: Actor) -> None:
    """What the vendor changes afterwards is not this order's."""
    _vendor, seller, offer = market
    row = orders.placed(buyer, offer)
    listing_operations.edit_listing(offer.code, {"price_fen": 9_900_000, "days": 90}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    row = answer_operations.answer_order(row.code, accept=True, by=seller)
    assert (row.price_fen, row.days, row.publication) == (1_200_000, 15, 1)


def test_an_order_with_a_standard_keeps_its_numbers(someone: Make, buyer: Actor) -> None:
    """The published case of domain.md 3.4: 120 million yuan, building: 30.35 x 0.8 = 24.28 (10,000 yuan); not the typical job."""
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(
        vendor, seller, "feasibility", price_model=PriceModel.SHARE, share_permille=900, price_fen=None
    )
    row = orders.chosen(buyer, offer, facts={"amount": "120000000", "industry": "building"})
    assert row.price_fen == 21_852_000
    row = draft_operations.save_project(
        row.code, orders.project(facts={"amount": "100000000", "industry": "building"}), by=buyer
    )
    assert row.price_fen == 20_160_000  # 28 x 0.8 x 0.9: the price follows what the buyer changed himself
    row = placing_operations.place_order(row.code, by=buyer)
    assert (row.price_fen, row.reference_fen) == (20_160_000, 22_400_000)
    assert row.standard_version is not None
    assert (row.low_fen, row.high_fen) == (17_920_000, 26_880_000)


def test_what_the_standard_needs_is_asked_for(someone: Make, buyer: Actor) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller, "feasibility", price_fen=20_000_000)
    for facts in ({}, {"amount": "很多"}, {"amount": "100000000", "colour": "red"}):
        row = orders.chosen(buyer, offer, facts=facts)
        with pytest.raises(Invalid) as refused:
            placing_operations.place_order(row.code, by=buyer)
        assert set(refused.value.fields) & {"amount", "colour"}


# Beginning --------------------------------------------------------------------------------------------------------------


def test_two_clicks_on_begin_are_one_draft(buyer: Actor) -> None:
    """KF-MON-08 at the beginning."""
    first = draft_operations.begin_order(item=listings.FREE_ITEM, by=buyer)
    assert draft_operations.begin_order(item=listings.FREE_ITEM, by=buyer).code == first.code
    assert (
        draft_operations.begin_order(item=listings.FREE_ITEM, matter="construction-permit", by=buyer).code != first.code
    )
    with clock.frozen(NOON + timedelta(minutes=1)):
        draft_operations.save_project(first.code, orders.project(), by=buyer)
    assert draft_operations.begin_order(item=listings.FREE_ITEM, by=buyer).code != first.code
    with clock.frozen(NOON + timedelta(minutes=11)):
        third = draft_operations.begin_order(item=listings.FREE_ITEM, by=buyer)
    assert db.session.scalar(select(func.count()).select_from(Order)) == 4
    assert third.code != first.code


def test_who_orders(someone: Make, buyer: Actor, public_body: Actor) -> None:
    citizen = someone(None)
    kinds = {
        actor.person: str(draft_operations.begin_order(item=listings.FREE_ITEM, by=actor).buyer_kind)
        for actor in (citizen.actor, buyer, public_body)
    }
    assert list(kinds.values()) == ["citizen", "firm", "public_body"]
    clerk = someone(Role.COUNTER).actor
    served = Actor(
        clerk.person, Role.COUNTER, clerk.organisation, on_behalf_of=citizen.person.code, channel=Channel.COUNTER
    )
    with pytest.raises(RuleBroken, match="No consent"):  # with one: tests of the centres
        draft_operations.begin_order(item=listings.FREE_ITEM, by=served)
    for role in (Role.OPERATOR, Role.REGULATOR, Role.COUNTER):
        with pytest.raises(Forbidden):
            draft_operations.begin_order(item=listings.FREE_ITEM, by=someone(role).actor)
    for wrong in ({"item": "no-such"}, {"matter": "no-such"}, {"listing": "L-00000000A"}):
        with pytest.raises(NotFound):
            draft_operations.begin_order(**wrong, by=buyer)


def test_a_draft_is_kept_thirty_days_and_then_forgotten_with_what_was_typed(buyer: Actor) -> None:
    row = orders.drafted(buyer, description="只有买方知道")
    assert row.kept_until == NOON + timedelta(days=30)
    with clock.frozen(NOON + timedelta(days=29, hours=23)):
        orders.keep_terms()
    assert queries.order(row.code).state is OrderState.DRAFT
    with clock.frozen(NOON + timedelta(days=30)):
        orders.keep_terms()
        orders.keep_terms()
    row = queries.order(row.code)
    assert (row.state, row.description, row.facts, row.title) == (OrderState.CANCELLED, "", {}, "")
    assert recorded("DraftForgotten", row.code) == 1


def test_each_save_keeps_the_draft_longer(buyer: Actor) -> None:
    row = orders.drafted(buyer)
    with clock.frozen(NOON + timedelta(days=20)):
        row = draft_operations.save_project(
            row.code, rules.Project(given=frozenset({"title"}), title="新名称"), by=buyer
        )
    assert row.kept_until == NOON + timedelta(days=50)
    assert (row.title, row.district) == ("新名称", orders.DISTRICT)


def test_drafts_have_a_bound(buyer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_DRAFTS", 2)
    orders.drafted(buyer)
    orders.drafted(buyer)
    with pytest.raises(RuleBroken, match="2 drafts"):
        draft_operations.begin_order(item=listings.FREE_ITEM, by=buyer)


# What is not the reader's -----------------------------------------------------------------------------------------------


def test_an_order_is_nothing_for_others(market, buyer: Actor, someone: Make) -> None:
    """KF-ACC-05: another person's order by changing the number."""
    _vendor, seller, offer = market
    row = orders.drafted(buyer)
    others = [someone(Role.BUYER).actor, someone(None).actor, seller, someone(Role.COUNTER).actor]
    for actor in others:
        with pytest.raises(NotFound):
            queries.order_for(row.code, actor)
        with pytest.raises(NotFound):
            draft_operations.save_project(row.code, orders.project(), by=actor)
        with pytest.raises(NotFound):
            operations.cancel_order(row.code, reason="no_need", by=actor)
    row = orders.placed(buyer, offer)
    assert queries.order_for(row.code, seller)[1] is Party.VENDOR
    for actor in (others[0], others[1]):
        with pytest.raises(NotFound):
            answer_operations.answer_order(row.code, accept=True, by=actor)


def test_an_officials_reading_is_recorded_and_ends_at_the_district(market, buyer: Actor, someone: Make) -> None:
    row = orders.placed(buyer, market[2])
    for role in (Role.OPERATOR, Role.REGULATOR, Role.AUDITOR):
        assert queries.order_for(row.code, someone(role).actor)[1] is Party.OPERATOR
    assert recorded("OrderRead", row.code) == 3
    assert queries.order_for(row.code, someone(Role.REGULATOR, district=orders.DISTRICT).actor)[1] is Party.OPERATOR
    with pytest.raises(NotFound):
        queries.order_for(row.code, someone(Role.REGULATOR, district="610102").actor)
    assert queries.order_for(row.code, buyer)[1] is Party.BUYER
    assert recorded("OrderRead", row.code) == 4


def test_whom_to_tell(market, buyer: Actor, someone: Make) -> None:
    _vendor, seller, offer = market
    citizen = someone(None).actor
    assert queries.people_of(orders.drafted(citizen).code) == {"buyer": [citizen.person], "vendor": []}
    assert queries.people_of(orders.placed(buyer, offer).code) == {
        "buyer": [buyer.organisation], "vendor": [seller.organisation],
    }  # fmt: skip


# The offer, from the database -------------------------------------------------------------------------------------------


def test_an_offer_that_changed_between_page_and_placing_is_refused_with_both_prices(market, buyer: Actor) -> None:
    """KF-LST-02: the database decides, not what the page or the index knew."""
    _, seller, offer = market
    row = orders.chosen(buyer, offer)
    listing_operations.edit_listing(offer.code, {"price_fen": 1_300_000}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    with pytest.raises(OfferChanged) as refused:
        placing_operations.place_order(row.code, by=buyer)
    assert "12,000.00" in str(refused.value)
    assert "13,000.00" in str(refused.value)
    assert queries.order(row.code).state is OrderState.DRAFT
    draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, by=buyer)
    assert placing_operations.place_order(row.code, by=buyer).price_fen == 1_300_000


def test_a_new_publication_at_the_same_price_is_looked_at_again_too(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = orders.chosen(buyer, offer)
    listing_operations.edit_listing(offer.code, {"deliverables": ["只有一份"]}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    with pytest.raises(OfferChanged):
        placing_operations.place_order(row.code, by=buyer)


def test_a_price_that_moved_with_the_standard_is_told_too(market, buyer: Actor) -> None:
    """A share of the standard follows it without a new publication: what the buyer saw is compared, not the publication alone."""
    row = orders.chosen(buyer, market[2])
    row.price_fen = 1_150_000  # as it was when he chose it
    db.session.commit()
    with pytest.raises(OfferChanged) as refused:
        placing_operations.place_order(row.code, by=buyer)
    assert "11,500.00" in str(refused.value)
    assert "12,000.00" in str(refused.value)


@pytest.mark.parametrize("gone", ["pause", "withdraw", "suspend", "expire"])
def test_an_offer_that_is_gone_cannot_be_ordered(market, buyer: Actor, gone: str) -> None:
    """KF-LST-02: suspended or withdrawn, from the database at the moment of placing."""
    vendor, seller, offer = market
    if gone == "expire":
        listing_operations.edit_listing(offer.code, {"valid_to": date(2026, 3, 4)}, by=seller)
        listing_operations.publish_listing(offer.code, by=seller)
    row = orders.chosen(buyer, offer)
    at = NOON
    if gone == "pause":
        listing_operations.pause_listing(offer.code, by=seller)
    elif gone == "withdraw":
        listing_operations.withdraw_listing(offer.code, by=seller)
    elif gone == "suspend":
        vendor_operations.suspend_vendor(
            vendor.code, reason="核查期间暂停，待补正材料", basis="示例依据", by=vendors.OPERATOR
        )
    else:
        at = NOON + timedelta(days=1)
    with clock.frozen(at), pytest.raises(OfferChanged, match="no longer there"):
        placing_operations.place_order(row.code, by=buyer)
    assert queries.order(row.code).state is OrderState.DRAFT


def test_a_vendor_suspended_after_the_asking_cannot_confirm_and_the_buyer_gets_it_back(market, buyer: Actor) -> None:
    vendor, seller, offer = market
    row = orders.placed(buyer, offer)
    vendor_operations.suspend_vendor(
        vendor.code, reason="核查期间暂停，待补正材料", basis="示例依据", by=vendors.OPERATOR
    )
    with pytest.raises(RuleBroken, match="active vendor"):
        answer_operations.answer_order(row.code, accept=True, by=seller)
    with clock.frozen(row.due_at):
        orders.keep_terms()
    assert queries.order(row.code).state is OrderState.DRAFT


def test_a_licence_valid_through_today_counts_today_and_not_tomorrow(someone: Make, buyer: Actor) -> None:
    """KF-LST-01 at the placing of an order."""
    vendor, seller = vendors.active(someone(None).actor)
    vendors.confirmed_licence(vendor, seller, number="YS-2026-03-31-0001", valid_to=date(2026, 3, 31))
    row = orders.chosen(buyer, listings.published(vendor, seller, "property-survey"))
    midnight = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)  # in Xi'an
    with clock.frozen(midnight), pytest.raises(NotFitting, match="valid through"):
        placing_operations.place_order(row.code, by=buyer)
    with clock.frozen(midnight - timedelta(seconds=1)):
        assert placing_operations.place_order(row.code, by=buyer).state is OrderState.SELECTING


UNITS = [
    ("80 m2", "80", {}, 40_000),
    ("the least that is charged", "10", {}, 20_000),
    ("with tax added", "80", {"tax_included": False, "tax_permille": 60}, 42_400),
    ("per another unit there is no price", "80", {"unit": "层"}, None),
    ("without a quantity there is none either", "", {}, None),
]


@pytest.mark.parametrize(("words", "quantity", "offered", "fen"), UNITS, ids=[case[0] for case in UNITS])
def test_a_price_by_units_follows_the_project(
    someone: Make, buyer: Actor, words: str, quantity: str, offered: dict, fen: int | None
) -> None:
    """KF-LST-04: 5.00 yuan a square metre, at least 200.00."""
    vendor, seller = vendors.active(someone(None).actor)
    fields = {"price_model": PriceModel.PER_UNIT, "price_fen": 500, "unit": "m²", "minimum_fen": 20_000, **offered}
    offer = listings.published(vendor, seller, "house-safety", **fields)
    facts = {"quantity": quantity} if quantity else {}
    if fen is None:
        with pytest.raises(NotFitting):
            orders.chosen(buyer, offer, facts=facts)
    else:
        assert orders.placed(buyer, offer, facts=facts).price_fen == fen


def test_a_stated_maximum_may_be_gone_below_never_above(someone: Make, buyer: Actor) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller, price_model=PriceModel.QUOTATION, price_fen=2_000_000)
    row = orders.placed(buyer, offer)
    assert row.price_fen == 2_000_000
    for wrong in (2_000_001, 0, -1):
        with pytest.raises(Invalid):
            answer_operations.answer_order(row.code, accept=True, price_fen=wrong, by=seller)
    assert answer_operations.answer_order(row.code, accept=True, price_fen=1_850_000, by=seller).price_fen == 1_850_000


def test_a_fixed_price_is_confirmed_as_it_is(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = orders.placed(buyer, offer)
    with pytest.raises(Invalid):
        answer_operations.answer_order(row.code, accept=True, price_fen=1_100_000, by=seller)


FITTING = [
    ("another district", {}, {"districts": ["610102"]}, "district"),
    ("above the ceiling", {"ceiling_fen": 1_199_999}, {}, "can pay"),
    ("too late", {"needed_by": date(2026, 3, 24)}, {}, "after the day"),
]


@pytest.mark.parametrize(("words", "need", "offered", "told"), FITTING, ids=[case[0] for case in FITTING])
def test_an_offer_that_does_not_fit_is_not_chosen(
    someone: Make, buyer: Actor, words: str, need: dict, offered: dict, told: str
) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller, **offered)
    row = orders.drafted(buyer, **need)
    with pytest.raises(NotFitting, match=told):
        draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, by=buyer)


def test_a_day_that_passed_meanwhile_is_said_with_the_step_that_mends_it(market, buyer: Actor) -> None:
    row = orders.chosen(buyer, market[2], needed_by=date(2026, 3, 25))
    with clock.frozen(NOON + timedelta(days=22)), pytest.raises(Invalid, match="Step 2: the day"):
        placing_operations.place_order(row.code, by=buyer)


def test_the_last_day_that_fits_fits(market, buyer: Actor) -> None:
    """15 working days from Wednesday 4 March: 25 March is the last one."""
    assert orders.placed(buyer, market[2], needed_by=date(2026, 3, 25), ceiling_fen=1_200_000)


def test_nobody_orders_from_his_own_vendor(market, someone: Make) -> None:
    _vendor, seller, offer = market
    insider = orders.drafted(seller)
    with pytest.raises(NotFitting, match="belongs to the vendor"):
        draft_operations.save_way(insider.code, way=Way.DIRECT, listing=offer.code, by=seller)
    person = Actor(person=seller.person)
    as_citizen = orders.drafted(person)
    with pytest.raises(NotFitting, match="belongs to the vendor"):
        draft_operations.save_way(as_citizen.code, way=Way.DIRECT, listing=offer.code, by=person)


def test_a_declared_tie_keeps_a_public_body_from_choosing_directly(market, public_body: Actor, buyer: Actor) -> None:
    vendor, _, offer = market
    vendor.ties = [{"body": "示例 住建局", "kind": "owner", "explanation": "同一主管单位"}]
    db.session.commit()
    row = orders.drafted(public_body, ceiling_fen=2_000_000)
    with pytest.raises(NotFitting, match="同一主管单位"):
        draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, by=public_body)
    assert orders.chosen(buyer, offer).listing == offer.code  # a firm is no public body


# The vendor's answer ----------------------------------------------------------------------------------------------------


def test_a_decline_gives_the_order_back_with_everything_typed(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = orders.placed(buyer, offer, description="工期紧")
    row = answer_operations.answer_order(row.code, accept=False, reason="other", words="人员都在外地", by=seller)
    assert (row.state, row.vendor, row.listing, row.waiting_for) == (OrderState.DRAFT, None, None, None)
    assert (row.title, row.description, row.district, row.way) == ("示例项目", "工期紧", orders.DISTRICT, Way.DIRECT)
    assert (row.reason["code"], row.reason["words"]) == ("declined", "人员都在外地")
    assert row.kept_until == NOON + timedelta(days=30)
    again = draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, by=buyer)
    assert placing_operations.place_order(again.code, by=buyer).state is OrderState.SELECTING
    assert [one.answer for one in queries.asked_vendors(row)] == [Answer.DECLINED, Answer.WAITING]


def test_a_decline_needs_a_reason(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = orders.placed(buyer, offer)
    for reason, words in ((None, ""), ("whatever", "x"), ("other", "")):
        with pytest.raises(Invalid):
            answer_operations.answer_order(row.code, accept=False, reason=reason, words=words, by=seller)
    assert queries.order(row.code).state is OrderState.SELECTING


def test_no_answer_in_the_term_gives_the_order_back(market, buyer: Actor) -> None:
    """The term ends with Friday in Xi'an; a second run of the clock does nothing (KF-JOB-02)."""
    _, seller, offer = market
    row = orders.placed(buyer, offer)
    with clock.frozen(row.due_at - timedelta(seconds=1)):
        orders.keep_terms()
        assert queries.order(row.code).state is OrderState.SELECTING
    with clock.frozen(row.due_at):
        with pytest.raises(WrongState, match="term for the answer"):
            answer_operations.answer_order(row.code, accept=True, by=seller)
        orders.keep_terms()
        orders.keep_terms()
    row = queries.order(row.code)
    assert (row.state, row.reason["code"], row.asked[0].answer) == (OrderState.DRAFT, "lapsed", Answer.LAPSED)
    assert recorded("OrderReturned", row.code) == 1
    with pytest.raises(WrongState, match="no longer asks you"):
        answer_operations.answer_order(row.code, accept=True, by=seller)


@pytest.mark.parametrize("fault", [WrongState, AssertionError])
def test_one_order_that_cannot_be_moved_stops_no_other(
    market, buyer: Actor, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """A refusal changes nothing; a fault is tried again by the outbox, in one row however often the clock ticks."""
    first, second = orders.placed(buyer, market[2]), orders.placed(buyer, market[2])
    lapse = answer_operations.lapse_answer

    def broken(code: str, *, by: Actor) -> None:
        lapse(code, by=by)
        if code == first.code:
            raise fault

    monkeypatch.setattr(jobs, "BY_TIME", {**jobs.BY_TIME, "confirm": broken})
    with clock.frozen(first.due_at):
        orders.keep_terms()
        jobs.keep_terms()
        rows = select(func.count()).where(OutboxRow.job == jobs.LAPSE, OutboxRow.done_at.is_(None))
        assert db.session.scalar(rows) == 1
    states = [queries.order(row.code).state for row in (first, second)]
    assert states == [OrderState.SELECTING, OrderState.DRAFT]


def test_the_buyer_takes_it_back_and_finds_his_choice_again(market, buyer: Actor) -> None:
    row = orders.placed(buyer, market[2])
    row = answer_operations.take_back(row.code, by=buyer)
    assert (row.state, row.listing, row.price_fen, row.vendor) == (OrderState.DRAFT, market[2].code, 1_200_000, None)
    assert queries.asked_vendors(row)[0].answer is Answer.TAKEN_BACK
    assert placing_operations.place_order(row.code, by=buyer).state is OrderState.SELECTING


def test_capacity_counts_what_is_at_work_and_the_last_place_goes_once(someone: Make, buyer: Actor) -> None:
    """KF-MON-10, the part of orders: capacity 1, three are asked, one is awarded, the others come back with the reason."""
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller, capacity=1)
    rows = [orders.placed(someone(Role.BUYER).actor, offer) for _ in range(3)]
    answer_operations.answer_order(rows[1].code, accept=True, by=seller)
    states = [queries.order(row.code).state for row in rows]
    assert states == [OrderState.DRAFT, OrderState.AWARDED, OrderState.DRAFT]
    assert {queries.order(rows[n].code).reason["code"] for n in (0, 2)} == {"full"}
    with pytest.raises(WrongState):
        answer_operations.answer_order(rows[0].code, accept=True, by=seller)
    late = orders.drafted(buyer)
    with pytest.raises(NotFitting, match="All 1 jobs"):
        draft_operations.save_way(late.code, way=Way.DIRECT, listing=offer.code, by=buyer)
    operations.cancel_order(rows[1].code, reason="no_people", by=seller)
    assert draft_operations.save_way(late.code, way=Way.DIRECT, listing=offer.code, by=buyer).listing == offer.code


def test_capacity_is_counted_again_when_the_vendor_confirms(market, buyer: Actor, someone: Make) -> None:
    _, seller, offer = market
    orders.awarded(someone(Role.BUYER).actor, offer, seller)
    row = orders.placed(buyer, offer)
    listing_operations.edit_listing(offer.code, {"capacity": 1}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    with pytest.raises(RuleBroken, match="All 1 jobs"):
        answer_operations.answer_order(row.code, accept=True, by=seller)
    assert queries.order(row.code).state is OrderState.SELECTING


# Splitting --------------------------------------------------------------------------------------------------------------

REASON = "两个项目地点与立项都不同，分别审批，不是同一需求。"


def divided(public_body: Actor, offer: Listing) -> Order:
    """A second order of 30,000 yuan beside a first one: together above 50,000."""
    orders.placed(public_body, offer, ceiling_fen=3_000_000)
    return orders.chosen(public_body, offer, ceiling_fen=3_000_000)


def test_needs_that_together_reach_the_limit_are_looked_at_first(market, public_body: Actor, someone: Make) -> None:
    vendor, seller, offer = market
    row = divided(public_body, offer)
    with pytest.raises(Invalid) as refused:
        placing_operations.place_order(row.code, by=public_body)
    assert list(refused.value.fields) == ["justification"]
    draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, justification=REASON, by=public_body)
    row = placing_operations.place_order(row.code, by=public_body)
    assert (row.state, row.waiting_on, row.vendor) == (OrderState.IN_REVIEW, Party.OPERATOR, None)
    assert last_day(row.due_at) == date(2026, 3, 6)
    desk = someone(Role.OPERATOR)
    operator = desk.actor
    assert [one.code for one in db.session.scalars(queries.in_review())] == [row.code]
    # what is shown of each adds up to the sum that is held against the limit
    others = [rules.counted_fen(one.price_fen, one.ceiling_fen) for one in queries.summed_with(row)]
    assert others == [queries.need_facts(row).others_fen] == [3_000_000]
    assert desk.client.get(f"/desk/split-needs/{row.code}").text.count("¥30,000.00") == 4
    row = placing_operations.clear_order(row.code, by=operator)
    assert (row.state, row.vendor.code) == (OrderState.SELECTING, vendor.code)
    assert answer_operations.answer_order(row.code, accept=True, by=seller).state is OrderState.AWARDED


def test_an_operator_returns_a_divided_need_with_words(market, public_body: Actor, someone: Make) -> None:
    row = divided(public_body, market[2])
    draft_operations.save_way(row.code, way=Way.DIRECT, listing=market[2].code, justification=REASON, by=public_body)
    placing_operations.place_order(row.code, by=public_body)
    operator = someone(Role.OPERATOR).actor
    with pytest.raises(Invalid):
        placing_operations.return_order(row.code, words="不行", by=operator)
    words = "两项内容相同、时间相同，应合并为一项，改用竞争方式。"
    row = placing_operations.return_order(row.code, words=words, by=operator)
    assert (row.state, row.reason["words"], row.justification) == (OrderState.DRAFT, words, REASON)
    with pytest.raises(NotFound):
        placing_operations.clear_order(row.code, by=someone(Role.OPERATOR, district="610102").actor)
    with pytest.raises(NotFound):
        placing_operations.clear_order(row.code, by=public_body)


def test_an_offer_that_changed_during_the_look_goes_back_to_the_buyer(
    market, public_body: Actor, someone: Make
) -> None:
    _, seller, offer = market
    row = divided(public_body, offer)
    draft_operations.save_way(row.code, way=Way.DIRECT, listing=offer.code, justification=REASON, by=public_body)
    placing_operations.place_order(row.code, by=public_body)
    listing_operations.edit_listing(offer.code, {"price_fen": 1_500_000}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    operator = someone(Role.OPERATOR)
    row = placing_operations.clear_order(row.code, by=operator.actor)
    assert (row.state, row.reason["code"], row.vendor) == (OrderState.DRAFT, "offer_gone", None)
    # both prices are said, on every page
    told = operator.client.get(f"/orders/{row.code}").get_data(as_text=True)
    assert "¥15,000.00" in told
    assert "%(before)s" not in told


def test_a_late_operator_neither_waves_through_nor_throws_out(market, public_body: Actor) -> None:
    row = divided(public_body, market[2])
    draft_operations.save_way(row.code, way=Way.DIRECT, listing=market[2].code, justification=REASON, by=public_body)
    row = placing_operations.place_order(row.code, by=public_body)
    with clock.frozen(row.due_at + timedelta(days=7)):
        orders.keep_terms()
        assert queries.order(row.code).state is OrderState.IN_REVIEW
        assert queries.working_days_left(row.due_at) < 0


NOT_ADDED = ["another item", "another buyer", "called off", "a draft", "a year ago", "own money"]


@pytest.mark.parametrize("words", NOT_ADDED)
def test_what_is_not_added_up(market, public_body: Actor, someone: Make, words: str) -> None:
    _vendor, _seller, offer = market
    other = orders.placed(public_body, offer, ceiling_fen=4_000_000)
    if words == "another item":
        other.item = "eia-form"
    elif words == "another buyer":
        other.organisation = Organisation(
            code=new_code("O"), kind=OrganisationKind.PUBLIC_BODY, name="另一单位", created_at=clock.real()
        )
    elif words == "called off":
        operations.cancel_order(other.code, reason="no_need", by=public_body)
    elif words == "a draft":
        answer_operations.take_back(other.code, by=public_body)
    elif words == "a year ago":
        other.placed_at = NOON - timedelta(days=365)
    else:
        other.fund = Fund.PRIVATE
    db.session.commit()
    row = orders.placed(public_body, offer, ceiling_fen=3_000_000)
    assert row.state is OrderState.SELECTING


def test_a_year_less_a_second_still_counts(market, public_body: Actor) -> None:
    other = orders.placed(public_body, market[2], ceiling_fen=4_000_000)
    other.placed_at = NOON - timedelta(days=365) + timedelta(seconds=1)
    db.session.commit()
    with pytest.raises(Invalid):
        orders.placed(public_body, market[2], ceiling_fen=3_000_000)


def test_fiscal_money_at_the_limit_is_no_direct_choice_and_the_limit_is_a_dated_row(market, public_body: Actor) -> None:
    row = orders.drafted(public_body, ceiling_fen=5_000_000)
    with pytest.raises(RuleBroken, match="limit of direct choice"):
        draft_operations.save_way(row.code, way=Way.DIRECT, listing=market[2].code, by=public_body)
    db.session.add(
        OrderTerm(
            name="direct_limit_fen", item=listings.FREE_ITEM, region=None, value=10_000_000, valid_from=date(2026, 3, 4),
            source="示例文件",
        )
    )  # fmt: skip
    db.session.commit()
    assert draft_operations.save_way(row.code, way=Way.DIRECT, listing=market[2].code, by=public_body).listing
    assert queries.term("direct_limit_fen", item="other") == 5_000_000


# Other ways, calling off ------------------------------------------------------------------------------------------------


def test_a_way_that_is_not_held_yet_can_be_kept_but_not_placed(market, buyer: Actor) -> None:
    row = orders.drafted(buyer)
    row = draft_operations.save_way(row.code, way=Way.DRAW, by=buyer)
    assert (row.way, row.listing) == (Way.DRAW, None)
    with pytest.raises(RuleBroken, match="not yet in this market"):
        placing_operations.place_order(row.code, by=buyer)


def test_the_seam_to_tenders_awards_and_fails(market, buyer: Actor) -> None:
    vendor, _, offer = market
    row = orders.placed(buyer, offer)
    row = operations.award_order(
        row.code, vendor=vendor.code, price_fen=1_000_000, days=12, way=Way.BEST_VALUE, by=system()
    )
    assert (row.state, row.price_fen, row.days, row.way) == (OrderState.AWARDED, 1_000_000, 12, Way.BEST_VALUE)
    failed = operations.fail_order(orders.placed(buyer, offer).code, cause="no_vendor", by=system())
    assert (failed.state, failed.reason["code"]) == (OrderState.FAILED, "no_vendor")


def test_calling_off_before_the_work_costs_nothing_and_says_why(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = orders.awarded(buyer, offer, seller)
    assert queries.cost_of_cancelling(row, Party.BUYER) == rules.Cost(0, 0, 0)
    row = operations.cancel_order(row.code, reason="other", words="项目取消", by=buyer)
    assert (row.state, row.reason["code"], row.reason["words"]) == (OrderState.CANCELLED, "other", "项目取消")
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.event == "OrderCancelled"))
    assert (entry.facts["party"], entry.facts["state_before"], entry.facts["vendor_fen"]) == ("buyer", "awarded", 0)


def test_calling_off_an_order_that_is_asked_ends_the_question(market, buyer: Actor) -> None:
    _, seller, offer = market
    row = operations.cancel_order(orders.placed(buyer, offer).code, reason="mistake", by=buyer)
    assert (row.state, row.waiting_for, row.asked[0].answer) == (OrderState.CANCELLED, None, Answer.TAKEN_BACK)
    with pytest.raises(WrongState):
        answer_operations.answer_order(row.code, accept=True, by=seller)


def test_a_vendor_that_is_asked_declines_instead_of_calling_off(market, buyer: Actor) -> None:
    row = orders.placed(buyer, market[2])
    with pytest.raises(WrongState):
        operations.cancel_order(row.code, reason="no_people", by=market[1])
    with pytest.raises(Invalid):  # a buyer's reason is none of the vendor's
        operations.cancel_order(row.code, reason="mistake", by=market[1])


# Figures and words ------------------------------------------------------------------------------------------------------


def test_vendors_read_why_they_were_not_offered(market, buyer: Actor, someone: Make) -> None:
    """The reasons stand beside the order that was placed; the buyer's ceiling is not among them."""
    _, _, offer = market
    far, far_seller = vendors.active(someone(None).actor, number=2, name="别区公司")
    listings.published(far, far_seller, districts=["610102"], price_fen=99_000_000)
    row = orders.placed(buyer, offer, ceiling_fen=1_500_000)
    jobs.note_excluded(row.code)
    jobs.note_excluded(row.code)
    noted = list(db.session.scalars(queries.excluded_of(far.id)))
    assert [one.order.code for one in noted] == [row.code]
    assert [reason["ground"] for reason in noted[0].reasons] == ["district", "ceiling"]
    assert "15,000" not in str(noted[0].reasons)
    assert list(db.session.scalars(queries.excluded_of(market[0].id))) == []
    assert list(db.session.scalars(queries.excluded_of(far.id, "O-00000000A"))) == []


def test_placing_leads_to_the_note_of_reasons_and_the_figures_of_the_vendor(market, buyer: Actor) -> None:
    orders.placed(buyer, market[2])
    assert outbox.drain() > 0


def test_every_state_and_wait_has_words() -> None:
    assert set(STATES) == set(OrderState)
    assert set(jobs.LAPSES) <= set(WAITS)
