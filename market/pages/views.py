"""The first page and the page of a service item. Search, comparison and help have files of their own."""

from typing import Any

from flask import redirect, render_template, request, url_for

from market import clock
from market.catalogue import queries as catalogue
from market.http import public
from market.kernel.errors import NotFound
from market.kernel.ordering import column_of
from market.kernel.words import N_
from market.listings.pricing import WHY_WORDS
from market.pages import (
    addresses,
    buyer_job,
    compare_views,
    counter_views,
    help_views,
    kiosk_views,
    order_views,
    queries,
    saving_views,
    search_views,
    telling_views,
)
from market.pages.blueprint import bp
from market.pages.wards import wards

__all__ = [
    "bp", "compare_views", "counter_views", "help_views", "kiosk_views", "order_views", "saving_views", "search_views",
    "telling_views",
]  # fmt: skip

#: questions to try on the first page
TRIES = (
    N_("Opening a small restaurant: what about the environment office?"),
    N_("Does refitting a shop need a fire test?"),
    N_("Who checks an old house before a lift is added?"),
)
#: how sure a fact of the catalogue is
MARKS = {
    "C": N_("read in the issuer's own text"),
    "C2": N_("read in a copy only"),
    "M": N_("not yet checked against the text"),
}
PAID_BY = {"applicant": N_("You, the applicant."), "department": N_("The department; nobody may pass it on to you.")}
PRICE_KINDS = {
    "market": N_("The market: standards are a reference, never a price that must be kept."),
    "guided": N_("Guided by government: it must lie within the published band."),
    "set": N_("Set by government: one published price for everybody."),
}
#: offers shown on an item's page
SHOWN = 5

bp.app_context_processor(lambda: {"why_words": WHY_WORDS})
# mistyped addresses are answered with what may have been meant (market/http.py)
bp.record(lambda state: state.app.extensions.update(suggest_addresses=addresses.suggest_addresses))


@bp.route("/")
@public
def home() -> Any:
    """The question, the plan of the market, what is new, the market in five figures."""
    items = catalogue.items()
    return render_template(
        "pages/home.html",
        wards=wards(items),
        items={item.slug: item for item in items},
        tries=TRIES,
        newest=queries.newest_offers(),
        figures=queries.figures(),
        centres=len(catalogue.centres()),
        column=column_of(clock.today()),
    )


@bp.route("/items/<slug>")
@public
def item(slug: str) -> Any:
    """A service item in plain words, with calculator and offers. What was typed is in the address, so it can be shared."""
    found = catalogue.item(slug)
    if found is None:
        if slug.lower() != slug:
            return redirect(url_for(".item", slug=slug.lower()), 301)
        raise NotFound()
    asked = buyer_job.read(found, request.args)
    rows, total = queries.offers_of_item(slug, asked.job, SHOWN)
    category = next((one for one in catalogue.categories() if one.slug == found.category), None)
    return (
        render_template(
            "pages/item.html",
            item=found,
            category=category,
            asked=asked,
            rows=rows,
            total=total,
            matters=[
                (matter, need)
                for matter in catalogue.matters_needing(slug)
                for need in matter.intermediary_items
                if need["item"] == slug
            ],
            marks=MARKS,
            paid_by=PAID_BY,
            price_kinds=PRICE_KINDS,
        ),
        422 if asked.errors else 200,
    )
