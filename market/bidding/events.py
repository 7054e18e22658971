"""What can have happened to a tender. Codes, digests, days; never what a sealed bid says or who wrote a question."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TenderDrafted:
    """A need became a tender."""

    tender: str
    order: str
    method: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "order")


@dataclass(frozen=True, slots=True)
class TenderTermsSaved:
    """The buyer set the terms."""

    tender: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class TenderSubmitted:
    """The terms are final; the key holders give their public keys."""

    tender: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class TenderReturned:
    """Back to the buyer to be changed."""

    tender: str
    cause: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class HolderKeyGiven:
    """A key holder gave the public half of its key of a set, or (`published`) the private half."""

    tender: str
    key_set: str
    holder: str
    published: bool
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class TenderPublished:
    """The notice is out; `digest` of its canonical JSON."""

    tender: str
    order: str
    item: str
    district: str
    digest: str
    closes_at: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "order")


@dataclass(frozen=True, slots=True)
class TenderAmended:
    """Another notice holds from now on; `cause`: buyer, answer, extension."""

    tender: str
    digest: str
    closes_at: str
    cause: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Somebody asked about the notice; who it was is not said."""

    tender: str
    question: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "question")


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """The buyer answered, for all to read; `material`: the answer changes what a bid must be."""

    tender: str
    question: str
    material: bool
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "question")


@dataclass(frozen=True, slots=True)
class EnvelopeReceived:
    """A sealed envelope arrived in time. Inside the market alone; the public leaf says the digest and nothing else."""

    tender: str
    vendor: str | None
    part: str
    digest: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class TenderClosed:
    """Nobody comes in any more; `late_s`: seconds after the deadline."""

    tender: str
    envelopes: int
    late_s: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class ConnectionsFound:
    """Bidders that share a representative, a telephone or an address: they may reply until `reply_by`."""

    tender: str
    vendors: list[str]
    reply_by: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class ConnectionAnswered:
    """A bidder said how it stands to the others, or the operator decided (`excluded` or not)."""

    tender: str
    vendor: str | None
    excluded: bool | None
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class BidderExcluded:
    """A bidder does not count, for a reason of the list."""

    tender: str
    vendor: str
    reason: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class PoolFrozen:
    """The pool cannot change any more."""

    tender: str
    size: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class TenderOpened:
    """The envelopes of the first set are open."""

    tender: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class BidRevealed:
    """A bidder revealed its own bid, since key holders failed."""

    tender: str
    vendor: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class ExpertsNamed:
    """Who marks the bids: public numbers of the experts within the tender, no names."""

    tender: str
    experts: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class ExpertDeclared:
    """An expert declared ties (`conflict`), or none."""

    tender: str
    expert: str
    conflict: bool
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class BidMarked:
    """An expert marked a bid; the marks are public once locked."""

    tender: str
    expert: str
    vendor: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class ScoresLocked:
    """No mark changes any more."""

    tender: str
    digest: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class AuctionScheduled:
    """An auction begins at `starts`; `run` counts how often it had to begin anew."""

    tender: str
    starts: str
    run: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class AuctionMoved:
    """A valid move; the alias hides whose it is until the end."""

    tender: str
    alias: str
    price_fen: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender",)


@dataclass(frozen=True, slots=True)
class LowPriceAsked:
    """A bidder must explain a low price until `answer_by`."""

    tender: str
    vendor: str
    answer_by: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class LowPriceExplained:
    """It explained; or the buyer took the explanation or not (`accepted`)."""

    tender: str
    vendor: str
    accepted: bool | None
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class AwardProposed:
    """The result is public; objections may be raised until `standstill_until`."""

    tender: str
    vendor: str
    price_fen: int | None
    standstill_until: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class ObjectionRaised:
    """Somebody objects to the selection: nothing is awarded until it is answered (`answer_by`)."""

    tender: str
    objection: str
    answer_by: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "objection")


@dataclass(frozen=True, slots=True)
class ObjectionAnswered:
    """The buyer answered an objection; `upheld`: what was objected to is put right."""

    tender: str
    objection: str
    upheld: bool
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "objection")


@dataclass(frozen=True, slots=True)
class AwardWithdrawn:
    """The proposed winner is out; the next of the ranking follows."""

    tender: str
    vendor: str
    reason: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "vendor")


@dataclass(frozen=True, slots=True)
class TenderAwarded:
    """The vendor has it: `orders` goes on with the contract."""

    tender: str
    order: str
    vendor: str
    price_fen: int
    days: int
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "order", "vendor")


@dataclass(frozen=True, slots=True)
class TenderFailed:
    """Nobody has it; `cause`: too_few, none_valid, keys, withdrawn."""

    tender: str
    order: str
    cause: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "order")


@dataclass(frozen=True, slots=True)
class TenderCancelled:
    """The buyer called it off, with a public reason."""

    tender: str
    order: str
    cause: str
    ABOUT: ClassVar[tuple[str, ...]] = ("tender", "order")
