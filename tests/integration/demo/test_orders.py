"""The orders of the demo market: every state, ratings, sound money, told once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import clock
from market.db import db
from market.orders.models import Order
from market.orders.states import OrderState
from market.pages import demo, demo_orders
from market.payments import queries as payments
from market.ratings.models import Rating
from market.record.models import AuditEntry
from market.record.queries import chain_faults
from market.vendors.models import Standing
from tests.integration.conftest import NOON, _rolled_back
from tests.integration.factories.payments import assert_sound

SMALL = demo.Size(vendors=20, listings=100, days=16)
FINISHED = 12


@pytest.fixture(scope="module")
def told(migrated_app: Flask) -> Iterator[demo_orders.Told]:
    """A small demo market with its orders, without a practice bank."""
    with migrated_app.app_context(), clock.frozen(NOON), _rolled_back(migrated_app):
        demo.build(SMALL, say=lambda line: None)
        said: list[str] = []
        yield demo_orders.build(FINISHED, say=lambda line: said.append(str(line)))
        assert [line for line in said if "left out" in line] == []


def test_all_orders_are_told(told: demo_orders.Told) -> None:
    assert told.told == told.orders == FINISHED + len(demo_orders.RUNNING)
