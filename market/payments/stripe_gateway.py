"""Stripe behind the Gateway protocol: Checkout Sessions in CNY, Connect accounts, separate charges and transfers.

The platform takes the charge, transfers an accepted instalment to the vendor's account with `source_transaction`, and pays out
from there; what must come back is a transfer reversal. The API version is pinned: an update of the library changes nothing
until somebody has read what is new. Amounts are in fen, Stripe's smallest unit of CNY.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import stripe

from market.payments.gateway import (
    CURRENCY,
    TYPES,
    AccountFacts,
    Away,
    ChargeFacts,
    CheckoutAsk,
    CheckoutFacts,
    Declined,
    DisputeFacts,
    EndpointFacts,
    PayoutFacts,
    RefundFacts,
    Stage,
)

#: the version of Stripe's API that this file was written for
VERSION = "2026-10-28.endive"
#: seconds for one request; the library tries again by itself with the same key
PATIENCE, TRIES = 8, 1
#: things of one list request
PAGE = 100
#: our methods -> Stripe's; Alipay and WeChat Pay settle in CNY
METHODS = {"card": ["card"], "wallet": ["alipay", "wechat_pay"]}

P = ParamSpec("P")
R = TypeVar("R")


def _asking(method: Callable[P, R]) -> Callable[P, R]:
    """Stripe's errors as ours: what it refused for good is `Declined`, everything that leaves the outcome open is `Away`."""

    @wraps(method)
    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            # money that is still on its way into the account is no refusal
            if error.code in ("balance_insufficient", "lock_timeout", "idempotency_key_in_use"):
                raise Away() from error
            raise Declined(error.code or type(error).__name__, str(error.user_message or "")) from error
        except stripe.StripeError as error:
            raise Away() from error

    return ask


class StripeGateway:
    """The adapter. `base` is another address of the API, for tests against Stripe's mock server."""

    name = "stripe"
    #: buyers pay, and vendors tell about themselves, on pages of Stripe's
    pages = "https://checkout.stripe.com https://connect.stripe.com"

    def __init__(self, key: str, base: str = "") -> None:
        addresses: Any = {"api": base} if base else None
        self.client = stripe.StripeClient(
            key,
            stripe_version=VERSION,
            base_addresses=addresses,
            max_network_retries=TRIES,
            http_client=stripe.HTTPXClient(timeout=PATIENCE, allow_sync_methods=True),
        )

    # Paying ----------------------------------------------------------------------------------------------------------

    @_asking
    def open_checkout(self, ask: CheckoutAsk) -> CheckoutFacts:
        """See `Gateway`: a Checkout Session whose payment is captured at once, so that no authorisation can run out."""
        ours = {"checkout": ask.code, "payment": ask.payment, "order": ask.order}
        wallets = [method for name in ask.methods for method in METHODS[name]]
        options: dict[str, Any] = {"wechat_pay": {"client": "web"}} if "wechat_pay" in wallets else {}
        wish: Any = {
            "mode": "payment",
            "client_reference_id": ask.code,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": CURRENCY,
                        "unit_amount": ask.fen,
                        "product_data": {"name": ask.what},
                    },
                }
            ],
            "payment_method_types": wallets,
            "payment_method_options": options,
            "payment_intent_data": {
                "capture_method": "automatic",
                "transfer_group": ask.order,
                "metadata": ours,
                "description": ask.what,
            },
            "metadata": ours,
            "locale": "en" if ask.language.startswith("en") else "zh",
            "success_url": ask.back,
            "cancel_url": ask.cancel,
            "expires_at": int(ask.until.timestamp()),
            "expand": ["payment_intent"],
        }
        return checkout_facts(self.client.v1.checkout.sessions.create(wish, {"idempotency_key": ask.code}))

    @_asking
    def read_checkout(self, ref: str) -> CheckoutFacts:
        """See `Gateway`."""
        return checkout_facts(self.client.v1.checkout.sessions.retrieve(ref, {"expand": ["payment_intent"]}))

    @_asking
    def close_checkout(self, ref: str) -> CheckoutFacts:
        """See `Gateway`. A session that is over cannot be expired: then it is read."""
        try:
            return checkout_facts(self.client.v1.checkout.sessions.expire(ref, {"expand": ["payment_intent"]}))
        except stripe.InvalidRequestError:
            return self.read_checkout(ref)

    # Sending back ----------------------------------------------------------------------------------------------------

    @_asking
    def refund(self, code: str, charge: str, fen: int, key: str) -> RefundFacts:
        """See `Gateway`."""
        made = self.client.v1.refunds.create(
            {"charge": charge, "amount": fen, "metadata": {"refund": code}}, {"idempotency_key": key}
        )
        return refund_facts(made)

    @_asking
    def read_refund(self, ref: str) -> RefundFacts:
        """See `Gateway`."""
        return refund_facts(self.client.v1.refunds.retrieve(ref))

    # Vendors ---------------------------------------------------------------------------------------------------------

    @_asking
    def open_account(self, vendor: str, name: str, key: str) -> AccountFacts:
        """See `Gateway`: an Express account whose payouts only the market starts."""
        made = self.client.v1.accounts.create(
            {
                "type": "express",
                "country": "CN",
                "business_type": "company",
                "business_profile": {"name": name},
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {"vendor": vendor},
            },
            {"idempotency_key": key},
        )
        return account_facts(made)

    @_asking
    def onboarding(self, account: str, back: str, again: str) -> str:
        """See `Gateway`: an Account Link."""
        link = self.client.v1.account_links.create(
            {"account": account, "type": "account_onboarding", "return_url": back, "refresh_url": again}
        )
        return str(link.url)

    @_asking
    def read_account(self, account: str) -> AccountFacts:
        """See `Gateway`."""
        return account_facts(self.client.v1.accounts.retrieve(account))

    @_asking
    def transfer(self, account: str, fen: int, charge: str | None, order: str, key: str) -> str:
        """See `Gateway`: with `source_transaction`, so that it works before the charge's money is available."""
        wish: Any = {
            "amount": fen,
            "currency": CURRENCY,
            "destination": account,
            "transfer_group": order,
            "metadata": {"order": order},
        }
        if charge is not None:
            wish["source_transaction"] = charge
        made = self.client.v1.transfers.create(wish, {"idempotency_key": key})
        return str(made.id)

    @_asking
    def reverse(self, transfer: str, fen: int, key: str) -> str:
        """See `Gateway`."""
        made = self.client.v1.transfers.reversals.create(transfer, {"amount": fen}, {"idempotency_key": key})
        return str(made.id)

    @_asking
    def pay_out(self, account: str, code: str, fen: int, key: str) -> PayoutFacts:
        """See `Gateway`."""
        made = self.client.v1.payouts.create(
            {"amount": fen, "currency": CURRENCY, "metadata": {"payout": code}},
            {"idempotency_key": key, "stripe_account": account},
        )
        return payout_facts(made, account)

    @_asking
    def read_payout(self, account: str, ref: str) -> PayoutFacts:
        """See `Gateway`."""
        return payout_facts(self.client.v1.payouts.retrieve(ref, options={"stripe_account": account}), account)

    # Comparing -------------------------------------------------------------------------------------------------------

    @_asking
    def read_dispute(self, ref: str) -> DisputeFacts:
        """See `Gateway`."""
        return dispute_facts(self.client.v1.disputes.retrieve(ref))

    @_asking
    def read_charge(self, ref: str) -> ChargeFacts:
        """See `Gateway`."""
        return charge_facts(self.client.v1.charges.retrieve(ref))

    @_asking
    def charges(self, since: datetime) -> Iterable[ChargeFacts]:
        """See `Gateway`."""
        rows = self._all(self.client.v1.charges.list, since)
        return [charge_facts(row) for row in rows if row.status == "succeeded" and row.currency == CURRENCY]

    @_asking
    def refunds(self, since: datetime) -> Iterable[RefundFacts]:
        """See `Gateway`."""
        return [refund_facts(row) for row in self._all(self.client.v1.refunds.list, since)]

    @_asking
    def payouts(self, accounts: Iterable[str], since: datetime) -> Iterable[PayoutFacts]:
        """See `Gateway`: each account has a list of its own."""
        return list(
            itertools.chain.from_iterable(
                (payout_facts(row, one) for row in self._all(self.client.v1.payouts.list, since, one))
                for one in accounts
            )
        )

    @_asking
    def disputes(self, since: datetime) -> Iterable[DisputeFacts]:
        """See `Gateway`."""
        return [dispute_facts(row) for row in self._all(self.client.v1.disputes.list, since)]

    def _all(self, listing: Callable[..., Any], since: datetime, account: str = "") -> Iterator[Any]:
        options = {"stripe_account": account} if account else {}
        wish: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        while True:
            page = listing(wish, options)
            yield from page.data
            if not page.has_more or not page.data:
                return
            wish["starting_after"] = page.data[-1].id

    # Events ----------------------------------------------------------------------------------------------------------

    @_asking
    def endpoints(self) -> list[EndpointFacts]:
        """See `Gateway`: Stripe never tells a secret again."""
        return [
            EndpointFacts(row.id, row.url, None) for row in self.client.v1.webhook_endpoints.list({"limit": PAGE}).data
        ]

    @_asking
    def make_endpoint(self, url: str) -> EndpointFacts:
        """See `Gateway`. An address that ends in /accounts hears of vendors' accounts (Connect), another of the market's own.

        Which version of the API its events are written in does not matter: they only name what to look at.
        """
        connect = urlsplit(url).path.endswith("/accounts")
        wish: Any = {"url": url, "enabled_events": sorted(TYPES), "connect": connect}
        made = self.client.v1.webhook_endpoints.create(wish)
        return EndpointFacts(made.id, made.url, _of(made, "secret"))

    @_asking
    def remove_endpoint(self, ref: str) -> None:
        """See `Gateway`."""
        self.client.v1.webhook_endpoints.delete(ref)


# Stripe's objects as facts ------------------------------------------------------------------------------------------------


def _of(thing: Any, name: str, other: Any = None) -> Any:
    """A field of one of Stripe's objects, which leave out what does not apply."""
    found = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return other if found is None else found


def _ours(thing: Any, name: str) -> str | None:
    return _of(_of(thing, "metadata", {}), name)


def _id(thing: Any) -> str | None:
    """The name of something that Stripe may give by name or in full."""
    return thing if isinstance(thing, str) or thing is None else _of(thing, "id")


def checkout_facts(session: Any) -> CheckoutFacts:
    """A Checkout Session with its PaymentIntent expanded. Complete but unpaid (a wallet that takes its time) is still open."""
    intent = _of(session, "payment_intent")
    expanded = None if isinstance(intent, str) else intent
    error = _of(expanded, "last_payment_error", {}) if expanded is not None else {}
    stage = Stage.OPEN
    if _of(session, "payment_status") == "paid":
        stage = Stage.DONE
    elif (_of(session, "status"), _of(expanded or {}, "status")) == ("complete", "requires_payment_method"):
        # a wallet that took its time and refused
        stage = Stage.FAILED
    elif _of(session, "status") == "expired" or _of(expanded or {}, "status") == "canceled":
        stage = Stage.FAILED
    return CheckoutFacts(
        ref=_of(session, "id"),
        ours=_of(session, "client_reference_id"),
        stage=stage,
        fen=int(_of(session, "amount_total", 0)),
        url=_of(session, "url"),
        charge=_id(_of(expanded, "latest_charge")) if expanded is not None else None,
        cause=_of(error, "code") or ("expired" if stage is Stage.FAILED else None),
    )


def charge_facts(charge: Any) -> ChargeFacts:
    """A Charge; the PaymentIntent's metadata stand on it too."""
    return ChargeFacts(
        _of(charge, "id"),
        _ours(charge, "checkout"),
        int(_of(charge, "amount", 0)),
        int(_of(charge, "amount_refunded", 0)),
    )


def refund_facts(refund: Any) -> RefundFacts:
    """A Refund; requires_action and pending are under way."""
    stage = {"succeeded": Stage.DONE, "failed": Stage.FAILED, "canceled": Stage.FAILED}.get(
        _of(refund, "status", ""), Stage.OPEN
    )
    return RefundFacts(
        _of(refund, "id"),
        _ours(refund, "refund"),
        _id(_of(refund, "charge")) or "",
        int(_of(refund, "amount", 0)),
        stage,
        _of(refund, "failure_reason"),
    )


def payout_facts(payout: Any, account: str) -> PayoutFacts:
    """A Payout of a vendor's account; in_transit and pending are under way."""
    stage = {"paid": Stage.DONE, "failed": Stage.FAILED, "canceled": Stage.FAILED}.get(
        _of(payout, "status", ""), Stage.OPEN
    )
    return PayoutFacts(
        _of(payout, "id"),
        _ours(payout, "payout"),
        account,
        int(_of(payout, "amount", 0)),
        stage,
        _of(payout, "failure_code"),
    )


def dispute_facts(dispute: Any) -> DisputeFacts:
    """A Dispute; a warning that was closed took nothing and counts as won."""
    status = str(_of(dispute, "status", ""))
    stage = {"won": Stage.DONE, "warning_closed": Stage.DONE, "lost": Stage.FAILED}.get(status, Stage.OPEN)
    return DisputeFacts(
        _of(dispute, "id"),
        _id(_of(dispute, "charge")) or "",
        int(_of(dispute, "amount", 0)),
        stage,
        _of(dispute, "reason"),
    )


def account_facts(account: Any) -> AccountFacts:
    """An Account: ready once payouts are enabled; the version is the fingerprint of its first bank account."""
    needs = _of(_of(account, "requirements", {}), "currently_due", [])
    banks = _of(_of(account, "external_accounts", {}), "data", [])
    first = banks[0] if banks else None
    return AccountFacts(
        _of(account, "id"),
        bool(_of(account, "payouts_enabled", False)),
        tuple(str(one) for one in needs),
        _of(first, "fingerprint") or _of(first, "id") if first is not None else None,
    )
