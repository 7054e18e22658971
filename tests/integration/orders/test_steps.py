"""The five steps, the lists, the answer and the look as people without scripts go through them."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from market import clock
from market.accounts.models import Organisation, OrganisationKind
from market.db import db, new_code
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.kernel.actor import Actor, Role
from market.kernel.errors import Refusal
from market.listings import operations as listing_operations
from market.orders import draft_operations, offers, queries, views
from market.orders.models import Order, OrderPaper, PaperSource
from market.orders.states import OrderState
from search.engine import Away
from tests.integration.conftest import NOON, Someone
from tests.integration.factories import listings, orders, vendors

Make = Callable[..., Someone]
PROJECT = {
    "title": "年产 2 万套机柜项目", "district": orders.DISTRICT, "needed_by": "2026-12-31", "description": "有工期要求",
}  # fmt: skip
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n" \
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n" \
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n95\n%%EOF\n"  # fmt: skip


@pytest.fixture
def market(someone: Make):
    """A vendor, its member, and its offer."""
    vendor, seller = vendors.active(someone(None).actor)
    return vendor, seller, listings.published(vendor, seller)


@pytest.fixture
def buyer(someone: Make) -> Someone:
    return someone(Role.BUYER)


def seller_of(someone: Make, vendor: Any) -> Someone:
    """A member of the vendor with a browser."""
    return someone(Role.VENDOR, organisation=vendor.organisation)


def only() -> Order:
    return db.session.scalars(select(Order)).one()


# The whole way ----------------------------------------------------------------------------------------------------------


def test_the_whole_way_by_pages(market, buyer: Someone, someone: Make) -> None:
    vendor, _, offer = market
    go = buyer.client
    assert go.get("/orders/new?item=stability-risk").status_code == 200
    sent = go.submit("/orders/new", {"item": "stability-risk"})
    code = only().code
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}/step/2")
    assert go.get(sent.location).status_code == 200
    sent = go.submit(sent.location, PROJECT)
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}/step/3"), sent.text
    assert go.get(sent.location).status_code == 200
    sent = go.submit(sent.location)
    assert sent.location == f"/orders/{code}/step/4", sent.text
    page = go.get(sent.location)
    assert page.status_code == 200
    assert offer.code in page.text
    sent = go.submit(sent.location, {"way": "direct", "listing": offer.code, "plan": "whole"})
    assert sent.location == f"/orders/{code}/step/5", sent.text
    page = go.get(sent.location)
    assert page.status_code == 200
    assert "12,000.00" in page.text
    sent = go.submit(sent.location)
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}"), sent.text
    assert only().state is OrderState.SELECTING
    assert go.get("/orders").status_code == 200
    desk = seller_of(someone, vendor).client
    assert code in desk.get("/desk/orders").text
    assert "12,000.00" in desk.get(f"/orders/{code}/answer").text
    sent = desk.submit(f"/orders/{code}/answer", {"answer": "yes"})
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}"), sent.text
    assert only().state is OrderState.AWARDED


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_speaks_both_languages(market, buyer: Someone, someone: Make, lang: str) -> None:
    vendor, _, offer = market
    draft, chosen = orders.drafted(buyer.actor), orders.chosen(buyer.actor, offer)
    placed = orders.placed(buyer.actor, offer)
    desk, operator = seller_of(someone, vendor), someone(Role.OPERATOR)
    pages = [
        (buyer, f"/orders/new?listing={offer.code}"), (buyer, "/orders/new?matter=construction-permit"),
        (buyer, "/orders/new"), (buyer, "/orders?group=drafts"), (buyer, f"/orders/{placed.code}/cancel"),
        *((buyer, f"/orders/{draft.code}/step/{number}") for number in range(1, 6)),
        (buyer, f"/orders/{chosen.code}/step/5"), (desk, "/desk/orders"), (desk, f"/orders/{placed.code}/answer"),
        (desk, "/desk/orders/excluded"), (operator, "/desk/split-needs"),
    ]  # fmt: skip
    for who, path in pages:
        who.client.set_cookie("lang", lang)
        answer = who.client.get(path)
        assert answer.status_code == 200, (path, answer.text[:2000])


# Nothing typed is lost --------------------------------------------------------------------------------------------------


def test_what_is_right_is_saved_though_something_else_is_wrong(buyer: Someone) -> None:
    row = draft_operations.begin_order(item="feasibility", by=buyer.actor)
    typed = {
        "title": "一期工程", "district": "", "amount": "一个亿左右", "industry": "building", "ceiling": "三万",
        "needed_by": "2026-02-30", "description": "先看现场",
    }  # fmt: skip
    answer = buyer.client.submit(f"/orders/{row.code}/step/2", typed)
    assert answer.status_code == 422
    for value in ("一期工程", "一个亿左右", "三万", "先看现场"):
        assert value in answer.text
    for field in ("district", "amount", "ceiling", "needed_by"):
        assert f'href="#f-{field}"' in answer.text, field
    row = queries.order(row.code)
    assert (row.title, row.description, row.facts["industry"], row.facts["amount"]) == (
        "一期工程", "先看现场", "building", "一个亿左右",
    )  # fmt: skip
    assert "一期工程" in buyer.client.get(f"/orders/{row.code}/step/2").text


def test_a_draft_is_left_for_later_as_it_is_and_found_on_another_device(buyer: Someone, someone: Make) -> None:
    row = draft_operations.begin_order(item="feasibility", by=buyer.actor)
    answer = buyer.client.submit(f"/orders/{row.code}/step/2", {"title": "半份", "later": "1"})
    assert (answer.status_code, answer.location) == (302, "/orders")
    colleague = someone(Role.BUYER, organisation=buyer.membership.organisation)
    assert "半份" in colleague.client.get("/orders").text
    assert "半份" in colleague.client.get(f"/orders/{row.code}/step/2").text


def test_what_was_typed_on_the_item_page_need_not_be_typed_again(buyer: Someone) -> None:
    page = buyer.client.get("/orders/new?item=feasibility&amount=120000000&industry=building")
    assert 'value="120000000"' in page.text
    buyer.client.submit("/orders/new", {"item": "feasibility", "amount": "120000000", "industry": "building"})
    assert only().facts == {"amount": "120000000", "industry": "building"}
    assert "242,800.00" in buyer.client.get(f"/orders/{only().code}/step/2").text


def test_a_link_to_an_offer_is_filled_in_down_to_the_choice(market, buyer: Someone) -> None:
    offer = market[2]
    assert f"/orders/new?listing={offer.code}" in buyer.client.get(f"/offers/{offer.code}").text
    sent = buyer.client.submit("/orders/new", {"item": offer.item, "listing": offer.code})
    code = only().code
    buyer.client.submit(sent.location, PROJECT)
    page = buyer.client.get(f"/orders/{code}/step/4").text
    assert f'value="{offer.code}" checked' in page
    assert buyer.client.submit(f"/orders/{code}/step/5").status_code == 302
    assert only().price_fen == 1_200_000


def test_another_service_drops_the_choice_and_keeps_the_project(market, buyer: Someone) -> None:
    row = orders.chosen(buyer.actor, market[2], title="同一项目")
    buyer.client.submit(f"/orders/{row.code}/step/1", {"item": "feasibility", "matter": ""})
    row = queries.order(row.code)
    assert (row.item, row.listing, row.facts, row.title) == ("feasibility", None, {}, "同一项目")


# Twice ------------------------------------------------------------------------------------------------------------------


def test_an_old_form_sent_again_places_nothing_and_leads_to_the_order(market, buyer: Someone) -> None:
    """KF-MON-08: the confirm page of one draft in two tabs, sent twice, and replayed a day later."""
    row = orders.chosen(buyer.actor, market[2])
    path = f"/orders/{row.code}/step/5"
    first, second = buyer.client.submit(path), buyer.client.submit(path)
    assert first.location == second.location == f"/orders/{row.code}"
    with clock.frozen(NOON + timedelta(days=1)):
        assert buyer.client.submit(path).location == f"/orders/{row.code}"
    row = only()
    assert (row.state, len(row.asked)) == (OrderState.SELECTING, 1)
    with buyer.client.session_transaction() as cookie:
        assert any("下过单" in text or "placed already" in text for _, text in cookie.get("_flashes", []))


def test_a_tab_left_open_changes_nothing_of_a_placed_order(market, buyer: Someone) -> None:
    row = orders.placed(buyer.actor, market[2])
    for number in range(1, 6):
        answer = buyer.client.submit(f"/orders/{row.code}/step/{number}", {**PROJECT, "title": "改了"})
        assert (answer.status_code, answer.location) == (302, f"/orders/{row.code}")
    assert queries.order(row.code).title == "示例项目"


def test_a_double_answer_of_the_vendor_answers_once(market, buyer: Someone, someone: Make) -> None:
    row = orders.placed(buyer.actor, market[2])
    desk = seller_of(someone, market[0]).client
    assert desk.submit(f"/orders/{row.code}/answer", {"answer": "yes"}).status_code == 302
    again = desk.submit(f"/orders/{row.code}/answer", {"answer": "yes"})
    assert again.status_code == 409
    assert queries.order(row.code).state is OrderState.AWARDED


def test_an_offer_that_changed_is_shown_with_both_prices_and_taken_by_one_button(market, buyer: Someone) -> None:
    _, seller, offer = market
    row = orders.chosen(buyer.actor, offer)
    listing_operations.edit_listing(offer.code, {"price_fen": 1_300_000}, by=seller)
    listing_operations.publish_listing(offer.code, by=seller)
    page = buyer.client.get(f"/orders/{row.code}/step/5").text
    assert "12,000.00" in page
    assert "13,000.00" in page
    refused = buyer.client.submit(f"/orders/{row.code}/step/5")
    assert refused.status_code == 409
    assert "13,000.00" in refused.text
    assert (
        buyer.client.submit(f"/orders/{row.code}/step/4", {"way": "direct", "listing": offer.code}).status_code == 302
    )
    assert buyer.client.submit(f"/orders/{row.code}/step/5").status_code == 302
    assert only().price_fen == 1_300_000


# Ways -------------------------------------------------------------------------------------------------------------------


def test_a_public_body_sees_the_ways_and_the_reason_for_each_that_is_not(market, someone: Make) -> None:
    body = Organisation(code=new_code("O"), kind=OrganisationKind.PUBLIC_BODY, name="示例局", created_at=clock.real())
    buyer = someone(Role.BUYER, organisation=body)
    buyer.client.set_cookie("lang", "en")
    row = orders.drafted(buyer.actor, ceiling_fen=6_000_000)
    page = buyer.client.get(f"/orders/{row.code}/step/4").text
    assert "not below the limit of direct choice" in page
    assert page.count("not yet in this market") == 5
    assert market[2].code not in page
    answer = buyer.client.submit(f"/orders/{row.code}/step/4", {"way": "direct", "listing": market[2].code})
    assert answer.status_code == 422
    assert "limit of direct choice" in answer.text
    draft_operations.save_project(row.code, orders.project(ceiling_fen=3_000_000), by=buyer.actor)
    orders.placed(buyer.actor, market[2], ceiling_fen=3_000_000)
    assert 'name="justification"' in buyer.client.get(f"/orders/{row.code}/step/4").text
    short = {"way": "direct", "listing": market[2].code, "justification": "不同项目"}
    answer = buyer.client.submit(f"/orders/{row.code}/step/4", short)
    assert answer.status_code == 422
    assert queries.order(row.code).justification == "不同项目"
    enough = "两个项目地点与立项都不同，分别审批，不是同一需求。"
    assert buyer.client.submit(f"/orders/{row.code}/step/4", {**short, "justification": enough}).status_code == 302
    assert buyer.client.submit(f"/orders/{row.code}/step/5").location == f"/orders/{row.code}"
    operator = someone(Role.OPERATOR)
    assert row.code in operator.client.get("/desk/split-needs").text
    page = operator.client.get(f"/desk/split-needs/{row.code}").text
    assert enough in page
    refused = operator.client.submit(f"/desk/split-needs/{row.code}", {"decision": "return", "words": "x"})
    assert refused.status_code == 422
    sent = operator.client.submit(f"/desk/split-needs/{row.code}", {"decision": "clear"})
    assert sent.location == "/desk/split-needs"
    assert queries.order(row.code).state is OrderState.SELECTING


# Papers -----------------------------------------------------------------------------------------------------------------


def papers(row: Order) -> dict[str, OrderPaper]:
    return {one.name: one for one in queries.papers_of(row)}


def test_papers_of_a_matter_are_counted_and_those_uploaded_stay_though_one_is_refused(buyer: Someone) -> None:
    row = orders.drafted(buyer.actor, item="geotech-survey", matter="construction-permit")
    found = papers(row)
    assert found["营业执照"].source is PaperSource.HUB
    assert found["岩土工程勘察报告"].source is PaperSource.RESULT
    one, other = found["施工合同"].position, found["施工许可申请表"].position
    files = {
        f"paper-{one}": (io.BytesIO(PDF), "合同.pdf"),
        f"paper-{other}": (io.BytesIO(b"MZ" + b"\0" * 100), "申请表.pdf"),
    }
    answer = buyer.client.submit(f"/orders/{row.code}/step/3", files, content_type="multipart/form-data")
    assert answer.status_code == 422, answer.text
    found = papers(row)
    assert found["施工合同"].document is not None
    assert found["施工许可申请表"].document is None
    page = buyer.client.get(f"/orders/{row.code}/step/3").text
    assert "合同.pdf" in page
    sent = buyer.client.submit(f"/orders/{row.code}/papers/{one}/remove")
    assert sent.location == f"/orders/{row.code}/step/3"
    assert papers(row)["施工合同"].document is None


class Hub:
    """The city's hub as this test plays it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, held: set[str], away: bool = False) -> None:
        self.held, self.away, self.asked = held, away, []
        monkeypatch.setattr(document_queries, "held_by_city", self.held_by_city)
        monkeypatch.setattr(documents, "fetch_from_hub", self.fetch)

    def held_by_city(self, kinds: list[str], actor: Actor) -> Any:
        return document_queries.HeldByCity(frozenset(self.held & set(kinds)), self.away)

    def fetch(self, order_code: str, kind: str, *, by: Actor) -> Any:
        self.asked.append(kind)
        if self.away:
            raise views.Away
        if kind not in self.held:
            raise views.NotHeld(kind)
        given = documents.give(io.BytesIO(PDF), f"{kind}.pdf", views.Purpose.PAPER, by=by)
        return documents.attach(given.code, order_code, by=by)


def test_what_the_city_holds_is_fetched_with_consent_and_counted(
    buyer: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = orders.drafted(buyer.actor, item="geotech-survey", matter="construction-permit")
    hub = Hub(monkeypatch, {"营业执照"})
    page = buyer.client.get(f"/orders/{row.code}/step/3").text
    assert page.count('name="consent"') == 1
    position = papers(row)["营业执照"].position
    sent = buyer.client.submit(f"/orders/{row.code}/step/3", {"consent": str(position), "stay": "1"})
    assert sent.location == f"/orders/{row.code}/step/3", sent.text
    one = papers(row)["营业执照"]
    assert (one.saved, one.source, hub.asked) == (True, PaperSource.HUB, ["营业执照"])
    assert [consent.kind for consent in document_queries.consents_of(row.code)] == ["营业执照"]
    buyer.client.set_cookie("lang", "en")
    assert "1 paper of 14 need not be brought" in buyer.client.get(f"/orders/{row.code}/step/3").text


def test_without_a_tick_nothing_is_fetched_and_a_hub_that_is_away_stops_nobody(
    buyer: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = orders.drafted(buyer.actor, item="geotech-survey", matter="construction-permit")
    hub = Hub(monkeypatch, {"营业执照"}, away=True)
    assert buyer.client.get(f"/orders/{row.code}/step/3").status_code == 200
    assert buyer.client.submit(f"/orders/{row.code}/step/3").location == f"/orders/{row.code}/step/4"
    assert hub.asked == []
    position = papers(row)["营业执照"].position
    sent = buyer.client.submit(f"/orders/{row.code}/step/3", {"consent": str(position)})
    assert sent.status_code == 302
    assert papers(row)["营业执照"].document is None


def test_a_vendor_member_or_stranger_sees_no_draft(market, buyer: Someone, someone: Make) -> None:
    row = orders.chosen(buyer.actor, market[2])
    for other in (someone(Role.BUYER), someone(None), seller_of(someone, market[0]), someone(Role.COUNTER)):
        for path in ("step/2", "cancel"):
            assert other.client.get(f"/orders/{row.code}/{path}").status_code == 404, path
        assert other.client.submit(f"/orders/{row.code}/step/5").status_code == 404
        assert other.client.submit(f"/orders/{row.code}/take-back").status_code == 404
    assert buyer.client.get(f"/orders/{row.code}/step/6").status_code == 404
    assert seller_of(someone, market[0]).client.get(f"/orders/{row.code}/answer").status_code == 404


def test_who_is_not_signed_in_is_led_back_after_signing_in(client: Any) -> None:
    answer = client.get("/orders/new?item=stability-risk")
    assert answer.status_code == 302
    assert "next=" in answer.location


# Lists ------------------------------------------------------------------------------------------------------------------


def test_lists_are_paged_narrowed_and_say_when_they_are_empty(market, buyer: Someone, someone: Make) -> None:
    go, offer = buyer.client, market[2]
    go.set_cookie("lang", "en")
    assert "You have ordered nothing yet" in go.get("/orders").text
    drafts = [orders.drafted(buyer.actor, title=f"项目{n}") for n in range(21)]
    placed = orders.placed(buyer.actor, offer)
    page, second = go.get("/orders").text, go.get("/orders?page=2").text
    assert placed.code in page
    assert drafts[0].code not in page
    assert drafts[0].code in second
    assert placed.code not in go.get("/orders?group=drafts").text
    assert "No order stands there" in go.get("/orders?group=done").text
    assert go.get("/orders?group=nonsense").status_code == 200
    desk = seller_of(someone, market[0]).client
    text = desk.get("/desk/orders").text
    assert placed.code in text
    assert drafts[0].code not in text


def test_the_vendor_does_not_read_what_the_buyer_can_pay(market, buyer: Someone, someone: Make) -> None:
    row = orders.placed(buyer.actor, market[2], ceiling_fen=7_777_700)
    assert "77,777" not in seller_of(someone, market[0]).client.get(f"/orders/{row.code}/answer").text


def statements(run: Callable[[], object]) -> int:
    """How many statements `run` sends."""
    seen: list[str] = []
    engine = db.engine
    listen = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    return len(seen)


def test_the_number_of_statements_does_not_grow_with_the_rows(market, buyer: Someone, someone: Make) -> None:
    """Lists and the matching of offers, with five rows as with two."""
    vendor, _seller, offer = market
    orders.placed(buyer.actor, offer)
    draft = orders.drafted(buyer.actor)
    paths = ["/orders", f"/orders/{draft.code}/step/4"]
    desk = seller_of(someone, vendor).client
    few = [statements(lambda path=path: buyer.client.get(path)) for path in paths]
    few.append(statements(lambda: desk.get("/desk/orders")))
    for number in range(2, 6):
        other, member = vendors.active(someone(None).actor, number=number, name=f"{number}号公司")
        listings.published(other, member)
        orders.placed(buyer.actor, offer)
    many = [statements(lambda path=path: buyer.client.get(path)) for path in paths]
    many.append(statements(lambda: desk.get("/desk/orders")))
    assert many == few
    assert max(many) < 60


# Matching ---------------------------------------------------------------------------------------------------------------


def test_matching_goes_on_without_elasticsearch(market, buyer: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list comes from the register then, in the same neutral order, and the page says so."""

    def away(*_: object) -> None:
        raise Away("not there")

    monkeypatch.setattr(offers, "find_offers", away)
    monkeypatch.setattr(offers, "_away_until", 0.0)
    row = orders.drafted(buyer.actor)
    found = offers.matches(row)
    assert ([one.offer.code for one in found.eligible], found.from_index) == ([market[2].code], False)
    buyer.client.set_cookie("lang", "en")
    assert "search engine does not answer" in buyer.client.get(f"/orders/{row.code}/step/4").text
    monkeypatch.setattr(offers, "_away_until", 0.0)


def test_the_register_is_read_a_page_at_a_time(market, buyer: Someone, someone: Make, monkeypatch) -> None:
    monkeypatch.setattr(offers, "_away_until", 10**12)
    monkeypatch.setattr(offers, "PAGE", 2)
    for number in range(2, 5):
        listings.published(*vendors.active(someone(None).actor, number=number, name=f"{number}号公司"))
    row, codes, after = orders.drafted(buyer.actor), [], None
    for _ in range(5):
        found = offers.matches(row, after)
        codes += [one.offer.code for one in found.eligible]
        after = found.after
        if after is None:
            break
    assert len(codes) == len(set(codes)) == 4
    assert offers.matches(row, "db:nonsense").eligible


def test_excluded_offers_stand_below_with_the_reason(market, buyer: Someone, someone: Make, monkeypatch) -> None:
    monkeypatch.setattr(offers, "_away_until", 10**12)
    listings.published(*vendors.active(someone(None).actor, number=2, name="别区公司"), districts=["610102"])
    row = orders.drafted(buyer.actor)
    buyer.client.set_cookie("lang", "en")
    page = buyer.client.get(f"/orders/{row.code}/step/4").text
    assert "It does not serve the district." in page
    assert "别区公司" in page


def test_refusals_are_no_faults() -> None:
    assert issubclass(views.Away, Refusal)
    assert issubclass(views.NotHeld, Refusal)
