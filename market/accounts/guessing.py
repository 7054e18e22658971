"""Passwords and codes against guessing: every guess is counted in a locked row before it is judged.

Counted for each network by itself (5, then a pause of 15 minutes), and for all networks together from which the person never
signed in (50 within an hour): so a stranger can pause himself, and at most other strangers, but not the owner's own places.
Unknown addresses are counted, hashed and paused just like known ones. A reset link by mail ends every pause at once.
"""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from market import clock
from market.accounts import operations, passwords, queries, rules
from market.accounts.events import SignInPaused
from market.accounts.models import Guesses, GuessKind, Person
from market.accounts.rules import ALL_NETWORKS, ONE_NETWORK, GuessCount, GuessLimit
from market.db import db
from market.kernel.actor import system
from market.kernel.errors import Invalid, RuleBroken, TooMany
from market.kernel.words import N_
from market.locks import lock_where
from market.personal_data import keyed_hash
from market.record.operations import record
from market.transaction import transactional

EVERYWHERE = ""

#: one text for a wrong password, an address without account and a pause: nobody learns which it was
WRONG = N_("Address and password do not fit together, or sign-in pauses after too many attempts.")
REMEDY = N_(
    "After five wrong attempts sign-in pauses for 15 minutes. Setting a new password by mail ends the pause at once."
)


def check_password(email: str, password: str, *, peer: str) -> str:
    """The code of the person with this address and password.

    `RuleBroken` when they do not fit, `TooMany` with the same text during a pause, however right the password is then.
    Takes the same time whether the account exists, and whether it is paused.
    """
    wait = _claim(GuessKind.PASSWORD, email, peer)
    person = queries.person_by_email(email)
    stored = person.password_hash if person and not wait else ""
    right = passwords.fits(stored, password)
    if wait:
        raise TooMany(WRONG, remedy=REMEDY, retry_after=wait)
    if person is None or not right:
        raise RuleBroken(WRONG, remedy=REMEDY)
    _forgive(GuessKind.PASSWORD, email, peer)
    if passwords.is_outdated(stored):
        operations.renew_hash(person.code, passwords.hashed(password))
    return person.code


def check_own_password(person: Person, password: str, *, peer: str, field: str = "current") -> None:
    """Refuses, beside `field`, unless `password` is that of the signed-in `person`; guesses count as at sign-in."""
    try:
        check_password(person.email, password, peer=peer)
    except RuleBroken:
        raise Invalid.field(field, N_("This is not your present password.")) from None


def check_code(person: Person, code: str, *, peer: str) -> None:
    """Use the one-time `code` of `person`: refused when it does not fit, was used, or during a pause."""
    wait = _claim(GuessKind.CODE, person.email, peer)
    if wait:
        raise TooMany(
            N_("Too many wrong codes: sign-in pauses for a while."),
            remedy=N_("Setting a new password by mail ends the pause at once."),
            retry_after=wait,
        )
    operations.use_code(person.code, code)
    _forgive(GuessKind.CODE, person.email, peer)


@transactional
def forgive_all(email: str) -> None:
    """End every pause of this address: its owner has shown that the mailbox is his."""
    db.session.execute(delete(Guesses).where(Guesses.account == keyed_hash(email)))


@transactional
def _claim(kind: GuessKind, email: str, peer: str) -> int:
    """Count one guess; 0 when it may be judged, else the seconds that are left of a pause."""
    at, account = clock.real(), keyed_hash(email)
    known = queries.is_known_network(email, peer, at)
    person = queries.person_by_email(email)
    wait = _count(kind, account, peer, ONE_NETWORK, at, person)
    if known or wait:
        return wait
    return _count(kind, account, EVERYWHERE, ALL_NETWORKS, at, person)


def _count(kind: GuessKind, account: str, peer: str, limit: GuessLimit, at: datetime, person: Person | None) -> int:
    row = _locked(kind, account, peer, at)
    count = GuessCount(row.failed, row.since, row.locked_until)
    if wait := rules.wait_of(count, at):
        return wait
    count = rules.count_guess(count, at, limit)
    row.failed, row.since, row.locked_until = count.failed, count.since, count.locked_until
    if count.locked_until and person is not None:
        until = count.locked_until.isoformat(timespec="seconds")
        record(SignInPaused(person.code, str(kind), peer == EVERYWHERE, until), by=system())
    return 0


def _locked(kind: GuessKind, account: str, peer: str, at: datetime) -> Guesses:
    new = insert(Guesses).values(kind=kind, account=account, peer=peer, failed=0, since=at)
    db.session.execute(new.on_conflict_do_nothing())
    return lock_where(Guesses, Guesses.kind == kind, Guesses.account == account, Guesses.peer == peer)[0]


@transactional
def _forgive(kind: GuessKind, email: str, peer: str) -> None:
    """The guess was right: the own network begins anew, and the guess does not count among the strangers'."""
    account = keyed_hash(email)
    counted = [peer] if queries.is_known_network(email, peer, clock.real()) else [peer, EVERYWHERE]
    for row in lock_where(Guesses, Guesses.kind == kind, Guesses.account == account, Guesses.peer.in_(counted)):
        row.failed = 0 if row.peer == peer else max(0, row.failed - 1)
        if row.failed < ALL_NETWORKS.most:
            row.locked_until = None
