"""Events go to the software of organisations: signed, under one id, never into our own network, told when nothing gets there."""

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from market import clock, outbox
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.notifications import rules, web_post
from market.notifications.delivery_operations import deliver, retry_delivery
from market.notifications.models import Message, MessageDelivery, WebhookEndpoint
from market.notifications.states import DeliveryState
from market.notifications.webhook_operations import (
    add_endpoint,
    change_endpoint,
    make_test,
    remove_endpoint,
    rotate_secret,
)
from market.vendors import events as vendors
from tests.integration.conftest import NOON
from tests.integration.factories import work
from tests.integration.notifications.receiver import Receiver, receiver


@pytest.fixture
def there() -> Iterator[Receiver]:
    """The software of an organisation."""
    with receiver() as state:
        yield state


def deliveries() -> list[MessageDelivery]:
    db.session.expire_all()
    return list(
        db.session.scalars(
            select(MessageDelivery).where(MessageDelivery.endpoint_id.is_not(None)).order_by(MessageDelivery.id)
        )
    )


def verified(taken, *secrets: str) -> list[bool]:
    """Whether each secret opens the request, judged by the library on the clock of the market."""
    found = []
    for secret in secrets:
        webhook = Webhook(secret)
        at = datetime.fromtimestamp(int(taken.headers["webhook-timestamp"]), UTC)
        expected = webhook.sign(taken.headers["webhook-id"], at, taken.body.decode())
        found.append(expected in taken.headers["webhook-signature"].split(" "))
    return found


# What goes there -----------------------------------------------------------------------------------------------------------


def test_what_an_organisation_is_told_goes_to_its_software_once(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    _, secret = add_endpoint(there.url, "ERP", [], by=row.vendor)
    work.work_operations.ask_rework(row.code, ["incomplete"], "缺少附图三和附图四，请补齐后再交。", by=row.buyer)
    outbox.drain()

    [taken] = there.taken
    content = json.loads(taken.body)
    assert content["type"] == "orders.rework_asked"
    assert content["data"]["about"] == {"order": row.code, "vendor": row.firm.code}
    assert content["data"]["url"].endswith(f"/orders/{row.code}")
    assert set(content["data"]["text"]) == {"zh", "en"}
    assert taken.headers["webhook-id"] == deliveries()[0].message.code
    assert verified(taken, secret) == [True]
    assert [one.state for one in deliveries()] == [DeliveryState.SENT]


def test_the_library_of_the_receiver_takes_the_signature(committed: Flask) -> None:
    """On the machine's own clock, with the check that receivers use; a changed byte is refused."""
    with receiver() as there, committed.app_context():
        organisation = _vendor_member()
        _, secret = add_endpoint(there.url, "ERP", [], by=organisation)
        [endpoint] = db.session.scalars(select(WebhookEndpoint))
        deliver(make_test(endpoint.code, by=organisation))
        [taken] = there.taken
        assert Webhook(secret).verify(taken.body, taken.headers)["type"] == "test"
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(taken.body + b" ", taken.headers)


def _vendor_member():
    from tests.integration.factories.committed import vendor_member

    return vendor_member()


def test_only_chosen_types_go_there(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    endpoint, _ = add_endpoint(there.url, "ERP", ["payments.payout_failed"], by=row.vendor)
    work.work_operations.ask_rework(row.code, ["incomplete"], "缺少附图三和附图四，请补齐后再交。", by=row.buyer)
    outbox.drain()
    assert there.taken == []
    change_endpoint(endpoint.code, "ERP", ["orders.milestone_accepted"], by=row.vendor)
    work.hand_over(row, "第二稿")
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    assert [json.loads(taken.body)["type"] for taken in there.taken] == ["orders.milestone_accepted"]


def test_several_lines_of_the_table_are_one_event_for_a_program(app: Flask, there: Receiver) -> None:
    """A suspended offer is a line for each and one mail for all; the software hears of each offer once."""
    from market.listings import events as listings
    from market.record.operations import record
    from market.transaction import transactional
    from tests.integration.factories import listings as listing_rows

    row = work.awarded()
    offer = listing_rows.published(row.firm, row.vendor, title="第二项")
    add_endpoint(there.url, "ERP", [], by=row.vendor)
    event = listings.ListingSuspended(offer.code, row.firm.code, "licence", "资质证书")
    transactional(lambda: record(event, by=row.operator))()
    outbox.drain()
    assert [json.loads(taken.body)["type"] for taken in there.taken] == ["listings.listing_suspended"]


def test_other_organisations_hear_nothing(app: Flask, there: Receiver) -> None:
    row, other = work.delivered(1), work.awarded(2)
    add_endpoint(there.url, "ERP", [], by=other.vendor)
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    assert there.taken == []


# When it does not get through ----------------------------------------------------------------------------------------------


def test_a_repeat_carries_the_same_id_until_it_is_taken(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    add_endpoint(there.url, "ERP", [], by=row.vendor)
    there.status = 500
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    for minutes in (0, 1, 3):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            outbox.drain()
    [one] = deliveries()
    assert (one.state, one.tries, one.error) == (DeliveryState.WAITING, 3, "status 500")
    there.status = 200
    with clock.frozen(NOON + timedelta(minutes=9)):
        outbox.drain()
    [one] = deliveries()
    assert (one.state, one.error) == (DeliveryState.SENT, None)
    assert len(there.taken) == 4
    assert len({taken.headers["webhook-id"] for taken in there.taken}) == 1
    assert db.session.scalars(select(WebhookEndpoint)).one().failing_since is None


def test_what_never_gets_through_ends_on_the_list_of_its_owner_and_can_be_tried_again(
    app: Flask, there: Receiver, someone
) -> None:
    row = work.delivered()
    endpoint, _ = add_endpoint(there.url, "ERP", [], by=row.vendor)
    browser = work.browser(app, row.vendor)
    there.status = 500
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    at = NOON
    for wait in (timedelta(), *rules.WAITS):
        at += wait + timedelta(seconds=31)
        with clock.frozen(at):
            outbox.drain()
    [one] = deliveries()
    assert (one.state, one.tries) == (DeliveryState.FAILED, len(rules.WAITS) + 1)
    page = browser.get(f"/messages/webhooks/{endpoint.code}").text
    assert "对方应答 500" in page
    stranger = someone(Role.VENDOR)
    assert stranger.client.submit(f"/messages/webhooks/deliveries/{one.code}/retry").status_code == 404
    there.status = 204
    with clock.frozen(at):
        assert browser.submit(f"/messages/webhooks/deliveries/{one.code}/retry").status_code == 302
        outbox.drain()
    assert [one.state for one in deliveries()] == [DeliveryState.SENT]


def test_an_endpoint_that_says_it_is_gone_is_switched_off_and_told(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    endpoint, _ = add_endpoint(there.url, "ERP", [], by=row.vendor)
    there.status = 410
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    assert [one.state for one in deliveries()] == [DeliveryState.FAILED]
    assert db.session.scalars(select(WebhookEndpoint)).one().paused_at is not None
    told = db.session.scalars(select(Message).where(Message.event == "notifications.webhook_paused")).all()
    assert len(told) == 1
    change_endpoint(endpoint.code, "ERP", [], by=row.vendor)
    there.status = 204
    retry_delivery(deliveries()[0].code, by=row.vendor)
    outbox.drain()
    assert [one.state for one in deliveries()] == [DeliveryState.SENT]


def test_an_endpoint_that_is_silent_for_days_is_switched_off(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    add_endpoint(there.url, "ERP", [], by=row.vendor)
    there.status = 503
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    with clock.frozen(NOON + rules.PATIENCE):
        outbox.drain()
    assert db.session.scalars(select(WebhookEndpoint)).one().paused_at is not None


def test_an_endpoint_that_just_failed_is_left_alone_for_a_while(app: Flask, there: Receiver) -> None:
    """So that one slow receiver does not keep the workers."""
    row = work.delivered()
    add_endpoint(there.url, "ERP", [], by=row.vendor)
    there.status = 500
    for _ in range(3):
        event = vendors.VendorAccepted(row.firm.code, True)
        _record(event, row)
    outbox.drain()
    assert len(there.taken) == 1
    assert [one.tries for one in deliveries()] == [1, 0, 0]


def _record(event: object, row: work.Work) -> None:
    from market.record.operations import record
    from market.transaction import transactional

    transactional(lambda: record(event, by=row.operator))()


@pytest.mark.parametrize(
    ("status", "location"), [(301, "http://127.0.0.1:1/"), (302, "/elsewhere"), (404, ""), (199, "")]
)
def test_only_a_yes_is_a_yes_and_nobody_is_sent_on(app: Flask, there: Receiver, status: int, location: str) -> None:
    row = work.delivered()
    add_endpoint(there.url, "ERP", [], by=row.vendor)
    there.status, there.location = status, location
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    assert [taken.path for taken in there.taken] == ["/market"]
    assert [one.state for one in deliveries()] == [DeliveryState.WAITING]


@pytest.mark.parametrize("kind", ["silent", "dripping"])
def test_nobody_holds_a_worker_longer_than_the_patience(
    app: Flask, there: Receiver, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Also not by sending the head of the answer one byte at a time."""
    monkeypatch.setattr(web_post, "PATIENCE", 0.5)
    there.wait, there.drip = (5.0, False) if kind == "silent" else (0.0, True)
    begun = time.monotonic()
    with pytest.raises(web_post.NoAnswer, match="five seconds"):
        web_post.post(there.url, b"{}", {}, practice=True)
    assert time.monotonic() - begun < 2


# Never into our own network --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.1.nip.invalid"])
def test_in_production_nothing_inside_is_called(app: Flask, there: Receiver, host: str) -> None:
    """Whatever the name says, the address that it leads to is looked at when it is called."""
    port = there.url.rsplit(":", 1)[1].split("/")[0]
    with pytest.raises(web_post.NoAnswer):
        web_post.post(f"https://{host}:{port}/", b"{}", {}, practice=False)
    with pytest.raises(web_post.NoAnswer, match="https"):
        web_post.post(there.url, b"{}", {}, practice=False)
    assert there.taken == []


def test_a_name_that_leads_inside_only_later_is_not_called(
    app: Flask, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name was harmless when the endpoint was made, and leads to the metadata service when it is called."""
    inside = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(web_post.socket, "getaddrinfo", lambda *_, **__: inside)
    with pytest.raises(web_post.NoAnswer, match="private network"):
        web_post.post("https://example.org/", b"{}", {}, practice=False)


def test_in_production_an_inner_or_plain_address_cannot_be_named(
    app: Flask, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = someone(Role.VENDOR)
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], mode="production"))
    for url in ("http://example.org/", "https://127.0.0.1/", "https://localhost/"):
        with pytest.raises(Invalid):
            add_endpoint(url, "ERP", [], by=me.actor)


# Secrets and who may -------------------------------------------------------------------------------------------------------


def test_a_new_secret_and_the_one_before_both_sign_for_a_day(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    endpoint, first = add_endpoint(there.url, "ERP", [], by=row.vendor)
    _, second = rotate_secret(endpoint.code, by=row.vendor)
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    outbox.drain()
    assert verified(there.taken[-1], first, second) == [True, True]
    with clock.frozen(NOON + rules.OVERLAP):
        deliver(make_test(endpoint.code, by=row.vendor))
    assert verified(there.taken[-1], first, second) == [False, True]


def test_the_secret_is_shown_once_and_kept_encrypted(app: Flask, someone) -> None:
    me = someone(Role.VENDOR)
    form = {"url": "https://example.org/hook", "label": "ERP", "types": ["orders.order_placed"]}
    page = me.client.submit("/messages/webhooks", form).text
    [secret] = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", page))
    [endpoint] = db.session.scalars(select(WebhookEndpoint))
    raw = db.session.connection().exec_driver_sql("SELECT secret FROM webhook_endpoint").scalar()
    assert endpoint.secret == secret
    assert secret not in str(raw)
    for path in ("/messages/webhooks", f"/messages/webhooks/{endpoint.code}"):
        assert secret not in me.client.get(path).text
    page = me.client.submit(f"/messages/webhooks/{endpoint.code}/rotate").text
    [new] = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", page))
    assert new != secret


def test_only_administrators_decide_where_events_go(app: Flask, someone) -> None:
    admin = someone(Role.VENDOR)
    plain = someone(Role.VENDOR, organisation=admin.membership.organisation, admin=False)
    stranger, official = someone(Role.BUYER), someone(Role.OPERATOR)
    endpoint, _ = add_endpoint("https://example.org/hook", "ERP", [], by=admin.actor)
    with pytest.raises(Forbidden):
        add_endpoint("https://example.org/hook", "ERP", [], by=plain.actor)
    with pytest.raises(Forbidden):
        add_endpoint("https://example.org/hook", "ERP", [], by=official.actor)
    for act in (rotate_secret, remove_endpoint, make_test):
        with pytest.raises(NotFound):
            act(endpoint.code, by=stranger.actor)
        with pytest.raises(Forbidden):
            act(endpoint.code, by=plain.actor)
    assert plain.client.get(f"/messages/webhooks/{endpoint.code}").status_code == 200
    assert stranger.client.get(f"/messages/webhooks/{endpoint.code}").status_code == 404
    assert official.client.get("/messages/webhooks").status_code == 403


def test_there_is_an_end_to_endpoints_and_to_types(app: Flask, someone) -> None:
    me = someone(Role.VENDOR)
    for number in range(rules.MOST_ENDPOINTS):
        add_endpoint(f"https://example.org/{number}", "ERP", [], by=me.actor)
    with pytest.raises(RuleBroken):
        add_endpoint("https://example.org/x", "ERP", [], by=me.actor)
    with pytest.raises(Invalid):
        add_endpoint("https://example.org/x", "ERP", ["orders.nothing"], by=someone(Role.BUYER).actor)


def test_what_waits_for_a_removed_endpoint_is_dropped(app: Flask, there: Receiver) -> None:
    row = work.delivered()
    endpoint, _ = add_endpoint(there.url, "ERP", [], by=row.vendor)
    work.work_operations.accept_milestone(row.code, by=row.buyer)
    remove_endpoint(endpoint.code, by=row.vendor)
    outbox.drain()
    assert there.taken == []
    assert [(one.state, one.error) for one in deliveries()] == [(DeliveryState.DROPPED, "endpoint removed")]


def test_the_test_button_says_what_came_of_it(app: Flask, someone, there: Receiver) -> None:
    me = someone(Role.VENDOR)
    endpoint, _ = add_endpoint(there.url, "ERP", [], by=me.actor)
    path = f"/messages/webhooks/{endpoint.code}"
    assert me.client.submit(f"{path}/test", follow_redirects=True).text.count("测试已被接收") == 1
    there.status = 500
    assert "对方应答 500" in me.client.submit(f"{path}/test", follow_redirects=True).text
    outbox.drain()
    assert [one.state for one in deliveries()] == [DeliveryState.SENT, DeliveryState.FAILED], (
        "a test is not tried again"
    )
    assert len(there.taken) == 2


def test_programs_manage_endpoints(app: Flask, someone) -> None:
    from market.accounts.operations import make_api_token

    me = someone(Role.VENDOR)
    client, path = app.test_client(), "/api/v1/webhooks"
    scopes = ["webhooks:read", "webhooks:write"]
    _, token = make_api_token(me.membership.code, "ERP", scopes, 30, by=me.actor)

    def send(method: str, path: str, **more):
        return client.open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **more)

    bad = send("POST", path, json={"url": "ftp://example.org/", "label": "ERP"})
    assert (bad.status_code, list(bad.json["fields"])) == (422, ["url"])
    made = send(
        "POST", path, json={"url": "https://example.org/", "label": "ERP", "event_types": ["orders.order_placed"]}
    )
    assert made.status_code == 201
    code = made.json["webhook"]["code"]
    assert made.json["secret"].startswith("whsec_")
    listed = send("GET", path).json
    assert [one["code"] for one in listed["webhooks"]] == [code]
    assert "secret" not in json.dumps(listed["webhooks"]).replace("former_secret_until", "")
    assert "orders.order_placed" in listed["known_types"]
    assert send("POST", f"{path}/{code}/rotate").json["secret"] != made.json["secret"]
    assert send("GET", f"{path}/{code}/deliveries").json["total"] == 0
    assert send("DELETE", f"{path}/{code}").status_code == 204
    assert send("GET", path).json["webhooks"] == []
