"""Members of an organisation: invited, joined, managed, ended."""

import pytest
from flask import Flask
from sqlalchemy import select

from market.accounts import operations, queries
from market.accounts.models import Membership, OrganisationKind
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Conflict, NotFound, RuleBroken
from tests.integration.conftest import Browser
from tests.integration.factories import accounts as make


def roles_in(organisation_code: str) -> list[tuple[str, str]]:
    return [(row.person.email, str(row.role)) for row in queries.members_of(organisation_code)]


def test_an_invited_stranger_opens_an_account_and_is_a_member(someone, client: Browser) -> None:
    admin = someone(Role.BUYER)
    firm = admin.membership.organisation
    admin.client.submit(f"/organisations/{firm.code}", {"email": "New@example.org"})
    assert "new@example.org" in admin.client.get(f"/organisations/{firm.code}").text

    answer = client.get(make.link_in(make.mails_to("new@example.org")[0]))
    assert answer.location == "/invitation"
    assert "测试单位" in client.get("/invitation").text
    client.submit("/invitation/join", {"name": "测试乙", "password": make.PASSWORD})

    assert ("new@example.org", "buyer") in roles_in(firm.code)
    assert client.get("/api/v1/me").json["acting"]["organisation"] == firm.code
    assert client.get("/invitation").status_code == 404, "used once"


def test_an_invited_owner_of_an_account_signs_in_and_accepts(someone, app: Flask, client: Browser, sign_in) -> None:
    admin = someone(Role.BUYER)
    code = admin.membership.organisation.code
    make.person()
    admin.client.submit(f"/organisations/{code}", {"email": "sun@example.org"})
    link = make.link_in(make.mails_to("sun@example.org")[0])
    thief = someone().client
    thief.get(link)
    assert thief.submit("/invitation/accept").status_code == 404, "the link is for the address it was sent to"

    client.get(link)
    assert "/sign-in?next=/invitation" in client.get("/invitation").text
    client.submit("/sign-in", {"email": "sun@example.org", "password": make.PASSWORD, "next": "/invitation"})
    assert "/invitation/accept" in client.get("/invitation").text, "the invitation lives through the sign-in"
    assert client.submit("/invitation/accept").location == f"/organisations/{code}"
    assert ("sun@example.org", "buyer") in roles_in(code)


def test_an_invitation_gives_the_role_and_district_of_the_one_who_invites(someone, client: Browser) -> None:
    admin = someone(Role.OPERATOR, district="610117")
    code = admin.membership.organisation.code
    operations.invite(code, "new@example.org", lang="zh_Hans_CN", by=admin.actor)
    client.get(make.link_in(make.mails_to("new@example.org")[0]))
    answer = client.submit("/invitation/join", {"name": "测试乙", "password": make.PASSWORD})

    assert answer.location.startswith("/account/second-factor"), "an official sets up the second factor first"
    row = db.session.scalars(select(Membership).order_by(Membership.id.desc())).first()
    assert (row.role, row.district, row.admin) == (Role.OPERATOR, "610117", False)  # type: ignore[union-attr]


def test_only_an_administrator_who_acts_for_it_invites(someone) -> None:
    admin = someone(Role.BUYER)
    firm = admin.membership.organisation
    member = someone(Role.BUYER, organisation=firm, admin=False)
    with pytest.raises(RuleBroken):
        operations.invite(firm.code, "x@example.org", lang="en", by=member.actor)
    with pytest.raises(NotFound):
        operations.invite(firm.code, "x@example.org", lang="en", by=someone(Role.BUYER).actor)
    assert 'name="email"' not in member.client.get(f"/organisations/{firm.code}").text


def test_administrators_end_memberships_and_rights_end_with_them(someone) -> None:
    admin = someone(Role.BUYER)
    member = someone(Role.BUYER, organisation=admin.membership.organisation, admin=False)
    with pytest.raises(RuleBroken):
        operations.end_membership(admin.membership.code, by=member.actor)
    admin.client.submit(f"/memberships/{member.membership.code}/end")
    assert member.client.get("/api/v1/me").json["acting"] is None
    with pytest.raises(NotFound):
        operations.end_membership(member.membership.code, by=admin.actor)


def test_the_last_administrator_hands_over_before_leaving(someone) -> None:
    admin = someone(Role.BUYER)
    member = someone(Role.BUYER, organisation=admin.membership.organisation, admin=False)
    with pytest.raises(RuleBroken):
        operations.end_membership(admin.membership.code, by=admin.actor)
    with pytest.raises(RuleBroken):
        operations.set_admin(admin.membership.code, False, by=admin.actor)
    admin.client.submit(f"/memberships/{member.membership.code}/admin")
    operations.end_membership(admin.membership.code, by=admin.actor)
    assert [row.person.code for row in queries.members_of(admin.membership.organisation.code)] == [member.person.code]


@pytest.mark.parametrize(
    ("kind", "role", "given"),
    [
        (OrganisationKind.FIRM, Role.BUYER, True),
        (OrganisationKind.PUBLIC_BODY, Role.BUYER, True),
        (OrganisationKind.VENDOR, Role.VENDOR, True),
        (OrganisationKind.OFFICE, Role.REGULATOR, True),
        (OrganisationKind.OFFICE, Role.EXPERT, True),
        (OrganisationKind.FIRM, Role.OPERATOR, False),
        (OrganisationKind.VENDOR, Role.BUYER, False),
        (OrganisationKind.OFFICE, Role.BUYER, False),
    ],
)
def test_an_organisation_gives_the_roles_of_its_kind(
    app: Flask, kind: OrganisationKind, role: Role, given: bool
) -> None:
    person, organisation = make.person(), make.organisation(kind)
    if given:
        make.member(person, organisation, role)
        with pytest.raises(Conflict):
            make.member(person, organisation, role)
        make.member(person, organisation, role, district="610117")
    else:
        with pytest.raises(RuleBroken):
            make.member(person, organisation, role)


def test_a_credit_code_is_entered_once(app: Flask) -> None:
    operations.add_organisation("甲", OrganisationKind.FIRM, credit_code="91610131MA6TYX1234", by=make.BY)
    with pytest.raises(Conflict):
        operations.add_organisation("乙", OrganisationKind.FIRM, credit_code="91610131MA6TYX1234", by=make.BY)
    with pytest.raises(Conflict):
        make.person(), make.person("SUN@example.org")
