"""Reading what scores are counted from: ratings, the published means they lean on, and what orders say of a vendor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import and_, func, or_, select

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.calendar import end_of_day
from market.orders.models import Order
from market.orders.states import AT_WORK, OrderState, Party
from market.ratings import queries, scoring
from market.ratings.models import CategoryMean, CreditDeduction, Rating
from market.ratings.states import COUNTED
from market.vendors.models import Vendor

#: a score leans on what was rated in the twelve months before
LOOK_BACK = timedelta(days=365)


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
    return _leaning(_published(on), category)


def _published(on: date) -> dict[str | None, CategoryMean]:
    """The means of the last month published by a day, by category, the market's under None."""
    month = select(func.max(CategoryMean.month)).where(CategoryMean.category.is_(None), CategoryMean.month <= on)
    rows = db.session.scalars(select(CategoryMean).where(CategoryMean.month == month.scalar_subquery()))
    return {row.category: row for row in rows}


def _leaning(rows: Mapping[str | None, CategoryMean], category: str | None) -> Leaning:
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
    entry = catalogue.item(item) if item is not None else None
    return _counted(_oldest_first(vendor_id, item), item, entry.category if entry else None, on, _published(on))


def scores(vendor_id: int, items: Iterable[str | None], on: date | None = None) -> dict[str | None, scoring.Score]:
    """The scores of a vendor for each of `items` (None: in all), from one reading of its ratings."""
    on = on or clock.today()
    rows, means = _oldest_first(vendor_id), _published(on)
    categories = {one.slug: one.category for one in catalogue.items()}
    by_item: dict[str | None, list[Rating]] = {None: rows}
    for row in rows:
        by_item.setdefault(row.item, []).append(row)
    return {item: _counted(by_item.get(item, []), item, categories.get(item or ""), on, means).score for item in items}


def _oldest_first(vendor_id: int, item: str | None = None) -> list[Rating]:
    statement = queries.shown(vendor_id, item).order_by(None).order_by(Rating.given_at, Rating.id)
    return list(db.session.scalars(statement))


def _counted(
    rows: Sequence[Rating],
    item: str | None,
    category: str | None,
    on: date,
    means: Mapping[str | None, CategoryMean],
) -> Counted:
    based = _leaning(means, category)
    terms = [
        scoring.Term(
            code=row.code,
            client=row.client,
            level=queries.level_of(row),
            age_days=(on - row.given_on).days,
            amount_fen=row.amount_fen,
            median_fen=based.medians.get(row.category),
            linked=row.link is not None,
        )
        for row in rows
    ]
    weighed = scoring.weigh(terms)
    return Counted(on, item, based, scoring.score_of(Fraction(based.mean, 1000), weighed), weighed, rows)


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
        by_category.setdefault(row.category, []).append(queries.level_of(row))
        by_category[None].append(queries.level_of(row))
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
    changing = select(Vendor.code).where(or_(Vendor.id.in_(rated), Vendor.id.in_(deducted)))
    return list(db.session.scalars(changing.order_by(Vendor.id)))
