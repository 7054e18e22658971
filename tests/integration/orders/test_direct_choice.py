"""From a need to a vendor by direct choice."""

from collections.abc import Callable

from market.accounts.models import OrganisationKind
from market.kernel.actor import Role
from market.orders import operations, queries
from market.orders.states import OrderState
from tests.integration.conftest import Someone
from tests.integration.factories import listings, orders, vendors


def test_an_order_goes_from_its_beginning_to_a_vendor(someone: Callable[..., Someone]) -> None:
    vendor, seller = vendors.active(someone(None).actor)
    offer = listings.published(vendor, seller)
    buyer = someone(Role.BUYER).actor
    row = orders.placed(buyer, offer)
    assert (row.state, row.waiting_for, row.price_fen, row.days) == (OrderState.SELECTING, "confirm", 1_200_000, 15)
    row = operations.answer_order(row.code, accept=True, by=seller)
    assert row.state is OrderState.AWARDED
    assert row.vendor is not None and row.vendor.code == vendor.code
