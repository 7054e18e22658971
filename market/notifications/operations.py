"""What is told to whom, sent once, and read. Messages are consequences of what was recorded and make no record of their own."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from market import clock, mail
from market.accounts.models import Membership, Organisation, Person
from market.accounts.queries import people_in_role
from market.accounts.rules import safe_path
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.errors import NotFound
from market.locks import lock
from market.notifications import rules, texts
from market.notifications.models import Message
from market.transaction import later, transactional

log = structlog.get_logger()


@transactional
def tell(
    to: str | Iterable[str],
    subject: str,
    body: str,
    *,
    path: str | None = None,
    by_mail: bool = False,
    once: str | None = None,
    **params: Any,
) -> list[str]:
    """Tell people something, on the desk and, with `by_mail`, by mail after the commit; the codes of the new messages.

    `to` is the code of a person or of an organisation (all its members), or several of these; nobody is told twice, and closed
    accounts are passed over. `subject` and `body` are message ids (N_) whose placeholders `params` fill: texts, whole numbers,
    days, aware times, Money, rules.Word, {"zh": ..., "en": ...}, lists of these. `path` leads to a page of the market. With
    `once`, a person who has a message of that key gets no other. ValueError for a missing placeholder or a path that leads
    elsewhere.
    """
    codes = [to] if isinstance(to, str) else list(to)
    return _tell(_people(codes), subject, body, path=path, by_mail=by_mail, once=once, params=params)


@transactional
def tell_role(
    role: Role,
    subject: str,
    body: str,
    *,
    district: str | None = None,
    path: str | None = None,
    by_mail: bool = False,
    once: str | None = None,
    **params: Any,
) -> list[str]:
    """Tell everybody who works in `role`: with `district`, those of that district and of the whole city. Else as `tell`."""
    people = [person.id for person in people_in_role(role, district)]
    return _tell(people, subject, body, path=path, by_mail=by_mail, once=once, params=params)


@transactional
def send_message(code: str) -> bool:
    """Mail the message, once: True when it went out now. Nothing for an unconfirmed address or a closed account.

    `Unavailable` when the mail server does not take it. The row is locked from before the sending to the commit, so that two
    workers never both send; only a death between the server's yes and the commit lets it go out again.
    """
    message = lock(Message, code)
    person = message.person
    confirmed, closed = person.email_confirmed_at is not None, person.closed_at is not None
    if not rules.may_be_mailed(confirmed=confirmed, closed=closed, sent=message.sent_at is not None):
        log.info("message not sent", message=code, sent=message.sent_at is not None, confirmed=confirmed, closed=closed)
        return False
    subject, body = texts.mail(message)
    mail.send(person.email, subject, body)
    message.sent_at = clock.real()
    return True


@transactional
def mark_read(code: str, *, by: Actor) -> Message:
    """The message was read by the person it is for; `NotFound` for others' messages. Nothing when it was read before."""
    message = lock(Message, code)
    if message.person.code != by.person:
        raise NotFound()
    message.read_at = message.read_at or clock.real()
    return message


@transactional
def mark_all_read(*, by: Actor) -> int:
    """All messages of the person were read; how many were not yet."""
    own = select(Person.id).where(Person.code == by.person).scalar_subquery()
    unread = update(Message).where(Message.person_id == own, Message.read_at.is_(None))
    return db.session.execute(unread.values(read_at=clock.real())).rowcount  # type: ignore[attr-defined,no-any-return]


@transactional
def forget_messages(person_code: str) -> None:
    """Remove all messages of a person whose account was closed."""
    own = select(Person.id).where(Person.code == person_code).scalar_subquery()
    db.session.execute(delete(Message).where(Message.person_id == own))


def _people(codes: Sequence[str]) -> list[int]:
    """The persons with these codes and the running members of the organisations with these codes, each once."""
    members = (
        select(Membership.person_id)
        .join(Membership.organisation)
        .where(Organisation.code.in_(codes), Membership.ended_at.is_(None))
    )
    people = select(Person.id).where(or_(Person.code.in_(codes), Person.id.in_(members)), Person.closed_at.is_(None))
    return list(db.session.scalars(people.order_by(Person.id)))


def _tell(
    people: Sequence[int],
    subject: str,
    body: str,
    *,
    path: str | None,
    by_mail: bool,
    once: str | None,
    params: dict[str, Any],
) -> list[str]:
    rules.check_texts((subject, body), params)
    if path is not None and safe_path(path) is None:
        raise ValueError(f"a message leads to a page of the market, not to {path!r}")
    if not people:
        return []
    what = {
        "subject": subject,
        "body": body,
        "params": {name: rules.to_store(value) for name, value in params.items()},
        "path": path,
        "by_mail": by_mail,
        "once_key": once,
        "created_at": clock.now(),
    }
    rows = [{"code": new_code("N"), "person_id": person, **what} for person in people]
    new = insert(Message).values(rows).on_conflict_do_nothing(
        index_elements=["person_id", "once_key"], index_where=Message.once_key.is_not(None)
    )  # fmt: skip
    codes = list(db.session.scalars(new.returning(Message.code)))
    if by_mail:
        for code in codes:
            later("market.notifications.jobs.send_message", code)
    return codes
