"""The work on the real database: money, start, pause, extension, delivery, rework, acceptance, lapse, messages, close."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from market import clock
from market.db import db
from market.documents.rules import Purpose
from market.kernel.actor import Actor, system
from market.kernel.calendar import end_of_day, last_day
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, RuleBroken, WrongState
from market.orders import queries, work_operations, work_queries
from market.orders.states import MilestoneState, OrderState, Party
from market.record.queries import history_of
from tests.integration.factories import documents as files
from tests.integration.factories import orders, work

pytestmark = pytest.mark.usefixtures("app")


def events_of(made: work.Work) -> list[Any]:
    return list(reversed(list(db.session.scalars(history_of(made.code)))))


def count(made: work.Work, event: str) -> int:
    return sum(entry.event == event for entry in events_of(made))


def row_of(made: work.Work) -> Any:
    found = work_queries.running(made.fresh())
    assert found is not None
    return found


def later(made: work.Work, days: int) -> Any:
    """The first instant after so many working days from now."""
    return clock.frozen(queries.end_of_term(clock.now(), days))


# Money ------------------------------------------------------------------------------------------------------------------


def test_money_held_lets_the_vendor_start_and_nobody_else() -> None:
    made = work.funded()
    order = made.fresh()
    assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.FUNDED, "start", Party.VENDOR)
    assert last_day(order.due_at).isoformat() == "2026-03-06"  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        work_operations.start_work(made.code, by=made.buyer)
    with clock.frozen(clock.now() + timedelta(hours=1)):
        work_operations.start_work(made.code, by=made.vendor)
        order = made.fresh()
        assert (order.state, order.started_at) == (OrderState.UNDER_WAY, clock.now())
        # lists show first what moved last
        assert order.updated_at == clock.now()


def test_money_is_marked_once() -> None:
    made = work.contracted()
    for _ in range(3):
        work_operations.mark_funded(made.code, 1, by=system())
    assert count(made, "OrderFunded") == 1


def test_the_vendor_cannot_start_without_money() -> None:
    """KF-MON-16: contracted and unpaid, or paid and taken back by the bank: never under way."""
    made = work.contracted()
    with pytest.raises(WrongState):
        work_operations.start_work(made.code, by=made.vendor)
    work.fund(made)
    work_operations.unfund(made.code, by=system())
    order = made.fresh()
    assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.CONTRACTED, "pay", Party.BUYER)
    assert count(made, "OrderUnfunded") == 1
    with pytest.raises(WrongState):
        work_operations.start_work(made.code, by=made.vendor)
    work.fund(made)
    work_operations.start_work(made.code, by=made.vendor)
    assert made.fresh().state is OrderState.UNDER_WAY


def test_money_of_work_that_has_begun_is_not_simply_taken_away() -> None:
    made = work.started()
    with pytest.raises(WrongState):
        work_operations.unfund(made.code, by=system())
    assert made.fresh().state is OrderState.UNDER_WAY


def test_the_next_stage_begins_only_with_its_own_money() -> None:
    """KF-MON-16: a later stage waits for its instalment, and begins by itself when it is held."""
    made = work.awarded(milestones=True)
    work.sign(made)
    work.fund(made, 1)
    work_operations.start_work(made.code, by=made.vendor)
    work.hand_over(made)
    work_operations.accept_milestone(made.code, by=made.buyer)
    order = made.fresh()
    assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.UNDER_WAY, "pay", Party.BUYER)
    assert work_queries.running(order) is None
    # late with a later stage: overdue, and nothing that the clock asks about every minute
    assert order.due_at is not None
    assert queries.due(("pay",), order.due_at) == []
    # the first stage's money said once more, a day later: nothing begins, and the term to pay does not begin anew
    with clock.frozen(clock.now() + timedelta(days=1)):
        work.fund(made, 1)
    assert (made.fresh().due_at, count(made, "OrderFunded")) == (order.due_at, 1)
    with pytest.raises(WrongState):
        work_operations.deliver(made.code, [work.result_file(made.vendor)], "", by=made.vendor)
    work.fund(made, 2)
    second = row_of(made)
    assert (second.number, second.state) == (2, MilestoneState.UNDER_WAY)
    assert made.order.waiting_for == "deliver"


# Clocks -----------------------------------------------------------------------------------------------------------------


def test_the_clock_runs_in_working_days_from_the_day_after_the_start() -> None:
    made = work.started()
    # 15 working days after Wednesday 4 March 2026
    assert row_of(made).due_on.isoformat() == "2026-03-25"
    assert made.order.due_at == end_of_day(row_of(made).due_on)


def test_a_pause_stops_the_clock_and_the_due_day_moves_by_its_working_days() -> None:
    made = work.started()
    work_operations.pause_work(made.code, "applicant", "缺街道办的会议纪要，请补来。", by=made.vendor)
    order = made.fresh()
    assert (order.waiting_for, order.waiting_on, order.due_at) == ("resume", Party.BUYER, None)
    with pytest.raises(WrongState, match="clock stands"):
        work_operations.deliver(made.code, [work.result_file(made.vendor)], "", by=made.vendor)
    with pytest.raises(WrongState):
        work_operations.pause_work(made.code, "other", "再停一次，另外有原因要等。", by=made.buyer)
    with clock.frozen(clock.now() + timedelta(days=7)):
        work_operations.resume_work(made.code, by=made.buyer)
        with pytest.raises(WrongState, match="clock is running"):
            work_operations.resume_work(made.code, by=made.buyer)
    # five working days later; the Tomb-Sweeping day (5 April) does not come into it
    assert row_of(made).due_on.isoformat() == "2026-04-01"
    assert made.order.waiting_for == "deliver"


def test_a_pause_over_a_public_holiday_costs_only_its_working_days() -> None:
    """The shipped calendar: 4 to 6 April 2026 are days off."""
    made = work.started()
    with clock.frozen(clock.now() + timedelta(days=28)):  # Wednesday 1 April
        work_operations.pause_work(made.code, "authority", "审批部门要求等专家意见。", by=made.vendor)
    with clock.frozen(clock.now() + timedelta(days=35)):  # Wednesday 8 April
        work_operations.resume_work(made.code, by=made.vendor)
    calendar_days = queries.catalogue.calendar().working_days_between(
        clock.today() + timedelta(days=28), clock.today() + timedelta(days=35)
    )
    assert calendar_days.days == 4
    assert row_of(made).due_on.isoformat() == "2026-03-31"


def test_more_time_counts_when_the_buyer_agrees() -> None:
    made = work.started()
    before = row_of(made).due_on
    work_operations.ask_extension(made.code, 3, "社区走访安排在下周，需要三天。", by=made.vendor)
    with pytest.raises(WrongState):
        work_operations.ask_extension(made.code, 2, "再申请一次，原因同上一次。", by=made.vendor)
    with pytest.raises(Forbidden):
        work_operations.answer_extension(made.code, agreed=True, by=made.vendor)
    work_operations.answer_extension(made.code, agreed=False, by=made.buyer)
    assert row_of(made).due_on == before
    work_operations.ask_extension(made.code, 3, "社区走访安排在下周，需要三天。", by=made.vendor)
    work_operations.answer_extension(made.code, agreed=True, by=made.buyer)
    assert row_of(made).due_on.isoformat() == "2026-03-30"
    assert made.order.due_at == end_of_day(row_of(made).due_on)
    with pytest.raises(WrongState):
        work_operations.answer_extension(made.code, agreed=True, by=made.buyer)


# Delivery and acceptance ------------------------------------------------------------------------------------------------


def test_a_result_is_kept_with_the_digests_of_its_files() -> None:
    made = work.started()
    code = work.hand_over(made)
    order, row = made.fresh(), row_of(made)
    delivery = work_queries.last_delivery(row)
    assert delivery is not None
    document = work.document(code)
    assert delivery.digests == [document.file.digest]
    assert document.belongs_to == made.code
    assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.DELIVERED, "accept", Party.BUYER)
    assert row.accept_by == order.due_at == queries.end_of_term(clock.now(), 10)
    event = next(entry for entry in events_of(made) if entry.event == "WorkDelivered")
    assert (event.facts["on_time"], event.facts["final"], event.facts["round"]) == (True, True, 1)


def test_handing_over_twice_is_one_delivery() -> None:
    made = work.started()
    code = work.hand_over(made)
    again = work_operations.deliver(made.code, [code], "请查收。", by=made.vendor)
    assert again.round == 1
    assert count(made, "WorkDelivered") == 1
    with pytest.raises(WrongState):
        work.hand_over(made, "另一份")


def test_a_result_after_the_due_day_is_late() -> None:
    made = work.started()
    with clock.frozen(end_of_day(row_of(made).due_on)):
        work.hand_over(made)
    assert made.fresh().late
    work_operations.accept_milestone(made.code, by=made.buyer)
    accepted = next(entry for entry in events_of(made) if entry.event == "OrderAccepted")
    assert (accepted.facts["on_time"], accepted.facts["first_pass"]) == (False, True)


@pytest.mark.parametrize("given", [[], ["D-0000TEST0"]])
def test_nothing_is_handed_over_without_a_file_of_one_s_own(given: list[str]) -> None:
    made = work.started()
    with pytest.raises((Invalid, NotFound)):
        work_operations.deliver(made.code, given, "", by=made.vendor)
    assert made.fresh().state is OrderState.UNDER_WAY


def test_the_files_of_the_other_side_are_not_one_s_own() -> None:
    made = work.started()
    with pytest.raises(NotFound):
        work_operations.deliver(made.code, [work.result_file(made.buyer)], "", by=made.vendor)


def test_a_result_goes_back_with_reasons_and_comes_again() -> None:
    made = work.delivered()
    for reasons, words in (
        ([], "第 3 页的人口数有误，请更正。"),
        (["nonsense"], "第 3 页的人口数有误。"),
        (["wrong"], "不行"),
    ):
        with pytest.raises(Invalid):
            work_operations.ask_rework(made.code, reasons, words, by=made.buyer)
    work_operations.ask_rework(made.code, ["wrong", "norm"], "第 3 页的人口数与统计公报不一致。", by=made.buyer)
    order, row = made.fresh(), row_of(made)
    assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.UNDER_WAY, "deliver", Party.VENDOR)
    assert row.due_on.isoformat() == "2026-03-11"
    delivery = work_queries.last_delivery(row)
    assert delivery is not None
    assert [one["code"] for one in delivery.reasons] == ["wrong", "norm"]
    work.hand_over(made, "二稿")
    work_operations.accept_milestone(made.code, by=made.buyer)
    accepted = next(entry for entry in events_of(made) if entry.event == "OrderAccepted")
    assert (accepted.facts["first_pass"], made.fresh().reworks) == (False, 1)


def test_what_is_accepted_is_what_was_looked_at() -> None:
    """The page of the first round was open; meanwhile the second round came: pressing its button is refused."""
    made = work.delivered()
    work_operations.ask_rework(made.code, ["wrong"], "第 3 页的人口数有误，请更正。", by=made.buyer)
    work.hand_over(made, "二稿")
    with pytest.raises(Conflict, match="newer result"):
        work_operations.accept_milestone(made.code, number=1, round=1, by=made.buyer)
    work_operations.accept_milestone(made.code, number=1, round=2, by=made.buyer)
    work_operations.accept_milestone(made.code, number=1, round=2, by=made.buyer)
    assert count(made, "MilestoneAccepted") == 1


def test_stages_follow_each_other_to_the_whole() -> None:
    made = work.started(milestones=True)
    for number in (1, 2):
        row = row_of(made)
        assert row.number == number
        work.hand_over(made, f"第 {number} 阶段")
        work_operations.accept_milestone(made.code, by=made.buyer)
    assert made.fresh().state is OrderState.ACCEPTED
    accepted = [entry for entry in events_of(made) if entry.event == "MilestoneAccepted"]
    assert [(one.facts["milestone"], one.facts["final"]) for one in accepted] == [(1, False), (2, True)]
    assert sum(one.facts["fen"] for one in accepted) == work.PRICE
    assert count(made, "OrderAccepted") == 1


# Lapse ------------------------------------------------------------------------------------------------------------------


def test_a_result_counts_as_accepted_only_after_two_reminders() -> None:
    made = work.delivered()
    accept_by = row_of(made).accept_by
    for days, reminders in ((4, 0), (5, 1), (7, 1), (8, 2), (9, 2)):
        with later(made, days):
            orders.keep_terms()
            work_operations.lapse_acceptance(made.code, by=system())
        assert row_of(made).reminders == reminders
        assert made.fresh().state is OrderState.DELIVERED
    assert row_of(made).accept_by == accept_by
    with clock.frozen(accept_by - timedelta(microseconds=1)):
        work_operations.lapse_acceptance(made.code, by=system())
    assert made.fresh().state is OrderState.DELIVERED
    with clock.frozen(accept_by):
        work_operations.lapse_acceptance(made.code, by=system())
        work_operations.lapse_acceptance(made.code, by=system())
    assert made.fresh().state is OrderState.ACCEPTED
    [accepted] = [entry for entry in events_of(made) if entry.event == "MilestoneAccepted"]
    assert accepted.facts["by_lapse"] is True
    assert count(made, "AcceptanceReminded") == 2


def test_reminders_that_went_out_late_give_the_buyer_the_days_back() -> None:
    """All was down for three weeks: the reminders go out now, and the buyer still has the days after the second one."""
    made = work.delivered()
    with later(made, 15):
        now = clock.now()
        work_operations.lapse_acceptance(made.code, by=system())
        assert made.fresh().state is OrderState.DELIVERED
        assert (row_of(made).reminders, row_of(made).accept_by) == (2, queries.end_of_term(now, 2))
    with clock.frozen(queries.end_of_term(now, 2)):
        work_operations.lapse_acceptance(made.code, by=system())
    assert made.fresh().state is OrderState.ACCEPTED


def test_reminders_begin_anew_with_each_round() -> None:
    made = work.delivered()
    with later(made, 8):
        orders.keep_terms()
        work_operations.ask_rework(made.code, ["wrong"], "第 3 页的人口数有误，请更正。", by=made.buyer)
        work.hand_over(made, "二稿")
        assert row_of(made).reminders == 0
        work_operations.lapse_acceptance(made.code, by=system())
    assert made.fresh().state is OrderState.DELIVERED


# Closing ----------------------------------------------------------------------------------------------------------------


def test_an_order_closes_when_all_is_settled_and_the_time_for_disputes_is_over() -> None:
    made = work.accepted()
    work_operations.close_order(made.code, by=system())
    order = made.fresh()
    until = work_queries.dispute_until(order)
    assert (order.state, order.waiting_for, order.due_at) == (OrderState.ACCEPTED, "close", until)
    with clock.frozen(until):  # type: ignore[arg-type]
        work_operations.close_order(made.code, by=system())
        work_operations.close_order(made.code, by=system())
    assert made.fresh().state is OrderState.CLOSED
    assert count(made, "OrderClosed") == 1


def test_what_is_not_accepted_does_not_close() -> None:
    for make in (work.funded, work.started, work.delivered):
        made = make(hash(make.__name__) % 1000)
        with later(made, 100):
            work_operations.close_order(made.code, by=system())
        assert made.fresh().state is not OrderState.CLOSED


# Messages ---------------------------------------------------------------------------------------------------------------


def test_both_sides_write_and_a_form_sent_twice_is_one_message() -> None:
    made = work.started()
    code = files.given(made.buyer, files.pdf("附图"), "附图.pdf", Purpose.MESSAGE).code
    for _ in range(2):
        work_operations.send_message(made.code, "请看附图。", [code], form_key="X-1", by=made.buyer)
    work_operations.send_message(made.code, "收到。", by=made.vendor)
    found = work_queries.messages_of(made.fresh())
    assert [(one.party, one.text, one.documents) for one in found] == [
        (Party.BUYER, "请看附图。", [code]), (Party.VENDOR, "收到。", []),
    ]  # fmt: skip
    assert count(made, "OrderMessageSent") == 2
    sent = next(entry for entry in events_of(made) if entry.event == "OrderMessageSent")
    assert "请看附图" not in str(sent.facts)


def test_a_form_key_of_somebody_else_is_refused() -> None:
    made, other = work.started(1), work.started(2)
    work_operations.send_message(made.code, "一。", form_key="X-1", by=made.buyer)
    for where, by in ((made, made.vendor), (other, other.buyer)):
        with pytest.raises(Conflict):
            work_operations.send_message(where.code, "二。", form_key="X-1", by=by)


# Who may, when ----------------------------------------------------------------------------------------------------------

#: every act of a side, ready to be tried in every state
ACTS: dict[str, Callable[[work.Work, Actor], Any]] = {
    "start": lambda made, by: work_operations.start_work(made.code, by=by),
    "pause": lambda made, by: work_operations.pause_work(made.code, "other", "原因写在这里，请看。", by=by),
    "resume": lambda made, by: work_operations.resume_work(made.code, by=by),
    "ask_extension": lambda made, by: work_operations.ask_extension(made.code, 2, "原因写在这里，请看。", by=by),
    "answer_extension": lambda made, by: work_operations.answer_extension(made.code, agreed=True, by=by),
    "deliver": lambda made, by: work_operations.deliver(made.code, [work.result_file(by)], "", by=by),
    "rework": lambda made, by: work_operations.ask_rework(made.code, ["wrong"], "原因写在这里，请看。", by=by),
    "accept": lambda made, by: work_operations.accept_milestone(made.code, by=by),
}
STATES: dict[str, Callable[[], work.Work]] = {
    "awarded": work.awarded,
    "contracted": work.contracted,
    "funded": work.funded,
    "under_way": work.started,
    "delivered": work.delivered,
    "accepted": work.accepted,
}
ALLOWED = {
    ("funded", "start", "vendor"), ("under_way", "start", "vendor"), ("under_way", "pause", "vendor"),
    ("under_way", "pause", "buyer"), ("under_way", "ask_extension", "vendor"), ("under_way", "deliver", "vendor"),
    ("delivered", "rework", "buyer"), ("delivered", "accept", "buyer"),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_every_act_in_every_state_is_done_or_refused_with_a_reason(state: str) -> None:
    """KF-ORD-04: each refusal says what and what to do; nothing half done is left."""
    made, number = STATES[state](), 1
    for name, act in ACTS.items():
        for side in ("buyer", "vendor"):
            refusal = tried(act, made, getattr(made, side))
            assert (refusal is None) is ((state, name, side) in ALLOWED), (state, name, side, refusal)
            if refusal is None:
                number += 1
                made = STATES[state](number)  # type: ignore[call-arg]
            else:
                assert refusal.what
                assert refusal.code


def tried(act: Callable[[work.Work, Actor], Any], made: work.Work, by: Actor) -> Refusal | None:
    """The refusal of an act, None when it was done."""
    try:
        act(made, by)
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("name", ACTS)
def test_strangers_learn_nothing(name: str) -> None:
    """KF-ACC-05: other buyers and vendors get what they would get for an order that does not exist."""
    made = work.started(1)
    stranger, rival, _ = work.sides(2)
    for by in (stranger, rival):
        with pytest.raises(NotFound) as refused:
            ACTS[name](made, by)
        assert made.code not in str(refused.value)


def test_officials_read_and_do_not_act() -> None:
    made = work.started()
    for name, act in ACTS.items():
        if name == "deliver":
            continue
        with pytest.raises(Forbidden):
            act(made, made.operator)


def test_the_price_rule_broken_text_names_its_rule() -> None:
    made = work.contracted()
    order = made.fresh()
    order.state = OrderState.FUNDED
    db.session.commit()
    with pytest.raises(RuleBroken) as refused:
        work_operations.start_work(made.code, by=made.vendor)
    assert refused.value.rule
    assert refused.value.remedy
