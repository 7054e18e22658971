"""Why a buyer is tied to the vendor whom it rates: members, kin firms, shared representatives and telephones."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from market.accounts.models import Membership, Organisation, Person
from market.db import db
from market.kernel.names import name_key
from market.orders.models import Order
from market.orders.states import Party
from market.ratings import rules
from market.ratings.models import Rating
from market.vendors.models import Vendor


def link_of(order: Order, person: str) -> str | None:
    """Why the buyer of an order is tied to its vendor (rules.LINKS), or None."""
    return rules.link(_client(order, person), ties_of(order.vendor)) if order.vendor is not None else None


def links_of(vendor: Vendor) -> list[tuple[Rating, str | None]]:
    """The buyers' ratings of a vendor, each with why its author is tied to it now, or None."""
    rows = db.session.scalars(
        select(Rating)
        .where(Rating.vendor_id == vendor.id, Rating.party == Party.BUYER)
        .options(joinedload(Rating.order).options(joinedload(Order.person), joinedload(Order.organisation)))
        .order_by(Rating.id)
    )
    ties = ties_of(vendor)
    return [(row, rules.link(_client(row.order, row.person), ties)) for row in rows]


def _client(order: Order, person: str) -> rules.Client:
    firm = order.organisation
    return rules.Client(
        people=frozenset({person, order.person.code}),
        organisation=firm.code if firm is not None else None,
        credit_code=firm.credit_code if firm is not None else None,
        name=name_key(firm.name) if firm is not None else None,
        since=order.created_at,
    )


def ties_of(vendor: Vendor) -> rules.Ties:
    """Everybody who is tied to a vendor."""
    people: dict[str, datetime | None] = {}
    members = (
        select(Person.code, Membership.ended_at)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == vendor.organisation_id)
    )
    for code, ended in db.session.execute(members):
        before = people.get(code, ended)
        people[code] = None if before is None or ended is None else max(before, ended)
    return rules.Ties(
        organisation=vendor.organisation.code,
        credit_code=vendor.credit_code,
        people=people,
        bodies=frozenset(name_key(tie["body"]) for tie in vendor.ties),
        representative=_sharing(vendor, Vendor.representative_hash, vendor.representative_hash),
        phone=_sharing(vendor, Vendor.phone_hash, vendor.phone_hash),
    )


def _sharing(vendor: Vendor, column: Any, value: str | None) -> frozenset[str]:
    """Organisations (code, credit code) and running members of other vendors with the same hash."""
    if value is None:
        return frozenset()
    others = (
        select(Vendor.credit_code, Organisation.code, Person.code)
        .join(Vendor.organisation)
        .outerjoin(Membership, and_(Membership.organisation_id == Organisation.id, Membership.ended_at.is_(None)))
        .outerjoin(Person, Person.id == Membership.person_id)
        .where(column == value, Vendor.id != vendor.id)
    )
    return frozenset(code for row in db.session.execute(others) for code in row if code is not None)


def works_for(person: str, organisation_id: int) -> bool:
    """Whether somebody is a running member of an organisation, whatever role he acts in now."""
    statement = (
        select(Membership.id)
        .join(Membership.person)
        .where(Person.code == person, Membership.organisation_id == organisation_id, Membership.ended_at.is_(None))
    )
    return db.session.scalar(statement.limit(1)) is not None
