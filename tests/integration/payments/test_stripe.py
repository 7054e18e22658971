"""Every request that the Stripe adapter makes, replayed against Stripe's official mock server, which validates parameters.

The mock has no state and no idempotency: what it answers is a fixture, so only the requests and the reading of objects are
looked at. `.ci/run` builds it and names it as STRIPE_MOCK; without it these tests say where it is missing.
"""

import inspect
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from market.payments import gateway
from market.payments.gateway import CheckoutAsk, Declined, Stage
from market.payments.stripe_gateway import VERSION, StripeGateway

KEY = "sk_test_123"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """Stripe's mock server on the loopback address."""
    program = os.environ.get("STRIPE_MOCK") or shutil.which("stripe-mock")
    if not program:
        pytest.skip(
            "no stripe-mock in the path and none named by STRIPE_MOCK: with Go 1.22 or newer, "
            "go install github.com/stripe/stripe-mock@v0.203.0"
        )
    plain, secure = free_port(), free_port()
    command = [program, "-http-addr", f"127.0.0.1:{plain}", "-https-addr", f"127.0.0.1:{secure}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{plain}"
        until = time.monotonic() + 20
        while True:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "Stripe's mock server does not answer"
                time.sleep(0.1)
        yield url
        server.terminate()


class Watching:
    """The library's transport, with what it sent."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.sent = inner, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def request_with_retries(self, method: str, url: str, headers: Any, *args: Any, **kwargs: Any) -> Any:
        """Note method, path and headers of a request, and send it."""
        self.sent.append((method.upper(), url.split("/v1/", 1)[1], dict(headers), args[0] if args else None))
        return self.inner.request_with_retries(method, url, headers, *args, **kwargs)


@pytest.fixture
def stripe(mock: str) -> StripeGateway:
    """The adapter on the mock server."""
    return StripeGateway(KEY, mock)


@pytest.fixture
def sent(stripe: StripeGateway) -> list[Any]:
    """The requests that the adapter makes: (method, path, headers, body)."""
    watching = Watching(stripe.client._requestor._client)
    stripe.client._requestor._client = watching  # type: ignore[assignment]
    return watching.sent


ASK = CheckoutAsk(
    code="J-7K3M9Q2FX", payment="F-7K3M9Q2FX", order="R-7K3M9Q2FX", fen=1_200_001, what="西市 R-7K3M9Q2FX #1",
    methods=["card"], language="zh", back="https://market.example.org/pay/F-7K3M9Q2FX/back",
    cancel="https://market.example.org/pay/F-7K3M9Q2FX", until=datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
)  # fmt: skip
SINCE = datetime.now(UTC) - timedelta(days=1)

#: every method of the protocol that asks something -> a call of it
CALLS: dict[str, Any] = {
    "open_checkout": lambda s: s.open_checkout(ASK),
    "read_checkout": lambda s: s.read_checkout("cs_test_1"),
    "close_checkout": lambda s: s.close_checkout("cs_test_1"),
    "refund": lambda s: s.refund("B-7K3M9Q2FX", "ch_1", 500, "B-7K3M9Q2FX-1"),
    "read_refund": lambda s: s.read_refund("re_1"),
    "open_account": lambda s: s.open_account("V-7K3M9Q2FX", "测试评估有限公司", "V-7K3M9Q2FX-account"),
    "onboarding": lambda s: s.onboarding("acct_1", "https://market.example.org/desk/money", "https://market.example.org/desk/money"),
    "read_account": lambda s: s.read_account("acct_1"),
    "transfer": lambda s: s.transfer("acct_1", 500, "ch_1", "R-7K3M9Q2FX", "Z-7K3M9Q2FX-transfer"),
    "reverse": lambda s: s.reverse("tr_1", 500, "Q-7K3M9Q2FX-1"),
    "pay_out": lambda s: s.pay_out("acct_1", "Z-7K3M9Q2FX", 500, "Z-7K3M9Q2FX-1"),
    "read_payout": lambda s: s.read_payout("acct_1", "po_1"),
    "read_dispute": lambda s: s.read_dispute("dp_1"),
    "read_charge": lambda s: s.read_charge("ch_1"),
    "charges": lambda s: s.charges(SINCE),
    "refunds": lambda s: s.refunds(SINCE),
    "payouts": lambda s: s.payouts(["acct_1"], SINCE),
    "disputes": lambda s: s.disputes(SINCE),
    "endpoints": lambda s: s.endpoints(),
    "make_endpoint": lambda s: s.make_endpoint("https://market.example.org/payments/webhook/accounts"),
    "remove_endpoint": lambda s: s.remove_endpoint("we_1"),
}  # fmt: skip
#: methods that move or promise something: asked twice with one key, done once
WITH_KEY = {
    "open_checkout": "J-7K3M9Q2FX", "refund": "B-7K3M9Q2FX-1", "open_account": "V-7K3M9Q2FX-account",
    "transfer": "Z-7K3M9Q2FX-transfer", "reverse": "Q-7K3M9Q2FX-1", "pay_out": "Z-7K3M9Q2FX-1",
}  # fmt: skip


def test_all_methods_of_the_protocol_are_called_here() -> None:
    asked = {
        name
        for name, member in vars(gateway.Gateway).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    assert asked == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_stripe_accepts_every_request_of_the_adapter(stripe: StripeGateway, sent: list[Any], name: str) -> None:
    CALLS[name](stripe)
    assert sent
    for _method, _path, headers, _body in sent:
        assert headers["Stripe-Version"] == VERSION
        assert headers.get("Idempotency-Key") == WITH_KEY.get(name) or name not in WITH_KEY
    if name in ("pay_out", "read_payout", "payouts"):
        assert sent[-1][2]["Stripe-Account"] == "acct_1"


def test_wallets_are_offered_as_stripe_wants_them(stripe: StripeGateway) -> None:
    import dataclasses

    assert stripe.open_checkout(dataclasses.replace(ASK, methods=["wallet"], language="en")).ref


def test_the_buyers_money_is_captured_at_once_so_that_no_hold_can_run_out(
    stripe: StripeGateway, sent: list[Any]
) -> None:
    """KF-MON-16: what is paid is in escrow, never only authorised; a page that nobody uses runs out without a charge."""
    stripe.open_checkout(ASK)
    body = str(sent[0][3])
    assert "capture_method]=automatic" in body.replace("%5B", "[").replace("%5D", "]")
    assert "manual" not in body


def test_what_stripe_refuses_is_declined_with_its_code(stripe: StripeGateway) -> None:
    with pytest.raises(Declined) as refused:
        stripe.refund("B-7K3M9Q2FX", "ch_1", "not a number", "B-7K3M9Q2FX-1")  # type: ignore[arg-type]
    assert refused.value.cause


def test_a_service_that_does_not_answer_is_away_and_not_a_refusal() -> None:
    nobody = StripeGateway(KEY, f"http://127.0.0.1:{free_port()}")
    nobody.client._requestor._options.max_network_retries = 0  # type: ignore[attr-defined]
    with pytest.raises(gateway.Away):
        nobody.read_refund("re_1")


def test_the_mock_would_notice_a_parameter_that_stripe_does_not_know(stripe: StripeGateway) -> None:
    """The contract test itself is worth something."""
    import stripe as library

    with pytest.raises(library.InvalidRequestError):
        stripe.client.v1.refunds.create({"charge": "ch_1", "hold_on": "yes"})  # type: ignore[typeddict-unknown-key]


def test_refund_of_the_mock_reads_as_facts(stripe: StripeGateway) -> None:
    facts = stripe.refund("B-7K3M9Q2FX", "ch_1", 500, "B-7K3M9Q2FX-1")
    assert (facts.fen, facts.stage) == (500, Stage.DONE)


def test_forms_may_end_on_stripes_pages_for_buyers_and_for_vendors() -> None:
    assert StripeGateway.pages.split() == ["https://checkout.stripe.com", "https://connect.stripe.com"]
