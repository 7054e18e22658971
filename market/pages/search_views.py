"""The search page: one box over services, matters, vendors and offers; and what it shows while Elasticsearch is away."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.http import page, public
from market.kernel import codes
from market.kernel.ordering import column_of
from market.kernel.words import N_
from market.limits import limited
from market.listings import queries as listings
from market.pages import addresses, buyer_job, finder, queries, search_filters
from market.pages.blueprint import bp
from market.pages.book import book
from market.pages.named import named
from market.pages.search_filters import Filters, Known
from market.pages.search_names import known_names
from market.vendors.models import Vendor
from search.engine import Away
from search.items import Found, Hit, Why
from search.offers import Order, leading
from search.reading import Because
from search.text import normalise
from search.vendors import VendorHit

#: offers on a page, services and matters shown at the top, vendors beside them
SIZE, TOP, MATTERS, VENDORS = 20, 4, 3, 5
#: soft: one person never reaches it, a script that hammers does
LIMIT = "3000/minute"
LONGEST = 200

WHY = {
    Why.CODE: N_("that is its code"),
    Why.NAME: N_("that is its name"),
    Why.ALIAS: N_("also called “%(matched)s”"),
    Why.WORDS: N_("has to do with “%(matched)s”"),
    Why.SOUND: N_("sounds like “%(matched)s”"),
    Why.MEANING: N_("means much the same as “%(matched)s”"),
    Why.MATTER: N_("needed for it"),
}
VENDOR_WHY = {
    "code": N_("by its code"),
    "name": N_("by its name"),
    "sound": N_("by the sound of its name"),
    "initials": N_("by its initials"),
}
BECAUSE = {
    Because.PINYIN: N_("read as pinyin"),
    Because.INITIALS: N_("read as the initials"),
    Because.SOUND: N_("sounds the same"),
    Because.SPELLING: N_("one character differs"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A service or matter at the top of the page: why it was found, and how many offers it has."""

    thing: Any
    why: str
    matched: str
    offers: int | None


@bp.route("/search")
@public
@limited("search", LIMIT)
def search() -> Any:
    """Find services, matters, vendors and offers. Any text gives a page; nothing typed lists all offers in the public order."""
    q = request.args.get("q", "").strip()
    if found := addresses.addresses_of([codes.normalise(q[:60])]):
        return redirect(found[0][0])
    known = known_names()
    filters = search_filters.read(request.args, known)
    try:
        return render_template("pages/search.html", **_answered(q, known, filters))
    except Away:
        return render_template("pages/search_away.html", **_from_database(q, known, filters))


def _answered(q: str, known: Known, filters: Filters) -> dict[str, Any]:
    search = finder.finder()
    column = column_of(clock.today())
    as_typed = request.args.get("as_typed") == "1"
    after = request.args.get("after") or None
    vendors = search.find_vendors(q, column, VENDORS) if q and not after else None
    found, whole = search.find_items(q, as_typed=as_typed) if q else (None, True)
    read_as = found.understood.read_as if found else ""
    question = filters.search(read_as, leading(found) if found else {}, column, SIZE, after)
    empty = bool(q) and not normalise(q)
    offers = search.find_offers(question)
    counts = offers.facets
    if after:  # a later page: counts come from the beginning
        counts = search.find_offers(filters.search(read_as, question.items, column, 1)).facets
    items = book().items
    one = items.get(filters.one_item or "")
    asked = buyer_job.read(one, search_filters.left_over(request.args, known)) if one else None
    job = dict(asked.given) if asked and not asked.errors else {}
    rows = queries.offer_rows([hit.code for hit in offers.hits], asked.job if asked and job else None)
    compared = _one_service(counts.get("item", {}), filters)
    return {
        "q": q[:LONGEST],
        "as_typed": as_typed,
        "found": found,
        "whole": whole,
        "empty": empty,
        "entries": _entries(found, items),
        "matters": _matters(found),
        "vendors": _vendors(vendors),
        "category": _category_entries(filters, items, counts) if not q else [],
        "offers": offers,
        "rows": rows,
        "items": items,
        "known": known,
        "filters": filters,
        "groups": search_filters.groups(filters, counts, known),
        "chips": [(words, _url(q, left, as_typed, job)) for words, left in search_filters.chips(filters, known)],
        "first": _url(q, filters, as_typed, job) if after else "",
        "next": _url(q, filters, as_typed, job, after=offers.after) if offers.after else "",
        "plain_url": _url(q, Filters(order=filters.order), as_typed),
        "typed_url": _url(q, filters, True, job),
        "orders": [
            ("" if order is Order.RELEVANCE else str(order), _(words)) for order, words in search_filters.ORDERS.items()
        ],
        "hidden": {**job, **filters.args(), "q": q[:LONGEST], "as_typed": "1" if as_typed else "", "sort": ()},
        "because": BECAUSE,
        "vendor_why": VENDOR_WHY,
        "one": one,
        "job": job,
        "compared": compared,
        "standard": asked.standard if asked else None,
        "column": column,
    }


def _one_service(counts: Mapping[str, int], filters: Filters) -> str | None:
    """The service of all offers found, when it is the same for all: only then they can be compared."""
    found = [slug for slug in filters.several.get("item", ()) or counts if counts.get(slug)]
    return found[0] if len(found) == 1 else None


def _url(q: str, filters: Filters, as_typed: bool = False, job: Mapping[str, str] | None = None, **more: Any) -> str:
    """The address of a search; the buyer's job goes along while one service is looked at."""
    kept = job if job and filters.one_item else {}
    args = {**kept, **filters.args()} | ({"q": q[:LONGEST]} if q else {}) | ({"as_typed": "1"} if as_typed else {})
    return url_for("pages.search", **args | more)


def _entries(found: Found | None, items: Mapping[str, catalogue.Item]) -> list[Entry]:
    """Services found, each with how many offers it has in all: those of this page are only some of them."""
    hits = [hit for hit in (found.items if found else ()) if hit.code in items]
    counts = queries.offers_by_item([hit.code for hit in hits])
    return [Entry(items[hit.code], WHY.get(hit.why, ""), hit.matched, counts.get(hit.code, 0)) for hit in hits]


def _category_entries(
    filters: Filters, items: Mapping[str, catalogue.Item], counts: Mapping[str, Mapping[str, int]]
) -> list[Entry]:
    """The services of the chosen fields, where no question was asked."""
    chosen = filters.several.get("category", ())
    by_item = counts.get("item", {})
    return [Entry(item, "", "", by_item.get(item.slug, 0)) for item in items.values() if item.category in chosen]


def _matters(found: Found | None) -> list[Entry]:
    matters = book().matters
    hits: Sequence[Hit] = found.matters[:MATTERS] if found else ()
    return [Entry(matters[hit.code], WHY.get(hit.why, ""), hit.matched, None) for hit in hits if hit.code in matters]


def _vendors(asked: "Future[tuple[VendorHit, ...]] | None") -> list[tuple[str, str, str]]:
    """Vendors found: (code, name, why); none where Elasticsearch went away meanwhile."""
    hits = asked.result() if asked else ()
    if not hits:
        return []
    statement = select(Vendor.code, Vendor.name).where(Vendor.code.in_([hit.code for hit in hits]))
    names = {code: name for code, name in db.session.execute(statement)}  # noqa: C416 - a result is no mapping
    return [(hit.code, names[hit.code], hit.why) for hit in hits if hit.code in names]


# While Elasticsearch is away --------------------------------------------------------------------------------------------


def _from_database(q: str, known: Known, filters: Filters) -> dict[str, Any]:
    """The whole catalogue by field, services whose name or alias holds what was typed, offers in the public order."""
    items = list(book().items.values())
    by_category: dict[str, list[catalogue.Item]] = {}
    for item in items:
        by_category.setdefault(item.category, []).append(item)
    item_filter = filters.one_item
    district = next(iter(filters.several.get("district", ())), None)
    found = page(listings.offers(item_filter, district), per=SIZE)
    return {
        "q": q[:LONGEST],
        "since": finder.finder().away_since,
        "named": _named(q, items),
        "categories": catalogue.categories(),
        "by_category": by_category,
        "items": book().items,
        "known": known,
        "filters": filters,
        "district": district,
        "found": found,
        "rows": queries.offer_rows([row.code for row in found.items]),
    }


def _named(q: str, items: Sequence[catalogue.Item]) -> list[catalogue.Item]:
    by_slug = {item.slug: item for item in items}
    names = ((item.slug, (item.name_zh, item.name_en, *item.aliases_zh)) for item in items)
    return [by_slug[slug] for slug, _name in named(q, names)]
