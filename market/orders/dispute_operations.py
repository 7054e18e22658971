"""What happens to disputes: opened, answered, withdrawn, decided with reasons. The money follows the decision in payments.

While a dispute is open every clock of the order stands; when the order goes on, its deadlines move by the working days of it.
"""

from collections.abc import Sequence
from typing import Any

from market import clock
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import operations as documents
from market.kernel.actor import Actor, Role
from market.kernel.calendar import end_of_day, last_day, local_date
from market.kernel.errors import Conflict, Forbidden, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import contract_operations, queries, rules, work_operations, work_queries, work_rules
from market.orders.events import (
    DisputeAnswered,
    DisputeDecided,
    DisputeOpened,
    DisputeWithdrawn,
    OrderAccepted,
)
from market.orders.models import Dispute, Order
from market.orders.states import (
    DISPUTE_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    TRANSITIONS,
    DisputeState,
    MilestoneState,
    OrderState,
    Party,
)
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import later, transactional

#: how an order comes back to where it stood
RESUME = {
    OrderState.FUNDED: "resume_funded",
    OrderState.UNDER_WAY: "resume_under_way",
    OrderState.DELIVERED: "resume_delivered",
    OrderState.ACCEPTED: "resume_accepted",
}


@transactional
def open_dispute(
    order_code: str, claim_fen: int, words: str, documents_given: Sequence[str] = (), *, by: Actor
) -> Dispute:
    """Dispute: releases wait, and the operator decides within its term. `claim_fen`: what the opener wants of the money.

    A second sending gives the same dispute. Refused: before money is held and after the term that follows acceptance
    (`WrongState`), a claim above the price, less than 20 characters (`Invalid`), while the other side's dispute is open
    (`Conflict`).
    """
    found, party = queries.order_for(order_code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR)
    work_rules.check_words(words, 20)
    work_rules.check_claim(claim_fen, found.price_fen or 0)
    for code in sorted(set(documents_given)):
        documents.attach(code, found.code, by=by)
    order = lock(Order, found.code)
    if (running := work_queries.open_dispute(order)) is not None:
        if running.party is party:
            return running
        raise Conflict(
            N_("The other side has opened a dispute already."),
            remedy=N_("Answer there; the operator looks at both sides."),
        )
    until = work_queries.dispute_until(order)
    if order.state is OrderState.ACCEPTED and until is not None and clock.now() >= until:
        raise WrongState(
            N_("The time for disputes after acceptance is over."),
            rule=N_("Contract: disputes are opened within the term after acceptance"),
            remedy=N_("Talk to the other side, or go to court."),
        )
    return _open(order, party, claim_fen, words.strip(), list(dict.fromkeys(documents_given)), by)


@transactional
def open_for_chargeback(order_code: str, fen: int, *, by: Actor) -> Dispute | None:
    """The buyer's bank took `fen` back: the order stops, and the operator decides. None where nothing can be stopped any more.

    An open dispute gets a note instead.
    """
    order = lock(Order, order_code)
    note = f"银行退单（拒付）：{fen // 100}.{fen % 100:02d} 元已被付款银行收回。"
    if (running := work_queries.open_dispute(order)) is not None:
        _add_answer(running, Party.MARKET, "system", note, [])
        record(DisputeAnswered(order.code, running.code, _vendor(order), str(Party.MARKET)), by=by)
        return running
    if order.state not in work_rules.DISPUTABLE:
        return None
    return _open(order, Party.MARKET, fen, note, [], by)


@transactional
def answer_dispute(dispute_code: str, text: str, documents_given: Sequence[str] = (), *, by: Actor) -> Dispute:
    """Write to an open dispute: both sides, and the operator who mediates. The same words twice in a row are one answer."""
    found = work_queries.dispute(dispute_code)
    order, party = queries.order_for(found.order.code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR, Party.OPERATOR)
    if party is Party.OPERATOR and by.role is not Role.OPERATOR:
        raise Forbidden(N_("Only operators mediate."))
    work_rules.check_words(text, 5, field="text")
    for code in sorted(set(documents_given)):
        documents.attach(code, order.code, by=by)
    lock(Order, order.code)
    dispute = lock(Dispute, dispute_code)
    if dispute.state is not DisputeState.OPEN:
        raise WrongState(N_("This dispute is over."))
    codes, who = list(dict.fromkeys(documents_given)), by.on_behalf_of or by.person
    last = dispute.answers[-1] if dispute.answers else None
    if last is not None and (last["person"], last["text"], last["documents"]) == (who, text.strip(), codes):
        return dispute
    _add_answer(dispute, party, who, text.strip(), codes)
    record(DisputeAnswered(order.code, dispute.code, _vendor(order), str(party)), by=by)
    return dispute


@transactional
def withdraw_dispute(dispute_code: str, *, by: Actor) -> Dispute:
    """Take a dispute back: the order goes on where it stood, its deadlines later by the working days of the dispute.

    Only who opened it may; one that a bank opened is withdrawn by the market (the chargeback was won) or decided.
    """
    found = work_queries.dispute(dispute_code)
    order, party = queries.order_for(found.order.code, by)
    work_rules.check_side(party, found.party)
    order = lock(Order, order.code)
    dispute = lock(Dispute, dispute_code)
    if dispute.state is DisputeState.WITHDRAWN:
        return dispute
    dispute.state = next_state(DISPUTE_TRANSITIONS, dispute.state, "withdraw")
    dispute.decided_at = clock.now()
    before = order.state_before or OrderState.UNDER_WAY
    order.state = next_state(TRANSITIONS, order.state, RESUME[before])
    order.state_before = None
    _go_on_as(order, before, dispute, by)
    record(DisputeWithdrawn(order.code, dispute.code, _vendor(order)), by=by)
    return dispute


@transactional
def decide_dispute(
    dispute_code: str, *, outcome: str, buyer_fen: int = 0, vendor_fen: int = 0, reasons: str, by: Actor
) -> Dispute:
    """Decide: `settle` (done) and `end` (called off) divide what was paid for the order, `continue` lets the work go on.

    Only operators; refused as work_rules.check_decision refuses. Deciding the same again changes nothing.
    """
    found = work_queries.dispute(dispute_code)
    if by.role is not Role.OPERATOR and not by.is_system:
        raise Forbidden(N_("Only operators decide disputes."))
    order = lock(Order, found.order.code)
    dispute = lock(Dispute, dispute_code)
    if dispute.state is DisputeState.DECIDED and (dispute.outcome, dispute.buyer_fen, dispute.vendor_fen) == (
        outcome, buyer_fen, vendor_fen,
    ):  # fmt: skip
        return dispute
    before = order.state_before or OrderState.UNDER_WAY
    work_rules.check_decision(
        outcome,
        before=before,
        held_fen=work_queries.paid_for(order),
        buyer_fen=buyer_fen,
        vendor_fen=vendor_fen,
        reasons=reasons,
        exact=dispute.party is not Party.MARKET,
    )
    dispute.state = next_state(DISPUTE_TRANSITIONS, dispute.state, "decide")
    dispute.outcome, dispute.decision, dispute.decided_at = outcome, reasons.strip(), clock.now()
    if outcome == "continue":
        buyer_fen = vendor_fen = 0
    dispute.buyer_fen, dispute.vendor_fen = buyer_fen, vendor_fen
    record(DisputeDecided(order.code, dispute.code, _vendor(order), outcome, buyer_fen, vendor_fen), by=by)
    FOLLOW[outcome](order, before, dispute, by)
    order.state_before = None
    return dispute


# Parts ------------------------------------------------------------------------------------------------------------------


def _open(order: Order, party: Party, claim_fen: int, words: str, given: list[str], by: Actor) -> Dispute:
    before = order.state
    order.state = next_state(TRANSITIONS, order.state, "dispute")
    order.state_before = before
    at = clock.now()
    days = queries.term("dispute_days", item=order.item, region=order.district)
    dispute = Dispute(
        code=new_code("Q"), order=order, state=DisputeState.OPEN, party=party, claim_fen=claim_fen, words=words,
        documents=given, opened_at=at, due_at=queries.end_of_term(at, days), answers=[],
    )  # fmt: skip
    db.session.add(dispute)
    wait_for(order, "decide", Party.OPERATOR, dispute.due_at)
    record(DisputeOpened(order.code, dispute.code, _vendor(order), str(party), claim_fen), by=by)
    return dispute


def _add_answer(dispute: Dispute, party: Party, person: str, text: str, given: list[str]) -> None:
    answer = {
        "party": str(party), "person": person, "text": text, "documents": given, "at": clock.now().isoformat(),
    }  # fmt: skip
    dispute.answers = [*dispute.answers, answer]


def _settle(order: Order, before: OrderState, dispute: Dispute, by: Actor) -> None:
    at = clock.now()
    order.state = next_state(TRANSITIONS, order.state, "settle")
    for row in work_queries.milestones_of(order):
        if row.state is not MilestoneState.ACCEPTED:
            row.state = next_state(MILESTONE_TRANSITIONS, row.state, "settle")
            row.accepted_at = at
    wait_for(order, None, None, None)
    contract_operations.drop_offered(order.code, by=by)
    if before is OrderState.ACCEPTED:
        return
    order.accepted_at = at
    record(
        OrderAccepted(order.code, _vendor(order), order.item or "", order.price_fen or 0, False, not order.late), by=by
    )


def _end(order: Order, before: OrderState, dispute: Dispute, by: Actor) -> None:
    order.state = next_state(TRANSITIONS, order.state, "end")
    order.ended_at = clock.now()
    order.reason = rules.reason_facts("dispute", N_("The operator decided that the order is called off."))
    for row in work_queries.milestones_of(order):
        if (row.state, "end") in MILESTONE_TRANSITIONS:
            row.state = next_state(MILESTONE_TRANSITIONS, row.state, "end")
    wait_for(order, None, None, None)
    contract_operations.drop_offered(order.code, by=by)
    later("market.documents.jobs.end_owner", order.code)


def _continue(order: Order, before: OrderState, dispute: Dispute, by: Actor) -> None:
    order.state = next_state(TRANSITIONS, order.state, "continue")
    row = work_queries.running(order)
    if row is None:
        if work_operations.go_on(order.code, by=by) is None:
            raise WrongState(N_("There is no stage to go on with."))
        return
    today = local_date(clock.now())
    if row.state is MilestoneState.DELIVERED:
        # what was handed over counts as sent back by the decision
        row.state = next_state(MILESTONE_TRANSITIONS, row.state, "rework")
        if (delivery := work_queries.last_delivery(row)) is not None:
            delivery.accepted, delivery.answered_at = False, clock.now()
        days = queries.term("rework_days", item=order.item, region=order.district)
        row.due_on, row.accept_by = catalogue.calendar().add_working_days(today, days).day, None
        order.reworks += 1
    else:
        _move_due(row, dispute)
    if work_queries.open_pause(row) is not None:
        wait_for(order, "resume", Party.VENDOR, None)
    else:
        wait_for(order, "deliver", Party.VENDOR, end_of_day(row.due_on) if row.due_on else None)


FOLLOW = {"settle": _settle, "end": _end, "continue": _continue}


def _go_on_as(order: Order, before: OrderState, dispute: Dispute, by: Actor) -> None:
    """Set the clock again that stood while the dispute was open."""
    row = work_queries.running(order)
    if before is OrderState.FUNDED:
        days = queries.term("confirm_days", item=order.item, region=order.district)
        wait_for(order, "start", Party.VENDOR, queries.end_of_term(clock.now(), days))
    elif before is OrderState.ACCEPTED:
        settled = work_queries.was_settled(order)
        until = work_queries.dispute_until(order) if settled else None
        wait_for(order, "close" if settled else None, Party.MARKET if settled else None, until)
    elif row is None:
        # between two stages: the money may have come while the dispute was open
        work_operations.go_on(order.code, by=by)
    elif before is OrderState.DELIVERED:
        accept_by = row.accept_by or clock.now()
        last = work_rules.moved_by_pause(
            catalogue.calendar(), last_day(accept_by), local_date(dispute.opened_at), local_date(clock.now())
        )
        row.accept_by = end_of_day(last)
        wait_for(order, "accept", Party.BUYER, row.accept_by)
    elif work_queries.open_pause(row) is not None:
        wait_for(order, "resume", Party.VENDOR, None)
    else:
        _move_due(row, dispute)
        wait_for(order, "deliver", Party.VENDOR, end_of_day(row.due_on) if row.due_on else None)


def _move_due(row: Any, dispute: Dispute) -> None:
    """The clock of a stage stood while the dispute was open, unless a pause stops it anyway."""
    if row.due_on is not None and work_queries.open_pause(row) is None:
        row.due_on = work_rules.moved_by_pause(
            catalogue.calendar(), row.due_on, local_date(dispute.opened_at), local_date(clock.now())
        )


def _vendor(order: Order) -> str:
    if order.vendor is None:
        raise AssertionError(f"{order.code} is disputed and has no vendor")
    return order.vendor.code
