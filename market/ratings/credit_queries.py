"""Reading credit: the table of deductions, what was deducted, appeals and proposals."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from market import clock
from market.db import db
from market.ratings import credit
from market.ratings.models import CreditDeduction, CreditGround, CreditProposal
from market.ratings.queries import existing
from market.ratings.states import DeductionState, ProposalState


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
    return existing(next((row for row in grounds(on) if row.slug == slug), None))


def ground_names() -> dict[str, CreditGround]:
    """The newest row of every ground that ever was, by its slug: for its name."""
    return {row.slug: row for row in db.session.scalars(select(CreditGround).order_by(CreditGround.valid_from))}


def deduction(code: str) -> CreditDeduction:
    """The deduction with this code, or `NotFound`."""
    return existing(
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
    return existing(
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
            .options(joinedload(CreditProposal.vendor))
            .order_by(CreditProposal.due_at, CreditProposal.id)
        )
    )


def open_deduction_appeals() -> list[CreditDeduction]:
    """Appeals against deductions that wait for an operator, the earliest deadline first."""
    return list(
        db.session.scalars(
            select(CreditDeduction)
            .where(CreditDeduction.state == DeductionState.APPEALED)
            .options(joinedload(CreditDeduction.vendor))
            .order_by(CreditDeduction.appeal_due_at, CreditDeduction.id)
        )
    )
