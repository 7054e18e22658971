"""Which terms an order has, in what they count, and where the figures come from: pure.

A term is a dated row per item and region (`OrderTerm`); NAMES says what each means and which default the migration wrote.
Marks as in the catalogue: C confirmed, C2 in a secondary source, M from memory, D a choice of this market, since no published
rule of Xi'an was found. A figure is changed by a new row, never here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from market.kernel.words import N_


class Unit(StrEnum):
    """What the value of a term counts."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    PERMILLE = "permille"
    FEN = "fen"


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its unit, the default that the migration wrote, and where that comes from (a message id)."""

    unit: Unit
    default: int
    mark: str
    source: str


W, C, P, F = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.PERMILLE, Unit.FEN

NAMES: Mapping[str, Term] = {
    # the need
    "draft_days": Term(C, 30, "D", N_("a draft is kept a month, so that a booked visit to a centre falls into it")),
    "review_days": Term(W, 2, "C2", N_("湘政办发〔2020〕46号 gives two working days to a check of form; taken over here")),
    "direct_limit_fen": Term(F, 5_000_000, "M", N_("direct choice with fiscal money below 50,000 yuan of one item in a year")),
    "split_window_days": Term(C, 365, "D", N_("needs of one buyer and item within a year are added up")),
    # fair competition
    "objection_days": Term(W, 2, "D", N_("the regulator may object to a reason for two working days, as for a check of form")),
    "amend_days": Term(W, 5, "D", N_("a week to change a clause to which the regulator objects")),
    # direct choice
    "confirm_days": Term(W, 2, "D", N_("the vendor answers within two working days")),
    # the contract
    "sign_days": Term(W, 5, "M", N_("supermarkets commonly give 5 to 10 working days for the contract")),
    "pay_days": Term(W, 5, "D", N_("as long as for signing")),
    "milestones_least_fen": Term(F, 1_000_000, "D", N_("payment by milestones from 10,000 yuan on")),
    # the work
    "accept_days": Term(W, 10, "D", N_("two weeks to look at a result")),
    "accept_reminder_1": Term(W, 5, "D", N_("first reminder half way")),
    "accept_reminder_2": Term(W, 8, "D", N_("second reminder two working days before the end")),
    "rework_days": Term(W, 5, "D", N_("a refused result is due again within a week")),
    # disputes
    "dispute_days": Term(W, 10, "D", N_("the operator decides within two weeks")),
    "dispute_after_acceptance_days": Term(W, 10, "D", N_("faults that show only in use")),
    # calling off: the vendor's share of what is held for the stage concerned
    "cancel_share_funded": Term(P, 0, "D", N_("before the work begins nothing is owed")),
    "cancel_share_under_way": Term(P, 300, "D", N_("three tenths of the stage that is being worked on")),
}  # fmt: skip

#: the day from which the defaults hold
DEFAULTS_FROM = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """A dated row of a term: for an item, a region (division code), both or all."""

    name: str
    item: str | None
    region: str | None
    value: int
    valid_from: date
    source: str = ""


def in_force(rows: Iterable[Row], name: str, *, item: str | None, region: str | None, on: date) -> Row:
    """The row of `name` that counts on a day: the most special one that has begun (item before region), then the newest.

    LookupError when none has begun; KeyError for a name that is no term.
    """
    NAMES[name]
    holding = [
        row
        for row in rows
        if row.name == name and row.item in (None, item) and row.region in (None, region) and row.valid_from <= on
    ]
    if not holding:
        raise LookupError(f"no row of the term {name} holds on {on}")
    return max(holding, key=lambda row: (row.item is not None, row.region is not None, row.valid_from))


def source_of(row: Row) -> tuple[str, str]:
    """Certainty mark ("" for an operator's own row) and words of a row's source; those of a default are a message id."""
    term = NAMES[row.name]
    default = f"[{term.mark}] {term.source}"
    return (term.mark, term.source) if row.source == default else ("", row.source)


def default_rows() -> list[Row]:
    """The rows that the migration writes."""
    return [
        Row(name, None, None, term.default, DEFAULTS_FROM, f"[{term.mark}] {term.source}")
        for name, term in NAMES.items()
    ]
