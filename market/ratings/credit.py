"""A vendor's credit: 100 less what upheld decisions cost, each fading linearly to nothing. Pure and exact; no estimate, no star.

    credit = max(0, 100 - sum of points x (fading days - days since the decision) / fading days)

A deduction counts from the day of its decision, rests while an appeal against it runs, and is gone when the appeal lifts it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from market.kernel.money import half_up

START = 100


@dataclass(frozen=True, slots=True)
class Deduction:
    """One decision: `points` on its day, nothing left `fading_days` later. `counts`: neither resting nor lifted."""

    code: str
    points: int
    fading_days: int
    decided_on: date
    counts: bool = True


def fades_on(decided_on: date, fading_days: int) -> date:
    """The first day on which nothing of a deduction is left."""
    return decided_on + timedelta(days=fading_days)


def left_of(deduction: Deduction, on: date) -> Fraction:
    """What a deduction still costs on a day, in points; 0 before its decision, after its fading, and while it does not count."""
    age = (on - deduction.decided_on).days
    if not deduction.counts or age < 0 or age >= deduction.fading_days:
        return Fraction(0)
    return Fraction(deduction.points * (deduction.fading_days - age), deduction.fading_days)


def credit(deductions: Iterable[Deduction], on: date) -> Fraction:
    """The credit on a day in points, never below 0."""
    return max(Fraction(0), START - sum((left_of(one, on) for one in deductions), Fraction(0)))


def thousandths(points: Fraction) -> int:
    """Points in thousandths, rounded half up: the form in which they are kept and shown."""
    return half_up(points * 1000)
