"""Pages of alerts: what I wait for, and ending it, also by the link in a mail. Saving a search stands with the search page."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext as _

from market import clock
from market.alerts import operations, queries, schemas
from market.catalogue import queries as catalogue
from market.http import allow, current_actor, form, no_csrf, public
from market.kernel.actor import Role
from market.kernel.errors import NotFound
from market.notifications.stopping import stopped

bp = Blueprint("alerts", __name__)


def _page() -> dict[str, Any]:
    actor = current_actor()
    vendor = actor.role is Role.VENDOR
    return {
        "searches": queries.searches_of(actor.person),
        "demands": queries.demands_of(actor.organisation or "") if vendor else [],
        "items": {item.slug: catalogue.name(item) for item in catalogue.items()},
        "districts": {one.code: catalogue.name(one) for one in catalogue.districts()} if vendor else {},
        "vendor": vendor,
        "most": operations.MOST,
        "today": clock.today(),
    }


@bp.route("/alerts", methods=["GET", "POST"])
@allow()
@form(schemas.DemandForm, "alerts/mine.html", page=_page)
def mine(data: dict[str, Any]) -> Any:
    """What I wait for; a vendor adds a kind of need."""
    operations.save_demand(data["item"], data["districts"], by=current_actor())
    flash(_("You are told when a notice for it is published."))
    return redirect(url_for(".mine"))


@bp.route("/alerts/data.json")
@allow()
def own_data() -> Response:
    """Everything kept of my saved searches, to take along (PIPL, article 45)."""
    answer = jsonify(queries.own_alerts(current_actor().person))
    answer.headers["Content-Disposition"] = "attachment; filename=saved-searches.json"
    return answer


@bp.route("/alerts/searches/<code>/end", methods=["POST"])
@allow()
def end_search(code: str) -> Any:
    """No more alerts of a search."""
    operations.end_search(code, by=current_actor())
    flash(_("The search is no longer saved."))
    return redirect(url_for(".mine"))


@bp.route("/alerts/demands/<code>/end", methods=["POST"])
@allow(Role.VENDOR)
def end_demand(code: str) -> Any:
    """No more alerts of a kind of need."""
    operations.end_demand(code, by=current_actor())
    flash(_("You do not wait for it any more."))
    return redirect(url_for(".mine"))


@bp.route("/alerts/stop/<token>")
@public
def stop(token: str) -> Any:
    """The page behind the link in an alert: a button, since mail scanners open links too."""
    _which(token)
    return render_template("notifications/stop.html", done=False, what=_("alerts of this saved search"))


@bp.route("/alerts/stop/<token>", methods=["POST"])
@public
@no_csrf
def stop_now(token: str) -> Any:
    """No more such alerts. Mail programs send this POST themselves (RFC 8058); the token in the address is the proof."""
    what, code = _which(token)
    operations.stop(code, what=what)
    return render_template("notifications/stop.html", done=True, what=_("alerts of this saved search"))


def _which(token: str) -> tuple[str, str]:
    try:
        return "search", stopped("search", token)
    except NotFound:
        return "demand", stopped("demand", token)
