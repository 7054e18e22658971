"""A message in the reader's language: on the desk, and as a mail."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext

from market import formats
from market.notifications.models import Message

#: the language of mails: the market does not ask people for theirs
MAIL_LANGUAGE = "zh_Hans_CN"


def subject(message: Message) -> str:
    """The subject as the reader sees it."""
    return _told(message.subject, message.params)


def body(message: Message) -> str:
    """The text as the reader sees it; paragraphs are divided by a line break."""
    return _told(message.body, message.params)


def mail(message: Message) -> tuple[str, str]:
    """Subject and plain text of the mail: what is told, where it leads, and where all messages are."""
    settings = current_app.extensions["settings"]
    with force_locale(MAIL_LANGUAGE):
        lines = [body(message)]
        if message.path:
            lines.append(settings.public_url + message.path)
        lines.append(gettext("All your messages: %(url)s", url=f"{settings.public_url}/messages"))
        lines.append(gettext("West Market, Xi’an online market for intermediary services"))
        return subject(message), "\n\n".join(lines) + "\n"


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
