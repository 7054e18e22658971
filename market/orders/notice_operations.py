"""What an objection to the published need does to its order: it stops, goes on, or comes back to its buyer to be changed.

Lock order: the notice (review), then the order, then its contract.
"""

from collections.abc import Mapping
from datetime import datetime

from market import clock
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, Refusal
from market.kernel.words import N_
from market.locks import lock
from market.orders import answer_operations, notices, queries, rules, work_queries
from market.orders.events import OrderResumed, OrderStepSaved, OrderStopped
from market.orders.models import Contract, Order
from market.orders.states import OrderState, Party
from market.orders.waiting import wait_for
from market.record.operations import record
from market.review import gate_rules
from market.review import operations as review_operations
from market.review.events import NoticeObjected, ObjectionWithdrawn
from market.review.gate_rules import Kind
from market.transaction import transactional

#: states in which nobody is bound yet: an objection stops the order; later the contract holds and the objection is on record
STOPPABLE = frozenset({OrderState.IN_REVIEW, OrderState.SELECTING, OrderState.AWARDED})
#: states in which the need is no longer before anybody
OFF = frozenset({OrderState.DRAFT, OrderState.CANCELLED, OrderState.FAILED})


@transactional
def save_wording(
    code: str, texts: Mapping[str, str] | None = None, reasons: Mapping[str, str] | None = None, *, by: Actor
) -> Order:
    """Keep texts of a draft by field of the notice (notices.FIELDS) and the reasons for clauses that stay (rule id -> words).

    `NotFound` for another's order, `AlreadyPlaced` when it is no draft, by field a text that is too long; an unknown field is a
    KeyError.
    """
    queries.own_order(code, by)
    row = lock(Order, code)
    rules.check_is_draft(row.state)
    gate_rules.check_reasons(reasons or {})
    wrong: dict[str, list[Refusal | str]] = {}
    for name, text in (texts or {}).items():
        column = notices.FIELDS[name]
        if len(text) > rules.LONGEST[column]:
            wrong[column] = [Refusal(N_("At most %(most)s characters, please."), most=rules.LONGEST[column])]
        setattr(row, column, text)
    if wrong:
        raise Invalid(wrong)
    if reasons is not None:
        row.reasons = row.reasons | dict(reasons)
    row.updated_at = clock.now()
    notices.note(row, by=by)
    record(OrderStepSaved(row.code, row.step), by=by)
    return row


@transactional
def stop_for_objection(event: NoticeObjected, by: Actor, at: datetime) -> None:
    """The regulator objects to a clause of the need: nobody confirms or signs until the buyer changed it or he withdraws.

    A reaction. The buyer has the term amend_days; then the order comes back to him. An order under contract goes on.
    """
    if event.kind != str(Kind.ORDER):
        return
    row = lock(Order, event.subject)
    if row.state not in STOPPABLE:
        return
    row.stopped_at = at
    due_at = queries.end_of_term(at, queries.term("amend_days", item=row.item, region=row.district))
    wait_for(row, "amend", Party.BUYER, due_at)
    record(OrderStopped(row.code, _vendor_code(row), event.notice, due_at.isoformat()), by=by)


@transactional
def go_on(event: ObjectionWithdrawn, by: Actor, at: datetime) -> None:
    """The objection is withdrawn: what was waited for is waited for again, with its whole term. A reaction."""
    if event.kind != str(Kind.ORDER):
        return
    row = lock(Order, event.subject)
    if row.stopped_at is None or row.state not in STOPPABLE:
        return
    row.stopped_at = None
    verb, party, name = _waits(row)
    due_at = queries.end_of_term(at, queries.term(name, item=row.item, region=row.district))
    wait_for(row, verb, party, due_at)
    if (asked := queries.asked_vendor(row)) is not None:
        asked.due_at = due_at
    if row.state is OrderState.AWARDED and (offered := work_queries.contract_offered(row)) is not None:
        lock(Contract, offered.code).sign_by = due_at
    record(OrderResumed(row.code, _vendor_code(row), due_at.isoformat()), by=by)


@transactional
def lapse_objection(order_code: str, *, by: Actor) -> None:
    """Give an order back to a buyer who did not change the clause in the term; nothing while the term runs or it goes on."""
    row = lock(Order, order_code)
    over = row.due_at is not None and clock.now() >= row.due_at
    if row.stopped_at is None or row.waiting_for != "amend" or row.state not in STOPPABLE or not over:
        return
    answer_operations.take_back(order_code, by=by)


@transactional
def end_notice(order_code: str, *, by: Actor) -> None:
    """End the notice of an order that is no longer before anybody; nothing when it was placed again meanwhile."""
    notices.hold(queries.order(order_code))
    if lock(Order, order_code).state in OFF:
        review_operations.end_notice(Kind.ORDER, order_code, by=by)


def _waits(row: Order) -> tuple[str, Party, str]:
    """What is waited for in this state, from whom, and the term that begins."""
    if row.state is OrderState.IN_REVIEW:
        return "review", Party.OPERATOR, "review_days"
    if row.state is OrderState.SELECTING:
        return "confirm", Party.VENDOR, "confirm_days"
    offered = work_queries.contract_offered(row)
    signed = offered is not None and work_queries.signature_of(offered, Party.BUYER) is not None
    return "sign", Party.VENDOR if signed else Party.BUYER, "sign_days"


def _vendor_code(row: Order) -> str | None:
    return row.vendor.code if row.vendor is not None else None
