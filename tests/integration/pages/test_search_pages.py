"""The search page: understood, filtered, ordered, paged; whatever is typed; while Elasticsearch is away."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from market import clock
from market.kernel.ordering import order_key
from market.limits import _Counters
from market.listings import operations
from market.listings.pricing import PriceModel
from market.pages import finder
from search.engine import connect
from search.index import Index
from tests.integration.conftest import Browser
from tests.integration.factories import vendors
from tests.integration.pages.conftest import AGENCY, SURVEY, Market

OFFERS = re.compile(r'<a class="wm-name" href="/offers/(L-\w+)"')
ITEMS = re.compile(r'<a class="wm-name" href="/items/([\w-]+)"')

pytestmark = pytest.mark.usefixtures("searchable")


def text(client: Browser, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def counts(page: str, facet: str) -> dict[str, tuple[int | None, bool]]:
    """The options of a facet: value -> (count, chosen)."""
    option = rf'<input class="form-check-input" type="\w+" name="{facet}" value="([^"]*)"( checked)?>'
    count = r'[^<]*(?:<span><span class="visually-hidden">[^<]*</span>([\d,]+))?'
    found = re.findall(option + count, page)
    return {value: (int(count.replace(",", "")) if count else None, bool(chosen)) for value, chosen, count in found}


# Understood -------------------------------------------------------------------------------------------------------------


QUESTIONS = [
    ("想开个小饭馆环保那边要啥", {"env-monitoring", "eia-form"}),
    ("厂里要加一条喷漆线，环评怎么弄", {"eia-form", "eia-report"}),
    ("商铺二次装修要做消防检测吗", {"fire-test", "fire-assessment"}),
    ("老房子加电梯找谁鉴定", {"seismic-appraisal", "house-safety"}),
    ("zhaobiao daili", {AGENCY}),
    ("招标代里", {AGENCY}),
    ("translation of a diploma", {"notarised-translation", "overseas-credential"}),
]


def test_a_question_in_everyday_words_leads_to_the_service(market: Market, client: Browser) -> None:
    market.index()
    for question, items in QUESTIONS:
        page = text(client, f"/search?q={question}")
        assert set(ITEMS.findall(page)[:3]) & items, question
        assert "理解为" in page


def test_the_reader_sees_what_was_corrected_and_takes_it_back(market: Market, client: Browser) -> None:
    market.index()
    page = text(client, "/search?q=zhaobiao daili&lang=en")
    assert "“zhaobiao daili” was read as “招标代理”: read as pinyin." in page
    back = re.search(r'<a href="([^"]+)">Search exactly as typed</a>', page)
    assert back
    again = text(client, back[1].replace("&amp;", "&"))
    assert "was read as" not in again
    assert "Searched exactly as typed." in again


def test_what_has_to_do_with_nothing_says_so_and_shows_nothing_else(market: Market, client: Browser) -> None:
    market.offer()
    market.index()
    page = text(client, "/search?q=明天会不会下雨&lang=en")
    assert "No service of this market has to do with that." in page
    assert OFFERS.findall(page) == []
    assert "No offer fits." in page


def test_a_question_finds_the_offers_of_the_service_it_means_and_the_vendor_by_name(
    market: Market, client: Browser
) -> None:
    firm = market.vendor("示例长风招标有限公司")
    offer = market.offer(vendor=firm, title="全过程服务")
    market.offer("stability-risk")
    market.index()
    assert OFFERS.findall(text(client, "/search?q=工程要招标找谁代办")) == [offer.code]
    page = text(client, "/search?q=长风招标")
    assert f'href="/vendors/{firm[0].code}"' in page


def test_a_code_opens_what_it_stands_for(market: Market, client: Browser) -> None:
    offer = market.offer()
    draft = operations.draft_listing(market.vendors[0][0].code, AGENCY, {"title": "草稿"}, by=market.vendors[0][1])
    market.index()
    small = offer.code.lower().replace("-", " ")
    assert client.get(f"/search?q={small}").headers["Location"] == f"/offers/{offer.code}"
    assert client.get(f"/search?q={offer.vendor.code}").headers["Location"] == f"/vendors/{offer.vendor.code}"
    assert client.get(f"/search?q={draft.code}").status_code == 200


def test_a_code_with_one_slip_is_guessed_but_never_a_draft(market: Market, client: Browser) -> None:
    offer = market.offer(title="看得见的报价")
    draft = operations.draft_listing(market.vendors[0][0].code, AGENCY, {"title": "草稿"}, by=market.vendors[0][1])

    def slip(code: str) -> str:
        other = "2" if code[5] != "2" else "3"
        return f"{code[:5]}{other}{code[6:]}"

    answer = client.get(f"/offers/{slip(offer.code)}")
    assert answer.status_code == 404
    assert f'href="/offers/{offer.code}"' in answer.get_data(as_text=True)
    assert draft.code not in client.get(f"/offers/{slip(draft.code)}").get_data(as_text=True)
    # the right code at the wrong address
    assert f'href="/offers/{offer.code}"' in client.get(f"/vendors/{offer.code}").get_data(as_text=True)


def test_a_guess_shows_the_published_title_not_what_is_being_written(market: Market, client: Browser) -> None:
    offer = market.offer(title="已发布的标题")
    operations.edit_listing(offer.code, {"title": "还没发布的标题"}, by=market.vendors[0][1])
    page = client.get(f"/vendors/{offer.code}").get_data(as_text=True)
    assert "已发布的标题" in page
    assert "还没发布的标题" not in page


# Whatever is typed ------------------------------------------------------------------------------------------------------


STRANGE = (
    "a/b", "(", ")", "[", '"', "\\", "*:*", "+-", "10/2019", "AND", "AND OR (((", '"未闭合', "????????*", "~", "field:value",
    "x" * 1000, "环" * 10_000, "   ", "评", "\x00\x01\x1f", "%00", "🎉", "<script>alert(1)</script>", "';drop table vendor;--",
    "V-00000000", "L-????????", "{{7*7}}", "\u202e\u200b", "%(matched)s %s",
)  # fmt: skip


def test_no_text_is_an_error(market: Market, client: Browser) -> None:
    """KF-SEA-03."""
    market.index()
    for typed in STRANGE:
        answer = client.get("/search", query_string={"q": typed, "lang": "en"})
        assert answer.status_code == 200, typed
        assert "<script>alert" not in answer.get_data(as_text=True)
        for path in ("items", "listings", "suggest"):
            answer = client.get(f"/api/v1/search/{path}", query_string={"q": typed})
            assert answer.status_code == 200, (path, typed)


NONSENSE = (
    "item=none&category=none&district=999999&price=x&position=y&level=&days=7&rating=1&free=2&sort=age",
    "item=eia-form&item=&item=" + "a" * 5000, "days=-1&rating=abc&sort=vendor_name", "after=xxxx", "after=" + "A" * 3000,
    "page=-1&after=W10", "as_typed=yes", "district=610117'--", "level=" + "x" * 300, "q=%ff%fe", "days=٣&rating=４０００",
)  # fmt: skip


def test_no_filter_is_an_error(market: Market, client: Browser) -> None:
    market.index()
    for query in NONSENSE:
        assert client.get(f"/search?{query}").status_code == 200, query


def test_full_width_finds_the_same_as_half_width(market: Market, client: Browser) -> None:
    """KF-SEA-03."""
    market.index()
    narrow, wide = (ITEMS.findall(text(client, f"/search?q={q}")) for q in ("CMA检测", "ＣＭＡ检测"))
    assert narrow == wide != []


def test_signs_alone_list_everything_in_the_neutral_order(market: Market, client: Browser) -> None:
    """KF-SEA-03, KF-SEA-05."""
    rows = [market.offer(), market.offer("stability-risk"), market.offer()]
    market.index()
    today = clock.today()
    wanted = [row.code for row in sorted(rows, key=lambda row: order_key(row.vendor.code, row.code, today))]
    for path in ("/search", "/search?q=%20", "/search?q=%3F%21%3F"):
        assert OFFERS.findall(text(client, path)) == wanted, path


# Facets -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def variety(market: Market) -> Market:
    """Six offers of two services that differ in price, days, districts."""
    firm = market.vendor(licence=True)
    market.offer(price_fen=4_000_000, days=5, districts=["610117"])
    market.offer(price_fen=5_000_000, days=10)
    market.offer(price_fen=30_000_000, days=30, districts=["610113"])
    market.offer(price_model=PriceModel.QUOTATION, price_fen=9_000_000, days=10)
    market.offer(SURVEY, vendor=firm, price_fen=40_000, days=3)
    market.offer("stability-risk", vendor=firm, price_fen=1_200_000, days=15)
    market.index()
    return market


def test_counts_are_right_while_a_facet_is_chosen(variety: Market, client: Browser) -> None:
    """A facet's own choice does not narrow its counts; those of the others do."""
    page = text(client, "/search")
    assert counts(page, "item") == {AGENCY: (4, False), SURVEY: (1, False), "stability-risk": (1, False)}
    page = text(client, f"/search?item={AGENCY}&days=10")
    assert counts(page, "item") == {AGENCY: (3, True), SURVEY: (1, False)}
    assert counts(page, "days")["10"] == (3, True)
    assert counts(page, "days")["40"] == (4, False)
    assert counts(page, "price") == {"10000_50000": (1, False), "50000_200000": (1, False), "on_quotation": (1, False)}
    assert counts(page, "district")["610117"] == (3, False)
    assert counts(page, "district")["610113"] == (2, False)
    assert len(OFFERS.findall(page)) == 3


LEFT = [
    ("district=610117", 5), ("district=610117&district=610113", 6), (f"item={SURVEY}&item=stability-risk", 2),
    ("price=under_500", 1), ("price=on_quotation", 1), ("position=none", 2), ("position=below", 3), ("position=above", 1),
    ("level=测绘资质:乙级", 2), ("free=1", 6), ("days=3", 1), ("rating=3000", 0), ("category=survey", 1),
    (f"item={AGENCY}&price=10000_50000&days=5", 1),
]  # fmt: skip


def test_filters_leave_what_fits(variety: Market, client: Browser) -> None:
    for query, found in LEFT:
        page = text(client, f"/search?{query}")
        assert len(OFFERS.findall(page)) == found, query
        assert ("没有同时满足这些条件的报价。" in page) == (not found)


def test_each_chosen_filter_can_be_taken_back_by_itself(variety: Market, client: Browser) -> None:
    page = text(client, f"/search?item={AGENCY}&district=610117&free=1&sort=price&lang=en")
    chips = re.search(r'<ul class="wm-chips".*?</ul>', page, re.S)
    assert chips
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', chips[0])]
    assert len(links) == 4
    assert [len(re.findall("district=", link)) for link in links] == [1, 0, 1, 0]
    assert links[-1] == "/search?sort=price"


# Order and pages --------------------------------------------------------------------------------------------------------


def test_the_four_orders_and_no_other(variety: Market, client: Browser) -> None:
    def prices(sort: str) -> list[int | None]:
        found = client.get(f"/api/v1/search/listings?sort={sort}&item={AGENCY}").json["listings"]
        return [int(float(one["price"]["amount"])) for one in found]

    assert prices("price") == [40_000, 50_000, 300_000, 90_000]  # on quotation stands last
    days = client.get("/api/v1/search/listings?sort=days").json["listings"]
    assert [one["days"] for one in days] == [3, 5, 10, 10, 15, 30]
    neutral = OFFERS.findall(text(client, "/search"))
    for unknown in ("name", "age", "", "PRICE", "relevance"):
        assert OFFERS.findall(text(client, f"/search?sort={unknown}")) == neutral
    assert len(re.findall("<option value=", text(client, "/search"))) == 4


def test_pages_by_cursor_neither_repeat_nor_skip_and_keep_their_counts(market: Market, client: Browser) -> None:
    """KF-SEA-02."""
    firm, other = market.vendor(), market.vendor()
    codes = {market.offer("stability-risk", vendor=one).code for one in (firm, other) for _ in range(11)}
    market.index()
    seen: list[str] = []
    path = "/search?item=stability-risk"
    for turn in range(3):
        page = text(client, path)
        seen += OFFERS.findall(page)
        assert counts(page, "item")["stability-risk"] == (22 + (turn > 0), True)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        path = following[1].replace("&amp;", "&")
        if turn == 0:
            market.offer("stability-risk", vendor=firm)  # one is published meanwhile
            market.index()
    assert len(seen) == len(set(seen))
    assert codes <= set(seen)


def test_what_is_no_longer_offered_is_gone_even_before_the_index_knows(market: Market, client: Browser) -> None:
    """KF-LST-02."""
    offer = market.offer()
    market.index()
    assert OFFERS.findall(text(client, "/search")) == [offer.code]
    operations.pause_listing(offer.code, by=market.vendors[0][1])
    assert OFFERS.findall(text(client, "/search")) == []


# Away -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Elasticsearch refuses connections."""
    search = finder.finder()
    nobody = connect("http://127.0.0.1:9")
    monkeypatch.setattr(search, "client", nobody)
    monkeypatch.setattr(search, "offers", Index(nobody, "none", search.offers.shape))
    monkeypatch.setattr(search, "vendors", Index(nobody, "none", search.vendors.shape))
    _stamp, catalogue = search._catalogue  # type: ignore[misc]
    monkeypatch.setattr(catalogue, "_client", nobody)
    yield
    search.went(away=False)


def test_while_elasticsearch_is_away_search_says_so_and_browses_from_the_database(
    market: Market, client: Browser, away: None
) -> None:
    """KF-SEA-04."""
    survey, agency = market.offer(SURVEY, title="测房子"), market.offer(title="办招标")
    page = text(client, "/search?q=房产测绘&lang=en")
    assert "Search does not answer at the moment." in page
    assert 'href="/items/property-survey"' in page
    assert set(OFFERS.findall(page)) == {survey.code, agency.code}
    assert OFFERS.findall(text(client, f"/search?item={SURVEY}")) == [survey.code]
    # it is not asked again for some seconds, so nobody waits
    assert finder.finder().away_since is not None
    assert "Search does not answer" in text(client, "/search?lang=en")


def test_everything_else_works_while_elasticsearch_is_away(market: Market, client: Browser, away: None) -> None:
    """KF-SEA-04."""
    offer = market.offer()
    for path in (
        "/",
        f"/items/{AGENCY}",
        f"/offers/{offer.code}",
        f"/compare?offer={offer.code}",
        "/help/order",
        "/vendors",
    ):
        assert client.get(path).status_code == 200, path
    assert client.get("/api/v1/search/suggest?q=招标").json["suggestions"]
    for path in ("items", "listings"):
        answer = client.get(f"/api/v1/search/{path}?q=招标")
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert client.get("/health").json == {
        "status": "impaired", "database": "ok", "valkey": "ok", "elasticsearch": "away"
    }  # fmt: skip


def test_when_it_is_back_search_answers_again(market: Market, client: Browser) -> None:
    """KF-SEA-04."""
    market.offer()
    market.index()
    search = finder.finder()
    search.went(away=True)
    assert "答不上来" in text(client, "/search")
    search.retry()
    assert len(OFFERS.findall(text(client, "/search"))) == 1
    assert search.away_since is None


def test_until_the_catalogue_is_ready_names_alone_answer(
    market: Market, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.index()
    search = finder.finder()
    monkeypatch.setattr(search, "_searchable", lambda patience: None)
    page = text(client, "/search?q=工程招标代理怎么找&lang=en")
    assert ITEMS.findall(page)[0] == AGENCY
    assert "Search is still getting ready" in page
    answer = client.get("/api/v1/search/items?q=招标")
    assert answer.status_code == 503


def test_a_changed_catalogue_is_searched_as_it_is_now(
    market: Market, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of an item in force: made ready in the background, the one before answers until then."""
    search = finder.finder()
    before = search._catalogue
    begun: list[Any] = []
    monkeypatch.setattr(search, "_make", lambda stamp, entries, ready: begun.append((stamp, entries, ready)))
    stamp, entries = finder._entries()
    monkeypatch.setattr(finder, "_entries", lambda: (("changed", *stamp), entries))
    found, whole = search.find_items("招标代理")
    assert whole
    assert found.items[0].code == AGENCY
    assert begun[0][0][0] == "changed"
    search.find_items("招标代理")
    assert len(begun) == 1  # once, not for every question
    search._making = None
    assert search._catalogue is before


# For programs -----------------------------------------------------------------------------------------------------------


def test_programs_get_services_with_code_score_and_why(market: Market, client: Browser) -> None:
    answer = client.get("/api/v1/search/items?q=zhaobiao daili&size=3").json
    assert answer["understood"]["read_as"] == "招标代理"
    assert answer["understood"]["corrections"] == [{"typed": "zhaobiao daili", "read": "招标代理", "why": "pinyin"}]
    assert len(answer["items"]) == 3
    assert answer["items"][0]["code"] == AGENCY
    assert {"code", "score", "why"} <= set(answer["items"][0])
    assert client.get("/api/v1/search/items?q=明天会不会下雨").json["items"] == []


def test_programs_get_offers_with_facets(variety: Market, client: Browser) -> None:
    answer = client.get(f"/api/v1/search/listings?item={AGENCY},{SURVEY}&size=2&sort=days").json
    assert answer["total"] == 5
    assert answer["facets"]["item"] == {AGENCY: 4, SURVEY: 1, "stability-risk": 1}
    assert answer["facets"]["district"]["610117"] == 4
    assert [one["days"] for one in answer["listings"]] == [3, 5]
    assert answer["listings"][0]["price"] == {"amount": "400.00", "currency": "CNY"}
    again = client.get(f"/api/v1/search/listings?item={AGENCY},{SURVEY}&size=2&sort=days&after={answer['after']}").json
    assert [one["days"] for one in again["listings"]] == [10, 10]


def test_suggestions_speak_the_language_of_the_page(client: Browser) -> None:
    found = client.get("/api/v1/search/suggest?q=zbdl&lang=en").json["suggestions"]
    assert {"text": "招标代理", "kind": "Service", "url": f"/items/{AGENCY}"} in found
    found = client.get("/api/v1/search/suggest?q=zbdl&lang=zh").json["suggestions"]
    assert found[0]["kind"] == "服务事项"


@pytest.mark.parametrize("size", ["0", "-1", "51", "abc"])
def test_a_size_that_cannot_be_is_named(client: Browser, size: str) -> None:
    answer = client.get(f"/api/v1/search/items?q=x&size={size}")
    assert answer.status_code == 422
    assert "size" in answer.json["fields"]


def test_who_asks_too_often_is_told_when_to_come_back(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Counters, "hit", lambda *_: 7)
    for path in ("/search?q=x", "/api/v1/search/items?q=x", "/api/v1/search/suggest?q=x"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7"), path


def test_vendors_that_left_are_not_found(market: Market, client: Browser) -> None:
    firm = market.vendor("示例长风招标有限公司")
    market.index()
    assert f'href="/vendors/{firm[0].code}"' in text(client, "/search?q=长风招标")
    vendors_gone(firm)
    market.index()
    assert f'href="/vendors/{firm[0].code}"' not in text(client, "/search?q=长风招标")


def vendors_gone(firm: Any) -> None:
    from market.vendors import operations as vendor_operations

    vendor_operations.suspend_vendor(
        firm[0].code, reason="测试中的核查期间，暂停接单。", basis="测试依据", by=vendors.OPERATOR
    )
