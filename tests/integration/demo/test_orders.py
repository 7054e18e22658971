"""The orders of the demo market: every state, ratings, sound money, told once, and gone on with where a run was killed."""

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.accounts import signing
from market.accounts.models import AccountKey
from market.centres.models import Booking
from market.db import db
from market.kernel.actor import Channel
from market.orders import contract_text
from market.orders.models import Order, Signature
from market.orders.states import OrderState
from market.pages import demo, demo_orders
from market.payments.models import Method, Payment
from market.ratings.models import Rating
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.vendors.models import Standing
from tests.integration.conftest import NOON, _rolled_back
from tests.integration.factories.payments import assert_sound

#: a market and its orders are built twice here
pytestmark = pytest.mark.timeout(400)
SMALL = demo.Size(vendors=20, listings=100, days=16)
FINISHED = 12
ALL = FINISHED + len(demo_orders.RUNNING)
#: a need is in review only when an operator must look, and fails only when somebody let a term pass
NOT_SHOWN = {OrderState.IN_REVIEW, OrderState.FAILED}


def build(finished: int = FINISHED) -> demo_orders.Told:
    """Tell the orders; none may be left out."""
    said: list[str] = []
    told = demo_orders.build(finished, say=lambda line: said.append(str(line)))
    assert [line for line in said if "left out" in line] == []
    return told


@pytest.fixture(scope="module")
def told(migrated_app: Flask) -> Iterator[demo_orders.Told]:
    """A small demo market with its orders, without a practice bank."""
    with migrated_app.app_context(), clock.frozen(NOON), _rolled_back(migrated_app):
        demo.build(SMALL, say=lambda line: None)
        yield build()


def entries() -> int:
    """The number of the last entry of the record."""
    return db.session.scalar(select(func.max(AuditEntry.number))) or 0


def test_all_orders_are_told_and_marked(told: demo_orders.Told) -> None:
    assert told.told == told.orders == ALL
    rows = list(db.session.scalars(select(Order)))
    assert len(rows) == ALL
    assert all("（示例 " in row.title for row in rows)


def test_a_second_run_changes_nothing(told: demo_orders.Told) -> None:
    before = entries()
    again = build()
    assert (again.told, again.orders) == (0, ALL)
    assert entries() == before


def test_there_is_an_order_in_every_state(told: demo_orders.Told) -> None:
    found = Counter(db.session.scalars(select(Order.state)))
    assert set(found) == set(OrderState) - NOT_SHOWN
    assert found[OrderState.CLOSED] == FINISHED
    waiting = Counter(db.session.scalars(select(Order.waiting_for)))
    assert {"confirm", "sign", "pay", "start", "deliver", "resume", "accept", "decide"} <= set(waiting)


def test_no_term_is_over_when_the_market_opens(told: demo_orders.Told) -> None:
    lapsing = Order.waiting_for.in_(("confirm", "sign", "pay", "accept")), Order.due_at <= NOON
    assert list(db.session.scalars(select(Order.title).where(*lapsing))) == []
    assert db.session.scalar(select(func.max(Order.updated_at))) <= NOON


def test_a_vendor_has_a_real_score_of_five_clients_and_no_other_has_figures(told: demo_orders.Told) -> None:
    best = db.session.scalars(
        select(Standing).where(Standing.item.is_(None)).order_by(Standing.rating_count.desc())
    ).first()
    assert best is not None
    assert best.rating_mean is not None
    assert best.rating_low < best.rating_mean < best.rating_high
    clients = select(func.count(Rating.client.distinct())).where(
        Rating.vendor_id == best.vendor_id, Rating.party == "buyer"
    )
    assert (db.session.scalar(clients) or 0) >= 5
    working = set(db.session.scalars(select(Order.vendor_id)))
    figures = select(Standing.vendor_id).where(Standing.on_time_of > 0)
    assert set(db.session.scalars(figures)) <= working


def test_ledger_and_chain_are_sound(told: demo_orders.Told) -> None:
    assert_sound()
    assert chain_faults() == []


def test_every_signature_is_that_of_its_key_over_its_contract(told: demo_orders.Told) -> None:
    keys = {row.code: row.public for row in db.session.scalars(select(AccountKey))}
    rows = list(db.session.scalars(select(Signature)))
    assert len(rows) > FINISHED * 2
    for row in rows:
        text = contract_text.signed_text(
            row.contract.order.code, row.contract.code, row.contract.digest, str(row.party)
        )
        assert signing.fits(keys[row.key], row.signature, text)


def test_without_a_bank_all_that_is_paid_came_by_transfers_of_public_bodies(told: demo_orders.Told) -> None:
    held = select(Payment.method).where(Payment.held_at.is_not(None))
    assert set(db.session.scalars(held)) == {Method.INVOICE}


def test_counter_staff_ordered_for_a_citizen_and_a_place_is_booked(told: demo_orders.Told) -> None:
    row = db.session.scalars(select(Order).where(Order.channel == Channel.COUNTER)).one()
    assert row.consent is not None
    assert row.state is OrderState.SELECTING
    assert db.session.scalars(select(Booking)).one().order is not None
