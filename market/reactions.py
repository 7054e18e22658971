"""What follows from what: the one table of consequences between domains.

NOW runs inside the transaction, in the order given, and may record further events; LATER becomes outbox rows that are done
after the commit. Every event class of every events.py stands here, perhaps with nothing (a test compares).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from market import telling
from market.accounts import events as accounts
from market.alerts import events as alerts
from market.alerts import operations as alert_operations
from market.catalogue import events as catalogue
from market.centres import acting
from market.centres import events as centres
from market.centres import following as centres_following
from market.documents import events as documents
from market.kernel.actor import Actor
from market.listings import events as listings
from market.listings import operations as listing_operations
from market.notifications import events as notifications
from market.notifications import operations as notification_operations
from market.orders import contract_operations, notice_operations
from market.orders import events as orders
from market.payments import events as payments
from market.payments import follow as payments_follow
from market.ratings import events as ratings
from market.review import events as review
from market.transaction import Later, Reaction
from market.vendors import events as vendors


def _review_listings(event: Any, by: Actor, at: datetime) -> None:
    """What a vendor may offer follows its standing, its licences and its people."""
    listing_operations.review_vendor(event.vendor, by=by)


def _show_figures(event: Any, by: Actor, at: datetime) -> None:
    """Listings show their vendor's figures."""
    listing_operations.show_figures(event.vendor)


def _forget_person(event: Any, by: Actor, at: datetime) -> None:
    """Of a closed account no messages, choices, number and saved searches are left."""
    notification_operations.forget_messages(event.person)
    alert_operations.forget_searches(event.person)


#: asked before any reaction, of all that operations recorded: what is done in a citizen's name needs the citizen's consent
check = acting.check

NOW: dict[type, Sequence[Reaction]] = {
    accounts.AccountClosed: (_forget_person,),
    vendors.VendorAccepted: (_review_listings,),
    vendors.VendorSuspended: (_review_listings,),
    vendors.VendorReinstated: (_review_listings,),
    vendors.VendorStruckOff: (_review_listings,),
    vendors.VendorWithdrawn: (_review_listings,),
    vendors.LicenceConfirmed: (_review_listings,),
    vendors.LicenceRefused: (_review_listings,),
    vendors.LicenceLapsed: (_review_listings,),
    vendors.LicenceReplaced: (_review_listings,),
    vendors.PractitionerConfirmed: (_review_listings,),
    vendors.PractitionerRefused: (_review_listings,),
    vendors.PractitionerLeft: (_review_listings,),
    vendors.VendorChanged: (_review_listings,),
    vendors.StandingChanged: (_show_figures,),
    review.NoticeObjected: (notice_operations.stop_for_objection, listing_operations.follow_objection),
    review.ObjectionWithdrawn: (notice_operations.go_on, listing_operations.follow_objection),
    orders.OrderBegun: (centres_following.order_begun,),
    documents.DocumentFetched: (centres_following.paper_saved,),
    orders.OrderAwarded: (contract_operations.offer_contract,),
    orders.OrderReturned: (contract_operations.follow_end,),
    orders.OrderFailed: (contract_operations.follow_end, payments_follow.order_failed),
    orders.OrderCancelled: (contract_operations.follow_end, payments_follow.order_cancelled),
    orders.ContractConcluded: (payments_follow.contract_concluded,),
    orders.MilestoneAccepted: (payments_follow.milestone_accepted,),
    orders.DisputeOpened: (payments_follow.dispute_opened,),
    orders.DisputeWithdrawn: (payments_follow.dispute_withdrawn,),
    orders.DisputeDecided: (payments_follow.dispute_decided,),
}

# who is told of an event hears of it after everything else has followed (market/telling.py)
for _event in telling.TELL:
    NOW[_event] = (*NOW.get(_event, ()), telling.tell_of)

INDEX_LISTING = (Later("market.listings.jobs.index_listing", lambda event: (event.listing,)),)
INDEX_VENDOR = (Later("market.listings.jobs.index_vendor", lambda event: (event.vendor,)),)

#: the terms of retention run from the end of what documents belong to
END_ORDER = Later("market.documents.jobs.end_owner", lambda event: (event.order,))
END_VENDOR = Later("market.documents.jobs.end_owner", lambda event: (event.vendor,))
END_LISTING = Later("market.documents.jobs.end_owner", lambda event: (event.listing,))

#: a need that is before nobody any more is no notice any more
END_NOTICE = Later("market.orders.jobs.end_notice", lambda event: (event.order,))

#: figures of a vendor that follow its orders
FIGURES = Later("market.ratings.jobs.refresh_vendor", lambda event: (event.vendor,))
#: what may cost credit: proposed to an operator, never automatic
CONSIDER_RETURN = Later("market.ratings.jobs.consider_return", lambda event: (event.order, event.vendor, event.cause))
CONSIDER_CANCELLATION = Later(
    "market.ratings.jobs.consider_cancellation",
    lambda event: (event.order, event.vendor, event.party, event.state_before),
)

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
    accounts.SigningKeyMade: (),
    accounts.SigningKeyResealed: (),
    accounts.SigningKeyEnded: (),
    accounts.PersonRegistered: (),
    accounts.ClaimCodePrinted: (),
    accounts.PersonClaimed: (),
    documents.DocumentGiven: (),
    documents.DocumentAttached: (),
    documents.DocumentShown: (),
    documents.DocumentRemoved: (),
    documents.DocumentRead: (),
    documents.ReadersChanged: (),
    documents.DocumentsBound: (),
    documents.DocumentsEnded: (),
    documents.DocumentsRevived: (),
    documents.DocumentQuarantined: (),
    documents.DocumentErased: (),
    documents.RetentionTermSet: (),
    documents.UploadBegun: (),
    documents.SlipMade: (),
    documents.SlipReceived: (),
    documents.ConsentGiven: (),
    documents.ConsentWithdrawn: (),
    documents.DocumentFetched: (),
    documents.DocumentNotHeld: (),
    vendors.VendorBegun: (),
    vendors.VendorStepSaved: (),
    vendors.VendorApplied: (),
    vendors.VendorAccepted: INDEX_VENDOR,
    vendors.VendorReturned: (),
    vendors.VendorSuspended: INDEX_VENDOR,
    vendors.VendorReinstated: INDEX_VENDOR,
    vendors.VendorStruckOff: (*INDEX_VENDOR, END_VENDOR),
    vendors.VendorWithdrawn: (*INDEX_VENDOR, END_VENDOR),
    vendors.VendorReopened: (Later("market.documents.jobs.revive_owner", lambda event: (event.vendor,)),),
    vendors.VendorChanged: INDEX_VENDOR,
    vendors.VendorChangeAccepted: INDEX_VENDOR,
    vendors.VendorChangeReturned: (),
    vendors.CreditCodeOverridden: (),
    vendors.LicenceGiven: (Later("market.vendors.jobs.ask_registry", lambda event: (event.licence,)),),
    vendors.LicenceConfirmed: INDEX_VENDOR,
    vendors.LicenceRefused: INDEX_VENDOR,
    vendors.LicenceLapsed: INDEX_VENDOR,
    vendors.LicenceReplaced: INDEX_VENDOR,
    vendors.LicenceEnding: (),
    vendors.PractitionerJoined: (),
    vendors.PractitionerConfirmed: INDEX_VENDOR,
    vendors.PractitionerRefused: (),
    vendors.PractitionerLeft: INDEX_VENDOR,
    vendors.StandingChanged: INDEX_VENDOR,
    vendors.PersonalDataRead: (),
    catalogue.VersionProposed: (),
    catalogue.VersionConsulted: (),
    catalogue.VersionCommented: (),
    catalogue.VersionWithdrawn: (),
    catalogue.DayDeclared: (),
    catalogue.VersionPutInForce: (
        Later("market.listings.jobs.recheck_standard", lambda event: (event.kind, event.slug, event.valid_from)),
    ),
    listings.ListingDrafted: (),
    listings.ListingEdited: (),
    listings.ListingsImported: (),
    listings.ListingPublished: (
        *INDEX_LISTING,
        Later("market.alerts.jobs.match_listing", lambda event: (event.listing,)),
    ),
    listings.ListingPaused: INDEX_LISTING,
    listings.ListingResumed: INDEX_LISTING,
    listings.ListingSuspended: INDEX_LISTING,
    listings.ListingRestored: INDEX_LISTING,
    listings.ListingWithdrawn: (*INDEX_LISTING, END_LISTING),
    listings.ListingExpired: INDEX_LISTING,
    listings.ListingStandardChanged: INDEX_LISTING,
    review.ClausesFound: (),
    review.NoticePublished: (),
    review.NoticeObjected: (),
    review.ObjectionWithdrawn: (),
    review.NoticeLetStand: (),
    review.NoticeEnded: (),
    orders.OrderBegun: (),
    orders.OrderStepSaved: (),
    orders.OrderPlaced: (Later("market.orders.jobs.note_excluded", lambda event: (event.order,)),),
    orders.OrderSubmitted: (),
    orders.OrderCleared: (),
    orders.OrderStopped: (),
    orders.OrderResumed: (),
    orders.OrderReturned: (
        END_NOTICE,
        FIGURES,
        CONSIDER_RETURN,
    ),
    orders.OrderAwarded: (FIGURES,),
    orders.OrderFailed: (
        END_ORDER,
        END_NOTICE,
        FIGURES,
    ),
    orders.OrderCancelled: (
        END_ORDER,
        END_NOTICE,
        FIGURES,
        CONSIDER_CANCELLATION,
    ),
    orders.DraftForgotten: (END_ORDER,),
    orders.ContractOffered: (),
    orders.ContractSigned: (),
    orders.ContractConcluded: (),
    orders.ContractDropped: (),
    orders.OrderFunded: (),
    orders.OrderUnfunded: (),
    orders.WorkStarted: (),
    orders.WorkPaused: (),
    orders.WorkResumed: (),
    orders.ExtensionAsked: (),
    orders.ExtensionAnswered: (),
    orders.WorkDelivered: (),
    orders.ReworkAsked: (),
    orders.AcceptanceReminded: (),
    orders.MilestoneAccepted: (),
    orders.OrderAccepted: (
        Later("market.orders.work_jobs.offer_result", lambda event: (event.order,)),
        FIGURES,
    ),
    orders.OrderClosed: (END_ORDER,),
    orders.OrderMessageSent: (),
    orders.ResultOffered: (),
    orders.DisputeOpened: (),
    orders.DisputeAnswered: (),
    orders.DisputeWithdrawn: (),
    orders.DisputeDecided: (FIGURES,),
    orders.OrderRead: (),
    payments.InstalmentDue: (),
    payments.PaymentBegun: (),
    payments.PaymentHeld: (Later("market.payments.jobs.fund_order", lambda event: (event.order, event.payment)),),
    payments.PaymentRefused: (),
    payments.PaymentVoided: (),
    payments.MoneyReleased: (),
    payments.RefundBegun: (),
    payments.RefundDone: (),
    payments.RefundFailed: (),
    payments.PayoutBegun: (),
    payments.PayoutPaid: (),
    payments.PayoutFailed: (),
    payments.PayoutAccountSet: (),
    payments.BankAccountSet: (),
    payments.ChargebackOpened: (
        Later("market.payments.jobs.stop_order", lambda event: (event.order, event.payment, event.fen)),
    ),
    payments.ChargebackClosed: (),
    payments.TransferRecorded: (),
    payments.AccountsSettled: (Later("market.payments.jobs.close_order", lambda event: (event.order,)),),
    payments.DifferenceFound: (),
    payments.DifferenceSettled: (),
    payments.LedgerCompared: (),
    payments.EventsArranged: (),
    payments.InvoiceAsked: (),
    payments.TransferRejected: (),
    payments.TransferConfirmed: (),
    payments.ClawbackFailed: (),
    payments.ClawbackDone: (),
    payments.ClawbackBegun: (),
    payments.MoneyFrozen: (),
    payments.PaymentGivenUp: (),
    payments.CheckoutOpened: (),
    ratings.RatingGiven: (),
    ratings.RatingCorrected: (),
    ratings.RatingWithdrawn: (),
    ratings.RatingTold: (),
    ratings.RatingRevealed: (),
    ratings.RatingReplied: (),
    ratings.RatingReported: (),
    ratings.ReportDecided: (),
    ratings.RatingAppealed: (),
    ratings.AppealDecided: (),
    ratings.ScoreChanged: (),
    ratings.CallBackOpened: (),
    ratings.CallBackDone: (),
    ratings.CreditDeducted: (),
    ratings.DeductionAppealed: (),
    ratings.DeductionDecided: (),
    ratings.DeductionProposed: (),
    ratings.ProposalDropped: (),
    ratings.MeansPublished: (),
    ratings.RatingLinked: (),
    notifications.WebhookAdded: (),
    notifications.WebhookChanged: (),
    notifications.WebhookSecretRotated: (),
    notifications.WebhookPaused: (),
    notifications.WebhookRemoved: (),
    notifications.PhoneConfirmed: (),
    notifications.PhoneRemoved: (),
    notifications.PreferencesChosen: (),
    notifications.DeliveryRetried: (),
    alerts.SearchSaved: (),
    alerts.SearchEnded: (),
    alerts.DemandSaved: (),
    alerts.DemandEnded: (),
    centres.HoursChanged: (),
    centres.BookingMade: (),
    centres.BookingCancelled: (),
    centres.BookingKept: (),
    centres.BookingMissed: (),
    centres.BookingReminded: (),
    centres.CounterSessionBegun: (),
    centres.ScreenOpened: (),
    centres.CitizenIdentified: (),
    centres.CounterSessionEnded: (),
    centres.PassMade: (),
    centres.CounterConsentGiven: (),
    centres.CounterConsentWithdrawn: (),
    centres.OrderShownAtCounter: (),
    centres.ReadBackShown: (),
    centres.ReadBackConfirmed: (),
    centres.ReadBackDone: (),
    centres.ReadBackDropped: (),
    centres.PickupCodeMade: (),
    centres.HandoverMade: (),
    centres.HandoverUsed: (),
}
