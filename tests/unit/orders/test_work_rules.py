"""Rules of work: clocks over holidays, amendments, disputes; and the state tables."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.calendar import Calendar
from market.kernel.errors import Forbidden, Invalid, RuleBroken
from market.kernel.states import next_state
from market.orders import work_rules
from market.orders.contract_text import Stage
from market.orders.states import (
    CONTRACT_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    TRANSITIONS,
    WHO,
    MilestoneState,
    OrderState,
    Party,
)
from market.orders.work_rules import Standing

#: days off Wednesday 30 September to Wednesday 7 October, made up on Saturday 10 October 2026 (as an example, not a plan)
CALENDAR = Calendar(
    days_off=frozenset(date(2026, 9, 30) + timedelta(days=i) for i in range(8)),
    make_up=frozenset({date(2026, 10, 10)}),
    published_through=date(2027, 12, 31),
)


@pytest.mark.parametrize(
    ("due", "began", "ended", "expected"),
    [
        # the same day: nothing is lost
        (date(2026, 9, 25), date(2026, 9, 21), date(2026, 9, 21), date(2026, 9, 25)),
        # Monday to Tuesday: one day, over the weekend to Monday
        (date(2026, 9, 25), date(2026, 9, 21), date(2026, 9, 22), date(2026, 9, 28)),
        # Friday to Monday: one working day
        (date(2026, 9, 25), date(2026, 9, 18), date(2026, 9, 21), date(2026, 9, 28)),
        # over the holiday: Tuesday 29 September to Thursday 8 October is one working day
        (date(2026, 9, 29), date(2026, 9, 29), date(2026, 10, 8), date(2026, 10, 8)),
        # the due day falls behind the holiday, and the made-up Saturday counts
        (date(2026, 9, 29), date(2026, 9, 24), date(2026, 9, 28), date(2026, 10, 9)),
        (date(2026, 9, 29), date(2026, 9, 24), date(2026, 9, 29), date(2026, 10, 10)),
    ],
)
def test_a_pause_moves_the_due_day_by_its_working_days(due: date, began: date, ended: date, expected: date) -> None:
    assert work_rules.moved_by_pause(CALENDAR, due, began, ended) == expected


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(DAYS, st.integers(0, 40), st.integers(0, 60))
def test_what_was_left_when_the_clock_stopped_is_left_when_it_goes_on(began: date, left: int, stood: int) -> None:
    due = CALENDAR.add_working_days(began, left).day
    ended = began + timedelta(days=stood)
    moved = work_rules.moved_by_pause(CALENDAR, due, began, ended)
    assert moved >= due
    days = CALENDAR.working_days_between(ended, moved).days
    assert days == left or (days == 1 and left == 0 and not CALENDAR.is_working_day(ended))


@pytest.mark.parametrize(
    ("delivered", "on_time"), [(date(2026, 9, 25), True), (date(2026, 9, 24), True), (date(2026, 9, 26), False)]
)
def test_on_time_means_through_the_due_day(delivered: date, on_time: bool) -> None:
    assert work_rules.is_on_time(date(2026, 9, 25), delivered) is on_time


M = MilestoneState
NOW = [
    Standing("踏勘", 5, 300, M.ACCEPTED, True),
    Standing("送审稿", 10, 500, M.UNDER_WAY, True),
    Standing("报批稿", 7, 200, M.WAITING, False),
]


def stages(*changed: tuple[str, int, int]) -> list[Stage]:
    return [Stage(title, days, fen, "验收通过") for title, days, fen in changed]


@pytest.mark.parametrize(
    "proposed",
    [
        # more days for what is under way
        [("踏勘", 5, 300), ("送审稿", 12, 500), ("报批稿", 7, 200)],
        # another amount where nothing is paid
        [("踏勘", 5, 300), ("送审稿", 10, 500), ("报批稿", 7, 250)],
        # a stage less, where it neither began nor is paid; a stage more
        [("踏勘", 5, 300), ("送审稿", 10, 500)],
        [("踏勘", 5, 300), ("送审稿", 10, 500), ("报批稿", 7, 200), ("补充", 3, 100)],
    ],
)
def test_what_may_be_amended(proposed: list[tuple[str, int, int]]) -> None:
    work_rules.check_amendment(NOW, stages(*proposed), low_fen=None, high_fen=None, binding=False)


@pytest.mark.parametrize(
    ("proposed", "why"),
    [
        ([("踏勘", 6, 300), ("送审稿", 10, 500), ("报批稿", 7, 200)], "is handed over"),
        ([("踏勘", 5, 299), ("送审稿", 10, 500), ("报批稿", 7, 200)], "is handed over"),
        ([("踏勘", 5, 300), ("送审稿", 10, 501), ("报批稿", 7, 200)], "is paid"),
        ([("踏勘", 5, 300)], "has begun or is paid"),
        ([("踏勘", 5, 300), ("送审稿", 0, 500), ("报批稿", 7, 200)], "at least one working day"),
        ([("踏勘", 5, 300), ("送审稿", 10, 500), ("报批稿", 7, 200)], "agreed already"),
        ([], "1 to 12 stages"),
    ],
)
def test_what_may_not_be_amended(proposed: list[tuple[str, int, int]], why: str) -> None:
    with pytest.raises(RuleBroken, match=why) as refused:
        work_rules.check_amendment(NOW, stages(*proposed), low_fen=None, high_fen=None, binding=False)
    assert str(refused.value)


@pytest.mark.parametrize(("fen", "binding", "refused"), [(200, True, False), (401, True, True), (401, False, False)])
def test_a_binding_standard_holds_for_amendments_too(fen: int, binding: bool, refused: bool) -> None:
    proposed = stages(("踏勘", 5, 300), ("送审稿", 10, 500), ("报批稿", 8, fen))
    if refused:
        with pytest.raises(RuleBroken, match="binding price standard"):
            work_rules.check_amendment(NOW, proposed, low_fen=800, high_fen=1200, binding=binding)
    else:
        work_rules.check_amendment(NOW, proposed, low_fen=800, high_fen=1200, binding=binding)


REASONS = "成果缺少一个社区的走访记录，双方约定为两个社区，故作此处理。"


@pytest.mark.parametrize(
    ("outcome", "before", "buyer", "vendor", "exact", "fault"),
    [
        ("settle", OrderState.DELIVERED, 300, 700, True, None),
        ("end", OrderState.UNDER_WAY, 1000, 0, True, None),
        ("continue", OrderState.UNDER_WAY, 0, 0, True, None),
        ("settle", OrderState.DELIVERED, 300, 600, True, Invalid),
        ("settle", OrderState.DELIVERED, 300, 701, True, Invalid),
        # the bank took money away: less is there to divide, never more
        ("settle", OrderState.DELIVERED, 0, 700, False, None),
        ("settle", OrderState.DELIVERED, 400, 700, False, Invalid),
        ("continue", OrderState.ACCEPTED, 0, 0, True, RuleBroken),
        ("something", OrderState.DELIVERED, 300, 700, True, Invalid),
    ],
)
def test_a_decision_divides_exactly_what_was_paid(
    outcome: str, before: OrderState, buyer: int, vendor: int, exact: bool, fault: type[Exception] | None
) -> None:
    def decide() -> None:
        work_rules.check_decision(
            outcome, before=before, held_fen=1000, buyer_fen=buyer, vendor_fen=vendor, reasons=REASONS, exact=exact
        )

    if fault is None:
        decide()
    else:
        with pytest.raises(fault):
            decide()


def test_a_decision_without_reasons_is_none() -> None:
    with pytest.raises(Invalid):
        work_rules.check_decision(
            "settle", before=OrderState.DELIVERED, held_fen=1, buyer_fen=0, vendor_fen=1, reasons="不行", exact=True
        )


def test_a_claim_is_at_most_the_price() -> None:
    work_rules.check_claim(1000, 1000)
    with pytest.raises(Invalid):
        work_rules.check_claim(1001, 1000)


def test_the_other_side_s_step_is_refused_with_a_way_out() -> None:
    work_rules.check_side(Party.BUYER, Party.BUYER)
    for party in (Party.VENDOR, Party.OPERATOR, None):
        with pytest.raises(Forbidden) as refused:
            work_rules.check_side(party, Party.BUYER)
        assert refused.value.remedy


def test_every_verb_of_an_order_says_who_may() -> None:
    assert {verb for _, verb in TRANSITIONS} == set(WHO)


def test_no_order_is_under_way_without_having_been_funded() -> None:
    """KF-MON-16: every way into under_way passes funded, or comes back from a later state."""
    into = {before for (before, _), after in TRANSITIONS.items() if after is OrderState.UNDER_WAY}
    assert into == {OrderState.FUNDED, OrderState.DELIVERED, OrderState.DISPUTED}
    into_funded = {before for (before, _), after in TRANSITIONS.items() if after is OrderState.FUNDED}
    assert into_funded == {OrderState.CONTRACTED, OrderState.DISPUTED}
    disputed = {before for (before, _), after in TRANSITIONS.items() if after is OrderState.DISPUTED}
    assert OrderState.CONTRACTED not in disputed


@pytest.mark.parametrize(
    "table",
    [CONTRACT_TRANSITIONS, MILESTONE_TRANSITIONS, DISPUTE_TRANSITIONS],
    ids=["contract", "milestone", "dispute"],
)
def test_what_is_over_stays_over(table: dict) -> None:  # type: ignore[type-arg]
    """A dropped or replaced contract, an accepted or ended stage, a decided dispute: no verb leads out."""
    over = {"replaced", "dropped", "accepted", "ended", "decided", "withdrawn"}
    assert not {str(state) for state, _ in table} & over
    for (state, verb), after in table.items():
        assert next_state(table, state, verb) is after
