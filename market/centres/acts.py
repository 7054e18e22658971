"""Which act of a consent covers what can happen in a citizen's name. Every event that counter staff cause first-hand stands
here; one that does not is refused: paying, signing with a key and rating are the citizen's own.
"""

from collections.abc import Mapping
from typing import Any

from market.accounts import events as accounts
from market.centres import events as centres
from market.centres.states import Act
from market.documents import events as documents
from market.orders import events as orders

COVERED: Mapping[type, Act] = {
    # looking
    orders.OrderRead: Act.SEE,
    documents.DocumentRead: Act.SEE,
    centres.OrderShownAtCounter: Act.SEE,
    centres.ReadBackShown: Act.SEE,
    centres.ReadBackConfirmed: Act.SEE,
    centres.ReadBackDropped: Act.SEE,
    centres.ReadBackDone: Act.SEE,
    centres.PickupCodeMade: Act.SEE,
    # a need, from its beginning to its end
    orders.OrderBegun: Act.ORDER,
    orders.OrderStepSaved: Act.ORDER,
    orders.OrderPlaced: Act.ORDER,
    orders.OrderSubmitted: Act.ORDER,
    orders.OrderReturned: Act.ORDER,
    orders.OrderCancelled: Act.ORDER,
    # papers
    documents.DocumentGiven: Act.DOCUMENTS,
    documents.DocumentAttached: Act.DOCUMENTS,
    documents.DocumentRemoved: Act.DOCUMENTS,
    documents.ConsentGiven: Act.DOCUMENTS,
    documents.ConsentWithdrawn: Act.DOCUMENTS,
    documents.DocumentFetched: Act.DOCUMENTS,
    documents.DocumentNotHeld: Act.DOCUMENTS,
    documents.SlipMade: Act.DOCUMENTS,
    # what the citizen says of a result
    orders.MilestoneAccepted: Act.ACCEPT,
    orders.ReworkAsked: Act.ACCEPT,
    orders.ExtensionAnswered: Act.ACCEPT,
    orders.DisputeOpened: Act.ACCEPT,
    orders.DisputeAnswered: Act.ACCEPT,
    orders.DisputeWithdrawn: Act.ACCEPT,
    # words to the vendor
    orders.OrderMessageSent: Act.MESSAGES,
    # places
    centres.BookingMade: Act.BOOK,
    centres.BookingCancelled: Act.BOOK,
}

#: what those acts bring with them in the same operation, and what belongs to the visit itself
FOLLOWS: frozenset[type] = frozenset(
    {
        orders.ContractConcluded, orders.WorkStarted, orders.WorkResumed, orders.OrderFunded, orders.OrderAccepted,
        orders.OrderClosed, documents.ReadersChanged, documents.DocumentsBound, documents.DocumentsEnded,
        centres.CounterSessionEnded, centres.CitizenIdentified, centres.CounterConsentGiven, centres.CounterConsentWithdrawn,
        centres.ScreenOpened, accounts.PersonRegistered, accounts.ClaimCodePrinted,
    }
)  # fmt: skip

#: deeds that are done only when they were read back and found right: event -> deed (states.Deed)
READ_BACK_FIRST: Mapping[type, str] = {
    orders.OrderPlaced: "place",
    orders.OrderSubmitted: "place",
    orders.MilestoneAccepted: "accept",
    orders.ReworkAsked: "rework",
}


def act_for(event: Any) -> Act | None:
    """The act that covers `event`, None when no consent can. A contract is signed at a counter on paper only, by the citizen in
    person, so looking is what the clerk does there."""
    if isinstance(event, orders.ContractSigned):
        return Act.SEE if event.method == "paper" else None
    return COVERED.get(type(event))
