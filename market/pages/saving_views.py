"""Saving what the search page shows."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from market.alerts import operations
from market.http import allow, current_actor, parse
from market.kernel.errors import Unavailable
from market.kernel.words import N_
from market.limits import limited
from market.pages import finder, search_filters
from market.pages.blueprint import bp
from market.pages.schemas import SaveSearchForm
from market.pages.search_filters import Filters, Known
from market.pages.search_names import known_names
from search.engine import Away
from search.offers import leading

#: characters of a label that is made of what was typed and chosen
LABEL = 80


@bp.route("/search/save", methods=["POST"])
@allow()
@limited("save search", "60/hour")
def save_search() -> Any:
    """Keep the search whose parameters stand in the address, and be told of new offers that fit."""
    data = parse(SaveSearchForm, request.form)
    known = known_names()
    filters = search_filters.read(request.args, known)
    q = request.args.get("q", "").strip()[:200]
    try:
        found = finder.finder().find_items(q)[0] if q else None
    except Away:
        raise Unavailable(
            N_("Search does not answer at the moment."), remedy=N_("Please save the search a little later.")
        ) from None
    items = leading(found) if found else {}
    question = filters.search(found.understood.read_as if found else "", items, 0, 1)
    args = filters.args() | ({"q": q} if q else {})
    operations.save_search(data["label"] or _label(q, filters, known), args, question, by=current_actor())
    flash(_("The search is saved. You are told when an offer that fits is published."))
    return redirect(url_for("alerts.mine"))


def _label(q: str, filters: Filters, known: Known) -> str:
    parts = ([q] if q else []) + [words for words, _left in search_filters.chips(filters, known)]
    return " · ".join(parts)[:LABEL] or _("a search")
