"""The order page in every state, as each side sees it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from market.kernel.actor import Role, system
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
