"""Rules of contract, work and disputes: pure. Periods are working days, amounts integer fen, days dates in Asia/Shanghai."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from market.kernel.calendar import Calendar
from market.kernel.errors import Forbidden, Invalid, Refusal, RuleBroken, WrongState
from market.kernel.money import Money
from market.kernel.words import N_
from market.orders.contract_text import Stage
from market.orders.states import MilestoneState, OrderState, Party

#: why the clock of a work stands
PAUSES: Mapping[str, str] = {
    "applicant": N_("Waiting for the buyer: papers or answers are missing"),
    "authority": N_("Waiting for the authority"),
    "access": N_("The site cannot be entered or worked on"),
    "other": N_("Another reason, said in words"),
}
#: why a result goes back
REWORKS: Mapping[str, str] = {
    "incomplete": N_("Something that was agreed is missing"),
    "wrong": N_("Facts, figures or places are wrong"),
    "norm": N_("It does not follow the standard or regulation"),
    "form": N_("Signature, seal or form is missing or wrong"),
    "authority": N_("The authority asked for a change"),
    "unreadable": N_("The files cannot be opened or read"),
}
#: how a dispute is decided
OUTCOMES: Mapping[str, str] = {
    "settle": N_("The work counts as done; the money is divided"),
    "end": N_("The order is called off; the money is divided"),
    "continue": N_("The work goes on; the money stays where it is"),
}
#: states in which something can be disputed
DISPUTABLE = (OrderState.FUNDED, OrderState.UNDER_WAY, OrderState.DELIVERED, OrderState.ACCEPTED)
#: states in which a contract can be amended
AMENDABLE = (OrderState.CONTRACTED, OrderState.FUNDED, OrderState.UNDER_WAY, OrderState.DELIVERED)
#: stages of which an amendment may change everything but the money once it is paid
OPEN_STAGES = (MilestoneState.WAITING, MilestoneState.UNDER_WAY)
MOST_STAGES = 12


def check_side(party: Party | None, *allowed: Party) -> None:
    """Refuse (`Forbidden`) an act that belongs to the other side."""
    if party not in allowed:
        raise Forbidden(
            N_("This step belongs to the other side of the order."),
            remedy=N_("The order page says what waits for whom."),
        )


def check_words(words: str, least: int, *, field: str = "words") -> None:
    """Refuse (`Invalid`) a reason that says less than `least` characters."""
    if len(words.strip()) < least:
        raise Invalid.field(
            field,
            N_("Please say it in at least %(least)s characters."),
            remedy=N_("The other side must be able to act on it."),
            least=least,
        )


# Clocks -----------------------------------------------------------------------------------------------------------------


def moved_by_pause(calendar: Calendar, due_on: date, began_on: date, ended_on: date) -> date:
    """The due day after a pause from `began_on` to `ended_on`: later by the working days after its first day through its last.

    What was left on the day when the clock stopped is left on the day when it goes on. Who still had that day itself has at
    least the day of return, or the working day after it.
    """
    stood = calendar.working_days_between(began_on, max(began_on, ended_on)).days
    moved = calendar.add_working_days(due_on, stood).day
    if due_on >= began_on and moved < ended_on:
        return calendar.next_working_day(ended_on).day
    return moved


def is_on_time(due_on: date | None, delivered_on: date) -> bool:
    """Handed over by the end of the due day."""
    return due_on is None or delivered_on <= due_on


# Amendments -------------------------------------------------------------------------------------------------------------


def check_amendable(state: OrderState) -> None:
    """Refuse (`WrongState`) to propose or to sign a change of the contract outside contract and work."""
    if state not in AMENDABLE:
        raise WrongState(
            N_("The contract cannot be changed at this stage."),
            remedy=N_("It can be changed from the contract until the last result is accepted, outside a dispute."),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage as it stands: what was agreed, whether its money is held, how far it is."""

    title: str
    days: int
    fen: int
    state: MilestoneState
    is_funded: bool

    @property
    def is_open(self) -> bool:
        """Not yet handed over."""
        return self.state in OPEN_STAGES


def check_amendment(
    now: Sequence[Standing], proposed: Sequence[Stage], *, low_fen: int | None, high_fen: int | None, binding: bool
) -> None:
    """Refuse an amendment that changes what is done or paid, leaves out a stage that has begun, or changes nothing.

    Stages count from the first; only the last ones may go, and only while they neither began nor are paid. `binding`: the
    price must stay within `low_fen` to `high_fen` of a binding standard.
    """
    if not 1 <= len(proposed) <= MOST_STAGES:
        raise RuleBroken(N_("A contract has 1 to %(most)s stages."), most=MOST_STAGES)
    for number, stage in enumerate(proposed, 1):
        if stage.days < 1 or stage.fen < 0:
            raise RuleBroken(N_("Stage %(number)s needs at least one working day."), number=number)
    for number, before in enumerate(now, 1):
        after = proposed[number - 1] if number <= len(proposed) else None
        if after is None:
            _check_left_out(number, before)
        else:
            _check_changed(number, before, after)
    same = [(one.title, one.days, one.fen) for one in now] == [(one.title, one.days, one.fen) for one in proposed]
    if same:
        raise RuleBroken(
            N_("This is what is agreed already."), remedy=N_("Change price, days or stages, or leave it as it is.")
        )
    price = sum(stage.fen for stage in proposed)
    low, high = low_fen or 0, high_fen if high_fen is not None else price
    if binding and not low <= price <= high:
        raise RuleBroken(
            N_("The new price is outside the binding price standard."),
            rule=N_("Price standard of this order"),
            remedy=N_("Propose a price within the standard."),
        )


def _check_left_out(number: int, before: Standing) -> None:
    if before.state is not MilestoneState.WAITING or before.is_funded:
        raise RuleBroken(
            N_("Stage %(number)s has begun or is paid, so it cannot be left out."),
            remedy=N_("Leave it in the contract, or call the order off."),
            number=number,
        )


def _check_changed(number: int, before: Standing, after: Stage) -> None:
    if not before.is_open and (before.title, before.days, before.fen) != (after.title, after.days, after.fen):
        raise RuleBroken(
            N_("Stage %(number)s is handed over, so it stays as it is."),
            rule=N_("Contract: what is done is not changed afterwards"),
            remedy=N_("Change later stages, or add one."),
            number=number,
        )
    if before.is_funded and before.fen != after.fen:
        raise RuleBroken(
            N_("Stage %(number)s is paid, so its amount stays as it is."),
            rule=N_("Contract: instalments change only where they are not paid"),
            remedy=N_("Put the difference into a later stage, or add one."),
            number=number,
        )


# Disputes ---------------------------------------------------------------------------------------------------------------


def check_claim(claim_fen: int, price_fen: int) -> None:
    """Refuse (`Invalid`, field "claim") a claim above the price."""
    if claim_fen > price_fen:
        raise Invalid.field(
            "claim",
            N_("The claim is above the price of the order."),
            remedy=N_("At most the price can be claimed here; for damage beyond it, go to court."),
        )


def check_decision(
    outcome: str, *, before: OrderState, held_fen: int, buyer_fen: int, vendor_fen: int, reasons: str, exact: bool
) -> None:
    """Refuse a decision that divides another sum than `held_fen` (what was paid for the order), gives no reasons, or lets go on
    what is finished. `exact` false (a chargeback took money away): it may divide less."""
    check_words(reasons, 20, field="reasons")
    if outcome not in OUTCOMES:
        raise Invalid.field("outcome", N_("Please choose one of the answers given."))
    if outcome == "continue":
        if before is OrderState.ACCEPTED:
            raise RuleBroken(
                N_("The work is accepted: there is nothing to go on with."),
                remedy=N_("Decide that it counts as done, with the money divided, or that the order is called off."),
            )
        return
    total = buyer_fen + vendor_fen
    if total > held_fen or (exact and total != held_fen):
        raise Invalid.field(
            "vendor",
            N_("The two amounts must add up to what was paid for the order: %(held)s."),
            held=str(Money(held_fen)),
        )


def text_refusal(why: str) -> Refusal:
    """What is said of a contract or an annex whose bytes are not those that were agreed: nobody may sign it."""
    return RuleBroken(
        why,
        rule=N_("Market rule: only whole and unchanged texts are signed"),
        remedy=N_("Nothing was signed. The operator was told; please try again later."),
    )
