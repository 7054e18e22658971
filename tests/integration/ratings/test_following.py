"""What is counted follows every rating, removal and restoration: standing, index, pages, API; nothing hides before a decision."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock, outbox
from market.accounts.models import OrganisationKind
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from market.listings import indexing
from market.orders.states import OrderState
from market.ratings import credit_operations, jobs, operations, queries, review_queries, score_queries, scoring
from market.ratings.models import CategoryMean, Rating
from market.ratings.states import RatingState, ReviewState
from market.record.models import AuditEntry
from market.vendors import queries as vendors
from market.vendors.models import Standing
from tests.integration.conftest import NOON
from tests.integration.counting import statements
from tests.integration.factories import listings, work
from tests.integration.factories import ratings as make
from tests.integration.factories.accounts import acting, member, person
from tests.integration.ratings.conftest import Scene

REASONS = "理由：核对订单记录与交付文件后认定。这里写足二十个字。"


def rate(scene: Scene, level: int, **more: Any) -> Rating:
    return make.rated(scene.vendor, level, seller=scene.seller, **more)


def report(row: Rating, by: Actor, cause: str = "untrue") -> Any:
    return operations.report_rating(row.code, cause=cause, words=REASONS, by=by)


def remove(row: Rating, scene: Scene) -> Any:
    return operations.decide_review(report(row, scene.seller).code, removed=True, reasons=REASONS, by=scene.operator)


def standing(scene: Scene, item: str | None = None) -> tuple[int | None, int]:
    row = vendors.standing(scene.vendor.id, item)
    return (row.rating_mean, row.rating_count) if row else (None, 0)


def plain(scene: Scene, app: Flask) -> tuple[int | None, int]:
    """Plain average and count as the API gives them."""
    found = app.test_client().get(f"/api/v1/vendors/{scene.vendor.code}/ratings").json
    assert sum(found["distribution"].values()) == found["total"] == len(found["ratings"])
    return found["plain_mean"], found["total"]


# KF-RAT-03 ---------------------------------------------------------------------------------------------------------------


def test_average_and_count_follow_removal_restoration_and_appeal(scene: Scene, app: Flask) -> None:
    """KF-RAT-03: 5, 5, 1 and what becomes of them, at once, without a job."""
    fives = [rate(scene, 5), rate(scene, 5)]
    one = rate(scene, 1)
    assert plain(scene, app) == (3667, 3)
    assert standing(scene) == (None, 3)

    review = remove(one, scene)
    assert plain(scene, app) == (5000, 2)
    assert standing(scene) == (None, 2)

    author = Actor(one.person)
    operations.appeal_review(review.code, words=REASONS, by=author)
    operations.decide_appeal(review.code, upheld=True, reasons=REASONS, by=scene.other)
    assert plain(scene, app) == (3667, 3)

    # somebody reports a five; it stays; the vendor cannot appeal for it to go, the report's loser may not either, but the
    # vendor's own report that was rejected is appealed and upheld
    kept = operations.decide_review(
        report(fives[0], scene.seller).code, removed=False, reasons=REASONS, by=scene.operator
    )
    operations.appeal_review(kept.code, words=REASONS, by=scene.seller)
    operations.decide_appeal(kept.code, upheld=True, reasons=REASONS, by=scene.other)
    assert plain(scene, app) == (3000, 2)
    assert standing(scene) == (None, 2)
    assert queries.rating(fives[0].code).state is RatingState.REMOVED


def test_score_standing_index_and_pages_agree_after_each_change(scene: Scene, app: Flask, client: Any) -> None:
    """KF-RAT-03: page, search facet, sort, API; the index within the sync time, all else at once."""
    offer = listings.published(scene.vendor, scene.seller)
    rows = [rate(scene, 5) for _ in range(5)]
    bad = rate(scene, 1)

    def everywhere() -> set[int | None]:
        outbox.drain()
        db.session.expire_all()
        indexed = next(d for d in indexing._documents(indexing._rows(indexing.Listing.code == offer.code)))
        score = score_queries.counted(scene.vendor.id).score
        low = score.low if score.shown else None
        answer = client.get(f"/api/v1/vendors/{scene.vendor.code}").json["standing"]
        own = client.get(f"/api/v1/vendors/{scene.vendor.code}/score").json
        return {low, indexed.rating, answer["rating_low"], own["low"], vendors.standing(scene.vendor.id).rating_low}

    def revision() -> int:
        return db.session.scalar(select(indexing.Listing.revision).where(indexing.Listing.code == offer.code))

    first, seen = everywhere(), revision()
    assert len(first) == 1
    review = remove(bad, scene)
    assert revision() > seen
    second = everywhere()
    assert len(second) == 1
    assert min(second) > min(first)
    operations.appeal_review(review.code, words=REASONS, by=Actor(bad.person))
    operations.decide_appeal(review.code, upheld=True, reasons=REASONS, by=scene.other)
    assert everywhere() == first
    for row in rows[:2]:
        remove(row, scene)
    # four clients are left: no score
    assert everywhere() == {None}
    page = client.get(f"/vendors/{scene.vendor.code}").text
    assert "新入驻" in page


def test_each_item_has_its_own_score(scene: Scene) -> None:
    for _ in range(5):
        rate(scene, 5)
    rate(scene, 1, item="feasibility-report")
    assert standing(scene, make.ITEM)[1] == 5
    assert standing(scene, "feasibility-report") == (None, 1)
    assert standing(scene)[1] == 6
    assert standing(scene, make.ITEM)[0] == scoring.half_up(
        scoring.mean_of(Fraction(4), [(Fraction(5), Fraction(1))] * 5) * 1000
    )


def test_credit_stands_with_the_vendor_and_counting_anew_asks_no_more_with_more_items(scene: Scene) -> None:
    rate(scene, 4)
    operations.refresh_vendor(scene.vendor.code, by=system())
    one = statements(lambda: operations.refresh_vendor(scene.vendor.code, by=system()))
    for item in ("feasibility-report", "fire-safety-review", "environmental-impact-report"):
        rate(scene, 5, item=item)
    changed = select(func.count()).select_from(AuditEntry).where(AuditEntry.event == "StandingChanged")
    before = db.session.scalar(changed) or 0
    credit_operations.deduct(scene.vendor.code, "quality_complaint", "D-1111", reasons=REASONS, by=scene.operator)
    assert (db.session.scalar(changed) or 0) - before == 1
    found = {row.item: row.credit for row in db.session.scalars(select(Standing))}
    assert found.pop(None) == 85_000
    assert len(found) == 4
    assert set(found.values()) == {100_000}
    assert statements(lambda: operations.refresh_vendor(scene.vendor.code, by=system())) <= one


def test_unchanged_figures_leave_no_trace(scene: Scene) -> None:
    rate(scene, 5)
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    assert operations.refresh_vendor(scene.vendor.code, by=system()) is False
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_ratings_age_by_the_nightly_count(scene: Scene) -> None:
    for _ in range(5):
        rate(scene, 5)
    fresh = standing(scene)[0]
    with clock.frozen(NOON + timedelta(days=365)):
        jobs.refresh_all()
        aged = standing(scene)[0]
    assert fresh == scoring.half_up(scoring.mean_of(Fraction(4), [(Fraction(5), Fraction(1))] * 5) * 1000)
    assert aged == scoring.half_up(scoring.mean_of(Fraction(4), [(Fraction(5), Fraction(1, 2))] * 5) * 1000)


def test_a_tie_declared_later_takes_the_weight_away(scene: Scene) -> None:
    _, body = make.a_buyer_firm("测试街道办事处", OrganisationKind.PUBLIC_BODY)
    row = rate(scene, 5, buyer=body)
    assert row.link is None
    from market.vendors import operations as vendor_operations

    vendor_operations.declare_tie(
        scene.vendor.code, body="测试街道办事处", kind="owned", explanation="", by=scene.seller
    )
    operations.refresh_vendor(scene.vendor.code, by=system())
    assert queries.rating(row.code).link == "tie"
    assert score_queries.counted(scene.vendor.id).score.clients == 0
    vendor_operations.drop_tie(scene.vendor.code, 1, by=scene.seller)
    operations.refresh_vendor(scene.vendor.code, by=system())
    assert queries.rating(row.code).link is None


def test_orders_bring_on_time_first_pass_and_open_jobs(scene: Scene) -> None:
    buyer = make.a_citizen()
    make.order(scene.vendor, buyer)
    make.order(scene.vendor, buyer, late=True, reworks=1)
    make.order(scene.vendor, buyer, OrderState.UNDER_WAY)
    make.order(scene.vendor, buyer, OrderState.CANCELLED)
    make.order(scene.vendor, buyer, OrderState.DRAFT)
    outbox.drain()
    db.session.expire_all()
    row = vendors.standing(scene.vendor.id)
    assert (row.on_time, row.on_time_of, row.first_pass, row.first_pass_of, row.open_jobs) == (1, 2, 1, 2, 1)


# What the score leans on -------------------------------------------------------------------------------------------------


def test_the_month_has_one_published_mean_and_categories_need_thirty(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    term = queries.term
    monkeypatch.setattr(queries, "term", lambda name, on=None: 3 if name == "least_for_mean" else term(name, on))
    for level in (5, 3, 1):
        rate(scene, level, price_fen=level * 100_000)
    rate(scene, 5, item="feasibility-report")
    category = catalogue.item(make.ITEM).category
    with clock.frozen(NOON.replace(month=4, day=1)):
        jobs.refresh_all()
        jobs.refresh_all()
        rows = {
            row.category: row
            for row in db.session.scalars(select(CategoryMean).where(CategoryMean.month == date(2026, 4, 1)))
        }
        assert {name: (row.mean, row.count, row.median_fen) for name, row in rows.items()} == {
            None: (3500, 4, None),
            category: (3000, 3, 300_000),
        }
        assert score_queries.leaning(category, clock.today()).mean == 3000
        assert score_queries.leaning("another", clock.today()).mean == 3500
        # a large order weighs more than one at the median
        weights = {one.term.amount_fen: one.size for one in score_queries.counted(scene.vendor.id, make.ITEM).weighed}
        assert weights[100_000] == weights[300_000] == 1 < weights[500_000]
    # before that month the old one holds
    assert score_queries.leaning(category, date(2026, 3, 31)).mean == 4000


def test_a_market_with_few_ratings_keeps_the_mean_it_began_with(scene: Scene) -> None:
    rate(scene, 1)
    with clock.frozen(NOON.replace(month=4, day=1)):
        assert operations.publish_means(clock.today(), by=system()) == 1
        assert operations.publish_means(clock.today(), by=system()) == 0
        found = score_queries.leaning(None, clock.today())
    assert (found.mean, found.count, found.month) == (4000, 0, date(2026, 4, 1))


# Anybody counts it anew --------------------------------------------------------------------------------------------------


def counted_anew(found: dict[str, Any]) -> tuple[int, int, int]:
    """The score from the JSON alone: no program of the market, floats as a stranger would use."""
    m, c, z = found["m"] / 1000, found["c"], float(found["z"])
    own: dict[int, float] = {}
    weights = []
    for one in found["terms"]:
        amount, median = float(one["amount"]["amount"]), one["median"] and float(one["median"]["amount"])
        from math import log10

        size = min(2, 1 + log10(max(1, amount / median))) if median else 1
        weight = 0 if one["linked"] else 2 ** (-one["age_days"] / found["half_life_days"]) * size
        assert abs(weight - float(one["weight"])) < 2e-9
        weights.append(weight)
        own[one["client"]] = own.get(one["client"], 0) + weight
    limit, most = 0.0, sum(own.values())
    for _ in range(200):  # the greatest weight that is at most a fifth of the sum
        middle = (limit + most) / 2
        if middle <= sum(min(weight, middle) for weight in own.values()) / 5 + 1e-15:
            limit = middle
        else:
            most = middle
    limit = max(own.values()) if max(own.values()) <= sum(own.values()) / 5 else limit
    counted = [
        w * min(own[t["client"]], limit) / own[t["client"]] if w else 0
        for w, t in zip(weights, found["terms"], strict=True)
    ]
    levels = [one["level"] / 1000 for one in found["terms"]]
    total = sum(counted)
    mean = (c * m + sum(w * r for w, r in zip(counted, levels, strict=True))) / (c + total)
    var = sum(w * (r - mean) ** 2 for w, r in zip(counted, levels, strict=True)) / total
    half = z * (var / (c + total)) ** 0.5
    return round(mean * 1000), round((mean - half) * 1000), round((mean + half) * 1000)


def test_anybody_counts_the_score_anew_from_the_page_of_terms(scene: Scene, client: Any) -> None:
    """Every term is open: ages, sizes, ties, a client with many orders, recomputed from the JSON by other code."""
    db.session.add(CategoryMean(category=None, month=date(2026, 2, 1), mean=4213, count=50))
    category = catalogue.item(make.ITEM).category
    db.session.add(CategoryMean(category=category, month=date(2026, 2, 1), mean=3987, count=40, median_fen=700_000))
    db.session.flush()
    regular = make.a_citizen()
    for age, level, price in (
        (400, 5, 500_000),
        (30, 4, 1_500_000),
        (200, 2, 9_000_000),
        (3, 5, 700_001),
        (700, 1, 90_000),
    ):
        with clock.frozen(NOON - timedelta(days=age)):
            rate(scene, level, price_fen=price)
    for level in (5, 5, 5, 4):
        rate(scene, level, buyer=regular, price_fen=8_000_000)
    _, body = make.a_buyer_firm("测试街道办事处", OrganisationKind.PUBLIC_BODY)
    tied = rate(scene, 5, buyer=body)
    tied.link = "tie"
    db.session.commit()
    for item in (None, make.ITEM):
        query = {"item": item} if item else {}
        found = client.get(f"/api/v1/vendors/{scene.vendor.code}/score", query_string=query).json
        assert found["shown"]
        assert len(found["terms"]) == 10
        ours = (found["mean"], found["low"], found["high"])
        assert all(abs(a - b) <= 1 for a, b in zip(ours, counted_anew(found), strict=True)), (ours, counted_anew(found))
        page = client.get(f"/vendors/{scene.vendor.code}/score", query_string=query).text
        assert all(one["rating"] in page and one["fading"] in page and one["size"] in page for one in found["terms"])
    assert found["m"] == 3987
    # clients are numbered; no code of a person or firm stands in it
    assert regular.person not in str(found)


# KF-RAT-04 ---------------------------------------------------------------------------------------------------------------


def test_reports_hide_nothing_whoever_makes_them_and_how_often(scene: Scene, client: Any) -> None:
    """KF-RAT-04: ten reports in a minute, again after rejection, through two staff accounts."""
    rows = [rate(scene, 1) for _ in range(10)]
    colleague = acting(member(person("colleague@example.org"), scene.vendor.organisation, Role.VENDOR))
    before = score_queries.counted(scene.vendor.id).score
    reviews = [report(row, scene.seller) for row in rows]
    assert score_queries.counted(scene.vendor.id).score == before
    page = client.get(f"/vendors/{scene.vendor.code}/ratings").text
    assert page.count("正在复核") == 10
    rate_of = review_queries.report_rates()[0]
    assert (rate_of.vendor.code, rate_of.shown, rate_of.reported, rate_of.this_month, rate_of.removed) == (
        scene.vendor.code, 10, 10, 10, 0,
    )  # fmt: skip
    for row in rows:
        with pytest.raises(Conflict):
            report(row, colleague)
    for review in reviews:
        operations.decide_review(review.code, removed=False, reasons=REASONS, by=scene.operator)
    for row in rows:
        for who in (scene.seller, colleague):
            with pytest.raises(Conflict, match="already"):
                report(row, who, "insult")
    assert score_queries.counted(scene.vendor.id).score == before
    assert all(queries.rating(row.code).state is RatingState.PUBLIC for row in rows)
    decided = list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == "ReportDecided")))
    assert len(decided) == 10


def test_the_vendors_people_speak_for_it_in_whatever_role_they_come(scene: Scene) -> None:
    """KF-RAT-04: a private account of the vendor's staff is no way to report once more."""
    row = rate(scene, 1)
    review = report(row, Actor(scene.seller.person))
    assert [one.by_vendor for one in review.reports] == [True]
    with pytest.raises(Conflict):
        report(row, scene.seller)


def test_several_reports_make_one_review_with_its_clock(scene: Scene) -> None:
    row = rate(scene, 1)
    first = report(row, scene.seller)
    assert report(row, make.a_citizen(), "insult").code == first.code
    assert [one.cause for one in first.reports] == ["untrue", "insult"]
    assert [one.by_vendor for one in first.reports] == [True, False]
    assert first.due_at == NOON.replace(day=11, hour=16)
    assert [one.code for one in review_queries.open_reviews()] == [first.code]
    operations.decide_review(first.code, removed=False, reasons=REASONS, by=scene.operator)
    with pytest.raises(WrongState):
        operations.decide_review(first.code, removed=True, reasons=REASONS, by=scene.other)
    # a third person's report opens a new review
    assert report(row, make.a_citizen()).code != first.code


def test_a_report_needs_a_cause_and_words(scene: Scene) -> None:
    row = rate(scene, 1)
    with pytest.raises(Invalid):
        operations.report_rating(row.code, cause="low", words=REASONS, by=scene.seller)
    with pytest.raises(Invalid):
        operations.report_rating(row.code, cause="untrue", words="不对", by=scene.seller)
    hidden = make.order(scene.vendor, make.a_citizen())
    buyer = Actor(hidden.person.code)
    code = operations.give_rating(hidden.code, levels=make.levels(5), by=buyer).code
    with pytest.raises(NotFound):
        report(queries.rating(code), scene.seller)


def test_only_the_side_a_decision_goes_against_appeals_in_time_to_another_operator(scene: Scene) -> None:
    removed, kept = rate(scene, 1), rate(scene, 2)
    first = remove(removed, scene)
    second = operations.decide_review(
        report(kept, scene.seller).code, removed=False, reasons=REASONS, by=scene.operator
    )
    for review, wrong in ((first, scene.seller), (second, Actor(kept.person))):
        with pytest.raises(Forbidden):
            operations.appeal_review(review.code, words=REASONS, by=wrong)
    with pytest.raises(NotFound):
        operations.appeal_review(first.code, words=REASONS, by=make.a_citizen())
    author = Actor(removed.person)
    with clock.frozen(first.appeal_until), pytest.raises(WrongState, match="over"):
        operations.appeal_review(first.code, words=REASONS, by=author)
    operations.appeal_review(first.code, words=REASONS, by=author)
    with pytest.raises(Forbidden):
        operations.decide_appeal(first.code, upheld=True, reasons=REASONS, by=scene.operator)
    operations.decide_appeal(first.code, upheld=False, reasons=REASONS, by=scene.other)
    assert queries.rating(removed.code).state is RatingState.REMOVED
    assert first.state is ReviewState.CLOSED
    for again in (
        lambda: operations.decide_appeal(first.code, upheld=True, reasons=REASONS, by=scene.other),
        lambda: operations.appeal_review(first.code, words=REASONS, by=author),
    ):
        with pytest.raises(WrongState):
            again()


def test_a_decision_that_a_later_one_replaced_cannot_be_appealed(scene: Scene, app: Flask) -> None:
    """It could never be upheld: the rating that stayed is removed by now."""
    row = rate(scene, 2)
    first = operations.decide_review(report(row, scene.seller).code, removed=False, reasons=REASONS, by=scene.operator)
    later = report(row, make.a_citizen())
    operations.decide_review(later.code, removed=True, reasons=REASONS, by=scene.operator)
    with pytest.raises(WrongState, match="later decision"):
        operations.appeal_review(first.code, words=REASONS, by=scene.seller)
    assert "appeal" not in work.browser(app, scene.seller).get(f"/ratings/{row.code}").text
    operations.appeal_review(later.code, words=REASONS, by=Actor(row.person))
    operations.decide_appeal(later.code, upheld=True, reasons=REASONS, by=scene.other)
    assert queries.rating(row.code).state is RatingState.PUBLIC


def test_the_vendor_replies_once_in_public(scene: Scene) -> None:
    row = rate(scene, 2)
    with pytest.raises(NotFound):
        operations.reply_rating(row.code, text="别家的回复", by=make.a_vendor(2)[1])
    operations.reply_rating(row.code, text="专家会晚了四天，已改进。", by=scene.seller)
    with pytest.raises(WrongState):
        operations.reply_rating(row.code, text="再说一次", by=scene.seller)
    assert queries.rating(row.code).reply == "专家会晚了四天，已改进。"
