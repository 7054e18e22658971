"""Reading ratings: rows, facts for rules, what the order page and the public see.

Ties of buyers to vendors: tie_queries.py; scores: score_queries.py; reports and call-backs: review_queries.py; credit:
credit_queries.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import joinedload

from market import clock
from market.accounts.models import Organisation, Person
from market.db import db
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, Refusal
from market.kernel.money import half_up
from market.kernel.words import N_
from market.orders import queries as orders
from market.orders.models import Dispute, Order
from market.orders.states import DisputeState, OrderState, Party
from market.payments import queries as payments
from market.ratings import rules, tie_queries
from market.ratings.models import CallBack, Rating, RatingReview, RatingTerm
from market.ratings.states import COUNTED, RatingState
from market.vendors.models import Vendor

# Terms -------------------------------------------------------------------------------------------------------------------


def term(name: str, on: date | None = None) -> int:
    """The value of a dated term (rules.TERMS) on a day, today by default. LookupError for a name without a row."""
    on = on or clock.today()
    row = db.session.scalar(
        select(RatingTerm)
        .where(RatingTerm.name == name, RatingTerm.valid_from <= on)
        .order_by(RatingTerm.valid_from.desc())
        .limit(1)
    )
    if row is None:
        raise LookupError(f"no term {name!r} holds on {on}")
    return row.value


def terms() -> list[RatingTerm]:
    """All rows of terms, by name, newest first."""
    return list(db.session.scalars(select(RatingTerm).order_by(RatingTerm.name, RatingTerm.valid_from.desc())))


# Who may rate ------------------------------------------------------------------------------------------------------------


def order_of(code: str) -> Order:
    """The order with this code, freshly read with its sides, or `NotFound`."""
    found = db.session.scalar(
        select(Order)
        .where(Order.code == code)
        .options(joinedload(Order.vendor).joinedload(Vendor.organisation), joinedload(Order.organisation))
        .execution_options(populate_existing=True)
    )
    return existing(found)


def side_of(order: Order, actor: Actor) -> Party | None:
    """The side of an order for which `actor` writes: its buyer (or who acts for him), its vendor, or None."""
    party = orders.party_of(order, actor)
    return party if party in (Party.BUYER, Party.VENDOR) else None


def rating_by(order_id: int, party: Party) -> Rating | None:
    """The rating that one side of an order gave, whatever became of it."""
    return db.session.scalar(
        select(Rating)
        .where(Rating.order_id == order_id, Rating.party == party)
        .execution_options(populate_existing=True)
    )


def ratings_of(order_id: int) -> dict[Party, Rating]:
    """The ratings of an order by who gave them, whatever became of them."""
    rows = select(Rating).where(Rating.order_id == order_id).execution_options(populate_existing=True)
    return {row.party: row for row in db.session.scalars(rows)}


def rate_until(order: Order) -> datetime | None:
    """The first instant after the time in which an order can be rated; a dispute starts it anew. None before acceptance."""
    if order.accepted_at is None:
        return None
    decided = db.session.scalar(
        select(func.max(Dispute.decided_at)).where(Dispute.order_id == order.id, Dispute.state == DisputeState.DECIDED)
    )
    return max(order.accepted_at, decided or order.accepted_at) + timedelta(days=term("rate_days"))


def facts(order: Order, party: Party, person: str, given: Mapping[Party, Rating] | None = None) -> rules.Facts:
    """What decides whether `party` may rate `order` now; `person` is the code of who writes, `given` the order's ratings where
    they are read already."""
    given = ratings_of(order.id) if given is None else given
    own, buyers = given.get(party), given.get(Party.BUYER)
    return rules.Facts(
        order=_stage(order.state),
        paid=order.funded_at is not None,
        kept=not _all_given_back(order),
        link=tie_queries.link_of(order, person) if party is Party.BUYER else None,
        before=str(own.state) if own else None,
        revealed=party is Party.VENDOR and buyers is not None and buyers.revealed_at is not None,
        rate_until=rate_until(order),
        now=clock.now(),
    )


def _stage(state: OrderState) -> rules.Order:
    if state in (OrderState.ACCEPTED, OrderState.CLOSED):
        return rules.Order.FINISHED
    if state is OrderState.DISPUTED:
        return rules.Order.DISPUTED
    return rules.Order.ENDED if state in (OrderState.CANCELLED, OrderState.FAILED) else rules.Order.RUNNING


def _all_given_back(order: Order) -> bool:
    """Whether all the money went back to the buyer, by a dispute's decision or by the refunds themselves."""
    money = payments.money_of(order.code)
    if money.total_fen and not money.held_fen and not money.released_fen:
        return True
    return bool(
        db.session.scalar(
            select(Dispute.id).where(
                Dispute.order_id == order.id, Dispute.state == DisputeState.DECIDED, Dispute.vendor_fen == 0
            )
        )
    )


# The order page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RatingBox:
    """What an order page shows of ratings. `own`: what the reader's side wrote; `theirs`: the other side's, once it is shown.

    `refusal`: why the reader's side cannot rate now, None when it can. `side` is None for officials, who see what is shown.
    """

    order: str
    side: Party | None
    own: Rating | None
    theirs: Rating | None
    refusal: Refusal | None
    until: datetime | None
    #: the buyer's rating, when the public sees it
    public: Rating | None
    finished: bool


def of_order(order_code: str, actor: Actor) -> RatingBox:
    """The ratings of an order as `actor` may see them. `NotFound` for who is neither a side of it nor an official."""
    order = order_of(order_code)
    side = side_of(order, actor)
    if side is None and orders.party_of(order, actor) is None:
        raise NotFound()
    given = ratings_of(order.id)
    buyers = given.get(Party.BUYER)
    own = given.get(side) if side else None
    other = next((row for row in given.values() if side and row.party is not side), None)
    seen = other if other is not None and other.state in {*COUNTED, RatingState.TOLD} else None
    asked = facts(order, side, actor.on_behalf_of or actor.person, given) if side else None
    return RatingBox(
        order=order.code,
        side=side,
        own=own,
        theirs=seen,
        refusal=rules.why_not(asked) if asked else None,
        until=asked.rate_until if asked else rate_until(order),
        public=buyers if buyers is not None and buyers.state in COUNTED else None,
        finished=order.state in (OrderState.ACCEPTED, OrderState.CLOSED),
    )


# Ratings -----------------------------------------------------------------------------------------------------------------


def rating(code: str) -> Rating:
    """The rating with this code, freshly read, or `NotFound`."""
    return existing(
        db.session.scalar(
            select(Rating)
            .where(Rating.code == code)
            .options(joinedload(Rating.order), joinedload(Rating.vendor).joinedload(Vendor.organisation))
            .execution_options(populate_existing=True)
        )
    )


def vendor_code_of(model: Any, code: str) -> str:
    """The code of the vendor that a rating, review or call-back is about, read without its row; `NotFound` without any."""
    statement = select(Vendor.code)
    if model is Rating:
        statement = statement.join(Rating, Rating.vendor_id == Vendor.id).where(Rating.code == code)
    elif model in (RatingReview, CallBack):
        statement = (
            statement.join(Rating, Rating.vendor_id == Vendor.id)
            .join(model, model.rating_id == Rating.id)
            .where(model.code == code)
        )
    else:
        statement = statement.join(model, model.vendor_id == Vendor.id).where(model.code == code)
    return existing(db.session.scalar(statement))


def public_rating(code: str) -> Rating:
    """A rating that the public sees, or one that was removed (its words are then not shown); `NotFound` for all others."""
    found = rating(code)
    if found.party is not Party.BUYER or found.state not in {*COUNTED, RatingState.REMOVED}:
        raise NotFound()
    return found


def is_author(row: Rating, actor: Actor) -> bool:
    """Whether `actor` is the side that wrote a rating."""
    return side_of(order_of(row.order.code), actor) is row.party


def shown(vendor_id: int, item: str | None = None, level: int | None = None) -> Select[Any]:
    """The public ratings of a vendor, newest first; for an item, and of a whole level, when given."""
    statement = (
        select(Rating)
        .where(Rating.vendor_id == vendor_id, Rating.party == Party.BUYER, Rating.state.in_(COUNTED))
        .options(joinedload(Rating.order))
    )
    if item is not None:
        statement = statement.where(Rating.item == item)
    if level is not None:
        # the mean of five, half up: 5 x level lies within 2.5 of the sum
        statement = statement.where(_sum() >= 5 * level - 2, _sum() <= 5 * level + 2)
    return statement.order_by(Rating.revealed_at.desc(), Rating.id.desc())


def _sum() -> ColumnElement[int]:
    return Rating.quality + Rating.timeliness + Rating.attitude + Rating.charge + Rating.norms


def levels(row: Rating) -> dict[str, int]:
    """The five levels of a rating by dimension."""
    return {name: getattr(row, name) for name in rules.DIMENSIONS}


def level_of(row: Rating) -> Fraction:
    """The level of a rating: the mean of the five."""
    return rules.level_of(levels(row))


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many public ratings read 5, 4, 3, 2, 1, their plain average in thousandths, and the average by dimension."""

    counts: Mapping[int, int]
    total: int
    plain_mean: int | None
    dimensions: Mapping[str, int]


def distribution(vendor_id: int, item: str | None = None) -> Distribution:
    """The public ratings of a vendor in figures."""
    names = list(rules.DIMENSIONS)
    rows = db.session.execute(
        select(_sum(), func.count(), *(func.sum(getattr(Rating, name)) for name in names))
        .where(Rating.vendor_id == vendor_id, Rating.party == Party.BUYER, Rating.state.in_(COUNTED))
        .where(Rating.item == item if item is not None else true())
        .group_by(_sum())
    ).all()
    counts, total = Counter[int](), 0
    sums = dict.fromkeys(names, 0)
    for level, count, *parts in rows:
        counts[rules.whole_level(Fraction(level, len(names)))] += count
        total += count
        for name, part in zip(names, parts, strict=True):
            sums[name] += part
    whole = half_up(Fraction(sum(sums.values()) * 1000, len(names) * total)) if total else None
    means = {name: half_up(Fraction(part * 1000, total)) for name, part in sums.items()} if total else {}
    return Distribution({level: counts[level] for level in rules.LEVELS}, total, whole, means)


def items_rated(vendor_id: int) -> list[str]:
    """Slugs of the items for which a vendor has public ratings."""
    statement = select(Rating.item).where(Rating.vendor_id == vendor_id, Rating.state.in_(COUNTED)).distinct()
    return sorted(db.session.scalars(statement))


def due_for_reveal(now: datetime) -> list[str]:
    """Codes of orders with a rating whose time to be shown has come."""
    statement = (
        select(Order.code)
        .join(Rating, Rating.order_id == Order.id)
        .where(Rating.state == RatingState.HIDDEN, Rating.reveal_at <= now)
        .distinct()
    )
    return sorted(db.session.scalars(statement))


def author_names(rows: Sequence[Rating]) -> dict[str, dict[str, str | None]]:
    """Who wrote each rating, by its code, as the public may know: {"kind": ..., "name": name or None}.

    Public bodies are named. A firm or citizen is named when the author wanted it; of a closed account no name is left.
    """
    people = {
        row.code: row for row in db.session.scalars(select(Person).where(Person.code.in_({row.person for row in rows})))
    }
    firms = {
        row.code: row
        for row in db.session.scalars(
            select(Organisation).where(Organisation.code.in_({row.organisation for row in rows if row.organisation}))
        )
    }
    found: dict[str, dict[str, str | None]] = {}
    for row in rows:
        kind = str(row.order.buyer_kind)
        if row.organisation is not None:
            firm = firms.get(row.organisation)
            named = row.is_named or kind == "public_body"
            found[row.code] = {"kind": kind, "name": firm.name if firm is not None and named else None}
        else:
            person = people.get(row.person)
            named = row.is_named and person is not None and person.closed_at is None
            found[row.code] = {"kind": kind, "name": person.name if person is not None and named else None}
    return found


def existing(row: Any) -> Any:
    """`row` as it was read, or `NotFound` where there is none."""
    if row is None:
        raise NotFound(N_("There is nothing at this address."))
    return row
