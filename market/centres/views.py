"""Pages of centres: where they are and when they are open, booking, what was done in one's name, hours, figures.

The counter and the kiosk join other domains: market/pages/counter_views.py and kiosk_views.py.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock
from market.accounts.session import hashed
from market.catalogue import queries as catalogue
from market.centres import acting, code_operations, counter_operations, operations, queries, rules, schemas, words
from market.centres.models import Booking
from market.documents.qr import svg
from market.http import allow, current_actor, form, page, public
from market.kernel import printed
from market.kernel.actor import Role
from market.kernel.calendar import to_local
from market.kernel.errors import NotFound
from market.orders import queries as orders
from market.record.queries import done_for
from market.schemas import Nothing

bp = Blueprint("centres", __name__)

#: days of booking shown at once
DAYS = 10
#: periods of the figures, in days
PERIODS = (7, 30, 90, 365)


@bp.before_app_request
def act_for_the_citizen() -> None:
    """Where orders and files are looked at or changed, counter staff with a visit and a consent act for the citizen."""
    actor = getattr(g, "actor", None)
    if actor is not None and actor.role is Role.COUNTER and _on_behalf_here():
        g.actor = acting.actor_for(actor)


#: where counter staff act for the citizen; elsewhere (own account, paper box, other windows) they are themselves
ON_BEHALF = ("/orders", "/documents", "/uploads", "/slips", "/counter")
AS_THEMSELVES = ("/counter/slips", "/counter/begin")


def _on_behalf_here() -> bool:
    return request.path.startswith(ON_BEHALF) and not request.path.startswith(AS_THEMSELVES)


bp.add_app_template_filter(catalogue.name, "catalogue_name")


@bp.app_template_filter("local_moment")
def local_moment(at: datetime) -> str:
    """A moment as forms write it (market.schemas.LocalMoment)."""
    return to_local(at).strftime("%Y-%m-%dT%H:%M")


@bp.app_template_filter("hour_minute")
def hour_minute(at: datetime) -> str:
    """The time of day in Shanghai."""
    return to_local(at).strftime("%H:%M")


@bp.app_template_filter("weekday")
def weekday(day: date) -> str:
    """The name of a day's weekday."""
    return _(words.WEEKDAYS[day.isoweekday()])


@bp.app_template_filter("minutes")
def minutes(seconds: int | None) -> str:
    """Seconds as minutes and seconds; — for none."""
    if seconds is None:
        return "—"
    whole, rest = rules.minutes_seconds(seconds)
    return _("%(minutes)s min %(seconds)s s", minutes=whole, seconds=rest)


@bp.app_template_filter("booking_state")
def booking_state(state: Any) -> str:
    """The words for a state of a booking."""
    return _(words.BOOKING_STATES[state])


@bp.app_template_global("pickup_code_of")
def pickup_code_of(order_code: str) -> str:
    """The pick-up code of an order as it is printed; empty where it has none."""
    found = queries.pickup_of(order_code)
    return printed.grouped(found) if found else ""


@bp.app_template_global("counter_visit")
def counter_visit() -> Any:
    """The visit that the reader has running as counter staff, for the frame's clock; None for everybody else."""
    actor = getattr(g, "actor", None)
    if actor is None or actor.role is not Role.COUNTER:
        return None
    visit = queries.session_of(actor.person)
    return None if visit is None else {"row": visit, "clock": rules.reading(visit.began_at, clock.real())}


# For everybody ------------------------------------------------------------------------------------------------------------


@bp.route("/centres")
@public
def index() -> Any:
    """All centres by district, with what they do there."""
    districts = catalogue.districts()
    chosen = request.args.get("district") or None
    known = {one.code: one for one in districts}
    if chosen not in known:
        chosen = None
    by_district: dict[str, list[Any]] = {}
    for centre in catalogue.centres():
        if chosen is None or centre.district_code in (chosen, "610100"):
            by_district.setdefault(centre.district_code, []).append(centre)
    return render_template(
        "centres/index.html",
        by_district=by_district,
        districts=known,
        chosen=chosen,
        kinds=words.KINDS,
        services=words.SERVICES,
    )


@bp.route("/centres/<code>")
@public
def centre(code: str) -> Any:
    """One centre: what it does, when it is open in the coming week, the next free places."""
    found = queries.centre(code)
    if found is None:
        raise NotFound()
    now = clock.now()
    has_window = rules.WINDOW in found.services
    free = queries.free_days(code, now, 3) if has_window else []
    return render_template(
        "centres/centre.html",
        centre=found,
        district=next((one for one in catalogue.districts() if one.code == found.district_code), None),
        kinds=words.KINDS,
        services=words.SERVICES,
        has_window=has_window,
        week=queries.week_of(code, clock.today()) if has_window else [],
        free=[(day, sum(slot.free for slot in slots)) for day, slots in free],
    )


@bp.route("/centres/figures")
@public
def figures() -> Any:
    """How orders come in, how long a visit takes, how many places are used: for a time, as tables."""
    asked = request.args.get("days", "30")
    days = int(asked) if asked in {str(one) for one in PERIODS} else 30
    last = clock.today()
    first = last - timedelta(days=days - 1)
    names = {one.code: one for one in catalogue.centres()}
    return render_template(
        "centres/figures.html",
        days=days,
        periods=PERIODS,
        first=first,
        last=last,
        shares=queries.channel_shares(first, last),
        channels=words.CHANNELS,
        whole=queries.counter_times(first, last),
        by_centre=[(names.get(row.name), row) for row in queries.counter_times_by_centre(first, last)],
        by_day=queries.counter_times_by_day(first, last) if days <= 30 else [],
        bookings=queries.booking_figures(first, last),
        standard=int(rules.STANDARD.total_seconds()) // 60,
    )


# Booking ------------------------------------------------------------------------------------------------------------------


def _book_page(code: str) -> dict[str, Any]:
    found = queries.place(code)
    now = clock.now()
    days = queries.open_days(code, now, DAYS)
    asked = _day(request.args.get("day"))
    chosen = asked if asked in days else next(iter(days), None)
    order = request.args.get("order", "")
    return {
        "centre": found,
        "days": days,
        "chosen": chosen,
        "slots": queries.free_slots(code, chosen, now) if chosen else [],
        "visits": words.VISITS,
        "order": order,
        "others": queries.nearest(found.district_code)[:4],
        "values": {"visit": request.args.get("visit", ""), "order": order},
    }


@bp.route("/centres/<code>/book", methods=["GET", "POST"])
@allow()
@form(schemas.BookForm, "centres/book.html", page=_book_page)
def book(data: Mapping[str, Any], code: str) -> Any:
    """Book one place in a quarter hour."""
    row = operations.book(code, data["starts_at"], data["visit"], order=data["order"], by=current_actor())
    flash(_("Your place is booked. Its code is %(code)s; you are reminded the day before.", code=row.code))
    return redirect(url_for(".bookings"))


@bp.route("/centres/nearest")
@allow()
def nearest() -> Any:
    """To the booking page of the nearest centre, by the district of an order (?order=) or of the address (?district=)."""
    district, order = request.args.get("district") or None, request.args.get("order") or None
    if order is not None:
        district = orders.order_for(order, current_actor())[0].district
    found = queries.nearest(district)
    if not found:
        raise NotFound()
    return redirect(url_for(".book", code=found[0].code, order=order, visit=request.args.get("visit")))


@bp.route("/account/bookings")
@allow()
def bookings() -> Any:
    """One's own places: to come and past."""
    found = page(queries.bookings_of(current_actor().person))
    return render_template("centres/bookings.html", found=found, visits=words.VISITS, now=clock.now())


@bp.route("/account/bookings/<code>/cancel", methods=["POST"])
@allow()
def cancel(code: str) -> Any:
    """Give a place back."""
    operations.cancel_booking(code, by=current_actor())
    flash(_("The place was given back. Thank you: somebody else can use it."))
    return redirect(url_for(".bookings"))


@bp.route("/account/bookings/<code>.ics")
@allow()
def calendar(code: str) -> Response:
    """A place as an iCalendar event (RFC 5545) for one's own calendar."""
    row = queries.booking_of(code, current_actor().person)
    return Response(
        _event(row),
        mimetype="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="{row.code}.ics"', "Cache-Control": "no-store, private"},
    )


def _event(row: Booking) -> bytes:
    event = icalendar.Event()
    event.add("uid", f"{row.code}@market")
    event.add("dtstamp", row.made_at)
    event.add("dtstart", row.starts_at)
    event.add("dtend", row.starts_at + rules.QUARTER)
    event.add("summary", _("West Market: %(visit)s", visit=_(words.VISITS[row.visit])))
    event.add("location", catalogue.name(row.place_of))
    made = icalendar.Calendar()
    made.add("prodid", "-//West Market//Centres//ZH")
    made.add("version", "2.0")
    made.add_component(event)
    return bytes(made.to_ical())


# In my name -------------------------------------------------------------------------------------------------------------


@bp.route("/account/in-my-name")
@allow()
def in_my_name() -> Any:
    """What counter staff did in one's name, and the consents by which they may."""
    person = current_actor().person
    at = clock.real()
    found = page(done_for(person), per=50)
    return render_template(
        "centres/in_my_name.html",
        found=found,
        events=words.EVENTS,
        clerks=queries.names_of({row.person for row in found.items}),
        consents=[
            (row, rules.runs(queries.facts(row), at)) for row in page(queries.consents_of(person), number=1).items
        ],
        acts=words.ACTS,
        how=words.CONSENT_HOW,
    )


@bp.route("/account/consents/<code>/withdraw", methods=["POST"])
@allow()
def withdraw(code: str) -> Any:
    """The consent ends at once."""
    counter_operations.withdraw_consent(code, by=current_actor())
    flash(_("The consent has ended. Nobody acts in your name by it any more."))
    return redirect(url_for(".in_my_name"))


@bp.route("/account/pass", methods=["GET", "POST"])
@allow()
@form(Nothing, "centres/pass.html", page=lambda: {"code": None})
def show_pass(data: Mapping[str, Any]) -> Any:
    """A code that shows a counter whose account this is."""
    code = code_operations.make_pass(by=current_actor())
    return render_template(
        "centres/pass.html", code=code, qr=svg(code), minutes=int(rules.PASS_LIVES.total_seconds()) // 60, form=None
    ), {"Cache-Control": "no-store, private"}


# From the kiosk to the telephone ------------------------------------------------------------------------------------------


@bp.route("/take/<secret>")
@public
def take(secret: str) -> Any:
    """What was chosen at a kiosk, on the telephone that scanned it."""
    return render_template("centres/take.html", secret=secret, **_taken(secret))


@bp.route("/take/<secret>/begin", methods=["GET", "POST"])
@allow()
@form(Nothing, "centres/take.html", page=lambda secret: {"secret": secret} | _taken(secret))
def take_on(data: Mapping[str, Any], secret: str) -> Any:
    """It becomes a draft order; the five steps go on from there."""
    code = code_operations.use_handover(secret, by=current_actor())
    return redirect(f"/orders/{code}/step/2")


def _taken(secret: str) -> dict[str, Any]:
    found = queries.handover_by(hashed(secret))
    if found is None or (found.order is None and clock.real() >= found.expires_at):
        raise NotFound()
    return {
        "item": catalogue.item(found.item) if found.item else None,
        "matter": catalogue.matter(found.matter) if found.matter else None,
        "until": found.expires_at,
        "used": found.order is not None,
    }


# Hours, for operators -----------------------------------------------------------------------------------------------------


def _hours_page() -> dict[str, Any]:
    code = request.values.get("centre") or None
    chosen = queries.centre(code) if code else None
    return {
        "chosen": chosen,
        "centres": [one for one in catalogue.centres() if rules.WINDOW in one.services],
        "rows": queries.hours_rows(chosen.code if chosen else None),
        "weekdays": words.WEEKDAYS,
        "first": clock.today() + timedelta(days=1),
        "today": clock.today(),
        "values": {"centre": chosen.code if chosen else ""},
    }


@bp.route("/desk/centres", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.HoursForm, "centres/hours.html", page=_hours_page)
def hours(data: Mapping[str, Any]) -> Any:
    """The hours of all centres, of one, of a weekday: dated rows."""
    text = None if data["follow"] else data["hours"]
    operations.set_hours(data["centre"], data["weekday"], text, data["valid_from"], by=current_actor())
    flash(_("The hours are set."))
    return redirect(url_for(".hours", centre=data["centre"]))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
