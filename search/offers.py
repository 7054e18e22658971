"""Offers: the documents of published listings, the question put to them, and the answer read. All pure but `find_offers`.

Text leads in two ways: through the items that the query was understood as (`Catalogue.find`), each weighed by its score, and
through words in the title, description and vendor's name of the listing itself. No text of a user becomes syntax: it is cut into
tokens here, and the question holds term queries alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from search import order
from search.index import Index, Shape
from search.items import Found
from search.text import bigrams, normalise

#: price buckets in fen, [from, to): the reader sees yuan
PRICES: tuple[tuple[str, int | None, int | None], ...] = (
    ("under_500", None, 50_000),
    ("500_2000", 50_000, 200_000),
    ("2000_10000", 200_000, 1_000_000),
    ("10000_50000", 1_000_000, 5_000_000),
    ("50000_200000", 5_000_000, 20_000_000),
    ("over_200000", 20_000_000, None),
    ("on_quotation", None, None),
)
#: working days, at most
DAYS = (3, 5, 10, 20, 40)
#: lower bound of the rating in thousandths of a star, at least
RATINGS = (4500, 4000, 3500, 3000)
POSITIONS = ("below", "within", "above", "none")
#: in `districts`: serves every district
EVERYWHERE = "all"
#: hits at most on a page, tokens of a query that count
PAGE, TOKENS = 100, 40
#: what an offer scores whose title (with the vendor's name) or text holds all words; the offers of the best item score up to 100
BY_TITLE, BY_TEXT = 30.0, 10.0
#: which items of an answer lead to offers
LEADING, MOST = 0.4, 6
#: total is counted exactly up to here
COUNTED = 100_000

OFFERS = Shape(
    "offers",
    {
        "vendor": {"type": "keyword"},
        "item": {"type": "keyword"},
        "category": {"type": "keyword"},
        "districts": {"type": "keyword"},
        "levels": {"type": "keyword"},
        "languages": {"type": "keyword"},
        "position": {"type": "keyword"},
        "price": {"type": "long"},
        "bucket": {"type": "keyword"},
        "days": {"type": "integer"},
        "rating": {"type": "integer"},
        "free": {"type": "integer"},
        "title": {"type": "text", "analyzer": "whitespace", "index_options": "freqs", "norms": False},
        "text": {"type": "text", "analyzer": "whitespace", "index_options": "freqs", "norms": False},
        **order.MAPPING,
    },
    {},
)


class Order(StrEnum):
    """The orders that exist: by relevance, price, days, lower bound of the rating. There is no other."""

    RELEVANCE = "relevance"
    PRICE = "price"
    DAYS = "days"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Offer:
    """The document of one published listing.

    `price_fen`: tax included, at the item's typical inputs (none: on quotation). `position`: against the standard in force, one
    of POSITIONS. `rating`: lower bound in thousandths of a star (none: not rated yet). `free`: jobs that can be begun now.
    `levels`: licence levels held, as "qualification:level" or as the market words them. `districts`: division codes, empty for
    all. `numbers`: the vendor's 31 order numbers; `own`: the listing's.
    """

    code: str
    version: int
    vendor: str
    vendor_name: str
    item: str
    category: str
    title: str
    numbers: tuple[int, ...]
    own: int
    description: str = ""
    price_fen: int | None = None
    position: str = "none"
    days: int | None = None
    rating: int | None = None
    free: int = 0
    levels: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """What is indexed. ValueError for a position that does not exist."""
        if self.position not in POSITIONS:
            raise ValueError(f"there is no position {self.position!r}")
        return {
            "vendor": self.vendor,
            "item": self.item,
            "category": self.category,
            "districts": list(self.districts) or [EVERYWHERE],
            "levels": list(self.levels),
            "languages": list(self.languages),
            "position": self.position,
            "price": self.price_fen,
            "bucket": bucket(self.price_fen),
            "days": self.days,
            "rating": self.rating,
            "free": self.free,
            "title": " ".join(bigrams(normalise(f"{self.title} {self.vendor_name}"))),
            "text": " ".join(bigrams(normalise(self.description, 2000))),
            **order.fields(self.numbers, self.own),
        }


def bucket(price_fen: int | None) -> str:
    """The price bucket of a price in fen."""
    if price_fen is None:
        return PRICES[-1][0]
    return next(
        name for name, low, high in PRICES[:-1] if (low or 0) <= price_fen and (high is None or price_fen < high)
    )


@dataclass(frozen=True, slots=True)
class OfferSearch:
    """A question for offers. Within a facet several values mean any of them; facets among each other all.

    `items`: item -> score from 0 to 1, as `Catalogue.find` gave it; with `q` the offers of these items are found and those whose
    own words match. Without `q` and `items` every offer is found. `only_items` (a facet) restricts. `district`: offers that serve
    it. `days_at_most`, `rating_at_least` (thousandths), `free` (capacity now). `column`: of the day (0 to 30). `after`: the
    cursor of the page before; anything else in it means the first page.
    """

    q: str = ""
    items: Mapping[str, float] = field(default_factory=dict)
    category: tuple[str, ...] = ()
    only_items: tuple[str, ...] = ()
    district: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    position: tuple[str, ...] = ()
    days_at_most: int | None = None
    rating_at_least: int | None = None
    levels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    free: bool = False
    order: Order = Order.RELEVANCE
    column: int = 0
    size: int = 20
    after: str | None = None


@dataclass(frozen=True, slots=True)
class OfferHit:
    """An offer found. Everything else about it stands in the database under its code."""

    code: str
    vendor: str
    item: str
    price_fen: int | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Offers:
    """A page of offers. `total`: how many in all (`exact` false: at least so many). `facets`: facet -> value -> how many offers
    there would be with that value chosen beside the other facets. `after`: cursor of the next page, none on the last.
    """

    total: int
    exact: bool
    hits: tuple[OfferHit, ...]
    facets: Mapping[str, Mapping[str, int]]
    after: str | None


def _terms(name: str) -> Callable[[tuple[str, ...]], dict[str, Any]]:
    return lambda values: {"terms": {name: list(values)}}


#: facet -> the filter that its chosen values make
FILTERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "category": _terms("category"),
    "item": _terms("item"),
    "district": lambda values: {"terms": {"districts": [*values, EVERYWHERE]}},
    "price": _terms("bucket"),
    "position": _terms("position"),
    "days": lambda most: {"range": {"days": {"lte": most}}},
    "rating": lambda least: {"range": {"rating": {"gte": least}}},
    "level": _terms("levels"),
    "language": _terms("languages"),
    "vendor": _terms("vendor"),
    "free": lambda _: {"range": {"free": {"gte": 1}}},
}

#: facet -> how its values are counted
COUNTS: dict[str, dict[str, Any]] = {
    "category": {"terms": {"field": "category", "size": 50}},
    "item": {"terms": {"field": "item", "size": 200}},
    "district": {"terms": {"field": "districts", "size": 100}},
    "price": {"terms": {"field": "bucket", "size": len(PRICES)}},
    "position": {"terms": {"field": "position", "size": len(POSITIONS)}},
    "days": {"filters": {"filters": {str(d): {"range": {"days": {"lte": d}}} for d in DAYS}}},
    "rating": {"filters": {"filters": {str(r): {"range": {"rating": {"gte": r}}} for r in RATINGS}}},
    "level": {"terms": {"field": "levels", "size": 100}},
    "language": {"terms": {"field": "languages", "size": 20}},
    "free": {"filters": {"filters": {"1": {"range": {"free": {"gte": 1}}}}}},
}


def _chosen(request: OfferSearch) -> dict[str, dict[str, Any]]:
    given: dict[str, Any] = {
        "category": request.category,
        "item": request.only_items,
        "district": request.district,
        "price": request.price,
        "position": request.position,
        "days": request.days_at_most,
        "rating": request.rating_at_least,
        "level": request.levels,
        "language": request.languages,
        "vendor": request.vendor,
        "free": request.free,
    }
    return {name: FILTERS[name](value) for name, value in given.items() if value not in ((), None, False)}


def _sort(request: OfferSearch, column: int) -> list[dict[str, Any]]:
    first: dict[Order, list[dict[str, Any]]] = {
        Order.RELEVANCE: [{"_score": "desc"}],
        Order.PRICE: [{"price": {"order": "asc", "missing": 2**62}}],
        Order.DAYS: [{"days": {"order": "asc", "missing": 2**31 - 1}}],
        Order.RATING: [{"rating": {"order": "desc", "missing": -1}}],
    }
    return [*first[request.order], *order.neutral(column)]


def _wanted(request: OfferSearch) -> dict[str, Any]:
    """What the text asks for: offers of the items that were meant, and offers whose own words match.

    The better of the two counts, not their sum, and words count by how many there are: so all offers of an item are equal,
    whatever a vendor writes into his text, and only the neutral order decides among them.
    """
    tokens = list(dict.fromkeys(bigrams(normalise(request.q))))[:TOKENS]
    ways: list[dict[str, Any]] = [
        {"constant_score": {"filter": {"term": {"item": item}}, "boost": float(max(1, round(score * 100)))}}
        for item, score in request.items.items()
    ]
    if tokens:
        ways += [_words("title", tokens, BY_TITLE), _words("text", tokens, BY_TEXT)]
    return {"dis_max": {"queries": ways}} if ways else {"constant_score": {"filter": {"match_all": {}}, "boost": 1.0}}


def _words(name: str, tokens: Sequence[str], full: float) -> dict[str, Any]:
    """Three quarters of the tokens at least; all of them score `full`."""
    each = [{"constant_score": {"filter": {"term": {name: token}}, "boost": full / len(tokens)}} for token in tokens]
    return {"bool": {"should": each, "minimum_should_match": "2<75%"}}


def leading(found: Found) -> dict[str, float]:
    """The items of an answer whose offers are worth showing: item -> score; those with LEADING of the best one's score, at
    most MOST. Offers of the others are a click away.
    """
    best = found.items[0].score if found.items else 0.0
    return {hit.code: hit.score for hit in found.items[:MOST] if hit.score >= best * LEADING}


def offers_query(request: OfferSearch) -> dict[str, Any]:
    """The search body for a request. A facet's own choice does not narrow the counts of that facet: chosen facets are a
    post_filter, and each count has the filters of all others. Refuses (ValueError) a column that does not exist.
    """
    chosen = _chosen(request)
    began = order.from_cursor(request.after, request.order, _sort(request, request.column))
    column, after = began if began else (request.column, None)
    alive: dict[str, Any] = {"term": {"gone": False}}
    body: dict[str, Any] = {
        "query": {"bool": {"filter": [alive], "must": [_wanted(request)]}},
        "sort": _sort(request, column),
        "size": max(1, min(request.size, PAGE)),
        "track_total_hits": COUNTED,
        "_source": ["vendor", "item", "price", "days"],
    }
    if chosen:
        body["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    if after is not None:
        body["search_after"] = after
    else:
        body["aggs"] = {
            name: {
                "filter": {"bool": {"filter": [f for other, f in chosen.items() if other != name]}},
                "aggs": {"values": count},
            }
            for name, count in COUNTS.items()
        }
    return body


def fits_query(request: OfferSearch, code: str) -> dict[str, Any]:
    """The search body that asks whether the one offer `code` is among the answers to a request: its total is 1 or 0.

    Every filter counts as chosen; nothing is counted, sorted or fetched.
    """
    only: list[dict[str, Any]] = [{"term": {"gone": False}}, {"term": {"code": code}}]
    return {
        "query": {"bool": {"filter": [*only, *_chosen(request).values()], "must": [_wanted(request)]}},
        "size": 0,
        "track_total_hits": True,
    }


def offers_answer(response: Mapping[str, Any], request: OfferSearch) -> Offers:
    """The page that a response holds. Facets are counted on the first page only and empty on the others."""
    found = response["hits"]
    hits = tuple(
        OfferHit(
            hit["_id"],
            hit["_source"]["vendor"],
            hit["_source"]["item"],
            hit["_source"].get("price"),
            hit["_source"].get("days"),
        )
        for hit in found["hits"]
    )
    began = order.from_cursor(request.after, request.order, _sort(request, request.column))
    column = began[0] if began else request.column
    size = max(1, min(request.size, PAGE))
    after = order.to_cursor(column, request.order, found["hits"][-1]["sort"]) if len(hits) == size else None
    facets = {
        name: _counted(name, value["values"]["buckets"]) for name, value in response.get("aggregations", {}).items()
    }
    return Offers(found["total"]["value"], found["total"]["relation"] == "eq", hits, facets, after)


def _counted(name: str, buckets: Any) -> dict[str, int]:
    if isinstance(buckets, Mapping):
        return {key: value["doc_count"] for key, value in buckets.items()}
    counts = {str(value["key"]): int(value["doc_count"]) for value in buckets}
    if name == "district" and EVERYWHERE in counts:  # who serves all serves each
        everywhere = counts.pop(EVERYWHERE)
        counts = {key: count + everywhere for key, count in counts.items()} | {EVERYWHERE: everywhere}
    return counts


def find_offers(index: Index, request: OfferSearch) -> Offers:
    """Asks and reads. Raises `Away` when Elasticsearch does not answer."""
    return offers_answer(index.ask(offers_query(request)), request)


def first_page(request: OfferSearch) -> OfferSearch:
    """The same question from its beginning."""
    return replace(request, after=None)


def serving(counts: Mapping[str, int], districts: Sequence[str]) -> dict[str, int]:
    """How many offers serve each of these districts, from the facet's counts: districts that nobody names alone count those
    who serve all.
    """
    return {code: counts.get(code, counts.get(EVERYWHERE, 0)) for code in districts}
