"""An offer's texts on their way through the review."""

import re
from collections.abc import Callable

import pytest

from market.kernel.actor import Role
from market.listings import operations, queries, rules
from market.listings.states import ListingState
from market.review import notice_queries
from market.review import operations as review
from market.review.gate_rules import Kind
from market.review.states import NoticeState
from tests.integration.conftest import Someone
from tests.integration.factories import listings, vendors
from tests.integration.factories.listings import FREE_ITEM

Make = Callable[..., Someone]
VALUES = {
    "title": "稳评（示例）", "price_model": "fixed", "price": "12,000", "days": "15", "capacity": "3",
    "deliverables": "评估报告 3 份", "languages": ["zh"], "travel": "0", "guarantee_days": "0", "tax": "6",
}  # fmt: skip
TIED = "委托方须在西安市设立分支机构。"
REASON = "上门取样的人员只驻本市，没有更宽松的办法。"
WHY_NOT = "取样人员驻地与委托方是否设立分支机构没有关系，理由不成立。"


def test_a_clause_in_an_offer_needs_a_reason_and_the_regulators_objection_suspends_it(someone: Make) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    row = listings.published(vendor, seller)
    assert notice_queries.notices_of(Kind.LISTING, row.code) == [], "nothing was found, nothing is kept"
    operations.edit_listing(row.code, {"description": TIED}, by=seller)
    with pytest.raises(review.ReasonNeeded) as refused:
        operations.publish_listing(row.code, by=seller)
    (rule,) = {one.rule for one in refused.value.findings}
    operations.publish_listing(row.code, reasons={rule: REASON}, by=seller)
    notice = notice_queries.current(Kind.LISTING, row.code)
    assert notice is not None
    assert (notice.state, list(notice.texts)) == (NoticeState.OPEN, ["description"])
    # another price is published with the reason that stands
    operations.edit_listing(row.code, {"price_fen": 1_150_000}, by=seller)
    operations.publish_listing(row.code, by=seller)
    notice = notice_queries.current(Kind.LISTING, row.code)
    assert notice is not None
    regulator = someone(Role.REGULATOR).actor
    review.object_to_notice(notice.code, rules=[rule], words=WHY_NOT, by=regulator)
    row = queries.listing(row.code)
    assert (row.state, [one["cause"] for one in row.suspension]) == (
        ListingState.SUSPENDED, [str(rules.Cause.OBJECTION)],
    )  # fmt: skip
    with pytest.raises(review.ObjectionStands):
        operations.publish_listing(row.code, reasons={rule: REASON + "换一个说法。"}, by=seller)
    review.withdraw_objection(notice.code, words="机构补充了取样安排，理由成立，撤回异议。", by=regulator)
    assert queries.listing(row.code).state is ListingState.PUBLISHED
    operations.edit_listing(row.code, {"description": ""}, by=seller)
    operations.publish_listing(row.code, by=seller)
    assert notice_queries.current(Kind.LISTING, row.code) is None, "a clause that was taken out whole is gone too"
    operations.edit_listing(row.code, {"description": "上门取样，地点不限。"}, by=seller)
    operations.publish_listing(row.code, by=seller)
    assert notice_queries.current(Kind.LISTING, row.code) is None


def test_the_desk_shows_the_clause_and_takes_the_neutral_wording(someone: Make) -> None:
    member = someone(None)
    vendor, _ = vendors.active(member.actor)
    browser = someone(Role.VENDOR, organisation=vendor.organisation)
    edit = browser.client.submit("/desk/offers/new", {"item": FREE_ITEM}).headers["Location"]
    code = edit.rstrip("/").rpartition("/")[2]
    typed = {**VALUES, "description": TIED}
    refused = browser.client.submit(edit, {**typed, "publish": "1"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "<mark>" in page
    key = re.search(r'name="take" value="([^"]+)"', page)
    assert key is not None
    assert browser.client.submit(edit, {**typed, "take": key[1]}).status_code == 302
    assert "设立分支机构" not in queries.listing(code).description
