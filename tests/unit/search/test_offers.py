"""Offers: what is asked and what is indexed, without an engine."""

import pytest

from search.items import Found, Hit, Understood, Why
from search.offers import Offer, OfferSearch, Order, bucket, leading, offers_query
from search.order import from_cursor, to_cursor
from search.text import Kind


@pytest.mark.parametrize(
    ("fen", "name"),
    [(None, "on_quotation"), (0, "under_500"), (49_999, "under_500"), (50_000, "500_2000"), (10**12, "over_200000")],
)
def test_price_buckets_have_no_gap(fen: int | None, name: str) -> None:
    assert bucket(fen) == name


@pytest.mark.parametrize("q", ["a:b AND (c OR *)", "_exists_:x", '{"match_all":{}}', "检* OR 测?", "[1 TO 2]~^"])
def test_no_text_of_a_user_reaches_a_place_where_it_would_be_syntax(q: str) -> None:
    """Only term queries, and no token holds a sign."""
    kinds: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            kinds.update(node)
            for key, value in node.items():
                if key == "term":
                    for field, text in value.items():
                        assert field in ("title", "text", "gone")
                        assert not set(str(text)) & set(':()*?[]{}"~^\\/ ')
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(offers_query(OfferSearch(q=q))["query"])
    assert not kinds & {"query_string", "simple_query_string", "wildcard", "regexp", "prefix", "match", "script"}


def test_the_same_request_asks_the_same() -> None:
    request = OfferSearch(
        q="甲醛检测", items={"indoor-air-test": 0.9}, district=("610113",), order=Order.PRICE, column=5
    )
    assert offers_query(request) == offers_query(request)


def test_facets_are_counted_on_the_first_page_alone() -> None:
    first = OfferSearch()
    after = to_cursor(0, Order.RELEVANCE, [1.0, 5, 6, "L-1"])
    assert "aggs" in offers_query(first)
    assert "aggs" not in offers_query(OfferSearch(after=after))


def test_a_cursor_of_another_order_is_not_taken() -> None:
    keys = offers_query(OfferSearch())["sort"]
    cursor = to_cursor(7, "relevance", [1.0, 5, 6, "L-1"])
    assert from_cursor(cursor, "relevance", keys) == (7, [1.0, 5, 6, "L-1"])
    assert from_cursor(cursor, "price", keys) is None


def test_size_is_bounded() -> None:
    assert offers_query(OfferSearch(size=10**9))["size"] == 100
    assert offers_query(OfferSearch(size=-5))["size"] == 1


def test_a_position_or_order_numbers_that_do_not_exist_are_refused() -> None:
    numbers = tuple(range(31))
    with pytest.raises(ValueError, match="position"):
        Offer("L", 1, "V", "n", "i", "c", "t", numbers, 1, position="cheap").fields()
    with pytest.raises(ValueError, match="31"):
        Offer("L", 1, "V", "n", "i", "c", "t", (1, 2), 1).fields()


def test_items_far_behind_the_best_do_not_lead_to_offers() -> None:
    hits = [Hit(f"i{n}", score, Why.WORDS, "") for n, score in enumerate((0.9, 0.5, 0.37, 0.3))]
    found = Found(Understood("q", Kind.CHINESE, "q"), tuple(hits))
    assert list(leading(found)) == ["i0", "i1", "i2"]
    assert leading(Found(Understood("q", Kind.CHINESE, "q"))) == {}
