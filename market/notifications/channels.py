"""The channels by which a message leaves the market, all behind one Protocol. What is sent, and to whom, is read when it is sent.

The inbox needs none: a message is there by being written, in the transaction of what it tells about.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from flask import current_app

from market import clock, mail
from market.config import Settings
from market.kernel.errors import Unavailable
from market.notifications import queries, sms, texts, web_post
from market.notifications.models import MessageDelivery, WebhookEndpoint
from market.notifications.signing import signatures
from market.notifications.states import Medium, Topic


class NotTaken(Exception):
    """The other side did not take it. `final`: trying again would be of no use. The text names no address and no secret."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Channel(Protocol):
    """One way out of the market."""

    def obstacle(self, delivery: MessageDelivery) -> str:
        """Why there is nothing to send, or nobody to send it to, as things are now; empty when there is."""
        ...

    def send(self, delivery: MessageDelivery) -> None:
        """Send it, once, or raise `NotTaken`. What the other side sees again after a death in between carries the same id."""
        ...


class Mail:
    """One plain-text mail in the language of the person, to the confirmed address."""

    def obstacle(self, delivery: MessageDelivery) -> str:
        """Nobody has confirmed the address, the account is closed, or of a digest nothing is unread any more."""
        message = delivery.message
        person = message.person
        if person is None or person.closed_at is not None:
            return "account closed"
        if person.email_confirmed_at is None:
            return "address not confirmed"
        if message.topic is Topic.DIGEST and not queries.for_digest(message):
            return "nothing is unread"
        return ""

    def send(self, delivery: MessageDelivery) -> None:
        """Hand the mail to the mail server."""
        message = delivery.message
        assert message.person is not None
        subject, body = texts.mail(message)
        try:
            mail.send(message.person.email, subject, body, key=message.code, stop=texts.stop_url(message))
        except Unavailable:
            raise NotTaken("mail server away") from None


class Sms:
    """One short text with a link, to the confirmed number."""

    def obstacle(self, delivery: MessageDelivery) -> str:
        """The account is closed, or its number was taken back or never confirmed."""
        person = delivery.message.person
        if person is None or person.closed_at is not None:
            return "account closed"
        return "" if queries.confirmed_number(person.id) else "no confirmed number"

    def send(self, delivery: MessageDelivery) -> None:
        """Hand the text to the gateway."""
        message = delivery.message
        number = queries.confirmed_number(message.person_id or 0)
        try:
            sms.gateway().send(number or "", texts.sms(message), key=message.code)
        except web_post.NoAnswer as error:
            raise NotTaken(str(error)) from None


class Webhook:
    """One signed POST to the software of an organisation (Standard Webhooks): the id is the message's code on every try."""

    def obstacle(self, delivery: MessageDelivery) -> str:
        """The endpoint was removed or is switched off."""
        endpoint = delivery.endpoint
        if endpoint is None or endpoint.ended_at is not None:
            return "endpoint removed"
        return "endpoint switched off" if endpoint.paused_at is not None else ""

    def send(self, delivery: MessageDelivery) -> None:
        """Send what happened. Every status but 2xx is a no; 410 is one for good."""
        assert delivery.endpoint is not None
        post_signed(delivery.endpoint, delivery.message.code, payload(delivery))


#: every way out
CHANNELS: Mapping[Medium, Channel] = {Medium.MAIL: Mail(), Medium.SMS: Sms(), Medium.WEBHOOK: Webhook()}


def payload(delivery: MessageDelivery) -> dict[str, Any]:
    """What a program gets: the type of what happened, when, the codes of what it happened to, and what people are told, in both
    languages. Nothing but what the message itself says.
    """
    message = delivery.message
    return {
        "type": message.event,
        "timestamp": _iso(message.created_at),
        "data": {
            "message": message.code,
            "about": message.about or {},
            "facts": message.params,
            "text": texts.in_both(message),
            "url": texts.url(message.path) if message.path else None,
        },
    }


def post_signed(endpoint: WebhookEndpoint, code: str, content: Mapping[str, Any]) -> None:
    """Sign and send `content` under the id `code`; `NotTaken` unless the answer is 2xx."""
    settings: Settings = current_app.extensions["settings"]
    at = clock.real()
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "content-type": "application/json",
        "user-agent": "west-market",
        "webhook-id": code,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures(endpoint, code, at, body),
    }
    try:
        status = web_post.post(endpoint.url, body.encode(), headers, practice=settings.practice)
    except web_post.NoAnswer as error:
        raise NotTaken(str(error)) from None
    if not 200 <= status < 300:
        raise NotTaken(f"status {status}", final=status == 410)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


__all__ = ["CHANNELS", "Channel", "NotTaken", "payload", "post_signed"]
