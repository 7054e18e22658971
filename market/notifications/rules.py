"""Rules of notifications: what may stand in a message, by which channels it goes and when, how often it is tried. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from market.kernel import identifiers
from market.kernel.errors import Invalid
from market.kernel.money import Money
from market.kernel.words import N_
from market.notifications.states import CHOSEN_BY, Importance, MailChoice, Medium, Topic

_PLACEHOLDER = re.compile(r"%\((\w+)\)")

#: waits after each failed try; after the last one a delivery has failed for good (Standard Webhooks recommends nearly these)
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
#: an endpoint that did not take something is left alone this long, so that it does not keep the workers
REST = timedelta(seconds=30)
#: an endpoint at which nothing got through for so long is switched off
PATIENCE = timedelta(days=3)
#: the former secret of an endpoint signs this long beside the new one
OVERLAP = timedelta(hours=24)
#: endpoints and chosen types of one organisation at most
MOST_ENDPOINTS = 5
#: a code sent by SMS works this long, and may be typed wrong so often
CODE_MINUTES, MOST_WRONG = 10, 5
#: characters of one SMS with Chinese in it (3GPP TS 23.038: 70 characters of UCS-2; 67 each in a chain of them)
SMS_LENGTH = 134
#: IPv6 addresses with an IPv4 address inside (RFC 6052, section 2.1)
NAT64 = IPv6Network("64:ff9b::/96")

# What is said ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A parameter that is itself a text to be translated: a message id (marked with N_) with its own parameters."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told, whoever hears it.

    `subject` and `body` are message ids (N_) whose placeholders `params` fill. `path` leads to a page of the market. `once`: a
    person who has a message of that key gets no other. `event` and `about`: for programs, the type of what happened and codes
    of what it happened to. `still`: dotted name of a function in a jobs.py, and arguments, asked before each sending.
    `stop_path`: where the reader ends messages like this one.
    """

    subject: str
    body: str
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None
    topic: Topic = Topic.ACCOUNT
    importance: Importance = Importance.ORDINARY
    once: str | None = None
    event: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    still: tuple[Any, ...] | None = None
    stop_path: str | None = None


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


def placeholders(*texts: str) -> list[str]:
    """The names of the placeholders in message ids, each once, in their order."""
    return list(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


def check_texts(texts: Iterable[str], names: Iterable[str]) -> None:
    """ValueError when one of `texts` has a placeholder that is not among `names`: found when it is written, not when read."""
    missing = set(placeholders(*texts)) - set(names)
    if missing:
        raise ValueError(f"the message lacks {', '.join(sorted(missing))}")


# By which channels, and when ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants. `mail`: topic -> choice (absent: as the market suggests); `no_sms`: topics; `quiet`: from, to."""

    mail: Mapping[str, str] = field(default_factory=dict)
    no_sms: Collection[str] = ()
    digest: bool = True
    quiet: tuple[time, time] | None = None


#: what everybody gets who chose nothing
USUAL = Wish()

#: what of each choice is mailed at once
MAILED: Mapping[MailChoice, frozenset[Importance]] = {
    MailChoice.SUGGESTED: frozenset({Importance.URGENT, Importance.IMPORTANT}),
    MailChoice.ALL: frozenset(Importance),
    MailChoice.URGENT: frozenset({Importance.URGENT}),
}


def plan(topic: Topic, importance: Importance, wish: Wish, *, phone: bool, local: datetime) -> dict[Medium, datetime]:
    """The channels by which a message leaves at once, and when: `local` (aware, Asia/Shanghai) is now.

    Urgent messages are always mailed, and go by SMS where a number is confirmed (`phone`) and the topic is not excepted. In the
    quiet hours everything waits for their end but an urgent mail, which wakes nobody.
    """
    choice = MailChoice(wish.mail.get(topic, MailChoice.SUGGESTED))
    loud = quiet_until(local, wish.quiet)
    found = {}
    if topic is Topic.DIGEST or importance in MAILED[choice]:
        found[Medium.MAIL] = local if importance is Importance.URGENT else loud
    if phone and importance is Importance.URGENT and topic not in wish.no_sms:
        found[Medium.SMS] = loud
    return found


def quiet_until(local: datetime, quiet: tuple[time, time] | None) -> datetime:
    """`local` itself outside the quiet hours, else their end. They may reach over midnight; equal ends mean none."""
    if quiet is None or quiet[0] == quiet[1]:
        return local
    begin, end = quiet
    at = local.timetz().replace(tzinfo=None)
    inside = begin <= at < end if begin < end else at >= begin or at < end
    if not inside:
        return local
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def wish_from(mail: Mapping[str, str], sms: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """What is kept of a form: choices that differ from the suggestion, and the topics without SMS."""
    kept = {
        str(topic): mail[topic] for topic in CHOSEN_BY if mail.get(topic, MailChoice.SUGGESTED) != MailChoice.SUGGESTED
    }
    return kept, [str(topic) for topic in CHOSEN_BY if topic not in sms]


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many failed tries (1 or more); None when it is given up."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None


# Webhooks ----------------------------------------------------------------------------------------------------------------


def check_url(url: str, *, practice: bool) -> str:
    """The address of an endpoint, as it is kept. `Invalid` unless it is https (http too in practice mode) with a host, without
    user, password and fragment. Where it leads is looked at for each sending (`is_allowed`), since names change their address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad_url() from None
    if not parts.hostname or parts.username or parts.password or parts.fragment or port == 0 or not url.isascii():
        raise _bad_url()
    if parts.scheme != "https" and not (practice and parts.scheme == "http"):
        raise Invalid.field("url", N_("The address must begin with https://, so that nobody reads along."))
    try:
        outside = is_allowed(parts.hostname, practice=practice)
    except ValueError:
        outside = True  # a name
    if not outside or (parts.hostname == "localhost" and not practice):
        raise Invalid.field("url", N_("This address lies inside a private network. Only public ones are called."))
    return url


def is_allowed(address: str, *, practice: bool) -> bool:
    """Whether an IP address may be called: public ones; in practice mode loopback and private ones too. ValueError for none."""
    ip = ip_address(address)
    # ::ffff:127.0.0.1, 2002:7f00:1:: and 64:ff9b::7f00:1 lead where the IPv4 address inside them leads
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if ip.version == 6 and ip in NAT64:
        mapped = IPv4Address(int(ip) & 0xFFFFFFFF)
    if mapped is not None:
        return is_allowed(str(mapped), practice=practice)
    if practice:
        return not (ip.is_multicast or ip.is_unspecified or ip.is_link_local)
    return ip.is_global and not ip.is_multicast


def _bad_url() -> Invalid:
    return Invalid.field("url", N_("This is no address of a web service, such as https://example.org/market."))


# Telephone numbers -------------------------------------------------------------------------------------------------------


def normalise_phone(text: str) -> str:
    """A mobile number of mainland China as +86 and eleven digits (kernel/identifiers.py). `Invalid` for everything else."""
    verdict = identifiers.mobile(text)
    if not verdict.accepted:
        raise Invalid({"number": [verdict.refusal()]})
    return f"+86{verdict.normalised}"


def masked_phone(number: str) -> str:
    """The number as pages show it: 138****5678."""
    return identifiers.mask_mobile(number[3:])
