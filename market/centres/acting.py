"""Acting for a citizen: who a clerk is in a request, and the check before anything done in a citizen's name is written.

`actor_for` makes the clerk's actor act on behalf while a visit runs with a consent. `check` is called by the transaction with
what was recorded, before any reaction: whatever a view or an operation has let through, an act without a consent that runs and
names it is undone. It holds the consent's row until the commit, so a withdrawal and an act never cross.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market import clock
from market.centres import acts, queries, rules
from market.centres.events import CounterSessionEnded, ReadBackDone
from market.centres.models import CounterConsent, CounterSession
from market.db import db
from market.kernel.actor import Actor, Channel, Role
from market.kernel.errors import RuleBroken
from market.kernel.words import N_


def actor_for(actor: Actor) -> Actor:
    """`actor`, acting for the citizen whom he serves, when he is counter staff with a visit and a consent that runs."""
    if actor.role is not Role.COUNTER:
        return actor
    session = queries.session_of(actor.person)
    consent = queries.running_consent(session, clock.real()) if session is not None else None
    if consent is None:
        return actor
    return replace(actor, on_behalf_of=consent.person.code, channel=Channel.COUNTER)


def check(events: Sequence[tuple[Any, Actor, datetime]]) -> None:
    """Refuse what was done in a citizen's name without a consent that runs and names it, or without having been read back."""
    consents: dict[tuple[str, str], rules.Consent | None] = {}
    # a visit that ends in this very transaction ran when it was acted in: its end is recorded last
    ending = {event.session for event, _, _ in events if isinstance(event, CounterSessionEnded)}
    for event, by, _ in events:
        if by.on_behalf_of is None or type(event) in acts.FOLLOWS:
            continue
        who = (by.person, by.on_behalf_of)
        if who not in consents:
            consents[who] = _held(by, ending)
        rules.check_act(consents[who], by.on_behalf_of, acts.act_for(event), clock.real())
        deed = acts.READ_BACK_FIRST.get(type(event))
        if deed is not None and not _was_read_back(events, event.order, deed):
            raise RuleBroken(
                N_("This must be read back to the citizen first."),
                rule=N_("Market rule: only what the citizen found right is done in this name"),
                remedy=N_("Use “Read back” on the counter page of this visit."),
            )


def _held(by: Actor, ending: Collection[str]) -> rules.Consent | None:
    """The clerk's running consent for this citizen; its row and its visit stay as they are until the commit.

    Not through locks.py: these rows are shared last of all, after whatever the act itself has locked; only another tab of the
    same clerk can hold them meanwhile.
    """
    session = queries.session_of(by.person) or queries.session_among(ending, by.person)
    found = queries.running_consent(session, clock.real(), ending=ending) if session is not None else None
    if found is None:
        return None
    for model, key in ((CounterConsent, found.id), (CounterSession, found.session_id)):
        db.session.execute(select(model.id).where(model.id == key).with_for_update(read=True))
    db.session.refresh(found, ["withdrawn_at", "valid_until"])
    db.session.refresh(found.session, ["ended_at"])
    return queries.facts(found, ending=ending)


def _was_read_back(events: Sequence[tuple[Any, Actor, datetime]], order: str, deed: str) -> bool:
    return any(isinstance(e, ReadBackDone) and (e.order, e.deed) == (order, deed) for e, _, _ in events)
