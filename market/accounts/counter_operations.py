"""People whom a counter registers: without address and password, found again by identity number, taken over by themselves later.

The clerk has the identity card in hand; the number is kept encrypted, its keyed hash finds the citizen again (architecture.md,
rule 12). A printed code alone takes nothing over, nor does a mail alone: both are needed.
"""

import secrets
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from market import clock
from market.accounts import events, links, mails, passwords, queries, rules
from market.accounts.models import CounterPerson, LinkPurpose, Person
from market.db import db, new_code
from market.kernel import identifiers, printed
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from market.kernel.names import display_name
from market.kernel.words import N_
from market.locks import lock
from market.personal_data import encrypt, keyed_hash
from market.record.operations import record
from market.transaction import attempt, later, transactional

#: how long a printed code works
CLAIM_LIVES = timedelta(days=30)
#: characters of it: 60 bits of chance
CLAIM_LENGTH = 12


@transactional
def register_at_counter(*, name: str, id_number: str, mobile: str | None = None, by: Actor) -> Person:
    """The account of the citizen with this identity number: the one that exists, or a new one without address and password.

    For counter staff only. Refused (`Invalid`): a number that cannot be one (GB 11643), a mobile number that is none. A name is
    taken from the card; it is not changed for somebody known.
    """
    if by.role is not Role.COUNTER:
        raise Forbidden()
    number = _identity(id_number)
    mobile = _mobile(mobile)
    if (known := queries.person_by_identity(number)) is not None:
        return known
    at, code = clock.real(), new_code("P")
    person = Person(
        code=code, email=code, name=display_name(name), password_hash="", password_changed_at=at, created_at=at
    )  # fmt: skip
    row = CounterPerson(
        person=person, id_number=number, id_hash=keyed_hash(number), mobile=mobile, registered_at=at
    )  # fmt: skip
    try:
        with attempt():
            db.session.add_all([person, row])
            db.session.flush()
    except IntegrityError:
        # another window registered the same citizen at this moment
        found = queries.person_by_identity(number)
        if found is None:
            raise Conflict(N_("The citizen was just registered elsewhere. Please look again.")) from None
        return found
    record(events.PersonRegistered(code), by=by)
    return person


@transactional
def print_claim_code(person_code: str, *, by: Actor) -> str:
    """A code, to be printed, with which the citizen takes the account over within 30 days; an earlier one dies.

    For counter staff only; refused for an account that was taken over already or was never registered at a counter.
    """
    if by.role is not Role.COUNTER:
        raise Forbidden()
    lock(Person, person_code)
    row = queries.counter_person(person_code)
    if row is None:
        raise NotFound()
    if row.claimed_at is not None:
        raise Conflict(
            N_("This account was taken over already."),
            remedy=N_("The citizen signs in with mail address and password."),
        )
    code = printed.make(secrets.randbits(5 * CLAIM_LENGTH), CLAIM_LENGTH)
    row.claim_hash, row.claim_until = keyed_hash(f"claim {code}"), clock.real() + CLAIM_LIVES
    record(events.ClaimCodePrinted(person_code), by=by)
    return printed.grouped(code)


@transactional
def ask_claim(code: str, email: str, *, lang: str) -> None:
    """Send a link to `email` with which the account of the printed `code` is taken over.

    Refused (`Invalid`, field "code"): a code that does not work. An address that has an account gets a mail that says so; the
    answer here is the same.
    """
    plain = printed.read(code, CLAIM_LENGTH) or ""
    if queries.counter_person_by_claim(plain, clock.real()) is None:
        raise _dead_code()
    later("market.accounts.jobs.send_claim", encrypt(rules.normalise_email(email)), encrypt(plain), lang)


@transactional
def send_claim(email: str, code: str, *, lang: str) -> None:
    """The mail for `ask_claim`."""
    row = queries.counter_person_by_claim(code, clock.real())
    if row is None:
        return
    if queries.person_by_email(email) is not None:
        mails.send_later("has_account", email, lang)
        return
    mails.send_later("claim", email, lang, secret=links.make(LinkPurpose.CONFIRM_EMAIL, email, person=row.person))


@transactional
def finish_claim(secret: str, *, code: str, password: str, by: Actor) -> Person:
    """Address and password for the account that a counter opened. The link came by mail, the code on paper: both are needed, so
    that a mistyped address gives nobody another's account.

    `DeadLink` when the link does not work; `Invalid` for a code that does not fit it and a weak password.
    """
    link = links.find(secret, LinkPurpose.CONFIRM_EMAIL)
    row = queries.counter_person_by_claim(printed.read(code, CLAIM_LENGTH) or "", clock.real())
    if row is None or link.person_id != row.person_id:
        raise _dead_code()
    person = lock(Person, row.person.code)
    link = links.take(secret, LinkPurpose.CONFIRM_EMAIL)
    passwords.check_choice(password, about=(link.email, person.name))
    at = clock.real()
    row.claim_hash, row.claim_until, row.claimed_at = None, None, at
    person.email, person.email_confirmed_at = link.email, at
    person.password_hash, person.password_changed_at = passwords.hashed(password), at
    try:
        db.session.flush()  # another account may take the address at this moment
    except IntegrityError:
        raise links.dead() from None
    record(events.PersonClaimed(person.code), by=Actor(person.code, channel=by.channel))
    return person


def _identity(text: str) -> str:
    today = clock.real().astimezone(clock.SHANGHAI).date()
    verdict = identifiers.resident_id(text, today)
    if not verdict.accepted:
        raise Invalid({"id_number": [verdict.refusal()]})
    return verdict.normalised


def _mobile(text: str | None) -> str | None:
    if not text:
        return None
    verdict = identifiers.mobile(text)
    if not verdict.accepted:
        raise Invalid({"mobile": [verdict.refusal()]})
    return verdict.normalised


def _dead_code() -> Invalid:
    return Invalid.field(
        "code",
        N_("This code does not work (any more)."),
        remedy=N_("It works once, for 30 days. Any counter prints a new one."),
    )
