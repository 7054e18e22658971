"""What happens to the work: money held, started, paused, extended, delivered, sent back, accepted, closed; messages.

The row lock of the order guards its stages too. A stage is under way only while its money is held (KF-MON-16).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.kernel.actor import Actor
from market.kernel.calendar import end_of_day, local_date
from market.kernel.errors import Conflict, Invalid, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import contract_operations, queries, work_queries, work_rules
from market.orders.events import (
    AcceptanceReminded,
    ExtensionAnswered,
    ExtensionAsked,
    MilestoneAccepted,
    OrderAccepted,
    OrderClosed,
    OrderFunded,
    OrderMessageSent,
    OrderUnfunded,
    ResultOffered,
    ReworkAsked,
    WorkDelivered,
    WorkPaused,
    WorkResumed,
    WorkStarted,
)
from market.orders.models import Delivery, Extension, Milestone, Order, OrderMessage, Pause
from market.orders.states import MILESTONE_TRANSITIONS, TRANSITIONS, MilestoneState, OrderState, Party
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import attempt, transactional

# Money ------------------------------------------------------------------------------------------------------------------


@transactional
def mark_funded(order_code: str, number: int, *, by: Actor) -> None:
    """The money of instalment `number` is held: the work may begin, or the next stage begins. Called when payments hold it.

    Nothing happens for an order that has ended, or a second time.
    """
    order = lock(Order, order_code)
    if order.state in ENDED:
        return
    row = work_queries.milestone(order, number)
    if row.is_funded:
        return
    row.is_funded = True
    if order.state is OrderState.CONTRACTED and number == 1:
        order.state = next_state(TRANSITIONS, order.state, "fund")
        order.funded_at = clock.now()
        wait_for(order, "start", Party.VENDOR, _term_end(order, START_TERM))
        record(OrderFunded(order.code, _vendor(order)), by=by)
    elif order.state is OrderState.UNDER_WAY and work_queries.running(order) is None and _is_next(order, row):
        record(OrderFunded(order.code, _vendor(order)), by=by)
        go_on(order.code, by=by)


@transactional
def unfund(order_code: str, *, number: int = 1, by: Actor) -> None:
    """The bank took the money of an instalment back before the work began: the buyer is asked to pay again, and the vendor
    cannot start (KF-MON-16). Nothing happens where no stage waits with that money; `WrongState` once its work has begun."""
    order = lock(Order, order_code)
    if order.state in ENDED:
        return
    row = work_queries.milestone(order, number)
    if not row.is_funded:
        return
    if row.state is not MilestoneState.WAITING:
        raise WrongState(N_("The work that this money is for has begun."))
    row.is_funded = False
    if order.state is OrderState.FUNDED and number == 1:
        order.state = next_state(TRANSITIONS, order.state, "unfund")
        order.funded_at = None
        wait_for(order, "pay", Party.BUYER, _term_end(order, "pay_days"))
    record(OrderUnfunded(order.code, _vendor(order)), by=by)


# By the vendor ----------------------------------------------------------------------------------------------------------


@transactional
def start_work(order_code: str, *, by: Actor) -> Milestone:
    """Begin the first stage: its clock runs from tomorrow. Refused: others than the vendor, any state but funded, a stage whose
    money is not held."""
    order = _locked_for(order_code, by, Party.VENDOR)
    first = work_queries.next_waiting(order)
    if order.state is OrderState.UNDER_WAY and (going := work_queries.running(order)) is not None:
        return going
    state = next_state(TRANSITIONS, order.state, "start")
    if first is None or not first.is_funded:
        raise RuleBroken(
            N_("The money for this stage is not held yet."),
            rule=N_("Market rule: no work without money held"),
            remedy=N_("The buyer pays first; you are told when the money is there."),
        )
    order.state = state
    _begin(order, first, by)
    return first


@transactional
def pause_work(order_code: str, cause: str, words: str, *, by: Actor) -> Pause:
    """Stop the clock of the running stage. `cause`: a key of work_rules.PAUSES, with words for the other side (10 characters).

    Either side may. Refused when nothing is under way or the clock stands already (`WrongState`).
    """
    if cause not in work_rules.PAUSES:
        raise Invalid.field("cause", N_("Please choose one of the answers given."))
    work_rules.check_words(words, 10)
    order = _locked_for(order_code, by, Party.VENDOR, Party.BUYER)
    row = _under_way(order)
    if work_queries.open_pause(row) is not None:
        raise WrongState(N_("The clock stands already."), remedy=N_("Resume the work first."))
    party = queries.party_of(order, by)
    pause = Pause(milestone=row, cause=cause, words=words.strip(), party=party, began_at=clock.now())
    db.session.add(pause)
    wait_for(order, "resume", Party.VENDOR if cause != "applicant" else Party.BUYER, None)
    record(WorkPaused(order.code, _vendor(order), cause), by=by)
    return pause


@transactional
def resume_work(order_code: str, *, by: Actor) -> Milestone:
    """Let the clock go on: the due day moves by the working days of the pause. Either side may; `WrongState` when it runs."""
    order = _locked_for(order_code, by, Party.VENDOR, Party.BUYER)
    row = _under_way(order)
    pause = work_queries.open_pause(row)
    if pause is None:
        raise WrongState(N_("The clock is running."))
    pause.ended_at = clock.now()
    _move(row, pause.began_at, pause.ended_at)
    wait_for(order, "deliver", Party.VENDOR, _due_at(row))
    record(WorkResumed(order.code, _vendor(order), _iso(row.due_on)), by=by)
    return row


@transactional
def ask_extension(order_code: str, days: int, words: str, *, by: Actor) -> Extension:
    """Ask the buyer for more working days (1 to 365), with words (10 characters). One question at a time (`WrongState`)."""
    if not 1 <= days <= 365:
        raise Invalid.field("days", N_("Between 1 and 365 working days, please."))
    work_rules.check_words(words, 10)
    order = _locked_for(order_code, by, Party.VENDOR)
    row = _under_way(order)
    if work_queries.open_extension(row) is not None:
        raise WrongState(N_("The buyer has not answered your last question yet."))
    extension = Extension(milestone_id=row.id, days=days, words=words.strip(), asked_at=clock.now())
    db.session.add(extension)
    record(ExtensionAsked(order.code, _vendor(order), days), by=by)
    return extension


@transactional
def answer_extension(order_code: str, *, agreed: bool, by: Actor) -> Extension:
    """Agree to more working days, or not. `WrongState` when nobody asks."""
    order = _locked_for(order_code, by, Party.BUYER)
    row = work_queries.running(order)
    extension = work_queries.open_extension(row) if row is not None else None
    if row is None or extension is None:
        raise WrongState(N_("No extension waits for an answer."))
    extension.agreed, extension.answered_at = agreed, clock.now()
    if agreed and row.due_on is not None:
        row.due_on = catalogue.calendar().add_working_days(row.due_on, extension.days).day
        if order.waiting_for == "deliver":
            wait_for(order, "deliver", Party.VENDOR, _due_at(row))
    record(ExtensionAnswered(order.code, _vendor(order), agreed, _iso(row.due_on)), by=by)
    return extension


@transactional
def deliver(order_code: str, documents_given: Sequence[str], note: str, *, by: Actor) -> Delivery:
    """Hand over the result of the running stage: codes of documents that the vendor gave, and a note.

    The buyer's term for acceptance begins. Sending the same files again changes nothing. Refused: no file (`Invalid`), while
    the clock stands, outside the work (`WrongState`).
    """
    if not documents_given:
        raise Invalid.field("documents", N_("Please attach at least one file."))
    queries.order_for(order_code, by)
    for code in sorted(set(documents_given)):
        documents.attach(code, order_code, by=by)
    order = _locked_for(order_code, by, Party.VENDOR)
    codes = list(dict.fromkeys(documents_given))
    running = work_queries.running(order)
    if running is not None and running.state is MilestoneState.DELIVERED:
        last = work_queries.last_delivery(running)
        if last is not None and last.documents == codes:
            return last
    row = _under_way(order)
    if work_queries.open_pause(row) is not None:
        raise WrongState(N_("The clock stands."), remedy=N_("Resume the work, then hand over."))
    at = clock.now()
    files = document_queries.documents_with(codes)
    row.round += 1
    delivery = Delivery(
        milestone=row, round=row.round, note=note.strip(), documents=codes, digests=[one.file.digest for one in files],
        given_at=at, reasons=[],
    )  # fmt: skip
    db.session.add(delivery)
    row.state = next_state(MILESTONE_TRANSITIONS, row.state, "deliver")
    row.delivered_at, row.reminders = at, 0
    row.accept_by = _term_end(order, "accept_days")
    on_time = work_rules.is_on_time(row.due_on, local_date(at))
    order.late = order.late or not on_time
    order.state = next_state(TRANSITIONS, order.state, "deliver")
    order.delivered_at = at
    wait_for(order, "accept", Party.BUYER, row.accept_by)
    record(
        WorkDelivered(
            order.code,
            _vendor(order),
            order.item or "",
            row.number,
            row.round,
            delivery.digests,
            on_time,
            _is_last(order, row),
        ),
        by=by,
    )
    return delivery


# By the buyer -----------------------------------------------------------------------------------------------------------


@transactional
def ask_rework(
    order_code: str,
    reasons: Sequence[str],
    words: str,
    *,
    number: int | None = None,
    round: int | None = None,
    by: Actor,
) -> Delivery:
    """Send a result back. `reasons`: keys of work_rules.REWORKS (at least one), with words (10 characters).

    `number` and `round` name the result that was looked at; another one in its place is a `Conflict`. Refused when nothing is
    handed over (`WrongState`).
    """
    if not reasons or not set(reasons) <= work_rules.REWORKS.keys():
        raise Invalid.field("reasons", N_("Please choose at least one reason."))
    work_rules.check_words(words, 10)
    order = _locked_for(order_code, by, Party.BUYER)
    state = next_state(TRANSITIONS, order.state, "rework")
    row, delivery = _handed_over(order, number, round)
    at = clock.now()
    delivery.accepted, delivery.answered_at = False, at
    delivery.reasons = [{"code": reason, "words": words.strip()} for reason in dict.fromkeys(reasons)]
    row.state = next_state(MILESTONE_TRANSITIONS, row.state, "rework")
    days = queries.term("rework_days", item=order.item, region=order.district)
    row.due_on = catalogue.calendar().add_working_days(local_date(at), days).day
    row.accept_by = None
    order.state = state
    order.reworks += 1
    wait_for(order, "deliver", Party.VENDOR, _due_at(row))
    record(ReworkAsked(order.code, _vendor(order), row.number, _iso(row.due_on)), by=by)
    return delivery


@transactional
def accept_milestone(order_code: str, *, number: int | None = None, round: int | None = None, by: Actor) -> Milestone:
    """Accept the result that was handed over: its instalment goes to the vendor, the next stage begins or the order is done.

    `number` and `round` name the result that was looked at: when it is accepted already nothing happens, another one in its
    place is a `Conflict`. `WrongState` when nothing waits for acceptance.
    """
    order = _locked_for(order_code, by, Party.BUYER)
    if number is not None and (row := work_queries.milestone(order, number)).state is MilestoneState.ACCEPTED:
        return row
    row, delivery = _handed_over(order, number, round)
    _accept(order, row, delivery, by_lapse=False, by=by)
    return row


@transactional
def go_on(order_code: str, *, by: Actor) -> Milestone | None:
    """Begin the next stage of an order under way where its money is held, else ask the buyer for it (KF-MON-16); the stage.

    Nothing while a stage is being worked on, or when none is left. `WrongState` outside the work.
    """
    order = lock(Order, order_code)
    if order.state is not OrderState.UNDER_WAY:
        raise WrongState(N_("No stage is being worked on now."), remedy=N_("The order page says what is waited for."))
    row = work_queries.next_waiting(order)
    if row is None or work_queries.running(order) is not None:
        return None
    if row.is_funded:
        _begin(order, row, by)
    else:
        wait_for(order, "pay", Party.BUYER, _term_end(order, "pay_days"))
    return row


# By time ----------------------------------------------------------------------------------------------------------------


@transactional
def remind(order_code: str, *, by: Actor) -> int:
    """Remind the buyer of a result that waits, when a reminder is due; the number of reminders of this result so far.

    Should the second one go out late, the buyer still has the days between it and the end of the term.
    """
    order = lock(Order, order_code)
    row = work_queries.running(order)
    if order.state is not OrderState.DELIVERED or row is None or row.delivered_at is None:
        return 0
    while row.reminders < 2 and clock.now() >= _reminder_at(order, row, row.reminders + 1):
        row.reminders += 1
        record(AcceptanceReminded(order.code, _vendor(order), row.reminders), by=by)
        if row.reminders == 2:
            # the days between the second reminder and the end of the term belong to the buyer, today among them
            left = max(1, _term(order, "accept_days") - _term(order, "accept_reminder_2"))
            if row.accept_by is None or queries.working_days_left(row.accept_by) < left - 1:
                row.accept_by = queries.end_of_term(clock.now(), left)
            wait_for(order, "accept", Party.BUYER, row.accept_by)
    return row.reminders


@transactional
def lapse_acceptance(order_code: str, *, by: Actor) -> None:
    """Accept a result by the end of the term, after two reminders; nothing while the term runs or when it was answered."""
    order = lock(Order, order_code)
    row = work_queries.running(order)
    if order.state is not OrderState.DELIVERED or row is None or row.accept_by is None:
        return
    if row.reminders < 2:
        remind(order_code, by=by)
    delivery = work_queries.last_delivery(row)
    if row.reminders < 2 or clock.now() < row.accept_by or delivery is None:
        return
    _accept(order, row, delivery, by_lapse=True, by=by)


@transactional
def close_order(order_code: str, *, by: Actor) -> None:
    """Nothing is held or owed any more: an accepted order is closed, at the earliest when the term for disputes is over.

    Before that it only waits for the end of that term (lapse "close"). Nothing happens in any other state.
    """
    order = lock(Order, order_code)
    if order.state is not OrderState.ACCEPTED or order.accepted_at is None:
        return
    free_at = work_queries.dispute_until(order)
    if free_at is not None and clock.now() < free_at:
        wait_for(order, "close", Party.MARKET, free_at)
        return
    order.state = next_state(TRANSITIONS, order.state, "close")
    order.ended_at = clock.now()
    wait_for(order, None, None, None)
    record(OrderClosed(order.code, _vendor(order)), by=by)


# Messages, the department ----------------------------------------------------------------------------------------------


@transactional
def send_message(
    order_code: str, text: str, documents_given: Sequence[str] = (), *, form_key: str | None = None, by: Actor
) -> OrderMessage:
    """Write to the other side, with files. A form sent twice (same `form_key`) makes one message.

    Refused: nothing written and no file (`Invalid`), others than the two sides, an order without a vendor.
    """
    if not text.strip() and not documents_given:
        raise Invalid.field("text", N_("Please write something."))
    order, party = queries.order_for(order_code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR)
    if form_key and (sent := work_queries.message_with_key(form_key)) is not None:
        return _same(sent, order, by)
    if order.vendor is None:
        raise WrongState(N_("Nobody works on this order yet."), remedy=N_("Choose a vendor first."))
    for code in sorted(set(documents_given)):
        documents.attach(code, order.code, by=by)
    order = lock(Order, order.code)
    message = OrderMessage(
        order_id=order.id, party=party, person=by.on_behalf_of or by.person, text=text.strip(),
        documents=list(dict.fromkeys(documents_given)), sent_at=clock.now(), form_key=form_key,
    )  # fmt: skip
    try:
        with attempt():
            db.session.add(message)
            db.session.flush()  # the constraint decides which of two sendings counts
    except IntegrityError:
        sent = work_queries.message_with_key(form_key or "")
        if sent is None:
            raise
        return _same(sent, order, by)
    record(OrderMessageSent(order.code, _vendor(order), str(party)), by=by)
    return message


@transactional
def note_offered(order_code: str, receipt: str, *, by: Actor) -> None:
    """The department's system took the last result and gave `receipt`. Nothing happens a second time."""
    order = lock(Order, order_code)
    rows = work_queries.milestones_of(order)
    delivery = work_queries.last_delivery(rows[-1]) if rows else None
    if delivery is None or delivery.exchange_receipt is not None:
        return
    delivery.exchange_receipt, delivery.exchanged_at = receipt, clock.now()
    record(ResultOffered(order.code, receipt), by=by)


# Parts, also of dispute_operations --------------------------------------------------------------------------------------


START_TERM = "confirm_days"
ENDED = frozenset({OrderState.CLOSED, OrderState.CANCELLED, OrderState.FAILED})


def _same(sent: OrderMessage, order: Order, by: Actor) -> OrderMessage:
    if sent.order_id != order.id or sent.person != (by.on_behalf_of or by.person):
        raise Conflict(N_("This form was used already."), remedy=N_("Open the page again."))
    return sent


def _accept(order: Order, row: Milestone, delivery: Delivery, *, by_lapse: bool, by: Actor) -> None:
    at, final = clock.now(), _is_last(order, row)
    state = next_state(TRANSITIONS, order.state, "accept" if final else "go_on")
    row.state = next_state(MILESTONE_TRANSITIONS, row.state, "accept")
    row.accepted_at, row.by_lapse = at, by_lapse
    delivery.accepted, delivery.answered_at = True, at
    order.state = state
    record(MilestoneAccepted(order.code, _vendor(order), row.number, row.fen, by_lapse, final), by=by)
    if final:
        order.accepted_at = at
        wait_for(order, None, None, None)
        contract_operations.drop_offered(order.code, by=by)
        record(
            OrderAccepted(
                order.code, _vendor(order), order.item or "", order.price_fen or 0, order.reworks == 0, not order.late
            ),
            by=by,
        )
    else:
        go_on(order.code, by=by)


def _begin(order: Order, row: Milestone, by: Actor) -> None:
    at = clock.now()
    row.state = next_state(MILESTONE_TRANSITIONS, row.state, "start")
    row.started_at = at
    order.started_at = order.started_at or at
    row.due_on = catalogue.calendar().add_working_days(local_date(at), row.days).day
    wait_for(order, "deliver", Party.VENDOR, _due_at(row))
    record(WorkStarted(order.code, _vendor(order), row.number, _iso(row.due_on)), by=by)


def _move(row: Milestone, began_at: datetime, ended_at: datetime) -> None:
    """Move the due day by the working days in which the clock stood."""
    if row.due_on is not None:
        row.due_on = work_rules.moved_by_pause(
            catalogue.calendar(), row.due_on, local_date(began_at), local_date(ended_at)
        )


def _locked_for(order_code: str, by: Actor, *allowed: Party) -> Order:
    found, party = queries.order_for(order_code, by)
    work_rules.check_side(party, *allowed)
    return lock(Order, found.code)


def _under_way(order: Order) -> Milestone:
    row = work_queries.running(order)
    if order.state is not OrderState.UNDER_WAY or row is None or row.state is not MilestoneState.UNDER_WAY:
        raise WrongState(N_("No stage is being worked on now."), remedy=N_("The order page says what is waited for."))
    return row


def _handed_over(order: Order, number: int | None, round: int | None) -> tuple[Milestone, Delivery]:
    row = work_queries.running(order)
    delivery = work_queries.last_delivery(row) if row is not None else None
    if order.state is not OrderState.DELIVERED or row is None or delivery is None:
        raise WrongState(N_("Nothing waits for acceptance now."), remedy=N_("The order page says what is waited for."))
    if number not in (None, row.number) or round not in (None, delivery.round):
        raise Conflict(
            N_("A newer result was handed over since you opened the page."),
            remedy=N_("Look at the newest one, then answer."),
        )
    return row, delivery


def _is_next(order: Order, row: Milestone) -> bool:
    waiting = work_queries.next_waiting(order)
    return waiting is not None and waiting.number == row.number


def _is_last(order: Order, row: Milestone) -> bool:
    return row.number == max(one.number for one in work_queries.milestones_of(order))


def _reminder_at(order: Order, row: Milestone, reminder: int) -> datetime:
    return queries.end_of_term(row.delivered_at or clock.now(), _term(order, f"accept_reminder_{reminder}"))


def _term(order: Order, name: str) -> int:
    return queries.term(name, item=order.item, region=order.district)


def _term_end(order: Order, name: str) -> datetime:
    return queries.end_of_term(clock.now(), _term(order, name))


def _due_at(row: Milestone) -> datetime | None:
    return end_of_day(row.due_on) if row.due_on is not None else None


def _iso(day: Any) -> str:
    return day.isoformat() if day is not None else ""


def _vendor(order: Order) -> str:
    if order.vendor is None:
        raise AssertionError(f"{order.code} is worked on and has no vendor")
    return order.vendor.code
