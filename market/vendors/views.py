"""Public pages of vendors. Those of their own people are in application_views.py, the operator's in entry_views.py."""

from typing import Any

from flask import current_app, redirect, url_for
from flask import render_template as render

from market import clock, http
from market.http import public
from market.kernel import codes
from market.vendors import application_views, entry_views, public_facts, queries, registry
from market.vendors.blueprint import bp
from market.vendors.wording import words_of

__all__ = ["application_views", "bp", "entry_views"]


@bp.route("/vendors")
@public
def index() -> str:
    """All active vendors in the neutral order of the day."""
    page = http.page(queries.open_vendors(clock.today()))
    rows = [
        (row, [one for one in map(public_facts.licence, row.licences) if one["state"] == "valid"]) for row in page.items
    ]
    return render("vendors/index.html", page=page, rows=rows, words=words_of)


@bp.route("/vendors/<code>")
@public
def vendor(code: str) -> Any:
    """The public page of a vendor that was entered once."""
    plain = codes.normalise(code)
    if plain != code:
        return redirect(url_for("vendors.vendor", code=plain), 301)
    row = queries.public_vendor(code)
    history = http.page(queries.public_history(code), per=15)
    source = registry.of(current_app.extensions["settings"])
    return render(
        "vendors/vendor.html",
        vendor=row,
        facts=public_facts.whole(row),
        history=history,
        words=words_of,
        practice_registry=source.practice,
    )
