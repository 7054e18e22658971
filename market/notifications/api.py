"""Messages for programs."""

from typing import Any

from flask_smorest import Blueprint

from market import http
from market.http import allow, current_actor
from market.notifications import operations, queries, schemas

blp = Blueprint("notifications_api", __name__, url_prefix="/api/v1", description="What the market tells a person")


@blp.route("/messages")
@allow(scope="messages:read")
@blp.arguments(schemas.MessagesQuery, location="query")
@blp.response(200, schemas.MessagesOut)
def messages(asked: dict[str, Any]) -> Any:
    """The messages of the token's person, 20 a page: unread ones first, then the newest first."""
    return http.page(queries.messages_of(current_actor().person, unread=asked["unread"]), number=asked["page"])


@blp.route("/messages/<code>/read", methods=["POST"])
@allow(scope="messages:write")
@blp.response(204)
def read(code: str) -> None:
    """Mark a message as read."""
    operations.mark_read(code, by=current_actor())
