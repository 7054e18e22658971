"""The practice bank behind the Gateway protocol: a server of its own (practice/bank.py) that moves no real money."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from market.payments.gateway import (
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

#: seconds to connect, and for an answer
CONNECT, ANSWER = 2.0, 8.0


class BankGateway:
    """The adapter. `url` is the bank's address, `key` opens its programs' part."""

    name = "practice"

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.pages = url.rstrip("/")
        self.client = httpx.Client(
            base_url=self.pages,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(ANSWER, connect=CONNECT),
            transport=transport,
            trust_env=False,
        )

    def open_checkout(self, ask: CheckoutAsk) -> CheckoutFacts:
        """See `Gateway`."""
        body = {
            "reference": ask.code, "payment": ask.payment, "order": ask.order, "amount": ask.fen, "what": ask.what,
            "methods": list(ask.methods), "language": ask.language, "back": ask.back, "cancel": ask.cancel,
            "until": ask.until.astimezone(UTC).timestamp(),
        }  # fmt: skip
        return _checkout(self._post("/v1/checkouts", body, ask.code))

    def read_checkout(self, ref: str) -> CheckoutFacts:
        """See `Gateway`."""
        return _checkout(self._get(f"/v1/checkouts/{ref}"))

    def close_checkout(self, ref: str) -> CheckoutFacts:
        """See `Gateway`."""
        return _checkout(self._post(f"/v1/checkouts/{ref}/close", {}))

    def refund(self, code: str, charge: str, fen: int, key: str) -> RefundFacts:
        """See `Gateway`."""
        return _refund(self._post("/v1/refunds", {"reference": code, "charge": charge, "amount": fen}, key))

    def read_refund(self, ref: str) -> RefundFacts:
        """See `Gateway`."""
        return _refund(self._get(f"/v1/refunds/{ref}"))

    def open_account(self, vendor: str, name: str, key: str) -> AccountFacts:
        """See `Gateway`."""
        return _account(self._post("/v1/accounts", {"reference": vendor, "name": name}, key))

    def onboarding(self, account: str, back: str, again: str) -> str:
        """See `Gateway`."""
        return str(self._post(f"/v1/accounts/{account}/link", {"back": back, "again": again})["url"])

    def read_account(self, account: str) -> AccountFacts:
        """See `Gateway`."""
        return _account(self._get(f"/v1/accounts/{account}"))

    def transfer(self, account: str, fen: int, charge: str | None, order: str, key: str) -> str:
        """See `Gateway`."""
        body = {"account": account, "amount": fen, "charge": charge, "order": order}
        return str(self._post("/v1/transfers", body, key)["id"])

    def reverse(self, transfer: str, fen: int, key: str) -> str:
        """See `Gateway`."""
        return str(self._post(f"/v1/transfers/{transfer}/reversals", {"amount": fen}, key)["id"])

    def pay_out(self, account: str, code: str, fen: int, key: str) -> PayoutFacts:
        """See `Gateway`."""
        return _payout(self._post("/v1/payouts", {"account": account, "reference": code, "amount": fen}, key))

    def read_payout(self, account: str, ref: str) -> PayoutFacts:
        """See `Gateway`."""
        return _payout(self._get(f"/v1/payouts/{ref}"))

    def read_dispute(self, ref: str) -> DisputeFacts:
        """See `Gateway`."""
        return _dispute(self._get(f"/v1/disputes/{ref}"))

    def read_charge(self, ref: str) -> ChargeFacts:
        """See `Gateway`."""
        return _charge(self._get(f"/v1/charges/{ref}"))

    def charges(self, since: datetime) -> Iterable[ChargeFacts]:
        """See `Gateway`."""
        return [_charge(row) for row in self._list("charges", since)]

    def refunds(self, since: datetime) -> Iterable[RefundFacts]:
        """See `Gateway`."""
        return [_refund(row) for row in self._list("refunds", since)]

    def payouts(self, accounts: Iterable[str], since: datetime) -> Iterable[PayoutFacts]:
        """See `Gateway`."""
        wanted = set(accounts)
        return [_payout(row) for row in self._list("payouts", since) if row["account"] in wanted]

    def disputes(self, since: datetime) -> Iterable[DisputeFacts]:
        """See `Gateway`."""
        return [_dispute(row) for row in self._list("disputes", since)]

    def endpoints(self) -> list[EndpointFacts]:
        """See `Gateway`."""
        return [EndpointFacts(row["id"], row["url"], None) for row in self._get("/v1/endpoints")["data"]]

    def make_endpoint(self, url: str) -> EndpointFacts:
        """See `Gateway`."""
        row = self._post("/v1/endpoints", {"url": url})
        return EndpointFacts(row["id"], row["url"], row["secret"])

    def remove_endpoint(self, ref: str) -> None:
        """See `Gateway`."""
        self._ask("DELETE", f"/v1/endpoints/{ref}")

    def control(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What only a practice bank has: play a chargeback, a returned payout, drift (practice/bank.py names them all)."""
        return self._post(f"/control/{path}", body or {})

    # Asking ----------------------------------------------------------------------------------------------------------

    def _list(self, kind: str, since: datetime) -> list[Any]:
        return list(self._ask("GET", f"/v1/{kind}", params={"since": since.timestamp()})["data"])

    def _get(self, path: str) -> Any:
        return self._ask("GET", path)

    def _post(self, path: str, body: Mapping[str, Any], key: str = "") -> Any:
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        try:
            reply = self.client.request(method, path, **what)
            body = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Away() from error
        if reply.status_code >= 500 or reply.status_code == 429:
            raise Away()
        if reply.status_code >= 400:
            raise Declined(str(body.get("error", reply.status_code)), str(body.get("words", "")))
        return body


def _stage(row: Mapping[str, Any]) -> Stage:
    return Stage(row["stage"])


def _checkout(row: Mapping[str, Any]) -> CheckoutFacts:
    return CheckoutFacts(
        row["id"], row["reference"], _stage(row), row["amount"], row["url"], row["charge"], row["cause"]
    )


def _charge(row: Mapping[str, Any]) -> ChargeFacts:
    return ChargeFacts(row["id"], row["reference"], row["amount"], row["refunded"], row["checkout"])


def _refund(row: Mapping[str, Any]) -> RefundFacts:
    return RefundFacts(row["id"], row["reference"], row["charge"], row["amount"], _stage(row), row["cause"])


def _payout(row: Mapping[str, Any]) -> PayoutFacts:
    return PayoutFacts(row["id"], row["reference"], row["account"], row["amount"], _stage(row), row["cause"])


def _dispute(row: Mapping[str, Any]) -> DisputeFacts:
    return DisputeFacts(row["id"], row["charge"], row["amount"], _stage(row), row["reason"])


def _account(row: Mapping[str, Any]) -> AccountFacts:
    return AccountFacts(row["id"], row["ready"], tuple(row["needs"]), row["version"])
