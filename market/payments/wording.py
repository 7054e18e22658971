"""What states, causes and kinds of payments are called on pages."""

from collections.abc import Mapping

from market.kernel.words import N_

PAYMENT_STATES: Mapping[str, str] = {
    "due": N_("to be paid"),
    "begun": N_("payment begun"),
    "held": N_("paid, held"),
    "released": N_("released"),
    "refunded": N_("refunded"),
    "taken_back": N_("taken back by the bank"),
    "void": N_("owed no longer"),
}
METHODS: Mapping[str, str] = {
    "card": N_("bank card"),
    "wallet": N_("Alipay or WeChat Pay"),
    "invoice": N_("invoice and bank transfer"),
    "nothing": N_("nothing to pay"),
}
PAYOUT_STATES: Mapping[str, str] = {
    "due": N_("waits to be sent"),
    "begun": N_("on its way"),
    "paid": N_("arrived"),
    "returned": N_("returned by the bank"),
    "dropped": N_("taken back"),
}
REFUND_CAUSES: Mapping[str, str] = {
    "cancelled": N_("order called off"),
    "dispute": N_("dispute decided"),
    "late": N_("paid although owed no longer"),
    "amended": N_("contract amended"),
    "chargeback_won": N_("paid twice after a chargeback"),
    "officer": N_("by an officer"),
}
TRANSFER_KINDS: Mapping[str, str] = {
    "paid_in": N_("Buyer's payment of an invoice"),
    "refund": N_("Refund to the buyer"),
    "payout": N_("Payout to the vendor"),
    "clawback": N_("Money back from the vendor"),
}
DIFFERENCE_KINDS: Mapping[str, str] = {
    "paid_unseen": N_("Paid at the gateway, unknown here"),
    "amount": N_("Another amount than was asked for"),
    "refund_by_hand": N_("Refund made at the gateway by hand"),
    "refund_unseen": N_("A refund stands otherwise at the gateway"),
    "chargeback_unseen": N_("Taken back by the buyer's bank, unknown here"),
    "chargeback_closed": N_("Chargeback decided, unknown here"),
    "payout_returned": N_("Payout returned by the bank"),
    "payout_unseen": N_("Payout arrived, unknown here"),
    "refunded_twice": N_("A refund that went by another way arrived by card as well"),
    "paid_twice": N_("An earlier try of a payout arrived as well"),
    "charge_missing": N_("The gateway knows no such payment"),
    "refund_missing": N_("The gateway knows no such refund"),
    "payout_missing": N_("The gateway knows no such payout"),
}
#: what the gateway wants to know of a vendor; others are shown as it says them
NEEDS: Mapping[str, str] = {"external_account": N_("the bank account")}
#: why a buyer's bank took a payment back, by the gateway's code; others are shown as they are
CHARGEBACK_REASONS: Mapping[str, str] = {
    "product_not_received": N_("the service was not received"),
    "product_unacceptable": N_("the service was not as agreed"),
    "fraudulent": N_("the holder did not pay himself"),
    "duplicate": N_("paid twice"),
    "credit_not_processed": N_("a refund did not arrive"),
    "unrecognized": N_("the holder does not know the payment"),
    "general": N_("no reason given"),
}
