"""What can have happened to ratings and credit; references are public codes."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RatingGiven:
    """One side rated an order. `party`: buyer (of the vendor), vendor (of the buyer, never public). Hidden until revealed."""

    ABOUT: ClassVar = ("order", "rating")
    order: str
    rating: str
    party: str


@dataclass(frozen=True, slots=True)
class RatingCorrected:
    """Its author corrected a rating before it was revealed."""

    ABOUT: ClassVar = ("order", "rating")
    order: str
    rating: str


@dataclass(frozen=True, slots=True)
class RatingWithdrawn:
    """Its author took a rating back before it was revealed; no other can take its place."""

    ABOUT: ClassVar = ("order", "rating")
    order: str
    rating: str


@dataclass(frozen=True, slots=True)
class RatingTold:
    """What the vendor said of its buyer is told to the buyer, and to nobody else."""

    ABOUT: ClassVar = ("order", "rating", "vendor")
    order: str
    rating: str
    vendor: str


@dataclass(frozen=True, slots=True)
class RatingRevealed:
    """A rating became public: both are in, or 14 days passed. `level` 1 to 5 overall."""

    ABOUT: ClassVar = ("order", "rating", "vendor")
    order: str
    rating: str
    vendor: str
    item: str
    level: int


@dataclass(frozen=True, slots=True)
class RatingReplied:
    """The vendor replied in public."""

    ABOUT: ClassVar = ("order", "rating", "vendor")
    order: str
    rating: str
    vendor: str


@dataclass(frozen=True, slots=True)
class RatingReported:
    """Somebody reported a rating; it stays shown and counted, marked as under review, until the operator decides."""

    ABOUT: ClassVar = ("rating", "vendor")
    rating: str
    vendor: str
    cause: str


@dataclass(frozen=True, slots=True)
class ReportDecided:
    """The operator decided on a report with reasons: the rating stays or is removed."""

    ABOUT: ClassVar = ("rating", "vendor")
    rating: str
    vendor: str
    removed: bool


@dataclass(frozen=True, slots=True)
class RatingAppealed:
    """The author or the vendor appeals against a decision about a rating."""

    ABOUT: ClassVar = ("rating", "vendor")
    rating: str
    vendor: str
    party: str


@dataclass(frozen=True, slots=True)
class AppealDecided:
    """Another operator decided on the appeal: `upheld` turns the first decision round."""

    ABOUT: ClassVar = ("rating", "vendor")
    rating: str
    vendor: str
    upheld: bool


@dataclass(frozen=True, slots=True)
class ScoreChanged:
    """A vendor's score for an item or in all (item none) was computed anew; thousandths of a level."""

    ABOUT: ClassVar = ("vendor",)
    vendor: str
    item: str | None
    mean: int | None
    low: int | None
    high: int | None
    count: int


@dataclass(frozen=True, slots=True)
class CallBackOpened:
    """A bad rating (level 1 or 2) must be called back by the end of `due_on` (five working days)."""

    ABOUT: ClassVar = ("order", "rating", "vendor")
    order: str
    rating: str
    vendor: str
    due_on: str


@dataclass(frozen=True, slots=True)
class CallBackDone:
    """The author was called back; `outcome`: solved, explained, not_reached."""

    ABOUT: ClassVar = ("order", "rating", "vendor")
    order: str
    rating: str
    vendor: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CreditDeducted:
    """A decision costs a vendor `points` of credit, by row `ground` of the published table, fading until `fades_on`."""

    ABOUT: ClassVar = ("deduction", "vendor")
    deduction: str
    vendor: str
    ground: str
    points: int
    fades_on: str


@dataclass(frozen=True, slots=True)
class DeductionAppealed:
    """The vendor appeals: the deduction rests until the appeal is decided."""

    ABOUT: ClassVar = ("deduction", "vendor")
    deduction: str
    vendor: str


@dataclass(frozen=True, slots=True)
class DeductionDecided:
    """The appeal against a deduction was decided; `upheld` lifts the deduction."""

    ABOUT: ClassVar = ("deduction", "vendor")
    deduction: str
    vendor: str
    upheld: bool


@dataclass(frozen=True, slots=True)
class DeductionProposed:
    """What happened to an order suggests a deduction by row `ground`; an operator decides."""

    ABOUT: ClassVar = ("proposal", "order", "vendor")
    proposal: str
    order: str
    vendor: str
    ground: str


@dataclass(frozen=True, slots=True)
class ProposalDropped:
    """The operator found no ground for the proposed deduction."""

    ABOUT: ClassVar = ("proposal", "order", "vendor")
    proposal: str
    order: str
    vendor: str


@dataclass(frozen=True, slots=True)
class MeansPublished:
    """What scores lean on in the month that begins on `month` (ISO day): thousandths by category; "all" is the market."""

    ABOUT: ClassVar = ()
    month: str
    means: dict[str, int]


@dataclass(frozen=True, slots=True)
class RatingLinked:
    """A rating does not count any more, or counts again, since a tie between its author and the vendor is known or gone."""

    ABOUT: ClassVar = ("rating", "vendor")
    rating: str
    vendor: str
    link: str | None
