"""Who is told what of which event: the one table.

Each line of TELL names an audience, how much it matters (which decides the channels, market/notifications/rules.py), a subject
and a text whose placeholders are facts of the event (market/telling_facts.py), and the page it leads to. `tell_of` applies it
inside the transaction, as the last reaction to each event (market/reactions.py). SILENT says of every other event why nobody is
told; a test holds both together complete, and /messages/who-is-told shows them to everybody.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from market.accounts import events as accounts
from market.alerts import events as alerts
from market.catalogue import events as catalogue
from market.centres import events as centres
from market.documents import events as documents
from market.kernel.actor import Actor
from market.kernel.words import N_
from market.listings import events as listings
from market.notifications import event_types, operations
from market.notifications import events as notifications
from market.notifications.rules import Notice, placeholders
from market.notifications.states import Importance, Topic
from market.orders import events as orders
from market.payments import events as payments
from market.ratings import events as ratings
from market.review import events as review
from market.telling_facts import (
    ALL_OPERATORS,
    ALL_REGULATORS,
    AUDITORS,
    AUTHOR,
    BOOKER,
    BOTH,
    BUYER,
    BY_OTHERS,
    CITIZEN,
    CLERK,
    HOLDER,
    MEMBERS,
    NOT_YET_BOTH,
    NOTICE_REGULATORS,
    OPERATORS,
    OTHER,
    PERSON,
    PUBLISHER,
    REGULATORS,
    VENDOR,
    Happened,
    Telling,
    among,
    fact,
    unlike,
)
from market.vendors import events as vendors

URGENT, IMPORTANT, ORDINARY = Importance.URGENT, Importance.IMPORTANT, Importance.ORDINARY

ORDER = "/orders/{order}"
RATE = "/orders/{order}/rating"
RATING = "/ratings/{rating}"
DISPUTE = "/disputes/{dispute}"
MONEY = "/desk/money"
PAYMENTS = "/desk/payments"
ENTRY = "/desk/vendor"
LICENCES = "/desk/vendor/licences"
STAFF = "/desk/vendor/staff"
OFFERS = "/desk/offers"
OFFER = "/desk/offers/{listing}"
BOOKINGS = "/account/bookings"
IN_MY_NAME = "/account/in-my-name"

FIRST = among("number", 1, words=N_("the first contract"))
AMENDMENT = unlike("number", 1, words=N_("a change of it"))
LICENCE = among("cause", "licence", words=N_("since a licence is missing"))
STANDARD = among("cause", "standard", words=N_("since the price does not fit the standard"))
BY_ITSELF = unlike("cause", "vendor", words=N_("when a licence or a standard was the cause"))
BY_MARKET = among("party", "market", words=N_("when a bank took the money back"))
MENDED = among("removed", True, words=N_("when it was removed"))
KEPT = among("removed", False, words=N_("when it stays"))
UPHELD = among("upheld", True, words=N_("when the appeal was right"))
REJECTED = among("upheld", False, words=N_("when it was not"))

NOTICE = "/review/notices/{notice}"
WITH_REASON = unlike("object_by", None, words=N_("when a clause is kept with a reason"))

TELL: Mapping[type, tuple[Telling, ...]] = {
    # Fair competition: what is published, and objections ------------------------------------------------------------------
    review.NoticePublished: (
        Telling(
            NOTICE_REGULATORS, IMPORTANT,
            N_("A clause is kept with a reason: “%(notice_title)s”"),
            N_("Clauses kept with a reason: %(clauses)s. You may object by the end of %(object_by_day)s; after that it stands."),
            "/desk/reasons/{notice}", WITH_REASON,
        ),
    ),
    review.NoticeObjected: (
        Telling(
            PUBLISHER, URGENT,
            N_("The regulator objects to a clause of “%(notice_title)s”"),
            N_("Nothing goes on until the clause is changed or the regulator withdraws. Why stands with the notice."),
            NOTICE,
        ),
    ),
    review.ObjectionWithdrawn: (
        Telling(
            PUBLISHER, IMPORTANT,
            N_("The objection to “%(notice_title)s” is withdrawn"),
            N_("It goes on as published. Why stands with the notice."),
            NOTICE,
        ),
    ),
    review.NoticeLetStand: (
        Telling(
            PUBLISHER, ORDINARY,
            N_("Nobody objects to “%(notice_title)s”"),
            N_("The clauses that you keep with a reason stand as published."),
            NOTICE,
        ),
    ),
    orders.OrderStopped: (
        Telling(
            VENDOR, IMPORTANT,
            N_("“%(title)s” stands still"),
            N_("The regulator objects to a clause of the need. You have nothing to do: you are told when it goes on."),
            "/desk/orders",
        ),
        Telling(
            BUYER, URGENT,
            N_("Change a clause of “%(title)s”"),
            N_("The regulator objects to it. Take the order back and change it by the end of %(answer_by)s; after that it comes "
               "back to you by itself."),
            ORDER,
        ),
    ),
    orders.OrderResumed: (
        Telling(
            BOTH, IMPORTANT,
            N_("“%(title)s” goes on"),
            N_("The regulator withdrew the objection. What is waited for is due by the end of %(answer_by)s."),
            ORDER,
        ),
    ),
    # Orders: the need -----------------------------------------------------------------------------------------------------
    orders.OrderPlaced: (
        Telling(
            VENDOR, URGENT,
            N_("You are asked for “%(title)s”"),
            N_("A buyer chose your offer at %(price)s. Confirm or decline by the end of %(answer_by)s; after that the order goes "
               "back to the buyer."),
            "/orders/{order}/answer",
        ),
    ),
    orders.OrderSubmitted: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("A need may have been divided: %(order)s"),
            N_("Look at the reason by the end of %(answer_by)s: the vendor is asked only after that."),
            "/desk/split-needs/{order}",
        ),
    ),
    orders.OrderCleared: (
        Telling(
            BUYER, IMPORTANT,
            N_("Your reason for “%(title)s” is sufficient"),
            N_("The vendor you chose is asked now."),
            ORDER,
        ),
        Telling(
            REGULATORS, ORDINARY,
            N_("A divided need was found justified: %(order)s"),
            N_("The reason and who looked at it stand with the order."),
            ORDER,
        ),
    ),
    orders.OrderReturned: (
        Telling(
            BUYER, URGENT,
            N_("Choose again for “%(title)s”"),
            N_("The order is a draft again: %(returned_since)s. What you typed is kept; choose another offer."),
            ORDER, unlike("cause", "changed_mind", words=N_("when the buyer did not take it back")),
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("The order %(order)s went back to the buyer"),
            N_("You have nothing to do: %(returned_since)s."),
            "/desk/orders",
            among("cause", "lapsed", "unsigned", "changed_mind", "objection", words=N_("when the vendor did not decline")),
        ),
        Telling(
            CLERK, ORDINARY,
            N_("An order from your counter came back: %(order)s"),
            N_("It is a draft again: %(returned_since)s. The citizen has to choose anew."),
            "/counter",
        ),
    ),
    orders.OrderAwarded: (
        Telling(
            BUYER, IMPORTANT,
            N_("%(vendor_name)s takes “%(title)s”"),
            N_("The price is %(price)s. The contract is the next step."),
            ORDER,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("You have the order “%(title)s”"),
            N_("The selection has ended. The price is %(price)s; the contract is the next step."),
            ORDER, unlike("way", "direct", words=N_("after a selection")),
        ),
        Telling(
            CLERK, ORDINARY,
            N_("A vendor takes an order from your counter: %(order)s"),
            N_("The citizen has a contract to sign."),
            "/counter",
        ),
    ),
    orders.OrderFailed: (
        Telling(
            BOTH, URGENT,
            N_("“%(title)s” came to nothing"),
            N_("The order has ended: %(failed_since)s. What was paid goes back to the buyer."),
            ORDER,
        ),
        Telling(
            CLERK, ORDINARY,
            N_("An order from your counter came to nothing: %(order)s"),
            N_("The reason: %(failed_since)s."),
            "/counter",
        ),
    ),
    orders.OrderCancelled: (
        Telling(
            OTHER, URGENT,
            N_("“%(title)s” was called off"),
            N_("Called off by %(party_words)s. Of what was held %(vendor)s goes to the vendor, the rest back to the buyer."),
            ORDER,
        ),
        Telling(
            CLERK, ORDINARY,
            N_("An order from your counter was called off: %(order)s"),
            N_("Called off by %(party_words)s."),
            "/counter",
        ),
    ),
    orders.DraftForgotten: (
        Telling(
            BUYER, ORDINARY,
            N_("A draft was put away"),
            N_("Nobody touched the draft %(order)s for its term. Begin a new order when you still need it."),
            "/orders",
        ),
    ),
    # Orders: the contract -------------------------------------------------------------------------------------------------
    orders.ContractOffered: (
        Telling(
            BOTH, URGENT,
            N_("The contract for “%(title)s” waits for your signature"),
            N_("Read it and sign by the end of %(sign_by)s. Without both signatures there is no contract."),
            "/orders/{order}/contracts/{contract}", FIRST,
        ),
        Telling(
            OTHER, URGENT,
            N_("A change of the contract for “%(title)s” is proposed"),
            N_("Sign it by the end of %(sign_by)s if you agree; otherwise the contract stays as it is."),
            "/orders/{order}/contracts/{contract}", AMENDMENT,
        ),
    ),
    orders.ContractSigned: (
        Telling(
            OTHER, IMPORTANT,
            N_("The other side has signed: “%(title)s”"),
            N_("Your signature is missing. Sign by the end of %(sign_by)s."),
            "/orders/{order}/contracts/{contract}", NOT_YET_BOTH,
        ),
    ),
    orders.ContractConcluded: (
        Telling(
            VENDOR, IMPORTANT,
            N_("The contract for “%(title)s” is concluded"),
            N_("It binds at %(price)s. Begin once the money is held: you are told."),
            ORDER, FIRST,
        ),
        Telling(
            BUYER, ORDINARY,
            N_("The contract for “%(title)s” is concluded"),
            N_("It binds at %(price)s. Pay by the end of %(pay_by_day)s: the market holds the money until you accept."),
            ORDER, FIRST,
        ),
        Telling(
            BOTH, IMPORTANT,
            N_("The contract for “%(title)s” was changed"),
            N_("Both sides have signed. It binds at %(price)s from now on."),
            ORDER, AMENDMENT,
        ),
    ),
    orders.ContractDropped: (
        Telling(
            BOTH, ORDINARY,
            N_("A version of the contract for “%(title)s” was dropped"),
            N_("It was not signed by both. What was in force before stays so."),
            ORDER,
        ),
    ),
    # Orders: the work -----------------------------------------------------------------------------------------------------
    orders.OrderFunded: (
        Telling(
            VENDOR, IMPORTANT,
            N_("The money for “%(title)s” is held"),
            N_("You can begin. The days of the contract count from the day you begin."),
            ORDER,
        ),
    ),
    orders.OrderUnfunded: (
        Telling(
            BUYER, URGENT,
            N_("The payment for “%(title)s” was taken back"),
            N_("Your bank took the money back before the work began. Pay again, or call the order off."),
            ORDER,
        ),
        Telling(
            VENDOR, URGENT,
            N_("Do not begin yet: “%(title)s”"),
            N_("The buyer's bank took the money back. You are told when it is held again."),
            ORDER,
        ),
    ),
    orders.WorkStarted: (
        Telling(
            BUYER, ORDINARY,
            N_("The work on “%(title)s” began"),
            N_("Stage %(milestone)s is due by the end of %(due_on)s."),
            ORDER,
        ),
    ),
    orders.WorkPaused: (
        Telling(
            BUYER, URGENT,
            N_("The work on “%(title)s” waits for you"),
            N_("The clock stands: %(paused_since)s. The order page says what is missing."),
            ORDER, among("cause", "applicant", words=N_("when the buyer is waited for")),
        ),
        Telling(
            BUYER, IMPORTANT,
            N_("The work on “%(title)s” pauses"),
            N_("The clock stands: %(paused_since)s."),
            ORDER, unlike("cause", "applicant", words=N_("when something else is waited for")),
        ),
    ),
    orders.WorkResumed: (
        Telling(
            BUYER, ORDINARY,
            N_("The work on “%(title)s” goes on"),
            N_("It is due by the end of %(due_on)s now."),
            ORDER,
        ),
    ),
    orders.ExtensionAsked: (
        Telling(
            BUYER, URGENT,
            N_("The vendor asks for more time: “%(title)s”"),
            N_("%(days)s more working days are asked for. Agree or say no on the order page."),
            ORDER,
        ),
    ),
    orders.ExtensionAnswered: (
        Telling(
            VENDOR, IMPORTANT,
            N_("You have more time for “%(title)s”"),
            N_("The buyer agreed. It is due by the end of %(due_on)s now."),
            ORDER, among("agreed", True, words=N_("when the buyer agreed")),
        ),
        Telling(
            VENDOR, URGENT,
            N_("No more time for “%(title)s”"),
            N_("The buyer did not agree. It stays due by the end of %(due_on)s."),
            ORDER, among("agreed", False, words=N_("when the buyer did not agree")),
        ),
    ),
    orders.WorkDelivered: (
        Telling(
            BUYER, URGENT,
            N_("A result waits for you: “%(title)s”"),
            N_("Stage %(milestone)s was handed over. Accept it, or ask for rework with reasons, by the end of %(due_day)s. After "
               "two reminders it counts as accepted."),
            ORDER,
        ),
        Telling(
            CLERK, ORDINARY,
            N_("A result of an order from your counter: %(order)s"),
            N_("The citizen has it to look at."),
            "/counter",
        ),
    ),
    orders.ReworkAsked: (
        Telling(
            VENDOR, URGENT,
            N_("Rework is asked for: “%(title)s”"),
            N_("The buyer did not accept stage %(milestone)s; the reasons stand on the order page. It is due again by the end of "
               "%(due_on)s."),
            ORDER,
        ),
    ),
    orders.AcceptanceReminded: (
        Telling(
            BUYER, URGENT,
            N_("Reminder %(reminder)s of 2: a result waits, “%(title)s”"),
            N_("Accept it, or ask for rework with reasons, by the end of %(due_day)s. After the second reminder it counts as "
               "accepted when the term ends, and the money goes to the vendor."),
            ORDER,
        ),
    ),
    orders.MilestoneAccepted: (
        Telling(
            VENDOR, IMPORTANT,
            N_("Stage %(milestone)s of “%(title)s” is accepted"),
            N_("%(sum)s is released to you."),
            ORDER,
        ),
        Telling(
            BUYER, URGENT,
            N_("Stage %(milestone)s of “%(title)s” counts as accepted"),
            N_("The term ended without an answer, after two reminders. %(sum)s is released to the vendor. If something is wrong, "
               "open a dispute in time."),
            ORDER, among("by_lapse", True, words=N_("when the term ended")),
        ),
    ),
    orders.OrderAccepted: (
        Telling(
            BUYER, ORDINARY,
            N_("How was it? “%(title)s”"),
            N_("The result is accepted. Say how the work was: others read it once both sides have, or the time for it is over."),
            RATE,
        ),
    ),
    orders.OrderClosed: (
        Telling(
            BOTH, ORDINARY,
            N_("“%(title)s” is closed"),
            N_("Nothing is owed any more on either side."),
            ORDER,
        ),
    ),
    orders.OrderMessageSent: (
        Telling(
            OTHER, IMPORTANT,
            N_("A message about “%(title)s”"),
            N_("The other side wrote to you. The text stands on the order page."),
            ORDER,
        ),
    ),
    orders.ResultOffered: (
        Telling(
            BUYER, ORDINARY,
            N_("The result of “%(title)s” is with the department"),
            N_("It was handed over through the exchange, with receipt %(receipt)s. You need not bring it."),
            ORDER,
        ),
    ),
    # Orders: disputes -----------------------------------------------------------------------------------------------------
    orders.DisputeOpened: (
        Telling(
            OTHER, URGENT,
            N_("A dispute about “%(title)s”"),
            N_("Opened by %(party_words)s, about %(claim)s. No money moves before it is decided. Say how you see it."),
            DISPUTE,
        ),
        Telling(
            OPERATORS, IMPORTANT,
            N_("A dispute waits for a decision: %(order)s"),
            N_("Opened by %(party_words)s, about %(claim)s. Hear both sides and decide in time."),
            DISPUTE,
        ),
        Telling(
            REGULATORS, ORDINARY,
            N_("A buyer's bank took money back: %(order)s"),
            N_("The market opened a dispute about %(claim)s."),
            DISPUTE, BY_MARKET,
        ),
    ),
    orders.DisputeAnswered: (
        Telling(
            OTHER, IMPORTANT,
            N_("Something new in the dispute about “%(title)s”"),
            N_("Written by %(party_words)s. You can answer until it is decided."),
            DISPUTE,
        ),
        Telling(
            OPERATORS, ORDINARY,
            N_("Something new in the dispute about %(order)s"),
            N_("Written by %(party_words)s."),
            DISPUTE, unlike("party", "operator", words=N_("when one of the sides wrote")),
        ),
    ),
    orders.DisputeWithdrawn: (
        Telling(
            BOTH, IMPORTANT,
            N_("The dispute about “%(title)s” was taken back"),
            N_("The order goes on where it stood."),
            ORDER,
        ),
        Telling(
            OPERATORS, ORDINARY,
            N_("A dispute was taken back: %(order)s"),
            N_("Nothing is to be decided."),
            DISPUTE,
        ),
    ),
    orders.DisputeDecided: (
        Telling(
            BOTH, URGENT,
            N_("The dispute about “%(title)s” is decided"),
            N_("%(outcome_words)s. %(buyer)s goes to the buyer, %(vendor)s to the vendor. The reasons stand with the dispute."),
            DISPUTE,
        ),
        Telling(
            REGULATORS, ORDINARY,
            N_("A dispute was decided: %(order)s"),
            N_("%(outcome_words)s. %(buyer)s goes to the buyer, %(vendor)s to the vendor."),
            DISPUTE,
        ),
        Telling(
            CLERK, ORDINARY,
            N_("A dispute about an order from your counter was decided: %(order)s"),
            N_("%(outcome_words)s."),
            "/counter",
        ),
    ),
    # Payments -------------------------------------------------------------------------------------------------------------
    payments.InstalmentDue: (
        Telling(
            BUYER, URGENT,
            N_("Please pay %(sum)s for “%(title)s”"),
            N_("Instalment %(number)s is due by the end of %(pay_by_day)s. The market holds it until you accept the result."),
            "/pay/{payment}",
        ),
    ),
    payments.PaymentHeld: (
        Telling(
            BUYER, IMPORTANT,
            N_("%(sum)s for “%(title)s” is held"),
            N_("The payment arrived. The vendor gets it when you accept the result."),
            ORDER,
        ),
        Telling(
            VENDOR, ORDINARY,
            N_("Instalment %(number)s of “%(title)s” is held"),
            N_("%(sum)s was paid and is held for you."),
            ORDER,
        ),
    ),
    payments.PaymentRefused: (
        Telling(
            BUYER, URGENT,
            N_("The payment for “%(title)s” did not succeed"),
            N_("The bank or the payment service refused it. Nothing was taken. Please try again or pay in another way."),
            "/pay/{payment}",
        ),
    ),
    payments.PaymentVoided: (
        Telling(
            BUYER, ORDINARY,
            N_("A payment for “%(title)s” is owed no longer"),
            N_("The order has ended before it was paid. If you paid meanwhile, it comes back by itself."),
            ORDER,
        ),
    ),
    payments.MoneyReleased: (
        Telling(
            VENDOR, IMPORTANT,
            N_("%(sum)s from “%(title)s” is yours"),
            N_("It was released; the platform's fee of it is %(fee)s. The payout to your bank follows."),
            MONEY,
        ),
    ),
    payments.RefundBegun: (
        Telling(
            BUYER, IMPORTANT,
            N_("%(sum)s is on its way back to you"),
            N_("For “%(title)s”: %(refunded_since)s. You are told when it has arrived."),
            ORDER,
        ),
    ),
    payments.RefundDone: (
        Telling(
            BUYER, IMPORTANT,
            N_("%(sum)s is back with you"),
            N_("The refund for “%(title)s” was made. Your bank may need some days to show it."),
            ORDER,
        ),
    ),
    payments.RefundFailed: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("A refund failed: %(order)s"),
            N_("The payment service could not give the money back. The reason and what can be done stand on the page."),
            PAYMENTS,
        ),
        Telling(
            BUYER, IMPORTANT,
            N_("The refund for “%(title)s” takes longer"),
            N_("The payment service could not give the money back yet. The market looks into it; you need do nothing."),
            ORDER,
        ),
    ),
    payments.PayoutPaid: (
        Telling(
            VENDOR, IMPORTANT,
            N_("%(sum)s was paid out to you"),
            N_("The bank took the payout %(payout)s."),
            MONEY,
        ),
    ),
    payments.PayoutFailed: (
        Telling(
            VENDOR, URGENT,
            N_("The payout of %(sum)s came back"),
            N_("Your bank returned it. Nothing more goes to this account before you correct it."),
            MONEY,
        ),
        Telling(
            ALL_OPERATORS, ORDINARY,
            N_("A payout came back: %(payout)s"),
            N_("The vendor was asked to correct the account."),
            PAYMENTS,
        ),
    ),
    payments.PayoutAccountSet: (
        Telling(
            VENDOR, ORDINARY,
            N_("Your account for payouts is ready"),
            N_("What is released to you goes there."),
            MONEY, among("ready", True, words=N_("when payouts can go there")),
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("Your account for payouts is not ready"),
            N_("Something is missing before money can go there. The page says what."),
            MONEY, among("ready", False, words=N_("when something is missing")),
        ),
    ),
    payments.BankAccountSet: (
        Telling(
            VENDOR, IMPORTANT,
            N_("Your bank account for transfers was set"),
            N_("What public bodies pay by bank transfer goes there from now on. Tell us at once if it was not you."),
            MONEY,
        ),
    ),
    payments.ChargebackOpened: (
        Telling(
            OPERATORS, URGENT,
            N_("A buyer's bank took %(sum)s back: %(order)s"),
            N_("What is held or not yet paid out is stopped. A dispute follows where the work had begun."),
            PAYMENTS,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("The buyer's bank took %(sum)s back: “%(title)s”"),
            N_("What is not yet paid out is stopped until this is settled."),
            ORDER,
        ),
    ),
    payments.ChargebackClosed: (
        Telling(
            VENDOR, IMPORTANT,
            N_("The bank has decided about %(sum)s of “%(title)s”"),
            N_("The money came back and is held again."),
            ORDER, among("won", True, words=N_("when the money came back")),
        ),
        Telling(
            VENDOR, URGENT,
            N_("The bank has decided about %(sum)s of “%(title)s”"),
            N_("The money stays with the buyer."),
            ORDER, among("won", False, words=N_("when it stays with the buyer")),
        ),
        Telling(
            OPERATORS, IMPORTANT,
            N_("A chargeback of %(sum)s has ended: %(order)s"),
            N_("The outcome stands with the order's money."),
            PAYMENTS,
        ),
    ),
    payments.ClawbackBegun: (
        Telling(
            VENDOR, URGENT,
            N_("%(sum)s of “%(title)s” is taken back"),
            N_("A decision or a chargeback says so. It is cut from what is on its way to you, or asked back from your account."),
            MONEY,
        ),
    ),
    payments.ClawbackDone: (
        Telling(
            VENDOR, ORDINARY,
            N_("%(sum)s of “%(title)s” is back"),
            N_("Nothing more is asked of you for it."),
            MONEY,
        ),
    ),
    payments.ClawbackFailed: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("Money could not be taken back: %(order)s"),
            N_("The payment service could not take %(sum)s back from the vendor. The reason stands on the page."),
            PAYMENTS,
        ),
    ),
    payments.InvoiceAsked: (
        Telling(
            OPERATORS, ORDINARY,
            N_("An invoice was asked for: %(order)s"),
            N_("%(sum)s is to come by bank transfer under the code %(payment)s."),
            PAYMENTS,
        ),
    ),
    payments.TransferRecorded: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("A bank transfer waits for a second officer: %(order)s"),
            N_("%(sum)s was recorded under %(payment)s. Somebody else must find it on the bank statement."),
            PAYMENTS,
        ),
    ),
    payments.TransferRejected: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("A bank transfer was not found: %(order)s"),
            N_("%(sum)s under %(payment)s does not count."),
            PAYMENTS,
        ),
    ),
    payments.DifferenceFound: (
        Telling(
            ALL_OPERATORS, IMPORTANT,
            N_("Bank and ledger differ: %(difference)s"),
            N_("In the ledger %(ours)s, at the payment service %(theirs)s. Settle it with a reason."),
            "/desk/payments/differences/{difference}",
        ),
        Telling(
            AUDITORS, ORDINARY,
            N_("Bank and ledger differ: %(difference)s"),
            N_("In the ledger %(ours)s, at the payment service %(theirs)s."),
            "/messages",
        ),
    ),
    payments.DifferenceSettled: (
        Telling(
            AUDITORS, ORDINARY,
            N_("A difference was settled: %(difference)s"),
            N_("How, and by whom, stands in the record."),
            "/messages",
        ),
    ),
    payments.LedgerCompared: (
        Telling(
            ALL_REGULATORS, IMPORTANT,
            N_("Bank and ledger differ in %(differences)s places"),
            N_("%(compared)s were compared; %(mended)s were mended by the run itself."),
            "/messages", unlike("differences", 0, words=N_("when something differs")),
        ),
    ),
    # Ratings and credit ---------------------------------------------------------------------------------------------------
    ratings.RatingGiven: (
        Telling(
            OTHER, ORDINARY,
            N_("The other side has rated “%(title)s”"),
            N_("You read it once you have rated too, or when the time for it is over."),
            RATE,
        ),
    ),
    ratings.RatingTold: (
        Telling(
            BUYER, ORDINARY,
            N_("What the vendor says of “%(title)s”"),
            N_("Only you can read it."),
            RATE,
        ),
    ),
    ratings.RatingRevealed: (
        Telling(
            VENDOR, IMPORTANT,
            N_("A rating of you is public"),
            N_("“%(title)s” was rated with level %(level)s of 5. You can reply in public, or report it if it breaks the rules."),
            RATING,
        ),
        Telling(
            AUTHOR, ORDINARY,
            N_("Your rating is public"),
            N_("Others read what you wrote of “%(title)s”."),
            RATING,
        ),
    ),
    ratings.RatingReplied: (
        Telling(
            AUTHOR, ORDINARY,
            N_("The vendor replied to your rating"),
            N_("The reply to “%(title)s” stands beside it in public."),
            RATING,
        ),
    ),
    ratings.RatingReported: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("A rating was reported: %(rating)s"),
            N_("It stays shown and counted until you decide."),
            "/desk/ratings",
        ),
        Telling(
            AUTHOR, ORDINARY,
            N_("Your rating is looked at"),
            N_("Somebody reported what you wrote of “%(title)s”. It stays shown until the operator has decided."),
            RATING,
        ),
    ),
    ratings.ReportDecided: (
        Telling(
            AUTHOR, IMPORTANT,
            N_("Your rating was removed"),
            N_("The operator decided so with reasons about “%(title)s”. You can appeal; somebody else decides then."),
            RATING, MENDED,
        ),
        Telling(
            AUTHOR, ORDINARY,
            N_("Your rating stays"),
            N_("The operator looked at what you wrote of “%(title)s” and left it."),
            RATING, KEPT,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("A rating of you was looked at"),
            N_("The decision about “%(title)s” stands with its reasons on the page. You can appeal."),
            RATING,
        ),
    ),
    ratings.RatingAppealed: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("An appeal about a rating: %(rating)s"),
            N_("Somebody who did not decide before must decide now."),
            "/desk/ratings",
        ),
    ),
    ratings.AppealDecided: (
        Telling(
            AUTHOR, IMPORTANT,
            N_("The appeal about your rating is decided"),
            N_("The outcome for “%(title)s” stands with its reasons on the page."),
            RATING,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("The appeal about a rating of you is decided"),
            N_("The outcome for “%(title)s” stands with its reasons on the page."),
            RATING,
        ),
    ),
    ratings.RatingLinked: (
        Telling(
            AUTHOR, IMPORTANT,
            N_("Your rating does not count for the score"),
            N_("There is a tie between you and the vendor of “%(title)s”. The rating stays shown, marked as such."),
            RATING, unlike("link", None, words=N_("when a tie is known")),
        ),
        Telling(
            AUTHOR, ORDINARY,
            N_("Your rating counts again"),
            N_("No tie between you and the vendor of “%(title)s” is known any more."),
            RATING, among("link", None, words=N_("when it is gone")),
        ),
    ),
    ratings.CallBackOpened: (
        Telling(
            OPERATORS, IMPORTANT,
            N_("Call back about a bad rating: %(rating)s"),
            N_("By the end of %(due_on)s."),
            "/desk/ratings",
        ),
        Telling(
            AUTHOR, ORDINARY,
            N_("The market calls you back"),
            N_("You were not content with “%(title)s”. Somebody calls you by the end of %(due_on)s and hears what went wrong."),
            RATING,
        ),
    ),
    ratings.CallBackDone: (
        Telling(
            VENDOR, ORDINARY,
            N_("The author of a bad rating was called"),
            N_("About “%(title)s”. The rating stays as it is."),
            RATING,
        ),
    ),
    ratings.CreditDeducted: (
        Telling(
            VENDOR, URGENT,
            N_("%(points)s points of credit are deducted"),
            N_("For: %(ground_words)s. They fade until %(fades_on)s. You can appeal; the deduction rests until that is decided."),
            "/credit/{deduction}",
        ),
        Telling(
            ALL_REGULATORS, ORDINARY,
            N_("Credit was deducted: %(deduction)s"),
            N_("%(points)s points from %(vendor_name)s, for: %(ground_words)s."),
            "/credit/{deduction}",
        ),
    ),
    ratings.DeductionAppealed: (
        Telling(
            ALL_OPERATORS, IMPORTANT,
            N_("An appeal against a deduction: %(deduction)s"),
            N_("The deduction rests until somebody who did not decide before has decided."),
            "/desk/credit/appeals/{deduction}",
        ),
    ),
    ratings.DeductionDecided: (
        Telling(
            VENDOR, IMPORTANT,
            N_("The deduction is lifted"),
            N_("Your appeal was right. Your credit counts as if it had never been."),
            "/credit/{deduction}", UPHELD,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("The deduction stays"),
            N_("Your appeal was not right. The reasons stand on the page."),
            "/credit/{deduction}", REJECTED,
        ),
    ),
    ratings.DeductionProposed: (
        Telling(
            OPERATORS, ORDINARY,
            N_("A deduction is proposed: %(order)s"),
            N_("What happened suggests: %(ground_words)s. Nothing is deducted before you decide."),
            "/desk/credit/proposals/{proposal}",
        ),
    ),
    # Entry, licences, staff -----------------------------------------------------------------------------------------------
    vendors.VendorApplied: (
        Telling(
            ALL_OPERATORS, ORDINARY,
            N_("An application waits: %(vendor_name)s"),
            N_("The form check is due through %(answer_by)s."),
            "/desk/entry/{vendor}",
        ),
    ),
    vendors.VendorAccepted: (
        Telling(
            VENDOR, IMPORTANT,
            N_("You are entered in the market"),
            N_("The form check was passed. You are active in every district of the city and can publish offers."),
            OFFERS,
        ),
    ),
    vendors.VendorReturned: (
        Telling(
            VENDOR, IMPORTANT,
            N_("Your application needs corrections"),
            N_("The form check found %(gaps)s points to correct. Each is named with its reason where it belongs; what you typed "
               "is kept."),
            ENTRY,
        ),
    ),
    vendors.VendorChangeAccepted: (
        Telling(
            VENDOR, ORDINARY,
            N_("A change was accepted"),
            N_("The change that you reported was checked and counts."),
            ENTRY,
        ),
    ),
    vendors.VendorChangeReturned: (
        Telling(
            VENDOR, IMPORTANT,
            N_("A change needs corrections"),
            N_("The change that you reported was checked and returned. The reason stands on your desk."),
            ENTRY,
        ),
    ),
    vendors.VendorSuspended: (
        Telling(
            VENDOR, URGENT,
            N_("You are suspended"),
            N_("You can take no new orders for now, and your offers are not shown. Reason: %(reason)s\nBasis: %(basis)s\n"
               "You can appeal until %(appeal_until)s."),
            ENTRY,
        ),
        Telling(
            ALL_REGULATORS, ORDINARY,
            N_("A vendor was suspended: %(vendor_name)s"),
            N_("Reason: %(reason)s\nBasis: %(basis)s"),
            "/vendors/{vendor}",
        ),
    ),
    vendors.VendorReinstated: (
        Telling(
            VENDOR, IMPORTANT,
            N_("You are active again"),
            N_("You can take orders again, and your offers come back by themselves. Reason: %(reason)s"),
            ENTRY,
        ),
    ),
    vendors.VendorStruckOff: (
        Telling(
            VENDOR, URGENT,
            N_("You are struck off"),
            N_("You are no longer a vendor of this market. Reason: %(reason)s\nBasis: %(basis)s\n"
               "You can appeal until %(appeal_until)s."),
            ENTRY,
        ),
        Telling(
            ALL_REGULATORS, ORDINARY,
            N_("A vendor was struck off: %(vendor_name)s"),
            N_("Reason: %(reason)s\nBasis: %(basis)s"),
            "/vendors/{vendor}",
        ),
    ),
    vendors.LicenceConfirmed: (
        Telling(
            VENDOR, ORDINARY,
            N_("A licence counts"),
            N_("The licence “%(kind)s” was confirmed. Offers that were suspended for want of it come back by themselves."),
            LICENCES,
        ),
    ),
    vendors.LicenceRefused: (
        Telling(
            VENDOR, IMPORTANT,
            N_("A licence does not count"),
            N_("The licence “%(kind)s” does not count. Reason: %(reason_words)s"),
            LICENCES,
        ),
    ),
    vendors.LicenceEnding: (
        Telling(
            VENDOR, IMPORTANT,
            N_("A licence ends in %(days)s days"),
            N_("The licence “%(kind)s” is valid through %(valid_to)s. Give the renewed one in time: when it ends, the offers "
               "that need it are suspended until the renewed one counts."),
            LICENCES,
        ),
    ),
    vendors.LicenceLapsed: (
        Telling(
            VENDOR, URGENT,
            N_("A licence has ended"),
            N_("The licence “%(kind)s” does not count any more. Reason: %(reason_words)s\nOnly the offers that need it are "
               "suspended. Give the renewed licence: once it is confirmed they come back by themselves."),
            LICENCES,
        ),
    ),
    vendors.PractitionerRefused: (
        Telling(
            VENDOR, IMPORTANT,
            N_("A professional does not count"),
            N_("One of the people you entered as “%(profession)s” does not count. Reason: %(reason_words)s"),
            STAFF,
        ),
    ),
    # Offers: a line for each, and one mail a day and cause, since a licence or standard may concern dozens at once ---------
    listings.ListingSuspended: (
        Telling(
            VENDOR, ORDINARY,
            N_("Offer suspended: a licence is missing"),
            N_("“%(offer)s” is not shown, because this is not valid: %(detail)s. It comes back by itself once it counts again."),
            OFFER, LICENCE,
        ),
        Telling(
            VENDOR, ORDINARY,
            N_("Offer suspended: the price does not fit the standard"),
            N_("“%(offer)s” is not shown, because its price does not fit the standard in force: %(detail)s. Change the price."),
            OFFER, STANDARD,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("Offers of yours are suspended"),
            N_("Some of your offers are not shown any more. Why, and what brings each of them back, stands on your desk."),
            OFFERS, BY_ITSELF, once="suspended {cause} {today}",
        ),
    ),
    listings.ListingRestored: (
        Telling(
            VENDOR, ORDINARY,
            N_("Offer shown again"),
            N_("The reason why “%(offer)s” was suspended is gone."),
            OFFER, BY_ITSELF,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("Offers of yours are shown again"),
            N_("Offers that were suspended are as they were before: shown again, or paused if you had paused them."),
            OFFERS, BY_ITSELF, once="restored {today}",
        ),
    ),
    listings.ListingExpired: (
        Telling(
            VENDOR, ORDINARY,
            N_("Offer ended"),
            N_("The last day of “%(offer)s” has passed. Publish it anew if you still offer it."),
            OFFER,
        ),
    ),
    listings.ListingStandardChanged: (
        Telling(
            VENDOR, ORDINARY,
            N_("A new price standard concerns an offer"),
            N_("A new price standard is in force. The price of “%(offer)s” was %(before_words)s and is now %(now_words)s."),
            OFFER,
        ),
        Telling(
            VENDOR, IMPORTANT,
            N_("A new price standard is in force"),
            N_("A new price standard concerns offers of yours. Where each price lies now stands on your desk."),
            OFFERS, once="standard {standard_version}",
        ),
    ),
    # Files, places at centres, acts in one's name -------------------------------------------------------------------------
    documents.DocumentQuarantined: (
        Telling(
            HOLDER, IMPORTANT,
            N_("A file of yours is harmful and was kept apart"),
            N_("The virus scanner found %(found)s in %(document_name)s. Nobody gets this file. Clean the computer it comes from, "
               "then send a fresh copy."),
            "/documents", once="quarantine {document}",
        ),
    ),
    documents.SlipReceived: (
        Telling(
            HOLDER, IMPORTANT,
            N_("Your papers were received"),
            N_("All papers of slip %(slip)s for order %(order)s were received."),
            "/slips/{slip}", among("missing", 0, words=N_("when all arrived")), once="slip {slip}",
        ),
        Telling(
            HOLDER, IMPORTANT,
            N_("Your papers were received"),
            N_("The papers of slip %(slip)s for order %(order)s were received, but not all: the slip says what is missing."),
            "/slips/{slip}", unlike("missing", 0, words=N_("when some are missing")), once="slip {slip}",
        ),
    ),
    centres.BookingMade: (
        Telling(
            BOOKER, IMPORTANT,
            N_("A place is booked"),
            N_("You are expected on %(when)s at %(place)s. Code: %(booking)s."),
            BOOKINGS, once="booked {booking}",
        ),
    ),
    centres.BookingReminded: (
        Telling(
            BOOKER, URGENT,
            N_("Tomorrow you have a place at a centre"),
            N_("You are expected on %(when)s at %(place)s. If you cannot come, please give the place back."),
            BOOKINGS, once="reminded {booking}",
        ),
    ),
    centres.BookingMissed: (
        Telling(
            BOOKER, ORDINARY,
            N_("A booked place was not used"),
            N_("You were expected on %(when)s at %(place)s. Nothing is held against you; book another place when you like."),
            BOOKINGS, once="missed {booking}",
        ),
    ),
    centres.CounterConsentGiven: (
        Telling(
            CITIZEN, ORDINARY,
            N_("Counter staff act for you"),
            N_("You have let counter staff act for you. What they do in your name is shown to you, and you can end it at any "
               "time."),
            IN_MY_NAME, once="consent {consent}",
        ),
    ),
    centres.CounterConsentWithdrawn: (
        Telling(
            CITIZEN, ORDINARY,
            N_("Counter staff no longer act for you"),
            N_("The consent has ended at once."),
            IN_MY_NAME, once="consent ended {consent}",
        ),
    ),
    # Accounts and the ways of messages ------------------------------------------------------------------------------------
    accounts.MembershipGiven: (
        Telling(
            PERSON, ORDINARY,
            N_("You have a new role"),
            N_("You act for %(organisation_name)s from now on. Choose in which role you act in the account menu."),
            "/account", BY_OTHERS,
        ),
    ),
    accounts.MembershipEnded: (
        Telling(
            PERSON, IMPORTANT,
            N_("A role of yours has ended"),
            N_("You do not act for %(organisation_name)s any more. If this is a mistake, speak with the organisation."),
            "/account", BY_OTHERS,
        ),
    ),
    notifications.WebhookPaused: (
        Telling(
            MEMBERS, IMPORTANT,
            N_("A webhook of yours was switched off"),
            N_("Nothing got through to the endpoint %(webhook)s. Mend it, then switch it on again; what "
               "failed can be sent anew."),
            "/messages/webhooks/{webhook}",
        ),
    ),
}  # fmt: skip

#: told in another way than by this table
BESIDE: Mapping[type, str] = {
    accounts.SignInPaused: N_("the owner of the account, by a mail of its own"),
    accounts.PasswordChanged: N_("the owner of the account, by a mail of its own"),
    accounts.SecondFactorSet: N_("the owner of the account, by a mail of its own"),
    accounts.SecondFactorRemoved: N_("the owner of the account, by a mail of its own"),
    accounts.EmailChangeAsked: N_("the new address, which has to confirm itself"),
    accounts.PasswordResetAsked: N_("the address of the account, with a link"),
    accounts.InvitationSent: N_("the invited address, with a link"),
    listings.ListingPublished: N_("people whose saved search it fits, within a minute"),
}

OWN_ACT = N_("done by the person himself, who sees what came of it on the page")
TOLD_BY_NEXT = N_("another event of the same act is told")
PUBLIC_LIST = N_("shown in public or on the desk of those who work with it")
FIGURES = N_("figures, read where they are shown")
RECORD_ONLY = N_("kept in the record, and shown to those it concerns on their own pages")

#: events nobody is told of -> why
SILENT: Mapping[type, str] = {
    event: reason
    for reason, events in {
        OWN_ACT: (
            accounts.PersonJoined, accounts.EmailChanged, accounts.NameChanged, accounts.SignedIn, accounts.SignedOut,
            accounts.RoleChosen, accounts.OrganisationAdded, accounts.ApiTokenMade, accounts.ApiTokenEnded,
            accounts.AccountClosed, accounts.SigningKeyMade, accounts.SigningKeyResealed, accounts.SigningKeyEnded,
            accounts.PersonClaimed,
            documents.DocumentGiven, documents.DocumentAttached, documents.DocumentShown, documents.DocumentRemoved,
            documents.UploadBegun, documents.SlipMade, documents.ConsentGiven, documents.ConsentWithdrawn,
            documents.DocumentFetched, documents.DocumentNotHeld,
            vendors.VendorBegun, vendors.VendorStepSaved, vendors.VendorWithdrawn, vendors.VendorReopened,
            vendors.LicenceGiven, vendors.LicenceReplaced, vendors.PractitionerJoined, vendors.PractitionerLeft,
            listings.ListingDrafted, listings.ListingEdited, listings.ListingsImported, listings.ListingPaused,
            listings.ListingResumed, listings.ListingWithdrawn,
            review.ClausesFound,
            orders.OrderBegun, orders.OrderStepSaved,
            payments.PaymentBegun, payments.CheckoutOpened, payments.PaymentGivenUp,
            ratings.RatingCorrected, ratings.RatingWithdrawn,
            centres.BookingCancelled, centres.BookingKept, centres.PassMade, centres.HandoverMade, centres.HandoverUsed,
            notifications.WebhookAdded, notifications.WebhookChanged, notifications.WebhookSecretRotated,
            notifications.WebhookRemoved, notifications.PhoneConfirmed, notifications.PhoneRemoved,
            notifications.PreferencesChosen,
            alerts.SearchSaved, alerts.SearchEnded, alerts.DemandSaved, alerts.DemandEnded,
        ),
        TOLD_BY_NEXT: (
            payments.PayoutBegun, payments.MoneyFrozen, payments.TransferConfirmed, payments.AccountsSettled,
            catalogue.VersionPutInForce,
        ),
        PUBLIC_LIST: (
            catalogue.VersionProposed, catalogue.VersionConsulted, catalogue.VersionCommented, catalogue.VersionWithdrawn,
            review.NoticeEnded,
            catalogue.DayDeclared, vendors.VendorChanged, vendors.PractitionerConfirmed, centres.HoursChanged,
            documents.RetentionTermSet, ratings.ProposalDropped, notifications.DeliveryRetried,
        ),
        FIGURES: (
            vendors.StandingChanged, ratings.ScoreChanged, ratings.MeansPublished, payments.EventsArranged,
        ),
        RECORD_ONLY: (
            accounts.AdminChanged, accounts.PersonRegistered, accounts.ClaimCodePrinted,
            vendors.CreditCodeOverridden, vendors.PersonalDataRead,
            documents.DocumentRead, documents.ReadersChanged, documents.DocumentsBound, documents.DocumentsEnded,
            documents.DocumentsRevived, documents.DocumentErased, orders.OrderRead,
            centres.CounterSessionBegun, centres.ScreenOpened, centres.CitizenIdentified, centres.CounterSessionEnded,
            centres.OrderShownAtCounter, centres.ReadBackShown, centres.ReadBackConfirmed, centres.ReadBackDone,
            centres.ReadBackDropped, centres.PickupCodeMade,
        ),
    }.items()
    for event in events
}  # fmt: skip

#: topic of what the events of a domain tell, where it is told to no official
TOPICS: Mapping[str, Topic] = {
    "orders": Topic.ORDERS,
    "review": Topic.ORDERS,
    "payments": Topic.MONEY,
    "ratings": Topic.RATINGS,
    "vendors": Topic.ENTRY,
    "listings": Topic.OFFERS,
    "documents": Topic.FILES,
    "centres": Topic.PLACES,
    "accounts": Topic.ACCOUNT,
    "notifications": Topic.ACCOUNT,
}


def topic_of(event: type, telling: Telling) -> Topic:
    """What a line of the table is about, for whoever chooses channels by it."""
    if telling.to.role is not None:
        return Topic.DUTY
    return TOPICS[event.__module__.split(".")[1]]


def tell_of(event: Any, by: Actor, at: datetime) -> None:
    """Tell everybody whom the table names for this event. A reaction inside the transaction: rolled back with what it tells of.

    The software of an organisation hears of an event once, however many lines name the organisation.
    """
    what = Happened(event, by)
    informed: set[str] = set()
    for telling in TELL[type(event)]:
        if not telling.when.holds(what):
            continue
        notice = notice_of(what, telling)
        if telling.to.role is not None:
            district = telling.to.district(what) if telling.to.district else None
            operations.send_notice_to_role(telling.to.role, district, notice)
        elif telling.to.codes is not None:
            codes = list(telling.to.codes(what))
            operations.send_notice(codes, notice)
            operations.inform_programs([code for code in codes if code not in informed], notice)
            informed.update(codes)


def notice_of(what: Happened, telling: Telling) -> Notice:
    """What a line of the table says of one event, with its facts filled in. KeyError for a placeholder without a fact."""
    event = type(what.event)
    return Notice(
        telling.subject,
        telling.body,
        {name: fact(what, name) for name in placeholders(telling.subject, telling.body)},
        telling.path.format(**what.path_words),
        topic_of(event, telling),
        telling.importance,
        telling.once.format(**what.path_words, today=fact(what, "today")) if telling.once else None,
        event_types.name_of(event),
        {name: value for name in event.ABOUT if (value := what.fields[name])},
    )


event_types.KNOWN.update(
    {
        event_types.name_of(event): TOPICS[event.__module__.split(".")[1]]
        for event, tellings in TELL.items()
        if any(one.to.codes is not None and one.to not in (CLERK, BOOKER, CITIZEN, PERSON) for one in tellings)
    }
)
