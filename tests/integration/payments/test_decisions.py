"""What becomes of the money when an order ends early, is disputed, amended, or when a buyer's bank takes it back."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market import clock
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Refusal, WrongState
from market.orders import dispute_operations, work_operations, work_queries
from market.orders import operations as order_operations
from market.payments import (
    asking,
    decision_operations,
    jobs,
    operations,
    payout_operations,
    queries,
    reconciling,
)
from market.payments.ledger import Account
from market.payments.models import Clawback, FeeRate, Method
from market.payments.posting import balance_of, refundable
from market.payments.states import PaymentState
from market.transaction import transactional
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play, drain, escrow_of, payment_of, payouts_of, refunds_of, state_of
from tests.integration.factories.work import Work

FEN = 100_000
WORDS = "交付的结果与合同约定不符，多次沟通没有结果，请平台处理这件事。"
REASONS = "经查，双方对延误各有责任，按已完成的部分分担费用，其余退还项目业主。"


@pytest.fixture
def one(play: Play) -> Work:
    """An order of 1,000.00 whose money is held."""
    found = payments.signed(work.sides(), FEN)
    payments.paid_at_bank(play, found)
    play.deliver()
    return found


def settled(one: Work) -> bool:
    """Nothing of the order's money is open any more."""
    db.session.expire_all()
    return queries.money_of(one.code).settled_at is not None


def figures(one: Work) -> tuple[int, int, int]:
    """(held, the vendor's, the buyer's), in fen."""
    money = queries.money_of(one.code)
    return money.held_fen, money.released_fen, money.refunded_fen + money.refunding_fen


# The order ends early ----------------------------------------------------------------------------------------------------


def test_an_order_called_off_before_the_work_gives_everything_back(play: Play, one: Work) -> None:
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    play.deliver()
    assert figures(one) == (0, 0, FEN)
    assert payment_of(one).state == "refunded"
    assert settled(one)


def test_an_order_called_off_in_the_middle_pays_the_vendors_share(play: Play, one: Work) -> None:
    payments.with_account(play, one)
    work_operations.start_work(one.code, by=one.vendor)
    decision_operations.unwind(one.code, 30_000, by=system())
    play.deliver()
    assert figures(one) == (0, 30_000, 70_000)
    assert payouts_of(one)[0].state == "paid"
    assert payment_of(one).state == "released"
    assert settled(one)


def test_a_share_beyond_what_is_held_is_what_is_held(play: Play, one: Work) -> None:
    decision_operations.unwind(one.code, 10 * FEN, by=system())
    assert figures(one) == (0, FEN, 0)


def test_an_order_that_never_had_money_has_none_to_unwind(play: Play) -> None:
    decision_operations.unwind("R-000000000", 0, by=system())
    decision_operations.freeze("R-000000000", "Y-000000000", by=system())


# Stages --------------------------------------------------------------------------------------------------------------------


def test_each_stage_is_paid_released_and_paid_out_by_itself(play: Play) -> None:
    one = payments.signed(work.sides(), FEN, stages=3)
    first, second, third = (payment_of(one, number) for number in (1, 2, 3))
    assert first.pay_by is not None
    assert second.pay_by is third.pay_by is None
    payments.with_account(play, one)
    for number in (1, 2, 3):
        payments.paid_at_bank(play, one, number)
        play.deliver()
        if number == 1:
            work_operations.start_work(one.code, by=one.vendor)
        work.hand_over(one, f"报告{number}")
        work_operations.accept_milestone(one.code, by=one.buyer)
        play.deliver()
        assert [row.state for row in payouts_of(one)] == ["paid"] * number
        assert settled(one) == (number == 3)
        if number < 3:
            assert payment_of(one, number + 1).pay_by is not None
    assert figures(one) == (0, 3 * FEN, 0)


def test_the_platform_fee_of_the_day_is_kept_and_shown(play: Play, one: Work) -> None:
    db.session.add(FeeRate(permille=55, valid_from=clock.today(), source="示例"))
    db.session.commit()
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    (payout,) = payouts_of(one)
    assert (payout.fen, payout.fee_fen, payout.sent_fen) == (94_500, 5_500, 94_500)
    assert balance_of(Account.FEE) == balance_of(Account.GATEWAY) == 5_500
    assert queries.money_of(one.code).fee_fen == 5_500


# Amendments ----------------------------------------------------------------------------------------------------------------


def amend(one: Work, *instalments: int) -> None:
    pay_by = clock.now() + timedelta(days=7)
    operations.open_instalments(one.code, one.firm.code, instalments, pay_by, by=system())
    drain()


def test_a_dearer_contract_asks_for_the_difference_and_counts_once_all_is_held(play: Play, one: Work) -> None:
    amend(one, FEN + 5_000)
    more = payment_of(one, part=2)
    assert (more.state, more.fen, more.pay_by is not None) == ("due", 5_000, True)
    visit = operations.begin_payment(more.code, Method.CARD, "practice", by=one.buyer)
    drain()
    play.control("pay", checkout=payments.visit_of(visit.code).ref)
    play.deliver()
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    assert figures(one) == (0, FEN + 5_000, 0)
    assert settled(one)


def test_a_cheaper_contract_sends_the_difference_back(play: Play, one: Work) -> None:
    amend(one, FEN - 20_000)
    play.deliver()
    assert [(row.cause, row.fen, row.state) for row in refunds_of(one)] == [("amended", 20_000, "done")]
    assert escrow_of(one) == FEN - 20_000


def test_an_amendment_before_paying_replaces_what_is_owed(play: Play) -> None:
    one = payments.signed(work.sides(), FEN)
    amend(one, 40_000, 40_000)
    assert [(row.number, row.part, row.fen, str(row.state)) for row in payments.payment_of(one).escrow.payments] == [
        (1, 1, FEN, "void"),
        (1, 2, 40_000, "due"),
        (2, 1, 40_000, "due"),
    ]


# Disputes ------------------------------------------------------------------------------------------------------------------


def dispute(one: Work, **decision: Any) -> None:
    """Open a dispute for the buyer, and have it decided when a decision is given."""
    found = dispute_operations.open_dispute(one.code, words=WORDS, claim_fen=FEN, by=one.buyer)
    drain()
    if decision:
        dispute_operations.decide_dispute(found.code, reasons=REASONS, by=one.operator, **decision)
        drain()


def test_a_dispute_holds_everything_still_and_a_withdrawal_lets_it_go(play: Play, one: Work) -> None:
    payments.with_account(play, one)
    work_operations.start_work(one.code, by=one.vendor)
    work.hand_over(one)
    work_operations.accept_milestone(one.code, by=one.buyer)
    # the buyer disputes before the earning is on its way
    found = dispute_operations.open_dispute(one.code, words=WORDS, claim_fen=FEN, by=one.buyer)
    drain()
    transactional(jobs.sweep_slowly)()
    drain()
    assert queries.money_of(one.code).frozen
    assert payouts_of(one)[0].state == "due"
    assert not settled(one)
    with pytest.raises(WrongState):
        decision_operations.refund_by_officer(payment_of(one).code, 1, "示例退款原因", shown_fen=0, by=one.operator)
    dispute_operations.withdraw_dispute(found.code, by=one.buyer)
    drain()
    play.deliver()
    assert not queries.money_of(one.code).frozen
    assert payouts_of(one)[0].state == "paid"
    assert settled(one)


@pytest.mark.parametrize("vendor_fen", [0, 40_000, FEN])
def test_the_money_follows_the_decision_about_what_is_held(play: Play, one: Work, vendor_fen: int) -> None:
    payments.with_account(play, one)
    work_operations.start_work(one.code, by=one.vendor)
    dispute(one, outcome="end", vendor_fen=vendor_fen, buyer_fen=FEN - vendor_fen)
    play.deliver()
    assert figures(one) == (0, vendor_fen, FEN - vendor_fen)
    assert settled(one)
    assert state_of(one) == "cancelled"


@pytest.mark.parametrize("vendor_fen", [0, 40_000])
def test_what_was_paid_out_is_clawed_back_before_the_buyer_gets_it(play: Play, one: Work, vendor_fen: int) -> None:
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    assert payouts_of(one)[0].state == "paid"
    play.control("reversals", refuse=True)
    dispute(one, outcome="settle", vendor_fen=vendor_fen, buyer_fen=FEN - vendor_fen)
    assert [row.state for row in refunds_of(one)] == ["waiting"]
    assert balance_of(Account.VENDOR_DEBT, one.firm.code) == FEN - vendor_fen
    (claw,) = queries.desk().clawbacks
    assert claw.failure is not None
    assert not settled(one)
    play.control("reversals", refuse=False)
    payout_operations.begin_clawback_again(claw.code, by=one.operator)
    drain()
    play.deliver()
    assert figures(one) == (0, vendor_fen, FEN - vendor_fen)
    assert [row.state for row in refunds_of(one)] == ["done"]
    assert balance_of(Account.VENDOR_DEBT, one.firm.code) == 0
    assert settled(one)
    assert payment_of(one).state == ("released" if vendor_fen else "refunded")


def test_an_earning_that_has_not_left_is_cut_and_nobody_owes_anything(play: Play, one: Work) -> None:
    payments.done(one)  # the vendor has no account yet
    assert payouts_of(one)[0].state == "due"
    assert not settled(one)
    dispute(one, outcome="settle", vendor_fen=25_000, buyer_fen=75_000)
    assert payouts_of(one)[0].clawed_fen == 75_000
    assert balance_of(Account.VENDOR, one.firm.code) == 25_000
    payments.with_account(play, one)
    play.deliver()
    assert [row.sent_fen for row in payouts_of(one)] == [25_000]
    assert figures(one) == (0, 25_000, 75_000)
    assert settled(one)


def test_the_fee_of_what_is_taken_back_is_given_back_too(play: Play, one: Work) -> None:
    db.session.add(FeeRate(permille=100, valid_from=clock.today(), source="示例"))
    db.session.commit()
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    dispute(one, outcome="settle", vendor_fen=50_001, buyer_fen=49_999)
    play.deliver()
    money = queries.money_of(one.code)
    assert (money.released_fen, money.refunded_fen, money.fee_fen) == (50_001, 49_999, balance_of(Account.FEE))
    assert money.fee_fen in (5_000, 5_001)
    assert balance_of(Account.GATEWAY) == money.fee_fen


def test_a_payout_that_comes_back_while_it_is_clawed_back_leaves_no_debt(play: Play, one: Work) -> None:
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    (payout,) = payouts_of(one)
    play.control("reversals", refuse=True)
    dispute(one, outcome="settle", vendor_fen=40_000, buyer_fen=60_000)
    play.control("return_payout", payout=payout.ref)
    play.deliver()
    assert balance_of(Account.VENDOR_DEBT, one.firm.code) == 0
    assert balance_of(Account.VENDOR, one.firm.code) == 40_000
    play.control("reversals", refuse=False)
    (claw,) = queries.desk().clawbacks
    payout_operations.begin_clawback_again(claw.code, by=one.operator)
    drain()
    payout_operations.free_account(one.firm.code, by=one.operator)
    drain()
    play.deliver()
    assert figures(one) == (0, 40_000, 60_000)
    assert balance_of(Account.GATEWAY) == 0
    assert settled(one)


def test_a_payout_that_comes_back_after_it_was_clawed_back_is_counted_once(play: Play, one: Work) -> None:
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    (payout,) = payouts_of(one)
    dispute(one, outcome="settle", vendor_fen=40_000, buyer_fen=60_000)
    play.deliver()
    play.control("return_payout", payout=payout.ref)
    play.deliver()
    assert balance_of(Account.VENDOR, one.firm.code) == 40_000
    payout_operations.free_account(one.firm.code, by=one.operator)
    drain()
    play.deliver()
    assert figures(one) == (0, 40_000, 60_000)
    assert balance_of(Account.GATEWAY) == 0
    assert settled(one)


def test_an_order_that_goes_on_after_a_dispute_keeps_its_money(play: Play, one: Work) -> None:
    work_operations.start_work(one.code, by=one.vendor)
    dispute(one, outcome="continue", vendor_fen=FEN, buyer_fen=0)
    assert figures(one) == (FEN, 0, 0)
    assert not queries.money_of(one.code).frozen


# Chargebacks -----------------------------------------------------------------------------------------------------------------


def charged_back(play: Play, one: Work) -> str:
    """The buyer's bank takes the payment back; the name of the dispute there."""
    charge = payments.visit_of(payment_of(one).checkouts[0].code).charge
    found = play.control("chargeback", charge=charge)
    play.deliver()
    return found["id"]


def test_a_chargeback_before_the_work_asks_the_buyer_again(play: Play, one: Work) -> None:
    charged_back(play, one)
    assert (payment_of(one).state, state_of(one)) == ("taken_back", "contracted")
    again = payment_of(one, part=2)
    assert (again.state, again.fen) == ("due", FEN)
    assert again.pay_by is not None
    with pytest.raises(Refusal):
        work_operations.start_work(one.code, by=one.vendor)


def test_a_chargeback_that_is_won_before_the_buyer_paid_again_counts_as_paid(play: Play, one: Work) -> None:
    ref = charged_back(play, one)
    play.control("close_dispute", dispute=ref, won=True)
    play.deliver()
    assert (payment_of(one).state, payment_of(one, part=2).state, state_of(one)) == ("held", "void", "funded")
    assert escrow_of(one) == FEN


def test_a_chargeback_that_is_won_after_the_buyer_paid_again_is_refunded(play: Play, one: Work) -> None:
    ref = charged_back(play, one)
    visit = operations.begin_payment(payment_of(one, part=2).code, Method.CARD, "practice", by=one.buyer)
    drain()
    play.control("pay", checkout=payments.visit_of(visit.code).ref)
    play.deliver()
    assert state_of(one) == "funded"
    play.control("close_dispute", dispute=ref, won=True)
    play.deliver()
    assert escrow_of(one) == FEN
    assert [(row.cause, row.fen, row.state) for row in refunds_of(one)] == [("chargeback_won", FEN, "done")]


@pytest.mark.parametrize("won", [True, False])
def test_an_order_that_failed_meanwhile_has_no_money_left_either_way(play: Play, one: Work, won: bool) -> None:
    from market.orders import contract_operations
    from market.orders import queries as orders

    ref = charged_back(play, one)
    due_at = orders.order(one.code).due_at
    assert due_at is not None
    with clock.frozen(due_at):
        contract_operations.lapse_payment(one.code, by=system())
        drain()
        assert state_of(one) == "failed"
        play.control("close_dispute", dispute=ref, won=won)
        play.deliver()
    assert escrow_of(one) == balance_of(Account.CHARGEBACKS, one.code) == balance_of(Account.GATEWAY) == 0
    assert sum(row.fen for row in refunds_of(one)) == (FEN if won else 0)
    assert settled(one)


@pytest.mark.parametrize("paid_out", [True, False])
@pytest.mark.parametrize("won", [True, False])
def test_a_chargeback_after_acceptance_opens_a_dispute_and_its_end_decides(
    play: Play, one: Work, won: bool, paid_out: bool
) -> None:
    if paid_out:
        payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    ref = charged_back(play, one)
    assert state_of(one) == "disputed"
    assert not payout_operations.begin_payout(payouts_of(one)[0].code, by=system())
    play.control("close_dispute", dispute=ref, won=won)
    play.deliver()
    assert balance_of(Account.CHARGEBACKS, one.code) == 0
    if won:
        assert payment_of(one).state == "released"
        assert figures(one) == (0, FEN, 0)
    else:
        assert payment_of(one).state == "refunded"
        assert figures(one) == (0, 0, FEN)
        assert balance_of(Account.GATEWAY) == 0


def test_a_decision_while_a_chargeback_is_open_is_done_once_it_is_closed(play: Play, one: Work) -> None:
    payments.with_account(play, one)
    payments.done(one)
    play.deliver()
    ref = charged_back(play, one)
    (running,) = work_queries.disputes_of(one.fresh())
    dispute_operations.decide_dispute(
        running.code,
        outcome="settle",
        vendor_fen=70_000,
        buyer_fen=30_000,
        reasons=REASONS,
        by=one.operator,
    )
    drain()
    assert refunds_of(one) == []
    play.control("close_dispute", dispute=ref, won=True)
    play.deliver()
    assert figures(one) == (0, 70_000, 30_000)
    assert settled(one)


def test_a_chargeback_of_what_was_refunded_already_is_borne_by_the_market(play: Play, one: Work) -> None:
    charge = payment_of(one).checkouts[0].charge
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    play.deliver()
    play.bank.put("charge", {**play.bank.get("charge", charge), "refunded": 0})
    found = play.control("chargeback", charge=charge)
    play.control("close_dispute", dispute=found["id"], won=False)
    play.deliver()
    assert balance_of(Account.LOSSES) == FEN
    assert balance_of(Account.GATEWAY) == -FEN


# Refunds that fail -----------------------------------------------------------------------------------------------------------


def test_a_refund_that_fails_is_the_buyers_money_still_and_is_sent_again(play: Play, one: Work) -> None:
    play.control("next_refund_fails")
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    play.deliver()
    (refund,) = refunds_of(one)
    assert (refund.state, refund.failure) == ("failed", "expired_or_canceled_card")
    assert balance_of(Account.REFUNDS, one.code) == FEN
    assert refund in queries.desk().refunds
    payout_operations.begin_refund_again(refund.code, by=one.operator)
    drain()
    play.deliver()
    assert refunds_of(one)[0].state == "done"
    assert [row["stage"] for row in play.bank.all("refund")] == ["failed", "done"]


def test_a_refund_that_the_bank_returns_later_is_found_again(play: Play, one: Work) -> None:
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    play.deliver()
    assert settled(one)
    play.control("fail_refund", refund=refunds_of(one)[0].ref)
    play.deliver()
    assert refunds_of(one)[0].state == "failed"
    assert not settled(one)
    assert balance_of(Account.REFUNDS, one.code) == balance_of(Account.GATEWAY) == FEN


def test_a_refund_by_hand_of_money_that_the_vendor_has_stops_the_order_until_it_is_cleared(
    play: Play, one: Work
) -> None:
    payments.done(one)  # released, no account yet
    charge = payment_of(one).checkouts[0].charge
    play.control("refund_by_hand", charge=charge, amount=60_000)
    play.deliver()
    (found,) = queries.desk().differences
    assert (found.kind, found.how) == ("refund_by_hand", None)
    assert queries.money_of(one.code).frozen
    payments.with_account(play, one)
    assert payouts_of(one)[0].state == "due"
    facts = asking.gateway().read_refund(found.ref)
    with pytest.raises(WrongState):
        decision_operations.settle_difference(found.code, "客户要求当面退款。", facts=facts, by=one.operator)


def test_another_amount_than_was_asked_for_moves_nothing_and_is_put_before_an_officer(play: Play) -> None:
    one = payments.signed(work.sides(), FEN)
    visit = payments.begun(one)
    play.bank.put("checkout", {**play.bank.get("checkout", visit.ref), "amount": FEN - 1})
    play.control("pay", checkout=visit.ref)
    play.deliver()
    assert escrow_of(one) == 0
    (found,) = queries.desk().differences
    assert (found.kind, found.ours_fen, found.theirs_fen) == ("amount", FEN, FEN - 1)


# The ledger ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_line SET fen = fen + 1",
        "DELETE FROM ledger_line",
        "UPDATE ledger_entry SET kind = 'other'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_line",
        "TRUNCATE ledger_entry CASCADE",
    ],
)
def test_what_stands_in_the_ledger_cannot_be_changed_or_removed(play: Play, one: Work, statement: str) -> None:
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    nested = db.session.begin_nested()
    with pytest.raises(DBAPIError, match="only added to"):
        db.session.execute(text(statement))
    nested.rollback()


def test_an_entry_that_does_not_balance_cannot_be_committed(play: Play, one: Work) -> None:
    one_more = (
        "INSERT INTO ledger_line (entry_id, account_id, fen) SELECT entry_id, account_id, 5 FROM ledger_line LIMIT 1"
    )
    nested = db.session.begin_nested()
    db.session.execute(text(one_more))
    with pytest.raises(DBAPIError, match="does not balance"):
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    nested.rollback()


# Any order of anything ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_whatever_happens_in_whatever_order_the_ledger_is_sound_and_the_gateway_agrees(play: Play, seed: int) -> None:
    """Random payments, refunds, releases, decisions, payouts, returns, chargebacks, lost events and outages of the bank, on
    three orders of one vendor: after each step the ledger balances and nothing is below zero; at the end, when all is told
    and done, gateway and ledger differ in nothing and every fen is where somebody sees it."""
    chance = random.Random(seed)
    sides = work.sides()
    rows = [payments.signed(sides, chance.randint(1, 50_000), stages=2) for _ in range(3)]
    payments.with_account(play, rows[0])
    for _ in range(28):
        one = chance.choice(rows)
        step = chance.choice(STEPS)
        try:
            step(play, one, chance)
        except (Refusal, StopIteration, IndexError):
            db.session.rollback()
        if chance.random() < 0.5:
            drain()
        payments.assert_sound()
    play.transport.away = False
    play.transport.loses = ""
    for ref in [row["id"] for row in play.bank.all("dispute") if row["stage"] == "open"]:
        play.control("close_dispute", dispute=ref, won=chance.random() < 0.5)
    for hours in (1, 3):
        with clock.frozen(clock.real() + timedelta(hours=hours)):
            drain()
            play.deliver()
            transactional(jobs.sweep)()
            transactional(jobs.sweep_slowly)()
            drain()
            play.deliver()
    reconciling.reconcile(by=system())
    drain()
    assert reconciling.compare().suspects == ()
    payments.assert_sound()
    charged = sum(row["amount"] - row["refunded"] for row in play.bank.all("charge"))
    lost = sum(row["amount"] for row in play.bank.all("dispute") if row["stage"] == "failed")
    out = sum(row["amount"] for row in play.bank.all("payout") if row["stage"] == "done")
    owed = sum(row.fen for row in db.session.query(Clawback) if row.state != "done")
    reversed_ = sum(row["reversed"] for row in play.bank.all("transfer"))
    assert owed == 0
    assert balance_of(Account.GATEWAY) == charged - lost - out + _still_owed(play, reversed_)


def _still_owed(play: Play, reversed_: int) -> int:
    """What vendors' accounts at the bank are below zero: taken back of them after it had left."""
    return sum(-row["balance"] for row in play.bank.all("account") if row["balance"] < 0)


def _pay(play: Play, one: Work, chance: random.Random) -> None:
    row = chance.choice([row for row in payment_of(one).escrow.payments if row.state is PaymentState.DUE])
    visit = operations.begin_payment(row.code, Method.CARD, "practice", by=one.buyer)
    drain()
    card = chance.choice(["success", "success", "silent", "duplicate", "decline"])
    play.control("pay", checkout=payments.visit_of(visit.code).ref, card=card)


def _give_up(play: Play, one: Work, chance: random.Random) -> None:
    for row in payment_of(one).escrow.payments:
        operations.give_up_payment(row.code, by=one.buyer)


def _tell(play: Play, one: Work, chance: random.Random) -> None:
    waiting = play.events()
    chance.shuffle(waiting)
    for event in waiting[:3]:
        play.post(event)


def _refund(play: Play, one: Work, chance: random.Random) -> None:
    row = chance.choice(payment_of(one).escrow.payments)
    left = refundable(row)
    decision_operations.refund_by_officer(
        row.code, chance.randint(1, max(left, 1)), "示例退款原因", shown_fen=left, by=one.operator
    )


def _release(play: Play, one: Work, chance: random.Random) -> None:
    operations.release(one.code, chance.randint(1, 2), final=False, by=system())


def _decide(play: Play, one: Work, chance: random.Random) -> None:
    money = queries.money_of(one.code)
    total = money.held_fen + money.released_fen
    decision_operations.freeze(one.code, "Y-000000000", by=system())
    drain()
    decision_operations.follow_decision(
        one.code, chance.choice(["settle", "end", "continue"]), chance.randint(0, total), by=system()
    )


def _unwind(play: Play, one: Work, chance: random.Random) -> None:
    decision_operations.unwind(one.code, chance.randint(0, 40_000), by=system())


def _return_payout(play: Play, one: Work, chance: random.Random) -> None:
    paid = [row["id"] for row in play.bank.all("payout") if row["stage"] == "done"]
    play.control("return_payout", payout=chance.choice(paid))


def _correct_account(play: Play, one: Work, chance: random.Random) -> None:
    play.control("name_bank", account=play.bank.all("account")[0]["id"], bank=chance.choice(["good", "good", "bad"]))


def _charge_back(play: Play, one: Work, chance: random.Random) -> None:
    disputed = {row["charge"] for row in play.bank.all("dispute")}
    open_ones = [
        row["id"] for row in play.bank.all("charge") if row["id"] not in disputed and row["refunded"] < row["amount"]
    ]
    play.control("chargeback", charge=chance.choice(open_ones))


def _close_chargeback(play: Play, one: Work, chance: random.Random) -> None:
    open_ones = [row["id"] for row in play.bank.all("dispute") if row["stage"] == "open"]
    play.control("close_dispute", dispute=chance.choice(open_ones), won=chance.random() < 0.5)


def _outage(play: Play, one: Work, chance: random.Random) -> None:
    play.transport.away = chance.random() < 0.3
    play.transport.loses = chance.choice(["", "", "/v1/refunds", "/v1/payouts", "/v1/transfers", "/v1/checkouts"])


STEPS = [
    _pay, _pay, _pay, _give_up, _tell, _tell, _refund, _release, _release, _decide, _unwind, _return_payout,
    _correct_account, _charge_back, _close_chargeback, _outage, _outage,
]  # fmt: skip
