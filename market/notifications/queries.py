"""Reading messages (only ever those of one person), what became of deliveries, choices, and endpoints of organisations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import contains_eager, joinedload

from market.accounts.models import Membership, Organisation, Person
from market.db import db
from market.kernel.errors import NotFound
from market.notifications.models import Message, MessageDelivery, Phone, Preference, WebhookEndpoint
from market.notifications.rules import USUAL, Wish
from market.notifications.states import DeliveryState, Importance, Medium, Topic

#: a digest looks back so far
DIGEST_DAYS = 7

# The inbox ---------------------------------------------------------------------------------------------------------------


def messages_of(person_code: str, *, unread: bool = False, topic: Topic | None = None) -> Select[Message]:
    """The messages of a person: unread ones first, then the newest first; with `unread`, only those; with `topic`, of it."""
    statement = select(Message).join(Message.person).where(Person.code == person_code, Message.topic != Topic.DIGEST)
    if unread:
        statement = statement.where(Message.read_at.is_(None))
    if topic is not None:
        statement = statement.where(Message.topic == topic)
    return statement.order_by(Message.read_at.is_not(None), Message.created_at.desc(), Message.id.desc())


def unread_count(person_code: str) -> int:
    """How many messages the person has not read."""
    unread = select(func.count()).select_from(Message).join(Message.person).where(Message.read_at.is_(None))
    return db.session.scalar(unread.where(Person.code == person_code, Message.topic != Topic.DIGEST)) or 0


def topics_of(person_code: str) -> dict[Topic, int]:
    """The topics of which a person has messages, and how many of each are unread."""
    statement = (
        select(Message.topic, func.count().filter(Message.read_at.is_(None)))
        .join(Message.person)
        .where(Person.code == person_code, Message.topic != Topic.DIGEST)
        .group_by(Message.topic)
    )
    found = {topic: unread for topic, unread in db.session.execute(statement)}  # noqa: C416
    return {topic: found[topic] for topic in Topic if topic in found}


def own_messages(person_code: str) -> dict[str, Any]:
    """Everything kept of a person's messages, choices and number, as plain data for the person (PIPL, article 45)."""
    wish = wish_of(person_code)
    phone = phone_of(person_code)
    return {
        "messages": [
            {
                "code": row.code,
                "topic": str(row.topic),
                "subject": row.subject,
                "body": row.body,
                "params": row.params,
                "at": row.created_at.isoformat(timespec="seconds"),
                "read": row.read_at is not None,
                "mailed": row.sent_at is not None,
            }
            for row in db.session.scalars(messages_of(person_code))
        ],
        "choices": {
            "mail": dict(wish.mail),
            "no_sms": list(wish.no_sms),
            "digest": wish.digest,
            "quiet": [one.isoformat(timespec="minutes") for one in wish.quiet or ()],
        },
        "phone": None if phone is None else {"number": phone.number, "confirmed": phone.confirmed_at is not None},
    }


# The daily mail ----------------------------------------------------------------------------------------------------------


def for_digest(digest: Message) -> list[Message]:
    """What a digest names: what its person has not read and got no mail of, not urgent, of the days before it, newest first."""
    statement = (
        select(Message)
        .where(Message.person_id == digest.person_id, Message.created_at <= digest.created_at)
        .where(*_unmailed(digest.created_at))
        .order_by(Message.created_at.desc(), Message.id.desc())
    )
    return list(db.session.scalars(statement))


def due_for_digest(at: datetime) -> list[str]:
    """Codes of people who have something unread that no digest has named, and want one."""
    last = (
        select(func.max(Message.created_at))
        .where(Message.person_id == Person.id, Message.topic == Topic.DIGEST)
        .correlate(Person)
        .scalar_subquery()
    )
    new = (
        select(Message.id)
        .where(Message.person_id == Person.id, *_unmailed(at))
        .where(Message.created_at > func.coalesce(last, at - timedelta(days=DIGEST_DAYS)))
        .correlate(Person)
    )
    statement = (
        select(Person.code)
        .outerjoin(Preference, Preference.person_id == Person.id)
        .where(
            Person.closed_at.is_(None),
            Person.email_confirmed_at.is_not(None),
            func.coalesce(Preference.digest, True),
            exists(new),
        )
        .order_by(Person.id)
    )
    return list(db.session.scalars(statement))


def _unmailed(at: datetime) -> tuple[ColumnElement[bool], ...]:
    mailed = select(MessageDelivery.id).where(
        MessageDelivery.message_id == Message.id,
        MessageDelivery.medium == Medium.MAIL,
        MessageDelivery.state.in_((DeliveryState.WAITING, DeliveryState.SENT)),
    )
    return (
        Message.read_at.is_(None),
        Message.importance != Importance.URGENT,
        Message.topic != Topic.DIGEST,
        Message.created_at > at - timedelta(days=DIGEST_DAYS),
        ~exists(mailed),
    )


# Choices -----------------------------------------------------------------------------------------------------------------


def wish_of(person_code: str) -> Wish:
    """What a person chose."""
    row = db.session.scalar(select(Preference).join(Preference.person).where(Person.code == person_code))
    return USUAL if row is None else _wish(row)


def wishes(person_ids: Sequence[int]) -> dict[int, Wish]:
    """What people chose, by key; who chose nothing is absent."""
    rows = db.session.scalars(select(Preference).where(Preference.person_id.in_(person_ids)))
    return {row.person_id: _wish(row) for row in rows}


def _wish(row: Preference) -> Wish:
    quiet = (row.quiet_from, row.quiet_to) if row.quiet_from is not None and row.quiet_to is not None else None
    return Wish(row.mail, frozenset(row.no_sms), row.digest, quiet)


def phone_of(person_code: str) -> Phone | None:
    """The number that a person gave, confirmed or not."""
    return db.session.scalar(select(Phone).join(Phone.person).where(Person.code == person_code))


def confirmed_number(person_id: int) -> str | None:
    """The number to which text messages of a person go."""
    return db.session.scalar(select(Phone.number).where(Phone.person_id == person_id, Phone.confirmed_at.is_not(None)))


def with_phone(person_ids: Sequence[int]) -> set[int]:
    """Who of these people has a confirmed number."""
    return set(
        db.session.scalars(
            select(Phone.person_id).where(Phone.person_id.in_(person_ids), Phone.confirmed_at.is_not(None))
        )
    )


# Deliveries --------------------------------------------------------------------------------------------------------------


def delivery(code: str) -> MessageDelivery:
    """The delivery with this code, or `NotFound`."""
    return _found(db.session.scalar(select(MessageDelivery).where(MessageDelivery.code == code)))


def failed(medium: Medium | None = None) -> Select[MessageDelivery]:
    """Deliveries that all tries failed for, the newest first."""
    statement = (
        select(MessageDelivery)
        .where(MessageDelivery.state == DeliveryState.FAILED)
        .options(joinedload(MessageDelivery.message), joinedload(MessageDelivery.endpoint))
        .order_by(MessageDelivery.id.desc())
    )
    return statement if medium is None else statement.where(MessageDelivery.medium == medium)


def delivery_counts() -> dict[Medium, dict[str, int]]:
    """By channel: how many deliveries wait, how many of these failed before, how many failed for good."""
    waiting = MessageDelivery.state == DeliveryState.WAITING
    statement = (
        select(
            MessageDelivery.medium,
            func.count().filter(waiting),
            func.count().filter(waiting & (MessageDelivery.tries > 0)),
            func.count().filter(MessageDelivery.state == DeliveryState.FAILED),
        )
        .where(MessageDelivery.state.in_((DeliveryState.WAITING, DeliveryState.FAILED)))
        .group_by(MessageDelivery.medium)
    )
    found = {row[0]: {"waiting": row[1], "again": row[2], "failed": row[3]} for row in db.session.execute(statement)}
    return {medium: found.get(medium, {"waiting": 0, "again": 0, "failed": 0}) for medium in Medium}


# Endpoints of organisations ----------------------------------------------------------------------------------------------


def endpoints_of(organisation_code: str) -> list[WebhookEndpoint]:
    """The endpoints of an organisation that were not removed, the oldest first."""
    statement = (
        select(WebhookEndpoint)
        .join(WebhookEndpoint.organisation)
        .where(Organisation.code == organisation_code, WebhookEndpoint.ended_at.is_(None))
        .order_by(WebhookEndpoint.id)
    )
    return list(db.session.scalars(statement))


def endpoint(code: str, organisation_code: str | None) -> WebhookEndpoint:
    """The endpoint with this code if it is the organisation's and was not removed, else `NotFound`."""
    statement = (
        select(WebhookEndpoint)
        .join(WebhookEndpoint.organisation)
        .where(
            WebhookEndpoint.code == code,
            Organisation.code == organisation_code,
            WebhookEndpoint.ended_at.is_(None),
        )
        .options(contains_eager(WebhookEndpoint.organisation))
    )
    return _found(db.session.scalar(statement))


def deliveries_to(endpoint_id: int) -> Select[MessageDelivery]:
    """What went or goes to an endpoint, the newest first."""
    return (
        select(MessageDelivery)
        .where(MessageDelivery.endpoint_id == endpoint_id)
        .options(joinedload(MessageDelivery.message))
        .order_by(MessageDelivery.id.desc())
    )


def is_admin(person_code: str, organisation_code: str | None) -> bool:
    """Whether a person is an administrator of an organisation: only they decide where its events go."""
    statement = (
        select(Membership.id)
        .join(Membership.person)
        .join(Membership.organisation)
        .where(
            Person.code == person_code,
            Organisation.code == organisation_code,
            Membership.admin,
            Membership.ended_at.is_(None),
        )
    )
    return bool(db.session.scalar(select(exists(statement))))


def _found(row: Any) -> Any:
    if row is None:
        raise NotFound()
    return row
