"""The first page and the page of a service."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import event

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.listings import operations
from market.listings.pricing import PriceModel
from market.pages import queries
from market.pages.wards import PLAN
from market.vendors import operations as vendor_operations
from tests.integration.conftest import NOON, Browser
from tests.integration.factories import vendors
from tests.integration.pages.conftest import AGENCY, SURVEY, Market


def text(client: Browser, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def statements(act: Callable[[], object]) -> int:
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return counted


# The first page ---------------------------------------------------------------------------------------------------------


def test_an_empty_market_has_a_first_page_without_invented_numbers(client: Browser) -> None:
    page = text(client, "/?lang=en")
    assert "What do you need to get done?" in page
    assert "Nothing is offered yet." in page
    found = queries.figures()
    assert (found.vendors, found.offers, found.median, found.priced, found.items_offered) == (0, 0, None, 0, 0)


def test_the_figures_count_rows(market: Market) -> None:
    """Reference of the typical job of a bid agency: see the publication; 900 thousandths of it is the middle of three."""
    vendor = market.vendor(licence=True)
    for share in (800, 900, 1100):
        market.offer(vendor=vendor, price_model=PriceModel.SHARE, price_fen=None, share_permille=share)
    market.offer(price_model=PriceModel.QUOTATION, price_fen=100_000_000)
    market.offer("stability-risk")
    over = market.offer("stability-risk")
    operations.withdraw_listing(over.code, by=market.vendors[-1][1])
    with clock.frozen(NOON + timedelta(minutes=1)):
        found = queries.figures()
    assert (found.vendors, found.licences, found.offers, found.offering) == (4, 1, 5, 3)
    assert (found.items_offered, found.items) == (2, len(catalogue.items()))
    assert (found.median, found.priced) == (900, 3)
    # each vendor was checked once, at once; the change with the licence too
    assert (found.checked_in_time, found.checked) == (5, 5)


def test_a_licence_counts_through_its_last_day_in_the_figures(market: Market) -> None:
    """KF-LST-01."""
    made = market.vendor()
    vendors.confirmed_licence(*made, valid_to=clock.today() + timedelta(days=2))
    for days, counted in ((0, 1), (2, 1), (3, 0)):
        with clock.frozen(NOON + timedelta(days=days)):
            queries._figures.cache_clear()
            assert queries.figures().licences == counted, days


def test_what_is_new_is_one_offer_of_each_vendor_and_publishing_again_moves_nothing(market: Market) -> None:
    first, second = market.vendor(), market.vendor()
    with clock.frozen(NOON):
        old = market.offer(vendor=first, title="先上架的")
    with clock.frozen(NOON + timedelta(hours=1)):
        market.offer(vendor=second, title="后上架的")
    with clock.frozen(NOON + timedelta(hours=2)):
        market.offer(vendor=second, title="同一家再上架的")
    with clock.frozen(NOON + timedelta(hours=3)):
        operations.publish_listing(old.code, by=first[1])
        assert [row.title for row in queries.newest_offers()] == ["同一家再上架的", "先上架的"]
        # found once a minute, but never shown when it is over
        operations.pause_listing(old.code, by=first[1])
        assert [row.title for row in queries.newest_offers()] == ["同一家再上架的"]


def test_the_first_page_shows_what_is_new_and_no_more_than_it_needs(market: Market, client: Browser) -> None:
    market.offer(title="招标代理全过程服务")
    assert "招标代理全过程服务" in text(client, "/")
    few = statements(lambda: client.get("/"))
    for _ in range(3):
        market.offer()
    queries._figures.cache_clear()
    client.get("/")
    assert statements(lambda: client.get("/")) <= few


def test_every_ward_of_the_plan_is_a_field_of_the_catalogue(app: Flask) -> None:
    slugs = [ward.slug for ward in PLAN]
    assert len(slugs) == len(set(slugs)) == 8
    assert set(slugs) <= {category.slug for category in catalogue.categories()}


def test_every_ward_leads_to_its_services(client: Browser, searchable: None, market: Market) -> None:
    market.index()
    for ward in PLAN:
        page = text(client, f"/search?category={ward.slug}")
        for item in catalogue.items():
            assert (f'href="/items/{item.slug}"' in page) == (item.category == ward.slug), item.slug


# A service --------------------------------------------------------------------------------------------------------------


def test_every_service_has_its_page(client: Browser) -> None:
    """In the two languages by turns."""
    for place, item in enumerate(catalogue.items()):
        lang = ("zh", "en")[place % 2]
        page = text(client, f"/items/{item.slug}?lang={lang}")
        assert escape(item.name_en if lang == "en" else item.name_zh) in page, item.slug


def test_a_service_says_who_pays_who_may_do_it_and_on_which_basis(client: Browser) -> None:
    page = text(client, "/items/eia-form?lang=en")
    assert "The law lets you do it yourself" in page
    assert "环境影响评价信用平台登记单位" in page
    assert "《环境影响评价法》" in page
    assert "read in the issuer's own text" in page
    assert "30 days" in page
    assert "The department commissions it" in text(client, "/items/eia-tech-eval?lang=en")


def test_prices_are_those_of_the_job_that_was_typed(market: Market, client: Browser) -> None:
    """60,000,000 yuan of works: reference 225,500.00 (计价格〔2002〕1980号), 80 % of it 180,400.00."""
    market.offer(price_model=PriceModel.SHARE, price_fen=None, share_permille=800)
    market.offer(price_fen=20_000_000)
    page = text(client, f"/items/{AGENCY}?amount=60000000&kind=works&lang=en")
    assert "225,500.00" in page
    assert "¥180,400.00" in page
    assert "¥200,000.00" in page
    assert 'name="amount" value="60000000"' in page.replace("\n", " ")
    assert "Prices for what you typed." in page


def test_wrong_input_is_marked_and_kept_and_the_offers_stay(market: Market, client: Browser) -> None:
    market.offer(price_fen=20_000_000)
    answer = client.get(f"/items/{AGENCY}?amount=-5&kind=works&lang=en")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="-5"' in page
    assert "¥200,000.00" in page


@pytest.mark.parametrize(("quantity", "amount"), [("80", "¥160.00"), ("120", "¥240.00"), ("1,000", "¥2,000.00")])
def test_a_price_per_unit_comes_to_the_amount_for_the_quantity(
    market: Market, client: Browser, quantity: str, amount: str
) -> None:
    """KF-LST-04: 2.00 per m²."""
    market.offer(SURVEY, price_model=PriceModel.PER_UNIT, price_fen=200, unit="㎡")
    assert amount in text(client, f"/items/{SURVEY}?quantity={quantity}")


def test_a_price_per_another_unit_is_not_computed(market: Market, client: Browser) -> None:
    """KF-LST-04: per flat is not per square metre."""
    market.offer(SURVEY, price_model=PriceModel.PER_UNIT, price_fen=20_000, unit="套")
    page = text(client, f"/items/{SURVEY}?quantity=80&lang=en")
    assert "¥200.00 per 套" in page
    assert "¥16,000.00" not in page


@pytest.mark.parametrize("quantity", ["0", "-3", "abc", "1e999", "NaN", "99999999999"])
def test_a_quantity_that_is_none_is_named(client: Browser, quantity: str) -> None:
    answer = client.get(f"/items/{SURVEY}?quantity={quantity}&lang=en")
    assert answer.status_code == 422
    assert "Please give a number above 0" in answer.get_data(as_text=True)


def test_offers_stand_in_the_neutral_order_of_the_day(market: Market, client: Browser) -> None:
    """KF-SEA-05."""
    from market.kernel.ordering import order_key

    rows = [market.offer() for _ in range(5)]
    today = clock.today()
    wanted = sorted((order_key(row.vendor.code, row.code, today), row.code) for row in rows)
    page = text(client, f"/items/{AGENCY}")
    assert re.findall(r'href="/offers/(L-\w+)"', page) == [code for _, code in wanted]


def test_what_is_no_longer_offered_is_gone_from_the_page_at_once(market: Market, client: Browser) -> None:
    """KF-LST-02: by pausing, and by a suspension of the vendor."""
    paused, suspended = market.offer(title="先暂停"), market.offer(title="被停用")
    page = text(client, f"/items/{AGENCY}")
    assert "先暂停" in page
    assert "被停用" in page
    operations.pause_listing(paused.code, by=market.vendors[0][1])
    vendor_operations.suspend_vendor(
        market.vendors[1][0].code, reason="测试中的核查期间，暂停接单。", basis="测试依据", by=vendors.OPERATOR
    )
    page = text(client, f"/items/{AGENCY}")
    assert "先暂停" not in page
    assert "被停用" not in page
    assert queries.offer_rows([paused.code, suspended.code]) == []


def test_the_number_of_statements_does_not_grow_with_the_offers(market: Market, client: Browser) -> None:
    market.offer()
    client.get(f"/items/{AGENCY}")
    few = statements(lambda: client.get(f"/items/{AGENCY}"))
    for _ in range(4):
        market.offer()
    assert statements(lambda: client.get(f"/items/{AGENCY}")) <= few


def test_a_service_mistyped_is_guessed(client: Browser) -> None:
    answer = client.get("/items/eia-from")
    assert answer.status_code == 404
    assert 'href="/items/eia-form"' in answer.get_data(as_text=True)
    assert client.get("/items/EIA-Form").headers["Location"].endswith("/items/eia-form")
