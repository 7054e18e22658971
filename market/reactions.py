"""What follows from what: the one table of consequences between domains.

NOW runs inside the transaction, in the order given, and may record further events; LATER becomes outbox rows that are done
after the commit. Every event class of every events.py stands here, perhaps with nothing (a test compares).
"""

from collections.abc import Sequence

from market.accounts import events as accounts
from market.documents import events as documents
from market.transaction import Later, Reaction
from market.vendors import events as vendors

NOW: dict[type, Sequence[Reaction]] = {}

TELL_OWNER = "market.accounts.jobs.tell_owner"

LATER: dict[type, Sequence[Later]] = {
    # accounts: the owner hears by mail of what somebody else would do first
    accounts.SignInPaused: (Later(TELL_OWNER, lambda event: ("sign_in_paused", event.person)),),
    accounts.PasswordChanged: (Later(TELL_OWNER, lambda event: ("password_changed", event.person)),),
    accounts.SecondFactorSet: (Later(TELL_OWNER, lambda event: ("second_factor_set", event.person)),),
    accounts.SecondFactorRemoved: (Later(TELL_OWNER, lambda event: ("second_factor_removed", event.person)),),
    accounts.PersonJoined: (),
    accounts.EmailChangeAsked: (),
    accounts.EmailChanged: (),
    accounts.NameChanged: (),
    accounts.PasswordResetAsked: (),
    accounts.SignedIn: (),
    accounts.SignedOut: (),
    accounts.RoleChosen: (),
    accounts.OrganisationAdded: (),
    accounts.MembershipGiven: (),
    accounts.AdminChanged: (),
    accounts.MembershipEnded: (),
    accounts.InvitationSent: (),
    accounts.ApiTokenMade: (),
    accounts.ApiTokenEnded: (),
    accounts.AccountClosed: (),
    documents.DocumentGiven: (),
    documents.DocumentAttached: (),
    documents.DocumentShown: (),
    documents.DocumentRemoved: (),
    documents.DocumentRead: (),
    vendors.VendorBegun: (),
    vendors.VendorStepSaved: (),
    vendors.VendorApplied: (),
    vendors.VendorAccepted: (),
    vendors.VendorReturned: (),
    vendors.VendorSuspended: (),
    vendors.VendorReinstated: (),
    vendors.VendorStruckOff: (),
    vendors.VendorWithdrawn: (),
    vendors.VendorReopened: (),
    vendors.VendorChanged: (),
    vendors.VendorChangeAccepted: (),
    vendors.VendorChangeReturned: (),
    vendors.CreditCodeOverridden: (),
    vendors.LicenceGiven: (Later("market.vendors.jobs.ask_registry", lambda event: (event.licence,)),),
    vendors.LicenceConfirmed: (),
    vendors.LicenceRefused: (),
    vendors.LicenceLapsed: (),
    vendors.LicenceReplaced: (),
    vendors.LicenceEnding: (),
    vendors.PractitionerJoined: (),
    vendors.PractitionerConfirmed: (),
    vendors.PractitionerRefused: (),
    vendors.PractitionerLeft: (),
    vendors.StandingChanged: (),
    vendors.PersonalDataRead: (),
}
