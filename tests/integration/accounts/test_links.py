"""Links in mails: sign-up, reset, change of address, invitation."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import operations, queries
from market.accounts.models import Link
from market.db import db
from market.record.models import AuditEntry, OutboxRow
from tests.integration.conftest import NOON, Browser
from tests.integration.factories import accounts as make

NEW = "completely different words"


def ask_reset(client: Browser, email: str = "sun@example.org") -> None:
    assert client.submit("/password/forgotten", {"email": email}).status_code == 302


def newest_link(address: str = "sun@example.org") -> str:
    return make.link_in(make.mails_to(address)[0])


def reset(client: Browser, link: str, password: str = NEW) -> int:
    """Follow the link and set the password: the status of the last answer."""
    answer = client.get(link)
    if answer.status_code != 303:
        return answer.status_code
    return client.submit(answer.location, {"password": password}).status_code


def test_an_account_opens_by_the_link_that_went_to_its_address(client: Browser) -> None:
    client.submit("/sign-up", {"email": "New@Example.org"})
    assert queries.person_by_email("new@example.org") is None, "nobody opens an account for another's address"

    answer = client.get(newest_link("new@example.org"))
    assert answer.location == "/sign-up/finish"
    assert "new@example.org" in client.get(answer.location).text
    weak = client.submit(answer.location, {"name": "测试乙", "password": "short"})
    assert weak.status_code == 422
    assert 'value="测试乙"' in weak.text
    assert "short" not in weak.text, "a password is never shown again"
    assert client.submit(answer.location, {"name": "测试乙", "password": NEW}).status_code == 302

    assert client.get("/account").status_code == 200
    person = queries.person_by_email("new@example.org")
    assert person is not None
    assert person.email_confirmed_at == NOON


def test_sign_up_and_reset_answer_the_same_whether_the_account_exists(client: Browser) -> None:
    """KF-ACC-01: and the same work is done before the answer: one outbox row."""
    make.person()
    pages = {}
    for path, about in (("/sign-up", "sign-up"), ("/password/forgotten", "reset")):
        for email in ("sun@example.org", "nobody@example.org"):
            before = len(db.session.scalars(select(OutboxRow)).all())
            answer = client.submit(path, {"email": email})
            assert len(db.session.scalars(select(OutboxRow)).all()) == before + 1
            pages[path, email] = (answer.status_code, answer.location, client.get(answer.location).text)
        assert (
            pages[path, "sun@example.org"][:2]
            == pages[path, "nobody@example.org"][:2]
            == (302, f"/mail-sent?about={about}")
        )
    assert [mail.subject for mail in make.mails_to("nobody@example.org")] == ["在西市注册账户"]
    assert len(make.mails_to("sun@example.org")) == 2, (
        "the owner hears that there is an account, and gets the reset link"
    )
    assert "/link?key=" not in next(m for m in make.mails_to("sun@example.org") if "已有" in m.subject).body


def test_a_newer_reset_link_kills_the_older_and_each_works_once(client: Browser, app: Flask) -> None:
    """KF-ACC-01."""
    make.person()
    ask_reset(client)
    first = newest_link()
    ask_reset(client)
    second = newest_link()
    assert first != second

    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 303
    assert app.test_client().get(second).status_code == 303, "a mail scanner's GET does not use it up"
    assert app.test_client().head(second).status_code == 303
    assert reset(client, second) == 302
    assert reset(client, second) == 404
    assert reset(client, first) == 404
    answer = client.submit("/sign-in", {"email": "sun@example.org", "password": NEW})
    assert answer.status_code == 302


def test_a_form_that_was_open_before_the_link_was_used_does_not_use_it_again(client: Browser, app: Flask) -> None:
    """KF-ACC-01: two tabs; the second sends after the first."""
    make.person()
    ask_reset(client)
    link = newest_link()
    other: Browser = app.test_client()  # type: ignore[assignment]
    client.get(link), other.get(link)

    assert client.submit("/password/new", {"password": NEW}).status_code == 302
    assert other.submit("/password/new", {"password": "an attacker's words"}).status_code == 404


def test_a_reset_link_dies_with_the_address_it_went_to(client: Browser, app: Flask) -> None:
    """KF-ACC-01: used after the change of the address."""
    person = make.person()
    ask_reset(client)
    link = newest_link()
    by = make.BY
    operations.ask_email_change(person.code, "other@example.org", lang="en", by=by)
    client.submit(client.get(newest_link("other@example.org")).location)

    assert queries.person_by_email("other@example.org") is not None
    assert reset(app.test_client(), link) == 404


def test_a_link_ends_with_its_time(client: Browser) -> None:
    make.person()
    ask_reset(client)
    link = newest_link()
    with clock.frozen(NOON + timedelta(minutes=61)):
        assert client.get(link).status_code == 404


def test_no_secret_remains_in_an_address_a_record_or_the_outbox(client: Browser) -> None:
    """KF-ACC-01: no link or address in Referer or logs."""
    make.person()
    ask_reset(client)
    link = newest_link()
    secret = link.partition("key=")[2]

    answer = client.get(link)
    assert secret not in answer.location
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = client.get(answer.location)
    assert secret not in page.text
    assert 'href="http' not in page.text, "nothing leads to another host"

    kept = json.dumps([[row.job, row.arguments] for row in db.session.scalars(select(OutboxRow))])
    kept += json.dumps([entry.facts for entry in db.session.scalars(select(AuditEntry))])
    kept += "".join(link.token_hash for link in db.session.scalars(select(Link)))
    assert secret not in kept
    assert "sun@example.org" not in kept


def test_a_reset_ends_sessions_tokens_and_pauses(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    membership = make.member(person, make.organisation())
    token, _ = operations.make_api_token(membership.code, "x", ["account:read"], 30, by=make.acting(membership))
    sign_in(client)
    for _ in range(6):
        sign_in(app.test_client(), password="wrong wrong wrong")
    assert sign_in(app.test_client()).status_code == 429

    ask_reset(app.test_client())
    reset(app.test_client(), newest_link())

    assert client.get("/account").status_code == 302
    assert token.ended_at is not None
    assert sign_in(app.test_client(), password=NEW).status_code == 302, "the published way back"


def test_a_new_address_counts_once_it_is_confirmed(client: Browser, app: Flask, sign_in) -> None:
    """KF-ACC-06: until then messages go to the old one, which is told."""
    person = make.person()
    sign_in(client)
    client.submit("/account/email", {"email": "stranger@example.org", "current": make.PASSWORD})

    assert queries.person_by_email("sun@example.org") is not None
    assert [m.subject for m in make.mails_to("sun@example.org")] == ["您的邮箱即将更换"]
    assert "str***@example.org" in make.mails_to("sun@example.org")[0].body
    for _ in range(5):
        operations.remove_second_factor(person.code, by=make.BY)
    assert len(make.mails_to("stranger@example.org")) == 1, "the link and nothing else"
    assert len(make.mails_to("sun@example.org")) == 4, "at most three notices of a kind in an hour"

    link = newest_link("stranger@example.org")
    assert client.get(link).location == "/email/confirm"
    assert queries.person_by_email("stranger@example.org") is None, "looking changes nothing"
    client.submit("/email/confirm")
    assert queries.person_by_email("stranger@example.org") is not None
    assert make.mails_to("sun@example.org")[0].subject == "您的邮箱已更换"


def test_a_new_address_that_belongs_to_another_account_is_not_given_away(client: Browser, sign_in) -> None:
    make.person()
    make.person("taken@example.org")
    sign_in(client)
    answer = client.submit("/account/email", {"email": "taken@example.org", "current": make.PASSWORD})

    assert answer.status_code == 302, "the same answer as for any other"
    assert "/link" not in make.mails_to("taken@example.org")[0].body


def test_an_address_that_was_taken_while_the_link_lay_in_the_mailbox_stays_with_its_owner(
    client: Browser, sign_in
) -> None:
    person = make.person()
    operations.ask_email_change(person.code, "free@example.org", lang="en", by=make.BY)
    link = newest_link("free@example.org")
    make.person("free@example.org")

    client.get(link)
    assert client.submit("/email/confirm").status_code == 404
    db.session.refresh(person)
    assert person.email == "sun@example.org"


def test_nobody_floods_a_stranger_with_links(app: Flask) -> None:
    """KF-ACC-06: fifty links to one address from ten accounts: limited per address, account and caller."""
    statuses = []
    for number in range(50):
        client: Browser = app.test_client()  # type: ignore[assignment]
        peer = {"REMOTE_ADDR": f"198.51.100.{number % 10}"}
        path = ("/sign-up", "/password/forgotten")[number % 2]
        statuses.append(client.submit(path, {"email": "stranger@example.org"}, environ_base=peer).status_code)
    assert statuses.count(302) == 3
    assert statuses.count(429) == 47
    assert len(make.mails_to("stranger@example.org")) <= 3


def test_one_account_cannot_send_links_to_many(client: Browser, sign_in) -> None:
    """KF-ACC-06: per account."""
    make.person()
    sign_in(client)
    statuses = [
        client.submit("/account/email", {"email": f"s{n}@example.org", "current": make.PASSWORD}).status_code
        for n in range(8)
    ]
    assert statuses == [302] * 5 + [429] * 3


@pytest.mark.parametrize(
    "path", ["/sign-up/finish", "/password/new", "/email/confirm", "/invitation", "/invitation/join"]
)
def test_pages_behind_a_link_do_not_exist_without_one(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404
