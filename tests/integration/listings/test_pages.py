"""The vendor's desk and the public page of an offer."""

import io

import pytest
from flask import Flask

from market.accounts import operations as accounts
from market.kernel.actor import Role
from market.listings import queries
from market.vendors import operations as vendor_operations
from tests.integration.conftest import Browser
from tests.integration.factories import documents, vendors
from tests.integration.factories.listings import FREE_ITEM, drafted, published

VALUES = {
    "title": "稳评（示例）", "price_model": "fixed", "price": "12,000", "days": "15", "capacity": "3",
    "deliverables": "评估报告 3 份\n电子版", "languages": ["zh"], "travel": "0", "guarantee_days": "0", "tax": "6",
}  # fmt: skip


@pytest.fixture
def desk(app: Flask, someone):
    """A signed-in member of an active vendor: (vendor, actor, browser)."""
    member = someone()
    vendor, _ = vendors.active(member.actor)
    browser = someone(Role.VENDOR, organisation=vendor.organisation)
    return vendor, browser.actor, browser.client


def test_a_vendor_writes_and_publishes_an_offer(desk, client: Browser) -> None:
    _, _, browser = desk
    begun = browser.submit("/desk/offers/new", {"item": FREE_ITEM})
    assert begun.status_code == 302
    edit = begun.headers["Location"]
    kept = browser.submit(edit, {**VALUES, "draft": "1"})
    assert kept.headers["Location"] == edit
    published_ = browser.submit(edit, {**VALUES, "publish": "1"})
    assert published_.status_code == 302
    page = client.get(published_.headers["Location"]).get_data(as_text=True)
    assert "稳评（示例）" in page
    assert "12,000.00" in page
    assert "电子版" in page


def test_a_refused_form_keeps_all_that_was_typed(desk) -> None:
    _, _, browser = desk
    edit = browser.submit("/desk/offers/new", {"item": FREE_ITEM}).headers["Location"]
    answer = browser.submit(f"{edit}?lang=en", {**VALUES, "price": "zwölf", "days": "-3", "publish": "1"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="zwölf"' in text
    assert 'value="-3"' in text
    assert "评估报告 3 份" in text


def test_a_price_below_the_floor_is_kept_and_asked_to_be_explained(desk) -> None:
    _, _, browser = desk
    edit = browser.submit("/desk/offers/new", {"item": "feasibility"}).headers["Location"]
    values = {**VALUES, "price": "100", "publish": "1"}
    answer = browser.submit(f"{edit}?lang=en", values)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "below the floor" in text
    assert "at least 20 characters" in text
    reason = "同类项目模板成熟，数据自有，三名工程师五日可成，差旅为零。"
    assert browser.submit(edit, {**values, "low_price_reason": reason}).status_code == 302
    code = edit.rsplit("/", 1)[1]
    assert reason in browser.get(f"/offers/{code}").get_data(as_text=True)


def test_an_offer_no_longer_made_says_so_and_its_link_stays(desk, client: Browser) -> None:
    """KF-LST-02: the direct address goes on answering, and offers nothing."""
    vendor, actor, _ = desk
    row = published(vendor, actor)
    vendor_operations.suspend_vendor(
        vendor.code, reason="核查期间暂停，待补正材料", basis="示例依据", by=vendors.OPERATOR
    )
    answer = client.get(f"/offers/{row.code}?lang=en")
    assert answer.status_code == 200
    assert "no longer offered" in answer.get_data(as_text=True)
    assert client.get(f"/api/v1/listings/{row.code}").json["offered"] is False


def test_drafts_and_other_vendors_offers_are_hidden(desk, someone, client: Browser) -> None:
    """KF-ACC-05."""
    vendor, actor, browser = desk
    row = drafted(vendor, actor)
    assert client.get(f"/offers/{row.code}").status_code == 404
    assert client.get(f"/api/v1/listings/{row.code}").status_code == 404
    other, _ = vendors.active(someone().actor, number=2, name="另一家有限公司")
    stranger = someone(Role.VENDOR, organisation=other.organisation).client
    assert stranger.get(f"/desk/offers/{row.code}").status_code == 404
    assert stranger.submit(f"/desk/offers/{row.code}", VALUES).status_code == 404
    assert stranger.submit(f"/desk/offers/{row.code}/withdraw", {}).status_code == 404
    assert browser.get(f"/desk/offers/{row.code}").status_code == 200


@pytest.mark.parametrize("verbs", [["pause", "resume", "withdraw"]])
def test_the_buttons_of_the_desk(desk, verbs: list[str]) -> None:
    vendor, actor, browser = desk
    row = published(vendor, actor)
    for verb in verbs:
        assert browser.submit(f"/desk/offers/{row.code}/{verb}", {}).status_code == 302
    assert browser.submit(f"/desk/offers/{row.code}/pause", {}).status_code == 409
    assert browser.submit(f"/desk/offers/{row.code}/explode", {}).status_code == 404


def test_a_file_given_with_the_offer_is_public_after_publication(desk, client: Browser) -> None:
    _, _, browser = desk
    edit = browser.submit("/desk/offers/new", {"item": FREE_ITEM}).headers["Location"]
    file = (io.BytesIO(documents.pdf()), "服务说明.pdf")
    assert (
        browser.submit(
            edit, {**VALUES, "attachment": file, "draft": "1"}, content_type="multipart/form-data"
        ).status_code
        == 302
    )
    code = edit.rsplit("/", 1)[1]
    document = queries.listing(code).attachments[0]
    assert client.get(f"/documents/{document}").status_code in (302, 401, 404)
    assert browser.submit(edit, {**VALUES, "attachments": [document], "publish": "1"}).status_code == 302
    answer = client.get(f"/documents/{document}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_that_is_no_file_of_its_kind_is_refused_in_place(desk) -> None:
    _, _, browser = desk
    edit = browser.submit("/desk/offers/new", {"item": FREE_ITEM}).headers["Location"]
    file = (io.BytesIO(b"<svg onload=alert(1)>"), "x.pdf")
    answer = browser.submit(edit, {**VALUES, "attachment": file, "draft": "1"}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "稳评（示例）" in answer.get_data(as_text=True)


def test_the_empty_desk_says_what_to_do(desk) -> None:
    _, _, browser = desk
    assert "You offer nothing yet" in browser.get("/desk/offers?lang=en").get_data(as_text=True)


def test_programs_write_offers_with_the_right_scope_alone(desk, client: Browser) -> None:
    vendor, actor, _ = desk
    membership = vendor.organisation.memberships[-1].code
    token, reader = (
        accounts.make_api_token(membership, "test", [scope], 30, by=actor)[1]
        for scope in ("listings:write", "account:read")
    )
    body = {
        "item": FREE_ITEM, "title": "API（示例）", "price_model": "fixed", "price": {"amount": "9000.00"}, "days": 5,
        "capacity": 1, "deliverables": "报告",
    }  # fmt: skip
    assert client.post("/api/v1/listings", json=body).status_code in (400, 401)
    assert client.post("/api/v1/listings", json=body, headers=bearer(reader)).status_code == 403
    made = client.post("/api/v1/listings", json=body, headers=bearer(token))
    assert made.status_code == 201
    code = made.json["code"]
    assert client.get(f"/api/v1/listings/{code}").status_code == 404
    assert client.post(f"/api/v1/listings/{code}/publish", headers=bearer(token)).status_code == 200
    shown = client.get(f"/api/v1/listings/{code}").json
    assert (shown["price"], shown["offered"]) == ({"amount": "9000.00", "currency": "CNY"}, True)
    wrong = client.put(f"/api/v1/listings/{code}", json={**body, "days": "soon"}, headers=bearer(token))
    assert wrong.status_code == 422
    assert list(wrong.json["fields"]) == ["days"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_vendors_page_shows_what_it_offers_now(desk, client: Browser) -> None:
    """KF-LST-02: paused and drafted offers are not on it."""
    vendor, actor, browser = desk
    assert "offers nothing at the moment" in client.get(f"/vendors/{vendor.code}?lang=en").get_data(as_text=True)
    shown, paused = published(vendor, actor, title="现在做的"), published(vendor, actor, title="暂停的")
    browser.submit(f"/desk/offers/{paused.code}/pause", {})
    page = client.get(f"/vendors/{vendor.code}").get_data(as_text=True)
    assert f"/offers/{shown.code}" in page
    assert paused.code not in page
