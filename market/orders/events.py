"""What can have happened to orders. Money in integer fen; `order` and all other references are public codes."""

from dataclasses import dataclass
from typing import ClassVar

# The need ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderBegun:
    """A buyer began an order, perhaps from a government matter; `kind` of buyer: citizen, firm, public_body."""

    ABOUT: ClassVar = ("order",)
    order: str
    kind: str
    item: str | None
    matter: str | None


@dataclass(frozen=True, slots=True)
class OrderStepSaved:
    """A step (1 to 5) of an order was saved."""

    ABOUT: ClassVar = ("order",)
    order: str
    step: int


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """A buyer placed an order on one offer at a price; the vendor answers by `due_at`. `fund`: private or fiscal."""

    ABOUT: ClassVar = ("order", "vendor", "listing")
    order: str
    vendor: str
    listing: str
    item: str
    price_fen: int
    due_at: str


@dataclass(frozen=True, slots=True)
class OrderSubmitted:
    """An order waits for an operator's look before anybody is asked, since it may be part of a split need."""

    ABOUT: ClassVar = ("order",)
    order: str
    due_at: str


@dataclass(frozen=True, slots=True)
class OrderCleared:
    """An operator found the reason for several orders sufficient."""

    ABOUT: ClassVar = ("order",)
    order: str


@dataclass(frozen=True, slots=True)
class OrderReturned:
    """The order is a draft again. `cause`: declined, lapsed (no answer in the term), unsigned, review, changed_mind,
    objection (of the regulator to a clause)."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class OrderStopped:
    """The regulator objects to a clause of the published need (`notice`): nobody confirms or signs; the buyer changes it by
    `due_at`, or the order comes back to him."""

    ABOUT: ClassVar = ("order", "vendor", "notice")
    order: str
    vendor: str | None
    notice: str
    due_at: str


@dataclass(frozen=True, slots=True)
class OrderResumed:
    """The objection was withdrawn: what was waited for before is waited for until `due_at`."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str | None
    due_at: str


@dataclass(frozen=True, slots=True)
class OrderAwarded:
    """A vendor has the order: it confirmed, or a selection ended. `way`: direct, draw, price, best_value, ..."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    item: str
    price_fen: int
    way: str


@dataclass(frozen=True, slots=True)
class OrderFailed:
    """The order came to nothing. `cause`: unsigned, unpaid, no_vendor, vendor_gone."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """Called off by `party` (buyer, vendor, market). Of what is held, `vendor_fen` is the vendor's share for work or trouble."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str | None
    party: str
    state_before: str
    vendor_fen: int


@dataclass(frozen=True, slots=True)
class DraftForgotten:
    """A draft nobody touched for its term was ended."""

    ABOUT: ClassVar = ("order",)
    order: str


# The contract -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContractOffered:
    """A contract (or an amendment: `number` above 1) lies ready for signature; `digest` is SHA-256 of its canonical JSON."""

    ABOUT: ClassVar = ("order", "contract", "vendor")
    order: str
    contract: str
    vendor: str
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class ContractSigned:
    """One side signed the digest. `method`: account_key, qualified, paper."""

    ABOUT: ClassVar = ("order", "contract", "vendor")
    order: str
    contract: str
    vendor: str
    party: str
    digest: str
    key: str | None
    signature: str | None
    method: str


@dataclass(frozen=True, slots=True)
class ContractConcluded:
    """Both sides signed: it binds. `instalments`: fen by milestone number, 1 first; the buyer pays them into escrow."""

    ABOUT: ClassVar = ("order", "contract", "vendor")
    order: str
    contract: str
    vendor: str
    number: int
    digest: str
    price_fen: int
    instalments: list[int]
    pay_by: str


@dataclass(frozen=True, slots=True)
class ContractDropped:
    """A contract or amendment was not signed; what was in force before stays so."""

    ABOUT: ClassVar = ("order", "contract", "vendor")
    order: str
    contract: str
    vendor: str
    cause: str


# The work ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderFunded:
    """The money that the next stage needs is held."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str


@dataclass(frozen=True, slots=True)
class OrderUnfunded:
    """The bank took the money back before the work began; the buyer is asked to pay again."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str


@dataclass(frozen=True, slots=True)
class WorkStarted:
    """Work on a milestone began; it is due by the end of `due_on`."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    milestone: int
    due_on: str


@dataclass(frozen=True, slots=True)
class WorkPaused:
    """The clock stands. `cause`: applicant, authority, access, other (said in words on the order page)."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    cause: str


@dataclass(frozen=True, slots=True)
class WorkResumed:
    """The clock goes on; the due day moved by the working days of the pause."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    due_on: str


@dataclass(frozen=True, slots=True)
class ExtensionAsked:
    """The vendor asks for more working days."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    days: int


@dataclass(frozen=True, slots=True)
class ExtensionAnswered:
    """The buyer agreed to more working days, or not."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    agreed: bool
    due_on: str


@dataclass(frozen=True, slots=True)
class WorkDelivered:
    """A milestone's result was handed over: digests of its files; `on_time` against the due day. `final`: the last one."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    item: str
    milestone: int
    round: int
    digests: list[str]
    on_time: bool
    final: bool


@dataclass(frozen=True, slots=True)
class ReworkAsked:
    """The buyer refused a result with reasons; it is due again by the end of `due_on`."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    milestone: int
    due_on: str


@dataclass(frozen=True, slots=True)
class AcceptanceReminded:
    """The buyer was reminded that a result waits; after the second reminder it counts as accepted when the term ends."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    reminder: int


@dataclass(frozen=True, slots=True)
class MilestoneAccepted:
    """A milestone was accepted, by the buyer or (`by_lapse`) by the end of the term: its instalment goes to the vendor."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    milestone: int
    fen: int
    by_lapse: bool
    final: bool


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """The whole result was accepted. `first_pass`: without any rework; `on_time`: no milestone was late."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str
    item: str
    price_fen: int
    first_pass: bool
    on_time: bool


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """Nothing is owed any more on either side."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str


@dataclass(frozen=True, slots=True)
class OrderMessageSent:
    """One side wrote to the other; the text stays on the order page."""

    ABOUT: ClassVar = ("order", "vendor")
    order: str
    vendor: str | None
    party: str


@dataclass(frozen=True, slots=True)
class ResultOffered:
    """The delivered result was handed to the approving department's system."""

    ABOUT: ClassVar = ("order",)
    order: str
    receipt: str


# Disputes ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """One side (`party`; market: a chargeback) disputes; releases wait. `claim_fen`: what it wants of what is held."""

    ABOUT: ClassVar = ("order", "dispute", "vendor")
    order: str
    dispute: str
    vendor: str
    party: str
    claim_fen: int


@dataclass(frozen=True, slots=True)
class DisputeAnswered:
    """The other side, or the operator, wrote to the dispute."""

    ABOUT: ClassVar = ("order", "dispute", "vendor")
    order: str
    dispute: str
    vendor: str
    party: str


@dataclass(frozen=True, slots=True)
class DisputeWithdrawn:
    """Who opened it took it back; the order goes on where it stood."""

    ABOUT: ClassVar = ("order", "dispute", "vendor")
    order: str
    dispute: str
    vendor: str


@dataclass(frozen=True, slots=True)
class DisputeDecided:
    """The operator decided with reasons. `outcome`: settle (done; money split), end (called off; money split), continue.

    `buyer_fen` and `vendor_fen` divide all that the order holds and has released so far; money follows the decision.
    """

    ABOUT: ClassVar = ("order", "dispute", "vendor")
    order: str
    dispute: str
    vendor: str
    outcome: str
    buyer_fen: int
    vendor_fen: int


@dataclass(frozen=True, slots=True)
class OrderRead:
    """An official read an order in duty."""

    ABOUT: ClassVar = ("order",)
    order: str
