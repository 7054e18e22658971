"""Contract, work and disputes by API, with tokens."""

from typing import Any

import pytest
from flask import Flask

from market.accounts import operations as accounts
from market.kernel.actor import Actor, Role
from market.orders.states import OrderState
from tests.integration.factories import work
from tests.integration.factories.accounts import PASSWORD, acting, member, organisation

WORDS = "成果与约定不符，少了一个社区的走访记录，要求退还部分款项。"


class Program:
    """A program with a token of somebody."""

    def __init__(self, app: Flask, actor: Actor, scopes: tuple[str, ...] = ("orders:read", "orders:write")) -> None:
        from market.accounts import queries

        [membership] = queries.memberships_of(actor.person)
        _, self.secret = accounts.make_api_token(membership.code, "test", scopes, 30, by=actor)
        self.client = app.test_client()

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        head = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **headers}
        return self.client.open(f"/api/v1{path}", method=method, json=json, headers=head)


@pytest.fixture
def firm_order(app: Flask) -> tuple[work.Work, Program, Program]:
    """An order of a firm (programs buy for organisations) and a program of each side."""
    from tests.integration.factories.accounts import person

    buyer = acting(member(person("firm@example.org", "测试采购"), organisation(name="测试业主公司"), Role.BUYER))
    made = work.awarded(buyer=buyer, for_organisation=True)
    return made, Program(app, buyer), Program(app, made.vendor)


def test_the_whole_way_by_programs(firm_order: tuple[work.Work, Program, Program]) -> None:
    made, buyer, vendor = firm_order
    base = f"/orders/{made.code}"
    contract = buyer.call("GET", f"{base}/contract").json
    assert contract["digest"] == made.contract().digest
    assert contract["content"]["buyer"]["name"] == "测试业主公司"
    wrong = buyer.call("POST", f"{base}/contract/sign", {"password": "not my password"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid")
    for side in (buyer, vendor):
        assert side.call("POST", f"{base}/contract/sign", {"password": PASSWORD}).status_code == 200
    assert vendor.call("POST", f"{base}/start").json["code"] == "wrong_state"
    work.fund(made)
    assert vendor.call("POST", f"{base}/start").json["state"] == "under_way"
    paused = vendor.call("POST", f"{base}/pause", {"cause": "authority", "words": "waiting for the experts' opinion"})
    assert paused.json["waiting_for"] == "resume"
    assert vendor.call("POST", f"{base}/resume").json["waiting_for"] == "deliver"
    assert vendor.call("POST", f"{base}/extension", {"days": 2, "words": "two more days are needed"}).status_code == 200
    assert buyer.call("POST", f"{base}/extension/answer", {"agreed": True}).status_code == 200
    code = work.result_file(made.vendor)
    handed = vendor.call("POST", f"{base}/deliver", {"documents": [code], "note": "done"}).json
    assert (handed["state"], handed["milestones"][0]["round"]) == ("delivered", 1)
    back = buyer.call("POST", f"{base}/rework", {"reasons": ["wrong"], "words": "page 3 has a wrong figure"})
    assert back.json["state"] == "under_way"
    again = work.result_file(made.vendor, text="二稿")
    assert vendor.call("POST", f"{base}/deliver", {"documents": [again]}).status_code == 200
    stale = buyer.call("POST", f"{base}/accept", {"number": 1, "round": 1})
    assert (stale.status_code, stale.json["code"]) == (409, "conflict")
    done = buyer.call("POST", f"{base}/accept", {"number": 1, "round": 2}).json
    assert (done["state"], done["milestones"][0]["price"]) == ("accepted", {"amount": "12000.01", "currency": "CNY"})
    for _ in range(2):
        sent = vendor.call("POST", f"{base}/messages", {"text": "thank you", "form_key": "k1"})
        assert sent.status_code == 201
    assert [one["text"] for one in buyer.call("GET", f"{base}/messages").json] == ["thank you"]
    opened = buyer.call("POST", f"{base}/disputes", {"claim": {"amount": "100.00", "currency": "CNY"}, "words": WORDS})
    assert (opened.status_code, opened.json["claim"]) == (201, {"amount": "100.00", "currency": "CNY"})
    assert vendor.call("POST", f"{base}/disputes/answer", {"text": "not so, see page 3"}).status_code == 200
    assert buyer.call("POST", f"{base}/disputes/withdraw").json["state"] == "withdrawn"
    assert made.fresh().state is OrderState.ACCEPTED


def test_a_change_by_programs(firm_order: tuple[work.Work, Program, Program]) -> None:
    made, buyer, vendor = firm_order
    work.sign(made)
    base = f"/orders/{made.code}"
    stages = [{"title": "全部成果", "days": 20, "price": {"amount": "12000.01", "currency": "CNY"}}]
    proposed = vendor.call(
        "POST", f"{base}/contract/changes", {"stages": stages, "reason": "five days more are needed"}
    )
    assert (proposed.status_code, proposed.json["number"]) == (201, 2)
    assert buyer.call("POST", f"{base}/contract/changes/drop").json["state"] == "contracted"
    assert buyer.call("POST", f"{base}/contract/changes/drop").status_code == 404


@pytest.mark.parametrize("scopes", [("orders:read",), ("listings:write",)])
def test_a_token_without_the_scope_changes_nothing(
    app: Flask, firm_order: tuple[work.Work, Program, Program], scopes: tuple[str, ...]
) -> None:
    made, _, _ = firm_order
    program = Program(app, made.vendor, scopes)
    answer = program.call("POST", f"/orders/{made.code}/contract/sign", {"password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert made.contract().signatures == []


def test_strangers_get_404_for_every_address(app: Flask, firm_order: tuple[work.Work, Program, Program]) -> None:
    """KF-ACC-05, by API."""
    made, _, _ = firm_order
    _, rival, _ = work.sides(7)
    program = Program(app, rival)
    base = f"/orders/{made.code}"
    for method, path, json in (
        ("GET", "work", None), ("GET", "contract", None), ("POST", "contract/sign", {"password": PASSWORD}),
        ("POST", "contract/changes", {"stages": [{"title": "一", "days": 1, "price": "1"}], "reason": WORDS}),
        ("POST", "contract/changes/drop", None), ("POST", "start", None), ("POST", "pause", {"cause": "other", "words": WORDS}),
        ("POST", "resume", None), ("POST", "extension", {"days": 1, "words": WORDS}),
        ("POST", "extension/answer", {"agreed": True}), ("POST", "deliver", {"documents": [work.result_file(rival)]}),
        ("POST", "accept", {}), ("POST", "rework", {"reasons": ["wrong"], "words": WORDS}), ("GET", "messages", None),
        ("POST", "messages", {"text": "?"}), ("GET", "disputes", None), ("POST", "disputes", {"claim": "1", "words": WORDS}),
        ("POST", "disputes/answer", {"text": WORDS}), ("POST", "disputes/withdraw", None),
    ):  # fmt: skip
        answer = program.call(method, f"{base}/{path}", json)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), (method, path)
        assert "测试" not in answer.text
    for lang, words in (("zh", "没有"), ("en", "nothing")):
        assert words in program.call("GET", f"{base}/work", **{"Accept-Language": lang}).json["title"]
