"""What a person searched for, as it is kept: the wanted part of a question to the index of offers, as plain data and back."""

from collections.abc import Mapping
from typing import Any

from market.kernel.canonical import digest
from search.offers import OfferSearch

#: the fields that say what is wanted; the others are about the page
LISTS = ("category", "only_items", "district", "price", "position", "levels", "languages", "vendor")
NUMBERS = ("days_at_most", "rating_at_least")


def kept(search: OfferSearch) -> dict[str, Any]:
    """The wanted part of a question as canonical JSON can hold it: scores of items in thousandths, lists in order, no blanks."""
    found: dict[str, Any] = {name: sorted(getattr(search, name)) for name in LISTS if getattr(search, name)}
    found |= {name: value for name in NUMBERS if (value := getattr(search, name)) is not None}
    if search.free:
        found["free"] = True
    if search.q.strip():
        found["q"] = search.q.strip()
    if search.items:
        found["items"] = {item: round(score * 1000) for item, score in sorted(search.items.items())}
    return found


def asked(question: Mapping[str, Any]) -> OfferSearch:
    """The question to ask again."""
    fields: dict[str, Any] = {name: tuple(question[name]) for name in LISTS if name in question}
    fields |= {name: question[name] for name in NUMBERS if name in question}
    items = {item: score / 1000 for item, score in question.get("items", {}).items()}
    return OfferSearch(q=question.get("q", ""), items=items, free=bool(question.get("free")), **fields)


def fingerprint(question: Mapping[str, Any]) -> str:
    """Hex SHA-256 of the canonical JSON (RFC 8785): the same question is kept once."""
    return digest(dict(question))
