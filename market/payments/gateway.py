"""What the market asks of a payment service: a Protocol, the facts it answers with, and how its events are read.

Two adapters: stripe_gateway.py, and bank_gateway.py for the practice bank, whose events have Stripe's shape. An adapter never
decides anything: operations decide, an outbox job asks (asking.py), another operation takes note of the answer. Every request
that moves money carries our own code as idempotency key, so that asking again is harmless.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from market.kernel.errors import Refusal, Unavailable
from market.kernel.words import N_

#: the one currency
CURRENCY = "cny"
#: an event whose signature is older than this is not believed
TOLERANCE = timedelta(minutes=5)
#: how long a buyer may take on the gateway's page; Stripe allows 30 minutes to 24 hours
OPEN_FOR = timedelta(minutes=60)


#: causes with which the practice bank and Stripe say that there is no such thing
MISSING = frozenset({"no_such_thing", "resource_missing"})


class Away(Unavailable):
    """The payment service does not answer, or not in a way that can be understood: nothing is known, ask again with the key."""

    code = "gateway_away"
    title = N_("The payment service does not answer at the moment")


class Declined(Refusal):
    """The payment service understood and refuses; `cause` is its code. Asking again with the same key changes nothing."""

    code = "gateway_declined"
    title = N_("The payment service refused")

    def __init__(self, cause: str, words: str = "") -> None:
        super().__init__(N_("The payment service refused: %(cause)s"), cause=words or cause)
        self.cause = cause[:60]

    @property
    def is_missing(self) -> bool:
        """There is no such thing at the service, or none that is ours to see; other causes say nothing about the thing."""
        return self.cause in MISSING


class Stage(StrEnum):
    """Where something stands at the gateway."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckoutAsk:
    """A buyer is to pay `fen` on the gateway's page. `code`: our checkout, key and reference; `what` the buyer reads there."""

    code: str
    payment: str
    order: str
    fen: int
    what: str
    methods: Sequence[str]
    language: str
    back: str
    cancel: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """A visit: OPEN with the address where the buyer pays, DONE with the charge, FAILED with the cause (expired, ...)."""

    ref: str
    ours: str | None
    stage: Stage
    fen: int
    url: str | None = None
    charge: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """Money that came in: `refunded_fen` of it went back; `ours` is our checkout's code, none for another product's charge."""

    ref: str
    ours: str | None
    fen: int
    refunded_fen: int
    checkout: str | None = None


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money on its way back: OPEN while the bank has it, DONE, FAILED with the cause. `ours` is our refund's code."""

    ref: str
    ours: str | None
    charge: str
    fen: int
    stage: Stage
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    """A payout from a vendor's account: OPEN on its way, DONE, FAILED returned with the cause. `ours` is our payout's code."""

    ref: str
    ours: str | None
    account: str
    fen: int
    stage: Stage
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A charge that the buyer's bank took back: OPEN, DONE means that the market's side won, FAILED that it lost."""

    ref: str
    charge: str
    fen: int
    stage: Stage
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A vendor's account: whether payouts can go there, what is still wanted, and which bank account stands behind (a
    fingerprint that changes with it)."""

    ref: str
    ready: bool
    needs: tuple[str, ...] = ()
    version: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """An address to which events are sent; `secret` is told only when it is made."""

    ref: str
    url: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """An event, as far as the market reads it: it only says which thing to look at. `thing` none: nothing of ours."""

    event: str
    kind: str
    happened_at: datetime
    thing: str | None
    ref: str | None
    account: str | None
    payload: Mapping[str, Any]


class Gateway(Protocol):
    """A payment service. Every method raises `Away` when nothing is known and `Declined` when it refused for good."""

    @property
    def name(self) -> str:
        """Kept beside each reference: stripe or practice."""
        ...

    @property
    def pages(self) -> str:
        """Where buyers and vendors are sent (scheme, host and port, several apart by spaces), for the content security policy."""
        ...

    def open_checkout(self, ask: CheckoutAsk) -> CheckoutFacts:
        """A page on which the buyer pays; the same for the same code."""
        ...

    def read_checkout(self, ref: str) -> CheckoutFacts:
        """How it stands."""
        ...

    def close_checkout(self, ref: str) -> CheckoutFacts:
        """Let nobody pay there any more; how it stands then (perhaps paid a moment before)."""
        ...

    def refund(self, code: str, charge: str, fen: int, key: str) -> RefundFacts:
        """Send `fen` of a charge back to the buyer. Refuses more than is left of it."""
        ...

    def read_refund(self, ref: str) -> RefundFacts:
        """How it stands."""
        ...

    def open_account(self, vendor: str, name: str, key: str) -> AccountFacts:
        """An account for a vendor."""
        ...

    def onboarding(self, account: str, back: str, again: str) -> str:
        """An address, for once, where the vendor tells the service about itself and its bank account."""
        ...

    def read_account(self, account: str) -> AccountFacts:
        """How it stands."""
        ...

    def transfer(self, account: str, fen: int, charge: str | None, order: str, key: str) -> str:
        """Move `fen` of a charge into a vendor's account; the transfer's name."""
        ...

    def reverse(self, transfer: str, fen: int, key: str) -> str:
        """Take `fen` of a transfer back; the reversal's name."""
        ...

    def pay_out(self, account: str, code: str, fen: int, key: str) -> PayoutFacts:
        """Send `fen` from a vendor's account to its bank."""
        ...

    def read_payout(self, account: str, ref: str) -> PayoutFacts:
        """How it stands."""
        ...

    def read_dispute(self, ref: str) -> DisputeFacts:
        """How it stands."""
        ...

    def read_charge(self, ref: str) -> ChargeFacts:
        """How it stands, and which visit of ours brought it."""
        ...

    def charges(self, since: datetime) -> Iterable[ChargeFacts]:
        """All charges that succeeded since."""
        ...

    def refunds(self, since: datetime) -> Iterable[RefundFacts]:
        """All refunds since."""
        ...

    def payouts(self, accounts: Iterable[str], since: datetime) -> Iterable[PayoutFacts]:
        """All payouts from these accounts since."""
        ...

    def disputes(self, since: datetime) -> Iterable[DisputeFacts]:
        """All disputes since."""
        ...

    def endpoints(self) -> list[EndpointFacts]:
        """Where events are sent."""
        ...

    def make_endpoint(self, url: str) -> EndpointFacts:
        """Have events sent there."""
        ...

    def remove_endpoint(self, ref: str) -> None:
        """Send nothing there any more."""
        ...


# Events: the shape is Stripe's for both adapters -------------------------------------------------------------------------

#: the types that the market listens to -> the kind of thing that it then looks at
TYPES: Mapping[str, str] = {
    "checkout.session.completed": "checkout",
    "checkout.session.async_payment_succeeded": "checkout",
    "checkout.session.async_payment_failed": "checkout",
    "checkout.session.expired": "checkout",
    "refund.created": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
    "charge.dispute.created": "dispute",
    "charge.dispute.closed": "dispute",
    "payout.paid": "payout",
    "payout.failed": "payout",
    "payout.canceled": "payout",
    "account.updated": "account",
}


class NotSigned(Refusal):
    """An event that the gateway did not sign: of nobody's concern, and never stored."""

    code = "not_signed"
    title = N_("This was not signed by the payment service")


def check_signature(payload: bytes, header: str, secrets: Iterable[str], now: datetime) -> None:
    """Believe an event only with a signature: `t=SECONDS,v1=HEX`, where v1 is HMAC-SHA-256 of "SECONDS.payload" under one of
    the endpoint's secrets and t lies within five minutes of `now` (Stripe's scheme, which the practice bank shares). Else
    `NotSigned`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in pairs if name == "t"), "")
    signatures = [value for name, _, value in pairs if name == "v1"]
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not signatures:
        raise NotSigned()
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise NotSigned()
    for secret in secrets:
        right = sign(payload, int(stamp), secret)
        if any(hmac.compare_digest(right.encode(), one.encode()) for one in signatures):
            return
    raise NotSigned()


def sign(payload: bytes, stamp: int, secret: str) -> str:
    """The signature of an event sent at `stamp` (seconds since 1970), as hex."""
    return hmac.new(secret.encode(), b"%d." % stamp + payload, hashlib.sha256).hexdigest()


def read_event(payload: bytes) -> Notice:
    """An event as JSON of Stripe's shape. ValueError, KeyError or TypeError when it has none; unknown types have no thing."""
    body = json.loads(payload)
    thing = body["data"]["object"]
    event, kind = str(body["id"]), str(body["type"])
    about = TYPES.get(kind)
    ref = thing.get("id") if about else None
    return Notice(
        event=event,
        kind=kind,
        happened_at=datetime.fromtimestamp(int(body["created"]), UTC),
        thing=about if ref else None,
        ref=str(ref) if ref else None,
        account=str(body["account"]) if body.get("account") else None,
        payload=body,
    )
