"""Disputes on the real database: who opens, answers, withdraws, decides; every clock stands meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from market import clock
from market.db import db
from market.documents.rules import Purpose
from market.kernel.actor import Actor, system
from market.kernel.calendar import last_day
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RuleBroken, WrongState
from market.orders import contract_operations, dispute_operations, queries, work_operations, work_queries
from market.orders.contract_text import Stage
from market.orders.states import ContractState, DisputeState, MilestoneState, OrderState, Party
from market.record.queries import history_of
from tests.integration.factories import documents as files
from tests.integration.factories import orders, work

pytestmark = pytest.mark.usefixtures("app")

WORDS = "成果与约定不符，少了一个社区的走访记录，要求退还部分款项。"
REASONS = "走访记录确有缺失，乙方已完成其余工作，按完成部分分配款项。"


def opened(made: work.Work, by: Actor | None = None, claim: int = 300_000) -> Any:
    return dispute_operations.open_dispute(made.code, claim, WORDS, by=by or made.buyer)


def count(made: work.Work, event: str) -> int:
    return sum(entry.event == event for entry in db.session.scalars(history_of(made.code)))


@pytest.mark.parametrize("make", [work.funded, work.started, work.delivered, work.accepted])
@pytest.mark.parametrize("side", ["buyer", "vendor"])
def test_each_side_disputes_from_money_held_to_the_end_of_the_term(make: Any, side: str) -> None:
    made = make()
    before = made.fresh().state
    dispute = opened(made, getattr(made, side))
    order = made.fresh()
    assert (order.state, order.state_before) == (OrderState.DISPUTED, before)
    assert (order.waiting_for, order.waiting_on) == ("decide", Party.OPERATOR)
    assert order.due_at == dispute.due_at == queries.end_of_term(clock.now(), 10)
    assert str(dispute.party) == side


@pytest.mark.parametrize("make", [work.awarded, work.contracted])
def test_before_money_is_held_there_is_nothing_to_dispute(make: Any) -> None:
    with pytest.raises(WrongState):
        opened(make())


def test_after_acceptance_the_term_ends() -> None:
    made = work.accepted()
    until = work_queries.dispute_until(made.fresh())
    assert until is not None
    with clock.frozen(until), pytest.raises(WrongState, match="after acceptance"):
        opened(made)
    with clock.frozen(until - timedelta(microseconds=1)):
        assert opened(made).state is DisputeState.OPEN


def test_two_clicks_open_one_dispute_and_the_other_side_answers_there() -> None:
    made = work.delivered()
    first = opened(made)
    assert opened(made).code == first.code
    with pytest.raises(Conflict, match="opened a dispute already"):
        opened(made, made.vendor)
    assert count(made, "DisputeOpened") == 1


@pytest.mark.parametrize(("claim", "words"), [(work.PRICE + 1, WORDS), (1, "不行")])
def test_a_claim_has_a_limit_and_needs_words(claim: int, words: str) -> None:
    made = work.delivered()
    with pytest.raises(Invalid):
        dispute_operations.open_dispute(made.code, claim, words, by=made.buyer)
    assert made.fresh().state is OrderState.DELIVERED


def test_both_sides_and_the_operator_write_and_strangers_do_not() -> None:
    """KF-ACC-05."""
    made = work.delivered()
    dispute = opened(made)
    proof = files.given(made.vendor, files.pdf("记录"), "记录.pdf", Purpose.PROOF).code
    for _ in range(2):
        dispute_operations.answer_dispute(dispute.code, "该社区当日封闭，已补电话访谈。", [proof], by=made.vendor)
    dispute_operations.answer_dispute(dispute.code, "请双方补充走访的约定。", by=made.operator)
    stranger, rival, _ = work.sides(2)
    for by in (stranger, rival):
        with pytest.raises(NotFound):
            dispute_operations.answer_dispute(dispute.code, "与我无关的话。", by=by)
    found = work_queries.dispute(dispute.code)
    assert [(one["party"], one["documents"]) for one in found.answers] == [("vendor", [proof]), ("operator", [])]
    assert count(made, "DisputeAnswered") == 2


def test_nothing_else_moves_while_a_dispute_is_open() -> None:
    made = work.delivered()
    opened(made)
    with pytest.raises(WrongState):
        work_operations.accept_milestone(made.code, by=made.buyer)
    with clock.frozen(clock.now() + timedelta(days=60)):
        work_operations.lapse_acceptance(made.code, by=system())
        work_operations.remind(made.code, by=system())
        work_operations.close_order(made.code, by=system())
    assert made.fresh().state is OrderState.DISPUTED


@pytest.mark.parametrize(
    ("make", "waiting"),
    [(work.funded, "start"), (work.started, "deliver"), (work.delivered, "accept"), (work.accepted, "close")],
)
def test_who_opened_it_takes_it_back_and_the_order_goes_on_where_it_stood(make: Any, waiting: str) -> None:
    made = make()
    before = made.fresh().state
    dispute = opened(made)
    with pytest.raises(Forbidden):
        dispute_operations.withdraw_dispute(dispute.code, by=made.vendor)
    for _ in range(2):
        dispute_operations.withdraw_dispute(dispute.code, by=made.buyer)
    order = made.fresh()
    assert (order.state, order.state_before) == (before, None)
    assert order.waiting_for == waiting
    assert count(made, "DisputeWithdrawn") == 1
    with pytest.raises(WrongState):
        dispute_operations.answer_dispute(dispute.code, "还有一句话要说。", by=made.buyer)


@pytest.mark.parametrize("make", [work.started, work.delivered])
def test_deadlines_move_by_the_working_days_of_the_dispute(make: Any) -> None:
    made = make()
    row = work_queries.running(made.fresh())
    assert row is not None
    before = last_day(made.order.due_at)  # type: ignore[arg-type]
    left = queries.working_days_left(made.order.due_at)  # type: ignore[arg-type]
    dispute = opened(made)
    with clock.frozen(clock.now() + timedelta(days=7)):
        dispute_operations.withdraw_dispute(dispute.code, by=made.buyer)
        order = made.fresh()
        assert order.due_at is not None
        assert last_day(order.due_at) > before
        assert queries.working_days_left(order.due_at) == left


# Decided ----------------------------------------------------------------------------------------------------------------


def decide(made: work.Work, dispute: Any, outcome: str, buyer: int, vendor: int, by: Actor | None = None) -> Any:
    return dispute_operations.decide_dispute(
        dispute.code, outcome=outcome, buyer_fen=buyer, vendor_fen=vendor, reasons=REASONS, by=by or made.operator
    )


def test_only_operators_decide_and_only_what_was_paid() -> None:
    made = work.delivered()
    dispute = opened(made)
    for by in (made.buyer, made.vendor):
        with pytest.raises(Forbidden):
            decide(made, dispute, "settle", 0, work.PRICE, by)
    for buyer, vendor in ((0, work.PRICE - 1), (1, work.PRICE), (0, 0)):
        with pytest.raises(Invalid):
            decide(made, dispute, "settle", buyer, vendor)
    assert made.fresh().state is OrderState.DISPUTED


def test_settled_counts_as_accepted_with_the_money_divided() -> None:
    made = work.delivered()
    dispute = opened(made)
    for _ in range(2):
        decide(made, dispute, "settle", 300_000, work.PRICE - 300_000)
    order = made.fresh()
    assert order.state is OrderState.ACCEPTED
    assert {one.state for one in work_queries.milestones_of(order)} == {MilestoneState.ACCEPTED}
    decided = [entry for entry in db.session.scalars(history_of(made.code)) if entry.event == "DisputeDecided"]
    assert [(one.facts["buyer_fen"], one.facts["vendor_fen"]) for one in decided] == [(300_000, work.PRICE - 300_000)]
    # the stage's own money is not released a second time
    assert count(made, "MilestoneAccepted") == 0
    assert count(made, "OrderAccepted") == 1


def test_ended_calls_the_order_off() -> None:
    made = work.started(milestones=True)
    dispute = opened(made, made.vendor)
    decide(made, dispute, "end", work.PRICE, 0)
    order = made.fresh()
    assert order.state is OrderState.CANCELLED
    assert {one.state for one in work_queries.milestones_of(order)} == {MilestoneState.ENDED}
    # money follows the decision, so the order is not unwound as if it were called off besides
    assert count(made, "OrderCancelled") == 0
    with pytest.raises(WrongState):
        decide(made, dispute, "end", work.PRICE - 1, 1)


@pytest.mark.parametrize("make", [work.funded, work.started, work.delivered])
def test_it_goes_on_with_the_work(make: Any) -> None:
    made = make()
    dispute = opened(made)
    decide(made, dispute, "continue", 0, 0)
    order = made.fresh()
    row = work_queries.running(order)
    assert row is not None
    assert (order.state, row.state) == (OrderState.UNDER_WAY, MilestoneState.UNDER_WAY)
    assert (order.waiting_for, order.waiting_on) == ("deliver", Party.VENDOR)
    work.hand_over(made, "再次交付")
    work_operations.accept_milestone(made.code, by=made.buyer)
    assert made.fresh().state is OrderState.ACCEPTED


def between_stages() -> work.Work:
    """The first stage is accepted, and the money of the second is missing."""
    made = work.awarded(milestones=True)
    work.sign(made)
    work.fund(made, 1)
    work_operations.start_work(made.code, by=made.vendor)
    work.hand_over(made)
    work_operations.accept_milestone(made.code, by=made.buyer)
    assert made.fresh().waiting_for == "pay"
    return made


@pytest.mark.parametrize("decided", [True, False], ids=["decided", "withdrawn"])
@pytest.mark.parametrize("paid_meanwhile", [True, False], ids=["paid", "unpaid"])
def test_between_two_stages_it_goes_on_with_money_alone(decided: bool, paid_meanwhile: bool) -> None:
    """KF-MON-16: no stage begins without its money, and none waits for money that came during the dispute."""
    made = between_stages()
    dispute = opened(made)
    if paid_meanwhile:
        work.fund(made, 2)
    if decided:
        decide(made, dispute, "continue", 0, 0)
    else:
        dispute_operations.withdraw_dispute(dispute.code, by=made.buyer)
    if not paid_meanwhile:
        order = made.fresh()
        assert (order.state, order.waiting_for, order.waiting_on) == (OrderState.UNDER_WAY, "pay", Party.BUYER)
        assert (work_queries.running(order), order.due_at) == (None, queries.end_of_term(clock.now(), 5))
        work.fund(made, 2)
    order = made.fresh()
    row = work_queries.running(order)
    assert row is not None
    assert (row.number, order.waiting_for) == (2, "deliver")


@pytest.mark.parametrize("outcome", ["settle", "end"])
def test_a_change_of_the_contract_waits_out_a_dispute_and_goes_with_its_end(outcome: str) -> None:
    made = work.started()
    longer = [Stage("全部成果", work.DAYS + 1, work.PRICE, "验收通过")]
    change = contract_operations.propose_amendment(made.code, longer, "业主增加了一次走访。", by=made.vendor)
    contract_operations.sign_contract(change.code, password=work.PASSWORD, by=made.vendor)
    dispute = opened(made)
    with pytest.raises(WrongState, match="cannot be changed at this stage"):
        contract_operations.sign_contract(change.code, password=work.PASSWORD, by=made.buyer)
    decide(made, dispute, outcome, work.PRICE, 0)
    assert work_queries.contract(change.code).state is ContractState.DROPPED
    assert work_queries.contract_in_force(made.fresh()) is not None


def test_what_is_accepted_does_not_go_on() -> None:
    made = work.accepted()
    dispute = opened(made)
    with pytest.raises(RuleBroken):
        decide(made, dispute, "continue", 0, 0)
    decide(made, dispute, "settle", 100_000, work.PRICE - 100_000)
    assert made.fresh().state is OrderState.ACCEPTED
    assert count(made, "OrderAccepted") == 1


# Chargebacks ------------------------------------------------------------------------------------------------------------


def test_a_chargeback_stops_the_order_until_it_is_decided() -> None:
    made = work.started()
    dispute = dispute_operations.open_for_chargeback(made.code, work.PRICE, by=system())
    assert dispute is not None
    assert (dispute.party, made.fresh().state) == (Party.MARKET, OrderState.DISPUTED)
    again = dispute_operations.open_for_chargeback(made.code, work.PRICE, by=system())
    assert again is not None
    assert again.code == dispute.code
    for by in (made.buyer, made.vendor):
        with pytest.raises(Forbidden):
            dispute_operations.withdraw_dispute(dispute.code, by=by)
    # the money is with the bank: less than was paid can be divided
    decide(made, dispute, "end", 0, 0)
    assert made.fresh().state is OrderState.CANCELLED


def test_a_chargeback_that_was_won_lets_the_order_go_on() -> None:
    made = work.started()
    dispute = dispute_operations.open_for_chargeback(made.code, work.PRICE, by=system())
    assert dispute is not None
    dispute_operations.withdraw_dispute(dispute.code, by=system())
    assert made.fresh().state is OrderState.UNDER_WAY


def test_nothing_is_left_to_stop_before_money_or_after_the_end() -> None:
    assert dispute_operations.open_for_chargeback(work.contracted(1).code, 1, by=system()) is None


def test_the_queue_shows_open_disputes_by_deadline() -> None:
    first, second = work.delivered(1), work.delivered(2)
    one = opened(first)
    with clock.frozen(clock.now() + timedelta(days=1)):
        two = opened(second)
    assert [row.code for row in db.session.scalars(work_queries.dispute_queue())] == [one.code, two.code]
    dispute_operations.withdraw_dispute(one.code, by=first.buyer)
    assert [row.code for row in db.session.scalars(work_queries.dispute_queue())] == [two.code]
    assert [row.code for row in db.session.scalars(work_queries.decided_disputes())] == [one.code]


def test_a_settled_order_that_was_disputed_closes_after_all() -> None:
    """The dispute is withdrawn when the money has long been paid out: the order waits for the end of the term and closes."""
    made = work.accepted()
    work.settled(made)
    work_operations.close_order(made.code, by=system())
    dispute = opened(made)
    dispute_operations.withdraw_dispute(dispute.code, by=made.buyer)
    order = made.fresh()
    until = work_queries.dispute_until(order)
    assert (order.waiting_for, order.due_at) == ("close", until)
    with clock.frozen(until):  # type: ignore[arg-type]
        orders.keep_terms()
    assert made.fresh().state is OrderState.CLOSED
