"""What happens to contracts: offered, printed, signed, concluded, amended, dropped.

The row lock of the order guards its contracts and stages too: whoever changes one of them holds it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from flask import current_app

from market import clock
from market.accounts import signing_operations
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.documents import operations as documents
from market.documents import store
from market.documents.rules import Purpose
from market.kernel.actor import Actor, Role
from market.kernel.calendar import end_of_day
from market.kernel.errors import Forbidden, Invalid, Refusal, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import (
    contract_facts,
    contract_pdf,
    contract_text,
    notices,
    outcome_operations,
    queries,
    work_queries,
    work_rules,
)
from market.orders.contract_text import Stage
from market.orders.events import (
    ContractConcluded,
    ContractDropped,
    ContractOffered,
    ContractSigned,
    OrderAwarded,
)
from market.orders.models import Contract, Milestone, Order, PaymentPlan, Signature, SignMethod
from market.orders.states import (
    CONTRACT_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    TRANSITIONS,
    ContractState,
    MilestoneState,
    OrderState,
    Party,
)
from market.orders.waiting import wait_for
from market.record.operations import record
from market.transaction import later, transactional
from market.vendors import queries as vendors
from market.vendors import rules as vendor_rules

log = structlog.get_logger()

#: terms that a contract states, by their names in terms.py
STATED = (
    "confirm_days", "sign_days", "pay_days", "accept_days", "accept_reminder_1", "accept_reminder_2", "rework_days",
    "dispute_days", "dispute_after_acceptance_days", "cancel_share_funded", "cancel_share_under_way",
)  # fmt: skip
PRINT = "market.orders.work_jobs.print_contract"


# The first contract -----------------------------------------------------------------------------------------------------


@transactional
def offer_contract(event: OrderAwarded, by: Actor, at: datetime) -> Contract:
    """Draw up the contract of an order that has a vendor, and lay it before both sides. A reaction to `OrderAwarded`.

    The vendor may read the order's documents from here on. The PDF follows in a job.
    """
    order = lock(Order, event.order)
    template = contract_facts.template(order)
    work = contract_text.stages(
        template,
        price_fen=order.price_fen or 0,
        days=max(1, order.days or 1),
        in_milestones=order.plan is PaymentPlan.MILESTONES
        and (order.price_fen or 0) >= queries.term("milestones_least_fen", item=order.item, region=order.district),
    )
    contract = _offer(order, number=1, work=work, at=at)
    wait_for(order, "sign", Party.BUYER, contract.sign_by)
    documents.let_read(order.code, organisation=contract_facts.vendor_of(order).organisation.code, by=by)
    if order.organisation is not None:
        documents.let_read(order.code, organisation=order.organisation.code, by=by)
    else:
        documents.let_read(order.code, person=order.person.code, by=by)
    record(_offered(order, contract), by=by)
    return contract


@transactional
def print_contract(contract_code: str, *, by: Actor) -> Contract:
    """Make the PDF of a version and keep it with the order; nothing when it is there. Safe to run twice."""
    contract = work_queries.contract(contract_code)
    if contract.document_id is not None:
        return contract
    made = documents.keep_made(
        contract_pdf.render(
            contract.content, contract.digest, contract_pdf.public_address(_public_url(), contract.code)
        ),
        f"{contract.content['title']} {contract.code}.pdf",
        Purpose.CONTRACT,
        contract.order.code,
        by=by,
    )
    lock(Order, contract.order.code)
    contract = lock(Contract, contract_code)
    if contract.document_id is None:
        contract.document = made
    if contract.signatures:
        # printed after the first signature, which bound only what was there
        documents.bind(contract.order.code, by=by)
    return contract


@transactional
def sign_contract(
    contract_code: str,
    *,
    method: SignMethod = SignMethod.ACCOUNT_KEY,
    password: str | None = None,
    document: str | None = None,
    qualified: tuple[str, str] | None = None,
    by: Actor,
) -> Contract:
    """Sign a version for `by`'s side; when both sides have signed, it binds.

    `account_key`: with the person's `password`; `paper`: counter staff for the buyer, with the scan (code of a `document` that
    they gave); `qualified`: serial number of the certificate and signature (base64) that a service gave, already checked.
    Signing again changes nothing. `NotFound` for strangers; refused: a version that waits for nobody, after its term, a text or
    an annex whose bytes are not those offered (logged), an empty annex, a vendor that may not work, a wrong password
    (`Invalid`).
    """
    found = work_queries.contract(contract_code)
    order, party = queries.order_for(found.order.code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR)
    if work_queries.signature_of(found, party) is not None:
        return found
    _check_whole(found)
    text = contract_text.signed_text(order.code, found.code, found.digest, str(party))
    signed = Signature(party=party, person=by.person, method=method, signed_at=clock.now())
    if method is SignMethod.PAPER:
        scan = _scan(order, document, by)
        signed.document_id = scan
    elif method is SignMethod.QUALIFIED:
        if qualified is None:
            raise Invalid.field("method", N_("The signature service has not signed yet."))
        signed.key, signed.signature = None, ":".join(qualified)
    else:
        if by.on_behalf_of:
            raise Forbidden(
                N_("Counter staff sign for somebody on paper only."),
                remedy=N_("Print the contract, let the buyer sign it, and attach the scan."),
            )
        key, signed.signature = signing_operations.sign(by.person, password or "", text, by=by)
        signed.key = key.code
    documents.bind(order.code, by=by)
    if party is Party.VENDOR:
        _check_vendor(order)

    order = lock(Order, order.code)
    contract = lock(Contract, contract_code)
    if work_queries.signature_of(contract, party) is not None:
        return contract
    next_state(CONTRACT_TRANSITIONS, contract.state, "sign")
    notices.check_goes_on(order)
    if clock.now() >= contract.sign_by:
        raise WrongState(N_("The time for signing is over."), remedy=N_("The order page says what happens now."))
    if contract.number > 1:
        work_rules.check_amendable(order.state)
        _check_amendment(order, contract_facts.stages_of(contract))
    signed.contract = contract
    db.session.add(signed)
    record(
        ContractSigned(
            order.code, contract.code, contract_facts.vendor_of(order).code, str(party), contract.digest, signed.key,
            signed.signature, str(method),
        ),
        by=by,
    )  # fmt: skip
    other = Party.VENDOR if party is Party.BUYER else Party.BUYER
    if work_queries.signature_of(contract, other) is not None:
        _conclude(order, contract, by)
    elif contract.number == 1:
        wait_for(order, "sign", other, contract.sign_by)
    return contract


@transactional
def lapse_signing(order_code: str, *, by: Actor) -> None:
    """End an order whose first contract was not signed in its term; nothing while the term runs or when it was signed.

    Where the vendor did not sign, the order returns to the buyer, who may choose another one; else it fails.
    """
    order = lock(Order, order_code)
    contract = work_queries.contract_offered(order)
    if order.state is not OrderState.AWARDED or contract is None or clock.now() < contract.sign_by:
        return
    vendor_signed = work_queries.signature_of(contract, Party.VENDOR) is not None
    _drop(order, contract, "lapsed", by)
    if vendor_signed:
        outcome_operations.fail(order.code, "unsigned", N_("The buyer did not sign the contract in time."), by=by)
    else:
        outcome_operations.give_back(order.code, "unsigned", N_("The vendor did not sign the contract in time."), by=by)


@transactional
def lapse_payment(order_code: str, *, by: Actor) -> None:
    """End an order that was contracted and not paid in its term; nothing while the term runs or when it was paid."""
    order = lock(Order, order_code)
    if order.state is not OrderState.CONTRACTED or order.due_at is None or clock.now() < order.due_at:
        return
    _end_open(order, by)
    outcome_operations.fail(order.code, "unpaid", N_("The buyer did not pay in time."), by=by)


@transactional
def follow_end(event: Any, by: Actor, at: datetime) -> None:
    """When an order was called off, failed or returned to its buyer, drop what waits for signatures and end its open stages.

    A reaction. A vendor that an order came back from reads its documents no longer.
    """
    order = lock(Order, event.order)
    _end_open(order, by, event.vendor)
    if order.state is OrderState.DRAFT and event.vendor is not None:
        documents.stop_reading(order.code, organisation=vendors.vendor(event.vendor).organisation.code, by=by)


# Amendments -------------------------------------------------------------------------------------------------------------


@transactional
def propose_amendment(order_code: str, stages: Sequence[Stage], reason: str, *, by: Actor) -> Contract:
    """Propose other stages, days or amounts; both sides sign them like the contract itself.

    `stages` is the whole work from the first stage on. Refused: outside contract and work (`WrongState`), while another version
    waits (`WrongState`), what work_rules.check_amendment refuses, a reason of less than 10 characters.
    """
    found, party = queries.order_for(order_code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR)
    work_rules.check_words(reason, 10, field="reason")
    order = lock(Order, found.code)
    work_rules.check_amendable(order.state)
    if work_queries.contract_offered(order) is not None:
        raise WrongState(
            N_("A change waits for signatures already."), remedy=N_("Sign it or take it back before proposing another.")
        )
    _check_amendment(order, stages)
    before = work_queries.contract_in_force(order)
    if before is None:
        raise WrongState()
    contract = _offer(
        order,
        number=max(one.number for one in work_queries.contracts_of(order)) + 1,
        work=stages,
        at=clock.now(),
        replaces=before.digest,
        reason=reason.strip(),
        proposed_by=party,
    )
    record(_offered(order, contract), by=by)
    return contract


@transactional
def drop_amendment(contract_code: str, *, by: Actor) -> Contract:
    """Take back or refuse a change that waits for signatures; what was agreed before goes on. Either side may."""
    found = work_queries.contract(contract_code)
    order, party = queries.order_for(found.order.code, by)
    work_rules.check_side(party, Party.BUYER, Party.VENDOR, Party.MARKET)
    order = lock(Order, order.code)
    contract = lock(Contract, contract_code)
    if contract.number == 1:
        raise WrongState(
            N_("This is the contract itself, not a change of it."),
            remedy=N_("If you do not want to sign it, call the order off."),
        )
    if contract.state is ContractState.DROPPED:
        return contract
    _drop(order, contract, "taken_back" if party is contract.proposed_by else "refused", by)
    return contract


@transactional
def lapse_amendment(contract_code: str, *, by: Actor) -> None:
    """Drop a change that was not signed in its term; nothing while the term runs or when it was signed."""
    found = work_queries.contract(contract_code)
    order = lock(Order, found.order.code)
    contract = lock(Contract, contract_code)
    if contract.state is ContractState.OFFERED and contract.number > 1 and clock.now() >= contract.sign_by:
        _drop(order, contract, "lapsed", by)


# Parts ------------------------------------------------------------------------------------------------------------------


def _offer(
    order: Order,
    *,
    number: int,
    work: Sequence[Stage],
    at: datetime,
    replaces: str | None = None,
    reason: str | None = None,
    proposed_by: Party | None = None,
) -> Contract:
    code = new_code("C")
    rows = queries.term_rows(item=order.item, region=order.district)
    terms = {name: rows[name].value for name in STATED}
    subject = contract_facts.subject(order, code, number, work, terms, replaces, reason)
    content = contract_text.compose(contract_facts.template(order), subject, work)
    contract = Contract(
        code=code,
        order=order,
        number=number,
        state=ContractState.OFFERED,
        content=content,
        digest=contract_text.digest(content),
        proposed_by=proposed_by,
        reason=reason,
        offered_at=at,
        sign_by=queries.end_of_term(at, terms["sign_days"]),
    )
    db.session.add(contract)
    later(PRINT, code)
    return contract


def _offered(order: Order, contract: Contract) -> ContractOffered:
    return ContractOffered(
        order.code, contract.code, contract_facts.vendor_of(order).code, contract.number, contract.digest
    )


def _conclude(order: Order, contract: Contract, by: Actor) -> None:
    at = clock.now()
    if (before := work_queries.contract_in_force(order)) is not None:
        before.state = next_state(CONTRACT_TRANSITIONS, before.state, "replace")
        db.session.flush()  # one version binds at a time: the old one goes first
    contract.state = next_state(CONTRACT_TRANSITIONS, contract.state, "sign")
    contract.in_force_at = at
    stages = contract_facts.stages_of(contract)
    order.price_fen, order.days = sum(stage.fen for stage in stages), sum(stage.days for stage in stages)
    pay_by = queries.end_of_term(at, contract.content["terms"]["pay_days"])
    if contract.number == 1:
        order.state = next_state(TRANSITIONS, order.state, "contract")
        order.contracted_at = at
        for number, stage in enumerate(stages, 1):
            _add_stage(order, number, stage)
        wait_for(order, "pay", Party.BUYER, pay_by)
    else:
        _apply(order, stages)
    record(
        ContractConcluded(
            order.code, contract.code, contract_facts.vendor_of(order).code, contract.number, contract.digest, order.price_fen,
            [stage.fen for stage in stages], pay_by.isoformat(),
        ),
        by=by,
    )  # fmt: skip


def _apply(order: Order, stages: Sequence[Stage]) -> None:
    """Bring the stages of the work in line with an amendment."""
    rows = work_queries.milestones_of(order)
    calendar = catalogue.calendar()
    for row, stage in zip(rows, stages, strict=False):
        if row.state is MilestoneState.UNDER_WAY and row.due_on is not None:
            row.due_on = calendar.add_working_days(row.due_on, stage.days - row.days).day
            if order.waiting_for == "deliver":
                wait_for(order, "deliver", Party.VENDOR, end_of_day(row.due_on))
        row.title, row.days, row.fen = stage.title, stage.days, stage.fen
    for row in rows[len(stages) :]:
        db.session.delete(row)
    for number in range(len(rows) + 1, len(stages) + 1):
        _add_stage(order, number, stages[number - 1])


def _add_stage(order: Order, number: int, stage: Stage) -> None:
    db.session.add(
        Milestone(
            order=order, number=number, title=stage.title, days=stage.days, fen=stage.fen, state=MilestoneState.WAITING
        )
    )


def _drop(order: Order, contract: Contract, cause: str, by: Actor, vendor: str | None = None) -> None:
    contract.state = next_state(CONTRACT_TRANSITIONS, contract.state, "drop")
    if contract.number == 1:
        # it never bound: the next vendor's contract is the first one again
        contract.number = min(0, *(one.number for one in work_queries.contracts_of(order))) - 1
    record(ContractDropped(order.code, contract.code, vendor or contract_facts.vendor_of(order).code, cause), by=by)


@transactional
def drop_offered(order_code: str, *, vendor: str | None = None, by: Actor) -> None:
    """Drop the version that waits for signatures, if there is one: nothing of the order can be agreed any more. `vendor`: whose
    contract it was, when the order has none any more."""
    order = lock(Order, order_code)
    if (contract := work_queries.contract_offered(order)) is not None:
        _drop(order, contract, "ended", by, vendor)


def _end_open(order: Order, by: Actor, vendor: str | None = None) -> None:
    drop_offered(order.code, vendor=vendor, by=by)
    for row in work_queries.milestones_of(order):
        if (row.state, "end") in MILESTONE_TRANSITIONS:
            row.state = next_state(MILESTONE_TRANSITIONS, row.state, "end")


def _check_whole(contract: Contract) -> None:
    """Refuse to sign a text or an annex that is not, byte for byte, what was offered (KF-FIL-04)."""
    if contract_text.digest(contract.content) != contract.digest:
        log.error("contract differs from its digest", contract=contract.code)
        raise work_rules.text_refusal(N_("The stored text of this contract differs from its digest."))
    for annex in contract.content["annexes"]:
        if not annex["size"]:
            raise work_rules.text_refusal(N_("An annex is empty."))
        try:
            store.open_whole(annex["digest"], annex["size"]).close()
        except Refusal:
            log.error("annex differs from its digest", contract=contract.code, document=annex["code"])
            raise work_rules.text_refusal(N_("An annex is missing or differs from its digest.")) from None


def _check_vendor(order: Order) -> None:
    if not vendor_rules.is_open(vendors.facts(contract_facts.vendor_of(order))):
        raise RuleBroken(
            N_("A vendor that is suspended or has left signs no contracts."),
            rule=N_("Market rule: only active vendors take orders"),
            remedy=N_("The vendor's desk says why, and how to appeal."),
        )


def _check_amendment(order: Order, stages: Sequence[Stage]) -> None:
    before = work_queries.contract_in_force(order)
    standard = before.content["standard"] if before else None
    work_rules.check_amendment(
        [
            work_rules.Standing(row.title, row.days, row.fen, row.state, row.is_funded)
            for row in work_queries.milestones_of(order)
        ],
        stages,
        low_fen=order.low_fen,
        high_fen=order.high_fen,
        binding=standard is not None and standard["kind"] != "market",
    )


def _scan(order: Order, document: str | None, by: Actor) -> int:
    if by.role is not Role.COUNTER or not by.on_behalf_of:
        raise Forbidden(
            N_("Signatures on paper are taken at a service centre."),
            remedy=N_("Sign with your password, or go to a centre with the printed contract."),
        )
    if document is None:
        raise Invalid.field("document", N_("Please attach the scan of the signed paper."))
    return documents.attach(document, order.code, by=by).id


def _public_url() -> str:
    return current_app.extensions["settings"].public_url
