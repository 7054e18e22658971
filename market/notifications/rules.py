"""Rules of notifications: what may stand in a message, and to whom mail goes. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from market.kernel.money import Money

_PLACEHOLDER = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Word:
    """A parameter that is itself a text to be translated: a message id (marked with N_) with its own parameters."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


def to_store(value: Any) -> Any:
    """A parameter as JSON keeps it until somebody reads it in his language.

    Takes texts, whole numbers, days, aware times, Money, Word, {"zh": ..., "en": ...} (content with a name in both languages),
    and lists of these. TypeError for anything else: a float, a naive time, a row.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Money):
        return {"fen": value.fen}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a time in a message needs its zone")
        return {"at": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Word):
        return {"word": value.text, "params": {name: to_store(inner) for name, inner in value.params.items()}}
    if isinstance(value, Mapping) and set(value) == {"zh", "en"}:
        return {"zh": str(value["zh"]), "en": str(value["en"])}
    if isinstance(value, list | tuple):
        return {"list": [to_store(inner) for inner in value]}
    raise TypeError(f"a message cannot carry {value!r}")


def check_texts(texts: Iterable[str], names: Iterable[str]) -> None:
    """ValueError when one of `texts` has a placeholder that is not among `names`: found when it is written, not when read."""
    missing = {name for text in texts for name in _PLACEHOLDER.findall(text)} - set(names)
    if missing:
        raise ValueError(f"the message lacks {', '.join(sorted(missing))}")


def may_be_mailed(*, confirmed: bool, closed: bool, sent: bool) -> bool:
    """Mail goes once, to a confirmed address of an open account."""
    return confirmed and not closed and not sent
