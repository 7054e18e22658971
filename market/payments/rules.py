"""What may be done with money, on plain facts. Amounts in integer fen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from market.kernel.errors import Conflict, RuleBroken, WrongState
from market.kernel.money import Money
from market.kernel.words import N_
from market.payments.states import PaymentState

#: where the rules of this file stand
TERMS = N_("Money is held until the work is accepted (terms of the market, payments).")


@dataclass(frozen=True, slots=True)
class ToPay:
    """An instalment that somebody wants to pay now. `awaited`: the order waits for this payment, and its term counts;
    `frozen`: a dispute is open (a chargeback alone is no reason not to pay again)."""

    state: PaymentState
    fen: int
    pay_by: datetime | None
    awaited: bool
    ended: bool
    frozen: bool


def check_begin(payment: ToPay, now: datetime) -> None:
    """Refuse to begin a payment that is open or done already, owed no longer, past its term, or held still by a dispute."""
    if payment.state is PaymentState.BEGUN:
        raise Conflict(
            N_("A payment of this instalment is open already."),
            remedy=N_("Go on with it, or give it up first."),
        )
    if payment.state is PaymentState.VOID or payment.ended:
        raise WrongState(N_("This is owed no longer: the order was called off or has ended."))
    if payment.state is not PaymentState.DUE:
        raise Conflict(
            N_("This instalment is paid already."), remedy=N_("Nothing was charged twice; the order page shows it.")
        )
    if payment.awaited and payment.pay_by is not None and now >= payment.pay_by:
        raise WrongState(
            N_("The term for paying has ended."),
            rule=TERMS,
            remedy=N_("Nothing was charged. Place the order again if you still need the service."),
        )
    if payment.frozen:
        raise WrongState(
            N_("A dispute holds the money of this order still."), remedy=N_("Wait for the operator's decision.")
        )


def check_refund(asked_fen: int, available_fen: int, shown_fen: int, frozen: bool) -> None:
    """An officer's refund: above zero, not above what is held, and decided on the figure that holds now.

    `shown_fen` is what the form showed as available: when somebody else moved money meanwhile, the form is out of date and is
    refused, never silently fitted.
    """
    if asked_fen <= 0:
        raise RuleBroken(N_("A refund is above zero."), remedy=N_("Type the amount that is to go back."))
    if frozen:
        raise WrongState(
            N_("A dispute holds the money of this order still."), remedy=N_("The decision says who gets what.")
        )
    if asked_fen > available_fen:
        raise RuleBroken(
            N_("That exceeds the %(left)s that can be refunded."),
            remedy=N_("Type at most that amount."),
            left=Money(available_fen),
        )
    if shown_fen != available_fen:
        raise Conflict(
            N_("Meanwhile %(left)s is available, not %(shown)s."),
            remedy=N_("Load the page again and look before you refund."),
            left=Money(available_fen),
            shown=Money(shown_fen),
        )


def check_second_officer(recorded_by: str, person: str) -> None:
    """A bank transfer counts once another person confirmed it."""
    if recorded_by == person:
        raise RuleBroken(
            N_("You recorded this transfer yourself."),
            rule=N_("A bank transfer counts once a second officer has confirmed it."),
            remedy=N_("Ask a colleague to compare it with the bank statement."),
        )


def fee(rates: Mapping[date, int], on: date, fen: int) -> int:
    """The platform's fee on `fen` that are released, by the newest rate (thousandths) that has begun; the parts add up by
    largest remainder, the vendor's share first among equals."""
    begun = [day for day in rates if day <= on]
    if not begun:
        raise LookupError(f"no fee rate holds on {on}")
    permille = rates[max(begun)]
    return Money(fen).shares([1000 - permille, permille])[1].fen


def share_of_fee(fen: int, net_fen: int, fee_fen: int) -> int:
    """How much of `fen` that come back out of an earning is the fee's part, in the proportion in which it was kept."""
    return Money(fen).shares([net_fen, fee_fen])[1].fen


def split_in_order(fen: int, available: Sequence[int]) -> list[int]:
    """`fen` taken from `available` (amounts in order), each emptied before the next is touched. ValueError when it is short."""
    parts = []
    for one in available:
        part = min(one, fen)
        parts.append(part)
        fen -= part
    if fen:
        raise ValueError(f"{fen} fen more than there is")
    return parts


@dataclass(frozen=True, slots=True)
class Instalment:
    """A payment as an amendment sees it: `fen` as it was agreed last, and how much of it is held now."""

    code: str
    number: int
    fen: int
    state: PaymentState
    held_fen: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What an amendment changes: void a payment, open a new one of `fen` for `number`, or refund `fen` of one."""

    kind: Literal["void", "open", "refund"]
    number: int
    fen: int = 0
    code: str = ""


def replan(current: Iterable[Instalment], wanted: Mapping[int, int]) -> list[Step]:
    """What must be done so that the instalments come to `wanted` (fen by number).

    What is due and unpaid is replaced; what is paid counts, and what is being paid unless it is too much (it is void then, and
    goes back by itself if it arrives); the rest is asked for in a further payment, an excess goes back out of what is held.
    """
    rows = list(current)
    steps: list[Step] = []
    for number in sorted(set(wanted) | {row.number for row in rows}):
        mine = [row for row in rows if row.number == number]
        paid = [row for row in mine if row.state in (PaymentState.HELD, PaymentState.RELEASED)]
        due = [row for row in mine if row.state is PaymentState.DUE]
        missing = wanted.get(number, 0) - sum(row.fen for row in paid)
        for row in mine:
            if row.state is PaymentState.BEGUN and row.fen > missing:
                steps.append(Step("void", number, code=row.code))
            elif row.state is PaymentState.BEGUN:
                missing -= row.fen
        if sum(row.fen for row in due) != max(missing, 0):
            steps += [Step("void", number, code=row.code) for row in due]
            if missing > 0:
                steps.append(Step("open", number, missing))
        if missing < 0:
            steps += _refunds(number, -missing, paid)
    return steps


def _refunds(number: int, fen: int, paid: Iterable[Instalment]) -> Iterable[Step]:
    for row in sorted(paid, key=lambda one: one.code):
        part = min(fen, row.held_fen)
        if part:
            yield Step("refund", number, part, row.code)
        fen -= part
