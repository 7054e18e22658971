"""Endpoints of an organisation's software: made, changed, given a new secret, tested, removed by its administrators."""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import func, select

from market import clock
from market.accounts.models import Organisation
from market.db import db, new_code
from market.kernel.actor import Actor, Role
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.kernel.words import N_
from market.locks import lock
from market.notifications import event_types, queries, rules, signing
from market.notifications.events import WebhookAdded, WebhookChanged, WebhookRemoved, WebhookSecretRotated
from market.notifications.models import Message, MessageDelivery, WebhookEndpoint
from market.notifications.operations import JOB
from market.notifications.states import DeliveryState, Importance, Medium, Topic
from market.record.operations import record
from market.transaction import later, transactional

#: roles whose organisations are told of anything
ROLES = frozenset({Role.BUYER, Role.VENDOR})


@transactional
def add_endpoint(url: str, label: str, types: Sequence[str], *, by: Actor) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is told this once.

    `types`: events that go there, none for all. `Forbidden` for who is no administrator of the organisation he acts for;
    `Invalid` for an address that may not be called and a type that does not exist; `RuleBroken` beyond MOST_ENDPOINTS.
    """
    organisation = lock(Organisation, _organisation(by))
    url = rules.check_url(url, practice=current_app.extensions["settings"].practice)
    running = select(func.count()).where(
        WebhookEndpoint.organisation_id == organisation.id, WebhookEndpoint.ended_at.is_(None)
    )
    if (db.session.scalar(running) or 0) >= rules.MOST_ENDPOINTS:
        raise RuleBroken(
            N_("An organisation has at most %(most)s endpoints."),
            remedy=N_("Remove one that is needed no more."),
            most=rules.MOST_ENDPOINTS,
        )
    secret = signing.new_secret()
    endpoint = WebhookEndpoint(
        code=new_code("W"), organisation=organisation, url=url, label=label, event_types=_types(types), secret=secret,
        created_at=clock.real(),
    )  # fmt: skip
    db.session.add(endpoint)
    record(WebhookAdded(endpoint.code, organisation.code, endpoint.event_types), by=by)
    return endpoint, secret


@transactional
def change_endpoint(code: str, label: str, types: Sequence[str], *, by: Actor) -> WebhookEndpoint:
    """Other types of events from now on; an endpoint that was switched off is on again. Refuses as `add_endpoint`."""
    endpoint = _own(code, by)
    resumed = endpoint.paused_at is not None
    endpoint.label, endpoint.event_types = label, _types(types)
    endpoint.paused_at = endpoint.failing_since = endpoint.rests_until = None
    record(WebhookChanged(code, endpoint.organisation.code, endpoint.event_types, resumed), by=by)
    return endpoint


@transactional
def rotate_secret(code: str, *, by: Actor) -> tuple[WebhookEndpoint, str]:
    """A new secret, told this once; the one before signs beside it for rules.OVERLAP. An even older one ends at once."""
    endpoint = _own(code, by)
    secret = signing.new_secret()
    endpoint.former_secret, endpoint.former_until = endpoint.secret, clock.real() + rules.OVERLAP
    endpoint.secret = secret
    record(WebhookSecretRotated(code, endpoint.organisation.code, endpoint.former_until.isoformat()), by=by)
    return endpoint, secret


@transactional
def remove_endpoint(code: str, *, by: Actor) -> None:
    """Nothing goes there any more, also nothing that waits; its secrets are forgotten."""
    endpoint = _own(code, by)
    endpoint.ended_at = clock.real()
    endpoint.secret, endpoint.former_secret, endpoint.former_until = "", None, None
    record(WebhookRemoved(code, endpoint.organisation.code), by=by)


@transactional
def make_test(code: str, *, by: Actor) -> str:
    """A message that says nothing but that it is a test, for this endpoint alone; the code of its delivery."""
    endpoint = _own(code, by)
    message = Message(
        code=new_code("N"), organisation=endpoint.organisation, topic=Topic.ACCOUNT, importance=Importance.ORDINARY,
        subject=N_("A test"), body=N_("If your software reads this and the signature fits, all is well."), params={},
        event=event_types.TEST, about={"webhook": endpoint.code}, created_at=clock.now(),
    )  # fmt: skip
    delivery = MessageDelivery(
        code=new_code("N"), message=message, medium=Medium.WEBHOOK, endpoint=endpoint, state=DeliveryState.WAITING, tries=0,
        due_at=clock.real(), created_at=clock.real(),
    )  # fmt: skip
    endpoint.rests_until = None
    db.session.add_all((message, delivery))
    later(JOB, delivery.code)
    return delivery.code


def _own(code: str, by: Actor) -> WebhookEndpoint:
    organisation = _organisation(by)
    endpoint = lock(WebhookEndpoint, code)
    if endpoint.ended_at is not None or endpoint.organisation.code != organisation:
        raise NotFound()
    return endpoint


def _organisation(by: Actor) -> str:
    if by.organisation is None or by.role not in ROLES or not queries.is_admin(by.person, by.organisation):
        raise Forbidden(
            N_("Only an administrator of the organisation decides where its events go."),
            remedy=N_("Ask an administrator, or choose the right role in the account menu."),
        )
    return by.organisation


def _types(types: Sequence[str]) -> list[str]:
    if unknown := set(types) - set(event_types.KNOWN):
        raise Invalid.field("types", N_("There is no type of event %(type)s."), type=min(unknown))
    return sorted(set(types))
