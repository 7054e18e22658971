"""Signing in and out: two steps, sessions as rows, where to go on."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import operations, rules
from market.accounts.models import OrganisationKind, SignIn
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import NotFound, NotSignedIn
from market.record.queries import history_of
from tests.integration.conftest import NOON, Browser
from tests.integration.factories import accounts as make


def code_of(secret: str, after: int = 0) -> str:
    return rules.code_at(secret, clock.real() + timedelta(seconds=after))


def is_in(client: Browser) -> bool:
    return client.get("/account").status_code == 200


def test_address_and_password_sign_a_person_in_and_leave_a_record(client: Browser, sign_in) -> None:
    person = make.person()

    answer = sign_in(client, email=" SUN@Example.org ")

    assert answer.status_code == 302
    assert is_in(client)
    assert [entry.event for entry in db.session.scalars(history_of(person.code))] == ["SignedIn", "PersonJoined"]
    row = db.session.scalars(select(SignIn).where(SignIn.person_id == person.id)).one()
    cookie = client.get_cookie("market")
    assert cookie is not None
    assert row.token_hash not in cookie.value, "the cookie has the secret, the row its hash, never both the same"


def test_signing_out_ends_the_session_on_the_server_too(client: Browser, app: Flask, sign_in) -> None:
    make.person()
    sign_in(client)
    cookie = client.get_cookie("market")

    client.submit("/sign-out")

    thief: Browser = app.test_client()  # type: ignore[assignment]
    thief.set_cookie("market", cookie.value)  # type: ignore[union-attr]
    assert not is_in(thief)
    assert not is_in(client)


def test_the_second_step_stands_between_the_password_and_the_account(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    secret = operations.demo_second_factor(person.code, by=make.BY)

    answer = sign_in(client)

    assert answer.location == "/sign-in/code"
    assert not is_in(client), "the password alone opens nothing"
    assert "s***@example.org" in client.get("/sign-in/code").text
    wrong = client.submit("/sign-in/code", {"code": "000000"})
    assert wrong.status_code == 422
    assert 'value="000000"' in wrong.text
    assert client.submit("/sign-in/code", {"code": f"{code_of(secret)[:3]} {code_of(secret)[3:]}"}).status_code == 302
    assert is_in(client)


def test_a_one_time_code_works_once(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    secret = operations.demo_second_factor(person.code, by=make.BY)
    sign_in(client)
    client.submit("/sign-in/code", {"code": code_of(secret)})

    onlooker: Browser = app.test_client()  # type: ignore[assignment]
    sign_in(onlooker)
    answer = onlooker.submit("/sign-in/code", {"code": code_of(secret)})

    assert answer.status_code == 422
    assert not is_in(onlooker)
    assert onlooker.submit("/sign-in/code", {"code": code_of(secret, 30)}).status_code == 302, "the next one does"


def test_the_second_step_needs_a_first_one_that_is_fresh(client: Browser, sign_in) -> None:
    person = make.person()
    secret = operations.demo_second_factor(person.code, by=make.BY)
    assert client.submit("/sign-in/code", {"code": code_of(secret)}).location == "/sign-in"

    sign_in(client)
    with clock.frozen(NOON + timedelta(minutes=11)):
        assert client.submit("/sign-in/code", {"code": code_of(secret)}).location == "/sign-in"

    sign_in(client)
    operations.set_password_by_link(operations.make_set_up_link(person.code), "another long one", by=operations.VISITOR)
    assert client.submit("/sign-in/code", {"code": code_of(secret)}).location == "/sign-in"


def test_a_session_is_not_taken_over_from_before_the_sign_in(client: Browser, sign_in) -> None:
    """ASVS 7.2.4: what the cookie held before is dropped."""
    make.person()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["planted"] = "known to somebody else", True

    sign_in(client)

    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "known to somebody else"
        assert "planted" not in cookie


def test_a_session_ends_by_itself(client: Browser, app: Flask, sign_in) -> None:
    make.person()
    sign_in(client)
    days = app.extensions["settings"].session_days
    with clock.frozen(NOON + timedelta(days=days, minutes=1)):
        assert not is_in(client)


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/account/password?a=1", "/account/password?a=1"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example/", None),
        ("/\t/evil.example", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_sign_in_leads_on_within_the_market_only(client: Browser, asked: str, led_to: str | None) -> None:
    make.person()
    data = {"email": "sun@example.org", "password": make.PASSWORD, "next": asked}
    location = client.submit("/sign-in", data).location
    assert location == led_to or (led_to is None and location in ("/", "/account"))


def test_a_page_asked_for_before_sign_in_comes_after_it(client: Browser) -> None:
    make.person()
    answer = client.get("/account/tokens?x=1")
    assert answer.location == "/sign-in?next=/account/tokens?x%3D1"
    assert 'name="next" value="/account/tokens?x=1"' in client.get(answer.location).text


def test_an_official_acts_only_after_the_second_factor_and_is_led_to_it(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    office = make.organisation(OrganisationKind.OFFICE)
    make.member(person, office, Role.OPERATOR, admin=True)

    answer = sign_in(client)
    assert answer.location.startswith("/account/second-factor")
    assert client.submit(f"/organisations/{office.code}", {"email": "x@example.org"}).status_code == 404, (
        "no role, no rights"
    )

    page = client.get("/account/second-factor")
    assert 'src="data:image/svg+xml' in page.text
    secret = page.text.split('id="secret">')[1].split("<")[0].replace(" ", "")
    answer = client.submit("/account/second-factor", {"code": code_of(secret), "current": make.PASSWORD})
    assert answer.status_code == 302, answer.text
    assert client.submit(f"/organisations/{office.code}", {"email": "x@example.org"}).status_code == 302


def test_the_second_factor_is_set_only_by_a_code_of_its_own_and_the_password(client: Browser, sign_in) -> None:
    person = make.person()
    sign_in(client)
    page = client.get("/account/second-factor")
    secret = page.text.split('id="secret">')[1].split("<")[0].replace(" ", "")

    wrong_code = client.submit("/account/second-factor", {"code": "123", "current": make.PASSWORD})
    wrong_password = client.submit("/account/second-factor", {"code": code_of(secret), "current": "not this one"})

    assert (wrong_code.status_code, wrong_password.status_code) == (422, 422)
    db.session.refresh(person)
    assert person.totp_secret is None
    client.submit("/account/second-factor", {"code": code_of(secret), "current": make.PASSWORD})
    db.session.refresh(person)
    assert person.totp_secret == secret, "the same secret through all tries"


def test_an_official_replaces_the_second_factor_but_cannot_drop_it(client: Browser, sign_in) -> None:
    person = make.person()
    make.member(person, make.organisation(OrganisationKind.OFFICE), Role.OPERATOR)
    secret = operations.demo_second_factor(person.code, by=make.BY)
    sign_in(client)
    client.submit("/sign-in/code", {"code": code_of(secret)})

    answer = client.submit("/account/second-factor/remove", {"current": make.PASSWORD})

    assert answer.status_code == 422
    assert "工作人员" in answer.text
    operations.remove_second_factor(person.code, by=make.BY)
    assert not is_in(client), "when the market removes it, all sessions end"


def test_no_session_begins_without_the_second_factor_there_is(app: Flask) -> None:
    person = make.person()
    operations.demo_second_factor(person.code, by=make.BY)
    with pytest.raises(NotSignedIn):
        operations.begin_session(person.code, second_factor=False, network="", agent="", by=make.BY)
    operations.close_account(person.code, lang="en", by=make.BY)
    with pytest.raises(NotFound):
        operations.begin_session(person.code, second_factor=True, network="", agent="", by=make.BY)
