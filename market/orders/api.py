"""Orders for programs: the same operations as the pages. Tokens need the scope orders:read or orders:write."""

from typing import Any

from flask_babel import gettext
from flask_smorest import Blueprint

from market import clock, i18n
from market.http import allow, current_actor, page
from market.kernel.actor import Role
from market.kernel.errors import NotFound
from market.orders import (
    answer_operations,
    draft_operations,
    notice_operations,
    offers,
    operations,
    placing_operations,
    queries,
    rules,
    schemas,
    typed,
)
from market.orders.models import Order
from market.orders.states import Party
from market.orders.wording import reason_words
from market.vendors import queries as vendors

blp = Blueprint("orders_api", __name__, url_prefix="/api/v1", description="Orders")
READ, WRITE = "orders:read", "orders:write"


@blp.route("/orders")
@allow(scope=READ)
@blp.arguments(schemas.OrdersQuery, location="query")
@blp.response(200, schemas.OrdersOut)
def orders(data: dict[str, Any]) -> Any:
    """The orders of whom the token buys for; for a vendor's token, the orders for that vendor."""
    actor = current_actor()
    vendor = vendors.vendor_of(actor.organisation) if actor.role is Role.VENDOR else None
    found = queries.of_vendor(vendor.id, data["group"]) if vendor else queries.of_buyer(actor, data["group"])
    one = page(found, per=50, number=max(1, data["page"]))
    party = Party.VENDOR if vendor else Party.BUYER
    return {
        "orders": [form_of(row, party) for row in one.items],
        "page": one.number,
        "pages": one.pages,
        "total": one.total,
    }


@blp.route("/orders", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(schemas.OrderIn)
@blp.response(201, schemas.OrderOut)
def begin(data: dict[str, Any]) -> Any:
    """Begin an order from a matter, a service or an offer, as a draft."""
    row = draft_operations.begin_order(
        matter=data["matter"], item=data["item"], listing=data["listing"], by=current_actor()
    )
    return form_of(row, Party.BUYER)


@blp.route("/orders/<code>")
@allow(scope=READ)
@blp.response(200, schemas.OrderOut)
def order(code: str) -> Any:
    """One order, for its two sides and officials in duty (whose reading is recorded)."""
    return form_of(*queries.order_for(code, current_actor()))


@blp.route("/orders/<code>/what", methods=["PUT"])
@allow(scope=WRITE)
@blp.arguments(schemas.WhatIn)
@blp.response(200, schemas.OrderOut)
def what(data: dict[str, Any], code: str) -> Any:
    """Step 1: matter and service."""
    return form_of(
        draft_operations.save_what(code, matter=data["matter"], item=data["item"], by=current_actor()), Party.BUYER
    )


@blp.route("/orders/<code>/project", methods=["PUT"])
@allow(scope=WRITE)
@blp.arguments(schemas.ProjectIn)
@blp.response(200, schemas.OrderOut)
def project(data: dict[str, Any], code: str) -> Any:
    """Step 2: the project. What can be read is kept, also when another field is refused (422)."""
    actor = current_actor()
    row = queries.own_order(code, current_actor())
    facts = data.pop("facts")
    held = offers.standard_of(row)
    names = list(held.standard.standard.version_on(clock.today()).inputs) if held is not None else []
    read, wrong = typed.read_project({**facts, **data}, names, partly=True)
    unknown = set(facts) - set(names) - {rules.QUANTITY}
    wrong |= {name: [gettext("The standard of this service does not ask for this.")] for name in sorted(unknown)}
    row = draft_operations.save_project(code, read, by=actor)
    if held is not None and read.facts:
        wrong |= queries.input_faults(held, offers.inputs_of(row))
    typed.check_no_faults(wrong)
    return form_of(row, Party.BUYER)


@blp.route("/orders/<code>/ways")
@allow(scope=READ)
@blp.response(200, schemas.WaysOut)
def ways(code: str) -> Any:
    """The ways of selection: open to this order, or exactly why not."""
    found = rules.ways(queries.need_facts(queries.own_order(code, current_actor())))
    return {"ways": [_way(one) for one in found]}


@blp.route("/orders/<code>/offers")
@allow(scope=READ)
@blp.arguments(schemas.MatchQuery, location="query")
@blp.response(200, schemas.MatchesOut)
def matches(data: dict[str, Any], code: str) -> Any:
    """The offers for this order with every ground, in the neutral order of the day; the eligible ones first."""
    found = offers.matches(queries.own_order(code, current_actor()), data["after"])
    return {"offers": [_match(one) for one in (*found.eligible, *found.excluded)], "after": found.after}


@blp.route("/orders/<code>/way", methods=["PUT"])
@allow(scope=WRITE)
@blp.arguments(schemas.WayForm)
@blp.response(200, schemas.OrderOut)
def way(data: dict[str, Any], code: str) -> Any:
    """Step 4: the way of selection and, for direct choice, the offer."""
    row = draft_operations.save_way(
        code,
        way=data["way"],
        listing=data["listing"],
        justification=data["justification"],
        plan=data["plan"],
        by=current_actor(),
    )
    return form_of(row, Party.BUYER)


@blp.route("/orders/<code>/place", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(schemas.PlaceIn)
@blp.response(200, schemas.OrderOut)
def place(data: dict[str, Any], code: str) -> Any:
    """Step 5: ask the vendor. Placing again gives 409 already_placed: nothing happens twice.

    Where fiscal money pays, the need passes the review first: 422 clause_blocked or reason_needed.
    """
    if data["reasons"]:
        notice_operations.save_wording(code, reasons=data["reasons"], by=current_actor())
    return form_of(placing_operations.place_order(code, by=current_actor()), Party.BUYER)


@blp.route("/orders/<code>/answer", methods=["POST"])
@allow(Role.VENDOR, scope=WRITE)
@blp.arguments(schemas.ConfirmIn)
@blp.response(200, schemas.OrderOut)
def answer(data: dict[str, Any], code: str) -> Any:
    """The vendor confirms or declines."""
    price = data["price"].fen if data["price"] is not None else None
    row = answer_operations.answer_order(
        code,
        accept=data["accept"],
        reason=data["reason"],
        words=data["words"],
        price_fen=price,
        by=current_actor(),
    )
    return form_of(row, Party.VENDOR)


@blp.route("/orders/<code>/take-back", methods=["POST"])
@allow(scope=WRITE)
@blp.response(200, schemas.OrderOut)
def take_back(code: str) -> Any:
    """The buyer takes it back: a draft again."""
    return form_of(answer_operations.take_back(code, by=current_actor()), Party.BUYER)


@blp.route("/orders/<code>/cancel")
@allow(scope=READ)
@blp.response(200, schemas.CostOut)
def cost(code: str) -> Any:
    """What calling the order off would cost now."""
    row, party = queries.order_for(code, current_actor())
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    found = queries.cost_of_cancelling(row, party)
    return {
        "held": found.held_fen,
        "vendor": found.vendor_fen,
        "buyer": found.buyer_fen,
        "permille": found.permille,
    }


@blp.route("/orders/<code>/cancel", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(schemas.CancelIn)
@blp.response(200, schemas.OrderOut)
def cancel(data: dict[str, Any], code: str) -> Any:
    """Call the order off, at the cost that GET tells."""
    row = operations.cancel_order(code, reason=data["reason"], words=data["words"], by=current_actor())
    return form_of(row, queries.party_of(row, current_actor()) or Party.BUYER)


@blp.route("/orders/<code>/clear", methods=["POST"])
@allow(Role.OPERATOR, scope=WRITE)
@blp.response(200, schemas.OrderOut)
def clear(code: str) -> Any:
    """The operator finds the reason for several needs sufficient."""
    return form_of(placing_operations.clear_order(code, by=current_actor()), Party.OPERATOR)


@blp.route("/orders/<code>/return", methods=["POST"])
@allow(Role.OPERATOR, scope=WRITE)
@blp.arguments(schemas.ReturnIn)
@blp.response(200, schemas.OrderOut)
def return_(data: dict[str, Any], code: str) -> Any:
    """The operator returns the order with words."""
    return form_of(placing_operations.return_order(code, words=data["words"], by=current_actor()), Party.OPERATOR)


def form_of(row: Order, party: Party) -> dict[str, Any]:
    """An order from permitted fields alone; what the buyer can pay at most is for the buyer (and officials)."""
    same = (
        "code", "matter", "item", "title", "description", "requirements", "conditions", "district", "facts", "needed_by",
        "listing", "days", "step", "stopped_at",
        "standard_version", "waiting_for", "due_at", "placed_at",
    )  # fmt: skip
    words = ("state", "buyer_kind", "channel", "fund", "plan")
    mine = party is not Party.VENDOR
    vendor = row.vendor
    return (
        {name: getattr(row, name) for name in same}
        | {name: str(getattr(row, name)) for name in words}
        | {
            "party": str(party),
            "way": str(row.way) if row.way else None,
            "waiting_on": str(row.waiting_on) if row.waiting_on else None,
            "vendor": vendor.code if vendor is not None else None,
            "vendor_name": vendor.name if vendor is not None else None,
            "price": row.price_fen,
            "reference": row.reference_fen,
            "low": row.low_fen,
            "high": row.high_fen,
            "ceiling": row.ceiling_fen if mine else None,
            "justification": row.justification if mine else None,
            "kept_until": row.kept_until if mine else None,
            "reason": _reason(row),
        }
    )


def _reason(row: Order) -> dict[str, str] | None:
    if row.reason is None:
        return None
    return {"code": row.reason["code"], "text": reason_words(row.reason), "words": row.reason.get("words", "")}


def _way(one: rules.WayFacts) -> dict[str, Any]:
    told = i18n.tell(one.why)
    return {
        "way": str(one.way),
        "permitted": one.permitted,
        "held": one.held,
        "justify": one.justify,
        "why": told["what"],
        "rule": told["rule"],
        "remedy": told["remedy"],
    }


def _match(one: Any) -> dict[str, Any]:
    return {
        "listing": one.offer.code,
        "vendor": one.offer.vendor,
        "vendor_name": one.offer.vendor_name,
        "title": one.offer.title,
        "eligible": one.eligible,
        "price": one.offer.quote.fen,
        "days": one.offer.days,
        "reasons": [
            {"ground": str(reason.ground), "met": reason.met, "words": i18n.tell(reason.words)["what"]}
            for reason in one.reasons
        ],
    }


# contract, work and disputes on the same blueprint
from market.orders import work_api  # noqa: E402,F401
