"""Vendors: their documents, and finding them by name (also as it sounds, or by its initials), credit code and public code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search import order
from search.index import Index, Shape
from search.text import Kind, bigrams, blurred, classify, initials, normalise, plain, sound_pairs, spell_out, syllables

VENDORS = Shape(
    "vendors",
    {
        "credit_code": {"type": "keyword"},
        "exact": {"type": "keyword"},
        "name": {"type": "text", "analyzer": "whitespace", "index_options": "freqs", "norms": False},
        "sounds": {"type": "text", "analyzer": "whitespace", "index_options": "freqs", "norms": False},
        "initials": {"type": "keyword"},
        "items": {"type": "keyword"},
        **order.MAPPING,
    },
    {},
)
#: what a vendor is found by, the strongest first
WAYS = ["code", "name", "initials", "sound"]
#: what ends nearly every name and tells none apart
TAILS = ("股份有限公司", "有限责任公司", "有限公司", "事务所", "公司")


@dataclass(frozen=True, slots=True)
class VendorDocument:
    """The document of an active vendor. `items`: of its published listings. `numbers`, `own`: its order numbers."""

    code: str
    version: int
    name: str
    numbers: tuple[int, ...]
    own: int
    credit_code: str | None = None
    items: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """What is indexed."""
        name = normalise(self.name)
        return {
            "credit_code": (self.credit_code or "").lower() or None,
            "exact": plain(name),
            "name": " ".join(bigrams(name)),
            "sounds": " ".join(sound_pairs(syllables(name))),
            "initials": sorted({initials(name), initials(short_name(name))}),
            "items": list(self.items),
            **order.fields(self.numbers, self.own),
        }


@dataclass(frozen=True, slots=True)
class VendorHit:
    """A vendor found, and by what: code, name, sound or initials."""

    code: str
    score: float
    why: str


def short_name(name: str) -> str:
    """A name without its legal form."""
    for tail in TAILS:
        if name.endswith(tail):
            return name.removesuffix(tail)
    return name


def vendors_query(q: str, *, column: int, size: int = 10) -> dict[str, Any] | None:
    """The search body for what was typed; None when there is nothing to search by. Terms alone, no syntax."""
    text = normalise(q)
    kind = classify(text)
    joined = text.replace(" ", "").replace("-", "")
    ways: list[dict[str, Any]] = []
    if kind is Kind.CODE or (joined.isascii() and joined.isalnum() and len(joined) >= 15):
        ways += [_way("credit_code", joined, 100, "code"), _way("code", text.upper(), 100, "code")]
    else:
        tokens = list(dict.fromkeys(bigrams(short_name(text))))[:30]
        sounds = spell_out(text) if kind is Kind.PINYIN else syllables(short_name(text))
        pairs = list(dict.fromkeys(sound_pairs([blurred(s) for s in sounds])))[:30]
        if tokens and kind in (Kind.CHINESE, Kind.ENGLISH):
            ways.append(_way("exact", plain(text), 50, "name"))
            ways.append(_all_of("name", tokens, "name", 2.0))
        if pairs and len(sounds) > 1:
            ways.append(_all_of("sounds", pairs, "sound", 1.0))
        if joined.isascii() and joined.isalpha() and 2 <= len(joined) <= 20:
            ways.append({"prefix": {"initials": {"value": joined, "boost": 1.0, "_name": "initials"}}})
    if not ways:
        return None
    return {
        "query": {"bool": {"filter": [{"term": {"gone": False}}], "should": ways, "minimum_should_match": 1}},
        "sort": [{"_score": "desc"}, *order.neutral(column)],
        "size": max(1, min(size, 100)),
        "_source": False,
        "track_total_hits": False,
    }


def _way(name: str, value: str, boost: float, why: str) -> dict[str, Any]:
    return {"constant_score": {"filter": {"term": {name: value}}, "boost": boost, "_name": why}}


def _all_of(name: str, tokens: list[str], why: str, boost: float) -> dict[str, Any]:
    """Nearly all tokens: one in four may be wrong. The score counts tokens, so that a longer name is no worse."""
    return {
        "bool": {
            "should": [{"constant_score": {"filter": {"term": {name: token}}, "boost": boost}} for token in tokens],
            "minimum_should_match": "3<75%",
            "_name": why,
        }
    }


def vendors_answer(response: Mapping[str, Any]) -> tuple[VendorHit, ...]:
    """The vendors that a response holds, best first."""
    return tuple(
        VendorHit(hit["_id"], float(hit["sort"][0]), min(hit.get("matched_queries", WAYS), key=WAYS.index))
        for hit in response["hits"]["hits"]
    )


def find_vendors(index: Index, q: str, *, column: int, size: int = 10) -> tuple[VendorHit, ...]:
    """Vendors for what was typed, best first, equals in the neutral order of the day's column. Raises `Away`."""
    body = vendors_query(q, column=column, size=size)
    return vendors_answer(index.ask(body)) if body else ()
