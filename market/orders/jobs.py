"""What follows commits and clocks for orders. All safe to run twice."""

from collections.abc import Callable, Mapping

import structlog

from market import clock
from market.kernel.actor import system
from market.kernel.errors import Refusal
from market.orders import contract_operations, notice_operations, operations, queries, work_operations

log = structlog.get_logger()

#: what happens when the term for a verb is over (Order.waiting_for); a verb that is absent only shows as overdue: an operator
#: who is late must neither wave a need through nor throw it out
LAPSES: Mapping[str, Callable[..., object]] = {
    "confirm": operations.lapse_answer,
    "amend": notice_operations.lapse_objection,
    "sign": contract_operations.lapse_signing,
    "pay": contract_operations.lapse_payment,
    "accept": work_operations.lapse_acceptance,
    # set only when payments said that all is settled
    "close": work_operations.close_order,
}


def keep_terms() -> None:
    """End every term that is over, and every draft that nobody touched for its term. Every minute.

    One order that cannot be moved is logged and stops no other.
    """
    now = clock.now()
    for code, verb in queries.due(tuple(LAPSES), now):
        _safely(LAPSES[verb], code)
    for code in queries.forgotten(now):
        _safely(operations.forget_draft, code)


def note_excluded(order_code: str) -> None:
    """Keep which offers did not fit an order that was placed, for their vendors to read."""
    operations.note_excluded(order_code)


def end_notice(order_code: str) -> None:
    """End the published notice of an order that came back, was called off or failed."""
    notice_operations.end_notice(order_code, by=system())


def _safely(lapse: Callable[..., object], code: str) -> None:
    try:
        lapse(code, by=system())
    except Refusal as refusal:
        log.warning("term not ended", order=code, lapse=lapse.__name__, refusal=str(refusal))
