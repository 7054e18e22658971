"""A message in the reader's language: in the inbox, as a mail, as a short text, and in both languages for programs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext, ngettext

from market import formats
from market.i18n import LANGUAGES
from market.kernel.words import N_
from market.notifications import queries, rules
from market.notifications.models import Message
from market.notifications.states import DeliveryState, Importance, MailChoice, Medium, Topic

TOPICS: Mapping[Topic, str] = {
    Topic.ORDERS: N_("Orders, contracts and work"),
    Topic.MONEY: N_("Payments and payouts"),
    Topic.RATINGS: N_("Ratings and credit"),
    Topic.ENTRY: N_("Entry, licences and staff"),
    Topic.OFFERS: N_("Our offers"),
    Topic.FILES: N_("Files and papers"),
    Topic.PLACES: N_("Service centres"),
    Topic.ALERTS: N_("Saved searches"),
    Topic.ACCOUNT: N_("Account and roles"),
    Topic.DUTY: N_("Official duties"),
}
IMPORTANCE: Mapping[Importance, str] = {
    Importance.URGENT: N_("urgent"),
    Importance.IMPORTANT: N_("important"),
    Importance.ORDINARY: N_("for information"),
}
CHOICES: Mapping[MailChoice, str] = {
    MailChoice.SUGGESTED: N_("what is urgent or important"),
    MailChoice.ALL: N_("everything"),
    MailChoice.URGENT: N_("only what is urgent"),
}
STATES: Mapping[DeliveryState, str] = {
    DeliveryState.WAITING: N_("waits"),
    DeliveryState.SENT: N_("sent"),
    DeliveryState.FAILED: N_("failed"),
    DeliveryState.DROPPED: N_("not sent"),
}
MEDIA: Mapping[Medium, str] = {
    Medium.MAIL: N_("mail"),
    Medium.SMS: N_("text message"),
    Medium.WEBHOOK: N_("webhook"),
}
#: why a delivery failed or nothing was sent (MessageDelivery.error), in words
ERRORS: Mapping[str, str] = {
    "mail server away": N_("the mail server does not answer"),
    "account closed": N_("the account is closed"),
    "address not confirmed": N_("the mail address is not confirmed"),
    "nothing is unread": N_("everything was read meanwhile"),
    "no confirmed number": N_("no number is confirmed"),
    "endpoint removed": N_("the endpoint was removed"),
    "endpoint switched off": N_("the endpoint is switched off"),
    "no longer so": N_("it was no longer so"),
    "not https": N_("the address does not begin with https://"),
    "no answer in five seconds": N_("no answer in five seconds"),
    "the name of the host is not known": N_("the name of the host is not known"),
    "the address lies inside a private network": N_("the address lies inside a private network"),
    "no gateway for text messages": N_("no gateway for text messages"),
}
#: messages that a digest names
NAMED = 20


def subject(message: Message) -> str:
    """The subject as the reader sees it."""
    return _told(message.subject, message.params)


def body(message: Message) -> str:
    """The text as the reader sees it; paragraphs are divided by a line break."""
    return _told(message.body, message.params)


def mail(message: Message) -> tuple[str, str]:
    """Subject and plain text of the mail in the person's language: what is told, where it leads, where all messages are, and how
    such mails are ended where they can be. Of a digest, what is unread now.
    """
    with force_locale(language_of(message)):
        if message.topic is Topic.DIGEST:
            return _digest(message)
        lines = [body(message)]
        if message.path:
            lines.append(url(message.path))
        return subject(message), _signed(lines, message)


def _digest(message: Message) -> tuple[str, str]:
    unread = queries.for_digest(message)
    told = [f"· {subject(one)}\n  {url(one.path or '/messages')}" for one in unread[:NAMED]]
    if len(unread) > NAMED:
        told.append(gettext("And %(num)s more.", num=len(unread) - NAMED))
    lines = [gettext("What you have not read yet:"), "\n".join(told)]
    head = ngettext("One unread message", "%(num)s unread messages", len(unread))
    return head, _signed(lines, message)


def _signed(lines: list[str], message: Message) -> str:
    lines.append(gettext("All your messages: %(url)s", url=url("/messages")))
    lines.append(gettext("Which mails you get: %(url)s", url=url("/messages/preferences")))
    if stop := stop_url(message):
        lines.append(gettext("No more mails like this one: %(url)s", url=stop))
    lines.append(gettext("West Market, Xi’an online market for intermediary services"))
    return "\n\n".join(lines) + "\n"


def sms(message: Message) -> str:
    """One short text: the market's name, the subject, where to read on."""
    with force_locale(language_of(message)):
        name = gettext("[West Market]")
        link = f" {url('/messages')}"
        return f"{name}{subject(message)[: rules.SMS_LENGTH - len(name) - len(link)]}{link}"


def error(text: str | None) -> str:
    """Why a delivery failed or nothing was sent, in the reader's language."""
    if not text:
        return ""
    if text.startswith("status "):
        return gettext("the answer was %(status)s", status=text.removeprefix("status "))
    if text.startswith("no connection"):
        return gettext("no connection")
    return gettext(ERRORS[text]) if text in ERRORS else text


def in_both(message: Message) -> dict[str, dict[str, str]]:
    """Subject and text by language, for programs."""
    found = {}
    for short, locale in LANGUAGES.items():
        with force_locale(locale):
            found[short] = {"subject": subject(message), "body": body(message)}
    return found


def language_of(message: Message) -> str:
    """The language in which the recipient reads, as Babel names it."""
    return LANGUAGES.get(message.person.language if message.person else "zh", "zh_Hans_CN")


def url(path: str) -> str:
    """The whole address of a path of the market."""
    return str(current_app.extensions["settings"].public_url) + path


def stop_url(message: Message) -> str | None:
    """Where the reader ends mails like this one with one click, None where they cannot be ended so."""
    return url(message.stop_path) if message.stop_path else None


def _told(text: str, params: Mapping[str, Any]) -> str:
    if not params:
        return gettext(text)
    return gettext(text, **{name: _shown(value) for name, value in params.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        [show] = [show for kind, show in _SHOW.items() if kind in value]
        return show(value)
    return formats.NOTHING if value is None else value


def _joined(value: Mapping[str, Any]) -> str:
    return ("、" if formats.chinese() else ", ").join(str(_shown(inner)) for inner in value["list"])


_SHOW = {
    "fen": lambda value: formats.yuan(value["fen"]),
    "at": lambda value: formats.datetime_cn(datetime.fromisoformat(value["at"])),
    "day": lambda value: formats.date_cn(date.fromisoformat(value["day"])),
    "word": lambda value: _told(value["word"], value["params"]),
    "zh": lambda value: value["zh"] if formats.chinese() else value["en"],
    "list": _joined,
}
