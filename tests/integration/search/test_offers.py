"""Offers found, counted, ordered and paged on the real engine."""

import statistics
from collections.abc import Callable

import pytest

from search.index import Index
from search.offers import Offer, Offers, OfferSearch, Order, find_offers
from search.order import COLUMNS

STRANGE = [
    "a/b", "(", ")", "[", '"', "\\", "*:*", "+-", "10/2019", "AND", '"未闭合', "????????*", "~", "field:value", "x" * 1000,
    "   ", "检", "ＣＭＡ", "AND OR (((", "!!!???。。。", "\x00\x01\x02", "\ud800", "检" * 10_000, "' or 1=1 --", "{}",
    "%s%n", "🙂🙂", "\u202e\u200b", "NOT", "<script>", "a AND (b", "^4", "_exists_:title", "title:*", "[1 TO 2]", "\n\r\t",
]  # fmt: skip


def put(index: Index, *documents: Offer) -> None:
    index.put(documents)
    index.refresh()


def all_pages(index: Index, request: OfferSearch) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = find_offers(index, OfferSearch(**{**fields(request), "after": after}))
        found += [hit.code for hit in page.hits]
        after = page.after
        if not after:
            return found


def fields(request: OfferSearch) -> dict[str, object]:
    return {name: getattr(request, name) for name in OfferSearch.__dataclass_fields__}


@pytest.mark.parametrize("q", STRANGE, ids=lambda q: repr(q[:12]))
def test_strange_text_is_text_and_never_an_error(q: str, offers: Index, offer: Callable[..., Offer]) -> None:
    """KF-SEA-03."""
    put(offers, offer(1, title="CMA 检测"))
    assert isinstance(find_offers(offers, OfferSearch(q=q)), Offers)


def test_full_width_finds_the_same_as_half_width(offers: Index, offer: Callable[..., Offer]) -> None:
    """KF-SEA-03."""
    put(offers, offer(1, title="CMA 检测"), offer(2, title="别的", vendor_name="别家"))
    for q in ("CMA", "ＣＭＡ", "cma"):
        assert [hit.code for hit in find_offers(offers, OfferSearch(q=q)).hits] == ["L-00000001"]


def test_an_empty_search_lists_all_in_the_neutral_order(offers: Index, offer: Callable[..., Offer]) -> None:
    """KF-SEA-03, KF-SEA-05: the order that anybody can compute from the codes."""
    made = [offer(n) for n in range(40)]
    put(offers, *made)
    for column in (0, 7, 30):
        right = [o.code for o in sorted(made, key=lambda o: (o.numbers[column], o.own, o.code))]
        assert [hit.code for hit in find_offers(offers, OfferSearch(column=column, size=50)).hits] == right


def test_equals_favour_nobody_over_thirty_days(offers: Index, offer: Callable[..., Offer]) -> None:
    """KF-SEA-05: 100 equal offers, 30 days; mean rank of each between 27 and 74, none in the first ten on more than 11 days."""
    put(offers, *(offer(n) for n in range(100)))
    ranks: dict[str, list[int]] = {}
    for column in range(30):
        hits = find_offers(
            offers, OfferSearch(q="室内空气检测", items={"indoor-air-test": 1.0}, column=column, size=100)
        ).hits
        for rank, hit in enumerate(hits, 1):
            ranks.setdefault(hit.code, []).append(rank)
    assert len(ranks) == 100
    assert all(27 <= statistics.mean(r) <= 74 for r in ranks.values())
    assert max(sum(rank <= 10 for rank in r) for r in ranks.values()) <= 11


def test_words_that_a_vendor_writes_into_his_text_do_not_lift_his_offer(
    offers: Index, offer: Callable[..., Offer]
) -> None:
    stuffed = offer(1, title="测甲醛 甲醛检测 除甲醛 新房", description="测甲醛 " * 50)
    plain = [offer(n) for n in range(2, 30)]
    put(offers, stuffed, *plain)
    request = OfferSearch(q="新房测甲醛", items={"indoor-air-test": 0.95}, size=50)
    right = [o.code for o in sorted([stuffed, *plain], key=lambda o: (o.numbers[0], o.own))]
    assert [hit.code for hit in find_offers(offers, request).hits] == right


def test_offers_of_the_better_item_come_first_and_own_words_are_found_after_them(
    offers: Index, offer: Callable[..., Offer]
) -> None:
    put(
        offers,
        offer(1, item="house-safety", title="鉴定"),
        offer(2, item="indoor-air-test", title="检测"),
        offer(3, item="annual-audit", title="验房屋裂缝"),
        offer(4, item="annual-audit", title="审计"),
    )
    request = OfferSearch(q="房屋裂缝", items={"house-safety": 0.9, "indoor-air-test": 0.5})
    assert [hit.code for hit in find_offers(offers, request).hits] == ["L-00000001", "L-00000002", "L-00000003"]


def test_the_vendors_name_finds_his_offers(offers: Index, offer: Callable[..., Offer]) -> None:
    put(offers, offer(1, vendor_name="长安虚构测绘有限公司"), offer(2))
    assert [h.code for h in find_offers(offers, OfferSearch(q="长安虚构测绘")).hits] == ["L-00000001"]


def test_facet_counts_stay_right_while_a_facet_is_chosen(offers: Index, offer: Callable[..., Offer]) -> None:
    put(
        offers,
        offer(
            1, price_fen=300_00, position="below", days=3, districts=("610113",), rating=4600, free=1, levels=("甲级",)
        ),
        offer(2, price_fen=800_00, position="within", days=5, districts=("610113", "610104"), rating=4100, free=0),
        offer(3, price_fen=900_00, position="within", days=9, districts=(), rating=None, free=2, levels=("乙级",)),
        offer(
            4, price_fen=None, position="none", days=30, districts=("610104",), category="env", item="env-monitoring"
        ),
    )
    page = find_offers(offers, OfferSearch(price=("500_2000",)))
    assert page.total == 2
    assert page.facets["price"] == {"500_2000": 2, "under_500": 1, "on_quotation": 1}, "as if it were not chosen"
    assert page.facets["position"] == {"within": 2}, "the others are narrowed"
    both = find_offers(offers, OfferSearch(price=("500_2000", "under_500"), district=("610104",)))
    assert {hit.code for hit in both.hits} == {"L-00000002", "L-00000003"}
    assert both.facets["district"]["610113"] == 3, "who serves all serves it"
    assert both.facets["price"] == {"500_2000": 2, "on_quotation": 1}
    assert find_offers(offers, OfferSearch(days_at_most=5)).total == 2
    assert find_offers(offers, OfferSearch(rating_at_least=4500)).total == 1
    assert find_offers(offers, OfferSearch(free=True)).total == 2
    assert find_offers(offers, OfferSearch(levels=("甲级",))).total == 1
    assert find_offers(offers, OfferSearch(vendor=("V-00000002",))).total == 1
    assert find_offers(offers, OfferSearch(only_items=("env-monitoring",))).facets["item"]["indoor-air-test"] == 3
    assert find_offers(offers, OfferSearch()).facets["days"] == {"3": 1, "5": 2, "10": 3, "20": 3, "40": 4}
    assert find_offers(offers, OfferSearch()).facets["rating"] == {"4500": 1, "4000": 2, "3500": 2, "3000": 2}
    assert find_offers(offers, OfferSearch()).facets["free"] == {"1": 2}


def test_price_days_and_rating_order_with_what_is_unknown_last(offers: Index, offer: Callable[..., Offer]) -> None:
    put(
        offers,
        offer(1, price_fen=None, days=9, rating=None),
        offer(2, price_fen=500, days=None, rating=4000),
        offer(3, price_fen=300, days=2, rating=4500),
    )
    for order, right in ((Order.PRICE, "321"), (Order.DAYS, "312"), (Order.RATING, "321")):
        hits = find_offers(offers, OfferSearch(order=order)).hits
        assert "".join(hit.code[-1] for hit in hits) == right, order


@pytest.mark.parametrize("order", list(Order))
def test_pages_neither_repeat_nor_skip_while_offers_come_in(
    order: Order, offers: Index, offer: Callable[..., Offer]
) -> None:
    """KF-SEA-02: identical text and price; an offer is published between any two pages."""
    count = 500 if order is Order.RELEVANCE else 100
    put(offers, *(offer(n, price_fen=100_00, days=5, rating=4000) for n in range(count)))
    found: list[str] = []
    after: str | None = None
    fresh = 1000
    while True:
        page = find_offers(offers, OfferSearch(q="室内空气检测", order=order, column=3, size=20, after=after))
        found += [hit.code for hit in page.hits]
        after = page.after
        if not after:
            break
        put(offers, offer(fresh, price_fen=100_00, days=5, rating=4000))
        fresh += 1
    old = [code for code in found if code < "L-00001000"]
    assert len(old) == len(set(old)) == count
    assert len(found) == len(set(found))


def test_reading_goes_on_in_the_order_of_the_day_on_which_it_began(offers: Index, offer: Callable[..., Offer]) -> None:
    put(offers, *(offer(n) for n in range(60)))
    first = find_offers(offers, OfferSearch(column=4, size=30))
    second = find_offers(offers, OfferSearch(column=5, size=30, after=first.after))
    assert len({hit.code for hit in (*first.hits, *second.hits)}) == 60


def test_pages_beyond_ten_thousand_hits(offers: Index, offer: Callable[..., Offer]) -> None:
    """The window of from + size is 10,000 in the engine as it comes; here it is made 200, so that 500 offers show it."""
    offers.client.indices.put_settings(index=offers.name, settings={"max_result_window": 200})
    put(offers, *(offer(n) for n in range(500)))
    found = all_pages(offers, OfferSearch(size=100))
    assert len(found) == len(set(found)) == 500


@pytest.mark.parametrize(
    "cursor",
    ["garbage", "%%%", "W10", "eyJhIjoxfQ", "x" * 2000, "WzMsInJlbGV2YW5jZSIsMSwyLDMsWyJhIl1d", "bnVsbA", "MQ"],
)
def test_a_cursor_that_somebody_made_up_gives_the_first_page(
    cursor: str, offers: Index, offer: Callable[..., Offer]
) -> None:
    put(offers, *(offer(n) for n in range(5)))
    assert find_offers(offers, OfferSearch(after=cursor)).hits == find_offers(offers, OfferSearch()).hits


def test_a_column_that_does_not_exist_is_refused(offers: Index) -> None:
    with pytest.raises(ValueError, match="no column"):
        find_offers(offers, OfferSearch(column=COLUMNS))
