"""Tables of notifications."""

from datetime import time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Time, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Organisation, Person
from market.db import Base, Code, Facts, Instant, LongText, Pk, Short, Texts, enum_of
from market.notifications.states import DeliveryState, Importance, Medium, Topic
from market.personal_data import Encrypted


class Message(Base):
    """One message to one person, shown in the inbox; or to an organisation's programs, which have no inbox."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_unread", "person_id", postgresql_where="read_at IS NULL"),
        CheckConstraint("num_nonnulls(person_id, organisation_id) = 1", name="recipient"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    topic: Mapped[Topic] = mapped_column(enum_of(Topic, "topic"))
    importance: Mapped[Importance] = mapped_column(enum_of(Importance, "importance"))
    #: message ids with named parameters
    subject: Mapped[LongText]
    body: Mapped[LongText]
    params: Mapped[Facts]
    #: path within the market that the message leads to
    path: Mapped[str | None] = mapped_column(String(300))
    #: what happened, as programs know it ("orders.order_placed"), and the codes of what it happened to
    event: Mapped[str | None] = mapped_column(String(80))
    about: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: asked before each sending: dotted name of a function in a jobs.py and its arguments; False: nothing is sent any more
    still: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: path at which the reader ends messages like this one with one click
    stop_path: Mapped[str | None] = mapped_column(String(300))
    #: messages with the same key to the same person are made once
    once_key: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[Instant]
    #: when the mail went out
    sent_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]

    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    deliveries: Mapped[list["MessageDelivery"]] = relationship(back_populates="message", order_by="MessageDelivery.id")


Index(
    "uq_message_once",
    Message.person_id,
    Message.once_key,
    unique=True,
    postgresql_where=Message.once_key.is_not(None),
)


class WebhookEndpoint(Base):
    """An address of an organisation's software to which events go, signed (Standard Webhooks)."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[Pk]
    code: Mapped[Code]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    label: Mapped[Short]
    #: types of events that are sent; empty: all that the organisation is told of
    event_types: Mapped[Texts]
    #: "whsec_" and base64 of 32 bytes
    secret: Mapped[str] = mapped_column(Encrypted)
    #: the secret before, which signs beside the new one until then
    former_secret: Mapped[str | None] = mapped_column(Encrypted)
    former_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    #: since when nothing got through; no try is made before `rests_until`
    failing_since: Mapped[Instant | None]
    rests_until: Mapped[Instant | None]
    #: switched off by the market since nothing got through for days, or the address said that it is gone
    paused_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]

    organisation: Mapped[Organisation] = relationship()


class MessageDelivery(Base):
    """One message by one channel: what is to be done, was done, or failed."""

    __tablename__ = "message_delivery"
    __table_args__ = (
        # a message goes by each channel, and to each endpoint, once
        UniqueConstraint("message_id", "medium", "endpoint_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("(medium = 'webhook') = (endpoint_id is not null)", name="endpoint"),
        Index("ix_message_delivery_failed", "id", postgresql_where="state = 'failed'"),
        Index("ix_message_delivery_endpoint", "endpoint_id", "id", postgresql_where="endpoint_id IS NOT NULL"),
    )

    id: Mapped[Pk]
    code: Mapped[Code]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    medium: Mapped[Medium] = mapped_column(enum_of(Medium, "medium"))
    endpoint_id: Mapped[int | None] = mapped_column(ForeignKey("webhook_endpoint.id"))
    state: Mapped[DeliveryState] = mapped_column(enum_of(DeliveryState, "message_delivery_state"))
    #: tries that failed
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: why the last try failed or nothing was sent, without addresses
    error: Mapped[str | None] = mapped_column(String(200))
    #: not before then (machine's time)
    due_at: Mapped[Instant]
    created_at: Mapped[Instant]
    #: when it was sent, given up or dropped
    done_at: Mapped[Instant | None]

    message: Mapped[Message] = relationship(back_populates="deliveries")
    endpoint: Mapped[WebhookEndpoint | None] = relationship()


class Preference(Base):
    """What a person chose; nobody has a row before choosing something."""

    __tablename__ = "message_preference"
    __table_args__ = (CheckConstraint("(quiet_from is null) = (quiet_to is null)", name="quiet"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: topic -> MailChoice, where it is not what the market suggests
    mail: Mapped[Facts]
    #: topics of which nothing urgent comes by SMS
    no_sms: Mapped[Texts]
    #: one mail a day with what was not read
    digest: Mapped[bool] = mapped_column(default=True)
    #: hours in Asia/Shanghai, perhaps over midnight
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_to: Mapped[time | None] = mapped_column(Time)

    person: Mapped[Person] = relationship()


class Phone(Base):
    """A person's number for SMS, given of one's own will. Used once a code sent to it was typed."""

    __tablename__ = "phone"

    id: Mapped[Pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    #: +86 and eleven digits
    number: Mapped[str] = mapped_column(Encrypted)
    given_at: Mapped[Instant]
    #: keyed hash of the code that was sent, until when it works, and how often it was typed wrong
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[Instant | None]
    wrong: Mapped[int] = mapped_column(SmallInteger, default=0)
    confirmed_at: Mapped[Instant | None]

    person: Mapped[Person] = relationship()
