"""Words for what centres keep as codes; message ids in English."""

from market.centres.states import Act, BookingState, ConfirmedHow, ConsentHow, Deed, Outcome, Visit
from market.kernel.actor import Channel
from market.kernel.words import N_

VISITS = {
    Visit.ORDER: N_("order, or go on with an order"),
    Visit.PAPERS: N_("hand in papers"),
    Visit.RESULT: N_("look at a result and answer it"),
    Visit.ADVICE: N_("ask for advice"),
}
BOOKING_STATES = {
    BookingState.BOOKED: N_("booked"),
    BookingState.KEPT: N_("you were there"),
    BookingState.MISSED: N_("not used"),
    BookingState.CANCELLED: N_("cancelled"),
}
OUTCOMES = {
    Outcome.DONE: N_("done"),
    Outcome.GOES_ON_ONLINE: N_("the citizen goes on online"),
    Outcome.PAPERS_MISSING: N_("papers are missing"),
    Outcome.APPOINTMENT: N_("over to an appointment"),
    Outcome.ADVICE_ONLY: N_("advice only"),
    Outcome.LEFT: N_("the citizen left"),
    Outcome.ABANDONED: N_("nobody ended it"),
}
ACTS = {
    Act.SEE: N_("look at the orders"),
    Act.ORDER: N_("begin, fill in, place and call off orders"),
    Act.DOCUMENTS: N_("hand in papers, and fetch those that the city holds"),
    Act.ACCEPT: N_("answer a result: accept, send back, dispute"),
    Act.MESSAGES: N_("write to the vendor"),
    Act.BOOK: N_("book and cancel places"),
}
CONSENT_HOW = {
    ConsentHow.SIGNATURE_PAD: N_("signed on the pad"),
    ConsentHow.PAPER: N_("signed on paper"),
    ConsentHow.SPOKEN: N_("said before a witness"),
}
CONFIRMED_HOW = {
    ConfirmedHow.SCREEN: N_("on the second screen"),
    ConfirmedHow.SIGNATURE_PAD: N_("signed on the pad"),
    ConfirmedHow.PAPER: N_("signed on paper"),
}
DEEDS = {
    Deed.PLACE: N_("Place the order"),
    Deed.ACCEPT: N_("Accept the result"),
    Deed.REWORK: N_("Send the result back"),
    Deed.MESSAGE: N_("Write to the vendor"),
}
CHANNELS = {
    Channel.WEB: N_("web"),
    Channel.API: N_("programs"),
    Channel.COUNTER: N_("counter"),
    Channel.KIOSK: N_("kiosk"),
    Channel.COMMAND: N_("command"),
    Channel.JOB: N_("the market itself"),
}
WEEKDAYS = {
    1: N_("Monday"), 2: N_("Tuesday"), 3: N_("Wednesday"), 4: N_("Thursday"), 5: N_("Friday"), 6: N_("Saturday"), 7: N_("Sunday"),
}  # fmt: skip
KINDS = {
    "city-hall": N_("city hall"),
    "hall": N_("district hall"),
    "township": N_("town centre"),
    "community": N_("community station"),
}
SERVICES = {
    "window": N_("counter"),
    "helper": N_("help and errands"),
    "self-service": N_("self-service kiosk, 24 hours"),
    "appeal-window": N_("window for what did not work elsewhere"),
}
#: what is done at a counter, as the citizen reads it in “done in my name”
EVENTS = {
    "OrderBegun": N_("began an order"),
    "OrderStepSaved": N_("filled in a step of the order"),
    "OrderPlaced": N_("placed the order"),
    "OrderSubmitted": N_("placed the order; an operator looks at it first"),
    "OrderReturned": N_("took the order back"),
    "OrderCancelled": N_("called the order off"),
    "OrderRead": N_("looked at the order"),
    "OrderShownAtCounter": N_("opened the order"),
    "OrderMessageSent": N_("wrote to the vendor"),
    "DocumentRead": N_("opened a file"),
    "DocumentGiven": N_("handed in a file"),
    "DocumentAttached": N_("put a file to the order"),
    "DocumentRemoved": N_("took a file out"),
    "ConsentGiven": N_("noted your consent to fetch a paper from the city"),
    "ConsentWithdrawn": N_("ended a consent to fetch a paper"),
    "DocumentFetched": N_("fetched a paper that the city holds"),
    "DocumentNotHeld": N_("asked the city for a paper that it does not hold"),
    "MilestoneAccepted": N_("accepted a result"),
    "OrderAccepted": N_("accepted the whole work"),
    "ReworkAsked": N_("sent a result back"),
    "ExtensionAnswered": N_("answered a request for more time"),
    "DisputeOpened": N_("opened a dispute"),
    "DisputeAnswered": N_("answered in a dispute"),
    "DisputeWithdrawn": N_("withdrew a dispute"),
    "ContractSigned": N_("took down your signature on paper"),
    "ContractConcluded": N_("the contract was concluded"),
    "BookingMade": N_("booked a place"),
    "BookingCancelled": N_("cancelled a place"),
    "SlipMade": N_("printed a slip for papers"),
    "PickupCodeMade": N_("printed a pick-up code"),
    "ReadBackShown": N_("read back to you what was to be done"),
    "ReadBackConfirmed": N_("noted that you found it right"),
    "ReadBackDone": N_("did what you had found right"),
    "ReadBackDropped": N_("put away what was shown"),
    "CounterSessionEnded": N_("ended the visit"),
    "CitizenIdentified": N_("noted who you are"),
    "CounterConsentGiven": N_("took down your consent"),
    "CounterConsentWithdrawn": N_("ended your consent"),
    # what followed by itself
    "ClaimCodePrinted": N_("printed a code with which you take your account over"),
    "PersonRegistered": N_("took you on with name and number"),
    "ScreenOpened": N_("opened the second screen"),
    "WorkStarted": N_("the work began"),
    "WorkResumed": N_("the work went on"),
    "OrderFunded": N_("the money of the next stage was there"),
    "OrderClosed": N_("the order was closed"),
    "ReadersChanged": N_("who may read a file was settled"),
    "DocumentsBound": N_("files were put to the order"),
    "DocumentsEnded": N_("files of the order were put away"),
}
