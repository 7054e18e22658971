"""Search for programs: services and matters, offers with facets, suggestions. All of it public, read from the same index."""

from typing import Any

from flask import request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_smorest import Blueprint

from market import clock
from market.http import public
from market.kernel.errors import Unavailable
from market.kernel.ordering import column_of
from market.kernel.words import N_
from market.limits import limited
from market.pages import finder, queries, schemas, search_filters
from market.pages.book import book
from market.pages.search_names import known_names
from search.engine import Away
from search.items import Found, Hit
from search.offers import leading, serving

blp = Blueprint("pages_api", __name__, url_prefix="/api/v1", description="Search")

LIMIT, SUGGEST_LIMIT = "3000/minute", "6000/minute"
#: seconds that a program waits until the catalogue is searchable after a start
PATIENCE = 15.0


@blp.route("/search/items")
@public
@blp.arguments(schemas.ItemsQuery, location="query")
@blp.response(200, schemas.ItemsOut)
@limited("search", LIMIT)
def items(query: dict[str, Any]) -> Any:
    """Services and matters for a question in everyday words. Nothing is found where nothing has to do with it."""
    found = _find(query["q"], query["size"], query["as_typed"])
    items, matters = book().items, book().matters
    return {
        "understood": found.understood,
        "items": [_hit(hit, items[hit.code]) for hit in found.items if hit.code in items],
        "matters": [_hit(hit, matters[hit.code]) for hit in found.matters if hit.code in matters],
    }


@blp.route("/search/listings")
@public
@blp.arguments(schemas.ListingsQuery, location="query")
@blp.response(200, schemas.ListingsOut)
@limited("search", LIMIT)
def listings(query: dict[str, Any]) -> Any:
    """Offers that can be ordered now, with facets. Facets are counted on the first page and empty on those after it."""
    known = known_names()
    filters = search_filters.read(request.args, known)
    found = _find(query["q"], 10, query["as_typed"]) if query["q"].strip() else None
    column = column_of(clock.today())
    try:
        offers = finder.finder().find_offers(
            filters.search(
                found.understood.read_as if found else "",
                leading(found) if found else {},
                column,
                query["size"],
                query["after"],
            )
        )
    except Away:
        raise _away() from None
    facets = dict(offers.facets)
    if "district" in facets:
        facets["district"] = serving(facets["district"], list(known.districts))
    return {
        "understood": found.understood if found else None,
        "total": offers.total,
        "exact": offers.exact,
        "order": str(filters.order),
        "column": column,
        "listings": [_offer(row) for row in queries.offer_rows([hit.code for hit in offers.hits])],
        "facets": facets,
        "after": offers.after,
    }


@blp.route("/search/suggest")
@public
@blp.arguments(schemas.SuggestQuery, location="query")
@blp.response(200, schemas.SuggestionsOut)
@limited("suggest", SUGGEST_LIMIT)
def suggest(query: dict[str, Any]) -> Any:
    """Services and matters whose name or everyday name begins with what was typed, also as pinyin or its initials."""
    found = finder.finder().suggest(query["q"])
    kinds = {"item": N_("Service"), "matter": N_("Matter")}
    if query["lang"] in ("zh", "en"):
        with force_locale("en" if query["lang"] == "en" else "zh_Hans_CN"):
            words = {kind: _(word) for kind, word in kinds.items()}
    else:
        words = {kind: _(word) for kind, word in kinds.items()}
    return {
        "suggestions": [
            {"text": one.text, "kind": words[one.kind], "url": _address(one.kind, one.code)} for one in found
        ]
    }


def _address(kind: str, code: str) -> str:
    return url_for("pages.item", slug=code) if kind == "item" else url_for("catalogue.matter", slug=code)


def _find(q: str, size: int, as_typed: bool) -> Found:
    try:
        found, whole = finder.finder().find_items(q, size, as_typed=as_typed, patience=PATIENCE)
    except Away:
        raise _away() from None
    if not whole:
        raise Unavailable(N_("Search is still getting ready."), remedy=N_("Please ask again in some seconds."))
    return found


def _away() -> Unavailable:
    return Unavailable(
        N_("Search does not answer at the moment."),
        remedy=N_("Please ask again later; items and offers have addresses of their own."),
    )


def _hit(hit: Hit, thing: Any) -> dict[str, Any]:
    return {
        "code": hit.code, "score": hit.score, "why": str(hit.why), "matched": hit.matched,
        "name_zh": thing.name_zh, "name_en": thing.name_en,
    }  # fmt: skip


def _offer(row: queries.OfferRow) -> dict[str, Any]:
    figures = row.standing
    return {
        "code": row.code,
        "title": row.title,
        "vendor": row.vendor_code,
        "vendor_name": row.vendor_name,
        "item": row.item,
        "price": row.quote.fen,
        "firm": row.quote.firm,
        "reference": row.reference.base_fen if row.reference else None,
        "position": str(row.position),
        "days": row.days,
        "free": row.free,
        "rating_mean": figures.rating_mean,
        "rating_low": figures.rating_low,
        "rating_high": figures.rating_high,
        "rating_count": figures.rating_count,
    }
