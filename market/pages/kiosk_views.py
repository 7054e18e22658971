"""The self-service kiosk: choose by touch, see what it costs, find an order by its pick-up code, take it along to the telephone.

Nobody signs in here and nothing about a person is shown. The kiosk ends itself when nobody touches it, by script or (without
one) by a refresh, and forgets the session and all cookies but which machine it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _

from market import clock, i18n
from market.accounts import operations as account_operations
from market.accounts import session as account_session
from market.catalogue import queries as catalogue
from market.catalogue.models import Centre
from market.centres import code_operations, queries, rules
from market.documents import queries as document_queries
from market.documents.qr import svg
from market.http import FormState, form, page_number, public
from market.kernel import printed
from market.kernel.actor import Actor, Channel
from market.kernel.codes import ALPHABET
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.limits import limited
from market.listings import queries as listings
from market.orders import queries as orders
from market.pages import queries as page_queries
from market.pages.blueprint import bp
from market.pages.schemas import PickupForm
from market.pages.wards import wards

#: the cookie that says which machine this is; it alone is kept when the kiosk forgets
PLACE = "kiosk_place"
YEAR = 365 * 24 * 3600
#: keys a page shows at most: with 80 px each they fit on one screen
KEYS = 9
#: who stands at a kiosk
VISITOR = Actor("kiosk", channel=Channel.KIOSK)
#: keys on the screen: Crockford's base32, digits first
PAD = ALPHABET


@dataclass(frozen=True, slots=True)
class Place:
    """Where the machine stands, and its number."""

    centre: Centre
    machine: str


def place() -> Place | None:
    """The machine that this browser was set up as."""
    code, _sep, machine = request.cookies.get(PLACE, "").partition(":")
    found = queries.centre(code) if code else None
    return Place(found, machine[:4]) if found is not None else None


@bp.app_context_processor
def kiosk_frame() -> dict[str, Any]:
    """What the frame of a kiosk page shows."""
    if i18n.mode() != "kiosk":
        return {}
    idle = current_app.extensions["settings"].kiosk_idle
    return {"kiosk_idle": idle, "kiosk_big": bool(cookie.get("big")), "kiosk_place": place()}


# The beginning and the end --------------------------------------------------------------------------------------------------


@bp.route("/kiosk")
@public
def kiosk() -> Any:
    """The first page of the kiosk: six things to choose from. `?centre=CODE&machine=03` sets the machine up, once."""
    if request.args.get("mode") != "kiosk" and request.cookies.get("mode") != "kiosk":
        kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "mode"}
        return redirect(url_for(".kiosk", mode="kiosk", **kept))
    answer = current_app.make_response(
        render_template(
            "pages/kiosk.html", keys=KEYS_OF_START, qr=svg(_public(url_for(".home"))), is_machine=place() is not None
        )
    )
    centre = queries.centre(request.args.get("centre", ""))
    if centre is not None:
        machine = "".join(c for c in request.args.get("machine", "") if c.isalnum())[:4] or "01"
        answer.set_cookie(
            PLACE, f"{centre.code}:{machine}", max_age=YEAR, samesite="Lax", httponly=True, secure=_secure()
        )
    return answer


KEYS_OF_START = (
    ("kiosk_matters", N_("Get something done"), N_("Find the service, see the price, order"), "search"),
    ("kiosk_order", N_("Find my order"), N_("With the pick-up code"), "file"),
    ("kiosk_prices", N_("Price standards"), N_("What it may cost"), "calculator"),
    ("kiosk_papers", N_("Hand in papers"), N_("Print a slip for the paper box"), "box"),
    ("kiosk_print", N_("Print"), N_("How the order stands"), "print"),
    ("kiosk_help", N_("Find help"), N_("A person, a telephone, a counter"), "talk"),
)


@bp.route("/kiosk/text", methods=["POST"])
@public
def kiosk_text() -> Any:
    """Larger text, or smaller again."""
    cookie["big"] = not cookie.get("big")
    return redirect(_back())


@bp.route("/kiosk/end", methods=["POST"])
@public
def kiosk_end() -> Any:
    """End and forget: a session that somebody began here ends too."""
    visitor = account_session.visitor()
    if visitor is not None:
        account_operations.end_session(visitor.sign_in.code, by=Actor(visitor.code, channel=Channel.KIOSK))
    return _forget()


@bp.route("/kiosk/over")
@public
def kiosk_over() -> Any:
    """Nobody touched the kiosk for a while: it forgets. Only where a browser is a kiosk; elsewhere nothing happens."""
    if request.cookies.get("mode") != "kiosk":
        return redirect(url_for(".home"))
    return _forget()


def _forget() -> Any:
    """Back to the first page without the session and any cookie of ours but the machine's; its pages are out of the cache."""
    account_session.stop()
    answer = redirect(url_for(".kiosk", mode="kiosk"))
    for name in request.cookies:
        if name not in (PLACE, current_app.config["SESSION_COOKIE_NAME"]):
            answer.delete_cookie(name)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


# Choosing -------------------------------------------------------------------------------------------------------------------


@bp.route("/kiosk/matters")
@public
def kiosk_matters() -> Any:
    """Government matters as keys, a screenful at a time; the last key leads to the services by field."""
    found = catalogue.matters()
    return _keys(
        _("What do you need to get done?"),
        [(url_for(".kiosk_matter", slug=one.slug), catalogue.name(one), one.department, "file") for one in found],
        url_for(".kiosk"),
        more=(url_for(".kiosk_fields"), _("Something else"), _("All services by field")),
    )


@bp.route("/kiosk/matters/<slug>")
@public
def kiosk_matter(slug: str) -> Any:
    """The services that a matter may need, in their order."""
    matter = catalogue.matter(slug)
    if matter is None:
        raise NotFound()
    needed = sorted(matter.intermediary_items, key=lambda need: need["order"])
    items = [(need, found) for need in needed if (found := catalogue.item(need["item"])) is not None]
    return _keys(
        catalogue.name(matter),
        [
            (
                url_for(".kiosk_item", slug=one.slug, matter=slug),
                catalogue.name(one),
                need.get("condition_zh", ""),
                "search",
            )
            for need, one in items
        ],
        url_for(".kiosk_matters"),
        lead=_("These services it may need. What does not apply to you, you need not order."),
        none=_("This matter needs no intermediary service."),
    )


@bp.route("/kiosk/fields")
@public
def kiosk_fields() -> Any:
    """The fields of trade."""
    return _keys(
        _("In which field?"),
        [
            (url_for(".kiosk_field", slug=ward.slug, to=request.args.get("to")), _(ward.name), "", ward.icon)
            for ward in wards(catalogue.items())
        ],
        url_for(".kiosk"),
    )


@bp.route("/kiosk/fields/<slug>")
@public
def kiosk_field(slug: str) -> Any:
    """The services of a field."""
    items = [one for one in catalogue.items() if one.category == slug]
    if not items:
        raise NotFound()
    return _keys(
        _("Which service?"),
        [(url_for(".kiosk_item", slug=one.slug), catalogue.name(one), _summary(one), "search") for one in items],
        url_for(".kiosk_fields"),
    )


@bp.route("/kiosk/prices")
@public
def kiosk_prices() -> Any:
    """Prices begin with the field; the price stands on the page of the service."""
    return redirect(url_for(".kiosk_fields"))


def _keys(
    title: str, keys: list[tuple[str, str, str, str]], back: str, *, lead: str = "", none: str = "", more: Any = None
) -> Any:
    pages = max(1, -(-len(keys) // KEYS))
    number = min(pages, max(1, page_number()))
    shown = keys[(number - 1) * KEYS : number * KEYS]
    return render_template(
        "pages/kiosk_keys.html",
        title=title,
        lead=lead,
        none=none,
        keys=shown,
        back=back,
        number=number,
        pages=pages,
        more=more,
    )


def _summary(item: catalogue.Item) -> str:
    text = item.summary_en if i18n.html_lang() == "en" else item.summary_zh
    return text if len(text) <= 60 else text[:58] + "…"


@bp.route("/kiosk/items/<slug>")
@public
def kiosk_item(slug: str) -> Any:
    """What a service is, what it costs by the standard and by the offers, and the way on to the telephone."""
    item = catalogue.item(slug)
    if item is None:
        raise NotFound()
    held = listings.held_for(slug)
    offers, total = page_queries.offers_of_item(slug, None, 3)
    matter = catalogue.matter(request.args.get("matter") or "")
    return render_template(
        "pages/kiosk_item.html",
        item=item,
        matter=matter,
        held=held,
        reference=held.reference if held else None,
        offers=offers,
        total=total,
        back=url_for(".kiosk_matter", slug=matter.slug) if matter else url_for(".kiosk_field", slug=item.category),
    )


@bp.route("/kiosk/take", methods=["POST"])
@public
@limited("kiosk take", "20/minute")
def kiosk_take() -> Any:
    """What was chosen goes along to the telephone."""
    here = place()
    _row, secret = code_operations.make_handover(
        centre=here.centre.code if here else None,
        matter=request.form.get("matter") or None,
        item=request.form.get("item") or None,
        district=here.centre.district_code if here else None,
        by=VISITOR,
    )
    cookie["handover"] = secret
    return redirect(url_for(".kiosk_phone"))


@bp.route("/kiosk/phone")
@public
def kiosk_phone() -> Any:
    """The square to scan. After that the machine is done: it ends soon by itself."""
    secret = cookie.get("handover", "")
    if not secret:
        return redirect(url_for(".kiosk"))
    return render_template(
        "pages/kiosk_phone.html",
        qr=svg(_public(url_for("centres.take", secret=secret))),
        minutes=int(rules.HANDOVER_LIVES.total_seconds()) // 60,
    )


# An order by its pick-up code -------------------------------------------------------------------------------------------------


def _order_page(**_more: Any) -> dict[str, Any]:
    return {
        "pad": PAD,
        "title": {"kiosk_papers": _("Hand in papers"), "kiosk_print": _("Print how the order stands")}.get(
            (request.endpoint or "").removeprefix("pages."), _("Find my order")
        ),
        "values": {"typed": ""},
    }


def _find(data: Mapping[str, Any], to: str) -> Any:
    """A key was pressed without scripts: the field grows; the last button looks the code up."""
    typed = printed_part(data["typed"])
    key = data["key"]
    if key:
        typed = {"back": typed[:-1], "clear": ""}.get(key, (typed + key)[: rules.PICKUP_LENGTH])
        context = _order_page()
        context.pop("values")
        return render_template("pages/kiosk_code.html", form=FormState({"typed": typed}), **context)
    plain = printed.read(typed, rules.PICKUP_LENGTH)
    order = queries.order_by_pickup(plain) if plain else None
    if order is None:
        raise unknown()
    cookie["kiosk_order"] = plain
    return redirect(url_for(to))


def printed_part(text: str) -> str:
    """What was typed so far of a pick-up code, without hyphens and blanks."""
    return "".join(c for c in text.upper() if c.isalnum())[: rules.PICKUP_LENGTH]


def unknown() -> Invalid:
    """The one refusal for a code that finds nothing, whatever the reason."""
    return Invalid.field(
        "typed",
        N_("No order has this code."),
        remedy=N_("Compare it with your receipt; O and zero, I and one are the same here."),
    )


@bp.route("/kiosk/order", methods=["GET", "POST"])
@public
@form(PickupForm, "pages/kiosk_code.html", page=_order_page)
@limited("kiosk code", "60/minute", "400/hour")
def kiosk_order(data: Mapping[str, Any]) -> Any:
    """Find an order by its pick-up code."""
    return _find(data, ".kiosk_state")


@bp.route("/kiosk/papers", methods=["GET", "POST"])
@public
@form(PickupForm, "pages/kiosk_code.html", page=_order_page)
@limited("kiosk code", "60/minute", "400/hour")
def kiosk_papers(data: Mapping[str, Any]) -> Any:
    """A slip for the paper box, by the order's pick-up code."""
    return _find(data, ".kiosk_slip")


@bp.route("/kiosk/print", methods=["GET", "POST"])
@public
@form(PickupForm, "pages/kiosk_code.html", page=_order_page)
@limited("kiosk code", "60/minute", "400/hour")
def kiosk_print(data: Mapping[str, Any]) -> Any:
    """Print how an order stands."""
    return _find(data, ".kiosk_state")


def _order() -> Any:
    """The order whose code was typed in this visit, or None."""
    code = queries.order_by_pickup(cookie.get("kiosk_order", ""))
    return orders.order(code) if code else None


@bp.route("/kiosk/state")
@public
def kiosk_state() -> Any:
    """How the order stands: no name, no title, no sum. For that, the account or a counter."""
    order = _order()
    if order is None:
        return redirect(url_for(".kiosk_order"))
    return render_template(
        "pages/kiosk_state.html",
        order=order,
        pickup=printed.grouped(cookie["kiosk_order"]),
        item=catalogue.item(order.item) if order.item else None,
        days_left=orders.working_days_left(order.due_at) if order.due_at else None,
        now=clock.now(),
        nearest=next(iter(queries.nearest(order.district)), None),
    )


@bp.route("/kiosk/slip")
@public
def kiosk_slip() -> Any:
    """The slips of the order that wait for their papers, to be printed again; a new one is made at home or at a counter."""
    order = _order()
    if order is None:
        return redirect(url_for(".kiosk_papers"))
    waiting = [one for one in document_queries.slips_of(order.code) if one.received_at is None]
    return render_template(
        "pages/kiosk_slip.html",
        order=order,
        slips=[(one, svg(_public(url_for("documents.slip", code=one.code)))) for one in waiting],
        nearest=next(iter(queries.nearest(order.district)), None),
    )


@bp.route("/kiosk/help")
@public
def kiosk_help() -> Any:
    """Who helps: the telephone, the nearest counter and when it is open."""
    here = place()
    found = queries.nearest(here.centre.district_code if here else None)[:3]
    today = clock.today()
    return render_template("pages/kiosk_help.html", centres=[(one, queries.hours(one.code, today)) for one in found])


def _public(path: str) -> str:
    return str(current_app.extensions["settings"].public_url) + path


def _secure() -> bool:
    return not current_app.extensions["settings"].practice


def _back() -> str:
    """The page from which a button of the frame was pressed, if it is one of the kiosk's."""
    path = urlsplit(request.referrer or "").path
    return path if path.startswith("/kiosk") else url_for(".kiosk")
