"""What is told to whom, and read. Messages are consequences of what was recorded and make no record of their own."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts.models import Membership, Organisation, Person
from market.accounts.queries import people_in_role
from market.accounts.rules import safe_path
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.locks import lock
from market.notifications import queries, rules
from market.notifications.models import Message, MessageDelivery, Phone, Preference, WebhookEndpoint
from market.notifications.rules import Notice
from market.notifications.states import DeliveryState, Importance, Medium, Topic
from market.notifications.stopping import stop_path
from market.transaction import later, transactional

#: what sends one delivery
JOB = "market.notifications.jobs.deliver"

#: what a notice is worth that the caller asks to be mailed, or not
BY_MAIL = {True: Importance.IMPORTANT, False: Importance.ORDINARY}


@transactional
def tell(
    to: str | Iterable[str],
    subject: str,
    body: str,
    *,
    path: str | None = None,
    by_mail: bool = False,
    topic: Topic = Topic.ACCOUNT,
    once: str | None = None,
    **params: Any,
) -> list[str]:
    """Tell people something, in the inbox and by the channels they chose after the commit; the codes of the new messages.

    `to` is the code of a person or of an organisation (all its members), or several of these; nobody is told twice, and closed
    accounts are passed over. `subject` and `body` are message ids (N_) whose placeholders `params` fill: texts, whole numbers,
    days, aware times, Money, rules.Word, {"zh": ..., "en": ...}, lists of these. `path` leads to a page of the market. `by_mail`:
    important enough for a mail of its own. With `once`, a person who has a message of that key gets no other. ValueError for a
    missing placeholder or a path that leads elsewhere.
    """
    notice = Notice(subject, body, params, path, topic, BY_MAIL[by_mail], once)
    return send_notice([to] if isinstance(to, str) else list(to), notice)


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
    notice = Notice(subject, body, params, path, Topic.DUTY, BY_MAIL[by_mail], once)
    return send_notice_to_role(role, district, notice)


@transactional
def send_notice(to: Sequence[str], notice: Notice) -> list[str]:
    """Tell the persons with these codes and the members of the organisations with these codes; the codes of the new messages.

    Refuses (ValueError) as `tell` does.
    """
    return _to_people(_people(to), notice)


@transactional
def inform_programs(organisations: Sequence[str], notice: Notice) -> int:
    """Tell the software of those among these codes that are organisations, where `notice.event` is among what it listens to; to
    how many endpoints it goes.
    """
    _check(notice)
    return _to_programs(organisations, notice) if organisations and notice.event is not None else 0


@transactional
def send_notice_to_role(role: Role, district: str | None, notice: Notice) -> list[str]:
    """Tell everybody in `role`, with `district` those of it and of the whole city; the codes of the new messages."""
    return _to_people([person.id for person in people_in_role(role, district)], notice)


@transactional
def make_digest(person_code: str) -> str | None:
    """One mail with what the person has not read, today's only one; its code, or None when it was made before today."""
    own = db.session.scalar(select(Person.id).where(Person.code == person_code, Person.closed_at.is_(None)))
    notice = Notice(
        N_("Unread messages"),
        N_("What you have not read yet:"),
        path="/messages",
        topic=Topic.DIGEST,
        once=f"digest {clock.today()}",
        stop_path=stop_path("digest", person_code),
    )
    made = [] if own is None else _to_people([own], notice)
    return made[0] if made else None


@transactional
def mark_read(code: str, *, by: Actor) -> Message:
    """The message was read by the person it is for; `NotFound` for others' messages. Nothing when it was read before."""
    message = lock(Message, code)
    if message.person is None or message.person.code != by.person:
        raise NotFound()
    message.read_at = message.read_at or clock.real()
    return message


@transactional
def mark_all_read(*, by: Actor) -> int:
    """All messages of the person were read; how many were not yet."""
    own = select(Person.id).where(Person.code == by.person).scalar_subquery()
    unread = update(Message).where(Message.person_id == own, Message.read_at.is_(None), Message.topic != Topic.DIGEST)
    return db.session.execute(unread.values(read_at=clock.real())).rowcount  # type: ignore[attr-defined,no-any-return]


@transactional
def forget_messages(person_code: str) -> None:
    """Remove messages, choices and number of a person whose account was closed."""
    own = select(Person.id).where(Person.code == person_code).scalar_subquery()
    for table in (Message, Preference, Phone):
        db.session.execute(delete(table).where(table.person_id == own))  # type: ignore[attr-defined]


def _people(codes: Sequence[str]) -> list[int]:
    """The persons with these codes and the running members of the organisations with these codes, each once."""
    members = (
        select(Membership.person_id)
        .join(Membership.organisation)
        .where(Organisation.code.in_(codes), Membership.ended_at.is_(None))
    )
    people = select(Person.id).where(or_(Person.code.in_(codes), Person.id.in_(members)), Person.closed_at.is_(None))
    return list(db.session.scalars(people.order_by(Person.id)))


def _to_people(people: Sequence[int], notice: Notice) -> list[str]:
    _check(notice)
    if not people:
        return []
    rows = [{"code": new_code("N"), "person_id": person, **_columns(notice)} for person in people]
    new = insert(Message).values(rows).on_conflict_do_nothing(
        index_elements=["person_id", "once_key"], index_where=Message.once_key.is_not(None)
    )  # fmt: skip
    returned = db.session.execute(new.returning(Message.id, Message.code, Message.person_id))
    made = [(number, code, person) for number, code, person in returned if person is not None]
    # whoever loads much at once (demonstration data) sends nothing
    if made and not db.session.info.get("in_bulk"):
        _plan(made, notice)
    return [code for _, code, _ in made]


def _plan(made: Sequence[tuple[int, str, int]], notice: Notice) -> None:
    """The deliveries of new messages (key, code, person), by what each person chose."""
    people = [person for _, _, person in made]
    wishes = queries.wishes(people)
    phones = queries.with_phone(people) if notice.importance is Importance.URGENT else set()
    local = clock.real().astimezone(clock.SHANGHAI)
    for key, _, person in made:
        ways = rules.plan(
            notice.topic, notice.importance, wishes.get(person, rules.USUAL), phone=person in phones, local=local
        )
        for medium, due in ways.items():
            _deliver_later(MessageDelivery(message_id=key, medium=medium, due_at=due))


def _to_programs(organisations: Sequence[str], notice: Notice) -> int:
    """One message to each organisation that has endpoints for such events, and its deliveries."""
    statement = (
        select(WebhookEndpoint)
        .join(WebhookEndpoint.organisation)
        .where(
            Organisation.code.in_(organisations),
            WebhookEndpoint.ended_at.is_(None),
            WebhookEndpoint.paused_at.is_(None),
            or_(WebhookEndpoint.event_types == [], WebhookEndpoint.event_types.contains([notice.event])),
        )
        .order_by(WebhookEndpoint.id)
    )
    if db.session.info.get("in_bulk"):
        return 0
    messages: dict[int, Message] = {}
    endpoints = list(db.session.scalars(statement))
    for endpoint in endpoints:
        message = messages.get(endpoint.organisation_id)
        if message is None:
            fields = {**_columns(notice), "once_key": None}
            message = Message(code=new_code("N"), organisation_id=endpoint.organisation_id, **fields)
            messages[endpoint.organisation_id] = message
            db.session.add(message)
        _deliver_later(MessageDelivery(message=message, medium=Medium.WEBHOOK, endpoint=endpoint, due_at=clock.real()))
    return len(endpoints)


def _deliver_later(row: MessageDelivery) -> None:
    """The delivery and the job that does it, once the transaction is committed."""
    row.code, row.state, row.tries, row.created_at = new_code("N"), DeliveryState.WAITING, 0, clock.real()
    db.session.add(row)
    later(JOB, row.code, due_at=row.due_at)


def _columns(notice: Notice) -> dict[str, Any]:
    return {
        "topic": notice.topic,
        "importance": notice.importance,
        "subject": notice.subject,
        "body": notice.body,
        "params": {name: rules.to_store(value) for name, value in notice.params.items()},
        "path": notice.path,
        "event": notice.event,
        "about": dict(notice.about) or None,
        "still": list(notice.still) if notice.still else None,
        "stop_path": notice.stop_path,
        "once_key": notice.once,
        "created_at": clock.now(),
    }


def _check(notice: Notice) -> None:
    rules.check_texts((notice.subject, notice.body), notice.params)
    for path in (notice.path, notice.stop_path):
        if path is not None and safe_path(path) is None:
            raise ValueError(f"a message leads to a page of the market, not to {path!r}")
