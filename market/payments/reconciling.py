"""The nightly comparison with the gateway: every charge, refund, payout and dispute of the last months on both sides.

`compare` only looks and names what differs; `mend` takes one such thing in a transaction of its own. What the gateway knows and
the market does not is taken note of as its event would have been, so that a lost event costs a day at most. Whatever differed
is kept as a Difference with both figures: mended by this run, or before an officer. The market's balance at the gateway is not
compared: what the gateway charges for its service is the operator's cost and stands in no order's money.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from market import clock
from market.db import db
from market.kernel.actor import Actor
from market.payments import asking, difference_operations, event_operations
from market.payments.gateway import ChargeFacts, Declined, DisputeFacts, PayoutFacts, RefundFacts, Stage
from market.payments.models import Chargeback, Checkout, Difference, Escrow, Payment, Payout, PayoutAccount, Refund
from market.payments.states import ChargebackState, CheckoutState, DifferenceState, PayoutState, RefundState
from market.transaction import transactional

#: how far back both sides are compared: longer than a bank takes to return anything
WINDOW = timedelta(days=120)
#: kinds that no run can mend: what the one side has and the other cannot
FOR_OFFICERS = frozenset({"charge_missing", "refund_missing", "payout_missing", "paid_twice", "refunded_twice"})
#: things looked up in one statement
AT_ONCE = 1000


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
    if suspect.kind in FOR_OFFICERS or not _mended_by_looking(suspect):
        return "officer"
    difference_operations.mend_difference(found.code, "looked", by=by)
    return "mended"


def _mended_by_looking(suspect: Suspect) -> bool:
    """Whether asking the gateway about one thing put it right. A gateway that refuses the question leaves it to an officer: the
    difference that was noted must not be lost with it."""
    try:
        return bool(asking.look(suspect.thing, suspect.ref, suspect.account))
    except Declined:
        return False


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
    open_ones = select(func.count()).where(Difference.state == DifferenceState.OPEN)
    return db.session.scalar(open_ones) or 0


# What differs, kind by kind ------------------------------------------------------------------------------------------------

_OF_PAYMENT = (Payment.code.label("payment"), Escrow.code.label("order"))
_VISITS: Any = (
    select(Checkout.code, Checkout.ref, Checkout.charge, Checkout.state, Checkout.fen, *_OF_PAYMENT)
    .join(Checkout.payment)
    .join(Payment.escrow)
)
_REFUNDS: Any = (
    select(Refund.code, Refund.ref, Refund.state, Refund.fen, Refund.tries, *_OF_PAYMENT)
    .join(Refund.payment)
    .join(Payment.escrow)
)
_CHARGEBACKS: Any = (
    select(Chargeback.code, Chargeback.ref, Chargeback.state, Chargeback.fen, *_OF_PAYMENT)
    .join(Chargeback.payment)
    .join(Payment.escrow)
)
_PAYOUTS: Any = (
    select(Payout.code, Payout.ref, Payout.state, Payout.sent_fen, Payout.account, *_OF_PAYMENT)
    .join(Payout.payment)
    .join(Payment.escrow)
)


def _by(column: Any, statement: Any, values: Iterable[str | None]) -> dict[str, Any]:
    """The rows of `statement` whose `column` has one of `values`, by it: a few statements however many there are."""
    wanted = sorted({value for value in values if value})
    parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    rows = (row for part in parts for row in db.session.execute(statement.where(column.in_(part))))
    return {getattr(row, column.key): row for row in rows}


def _charges(theirs: Sequence[ChargeFacts]) -> Iterator[Suspect]:
    by_charge = _by(Checkout.charge, _VISITS, (one.ref for one in theirs))
    by_code = _by(Checkout.code, _VISITS, (one.ours for one in theirs if one.ref not in by_charge))
    for one in theirs:
        row = by_charge.get(one.ref) or by_code.get(one.ours or "")
        if row is None:
            continue  # another product of the same account
        if row.state is not CheckoutState.SUCCEEDED:
            ref = row.ref or one.checkout or ""
            yield Suspect("paid_unseen", "checkout", ref, None, row.code, row.order, 0, one.fen)
        elif row.fen != one.fen:
            yield Suspect("amount", "checkout", row.ref or "", None, row.code, row.order, row.fen, one.fen)


def _refunds(theirs: Sequence[RefundFacts]) -> Iterator[Suspect]:
    by_ref = _by(Refund.ref, _REFUNDS, (one.ref for one in theirs))
    by_code = _by(Refund.code, _REFUNDS, (one.ours for one in theirs if one.ref not in by_ref))
    visits = _by(Checkout.charge, _VISITS, (one.charge for one in theirs if one.ref not in by_ref))
    for one in theirs:
        row, visit = by_ref.get(one.ref) or by_code.get(one.ours or ""), visits.get(one.charge)
        if row is None:
            if visit is not None and one.stage is not Stage.FAILED:
                yield Suspect("refund_by_hand", "refund", one.ref, None, visit.payment, visit.order, 0, one.fen)
        elif row.ref == one.ref or _may_be_of(row):
            if not _same_refund(row.state, one.stage):
                ours = row.fen if row.state is RefundState.DONE else 0
                sent = one.fen if one.stage is Stage.DONE else 0
                yield Suspect("refund_unseen", "refund", one.ref, None, row.code, row.order, ours, sent)
        elif row.state is RefundState.DONE and one.stage is Stage.DONE:
            yield Suspect("refunded_twice", "refund", one.ref, None, row.code, row.order, row.fen, one.fen)


def _may_be_of(row: Any) -> bool:
    """What the gateway has of a refund whose name there is not known is that refund: not an earlier try, and not a try of what
    went by bank transfer in the end."""
    return row.ref is None and row.tries == 1 and row.state in (RefundState.BEGUN, RefundState.FAILED)


def _disputes(theirs: Sequence[DisputeFacts]) -> Iterator[Suspect]:
    known = _by(Chargeback.ref, _CHARGEBACKS, (one.ref for one in theirs))
    visits = _by(Checkout.charge, _VISITS, (one.charge for one in theirs if one.ref not in known))
    for one in theirs:
        row, visit = known.get(one.ref), visits.get(one.charge)
        if row is None:
            if visit is not None:
                yield Suspect("chargeback_unseen", "dispute", one.ref, None, visit.payment, visit.order, 0, one.fen)
        elif row.state is ChargebackState.OPEN and one.stage is not Stage.OPEN:
            yield Suspect("chargeback_closed", "dispute", one.ref, None, row.code, row.order, row.fen, 0)


def _payouts(theirs: Sequence[PayoutFacts]) -> Iterator[Suspect]:
    by_ref = _by(Payout.ref, _PAYOUTS, (one.ref for one in theirs))
    by_code = _by(Payout.code, _PAYOUTS, (one.ours for one in theirs if one.ref not in by_ref))
    for one in theirs:
        row = by_ref.get(one.ref) or by_code.get(one.ours or "")
        if row is None:
            continue  # the vendor's own, from elsewhere
        thing = "payout", one.ref, one.account, row.code, row.order
        ours = row.sent_fen if row.state is PayoutState.PAID else 0
        if row.ref not in (None, one.ref):
            if one.stage is Stage.DONE:
                yield Suspect("paid_twice", *thing, ours, one.fen)
        elif one.stage is Stage.FAILED and row.state in (PayoutState.PAID, PayoutState.BEGUN):
            yield Suspect("payout_returned", *thing, ours, 0)
        elif one.stage is Stage.DONE and row.state is PayoutState.BEGUN:
            yield Suspect("payout_unseen", *thing, 0, one.fen)


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
    paid, back, sent = ({one.ref for one in rows} for rows in (charges, refunds, payouts))
    visits = _VISITS.where(
        Checkout.state == CheckoutState.SUCCEEDED, Checkout.gateway == gateway, Checkout.begun_at > after
    )
    for row in db.session.execute(visits):
        if row.charge not in paid:
            yield Suspect("charge_missing", "checkout", row.ref or row.code, None, row.code, row.order, row.fen, 0)
    done = _REFUNDS.join(Refund.checkout).where(Checkout.gateway == gateway)
    done = done.where(Refund.state == RefundState.DONE, Refund.ref.is_not(None), Refund.done_at > after)
    for row in db.session.execute(done):
        if row.ref not in back:
            yield Suspect("refund_missing", "refund", row.ref, None, row.code, row.order, row.fen, 0)
    gone = _PAYOUTS.where(Payout.state == PayoutState.PAID, Payout.ref.is_not(None), Payout.paid_at > after)
    for row in db.session.execute(gone):
        if row.ref not in sent:
            yield Suspect("payout_missing", "payout", row.ref, row.account, row.code, row.order, row.sent_fen, 0)
