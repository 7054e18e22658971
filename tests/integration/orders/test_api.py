"""Orders for programs: the same operations, permitted fields alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from market import outbox
from market.accounts import operations as accounts
from market.kernel.actor import Role
from market.listings import indexing
from market.orders import draft_operations, offers, queries
from market.orders.states import OrderState
from tests.integration.conftest import Someone
from tests.integration.factories import listings, orders, vendors

Make = Callable[..., Someone]


class Program:
    """A program with a token."""

    def __init__(self, client: Any, who: Someone, *scopes: str) -> None:
        assert who.membership is not None
        secret = accounts.make_api_token(who.membership.code, "test", list(scopes), 30, by=who.actor)[1]
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.open(f"/api/v1{path}", method=method, json=body, headers=self.headers)
        return answer.status_code, answer.get_json()


@pytest.fixture
def market(someone: Make):
    """A vendor, its member with a browser, and its offer."""
    vendor, seller = vendors.active(someone(None).actor)
    return vendor, someone(Role.VENDOR, organisation=vendor.organisation), listings.published(vendor, seller)


def test_the_whole_way_by_api(market, someone: Make, client: Any) -> None:
    _vendor, seller, offer = market
    buy = Program(client, someone(Role.BUYER), "orders:read", "orders:write")
    sell = Program(client, seller, "orders:read", "orders:write")
    status, order = buy("POST", "/orders", {"item": listings.FREE_ITEM})
    assert (status, order["state"], order["channel"], order["party"]) == (201, "draft", "api", "buyer")
    path = f"/orders/{order['code']}"
    status, order = buy("PUT", f"{path}/project", {
        "title": "示例", "district": orders.DISTRICT, "needed_by": "2026-12-31",
        "ceiling": {"amount": "15000.00", "currency": "CNY"},
    })  # fmt: skip
    assert (status, order["title"], order["ceiling"]["amount"]) == (200, "示例", "15000.00")
    status, ways = buy("GET", f"{path}/ways")
    assert {one["way"]: (one["permitted"], one["held"]) for one in ways["ways"]}["direct"] == (True, True)
    status, found = buy("GET", f"{path}/offers")
    assert [(one["listing"], one["eligible"], one["price"]["amount"]) for one in found["offers"]] == [
        (offer.code, True, "12000.00")
    ]
    assert buy("PUT", f"{path}/way", {"way": "direct", "listing": offer.code})[0] == 200
    status, order = buy("POST", f"{path}/place")
    assert (status, order["state"], order["waiting_for"]) == (200, "selecting", "confirm")
    status, told = buy("POST", f"{path}/place")
    assert (status, told["code"]) == (409, "already_placed")
    status, order = sell("GET", path)
    assert (order["party"], order["ceiling"], order["justification"]) == ("vendor", None, None)
    assert sell("GET", "/orders")[1]["total"] == 1
    status, order = sell("POST", f"{path}/answer", {"accept": True})
    assert (status, order["state"]) == (200, "awarded")
    assert buy("GET", f"{path}/cancel")[1]["held"]["amount"] == "0.00"
    status, order = buy("POST", f"{path}/cancel", {"reason": "no_need"})
    assert (status, order["state"], order["reason"]["text"]) == (200, "cancelled", "It is not needed any more")


def test_a_token_does_only_what_its_scope_says(market, someone: Make, client: Any) -> None:
    buyer = someone(Role.BUYER)
    row = orders.chosen(buyer.actor, market[2])
    reader = Program(client, buyer, "orders:read")
    assert reader("GET", f"/orders/{row.code}")[0] == 200
    for method, path in (("POST", "place"), ("PUT", "project"), ("POST", "cancel"), ("POST", "take-back")):
        assert reader(method, f"/orders/{row.code}/{path}", {})[0] == 403, path
    writer = Program(client, buyer, "orders:write")
    assert writer("GET", "/orders")[0] == 403
    other = Program(client, someone(Role.BUYER), "orders:read", "orders:write")
    assert other("GET", f"/orders/{row.code}")[0] == 404
    assert other("POST", f"/orders/{row.code}/place")[0] == 404
    assert client.get(f"/api/v1/orders/{row.code}").status_code == 401


def test_what_can_be_read_is_kept_and_the_rest_is_named(someone: Make, client: Any) -> None:
    buyer = someone(Role.BUYER)
    row = draft_operations.begin_order(item="feasibility", by=buyer.actor)
    program = Program(client, buyer, "orders:write")
    status, told = program("PUT", f"/orders/{row.code}/project", {
        "title": "保留", "ceiling": "-5", "facts": {"amount": "100000000", "industry": "building", "colour": "red"},
    })  # fmt: skip
    assert (status, sorted(told["fields"])) == (422, ["ceiling", "colour"])
    row = queries.order(row.code)
    assert (row.title, row.facts["amount"], row.ceiling_fen) == ("保留", "100000000", None)
    status, order = program("PUT", f"/orders/{row.code}/project", {"district": orders.DISTRICT})
    assert (status, order["title"], order["facts"]["amount"]) == (200, "保留", "100000000")


def test_the_addresses_stand_in_the_description(client: Any) -> None:
    paths = client.get("/api/openapi.json").get_json()["paths"]
    for path in ("/orders", "/orders/{code}", "/orders/{code}/place", "/orders/{code}/offers", "/orders/{code}/ways"):
        assert any(one.endswith(path) for one in paths), path


# With the search engine ---------------------------------------------------------------------------------------------------


@pytest.fixture
def indexed(app: Flask, elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty indexes of this test's own, and an engine that is asked."""
    monkeypatch.setattr(offers, "_away_until", 0.0)
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()
        index.ensure()
    yield
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()


def test_matching_asks_the_engine_and_believes_the_database(indexed: None, someone: Make) -> None:
    """KF-LST-02: what the index still shows after a pause is not offered. KF-ORD-01: each offer keeps its own price."""
    from market.listings import operations as listing_operations
    from market.listings import queries as listing_queries

    prices = {}
    for number in range(1, 9):
        vendor, seller = vendors.active(someone(None).actor, number=number, name=f"{number}号公司")
        row = listings.published(vendor, seller, price_fen=1_000_000 + number)
        prices[row.code] = (vendor.code, 1_000_000 + number, seller)
    outbox.drain()
    indexing.offers_index().refresh()
    order = orders.drafted(someone(Role.BUYER).actor)
    found = offers.matches(order)
    assert found.from_index
    assert {one.offer.code: (one.offer.vendor, one.offer.quote.fen) for one in found.eligible} == {
        code: (vendor, fen) for code, (vendor, fen, _) in prices.items()
    }
    register = [row.code for row in listings_in_order(listing_queries)]
    assert [one.offer.code for one in found.eligible] == register, "the neutral order of the day, in both"
    backwards = offers.judge(order, register[::-1])
    assert [(one.offer.code, one.offer.quote.fen) for one in backwards] == [
        (code, prices[code][1]) for code in register[::-1]
    ]
    gone = register[0]
    listing_operations.pause_listing(gone, by=prices[gone][2])  # and the index is not told yet
    found = offers.matches(order)
    assert gone not in [one.offer.code for one in found.eligible]
    assert [str(reason.ground) for one in found.excluded for reason in one.against] == ["offered"]


def listings_in_order(queries_of_listings: Any) -> list[Any]:
    from market.db import db

    return list(db.session.scalars(queries_of_listings.offers(listings.FREE_ITEM)))


def test_commands_show_orders_without_names(market, someone: Make, app: Flask) -> None:
    from click.testing import CliRunner

    from market.orders.commands import cli

    row = orders.placed(someone(Role.BUYER).actor, market[2], title="不该打印的名称")
    listed = CliRunner().invoke(cli, ["list", "--state", "selecting"])
    shown = CliRunner().invoke(cli, ["show", row.code])
    assert (listed.exit_code, shown.exit_code) == (0, 0), (listed.output, shown.output)
    for output in (listed.output, shown.output):
        assert row.code in output
        assert "12,000.00" in output
        assert "不该打印" not in output
    assert "waiting" in shown.output
    assert CliRunner().invoke(cli, ["list", "--state", "closed"]).output == ""
    assert CliRunner().invoke(cli, ["show", "O-00000000A"]).exit_code == 1
    assert queries.order(row.code).state is OrderState.SELECTING


def test_an_offer_shows_as_full_by_the_jobs_of_its_own_service(indexed: None, someone: Make) -> None:
    """What search and lists show as free is what ordering counts: jobs of the same service."""
    from market.pages.queries import offer_rows
    from search.offers import OfferSearch, find_offers

    vendor, seller = vendors.active(someone(None).actor)
    busy = listings.published(vendor, seller, capacity=1)
    other = listings.published(vendor, seller, "flood-impact", capacity=1)
    orders.awarded(someone(Role.BUYER).actor, busy, seller)
    outbox.drain()
    assert {row.code: row.free for row in offer_rows([busy.code, other.code])} == {busy.code: 0, other.code: 1}
    indexing.offers_index().refresh()
    free = find_offers(indexing.offers_index(), OfferSearch(free=True))
    assert [hit.code for hit in free.hits] == [other.code]
