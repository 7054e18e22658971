"""Offers of one service side by side. The address holds the choice and the job, so it can be shared; it is also a file."""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.http import public
from market.kernel.errors import NotFound
from market.listings import comparison
from market.listings import queries as listings
from market.pages import buyer_job, comparing, queries
from market.pages.blueprint import bp

#: further offers from which to choose
FURTHER = 10


@bp.route("/compare")
@public
def compare() -> Any:
    """Two to five offers of one service for the buyer's job; with fewer, further ones to choose from."""
    if "c" in request.args:  # boxes of a list: to the address that people share
        return redirect(_canonical())
    chosen, item, asked = _asked()
    if item is None:
        return render_template("pages/compare_nothing.html", chosen=chosen), 404 if request.args.get("item") else 200
    if chosen.others:
        items = {one.slug: one for one in catalogue.items()}
        return render_template("pages/compare_mixed.html", chosen=chosen, item=item, items=items), 422
    offers = comparing.compared(chosen.codes, asked)
    codes = [one.facts.code for one in offers]
    return (
        render_template(
            "pages/compare.html",
            item=item,
            asked=asked,
            chosen=chosen,
            offers=offers,
            codes=codes,
            groups=comparing.lines(offers) if len(offers) > 1 else [],
            further=_further(item.slug, codes, asked) if len(offers) < 2 else [],
            most=comparison.MOST,
            words=comparing,
            places=comparing.PLACES,
            csv_url=url_for(".compare_csv", item=item.slug, offer=",".join(codes), **asked.given),
        ),
        422 if asked.errors else 200,
    )


@bp.route("/compare.csv")
@public
def compare_csv() -> Any:
    """The comparison as CSV. `NotFound` when there is nothing to compare, or offers of several services."""
    chosen, item, asked = _asked()
    if item is None or chosen.others or not chosen.codes:
        raise NotFound()
    offers = comparing.compared(chosen.codes, asked)
    remark = _(
        "Comparison of offers: %(item)s, %(count)s offers, %(day)s. Amounts in yuan, tax and travel included.",
        item=catalogue.name(item), count=len(offers), day=clock.today().isoformat(),
    )  # fmt: skip
    response = Response(comparing.csv(offers, remark), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="comparison-{item.slug}.csv"'
    return response


def _asked() -> tuple[comparing.Chosen, catalogue.Item | None, Any]:
    chosen = comparing.chosen(request.args.getlist("offer"), request.args.get("item") or None)
    item = catalogue.item(chosen.item) if chosen.item else None
    return chosen, item, buyer_job.read(item, request.args) if item else None


def _canonical() -> str:
    codes = [*request.args.getlist("offer"), *request.args.getlist("c")]
    kept = {name: value for name, value in request.args.items() if name not in ("c", "offer") and value}
    return url_for(".compare", offer=",".join(dict.fromkeys(codes))[:400], **kept)  # type: ignore[arg-type]


def _further(item: str, codes: list[str], asked: buyer_job.Asked) -> list[queries.OfferRow]:
    found = [row.code for row in db.session.scalars(listings.offers(item).limit(FURTHER + len(codes)))]
    return queries.offer_rows([code for code in found if code not in codes][:FURTHER], asked.job)
