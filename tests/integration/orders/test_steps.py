"""The five steps as a person without scripts goes through them."""

from collections.abc import Callable

import pytest

from market.kernel.actor import Role
from market.orders import operations, queries
from market.orders.models import Order
from market.db import db
from market.orders.states import OrderState
from tests.integration.conftest import Someone
from tests.integration.factories import listings, orders, vendors

PROJECT = {"title": "年产 2 万套机柜项目", "district": orders.DISTRICT, "needed_by": "2026-12-31", "description": "有工期要求"}


def only() -> Order:
    return db.session.query(Order).one()


def test_the_whole_way_by_pages(someone: Callable[..., Someone]) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller)
    buyer = someone(Role.BUYER)
    go = buyer.client
    page = go.get("/orders/new?item=stability-risk")
    assert page.status_code == 200, page.text
    sent = go.submit("/orders/new", {"item": "stability-risk"})
    code = only().code
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}/step/2")
    assert go.get(sent.location).status_code == 200
    sent = go.submit(sent.location, PROJECT)
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}/step/3"), sent.text
    page = go.get(sent.location)
    assert page.status_code == 200, page.text
    sent = go.submit(sent.location)
    assert sent.location == f"/orders/{code}/step/4", sent.text
    page = go.get(sent.location)
    assert page.status_code == 200 and offer.code in page.text, page.text
    sent = go.submit(sent.location, {"way": "direct", "listing": offer.code, "plan": "whole"})
    assert sent.location == f"/orders/{code}/step/5", sent.text
    page = go.get(sent.location)
    assert page.status_code == 200 and "12,000.00" in page.text
    sent = go.submit(sent.location)
    assert (sent.status_code, sent.location) == (302, f"/orders/{code}"), sent.text
    assert only().state is OrderState.SELECTING
    assert go.get("/orders").status_code == 200
