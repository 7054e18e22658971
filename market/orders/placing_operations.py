"""What happens when an order is placed: the vendor is asked, or an operator looks at the need first; what did not fit is noted.

Locks: the organisation of fiscal money (so that two needs placed at once see each other), the notice, the vendor, the order.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts.models import Organisation
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Invalid, NotFound, Refusal
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock_where
from market.orders import choice, locked, notices, offers, outcome_operations, queries, rules
from market.orders.events import (
    OrderCleared,
    OrderPlaced,
    OrderSubmitted,
)
from market.orders.matching import Ground, Match, Reason
from market.orders.models import Answer, AskedVendor, ExcludedOffer, Order
from market.orders.rules import Fund, Way
from market.orders.states import TRANSITIONS, OrderState, Party
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import transactional
from market.vendors import queries as vendors
from market.vendors.models import Vendor


@transactional
def place_order(code: str, *, by: Actor) -> Order:
    """Step 5: ask the vendor of the chosen offer, at the price for this project, which is frozen with the standard it was held
    to; the vendor answers within the term (confirm_days), else the order comes back.

    Everything is looked at again in the database under locks: the way (rules.check_way), the offer (`OfferChanged` with old and
    new price, `NotFitting` with the ground). A need that may be part of a divided one goes to an operator first (review_days).
    The need passes the review of fair competition before anybody reads it (notices.publish).
    `WrongState` when it was placed already: placing twice places once.
    """
    seen = locked.own(code, by)
    if seen.fund is Fund.FISCAL and seen.organisation_id is not None:
        lock_where(Organisation, Organisation.id == seen.organisation_id)
    notices.hold(seen)
    # the lock reads the row anew: what was chosen before it is remembered
    listing = seen.listing
    locked.lock_vendor_of(listing)
    row = locked.draft(code, by, "place")
    _check_same(row, listing)
    now = clock.now()
    rules.check_draft(_draft_facts(row), districts=_districts(), today=clock.today())
    _check_inputs(row)
    look_first = rules.check_way(queries.need_facts(row), row.way or Way.DIRECT, row.justification or "")
    match = choice.unchanged(row)
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


def _check_same(row: Order, listing: str | None) -> None:
    """`Conflict` when another offer was chosen between the first look and the lock: another vendor is locked."""
    if row.listing != listing:
        raise Conflict(N_("The order was changed in another window meanwhile."), remedy=N_("Look at it again."))


REVIEWED = N_("The operator returned the order.")


@transactional
def clear_order(code: str, *, by: Actor) -> Order:
    """An operator finds the reason for several needs sufficient: the vendor is asked now.

    When the offer changed or no longer fits meanwhile, the order returns to the buyer with that reason instead.
    """
    listing = _reviewed(code, by).listing
    locked.lock_vendor_of(listing)
    row = locked.in_state(code, "clear")
    _check_same(row, listing)
    notices.check_goes_on(row)
    record(OrderCleared(row.code), by=by)
    try:
        match = choice.unchanged(row)
    except Refusal as refusal:
        told = {name: str(value) for name, value in refusal.params.items()}
        outcome_operations.give_back(row.code, "review", refusal.what, params=told, code="offer_gone", by=by)
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
    row = locked.in_state(code, "return")
    if row.state is not OrderState.IN_REVIEW:
        raise locked.not_now(row)
    outcome_operations.give_back(row.code, "review", REVIEWED, words=words, by=by)
    return row


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


def _reviewed(code: str, by: Actor) -> Order:
    """The order for an operator in duty for its district."""
    row = queries.order(code)
    if by.role is not Role.OPERATOR or by.district not in (None, row.district):
        raise NotFound()
    return row


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
