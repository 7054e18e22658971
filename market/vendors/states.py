"""The life of a vendor, of a licence and of a change that is looked at again."""

from collections.abc import Mapping
from enum import StrEnum


class VendorState(StrEnum):
    """Where a vendor stands in the market."""

    DRAFT = "draft"
    APPLIED = "applied"
    RETURNED = "returned"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    STRUCK_OFF = "struck_off"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[tuple[VendorState, str], VendorState] = {
    (VendorState.DRAFT, "apply"): VendorState.APPLIED,
    (VendorState.RETURNED, "apply"): VendorState.APPLIED,
    (VendorState.APPLIED, "return"): VendorState.RETURNED,
    (VendorState.APPLIED, "accept"): VendorState.ACTIVE,
    (VendorState.DRAFT, "withdraw"): VendorState.WITHDRAWN,
    (VendorState.APPLIED, "withdraw"): VendorState.WITHDRAWN,
    (VendorState.RETURNED, "withdraw"): VendorState.WITHDRAWN,
    (VendorState.ACTIVE, "withdraw"): VendorState.WITHDRAWN,
    (VendorState.SUSPENDED, "withdraw"): VendorState.WITHDRAWN,
    (VendorState.ACTIVE, "suspend"): VendorState.SUSPENDED,
    (VendorState.SUSPENDED, "reinstate"): VendorState.ACTIVE,
    (VendorState.ACTIVE, "strike_off"): VendorState.STRUCK_OFF,
    (VendorState.SUSPENDED, "strike_off"): VendorState.STRUCK_OFF,
    (VendorState.STRUCK_OFF, "reinstate"): VendorState.ACTIVE,
    (VendorState.WITHDRAWN, "reapply"): VendorState.DRAFT,
}


class LicenceState(StrEnum):
    """Whether a licence counts: given (not yet checked), valid, refused by check or registry, lapsed by date or revocation."""

    GIVEN = "given"
    VALID = "valid"
    REFUSED = "refused"
    LAPSED = "lapsed"
    REPLACED = "replaced"


LICENCE_TRANSITIONS: Mapping[tuple[LicenceState, str], LicenceState] = {
    (LicenceState.GIVEN, "confirm"): LicenceState.VALID,
    (LicenceState.GIVEN, "refuse"): LicenceState.REFUSED,
    (LicenceState.REFUSED, "confirm"): LicenceState.VALID,
    (LicenceState.REFUSED, "give"): LicenceState.GIVEN,
    (LicenceState.VALID, "refuse"): LicenceState.REFUSED,
    (LicenceState.VALID, "lapse"): LicenceState.LAPSED,
    (LicenceState.LAPSED, "renew"): LicenceState.VALID,
    (LicenceState.VALID, "renew"): LicenceState.VALID,
    (LicenceState.GIVEN, "replace"): LicenceState.REPLACED,
    (LicenceState.REFUSED, "replace"): LicenceState.REPLACED,
    (LicenceState.VALID, "replace"): LicenceState.REPLACED,
    (LicenceState.LAPSED, "replace"): LicenceState.REPLACED,
}


class ChangeState(StrEnum):
    """Where a change by an active vendor stands; `dropped`: a newer one took its place, or the thing itself is gone."""

    OPEN = "open"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DROPPED = "dropped"


CHANGE_TRANSITIONS: Mapping[tuple[ChangeState, str], ChangeState] = {
    (ChangeState.OPEN, "accept"): ChangeState.ACCEPTED,
    (ChangeState.OPEN, "return"): ChangeState.RETURNED,
    (ChangeState.OPEN, "drop"): ChangeState.DROPPED,
}
