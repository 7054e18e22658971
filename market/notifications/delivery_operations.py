"""Sending: each message by each channel once, tried again with growing pauses, and at last on a list that people look at.

The row of a delivery is locked from before the sending to the commit, so that two workers never both send. Only a death between
the other side's yes and the commit lets something go out again, and then under the same id (Message-ID, webhook-id, SMS key).
"""

import importlib
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, exists, select, update

from market import clock
from market.db import db
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import NotFound
from market.kernel.states import next_state
from market.locks import lock, lock_where
from market.notifications import rules
from market.notifications.channels import CHANNELS, NotTaken
from market.notifications.event_types import TEST
from market.notifications.events import DeliveryRetried, WebhookPaused
from market.notifications.models import Message, MessageDelivery, WebhookEndpoint
from market.notifications.operations import JOB
from market.notifications.states import TRANSITIONS, DeliveryState, Medium
from market.record.operations import record
from market.transaction import later, transactional

log = structlog.get_logger()

#: what was sent or dropped is kept so long
KEPT = timedelta(days=90)


@transactional
def deliver(code: str) -> DeliveryState | None:
    """Send what is due; the state afterwards, None when there was nothing to do: done before, or not due yet.

    Also None for one that was forgotten with its message. Nothing is sent when there is nobody to send it to any more, or what
    was told is no longer so (Message.still). What the other side does not take is tried again after rules.WAITS, and failed
    after the last of them or when it says that it is of no use.
    """
    rows = lock_where(MessageDelivery, MessageDelivery.code == code)
    if not rows:
        log.info("delivery forgotten", delivery=code)
        return None
    row, at = rows[0], clock.real()
    if row.state is not DeliveryState.WAITING or row.due_at > at:
        log.info("nothing to deliver", delivery=code, state=str(row.state))
        return None
    if row.endpoint is not None and row.endpoint.rests_until is not None and row.endpoint.rests_until > at:
        return _postpone(row, row.endpoint.rests_until)
    channel = CHANNELS[row.medium]
    if why := channel.obstacle(row) or _outlived(row.message):
        return _end(row, "drop", why)
    try:
        channel.send(row)
    except NotTaken as error:
        return _note_failure(row, error)
    if row.medium is Medium.MAIL:
        db.session.execute(update(Message).where(Message.id == row.message_id).values(sent_at=at))
    if row.endpoint is not None and row.endpoint.failing_since is not None:
        _set_endpoint(row.endpoint, failing_since=None, rests_until=None)
    return _end(row, "send", None)


@transactional
def retry_delivery(code: str, *, by: Actor) -> MessageDelivery:
    """Try a failed delivery again, at once and with all tries anew. For operators; for webhooks also their organisation.

    `NotFound` for others', `WrongState` for one that has not failed.
    """
    row = lock(MessageDelivery, code)
    own = row.endpoint is not None and row.endpoint.organisation.code == by.organisation
    if by.role is not Role.OPERATOR and not own:
        raise NotFound()
    row.state = next_state(TRANSITIONS, row.state, "retry")
    row.tries, row.error, row.done_at, row.due_at = 0, None, None, clock.real()
    if row.endpoint is not None and row.endpoint.rests_until is not None:
        _set_endpoint(row.endpoint, rests_until=None)
    later(JOB, row.code)
    record(DeliveryRetried(row.code, row.message.code, str(row.medium)), by=by)
    return row


@transactional
def put_away(code: str, *, by: Actor) -> MessageDelivery:
    """A failed delivery needs no further try: it leaves the list. For operators; `NotFound` for others."""
    row = lock(MessageDelivery, code)
    if by.role is not Role.OPERATOR:
        raise NotFound()
    row.state = next_state(TRANSITIONS, row.state, "drop")
    row.done_at = clock.real()
    return row


def _outlived(message: Message) -> str:
    """Why what was told is no longer so, empty while it is. Domains further right name the question when they tell it."""
    if not message.still:
        return ""
    job, *arguments = message.still
    module, _, name = str(job).rpartition(".")
    return "" if getattr(importlib.import_module(module), name)(*arguments) else "no longer so"


def _postpone(row: MessageDelivery, until: datetime) -> DeliveryState:
    row.due_at = until
    later(JOB, row.code, due_at=until)
    return row.state


def _note_failure(row: MessageDelivery, error: NotTaken) -> DeliveryState:
    at = clock.real()
    row.tries += 1
    row.error = str(error)[:200]
    log.warning("not delivered", delivery=row.code, medium=str(row.medium), tries=row.tries, error=row.error)
    if row.endpoint is not None:
        _note_silence(row.endpoint, at, gone=error.final)
    wait = None if error.final or row.message.event == TEST else rules.wait_after(row.tries)
    if wait is None:
        return _end(row, "give_up", row.error)
    return _postpone(row, at + wait)


def _note_silence(endpoint: WebhookEndpoint, at: datetime, *, gone: bool) -> None:
    since = endpoint.failing_since or at
    _set_endpoint(endpoint, failing_since=since, rests_until=at + max(rules.REST, (at - since) / 20))
    if endpoint.paused_at is None and (gone or at - since >= rules.PATIENCE):
        _set_endpoint(endpoint, paused_at=at)
        cause = "gone" if gone else "silent"
        record(WebhookPaused(endpoint.code, endpoint.organisation.code, cause), by=system())


def _set_endpoint(endpoint: WebhookEndpoint, **values: datetime | None) -> None:
    """By a statement of its own: several deliveries to one endpoint run at once, and none of them waits for the others."""
    db.session.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id).values(**values))


def _end(row: MessageDelivery, verb: str, why: str | None) -> DeliveryState:
    row.state = next_state(TRANSITIONS, row.state, verb)
    row.error, row.done_at = why, clock.real()
    return row.state


@transactional
def forget_deliveries() -> int:
    """Remove what was sent or dropped more than KEPT ago, and messages to programs with nothing left of them; how many."""
    before = clock.real() - KEPT
    done = MessageDelivery.state.in_((DeliveryState.SENT, DeliveryState.DROPPED))
    gone = db.session.execute(delete(MessageDelivery).where(done, MessageDelivery.done_at < before))
    left = exists(select(MessageDelivery.id).where(MessageDelivery.message_id == Message.id))
    db.session.execute(delete(Message).where(Message.organisation_id.is_not(None), Message.created_at < before, ~left))
    return gone.rowcount  # type: ignore[attr-defined,no-any-return]
