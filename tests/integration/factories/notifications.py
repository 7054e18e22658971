"""Messages for tests, made through the operation."""

from typing import Any

from sqlalchemy import select

from market.db import db
from market.notifications.models import Message, MessageDelivery
from market.notifications.operations import tell
from market.notifications.states import Medium
from market.transaction import transactional


def told(to: str, subject: str = "Hello", body: str = "World", **more: Any) -> Message:
    """One message to one person."""
    [code] = tell(to, subject, body, **more)
    return db.session.scalars(select(Message).where(Message.code == code)).one()


def delivery_of(message: Message, medium: Medium = Medium.MAIL) -> MessageDelivery:
    """The delivery of a message by one channel."""
    where = MessageDelivery.message_id == message.id, MessageDelivery.medium == medium
    return db.session.scalars(select(MessageDelivery).where(*where).execution_options(populate_existing=True)).one()


@transactional
def told_then(to: str, fault: Exception) -> None:
    """Tell by mail, then fail."""
    tell(to, "Hello", "World", by_mail=True)
    raise fault
