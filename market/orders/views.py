"""Pages of orders until a vendor has one: the five steps, the lists, the vendor's answer, the operator's look, calling off.

The order page itself joins orders, payments and ratings: market/pages/order_views.py.
"""

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock
from market.catalogue import calculator
from market.catalogue import queries as catalogue
from market.db import db
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.documents.hub import Away, NotHeld
from market.documents.rules import Purpose
from market.http import allow, current_actor, form, page
from market.kernel import calendar, codes
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.listings import queries as listings
from market.listings.pricing import WHY_WORDS
from market.listings.units import ASKED, WORDS
from market.orders import (
    answer_operations,
    draft_operations,
    matching,
    notice_views,
    offers,
    operations,
    placing_operations,
    queries,
    rules,
    schemas,
    terms,
    typed,
    work_views,
)
from market.orders.blueprint import bp
from market.orders.models import Order, OrderPaper, PaperSource
from market.orders.rules import Fund, Way
from market.orders.states import OrderState, Party
from market.orders.wording import (
    ANSWERS,
    BUYERS,
    FUNDS,
    GROUPS,
    MARKS,
    PAPERS,
    PLANS,
    STATES,
    WAITS,
    WAYS,
    reason_words,
)
from market.schemas import Nothing, UploadedFile
from market.vendors import queries as vendors

__all__ = ["bp", "work_views"]

STEPS = (N_("What to do"), N_("Your project"), N_("Papers"), N_("How to choose"), N_("Check and confirm"))


def order_url(code: str) -> str:
    """The address of an order's own page."""
    return f"/orders/{code}"


@bp.app_template_filter("order_state")
def order_state(state: OrderState) -> str:
    """The words for a state of an order, in the reader's language."""
    return _(STATES[OrderState(state)])


bp.add_app_template_global(reason_words, "reason_words")


@bp.app_template_global("term_source")
def term_source(row: terms.Row) -> str:
    """Where the figure of a term comes from, in the reader's language, with its certainty mark."""
    mark, words = terms.source_of(row)
    return f"{_(words)} ({_(MARKS[mark])})" if mark else words


@bp.app_template_global("order_waits")
def order_waits(verb: str | None) -> str:
    """The words for what an order waits for, in the reader's language; empty for nothing."""
    return _(WAITS[verb]) if verb is not None and verb in WAITS else ""


@bp.app_template_global("working_days_left")
def working_days_left(due_at: Any) -> int | None:
    """Working days left until a deadline kept as the first instant after it; None without one."""
    if due_at is None:
        return None
    if "calendar" not in g:  # read once for all rows of a page
        g.calendar = catalogue.calendar()
    return queries.working_days_left(due_at, calendar=g.calendar)


@bp.app_template_global("last_day_of")
@bp.app_template_filter("last_day")
def last_day(due_at: Any) -> Any:
    """The last day of a deadline that is kept as the first instant after it; None without one."""
    return None if due_at is None else calendar.last_day(due_at)


# Beginning --------------------------------------------------------------------------------------------------------------


def _begin_page() -> dict[str, Any]:
    listing = request.values.get("listing") or None
    row = listings.published(listing) if listing else None
    item = catalogue.item((row.item if row is not None else request.values.get("item")) or "")
    matter = catalogue.matter(request.values.get("matter") or "")
    return _what(item, matter) | {
        "listing": row,
        "offer": listings.publication(row).content if row is not None else None,
        "offered": row is None or listings.is_offered(row),
        "values": {"item": item.slug if item else "", "matter": matter.slug if matter else ""},
        "row": None,
        "kept": _kept(item),
    }


def _kept(item: catalogue.Item | None) -> dict[str, str]:
    """What was typed about the job before (calculator, comparison), so that nobody types it twice."""
    held = listings.held_for(item.slug) if item is not None else None
    names = list(held.standard.standard.version_on(clock.today()).inputs) if held is not None else []
    given = {name: request.values.get(name, "").strip()[: typed.LONGEST_INPUT] for name in names if name not in TAKEN}
    if rules.number(quantity := request.values.get(rules.QUANTITY, "")) is not None:
        given[rules.QUANTITY] = quantity.strip()
    return {name: value for name, value in given.items() if value}


#: names of the first step's own fields
TAKEN = frozenset({"item", "matter", "listing", "csrf_token"})


def _what(item: catalogue.Item | None, matter: catalogue.Matter | None) -> dict[str, Any]:
    needs = []
    if matter is not None:
        needed = sorted(matter.intermediary_items, key=lambda need: need["order"])
        needs = [(need, found) for need in needed if (found := catalogue.item(need["item"])) is not None]
    by_category: dict[str, list[catalogue.Item]] = {}
    for one in catalogue.items():
        by_category.setdefault(one.category, []).append(one)
    return {
        "item": item,
        "matter": matter,
        "needs": needs,
        "matters": catalogue.matters_needing(item.slug) if item is not None else catalogue.matters(),
        "categories": catalogue.categories(),
        "by_category": by_category,
        "steps": STEPS,
    }


@bp.route("/orders/new", methods=["GET", "POST"])
@allow()
@form(schemas.WhatForm, "orders/what.html", page=_begin_page)
def begin(data: Mapping[str, Any]) -> Any:
    """Begin an order: from a matter, a service or an offer."""
    if data["item"] is None and data["listing"] is None:
        raise Invalid.field("item", N_("Choose a service."))
    item = listings.published(data["listing"]).item if data["listing"] is not None else data["item"]
    row = draft_operations.begin_order(
        matter=data["matter"],
        item=data["item"],
        listing=data["listing"],
        facts=_kept(catalogue.item(item)),
        by=current_actor(),
    )
    return redirect(url_for(".step", code=row.code, number=2))


# The steps --------------------------------------------------------------------------------------------------------------


@bp.route("/orders/<code>/step/<int:number>", methods=["GET", "POST"])
@allow()
def step(code: str, number: int) -> Any:
    """One of the five steps of a draft. Of an order that was placed already, its page: sending an old form again does nothing."""
    row = queries.own_order(code, current_actor())
    if number not in STEP_VIEWS:
        raise NotFound()
    if row.state is not OrderState.DRAFT:
        flash(_("This order was placed already. Nothing was done twice; here is how it stands."))
        return redirect(order_url(code))
    return STEP_VIEWS[number](code=code)


def _step(row: Order, number: int) -> dict[str, Any]:
    """What every step shows: the draft, and the side panel."""
    held = offers.standard_of(row)
    item = catalogue.item(row.item) if row.item else None
    return {
        "row": row,
        "number": number,
        "steps": STEPS,
        "item": item,
        "matter": catalogue.matter(row.matter) if row.matter else None,
        "held": held,
        "reference": held.reference if held else None,
        "values": typed.values_of(row, number),
    }


def _onward(code: str, number: int) -> Any:
    """To the next step, or to the list when the draft is left for later."""
    if "later" in request.form:
        flash(_("Saved. It is kept until you come back, on any device; the list of your orders has it."))
        return redirect(url_for(".mine"))
    return redirect(url_for(".step", code=code, number=number + 1))


def _what_page(code: str) -> dict[str, Any]:
    row = queries.own_order(code, current_actor())
    context = _step(row, 1)
    item = catalogue.item(request.form.get("item") or row.item or "")
    matter = catalogue.matter(request.form.get("matter") or row.matter or "")
    return context | _what(item, matter) | {"listing": None, "offer": None, "offered": True, "kept": {}}


@form(schemas.WhatForm, "orders/what.html", page=_what_page)
def _save_what(data: Mapping[str, Any], code: str) -> Any:
    if data["item"] is None:
        draft_operations.save_what(code, matter=data["matter"], item=None, by=current_actor())
        if "later" not in request.form:
            raise Invalid.field("item", N_("Choose a service."))
    else:
        draft_operations.save_what(code, matter=data["matter"], item=data["item"], by=current_actor())
    return _onward(code, 1)


def _calculation(row: Order, asked: bool) -> calculator.Calculation | None:
    """The fields that the standard asks, with what is typed."""
    held = offers.standard_of(row)
    if held is None:
        return None
    given = offers.inputs_of(row)
    return calculator.calculate(
        held.standard.standard, given, clock.today(), held.standard.presets, asked=asked and bool(given)
    )


def _project_page(code: str) -> dict[str, Any]:
    row = queries.own_order(code, current_actor())
    context = _step(row, 2)
    calc = _calculation(row, asked=True)
    item = context["item"]
    names = [one["name"] for one in calc.fields] if calc else []
    asks = item is not None and offers.asks_quantity(item, names)
    return (
        context
        | {
            "calc": calc,
            "quantity": (ASKED[item.unit], WORDS[item.unit]) if asks and item is not None else None,
            "districts": catalogue.districts(),
            "funds": FUNDS,
            "today": clock.today(),
            "longest": rules.LONGEST,
        }
        | notice_views.reading(row, request.form)
    )


@form(schemas.AnyForm, "orders/project.html", page=_project_page)
def _save_project(data: Mapping[str, Any], code: str) -> Any:
    """What can be read is kept, also when something else is wrong."""
    row = queries.own_order(code, current_actor())
    held = offers.standard_of(row)
    inputs = _calculation(row, asked=False).fields if held is not None else []  # type: ignore[union-attr]
    project, wrong = typed.read_project(data, [one["name"] for one in inputs])
    row = draft_operations.save_project(code, project, by=current_actor())
    if "later" in request.form:
        return _onward(code, 2)
    if "check" in request.form:
        return redirect(url_for(".step", code=code, number=2, _anchor="found"))
    if (key := request.form.get("take")) is not None:
        return notice_views.take_wording(row, key)
    if not row.title:
        wrong.setdefault("title", []).append(_("Please fill this in."))
    if row.district is None and "district" not in wrong:
        wrong["district"] = [_("Please choose the district in which the project lies.")]
    if row.fund is Fund.FISCAL and row.ceiling_fen is None and "ceiling" not in wrong:
        wrong["ceiling"] = [_("With fiscal money, say the most you can pay.")]
    if held is not None:
        wrong |= queries.input_faults(held, offers.inputs_of(row))
    typed.check_no_faults(wrong)
    return _onward(code, 2)


def _papers_page(code: str) -> dict[str, Any]:
    row = queries.own_order(code, current_actor())
    papers = queries.papers_of(row)
    wanted = [one.name for one in papers if one.source is PaperSource.HUB and one.document is None]
    held = document_queries.held_by_city(wanted, current_actor()) if wanted else None
    return _step(row, 3) | {
        "papers": papers,
        "held": held,
        "sources": PAPERS,
        "saved": sum(one.saved for one in papers),
        "missing": [one for one in papers if one.document is None and one.source is not PaperSource.RESULT],
        "result_of": _results_of(row),
        "hub_wanted": wanted,
    }


def _results_of(row: Order) -> dict[str, catalogue.Item]:
    """Which papers of the matter are results of a service, by name."""
    matter = catalogue.matter(row.matter) if row.matter else None
    named = [one for one in matter.documents if one["source"] == "intermediary"] if matter is not None else []
    return {one["name_zh"]: item for one in named if (item := catalogue.item(one["from"] or "")) is not None}


@form(schemas.AnyForm, "orders/papers.html", page=_papers_page)
def _save_papers(data: Mapping[str, Any], code: str) -> Any:
    """Take in what was uploaded, fetch what was agreed to; what arrives is kept although another file is refused."""
    actor = current_actor()
    row = queries.own_order(code, actor)
    papers = {one.position: one for one in queries.papers_of(row)}
    wrong: dict[str, Any] = {}
    for position in papers:
        # a file, or the code of one that was sent ahead of the form
        if (value := data.get(f"paper-{position}")) is None:
            continue
        try:
            sent = UploadedFile().deserialize(value)
            given = documents.give(sent.stream, sent.filename or "", Purpose.PAPER, by=actor, field=f"paper-{position}")
        except ma.ValidationError as error:
            wrong[f"paper-{position}"] = error.messages
            continue
        except Invalid as refused:
            wrong |= refused.fields
            continue
        draft_operations.save_papers(code, given={position: given.code}, by=actor)
    agreed = [papers[int(one)] for one in request.form.getlist("consent") if one.isdigit() and int(one) in papers]
    _fetch(row, [one for one in agreed if one.document is None])
    if not wrong and not agreed:
        draft_operations.save_papers(code, by=actor)
    typed.check_no_faults(wrong)
    if "stay" in request.form:
        return redirect(url_for(".step", code=code, number=3))
    return _onward(code, 3)


def _fetch(row: Order, wanted: list[OrderPaper]) -> None:
    """Fetch papers that the city holds, each with its consent; what does not come is said, and uploaded instead."""
    if not wanted:
        return
    actor = current_actor()
    documents.give_consent(row.code, [one.name for one in wanted], by=actor)
    fetched = 0
    for one in wanted:
        try:
            document = documents.fetch_from_hub(row.code, one.name, by=actor)
        except NotHeld:
            flash(_("The city has no “%(name)s” of yours: please upload it.", name=one.name), "error")
        except Away:
            flash(_("The city's data hub does not answer: upload what is missing, or fetch it later."), "error")
            break
        else:
            draft_operations.put_paper(row.code, one.name, document, saved=True, by=actor)
            fetched += 1
    if fetched:
        flash(_("Fetched with your consent: %(count)s papers that you need not bring.", count=fetched))


@bp.route("/orders/<code>/papers/<int:position>/remove", methods=["POST"])
@allow()
def drop_paper(code: str, position: int) -> Any:
    """Take a document off a paper; one that was fetched goes with its consent."""
    actor = current_actor()
    row = queries.own_order(code, actor)
    one = next((paper for paper in queries.papers_of(row) if paper.position == position), None)
    fetched = one is not None and one.source is PaperSource.HUB and one.saved
    draft_operations.drop_paper(code, position, by=actor)
    if one is not None and fetched and document_queries.consent(code, one.name) is not None:
        documents.withdraw_consent(code, one.name, by=actor)
    flash(_("Taken off."))
    return redirect(url_for(".step", code=code, number=3))


def _way_page(code: str) -> dict[str, Any]:
    row = queries.own_order(code, current_actor())
    need = queries.need_facts(row)
    ways = rules.ways(need)
    direct = next(one for one in ways if one.way is Way.DIRECT)
    found = offers.matches(row, request.args.get("after")) if direct.is_open else None
    chosen = offers.judge_one(row, row.listing) if row.listing else None
    least = queries.term("milestones_least_fen", item=row.item, region=row.district)
    return _step(row, 4) | {
        "ways": ways,
        "direct": direct,
        "way_words": WAYS,
        "plans": PLANS,
        "plan_least": least,
        "found": found,
        "chosen": chosen,
        "up_to": matching.up_to,
        "why_words": WHY_WORDS,
        "justification_least": rules.JUSTIFICATION,
        "asked": queries.asked_vendors(row),
        "answers": ANSWERS,
    }


@form(schemas.WayForm, "orders/way.html", page=_way_page)
def _save_way(data: Mapping[str, Any], code: str) -> Any:
    row = draft_operations.save_way(
        code,
        way=data["way"],
        listing=data["listing"],
        justification=data["justification"],
        plan=data["plan"],
        by=current_actor(),
    )
    if "later" not in request.form:
        if row.way is Way.DIRECT and row.listing is None:
            raise Invalid.field("listing", N_("Choose an offer."))
        rules.check_way(queries.need_facts(row), data["way"], row.justification or "")
    return _onward(code, 4)


def _review_page(code: str) -> dict[str, Any]:
    row = queries.own_order(code, current_actor())
    chosen = offers.judge_one(row, row.listing) if row.listing else None
    need = queries.need_facts(row)
    changed = (
        chosen is not None
        and row.publication is not None
        and (row.publication, row.price_fen) != (chosen.offer.publication, chosen.offer.quote.fen)
    )
    calc = _calculation(row, asked=True)
    return (
        _step(row, 5)
        | {
            "chosen": chosen,
            "changed": changed,
            "calc": calc,
            "typed": _typed(row, calc),
            "papers": queries.papers_of(row),
            "way_words": WAYS,
            "plans": PLANS,
            "funds": FUNDS,
            "way": rules.way_for(need, row.way) if row.way else None,
            "confirm_days": queries.term("confirm_days", item=row.item, region=row.district),
            "review_days": queries.term("review_days", item=row.item, region=row.district),
            "up_to": matching.up_to,
            "districts": {one.code: one for one in catalogue.districts()},
        }
        | notice_views.reading(row)
    )


def _typed(row: Order, calc: calculator.Calculation | None) -> list[tuple[str, str]]:
    """What was typed for the price, as label and value."""
    fields = {one["name"]: one for one in (calc.fields if calc else ())}
    said = []
    for name, value in row.facts.items():
        if name in fields:
            choices = {choice["name"]: choice["label"] for choice in fields[name]["choices"]}
            said.append((fields[name]["label"], choices.get(value, value)))
        elif name == rules.QUANTITY and (item := catalogue.item(row.item or "")) is not None and item.unit in ASKED:
            said.append((_(ASKED[item.unit]), f"{value} {_(WORDS[item.unit])}"))
    return said


@form(Nothing, "orders/confirm.html", page=_review_page)
def _place(data: Mapping[str, Any], code: str) -> Any:
    draft = queries.own_order(code, current_actor())
    notice_views.keep_reasons(draft)
    if (key := request.form.get("take")) is not None:
        return notice_views.take_wording(draft, key)
    row = placing_operations.place_order(code, by=current_actor())
    if row.state is OrderState.IN_REVIEW:
        flash(_("Sent. An operator looks at the reason first; then the vendor is asked."))
    else:
        flash(_("Ordered. The vendor was asked and answers within the term."))
    return redirect(order_url(code))


STEP_VIEWS: Mapping[int, Callable[..., Any]] = {
    1: _save_what, 2: _save_project, 3: _save_papers, 4: _save_way, 5: _place,
}  # fmt: skip


# Lists ------------------------------------------------------------------------------------------------------------------


@bp.route("/orders")
@allow()
def mine() -> Any:
    """My orders, or those of the organisation for which I buy."""
    actor = current_actor()
    group = request.args.get("group", "")
    return render_template(
        "orders/mine.html",
        found=page(queries.of_buyer(actor, group)),
        counts=queries.counts(queries.mine(actor)),
        group=group if group in GROUPS else "",
        groups=GROUPS,
        items={item.slug: item for item in catalogue.items()},
    )


@bp.route("/desk/orders")
@allow(Role.VENDOR)
def desk() -> Any:
    """The vendor's orders: what waits for its answer first, by deadline."""
    vendor = vendors.own_vendor(current_actor())
    group = request.args.get("group", "")
    return render_template(
        "orders/desk.html",
        vendor=vendor,
        asked=list(db.session.scalars(queries.asked_of(vendor.id).limit(50))),
        found=page(queries.of_vendor(vendor.id, group)),
        counts=queries.counts(Order.vendor_id == vendor.id),
        group=group if group in GROUPS else "",
        groups={name: words for name, words in GROUPS.items() if name != "drafts"},
        items={item.slug: item for item in catalogue.items()},
        buyers=BUYERS,
    )


@bp.route("/desk/orders/excluded")
@allow(Role.VENDOR)
def excluded() -> Any:
    """Orders for which an offer of ours did not fit, with the reasons; the order's code, service and district alone are shown."""
    vendor = vendors.own_vendor(current_actor())
    code = codes.normalise(request.args.get("order", ""))
    found = page(queries.excluded_of(vendor.id, code or None), per=50)
    return render_template(
        "orders/excluded.html",
        vendor=vendor,
        found=found,
        code=code,
        items={item.slug: item for item in catalogue.items()},
        districts={one.code: one for one in catalogue.districts()},
        titles=listings.publications_of([one.listing for one in found.items]),
    )


# The vendor's answer ----------------------------------------------------------------------------------------------------


def _answer_page(code: str) -> dict[str, Any]:
    row, party = queries.order_for(code, current_actor())
    if party is not Party.VENDOR:
        raise NotFound()
    match = offers.judge_one(row, row.listing or "")
    calc = _calculation(row, asked=True)
    return {
        "row": row,
        "item": catalogue.item(row.item or ""),
        "typed": _typed(row, calc),
        "match": match,
        "reasons": rules.DECLINE_REASONS,
        "up_to": match is not None and matching.up_to(match.offer.quote),
        "buyers": BUYERS,
        "funds": FUNDS,
        "districts": {one.code: one for one in catalogue.districts()},
        "waits": row.state is OrderState.SELECTING and row.waiting_for == "confirm",
        "order_page": order_url(code),
    }


@bp.route("/orders/<code>/answer", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.AnswerForm, "orders/answer.html", page=_answer_page)
def answer(data: Mapping[str, Any], code: str) -> Any:
    """The vendor says yes, or no with a reason."""
    accept = data["answer"] == "yes"
    answer_operations.answer_order(
        code,
        accept=accept,
        reason=data["reason"],
        words=data["words"],
        price_fen=data["price"].fen if accept and data["price"] is not None else None,
        by=current_actor(),
    )
    if accept:
        flash(_("Confirmed. The contract lies ready for both signatures."))
        return redirect(order_url(code))
    flash(_("Declined. The buyer was told your reason."))
    return redirect(url_for(".desk"))


@bp.route("/orders/<code>/take-back", methods=["POST"])
@allow()
def take_back(code: str) -> Any:
    """The buyer takes an order back that nobody has confirmed yet, or that an objection stops: then he changes the clause."""
    row = answer_operations.take_back(code, by=current_actor())
    if row.reason is not None and row.reason["code"] == "objection":
        flash(_("Taken back. Change the clause, then order again; everything else is kept."))
        return redirect(url_for(".step", code=code, number=2, _anchor="found"))
    flash(_("Taken back. It is a draft again; everything you typed is here."))
    return redirect(url_for(".step", code=code, number=4))


# Calling off ------------------------------------------------------------------------------------------------------------


def _cancel_page(code: str) -> dict[str, Any]:
    row, party = queries.order_for(code, current_actor())
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    return {
        "row": row,
        "party": party,
        "item": catalogue.item(row.item or ""),
        "may": row.state in rules.MAY_CANCEL[party],
        "instead": rules.INSTEAD[row.state],
        "cost": queries.cost_of_cancelling(row, party),
        "term": queries.term_row("cancel_share_under_way", item=row.item, region=row.district),
        "reasons": {name: rules.CANCEL_REASONS[name] for name in rules.CANCEL_REASONS_OF[party]},
        "order_page": order_url(code),
    }


@bp.route("/orders/<code>/cancel", methods=["GET", "POST"])
@allow()
@form(schemas.CancelForm, "orders/cancel.html", page=_cancel_page)
def cancel(data: Mapping[str, Any], code: str) -> Any:
    """Call an order off; what it costs stands on the page before."""
    row, party = queries.order_for(code, current_actor())
    if queries.cost_of_cancelling(row, party).held_fen and not data["understood"]:
        raise Invalid.field("understood", N_("Please read what it costs, and tick it."))
    operations.cancel_order(code, reason=data["reason"], words=data["words"], by=current_actor())
    if row.state is OrderState.DRAFT:
        flash(_("The draft was dropped."))
        return redirect(url_for(".mine"))
    flash(_("Called off. Both sides were told."))
    return redirect(order_url(code))


# The operator's look ----------------------------------------------------------------------------------------------------


@bp.route("/desk/split-needs")
@allow(Role.OPERATOR)
def queue() -> Any:
    """Needs that may be parts of one, by deadline."""
    return render_template(
        "orders/queue.html",
        found=page(queries.in_review(current_actor().district)),
        items={item.slug: item for item in catalogue.items()},
    )


def _look_page(code: str) -> dict[str, Any]:
    row, party = queries.order_for(code, current_actor())
    if party is not Party.OPERATOR:
        raise NotFound()
    return {
        "row": row,
        "item": catalogue.item(row.item or ""),
        "need": queries.need_facts(row),
        "counted_fen": rules.counted_fen,
        "others": queries.summed_with(row),
        "limit": queries.term_row("direct_limit_fen", item=row.item, region=row.district),
        "waits": row.state is OrderState.IN_REVIEW,
        "order_page": order_url(code),
        "least": rules.JUSTIFICATION,
    }


@bp.route("/desk/split-needs/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.ReviewForm, "orders/look.html", page=_look_page)
def look(data: Mapping[str, Any], code: str) -> Any:
    """Find the reason sufficient, or return the order with words."""
    if data["decision"] == "clear":
        row = placing_operations.clear_order(code, by=current_actor())
        if row.state is OrderState.DRAFT:
            flash(_("Sufficient, but the offer changed meanwhile: the order went back to the buyer."))
        else:
            flash(_("Found sufficient. The vendor was asked."))
    else:
        placing_operations.return_order(code, words=data["words"], by=current_actor())
        flash(_("Returned with your words."))
    return redirect(url_for(".queue"))
