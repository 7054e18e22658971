"""People choose their channels, their quiet hours, their language and the daily mail; links in mails end what they name."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock, mail, outbox, timetable
from market.accounts.models import Person
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Invalid
from market.notifications import preference_operations, queries
from market.notifications.models import Message, MessageDelivery
from market.notifications.operations import forget_messages, make_digest, send_notice
from market.notifications.rules import Notice
from market.notifications.states import CHOSEN_BY, DeliveryState, Importance, Topic
from market.notifications.stopping import stop_path
from tests.integration.conftest import NOON
from tests.integration.factories.notifications import told

#: 2026-03-04 and 05, 08:00 in Xi'an
EIGHT = datetime(2026, 3, 5, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, dict]]:
    mails: list[tuple[str, str, str, dict]] = []
    monkeypatch.setattr(mail, "send", lambda *parts, **more: mails.append((*parts, more)))
    return mails


def tell_of(person: str, topic: Topic, importance: Importance, subject: str = "Hello") -> None:
    send_notice([person], Notice(subject, "World", topic=topic, importance=importance))


def form(**changes: object) -> dict[str, object]:
    """The preferences form as the page shows it at first."""
    given: dict[str, object] = {f"mail_{topic}": "suggested" for topic in CHOSEN_BY}
    return given | {"digest": "1", "language": "zh", "sms": [str(topic) for topic in CHOSEN_BY]} | changes


# Preferences ----------------------------------------------------------------------------------------------------------------


def test_choices_are_kept_shown_and_honoured(app: Flask, someone, sent: list) -> None:
    me = someone(Role.VENDOR)
    quiet = form(mail_orders="urgent", mail_offers="all", quiet_from="22:00", quiet_to="07:30")
    assert me.client.submit("/messages/preferences", quiet).status_code == 302
    page = me.client.get("/messages/preferences").text
    assert re.search(r'name="mail_orders".*?value="urgent" selected', page, re.DOTALL)
    assert 'value="22:00"' in page

    tell_of(me.person.code, Topic.ORDERS, Importance.IMPORTANT, "subject B")
    tell_of(me.person.code, Topic.ORDERS, Importance.URGENT, "subject A")
    tell_of(me.person.code, Topic.OFFERS, Importance.ORDINARY, "each of them")
    tell_of(me.person.code, Topic.MONEY, Importance.IMPORTANT, "as usual")
    outbox.drain()
    assert sorted(subject for _, subject, _, _ in sent) == ["as usual", "each of them", "subject A"]
    assert queries.unread_count(me.person.code) == 4, "the inbox has everything"


def test_in_quiet_hours_mails_wait_but_urgent_ones(app: Flask, someone, sent: list) -> None:
    me = someone()
    preference_operations.choose({}, CHOSEN_BY, digest=True, quiet=_hours("09:00", "12:00"), by=me.actor)
    tell_of(me.person.code, Topic.ORDERS, Importance.IMPORTANT, "subject B")
    tell_of(me.person.code, Topic.ORDERS, Importance.URGENT, "subject A")
    outbox.drain()
    assert [subject for _, subject, _, _ in sent] == ["subject A"]
    with clock.frozen(NOON + timedelta(hours=2) - timedelta(seconds=1)):
        outbox.drain()
    assert len(sent) == 1
    with clock.frozen(NOON + timedelta(hours=2)):
        outbox.drain()
    assert [subject for _, subject, _, _ in sent] == ["subject A", "subject B"]


def _hours(begin: str, end: str):
    from datetime import time

    return time.fromisoformat(begin), time.fromisoformat(end)


@pytest.mark.parametrize(
    "wrong", [{"quiet_from": "22:00"}, {"quiet_to": "7"}, {"mail_orders": "never"}, {"language": "fr"}, {"sms": ["x"]}]
)
def test_wrong_choices_are_refused_and_everything_typed_stays(app: Flask, someone, wrong: dict) -> None:
    me = someone()
    answer = me.client.submit("/messages/preferences", form(mail_money="all") | wrong)
    assert answer.status_code == 422
    assert re.search(r'name="mail_money".*?value="all" selected', answer.text, re.DOTALL)
    assert queries.wish_of(me.person.code).mail == {}


def test_one_end_of_the_quiet_hours_is_none(app: Flask, someone) -> None:
    with pytest.raises(Invalid):
        preference_operations.choose({}, [], digest=True, quiet=(_hours("22:00", "07:00")[0], None), by=someone().actor)


def test_of_a_closed_account_nothing_is_left(app: Flask, someone) -> None:
    me = someone()
    preference_operations.choose({"orders": "all"}, [], digest=False, quiet=(None, None), by=me.actor)
    told(me.person.code)
    forget_messages(me.person.code)
    assert queries.wish_of(me.person.code).mail == {}


def test_everything_kept_can_be_taken_along(app: Flask, someone) -> None:
    me = someone()
    told(me.person.code, "Hello")
    preference_operations.choose({"orders": "all"}, CHOSEN_BY, digest=False, quiet=(None, None), by=me.actor)
    kept = me.client.get("/messages/data.json").json
    assert [one["subject"] for one in kept["messages"]] == ["Hello"]
    assert kept["choices"]["mail"] == {"orders": "all"}


def test_only_topics_that_one_can_hear_of_are_shown_and_the_others_stay_chosen(app: Flask, someone) -> None:
    me = someone(Role.OPERATOR)
    preference_operations.choose({"offers": "all"}, ["money"], digest=True, quiet=(None, None), by=me.actor)
    page = me.client.get("/messages/preferences").text
    assert ("mail_duty" in page, "mail_offers" in page) == (True, False)
    assert me.client.submit("/messages/preferences", form(mail_duty="urgent", sms=[])).status_code == 302
    wish = queries.wish_of(me.person.code)
    assert wish.mail == {"offers": "all", "duty": "urgent"}
    assert "money" not in wish.no_sms, "without a number the page shows no choice of SMS, and changes none"
    assert "orders" in wish.no_sms


# Language -------------------------------------------------------------------------------------------------------------------


def test_mails_come_in_the_language_that_was_chosen_on_a_page(app: Flask, someone, sent: list) -> None:
    me, other = someone(), someone()
    assert me.client.get("/messages?lang=en").status_code == 200
    for person in (me.person, other.person):
        told(person.code, "Messages", "Messages", by_mail=True)
    outbox.drain()
    by_address = {to: subject for to, subject, _, _ in sent}
    assert by_address == {me.person.email: "Messages", other.person.email: "消息"}
    assert "What could not be read" not in by_address
    assert me.client.submit("/messages/preferences", form(language="zh")).status_code == 302
    db.session.expire_all()
    assert db.session.scalar(select(Person.language).where(Person.code == me.person.code)) == "zh"


def test_a_program_does_not_change_the_language(app: Flask, someone) -> None:
    me = someone()
    me.client.get("/api/v1/messages?lang=en")
    db.session.expire_all()
    assert db.session.scalar(select(Person.language).where(Person.code == me.person.code)) == "zh"


# The daily mail -------------------------------------------------------------------------------------------------------------


def daily() -> None:
    """The act of the timetable, as worker.py starts it."""
    [act] = [one for one in timetable.TABLE if one.name == "daily mails"]
    timetable._start(act, act.last_due(clock.now()))
    outbox.drain()


def test_once_a_day_one_mail_names_what_is_unread_and_not_urgent(app: Flask, someone, sent: list) -> None:
    me, reads_all, wants_none = someone(), someone(), someone()
    preference_operations.choose({}, CHOSEN_BY, digest=False, quiet=(None, None), by=wants_none.actor)
    for person in (me, reads_all, wants_none):
        tell_of(person.person.code, Topic.OFFERS, Importance.ORDINARY, "an offer")
        tell_of(person.person.code, Topic.ORDERS, Importance.IMPORTANT, "mailed by itself")
    outbox.drain()
    sent.clear()
    reads_all.client.submit("/messages/read")

    with clock.frozen(EIGHT):
        for _ in range(3):
            daily()
    [(to, subject, body, more)] = sent
    assert to == me.person.email
    assert subject == "1 条未读消息"
    assert "an offer" in body
    assert "mailed by itself" not in body
    assert "/messages/stop/" in more["stop"]
    assert queries.unread_count(me.person.code) == 2, "a digest is no message of its own"
    assert "an offer" in me.client.get("/messages").text
    assert "未读消息" not in [message["subject"] for message in me.client.get("/api/v1/messages").json["messages"]]


def test_the_timetable_makes_it_at_eight_in_xian_once(app: Flask) -> None:
    [act] = [one for one in timetable.TABLE if one.name == "daily mails"]
    assert act.last_due(EIGHT + timedelta(hours=5)) == EIGHT
    assert act.last_due(EIGHT - timedelta(seconds=1)) == EIGHT - timedelta(days=1)


def test_the_same_unread_message_is_not_named_every_day(app: Flask, someone, sent: list) -> None:
    me = someone()
    tell_of(me.person.code, Topic.OFFERS, Importance.ORDINARY)
    for day in range(3):
        with clock.frozen(EIGHT + timedelta(days=day)):
            daily()
    assert len(sent) == 1
    with clock.frozen(EIGHT + timedelta(days=3, hours=-1)):
        tell_of(me.person.code, Topic.OFFERS, Importance.ORDINARY, "new")
    with clock.frozen(EIGHT + timedelta(days=3)):
        daily()
    assert len(sent) == 2
    assert sent[1][1] == "2 条未读消息", "with something new, what is unread is named again"


def test_a_daily_mail_of_what_was_read_meanwhile_does_not_leave(app: Flask, someone, sent: list) -> None:
    me = someone()
    tell_of(me.person.code, Topic.OFFERS, Importance.ORDINARY)
    with clock.frozen(EIGHT):
        assert make_digest(me.person.code)
        assert make_digest(me.person.code) is None, "one a day"
        me.client.submit("/messages/read")
        outbox.drain()
    assert sent == []
    states = [row.state for row in db.session.scalars(select(MessageDelivery))]
    assert states == [DeliveryState.DROPPED]


# Links that end it ----------------------------------------------------------------------------------------------------------


def test_the_link_ends_the_daily_mail_with_one_click_and_a_look_does_not(app: Flask, someone, client) -> None:
    """RFC 8058: mail programs send the POST without cookies; scanners that only open the link change nothing."""
    me = someone()
    path = stop_path("digest", me.person.code)
    assert client.get(path).status_code == 200
    assert queries.wish_of(me.person.code).digest is True
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert queries.wish_of(me.person.code).digest is False
    assert client.post(path).status_code == 200, "again does no harm"


@pytest.mark.parametrize("token", ["x", "P-00000000X", "eyJ4IjoxfQ.abc"])
def test_a_link_that_the_market_did_not_make_does_nothing(app: Flask, client, token: str) -> None:
    assert client.get(f"/messages/stop/{token}").status_code == 404
    assert client.post(f"/messages/stop/{token}").status_code == 404
    assert client.post(f"/alerts/stop/{token}").status_code == 404


def test_a_link_is_good_for_what_it_was_made_for(app: Flask, someone, client) -> None:
    me = someone()
    token = stop_path("search", me.person.code).rsplit("/", 1)[1]
    assert client.post(f"/messages/stop/{token}").status_code == 404
    assert queries.wish_of(me.person.code).digest is True


# The inbox ------------------------------------------------------------------------------------------------------------------


def test_the_inbox_is_narrowed_to_what_is_unread_or_one_topic(app: Flask, someone) -> None:
    me = someone()
    tell_of(me.person.code, Topic.ORDERS, Importance.ORDINARY, "an order")
    tell_of(me.person.code, Topic.MONEY, Importance.ORDINARY, "money")
    first = db.session.scalars(select(Message).where(Message.subject == "money")).one()
    me.client.submit(f"/messages/{first.code}/read")
    only_orders = me.client.get("/messages?topic=orders").text
    assert ("an order" in only_orders, "<p>money" in only_orders) == (True, False)
    only_unread = me.client.get("/messages?unread=1").text
    assert ("an order" in only_unread, ">money<" in only_unread) == (True, False)
    nothing = me.client.get("/messages?topic=money&unread=1").text
    assert "没有这一类" in nothing
    assert me.client.get("/messages?topic=nonsense").status_code == 200
    programs = me.client.get("/api/v1/messages?topic=money").json
    assert [one["subject"] for one in programs["messages"]] == ["money"]
    assert [one["importance"] for one in programs["messages"]] == ["ordinary"]


def test_many_messages_have_pages(app: Flask, someone) -> None:
    me = someone()
    for number in range(45):
        told(me.person.code, f"number {number}")
    assert "number 44" in me.client.get("/messages").text
    last = me.client.get("/messages?page=3").text
    assert last.count("number ") == 5 or "number 0" in last
