"""Messages and webhooks for programs."""

from typing import Any

from flask_smorest import Blueprint

from market import http
from market.http import allow, current_actor
from market.kernel.actor import Role
from market.notifications import (
    delivery_operations,
    event_types,
    operations,
    queries,
    schemas,
    webhook_operations,
)

blp = Blueprint(
    "notifications_api", __name__, url_prefix="/api/v1", description="What the market tells people and programs"
)


@blp.route("/messages")
@allow(scope="messages:read")
@blp.arguments(schemas.MessagesQuery, location="query")
@blp.response(200, schemas.MessagesOut)
def messages(asked: dict[str, Any]) -> Any:
    """The messages of the token's person, 20 a page: unread ones first, then the newest first."""
    found = queries.messages_of(current_actor().person, unread=asked["unread"], topic=asked["topic"])
    return http.page(found, number=asked["page"])


@blp.route("/messages/<code>/read", methods=["POST"])
@allow(scope="messages:write")
@blp.response(204)
def read(code: str) -> None:
    """Mark a message as read."""
    operations.mark_read(code, by=current_actor())


@blp.route("/webhooks")
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:read")
@blp.response(200, schemas.EndpointsOut)
def webhooks() -> Any:
    """The endpoints of the token's organisation, and the types of events that there are."""
    organisation = current_actor().organisation or ""
    return {"webhooks": queries.endpoints_of(organisation), "known_types": list(event_types.KNOWN)}


@blp.route("/webhooks", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:write")
@blp.arguments(schemas.EndpointIn, location="json")
@blp.response(201, schemas.SecretOut)
def add_webhook(data: dict[str, Any]) -> Any:
    """A new endpoint. Its secret is told this once."""
    endpoint, secret = webhook_operations.add_endpoint(
        data["url"], data["label"], data["event_types"], by=current_actor()
    )
    return {"webhook": endpoint, "secret": secret}


@blp.route("/webhooks/<code>/rotate", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:write")
@blp.response(200, schemas.SecretOut)
def rotate_webhook(code: str) -> Any:
    """A new secret; the one before signs beside it for a day."""
    endpoint, secret = webhook_operations.rotate_secret(code, by=current_actor())
    return {"webhook": endpoint, "secret": secret}


@blp.route("/webhooks/<code>", methods=["DELETE"])
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:write")
@blp.response(204)
def remove_webhook(code: str) -> None:
    """Nothing goes there any more."""
    webhook_operations.remove_endpoint(code, by=current_actor())


@blp.route("/webhooks/<code>/deliveries")
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:read")
@blp.arguments(schemas.DeliveriesQuery, location="query")
@blp.response(200, schemas.DeliveriesOut)
def deliveries(asked: dict[str, Any], code: str) -> Any:
    """What went or goes to an endpoint, 20 a page, the newest first."""
    endpoint = queries.endpoint(code, current_actor().organisation)
    return http.page(queries.deliveries_to(endpoint.id), number=asked["page"])


@blp.route("/webhooks/deliveries/<code>/retry", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR, scope="webhooks:write")
@blp.response(204)
def retry(code: str) -> None:
    """Try a failed delivery again."""
    delivery_operations.retry_delivery(code, by=current_actor())
