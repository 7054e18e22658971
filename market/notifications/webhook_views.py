"""Pages of an organisation's webhooks: where its software hears of what happens."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market import clock, http
from market.http import allow, current_actor, form
from market.kernel.actor import Role
from market.limits import limited
from market.notifications import delivery_operations, event_types, queries, schemas, texts, webhook_operations
from market.notifications.blueprint import bp
from market.notifications.states import DeliveryState, Topic


def _list_page() -> dict[str, Any]:
    actor = current_actor()
    return {
        "endpoints": queries.endpoints_of(actor.organisation or ""),
        "admin": queries.is_admin(actor.person, actor.organisation),
        "types": _types(),
    }


def _types() -> list[tuple[str, list[str]]]:
    """The types of events by topic, for the form."""
    found: dict[Topic, list[str]] = {}
    for name, topic in event_types.KNOWN.items():
        found.setdefault(topic, []).append(name)
    return [(_(texts.TOPICS[topic]), names) for topic, names in found.items()]


@bp.route("/messages/webhooks", methods=["GET", "POST"])
@allow(Role.BUYER, Role.VENDOR)
@form(schemas.EndpointForm, "notifications/webhooks.html", page=_list_page)
@limited("webhook made", "30/hour")
def webhooks(data: dict[str, Any]) -> Any:
    """Our endpoints; an administrator adds one, whose secret is shown this once."""
    endpoint, secret = webhook_operations.add_endpoint(data["url"], data["label"], data["types"], by=current_actor())
    return _secret(endpoint.code, secret)


def _secret(code: str, secret: str) -> Any:
    endpoint = queries.endpoint(code, current_actor().organisation)
    return render_template("notifications/webhook_secret.html", endpoint=endpoint, secret=secret)


def _endpoint_page(code: str) -> dict[str, Any]:
    actor = current_actor()
    endpoint = queries.endpoint(code, actor.organisation)
    return {
        "values": {"label": endpoint.label, "types": endpoint.event_types},
        "endpoint": endpoint,
        "admin": queries.is_admin(actor.person, actor.organisation),
        "types": _types(),
        "page": http.page(queries.deliveries_to(endpoint.id)),
        "now": clock.real(),
        "states": texts.STATES,
        "why": texts.error,
    }


@bp.route("/messages/webhooks/<code>", methods=["GET", "POST"])
@allow(Role.BUYER, Role.VENDOR)
@form(schemas.EndpointChangeForm, "notifications/webhook.html", page=_endpoint_page)
def webhook(code: str, data: dict[str, Any]) -> Any:
    """One endpoint: what goes there, what became of it; an administrator changes it or switches it on again."""
    webhook_operations.change_endpoint(code, data["label"], data["types"], by=current_actor())
    flash(_("The endpoint is kept as you set it."))
    return redirect(url_for(".webhook", code=code))


@bp.route("/messages/webhooks/<code>/rotate", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR)
@limited("webhook rotated", "30/hour")
def rotate_webhook(code: str) -> Any:
    """A new secret, shown this once; the one before works beside it for a day."""
    return _secret(code, webhook_operations.rotate_secret(code, by=current_actor())[1])


@bp.route("/messages/webhooks/<code>/test", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR)
@limited("webhook tested", "30/hour")
def test_webhook(code: str) -> Any:
    """Send a test now, and say what came of it."""
    delivery = webhook_operations.make_test(code, by=current_actor())
    delivery_operations.deliver(delivery)
    # a worker may have been faster
    row = queries.delivery(delivery)
    if row.state is DeliveryState.SENT:
        flash(_("The test was taken."))
    else:
        why = texts.error(row.error)
        flash(_("The test was not taken: %(why)s.", why=why or _("it is under way")), "error")
    return redirect(url_for(".webhook", code=code))


@bp.route("/messages/webhooks/<code>/remove", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR)
def remove_webhook(code: str) -> Any:
    """Nothing goes there any more."""
    webhook_operations.remove_endpoint(code, by=current_actor())
    flash(_("The endpoint is removed."))
    return redirect(url_for(".webhooks"))


@bp.route("/messages/webhooks/deliveries/<code>/retry", methods=["POST"])
@allow(Role.BUYER, Role.VENDOR)
def retry_webhook(code: str) -> Any:
    """Try a failed delivery to our own endpoint again."""
    row = delivery_operations.retry_delivery(code, by=current_actor())
    flash(_("It is tried again now."))
    return redirect(url_for(".webhook", code=row.endpoint.code if row.endpoint else ""))
