"""Who may rate an order, once; unseen until both have written or the time is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from market import clock, outbox
from market.accounts import operations as accounts
from market.accounts.models import OrganisationKind
from market.db import db, new_code
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Conflict, Forbidden, NotFound, RuleBroken, WrongState
from market.orders.models import Dispute
from market.orders.states import DisputeState, OrderState, Party
from market.ratings import jobs, operations, queries, review_queries, score_queries, tie_queries
from market.ratings.models import CallBack, Rating
from market.ratings.states import RatingState
from market.record.models import AuditEntry
from market.vendors import operations as vendors
from market.vendors import queries as vendor_queries
from tests.integration.conftest import NOON
from tests.integration.factories import ratings as make
from tests.integration.factories import work
from tests.integration.factories.accounts import acting, member, person
from tests.integration.ratings.conftest import Scene

REASONS = "理由：核对订单记录与交付文件后认定。这里写足二十个字。"


def give(order: str, by: Actor, *levels: int, **more: object) -> Rating:
    return operations.give_rating(order, levels=make.levels(*(levels or (5,))), by=by, **more)  # type: ignore[arg-type]


def events(code: str) -> list[str]:
    rows = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subjects.contains([code])).order_by(AuditEntry.number)
    )
    return [row.event for row in rows]


# Who ---------------------------------------------------------------------------------------------------------------------


def test_only_the_buyer_of_a_finished_and_paid_order_rates_it_once(scene: Scene) -> None:
    """KF-RAT-01."""
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    for stranger in (make.a_citizen(), make.a_vendor(2)[1], scene.operator, Actor("P-00000000X", Role.REGULATOR)):
        with pytest.raises(NotFound):
            give(row.code, stranger)
    assert give(row.code, buyer).state is RatingState.HIDDEN
    with pytest.raises(Conflict):
        give(row.code, buyer)
    assert db.session.scalar(select(func.count()).select_from(Rating)) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (OrderState.CONTRACTED, "accepted and paid"), (OrderState.UNDER_WAY, "accepted and paid"),
        (OrderState.DELIVERED, "accepted and paid"), (OrderState.CANCELLED, "called off"), (OrderState.FAILED, "called off"),
        (OrderState.DISPUTED, "disputed"),
    ],
)  # fmt: skip
def test_unfinished_and_called_off_orders_are_not_rated(scene: Scene, state: OrderState, words: str) -> None:
    """KF-RAT-01: each refusal names its reason."""
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer, state)
    for side in (buyer, scene.seller):
        with pytest.raises(RuleBroken, match=words):
            give(row.code, side)


def test_an_order_whose_money_all_went_back_is_not_rated(scene: Scene) -> None:
    """KF-RAT-01: refunded in full by a decision; refunded in part counts."""
    buyer = make.a_citizen()
    for vendor_fen, may in ((0, False), (1, True)):
        row = make.order(scene.vendor, buyer)
        at = clock.now()
        db.session.add(
            Dispute(
                code=new_code("D"), order=row, state=DisputeState.DECIDED, party=Party.BUYER, claim_fen=make.PRICE, words="x",
                documents=[], opened_at=at, due_at=at, outcome="settle", buyer_fen=make.PRICE - vendor_fen,
                vendor_fen=vendor_fen, decided_at=at,
            )
        )  # fmt: skip
        db.session.flush()
        if may:
            give(row.code, buyer)
        else:
            with pytest.raises(RuleBroken, match="given back"):
                give(row.code, buyer)


@pytest.mark.parametrize(("held", "released", "refunded", "may"), [(0, 0, 9, False), (0, 1, 8, True), (9, 0, 0, True)])
def test_refunds_without_a_dispute_count_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, held: int, released: int, refunded: int, may: bool
) -> None:
    """KF-RAT-01: refunded in full by an officer."""
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    none = queries.payments.money_of(row.code)
    money = replace(none, held_fen=held, released_fen=released, refunded_fen=refunded)
    monkeypatch.setattr(queries.payments, "money_of", lambda code: money)
    if may:
        give(row.code, buyer)
    else:
        with pytest.raises(RuleBroken, match="given back"):
            give(row.code, buyer)


def test_the_vendors_own_people_and_firms_cannot_rate_it(scene: Scene) -> None:
    """KF-RAT-01: own staff as citizen, own firm as buyer, somebody who left meanwhile; who left long before may."""
    citizen = Actor(scene.seller.person)
    assert tie_queries.link_of(queries.order_of(make.order(scene.vendor, citizen).code), citizen.person) == "member"
    firm, own_firm = make.a_buyer_firm("测试采购公司")
    firm.credit_code = scene.vendor.credit_code
    for own in (citizen, own_firm):
        row = make.order(scene.vendor, own)
        with pytest.raises(Forbidden):
            give(row.code, own)
    for ended, may in ((NOON - timedelta(days=21), True), (NOON - timedelta(days=19), False)):
        former = person(f"former{ended:%d}@example.org")
        membership = member(former, scene.vendor.organisation, Role.VENDOR)
        membership.ended_at = ended
        db.session.flush()
        row = make.order(scene.vendor, Actor(former.code))
        if may:
            assert give(row.code, Actor(former.code)).link is None
        else:
            with pytest.raises(Forbidden):
                give(row.code, Actor(former.code))


def test_any_member_of_the_buying_organisation_rates_for_it_but_only_one(scene: Scene) -> None:
    """KF-RAT-01: another member of the buying organisation."""
    firm, buyer = make.a_buyer_firm()
    colleague = acting(member(person("colleague@example.org"), firm, Role.BUYER))
    row = make.order(scene.vendor, buyer)
    assert give(row.code, colleague).client == firm.code
    with pytest.raises(Conflict):
        give(row.code, buyer)
    # as a private person the one who ordered for the firm is no side of it
    with pytest.raises(NotFound):
        give(row.code, Actor(buyer.person))


@pytest.mark.parametrize("link", ["tie", "representative", "phone"])
def test_who_is_tied_to_the_vendor_rates_without_weight(scene: Scene, link: str) -> None:
    firm, buyer = make.a_buyer_firm("测试街道办事处", OrganisationKind.PUBLIC_BODY)
    if link == "tie":
        vendors.declare_tie(scene.vendor.code, body="测试街道办事处", kind="owned", explanation="", by=scene.seller)
    else:
        twin, _ = make.a_vendor(2)
        member(
            db.session.get(type(firm.memberships[0].person), firm.memberships[0].person_id),
            twin.organisation,
            Role.VENDOR,
        )
        same, other = (
            ("representative_hash", "phone_hash") if link == "representative" else ("phone_hash", "representative_hash")
        )
        setattr(twin, same, getattr(scene.vendor, same))
        setattr(twin, other, "0" * 64)
        db.session.flush()
    row = make.order(scene.vendor, buyer)
    assert give(row.code, buyer).link == link
    operations.reveal_order(row.code, by=system())
    with clock.frozen(NOON + timedelta(days=14)):
        operations.reveal_order(row.code, by=system())
    found = score_queries.counted(scene.vendor.id)
    assert [one.weight for one in found.weighed] == [0]


def test_the_time_for_rating_ends(scene: Scene) -> None:
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    with clock.frozen(NOON + timedelta(days=90)), pytest.raises(RuleBroken, match="time for rating"):
        give(row.code, buyer)
    with clock.frozen(NOON + timedelta(days=90) - timedelta(seconds=1)):
        give(row.code, buyer)


def test_an_order_that_went_its_whole_way_is_rated_by_both(app: Flask) -> None:
    """From the award over signatures, money and delivery to acceptance, all by the operations of orders."""
    done = work.accepted()
    assert queries.of_order(done.code, done.buyer).refusal is None
    give(done.code, done.vendor, 4)
    shown = give(done.code, done.buyer, 5)
    assert shown.state is RatingState.PUBLIC
    outbox.drain()
    db.session.expire_all()
    standing = vendor_queries.standing(done.firm.id)
    assert (standing.rating_count, standing.on_time, standing.on_time_of, standing.first_pass, standing.open_jobs) == (
        1,
        1,
        1,
        1,
        0,
    )


# Once --------------------------------------------------------------------------------------------------------------------


def test_no_second_rating_takes_the_place_of_one_taken_back_or_removed(scene: Scene) -> None:
    """KF-RAT-02."""
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    operations.withdraw_rating(give(row.code, buyer).code, by=buyer)
    with pytest.raises(Conflict, match="no other can take its place"):
        give(row.code, buyer)

    second = make.order(scene.vendor, buyer)
    give(second.code, scene.seller)
    shown = give(second.code, buyer, 1)
    review = operations.report_rating(shown.code, cause="untrue", words=REASONS, by=scene.seller)
    operations.decide_review(review.code, removed=True, reasons=REASONS, by=scene.operator)
    with pytest.raises(Conflict, match="no other can take its place"):
        give(second.code, buyer)
    assert db.session.scalar(select(func.count()).select_from(Rating)) == 3


def test_the_database_itself_holds_one_rating_for_order_and_side(scene: Scene) -> None:
    """KF-RAT-02: whoever forgot to ask."""
    buyer = make.a_citizen()
    first = give(make.order(scene.vendor, buyer).code, buyer)
    copy = {
        column.name: getattr(first, column.name)
        for column in Rating.__table__.columns
        if column.name not in ("id", "code")
    }
    again = Rating.__table__.insert().values(code=new_code("A"), **copy)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(again)


def test_the_database_never_publishes_what_a_vendor_says_of_a_buyer(scene: Scene) -> None:
    row = give(make.order(scene.vendor, make.a_citizen()).code, scene.seller)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(Rating.__table__.update().where(Rating.id == row.id).values(state="public"))


# Unseen ------------------------------------------------------------------------------------------------------------------


def test_both_are_shown_when_both_have_written(scene: Scene) -> None:
    """I31."""
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    buyers = give(row.code, buyer, 4, text="踏勘当天就把缺的材料列清楚了。")
    assert queries.of_order(row.code, scene.seller).theirs is None
    with pytest.raises(NotFound):
        queries.public_rating(buyers.code)
    vendors_rating = give(row.code, scene.seller, 2)
    assert (buyers.state, vendors_rating.state) == (RatingState.PUBLIC, RatingState.TOLD)
    assert queries.of_order(row.code, scene.seller).theirs.code == buyers.code
    assert queries.of_order(row.code, buyer).theirs.code == vendors_rating.code
    with pytest.raises(NotFound):
        queries.public_rating(vendors_rating.code)
    assert events(row.code)[-4:] == ["RatingGiven", "RatingRevealed", "RatingTold", "RatingGiven"] or events(row.code)[-3:] == [
        "RatingGiven", "RatingRevealed", "RatingTold",
    ]  # fmt: skip


def test_the_buyers_is_shown_after_fourteen_days_the_vendors_waits_for_the_buyer(scene: Scene) -> None:
    buyer = make.a_citizen()
    lonely, silent = make.order(scene.vendor, buyer), make.order(scene.vendor, buyer)
    buyers, vendors_rating = give(lonely.code, buyer), give(silent.code, scene.seller)
    with clock.frozen(NOON + timedelta(days=14) - timedelta(seconds=1)):
        jobs.reveal_due()
        assert queries.rating(buyers.code).state is RatingState.HIDDEN
    with clock.frozen(NOON + timedelta(days=14)):
        jobs.reveal_due()
        jobs.reveal_due()
        assert queries.rating(buyers.code).state is RatingState.PUBLIC
        assert queries.rating(vendors_rating.code).state is RatingState.HIDDEN
        # too late to be written unseen
        with pytest.raises(RuleBroken, match="unseen"):
            give(lonely.code, scene.seller)
        # the buyer still can, and did not read what the vendor wrote
        assert queries.of_order(silent.code, buyer).theirs is None
    with clock.frozen(NOON + timedelta(days=90)):
        jobs.reveal_due()
        assert queries.rating(vendors_rating.code).state is RatingState.TOLD
    assert events(buyers.code).count("RatingRevealed") == 1


def test_corrected_only_while_nobody_has_seen_it(scene: Scene) -> None:
    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)
    first = give(row.code, buyer, 1)
    for _ in ("once", "sent again"):
        operations.correct_rating(first.code, levels=make.levels(4), text="更正", by=buyer)
    assert events(row.code).count("RatingCorrected") == 1
    for other in (scene.seller, make.a_citizen(), scene.operator):
        with pytest.raises(NotFound):
            operations.correct_rating(first.code, levels=make.levels(1), by=other)
    give(row.code, scene.seller)
    assert (first.quality, first.text, first.state) == (4, "更正", RatingState.PUBLIC)
    for late in (
        lambda: operations.correct_rating(first.code, levels=make.levels(1), by=buyer),
        lambda: operations.withdraw_rating(first.code, by=buyer),
    ):
        with pytest.raises(WrongState):
            late()


# Bad ratings -------------------------------------------------------------------------------------------------------------


def test_a_level_of_one_or_two_opens_a_call_back_of_five_working_days(scene: Scene) -> None:
    for level in (1, 2, 3, 5):
        make.rated(scene.vendor, level, seller=scene.seller)
    calls = review_queries.open_call_backs()
    assert [queries.level_of(one.rating) for one in calls] == [1, 2]
    # Wednesday 4 March, five working days: through Wednesday 11 March
    assert calls[0].due_at == clock.now().replace(day=11, hour=16, minute=0)
    assert review_queries.call_backs_in_time() == (0, 0)
    operations.finish_call_back(calls[0].code, outcome="solved", words=REASONS, by=scene.operator)
    with pytest.raises(WrongState):
        operations.finish_call_back(calls[0].code, outcome="solved", words=REASONS, by=scene.other)
    with clock.frozen(calls[1].due_at):
        # one in time, one overdue
        assert review_queries.call_backs_in_time(scene.vendor.id) == (1, 2)
        operations.finish_call_back(calls[1].code, outcome="not_reached", words=REASONS, by=scene.operator)
        assert review_queries.call_backs_in_time() == (1, 2)
    assert db.session.scalar(select(func.count()).select_from(CallBack)) == 2


# The name ----------------------------------------------------------------------------------------------------------------


def test_closing_the_account_keeps_the_rating_without_the_name(scene: Scene, someone: Callable, app: Flask) -> None:
    """KF-RAT-03."""
    buyer = make.a_citizen("测试张三")
    row = make.order(scene.vendor, buyer)
    give(row.code, scene.seller)
    shown = give(row.code, buyer, 5, named=True)
    assert queries.author_names([shown])[shown.code] == {"kind": "citizen", "name": "测试张三"}
    page = app.test_client().get(f"/vendors/{scene.vendor.code}/ratings").text
    assert "测试张三" in page
    accounts.close_account(buyer.person, lang="zh", by=buyer)
    outbox.drain()
    db.session.expire_all()
    assert queries.author_names([queries.rating(shown.code)])[shown.code]["name"] is None
    assert queries.distribution(scene.vendor.id).total == 1
    page = app.test_client().get(f"/vendors/{scene.vendor.code}/ratings").text
    assert "测试张三" not in page
    assert buyer.person not in page


def test_without_the_wish_no_name_is_shown_public_bodies_always_are(scene: Scene) -> None:
    _, firm = make.a_buyer_firm("测试采购公司")
    _, body = make.a_buyer_firm("测试街道办事处", OrganisationKind.PUBLIC_BODY)
    rows = [make.rated(scene.vendor, 5, seller=scene.seller, buyer=buyer) for buyer in (make.a_citizen(), firm, body)]
    names = queries.author_names(rows)
    assert [names[row.code]["name"] for row in rows] == [None, None, "测试街道办事处"]
