"""Deductions of credit: proposed by what happened, made by an operator with reasons, appealed by the vendor, decided by another.

As for ratings, the vendor's row is the lock. Nothing is ever deducted without a person's decision.
"""

from datetime import date

from sqlalchemy.exc import IntegrityError

from market import clock
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Conflict, Invalid, NotFound, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.orders import queries as orders
from market.ratings import credit, credit_queries, events, queries, rules
from market.ratings.models import CreditDeduction, CreditProposal
from market.ratings.operations import refresh_vendor
from market.ratings.states import DEDUCTION_TRANSITIONS, PROPOSAL_TRANSITIONS, DeductionState, ProposalState
from market.record.operations import record
from market.transaction import attempt, transactional
from market.vendors.access import owns
from market.vendors.models import Vendor


@transactional
def deduct(
    vendor_code: str, ground: str, decision_ref: str, *, reasons: str, decided_on: date | None = None, by: Actor
) -> CreditDeduction:
    """Deduct what row `ground` of the published table says, for the upheld decision `decision_ref` (a code, or an authority's
    number) of the day `decided_on` (today by default). The points of that day count, fading from it.

    Refused (`Invalid` by field): an unknown ground, a day to come, too few reasons, no decision named; `Conflict`: the same
    decision on the same ground a second time.
    """
    vendor = lock(Vendor, vendor_code)
    now, today = clock.now(), clock.today()
    day = decided_on or today
    if day > today:
        raise Invalid.field("decided_on", N_("A decision cannot lie in the future."))
    if not 4 <= len(decision_ref.strip()) <= 80:
        raise Invalid.field(
            "decision", N_("Name the decision: the code of the order or dispute, or the authority's number.")
        )
    rules.check_text(reasons, "reasons", least=rules.LEAST_REASONS)
    try:
        row = credit_queries.ground(ground, day)
    except NotFound:
        raise Invalid.field("ground", N_("The table of that day has no such ground.")) from None
    made = CreditDeduction(
        code=new_code("X"), vendor=vendor, ground=row.slug, points=row.points, fading_days=row.fading_days, decided_on=day,
        fades_on=credit.fades_on(day, row.fading_days), decision=decision_ref.strip(), reasons=reasons,
        state=DeductionState.COUNTED, made_by=by.person, made_at=now,
        appeal_until=orders.end_of_term(now, queries.term("appeal_days")),
    )  # fmt: skip
    try:
        with attempt():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        raise Conflict(
            N_("This decision has cost credit on this ground already."),
            rule=N_("One deduction for each decision and ground"),
            remedy=N_("See the vendor's credit page."),
        ) from None
    record(events.CreditDeducted(made.code, vendor.code, made.ground, made.points, made.fades_on.isoformat()), by=by)
    refresh_vendor(vendor.code, by=by)
    return made


@transactional
def appeal_deduction(code: str, *, words: str, by: Actor) -> CreditDeduction:
    """The vendor appeals, once and in time: the deduction rests until another operator has decided."""
    vendor, row = _locked(code)
    if not owns(vendor, by):
        raise NotFound()
    if (row.state, "appeal") not in DEDUCTION_TRANSITIONS:
        raise WrongState(
            N_("This deduction has been appealed already."), remedy=N_("An appeal is decided once, with reasons.")
        )
    rules.check_in_time(row.appeal_until, clock.now())
    rules.check_text(words, "words", least=rules.LEAST_REASONS)
    now = clock.now()
    row.state = next_state(DEDUCTION_TRANSITIONS, row.state, "appeal")
    row.appeal_words, row.appealed_at = words, now
    row.appeal_due_at = orders.end_of_term(now, queries.term("appeal_review_days"))
    record(events.DeductionAppealed(row.code, vendor.code), by=by)
    refresh_vendor(vendor.code, by=by)
    return row


@transactional
def decide_deduction(code: str, *, upheld: bool, reasons: str, by: Actor) -> CreditDeduction:
    """Another operator decides the appeal: upheld, the deduction is lifted; else it counts again, faded as if never at rest."""
    vendor, row = _locked(code)
    if row.state is not DeductionState.APPEALED:
        raise WrongState(N_("This appeal has been decided already."), remedy=N_("Open the queue for the next one."))
    rules.check_operator(row.made_by, by.person)
    rules.check_text(reasons, "reasons", least=rules.LEAST_REASONS)
    row.state = next_state(DEDUCTION_TRANSITIONS, row.state, "lift" if upheld else "confirm")
    row.appeal_reasons, row.appeal_decided_by, row.appeal_decided_at = reasons, by.person, clock.now()
    record(events.DeductionDecided(row.code, vendor.code, upheld), by=by)
    refresh_vendor(vendor.code, by=by)
    return row


@transactional
def propose_deduction(vendor_code: str, ground: str, order_code: str, *, by: Actor) -> CreditProposal | None:
    """Put a possible deduction before the operator, once for each order and ground; None when it lies there already.

    Called by a job after an order event; it deducts nothing. Ground and vendor must exist (`NotFound`).
    """
    vendor = lock(Vendor, vendor_code)
    credit_queries.ground(ground, clock.today())
    now = clock.now()
    row = CreditProposal(
        code=new_code("I"), vendor=vendor, ground=ground, about=order_code, state=ProposalState.OPEN, proposed_at=now,
        due_at=orders.end_of_term(now, queries.term("proposal_days")),
    )  # fmt: skip
    try:
        with attempt():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return None
    record(events.DeductionProposed(row.code, order_code, vendor.code, ground), by=by)
    return row


@transactional
def decide_proposal(code: str, *, make: bool, reasons: str, by: Actor) -> CreditDeduction | None:
    """Make the proposed deduction, or drop it, with reasons. Refused: one that was decided before (`WrongState`)."""
    vendor = lock(Vendor, queries.vendor_code_of(CreditProposal, code))
    row = credit_queries.proposal(code)
    if row.state is not ProposalState.OPEN:
        raise WrongState(N_("This proposal has been decided already."), remedy=N_("Open the queue for the next one."))
    rules.check_text(reasons, "reasons", least=rules.LEAST_REASONS)
    row.state = next_state(PROPOSAL_TRANSITIONS, row.state, "make" if make else "drop")
    row.reasons, row.decided_by, row.decided_at = reasons, by.person, clock.now()
    if make:
        return deduct(vendor.code, row.ground, row.about, reasons=reasons, by=by)
    record(events.ProposalDropped(row.code, row.about, vendor.code), by=by)
    return None


def _locked(code: str) -> tuple[Vendor, CreditDeduction]:
    vendor = lock(Vendor, queries.vendor_code_of(CreditDeduction, code))
    return vendor, credit_queries.deduction(code)
