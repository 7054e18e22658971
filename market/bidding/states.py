"""The life of a tender: one table, and what each state waits for."""

from collections.abc import Mapping
from enum import StrEnum


class TenderState(StrEnum):
    """Where a tender stands. `in_review`: its terms are final and its key holders give their public keys."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    CLOSED = "closed"
    OPENED = "opened"
    EVALUATING = "evaluating"
    AWARD_PROPOSED = "award_proposed"
    AWARDED = "awarded"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = TenderState

TRANSITIONS: Mapping[tuple[TenderState, str], TenderState] = {
    # the buyer sets the terms; the holders' keys make the notice complete
    (S.DRAFT, "submit"): S.IN_REVIEW,
    (S.IN_REVIEW, "return"): S.DRAFT,
    (S.IN_REVIEW, "publish"): S.PUBLISHED,
    # nobody comes in after this
    (S.PUBLISHED, "close"): S.CLOSED,
    # the first set of keys is out: technical envelopes, or all of them
    (S.CLOSED, "open"): S.OPENED,
    # experts mark, low prices are explained, an auction runs
    (S.OPENED, "evaluate"): S.EVALUATING,
    # the result follows from what was opened; from now on the standstill runs
    (S.OPENED, "propose"): S.AWARD_PROPOSED,
    (S.EVALUATING, "propose"): S.AWARD_PROPOSED,
    (S.AWARD_PROPOSED, "replace"): S.AWARD_PROPOSED,
    (S.AWARD_PROPOSED, "award"): S.AWARDED,
    # the winner withdraws before the contract binds: the next of the ranking
    (S.AWARDED, "replace"): S.AWARD_PROPOSED,
    # nobody wins
    (S.CLOSED, "fail"): S.FAILED,
    (S.OPENED, "fail"): S.FAILED,
    (S.EVALUATING, "fail"): S.FAILED,
    (S.AWARD_PROPOSED, "fail"): S.FAILED,
    (S.AWARDED, "fail"): S.FAILED,
    # called off, only while nothing is open
    (S.DRAFT, "cancel"): S.CANCELLED,
    (S.IN_REVIEW, "cancel"): S.CANCELLED,
    (S.PUBLISHED, "cancel"): S.CANCELLED,
    (S.CLOSED, "cancel"): S.CANCELLED,
}

#: states that anybody can see
PUBLIC = frozenset(S) - {S.DRAFT, S.IN_REVIEW}
#: states whose contents are open to everybody
OPEN_TO_ALL = frozenset({S.OPENED, S.EVALUATING, S.AWARD_PROPOSED, S.AWARDED, S.FAILED})
#: states that a clock or a key moves
MOVING = frozenset({S.IN_REVIEW, S.PUBLISHED, S.CLOSED, S.OPENED, S.EVALUATING, S.AWARD_PROPOSED})
#: nothing follows any more
ENDED = frozenset({S.AWARDED, S.FAILED, S.CANCELLED})
