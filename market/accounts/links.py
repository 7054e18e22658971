"""Links in mails: made, found and taken within an operation's transaction. Only the hash of a link's secret is kept."""

from datetime import timedelta

from sqlalchemy import select, update

from market import clock
from market.accounts import rules
from market.accounts.models import Link, LinkPurpose, Organisation, Person
from market.accounts.session import hashed, new_secret
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import NotFound
from market.kernel.words import N_
from market.locks import lock_where


class DeadLink(NotFound):
    """A link that was used, has a newer one, is too old, or never was: which of them is not told."""

    code = "dead_link"
    title = N_("This link no longer works")


def dead() -> DeadLink:
    """The one refusal for every link that does not work."""
    return DeadLink(
        remedy=N_("It works once and for a limited time, and a newer one takes its place. Ask for a new one.")
    )


def make(
    purpose: LinkPurpose,
    email: str,
    *,
    person: Person | None = None,
    organisation: Organisation | None = None,
    role: Role | None = None,
    district: str | None = None,
    lives: timedelta | None = None,
) -> str:
    """Make a link and give its secret; older ones for the same purpose to the same reader stop working."""
    at = clock.real()
    same = [Link.person_id == person.id] if person else [Link.email == email, Link.person_id.is_(None)]
    if organisation is not None:
        same.append(Link.organisation_id == organisation.id)
    _supersede(Link.purpose == purpose, *same)
    secret = new_secret()
    link = Link(
        purpose=purpose, token_hash=hashed(secret), email=email, role=role, district=district, created_at=at,
        expires_at=at + (lives or rules.LINK_LIVES[purpose]),
    )  # fmt: skip
    link.person_id = person.id if person else None
    link.organisation_id = organisation.id if organisation else None
    db.session.add(link)
    return secret


def find(secret: str, *purposes: LinkPurpose) -> Link:
    """The link of `secret` if it works (for one of `purposes`, when given), else `DeadLink`. Looking does not use it up."""
    return _working(db.session.scalar(select(Link).where(Link.token_hash == hashed(secret))), *purposes)


def take(secret: str, purpose: LinkPurpose) -> Link:
    """Use the link of `secret`, once: the row is locked, so of two at the same time one gets `DeadLink`."""
    rows = lock_where(Link, Link.token_hash == hashed(secret))
    link = _working(rows[0] if rows else None, purpose)
    link.used_at = clock.real()
    return link


def end_all(person: Person) -> None:
    """Links made for `person`, or sent to an address of his, stop working."""
    _supersede(Link.person_id == person.id)
    _supersede(Link.email.in_([person.email, person.new_email or person.email]))


def _working(link: Link | None, *purposes: LinkPurpose) -> Link:
    if (
        link is None
        or (purposes and link.purpose not in purposes)
        or link.used_at is not None
        or link.superseded_at is not None
        or clock.real() >= link.expires_at
    ):
        raise DeadLink(
            remedy=N_("It works once and for a limited time, and a newer one takes its place. Ask for a new one.")
        )
    return link


def _supersede(*conditions: object) -> None:
    working = update(Link).where(*conditions, Link.used_at.is_(None), Link.superseded_at.is_(None))  # type: ignore[arg-type]
    db.session.execute(working.values(superseded_at=clock.real()).execution_options(synchronize_session="fetch"))
