"""Pages of notifications: the inbox here, choices, webhooks and failed deliveries in the files beside."""

from typing import Any

from flask import Response, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from market import http
from market.http import allow, current_actor, maybe_actor, public
from market.i18n import LANGUAGES
from market.kernel.actor import system
from market.notifications import (
    choice_views,
    delivery_views,
    operations,
    preference_operations,
    queries,
    stopping,
    texts,
    webhook_views,
)
from market.notifications.blueprint import bp
from market.notifications.states import CHOSEN_BY, Topic

__all__ = ["bp", "choice_views", "delivery_views", "webhook_views"]


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


@bp.after_app_request
def keep_language(response: Response) -> Response:
    """Who is signed in and chooses a language on a page gets mails in it too. Written once for each choice and session."""
    chosen = request.args.get("lang")
    actor = maybe_actor()
    page = (
        request.method == "GET" and not request.path.startswith(("/api/", "/static/")) and response.status_code == 200
    )
    if (
        page
        and actor is not None
        and not actor.on_behalf_of
        and chosen in LANGUAGES
        and session.get("told_in") != chosen
    ):
        preference_operations.choose_language(chosen, by=actor)
        session["told_in"] = chosen
    return response


@bp.route("/messages")
@allow()
def messages() -> Any:
    """My messages, unread ones first; narrowed to what is unread, or to one topic."""
    me = current_actor().person
    unread = request.args.get("unread") == "1"
    asked = request.args.get("topic", "")
    topic = Topic(asked) if asked in [str(one) for one in CHOSEN_BY] else None
    return render_template(
        "notifications/messages.html",
        page=http.page(queries.messages_of(me, unread=unread, topic=topic)),
        texts=texts,
        topics=queries.topics_of(me),
        topic=topic,
        only_unread=unread,
    )


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


@bp.route("/messages/stop/<token>")
@public
def stop(token: str) -> Any:
    """The page behind the link in the daily mail: a button, since mail scanners open links too."""
    stopping.stopped("digest", token)
    return render_template("notifications/stop.html", done=False, what=_("the daily mail of what you have not read"))


@bp.route("/messages/stop/<token>", methods=["POST"])
@public
@http.no_csrf
def stop_now(token: str) -> Any:
    """No daily mail any more. Mail programs send this POST themselves (RFC 8058); the token in the address is the proof."""
    preference_operations.end_digest(stopping.stopped("digest", token), by=system())
    return render_template("notifications/stop.html", done=True, what=_("the daily mail of what you have not read"))
