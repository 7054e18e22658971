"""One's own account: roles, sessions, tokens, data, and its end."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts import operations, queries
from market.accounts.models import ApiToken, Link, OrganisationKind, SignIn
from market.db import db
from market.kernel.actor import Role
from market.record.models import AuditEntry
from tests.integration.conftest import NOON, Browser
from tests.integration.factories import accounts as make


def browser(app: Flask) -> Browser:
    return app.test_client()  # type: ignore[return-value]


def test_a_changed_password_ends_other_sessions_and_gives_this_one_a_new_secret(
    client: Browser, app: Flask, sign_in
) -> None:
    """ASVS 7.4.3."""
    make.person()
    other = browser(app)
    sign_in(other), sign_in(client)
    stolen = client.get_cookie("market").value  # type: ignore[union-attr]

    wrong = client.submit("/account/password", {"current": "not mine at all", "password": "a new one, and long"})
    assert wrong.status_code == 422
    answer = client.submit("/account/password", {"current": make.PASSWORD, "password": "a new one, and long"})
    assert answer.status_code == 302

    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    thief = browser(app)
    thief.set_cookie("market", stolen)
    assert thief.get("/account").status_code == 302
    assert sign_in(browser(app), password="a new one, and long").status_code == 302
    assert [m.subject for m in make.mails_to("sun@example.org")] == ["您的密码已更改"]


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(client: Browser, app: Flask, sign_in) -> None:
    make.person()
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140"}
    others = [browser(app) for _ in range(3)]
    for other in others:
        sign_in(other, headers=agent)
    sign_in(client)
    page = client.get("/account").text
    assert page.count("Windows, Edge") >= 3

    ends = re.findall(r'action="(/account/sessions/S-\w+/end)"', page)
    assert len(ends) == 3
    assert client.submit(ends[0]).status_code == 302
    assert [other.get("/account").status_code for other in others].count(302) == 1
    client.submit("/account/sessions/end-others")
    assert [other.get("/account").status_code for other in others] == [302] * 3
    assert client.get("/account").status_code == 200


def test_sessions_roles_tokens_and_organisations_of_others_do_not_exist(
    client: Browser, app: Flask, someone, sign_in
) -> None:
    """KF-ACC-05: by code, read, changed or ended, they answer 404 without any of their fields."""
    owner = make.person("owner@example.org", "机密姓名")
    firm = make.organisation(name="机密单位")
    membership = make.member(owner, firm, admin=True)
    token, _ = operations.make_api_token(membership.code, "x", ["account:read"], 30, by=make.acting(membership))
    session, _ = operations.begin_session(owner.code, second_factor=False, network="", agent="", by=make.BY)
    db.session.commit()
    before = len(db.session.scalars(select(AuditEntry)).all())

    for stranger in (someone(Role.BUYER), someone(Role.VENDOR), someone(Role.OPERATOR, district="610117"), someone()):
        answers = [
            stranger.client.get(f"/organisations/{firm.code}"),
            stranger.client.submit(f"/organisations/{firm.code}", {"email": "x@example.org"}),
            stranger.client.submit(f"/memberships/{membership.code}/end"),
            stranger.client.submit(f"/memberships/{membership.code}/admin"),
            stranger.client.submit(f"/memberships/{membership.code}/no-admin"),
            stranger.client.submit(f"/account/sessions/{session.code}/end"),
            stranger.client.submit(f"/account/tokens/{token.code}/end"),
            stranger.client.submit("/account/role", {"membership": membership.code}),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
        assert "机密" not in "".join(answer.text for answer in answers)
    assert len(db.session.scalars(select(AuditEntry)).all()) == before
    for path in (f"/organisations/{firm.code}", "/account"):
        assert client.get(path).status_code == 302, "signed out: led to sign-in, before anything is looked up"


def test_a_role_is_chosen_and_kept_for_the_next_time(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    one = make.member(person, make.organisation(name="甲单位"))
    other = make.member(person, make.organisation(name="乙单位"))
    sign_in(client)
    assert "切换到乙单位（项目业主）" in client.get("/account").text, "in the account menu of every page"

    client.submit("/account/role", {"membership": other.code})

    assert client.get("/api/v1/me").json["acting"]["code"] == other.code
    with clock.frozen(NOON + timedelta(minutes=1)):
        again = browser(app)
        sign_in(again)
        assert again.get("/api/v1/me").json["acting"]["code"] == other.code
    operations.end_membership(other.code, by=make.acting(other))
    assert client.get("/api/v1/me").json["acting"] is None, "an ended membership gives no rights"
    with clock.frozen(NOON + timedelta(minutes=2)):
        sign_in(again := browser(app))
        assert again.get("/api/v1/me").json["acting"]["code"] == one.code


# Tokens -----------------------------------------------------------------------------------------------------------------


def made_token(client: Browser, **data: object) -> str:
    page = client.submit("/account/tokens", {"label": "erp", "scopes": ["account:read"], "days": "30", **data})
    return re.search(r"wm_[\w-]{43}", page.text)[0]  # type: ignore[index]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_shown_once_and_acts_in_its_scopes_until_it_ends(client: Browser, app: Flask, someone) -> None:
    me = someone(Role.BUYER)
    token = made_token(me.client)
    assert token not in me.client.get("/account/tokens").text
    program = browser(app)

    answer = program.get("/api/v1/me", headers=bearer(token))
    assert answer.status_code == 200
    assert answer.json["acting"]["role"] == "buyer"
    assert answer.json["scopes"] == ["account:read"]
    assert program.get("/account", headers=bearer(token)).status_code == 302, "no pages for programs"

    row = db.session.scalars(select(ApiToken)).one()
    assert token not in (row.token_hash, row.code)
    me.client.submit(f"/account/tokens/{row.code}/end")
    dead = program.get("/api/v1/me", headers=bearer(token))
    assert dead.status_code == 401
    assert dead.content_type == "application/problem+json"


@pytest.mark.parametrize("end", ["expired", "membership", "closed"])
def test_a_token_ends_with_its_time_its_role_and_its_person(app: Flask, someone, end: str) -> None:
    me = someone(Role.BUYER)
    token = made_token(me.client)
    at = NOON
    if end == "expired":
        at += timedelta(days=31)
    elif end == "membership":
        operations.end_membership(me.membership.code, by=me.actor)
    else:
        operations.close_account(me.person.code, lang="en", by=me.actor)
    with clock.frozen(at):
        assert browser(app).get("/api/v1/me", headers=bearer(token)).status_code == 401


def test_a_token_without_the_scope_is_refused(app: Flask, someone) -> None:
    me = someone(Role.BUYER)
    _, secret = operations.make_api_token(me.membership.code, "x", ["other:read"], 30, by=me.actor)
    answer = browser(app).get("/api/v1/me", headers=bearer(secret))
    assert answer.status_code == 403
    assert "account:read" in answer.json["title"]


def test_nobody_makes_a_token_with_more_than_there_is(someone) -> None:
    me = someone(Role.BUYER)
    for wrong in ({"scopes": ["everything"]}, {"scopes": []}, {"days": "3650"}, {"label": ""}):
        data = {"label": "erp", "scopes": ["account:read"], "days": "30", **wrong}
        assert me.client.submit("/account/tokens", data).status_code == 422
    assert (
        someone().client.submit("/account/tokens", {"label": "x", "scopes": ["account:read"], "days": "30"}).status_code
        == 404
    )


def test_who_am_i_for_a_visitor_is_a_problem(client: Browser) -> None:
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


# One's own data ---------------------------------------------------------------------------------------------------------


def test_a_person_takes_the_own_data_along(client: Browser, sign_in) -> None:
    person = make.person()
    make.member(person, make.organisation(name="甲单位"))
    make.person("other@example.org", "别人")
    sign_in(client)

    answer = client.get("/account/data.json")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json["person"]["email"] == "sun@example.org"
    assert answer.json["memberships"][0]["organisation_name"] == "甲单位"
    assert "SignedIn" in [act["event"] for act in answer.json["acts"]]
    assert "别人" not in answer.text
    assert "argon2" not in answer.text


def test_a_closed_account_keeps_its_code_and_nothing_that_names_anybody(client: Browser, app: Flask, sign_in) -> None:
    person = make.person()
    code = person.code
    membership = make.member(person, make.organisation(), admin=True)
    token, _ = operations.make_api_token(membership.code, "x", ["account:read"], 30, by=make.acting(membership))
    sign_in(client, headers={"User-Agent": "a telling one"})
    operations.ask_email_change(person.code, "next@example.org", lang="en", by=make.acting(membership))
    make.mails_to("next@example.org")

    assert client.submit("/account/close", {"current": make.PASSWORD}).status_code == 422, "not without the tick"
    assert client.submit("/account/close", {"current": make.PASSWORD, "sure": "1"}).status_code == 302

    assert client.get("/account").status_code == 302
    assert sign_in(browser(app)).status_code == 422
    db.session.expire_all()
    kept = json.dumps(
        [
            [str(getattr(row, column.key)) for column in row.__table__.columns]
            for model in (type(person), SignIn, Link)
            for row in db.session.scalars(select(model))
        ]
    )
    for telling in ("sun@example.org", "next@example.org", "测试甲", "a telling one", "127.0.0.1", "argon2"):
        assert telling not in kept
    assert code in kept
    assert token.ended_at is not None
    assert queries.memberships_of(code) == []
    assert make.person().code != code, "the address is free again"


def test_the_last_administrator_closes_no_account_while_others_remain(client: Browser, sign_in) -> None:
    person, firm = make.person(), make.organisation()
    make.member(person, firm, admin=True)
    make.member(make.person("other@example.org"), firm)
    sign_in(client)

    answer = client.submit("/account/close", {"current": make.PASSWORD, "sure": "1"})

    assert answer.status_code == 422
    assert "管理员" in answer.text
    assert client.get("/account").status_code == 200


def test_pages_of_an_account_are_kept_by_no_cache(client: Browser, sign_in) -> None:
    make.person()
    assert "no-store" in client.get("/sign-in").headers["Cache-Control"]
    sign_in(client)
    assert "no-store" in client.get("/account").headers["Cache-Control"]


def test_the_mails_of_the_demonstration_exist_in_practice_mode_only(client: Browser, app: Flask, monkeypatch) -> None:
    import dataclasses

    assert client.get("/practice/mail").status_code == 200
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], mode="production"))
    assert client.get("/practice/mail").status_code == 404


def test_a_firm_is_entered_with_its_code_checked(client: Browser, someone) -> None:
    me = someone()
    wrong = me.client.submit("/account/organisations/new", {"name": "测试置业", "credit_code": "91610131MA6TYX0000"})
    assert wrong.status_code == 422
    assert 'value="测试置业"' in wrong.text
    assert me.client.submit("/account/organisations/new", {"name": "测试置业"}).status_code == 302
    [membership] = queries.memberships_of(me.person.code)
    assert (membership.role, membership.admin) == (Role.BUYER, True)
    assert membership.organisation.kind is OrganisationKind.FIRM
    assert me.client.get("/api/v1/me").json["acting"]["organisation_name"] == "测试置业"
