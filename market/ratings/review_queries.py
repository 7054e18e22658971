"""Reading reports of ratings, their reviews and appeals, and the call-backs of bad ratings."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import aliased, joinedload, selectinload

from market import clock
from market.db import db
from market.orders.states import Party
from market.ratings.models import CallBack, Rating, RatingReport, RatingReview
from market.ratings.queries import existing
from market.ratings.states import ReviewState
from market.vendors.models import Vendor


def review(code: str) -> RatingReview:
    """The review with this code, or `NotFound`."""
    return existing(
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
            .options(joinedload(RatingReview.rating).joinedload(Rating.vendor), selectinload(RatingReview.reports))
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


def report_rates(vendor_id: int | None = None) -> list[ReportRate]:
    """Vendors that reported ratings of their own, those with the most reports of the last 30 days first; or that one alone."""
    lately = clock.now() - timedelta(days=30)
    ever = (
        select(func.count(Rating.id))
        .where(Rating.vendor_id == Vendor.id, Rating.party == Party.BUYER, Rating.revealed_at.is_not(None))
        .correlate(Vendor)
        .scalar_subquery()
    )
    about = aliased(Rating)
    statement = (
        select(
            Vendor,
            ever,
            func.count(),
            func.count().filter(RatingReport.reported_at >= lately),
            func.count().filter(RatingReview.removed.is_(True)),
        )
        .join(about, about.vendor_id == Vendor.id)
        .join(RatingReport, RatingReport.rating_id == about.id)
        .join(RatingReview, RatingReview.id == RatingReport.review_id)
        .where(RatingReport.by_vendor.is_(True), Vendor.id == vendor_id if vendor_id is not None else true())
        .group_by(Vendor.id)
    )
    rates = [ReportRate(*row) for row in db.session.execute(statement)]
    return sorted(rates, key=lambda one: (-one.this_month, -one.reported, one.vendor.id))


def call_back(code: str) -> CallBack:
    """The call-back with this code, or `NotFound`."""
    return existing(
        db.session.scalar(select(CallBack).where(CallBack.code == code).execution_options(populate_existing=True))
    )


def call_back_of(rating_id: int) -> CallBack | None:
    """The call-back of a rating, or None."""
    return db.session.scalar(select(CallBack).where(CallBack.rating_id == rating_id))


def open_call_backs() -> list[CallBack]:
    """Call-backs that wait, the earliest deadline first."""
    of_rating = joinedload(CallBack.rating).options(joinedload(Rating.vendor), joinedload(Rating.order))
    statement = select(CallBack).where(CallBack.done_at.is_(None)).options(of_rating)
    return list(db.session.scalars(statement.order_by(CallBack.due_at, CallBack.id)))


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
