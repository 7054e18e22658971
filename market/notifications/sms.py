"""Text messages: one short text to one number. A gateway over HTTP where SMS_URL names one; practice mode keeps the texts."""

import json
from typing import Protocol

import structlog
from flask import current_app

from market import mail
from market.config import Settings
from market.notifications import web_post
from market.notifications.rules import masked_phone

log = structlog.get_logger()


class Gateway(Protocol):
    """Who carries text messages."""

    def send(self, number: str, text: str, *, key: str) -> None:
        """Send `text` to `number` (+86...). The same `key` again is the same text. `web_post.NoAnswer` when it is not taken."""
        ...


class HttpGateway:
    """A gateway that takes POST {"to", "text", "id"} with a bearer token and answers 2xx; the id keeps it from sending twice."""

    def __init__(self, url: str, token: str, *, practice: bool) -> None:
        self._url = url
        self._token = token
        self._practice = practice

    def send(self, number: str, text: str, *, key: str) -> None:
        """Hand the text over."""
        body = json.dumps({"to": number, "text": text, "id": key}, ensure_ascii=False).encode()
        headers = {
            "authorization": f"Bearer {self._token}",
            "content-type": "application/json",
            "idempotency-key": key,
            "user-agent": "west-market",
        }
        status = web_post.post(self._url, body, headers, practice=self._practice, ours=True)
        if not 200 <= status < 300:
            raise web_post.NoAnswer(f"status {status}")


class PracticeGateway:
    """Keeps the texts beside the mails of practice mode, marked as what they are."""

    def send(self, number: str, text: str, *, key: str) -> None:
        """Keep the text."""
        log.info("sms", to=masked_phone(number))
        mail.keep_sms(number, text)


def gateway() -> Gateway:
    """The gateway of this installation. `web_post.NoAnswer` when production has none."""
    settings: Settings = current_app.extensions["settings"]
    if settings.sms_url:
        return HttpGateway(settings.sms_url, settings.sms_token, practice=settings.practice)
    if settings.practice:
        return PracticeGateway()
    raise web_post.NoAnswer("no gateway for text messages")


def is_offered() -> bool:
    """Whether people can give a number at all."""
    settings: Settings = current_app.extensions["settings"]
    return settings.practice or bool(settings.sms_url)
