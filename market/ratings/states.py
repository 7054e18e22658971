"""The life of a rating, of a review of it, of a call-back, of a deduction of credit and of the proposal of one."""

from collections.abc import Mapping
from enum import StrEnum


class RatingState(StrEnum):
    """Where a rating stands. `told`: a vendor's rating of its buyer, which the two parties read and nobody else, ever."""

    HIDDEN = "hidden"
    PUBLIC = "public"
    TOLD = "told"
    UNDER_REVIEW = "under_review"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


R = RatingState

RATING_TRANSITIONS: Mapping[tuple[RatingState, str], RatingState] = {
    (R.HIDDEN, "reveal"): R.PUBLIC,
    (R.HIDDEN, "tell"): R.TOLD,
    # by its author, before anybody saw it; the place stays taken
    (R.HIDDEN, "withdraw"): R.WITHDRAWN,
    # reported: it stays shown and counted until an operator has decided
    (R.PUBLIC, "report"): R.UNDER_REVIEW,
    (R.UNDER_REVIEW, "keep"): R.PUBLIC,
    (R.UNDER_REVIEW, "remove"): R.REMOVED,
    # an appeal turned the decision round
    (R.REMOVED, "restore"): R.PUBLIC,
    (R.PUBLIC, "remove"): R.REMOVED,
}

#: what the public sees, and what counts in the score: the same
COUNTED = frozenset({R.PUBLIC, R.UNDER_REVIEW})


class ReviewState(StrEnum):
    """A review of a reported rating: waiting for the operator, decided, or waiting for another operator after an appeal."""

    OPEN = "open"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"


REVIEW_TRANSITIONS: Mapping[tuple[ReviewState, str], ReviewState] = {
    (ReviewState.OPEN, "decide"): ReviewState.DECIDED,
    (ReviewState.DECIDED, "appeal"): ReviewState.APPEALED,
    (ReviewState.APPEALED, "close"): ReviewState.CLOSED,
}


class DeductionState(StrEnum):
    """A deduction of credit: it counts, rests while an appeal runs, or was lifted by one. `final`: counts, appealed in vain."""

    COUNTED = "counted"
    APPEALED = "appealed"
    LIFTED = "lifted"
    FINAL = "final"


DEDUCTION_TRANSITIONS: Mapping[tuple[DeductionState, str], DeductionState] = {
    (DeductionState.COUNTED, "appeal"): DeductionState.APPEALED,
    (DeductionState.APPEALED, "lift"): DeductionState.LIFTED,
    (DeductionState.APPEALED, "confirm"): DeductionState.FINAL,
}


class ProposalState(StrEnum):
    """What happened to an order suggests a deduction: an operator makes it, or drops the proposal with a reason."""

    OPEN = "open"
    MADE = "made"
    DROPPED = "dropped"


PROPOSAL_TRANSITIONS: Mapping[tuple[ProposalState, str], ProposalState] = {
    (ProposalState.OPEN, "make"): ProposalState.MADE,
    (ProposalState.OPEN, "drop"): ProposalState.DROPPED,
}
