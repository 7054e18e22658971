"""What happens to an order until a vendor has it: begun, saved step by step, placed, answered, taken back, looked at, called off.

Locks: the organisation of fiscal money (so that two needs placed at once see each other), the vendor, the order. What an order
waits for is set by `wait_for` alone.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts import queries as accounts
from market.accounts.models import Organisation, OrganisationKind, Person
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, RuleBroken, WrongState
from market.kernel.money import Money
from market.kernel.states import next_state
from market.kernel.words import N_
from market.listings import queries as listings
from market.listings.pricing import OutsideStandard, Quote, check_price
from market.locks import lock, lock_where
from market.orders import notices, offers, queries, rules
from market.orders.endings import choose_none, fail, give_back, kept_until
from market.orders.events import (
    DraftForgotten,
    OrderAwarded,
    OrderBegun,
    OrderCancelled,
    OrderCleared,
    OrderPlaced,
    OrderStepSaved,
    OrderSubmitted,
)
from market.orders.matching import Ground, Match, Reason, up_to
from market.orders.models import Answer, AskedVendor, ExcludedOffer, Order, OrderPaper, PaperSource
from market.orders.rules import AlreadyPlaced, BuyerKind, Fund, PaymentPlan, Way
from market.orders.states import TRANSITIONS, OrderState, Party
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import transactional
from market.vendors import queries as vendors
from market.vendors import rules as vendor_rules
from market.vendors.models import Vendor

__all__ = [
    "AlreadyPlaced", "answer_order", "award_order", "begin_order", "cancel_order", "clear_order", "fail_order", "forget_draft",
    "lapse_answer",
    "note_excluded",
    "place_order", "return_order", "save_papers", "save_project", "save_way", "save_what", "take_back", "wait_for",
]  # fmt: skip

#: a second "begin" of the same need within this time gives the draft of the first (double click, Back)
SAME_BEGINNING = timedelta(minutes=10)

KINDS: Mapping[OrganisationKind, BuyerKind] = {OrganisationKind.PUBLIC_BODY: BuyerKind.PUBLIC_BODY}


class OfferChanged(Conflict):
    """The offer is not what the buyer saw: `params` hold the old and the new price. Nothing was placed."""

    code = "offer_changed"


class NotFitting(RuleBroken):
    """The offer does not fit the need; the first ground against it is said."""

    code = "offer_not_fitting"


# The need, step by step -------------------------------------------------------------------------------------------------


@transactional
def begin_order(
    *,
    matter: str | None = None,
    item: str | None = None,
    listing: str | None = None,
    facts: Mapping[str, str] | None = None,
    by: Actor,
) -> Order:
    """Begin an order from a government matter, an item or an offer, as a draft that is kept 30 days.

    Buyer is the organisation for which `by` buys, the citizen whom counter staff serve, else the person himself. `facts`: what
    was typed about the job already (inputs of the standard, quantity). Beginning the same need again within ten minutes gives
    the same draft. `NotFound` for an unknown matter, item or offer; `Forbidden` for officials in duty; `RuleBroken` beyond 50
    drafts.
    """
    person, organisation = _buyer(by)
    if matter is not None and catalogue.matter(matter) is None:
        raise NotFound(N_("There is no such matter."))
    if listing is not None:
        item = listings.published(listing).item
    if item is not None and catalogue.item(item) is None:
        raise NotFound(N_("There is no such service."))
    now = clock.now()
    # two clicks at once wait for each other here
    lock_where(Person, Person.id == person.id)
    drafts = lock_where(
        Order,
        Order.state == OrderState.DRAFT,
        Order.person_id == person.id,
        Order.organisation_id == organisation.id if organisation is not None else Order.organisation_id.is_(None),
    )
    clerk = by.person if by.on_behalf_of else None
    asked = (matter, item, listing, 1, clerk)
    same = (row for row in drafts if (row.matter, row.item, row.listing, row.step, row.clerk) == asked)
    for row in same:
        if row.updated_at == row.created_at and row.created_at > now - SAME_BEGINNING:
            return row
    if len(drafts) >= rules.MOST_DRAFTS:
        raise RuleBroken(
            N_("You have %(most)s drafts already."),
            remedy=N_("Place or drop one of them first."),
            most=rules.MOST_DRAFTS,
        )
    kind = KINDS.get(organisation.kind, BuyerKind.FIRM) if organisation is not None else BuyerKind.CITIZEN
    row = Order(
        code=new_code("O"),
        state=OrderState.DRAFT,
        buyer_kind=kind,
        person=person,
        organisation=organisation,
        channel=by.channel,
        clerk=clerk,
        matter=matter,
        item=item,
        facts=dict(facts or {}),
        fund=Fund.FISCAL if kind is BuyerKind.PUBLIC_BODY else Fund.PRIVATE,
        plan=PaymentPlan.WHOLE,
        way=Way.DIRECT if listing is not None else None,
        listing=listing,
        step=1,
        created_at=now,
        updated_at=now,
        kept_until=kept_until(item, None),
    )
    db.session.add(row)
    _put_papers(row)
    db.session.flush()
    if organisation is not None:
        documents.let_read(row.code, organisation=organisation.code, by=by)
    else:
        documents.let_read(row.code, person=person.code, by=by)
    record(OrderBegun(row.code, str(kind), item, matter), by=by)
    return row


@transactional
def save_what(code: str, *, matter: str | None, item: str | None, by: Actor) -> Order:
    """Step 1: from which matter, and which item. Another item drops the chosen offer and what only the old standard asked.
    `Invalid` for what does not exist."""
    row = _draft(code, by)
    if matter is not None and catalogue.matter(matter) is None:
        raise Invalid.field("matter", N_("There is no such matter."))
    if item is not None and catalogue.item(item) is None:
        raise Invalid.field("item", N_("There is no such service."))
    if item != row.item:
        row.facts = {}
        choose_none(row)
    if matter != row.matter:
        row.matter = matter
        _put_papers(row)
    row.item = item
    return _saved(row, 1, by)


@transactional
def save_project(code: str, project: rules.Project, *, by: Actor) -> Order:
    """Step 2: the project. Keeps whatever is given, complete or not; a chosen offer is priced anew for the new facts.
    `Invalid` for a fund that the buyer does not have."""
    row = _draft(code, by)
    if "fund" in project.given and project.fund is not None:
        rules.check_fund(row.buyer_kind, project.fund)
        row.fund = project.fund
    for name in ("title", "description", "requirements", "conditions", "district", "ceiling_fen", "needed_by"):
        if name in project.given:
            setattr(row, name, getattr(project, name))
    if "facts" in project.given:
        row.facts = dict(project.facts or {})
    if row.listing is not None:
        _price_again(row)
    notices.note(row, by=by)
    return _saved(row, 2, by)


@transactional
def save_papers(code: str, *, given: Mapping[int, str] | None = None, by: Actor) -> Order:
    """Step 3: documents (`given`: codes) by position of the paper.

    Documents are attached to the order. `NotFound` for another's document, `Invalid` for a paper that the order does not have.
    """
    given = given or {}
    attached = {position: documents.attach(document, code, by=by) for position, document in sorted(given.items())}
    row = _draft(code, by)
    papers = {one.position: one for one in queries.papers_of(row)}
    if unknown := set(given) - set(papers):
        raise Invalid.field("paper", N_("The order has no paper %(position)s."), position=min(unknown))
    for position, document in attached.items():
        one = papers[position]
        one.document, one.source, one.saved, one.given_at = document, PaperSource.BUYER, False, clock.now()
    return _saved(row, 3, by)


@transactional
def put_paper(code: str, name: str, document: Any, *, saved: bool, by: Actor) -> Order:
    """Put a document that is attached to the order already (fetched from the city's hub, used again) to the paper it stands
    for; `saved`: the buyer did not have to bring it."""
    row = _draft(code, by)
    one = next((paper for paper in queries.papers_of(row) if paper.name == name), None)
    if one is None:
        raise NotFound()
    one.document, one.source, one.saved, one.given_at = document, PaperSource.HUB, saved, clock.now()
    return _saved(row, 3, by)


@transactional
def drop_paper(code: str, position: int, *, by: Actor) -> Order:
    """Take a document off a paper again; the paper stays. `NotFound` when there is none."""
    found = queries.own_order(code, by)
    before = next((one for one in queries.papers_of(found) if one.position == position and one.document), None)
    if before is None or before.document is None:
        raise NotFound()
    mine = before.source is PaperSource.BUYER
    if mine:
        documents.take_off(before.document.code, code, by=by)
    row = _draft(code, by)
    before.document, before.saved, before.given_at, before.source = None, False, None, PaperSource.BUYER
    return _saved(row, 3, by)


@transactional
def save_way(
    code: str, *, way: Way, listing: str | None = None, justification: str | None = None, plan: PaymentPlan | None = None,
    by: Actor
) -> Order:  # fmt: skip
    """Step 4: the way of selection and, for direct choice, the offer: its publication, price for this project and days are
    remembered as the buyer saw them.

    Refuses a way that is not open to the need (rules.check_way, without asking for the justification yet), an offer that is no
    longer offered or of another service (`Invalid`), and one that does not fit (`NotFitting`).
    """
    row = _draft(code, by)
    found = rules.way_for(queries.need_facts(row), way)
    if not found.permitted:
        raise found.why
    row.way = way
    if justification is not None:
        row.justification = justification
    if plan is not None:
        row.plan = plan
    if way is not Way.DIRECT or listing is None:
        if way is not Way.DIRECT:
            choose_none(row)
            row.way = way
        return _saved(row, 4, by)
    match = offers.judge_one(row, listing)
    if match is None or not match.offer.offered:
        raise Invalid.field("listing", N_("This offer is no longer there: choose another one."))
    _check_fits(match)
    _choose(row, match)
    return _saved(row, 4, by)


# Placing ----------------------------------------------------------------------------------------------------------------


@transactional
def place_order(code: str, *, by: Actor) -> Order:
    """Step 5: ask the vendor of the chosen offer, at the price for this project, which is frozen with the standard it was held
    to; the vendor answers within the term (confirm_days), else the order comes back.

    Everything is looked at again in the database under locks: the way (rules.check_way), the offer (`OfferChanged` with old and
    new price, `NotFitting` with the ground). A need that may be part of a divided one goes to an operator first (review_days).
    The need passes the review of fair competition before anybody reads it (notices.publish).
    `WrongState` when it was placed already: placing twice places once.
    """
    seen = _own(code, by)
    if seen.fund is Fund.FISCAL and seen.organisation_id is not None:
        lock_where(Organisation, Organisation.id == seen.organisation_id)
    notices.hold(seen)
    _lock_vendor_of(seen.listing)
    row = _draft(code, by, "place")
    if row.listing != seen.listing:
        raise Conflict(N_("The order was changed in another window meanwhile."), remedy=N_("Look at it again."))
    now = clock.now()
    rules.check_draft(_draft_facts(row), districts=_districts(), today=clock.today())
    _check_inputs(row)
    look_first = rules.check_way(queries.need_facts(row), row.way or Way.DIRECT, row.justification or "")
    match = _unchanged(row)
    notices.publish(row, by=by)
    row.placed_at, row.step, row.kept_until, row.reason = now, 5, None, None
    if look_first:
        row.state = next_state(TRANSITIONS, row.state, "submit")
        due_at = queries.end_of_term(now, queries.term("review_days", item=row.item, region=row.district))
        wait_for(row, "review", Party.OPERATOR, due_at)
        record(OrderSubmitted(row.code, due_at.isoformat()), by=by)
        return row
    row.state = next_state(TRANSITIONS, row.state, "place")
    _ask(row, match, by)
    return row


@transactional
def clear_order(code: str, *, by: Actor) -> Order:
    """An operator finds the reason for several needs sufficient: the vendor is asked now.

    When the offer changed or no longer fits meanwhile, the order returns to the buyer with that reason instead.
    """
    seen = _reviewed(code, by)
    _lock_vendor_of(seen.listing)
    row = _in_state(code, "clear", by)
    notices.check_goes_on(row)
    record(OrderCleared(row.code), by=by)
    try:
        match = _unchanged(row)
    except Refusal as refusal:
        told = {name: str(value) for name, value in refusal.params.items()}
        give_back(row, "review", refusal.what, params=told, code="offer_gone", by=by)
        return row
    row.state = next_state(TRANSITIONS, row.state, "clear")
    _ask(row, match, by)
    return row


@transactional
def return_order(code: str, *, words: str, by: Actor) -> Order:
    """An operator finds that the needs are one, or that the reason does not say why not: the order returns with his words."""
    if len(words.strip()) < rules.JUSTIFICATION:
        raise Invalid.field(
            "words", N_("Say in at least %(least)s characters what the buyer must change."), least=rules.JUSTIFICATION
        )
    _reviewed(code, by)
    row = _in_state(code, "return", by)
    if row.state is not OrderState.IN_REVIEW:
        raise _not_now(row)
    give_back(row, "review", REVIEWED, words=words, by=by)
    return row


REVIEWED = N_("The operator returned the order.")
#: what the buyer reads when a vendor declined, by reason
DECLINED: Mapping[str, str] = {
    "full": N_("The vendor declined: all its people are at work."),
    "scope": N_("The vendor declined: the project is not what the offer is for."),
    "facts": N_("The vendor declined: the facts of the project are not enough, or not right."),
    "conflict": N_("The vendor declined: it has a tie with the buyer or the project."),
    "other": N_("The vendor declined."),
}
LAPSED = N_("The vendor did not answer in the term.")
TAKEN_BACK = N_("You took the order back.")
OBJECTED = N_("The regulator objects to a clause of the need: change it, then order again.")
GIVEN_AWAY = N_("The vendor gave the last place that it had free to another order.")


@transactional
def answer_order(
    code: str, *, accept: bool, reason: str | None = None, words: str = "", price_fen: int | None = None, by: Actor
) -> Order:
    """The vendor confirms, or declines with a `reason` of rules.DECLINE_REASONS, within the term.

    Confirming looks again, under locks, at standing, licences and capacity; `price_fen` may only go below the price asked, and
    only where that was a maximum. When the last free place is taken, other orders that wait for the same offer return at once.
    `WrongState` when nothing is asked (any more), `RuleBroken` with the ground when the vendor cannot take it.
    """
    seen = _asked_of(code, by)
    lock_where(Vendor, Vendor.id == seen.vendor_id)
    same = Order.vendor_id == seen.vendor_id, Order.state == OrderState.SELECTING, Order.item == seen.item
    rows = lock_where(Order, or_(Order.id == seen.id, and_(*same)))
    row = next(one for one in rows if one.id == seen.id)
    notices.check_goes_on(row)
    asked = _waiting(row, seen.vendor_id)
    if not accept:
        rules.check_reason(reason or "", words, rules.DECLINE_REASONS)
        asked.answer, asked.answered_at = Answer.DECLINED, clock.now()
        asked.reason, asked.words = reason, words.strip() or None
        give_back(row, "declined", DECLINED[reason or "other"], words=words, by=by)
        return row
    capacity = _check_can_take(row)
    if price_fen is not None and price_fen != row.price_fen:
        _lower(row, price_fen)
    asked.answer, asked.answered_at, asked.price_fen = Answer.CONFIRMED, clock.now(), row.price_fen or 0
    _award(row, by)
    if capacity <= 1:
        for other in rows:
            if other.id != row.id and other.listing == row.listing:
                _give_back(other, by)
    return row


@transactional
def take_back(code: str, *, by: Actor) -> Order:
    """The buyer takes an order back that was not confirmed yet (or not looked at yet): a draft again, with all he typed.

    One that an objection stops comes back to be changed, also when the vendor had confirmed and nobody is bound yet.
    """
    _own(code, by)
    row = _in_state(code, "return", by)
    stopped = row.stopped_at is not None
    if row.state not in (OrderState.SELECTING, OrderState.IN_REVIEW) and not (
        stopped and row.state is OrderState.AWARDED
    ):
        raise _not_now(row)
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.TAKEN_BACK, clock.now()
    keep = row.listing, row.publication, row.price_fen, row.days
    cause, text = ("objection", OBJECTED) if stopped else ("changed_mind", TAKEN_BACK)
    give_back(row, cause, text, by=by)
    row.listing, row.publication, row.price_fen, row.days = keep
    return row


@transactional
def lapse_answer(code: str, *, by: Actor) -> None:
    """Return an order whose vendor did not answer in the term; nothing while the term runs or when it was answered."""
    row = lock(Order, code)
    over = row.due_at is not None and clock.now() >= row.due_at
    if row.state is not OrderState.SELECTING or row.waiting_for != "confirm" or not over:
        return
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.LAPSED, clock.now()
    give_back(row, "lapsed", LAPSED, by=by)


@transactional
def note_excluded(code: str) -> int:
    """Keep which offers did not fit a placed order and why, so that their vendors can read it; how many. Safe to repeat."""
    row = queries.order(code)
    noted, after = 0, None
    while True:
        found = offers.matches(row, after)
        asked = {match.offer.vendor for match in found.excluded}
        keys = db.session.execute(select(Vendor.code, Vendor.id).where(Vendor.code.in_(asked)))
        ids = {vendor: key for vendor, key in keys}  # noqa: C416
        values = [
            {
                "order_id": row.id,
                "vendor_id": ids[match.offer.vendor],
                "listing": match.offer.code,
                "reasons": [_told(reason) for reason in match.against],
                "noted_at": clock.now(),
            }
            for match in found.excluded
        ]
        if values:
            statement = insert(ExcludedOffer).values(values).on_conflict_do_nothing()
            noted += len(db.session.scalars(statement.returning(ExcludedOffer.id)).all())
        after = found.after
        if after is None:
            return noted


#: instead of figures that only the buyer knows
TOO_DEAR = N_("The price for the project is more than the buyer can pay.")


def _told(reason: Reason) -> dict[str, Any]:
    """A ground as the vendor may read it: without the buyer's ceiling."""
    if reason.ground is Ground.CEILING:
        return {"ground": str(reason.ground), "text": TOO_DEAR, "params": {}}
    params = {name: str(value) for name, value in reason.words.params.items()}
    return {"ground": str(reason.ground), "text": reason.words.what, "params": params}


# From a tender ----------------------------------------------------------------------------------------------------------


@transactional
def award_order(code: str, *, vendor: str, price_fen: int, days: int, way: Way, by: Actor) -> Order:
    """A selection ended: this vendor has the order at this price (fen) and working days. For reactions on `TenderAwarded`."""
    found = vendors.vendor(vendor)
    lock_where(Vendor, Vendor.id == found.id)
    row = _in_state(code, "award", by)
    row.vendor, row.price_fen, row.days, row.way = found, price_fen, days, way
    _award(row, by)
    return row


@transactional
def fail_order(code: str, *, cause: str, by: Actor) -> Order:
    """A selection ended without a vendor (`cause`: no_vendor, vendor_gone). For reactions on `TenderFailed`."""
    row = _in_state(code, "fail", by)
    fail(row, cause, FAILED.get(cause, FAILED["no_vendor"]), by=by)
    return row


FAILED: Mapping[str, str] = {
    "no_vendor": N_("No vendor was found for it."),
    "vendor_gone": N_("The vendor is no longer in the market."),
}


# Calling off ------------------------------------------------------------------------------------------------------------


def _cost(row: Order, party: Party) -> rules.Cost:
    return queries.cost_of_cancelling(row, party)


@transactional
def cancel_order(code: str, *, reason: str, words: str = "", by: Actor) -> Order:
    """Call an order off: the buyer until work is delivered, the vendor from the award on. What it costs is a dated term
    (queries.cost_of_cancelling tells it before); the money follows by a reaction.

    `Invalid` for a reason that is none, `RuleBroken` in states in which this side cannot, with what it can do instead.
    """
    seen, party = queries.order_for(code, by)
    if party is Party.OPERATOR:
        raise NotFound()
    rules.check_reason(reason, words, rules.CANCEL_REASONS_OF[party])
    row = lock(Order, code)
    if row.state not in rules.MAY_CANCEL[party]:
        raise _not_now(row)
    before, cost = row.state, _cost(row, party)
    if (asked := queries.asked_vendor(row)) is not None:
        asked.answer, asked.answered_at = Answer.TAKEN_BACK, clock.now()
    row.state = next_state(TRANSITIONS, row.state, "cancel")
    row.ended_at, row.kept_until = clock.now(), None
    row.reason = rules.reason_facts(reason, rules.CANCEL_REASONS[reason], words)
    wait_for(row, None, None, None)
    vendor = seen.vendor.code if seen.vendor is not None else None
    record(OrderCancelled(row.code, vendor, str(party), str(before), cost.vendor_fen), by=by)
    return row


@transactional
def forget_draft(code: str, *, by: Actor) -> None:
    """End a draft that nobody touched for its term, with what was typed about the project; nothing while the term runs."""
    row = lock(Order, code)
    if row.state is not OrderState.DRAFT or row.kept_until is None or clock.now() < row.kept_until:
        return
    row.state = next_state(TRANSITIONS, row.state, "cancel")
    row.ended_at, row.kept_until = clock.now(), None
    row.title, row.description, row.facts, row.justification = "", "", {}, None
    row.requirements, row.conditions, row.reasons = "", "", {}
    row.reason = rules.reason_facts("forgotten", N_("The draft was not touched for its term."))
    row.updated_at = clock.now()
    record(DraftForgotten(row.code), by=by)


# Parts: who and which ---------------------------------------------------------------------------------------------------


def _buyer(by: Actor) -> tuple[Person, Organisation | None]:
    """The person and organisation for whom `by` orders."""
    if by.on_behalf_of is not None:
        served = accounts.person(by.on_behalf_of)
        if by.role is not Role.COUNTER or served is None or served.closed_at is not None:
            raise NotFound()
        return served, None
    if by.role is not None and by.role not in queries.BUYING:
        raise Forbidden(
            N_("Officials do not order in duty."),
            remedy=N_(
                "To order for yourself, choose no role in the account menu; at the counter, serve a citizen first."
            ),
        )
    person = accounts.person(by.person)
    organisation = accounts.organisation(by.organisation) if by.organisation is not None else None
    if person is None:
        raise NotFound()
    return person, organisation


def _own(code: str, by: Actor) -> Order:
    return queries.order(code) if by.is_system else queries.own_order(code, by)


def _draft(code: str, by: Actor, verb: str = "save") -> Order:
    """The buyer's own draft, locked; `WrongState` with the way on when it is none any more."""
    _own(code, by)
    row = lock(Order, code)
    rules.check_is_draft(row.state, verb)
    return row


def _in_state(code: str, verb: str, by: Actor) -> Order:
    """The order, locked, in a state in which `verb` is possible; else `WrongState`."""
    row = lock(Order, code)
    if (row.state, verb) not in TRANSITIONS:
        raise _not_now(row)
    return row


def _not_now(row: Order) -> WrongState:
    return WrongState(
        N_("This is not possible while the order is “%(state)s”."),
        rule=N_("Orders move by a published table of states."),
        remedy=rules.INSTEAD[row.state],
        state=str(row.state),
    )


def _reviewed(code: str, by: Actor) -> Order:
    """The order for an operator in duty for its district."""
    row = queries.order(code)
    if by.role is not Role.OPERATOR or by.district not in (None, row.district):
        raise NotFound()
    return row


def _asked_of(code: str, by: Actor) -> Order:
    """The order for a member of the vendor that is or was asked; `NotFound` for others."""
    row = queries.order(code)
    if row.vendor is not None and by.role is Role.VENDOR and row.vendor.organisation.code == by.organisation:
        return row
    mine = (one for one in queries.asked_vendors(row) if one.vendor.organisation.code == by.organisation)
    if by.role is Role.VENDOR and (last := list(mine)):
        raise WrongState(
            N_("This order no longer asks you."),
            rule=N_("An order asks one vendor at a time, until its term ends."),
            remedy=N_("What became of it stands in your list: %(answer)s."),
            answer=str(last[-1].answer),
        )
    raise NotFound()


def _waiting(row: Order, vendor_id: int | None) -> AskedVendor:
    """The open question to the vendor, or `WrongState`: answered, taken back, or the term is over."""
    asked = queries.asked_vendor(row)
    if (
        row.state is not OrderState.SELECTING
        or row.waiting_for != "confirm"
        or asked is None
        or asked.vendor_id != vendor_id
    ):
        raise _not_now(row)
    if clock.now() >= asked.due_at:
        raise WrongState(
            N_("The term for the answer is over."),
            rule=N_("The vendor answers within the term that stands beside the order."),
            remedy=N_("The order returns to its buyer, who may ask you again."),
        )
    return asked


def _lock_vendor_of(listing: str | None) -> None:
    """The vendor before the order (market/locks.py): capacity and standing are counted under its lock."""
    if listing is not None:
        lock_where(Vendor, Vendor.id == listings.listing(listing).vendor_id)


# Parts: the offer -------------------------------------------------------------------------------------------------------


def _choose(row: Order, match: Match) -> None:
    """Remember an offer as the buyer sees it now."""
    row.listing, row.publication = match.offer.code, match.offer.publication
    row.price_fen, row.days = match.offer.quote.fen, match.offer.days


def _price_again(row: Order) -> None:
    """The buyer changed his project: the chosen offer's price follows; an offer that is gone stays to be told at placing."""
    match = offers.judge_one(row, row.listing or "")
    if match is None:
        choose_none(row)
    elif row.publication in (None, match.offer.publication):
        _choose(row, match)


def _unchanged(row: Order) -> Match:
    """The chosen offer as it stands in the database now; refuses one that changed since the buyer saw it, or does not fit."""
    match = offers.judge_one(row, row.listing or "")
    if match is None or not match.offer.offered:
        raise OfferChanged(
            N_("This offer is no longer there."),
            rule=N_("Orders are placed on what is offered at that moment."),
            remedy=N_("Choose another offer in step 4; everything else is kept."),
        )
    now = match.offer.quote.fen
    if row.publication is None:  # came by a link to the offer and was never priced on the way
        _choose(row, match)
    elif (row.publication, row.price_fen) != (match.offer.publication, now):
        raise OfferChanged(
            N_("The offer changed since you chose it: the price for your project was %(before)s and is now %(now)s."),
            rule=N_("Orders are placed on what is offered at that moment."),
            remedy=N_("Look at it and choose it again in step 4, or another one; everything else is kept."),
            before=_amount(row.price_fen),
            now=_amount(now),
        )
    _check_fits(match)
    return match


def _check_fits(match: Match) -> None:
    for reason in match.against:
        raise NotFitting(
            reason.words.what,
            rule=reason.words.rule or N_("An offer is chosen only where it fits the need."),
            remedy=N_("Choose another offer, or change the project in step 2."),
            **reason.words.params,
        )


def _amount(fen: int | None) -> str:
    return "—" if fen is None else str(Money(fen))


def _ask(row: Order, match: Match, by: Actor) -> None:
    """Freeze what was promised and ask the vendor."""
    now = clock.now()
    offer = match.offer
    vendor = vendors.vendor(offer.vendor)
    held = offers.standard_of(row)
    reference = held.reference if held is not None else None
    row.vendor, row.publication, row.price_fen, row.days = vendor, offer.publication, offer.quote.fen, offer.days
    row.standard_version = held.standard.version if held is not None else None
    row.reference_fen = reference.base_fen if reference is not None else None
    row.low_fen, row.high_fen = reference.band if reference is not None else (None, None)
    due_at = queries.end_of_term(now, queries.term("confirm_days", item=row.item, region=row.district))
    db.session.add(
        AskedVendor(
            order=row,
            vendor=vendor,
            listing=offer.code,
            publication=offer.publication,
            price_fen=offer.quote.fen or 0,
            asked_at=now,
            due_at=due_at,
            answer=Answer.WAITING,
        )
    )
    wait_for(row, "confirm", Party.VENDOR, due_at)
    event = OrderPlaced(row.code, vendor.code, offer.code, row.item or "", offer.quote.fen or 0, due_at.isoformat())
    record(event, by=by)


def _check_can_take(row: Order) -> int:
    """Refuse a vendor that cannot take the order now; gives how many jobs it can still begin, this one included."""
    found = offers.judge_one(row, row.listing or "")
    vendor = vendors.vendor(row.vendor.code) if row.vendor is not None else None
    if vendor is None or not vendor_rules.is_open(vendors.facts(vendor)):
        raise RuleBroken(
            N_("Only an active vendor takes orders."),
            remedy=N_("Decline the order, so that the buyer can ask another vendor."),
        )
    if found is not None and found.offer.missing:
        lack = found.offer.missing[0]
        raise RuleBroken(lack.what, rule=lack.rule, remedy=lack.remedy, **lack.params)
    free = found.offer.capacity - found.offer.open_jobs if found is not None else 0
    if free <= 0:
        raise RuleBroken(
            N_("All %(capacity)s jobs that you do at once are taken."),
            rule=N_("An offer says how many jobs are done at once."),
            remedy=N_("Raise the number in the offer and publish it, or decline this order."),
            capacity=found.offer.capacity if found is not None else 0,
        )
    return free


def _lower(row: Order, price_fen: int) -> None:
    """A firm price below the maximum that was asked; held to a binding standard like every price."""
    found = offers.judge_one(row, row.listing or "")
    if found is None or not up_to(found.offer.quote) or row.price_fen is None or not 0 < price_fen <= row.price_fen:
        raise Invalid.field("price", N_("The price that was asked can be confirmed; only a maximum can be gone below."))
    if found.offer.binds:
        try:
            check_price(Quote(price_fen), found.offer.reference, "")
        except OutsideStandard as refusal:
            raise Invalid({"price": [refusal]}) from None
    row.price_fen = price_fen


def _award(row: Order, by: Actor) -> None:
    row.state = next_state(TRANSITIONS, row.state, "award")
    row.awarded_at, row.reason = clock.now(), None
    wait_for(row, None, None, None)
    vendor = row.vendor.code if row.vendor is not None else ""
    record(OrderAwarded(row.code, vendor, row.item or "", row.price_fen or 0, str(row.way or Way.DIRECT)), by=by)


def _give_back(other: Order, by: Actor) -> None:
    """An order that asked for a place which is now another's: its buyer need not wait for the end of the term."""
    if (asked := queries.asked_vendor(other)) is not None:
        asked.answer, asked.answered_at, asked.reason = Answer.DECLINED, clock.now(), "full"
    give_back(other, "full", GIVEN_AWAY, by=by)


# Parts: the draft -------------------------------------------------------------------------------------------------------


def _put_papers(row: Order) -> None:
    """The papers that the matter asks for; those of another matter without a document go, the others stay."""
    matter = catalogue.matter(row.matter) if row.matter is not None else None
    before = {one.name: one for one in row.papers}
    wanted = {str(one["name_zh"]): SOURCES[one["source"]] for one in (matter.documents if matter is not None else [])}
    for name, one in before.items():
        if name not in wanted and one.document_id is None:
            db.session.delete(one)
    for position, (name, source) in enumerate(wanted.items(), 1):
        if name in before:
            before[name].position = position
        else:
            db.session.add(OrderPaper(order=row, position=position, name=name, source=source))


#: where the catalogue says that a paper comes from
SOURCES: Mapping[str, PaperSource] = {
    "shared": PaperSource.HUB, "applicant": PaperSource.BUYER, "intermediary": PaperSource.RESULT,
}  # fmt: skip


def _check_inputs(row: Order) -> None:
    """Refuse, by field, what the standard of the item needs and was not given, or does not understand."""
    held = offers.standard_of(row)
    if held is not None and (faults := queries.input_faults(held, offers.inputs_of(row))):
        raise Invalid(faults)


def _draft_facts(row: Order) -> rules.DraftFacts:
    return rules.DraftFacts(
        item=row.item if row.item is not None and catalogue.item(row.item) is not None else None,
        title=row.title,
        district=row.district,
        needed_by=row.needed_by,
        ceiling_fen=row.ceiling_fen,
        fund=row.fund,
        way=row.way,
        listing=row.listing,
    )


def _districts() -> frozenset[str]:
    return frozenset(one.code for one in catalogue.districts())


def _saved(row: Order, step: int, by: Actor) -> Order:
    row.step = max(row.step, step)
    row.kept_until = kept_until(row.item, row.district)
    row.updated_at = clock.now()
    record(OrderStepSaved(row.code, step), by=by)
    return row
