"""Sending mail: one plain text to one address. What is said, and in which language, is the caller's.

`console` sends nothing: a line in the log says that a mail was due, and in practice mode the mail is kept as a file in the
folder "mail" beside the uploaded files, to be read at /practice/mail. Otherwise SMTP. Neither address nor text is logged.
"""

import email
import email.policy
import secrets
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from flask import current_app

from market import clock
from market.config import Settings
from market.kernel.errors import Unavailable

log = structlog.get_logger()

#: practice mode keeps this many mails
KEPT = 300
#: seconds to wait for the mail server
PATIENCE = 20


class _Policy(email.policy.EmailPolicy):
    """Headers as SMTP wants them, but an address stays in one piece: folded into encoded words no mail program would find it."""

    WHOLE = "list-unsubscribe"

    def fold(self, name: str, value: str) -> str:
        """One header as text."""
        if name.lower() == self.WHOLE:
            return f"{name}: {value}{self.linesep}"
        return super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as bytes."""
        return (
            self.fold(name, value).encode("ascii") if name.lower() == self.WHOLE else super().fold_binary(name, value)
        )


POLICY = _Policy(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class PracticeMail:
    """A mail that practice mode kept instead of sending it."""

    name: str
    to: str
    subject: str
    body: str
    at: datetime


def send(to: str, subject: str, body: str, *, key: str | None = None, stop: str | None = None) -> None:
    """Send `body` (plain text) to the one address `to`.

    `key` (a public code) makes the Message-ID, so that a mail that had to be sent again is known as the same. `stop` is an
    address at which the reader ends such mails with one click (RFC 8058). Raises `Unavailable` when the mail server does not
    take it, so that the job around it is tried again. Line breaks in `to` or `subject` cannot add headers: they become spaces.
    """
    settings: Settings = current_app.extensions["settings"]
    mail = EmailMessage(policy=POLICY)
    mail["From"] = settings.mail_from
    mail["To"] = " ".join(to.split())
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(clock.real())
    domain = settings.mail_from.rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<{key}@{domain}>" if key else make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"
    if stop:
        mail["List-Unsubscribe"] = f"<{stop}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(body)
    if settings.mail == "console":
        log.info("mail", domain=to.rpartition("@")[2])
        if settings.practice:
            _keep(mail, folder(settings))
        return
    try:
        _hand_over(mail, settings.mail)
    except (OSError, smtplib.SMTPException) as error:
        # the error may name the address: only its kind is told
        log.warning("mail server away", error=type(error).__name__)
        raise Unavailable() from None


def keep_sms(number: str, text: str) -> None:
    """Practice mode has no network of telephones: what would go to `number` lies among the mails, marked as what it is."""
    settings: Settings = current_app.extensions["settings"]
    sms = EmailMessage(policy=email.policy.SMTP)
    sms["From"] = settings.mail_from
    sms["To"] = f"sms {number}"
    sms["Subject"] = "SMS (practice)"
    sms["Date"] = format_datetime(clock.real())
    sms.set_content(text)
    log.info("sms kept")
    if settings.practice:
        _keep(sms, folder(settings))


def folder(settings: Settings) -> Path:
    """Where practice mode keeps mails."""
    return settings.files.parent / "mail"


def practice_mails(to: str | None = None) -> list[PracticeMail]:
    """The mails that practice mode kept, newest first; with `to`, those to that address."""
    settings: Settings = current_app.extensions["settings"]
    if not settings.practice or not folder(settings).is_dir():
        return []
    found = [_read(path) for path in reversed(_files(folder(settings)))]
    return [mail for mail in found if to is None or mail.to == to]


def _hand_over(mail: EmailMessage, url: str) -> None:
    place = urlsplit(url)
    host, context = place.hostname or "localhost", ssl.create_default_context()
    if place.scheme == "smtps":
        with smtplib.SMTP_SSL(host, place.port or 465, timeout=PATIENCE, context=context) as server:
            _log_in(server, place.username, place.password)
            server.send_message(mail)
        return
    with smtplib.SMTP(host, place.port or 587, timeout=PATIENCE) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif not _is_loopback(host):
            raise smtplib.SMTPException("the mail server offers no encryption")
        _log_in(server, place.username, place.password)
        server.send_message(mail)


def _log_in(server: smtplib.SMTP, user: str | None, password: str | None) -> None:
    if user:
        server.login(unquote(user), unquote(password or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _keep(mail: EmailMessage, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{clock.real():%Y%m%dT%H%M%S}-{secrets.token_hex(6)}"
    half = place / f".{name}"
    half.touch(mode=0o600)
    half.write_bytes(mail.as_bytes())
    half.replace(place / f"{name}.eml")
    for old in _files(place)[:-KEPT]:
        old.unlink(missing_ok=True)


def _files(place: Path) -> list[Path]:
    """Oldest first. Sorted by the time of the file, since the clock of a test stands still."""

    def age(path: Path) -> tuple[int, str]:
        try:
            return path.stat().st_mtime_ns, path.name
        except FileNotFoundError:
            return 0, path.name

    return sorted((path for path in place.glob("*.eml") if not path.name.startswith(".")), key=age)


def _read(path: Path) -> PracticeMail:
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    text = mail.get_body(("plain",))
    body = text.get_content().replace("\r\n", "\n") if text is not None else ""
    return PracticeMail(
        path.stem, str(mail["To"]), str(mail["Subject"]), body, parsedate_to_datetime(str(mail["Date"]))
    )
