"""The vendor that an operation is about: locked, and only in the right hands."""

from collections.abc import Mapping

from market.kernel.actor import Actor, Role
from market.kernel.errors import NotFound, WrongState
from market.kernel.states import next_state
from market.kernel.words import N_
from market.locks import lock
from market.vendors.models import Vendor
from market.vendors.states import TRANSITIONS, VendorState

#: the application is being written
WRITING = frozenset({VendorState.DRAFT, VendorState.RETURNED})
#: in the market: what changes is looked at again
ENTERED = frozenset({VendorState.ACTIVE, VendorState.SUSPENDED})

#: why a verb does not apply, in a sentence
NOT_NOW: Mapping[str, str] = {
    "apply": N_("This application cannot be handed in: it is being checked, or was decided already."),
    "withdraw": N_("There is nothing to withdraw: this vendor has left, or was struck off."),
    "reapply": N_("Only a vendor that has left can begin again."),
    "suspend": N_("Only an active vendor can be suspended; somebody may have decided already."),
    "reinstate": N_("Only a suspended or struck-off vendor can be reinstated; somebody may have decided already."),
    "strike_off": N_("Only a vendor in the market can be struck off; somebody may have decided already."),
}


def locked_own(code: str, by: Actor) -> Vendor:
    """The vendor, locked, when `by` acts for it (or is the market itself). `NotFound` for vendors of others (KF-ACC-05)."""
    vendor = lock(Vendor, code)
    if not owns(vendor, by):
        raise NotFound()
    return vendor


def owns(vendor: Vendor, by: Actor) -> bool:
    """Whether `by` acts for this vendor, or is the market itself."""
    return by.is_system or (by.role is Role.VENDOR and by.organisation == vendor.organisation.code)


def state_after(vendor: Vendor, verb: str) -> VendorState:
    """The vendor's state after `verb`, or `WrongState` with a sentence that says why not."""
    if (vendor.state, verb) not in TRANSITIONS:
        raise WrongState(NOT_NOW[verb], remedy=N_("Open the page again to see where it stands."))
    return next_state(TRANSITIONS, vendor.state, verb)


def check_writing(vendor: Vendor) -> None:
    """Refuse changes to an application that is being checked, and to a vendor that has left (`WrongState`)."""
    if vendor.state is VendorState.APPLIED:
        raise WrongState(
            N_("The application is being checked and cannot be changed now."),
            remedy=N_("Wait for the answer, or take it back."),
        )
    if vendor.state not in WRITING:
        raise WrongState(
            N_("This vendor is not in the market, so nothing can be changed."), remedy=N_("Apply again first.")
        )
