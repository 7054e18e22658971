"""What happens to accounts: people, passwords, second factor, sessions, organisations, memberships, tokens.

Times are `clock.real()`: sign-in belongs to the world, not to the market's clock. Whoever may act is asked here; passwords and
codes are tried in guessing.py, before these operations.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts import events, links, mails, passwords, queries, rules, signing_operations
from market.accounts.models import (
    ApiToken,
    CounterPerson,
    Guesses,
    Link,
    LinkPurpose,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    SignIn,
)  # fmt: skip
from market.accounts.session import TOKEN_PREFIX, hashed, new_secret
from market.db import db, new_code
from market.kernel.actor import OFFICIALS, Actor, Role
from market.kernel.errors import Conflict, Forbidden, NotFound, NotSignedIn, RuleBroken
from market.kernel.names import display_name
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.personal_data import encrypt, keyed_hash
from market.record.operations import record
from market.transaction import attempt, later, transactional

#: which roles an organisation can give
ROLES_IN = {
    OrganisationKind.OFFICE: (*sorted(OFFICIALS), Role.EXPERT),
    OrganisationKind.VENDOR: (Role.VENDOR,),
    OrganisationKind.FIRM: (Role.BUYER,),
    OrganisationKind.PUBLIC_BODY: (Role.BUYER,),
}
#: who acts before he is known
VISITOR = Actor("visitor")
#: the validity of an API token, in days
TOKEN_DAYS = (30, 90, 365)


# People -----------------------------------------------------------------------------------------------------------------


@transactional
def open_account(*, email: str, name: str, password: str | None, by: Actor) -> Person:
    """A new account whose address is confirmed (by a link, or by whoever opens it for the person).

    `password` None: the person chooses one by link. Refused: an address that has an account (`Conflict`), a weak password
    (`Invalid`, field "password").
    """
    email, name, at = rules.normalise_email(email), display_name(name), clock.real()
    if password is not None:
        passwords.check_choice(password, about=(email, name))
    person = Person(
        code=new_code("P"), email=email, email_confirmed_at=at, name=name, password_changed_at=at, created_at=at,
        password_hash="" if password is None else passwords.hashed(password),
    )  # fmt: skip
    _add(person, Conflict(N_("This address has an account already."), remedy=N_("Sign in, or set a new password.")))
    record(events.PersonJoined(person.code), by=_self(person, by) if by.person == VISITOR.person else by)
    return person


@transactional
def ask_sign_up(email: str, *, lang: str) -> None:
    """Send a link to `email` with which an account is opened; an owner of an account is told that he has one.

    The same happens here in either case: which mail it becomes is decided after the answer, in a job.
    """
    later("market.accounts.jobs.send_sign_up", encrypt(rules.normalise_email(email)), lang)


@transactional
def send_sign_up(email: str, *, lang: str) -> None:
    """The mail for `ask_sign_up`."""
    if queries.person_by_email(email) is not None:
        mails.send_later("has_account", email, lang)
        return
    _mail_link("sign_up", links.make(LinkPurpose.CONFIRM_EMAIL, email), email, lang)


@transactional
def finish_sign_up(secret: str, *, name: str, password: str, by: Actor) -> Person:
    """Open the account that the link `secret` is for. `DeadLink` when it does not work, `Invalid` for a weak password."""
    link = links.take(secret, LinkPurpose.CONFIRM_EMAIL)
    if link.person_id is not None:
        raise links.dead()
    return open_account(email=link.email, name=name, password=password, by=by)


@transactional
def change_name(person_code: str, name: str, *, by: Actor) -> None:
    """Correct the name that others see."""
    person = _locked_person(person_code)
    person.name = display_name(name)
    record(events.NameChanged(person.code), by=by)


@transactional
def ask_email_change(person_code: str, email: str, *, lang: str, by: Actor) -> None:
    """Take `email` as the new address once it is confirmed; until then everything goes to the old one, which is told.

    Whether another account has that address is not said here: its owner gets a mail instead of the link.
    """
    person = _locked_person(person_code)
    email = rules.normalise_email(email)
    if email == person.email:
        raise RuleBroken(N_("This is your present address."))
    person.new_email = email
    record(events.EmailChangeAsked(person.code), by=by)
    later("market.accounts.jobs.send_email_change", person.code, encrypt(email), lang)
    mails.send_later("email_change_asked", person.email, lang, new=rules.masked_email(email))


@transactional
def send_email_change(person_code: str, email: str, *, lang: str) -> None:
    """The mail to the new address, for `ask_email_change`; nothing when the person thought better of it meanwhile."""
    person = _locked_person(person_code)
    if person.new_email != email:
        return
    if queries.person_by_email(email) is not None:
        mails.send_later("has_account", email, lang)
        return
    _mail_link("email_change", links.make(LinkPurpose.CONFIRM_EMAIL, email, person=person), email, lang)


@transactional
def confirm_email_change(secret: str, *, lang: str, by: Actor) -> Person:
    """The new address takes the place of the old one, which is told. `DeadLink` when the link does not work (any more)."""
    person = _locked_owner(links.find(secret, LinkPurpose.CONFIRM_EMAIL))
    link = links.take(secret, LinkPurpose.CONFIRM_EMAIL)
    if link.email != person.new_email or queries.person_by_email(link.email) is not None:
        raise links.dead()
    old = person.email
    links.end_all(person)
    person.email, person.new_email, person.email_confirmed_at = link.email, None, clock.real()
    try:
        db.session.flush()  # another account may take the address at this moment
    except IntegrityError:
        raise links.dead() from None
    record(events.EmailChanged(person.code), by=_self(person, by))
    mails.send_later("email_changed", old, lang, new=rules.masked_email(person.email))
    return person


@transactional
def close_account(person_code: str, *, lang: str, by: Actor) -> None:
    """Close the account and erase what says who the person is (PIPL, article 47): the row keeps its code and nothing else.

    Refused while he is the last administrator of an organisation in which others work. What he did stays in the record under
    the code; sessions, tokens, links and memberships end.
    """
    person = _locked_person(person_code)
    signing_operations.end_key(person.code, "account_closed", by=by)
    _leave_all(person, by)
    email, at = person.email, clock.real()
    links.end_all(person)
    addresses = [address for address in (email, person.new_email) if address]
    db.session.execute(
        update(Link).where((Link.person_id == person.id) | Link.email.in_(addresses)).values(email=person.code)
    )
    for row in lock_where(SignIn, SignIn.person_id == person.id):
        row.ended_at, row.address, row.agent = row.ended_at or at, "", ""
    _end_tokens(person, at)
    db.session.execute(delete(Guesses).where(Guesses.account.in_([keyed_hash(address) for address in addresses])))
    db.session.execute(delete(CounterPerson).where(CounterPerson.person_id == person.id))
    person.email, person.name, person.password_hash = person.code, person.code, ""
    person.new_email = person.totp_secret = person.totp_confirmed_at = person.totp_step = person.email_confirmed_at = (
        None
    )
    person.closed_at = at
    record(events.AccountClosed(person.code), by=by)
    if email != person.code:  # a citizen known from the counter alone has no address
        mails.send_later("closed", email, lang)


# Passwords --------------------------------------------------------------------------------------------------------------


@transactional
def renew_hash(person_code: str, password_hash: str) -> None:
    """Keep the same password under today's parameters. Not an event: nothing changed for anybody."""
    _locked_person(person_code).password_hash = password_hash


@transactional
def change_password(
    person_code: str, password: str, *, current: str | None = None, sign_in: str, by: Actor
) -> tuple[SignIn, str]:
    """A new password: all other sessions end, and this one (code `sign_in`) goes on under a new secret, which is given back.

    Refused: a weak password (`Invalid`, field "password"). The present one was asked for before; with it (`current`) the
    signing key goes on under the new password, without it the key ends.
    """
    person = _locked_person(person_code)
    _set_password(person, password)
    signing_operations.reseal_key(person.code, current or "", password, by=by)
    here = _end_sessions(person, keep=sign_in)
    if here is None:
        raise NotSignedIn()
    secret = new_secret()
    here.token_hash = hashed(secret)
    links.end_all(person)
    record(events.PasswordChanged(person.code, by_link=False), by=by)
    return here, secret


@transactional
def ask_reset(email: str, *, lang: str) -> None:
    """Send a link with which a new password is set, if there is such an account; the answer is the same if there is none."""
    later("market.accounts.jobs.send_reset", encrypt(rules.normalise_email(email)), lang)


@transactional
def send_reset(email: str, *, lang: str) -> None:
    """The mail for `ask_reset`; none to an address without an account."""
    person = queries.person_by_email(email)
    if person is None:
        return
    person = _locked_person(person.code)
    if person.email != email:
        return
    record(events.PasswordResetAsked(person.code), by=Actor(person.code))
    _mail_link("reset", links.make(LinkPurpose.RESET_PASSWORD, email, person=person), email, lang)


@transactional
def make_set_up_link(person_code: str) -> str:
    """The secret of a link with which a person for whom an account was opened chooses the password. For commands."""
    person = _locked_person(person_code)
    return links.make(LinkPurpose.RESET_PASSWORD, person.email, person=person, lives=rules.SET_UP_LIVES)


@transactional
def set_password_by_link(secret: str, password: str, *, by: Actor) -> Person:
    """A new password by the link `secret`: it works once. All sessions and API tokens end, and every pause after wrong guesses.

    The second factor stays; the signing key, which nobody can open any more, ends. `DeadLink` when the link does not work,
    `Invalid` (field "password") for a weak password.
    """
    person = _locked_owner(links.find(secret, LinkPurpose.RESET_PASSWORD))
    signing_operations.end_key(person.code, "password_reset", by=_self(person, by))
    link = links.take(secret, LinkPurpose.RESET_PASSWORD)
    if link.email != person.email:
        raise links.dead()
    _set_password(person, password)
    _end_sessions(person)
    _end_tokens(person, clock.real())
    links.end_all(person)
    person.email_confirmed_at = person.email_confirmed_at or clock.real()
    db.session.execute(delete(Guesses).where(Guesses.account == keyed_hash(person.email)))
    record(events.PasswordChanged(person.code, by_link=True), by=_self(person, by))
    return person


# Second factor ----------------------------------------------------------------------------------------------------------


@transactional
def use_code(person_code: str, code: str) -> None:
    """Accept the one-time `code` of the person, once. Refused: it does not fit, or it was used. Not an event: sign-in is."""
    person = _locked_person(person_code)
    if person.totp_secret is None or person.totp_confirmed_at is None:
        raise RuleBroken(N_("No app for one-time codes is set up."))
    person.totp_step = rules.matching_step(person.totp_secret, code, clock.real(), person.totp_step)


@transactional
def set_second_factor(person_code: str, secret: str, code: str, *, sign_in: str, by: Actor) -> None:
    """Codes of `secret` (base32) are asked for at sign-in from now on; `code` shows that the app has it.

    Replaces an earlier one. The session `sign_in` counts as signed in with it; all others end.
    """
    person = _locked_person(person_code)
    at = clock.real()
    person.totp_step = rules.matching_step(secret, code, at, None)
    person.totp_secret, person.totp_confirmed_at = secret, at
    here = _end_sessions(person, keep=sign_in)
    if here is not None:
        here.second_factor_at = at
    record(events.SecondFactorSet(person.code), by=by)


@transactional
def remove_second_factor(person_code: str, *, by: Actor) -> None:
    """No more one-time codes. Officials need theirs and replace it instead; only the market itself removes it (lost telephone).

    When the market does it, all sessions end, and an official acts only after setting up another one.
    """
    person = _locked_person(person_code)
    if not by.is_system and queries.is_official(person_code):
        raise RuleBroken(
            N_("Officials act only with a one-time code."),
            rule=N_("Market rule: officials need a second factor"),
            remedy=N_("To change your telephone, set up the new one: it takes the old one's place."),
        )
    person.totp_secret = person.totp_confirmed_at = person.totp_step = None
    if by.is_system:
        _end_sessions(person)
    record(events.SecondFactorRemoved(person.code), by=by)


@transactional
def demo_second_factor(person_code: str, *, by: Actor) -> str:
    """Give an invented person a confirmed second factor and its secret. Refused outside practice mode."""
    if not current_app.extensions["settings"].practice:
        raise Forbidden(N_("This is possible in practice mode only."))
    person = _locked_person(person_code)
    secret = pyotp.random_base32()
    person.totp_secret, person.totp_confirmed_at, person.totp_step = secret, clock.real(), None
    record(events.SecondFactorSet(person.code), by=by)
    return secret


# Sessions ---------------------------------------------------------------------------------------------------------------


@transactional
def begin_session(person_code: str, *, second_factor: bool, network: str, agent: str, by: Actor) -> tuple[SignIn, str]:
    """A session in the role the person acted in last, and the secret for the browser's cookie.

    Password and code were tried before. Refused where the person has a second factor that was not given, and closed accounts.
    """
    person = _locked_person(person_code)
    if person.totp_confirmed_at is not None and not second_factor:
        raise NotSignedIn()
    at, secret = clock.real(), new_secret()
    row = SignIn(
        code=new_code("S"), token_hash=hashed(secret), person=person, membership=_last_role(person), created_at=at, seen_at=at,
        second_factor_at=at if second_factor else None, address=network, agent=display_name(agent, 200),
    )  # fmt: skip
    db.session.add(row)
    record(events.SignedIn(person.code, row.code, second_factor), by=_self(person, by))
    return row, secret


@transactional
def note_seen(sign_in_code: str) -> None:
    """Keep when a session was last used. Not an event: it happens with every visit."""
    row = db.session.scalar(select(SignIn).where(SignIn.code == sign_in_code))
    if row is not None:
        row.seen_at = clock.real()


@transactional
def end_session(sign_in_code: str, *, by: Actor) -> None:
    """End a session of one's own. `NotFound` for those of others; one that has ended stays as it is."""
    row = lock(SignIn, sign_in_code)
    if row.person.code != by.person:
        raise NotFound()
    if row.ended_at is None:
        row.ended_at = clock.real()
        record(events.SignedOut(by.person, row.code), by=by)


@transactional
def end_other_sessions(sign_in_code: str, *, by: Actor) -> int:
    """End all sessions of the person but this one; the number of those that ended."""
    person = _locked_person(by.person)
    running = lock_where(SignIn, SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    ended = [row for row in running if row.code != sign_in_code]
    for row in ended:
        row.ended_at = clock.real()
        record(events.SignedOut(by.person, row.code), by=by)
    return len(ended)


@transactional
def choose_role(sign_in_code: str, membership_code: str, *, by: Actor) -> Membership:
    """Act in another of one's own running memberships, in this session. `NotFound` for those of others and ended ones."""
    membership = lock(Membership, membership_code)
    row = lock(SignIn, sign_in_code)
    if membership.person.code != by.person or row.person.code != by.person or membership.ended_at is not None:
        raise NotFound()
    row.membership = membership
    record(events.RoleChosen(by.person, membership.code), by=by)
    return membership


# Organisations and memberships ------------------------------------------------------------------------------------------


@transactional
def add_organisation(name: str, kind: OrganisationKind, *, credit_code: str | None = None, by: Actor) -> Organisation:
    """A new organisation. `credit_code` is normalised and checked by the caller; one that is entered already is a `Conflict`."""
    organisation = Organisation(
        code=new_code("O"), kind=kind, name=display_name(name, 200), credit_code=credit_code, created_at=clock.real()
    )
    _add(
        organisation,
        Conflict(
            N_("An organisation with this credit code is in the market already."),
            remedy=N_("Ask one of its administrators to invite you, or call the hotline if somebody else entered it."),
        ),
    )
    record(events.OrganisationAdded(organisation.code, str(kind)), by=by)
    return organisation


@transactional
def found_firm(name: str, *, credit_code: str | None, by: Actor) -> Membership:
    """Enter one's own firm as a buyer and become its administrator."""
    organisation = add_organisation(name, OrganisationKind.FIRM, credit_code=credit_code, by=by)
    return give_membership(by.person, organisation.code, Role.BUYER, admin=True, by=by)


@transactional
def give_membership(
    person_code: str,
    organisation_code: str,
    role: Role,
    *,
    district: str | None = None,
    admin: bool = False,
    by: Actor,
) -> Membership:
    """A role for a person in an organisation, in one district (code of six digits) or, without one, the whole city.

    Refused: a role that this kind of organisation does not give, and one that the person has there already (`Conflict`).
    Who may give it is asked by the caller. Locks nothing, so that any operation may call it.
    """
    person, organisation = queries.person(person_code), queries.organisation(organisation_code)
    if person is None or person.closed_at is not None or organisation is None:
        raise NotFound(
            N_("There is nothing with the code %(code)s."), code=organisation_code if person else person_code
        )
    if role not in ROLES_IN[organisation.kind]:
        raise RuleBroken(N_("An organisation of this kind does not give this role."))
    membership = Membership(
        code=new_code("M"), person_id=person.id, organisation_id=organisation.id, role=role, district=district, admin=admin,
        since=clock.real(),
    )  # fmt: skip
    _add(membership, Conflict(N_("This person has this role here already.")))
    record(events.MembershipGiven(membership.code, person.code, organisation.code, str(role), district), by=by)
    return membership


@transactional
def add_official(
    *,
    email: str,
    name: str,
    role: Role,
    office: Organisation | str,
    district: str | None = None,
    admin: bool = False,
    by: Actor,
) -> str | None:
    """Enter an official in an office (a new one is made from a name), and give the secret of the link to set up the account.

    None where the person has a password already. For commands: whoever runs them vouches for the address.
    """
    if isinstance(office, str):
        office = add_organisation(office, OrganisationKind.OFFICE, by=by)
    person = queries.person_by_email(rules.normalise_email(email))
    person = person or open_account(email=email, name=name, password=None, by=by)
    give_membership(person.code, office.code, role, district=district, admin=admin, by=by)
    return None if person.password_hash else make_set_up_link(person.code)


@transactional
def invite(organisation_code: str, email: str, *, lang: str, by: Actor) -> None:
    """Invite somebody by mail into the administrator's own role and district.

    Refused unless `by` acts as an administrator of the organisation (`NotFound` for strangers). The answer does not tell
    whether the address has an account.
    """
    organisation, mine, _ = _locked_members(organisation_code, by)
    rules.check_may_manage(mine)
    email = rules.normalise_email(email)
    secret = links.make(
        LinkPurpose.INVITATION, email, organisation=organisation, role=mine.role, district=mine.district
    )
    record(events.InvitationSent(organisation.code, str(mine.role)), by=by)
    _mail_link("invitation", secret, email, lang, organisation=organisation.name)


@transactional
def accept_invitation(secret: str, *, by: Actor) -> Membership:
    """Join by an invitation sent to one's own address. `DeadLink` when it does not work, or was sent to somebody else."""
    person = _locked_person(by.person)
    link = links.take(secret, LinkPurpose.INVITATION)
    if link.email != person.email:
        raise links.dead()
    return _join(person, link, by)


@transactional
def join_by_invitation(secret: str, *, name: str, password: str, by: Actor) -> Membership:
    """Open an account with the address that was invited, and join."""
    link = links.take(secret, LinkPurpose.INVITATION)
    person = open_account(email=link.email, name=name, password=password, by=by)
    return _join(person, link, Actor(person.code, channel=by.channel))


@transactional
def end_membership(membership_code: str, *, by: Actor) -> None:
    """End a membership: one's own, or as an administrator that of a member in the same role and district.

    `NotFound` for strangers. Refused: the last administrator while others of the role remain.
    """
    found = db.session.scalar(select(Membership).where(Membership.code == membership_code))
    if found is None:
        raise NotFound()
    _lock_organisation(found.organisation.code)
    membership = lock(Membership, membership_code)
    members = [_member(row) for row in queries.members_of(membership.organisation.code)]
    target = next((member for member in members if member.code == membership_code), None)
    if target is None:
        raise NotFound()
    if target.person != by.person:
        rules.check_may_manage(_acting_member(members, membership.organisation.code, by), target)
    rules.check_keeps_an_admin(members, membership_code)
    membership.ended_at = clock.real()
    record(events.MembershipEnded(membership.code, target.person, membership.organisation.code), by=by)


@transactional
def set_admin(membership_code: str, admin: bool, *, by: Actor) -> None:
    """Make a member an administrator, or no longer one. Refused as `end_membership`."""
    found = db.session.scalar(select(Membership).where(Membership.code == membership_code))
    if found is None:
        raise NotFound()
    _, mine, members = _locked_members(found.organisation.code, by)
    membership = lock(Membership, membership_code)
    target = next((member for member in members if member.code == membership_code), None)
    if target is None:
        raise NotFound()
    rules.check_may_manage(mine, target)
    if not admin:
        rules.check_keeps_an_admin(members, membership_code)
    if membership.admin != admin:
        membership.admin = admin
        organisation_code = membership.organisation.code
        record(events.AdminChanged(membership.code, target.person, organisation_code, admin), by=by)


# API tokens -------------------------------------------------------------------------------------------------------------


@transactional
def make_api_token(
    membership_code: str, label: str, scopes: Sequence[str], days: int, *, by: Actor
) -> tuple[ApiToken, str]:
    """A token for programs that acts as `by` in this membership, and its secret, which is shown once and not kept.

    `days`: 30, 90 or 365. `NotFound` for another's membership; an official without the second factor is refused.
    """
    membership = lock(Membership, membership_code)
    if membership.person.code != by.person or membership.ended_at is not None:
        raise NotFound()
    if by.role is None:
        raise Forbidden(N_("Choose a role first: the token acts in it."))
    if days not in TOKEN_DAYS:
        raise RuleBroken(N_("A token is valid for 30, 90 or 365 days."))
    at, secret = clock.real(), TOKEN_PREFIX + new_secret()
    token = ApiToken(
        code=new_code("K"), token_hash=hashed(secret), label=display_name(label), membership_id=membership.id,
        scopes=sorted(set(scopes)), created_at=at, expires_at=at + timedelta(days=days),
    )  # fmt: skip
    db.session.add(token)
    record(events.ApiTokenMade(token.code, by.person, token.scopes), by=by)
    return token, secret


@transactional
def end_api_token(token_code: str, *, by: Actor) -> None:
    """End a token of one's own; `NotFound` for those of others."""
    token = lock(ApiToken, token_code)
    if token.membership.person.code != by.person:
        raise NotFound()
    if token.ended_at is None:
        token.ended_at = clock.real()
        record(events.ApiTokenEnded(token.code, by.person), by=by)


# Forgetting -------------------------------------------------------------------------------------------------------------


@transactional
def forget_old() -> None:
    """Drop what is needed no more: counts of guesses after a day, links 30 days after their end, sessions after 180 days."""
    at = clock.real()
    db.session.execute(delete(Guesses).where(Guesses.since < at - timedelta(days=1)))
    db.session.execute(delete(Link).where(Link.expires_at < at - timedelta(days=30)))
    ended = SignIn.ended_at.is_not(None) | (SignIn.created_at < at - timedelta(days=180))
    db.session.execute(delete(SignIn).where(ended, SignIn.seen_at < at - timedelta(days=180)))


# ------------------------------------------------------------------------------------------------------------------------


def _locked_person(code: str) -> Person:
    person = lock(Person, code)
    if person.closed_at is not None:
        raise NotFound()
    return person


def _locked_owner(link: Link) -> Person:
    code = db.session.scalar(select(Person.code).where(Person.id == link.person_id))
    if code is None:
        raise links.dead()
    return _locked_person(code)


def _self(person: Person, by: Actor) -> Actor:
    """The person himself, where he acts before he is signed in."""
    return by if by.person == person.code else Actor(person.code, channel=by.channel)


def _add(row: Any, taken: Conflict) -> None:
    try:
        with attempt():
            db.session.add(row)
            db.session.flush()  # the constraint decides who was first
    except IntegrityError:
        raise taken from None


def _set_password(person: Person, password: str) -> None:
    passwords.check_choice(password, about=(person.email, person.name))
    person.password_hash, person.password_changed_at = passwords.hashed(password), clock.real()


def _end_sessions(person: Person, keep: str | None = None) -> SignIn | None:
    """End the running sessions; the one called `keep` goes on and is given back."""
    kept = None
    for row in lock_where(SignIn, SignIn.person_id == person.id, SignIn.ended_at.is_(None)):
        if row.code == keep:
            kept = row
        else:
            row.ended_at = clock.real()
    return kept


def _end_tokens(person: Person, at: datetime) -> None:
    memberships = select(Membership.id).where(Membership.person_id == person.id)
    for token in lock_where(ApiToken, ApiToken.membership_id.in_(memberships), ApiToken.ended_at.is_(None)):
        token.ended_at = at


def _last_role(person: Person) -> Membership | None:
    running = queries.memberships_of(person.code)
    last = db.session.scalar(
        select(SignIn.membership_id)
        .where(SignIn.person_id == person.id)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return next((row for row in running if row.id == last), running[0] if running else None)


def _member(row: Membership) -> rules.Member:
    return rules.Member(row.code, row.person.code, row.role, row.district, row.admin)


def _lock_organisation(code: str) -> Organisation:
    # one at a time decides who is a member: the last administrator must not leave twice
    rows = lock_where(Organisation, Organisation.code == code)
    if not rows:
        raise NotFound()
    return rows[0]


def _leave_all(person: Person, by: Actor) -> None:
    mine = Membership.person_id == person.id, Membership.ended_at.is_(None)
    lock_where(Organisation, Organisation.id.in_(select(Membership.organisation_id).where(*mine)))
    for membership in lock_where(Membership, *mine):
        members = [_member(row) for row in queries.members_of(membership.organisation.code)]
        rules.check_keeps_an_admin(members, membership.code)
        membership.ended_at = clock.real()
        record(events.MembershipEnded(membership.code, person.code, membership.organisation.code), by=by)


def _locked_members(organisation_code: str, by: Actor) -> tuple[Organisation, rules.Member, list[rules.Member]]:
    organisation = _lock_organisation(organisation_code)
    members = [_member(row) for row in queries.members_of(organisation_code)]
    return organisation, _acting_member(members, organisation_code, by), members


def _acting_member(members: Sequence[rules.Member], organisation_code: str, by: Actor) -> rules.Member:
    """The membership that `by` acts in; `NotFound` unless it is one of this organisation."""
    for member in members:
        acting = (member.person, member.role, member.district) == (by.person, by.role, by.district)
        if acting and by.organisation == organisation_code:
            return member
    raise NotFound()


def _join(person: Person, link: Link, by: Actor) -> Membership:
    organisation = db.session.get(Organisation, link.organisation_id)
    if organisation is None or link.role is None:
        raise links.dead()
    return give_membership(person.code, organisation.code, link.role, district=link.district, by=by)


def _mail_link(kind: str, secret: str, to: str, lang: str, **params: str) -> None:
    """A mail with a link after the commit. Address and secret lie encrypted in the outbox."""
    mails.send_later(kind, to, lang, secret=secret, **params)
