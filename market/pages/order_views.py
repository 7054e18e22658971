"""The order page: what happened, what is waited for, from whom, until when, what it costs, where the money is; its buttons.

It joins orders, documents, payments and ratings. Refusals of a button show the page as it now stands, with the reason on top.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from market import clock
from market.accounts import queries as accounts
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import queries as document_queries
from market.documents.rules import Purpose
from market.formats import FILTERS, yuan_words
from market.http import FormState, allow, current_actor, form, public
from market.kernel.actor import Actor, Role
from market.kernel.calendar import last_day, local_date
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.orders import (
    calendar_feed,
    contract_operations,
    queries,
    work_operations,
    work_queries,
    work_rules,
    work_schemas,
)
from market.orders import rules as order_rules
from market.orders.calendar_feed import ALL, Entry
from market.orders.models import Dispute, Milestone, Order
from market.orders.states import ContractState, DisputeState, MilestoneState, OrderState, Party
from market.orders.work_views import PARTIES, given_files, taken
from market.pages.blueprint import bp
from market.payments import queries as payments
from market.ratings import queries as ratings
from market.record.models import AuditEntry
from market.schemas import Nothing
from market.vendors import queries as vendors

#: what an order waits for: words for who must act, and for the others
WAITS: Mapping[str, tuple[str, str]] = {
    "confirm": (N_("Answer the order"), N_("The vendor answers")),
    "review": (N_("Look at the reason"), N_("The operator looks at it")),
    "amend": (N_("Change the clause"), N_("An objection to a clause stops it")),
    "sign": (N_("Sign the contract"), N_("Signatures are missing")),
    "pay": (N_("Pay into escrow"), N_("The buyer pays into escrow")),
    "start": (N_("Start the work"), N_("The vendor starts")),
    "deliver": (N_("Hand over the result"), N_("The vendor works")),
    "resume": (N_("Clear what is missing, then resume"), N_("The clock stands")),
    "accept": (N_("Accept the result"), N_("The buyer looks at the result")),
    "decide": (N_("Decide the dispute"), N_("The operator decides the dispute")),
    "close": (N_("The time for disputes runs"), N_("The time for disputes runs")),
}
#: what happened, for the timeline; events that are not named here stay in the record and off the page
HAPPENED: Mapping[str, str] = {
    "OrderBegun": N_("Order begun"),
    "OrderPlaced": N_("Order placed"),
    "OrderSubmitted": N_("Sent to the operator to be looked at"),
    "OrderCleared": N_("Found in order by the operator"),
    "OrderReturned": N_("Came back to the buyer"),
    "OrderStopped": N_("Stopped: the regulator objects to a clause"),
    "OrderResumed": N_("Goes on: the objection was withdrawn"),
    "OrderAwarded": N_("Vendor found"),
    "OrderFailed": N_("Came to nothing"),
    "OrderCancelled": N_("Called off"),
    "ContractOffered": N_("Contract ready for signature"),
    "ContractSigned": N_("Signed"),
    "ContractConcluded": N_("Contract in force"),
    "ContractDropped": N_("Not signed"),
    "OrderFunded": N_("Money held in escrow"),
    "OrderUnfunded": N_("The bank took the payment back"),
    "WorkStarted": N_("Work started"),
    "WorkPaused": N_("Clock stopped"),
    "WorkResumed": N_("Work resumed"),
    "ExtensionAsked": N_("More time asked for"),
    "ExtensionAnswered": N_("Answer about more time"),
    "WorkDelivered": N_("Result handed over"),
    "ReworkAsked": N_("Result sent back"),
    "AcceptanceReminded": N_("Buyer reminded"),
    "MilestoneAccepted": N_("Result accepted"),
    "OrderAccepted": N_("Whole work accepted"),
    "OrderClosed": N_("Closed"),
    "ResultOffered": N_("Result taken by the department"),
    "DisputeOpened": N_("Dispute opened"),
    "DisputeWithdrawn": N_("Dispute withdrawn"),
    "DisputeDecided": N_("Dispute decided"),
    "PaymentHeld": N_("Payment received"),
    "MoneyReleased": N_("Money released to the vendor"),
    "RefundDone": N_("Money returned to the buyer"),
    "ChargebackOpened": N_("Bank opened a chargeback"),
}
SOURCES = {
    "buyer": N_("from the buyer"),
    "hub": N_("from the city's data hub"),
    "result": N_("from an earlier service"),
}
STAGES = {
    MilestoneState.WAITING: N_("to come"),
    MilestoneState.UNDER_WAY: N_("under way"),
    MilestoneState.DELIVERED: N_("handed over"),
    MilestoneState.ACCEPTED: N_("accepted"),
    MilestoneState.ENDED: N_("ended"),
}

bp.app_context_processor(lambda: {"stage_words": STAGES, "paper_sources": SOURCES})


@dataclass(frozen=True, slots=True)
class MainAct:
    """The one thing that the reader should do now: words, where it leads, and whether a press does it."""

    words: str
    url: str
    is_post: bool = False


# The page ---------------------------------------------------------------------------------------------------------------


def _page(code: str, **_more: Any) -> dict[str, Any]:
    actor = current_actor()
    order, party = queries.order_for(code, actor)
    stages = work_queries.milestones_of(order)
    running = next((one for one in stages if one.state in work_queries.RUNNING), None)
    contracts = {one.state: one for one in work_queries.contracts_of(order)}
    offered, in_force = contracts.get(ContractState.OFFERED), contracts.get(ContractState.IN_FORCE)
    money = payments.money_of(order.code)
    delivery = running.deliveries[-1] if running is not None and running.deliveries else None
    extension = work_queries.open_extension(running) if running is not None else None
    pause = next((one for one in running.pauses if one.ended_at is None), None) if running is not None else None
    disputes = work_queries.disputes_of(order)
    dispute = next((one for one in disputes if one.state is DisputeState.OPEN), None)
    messages = work_queries.messages_of(order)
    codes = [c for one in messages for c in one.documents] + [
        c for stage in stages for one in stage.deliveries for c in one.documents
    ]
    signed = {one.party for one in offered.signatures} if offered is not None else set()
    return {
        "order": order,
        "party": party,
        "standard": catalogue.standard_for(order.item or "", district=order.district) if order.item else None,
        "waits": _waits(order, party, signed),
        "is_mine": _is_mine(order, party, signed),
        "main": main_act(order, party, offered is not None and party in signed, offered, money, delivery, dispute),
        "stages": stages,
        "running": running,
        "delivery": delivery,
        "extension": extension,
        "pause": pause,
        "disputes": disputes,
        "offered": offered,
        "signed": signed,
        "in_force": in_force,
        "money": money,
        "rating_box": ratings.of_order(order.code, actor),
        "papers": queries.papers_of(order),
        "messages": messages,
        "documents": {one.code: one for one in document_queries.documents_with(codes)},
        "story": story(order, party),
        "ahead": ahead(order, stages),
        "may": may(order, party, running, pause, extension, offered),
        "form_key": new_code("X"),
        "files": given_files(),
        "feed": _feed_url(actor, order.code) if party in (Party.BUYER, Party.VENDOR) else None,
        "whole_due": max((one.due_on for one in stages if one.due_on), default=None),
    }


@bp.route("/orders/<code>")
@allow()
def order(code: str) -> Any:
    """An order as its side sees it; a draft leads its buyer to the step where it was left."""
    context = _page(code)
    row, party = context["order"], context["party"]
    if row.state is OrderState.DRAFT and party is Party.BUYER:
        return redirect(url_for("orders.step", code=code, number=row.step))
    return render_template("pages/order.html", form=FormState(), **context)


def main_act(
    order: Order,
    party: Party,
    has_signed: bool,
    offered: Any,
    money: Any,
    delivery: Any,
    dispute: Dispute | None,
) -> MainAct | None:
    """The one thing that this side should do now, None when it waits for others."""
    buyer, vendor = party is Party.BUYER, party is Party.VENDOR
    code = order.code
    if offered is not None and not has_signed and (buyer or vendor):
        words = _("Sign the contract") if offered.number == 1 else _("Look at the change")
        return MainAct(words, url_for("orders.contract", code=code, contract=offered.code))
    if order.state is OrderState.SELECTING and vendor:
        return MainAct(_("Answer the order"), url_for("orders.answer", code=code))
    if buyer and order.waiting_for == "pay":
        due = next((one for one in money.due if str(one.state) in PAYABLE), None)
        return MainAct(_("Pay into escrow"), url_for("payments.pay", code=due.payment)) if due is not None else None
    if vendor and order.state is OrderState.FUNDED:
        return MainAct(_("Start the work"), url_for("pages.start_work", code=code), is_post=True)
    if vendor and order.waiting_for == "deliver":
        return MainAct(_("Hand over the result"), url_for("orders.deliver", code=code))
    if order.waiting_for == "resume" and (vendor or buyer):
        return MainAct(_("Resume the work"), url_for("pages.resume_work", code=code), is_post=True)
    if buyer and order.state is OrderState.DELIVERED and delivery is not None:
        return MainAct(_("Accept the result"), "#accept")
    if order.state is OrderState.DISPUTED and dispute is not None:
        words = _("Decide the dispute") if party is Party.OPERATOR else _("Go to the dispute")
        return MainAct(words, url_for("orders.dispute", code=dispute.code))
    return None


#: states of an instalment in which the buyer can go and pay it
PAYABLE = ("due", "begun")


def _is_mine(order: Order, party: Party, signed: set[Party]) -> bool:
    if order.waiting_for == "sign":
        return party in (Party.BUYER, Party.VENDOR) and party not in signed
    return order.waiting_on is party


def _waits(order: Order, party: Party, signed: set[Party]) -> str:
    if order.waiting_for is None or order.waiting_for not in WAITS:
        return ""
    mine, theirs = WAITS[order.waiting_for]
    return _(mine) if _is_mine(order, party, signed) else _(theirs)


def may(order: Order, party: Party, running: Milestone | None, pause: Any, extension: Any, offered: Any) -> set[str]:
    """The further things that this side can do now, by name; the page shows a link for each."""
    if party not in (Party.BUYER, Party.VENDOR):
        return set()
    found = set()
    if order.state is OrderState.UNDER_WAY and running is not None:
        if pause is None:
            found.add("pause")
        if party is Party.VENDOR and extension is None:
            found.add("extension")
    if order.state in work_rules.AMENDABLE and offered is None:
        found.add("amend")
    until = work_queries.dispute_until(order)
    late = order.state is OrderState.ACCEPTED and until is not None and clock.now() >= until
    if order.state in work_rules.DISPUTABLE and not late:
        found.add("dispute")
    if order.state in order_rules.MAY_CANCEL[party]:
        found.add("cancel")
    if order.vendor is not None and order.state is not OrderState.DRAFT:
        found.add("message")
    if party is Party.BUYER and order.state is OrderState.SELECTING and order.waiting_for == "confirm":
        found.add("take_back")
    return found


# What happened, and what comes -----------------------------------------------------------------------------------------


def story(order: Order, party: Party) -> list[dict[str, Any]]:
    """What happened, the oldest first, as lists.timeline shows it."""
    found = []
    for entry in work_queries.story_of(order):
        if entry.event in HAPPENED:
            found.append({
                "title": _(HAPPENED[entry.event]), "when": entry.at, "text": told(entry), "state": "done", "event": entry.event,
            })  # fmt: skip
    return found


def told(entry: AuditEntry) -> str:
    """One sentence about an entry of the record, from its plain facts; empty where the title says it all."""
    facts = entry.facts
    if entry.event in ("ContractSigned", "DisputeOpened"):
        side = PARTIES.get(facts["party"], "")
        return _(side) if side else ""
    if entry.event in ("WorkStarted", "WorkResumed", "ReworkAsked"):
        return _("due by %(day)s", day=_day(facts.get("due_on")))
    if entry.event == "ContractConcluded":
        return yuan_words(facts["price_fen"])
    if entry.event in ("PaymentHeld", "MoneyReleased", "RefundDone", "ChargebackOpened"):
        return yuan_words(facts["fen"])
    if entry.event == "WorkPaused":
        cause = work_rules.PAUSES[facts["cause"]]
        return _(cause)
    if entry.event == "ExtensionAsked":
        return ngettext("%(num)s working day", "%(num)s working days", facts["days"])
    if entry.event == "ExtensionAnswered":
        return _("agreed, due by %(day)s", day=_day(facts["due_on"])) if facts["agreed"] else _("not agreed")
    if entry.event == "WorkDelivered":
        return (
            _("stage %(number)s, on time", number=facts["milestone"])
            if facts["on_time"]
            else _("stage %(number)s, late", number=facts["milestone"])
        )
    if entry.event == "MilestoneAccepted":
        by = _("stage %(number)s, by the end of the term after two reminders", number=facts["milestone"])
        return by if facts["by_lapse"] else _("stage %(number)s, by the buyer", number=facts["milestone"])
    if entry.event == "DisputeDecided":
        outcome = work_rules.OUTCOMES[facts["outcome"]]
        return _(outcome)
    return ""


def ahead(order: Order, stages: list[Milestone]) -> list[dict[str, Any]]:
    """What is waited for now, and what comes after it."""
    found: list[dict[str, Any]] = []
    if order.waiting_for is not None and order.waiting_for in WAITS:
        now: dict[str, Any] = {"title": _(WAITS[order.waiting_for][1]), "state": "now"}
        if order.due_at is not None:
            now["words"] = _("by %(day)s", day=_shown(last_day(order.due_at)))
        if order.waiting_for == "accept":
            now["text"] = _("Without an answer it counts as accepted when the term ends, after two reminders.")
        found.append(now)
    if order.state in (OrderState.CLOSED, OrderState.CANCELLED, OrderState.FAILED, OrderState.DISPUTED):
        return found
    for stage in stages:
        if stage.state is MilestoneState.WAITING:
            found.append({"title": stage.title, "words": _("%(days)s working days", days=stage.days)})
    if stages and order.state is not OrderState.ACCEPTED:
        found.append({"title": _("Acceptance, rating, archive")})
    return found


def _day(text: Any) -> str:
    return _shown(date.fromisoformat(text)) if text else ""


def _shown(day: date) -> str:
    return str(FILTERS["date_cn"](day))


# Buttons ----------------------------------------------------------------------------------------------------------------


@bp.route("/orders/<code>/start", methods=["POST"])
@allow()
@form(Nothing, "pages/order.html", page=_page)
def start_work(data: Mapping[str, Any], code: str) -> Any:
    """The vendor starts."""
    work_operations.start_work(code, by=current_actor())
    flash(_("Started. The clock runs from tomorrow."))
    return _back(code)


@bp.route("/orders/<code>/resume", methods=["POST"])
@allow()
@form(Nothing, "pages/order.html", page=_page)
def resume_work(data: Mapping[str, Any], code: str) -> Any:
    """The clock goes on."""
    work_operations.resume_work(code, by=current_actor())
    flash(_("Resumed. The due day moved by the working days of the pause."))
    return _back(code)


@bp.route("/orders/<code>/accept", methods=["POST"])
@allow()
@form(work_schemas.LookedAtForm, "pages/order.html", page=_page)
def accept(data: Mapping[str, Any], code: str) -> Any:
    """The buyer accepts what he looked at."""
    work_operations.accept_milestone(code, number=data["number"], round=data["round"], by=current_actor())
    flash(_("Accepted. The money of this stage goes to the vendor."))
    return _back(code)


@bp.route("/orders/<code>/extension/answer", methods=["POST"])
@allow()
@form(work_schemas.ExtensionAnswerForm, "pages/order.html", page=_page)
def answer_extension(data: Mapping[str, Any], code: str) -> Any:
    """The buyer agrees to more time, or not."""
    work_operations.answer_extension(code, agreed=data["agreed"], by=current_actor())
    flash(_("Agreed. The new due day holds.") if data["agreed"] else _("Not agreed. The old due day holds."))
    return _back(code)


@bp.route("/orders/<code>/contracts/<contract>/drop", methods=["POST"])
@allow()
@form(Nothing, "pages/order.html", page=_page)
def drop_amendment(data: Mapping[str, Any], code: str, contract: str) -> Any:
    """A change is taken back or refused."""
    found, _party = queries.order_for(code, current_actor())
    if work_queries.contract(contract).order_id != found.id:
        raise NotFound()
    contract_operations.drop_amendment(contract, by=current_actor())
    flash(_("The change is dropped. What was agreed goes on."))
    return _back(code)


@bp.route("/orders/<code>/messages", methods=["POST"])
@allow()
@form(work_schemas.MessageForm, "pages/order.html", page=_page)
def send_message(data: Mapping[str, Any], code: str) -> Any:
    """Write to the other side."""
    given = taken(data, Purpose.MESSAGE)
    work_operations.send_message(code, data["text"], given, form_key=data["form_key"], by=current_actor())
    flash(_("Sent."))
    return redirect(url_for("pages.order", code=code, _anchor="messages"))


def _back(code: str) -> Any:
    return redirect(url_for("pages.order", code=code))


# The calendar -----------------------------------------------------------------------------------------------------------


#: orders whose dates a calendar holds, the newest
MOST_IN_CALENDAR = 500


@bp.route("/calendar/<person>/<token>/orders.ics")
@public
def calendar_of_all(person: str, token: str) -> Response:
    """The dates of all orders of a person's sides, for a calendar that subscribes; the address is the key."""
    _check_token(token, person, ALL)
    sides = [queries.mine(_acting(person, None))]
    for membership in accounts.memberships_of(person):
        sides.append(queries.mine(_acting(person, membership)))
        # a vendor's firm buys, too
        vendor = vendors.vendor_of(membership.organisation.code) if membership.role is Role.VENDOR else None
        if vendor is not None:
            sides.append(queries.of_seller(vendor.id))
    rows = db.session.scalars(queries.of_sides(*sides).limit(MOST_IN_CALENDAR))
    return _calendar(_("West Market orders"), [entry for row in rows for entry in dates_of(row)])


@bp.route("/calendar/<person>/<token>/<code>.ics")
@public
def calendar_of(person: str, token: str, code: str) -> Response:
    """The dates of one order, for a calendar that subscribes; the address is the key."""
    _check_token(token, person, code)
    row = queries.order(code)
    actors = (_acting(person, one) for one in (None, *accounts.memberships_of(person)))
    if not any(queries.party_of(row, actor) in (Party.BUYER, Party.VENDOR) for actor in actors):
        raise NotFound()
    return _calendar(_("Order %(code)s", code=code), dates_of(row))


def dates_of(row: Order) -> list[Entry]:
    """The days of an order: what is waited for, and the due day of each stage."""
    url = f"{current_app.extensions['settings'].public_url}/orders/{row.code}"
    title = row.title or row.code
    found = []
    waits = row.waiting_for
    if row.due_at is not None and waits is not None and waits in WAITS and waits != "deliver":
        words = _("%(what)s: %(title)s", what=_(WAITS[waits][1]), title=title)
        found.append(Entry(waits, row.code, last_day(row.due_at), words, row.code, url))
    for stage in row.milestones:
        day = stage.due_on or (local_date(stage.accepted_at) if stage.accepted_at else None)
        if day is None:
            continue
        words = _("%(what)s: %(title)s", what=stage.title, title=title)
        done = stage.state in (MilestoneState.ACCEPTED, MilestoneState.DELIVERED, MilestoneState.ENDED)
        found.append(Entry(f"stage-{stage.number}", row.code, day, words, row.code, url, done))
    return found


def _calendar(name: str, entries: list[Entry]) -> Response:
    host = urlsplit(current_app.extensions["settings"].public_url).hostname or "localhost"
    answer = Response(calendar_feed.feed(name, entries, at=clock.now(), host=host), mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=600"
    return answer


def _check_token(given: str, person: str, order: str) -> None:
    if not calendar_feed.is_token(given, current_app.extensions["settings"].secret_key, person, order):
        raise NotFound()
    found = accounts.person(person)
    if found is None or found.closed_at is not None:
        raise NotFound()


def _feed_url(actor: Actor, order: str) -> dict[str, str]:
    secret, person = current_app.extensions["settings"].secret_key, actor.on_behalf_of or actor.person
    base = current_app.extensions["settings"].public_url
    one = url_for("pages.calendar_of", person=person, token=calendar_feed.token(secret, person, order), code=order)
    every = url_for("pages.calendar_of_all", person=person, token=calendar_feed.token(secret, person))
    return {"one": base + one, "all": base + every}


def _acting(person: str, membership: Any) -> Actor:
    if membership is None:
        return Actor(person)
    return Actor(person, membership.role, membership.organisation.code, membership.district)
