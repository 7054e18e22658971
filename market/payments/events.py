"""What can have happened to money. Integer fen; references are public codes."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class InstalmentDue:
    """The buyer owes instalment `number` of an order by `pay_by`."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    number: int
    fen: int
    pay_by: str


@dataclass(frozen=True, slots=True)
class PaymentBegun:
    """The buyer went to the gateway with an instalment; `method`: card, wallet, invoice."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    method: str
    fen: int


@dataclass(frozen=True, slots=True)
class CheckoutOpened:
    """The gateway has a page on which the buyer can pay."""

    ABOUT: ClassVar = ("order", "payment", "checkout")
    order: str
    payment: str
    checkout: str


@dataclass(frozen=True, slots=True)
class PaymentGivenUp:
    """The buyer does not go on with a payment that was begun; the gateway says whether that was in time."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str


@dataclass(frozen=True, slots=True)
class PaymentHeld:
    """The money of an instalment is in escrow: once per payment. `method` as in PaymentBegun."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    number: int
    fen: int
    method: str


@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """The gateway refused, or the buyer gave up; the instalment is still due. `cause` is the gateway's code."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    cause: str


@dataclass(frozen=True, slots=True)
class PaymentVoided:
    """The instalment is owed no longer: the order was called off or failed before it was paid."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str


@dataclass(frozen=True, slots=True)
class MoneyReleased:
    """Escrow went to the vendor's balance: `fen` in all, `fee_fen` of it kept as the platform's fee."""

    ABOUT: ClassVar = ("order", "payment", "vendor")
    order: str
    payment: str
    vendor: str
    fen: int
    fee_fen: int


@dataclass(frozen=True, slots=True)
class RefundBegun:
    """Money is on its way back to the buyer. `cause`: cancelled, dispute, late, chargeback_won, officer."""

    ABOUT: ClassVar = ("order", "payment", "refund")
    order: str
    payment: str
    refund: str
    fen: int
    cause: str


@dataclass(frozen=True, slots=True)
class RefundDone:
    """The gateway gave the money back."""

    ABOUT: ClassVar = ("order", "payment", "refund")
    order: str
    payment: str
    refund: str
    fen: int


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The gateway could not give it back; an officer sees it with the reason."""

    ABOUT: ClassVar = ("order", "payment", "refund")
    order: str
    payment: str
    refund: str
    cause: str


@dataclass(frozen=True, slots=True)
class PayoutBegun:
    """A vendor's balance is on its way to its bank account."""

    ABOUT: ClassVar = ("payout", "vendor")
    payout: str
    vendor: str
    fen: int


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """The bank took the payout."""

    ABOUT: ClassVar = ("payout", "vendor")
    payout: str
    vendor: str
    fen: int


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """The bank returned the payout: the earning is due again, and nothing goes to that account before it was corrected."""

    ABOUT: ClassVar = ("payout", "vendor")
    payout: str
    vendor: str
    fen: int
    cause: str


@dataclass(frozen=True, slots=True)
class PayoutAccountSet:
    """A vendor's account for payouts was opened or corrected at the gateway; `ready`: payouts can go there."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    ready: bool


@dataclass(frozen=True, slots=True)
class BankAccountSet:
    """A vendor named the bank account to which the market transfers what public bodies paid by transfer."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str


@dataclass(frozen=True, slots=True)
class MoneyFrozen:
    """A dispute holds an order's money still (`frozen`), or does no longer."""

    ABOUT: ClassVar = ("order",)
    order: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class ChargebackOpened:
    """The buyer's bank took a payment back; what is held or not yet paid out is stopped."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    fen: int


@dataclass(frozen=True, slots=True)
class ChargebackClosed:
    """The bank decided: `won` means that the money came back to escrow."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    won: bool
    fen: int


@dataclass(frozen=True, slots=True)
class ClawbackBegun:
    """An earning is taken back: cut before it left, or (`sent`) asked back from the vendor."""

    ABOUT: ClassVar = ("order", "payment", "payout", "vendor")
    order: str
    payment: str
    payout: str
    vendor: str
    fen: int
    sent: bool


@dataclass(frozen=True, slots=True)
class ClawbackDone:
    """What a vendor had to give back is back."""

    ABOUT: ClassVar = ("order", "payment", "payout", "vendor")
    order: str
    payment: str
    payout: str
    vendor: str
    fen: int


@dataclass(frozen=True, slots=True)
class ClawbackFailed:
    """The gateway could not take it back; an officer sees it with the reason."""

    ABOUT: ClassVar = ("order", "payment", "payout", "vendor")
    order: str
    payment: str
    payout: str
    vendor: str
    fen: int
    cause: str


@dataclass(frozen=True, slots=True)
class TransferRecorded:
    """An officer recorded a bank transfer for an invoice; a second officer must confirm it before it counts."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    fen: int


@dataclass(frozen=True, slots=True)
class TransferConfirmed:
    """A second officer found the transfer on the bank statement: it counts."""

    ABOUT: ClassVar = ("order", "payment", "transfer")
    order: str
    payment: str
    transfer: str
    fen: int


@dataclass(frozen=True, slots=True)
class TransferRejected:
    """A second officer did not find it: nothing was done."""

    ABOUT: ClassVar = ("order", "payment", "transfer")
    order: str
    payment: str
    transfer: str
    fen: int


@dataclass(frozen=True, slots=True)
class InvoiceAsked:
    """A public body asked for an invoice of an instalment; `fen` are to come by bank transfer under the payment's code."""

    ABOUT: ClassVar = ("order", "payment")
    order: str
    payment: str
    fen: int


@dataclass(frozen=True, slots=True)
class AccountsSettled:
    """Nothing of an order is held, on its way or owed any more: `paid_fen` came in, the rest says where it went."""

    ABOUT: ClassVar = ("order",)
    order: str
    paid_fen: int
    vendor_fen: int
    fee_fen: int
    refunded_fen: int


@dataclass(frozen=True, slots=True)
class DifferenceFound:
    """The reconciliation found that gateway and ledger differ; `kind` names how, both figures in fen."""

    ABOUT: ClassVar = ("difference",)
    difference: str
    kind: str
    ours_fen: int
    theirs_fen: int


@dataclass(frozen=True, slots=True)
class DifferenceSettled:
    """A difference was mended (`how`) by the run itself or by an officer with a reason."""

    ABOUT: ClassVar = ("difference",)
    difference: str
    how: str


@dataclass(frozen=True, slots=True)
class EventsArranged:
    """The gateway was told where to send its events, or that it knows already."""

    ABOUT: ClassVar = ()
    gateway: str
    endpoints: int


@dataclass(frozen=True, slots=True)
class LedgerCompared:
    """Gateway and ledger were compared: so many things, so many differences, of which `mended` by the run itself."""

    ABOUT: ClassVar = ()
    gateway: str
    compared: int
    differences: int
    mended: int
