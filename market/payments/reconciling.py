"""The nightly comparison with the gateway: every charge, refund, payout and dispute of the last months on both sides.

`compare` only looks and names what differs; `mend` takes one such thing in a transaction of its own. What the gateway knows and
the market does not is taken note of as its event would have been, so that a lost event costs a day at most. Whatever differed
is kept as a Difference with both figures: mended by this run, or before an officer. The market's balance at the gateway is not
compared: what the gateway charges for its service is the operator's cost and stands in no order's money.
"""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.payments import asking, difference_operations, event_operations
from market.payments.gateway import ChargeFacts, DisputeFacts, PayoutFacts, RefundFacts, Stage
from market.payments.models import Chargeback, Checkout, Difference, Payment, Payout, PayoutAccount, Refund
from market.payments.states import ChargebackState, CheckoutState, DifferenceState, PayoutState, RefundState
from market.transaction import transactional

#: how far back both sides are compared: longer than a bank takes to return anything
WINDOW = timedelta(days=120)
#: kinds that no run can mend: what the one side has and the other cannot
FOR_OFFICERS = frozenset({"charge_missing", "refund_missing", "payout_missing", "paid_twice"})


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that differs: `thing` and `ref` are what to look at, `about` our code, figures in fen."""

    kind: str
    thing: str
    ref: str
    account: str | None
    about: str | None
    order: str | None
    ours_fen: int
    theirs_fen: int

    def to_list(self) -> list[str | int | None]:
        """As an outbox row can hold it."""
        return list(astuple(self))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run compared, and what differs."""

    gateway: str
    compared: int
    suspects: tuple[Suspect, ...]


def compare() -> Comparison:
    """Both sides, without changing anything. `Away` when the gateway does not answer."""
    service = asking.gateway()
    since = clock.real() - WINDOW
    accounts = [ref for ref in db.session.scalars(select(PayoutAccount.ref)) if ref is not None]
    charges = list(service.charges(since))
    refunds = list(service.refunds(since))
    disputes = list(service.disputes(since))
    payouts = list(service.payouts(accounts, since))
    found = [
        *_charges(charges),
        *_refunds(refunds),
        *_disputes(disputes),
        *_payouts(payouts),
        *_missing(service.name, since, charges, refunds, payouts),
    ]
    return Comparison(service.name, len(charges) + len(refunds) + len(disputes) + len(payouts), tuple(found))


@transactional
def mend(suspect: Suspect, *, by: Actor) -> str | None:
    """Take note of what differs: "mended", "officer" (put before one), or None for what is known and waits already."""
    if suspect.kind == "refund_by_hand":
        return "officer" if asking.look(suspect.thing, suspect.ref) else None
    found = difference_operations.find_difference(
        suspect.kind,
        suspect.ref,
        suspect.ours_fen,
        suspect.theirs_fen,
        about=suspect.about,
        order=suspect.order,
        by=by,
    )
    if found is None:
        return None
    if suspect.kind in FOR_OFFICERS or not asking.look(suspect.thing, suspect.ref, suspect.account):
        return "officer"
    difference_operations.mend_difference(found.code, "looked", by=by)
    return "mended"


def reconcile(*, by: Actor) -> tuple[Comparison, list[tuple[Suspect, str]]]:
    """Compare and mend now, each thing in its own transaction: the comparison, and what was found with what became of it."""
    comparison = compare()
    outcomes = [(suspect, mend(suspect, by=by)) for suspect in comparison.suspects]
    found = [(suspect, outcome) for suspect, outcome in outcomes if outcome is not None]
    mended = sum(outcome == "mended" for _, outcome in found)
    event_operations.note_reconciliation(comparison.gateway, comparison.compared, len(found), mended, by=by)
    return comparison, found


def waiting() -> int:
    """How many differences stand before officers."""
    open_ones = select(Difference.id).where(Difference.state == DifferenceState.OPEN)
    return len(list(db.session.scalars(open_ones)))


# What differs, kind by kind ------------------------------------------------------------------------------------------------


def _charges(theirs: Iterable[ChargeFacts]) -> Iterator[Suspect]:
    for one in theirs:
        row = db.session.scalar(select(Checkout).where((Checkout.charge == one.ref) | (Checkout.code == one.ours)))
        if row is None:
            continue  # another product of the same account
        order = row.payment.escrow.code
        if row.state is not CheckoutState.SUCCEEDED:
            yield Suspect("paid_unseen", "checkout", row.ref or one.checkout or "", None, row.code, order, 0, one.fen)
        elif row.fen != one.fen:
            yield Suspect("amount", "checkout", row.ref or "", None, row.code, order, row.fen, one.fen)


def _refunds(theirs: Iterable[RefundFacts]) -> Iterator[Suspect]:
    for one in theirs:
        row = db.session.scalar(select(Refund).where((Refund.ref == one.ref) | (Refund.code == one.ours)))
        if row is None:
            visit = db.session.scalar(select(Checkout).where(Checkout.charge == one.charge))
            if visit is not None and one.stage is not Stage.FAILED:
                order = visit.payment.escrow.code
                yield Suspect("refund_by_hand", "refund", one.ref, None, visit.payment.code, order, 0, one.fen)
        elif row.ref in (None, one.ref) and not _same_refund(row.state, one.stage):
            ours = row.fen if row.state is RefundState.DONE else 0
            sent = one.fen if one.stage is Stage.DONE else 0
            yield Suspect("refund_unseen", "refund", one.ref, None, row.code, row.payment.escrow.code, ours, sent)


def _disputes(theirs: Iterable[DisputeFacts]) -> Iterator[Suspect]:
    for one in theirs:
        row = db.session.scalar(select(Chargeback).where(Chargeback.ref == one.ref))
        if row is None:
            visit = db.session.scalar(select(Checkout).where(Checkout.charge == one.charge))
            if visit is not None:
                order = visit.payment.escrow.code
                yield Suspect("chargeback_unseen", "dispute", one.ref, None, visit.payment.code, order, 0, one.fen)
        elif row.state is ChargebackState.OPEN and one.stage is not Stage.OPEN:
            order = row.payment.escrow.code
            yield Suspect("chargeback_closed", "dispute", one.ref, None, row.code, order, row.fen, 0)


def _payouts(theirs: Iterable[PayoutFacts]) -> Iterator[Suspect]:
    for one in theirs:
        row = db.session.scalar(select(Payout).where((Payout.ref == one.ref) | (Payout.code == one.ours)))
        if row is None:
            continue  # the vendor's own, from elsewhere
        order = row.payment.escrow.code
        ours = row.sent_fen if row.state is PayoutState.PAID else 0
        if row.ref not in (None, one.ref):
            if one.stage is Stage.DONE:
                yield Suspect("paid_twice", "payout", one.ref, one.account, row.code, order, ours, one.fen)
        elif one.stage is Stage.FAILED and row.state in (PayoutState.PAID, PayoutState.BEGUN):
            yield Suspect("payout_returned", "payout", one.ref, one.account, row.code, order, ours, 0)
        elif one.stage is Stage.DONE and row.state is PayoutState.BEGUN:
            yield Suspect("payout_unseen", "payout", one.ref, one.account, row.code, order, 0, one.fen)


def _same_refund(state: RefundState, stage: Stage) -> bool:
    return {Stage.DONE: RefundState.DONE, Stage.FAILED: RefundState.FAILED}.get(stage, state) is state


def _missing(
    gateway: str,
    since: datetime,
    charges: Iterable[ChargeFacts],
    refunds: Iterable[RefundFacts],
    payouts: Iterable[PayoutFacts],
) -> Iterator[Suspect]:
    """What the market holds for done and the gateway does not list. The first day of the window is left out of it."""
    after = since + timedelta(days=1)
    paid = {one.ref for one in charges}
    visits = select(Checkout).where(
        Checkout.state == CheckoutState.SUCCEEDED, Checkout.gateway == gateway, Checkout.begun_at > after
    )
    for visit in db.session.scalars(visits):
        if visit.charge not in paid:
            order = visit.payment.escrow.code
            yield Suspect("charge_missing", "checkout", visit.ref or visit.code, None, visit.code, order, visit.fen, 0)
    back = {one.ref for one in refunds}
    done = select(Refund).where(Refund.state == RefundState.DONE, Refund.ref.is_not(None), Refund.done_at > after)
    for refund in db.session.scalars(done):
        if refund.checkout is not None and refund.checkout.gateway == gateway and refund.ref not in back:
            order = refund.payment.escrow.code
            yield Suspect("refund_missing", "refund", refund.ref or "", None, refund.code, order, refund.fen, 0)
    sent = {one.ref for one in payouts}
    gone = select(Payout).where(Payout.state == PayoutState.PAID, Payout.ref.is_not(None), Payout.paid_at > after)
    for payout in db.session.scalars(gone):
        if payout.ref not in sent:
            order = db.session.scalar(select(Payment).where(Payment.id == payout.payment_id)).escrow.code  # type: ignore[union-attr]
            yield Suspect(
                "payout_missing", "payout", payout.ref or "", payout.account, payout.code, order, payout.sent_fen, 0
            )
