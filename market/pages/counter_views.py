"""The counter: one page for a visit, from the consent to the printed receipt; the second screen; the paper box.

It joins accounts (who is served), centres (visit, consent, what is read back), orders and documents (slips). What a clerk does on
the order's own pages he does in the citizen's name too: market/centres/views.py makes the actor.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock, i18n
from market.accounts import counter_operations as counter_people
from market.accounts import queries as accounts
from market.accounts.session import hashed
from market.catalogue import calculator
from market.catalogue import queries as catalogue
from market.centres import counter_operations, deeds, queries, rules, words
from market.centres.models import CounterSession, ReadBack
from market.centres.states import Act, ConfirmedHow, ConsentHow, Deed, Outcome, ReadBackState
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.documents.qr import svg
from market.documents.rules import Purpose
from market.http import FormState, allow, current_actor, form, public
from market.kernel import codes, identifiers, printed
from market.kernel.actor import Actor, Channel, Role
from market.kernel.errors import Conflict, Invalid, NotFound, WrongState
from market.kernel.words import N_
from market.limits import limited
from market.listings import queries as listings
from market.listings.units import ASKED, WORDS
from market.orders import offers, work_rules
from market.orders import queries as orders
from market.orders import rules as order_rules
from market.pages import counter_schemas as schemas
from market.pages.blueprint import bp

STEPS = (N_("Consent"), N_("Find the order"), N_("Fill in"), N_("Read back"), N_("Print"))
#: ticked when a consent is taken down, to be changed by what the citizen says
USUAL = (Act.SEE, Act.ORDER, Act.DOCUMENTS, Act.BOOK)
#: what a clerk can say of a visit's end; the market alone says that it was abandoned
OUTCOMES = {outcome: text for outcome, text in words.OUTCOMES.items() if outcome is not Outcome.ABANDONED}


# The visit --------------------------------------------------------------------------------------------------------------


def _visit() -> CounterSession:
    """The clerk's running visit; `WrongState` where there is none (another tab ended it)."""
    row = queries.session_of(current_actor().person)
    if row is None:
        raise WrongState(N_("You have no visit running."), remedy=N_("Begin one on the counter page."))
    return row


def _begin_page(**_more: Any) -> dict[str, Any]:
    actor = current_actor()
    last = queries.last_session_of(actor.person)
    centres = [
        one
        for one in catalogue.centres()
        if rules.WINDOW in one.services and actor.district in (None, one.district_code)
    ]
    code = request.values.get("centre") or (last.centre if last is not None else "")
    chosen = next((one for one in centres if one.code == code), None)
    today = clock.today()
    return {
        "centres": centres,
        "chosen": chosen,
        "last": last,
        "expected": queries.bookings_at(chosen.code, today) if chosen is not None else [],
        "sitting": rules.sitting,
        "visits": words.VISITS,
        "today": queries.counter_times(today, today, centre_code=chosen.code) if chosen is not None else None,
        "values": {"centre": code, "window": last.window if last is not None and last.centre == code else ""},
    }


@bp.route("/counter")
@allow(Role.COUNTER)
def counter() -> Any:
    """The clerk's page: the visit that runs, else who is expected and “next, please”."""
    if queries.session_of(current_actor().person) is None:
        context = _begin_page()
        return render_template("pages/counter_begin.html", form=FormState(context.pop("values")), **context)
    context = _page()
    return render_template("pages/counter.html", form=FormState(context.pop("values")), **context)


@bp.route("/counter/begin", methods=["GET", "POST"])
@allow(Role.COUNTER)
@form(schemas.BeginForm, "pages/counter_begin.html", page=_begin_page)
def counter_begin(data: Mapping[str, Any]) -> Any:
    """Next, please."""
    counter_operations.begin_session(data["centre"], data["window"], booking=data["booking"], by=current_actor())
    return redirect(url_for(".counter"))


def _page(**_more: Any) -> dict[str, Any]:
    """All that the page of a visit shows."""
    actor = current_actor()
    visit = _visit()
    at = clock.real()
    consent = queries.running_consent(visit, at)
    may = frozenset(Act(act) for act in consent.acts) if consent is not None else frozenset()
    order = orders.order_for(visit.order, actor)[0] if visit.order and consent is not None else None
    known = accounts.counter_person(visit.person.code) if visit.person is not None else None
    shown = queries.open_read_back(visit.id)
    today = clock.today()
    return {
        "visit": visit,
        "clock": rules.reading(visit.began_at, at),
        "standard": int(rules.STANDARD.total_seconds()),
        "step": _step(visit, consent, order, shown),
        "steps": STEPS,
        "consent": consent,
        "may": may,
        "acts": words.ACTS,
        "how": words.CONSENT_HOW,
        "witnesses": [one for one in accounts.people_in_role(Role.COUNTER, actor.district) if one.code != actor.person],
        "masked": identifiers.mask_resident_id(known.id_number) if known is not None else "",
        "claimable": known is not None and known.claimed_at is None,
        "lasting": queries.open_consents_at(visit.centre, at) if visit.person is None else [],
        "orders": queries.orders_of(visit.person_id) if consent is not None and visit.person_id else [],
        "order": order,
        "item": catalogue.item(order.item) if order is not None and order.item else None,
        "items": {one.slug: one for one in catalogue.items()},
        "days_left": orders.working_days_left(order.due_at) if order is not None and order.due_at else None,
        "pickup": queries.pickup_of(order.code) if order is not None else None,
        "grouped": printed.grouped,
        "deeds": [(deed, words.DEEDS[deed]) for deed in deeds.open_to(order)] if order is not None else [],
        "reworks": work_rules.REWORKS,
        "shown": shown,
        "slips": document_queries.slips_of(order.code) if order is not None else [],
        "papers": orders.papers_of(order) if order is not None else [],
        "today": queries.counter_times(today, today, centre_code=visit.centre, window=visit.window),
        "outcomes": OUTCOMES,
        "free": [
            (day, [slot for slot in slots if slot.free])
            for day, slots in queries.free_days(visit.centre, clock.now(), 3)
        ],
        "values": {
            "acts": [str(act) for act in (may or USUAL)],
            "how": str(ConsentHow.SIGNATURE_PAD),
            "deed": str(next(iter(deeds.open_to(order)), "")) if order is not None else "",
            "outcome": str(Outcome.DONE),
        },
    }


def _step(visit: CounterSession, consent: Any, order: Any, shown: ReadBack | None) -> int:
    if consent is None:
        return 1
    if order is None:
        return 2
    if shown is not None:
        return 4
    done = any(row.state is ReadBackState.DONE for row in queries.read_backs_of(visit.id))
    return 5 if done else 3


# Who is served, and the consent -------------------------------------------------------------------------------------------


@bp.route("/counter/citizen", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.CitizenForm, "pages/counter.html", page=_page)
def counter_citizen(data: Mapping[str, Any]) -> Any:
    """Who is at the window: by the card, taken on anew, by a code from the own account, or absent by a lasting consent."""
    actor, visit = current_actor(), _visit()
    if data["consent"]:
        counter_operations.go_on_for(visit.code, data["consent"], by=actor)
    elif data["pass_code"]:
        counter_operations.identify_by_pass(visit.code, data["pass_code"], by=actor)
    elif not data["id_number"]:
        raise Invalid.field("id_number", N_("Type the number, or the code that the citizen's telephone shows."))
    elif data["name"]:
        counter_operations.register_citizen(
            visit.code, name=data["name"], id_number=data["id_number"], mobile=data["mobile"], by=actor
        )
    else:
        counter_operations.identify_by_card(visit.code, data["id_number"], by=actor)
    return redirect(url_for(".counter"))


@bp.route("/counter/consent", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.ConsentForm, "pages/counter.html", page=_page)
def counter_consent(data: Mapping[str, Any]) -> Any:
    """What the citizen agrees to."""
    visit = _visit()
    # the scan is the office's: the clerk gives it for himself, also where an earlier consent still runs
    clerk = _clerk()
    document = None
    if data["how"] is ConsentHow.PAPER and data["scan"] is not None:
        document = documents.give(
            data["scan"].stream, data["scan"].filename, Purpose.PROOF, by=clerk, field="scan"
        ).code
    counter_operations.give_consent(
        visit.code,
        frozenset(data["acts"]),
        data["how"],
        witness=data["witness"],
        signature=data["signature"],
        document=document,
        until=data["until"],
        by=clerk,
    )
    flash(_("The consent is noted. The citizen sees in the own account what you do by it."))
    return redirect(url_for(".counter"))


@bp.route("/counter/consent/<code>/withdraw", methods=["POST"])
@allow(Role.COUNTER)
def counter_withdraw(code: str) -> Any:
    """The citizen takes the consent back at the window."""
    if queries.consent(code).person_id != _visit().person_id:
        raise NotFound()
    counter_operations.withdraw_consent(code, by=_clerk())
    flash(_("The consent has ended. Nothing more is done in the citizen's name."))
    return redirect(url_for(".counter"))


def _clerk() -> Actor:
    """The clerk himself, not acting for anybody."""
    return replace(current_actor(), on_behalf_of=None)


# The order --------------------------------------------------------------------------------------------------------------


@bp.route("/counter/find", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.FindForm, "pages/counter.html", page=_page)
@limited("counter find", "60/minute")
def counter_find(data: Mapping[str, Any]) -> Any:
    """Open an order of the citizen."""
    counter_operations.find_order(_visit().code, data["code"], by=current_actor())
    return redirect(url_for(".counter") + "#order")


@bp.route("/counter/say", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.SayForm, "pages/counter.html", page=_page)
def counter_say(data: Mapping[str, Any]) -> Any:
    """What the citizen wants done, to be read back."""
    said = {"words": data["words"], "reasons": data["reasons"] if data["deed"] is Deed.REWORK else []}
    row = counter_operations.show_read_back(_visit().code, data["deed"], said, by=current_actor())
    return redirect(url_for(".read_back", code=row.code))


@bp.route("/counter/slip", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.SlipForm, "pages/counter.html", page=_page)
def counter_slip(data: Mapping[str, Any]) -> Any:
    """A slip for paper originals of the order that is open, to be printed."""
    visit, actor = _visit(), current_actor()
    if visit.order is None or actor.on_behalf_of is None:
        raise WrongState(N_("No order is open in this visit."), remedy=N_("Find the order first."))
    orders.order_for(visit.order, actor)
    lines = [line.strip() for line in data["originals"].splitlines() if line.strip()]
    slip = documents.make_slip(visit.order, lines, centre=visit.centre, by=actor)
    return redirect(url_for("documents.slip", code=slip.code))


# Read back ----------------------------------------------------------------------------------------------------------------


def _read_back_page(code: str, **_more: Any) -> dict[str, Any]:
    row = queries.read_back(code)
    if row.session.clerk != current_actor().person:
        raise NotFound()
    return _shown(row, orders.order_for(row.order, current_actor())[0])


def _shown(row: ReadBack, order: Any) -> dict[str, Any]:
    content = deeds.shown(row.deed, order, row.said) if row.state is not ReadBackState.DONE else {}
    return {
        "row": row,
        "order": order,
        "deed": words.DEEDS[row.deed],
        "content": content,
        "changed": row.state is not ReadBackState.DONE and deeds.digest(row.deed, order, row.said) != row.digest,
        "item": catalogue.item(order.item) if order.item else None,
        "matter": catalogue.matter(order.matter) if order.matter else None,
        "offer": _offer(order),
        "inputs": _inputs(order),
        "reworks": work_rules.REWORKS,
        "confirmed_how": words.CONFIRMED_HOW,
        "values": {"how": str(ConfirmedHow.SIGNATURE_PAD)},
        "districts": {one.code: one for one in catalogue.districts()},
    }


def _offer(order: Any) -> Any:
    if not order.listing:
        return None
    row = listings.published(order.listing)
    return {"row": row, "vendor": row.vendor, "publication": listings.publication(row)}


def _inputs(order: Any) -> list[tuple[str, str]]:
    """What was typed for the price, with the words of the price standard that asks for it and of the unit."""
    held = offers.standard_of(order)
    fields = {}
    if held is not None:
        given = offers.inputs_of(order)
        asked = calculator.calculate(held.standard.standard, given, clock.today(), held.standard.presets, asked=False)
        fields = {one["name"]: one for one in asked.fields}
    item = catalogue.item(order.item or "")
    said = []
    for name, value in order.facts.items():
        if name in fields:
            choices = {choice["name"]: choice["label"] for choice in fields[name]["choices"]}
            said.append((fields[name]["label"], choices.get(value, value)))
        elif name == order_rules.QUANTITY and item is not None and item.unit in ASKED:
            said.append((_(ASKED[item.unit]), f"{value} {_(WORDS[item.unit])}"))
    return said


@bp.route("/counter/read-back/<code>", methods=["GET", "POST"])
@allow(Role.COUNTER)
@form(schemas.ConfirmForm, "pages/read_back.html", page=_read_back_page)
def read_back(data: Mapping[str, Any], code: str) -> Any:
    """What is to be done, in large type; confirmed with the citizen's signature it is done."""
    row = counter_operations.confirm_read_back(
        code, data["how"], digest=data["digest"], signature=data["signature"], by=current_actor()
    )
    return _done(row.code)


@bp.route("/counter/read-back/<code>/do", methods=["POST"])
@allow(Role.COUNTER)
def read_back_do(code: str) -> Any:
    """Do what was confirmed on the second screen."""
    return _done(code)


def _done(code: str) -> Any:
    try:
        row = counter_operations.do_read_back(code, by=current_actor())
    except Conflict as refusal:
        counter_operations.drop_read_back(code, by=current_actor())
        flash(i18n.tell(refusal)["what"], "error")
        return redirect(url_for(".counter"))
    flash(_("Done: %(deed)s.", deed=_(words.DEEDS[row.deed])))
    return redirect(url_for(".receipt"))


@bp.route("/counter/read-back/<code>/drop", methods=["POST"])
@allow(Role.COUNTER)
def read_back_drop(code: str) -> Any:
    """It is not right: back to filling in."""
    counter_operations.drop_read_back(code, by=current_actor())
    return redirect(url_for(".counter"))


# The second screen ----------------------------------------------------------------------------------------------------------


@bp.route("/counter/screen", methods=["POST"])
@allow(Role.COUNTER)
def counter_screen() -> Any:
    """The address of the second screen, as a QR code for a tablet at the window."""
    secret = counter_operations.open_screen(_visit().code, by=_clerk())
    address = current_app.extensions["settings"].public_url + url_for(".second_screen", secret=secret)
    return render_template("pages/counter_screen.html", address=address, qr=svg(address)), {"Cache-Control": "no-store"}


def _screen(secret: str, **_more: Any) -> dict[str, Any]:
    visit = queries.session_by_screen(hashed(secret))
    if visit is None or visit.person is None:
        return {"row": None, "secret": secret, "visit": visit}
    row = queries.open_read_back(visit.id)
    context = {"row": None, "secret": secret, "visit": visit}
    return context | _shown(row, orders.order(row.order)) if row is not None else context


@bp.route("/screen/<secret>", methods=["GET", "POST"])
@public
@form(schemas.ConfirmForm, "pages/second_screen.html", page=_screen)
@limited("screen", "60/minute")
def second_screen(data: Mapping[str, Any], secret: str) -> Any:
    """What is read back, on a screen that the citizen touches. Whoever has this address sees only that, while the visit runs."""
    visit = queries.session_by_screen(hashed(secret))
    row = queries.open_read_back(visit.id) if visit is not None else None
    if visit is None or visit.person is None or row is None:
        raise WrongState(N_("Nothing is shown here now."))
    counter_operations.confirm_read_back(
        row.code,
        ConfirmedHow.SCREEN,
        digest=data["digest"],
        by=Actor(visit.person.code, channel=Channel.COUNTER),
    )
    return redirect(url_for(".second_screen", secret=secret))


# The end --------------------------------------------------------------------------------------------------------------------


@bp.route("/counter/end", methods=["POST"])
@allow(Role.COUNTER)
@form(schemas.EndForm, "pages/counter.html", page=_page)
def counter_end(data: Mapping[str, Any]) -> Any:
    """The visit ends with its outcome; over time, the rest goes to an appointment."""
    visit = _visit()
    appointment = None
    if data["outcome"] is Outcome.APPOINTMENT and data["starts_at"] is not None:
        appointment = (data["centre"] or visit.centre, data["starts_at"])
    row = counter_operations.end_session(visit.code, data["outcome"], appointment=appointment, by=current_actor())
    whole, rest = rules.minutes_seconds(row.seconds or 0)
    flash(_("The visit has ended after %(minutes)s min %(seconds)s s.", minutes=whole, seconds=rest))
    return redirect(url_for(".counter"))


@bp.route("/counter/receipt")
@allow(Role.COUNTER)
def receipt() -> Any:
    """What was done in this visit, to be printed and taken along: no identity number, no address."""
    visit, actor = _visit(), current_actor()
    order = orders.order_for(visit.order, actor)[0] if visit.order and actor.on_behalf_of else None
    pickup = queries.pickup_of(order.code) if order is not None else None
    address = current_app.extensions["settings"].public_url + url_for("centres.in_my_name")
    return render_template(
        "pages/counter_receipt.html",
        visit=visit,
        order=order,
        pickup=printed.grouped(pickup) if pickup else "",
        qr=svg(address),
        item=catalogue.item(order.item) if order is not None and order.item else None,
        done=[row for row in queries.read_backs_of(visit.id) if row.state is ReadBackState.DONE],
        deeds=words.DEEDS,
        consent=queries.running_consent(visit, clock.real()),
        acts=words.ACTS,
        now=clock.now(),
    )


@bp.route("/counter/claim", methods=["POST"])
@allow(Role.COUNTER)
def counter_claim() -> Any:
    """A printed code with which the citizen takes the account over."""
    visit = _visit()
    if visit.person is None:
        raise WrongState(
            N_("Nobody is identified in this visit yet."), remedy=N_("Find or register the citizen first.")
        )
    code = counter_people.print_claim_code(visit.person.code, by=_clerk())
    address = current_app.extensions["settings"].public_url + url_for("accounts.claim")
    return render_template(
        "pages/counter_claim.html",
        code=code,
        address=address,
        qr=svg(address),
        days=counter_people.CLAIM_LIVES.days,
    ), {"Cache-Control": "no-store, private"}


# The paper box ----------------------------------------------------------------------------------------------------------------


@bp.route("/counter/slips")
@allow(Role.COUNTER)
def counter_slips() -> Any:
    """Scan or type the code of a slip."""
    typed = request.args.get("code", "").strip()
    plain = codes.normalise(typed)
    if codes.is_valid(plain) and document_queries.slip(plain) is not None:
        return redirect(url_for(".counter_slip_page", code=plain))
    return render_template("pages/counter_slips.html", typed=typed, unknown=bool(typed))


def _slip_page(code: str) -> dict[str, Any]:
    slip = document_queries.slip(code)
    if slip is None:
        raise NotFound()
    actor = current_actor()
    visit = queries.session_of(actor.person) or queries.last_session_of(actor.person)
    return {"slip": slip, "centre": queries.centre(visit.centre) if visit is not None else None}


@bp.route("/counter/slips/<code>", methods=["GET", "POST"])
@allow(Role.COUNTER)
@form(schemas.ReceiveForm, "pages/counter_slip.html", page=_slip_page)
def counter_slip_page(data: Mapping[str, Any], code: str) -> Any:
    """Confirm which of the originals on a slip arrived; the owner is told at once what is missing."""
    visit = queries.session_of(_clerk().person) or queries.last_session_of(_clerk().person)
    if visit is None:
        raise WrongState(
            N_("It is not known at which centre you are."),
            remedy=N_("Begin a visit at your window once, then come back."),
        )
    documents.receive_slip(code, centre=visit.centre, missing=data["missing"], by=_clerk())
    flash(_("Received. The owner is told, also of what is missing."))
    return redirect(url_for(".counter_slip_page", code=code))
