"""The order page in every state, as each side sees it."""

from collections.abc import Callable

import pytest
from flask import Flask

from market.orders import dispute_operations, work_operations
from tests.integration.factories import work

STATES: dict[str, Callable[[], work.Work]] = {
    "awarded": work.awarded,
    "contracted": work.contracted,
    "funded": work.funded,
    "under_way": work.started,
    "delivered": work.delivered,
    "accepted": work.accepted,
}
#: the main act of each side in each state
MAIN = {
    "awarded": ("签合同", "签合同"),
    "contracted": ("存入托管", None),
    "funded": (None, "开工"),
    "under_way": (None, "交付成果"),
    "delivered": ("验收成果", None),
    "accepted": (None, None),
}


@pytest.mark.parametrize("state", STATES)
def test_each_side_sees_its_page_with_its_main_act(app: Flask, state: str) -> None:
    made = STATES[state]()
    work.drain()
    for actor, main in zip((made.buyer, made.vendor), MAIN[state], strict=True):
        page = work.browser(app, actor).get(f"/orders/{made.code}")
        assert page.status_code == 200, page.text[:500]
        assert "测试路口改造项目" in page.text
        primary = page.text.partition("<main")[2].count("btn-primary")
        assert primary == (1 if main else 0), page.text
        if main:
            assert main in page.text


def test_the_page_tells_what_happened_what_is_waited_for_and_until_when(app: Flask) -> None:
    made = work.started(reference_fen=1_300_000, low_fen=1_040_000, high_fen=1_560_000)
    page = work.browser(app, made.buyer).get(f"/orders/{made.code}").text
    for words in (
        "选定机构",
        "签署合同",
        "合同生效",
        "款项托管到位",
        "开工",
        "机构正在办理",
        "3月25日",
        "剩 15 个工作日",
    ):
        assert words in page, words
    # the price lies on the bar of its standard
    assert "wm-bar" in page
    assert "¥12,000.01" in page
    english = work.browser(app, made.vendor).get(f"/orders/{made.code}?lang=en").text
    for words in ("Hand over the result", "Work started", "15 working days left"):
        assert words in english, words


def test_a_pause_and_a_dispute_stand_on_the_page(app: Flask) -> None:
    made = work.started()
    work_operations.pause_work(made.code, "applicant", "缺街道办的会议纪要，请补来。", by=made.vendor)
    buyer = work.browser(app, made.buyer)
    page = buyer.get(f"/orders/{made.code}").text
    assert "缺街道办的会议纪要" in page
    assert "恢复工作" in page
    dispute_operations.open_dispute(made.code, 1, "成果与约定不符，少了一个社区的走访记录，要求退款。", by=made.buyer)
    page = buyer.get(f"/orders/{made.code}").text
    assert "查看争议" in page
    assert "等运营人员处理争议" in page
