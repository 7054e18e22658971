"""The orders of the demo market with a practice bank, and a run that is killed among them."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Forbidden
from market.orders.models import Order
from market.pages import demo, demo_orders
from market.payments import reconciling
from market.payments.models import Checkout, Payout
from market.payments.states import CheckoutState, PayoutState
from market.record.queries import chain_faults
from tests.integration.factories.payments import assert_sound, played

pytestmark = pytest.mark.timeout(400)
SMALL = demo.Size(vendors=20, listings=100, days=16)


def build() -> demo_orders.Told:
    """Tell the orders, few of them finished."""
    return demo_orders.build(6, say=lambda line: None)


def test_they_need_the_first_part(app: Flask) -> None:
    with pytest.raises(Forbidden):
        demo_orders.build(1)


def test_with_a_bank_they_are_paid_there_and_both_sides_agree_after_a_run_that_was_killed(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with played(app, tmp_path) as play:
        demo.build(SMALL, say=lambda line: None)
        with monkeypatch.context() as patch:

            def killed(*args: object, **kwargs: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(demo_orders.dispute_operations, "open_dispute", killed)
            with pytest.raises(KeyboardInterrupt):
                build()
        begun = db.session.scalar(select(func.count()).select_from(Order)) or 0
        assert 6 < begun < 6 + len(demo_orders.RUNNING)
        told = build()
        assert told.told == told.orders - begun
        assert told.orders == 6 + len(demo_orders.RUNNING)
        assert db.session.scalar(select(func.count()).where(Checkout.state == CheckoutState.OPEN)) == 1
        assert (db.session.scalar(select(func.count()).where(Payout.state == PayoutState.PAID)) or 0) >= 2
        _, found = reconciling.reconcile(by=system())
        assert found == []
        planted = play.control("drift", seed=1)
        _, found = reconciling.reconcile(by=system())
        assert len(found) == len(planted) == 4
        _, found = reconciling.reconcile(by=system())
        assert found == []
        assert_sound()
        assert chain_faults() == []
