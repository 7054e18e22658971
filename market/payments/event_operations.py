"""Events of the gateway: stored once, applied by a job in any order, and the address to which they are sent."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.kernel.states import next_state
from market.payments.events import EventsArranged, LedgerCompared
from market.payments.gateway import EndpointFacts, Notice
from market.payments.models import GatewayEndpoint, GatewayEvent, Reconciliation
from market.payments.states import EVENT_TRANSITIONS, EventState
from market.record.operations import record
from market.transaction import later, transactional


@transactional
def store_event(gateway_name: str, notice: Notice) -> bool:
    """Keep an event; True when it came the first time. Whoever applies it is called after the commit, so that nothing is ever
    marked as done that was not; a repeat of one that still waits calls again."""
    values = {
        "gateway": gateway_name, "event": notice.event, "kind": notice.kind, "state": EventState.STORED,
        "thing": notice.thing, "ref": notice.ref, "account": notice.account, "payload": dict(notice.payload),
        "happened_at": notice.happened_at, "received_at": clock.real(), "times": 1,
    }  # fmt: skip
    statement = insert(GatewayEvent).values(**values).on_conflict_do_nothing()
    made = db.session.execute(statement.returning(GatewayEvent.id)).scalar()
    if made is None:
        row = _event(gateway_name, notice.event)
        row.times = min(row.times + 1, 30_000)
        if row.state is not EventState.STORED:
            return False
    later("market.payments.jobs.apply_event", gateway_name, notice.event)
    return made is not None


@transactional
def finish_event(gateway_name: str, event: str, changed: bool | None) -> None:
    """Say what became of an event: something changed, it was known already (False), or it is about nothing of ours (None)."""
    row = _event(gateway_name, event)
    if row.state is EventState.STORED:
        verb = "leave" if changed is None else "apply" if changed else "pass"
        row.state = next_state(EVENT_TRANSITIONS, row.state, verb)
        row.done_at = clock.real()


def _event(gateway_name: str, event: str) -> GatewayEvent:
    found = db.session.scalar(
        select(GatewayEvent)
        .where(GatewayEvent.gateway == gateway_name, GatewayEvent.event == event)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    assert found is not None
    return found


@transactional
def keep_endpoint(gateway_name: str, made: EndpointFacts, *, by: Actor) -> None:
    """Keep the secret with which an endpoint signs; the newest of an address counts."""
    values = {"gateway": gateway_name, "url": made.url, "ref": made.ref, "secret": made.secret, "made_at": clock.real()}
    fresh = {name: values[name] for name in ("ref", "secret", "made_at")}
    statement = insert(GatewayEndpoint).values(**values)
    db.session.execute(statement.on_conflict_do_update(index_elements=["gateway", "url"], set_=fresh))
    record(EventsArranged(gateway_name, 1), by=by)


@transactional
def note_reconciliation(gateway_name: str, compared: int, differences: int, mended: int, *, by: Actor) -> None:
    """Keep the figures of a comparison."""
    row = Reconciliation(
        at=clock.real(), gateway=gateway_name, compared=compared, differences=differences, mended=mended
    )
    db.session.add(row)
    record(LedgerCompared(gateway_name, compared, differences, mended), by=by)
