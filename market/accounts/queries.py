"""Reading people, organisations, memberships, sessions and tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from market.accounts.models import (
    AccountKey,
    ApiToken,
    CounterPerson,
    Link,
    LinkPurpose,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    SignIn,
)
from market.db import db
from market.kernel.actor import OFFICIALS, Role
from market.personal_data import keyed_hash
from market.record.models import AuditEntry

#: a network from which the person signed in within this time is a known one
KNOWN_FOR = timedelta(days=90)


def person(code: str) -> Person | None:
    """The person with this public code, closed accounts included."""
    return db.session.scalar(select(Person).where(Person.code == code))


def person_by_email(email: str) -> Person | None:
    """The open account with this address (normalised by rules.normalise_email)."""
    return db.session.scalar(select(Person).where(Person.email == email, Person.closed_at.is_(None)))


def organisation(code: str) -> Organisation | None:
    """The organisation with this public code."""
    return db.session.scalar(select(Organisation).where(Organisation.code == code))


def organisation_of(link: Link) -> Organisation | None:
    """The organisation that an invitation is for."""
    return db.session.get(Organisation, link.organisation_id) if link.organisation_id else None


def membership(code: str) -> Membership | None:
    """The membership with this public code, ended ones included."""
    return db.session.scalar(select(Membership).where(Membership.code == code))


def memberships_of(person_code: str) -> list[Membership]:
    """The running memberships of a person with their organisations, the oldest first."""
    statement = (
        select(Membership)
        .join(Membership.person)
        .where(Person.code == person_code, Membership.ended_at.is_(None))
        .options(joinedload(Membership.organisation))
        .order_by(Membership.id)
    )
    return list(db.session.scalars(statement))


def members_of(organisation_code: str, role: Role | None = None) -> list[Membership]:
    """The running memberships in an organisation with their persons, the oldest first; with `role`, those in it."""
    statement = (
        select(Membership)
        .join(Membership.organisation)
        .join(Membership.person)
        .where(Organisation.code == organisation_code, Membership.ended_at.is_(None), Person.closed_at.is_(None))
        .options(contains_eager(Membership.organisation), contains_eager(Membership.person))
        .order_by(Membership.id)
    )
    return list(db.session.scalars(statement.where(Membership.role == role) if role else statement))


def people_in_role(role: Role, district: str | None = None) -> list[Person]:
    """Everybody who works in `role`; with `district`, those of that district and those of the whole city."""
    statement = (
        select(Person)
        .join(Person.memberships)
        .where(Membership.role == role, Membership.ended_at.is_(None), Person.closed_at.is_(None))
        .order_by(Person.id)
    )
    if district is not None:
        statement = statement.where(or_(Membership.district == district, Membership.district.is_(None)))
    return list(db.session.scalars(statement).unique())


def demo_members(role: Role, domain: str) -> list[Membership]:
    """Up to five running memberships in `role` of people whose address ends in `domain`, the oldest first."""
    statement = (
        select(Membership)
        .join(Membership.person)
        .where(Membership.role == role, Membership.ended_at.is_(None), Person.email.endswith(f"@{domain}"))
        .options(contains_eager(Membership.person), joinedload(Membership.organisation))
        .order_by(Membership.id)
        .limit(5)
    )
    return list(db.session.scalars(statement))


def offices() -> list[Organisation]:
    """The market's offices, the oldest first."""
    statement = select(Organisation).where(Organisation.kind == OrganisationKind.OFFICE).order_by(Organisation.id)
    return list(db.session.scalars(statement))


def is_official(person_code: str) -> bool:
    """True when the person has a running membership as an official."""
    return any(membership.role in OFFICIALS for membership in memberships_of(person_code))


def sessions_of(person_code: str, since: datetime) -> list[SignIn]:
    """The sessions of a person that began after `since` and run, the one used last first."""
    statement = (
        select(SignIn)
        .join(SignIn.person)
        .where(Person.code == person_code, SignIn.ended_at.is_(None), SignIn.created_at > since)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return list(db.session.scalars(statement))


def is_known_network(email: str, network: str, at: datetime) -> bool:
    """True when the person with this address signed in from `network` within the last 90 days."""
    found = (
        select(SignIn.id)
        .join(SignIn.person)
        .where(Person.email == email, SignIn.address == network, SignIn.created_at > at - KNOWN_FOR)
    )
    return bool(db.session.scalar(select(exists(found))))


def tokens_of(person_code: str) -> list[ApiToken]:
    """The API tokens of a person that were not ended, the newest first."""
    statement = (
        select(ApiToken)
        .join(ApiToken.membership)
        .join(Membership.person)
        .where(Person.code == person_code, ApiToken.ended_at.is_(None))
        .options(contains_eager(ApiToken.membership).joinedload(Membership.organisation))
        .order_by(ApiToken.id.desc())
    )
    return list(db.session.scalars(statement))


def open_invitations(organisation_code: str, at: datetime) -> list[Link]:
    """Invitations into an organisation that still work, the newest first."""
    statement = (
        select(Link)
        .join(Organisation, Organisation.id == Link.organisation_id)
        .where(
            Organisation.code == organisation_code,
            Link.purpose == LinkPurpose.INVITATION,
            and_(Link.used_at.is_(None), Link.superseded_at.is_(None), Link.expires_at > at),
        )
        .order_by(Link.id.desc())
    )
    return list(db.session.scalars(statement))


def own_data(person_code: str) -> dict[str, Any]:
    """Everything that accounts keep about a person, as plain data for the person (PIPL, article 45)."""
    found = db.session.scalars(select(Person).where(Person.code == person_code)).one()
    acts = select(AuditEntry).where(AuditEntry.person == person_code).order_by(AuditEntry.number)
    sign_ins = select(SignIn).where(SignIn.person_id == found.id).order_by(SignIn.id)
    memberships = select(Membership).where(Membership.person_id == found.id).order_by(Membership.id)
    return {
        "person": {
            "code": found.code,
            "email": found.email,
            "email_confirmed_at": _utc(found.email_confirmed_at),
            "new_email": found.new_email,
            "name": found.name,
            "language": found.language,
            "created_at": _utc(found.created_at),
            "password_changed_at": _utc(found.password_changed_at),
            "second_factor_since": _utc(found.totp_confirmed_at),
        },
        "counter": _counter_data(found),
        "signing_keys": [
            {"code": row.code, "public": row.public, "made_at": _utc(row.made_at), "ended_at": _utc(row.ended_at)}
            for row in signing_keys_of(person_code)
        ],
        "memberships": [
            {
                "code": row.code,
                "organisation": row.organisation.code,
                "organisation_name": row.organisation.name,
                "role": str(row.role),
                "district": row.district,
                "admin": row.admin,
                "since": _utc(row.since),
                "ended_at": _utc(row.ended_at),
            }
            for row in db.session.scalars(memberships.options(joinedload(Membership.organisation)))
        ],
        "sign_ins": [
            {
                "code": row.code,
                "at": _utc(row.created_at),
                "network": row.address,
                "browser": row.agent,
                "ended_at": _utc(row.ended_at),
            }
            for row in db.session.scalars(sign_ins)
        ],
        "api_tokens": [
            {"code": row.code, "label": row.label, "scopes": row.scopes, "expires_at": _utc(row.expires_at)}
            for row in tokens_of(person_code)
        ],
        "acts": [
            {"at": _utc(row.at), "event": row.event, "role": row.role, "facts": row.facts}
            for row in db.session.scalars(acts)
        ],
    }


def _counter_data(found: Person) -> dict[str, Any] | None:
    row = counter_person(found.code)
    if row is None:
        return None
    return {
        "identity_number": row.id_number,
        "mobile": row.mobile,
        "registered_at": _utc(row.registered_at),
        "claimed_at": _utc(row.claimed_at),
    }


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def account_key(code: str) -> AccountKey | None:
    """The signing key with this public code, also one that has ended."""
    return db.session.scalar(select(AccountKey).where(AccountKey.code == code))


def signing_keys_of(person_code: str) -> list[AccountKey]:
    """All signing keys that a person ever had, the newest first."""
    statement = select(AccountKey).join(AccountKey.person).where(Person.code == person_code)
    return list(db.session.scalars(statement.order_by(AccountKey.id.desc())))


# People served at a counter ---------------------------------------------------------------------------------------------


def person_by_identity(number: str) -> Person | None:
    """The citizen whom a counter registered with this identity number (normalised), closed accounts left out."""
    statement = select(Person).join(CounterPerson, CounterPerson.person_id == Person.id)
    return db.session.scalar(statement.where(CounterPerson.id_hash == keyed_hash(number), Person.closed_at.is_(None)))


def counter_person(person_code: str) -> CounterPerson | None:
    """What a counter registered of this person, None for everybody else."""
    statement = select(CounterPerson).join(CounterPerson.person).where(Person.code == person_code)
    return db.session.scalar(statement.options(contains_eager(CounterPerson.person)))


def counter_person_by_claim(code: str, at: datetime) -> CounterPerson | None:
    """Whose account the printed `code` (normalised) takes over, if it still works at `at`."""
    statement = select(CounterPerson).where(
        CounterPerson.claim_hash == keyed_hash(f"claim {code}"), CounterPerson.claim_until > at
    )
    return db.session.scalar(statement)


def is_reached_by_mail(person: Person) -> bool:
    """False for a citizen known from the counter alone, who has no address yet."""
    return person.email != person.code
