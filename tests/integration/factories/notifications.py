"""Messages for tests, made through the operation."""

from typing import Any

from sqlalchemy import select

from market.db import db
from market.notifications.models import Message
from market.notifications.operations import tell
from market.transaction import transactional


def told(to: str, subject: str = "Hello", body: str = "World", **more: Any) -> Message:
    """One message to one person."""
    [code] = tell(to, subject, body, **more)
    return db.session.scalars(select(Message).where(Message.code == code)).one()


@transactional
def told_then(to: str, fault: Exception) -> None:
    """Tell by mail, then fail."""
    tell(to, "Hello", "World", by_mail=True)
    raise fault
