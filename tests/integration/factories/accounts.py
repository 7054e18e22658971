"""People and organisations for tests, made through the operations."""

import re
from typing import Any

from flask import Flask

from market import mail, outbox
from market.accounts import operations
from market.accounts.models import Membership, Organisation, OrganisationKind, Person
from market.kernel.actor import Actor, Channel, Role, system

PASSWORD = "four plain words here"
BY = system(Channel.COMMAND)


def person(email: str = "sun@example.org", name: str = "测试甲", password: str = PASSWORD) -> Person:
    """A person with an account and a password."""
    return operations.open_account(email=email, name=name, password=password, by=BY)


def organisation(kind: OrganisationKind = OrganisationKind.FIRM, name: str = "测试单位") -> Organisation:
    """An organisation without members."""
    return operations.add_organisation(name, kind, by=BY)


def member(person: Person, organisation: Organisation, role: Role = Role.BUYER, **more: Any) -> Membership:
    """A running membership; `district` and `admin` as in the operation."""
    return operations.give_membership(person.code, organisation.code, role, **more, by=BY)


def acting(membership: Membership) -> Actor:
    """The actor that a membership makes of its person."""
    return Actor(
        membership.person.code, membership.role, membership.organisation.code, membership.district, channel=Channel.WEB
    )


def mails_to(address: str) -> list[mail.PracticeMail]:
    """The mails to an address, newest first, after all jobs are done."""
    outbox.drain()
    return mail.practice_mails(address)


def link_in(found: mail.PracticeMail) -> str:
    """The path of the link that a mail carries."""
    return re.search(r"https?://[^/\s]+(/link\?key=\S+)", found.body)[1]  # type: ignore[index]


def forget_mails(app: Flask) -> None:
    """An empty mailbox."""
    place = mail.folder(app.extensions["settings"])
    for path in place.glob("*.eml") if place.exists() else ():
        path.unlink()
