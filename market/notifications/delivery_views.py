"""The operators' list of what could not be delivered."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import http
from market.http import allow, current_actor
from market.kernel.actor import Role
from market.notifications import delivery_operations, queries, texts
from market.notifications.blueprint import bp
from market.notifications.states import Medium


@bp.route("/desk/messages/failed")
@allow(Role.OPERATOR)
def failed() -> Any:
    """What all tries failed for, with the reason, and how much waits. No address, number or text is shown."""
    asked = request.args.get("medium", "")
    medium = Medium(asked) if asked in list(Medium) else None
    return render_template(
        "notifications/failed.html",
        page=http.page(queries.failed(medium)),
        counts=queries.delivery_counts(),
        medium=medium,
        media=texts.MEDIA,
        topics=texts.TOPICS,
        why=texts.error,
    )


@bp.route("/desk/messages/<code>/retry", methods=["POST"])
@allow(Role.OPERATOR)
def retry(code: str) -> Any:
    """Try it again."""
    delivery_operations.retry_delivery(code, by=current_actor())
    flash(_("It is tried again now."))
    return redirect(url_for(".failed"))


@bp.route("/desk/messages/<code>/put-away", methods=["POST"])
@allow(Role.OPERATOR)
def put_away(code: str) -> Any:
    """It needs no further try."""
    delivery_operations.put_away(code, by=current_actor())
    flash(_("It is off the list."))
    return redirect(url_for(".failed"))
