"""The operator's pages: the entry queue with its two-working-day clock, the form check, changes, standing. Entry is city-wide."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask import render_template as render
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from market import clock, http
from market.catalogue import queries as catalogue
from market.http import allow, current_actor, form
from market.kernel import codes, identifiers
from market.kernel.actor import Role
from market.kernel.calendar import last_day, start_of_day
from market.vendors import operations, queries, rules, schemas
from market.vendors.access import ENTERED
from market.vendors.blueprint import bp
from market.vendors.change_operations import decide_change
from market.vendors.models import ChangeKind, Vendor
from market.vendors.states import TRANSITIONS, ChangeState, VendorState
from market.vendors.wording import words_of

#: personal data that the form check shows; each opening is recorded, and the vendor can see it
SHOWN = ("contact_name", "contact_phone", "practitioners", "representative")


@bp.route("/desk/entry")
@allow(Role.OPERATOR)
def queue() -> str:
    """Applications and changes that wait, the earliest deadline first."""
    return render("vendors/queue.html", **_queue_page())


def _queue_page() -> dict[str, Any]:
    now, today = clock.now(), clock.today()
    waiting = queries.queue(catalogue.calendar(), now)
    first = start_of_day(today.replace(day=1))
    on_time, decided = queries.checked_in(first, now + timedelta(microseconds=1))
    return {
        "waiting": waiting,
        "overdue": sum(one.days_left < 0 for one in waiting),
        "on_time": on_time,
        "decided": decided,
        "words": words_of,
    }


def _days_left(code: str) -> int | None:
    waiting = queries.queue(catalogue.calendar(), clock.now())
    return next((one.days_left for one in waiting if one.code == code), None)


# The form check ---------------------------------------------------------------------------------------------------------


def _check_page(code: str) -> dict[str, Any]:
    row = queries.vendor(codes.normalise(code))
    if row.state is VendorState.APPLIED:
        operations.note_read(row.code, SHOWN, by=current_actor())
    asked = queries.questions_about(row) if row.state is VendorState.APPLIED else []
    passed = {question.key for question in asked if row.passed.get(question.key) == queries.digest_of(row, question)}
    people = queries.practitioners_of(row.id)
    return {
        **_queue_page(),
        "vendor": row,
        "asked": asked,
        "passed": passed,
        "values": {f"answer-{key}": "yes" for key in passed},
        "licences": {one.code: one for one in queries.licences_of(row.id)},
        "people": {one.code: one for one in people},
        "elsewhere": {one.code: queries.elsewhere(one) for one in people},
        "earlier": queries.earlier_entries(row),
        "verdict": rules.code_verdict(row.credit_code or "", clock.today()),
        "mask": identifiers.mask_resident_id,
        "due_on": last_day(row.check_due_at) if row.check_due_at else None,
        "days_left": _days_left(row.code),
    }


@bp.route("/desk/entry/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.CheckForm, "vendors/check.html", page=_check_page)
def check(code: str, data: dict[str, Any]) -> Response:
    """Answer the questions of the form check: all yes accepts, any no returns with its reason."""
    accepted = operations.check_application(codes.normalise(code), data["answers"], by=current_actor())
    name = queries.vendor(codes.normalise(code)).name
    if accepted:
        flash(_("%(name)s is active in every district.", name=name))
    else:
        flash(_("Returned to %(name)s with the reasons.", name=name))
    return redirect(url_for("vendors.queue"))


# Changes by vendors in the market ----------------------------------------------------------------------------------------


def _change_page(code: str) -> dict[str, Any]:
    change = queries.change(codes.normalise(code))
    if change.kind in (ChangeKind.REPRESENTATIVE, ChangeKind.PRACTITIONER):
        operations.note_read(change.vendor.code, [str(change.kind)], by=current_actor())
    return {
        **_queue_page(),
        "change": change,
        "vendor": change.vendor,
        "new": queries.change_values(change),
        "licence": queries.licence(change.subject or "") if change.kind is ChangeKind.LICENCE else None,
        "person": queries.practitioner(change.subject or "") if change.kind is ChangeKind.PRACTITIONER else None,
        "elsewhere": queries.elsewhere,
        "mask": identifiers.mask_resident_id,
        "due_on": last_day(change.due_at),
        "open": change.state is ChangeState.OPEN,
        "days_left": _days_left(change.code),
    }


@bp.route("/desk/entry/changes/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.ChangeForm, "vendors/change.html", page=_change_page)
def change(code: str, data: dict[str, Any]) -> Response:
    """Accept a change, or return it with its reason."""
    answer = rules.Answer(data["answer"] == "yes", data["reason"], data["text"])
    accepted = decide_change(codes.normalise(code), answer, by=current_actor())
    flash(_("Accepted.") if accepted else _("Returned with the reason."))
    return redirect(url_for("vendors.queue"))


# Standing ---------------------------------------------------------------------------------------------------------------


@bp.route("/desk/vendors")
@allow(Role.OPERATOR, Role.REGULATOR)
def register() -> str:
    """Vendors that were handed in at least once, to be found by name or code."""
    text = request.args.get("q", "").strip()[:100]
    page = http.page(queries.vendors_for_staff(text), per=30)
    return render("vendors/register.html", page=page, q=text, words=words_of)


def _standing_page(code: str) -> dict[str, Any]:
    row = queries.vendor(codes.normalise(code))
    return {
        "vendor": row,
        "verbs": _verbs(row),
        "history": http.page(queries.history_of(row.code), per=20),
        "appeal": queries.appeal_until(clock.now()),
        "entered": row.state in ENTERED,
        "words": words_of,
        "values": {},
    }


def _verbs(row: Vendor) -> list[tuple[str, str]]:
    said = {"suspend": _("Suspend"), "reinstate": _("Reinstate"), "strike_off": _("Strike off")}
    return [(verb, words) for verb, words in said.items() if (row.state, verb) in TRANSITIONS]


@bp.route("/desk/vendors/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR, Role.REGULATOR)
@form(schemas.StandingForm, "vendors/standing.html", page=_standing_page)
def standing(code: str, data: dict[str, Any]) -> Response:
    """Suspend, reinstate or strike off a vendor, with reason and basis."""
    plain, verb = codes.normalise(code), data["verb"]
    if verb == "reinstate":
        operations.reinstate_vendor(plain, reason=data["reason"], by=current_actor())
    else:
        decide = {"suspend": operations.suspend_vendor, "strike_off": operations.strike_off_vendor}[verb]
        decide(plain, reason=data["reason"], basis=data["basis"], by=current_actor())
    flash(_("Decided; the vendor has been told."))
    return redirect(url_for("vendors.standing", code=plain))
