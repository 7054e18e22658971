"""Every verb of the need and the choice in every state in which it is not allowed, by page and by API, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest

from market.accounts import operations as accounts
from market.db import db
from market.kernel.actor import Role
from market.orders import queries, rules
from market.orders.models import Order
from market.orders.states import OrderState, Party
from tests.integration.conftest import Someone
from tests.integration.factories import listings, orders, vendors

Make = Callable[..., Someone]
S = OrderState
WORDS = "两项内容相同、时间相同，应合并为一项，改用竞争方式。"
SCOPES = ["orders:read", "orders:write"]

#: verb -> (who, path, what is sent, states in which it is allowed)
VERBS: dict[str, tuple[str, str, dict[str, Any], frozenset[OrderState]]] = {
    "place": ("buyer", "place", {}, frozenset({S.DRAFT})),
    "what": ("buyer", "what", {"item": listings.FREE_ITEM}, frozenset({S.DRAFT})),
    "project": ("buyer", "project", {"title": "改名"}, frozenset({S.DRAFT})),
    "way": ("buyer", "way", {"way": "direct"}, frozenset({S.DRAFT})),
    "take_back": ("buyer", "take-back", {}, frozenset({S.SELECTING, S.IN_REVIEW})),
    "cancel": ("buyer", "cancel", {"reason": "no_need"}, rules.MAY_CANCEL[Party.BUYER]),
    "answer": ("vendor", "answer", {"accept": True}, frozenset({S.SELECTING})),
    "decline": ("vendor", "answer", {"accept": False, "reason": "full"}, frozenset({S.SELECTING})),
    "vendor_cancel": ("vendor", "cancel", {"reason": "no_people"}, rules.MAY_CANCEL[Party.VENDOR]),
    "clear": ("operator", "clear", {}, frozenset({S.IN_REVIEW})),
    "return": (
        "operator",
        "return",
        {"words": WORDS},
        frozenset({S.IN_REVIEW}),
    ),
}
PUT = {"what", "project", "way"}
REFUSED = [(verb, state) for verb, (*_, allowed) in VERBS.items() for state in OrderState if state not in allowed]


@pytest.fixture
def sides(someone: Make) -> dict[str, Someone]:
    """Buyer, vendor's member and operator."""
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller)
    buyer = someone(Role.BUYER)
    row = orders.placed(buyer.actor, offer)
    found = {
        "buyer": buyer,
        "vendor": someone(Role.VENDOR, organisation=vendor.organisation),
        "operator": someone(Role.OPERATOR),
    }
    found["order"] = row  # type: ignore[assignment]
    return found


def put(row: Order, state: OrderState) -> None:
    """Put an order into a state for the test of what is refused there."""
    db.session.get(Order, row.id).state = state
    db.session.commit()


def token(who: Someone) -> str:
    membership = who.membership
    assert membership is not None
    return accounts.make_api_token(membership.code, "test", SCOPES, 30, by=who.actor)[1]


def test_by_api_each_refusal_has_a_code_a_rule_and_a_next_step(sides: dict[str, Any], client: Any) -> None:
    """KF-ORD-04."""
    row = sides["order"]
    tokens = {name: token(sides[name]) for name in ("buyer", "vendor", "operator")}
    for verb, state in REFUSED:
        put(row, state)
        who, path, body, _ = VERBS[verb]
        for lang in ("zh-CN", "en"):
            answer = client.open(
                f"/api/v1/orders/{row.code}/{path}",
                method="PUT" if verb in PUT else "POST",
                json=body,
                headers={"Authorization": f"Bearer {tokens[who]}", "Accept-Language": lang},
            )
            case = (verb, state, lang, answer.text)
            assert answer.status_code == 409, case
            told = answer.get_json()
            assert told["code"] in ("wrong_state", "already_placed"), case
            for part in ("title", "rule", "remedy"):
                assert told.get(part), case
            assert all(word not in told["remedy"] for word in ("%(", "_")), case
        assert queries.order(row.code).state is state, verb


#: verb -> (who, path, form), the pages with a form of their own
PAGES: dict[str, tuple[str, str, dict[str, str]]] = {
    "take_back": ("buyer", "/orders/{code}/take-back", {}),
    "cancel": ("buyer", "/orders/{code}/cancel", {"reason": "no_need"}),
    "answer": ("vendor", "/orders/{code}/answer", {"answer": "yes"}),
    "decline": ("vendor", "/orders/{code}/answer", {"answer": "no", "reason": "full"}),
    "vendor_cancel": ("vendor", "/orders/{code}/cancel", {"reason": "no_people"}),
    "clear": ("operator", "/desk/split-needs/{code}", {"decision": "clear"}),
    "return": ("operator", "/desk/split-needs/{code}", {"decision": "return", "words": WORDS}),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_by_page_each_refusal_says_the_rule_and_the_next_step(sides: dict[str, Any], lang: str) -> None:
    """KF-ORD-04."""
    row = sides["order"]
    rule = "Orders move by a published table of states." if lang == "en" else "订单按公开的状态表推进"
    for verb, state in REFUSED:
        if verb not in PAGES:
            continue
        put(row, state)
        who, path, typed = PAGES[verb]
        browser = sides[who].client
        browser.set_cookie("lang", lang)
        answer = browser.submit(path.format(code=row.code), typed)
        case = (verb, state, answer.status_code)
        assert answer.status_code == 409, case
        assert rule in answer.text, case
        assert queries.order(row.code).state is state, case


@pytest.mark.parametrize("state", [state for state in OrderState if state is not S.DRAFT])
def test_a_step_of_a_placed_order_leads_to_the_order_and_changes_nothing(
    sides: dict[str, Any], state: OrderState
) -> None:
    row = sides["order"]
    put(row, state)
    for number in range(1, 6):
        answer = sides["buyer"].client.submit(
            f"/orders/{row.code}/step/{number}", {"title": "改名", "item": "feasibility"}
        )
        assert (answer.status_code, answer.location) == (302, f"/orders/{row.code}")
    found = queries.order(row.code)
    assert (found.state, found.title, found.item) == (state, "示例项目", listings.FREE_ITEM)


@pytest.mark.parametrize("state", list(OrderState))
def test_the_page_for_calling_off_opens_in_every_state(sides: dict[str, Any], state: OrderState) -> None:
    row = sides["order"]
    put(row, state)
    for side in ("buyer", "vendor"):
        answer = sides[side].client.get(f"/orders/{row.code}/cancel")
        assert answer.status_code == 200
        may = state in rules.MAY_CANCEL[Party(side)]
        assert ('name="reason"' in answer.text) is may, (side, state)
