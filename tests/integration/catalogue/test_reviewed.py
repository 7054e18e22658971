"""What changes in items and price standards on its way through the review."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from market import clock
from market.catalogue import operations, queries
from market.kernel.actor import Actor, Role
from market.kernel.errors import RuleBroken
from market.review import notice_queries
from market.review import operations as review
from market.review.gate_rules import Kind
from market.review.states import NoticeState
from tests.integration.conftest import NOON, Someone

Make = Callable[..., Someone]
LISTED = "须从本市中介机构名录库中选取。"
REASON = "依照本市试点办法，试点期一年，期满即止，没有更宽松的办法。"
WHY_NOT = "试点办法没有要求只能从名录库中选取，理由不成立。"


def proposed(by: Actor, **changes: Any) -> str:
    item = queries.item("eia-form")
    assert item is not None
    return operations.propose_version(
        "item", "eia-form", {**item.content, **changes}, reason="示例修改", valid_from=date(2026, 3, 4), by=by
    ).code


def test_what_an_item_asks_of_vendors_is_stopped_like_a_notice(app: Flask, someone: Make) -> None:
    operator = someone(Role.OPERATOR).actor
    code = proposed(operator, qualification=[{"name": "须在西安市设立分支机构", "level": ""}])
    with pytest.raises(review.MayNotBePublished) as refused:
        operations.consult(code, reasons={"FC-LOC-02": REASON}, by=operator)
    assert type(refused.value) is review.MayNotBePublished
    assert queries.version(code).state == "proposed"


def test_a_clause_in_a_description_takes_a_reason_and_an_objection_keeps_it_out_of_force(
    app: Flask, someone: Make
) -> None:
    operator = someone(Role.OPERATOR)
    code = proposed(operator.actor, summary_zh=f"建设项目开工前编制。{LISTED}")
    page = operator.client.get(f"/catalogue/versions/{code}").get_data(as_text=True)
    assert "<mark>" in page
    consult = f"/catalogue/versions/{code}/consult"
    assert operator.client.submit(consult, {"days": "7"}).status_code == 422
    assert operator.client.submit(consult, {"days": "7", "reason-FC-LIB-01": REASON}).status_code == 302
    notice = notice_queries.current(Kind.ITEM, code)
    assert notice is not None
    assert (notice.state, list(notice.texts)) == (NoticeState.OPEN, ["summary_zh"])
    regulator = someone(Role.REGULATOR).actor
    review.object_to_notice(notice.code, rules=["FC-LIB-01"], words=WHY_NOT, by=regulator)
    with clock.frozen(NOON + timedelta(days=8)):
        with pytest.raises(RuleBroken, match="objects"):
            operations.put_in_force(code, by=operator.actor)
        review.withdraw_objection(notice.code, words="运营单位说明了试点期限，理由成立，撤回异议。", by=regulator)
        assert operations.put_in_force(code, by=operator.actor).state == "in_force"


def test_what_did_not_change_is_not_read_again(app: Flask, someone: Make) -> None:
    """A word of law that the review would mark stands in the text in force: another field can change beside it."""
    operator = someone(Role.OPERATOR).actor
    code = proposed(operator, deliverable="报告表与承诺书")
    operations.consult(code, by=operator)
    assert notice_queries.notices_of(Kind.ITEM, code) == [], "nothing was found, nothing is kept"
