"""Entry: the application step by step, the form check with its clock, and what follows."""

from datetime import UTC, datetime

from flask import Flask

from market.kernel.actor import Role
from market.vendors import operations, queries
from market.vendors.states import VendorState
from tests.integration.factories import vendors as make


def test_a_firm_applies_is_checked_and_is_active(app: Flask, someone) -> None:
    person = someone()
    vendor, _ = make.handed_in(person.actor)

    assert vendor.state is VendorState.APPLIED
    assert vendor.check_due_at == datetime(2026, 3, 6, 16, 0, tzinfo=UTC), (
        "the end of Friday, two working days after Wednesday"
    )
    assert operations.check_application(vendor.code, make.all_yes(vendor), by=someone(Role.OPERATOR).actor)
    assert queries.vendor(vendor.code).state is VendorState.ACTIVE
