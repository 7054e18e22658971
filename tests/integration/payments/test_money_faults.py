"""What went wrong with money elsewhere, done here: each case of the list of known faults, with the practice bank."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from market import clock, outbox
from market.db import db
from market.kernel.actor import Role, system
from market.kernel.errors import Refusal, RuleBroken
from market.orders import contract_operations, work_operations
from market.orders import operations as order_operations
from market.payments import (
    asking,
    decision_operations,
    event_operations,
    jobs,
    operations,
    queries,
    reconciling,
)
from market.payments.ledger import Account
from market.payments.models import (
    Checkout,
    Difference,
    GatewayEndpoint,
    GatewayEvent,
    LedgerEntry,
    Method,
    Payout,
)
from market.payments.posting import balance_of, refundable
from market.record.models import AuditEntry, OutboxRow
from market.transaction import transactional
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play, drain, escrow_of, payment_of, state_of
from tests.integration.factories.work import Work

FEN = 100_000


def entries_of(one: Work, kind: str) -> int:
    """How many entries of a kind the ledger has about an order."""
    statement = select(func.count()).select_from(LedgerEntry)
    return db.session.scalar(statement.where(LedgerEntry.order == one.code, LedgerEntry.kind == kind)) or 0


def told(event: str, one: Work) -> int:
    """How often the record says that something happened to an order."""
    statement = select(func.count()).select_from(AuditEntry)
    about = AuditEntry.event == event, AuditEntry.subjects.contains([one.code])
    return db.session.scalar(statement.where(*about)) or 0


@pytest.fixture
def one(play: Play) -> Work:
    """An order of 1,000.00 whose contract is signed."""
    return payments.signed(work.sides(), FEN)


# Events --------------------------------------------------------------------------------------------------------------------


def test_the_same_event_again_changes_nothing(play: Play, one: Work) -> None:
    """KF-MON-01: identical bytes, four times with fresh signatures: one posting, one record, 2xx each time."""
    payments.paid_at_bank(play, one)
    (event,) = play.events("checkout.session.completed")
    for _ in range(4):
        assert play.post(event).status_code == 200
        drain()
    assert payments.event(event).times == 4
    assert escrow_of(one) == FEN
    assert entries_of(one, "hold") == 1
    assert told("PaymentHeld", one) == told("OrderFunded", one) == 1
    assert payments.event(event).state == "applied"


def test_events_are_answered_before_they_are_applied(play: Play, one: Work) -> None:
    """KF-MON-01: the gateway repeats what is answered late: storing is all that the answer waits for."""
    payments.paid_at_bank(play, one)
    (event,) = play.events("checkout.session.completed")
    play.transport.away = True
    assert play.post(event).status_code == 200
    assert payments.event(event).state == "stored"
    assert escrow_of(one) == 0
    play.transport.away = False
    drain()
    assert escrow_of(one) == FEN


@pytest.mark.parametrize("order", ["in time", "reversed"])
def test_events_may_come_in_any_order(play: Play, one: Work, order: str) -> None:
    """KF-MON-02: the refund of a late payment is told before the payment itself; the stale event is without effect."""
    visit = payments.paid_at_bank(play, one)
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    drain()  # the market asks the bank to close the page, hears that it is paid, and sends the money back
    assert [row.state for row in payments.refunds_of(one)] == ["done"]
    paid, back = play.events("checkout.session.completed")[0], play.events("refund.created")[0]
    for event in (paid, back) if order == "in time" else (back, paid):
        assert play.post(event).status_code == 200
        drain()
    assert {payments.event(paid).state, payments.event(back).state} == {"no_effect"}
    assert payments.visit_of(visit.code).state == "succeeded"
    assert payment_of(one).state == "void"
    assert escrow_of(one) == balance_of(Account.REFUNDS, one.code) == 0
    assert payments.payouts_of(one) == []


@pytest.mark.parametrize("order", [("payout.paid", "payout.failed"), ("payout.failed", "payout.paid")])
def test_a_returned_payout_stays_returned_whatever_is_told_first(play: Play, one: Work, order: tuple[str, str]) -> None:
    """KF-MON-02."""
    one = payments.held(play, 2)
    payments.with_account(play, one, "bad")
    payments.done(one)
    for kind in order:
        (event,) = play.events(kind)
        assert play.post(event).status_code == 200
        drain()
    (payout,) = payments.payouts_of(one)
    assert (payout.state, payout.failure) == ("returned", "account_closed")
    assert balance_of(Account.VENDOR, one.firm.code) == work.PRICE


def test_an_event_is_done_only_with_its_posting(play: Play, one: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """KF-MON-03: the first handling fails in the middle; nothing is marked as done, and the second try pays once."""
    payments.paid_at_bank(play, one)
    (event,) = play.events("checkout.session.completed")

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr(event_operations, "finish_event", broken)
        play.post(event)
        drain()
    assert payments.event(event).state == "stored"
    assert (escrow_of(one), entries_of(one, "hold")) == (0, 0)
    row = db.session.scalar(select(OutboxRow).where(OutboxRow.job == "market.payments.jobs.apply_event"))
    assert row is not None
    assert "went away" in (row.error or "")
    # the gateway's own repetition, or the sweep: either finishes it
    play.post(event)
    drain()
    assert (escrow_of(one), entries_of(one, "hold"), payments.event(event).state) == (FEN, 1, "applied")


def test_the_sweep_applies_what_was_stored_and_forgotten(play: Play, one: Work) -> None:
    """KF-MON-03, KF-JOB-06: no ticket, no outbox row, only the stored event: it is found again."""
    payments.paid_at_bank(play, one)
    (event,) = play.events("checkout.session.completed")
    play.post(event)
    db.session.execute(update(OutboxRow).values(done_at=clock.real()))
    db.session.commit()
    transactional(jobs.sweep_slowly)()
    drain()
    assert payments.event(event).state == "applied"
    assert escrow_of(one) == FEN


def deliver_raw(play: Play, body: dict[str, Any]) -> Any:
    """Deliver an event of any content, signed as the bank signs."""
    import json

    from market.payments.gateway import sign

    (secret,) = queries.secrets_of("practice")
    payload = json.dumps(body).encode()
    stamp = int(clock.real().timestamp())
    return play.app.test_client().post(
        "/payments/webhook",
        data=payload,
        headers={"Stripe-Signature": f"t={stamp},v1={sign(payload, stamp, secret)}"},
    )


def test_what_is_not_ours_is_stored_without_effect_and_the_next_event_counts(play: Play, one: Work) -> None:
    """KF-MON-04: unknown type, unknown reference, nothing at all, another tenant's refund: 2xx each, nothing changed."""
    payments.paid_at_bank(play, one)
    before = queries.entries()
    foreign = play.bank.put(
        "charge", {"reference": "their-order", "checkout": None, "amount": 900, "refunded": 0, "transferred": 0}
    )
    refund = play.control("refund_by_hand", charge=foreign["id"], amount=900)
    stamp = int(clock.real().timestamp())
    bodies = [
        {"id": "evt_a", "type": "customer.created", "created": stamp, "data": {"object": {"id": "cus_1"}}},
        {"id": "evt_b", "type": "checkout.session.completed", "created": stamp, "data": {"object": {"id": "cs_none"}}},
        {"id": "evt_c", "type": "refund.created", "created": stamp, "data": {"object": {}}},
        {"id": "evt_d", "type": "refund.created", "created": stamp, "data": {"object": {"id": refund["id"]}}},
        {"id": "evt_e", "type": "payout.paid", "created": stamp, "data": {"object": {"id": "po_market"}}},
    ]
    for body in bodies:
        assert deliver_raw(play, body).status_code == 200
        drain()
        assert payments.event(body["id"]).state == "not_ours"
    assert deliver_raw(play, {"no": "event"}).status_code == 202
    assert queries.entries() == before
    play.deliver()
    assert escrow_of(one) == FEN


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "nonsense"])
def test_what_is_not_signed_is_refused_and_not_stored(play: Play, one: Work, signature: str) -> None:
    payments.paid_at_bank(play, one)
    (event,) = play.events("checkout.session.completed")
    answer = play.post(event, signature or "t=0")
    assert answer.status_code == 400
    assert db.session.scalar(select(func.count()).select_from(GatewayEvent)) == 0


def test_setting_up_twice_keeps_one_endpoint_and_its_secret(play: Play, one: Work) -> None:
    """KF-MON-05."""
    made = [asking.arrange_endpoints(by=system()) for _ in range(3)]
    assert made == [1, 0, 0]
    assert len(play.bank.all("endpoint")) == 1
    (kept,) = db.session.scalars(select(GatewayEndpoint)).all()
    assert kept.secret == play.bank.all("endpoint")[0]["secret"]
    payments.paid_at_bank(play, one)
    play.deliver()
    assert escrow_of(one) == FEN


def test_an_endpoint_whose_secret_is_lost_is_made_anew(play: Play, one: Work) -> None:
    """KF-MON-05: set up by somebody else, or by a database that was restored."""
    play.gateway.make_endpoint("http://localhost:8000/payments/webhook")
    assert asking.arrange_endpoints(by=system()) == 1
    (there,) = play.bank.all("endpoint")
    assert queries.secrets_of("practice") == [there["secret"]]


def test_a_notification_before_the_answer_to_the_request_is_not_lost(play: Play, one: Work) -> None:
    """KF-MON-06: the buyer has paid and the event is here before the market knows the gateway's name of the visit."""
    asking.arrange_endpoints(by=system())
    play.control("next_checkout", card="before")
    visit = operations.begin_payment(payment_of(one).code, Method.CARD, "practice", by=one.buyer)
    play.transport.loses = "/v1/checkouts"
    drain()
    assert payments.visit_of(visit.code).ref is None
    (event,) = play.events("checkout.session.completed")
    play.transport.loses = ""
    assert play.post(event).status_code == 200
    drain()
    assert payments.visit_of(visit.code).state == "succeeded"
    assert (escrow_of(one), entries_of(one, "hold")) == (FEN, 1)
    assert len(play.bank.all("checkout")) == 1


# Paying --------------------------------------------------------------------------------------------------------------------


def test_pressing_pay_again_leads_to_the_same_payment(play: Play, one: Work) -> None:
    """KF-MON-08: twice, once more after it succeeded, and a day later."""
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    first = browser.submit(f"/pay/{code}", {"method": "card"})
    assert first.status_code == 303
    again = browser.submit(f"/pay/{code}", {"method": "card"})
    assert again.status_code == 409
    assert first.headers["Location"] in again.get_data(as_text=True)
    (visit,) = play.bank.all("checkout")
    play.control("pay", checkout=visit["id"])
    play.deliver()
    with clock.frozen(clock.now() + timedelta(days=1)):
        late = browser.submit(f"/pay/{code}", {"method": "card"})
    assert late.status_code == 409
    assert (len(play.bank.all("checkout")), len(play.bank.all("charge")), entries_of(one, "hold")) == (1, 1, 1)


def test_a_buyer_whose_browser_lost_the_answer_is_never_charged_twice(play: Play, one: Work) -> None:
    """KF-MON-09: paid at the bank, the way back cut; before the event comes the page says that a payment is open, after it
    that it is paid; a second one can be begun at no time."""
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    browser.submit(f"/pay/{code}", {"method": "card"})
    play.control("pay", checkout=play.bank.all("checkout")[0]["id"], card="silent")
    page = browser.get(f"/pay/{code}").get_data(as_text=True)
    assert "有一笔付款正在进行" in page
    assert 'value="card"' not in page
    assert browser.submit(f"/pay/{code}", {"method": "card"}).status_code == 409
    # "Has it arrived?" asks the bank at once
    assert browser.submit(f"/pay/{code}/look").status_code == 302
    assert payment_of(one).state == "held"
    assert "已付款，由平台托管" in browser.get(f"/pay/{code}/back").get_data(as_text=True)
    assert browser.submit(f"/pay/{code}", {"method": "card"}).status_code == 409
    assert len(play.bank.all("charge")) == 1


def test_giving_up_a_payment_that_went_through_a_moment_before_shows_it_as_paid(play: Play, one: Work) -> None:
    """KF-MON-09."""
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    browser.submit(f"/pay/{code}", {"method": "card"})
    play.control("pay", checkout=play.bank.all("checkout")[0]["id"], card="silent")
    assert browser.submit(f"/pay/{code}/give-up").status_code == 302
    assert payment_of(one).state == "held"


def test_the_return_page_believes_the_gateway_and_not_the_address(play: Play, one: Work) -> None:
    """KF-MON-07: who comes back without having paid is not told that he has."""
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    browser.submit(f"/pay/{code}", {"method": "card"})
    page = browser.get(f"/pay/{code}/back?paid=1&status=success").get_data(as_text=True)
    assert "已付款" not in page
    assert payment_of(one).state == "begun"


def test_money_for_an_order_that_is_gone_goes_back_with_its_reason_and_its_person(play: Play, one: Work) -> None:
    """KF-MON-10: a place is taken with the award, before anybody pays, so that two never pay for one place (test_at_once.py of
    orders); money that arrives all the same, for an order that was called off meanwhile, is never an orphan."""
    payments.paid_at_bank(play, one)
    order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    play.deliver()
    (refund,) = payments.refunds_of(one)
    assert (refund.state, refund.cause, refund.fen) == ("done", "late", FEN)
    assert refund.checkout is not None
    assert refund.checkout.person == one.buyer.person
    assert escrow_of(one) == balance_of(Account.REFUNDS, one.code) == balance_of(Account.GATEWAY) == 0
    assert play.bank.all("charge")[0]["refunded"] == FEN


def test_an_expired_payment_cannot_be_begun_and_one_that_completes_late_goes_back(play: Play, one: Work) -> None:
    """KF-MON-19: from the page that stayed open, and at the gateway's page that stayed open."""
    browser = work.browser(play.app, one.buyer)
    code = payment_of(one).code
    open_page = browser.get(f"/pay/{code}")
    assert "去付款" in open_page.get_data(as_text=True) or "付款" in open_page.get_data(as_text=True)
    other = payments.signed((one.buyer, one.vendor, one.firm), FEN)
    visit = payments.begun(other)
    due_at = payment_of(one).pay_by
    assert due_at is not None
    with clock.frozen(due_at):
        late = browser.submit(f"/pay/{code}", {"method": "card"})
        assert late.status_code == 409
        assert "付款期限已过" in late.get_data(as_text=True)
        assert "付款期限已过" in browser.get(f"/pay/{code}").get_data(as_text=True)
        for order in (one, other):
            contract_operations.lapse_payment(order.code, by=system())
        play.control("pay", checkout=visit.ref)
        play.deliver()
        assert [payment_of(order).state for order in (one, other)] == ["void", "void"]
        assert browser.submit(f"/pay/{code}", {"method": "card"}).status_code == 409
    assert [(row.cause, row.state) for row in payments.refunds_of(other)] == [("late", "done")]
    assert told("RefundBegun", other) == told("PaymentVoided", other) == 1
    assert escrow_of(other) == 0


def test_a_visit_that_runs_out_makes_the_instalment_due_again(play: Play, one: Work) -> None:
    """KF-MON-16: no authorisation is kept: a visit ends in money or in nothing, and the order waits for payment all the while."""
    visit = payments.begun(one)
    with clock.frozen(clock.real() + timedelta(hours=2)):
        play.bank.deliver_due()
        play.deliver()
        assert payments.visit_of(visit.code).cause == "expired"
        assert payment_of(one).state == "due"
        assert state_of(one) == "contracted"
        with pytest.raises(Refusal):
            work_operations.start_work(one.code, by=one.vendor)
        payments.paid_at_bank(play, one)
        play.deliver()
    assert state_of(one) == "funded"


def test_a_declined_card_charges_nothing_and_another_one_pays(play: Play, one: Work) -> None:
    visit = payments.begun(one)
    play.control("pay", checkout=visit.ref, card="decline")
    play.deliver()
    assert (payment_of(one).state, len(play.bank.all("charge"))) == ("begun", 0)
    play.control("pay", checkout=visit.ref, card="success")
    play.deliver()
    assert payment_of(one).state == "held"


def test_a_stage_that_costs_nothing_is_held_at_once_and_never_waits_for_nothing(play: Play) -> None:
    """KF-MON-18: there are no deposits here; the nearest case is a stage of 0.00, which opens the next step by itself."""
    one = payments.signed(work.sides(), 0)
    drain()
    assert (payment_of(one).state, payment_of(one).method) == ("held", "nothing")
    assert state_of(one) == "funded"
    work_operations.start_work(one.code, by=one.vendor)
    work.hand_over(one)
    work_operations.accept_milestone(one.code, by=one.buyer)
    drain()
    assert queries.money_of(one.code).settled_at is not None
    assert payments.payouts_of(one) == payments.refunds_of(one) == []


# Sending back ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [(FEN,), (60_000, 40_000)])
def test_what_was_refunded_in_full_counts_as_paid_nowhere(play: Play, one: Work, parts: tuple[int, ...]) -> None:
    """KF-MON-11: in one step or in two: refunded, nothing outstanding, cannot be started or paid out, held nowhere."""
    payments.paid_at_bank(play, one)
    play.deliver()
    assert queries.money_of(one.code).held_fen == FEN
    for part in parts:
        payment = payment_of(one)
        decision_operations.refund_by_officer(
            payment.code, part, "示例退款原因", shown_fen=refundable(payment), by=one.operator
        )
        play.deliver()
    assert payment_of(one).state == "refunded"
    assert escrow_of(one) == balance_of(Account.REFUNDS, one.code) == 0
    assert state_of(one) == "contracted"
    with pytest.raises(Refusal):
        work_operations.start_work(one.code, by=one.vendor)
    operations.release(one.code, 1, final=True, by=system())
    assert payments.payouts_of(one) == []
    money = queries.money_of(one.code)
    assert (money.held_fen, money.released_fen, money.refunded_fen) == (0, 0, FEN)


def test_an_old_refund_form_is_refused_and_never_fitted_silently(play: Play, one: Work, someone: Any) -> None:
    """KF-MON-12: opened at 1,000.00; somebody refunds 300.00; "all" from the old form must not send back 700.00."""
    payments.paid_at_bank(play, one)
    play.deliver()
    clerk = someone(Role.OPERATOR).client
    payment = payment_of(one)
    form = {"amount": "700.00", "shown": str(FEN), "words": "示例退款原因", "form_key": "k1"}
    decision_operations.refund_by_officer(payment.code, 30_000, "示例退款原因", shown_fen=FEN, by=one.operator)
    drain()
    stale = clerk.submit(f"/desk/payments/{payment.code}/refund", form)
    assert stale.status_code == 409
    assert "¥700.00" in stale.get_data(as_text=True)
    assert "重新打开" in stale.get_data(as_text=True)
    too_much = clerk.submit(f"/desk/payments/{payment.code}/refund", {**form, "amount": "1000.00"})
    assert too_much.status_code == 422
    assert sum(row.fen for row in payments.refunds_of(one)) == 30_000


def test_the_same_refund_form_twice_refunds_once(play: Play, one: Work, someone: Any) -> None:
    """KF-MON-12."""
    payments.paid_at_bank(play, one)
    play.deliver()
    clerk = someone(Role.OPERATOR).client
    form = {"amount": "100.00", "shown": str(FEN), "words": "示例退款原因", "form_key": "the same form"}
    for _ in range(2):
        assert clerk.submit(f"/desk/payments/{payment_of(one).code}/refund", form).status_code == 302
    assert [row.fen for row in payments.refunds_of(one)] == [10_000]


NOT_AMOUNTS = ["0", "0.00", "", "-5", "0.001", "NaN", "1e2", "100.01", "null", "Infinity", "1,0,0.0.1", "１００．０１"]
AMOUNTS = {"１０": 1000, " 10 ": 1000, "0.01": 1, "79.99": 7999}


def test_only_an_exact_amount_above_zero_is_refunded_by_the_form(play: Play, someone: Any) -> None:
    """KF-MON-13: all others are refused with a reason, and nothing is sent to the gateway."""
    one = payments.signed(work.sides(), 10_000)
    payments.paid_at_bank(play, one)
    play.deliver()
    clerk = someone(Role.OPERATOR).client
    url = f"/desk/payments/{payment_of(one).code}/refund"
    for typed in NOT_AMOUNTS:
        answer = clerk.submit(url, {"amount": typed, "shown": "10000", "words": "示例退款原因"})
        assert answer.status_code == 422, typed
        page = answer.get_data(as_text=True)
        assert "wm-errors" in page, typed
        assert 'href="#f-words"' not in page, typed
    drain()
    assert play.bank.all("refund") == []
    left = 10_000
    for typed, fen in AMOUNTS.items():
        answer = clerk.submit(url, {"amount": typed, "shown": str(left), "words": "示例退款原因"})
        assert answer.status_code == 302, typed
        assert f"¥{fen // 100}.{fen % 100:02d}" in clerk.get(answer.headers["Location"]).get_data(as_text=True)
        left -= fen
    drain()
    assert [row["amount"] for row in play.bank.all("refund")] == list(AMOUNTS.values())


def test_only_an_exact_amount_above_zero_is_refunded_by_programs(play: Play, someone: Any) -> None:
    """KF-MON-13."""
    from market.accounts import operations as account_operations

    one = payments.signed(work.sides(), 10_000)
    payments.paid_at_bank(play, one)
    play.deliver()
    officer = someone(Role.OPERATOR)
    _token, secret = account_operations.make_api_token(
        officer.membership.code, "测试", ["payments:refund"], 30, by=officer.actor
    )

    def ask(amount: Any, key: str = "a key of one refund") -> Any:
        body = {"amount": amount, "available": "100.00", "key": key, "words": "示例退款原因"}
        url = f"/api/v1/payments/{payment_of(one).code}/refunds"
        return play.app.test_client().post(url, json=body, headers={"Authorization": f"Bearer {secret}"})

    wrong = [*NOT_AMOUNTS, None, 0, -1, [], {}, {"amount": None}, {"amount": "10", "currency": "USD"}]
    for amount in wrong:
        answer = ask(amount)
        assert answer.status_code == 422, amount
        assert set(answer.json["fields"]) == {"amount"} if "fields" in answer.json else answer.json["title"], amount
    drain()
    assert play.bank.all("refund") == []
    # the same key again gives the refund that it made
    made = [ask({"amount": "10.00", "currency": "CNY"}).json for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["amount"] == {"amount": "10.00", "currency": "CNY"}
    drain()
    assert [row["amount"] for row in play.bank.all("refund")] == [1000]


def test_refunds_in_parts_add_up_to_the_whole_and_then_nothing_is_left(play: Play) -> None:
    """KF-MON-14: there are no items and no discounts; instalments are refunded in any parts, and the last one is exact."""
    one = payments.signed(work.sides(), 8_999)
    payments.paid_at_bank(play, one)
    play.deliver()
    for part in (3000, 3000, 2999):
        payment = payment_of(one)
        decision_operations.refund_by_officer(
            payment.code, part, "示例退款原因", shown_fen=refundable(payment), by=one.operator
        )
        play.deliver()
    assert sum(row["amount"] for row in play.bank.all("refund")) == 8_999
    with pytest.raises(RuleBroken):
        decision_operations.refund_by_officer(payment_of(one).code, 1, "示例退款原因", shown_fen=0, by=one.operator)


def test_page_ledger_invoice_and_gateway_show_the_same_sum(play: Play, someone: Any) -> None:
    """KF-MON-17: prices include tax, and no line is ever rounded apart from its total."""
    one = payments.signed(work.sides(), 23_331)
    visit = payments.paid_at_bank(play, one)
    play.deliver()
    assert play.bank.all("checkout")[0]["amount"] == visit.fen == payment_of(one).fen == escrow_of(one) == 23_331
    page = work.browser(play.app, one.buyer).get(f"/pay/{visit.payment.code}").get_data(as_text=True)
    assert "¥233.31" in page


# Payouts -------------------------------------------------------------------------------------------------------------------


def test_a_payout_returned_after_it_was_paid_is_due_again(play: Play) -> None:
    """KF-MON-15: due again with the reason; nothing goes to the same account before it was corrected; then it arrives."""
    one = payments.paid_out(play)
    (payout,) = payments.payouts_of(one)
    assert payout.state == "paid"
    with clock.frozen(clock.real() + timedelta(days=2)):
        play.control("return_payout", payout=payout.ref)
        play.deliver()
        (payout,) = payments.payouts_of(one)
        assert (payout.state, payout.failure) == ("returned", "account_closed")
        assert balance_of(Account.VENDOR, one.firm.code) == work.PRICE
        assert told_payout("PayoutFailed", payout) == 1
        assert payout in queries.desk().payouts
        _comparison, found = reconciling.reconcile(by=system())
        assert found == []
        transactional(jobs.sweep_slowly)()
        drain()
        assert payments.payouts_of(one)[0].tries == 1
        account = queries.vendor_money(one.firm.code).account
        assert account is not None
        assert account.stopped
        play.control("name_bank", account=account.ref, bank="good")
        play.deliver()
        (payout,) = payments.payouts_of(one)
        assert (payout.state, payout.tries) == ("paid", 2)
    assert balance_of(Account.VENDOR, one.firm.code) == 0
    assert len(play.bank.all("transfer")) == 1


def told_payout(event: str, payout: Payout) -> int:
    statement = select(func.count()).select_from(AuditEntry)
    about = AuditEntry.event == event, AuditEntry.subjects.contains([payout.code])
    return db.session.scalar(statement.where(*about)) or 0


# Comparing -----------------------------------------------------------------------------------------------------------------


def drifted(play: Play) -> tuple[Work, ...]:
    """Four orders: a visit that is open, one that is paid out, two whose money is held."""
    out = payments.paid_out(play)
    sides = (out.buyer, out.vendor, out.firm)
    visiting, first, second = (payments.signed(sides, FEN) for _ in range(3))
    for one in (first, second):
        payments.paid_at_bank(play, one)
        play.deliver()
    payments.begun(visiting)
    assert reconciling.compare().suspects == ()
    return out, visiting, first, second


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_happened_at_the_bank_alone_is_found_and_mended_or_put_before_an_officer(play: Play, seed: int) -> None:
    """KF-MON-20: a paid payment, a returned payout, a refund made there by hand, a chargeback, all without events."""
    out, visiting, *_ = drifted(play)
    play.control("drift", seed=seed)
    _comparison, found = reconciling.reconcile(by=system())
    assert sorted((suspect.kind, outcome) for suspect, outcome in found) == [
        ("chargeback_unseen", "mended"),
        ("paid_unseen", "mended"),
        ("payout_returned", "mended"),
        ("refund_by_hand", "officer"),
    ]
    for suspect, _ in found:
        assert suspect.ours_fen != suspect.theirs_fen
    drain()
    assert payment_of(visiting).state == "held"
    assert payments.payouts_of(out)[0].state == "returned"
    (waiting,) = queries.desk().differences
    assert (waiting.kind, waiting.ours_fen, waiting.theirs_fen) == ("refund_by_hand", 0, FEN // 2)
    assert len(queries.desk().chargebacks) == 1
    # the next run finds nothing, and the officer's reason closes the last one
    assert reconciling.reconcile(by=system())[1] == []
    decision_operations.settle_difference(waiting.code, "客户要求当面退款。", by=out.operator)
    assert reconciling.waiting() == 0
    assert reconciling.reconcile(by=system())[1] == []


def test_the_nightly_job_does_the_same_one_difference_after_the_other(play: Play) -> None:
    """KF-MON-20."""
    drifted(play)
    play.control("drift", seed=1)
    transactional(jobs.reconcile)()
    drain()
    states = sorted(row.state for row in db.session.scalars(select(Difference)))
    assert states == ["mended", "mended", "mended", "open"]
    assert reconciling.compare().suspects == ()


def test_a_payment_whose_event_was_lost_is_found_within_minutes(play: Play, one: Work) -> None:
    """KF-MON-20: nobody waits for the night: the sweep asks about what was begun and not answered."""
    payments.paid_at_bank(play, one, card="silent")
    assert play.events("checkout.session.completed")
    with clock.frozen(clock.real() + timedelta(minutes=2)):
        transactional(jobs.sweep)()
        drain()
    assert escrow_of(one) == FEN


# The gateway fails in the middle -----------------------------------------------------------------------------------------------


def test_no_vendor_is_touched_by_what_another_ones_order_does_with_its_money(play: Play) -> None:
    """KF-ORD-02: a basket of two vendors cannot exist: one order has one vendor. Two orders side by side, of which one is done
    and the other called off, keep their money apart."""
    first = payments.signed(work.sides(1), 10_000)
    second = payments.signed(work.sides(2), 5_000)
    for one in (first, second):
        payments.paid_at_bank(play, one)
    play.deliver()
    payments.with_account(play, first)
    payments.done(first)
    order_operations.cancel_order(second.code, reason="no_need", by=second.buyer)
    play.deliver()
    assert [row.fen for row in payments.payouts_of(first)] == [10_000]
    assert [(row.fen, row.state) for row in payments.refunds_of(second)] == [(5_000, "done")]
    for one in (first, second):
        assert work.browser(play.app, one.buyer).get(f"/orders/{one.code}").status_code == 200
        browser: FlaskClient = work.browser(play.app, one.vendor)
        other = second if one is first else first
        assert browser.get(f"/orders/{other.code}").status_code == 404
        assert browser.get(f"/pay/{payment_of(other).code}").status_code == 404
        assert other.code not in browser.get("/desk/money").get_data(as_text=True)


@pytest.mark.parametrize("way", ["connect", "answer"])
@pytest.mark.parametrize("step", ["pay", "accept", "cancel", "refund"])
def test_a_gateway_that_fails_in_the_middle_leaves_a_clear_state_and_a_retry_works(
    play: Play, one: Work, step: str, way: str
) -> None:
    """KF-ORD-03: refused connection, or the answer lost after the bank did it: three tries, then done exactly once."""
    paths = {"pay": "/v1/checkouts", "accept": "/v1/payouts", "cancel": "/v1/refunds", "refund": "/v1/refunds"}
    if step != "pay":
        payments.paid_at_bank(play, one)
        play.deliver()
        payments.with_account(play, one)
    setattr(play.transport, "loses" if way == "answer" else "refuses_to_connect", paths[step])
    browser = work.browser(play.app, one.buyer)
    if step == "pay":
        assert browser.submit(f"/pay/{payment_of(one).code}", {"method": "card"}).status_code == 303
        assert "正在向支付服务" in browser.get(f"/pay/{payment_of(one).code}/back").get_data(as_text=True)
    elif step == "accept":
        payments.done(one)
    elif step == "cancel":
        order_operations.cancel_order(one.code, reason="no_need", by=one.buyer)
    else:
        decision_operations.refund_by_officer(payment_of(one).code, FEN, "示例退款原因", shown_fen=FEN, by=one.operator)
    for minutes in (1, 10, 60):
        with clock.frozen(clock.real() + timedelta(minutes=minutes)):
            drain()
    before = {"pay": "begun", "accept": "begun", "cancel": "begun", "refund": "begun"}
    assert _state_of_step(one, step) == before[step]
    play.transport.loses = play.transport.refuses_to_connect = ""
    with clock.frozen(clock.real() + timedelta(hours=3)):
        drain()
        play.deliver()
    after = {"pay": ("open", 1), "accept": ("paid", 1), "cancel": ("done", 1), "refund": ("done", 1)}
    kind = {"pay": "checkout", "accept": "payout", "cancel": "refund", "refund": "refund"}[step]
    assert (_state_of_step(one, step, after=True), len(play.bank.all(kind))) == after[step]
    keys = {key for path, key in play.transport.asked if path == paths[step]}
    assert len(keys) == 1


def _state_of_step(one: Work, step: str, after: bool = False) -> str:
    db.session.expire_all()
    if step == "pay":
        (visit,) = db.session.scalars(select(Checkout)).all()
        return str(visit.state) if after else str(payment_of(one).state)
    if step == "accept":
        return str(payments.payouts_of(one)[0].state)
    return str(payments.refunds_of(one)[0].state)


# Jobs ----------------------------------------------------------------------------------------------------------------------


def test_ended_jobs_that_are_put_back_recognise_their_own_result(play: Play) -> None:
    """KF-JOB-02: payout, refund and event jobs of ended work, put back by hand: nothing changes, the log says so."""
    out = payments.paid_out(play)
    other = payments.signed((out.buyer, out.vendor, out.firm), FEN)
    payments.paid_at_bank(play, other)
    play.deliver()
    order_operations.cancel_order(other.code, reason="no_need", by=other.buyer)
    play.deliver()
    before, asked = queries.entries(), play.transport.requests
    rows = select(OutboxRow.id).where(OutboxRow.job.startswith("market.payments."), OutboxRow.done_at.is_not(None))
    ended = list(db.session.scalars(rows))
    assert len(ended) > 8
    db.session.execute(update(OutboxRow).where(OutboxRow.id.in_(ended)).values(done_at=None, due_at=clock.real()))
    db.session.commit()
    drain()
    assert (queries.entries(), play.transport.requests) == (before, asked)
    assert outbox.waiting() == (0, 0)
    assert (payments.payouts_of(out)[0].tries, payments.refunds_of(other)[0].tries) == (1, 1)


def test_three_due_payouts_need_no_queue_to_be_remembered(play: Play) -> None:
    """KF-JOB-06: the queue is empty and forgot everything: the rows in the database say what is due."""
    sides = work.sides()
    rows = [payments.signed(sides, FEN) for _ in range(3)]
    payments.with_account(play, rows[0])
    for one in rows:
        payments.paid_at_bank(play, one)
    play.deliver()
    for one in rows:
        work_operations.start_work(one.code, by=one.vendor)
        work.hand_over(one)
        work_operations.accept_milestone(one.code, by=one.buyer)
    db.session.execute(update(OutboxRow).values(done_at=clock.real()))
    db.session.commit()
    drain()
    assert [payments.payouts_of(one)[0].state for one in rows] == ["due"] * 3
    transactional(jobs.sweep_slowly)()
    drain()
    play.deliver()
    assert [payments.payouts_of(one)[0].state for one in rows] == ["paid"] * 3
