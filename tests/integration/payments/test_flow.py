"""From the contract to the settled order: the way of the money, with the practice bank."""

from market.db import db
from market.orders import queries as orders
from market.payments import queries
from market.payments.ledger import Account
from market.payments.posting import balance_of
from tests.integration.factories import payments, work
from tests.integration.factories.payments import Play


def test_a_contract_is_paid_held_released_paid_out_and_settled(play: Play) -> None:
    one = work.contracted()
    (row, held), *_ = queries.payments_of(one.code)
    assert (row.state, row.fen, held) == ("due", work.PRICE, 0)
    visit = payments.begun(one)
    assert visit.url is not None
    assert visit.url.startswith("http://bank.test/pay/")
    assert payments.payment_of(one).state == "begun"
    play.control("pay", checkout=visit.ref)
    play.deliver()
    assert payments.payment_of(one).state == "held"
    assert payments.escrow_of(one) == work.PRICE
    assert payments.state_of(one) == "funded"
    payments.with_account(play, one)
    payments.done(one)
    assert payments.state_of(one) == "accepted"
    play.deliver()
    (payout,) = payments.payouts_of(one)
    assert (payout.state, payout.fen, payout.fee_fen) == ("paid", work.PRICE, 0)
    assert payments.escrow_of(one) == 0
    assert balance_of(Account.GATEWAY) == 0
    money = queries.money_of(one.code)
    assert money.settled_at is not None
    assert money.paid_out_fen == work.PRICE
    # the order itself stays open for disputes until that term is over
    assert orders.order(one.code).waiting_for == "close"
    db.session.expire_all()
