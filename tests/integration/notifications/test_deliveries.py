"""A channel that is down loses nothing, sends nothing twice, and ends on a list that people look at."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock, mail, outbox
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import NotFound, Unavailable, WrongState
from market.notifications import phone_operations, preference_operations, queries, rules, sms
from market.notifications.delivery_operations import KEPT, deliver, forget_deliveries, put_away, retry_delivery
from market.notifications.models import Message, MessageDelivery, Phone
from market.notifications.operations import send_notice
from market.notifications.rules import Notice
from market.notifications.states import DeliveryState, Importance, Medium, Topic
from tests.integration.conftest import NOON
from tests.integration.factories.notifications import delivery_of, told
from tests.integration.notifications.receiver import Receiver, receiver


class Post:
    """A mail server that can be away."""

    def __init__(self) -> None:
        self.away = False
        self.mails: list[tuple[str, str, str, dict]] = []

    def send(self, to: str, subject: str, body: str, **more: str) -> None:
        if self.away:
            raise Unavailable()
        self.mails.append((to, subject, body, more))


@pytest.fixture(autouse=True)
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    found = Post()
    monkeypatch.setattr(mail, "send", found.send)
    return found


def until_failed(code: str) -> None:
    at = NOON
    for wait in (timedelta(), *rules.WAITS):
        at += wait
        with clock.frozen(at):
            outbox.drain()
    assert queries.delivery(code).state is DeliveryState.FAILED


def urgent(person: str, topic: Topic = Topic.ORDERS) -> Message:
    [code] = send_notice([person], Notice("Hello", "World", path="/orders", topic=topic, importance=Importance.URGENT))
    return db.session.scalars(select(Message).where(Message.code == code)).one()


# Down, and up again ---------------------------------------------------------------------------------------------------------


def test_mails_of_a_time_without_a_mail_server_all_go_out_once_it_is_back(app: Flask, someone, post: Post) -> None:
    people = [someone().person for _ in range(20)]
    post.away = True
    for person in people:
        told(person.code, by_mail=True)
    for minutes in (0, 1, 2):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            outbox.drain()
    assert post.mails == []
    assert queries.delivery_counts()[Medium.MAIL] == {"waiting": 20, "again": 20, "failed": 0}
    post.away = False
    with clock.frozen(NOON + timedelta(minutes=10)):
        outbox.drain()
        outbox.drain()
    assert sorted(to for to, *_ in post.mails) == sorted(person.email for person in people)
    assert queries.delivery_counts()[Medium.MAIL] == {"waiting": 0, "again": 0, "failed": 0}


def test_a_mail_carries_the_messages_code_on_every_try(app: Flask, someone, post: Post) -> None:
    """So that a mail that had to be sent again is known as the same: it becomes the Message-ID."""
    message = told(someone().person.code, by_mail=True)
    outbox.drain()
    assert post.mails[0][3]["key"] == message.code


def test_a_job_that_comes_too_early_waits(app: Flask, someone, post: Post) -> None:
    message = told(someone().person.code, by_mail=True)
    post.away = True
    outbox.drain()
    post.away = False
    assert deliver(delivery_of(message).code) is None, "five seconds are not over"
    assert post.mails == []


def test_what_all_tries_failed_for_stands_on_the_operators_list(app: Flask, someone, post: Post) -> None:
    operator, person = someone(Role.OPERATOR), someone().person
    message = told(person.code, by_mail=True)
    code = delivery_of(message).code
    post.away = True
    until_failed(code)

    page = operator.client.get("/desk/messages/failed").text
    assert message.code in page
    assert "邮件服务器没有应答" in page
    assert person.email not in page
    assert "Hello" not in page
    assert "还没有" not in operator.client.get("/desk/messages/failed?medium=sms").text
    assert message.code not in operator.client.get("/desk/messages/failed?medium=sms").text

    post.away = False
    assert operator.client.submit(f"/desk/messages/{code}/retry").status_code == 302
    outbox.drain()
    assert len(post.mails) == 1
    assert message.code not in operator.client.get("/desk/messages/failed").text
    with pytest.raises(WrongState):
        retry_delivery(code, by=operator.actor)


def test_a_failed_delivery_can_be_put_away_by_operators_alone(app: Flask, someone, post: Post) -> None:
    operator, other = someone(Role.OPERATOR), someone(Role.VENDOR)
    code = delivery_of(told(someone().person.code, by_mail=True)).code
    post.away = True
    until_failed(code)
    for act in (put_away, retry_delivery):
        with pytest.raises(NotFound):
            act(code, by=other.actor)
    assert other.client.get("/desk/messages/failed").status_code == 403
    put_away(code, by=operator.actor)
    assert queries.delivery(code).state is DeliveryState.DROPPED


def test_an_obstacle_drops_and_says_why(app: Flask, someone, post: Post) -> None:
    """KF-ACC-06: nothing to an address that nobody confirmed."""
    person = someone().person
    code = delivery_of(told(person.code, by_mail=True)).code
    person.email_confirmed_at = None
    db.session.commit()
    outbox.drain()
    row = queries.delivery(code)
    assert (row.state, row.error, post.mails) == (DeliveryState.DROPPED, "address not confirmed", [])


def still_so(answer: bool) -> bool:
    """What a message is asked before each sending."""
    return answer


@pytest.mark.parametrize("answer", [True, False])
def test_what_is_no_longer_so_is_not_sent(app: Flask, someone, post: Post, answer: bool) -> None:
    notice = Notice("Hello", "World", importance=Importance.IMPORTANT, still=(f"{__name__}.still_so", answer))
    send_notice([someone().person.code], notice)
    outbox.drain()
    assert len(post.mails) == answer


def test_old_deliveries_are_forgotten_and_what_failed_is_not(app: Flask, someone, post: Post) -> None:
    sent, failed = (told(someone().person.code, by_mail=True) for _ in range(2))
    deliver(delivery_of(sent).code)
    post.away = True
    until_failed(delivery_of(failed).code)
    post.away = False
    with clock.frozen(NOON + KEPT):
        recent = told(someone().person.code, by_mail=True)
        deliver(delivery_of(recent).code)
    with clock.frozen(NOON + KEPT + timedelta(days=2)):
        assert forget_deliveries() == 1
    left = db.session.scalars(select(MessageDelivery.message_id).order_by(MessageDelivery.id)).all()
    assert left == [failed.id, recent.id]
    assert db.session.get(Message, sent.id) is not None, "the message itself stays"


# Text messages --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    with receiver() as state:
        yield state


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What practice mode keeps instead of sending it."""
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(mail, "keep_sms", lambda number, text: kept.append((number, text)))
    return kept


def with_number(person: object, number: str = "+8613800138000") -> None:
    db.session.add(Phone(person=person, number=number, given_at=NOON, confirmed_at=NOON, wrong=0))
    db.session.commit()


def test_what_is_urgent_comes_by_sms_to_a_confirmed_number_once(
    app: Flask, someone, post: Post, texts: list[tuple[str, str]]
) -> None:
    with_phone, without = someone().person, someone().person
    with_number(with_phone)
    for person in (with_phone, without):
        urgent(person.code)
        told(person.code, by_mail=True)
    outbox.drain()
    outbox.drain()
    [(number, text)] = texts
    assert number == "+8613800138000"
    assert text.startswith("【西市】Hello")
    assert text.endswith("/messages")
    assert len(text) <= rules.SMS_LENGTH
    assert len(post.mails) == 4


def test_the_gateway_gets_one_key_for_one_text(
    app: Flask, someone, gateway: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = someone().person
    with_number(person)
    sender = sms.HttpGateway(gateway.url, "token of the gateway", practice=True)
    monkeypatch.setattr(sms, "gateway", lambda: sender)
    message = urgent(person.code)
    gateway.status = 503
    outbox.drain()
    gateway.status = 200
    with clock.frozen(NOON + timedelta(minutes=1)):
        outbox.drain()
    assert [json.loads(taken.body)["to"] for taken in gateway.taken] == ["+8613800138000"] * 2
    assert {json.loads(taken.body)["id"] for taken in gateway.taken} == {message.code}
    assert gateway.taken[0].headers["authorization"] == "Bearer token of the gateway"
    assert delivery_of(message, Medium.SMS).state is DeliveryState.SENT


def test_a_number_counts_once_its_code_was_typed(app: Flask, someone, texts: list[tuple[str, str]]) -> None:
    me = someone()
    me.client.submit("/messages/phone", {"number": "138 0013 8000"})
    assert queries.confirmed_number(me.person.id) is None
    outbox.drain()
    [(number, text)] = texts
    code = next(
        part for part in text.replace("，", " ").replace("。", " ").split() if part.isdigit() and len(part) == 6
    )
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = me.client.submit("/messages/phone/code", {"code": wrong})
    assert refused.status_code == 422
    assert "138****8000" in refused.text
    assert number not in refused.text
    assert me.client.submit("/messages/phone/code", {"code": code}).status_code == 302
    db.session.expire_all()
    assert queries.confirmed_number(me.person.id) == "+8613800138000"
    raw = db.session.connection().exec_driver_sql("SELECT number FROM phone").scalar()
    assert "13800138000" not in str(raw), "kept encrypted"
    jobs = db.session.connection().exec_driver_sql("SELECT string_agg(arguments::text, ' ') FROM outbox").scalar()
    assert code not in str(jobs)
    assert "13800138000" not in str(jobs)
    me.client.submit("/messages/phone/remove")
    assert queries.phone_of(me.person.code) is None


def test_a_code_can_be_guessed_five_times_and_ends_after_ten_minutes(
    app: Flask, someone, texts: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_operations.secrets, "randbelow", lambda _: 123_456)
    me = someone()
    phone_operations.give_number("13800138000", by=me.actor)
    outbox.drain()
    for _ in range(rules.MOST_WRONG):
        assert me.client.submit("/messages/phone/code", {"code": "000000"}).status_code == 422
    assert "太多" in me.client.submit("/messages/phone/code", {"code": "123456"}).text
    phone_operations.give_number("13800138000", by=me.actor)
    outbox.drain()
    with clock.frozen(NOON + timedelta(minutes=rules.CODE_MINUTES)):
        assert me.client.submit("/messages/phone/code", {"code": "123456"}).status_code == 422
    assert me.client.submit("/messages/phone/code", {"code": "123456"}).status_code == 302


def test_codes_are_limited_by_number_and_account(app: Flask, someone) -> None:
    """KF-ACC-06: ask for 50 codes to one number from 10 accounts."""
    sent = 0
    for _ in range(10):
        me = someone()
        for _ in range(5):
            sent += me.client.submit("/messages/phone", {"number": "13800138000"}).status_code == 302
    assert sent == 3


def test_a_code_comes_in_the_language_of_the_person(app: Flask, someone, texts: list[tuple[str, str]]) -> None:
    me = someone()
    preference_operations.choose_language("en", by=me.actor)
    phone_operations.give_number("13800138000", by=me.actor)
    outbox.drain()
    assert "Your code is" in texts[0][1]
