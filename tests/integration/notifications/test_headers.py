"""What stands in the head of a mail: the message's own id, and the way to end such mails with one click."""

import email

import pytest
from flask import Flask

from market import mail, outbox
from market.notifications import phone_operations
from market.notifications.operations import make_digest
from tests.integration.factories.notifications import told


@pytest.fixture(autouse=True)
def empty(app: Flask) -> None:
    """No mails of other tests."""
    for path in mail.folder(app.extensions["settings"]).glob("*.eml"):
        path.unlink()


def kept(app: Flask) -> list[email.message.Message]:
    """The mails that practice mode kept, as they would travel."""
    files = sorted(mail.folder(app.extensions["settings"]).glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes()) for path in files]


def test_a_daily_mail_says_how_it_ends(app: Flask, someone) -> None:
    """RFC 8058, section 3.1: both headers, an address over https in production, the token in the address."""
    me = someone().person
    told(me.code, "Hello")
    make_digest(me.code)
    outbox.drain()
    [one] = kept(app)
    assert one["List-Unsubscribe"].startswith("<http://localhost:8000/messages/stop/")
    assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mail_of_an_act_has_the_messages_id_and_no_end(app: Flask, someone) -> None:
    message = told(someone().person.code, by_mail=True)
    outbox.drain()
    [one] = kept(app)
    assert one["Message-ID"] == f"<{message.code}@localhost>"
    assert one["List-Unsubscribe"] is None


def test_a_text_message_of_practice_lies_among_the_mails_and_says_what_it_is(app: Flask, someone, client) -> None:
    me = someone()
    phone_operations.give_number("13800138000", by=me.actor)
    outbox.drain()
    [one] = kept(app)
    assert (one["To"], one["Subject"]) == ("sms +8613800138000", "SMS (practice)")
    page = client.get("/practice/mail").text
    assert "SMS (practice)" in page
