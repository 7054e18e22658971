"""The words for states, ways of selection and what is waited for: message ids, translated where they are shown."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from market.kernel.words import N_
from market.orders.models import PaperSource
from market.orders.rules import BuyerKind, Fund, PaymentPlan, Way
from market.orders.states import OrderState

STATES: Mapping[OrderState, str] = {
    OrderState.DRAFT: N_("draft order"),
    OrderState.IN_REVIEW: N_("being looked at"),
    OrderState.SELECTING: N_("vendor asked"),
    OrderState.AWARDED: N_("contract to be signed"),
    OrderState.CONTRACTED: N_("to be paid"),
    OrderState.FUNDED: N_("money held"),
    OrderState.UNDER_WAY: N_("work under way"),
    OrderState.DELIVERED: N_("result handed over"),
    OrderState.ACCEPTED: N_("result accepted"),
    OrderState.CLOSED: N_("order closed"),
    OrderState.DISPUTED: N_("disputed"),
    OrderState.CANCELLED: N_("called off"),
    OrderState.FAILED: N_("came to nothing"),
}
WAYS: Mapping[Way, tuple[str, str]] = {
    Way.DIRECT: (N_("Direct choice"), N_("You choose one offer; its vendor confirms within two working days.")),
    Way.DRAW: (N_("Draw"), N_("One of those who signed up is drawn; anybody can check the draw.")),
    Way.PRICE: (N_("Lowest price"), N_("Sealed prices; the lowest valid one wins.")),
    Way.BEST_VALUE: (N_("Best value"), N_("Plan and price are scored by weights that are published before.")),
    Way.AUCTION: (N_("Reverse auction"), N_("Prices go down in open rounds.")),
    Way.MERIT_DRAW: (N_("Draw by credit"), N_("A draw among those above a published line of credit.")),
}
GROUPS: Mapping[str, str] = {
    "": N_("All"),
    "drafts": N_("Drafts"),
    "choosing": N_("Before the contract"),
    "work": N_("At work"),
    "done": N_("Done"),
    "ended": N_("Called off"),
}
WAITS: Mapping[str, str] = {
    "confirm": N_("the vendor's answer"),
    "review": N_("the operator's look"),
    "amend": N_("the clause to be changed"),
    "sign": N_("a signature"),
    "pay": N_("the payment"),
    "start": N_("the start of the work"),
    "deliver": N_("the result"),
    "resume": N_("what stopped the clock"),
    "accept": N_("acceptance"),
    "decide": N_("the operator's decision"),
    "close": N_("the end of the time for disputes"),
}
ANSWERS: Mapping[str, str] = {
    "waiting": N_("waiting for an answer"),
    "confirmed": N_("confirmed"),
    "declined": N_("declined"),
    "lapsed": N_("did not answer in time"),
    "taken_back": N_("taken back by the buyer"),
}
FUNDS: Mapping[Fund, str] = {Fund.PRIVATE: N_("our own money"), Fund.FISCAL: N_("fiscal money")}
BUYERS: Mapping[BuyerKind, str] = {
    BuyerKind.CITIZEN: N_("a citizen"),
    BuyerKind.FIRM: N_("a firm"),
    BuyerKind.PUBLIC_BODY: N_("a public body"),
}
PAPERS: Mapping[PaperSource, str] = {
    PaperSource.BUYER: N_("you bring it"),
    PaperSource.HUB: N_("the city holds it"),
    PaperSource.RESULT: N_("result of a service"),
}
PLANS: Mapping[PaymentPlan, str] = {
    PaymentPlan.WHOLE: N_("The whole sum at once"),
    PaymentPlan.MILESTONES: N_("By milestones"),
}

#: how sure a figure's source is
MARKS: Mapping[str, str] = {
    "C": N_("confirmed in the source"),
    "C2": N_("confirmed in a secondary source"),
    "M": N_("from memory, no source found"),
    "D": N_("a choice of this market"),
}


def reason_words(reason: Mapping[str, Any] | None) -> str:
    """Why an order came back or ended, in the reader's language with its parameters; empty for none."""
    text, params = (reason.get("text", ""), reason.get("params") or {}) if reason is not None else ("", {})
    return (gettext(text, **params) if params else gettext(text)) if text else ""
