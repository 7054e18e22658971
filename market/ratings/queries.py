"""Reading ratings and credit: rows, facts for rules, and what the order page shows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import joinedload

from market import clock
from market.accounts.models import Membership, Organisation, Person
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Actor
from market.kernel.calendar import end_of_day
from market.kernel.errors import NotFound, Refusal
from market.kernel.money import half_up
from market.kernel.names import name_key
from market.kernel.words import N_
from market.orders import queries as orders
from market.orders.models import Dispute, Order
from market.orders.states import AT_WORK, DisputeState, OrderState, Party
from market.payments import queries as payments
from market.ratings import credit, rules, scoring
from market.ratings.models import (
    CallBack,
    CategoryMean,
    CreditDeduction,
    CreditGround,
    CreditProposal,
    Rating,
    RatingReport,
    RatingReview,
    RatingTerm,
)
from market.ratings.states import COUNTED, DeductionState, ProposalState, RatingState, ReviewState
from market.vendors.models import Vendor

#: a score leans on what was rated in the twelve months before
LOOK_BACK = timedelta(days=365)

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
    return _found(found)


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


def rate_until(order: Order) -> datetime | None:
    """The first instant after the time in which an order can be rated; a dispute starts it anew. None before acceptance."""
    if order.accepted_at is None:
        return None
    decided = db.session.scalar(
        select(func.max(Dispute.decided_at)).where(Dispute.order_id == order.id, Dispute.state == DisputeState.DECIDED)
    )
    return max(order.accepted_at, decided or order.accepted_at) + timedelta(days=term("rate_days"))


def facts(order: Order, party: Party, person: str) -> rules.Facts:
    """What decides whether `party` may rate `order` now; `person` is the code of who writes."""
    own = rating_by(order.id, party)
    buyers = rating_by(order.id, Party.BUYER)
    return rules.Facts(
        order=_stage(order.state),
        paid=order.funded_at is not None,
        kept=not _all_given_back(order),
        link=link_of(order, person) if party is Party.BUYER else None,
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


def link_of(order: Order, person: str) -> str | None:
    """Why the buyer of an order is tied to its vendor (rules.LINKS), or None."""
    return rules.link(_client(order, person), ties_of(order.vendor)) if order.vendor is not None else None


def links_of(vendor: Vendor) -> list[tuple[Rating, str | None]]:
    """The buyers' ratings of a vendor, each with why its author is tied to it now, or None."""
    rows = db.session.scalars(
        select(Rating)
        .where(Rating.vendor_id == vendor.id, Rating.party == Party.BUYER)
        .options(joinedload(Rating.order).options(joinedload(Order.person), joinedload(Order.organisation)))
        .order_by(Rating.id)
    )
    ties = ties_of(vendor)
    return [(row, rules.link(_client(row.order, row.person), ties)) for row in rows]


def _client(order: Order, person: str) -> rules.Client:
    firm = order.organisation
    return rules.Client(
        people=frozenset({person, order.person.code}),
        organisation=firm.code if firm is not None else None,
        credit_code=firm.credit_code if firm is not None else None,
        name=name_key(firm.name) if firm is not None else None,
        since=order.created_at,
    )


def ties_of(vendor: Vendor) -> rules.Ties:
    """Everybody who is tied to a vendor."""
    people: dict[str, datetime | None] = {}
    members = (
        select(Person.code, Membership.ended_at)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == vendor.organisation_id)
    )
    for code, ended in db.session.execute(members):
        before = people.get(code, ended)
        people[code] = None if before is None or ended is None else max(before, ended)
    return rules.Ties(
        organisation=vendor.organisation.code,
        credit_code=vendor.credit_code,
        people=people,
        bodies=frozenset(name_key(tie["body"]) for tie in vendor.ties),
        representative=_sharing(vendor, Vendor.representative_hash, vendor.representative_hash),
        phone=_sharing(vendor, Vendor.phone_hash, vendor.phone_hash),
    )


def _sharing(vendor: Vendor, column: Any, value: str | None) -> frozenset[str]:
    """Organisations (code, credit code) and running members of other vendors with the same hash."""
    if value is None:
        return frozenset()
    others = (
        select(Vendor.credit_code, Organisation.code, Person.code)
        .join(Vendor.organisation)
        .outerjoin(Membership, and_(Membership.organisation_id == Organisation.id, Membership.ended_at.is_(None)))
        .outerjoin(Person, Person.id == Membership.person_id)
        .where(column == value, Vendor.id != vendor.id)
    )
    return frozenset(code for row in db.session.execute(others) for code in row if code is not None)


def works_for(person: str, organisation_id: int) -> bool:
    """Whether somebody is a running member of an organisation, whatever role he acts in now."""
    statement = (
        select(Membership.id)
        .join(Membership.person)
        .where(Person.code == person, Membership.organisation_id == organisation_id, Membership.ended_at.is_(None))
    )
    return db.session.scalar(statement.limit(1)) is not None


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
    buyers, vendors = rating_by(order.id, Party.BUYER), rating_by(order.id, Party.VENDOR)
    own, other = (
        (buyers, vendors) if side is Party.BUYER else (vendors, buyers) if side is Party.VENDOR else (None, None)
    )
    seen = other if other is not None and other.state in {*COUNTED, RatingState.TOLD} else None
    author = actor.on_behalf_of or actor.person
    return RatingBox(
        order=order.code,
        side=side,
        own=own,
        theirs=seen,
        refusal=rules.why_not(facts(order, side, author)) if side else None,
        until=rate_until(order),
        public=buyers if buyers is not None and buyers.state in COUNTED else None,
        finished=order.state in (OrderState.ACCEPTED, OrderState.CLOSED),
    )


# Ratings -----------------------------------------------------------------------------------------------------------------


def rating(code: str) -> Rating:
    """The rating with this code, freshly read, or `NotFound`."""
    return _found(
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
    return _found(db.session.scalar(statement))


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


# The score ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a score leans on: mean in thousandths, counted from how many ratings, the category or None for the market, month."""

    mean: int
    count: int
    category: str | None
    month: date
    medians: Mapping[str, int]


def leaning(category: str | None, on: date) -> Leaning:
    """The mean for `category` (None: in all) in force on a day: of the last published month; the market's where it has none."""
    month = db.session.scalar(
        select(func.max(CategoryMean.month)).where(CategoryMean.category.is_(None), CategoryMean.month <= on)
    )
    rows = {row.category: row for row in db.session.scalars(select(CategoryMean).where(CategoryMean.month == month))}
    row = rows.get(category) or rows[None]
    medians = {name: one.median_fen for name, one in rows.items() if name is not None and one.median_fen is not None}
    return Leaning(row.mean, row.count, row.category, row.month, medians)


def months() -> list[CategoryMean]:
    """All published means, the newest month first, the market before its categories."""
    return list(
        db.session.scalars(
            select(CategoryMean).order_by(CategoryMean.month.desc(), CategoryMean.category.nulls_first())
        )
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """A score with everything it was counted from."""

    on: date
    item: str | None
    leaning: Leaning
    score: scoring.Score
    weighed: Sequence[scoring.Weighed]
    rows: Sequence[Rating]


def counted(vendor_id: int, item: str | None = None, on: date | None = None) -> Counted:
    """The score of a vendor for an item, or in all, with its terms, oldest rating first."""
    on = on or clock.today()
    found = list(db.session.scalars(shown(vendor_id, item).order_by(None).order_by(Rating.given_at, Rating.id)))
    return _counted(found, item, on)


def _counted(rows: Sequence[Rating], item: str | None, on: date) -> Counted:
    entry = catalogue.item(item) if item is not None else None
    based = leaning(entry.category if entry else None, on)
    found = [
        scoring.Term(
            code=row.code,
            client=row.client,
            level=level_of(row),
            age_days=(on - row.given_on).days,
            amount_fen=row.amount_fen,
            median_fen=based.medians.get(row.category),
            linked=row.link is not None,
        )
        for row in rows
    ]
    m = Fraction(based.mean, 1000)
    weighed = scoring.weigh(found)
    return Counted(on, item, based, scoring.score_of(m, weighed), weighed, rows)


def means_before(month: date) -> tuple[dict[str | None, tuple[int, int]], dict[str, list[int]]]:
    """For the twelve months before the first of `month`: (mean in thousandths, count) of public ratings without a tie by category
    and of the market under None; and the prices in fen of accepted orders by category.
    """
    end, begin = end_of_day(month - timedelta(days=1)), end_of_day(month - LOOK_BACK - timedelta(days=1))
    rated = db.session.scalars(
        select(Rating).where(
            Rating.party == Party.BUYER,
            Rating.state.in_(COUNTED),
            Rating.link.is_(None),
            Rating.revealed_at >= begin,
            Rating.revealed_at < end,
        )
    ).all()
    by_category: dict[str | None, list[Fraction]] = {None: []}
    for row in rated:
        by_category.setdefault(row.category, []).append(level_of(row))
        by_category[None].append(level_of(row))
    categories = {item.slug: item.category for item in catalogue.items()}
    prices: dict[str, list[int]] = {}
    accepted = select(Order.item, Order.price_fen).where(
        Order.accepted_at >= begin,
        Order.accepted_at < end,
        Order.price_fen > 0,
        Order.state.in_((OrderState.ACCEPTED, OrderState.CLOSED)),
    )
    for slug, fen in db.session.execute(accepted):
        if slug in categories and fen is not None:
            prices.setdefault(categories[slug], []).append(fen)
    return {name: (scoring.plain_mean(found) or 0, len(found)) for name, found in by_category.items()}, prices


@dataclass(frozen=True, slots=True)
class Jobs:
    """What orders say of a vendor: k of n on time and accepted at first, and jobs in hand."""

    on_time: int = 0
    on_time_of: int = 0
    first_pass: int = 0
    first_pass_of: int = 0
    open_jobs: int = 0


def jobs_of(vendor_id: int) -> dict[str | None, Jobs]:
    """A vendor's finished and open orders by item, and in all under None."""
    done = Order.state.in_((OrderState.ACCEPTED, OrderState.CLOSED))
    statement = (
        select(
            Order.item,
            func.count().filter(and_(done, Order.late.is_(False))),
            func.count().filter(done),
            func.count().filter(and_(done, Order.reworks == 0)),
            func.count().filter(Order.state.in_(AT_WORK)),
        )
        .where(Order.vendor_id == vendor_id, or_(done, Order.state.in_(AT_WORK)))
        .group_by(Order.item)
    )
    found = {item: Jobs(k, n, first, n, running) for item, k, n, first, running in db.session.execute(statement)}
    whole = Jobs(*(sum(getattr(one, name) for one in found.values()) for name in Jobs.__dataclass_fields__))
    return {**found, None: whole}


def vendors_to_refresh() -> list[str]:
    """Codes of vendors whose figures change with time: with ratings or deductions."""
    rated, deducted = select(Rating.vendor_id), select(CreditDeduction.vendor_id)
    return list(
        db.session.scalars(
            select(Vendor.code).where(or_(Vendor.id.in_(rated), Vendor.id.in_(deducted))).order_by(Vendor.id)
        )
    )


# Reviews and call-backs --------------------------------------------------------------------------------------------------


def review(code: str) -> RatingReview:
    """The review with this code, or `NotFound`."""
    return _found(
        db.session.scalar(
            select(RatingReview).where(RatingReview.code == code).execution_options(populate_existing=True)
        )
    )


def reviews_of(rating_id: int) -> list[RatingReview]:
    """All reviews of a rating, the newest first."""
    return list(
        db.session.scalars(
            select(RatingReview).where(RatingReview.rating_id == rating_id).order_by(RatingReview.id.desc())
        )
    )


def running_review(rating_id: int) -> RatingReview | None:
    """The review of a rating that waits for a decision, or None."""
    return db.session.scalar(
        select(RatingReview).where(
            RatingReview.rating_id == rating_id, RatingReview.state.in_((ReviewState.OPEN, ReviewState.APPEALED))
        )
    )


def report_by(rating_id: int, reporter: str) -> RatingReport | None:
    """What an organisation or person reported of a rating, or None."""
    return db.session.scalar(
        select(RatingReport).where(RatingReport.rating_id == rating_id, RatingReport.reporter == reporter)
    )


def open_reviews() -> list[RatingReview]:
    """Reviews and appeals that wait for an operator, the earliest deadline first."""
    due = func.coalesce(RatingReview.appeal_due_at, RatingReview.due_at)
    return list(
        db.session.scalars(
            select(RatingReview)
            .where(RatingReview.state.in_((ReviewState.OPEN, ReviewState.APPEALED)))
            .order_by(due, RatingReview.id)
        )
    )


@dataclass(frozen=True, slots=True)
class ReportRate:
    """How often a vendor reports its ratings: of how many public ones, how many it reported, and how many were removed for it."""

    vendor: Vendor
    shown: int
    reported: int
    this_month: int
    removed: int


def report_rates(least: int = 1) -> list[ReportRate]:
    """Vendors that reported ratings of their own, those with the most reports of the last 30 days first."""
    lately = clock.now() - timedelta(days=30)
    statement = (
        select(
            Vendor,
            func.count(),
            func.count().filter(RatingReport.reported_at >= lately),
            func.count().filter(RatingReview.removed.is_(True)),
        )
        .join(Rating, Rating.vendor_id == Vendor.id)
        .join(RatingReport, RatingReport.rating_id == Rating.id)
        .join(RatingReview, RatingReview.id == RatingReport.review_id)
        .where(RatingReport.by_vendor.is_(True))
        .group_by(Vendor.id)
        .having(func.count() >= least)
    )
    found = []
    for vendor, reported, month, removed in db.session.execute(statement):
        ever = select(func.count()).where(
            Rating.vendor_id == vendor.id, Rating.party == Party.BUYER, Rating.revealed_at.is_not(None)
        )
        found.append(ReportRate(vendor, db.session.scalar(ever) or 0, reported, month, removed))
    return sorted(found, key=lambda one: (-one.this_month, -one.reported, one.vendor.id))


def call_back(code: str) -> CallBack:
    """The call-back with this code, or `NotFound`."""
    return _found(
        db.session.scalar(select(CallBack).where(CallBack.code == code).execution_options(populate_existing=True))
    )


def call_back_of(rating_id: int) -> CallBack | None:
    """The call-back of a rating, or None."""
    return db.session.scalar(select(CallBack).where(CallBack.rating_id == rating_id))


def open_call_backs() -> list[CallBack]:
    """Call-backs that wait, the earliest deadline first."""
    return list(
        db.session.scalars(select(CallBack).where(CallBack.done_at.is_(None)).order_by(CallBack.due_at, CallBack.id))
    )


def call_backs_in_time(vendor_id: int | None = None) -> tuple[int, int]:
    """Of the call-backs done or overdue, (how many were done in time, how many there are); of one vendor when given."""
    now = clock.now()
    over = or_(CallBack.done_at.is_not(None), CallBack.due_at <= now)
    in_time = CallBack.done_at < CallBack.due_at
    statement = select(func.count().filter(in_time), func.count()).select_from(CallBack).where(over)
    if vendor_id is not None:
        statement = statement.join(Rating, Rating.id == CallBack.rating_id).where(Rating.vendor_id == vendor_id)
    done, whole = db.session.execute(statement).one()
    return done, whole


# Credit ------------------------------------------------------------------------------------------------------------------


def grounds(on: date | None = None) -> list[CreditGround]:
    """The table of deductions that holds on a day, in its published order."""
    on = on or clock.today()
    rows = db.session.scalars(
        select(CreditGround)
        .where(CreditGround.valid_from <= on, or_(CreditGround.valid_to.is_(None), CreditGround.valid_to >= on))
        .order_by(CreditGround.valid_from)
    )
    newest = {row.slug: row for row in rows}
    return sorted(newest.values(), key=lambda row: (row.position, row.id))


def ground(slug: str, on: date) -> CreditGround:
    """The row of the table of deductions that holds on a day, or `NotFound`."""
    return _found(next((row for row in grounds(on) if row.slug == slug), None))


def ground_names() -> dict[str, CreditGround]:
    """The newest row of every ground that ever was, by its slug: for its name."""
    return {row.slug: row for row in db.session.scalars(select(CreditGround).order_by(CreditGround.valid_from))}


def deduction(code: str) -> CreditDeduction:
    """The deduction with this code, or `NotFound`."""
    return _found(
        db.session.scalar(
            select(CreditDeduction).where(CreditDeduction.code == code).execution_options(populate_existing=True)
        )
    )


def deductions_of(vendor_id: int) -> list[CreditDeduction]:
    """All deductions of a vendor, the newest decision first."""
    return list(
        db.session.scalars(
            select(CreditDeduction)
            .where(CreditDeduction.vendor_id == vendor_id)
            .order_by(CreditDeduction.decided_on.desc(), CreditDeduction.id.desc())
        )
    )


def as_terms(rows: Iterable[CreditDeduction]) -> list[credit.Deduction]:
    """Deductions as the formula sees them."""
    counts = (DeductionState.COUNTED, DeductionState.FINAL)
    return [
        credit.Deduction(row.code, row.points, row.fading_days, row.decided_on, row.state in counts) for row in rows
    ]


def credit_of(vendor_id: int, on: date | None = None) -> Fraction:
    """A vendor's credit on a day, in points."""
    return credit.credit(as_terms(deductions_of(vendor_id)), on or clock.today())


def proposal(code: str) -> CreditProposal:
    """The proposed deduction with this code, or `NotFound`."""
    return _found(
        db.session.scalar(
            select(CreditProposal).where(CreditProposal.code == code).execution_options(populate_existing=True)
        )
    )


def open_proposals() -> list[CreditProposal]:
    """Proposed deductions that wait for an operator, the earliest deadline first."""
    return list(
        db.session.scalars(
            select(CreditProposal)
            .where(CreditProposal.state == ProposalState.OPEN)
            .order_by(CreditProposal.due_at, CreditProposal.id)
        )
    )


def open_deduction_appeals() -> list[CreditDeduction]:
    """Appeals against deductions that wait for an operator, the earliest deadline first."""
    return list(
        db.session.scalars(
            select(CreditDeduction)
            .where(CreditDeduction.state == DeductionState.APPEALED)
            .order_by(CreditDeduction.appeal_due_at, CreditDeduction.id)
        )
    )


def _found(row: Any) -> Any:
    if row is None:
        raise NotFound(N_("There is nothing at this address."))
    return row
