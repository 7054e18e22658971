"""The desk's messages."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import http
from market.http import allow, current_actor, maybe_actor
from market.notifications import operations, queries, texts

bp = Blueprint("notifications", __name__)


@bp.app_context_processor
def header() -> dict[str, Any]:
    """`unread_messages()` for the head of all pages: asked of the database only when called, once a request."""
    return {"unread_messages": unread_messages}


def unread_messages() -> int:
    """How many messages the signed-in person has not read; 0 for visitors, without asking."""
    actor = maybe_actor()
    if actor is None:
        return 0
    if "unread_messages" not in g:
        g.unread_messages = queries.unread_count(actor.person)
    return int(g.unread_messages)


@bp.route("/messages")
@allow()
def messages() -> Any:
    """My messages, unread ones first."""
    page = http.page(queries.messages_of(current_actor().person))
    return render_template("notifications/messages.html", page=page, texts=texts)


@bp.route("/messages/<code>/read", methods=["POST"])
@allow()
def read(code: str) -> Any:
    """Mark a message as read, and go where it leads when that was asked for."""
    message = operations.mark_read(code, by=current_actor())
    return redirect((request.form.get("go") and message.path) or url_for("notifications.messages"))


@bp.route("/messages/read", methods=["POST"])
@allow()
def read_all() -> Any:
    """Mark all messages as read."""
    operations.mark_all_read(by=current_actor())
    flash(_("All messages are marked as read."))
    return redirect(url_for("notifications.messages"))
