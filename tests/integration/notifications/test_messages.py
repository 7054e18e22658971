"""People are told in the transaction of what happened, mailed after it, once, and read in their own language."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from sqlalchemy import event, func, select

from market import clock, config, mail, outbox
from market.accounts.models import Membership, Organisation, OrganisationKind
from market.db import db, new_code
from market.kernel.actor import Role, system
from market.kernel.errors import NotFound, RuleBroken, Unavailable
from market.kernel.money import Money
from market.notifications import operations, queries, texts
from market.notifications.delivery_operations import deliver
from market.notifications.models import Message
from market.notifications.operations import mark_all_read, mark_read, tell, tell_role
from market.notifications.rules import Word
from market.notifications.states import DeliveryState
from market.record.models import OutboxRow
from market.transaction import attempt, transactional
from tests.integration.conftest import NOON
from tests.integration.factories import committed
from tests.integration.factories.notifications import delivery_of, told, told_then


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """The mails that were handed to the mail server."""
    mails: list[tuple[str, str, str]] = []
    monkeypatch.setattr(mail, "send", lambda *parts, **_: mails.append(parts))
    return mails


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# To whom ------------------------------------------------------------------------------------------------------------------


def test_members_of_an_organisation_and_persons_are_told_each_once(app: Flask, someone) -> None:
    one = someone(Role.VENDOR)
    two = someone(Role.VENDOR, organisation=one.membership.organisation)
    former = someone(Role.VENDOR, organisation=one.membership.organisation)
    closed = someone(Role.VENDOR, organisation=one.membership.organisation)
    stranger = someone(Role.VENDOR)
    former.membership.ended_at = NOON
    closed.person.closed_at = NOON
    db.session.add(
        Membership(
            code=new_code("M"), person=two.person, organisation=one.membership.organisation, role=Role.BUYER, since=NOON
        )
    )
    db.session.commit()

    codes = tell([one.actor.organisation, two.person.code, "O-00000000X"], "Hello", "World")

    told_people = db.session.scalars(
        select(Message.person_id).where(Message.code.in_(codes)).order_by(Message.person_id)
    )
    assert list(told_people) == sorted([one.person.id, two.person.id])
    assert queries.unread_count(stranger.person.code) == 0


def test_a_role_is_told_in_its_district_and_in_the_whole_city(app: Flask, someone) -> None:
    here, whole = someone(Role.OPERATOR, district="610117"), someone(Role.OPERATOR)
    someone(Role.OPERATOR, district="610113")
    someone(Role.REGULATOR, district="610117")
    assert len(tell_role(Role.OPERATOR, "Hello", "World", district="610117")) == 2
    assert [queries.unread_count(one.person.code) for one in (here, whole)] == [1, 1]


def test_what_is_to_be_told_once_is_told_once(app: Flask, someone) -> None:
    one, two = someone(), someone()
    assert len(tell(one.person.code, "Hello", "World", once="licence 30", by_mail=True)) == 1
    assert tell(one.person.code, "Hello", "World", once="licence 30", by_mail=True) == []
    assert len(tell([one.person.code, two.person.code], "Hello", "World", once="licence 30", by_mail=True)) == 1
    assert len(tell(one.person.code, "Hello", "World", once="licence 7")) == 1
    assert len(tell(one.person.code, "Hello", "World")) == len(tell(one.person.code, "Hello", "World")) == 1
    assert count(OutboxRow) == 2


@pytest.mark.parametrize(
    "path", ["https://example.org/", "//example.org/", "desk", "/\\example.org", "javascript:alert(1)"]
)
def test_a_message_never_leads_away_from_the_market(app: Flask, someone, path: str) -> None:
    with pytest.raises(ValueError, match="leads"):
        tell(someone().person.code, "Hello", "World", path=path)


# After the commit, once ---------------------------------------------------------------------------------------------------


def test_mail_leaves_after_the_commit_and_never_again(app: Flask, someone, sent: list) -> None:
    person = someone().person
    message = told(person.code, by_mail=True, path="/desk/offers")
    assert sent == []

    assert outbox.drain() == 1
    assert deliver(delivery_of(message).code) is None, "KF-JOB-02: a second run recognises its own result"
    outbox.drain()

    [(to, subject, body)] = sent
    assert (to, subject) == (person.email, "Hello")
    public_url = app.extensions["settings"].public_url
    assert f"\n{public_url}/desk/offers\n" in body
    assert message.sent_at == clock.real()


def test_no_mail_of_what_was_rolled_back(app: Flask, someone, sent: list) -> None:
    """KF-JOB-01"""
    person = someone().person
    with pytest.raises(RuleBroken):
        told_then(person.code, RuleBroken("no"))
    outbox.drain()
    assert (count(Message), count(OutboxRow), sent) == (0, 0, [])


def test_no_mail_of_the_inner_part_that_failed_alone(app: Flask, someone, sent: list) -> None:
    """KF-JOB-01: nested operations where only the inner part fails."""
    outer, inner = someone().person, someone().person

    @transactional
    def both() -> None:
        tell(outer.code, "Hello", "World", by_mail=True)
        with pytest.raises(RuleBroken), attempt():
            told_then(inner.code, RuleBroken("no"))

    both()
    outbox.drain()
    assert [to for to, _, _ in sent] == [outer.email]
    assert count(Message) == 1


def test_no_mail_when_the_database_refuses_at_the_commit(app: Flask, someone, sent: list) -> None:
    """KF-JOB-01: the refusal may come as late as the commit."""
    person = someone().person

    @transactional
    def refused() -> None:
        tell(person.code, "Hello", "World", by_mail=True)
        code = new_code("O")
        for _ in range(2):
            db.session.add(Organisation(code=code, kind=OrganisationKind.OFFICE, name="x", created_at=NOON))

    with pytest.raises(Exception, match="uq_organisation_code"):
        refused()
    outbox.drain()
    assert (count(Message), count(OutboxRow), sent) == (0, 0, [])


def test_mail_goes_only_to_the_confirmed_address_of_an_open_account(app: Flask, someone, sent: list) -> None:
    """KF-ACC-06"""
    unconfirmed, changing, closed = someone().person, someone().person, someone().person
    for person in (unconfirmed, changing, closed):
        told(person.code, by_mail=True)
    unconfirmed.email_confirmed_at = None
    changing.new_email = "stranger@example.org"
    closed.closed_at = NOON
    db.session.commit()

    assert outbox.drain() == 3
    assert [to for to, _, _ in sent] == [changing.email]


def test_mail_that_was_not_taken_is_tried_again(
    app: Flask, someone, sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = told(someone().person.code, by_mail=True)
    answers = [Unavailable(), Unavailable(), None]

    def send(*parts: str, **_: str) -> None:
        if answer := answers.pop(0):
            raise answer
        sent.append(parts)

    monkeypatch.setattr(mail, "send", send)
    for minutes in range(4):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            outbox.drain()
        assert (message.sent_at is not None) == (minutes >= 2)
    assert len(sent) == 1


def test_two_workers_at_once_send_one_mail(settings: config.Settings, tmp_path: Path, sent: list) -> None:
    """KF-JOB-02, KF-JOB-03: the row is locked from before the sending."""
    with committed.application(settings, tmp_path) as own:
        with own.app_context():
            code = delivery_of(told(committed.vendor_member().person, by_mail=True)).code
        start, results = threading.Barrier(4), []

        def act() -> None:
            with own.app_context():
                start.wait(10)
                results.append(deliver(code))

        threads = [threading.Thread(target=act) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(results, key=str) == [None, None, None, DeliveryState.SENT]
    assert len(sent) == 1


def test_told_twice_at_once_with_one_key_is_told_once(settings: config.Settings, tmp_path: Path) -> None:
    with committed.application(settings, tmp_path) as own:
        with own.app_context():
            person = committed.vendor_member().person
        start, made = threading.Barrier(6), []

        def act() -> None:
            with own.app_context():
                start.wait(10)
                made.extend(tell(person, "Hello", "World", once="k"))

        threads = [threading.Thread(target=act) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(made) == 1


# In the reader's language -------------------------------------------------------------------------------------------------


def test_parameters_are_shown_in_the_readers_language(app: Flask, someone) -> None:
    message = told(
        someone().person.code,
        "%(item)s",
        "%(day)s %(price)s %(words)s %(names)s %(nothing)s %(n)s",
        item={"zh": "测绘", "en": "Surveying"},
        day=date(2026, 5, 1),
        price=Money(22_550_000),
        words=Word("Messages"),
        names=["甲", "乙"],
        nothing=None,
        n=0,
    )
    with force_locale("zh_Hans_CN"):
        assert (texts.subject(message), texts.body(message)) == ("测绘", "5月1日 ¥225,500.00 消息 甲、乙 — 0")
    with force_locale("en"):
        assert (texts.subject(message), texts.body(message)) == ("Surveying", "May 1 ¥225,500.00 Messages 甲, 乙 — 0")


def test_mail_is_in_chinese_whoever_caused_it(app: Flask, someone, sent: list) -> None:
    told(someone().person.code, "Messages", "Messages", by_mail=True)
    with force_locale("en"):
        outbox.drain()
    [(_, subject, body)] = sent
    assert subject == "消息"
    assert "全部消息" in body


# The desk -----------------------------------------------------------------------------------------------------------------


def test_the_desk_shows_my_messages_unread_ones_first(app: Flask, someone) -> None:
    me, other = someone(Role.BUYER), someone(Role.BUYER)
    for number in range(3):
        with clock.frozen(NOON + timedelta(minutes=number)):
            told(me.person.code, f"subject {number}")
    told(other.person.code, "not mine")
    newest = db.session.scalars(select(Message).where(Message.subject == "subject 2")).one()
    mark_read(newest.code, by=me.actor)

    page = me.client.get("/messages")

    assert page.status_code == 200
    places = [page.text.index(f"subject {number}") for number in (1, 0, 2)]
    assert places == sorted(places)
    assert "not mine" not in page.text


def test_texts_are_shown_as_text(app: Flask, someone) -> None:
    me = someone(Role.BUYER)
    told(me.person.code, "%(x)s", "%(x)s\nsecond line", x="<script>alert(1)</script>")
    page = me.client.get("/messages").text
    assert "<script>alert(1)" not in page
    assert "<p>second line</p>" in page


def test_reading_marks_it_and_leads_on(app: Flask, someone) -> None:
    me, other = someone(Role.BUYER), someone(Role.BUYER)
    message = told(me.person.code, path="/desk/offers?x=1")
    path = f"/messages/{message.code}/read"

    assert other.client.submit(path, {"go": "1"}).status_code == 404
    assert me.client.get(path).status_code == 405
    assert me.client.post(path).status_code == 400, "without the token of the form"
    assert message.read_at is None
    assert me.client.submit(path, {"go": "1"}).location == "/desk/offers?x=1"
    assert me.client.submit(path).location == "/messages"
    assert queries.unread_count(me.person.code) == 0
    with pytest.raises(NotFound):
        mark_read("N-00000000X", by=me.actor)


def test_all_can_be_marked_at_once_and_only_mine(app: Flask, someone) -> None:
    me, other = someone(Role.BUYER), someone(Role.BUYER)
    for person in (me.person, me.person, other.person):
        told(person.code)
    assert me.client.submit("/messages/read").status_code == 302
    assert (queries.unread_count(me.person.code), queries.unread_count(other.person.code)) == (0, 1)
    assert mark_all_read(by=me.actor) == 0


def test_a_visitor_signs_in_first(client) -> None:
    assert "/sign-in" in client.get("/messages").location


@pytest.mark.parametrize(("signed_in", "statements"), [(True, 1), (False, 0)])
def test_the_number_in_the_head_costs_one_statement_and_only_when_shown(
    app: Flask, someone, signed_in, statements
) -> None:
    from flask import g

    me = someone(Role.BUYER)
    told(me.person.code)
    asked: list[str] = []
    engine = db.session.connection().engine
    listen = lambda *args: asked.append(args[2])  # noqa: E731
    with app.test_request_context("/"):
        g.actor = me.actor if signed_in else None
        event.listen(engine, "before_cursor_execute", listen)
        try:
            assert render_template_string("nothing") == "nothing"
            assert asked == []
            shown = render_template_string("{{ unread_messages() }} {{ unread_messages() }}")
        finally:
            event.remove(engine, "before_cursor_execute", listen)
    assert shown == ("1 1" if signed_in else "0 0")
    assert len(asked) == statements


def test_programs_read_and_mark(app: Flask, someone) -> None:
    me, other = someone(Role.BUYER), someone(Role.BUYER)
    message = told(me.person.code, "Messages", path="/desk")
    told(other.person.code)

    got = me.client.get("/api/v1/messages", headers={"Accept-Language": "en"})
    assert got.json["total"] == 1
    [one] = got.json["messages"]
    assert (one["code"], one["subject"], one["path"], one["read"]) == (message.code, "Messages", "/desk", False)
    assert me.client.get("/api/v1/messages", headers={"Accept-Language": "zh"}).json["messages"][0]["subject"] == "消息"
    assert other.client.submit(f"/api/v1/messages/{message.code}/read").status_code == 404
    assert me.client.submit(f"/api/v1/messages/{message.code}/read").status_code == 204
    assert me.client.get("/api/v1/messages?unread=true").json["messages"] == []
    assert me.client.get("/api/v1/messages?page=0").status_code == 422


# Accounts -----------------------------------------------------------------------------------------------------------------


def test_a_role_given_or_ended_by_somebody_else_is_told(app: Flask, someone, sent: list) -> None:
    from market.accounts.events import MembershipEnded, MembershipGiven
    from market.record.operations import record

    me, admin = someone(Role.VENDOR), someone(Role.VENDOR)
    organisation = me.actor.organisation
    facts = (me.membership.code, me.person.code, organisation)
    transactional(lambda: record(MembershipGiven(*facts, "vendor", None), by=me.actor))()
    transactional(lambda: record(MembershipGiven(*facts, "vendor", None), by=system()))()
    assert queries.unread_count(me.person.code) == 0
    transactional(lambda: record(MembershipGiven(*facts, "vendor", None), by=admin.actor))()
    transactional(lambda: record(MembershipEnded(*facts), by=admin.actor))()
    assert queries.unread_count(me.person.code) == 2
    outbox.drain()
    assert len(sent) == 1


def test_a_closed_account_leaves_no_messages(app: Flask, someone) -> None:
    me, other = someone(), someone()
    told(me.person.code)
    told(other.person.code)
    operations.forget_messages(me.person.code)
    assert count(Message) == 1
    assert len(queries.own_messages(other.person.code)["messages"]) == 1
