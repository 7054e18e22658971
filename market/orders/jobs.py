"""What follows commits and clocks for orders. All safe to run twice."""

from collections.abc import Callable, Mapping

import structlog

from market import clock, outbox
from market.kernel.actor import system
from market.kernel.errors import NotFound, Refusal
from market.orders import (
    answer_operations,
    contract_operations,
    draft_operations,
    notice_operations,
    placing_operations,
    queries,
    work_operations,
    work_queries,
)
from market.transaction import attempt, later

log = structlog.get_logger()

#: what happens when the term for a verb is over (Order.waiting_for); a verb that is absent only shows as overdue: an operator
#: who is late must neither wave a need through nor throw it out
LAPSES: Mapping[str, Callable[..., object]] = {
    "confirm": answer_operations.lapse_answer,
    "amend": notice_operations.lapse_objection,
    "sign": contract_operations.lapse_signing,
    "pay": contract_operations.lapse_payment,
    "accept": work_operations.lapse_acceptance,
    # set only when payments said that all is settled
    "close": work_operations.close_order,
}
#: what else time brings, beside what an order waits for; "amendment" takes the code of a contract version
BY_TIME: Mapping[str, Callable[..., object]] = {
    **LAPSES,
    "forget": draft_operations.forget_draft,
    "remind": work_operations.remind,
    "amendment": contract_operations.lapse_amendment,
}
LAPSE = "market.orders.jobs.lapse"


def keep_terms() -> None:
    """Every minute: a job of its own for each term that is over, each draft that nobody touched for its term, each reminder that
    is due and each amendment that nobody signed, so that one that fails stops no other."""
    now = clock.now()
    due = [(verb, code) for code, verb in queries.due(tuple(LAPSES), now)]
    due += [("forget", code) for code in queries.forgotten(now)]
    due += [("remind", code) for code in work_queries.reminders_due(now)]
    due += [("amendment", code) for code in work_queries.amendments_over(now)]
    # one that fails is tried again by the outbox: no second row for it every minute
    waiting = outbox.arguments_waiting(LAPSE)
    for one in due:
        if one not in waiting:
            later(LAPSE, *one)


def lapse(verb: str, code: str) -> None:
    """Do what follows when a term is over (a name of BY_TIME). A refusal is logged and changes nothing."""
    try:
        with attempt():
            BY_TIME[verb](code, by=system())
    except NotFound:
        return
    except Refusal as refusal:
        log.warning("term not ended", verb=verb, code=code, refusal=str(refusal))


def note_excluded(order_code: str) -> None:
    """Keep which offers did not fit an order that was placed, for their vendors to read."""
    placing_operations.note_excluded(order_code)


def end_notice(order_code: str) -> None:
    """End the published notice of an order that came back, was called off or failed."""
    notice_operations.end_notice(order_code, by=system())
