"""Messages as programs read them."""

import marshmallow as ma

from market.notifications import texts
from market.notifications.models import Message
from market.schemas import Between


class MessagesQuery(ma.Schema):
    """Which messages."""

    class Meta:
        """Other parameters are not its business."""

        unknown = ma.EXCLUDE

    unread = ma.fields.Boolean(load_default=False, metadata={"description": "Only those not read yet."})
    page = ma.fields.Integer(load_default=1, validate=Between(min=1, max=1_000_000))


class MessageOut(ma.Schema):
    """A message in the language asked for."""

    code = ma.fields.String(required=True)
    subject = ma.fields.Function(lambda one: texts.subject(one), metadata={"type": "string"})
    body = ma.fields.Function(lambda one: texts.body(one), metadata={"type": "string"})
    path = ma.fields.String(allow_none=True, metadata={"description": "The page of the market that it leads to."})
    created_at = ma.fields.DateTime(required=True)
    read = ma.fields.Function(lambda one: is_read(one), metadata={"type": "boolean"})


class MessagesOut(ma.Schema):
    """A page of messages."""

    messages = ma.fields.List(ma.fields.Nested(MessageOut), attribute="items")
    page = ma.fields.Integer(attribute="number")
    pages = ma.fields.Integer()
    total = ma.fields.Integer()


def is_read(message: Message) -> bool:
    """True once the person said so."""
    return message.read_at is not None
