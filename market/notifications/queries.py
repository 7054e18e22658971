"""Reading messages: only ever those of one person."""

from typing import Any

from sqlalchemy import Select, func, select

from market.accounts.models import Person
from market.db import db
from market.notifications.models import Message


def messages_of(person_code: str, *, unread: bool = False) -> Select[Message]:
    """The messages of a person: unread ones first, then the newest first; with `unread`, only those."""
    statement = select(Message).join(Message.person).where(Person.code == person_code)
    if unread:
        statement = statement.where(Message.read_at.is_(None))
    return statement.order_by(Message.read_at.is_not(None), Message.created_at.desc(), Message.id.desc())


def unread_count(person_code: str) -> int:
    """How many messages the person has not read."""
    unread = select(func.count()).select_from(Message).join(Message.person).where(Message.read_at.is_(None))
    return db.session.scalar(unread.where(Person.code == person_code)) or 0


def own_messages(person_code: str) -> list[dict[str, Any]]:
    """Everything kept of a person's messages, as plain data for the person (PIPL, article 45)."""
    return [
        {
            "code": row.code,
            "subject": row.subject,
            "body": row.body,
            "params": row.params,
            "at": row.created_at.isoformat(timespec="seconds"),
            "read": row.read_at is not None,
            "mailed": row.sent_at is not None,
        }
        for row in db.session.scalars(messages_of(person_code))
    ]
