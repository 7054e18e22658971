"""Saved searches and demands for programs."""

from typing import Any

from flask_smorest import Blueprint

from market.alerts import operations, queries, schemas
from market.http import allow, current_actor
from market.kernel.actor import Role

blp = Blueprint("alerts_api", __name__, url_prefix="/api/v1", description="What somebody waits for")


@blp.route("/alerts")
@allow(scope="alerts:read")
@blp.response(200, schemas.AlertsOut)
def alerts() -> Any:
    """The saved searches of the token's person, and the saved demands of the vendor he works for."""
    actor = current_actor()
    demands = queries.demands_of(actor.organisation or "") if actor.role is Role.VENDOR else []
    return {"searches": queries.searches_of(actor.person), "demands": demands}


@blp.route("/alerts/demands", methods=["POST"])
@allow(Role.VENDOR, scope="alerts:write")
@blp.arguments(schemas.DemandIn, location="json")
@blp.response(201, schemas.SavedDemandOut)
def save_demand(data: dict[str, Any]) -> Any:
    """Wait for a kind of need; saved again, the districts are the new ones."""
    return operations.save_demand(data["item"], data["districts"], by=current_actor())


@blp.route("/alerts/demands/<code>", methods=["DELETE"])
@allow(Role.VENDOR, scope="alerts:write")
@blp.response(204)
def end_demand(code: str) -> None:
    """No more alerts of a kind of need."""
    operations.end_demand(code, by=current_actor())


@blp.route("/alerts/searches/<code>", methods=["DELETE"])
@allow(scope="alerts:write")
@blp.response(204)
def end_search(code: str) -> None:
    """No more alerts of a search."""
    operations.end_search(code, by=current_actor())
