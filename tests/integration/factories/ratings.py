"""Finished orders and ratings for tests. Everything is invented."""

import itertools
from datetime import timedelta
from typing import Any

from market import clock
from market.accounts import queries as accounts
from market.accounts.models import Organisation, OrganisationKind, Person
from market.db import db, new_code
from market.kernel.actor import Actor, Channel, Role
from market.orders.events import OrderAccepted, OrderBegun
from market.orders.models import BuyerKind, Order, Way
from market.orders.states import OrderState
from market.ratings import operations, rules
from market.ratings.models import Rating
from market.record.operations import record
from market.transaction import transactional
from market.vendors.models import Vendor
from tests.integration.factories import vendors
from tests.integration.factories.accounts import acting, member, organisation, person

ITEM = "stability-risk"
PRICE = 1_200_000
_numbers = itertools.count(1)


def levels(*numbers: int) -> dict[str, int]:
    """Five levels; one number stands for all five."""
    given = numbers * 5 if len(numbers) == 1 else numbers
    return dict(zip(rules.DIMENSIONS, given, strict=True))


def a_vendor(number: int = 1) -> tuple[Vendor, Actor]:
    """An active vendor and a member of it."""
    seller = person(f"seller{next(_numbers)}@example.org", "测试卖家")
    return vendors.active(Actor(seller.code), number=number, name=f"测试评估有限公司{number}")


def a_citizen(name: str = "测试买家") -> Actor:
    """A citizen with an account."""
    return Actor(person(f"buyer{next(_numbers)}@example.org", name).code)


def a_buyer_firm(
    name: str = "测试采购公司", kind: OrganisationKind = OrganisationKind.FIRM
) -> tuple[Organisation, Actor]:
    """A buying organisation and a member of it."""
    firm = organisation(kind, name)
    return firm, acting(member(person(f"buyer{next(_numbers)}@example.org"), firm, Role.BUYER))


@transactional
def order(vendor: Vendor, buyer: Actor, state: OrderState = OrderState.ACCEPTED, **fields: Any) -> Order:
    """An order in any state, as if the work had gone its way; a finished one was paid and accepted now."""
    at = clock.now()
    who: Person | None = accounts.person(buyer.person)
    assert who is not None
    firm = (
        db.session.query(Organisation).filter_by(code=buyer.organisation).one_or_none() if buyer.organisation else None
    )
    kind = (
        BuyerKind.CITIZEN if firm is None else BuyerKind.PUBLIC_BODY if firm.kind == "public_body" else BuyerKind.FIRM
    )
    finished = state in (OrderState.ACCEPTED, OrderState.CLOSED)
    moments: dict[str, Any] = {
        "funded_at": at if state not in (OrderState.DRAFT, OrderState.SELECTING, OrderState.CONTRACTED) else None,
        "accepted_at": at if finished else None,
    }
    row = Order(
        **{
            "code": new_code("O"), "state": state, "buyer_kind": kind, "person": who, "organisation": firm,
            "channel": Channel.WEB, "item": ITEM, "title": "测试路口改造项目", "district": "610117", "way": Way.DIRECT, "step": 5,
            "vendor": vendor, "price_fen": PRICE, "days": 15, "created_at": at - timedelta(days=20), "updated_at": at,
            **moments, **fields,
        }
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    record(OrderBegun(row.code, str(kind), row.item, None), by=buyer)
    if finished:
        record(
            OrderAccepted(row.code, vendor.code, row.item or "", row.price_fen or 0, row.reworks == 0, not row.late),
            by=buyer,
        )
    return row


def rated(
    vendor: Vendor, level: int, *, seller: Actor, buyer: Actor | None = None, text: str = "", **fields: Any
) -> Rating:
    """A public rating of a new finished order: both sides have written."""
    buyer = buyer or a_citizen()
    row = order(vendor, buyer, **fields)
    operations.give_rating(row.code, levels=levels(4), by=seller)
    return operations.give_rating(row.code, levels=levels(level), text=text, by=buyer)
