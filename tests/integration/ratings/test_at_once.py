"""Ten at once: one rating, one review, one deduction. Real commits, real threads."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from market.accounts.models import OrganisationKind
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, WrongState
from market.ratings import credit_operations, operations, queries, score_queries
from market.ratings.models import CreditDeduction, Rating, RatingReport, RatingReview
from market.record.queries import chain_faults
from market.vendors import queries as vendors
from tests.integration.factories import ratings as make
from tests.integration.factories.accounts import acting, member, organisation, person

REASONS = "理由：核对订单记录与交付文件后认定。这里写足二十个字。"


def at_once(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """What each act gave or raised, all released together."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = act()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def kinds(results: list[object]) -> tuple[int, int, list[object]]:
    """How many got through, how many were refused as they should be, and what else there was."""
    refused = [one for one in results if isinstance(one, Conflict | WrongState)]
    through = [one for one in results if not isinstance(one, Exception)]
    return len(through), len(refused), [one for one in results if one not in refused and one not in through]


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_ten_posts_of_one_rating_make_one_row(committed: Flask) -> None:
    """KF-RAT-02: ten posts at once for one order, by two members of the buying firm."""
    with committed.app_context():
        vendor, _ = make.a_vendor(1)
        firm, buyer = make.a_buyer_firm()
        colleague = acting(member(person("at-once@example.org"), firm, Role.BUYER))
        code = make.order(vendor, buyer).code
        act = [
            lambda who=who: operations.give_rating(code, levels=make.levels(5), by=who)
            for who in [buyer, colleague] * 5
        ]
        assert kinds(at_once(committed, *act)) == (1, 9, [])
        assert count(Rating) == 1


def test_both_sides_at_once_are_shown_together(committed: Flask) -> None:
    with committed.app_context():
        vendor, seller = make.a_vendor(2)
        buyer = make.a_citizen()
        codes = [make.order(vendor, buyer).code for _ in range(4)]
        for code in codes:
            results = at_once(
                committed,
                lambda code=code: operations.give_rating(code, levels=make.levels(5), by=buyer),
                lambda code=code: operations.give_rating(code, levels=make.levels(4), by=seller),
            )
            assert kinds(results) == (2, 0, [])
        db.session.expire_all()
        assert queries.distribution(vendor.id).total == 4
        assert vendors.standing(vendor.id).rating_count == 4


def test_removals_at_once_leave_figures_that_agree(committed: Flask) -> None:
    """KF-RAT-03: five operators decide five reports at once; nothing is counted from a half."""
    with committed.app_context():
        vendor, seller = make.a_vendor(3)
        rows = [make.rated(vendor, level, seller=seller) for level in (5, 5, 5, 5, 5, 4, 1, 1, 1, 1, 1)]
        reports = [operations.report_rating(row.code, cause="untrue", words=REASONS, by=seller) for row in rows[6:]]
        desk = organisation(OrganisationKind.OFFICE, "测试运营中心")
        operator = acting(member(person("desk@example.org"), desk, Role.OPERATOR))
        codes = [one.code for one in reports]
        db.session.remove()

        def decide(code: str) -> object:
            return operations.decide_review(code, removed=True, reasons=REASONS, by=operator)

        assert kinds(at_once(committed, *[lambda code=code: decide(code) for code in codes * 2])) == (5, 5, [])
        db.session.expire_all()
        score, row = score_queries.counted(vendor.id).score, vendors.standing(vendor.id)
        assert (row.rating_mean, row.rating_low, row.rating_high, row.rating_count) == (
            score.mean,
            score.low,
            score.high,
            6,
        )
        assert score.count == 6
        assert count(RatingReview) == 5


def test_ten_reports_of_one_office_are_one(committed: Flask) -> None:
    """KF-RAT-04."""
    with committed.app_context():
        vendor, seller = make.a_vendor(4)
        code = make.rated(vendor, 1, seller=seller).code
        before = count(RatingReport)
        act = lambda: operations.report_rating(code, cause="untrue", words=REASONS, by=seller)  # noqa: E731
        assert kinds(at_once(committed, *[act] * 10)) == (1, 9, [])
        assert count(RatingReport) == before + 1


def test_one_decision_costs_once_however_often_it_is_sent(committed: Flask) -> None:
    with committed.app_context():
        vendor, _ = make.a_vendor(5)
        operator = Actor(new_code("P"), Role.OPERATOR)
        code = vendor.code
        act = lambda: credit_operations.deduct(  # noqa: E731
            code, "quality_complaint", "D-1111", reasons=REASONS, by=operator
        )
        assert kinds(at_once(committed, *[act] * 6)) == (1, 5, [])
        assert count(CreditDeduction) == 1
        assert chain_faults() == []
