"""Orders for tests, made through the operations as people make them. Everything is invented."""

from datetime import date
from typing import Any

from market import outbox
from market.db import db
from market.kernel.actor import Actor
from market.listings.models import Listing
from market.orders import answer_operations, draft_operations, jobs, placing_operations
from market.orders.models import Order
from market.orders.rules import Project, Way
from tests.integration.factories.listings import FREE_ITEM

#: a district of the city
DISTRICT = "610117"


def project(**changes: Any) -> Project:
    """Step 2 of an order that any offer of the free item fits."""
    values: dict[str, Any] = {
        "title": "示例项目", "district": DISTRICT, "facts": {}, "needed_by": date(2026, 12, 31), **changes,
    }  # fmt: skip
    return Project(given=frozenset(values), **values)


def drafted(by: Actor, item: str | None = FREE_ITEM, matter: str | None = None, **changes: Any) -> Order:
    """A draft with its project, without an offer."""
    row = draft_operations.begin_order(item=item, matter=matter, by=by)
    return draft_operations.save_project(row.code, project(**changes), by=by)


def chosen(by: Actor, listing: Listing, **changes: Any) -> Order:
    """A draft with everything that is needed to place it on an offer."""
    row = drafted(by, listing.item, **changes)
    return draft_operations.save_way(row.code, way=Way.DIRECT, listing=listing.code, by=by)


def placed(by: Actor, listing: Listing, **changes: Any) -> Order:
    """An order that waits for its vendor's answer."""
    return placing_operations.place_order(chosen(by, listing, **changes).code, by=by)


def awarded(by: Actor, listing: Listing, vendor: Actor, **changes: Any) -> Order:
    """An order that its vendor confirmed."""
    return answer_operations.answer_order(placed(by, listing, **changes).code, accept=True, by=vendor)


def keep_terms() -> None:
    """What the timetable does every minute, with the jobs that it lays down."""
    jobs.keep_terms()
    outbox.drain()
    db.session.expire_all()
