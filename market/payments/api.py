"""/api/v1: the money of orders, and refunds by officers."""

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from market.http import allow, current_actor
from market.kernel.actor import Role
from market.orders import queries as orders
from market.payments import decision_operations, queries
from market.payments.schemas import MoneySchema, RefundBody, RefundSchema

blp = Blueprint("payments_api", __name__, url_prefix="/api/v1", description="Money of orders")


@blp.route("/orders/<code>/money")
@allow(scope="payments:read")
@blp.response(200, MoneySchema)
def money(code: str) -> Any:
    """Where an order's money is: for its buyer, its vendor and officials."""
    orders.order_for(code, current_actor())
    return queries.money_of(code)


@blp.route("/payments/<code>/refunds", methods=["POST"])
@allow(Role.OPERATOR, scope="payments:refund")
@blp.arguments(RefundBody)
@blp.response(201, RefundSchema)
def refund(body: Mapping[str, Any], code: str) -> Any:
    """Send a part of what a payment holds back to the buyer. The same `key` again gives the same refund."""
    return decision_operations.refund_by_officer(
        code,
        body["amount"].fen,
        body["words"],
        shown_fen=body["available"].fen,
        form_key=body["key"],
        by=current_actor(),
    )
