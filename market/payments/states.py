"""The life of an instalment, of a visit to the gateway, of a refund, a payout, a clawback, a chargeback; pure tables."""

from collections.abc import Mapping
from enum import StrEnum


class PaymentState(StrEnum):
    """Where an instalment stands. `taken_back`: the buyer's bank took the money back and has not decided yet."""

    DUE = "due"
    BEGUN = "begun"
    HELD = "held"
    RELEASED = "released"
    REFUNDED = "refunded"
    TAKEN_BACK = "taken_back"
    VOID = "void"


P = PaymentState

PAYMENT_TRANSITIONS: Mapping[tuple[PaymentState, str], PaymentState] = {
    # the buyer goes to the gateway; what comes to nothing is due again
    (P.DUE, "begin"): P.BEGUN,
    (P.BEGUN, "refuse"): P.DUE,
    # the money is here: by card, late after a visit that was given up, or by bank transfer
    (P.BEGUN, "hold"): P.HELD,
    (P.DUE, "hold"): P.HELD,
    # owed no longer
    (P.DUE, "void"): P.VOID,
    (P.BEGUN, "void"): P.VOID,
    # nothing of it is held any more: the vendor has a part of it or all, or all went back
    (P.HELD, "release"): P.RELEASED,
    (P.HELD, "refund"): P.REFUNDED,
    # taken out of the vendor's earnings again
    (P.RELEASED, "refund"): P.REFUNDED,
    (P.RELEASED, "claw_back"): P.HELD,
    # the buyer's bank
    (P.HELD, "take_back"): P.TAKEN_BACK,
    (P.RELEASED, "take_back"): P.TAKEN_BACK,
    (P.TAKEN_BACK, "win_held"): P.HELD,
    (P.TAKEN_BACK, "win_released"): P.RELEASED,
    (P.TAKEN_BACK, "lose"): P.REFUNDED,
}

#: states in which an instalment can still bring money or holds some
LIVE = frozenset({P.DUE, P.BEGUN, P.HELD, P.RELEASED, P.TAKEN_BACK})
#: states in which it waits for the buyer
PAYABLE = frozenset({P.DUE, P.BEGUN})


class CheckoutState(StrEnum):
    """A visit to the gateway: asked for, open to the buyer, succeeded, or refused (declined for good, run out, given up)."""

    ASKED = "asked"
    OPEN = "open"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"


CHECKOUT_TRANSITIONS: Mapping[tuple[CheckoutState, str], CheckoutState] = {
    (CheckoutState.ASKED, "open"): CheckoutState.OPEN,
    (CheckoutState.ASKED, "succeed"): CheckoutState.SUCCEEDED,
    (CheckoutState.ASKED, "refuse"): CheckoutState.REFUSED,
    (CheckoutState.OPEN, "succeed"): CheckoutState.SUCCEEDED,
    (CheckoutState.OPEN, "refuse"): CheckoutState.REFUSED,
    # the gateway took the money although we had given the visit up
    (CheckoutState.REFUSED, "succeed"): CheckoutState.SUCCEEDED,
}

OPEN_CHECKOUTS = frozenset({CheckoutState.ASKED, CheckoutState.OPEN})


class RefundState(StrEnum):
    """Money on its way back: begun, done, or failed until an officer begins it again. `waiting`: for a clawback."""

    WAITING = "waiting"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


REFUND_TRANSITIONS: Mapping[tuple[RefundState, str], RefundState] = {
    (RefundState.WAITING, "begin"): RefundState.BEGUN,
    (RefundState.BEGUN, "finish"): RefundState.DONE,
    (RefundState.BEGUN, "fail"): RefundState.FAILED,
    # a bank may return what it took: the gateway says failed after it said done
    (RefundState.DONE, "fail"): RefundState.FAILED,
    (RefundState.FAILED, "finish"): RefundState.DONE,
    (RefundState.FAILED, "begin_again"): RefundState.BEGUN,
}


class PayoutState(StrEnum):
    """A vendor's earning: due, on its way, paid, returned by the bank, or dropped since it was taken back before it went."""

    DUE = "due"
    BEGUN = "begun"
    PAID = "paid"
    RETURNED = "returned"
    DROPPED = "dropped"


PAYOUT_TRANSITIONS: Mapping[tuple[PayoutState, str], PayoutState] = {
    (PayoutState.DUE, "begin"): PayoutState.BEGUN,
    (PayoutState.DUE, "drop"): PayoutState.DROPPED,
    (PayoutState.RETURNED, "drop"): PayoutState.DROPPED,
    (PayoutState.BEGUN, "pay"): PayoutState.PAID,
    (PayoutState.BEGUN, "return"): PayoutState.RETURNED,
    # the bank may still return what it took
    (PayoutState.PAID, "return"): PayoutState.RETURNED,
    # only after the account was corrected
    (PayoutState.RETURNED, "begin_again"): PayoutState.BEGUN,
}


class ClawbackState(StrEnum):
    """Taking money back that a vendor had already: begun, done, or failed until an officer begins it again."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


CLAWBACK_TRANSITIONS: Mapping[tuple[ClawbackState, str], ClawbackState] = {
    (ClawbackState.BEGUN, "finish"): ClawbackState.DONE,
    (ClawbackState.BEGUN, "fail"): ClawbackState.FAILED,
    (ClawbackState.FAILED, "begin_again"): ClawbackState.BEGUN,
}


class ChargebackState(StrEnum):
    """A payment that the buyer's bank took back: open, won by the market's side, or lost."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


CHARGEBACK_TRANSITIONS: Mapping[tuple[ChargebackState, str], ChargebackState] = {
    (ChargebackState.OPEN, "win"): ChargebackState.WON,
    (ChargebackState.OPEN, "lose"): ChargebackState.LOST,
}


class TransferState(StrEnum):
    """A bank transfer that one officer recorded: another one confirms it or says that it is not there."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


TRANSFER_TRANSITIONS: Mapping[tuple[TransferState, str], TransferState] = {
    (TransferState.RECORDED, "confirm"): TransferState.CONFIRMED,
    (TransferState.RECORDED, "reject"): TransferState.REJECTED,
}


class DifferenceState(StrEnum):
    """What the reconciliation found: before an officer, mended by the run, or settled by an officer with a reason."""

    OPEN = "open"
    MENDED = "mended"
    SETTLED = "settled"


DIFFERENCE_TRANSITIONS: Mapping[tuple[DifferenceState, str], DifferenceState] = {
    (DifferenceState.OPEN, "mend"): DifferenceState.MENDED,
    (DifferenceState.OPEN, "settle"): DifferenceState.SETTLED,
}


class EventState(StrEnum):
    """An event of the gateway: stored, applied, without effect (known already or out of date), or about nothing of ours."""

    STORED = "stored"
    APPLIED = "applied"
    NO_EFFECT = "no_effect"
    NOT_OURS = "not_ours"


EVENT_TRANSITIONS: Mapping[tuple[EventState, str], EventState] = {
    (EventState.STORED, "apply"): EventState.APPLIED,
    (EventState.STORED, "pass"): EventState.NO_EFFECT,
    (EventState.STORED, "leave"): EventState.NOT_OURS,
}
