"""Where two ways of money cross: a card's refund that went by bank transfer, a chargeback under a cancellation, terms under an
amendment, a dispute over public money, two accounts of one vendor, things known already."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from market import clock
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import WrongState
from market.orders import operations as order_operations
from market.orders.models import BuyerKind
from market.payments import (
    asking,
    decision_operations,
    jobs,
    operations,
    payout_operations,
    queries,
    reconciling,
    transfer_operations,
)
from market.payments.gateway import Declined
from market.payments.ledger import Account
from market.payments.models import TransferKind
from market.payments.posting import balance_of
from market.record.models import AuditEntry, OutboxRow
from market.transaction import transactional
from tests.integration.counting import statements
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play, drain, payment_of, payouts_of, refunds_of, state_of
from tests.integration.factories.work import Work

FEN = 100_000
FIRST, SECOND = (Actor(f"P-0000TEST{n}", role=Role.OPERATOR) for n in (1, 2))


@pytest.fixture
def one(play: Play) -> Work:
    """An order of 1,000.00 whose money is held."""
    found = payments.signed(work.sides(), FEN)
    payments.paid_at_bank(play, found)
    play.deliver()
    return found


def transferred(kind: TransferKind, about: str, fen: int, reference: str) -> None:
    """Two officers find a transfer on the bank statement."""
    row = transfer_operations.record_transfer(kind, about, fen, reference, clock.today(), by=FIRST)
    transfer_operations.confirm_transfer(row.code, by=SECOND)
    drain()


def told(name: str) -> list[AuditEntry]:
    """What the record says under this name, in order."""
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == name).order_by(AuditEntry.number)))


# Refunds ---------------------------------------------------------------------------------------------------------------------


def test_a_failed_refund_that_went_by_transfer_stays_done_whatever_is_said_of_the_card(play: Play, one: Work) -> None:
    play.control("next_refund_fails")
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    drain()
    (refund,) = refunds_of(one)
    failed = refund.ref
    transferred(TransferKind.REFUND, refund.code, FEN, "BK-1")
    play.deliver()
    assert asking.look("refund", failed or "") is False
    assert reconciling.reconcile(by=system())[1] == []
    assert [(row.state, row.ref) for row in refunds_of(one)] == [("done", None)]
    assert queries.money_of(one.code).settled_at is not None
    assert (balance_of(Account.REFUNDS, one.code), balance_of(Account.BANK)) == (0, -FEN)
    # the card's bank took it after all: the buyer has it twice, and somebody is told
    play.bank.put("refund", {**play.bank.get("refund", failed), "stage": "done"})
    assert [(row.kind, done) for row, done in reconciling.reconcile(by=system())[1]] == [("refunded_twice", "officer")]


def test_what_is_said_of_a_refunds_earlier_try_does_not_end_the_next_one(play: Play, one: Work) -> None:
    play.control("next_refund_fails")
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    drain()
    (refund,) = refunds_of(one)
    play.transport.loses = "/v1/refunds"
    payout_operations.begin_refund_again(refund.code, by=one.operator)
    drain()  # the bank did it, its answer is lost
    play.transport.loses = ""
    play.deliver()
    reconciling.reconcile(by=system())
    assert refunds_of(one)[0].state == "begun"
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        transactional(jobs.sweep_slowly)()
        drain()
    assert refunds_of(one)[0].state == "done"
    assert [row["stage"] for row in play.bank.all("refund")] == ["failed", "done"]


def test_what_is_on_its_way_is_asked_about_by_the_clock_it_was_begun_by(
    play: Play, one: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In practice mode the market's clock may be a month ahead of the machine's."""
    ahead = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: ahead)
    play.transport.loses = "/v1/refunds"
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    drain()
    play.transport.loses = ""
    db.session.execute(update(OutboxRow).values(done_at=clock.real()))
    monkeypatch.setattr(clock, "now", lambda: ahead + timedelta(minutes=11))
    transactional(jobs.sweep_slowly)()
    drain()
    assert [row.state for row in refunds_of(one)] == ["done"]


# A chargeback under a cancellation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "won", "vendors"), [(30_000, True, 130_000), (0, True, 100_000), (0, False, 100_000)]
)
def test_a_share_of_what_is_held_is_beside_what_the_vendor_earned_before(
    play: Play, share: int, won: bool, vendors: int
) -> None:
    """The first stage is earned, the second one's money is with the buyer's bank when the order is called off."""
    one = payments.signed(work.sides(), FEN, stages=2)
    payments.with_account(play, one)
    for number in (1, 2):
        payments.paid_at_bank(play, one, number)
        play.deliver()
    operations.release(one.code, 1, final=False, by=system())
    drain()
    charge = payment_of(one, 2).checkouts[0].charge
    dispute = play.control("chargeback", charge=charge)
    assert asking.look("dispute", dispute["id"])
    decision_operations.unwind(one.code, share, by=system())
    play.control("close_dispute", dispute=dispute["id"], won=won)
    assert asking.look("dispute", dispute["id"])
    drain()
    money = queries.money_of(one.code)
    assert (money.held_fen, money.released_fen) == (0, vendors)
    assert money.refunded_fen + money.refunding_fen == 2 * FEN - vendors
    assert payouts_of(one)[0].clawed_fen == 0


# Amendments ------------------------------------------------------------------------------------------------------------------


def amend(one: Work, *instalments: int) -> Any:
    """The instalments of an amendment, payable within a week."""
    pay_by = clock.now() + timedelta(days=7)
    operations.open_instalments(one.code, one.firm.code, instalments, pay_by, by=system())
    drain()
    return pay_by


def test_an_instalment_that_an_amendment_makes_zero_is_held_at_once(play: Play) -> None:
    """KF-MON-18: also while the buyer is on the bank's page, which is closed."""
    one = payments.signed(work.sides(), FEN)
    visit = payments.begun(one)
    amend(one, 0)
    assert [(row.fen, str(row.state)) for row in payment_of(one).escrow.payments] == [(FEN, "void"), (0, "held")]
    assert state_of(one) == "funded"
    assert payments.visit_of(visit.code).state == "refused"


def test_an_amended_instalment_that_was_due_is_due_by_the_amendments_term(play: Play, one: Work) -> None:
    two = payments.signed((one.buyer, one.vendor, one.firm), FEN, stages=3)
    payments.paid_at_bank(play, two)
    play.deliver()
    operations.release(two.code, 1, final=False, by=system())
    pay_by = amend(two, FEN, FEN - 1, FEN - 1)
    rows = {row.number: row.pay_by for row in payment_of(two).escrow.payments if row.state == "due"}
    assert rows == {2: pay_by, 3: None}


def test_what_an_amendment_sent_back_is_asked_for_again_by_a_dearer_one(play: Play, one: Work) -> None:
    amend(one, FEN - 20_000)
    amend(one, FEN)
    assert [(row.fen, str(row.state)) for row in payment_of(one).escrow.payments] == [(FEN, "held"), (20_000, "due")]


# A dispute over public money -------------------------------------------------------------------------------------------------


def test_a_dispute_holds_back_what_is_paid_out_by_transfer_too(play: Play) -> None:
    one = payments.signed(work.sides(), FEN, buyer_kind=BuyerKind.PUBLIC_BODY)
    operations.ask_invoice(payment_of(one).code, by=one.buyer)
    transferred(TransferKind.PAID_IN, payment_of(one).code, FEN, "BK-1")
    payments.done(one)
    (payout,) = payouts_of(one)
    assert queries.desk().payouts == [payout]
    decision_operations.freeze(one.code, "Y-000000000", by=system())
    assert queries.desk().payouts == []
    with pytest.raises(WrongState, match="dispute"):
        transfer_operations.record_transfer(TransferKind.PAYOUT, payout.code, FEN, "BK-2", clock.today(), by=FIRST)
    decision_operations.thaw(one.code, by=system())
    transferred(TransferKind.PAYOUT, payout.code, FEN, "BK-2")
    assert payouts_of(one)[0].state == "paid"


# Accounts --------------------------------------------------------------------------------------------------------------------


def test_a_vendor_that_named_its_bank_account_first_has_one_account_for_payouts(play: Play, one: Work) -> None:
    """And hears once that it is not ready yet."""
    payout_operations.set_bank_account(one.firm.code, "示例银行西安分行", "6222000011112222", by=one.vendor)
    assert (len(told("BankAccountSet")), len(told("PayoutAccountSet"))) == (1, 0)
    first = asking.onboarding(one.firm.code, by=one.vendor)
    play.bank.base.execute("DELETE FROM asked")  # a gateway forgets its keys after a day
    assert asking.onboarding(one.firm.code, by=one.vendor) == first
    assert len(play.bank.all("account")) == len(told("PayoutAccountSet")) == 1


# Events ----------------------------------------------------------------------------------------------------------------------


def test_a_chargeback_of_an_unknown_payment_asks_about_that_charge_alone(
    play: Play, one: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many visits came to nothing; also when the gateway's name of the visit is not known either."""
    sides = (one.buyer, one.vendor, one.firm)
    for _ in range(3):
        other = payments.signed(sides, FEN)
        operations.give_up_payment(payments.begun(other).payment.code, by=one.buyer)
        drain()
    silent = payments.signed(sides, FEN)
    visit = payments.paid_at_bank(play, silent, card="silent")
    charge = play.bank.all("charge")[-1]["id"]
    dispute = play.control("chargeback", charge=charge, silent=True)
    visit.ref = None
    db.session.commit()
    before = play.transport.requests
    assert asking.look("dispute", dispute["id"])
    assert play.transport.requests - before <= 5
    assert payment_of(silent).state == "taken_back"
    # what the gateway refuses for another reason than that there is no such thing is not given up
    monkeypatch.setattr(play.gateway, "read_dispute", lambda ref: (_ for _ in ()).throw(Declined("rate_limit")))
    with pytest.raises(Declined):
        asking.look("dispute", dispute["id"])
    monkeypatch.undo()
    assert asking.look("dispute", "dis_none") is None


def test_a_gateway_that_refuses_a_question_leaves_the_difference_to_an_officer(
    play: Play, one: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found is not lost with the answer that nobody got."""
    payments.paid_at_bank(play, payments.signed((one.buyer, one.vendor, one.firm), FEN), card="silent")
    refused = Declined("rate_limit")
    monkeypatch.setattr(asking, "look", lambda *of: (_ for _ in ()).throw(refused))
    _, found = reconciling.reconcile(by=system())
    assert [outcome for _, outcome in found] == ["officer"]
    assert reconciling.waiting() == 1


# Comparing, and the officers' desk ------------------------------------------------------------------------------------


def test_the_nightly_figures_are_of_what_is_new(play: Play, one: Work) -> None:
    """Regulators hear each morning of what was found that night, not of what waits before officers since."""
    payments.paid_at_bank(play, other := payments.signed((one.buyer, one.vendor, one.firm), FEN), card="silent")
    play.bank.base.execute("DELETE FROM thing WHERE id = ?", (payment_of(one).checkouts[0].charge,))
    for days in (1, 2):
        with clock.frozen(at := clock.real() + timedelta(days=days)):
            transactional(jobs.reconcile)()
            drain()
        with clock.frozen(at + jobs.TO_MEND):
            drain()
    found = [(entry.facts["differences"], entry.facts["mended"]) for entry in told("LedgerCompared")]
    assert found == [(2, 1), (0, 0)]
    assert payment_of(other).state == "held"
    assert reconciling.waiting() == 1


def test_comparing_and_the_desk_ask_no_more_with_more_rows(play: Play, someone: Any) -> None:
    officer = someone(Role.OPERATOR).client
    counts = []
    for firms in ((1,), (2, 3)):
        for sides in map(work.sides, firms):
            row = payments.signed(sides, FEN)
            payments.paid_at_bank(play, row)
            play.deliver()
            payments.with_account(play, row, "refusing")
            payments.done(row)
            play.deliver()
            late = payments.signed(sides, FEN)
            payments.paid_at_bank(play, late)
            play.control("next_refund_fails")
            order_operations.cancel_order(late.code, reason="no_need", by=late.buyer)
            play.deliver()
        assert len(queries.desk().payouts) == len(queries.desk().refunds) == max(firms)
        officer.get("/desk/payments")
        compared, page = statements(reconciling.compare), statements(lambda: officer.get("/desk/payments"))
        counts.append((compared, page))
    assert counts[0] == counts[1]
