"""Events of the gateway: what is believed, and what is read of them. Objects of Stripe as facts."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from market.payments import gateway, stripe_gateway
from market.payments.gateway import NotSigned, Stage, check_signature, read_event, sign

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
BODY = json.dumps(
    {"id": "evt_1", "type": "checkout.session.completed", "created": 1795579200, "data": {"object": {"id": "cs_1"}}}
).encode()
SECRET = "whsec_test"


def header(at: datetime = NOW, secret: str = SECRET, body: bytes = BODY) -> str:
    stamp = int(at.timestamp())
    return f"t={stamp},v1={sign(body, stamp, secret)}"


def test_our_signature_is_the_one_of_stripes_own_library() -> None:
    import stripe

    stamp = int(NOW.timestamp())
    assert stripe.WebhookSignature._compute_signature(f"{stamp}.{BODY.decode()}", SECRET) == sign(BODY, stamp, SECRET)


def test_an_event_signed_by_one_of_the_endpoints_is_believed() -> None:
    check_signature(BODY, header(), ["whsec_other", SECRET], NOW)
    # two signatures while a secret is changed
    check_signature(BODY, header() + ",v1=" + "0" * 64, [SECRET], NOW + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("given", "body", "now"),
    [
        ("", BODY, NOW),
        ("t=1,v1=", BODY, NOW),
        ("nonsense", BODY, NOW),
        ("t=x,v1=" + "0" * 64, BODY, NOW),
        ("t=" + "9" * 40 + ",v1=" + "0" * 64, BODY, NOW),
        (header(secret="whsec_wrong"), BODY, NOW),
        (header(), BODY + b" ", NOW),
        (header(), BODY, NOW + timedelta(minutes=6)),
        (header(at=NOW + timedelta(minutes=6)), BODY, NOW),
        (header().replace("v1", "v0"), BODY, NOW),
        (header(secret="十"), BODY, NOW),
        ("t=1,v1=é", BODY, NOW),
    ],
)
def test_what_is_not_signed_changed_or_old_is_not_believed(given: str, body: bytes, now: datetime) -> None:
    with pytest.raises(NotSigned):
        check_signature(body, given, [SECRET], now)


def test_nothing_is_believed_while_no_secret_is_known() -> None:
    with pytest.raises(NotSigned):
        check_signature(BODY, header(), [], NOW)


def test_an_event_says_which_thing_to_look_at_and_no_more() -> None:
    notice = read_event(BODY)
    assert (notice.event, notice.thing, notice.ref, notice.account) == ("evt_1", "checkout", "cs_1", None)
    assert notice.happened_at.tzinfo is not None


def test_unknown_types_are_about_nothing_of_ours() -> None:
    """KF-MON-04."""
    body = json.loads(BODY) | {"type": "customer.subscription.created"}
    assert read_event(json.dumps(body).encode()).thing is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"id": 1, "type": "x", "created": "y", "data": {"object": {}}}', b"\xff"]
)
def test_what_has_no_shape_of_an_event_is_refused(body: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_event(body)


def test_every_type_that_is_listened_to_leads_to_a_thing_that_can_be_looked_at() -> None:
    from market.payments.asking import _LOOKS

    assert set(gateway.TYPES.values()) == set(_LOOKS)


def session(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_1", "client_reference_id": "J-1", "status": "open", "payment_status": "unpaid", "amount_total": 500,
        "url": "https://checkout.stripe.com/c/pay/cs_1", "payment_intent": None, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "stage", "charge", "cause"),
    [
        ({}, Stage.OPEN, None, None),
        ({"status": "complete", "payment_status": "paid", "payment_intent": {"latest_charge": "ch_1"}}, Stage.DONE, "ch_1", None),
        ({"status": "expired", "url": None}, Stage.FAILED, None, "expired"),
        # a wallet that takes its time is under way until it succeeds or fails
        ({"status": "complete", "payment_intent": {"status": "processing"}}, Stage.OPEN, None, None),
        (
            {"status": "complete", "payment_intent": {"status": "requires_payment_method", "last_payment_error": {"code": "x"}}},
            Stage.FAILED,
            None,
            "x",
        ),
    ],
)  # fmt: skip
def test_a_checkout_session_reads_as_open_paid_or_over(
    changes: dict[str, Any], stage: Stage, charge: str | None, cause: str | None
) -> None:
    facts = stripe_gateway.checkout_facts(session(**changes))
    assert (facts.ref, facts.ours, facts.stage, facts.fen, facts.charge, facts.cause) == (
        "cs_1", "J-1", stage, 500, charge, cause,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("read", "thing", "stage"),
    [
        ("refund_facts", {"status": "pending"}, Stage.OPEN),
        ("refund_facts", {"status": "requires_action"}, Stage.OPEN),
        ("refund_facts", {"status": "succeeded"}, Stage.DONE),
        ("refund_facts", {"status": "failed", "failure_reason": "lost_or_stolen_card"}, Stage.FAILED),
        ("refund_facts", {"status": "canceled"}, Stage.FAILED),
        ("dispute_facts", {"status": "needs_response"}, Stage.OPEN),
        ("dispute_facts", {"status": "under_review"}, Stage.OPEN),
        ("dispute_facts", {"status": "won"}, Stage.DONE),
        ("dispute_facts", {"status": "lost"}, Stage.FAILED),
    ],
)
def test_refunds_and_disputes_read_as_open_done_or_failed(read: str, thing: dict[str, Any], stage: Stage) -> None:
    facts = getattr(stripe_gateway, read)({"id": "x", "charge": "ch_1", "amount": 5, **thing})
    assert (facts.stage, facts.charge, facts.fen) == (stage, "ch_1", 5)


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("pending", Stage.OPEN),
        ("in_transit", Stage.OPEN),
        ("paid", Stage.DONE),
        ("failed", Stage.FAILED),
        ("canceled", Stage.FAILED),
    ],
)
def test_payouts_read_as_on_their_way_arrived_or_returned(status: str, stage: Stage) -> None:
    facts = stripe_gateway.payout_facts(
        {"id": "po", "amount": 5, "status": status, "metadata": {"payout": "Z-1"}}, "acct"
    )
    assert (facts.stage, facts.ours, facts.account) == (stage, "Z-1", "acct")


def test_an_account_is_ready_once_payouts_are_enabled_and_its_bank_account_has_a_version() -> None:
    banks = {"data": [{"id": "ba", "fingerprint": "fp"}]}
    whole = {"id": "acct", "payouts_enabled": True, "requirements": {"currently_due": []}, "external_accounts": banks}
    facts = stripe_gateway.account_facts(whole)
    assert (facts.ready, facts.needs, facts.version) == (True, (), "fp")
    bare = stripe_gateway.account_facts({"id": "acct", "requirements": {"currently_due": ["external_account"]}})
    assert (bare.ready, bare.needs, bare.version) == (False, ("external_account",), None)
