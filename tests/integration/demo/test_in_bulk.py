"""Much loaded at once: transaction.in_bulk."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.db import db
from market.listings.states import ListingState
from market.record.models import AuditEntry, OutboxRow
from market.transaction import in_bulk
from market.vendors import operations as vendors
from market.vendors.models import Vendor
from tests.integration.conftest import NOON
from tests.integration.factories import listings as make
from tests.integration.factories import vendors as make_vendors

SUSPENDED = {"reason": "示例：在两份报告上使用了他人的签章。", "basis": "示例规则第一条"}


def outbox() -> int:
    return len(list(db.session.scalars(select(OutboxRow))))


def test_each_step_has_its_moment_its_reactions_and_its_own_order_of_locks(app: Flask, someone) -> None:
    vendor, actor = make_vendors.active(someone().actor)
    row = make.published(vendor, actor)
    waiting, seen = outbox(), []
    day = timedelta(days=1)

    def look() -> None:
        seen.append((clock.now(), row.state))

    in_bulk(
        [
            (NOON + day, lambda: vendors.suspend_vendor(vendor.code, **SUSPENDED, by=make_vendors.OPERATOR)),
            (NOON + day, look),
            # the vendor again, after its listings were locked
            (NOON + 2 * day, lambda: vendors.reinstate_vendor(vendor.code, reason=SUSPENDED["reason"], by=make_vendors.OPERATOR)),
            (NOON + 2 * day, look),
        ]
    )  # fmt: skip
    assert seen == [(NOON + day, ListingState.SUSPENDED), (NOON + 2 * day, ListingState.PUBLISHED)]
    assert outbox() == waiting, "nothing goes to the outbox"
    told = list(
        db.session.scalars(select(AuditEntry).where(AuditEntry.event.like("Listing%ed")).order_by(AuditEntry.number))
    )
    assert [(entry.event, entry.at) for entry in told[-2:]] == [
        ("ListingSuspended", NOON + day), ("ListingRestored", NOON + 2 * day),
    ]  # fmt: skip


def test_one_step_that_fails_undoes_all(app: Flask, someone) -> None:
    vendor, _ = make_vendors.active(someone().actor)

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        in_bulk(
            [
                (NOON, lambda: vendors.suspend_vendor(vendor.code, **SUSPENDED, by=make_vendors.OPERATOR)),
                (NOON, fail),
            ]
        )
    assert db.session.scalar(select(Vendor.state).where(Vendor.code == vendor.code)) == "active"
    waiting = outbox()
    vendors.suspend_vendor(vendor.code, **SUSPENDED, by=make_vendors.OPERATOR)
    assert outbox() > waiting, "afterwards the outbox is used again"
