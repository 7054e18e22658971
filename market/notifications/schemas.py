"""Messages, choices and endpoints: what forms and programs send, and what programs read."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.notifications import texts
from market.notifications.models import Message, MessageDelivery
from market.notifications.states import CHOSEN_BY, MailChoice
from market.schemas import Between, Form, Ticked

HOUR = ma.validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$", error=_l("Please give a time as 22:30."))


class _ByTopic(Form):
    """One field for each topic."""

    class Meta(Form.Meta):
        """A choice of mails for each topic; what is absent is as the market suggests."""

        include = {
            f"mail_{topic}": ma.fields.String(
                load_default=str(MailChoice.SUGGESTED), validate=ma.validate.OneOf([str(one) for one in MailChoice])
            )
            for topic in CHOSEN_BY
        }


class PreferencesForm(_ByTopic):
    """By which channels messages come."""

    sms = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([str(one) for one in CHOSEN_BY])), load_default=list
    )
    digest = Ticked()
    quiet_from = ma.fields.String(load_default=None, validate=HOUR)
    quiet_to = ma.fields.String(load_default=None, validate=HOUR)
    language = ma.fields.String(required=True, validate=ma.validate.OneOf(["zh", "en"]))


class PhoneForm(Form):
    """A number for text messages."""

    number = ma.fields.String(required=True, validate=ma.validate.Length(max=30))


class PhoneCodeForm(Form):
    """The code that was sent to it."""

    code = ma.fields.String(
        required=True, validate=ma.validate.Regexp(r"^\d{6}$", error=_l("The code has six digits."))
    )


class EndpointForm(Form):
    """Where events of the organisation go."""

    url = ma.fields.String(required=True, validate=ma.validate.Length(max=500))
    label = ma.fields.String(required=True, validate=ma.validate.Length(max=60))
    types = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=80)), load_default=list)


class EndpointChangeForm(Form):
    """Other types of events, or another label."""

    label = ma.fields.String(required=True, validate=ma.validate.Length(max=60))
    types = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=80)), load_default=list)


# For programs -------------------------------------------------------------------------------------------------------------


class MessagesQuery(ma.Schema):
    """Which messages."""

    class Meta:
        """Other parameters are not its business."""

        unknown = ma.EXCLUDE

    unread = ma.fields.Boolean(load_default=False, metadata={"description": "Only those not read yet."})
    topic = ma.fields.String(
        load_default=None,
        validate=ma.validate.OneOf([str(one) for one in CHOSEN_BY]),
        metadata={"description": "Only those about it."},
    )
    page = ma.fields.Integer(load_default=1, validate=Between(min=1, max=1_000_000))


class InboxMessageOut(ma.Schema):
    """A message in the language asked for."""

    code = ma.fields.String(required=True)
    topic = ma.fields.String()
    importance = ma.fields.String(metadata={"description": "urgent, important, ordinary"})
    event = ma.fields.String(allow_none=True, metadata={"description": "the type of what happened"})
    subject = ma.fields.Function(lambda one: texts.subject(one), metadata={"type": "string"})
    body = ma.fields.Function(lambda one: texts.body(one), metadata={"type": "string"})
    path = ma.fields.String(allow_none=True, metadata={"description": "The page of the market that it leads to."})
    created_at = ma.fields.DateTime(required=True)
    read = ma.fields.Function(lambda one: is_read(one), metadata={"type": "boolean"})


class MessagesOut(ma.Schema):
    """A page of messages."""

    messages = ma.fields.List(ma.fields.Nested(InboxMessageOut), attribute="items")
    page = ma.fields.Integer(attribute="number")
    pages = ma.fields.Integer()
    total = ma.fields.Integer()


class EndpointIn(ma.Schema):
    """Where events of the organisation go."""

    url = ma.fields.String(required=True, validate=ma.validate.Length(max=500))
    label = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=60))
    event_types = ma.fields.List(
        ma.fields.String(), load_default=list, metadata={"description": "none: all that the organisation is told of"}
    )


class EndpointOut(ma.Schema):
    """An endpoint. Its secret is told once, when it is made or rotated."""

    code = ma.fields.String()
    url = ma.fields.String()
    label = ma.fields.String()
    event_types = ma.fields.List(ma.fields.String())
    created_at = ma.fields.DateTime()
    failing_since = ma.fields.DateTime(allow_none=True)
    paused_at = ma.fields.DateTime(
        allow_none=True, metadata={"description": "switched off since; saved on its page, it goes on"}
    )
    former_secret_until = ma.fields.DateTime(attribute="former_until", allow_none=True)


class EndpointsOut(ma.Schema):
    """The endpoints of the organisation."""

    webhooks = ma.fields.List(ma.fields.Nested(EndpointOut))
    known_types = ma.fields.List(ma.fields.String())


class SecretOut(ma.Schema):
    """An endpoint with its new secret, told this once."""

    webhook = ma.fields.Nested(EndpointOut)
    secret = ma.fields.String(metadata={"description": "whsec_ and base64, as Standard Webhooks has it"})


class DeliveriesQuery(ma.Schema):
    """Which deliveries."""

    class Meta:
        """Other parameters are not its business."""

        unknown = ma.EXCLUDE

    page = ma.fields.Integer(load_default=1, validate=Between(min=1, max=1_000_000))


class DeliveryOut(ma.Schema):
    """One message to one endpoint."""

    code = ma.fields.String()
    webhook_id = ma.fields.Function(lambda one: one.message.code, metadata={"type": "string"})
    type = ma.fields.Function(lambda one: one.message.event, metadata={"type": "string"})
    state = ma.fields.String(metadata={"description": "waiting, sent, failed, dropped"})
    tries = ma.fields.Integer(metadata={"description": "tries that failed"})
    error = ma.fields.String(allow_none=True)
    next_try = ma.fields.Function(lambda one: next_try(one), metadata={"type": "string", "format": "date-time"})
    done_at = ma.fields.DateTime(allow_none=True)


class DeliveriesOut(ma.Schema):
    """A page of deliveries, the newest first."""

    deliveries = ma.fields.List(ma.fields.Nested(DeliveryOut), attribute="items")
    page = ma.fields.Integer(attribute="number")
    pages = ma.fields.Integer()
    total = ma.fields.Integer()


def is_read(message: Message) -> bool:
    """True once the person said so."""
    return message.read_at is not None


def next_try(delivery: MessageDelivery) -> Any:
    """When a delivery that waits is tried next."""
    return delivery.due_at.isoformat() if str(delivery.state) == "waiting" else None
