"""Pages of ratings without scripts, the operator's desk, and the API: the same operation, the same refusals."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.accounts import operations as accounts
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.orders.states import OrderState
from market.ratings import credit_operations, credit_queries, operations, queries, review_queries
from market.ratings.models import Rating
from market.ratings.states import RatingState
from tests.integration.conftest import NOON, Someone
from tests.integration.counting import statements
from tests.integration.factories import ratings as make
from tests.integration.ratings.conftest import Scene

REASONS = "理由：核对订单记录与交付文件后认定。这里写足二十个字。"
FIVE = dict.fromkeys(("quality", "timeliness", "attitude", "charge", "norms"), "5")


@pytest.fixture
def buyer(someone: Callable[..., Someone]) -> Someone:
    return someone()


def test_a_buyer_rates_corrects_and_takes_back_without_scripts(scene: Scene, buyer: Someone) -> None:
    row = make.order(scene.vendor, buyer.actor)
    path = f"/orders/{row.code}/rating"
    page = buyer.client.get(path).text
    assert page.count('type="radio"') == 25
    assert "明显超出约定" in page
    # something is missing: all that was typed is still there
    answer = buyer.client.submit(path, {**FIVE, "quality": "", "text": "踏勘很快"})
    assert answer.status_code == 422
    assert "踏勘很快" in answer.text
    assert 'href="#f-quality"' in answer.text
    assert answer.text.count(" checked") == 4
    assert buyer.client.submit(path, {**FIVE, "text": "踏勘很快"}).status_code == 302
    # a double click is a correction of the same row, not a second rating
    assert buyer.client.submit(path, {**FIVE, "text": "踏勘很快，也准时", "charge": "4"}).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Rating)) == 1
    own = db.session.scalar(select(Rating))
    assert (own.text, own.charge, own.is_named) == ("踏勘很快，也准时", 4, False)
    page = buyer.client.get(path).text
    assert "踏勘很快，也准时" in page
    assert page.count(" checked") == 5
    assert buyer.client.submit(f"{path}/withdraw").status_code == 302
    again = buyer.client.submit(path, {**FIVE})
    assert again.status_code == 409
    assert "不能再写一份代替" in again.text


@pytest.mark.parametrize("state", [OrderState.UNDER_WAY, OrderState.CANCELLED, OrderState.DISPUTED])
def test_page_and_api_refuse_alike(
    scene: Scene, buyer: Someone, app: Flask, someone: Callable, state: OrderState
) -> None:
    """KF-RAT-01: API and page agree, each names the reason."""
    firm = someone(Role.BUYER)
    row = make.order(scene.vendor, firm.actor, state)
    page = firm.client.submit(f"/orders/{row.code}/rating", FIVE)
    _, secret = accounts.make_api_token(firm.membership.code, "t", ["ratings:write"], 30, by=firm.actor)
    db.session.commit()
    answer = app.test_client().post(
        f"/api/v1/orders/{row.code}/rating",
        json=dict.fromkeys(FIVE, 5),
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert page.status_code == answer.status_code == 422
    assert answer.json["code"] == "rule_broken"
    assert answer.json["title"] in page.text
    assert answer.json["rule"]
    assert answer.json["remedy"]


def test_a_program_rates_with_its_scope_once(scene: Scene, app: Flask, someone: Callable) -> None:
    firm = someone(Role.BUYER)
    row = make.order(scene.vendor, firm.actor)
    body = dict.fromkeys(FIVE, 4) | {"text": "按约交付", "named": True}
    path = f"/api/v1/orders/{row.code}/rating"
    _, weak = accounts.make_api_token(firm.membership.code, "t", ["account:read"], 30, by=firm.actor)
    _, secret = accounts.make_api_token(firm.membership.code, "t", ["ratings:write"], 30, by=firm.actor)
    db.session.commit()
    client = app.test_client()
    assert client.post(path, json=body, headers={"Authorization": f"Bearer {weak}"}).status_code == 403
    made = client.post(path, json=body, headers={"Authorization": f"Bearer {secret}"})
    assert made.status_code == 201, made.json
    assert (made.json["state"], made.json["party"], made.json["levels"]["norms"]) == ("hidden", "buyer", 4)
    assert client.post(path, json=body, headers={"Authorization": f"Bearer {secret}"}).status_code == 409
    wrong = client.post(path, json=body | {"quality": 6}, headers={"Authorization": f"Bearer {secret}"})
    assert wrong.status_code == 422
    assert "quality" in wrong.json["fields"]


def test_others_find_nothing_at_the_address_of_an_order(
    scene: Scene, buyer: Someone, someone: Callable, client: Any
) -> None:
    row = make.order(scene.vendor, buyer.actor)
    path = f"/orders/{row.code}/rating"
    assert client.get(path).status_code == 302
    for other in (
        someone(),
        someone(Role.BUYER),
        someone(Role.VENDOR),
        someone(Role.OPERATOR),
        someone(Role.REGULATOR),
    ):
        assert other.client.get(path).status_code == 404
        assert other.client.submit(path, FIVE).status_code == 404


def test_the_list_shows_distribution_levels_and_turns_pages(scene: Scene, client: Any) -> None:
    for number in range(23):
        make.rated(scene.vendor, 5 if number else 2, seller=scene.seller, text=f"第{number}份")
    path = f"/vendors/{scene.vendor.code}/ratings"
    page = client.get(path).text
    assert page.count("单笔") == 20
    assert "第22份" in page
    assert "第0份" not in page
    assert "第0份" in client.get(path, query_string={"page": 2}).text
    bad = client.get(path, query_string={"level": 2}).text
    assert "第0份" in bad
    assert "第22份" not in bad
    assert client.get(path, query_string={"level": "x", "item": "nothing"}).status_code == 200
    found = client.get(f"/api/v1/vendors/{scene.vendor.code}/ratings", query_string={"page": 2}).json
    assert (found["page"], found["pages"], found["total"], len(found["ratings"])) == (2, 2, 23, 3)
    assert found["distribution"] == {"5": 22, "4": 0, "3": 0, "2": 1, "1": 0}


def test_a_report_decision_and_appeal_by_the_pages(
    scene: Scene, buyer: Someone, someone: Callable, client: Any
) -> None:
    row = make.rated(scene.vendor, 1, seller=scene.seller, buyer=buyer.actor, text="专家会晚了四天")
    vendor = someone(Role.VENDOR, organisation=scene.vendor.organisation)
    first, second = someone(Role.OPERATOR), someone(Role.OPERATOR)
    page = f"/ratings/{row.code}"
    assert "举报这份评价" not in client.get(page).text
    assert vendor.client.submit(f"{page}/reply", {"reply": "已改进流程。"}).status_code == 302
    assert "已改进流程。" in client.get(page).text
    short = vendor.client.submit(f"{page}/report", {"cause": "untrue", "words": "不对"})
    assert short.status_code == 422
    assert "不对" in short.text
    assert vendor.client.submit(f"{page}/report", {"cause": "untrue", "words": REASONS}).status_code == 302
    shown = client.get(page).text
    assert "正在复核" in shown
    assert "专家会晚了四天" in shown

    queue = first.client.get("/desk/ratings").text
    review = review_queries.open_reviews()[0]
    assert f"/desk/ratings/reviews/{review.code}" in queue
    assert "3月11日" in queue
    path = f"/desk/ratings/reviews/{review.code}"
    assert "近 30 天" in first.client.get(path).text
    assert first.client.submit(path, {"decision": "yes", "reasons": REASONS}).status_code == 302
    removed = client.get(page)
    assert removed.status_code == 200
    assert REASONS in removed.text
    assert "专家会晚了四天" not in removed.text
    # its author still reads it and appeals
    assert "专家会晚了四天" in buyer.client.get(page).text
    assert buyer.client.submit(f"{page}/appeal", {"appeal": REASONS}).status_code == 302
    same = first.client.submit(path, {"decision": "yes", "reasons": REASONS})
    assert same.status_code == 403
    assert "由同事处理" in first.client.get("/desk/ratings").text
    assert second.client.submit(path, {"decision": "yes", "reasons": REASONS}).status_code == 302
    assert "专家会晚了四天" in client.get(page).text
    assert queries.rating(row.code).state is RatingState.PUBLIC


def test_call_backs_proposals_and_deductions_by_the_desk(scene: Scene, someone: Callable, client: Any) -> None:
    make.rated(scene.vendor, 1, seller=scene.seller)
    operator, other = someone(Role.OPERATOR), someone(Role.OPERATOR)
    vendor = someone(Role.VENDOR, organisation=scene.vendor.organisation)
    call = review_queries.open_call_backs()[0]
    assert f"/desk/ratings/call-backs/{call.code}" in operator.client.get("/desk/ratings").text
    path = f"/desk/ratings/call-backs/{call.code}"
    assert operator.client.get(path).status_code == 200
    assert operator.client.submit(path, {"outcome": "solved", "words": REASONS}).status_code == 302
    assert operator.client.submit(path, {"outcome": "solved", "words": REASONS}).status_code == 409
    assert "100%" in operator.client.get("/desk/ratings").text

    proposal = credit_operations.propose_deduction(
        scene.vendor.code, "answer_lapsed", call.rating.order.code, by=scene.operator
    )
    path = f"/desk/credit/proposals/{proposal.code}"
    assert path in operator.client.get("/desk/ratings").text
    assert operator.client.get(path).status_code == 200
    assert operator.client.submit(path, {"decision": "yes", "reasons": REASONS}).status_code == 302

    path = f"/desk/vendors/{scene.vendor.code}/deduct"
    assert operator.client.get(path).status_code == 200
    typed = {
        "ground": "quality_complaint",
        "decision": "陕环罚〔2026〕1号",
        "decided_on": "2026-03-01",
        "reasons": REASONS,
    }
    assert operator.client.submit(path, {**typed, "decided_on": "2026-03-09"}).status_code == 422
    assert operator.client.submit(path, typed).status_code == 302
    assert operator.client.submit(path, typed).status_code == 409

    made = credit_queries.deductions_of(scene.vendor.id)[1]
    page = f"/credit/{made.code}"
    assert "申诉" in vendor.client.get(page).text
    assert 'name="appeal"' not in client.get(page).text
    assert client.get("/desk/our-ratings").status_code == 302
    assert page in vendor.client.get("/desk/our-ratings").text
    assert client.submit(f"{page}/appeal", {"appeal": REASONS}).status_code == 401
    assert vendor.client.submit(f"{page}/appeal", {"appeal": REASONS}).status_code == 302
    path = f"/desk/credit/appeals/{made.code}"
    assert path in other.client.get("/desk/ratings").text
    assert other.client.submit(path, {"decision": "yes", "reasons": REASONS}).status_code == 302
    assert "已撤销" in client.get(f"/vendors/{scene.vendor.code}/credit").text


def test_the_desk_asks_no_more_with_more_rows(scene: Scene, someone: Callable) -> None:
    desk = someone(Role.OPERATOR).client

    def one_more(number: int) -> int:
        vendor, seller = make.a_vendor(number)
        bad = make.rated(vendor, 1, seller=seller)
        operations.report_rating(bad.code, cause="untrue", words=REASONS, by=seller)
        credit_operations.propose_deduction(vendor.code, "answer_lapsed", bad.order.code, by=system())
        made = credit_operations.deduct(
            vendor.code, "quality_complaint", f"D-11{number}", reasons=REASONS, by=scene.operator
        )
        credit_operations.appeal_deduction(made.code, words=REASONS, by=seller)
        db.session.expire_all()
        return statements(lambda: desk.get("/desk/ratings"))

    one_more(2)
    assert one_more(3) == one_more(4)


def test_a_page_number_that_is_none_is_the_first_page(scene: Scene, client: Any) -> None:
    """Python refuses to read more than 4,300 digits as a number."""
    make.rated(scene.vendor, 5, seller=scene.seller)
    for number in ("9" * 5_000, "²", "-1", "x", "0"):
        for path in (f"/vendors/{scene.vendor.code}/score", f"/vendors/{scene.vendor.code}/ratings", "/kiosk/fields"):
            assert client.get(f"{path}?page={number}").status_code == 200, (path, number[:3])


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.VENDOR, Role.REGULATOR, Role.AUDITOR, Role.COUNTER])
def test_the_desk_is_the_operators(someone: Callable, role: Role | None) -> None:
    who = someone(role)
    for path in ("/desk/ratings", "/desk/vendors/V-00000000/deduct", "/desk/ratings/reviews/J-00000000"):
        assert who.client.get(path).status_code == 403


def test_the_panel_of_the_order_page_for_both_sides(scene: Scene, app: Flask) -> None:
    from flask import render_template

    buyer = make.a_citizen()
    row = make.order(scene.vendor, buyer)

    def panel(actor: Actor) -> str:
        with app.test_request_context():
            return render_template("ratings/panel.html", rating_box=queries.of_order(row.code, actor))

    assert "评价这笔订单" in panel(buyer)
    operations.give_rating(row.code, levels=make.levels(5), text="很好", by=buyer)
    assert "现在谁也看不到" in panel(buyer)
    assert "很好" not in panel(scene.seller)
    assert "很好" not in panel(scene.operator)
    operations.give_rating(row.code, levels=make.levels(3), text="配合", by=scene.seller)
    assert "很好" in panel(scene.seller)
    assert "配合" in panel(buyer)
    assert "配合" not in panel(scene.operator)
    running = make.order(scene.vendor, buyer, OrderState.UNDER_WAY)
    with app.test_request_context():
        text = render_template("ratings/panel.html", rating_box=queries.of_order(running.code, buyer))
    assert "验收并付款之后才能评价" in text


def test_the_formula_page_says_every_figure(scene: Scene, client: Any) -> None:
    page = client.get("/ratings/formula").text
    for figure in ("4.467", "3.909", "4.238", "1.96", "非常满意", "14", "Airbnb"):
        assert figure in page
    english = client.get("/ratings/formula", query_string={"lang": "en"}).text
    assert "Very satisfied" in english
    with clock.frozen(NOON + timedelta(days=40)):
        assert client.get("/credit", query_string={"lang": "en"}).status_code == 200
