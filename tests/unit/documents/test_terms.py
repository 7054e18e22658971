"""Terms of retention, limits of uploads and slips, what the scanner's word means: pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.documents.rules import (
    MOST_BYTES,
    MOST_UPLOADS,
    Access,
    Quarantined,
    Scan,
    TermUnit,
    check_originals,
    check_scan,
    check_uploads,
    is_party,
    party,
    term_end,
)
from market.kernel.actor import Actor, Role
from market.kernel.errors import Invalid, RuleBroken, Unavailable

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(DAYS, st.integers(0, 1000))
def test_a_term_in_years_never_ends_before_the_same_day_less_one(began: date, length: int) -> None:
    end = term_end(began, length, TermUnit.YEARS)
    assert end.year == began.year + length
    assert (end.month, end.day) in ((began.month, began.day), (2, 28))


@given(DAYS, DAYS, st.integers(0, 500), st.sampled_from(list(TermUnit)))
def test_who_began_earlier_never_ends_later(one: date, other: date, length: int, unit: TermUnit) -> None:
    """Why the nightly job may stop at the first document whose term is not over."""
    first, second = sorted((one, other))
    assert term_end(first, length, unit) <= term_end(second, length, unit)


@pytest.mark.parametrize("capacity", list(Access))
def test_what_was_found_is_for_nobody(capacity: Access) -> None:
    for scanner in (True, False):
        with pytest.raises(Quarantined):
            check_scan(Scan.FOUND, scanner, capacity, "a.pdf")


@pytest.mark.parametrize("capacity", list(Access))
def test_what_was_not_seen_yet_is_for_its_owner_alone_where_there_is_a_scanner(capacity: Access) -> None:
    check_scan(Scan.CLEAN, True, capacity, "a.pdf")
    check_scan(Scan.NOT_SCANNED, False, capacity, "a.pdf")
    if capacity is Access.OWN:
        check_scan(Scan.NOT_SCANNED, True, capacity, "a.pdf")
    else:
        with pytest.raises(Unavailable):
            check_scan(Scan.NOT_SCANNED, True, capacity, "a.pdf")


@pytest.mark.parametrize(
    ("running", "together", "size", "refused"),
    [
        (0, 0, 1, None),
        (0, 0, 100, None),
        (0, 0, 0, Invalid),
        (0, 0, -1, Invalid),
        (0, 0, 101, Invalid),
        (MOST_UPLOADS - 1, 0, 1, None),
        (MOST_UPLOADS, 0, 1, RuleBroken),
        (1, MOST_BYTES - 100, 100, None),
        (1, MOST_BYTES - 99, 100, RuleBroken),
    ],
)
def test_limits_of_uploads(running: int, together: int, size: int, refused: type[Exception] | None) -> None:
    if refused is None:
        check_uploads(running, together, size, 100)
    else:
        with pytest.raises(refused):
            check_uploads(running, together, size, 100)


def test_a_slip_lists_papers_without_blanks() -> None:
    assert check_originals([" a ", "", "b\n"]) == ["a", "b"]
    assert check_originals(["a"] * 20) == ["a"] * 20


def test_for_whom_somebody_acts() -> None:
    firm, citizen = Actor("P-1", Role.BUYER, "O-1"), Actor("P-2")
    clerk = Actor("P-3", Role.COUNTER, "O-3", on_behalf_of="P-2")
    assert (party(firm), party(citizen), party(clerk)) == (("P-1", "O-1"), ("P-2", None), ("P-2", None))
    assert is_party(Actor("P-9", Role.BUYER, "O-1"), "P-1", "O-1")
    assert is_party(clerk, "P-2", None)
    assert not is_party(citizen, "P-1", "O-1")
    assert not is_party(Actor("P-1", Role.BUYER, "O-2"), "P-1", "O-1")
