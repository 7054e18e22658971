"""The life of an order, of a contract, of a milestone and of a dispute; who may do what."""

from collections.abc import Mapping
from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SELECTING = "selecting"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    FUNDED = "funded"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Party(StrEnum):
    """Who may move an order: its buyer (or counter staff for him), its vendor, an operator, or the market by a deadline."""

    BUYER = "buyer"
    VENDOR = "vendor"
    OPERATOR = "operator"
    MARKET = "market"


S = OrderState

TRANSITIONS: Mapping[tuple[OrderState, str], OrderState] = {
    # the buyer places it; a split that was justified in writing is looked at first
    (S.DRAFT, "place"): S.SELECTING,
    (S.DRAFT, "submit"): S.IN_REVIEW,
    (S.IN_REVIEW, "clear"): S.SELECTING,
    (S.IN_REVIEW, "return"): S.DRAFT,
    # the vendor asked answers within the term, else the order returns to the buyer
    (S.SELECTING, "award"): S.AWARDED,
    (S.SELECTING, "return"): S.DRAFT,
    (S.SELECTING, "fail"): S.FAILED,
    # both sign, the buyer pays
    (S.AWARDED, "contract"): S.CONTRACTED,
    (S.AWARDED, "return"): S.DRAFT,
    (S.AWARDED, "fail"): S.FAILED,
    (S.CONTRACTED, "fund"): S.FUNDED,
    (S.CONTRACTED, "fail"): S.FAILED,
    # the work
    (S.FUNDED, "start"): S.UNDER_WAY,
    (S.UNDER_WAY, "deliver"): S.DELIVERED,
    (S.DELIVERED, "rework"): S.UNDER_WAY,
    (S.DELIVERED, "go_on"): S.UNDER_WAY,
    (S.DELIVERED, "accept"): S.ACCEPTED,
    (S.ACCEPTED, "close"): S.CLOSED,
    # a payment taken back by the bank (chargeback) before the work has begun
    (S.FUNDED, "unfund"): S.CONTRACTED,
    # a quarrel: the operator mediates and decides with reasons
    (S.FUNDED, "dispute"): S.DISPUTED,
    (S.UNDER_WAY, "dispute"): S.DISPUTED,
    (S.DELIVERED, "dispute"): S.DISPUTED,
    (S.ACCEPTED, "dispute"): S.DISPUTED,
    (S.DISPUTED, "settle"): S.ACCEPTED,
    (S.DISPUTED, "end"): S.CANCELLED,
    (S.DISPUTED, "continue"): S.UNDER_WAY,
    # withdrawn: the order goes on where it stood (state_before)
    (S.DISPUTED, "resume_funded"): S.FUNDED,
    (S.DISPUTED, "resume_under_way"): S.UNDER_WAY,
    (S.DISPUTED, "resume_delivered"): S.DELIVERED,
    (S.DISPUTED, "resume_accepted"): S.ACCEPTED,
    # called off; what that costs is a dated row (terms.py)
    (S.DRAFT, "cancel"): S.CANCELLED,
    (S.IN_REVIEW, "cancel"): S.CANCELLED,
    (S.SELECTING, "cancel"): S.CANCELLED,
    (S.AWARDED, "cancel"): S.CANCELLED,
    (S.CONTRACTED, "cancel"): S.CANCELLED,
    (S.FUNDED, "cancel"): S.CANCELLED,
    (S.UNDER_WAY, "cancel"): S.CANCELLED,
}

#: verb -> who may; the market acts when a term ends
WHO: Mapping[str, frozenset[Party]] = {
    "place": frozenset({Party.BUYER}),
    "submit": frozenset({Party.BUYER}),
    "clear": frozenset({Party.OPERATOR}),
    "return": frozenset({Party.OPERATOR, Party.VENDOR, Party.BUYER, Party.MARKET}),
    "award": frozenset({Party.VENDOR, Party.MARKET}),
    "fail": frozenset({Party.MARKET}),
    "contract": frozenset({Party.BUYER, Party.VENDOR}),
    "fund": frozenset({Party.MARKET}),
    "unfund": frozenset({Party.MARKET}),
    "start": frozenset({Party.VENDOR}),
    "deliver": frozenset({Party.VENDOR}),
    "rework": frozenset({Party.BUYER}),
    "go_on": frozenset({Party.BUYER, Party.MARKET}),
    "accept": frozenset({Party.BUYER, Party.MARKET}),
    "close": frozenset({Party.MARKET}),
    "dispute": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
    "settle": frozenset({Party.OPERATOR, Party.MARKET}),
    "end": frozenset({Party.OPERATOR, Party.MARKET}),
    "continue": frozenset({Party.OPERATOR, Party.MARKET}),
    "cancel": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
    "resume_funded": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
    "resume_under_way": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
    "resume_delivered": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
    "resume_accepted": frozenset({Party.BUYER, Party.VENDOR, Party.MARKET}),
}

#: orders that still bind somebody's time or money
OPEN = frozenset(S) - {S.CLOSED, S.CANCELLED, S.FAILED}
#: orders that take up a vendor's capacity
AT_WORK = frozenset({S.AWARDED, S.CONTRACTED, S.FUNDED, S.UNDER_WAY, S.DELIVERED, S.DISPUTED})


class ContractState(StrEnum):
    """A version of a contract: offered for signature, in force, replaced by an amendment, or dropped unsigned."""

    OFFERED = "offered"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    DROPPED = "dropped"


CONTRACT_TRANSITIONS: Mapping[tuple[ContractState, str], ContractState] = {
    (ContractState.OFFERED, "sign"): ContractState.IN_FORCE,
    (ContractState.OFFERED, "drop"): ContractState.DROPPED,
    (ContractState.IN_FORCE, "replace"): ContractState.REPLACED,
}


class MilestoneState(StrEnum):
    """One stage of the work; `ended`: the order was called off before it was accepted."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    ENDED = "ended"


MILESTONE_TRANSITIONS: Mapping[tuple[MilestoneState, str], MilestoneState] = {
    (MilestoneState.WAITING, "start"): MilestoneState.UNDER_WAY,
    (MilestoneState.UNDER_WAY, "deliver"): MilestoneState.DELIVERED,
    (MilestoneState.DELIVERED, "rework"): MilestoneState.UNDER_WAY,
    (MilestoneState.DELIVERED, "accept"): MilestoneState.ACCEPTED,
    (MilestoneState.UNDER_WAY, "settle"): MilestoneState.ACCEPTED,
    (MilestoneState.DELIVERED, "settle"): MilestoneState.ACCEPTED,
    (MilestoneState.WAITING, "settle"): MilestoneState.ACCEPTED,
    (MilestoneState.WAITING, "end"): MilestoneState.ENDED,
    (MilestoneState.UNDER_WAY, "end"): MilestoneState.ENDED,
    (MilestoneState.DELIVERED, "end"): MilestoneState.ENDED,
}


class DisputeState(StrEnum):
    """A quarrel about an order: open, decided by the operator, or withdrawn by who opened it."""

    OPEN = "open"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


DISPUTE_TRANSITIONS: Mapping[tuple[DisputeState, str], DisputeState] = {
    (DisputeState.OPEN, "decide"): DisputeState.DECIDED,
    (DisputeState.OPEN, "withdraw"): DisputeState.WITHDRAWN,
}
