"""Help: how to use the market, how lists are ordered, accessibility, interfaces for programs; health and robots."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import redis
import structlog
from flask import Response, current_app, jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy import func, select, text

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.http import FormState, public
from market.kernel import codes, ordering
from market.pages import finder
from market.pages.blueprint import bp
from market.vendors import queries as vendors
from market.vendors.models import Vendor
from market.vendors.states import VendorState
from search.engine import asking

log = structlog.get_logger()

#: vendors of today's order shown as an example, and days of a code's future
SHOWN, DAYS = 10, 7
#: seconds to wait for a part before it counts as away
PATIENCE = 1.0


@bp.route("/help", endpoint="help")
@public
def help_() -> Any:
    """How to find, compare and complain; where somebody helps in person."""
    by_district: dict[str, list[Any]] = {}
    for centre in catalogue.centres():
        by_district.setdefault(centre.district_code, []).append(centre)
    return render_template("pages/help.html", by_district=by_district, districts=catalogue.districts())


@bp.route("/help/order")
@public
def neutral_order() -> Any:
    """The rule by which all lists are ordered, with today's column, so that anybody can work it out again."""
    today = clock.today()
    typed = request.args.get("code", "").strip()
    return render_template(
        "pages/neutral_order.html",
        today=today,
        days=(today - ordering.EPOCH).days,
        column=ordering.column_of(today),
        columns=ordering.COLUMNS,
        first=[_shown(code, name, ordering.column_of(today)) for code, name in _first_of(today)],
        **_of_code(typed, today),
    )


def _first_of(day: Any) -> list[tuple[str, str]]:
    rows = db.session.scalars(vendors.open_vendors(day).limit(SHOWN))
    return [(row.code, row.name) for row in rows]


def _shown(code: str, name: str, column: int) -> dict[str, Any]:
    digest = sha256(f"{code}|{column}".encode()).hexdigest()
    return {"code": code, "name": name, "digest": digest[:16], "number": ordering.order_number(f"{code}|{column}")}


def _of_code(typed: str, today: Any) -> dict[str, Any]:
    """A vendor's number and place on the coming days; what is wrong with the code otherwise."""
    if not typed:
        return {"coming": [], "form": FormState()}
    code = codes.normalise(typed[:60])
    if not codes.is_valid(code, "V"):
        return _wrong(typed, _("This is not the code of a vendor: please compare it letter by letter."))
    row = db.session.scalar(select(Vendor).where(Vendor.code == code, Vendor.state == VendorState.ACTIVE))
    if row is None:
        return _wrong(typed, _("No active vendor has this code."))
    coming = []
    for ahead in range(DAYS):
        day = today + timedelta(days=ahead)
        column = ordering.column_of(day)
        number = Vendor.neutral[column + 1]
        before = select(func.count()).where(Vendor.state == VendorState.ACTIVE, number < row.neutral[column])
        coming.append(
            {"day": day, "column": column, "number": row.neutral[column], "place": (db.session.scalar(before) or 0) + 1}
        )
    return {"coming": coming, "form": FormState({"code": code}), "vendor": row}


def _wrong(typed: str, text: str) -> dict[str, Any]:
    return {"coming": [], "form": FormState({"code": typed[:60]}, {"code": [text]})}


@bp.route("/help/accessibility")
@public
def accessibility() -> Any:
    """What the pages promise, what is known to be missing, and whom to tell."""
    return render_template("pages/accessibility.html")


@bp.route("/help/api")
@public
def open_interfaces() -> Any:
    """Interfaces for programs: addresses, forms, tokens, limits."""
    return render_template("pages/open_interfaces.html")


# For machines -----------------------------------------------------------------------------------------------------------


@bp.route("/health")
@public
def health() -> Any:
    """Which parts answer, for whoever watches over the market. 200 while the database does, else 503."""
    parts = {name: _answers(name, ask) for name, ask in PARTS.items()}
    response = jsonify({"status": "ok" if all(parts.values()) else "impaired", **_told(parts)})
    response.status_code = 200 if parts["database"] else 503
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(parts: dict[str, bool]) -> dict[str, str]:
    return {name: "ok" if answers else "away" for name, answers in parts.items()}


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception as error:
        log.warning("part away", part=name, error=f"{type(error).__name__}: {error}"[:200])
        return False
    return True


def _ask_database() -> None:
    try:
        db.session.execute(text("select 1"))
    finally:
        db.session.rollback()


def _ask_valkey() -> None:
    url = current_app.extensions["settings"].redis_url
    with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
        client.ping()


def _ask_elasticsearch() -> None:
    with asking():
        finder.finder().client.options(request_timeout=PATIENCE).cluster.health(timeout="500ms")


PARTS: dict[str, Callable[[], object]] = {
    "database": _ask_database,
    "valkey": _ask_valkey,
    "elasticsearch": _ask_elasticsearch,
}


@bp.route("/robots.txt")
@public
def robots() -> Response:
    """Everything public may be read by search engines; desks, accounts and endless combinations of filters not."""
    closed = ("/account", "/desk", "/messages", "/sign-in", "/sign-up", "/search?", "/compare", "/api/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), "Allow: /"]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
