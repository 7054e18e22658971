"""What may be paid, sent back and split: on plain facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Conflict, Refusal, RuleBroken, WrongState
from market.kernel.money import Money
from market.payments import rules
from market.payments.rules import Instalment, Step, ToPay
from market.payments.states import PaymentState as P

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def to_pay(**changes: Any) -> ToPay:
    values = {
        "state": P.DUE,
        "fen": 100,
        "pay_by": NOW + timedelta(days=1),
        "awaited": True,
        "ended": False,
        "frozen": False,
    }
    return ToPay(**{**values, **changes})


def test_what_is_due_can_be_paid() -> None:
    rules.check_begin(to_pay(), NOW)
    rules.check_begin(to_pay(pay_by=None), NOW)
    # a later stage is paid late rather than never: only the first payment has a term that ends the order
    rules.check_begin(to_pay(awaited=False, pay_by=NOW - timedelta(days=9)), NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"state": P.BEGUN}, Conflict),
        ({"state": P.HELD}, Conflict),
        ({"state": P.RELEASED}, Conflict),
        ({"state": P.REFUNDED}, Conflict),
        ({"state": P.TAKEN_BACK}, Conflict),
        ({"state": P.VOID}, WrongState),
        ({"ended": True}, WrongState),
        ({"pay_by": NOW}, WrongState),
        ({"frozen": True}, WrongState),
    ],
)
def test_what_is_open_done_void_late_or_disputed_cannot_be_paid(
    changes: dict[str, Any], refusal: type[Refusal]
) -> None:
    """KF-MON-08, KF-MON-19."""
    with pytest.raises(refusal) as refused:
        rules.check_begin(to_pay(**changes), NOW)
    assert refused.value.what


@pytest.mark.parametrize(
    ("asked", "available", "shown", "frozen", "refusal"),
    [
        (6000, 10000, 10000, False, None),
        (10000, 10000, 10000, False, None),
        (0, 10000, 10000, False, RuleBroken),
        (-500, 10000, 10000, False, RuleBroken),
        (10001, 10000, 10000, False, RuleBroken),
        # somebody else was first: what exceeds the rest says so, what would fit asks to look again
        (6000, 4000, 10000, False, RuleBroken),
        (3000, 7000, 10000, False, Conflict),
        (6000, 10000, 10000, True, WrongState),
    ],
)
def test_a_refund_is_exact_and_decided_on_the_figure_that_holds(
    asked: int, available: int, shown: int, frozen: bool, refusal: type[Refusal] | None
) -> None:
    """KF-MON-12, KF-MON-13."""
    if refusal is None:
        rules.check_refund(asked, available, shown, frozen)
        return
    with pytest.raises(refusal):
        rules.check_refund(asked, available, shown, frozen)


def test_who_recorded_a_transfer_does_not_confirm_it() -> None:
    rules.check_second_officer("P-1", "P-2")
    with pytest.raises(RuleBroken):
        rules.check_second_officer("P-1", "P-1")


@pytest.mark.parametrize(
    ("permille", "fen", "fee"),
    [
        (0, 10001, 0),
        (50, 10001, 500),
        (50, 10010, 500),
        (50, 10011, 501),
        (1000, 7, 7),
        (333, 1, 0),
        (500, 1, 0),
        (501, 1, 1),
    ],
)
def test_the_fee_is_rounded_by_largest_remainder_the_vendor_first_among_equals(
    permille: int, fen: int, fee: int
) -> None:
    """KF-MON-17: 100.01 at five per cent."""
    assert rules.fee({date(2020, 1, 1): permille}, date(2026, 3, 4), fen) == fee


def test_the_newest_fee_rate_that_has_begun_counts_and_none_is_no_rate() -> None:
    rates = {date(2020, 1, 1): 0, date(2026, 1, 1): 50, date(2027, 1, 1): 90}
    assert rules.fee(rates, date(2025, 12, 31), 1000) == 0
    assert rules.fee(rates, date(2026, 1, 1), 1000) == 50
    with pytest.raises(LookupError):
        rules.fee(rates, date(2019, 12, 31), 1000)


@given(st.integers(1, 10**9), st.integers(0, 10**6), st.lists(st.integers(1, 10**9), max_size=8))
def test_an_earning_taken_back_in_parts_gives_back_exactly_its_fee(net: int, fee: int, parts: list[int]) -> None:
    """KF-MON-14: parts add up to the whole, whatever their order and number; nothing is given back twice."""
    net_left, fee_left = net, fee
    for wish in [*parts, net + fee]:
        part = min(wish, net_left + fee_left)
        if not part:
            break
        fee_part = rules.share_of_fee(part, net_left, fee_left)
        assert 0 <= fee_part <= fee_left
        assert 0 <= part - fee_part <= net_left
        net_left, fee_left = net_left - (part - fee_part), fee_left - fee_part
    assert (net_left, fee_left) == (0, 0)


def test_three_equal_parts_of_8999_are_30_00_30_00_and_29_99() -> None:
    """KF-MON-14: a sum that does not divide; the odd cent goes to the first parts, as published."""
    assert [one.fen for one in Money(8999).shares([1, 1, 1])] == [3000, 3000, 2999]


@given(st.lists(st.integers(0, 1000), min_size=1), st.data())
def test_an_amount_taken_in_order_empties_the_first_before_the_next(available: list[int], data: st.DataObject) -> None:
    fen = data.draw(st.integers(0, sum(available)))
    parts = rules.split_in_order(fen, available)
    assert sum(parts) == fen
    assert all(0 <= part <= one for part, one in zip(parts, available, strict=True))
    touched = [index for index, part in enumerate(parts) if part]
    assert all(parts[index] == available[index] for index in touched[:-1])
    with pytest.raises(ValueError, match="more than there is"):
        rules.split_in_order(sum(available) + 1, available)


def row(code: str, number: int, fen: int, state: P, held: int = 0) -> Instalment:
    return Instalment(code, number, fen, state, held)


@pytest.mark.parametrize(
    ("current", "wanted", "steps"),
    [
        ([], {1: 100}, [Step("open", 1, 100)]),
        ([], {1: 0}, []),
        # the same again: nothing
        ([row("a", 1, 100, P.DUE)], {1: 100}, []),
        ([row("a", 1, 100, P.HELD, 100)], {1: 100}, []),
        # unpaid ones are replaced
        ([row("a", 1, 100, P.DUE)], {1: 120}, [Step("void", 1, code="a"), Step("open", 1, 120)]),
        ([row("a", 1, 100, P.DUE)], {}, [Step("void", 1, code="a")]),
        # what is paid, or being paid, counts
        ([row("a", 1, 100, P.HELD, 100)], {1: 130}, [Step("open", 1, 30)]),
        ([row("a", 1, 100, P.BEGUN)], {1: 130}, [Step("open", 1, 30)]),
        # unless it is too much: it is void, and goes back by itself if it arrives
        ([row("a", 1, 100, P.BEGUN)], {1: 70}, [Step("void", 1, code="a"), Step("open", 1, 70)]),
        ([row("a", 1, 100, P.BEGUN)], {1: 0}, [Step("void", 1, code="a")]),
        ([row("a", 1, 100, P.HELD, 100)], {1: 70}, [Step("refund", 1, 30, "a")]),
        ([row("a", 1, 100, P.HELD, 20)], {1: 70}, [Step("refund", 1, 20, "a")]),
        ([row("a", 1, 100, P.RELEASED)], {1: 70}, []),
        # void and refunded ones are no more
        ([row("a", 1, 100, P.VOID), row("b", 1, 50, P.REFUNDED)], {1: 100}, [Step("open", 1, 100)]),
        # a part that is open already is asked for once
        ([row("a", 1, 100, P.HELD, 100), row("b", 1, 30, P.DUE)], {1: 130}, []),
        ([row("a", 1, 100, P.HELD, 100), row("b", 1, 30, P.DUE)], {1: 100}, [Step("void", 1, code="b")]),
    ],
)
def test_an_amendment_asks_for_what_is_missing_and_sends_back_what_is_too_much(
    current: list[Instalment], wanted: dict[int, int], steps: list[Step]
) -> None:
    assert rules.replan(current, wanted) == steps


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 500), st.sampled_from([P.DUE, P.BEGUN, P.HELD])), max_size=6),
    st.dictionaries(st.integers(1, 3), st.integers(0, 900)),
)
def test_after_an_amendment_the_instalments_come_to_what_was_agreed(
    rows: list[tuple[int, int, P]], wanted: dict[int, int]
) -> None:
    """KF-MON-17: contract, instalments and what is asked for never differ."""
    current = [row(str(i), n, fen, state, fen if state is P.HELD else 0) for i, (n, fen, state) in enumerate(rows)]
    left = {one.code: one.fen for one in current}
    sums: dict[int, int] = {}
    for step in rules.replan(current, wanted):
        if step.kind == "void":
            left.pop(step.code)
        elif step.kind == "refund":
            left[step.code] -= step.fen
        else:
            sums[step.number] = sums.get(step.number, 0) + step.fen
    for one in current:
        if one.code in left:
            sums[one.number] = sums.get(one.number, 0) + left[one.code]
    assert {number: fen for number, fen in sums.items() if fen} == {n: fen for n, fen in wanted.items() if fen}
