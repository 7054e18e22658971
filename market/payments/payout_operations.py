"""Earnings on their way to vendors' banks, refunds and clawbacks as the gateway answers, and the accounts they go to."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.kernel.errors import NotFound, RuleBroken, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.payments import gateway, ledger, money_operations
from market.payments.events import (
    BankAccountSet,
    ClawbackBegun,
    ClawbackFailed,
    PayoutAccountSet,
    PayoutBegun,
    PayoutFailed,
    PayoutPaid,
    RefundBegun,
    RefundDone,
    RefundFailed,
)
from market.payments.holding import is_frozen, locked_with
from market.payments.models import Clawback, Payout, PayoutAccount, Refund
from market.payments.posting import post
from market.payments.states import (
    CLAWBACK_TRANSITIONS,
    PAYOUT_TRANSITIONS,
    REFUND_TRANSITIONS,
    ClawbackState,
    PayoutState,
    RefundState,
)
from market.record.operations import record
from market.transaction import later, transactional
from market.vendors import queries as vendors
from market.vendors.access import owns

# Payouts -----------------------------------------------------------------------------------------------------------------


@transactional
def begin_payout(code: str, *, by: Actor) -> bool:
    """Send an earning on its way, unless something holds it: a dispute, no account, an account to be corrected. True when begun.

    One that was returned goes again only after the account was corrected (KF-MON-15).
    """
    escrow, payout = locked_with(Payout, code)
    account = db.session.scalar(select(PayoutAccount).where(PayoutAccount.code == payout.vendor))
    waiting = payout.state in (PayoutState.DUE, PayoutState.RETURNED) and not payout.by_transfer
    if not waiting or payout.fen == payout.clawed_fen or is_frozen(escrow):
        return False
    if account is None or account.ref is None or not account.ready or account.stopped:
        return False
    if any(claw.state is not ClawbackState.DONE for claw in payout.clawbacks):
        return False
    payout.account = payout.account or account.ref
    _begin(payout, by)
    later("market.payments.jobs.send_payout", payout.code)
    return True


def _begin(payout: Payout, by: Actor) -> None:
    verb = "begin" if payout.state is PayoutState.DUE else "begin_again"
    payout.state = next_state(PAYOUT_TRANSITIONS, payout.state, verb)
    payout.tries += 1
    payout.sent_fen, payout.ref, payout.failure = payout.fen - payout.clawed_fen, None, None
    payout.begun_at = clock.now()
    lines = ledger.payout_begun(payout.vendor, payout.sent_fen)
    post(f"payout {payout.code} {payout.tries}", "payout", payout.payment, lines)
    record(PayoutBegun(payout.code, payout.vendor, payout.sent_fen), by=by)


@transactional
def note_payout(
    code: str, facts: gateway.PayoutFacts | None, *, transfer: str | None = None, cause: str = "", by: Actor
) -> bool:
    """Take note of how a payout stands; True when that was news. None with a `cause`: the gateway refused to send it.

    `transfer` is the gateway's name of the movement into the vendor's account before it. A payout that was returned, even
    after it was paid, is due again and stops its account until that is corrected. What is said of an earlier try of the same
    payout has no effect.
    """
    escrow, payout = locked_with(Payout, code)
    payout.transfer = payout.transfer or transfer
    if facts is not None:
        if payout.ref is None and payout.state is PayoutState.BEGUN and facts.fen == payout.sent_fen:
            payout.ref = facts.ref
        if payout.ref != facts.ref:
            return False
    stage = facts.stage if facts is not None else gateway.Stage.FAILED
    if stage is gateway.Stage.DONE and payout.state is PayoutState.BEGUN:
        _paid(payout, by)
    elif stage is gateway.Stage.FAILED and payout.state in (PayoutState.BEGUN, PayoutState.PAID):
        _returned(payout, (facts.cause if facts else cause) or "refused", by)
    else:
        return False
    money_operations.settle(escrow, by=by)
    return True


@transactional
def pay_by_transfer(code: str, *, by: Actor) -> None:
    """A payout of public money left the market's bank account, as two officers found."""
    _, payout = locked_with(Payout, code)
    if not payout.by_transfer:
        raise WrongState(N_("This earning goes through the payment service."))
    _begin(payout, by)
    _paid(payout, by)
    money_operations.settle(payout.payment.escrow, by=by)


def _paid(payout: Payout, by: Actor) -> None:
    payout.state = next_state(PAYOUT_TRANSITIONS, payout.state, "pay")
    payout.paid_at = clock.now()
    lines = ledger.payout_paid(payout.vendor, payout.sent_fen, payout.by_transfer)
    post(f"paid {payout.code} {payout.tries}", "paid", payout.payment, lines)
    record(PayoutPaid(payout.code, payout.vendor, payout.sent_fen), by=by)


def _returned(payout: Payout, cause: str, by: Actor) -> None:
    was_paid = payout.state is PayoutState.PAID
    payout.state = next_state(PAYOUT_TRANSITIONS, payout.state, "return")
    payout.failure, payout.returned_at, payout.paid_at = cause[:200], clock.now(), None
    lines = ledger.payout_returned(payout.vendor, payout.sent_fen, was_paid, payout.by_transfer)
    post(f"returned {payout.code} {payout.tries}", "returned", payout.payment, lines)
    for claw in payout.clawbacks:
        if claw.owed:
            meet = ledger.regained_twice if claw.state is ClawbackState.DONE else ledger.debt_met
            post(f"met {claw.code}", "met", payout.payment, meet(payout.vendor, claw.fen))
            claw.owed = False
    account = db.session.scalar(select(PayoutAccount).where(PayoutAccount.code == payout.vendor))
    if account is not None:
        account.stopped = True
    payout.payment.escrow.settled_at = None
    record(PayoutFailed(payout.code, payout.vendor, payout.sent_fen, cause[:60]), by=by)
    if payout.fen == payout.clawed_fen:
        payout.state = next_state(PAYOUT_TRANSITIONS, payout.state, "drop")


# Accounts ----------------------------------------------------------------------------------------------------------------


@transactional
def want_account(vendor_code: str, gateway_name: str, *, by: Actor) -> PayoutAccount:
    """A vendor's row for the place where it is paid, made when there is none; the gateway is asked afterwards.

    `gateway_name` is empty where only the bank account for transfers is meant. An account at another gateway is forgotten.
    """
    if not owns(vendors.vendor(vendor_code), by):
        raise NotFound()
    blank = {"code": vendor_code, "gateway": gateway_name, "ready": False, "needs": [], "stopped": False}
    row = insert(PayoutAccount).values(**blank, updated_at=clock.now()).on_conflict_do_nothing()
    db.session.execute(row)
    account = lock(PayoutAccount, vendor_code)
    if gateway_name and account.gateway != gateway_name:
        account.gateway, account.ref, account.ready, account.version = gateway_name, None, False, None
    return account


@transactional
def note_account(vendor_code: str, facts: gateway.AccountFacts, *, by: Actor) -> bool:
    """Take note of how a vendor's account stands; True when that was news. A bank account other than the one that returned a
    payout counts as corrected: what waits goes there. What else the gateway wants to know of one that is not ready stands on the
    vendor's page."""
    account = lock(PayoutAccount, vendor_code)
    before = (account.ref, account.ready, account.version, account.stopped, list(account.needs))
    was_open = account.ready and not account.stopped
    if account.ref is not None and account.ref != facts.ref:
        return False
    if account.stopped and facts.version != account.version and facts.ready:
        account.stopped = False
    account.ref, account.ready, account.needs = facts.ref, facts.ready, list(facts.needs)
    account.version = facts.version
    if before == (account.ref, account.ready, account.version, account.stopped, list(account.needs)):
        return False
    account.updated_at = clock.now()
    is_open = account.ready and not account.stopped
    if is_open or was_open or before[0] is None:
        record(PayoutAccountSet(vendor_code, is_open), by=by)
    if is_open:
        _begin_waiting(vendor_code)
    return True


@transactional
def free_account(vendor_code: str, *, by: Actor) -> None:
    """An officer heard from the vendor that its bank account is right again: what was returned is sent once more."""
    account = lock(PayoutAccount, vendor_code)
    if not account.stopped:
        raise WrongState(N_("Nothing stops this account."))
    account.stopped, account.updated_at = False, clock.now()
    record(PayoutAccountSet(vendor_code, account.ready), by=by)
    _begin_waiting(vendor_code)


@transactional
def set_bank_account(vendor_code: str, bank: str, number: str, *, by: Actor) -> None:
    """The bank account to which the market transfers what public bodies paid by transfer. Digits only, 8 to 30."""
    digits = "".join(number.split())
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 30):
        raise RuleBroken(N_("A bank account number has 8 to 30 digits."))
    account = want_account(vendor_code, "", by=by)
    account.bank, account.number, account.updated_at = bank, digits, clock.now()
    record(BankAccountSet(vendor_code), by=by)


def _begin_waiting(vendor_code: str) -> None:
    """Send what waits for this vendor's account, each payout in a job of its own."""
    waiting = (PayoutState.DUE, PayoutState.RETURNED)
    codes = select(Payout.code).where(Payout.vendor == vendor_code, Payout.state.in_(waiting), ~Payout.by_transfer)
    for code in db.session.scalars(codes):
        later("market.payments.jobs.begin_payout", code)


# Refunds -----------------------------------------------------------------------------------------------------------------


@transactional
def note_refund(code: str, facts: gateway.RefundFacts | None, *, cause: str = "", by: Actor) -> bool:
    """Take note of how a refund stands; True when that was news. None with a `cause`: the gateway refused it.

    A refund that failed, even after it was done, is the buyer's money still: an officer begins it again or transfers it. What is
    said of another try, or of one that went by bank transfer in the end, has no effect.
    """
    escrow, refund = locked_with(Refund, code)
    if facts is not None and refund.ref is None and refund.state in (RefundState.BEGUN, RefundState.FAILED):
        refund.ref = facts.ref
    if facts is not None and refund.ref != facts.ref:
        return False
    stage = facts.stage if facts is not None else gateway.Stage.FAILED
    if stage is gateway.Stage.DONE and refund.state in (RefundState.BEGUN, RefundState.FAILED):
        _refunded(refund, by)
    elif stage is gateway.Stage.FAILED and refund.state in (RefundState.BEGUN, RefundState.DONE):
        was_done = refund.state is RefundState.DONE
        refund.state = next_state(REFUND_TRANSITIONS, refund.state, "fail")
        refund.failure = ((facts.cause if facts else cause) or "refused")[:200]
        if was_done:
            lines = ledger.refund_returned(escrow.code, refund.fen)
            post(f"refund returned {refund.code} {refund.tries}", "refund_returned", refund.payment, lines)
            refund.done_at = escrow.settled_at = None
        record(RefundFailed(escrow.code, refund.payment.code, refund.code, refund.failure[:60]), by=by)
    else:
        return False
    money_operations.settle(escrow, by=by)
    return True


@transactional
def refund_by_transfer(code: str, *, by: Actor) -> None:
    """A refund left the market's bank account, as two officers found; what becomes of a try by card concerns it no more."""
    escrow, refund = locked_with(Refund, code)
    refund.ref = None
    _refunded(refund, by, by_transfer=True)
    money_operations.settle(escrow, by=by)


def _refunded(refund: Refund, by: Actor, by_transfer: bool = False) -> None:
    refund.state = next_state(REFUND_TRANSITIONS, refund.state, "finish")
    refund.done_at, refund.failure = clock.now(), None
    order = refund.payment.escrow.code
    lines = ledger.refund_done(order, refund.fen, by_transfer)
    post(f"refunded {refund.code} {refund.tries}", "refunded", refund.payment, lines)
    record(RefundDone(order, refund.payment.code, refund.code, refund.fen), by=by)


@transactional
def begin_refund_again(code: str, *, by: Actor) -> None:
    """An officer sends a refund that failed once more, with a key of its own."""
    escrow, refund = locked_with(Refund, code)
    if refund.checkout is None:
        raise WrongState(N_("This money came by bank transfer and goes back so."))
    refund.state = next_state(REFUND_TRANSITIONS, refund.state, "begin_again")
    refund.tries, refund.ref, refund.failure = refund.tries + 1, None, None
    later("market.payments.jobs.send_refund", refund.code)
    record(RefundBegun(escrow.code, refund.payment.code, refund.code, refund.fen, str(refund.cause)), by=by)


# Clawbacks ---------------------------------------------------------------------------------------------------------------


@transactional
def note_clawback(code: str, ref: str | None, *, cause: str = "", by: Actor) -> bool:
    """The gateway took the money back (`ref`), or refused to (`cause`); True when that was news."""
    escrow, claw = locked_with(Clawback, code)
    if claw.state is not ClawbackState.BEGUN:
        return False
    if ref is not None:
        money_operations.finish_clawback(claw, ref, by=by)
        return True
    claw.state, claw.failure = next_state(CLAWBACK_TRANSITIONS, claw.state, "fail"), cause[:200]
    payout = claw.payout
    record(ClawbackFailed(escrow.code, payout.payment.code, payout.code, payout.vendor, claw.fen, cause[:60]), by=by)
    return True


@transactional
def begin_clawback_again(code: str, *, by: Actor) -> None:
    """An officer asks the gateway once more to take money back of a vendor."""
    escrow, claw = locked_with(Clawback, code)
    claw.state = next_state(CLAWBACK_TRANSITIONS, claw.state, "begin_again")
    claw.tries, claw.failure = claw.tries + 1, None
    later("market.payments.jobs.send_clawback", claw.code)
    payout = claw.payout
    record(ClawbackBegun(escrow.code, payout.payment.code, payout.code, payout.vendor, claw.fen, True), by=by)
