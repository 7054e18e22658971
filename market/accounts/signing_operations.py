"""What happens to account keys: made at the first signature, sealed anew with a new password, ended when it is lost.

Guesses at the password are counted before (guessing.check_own_password); here a wrong one is refused all the same.
"""

from flask import current_app

from market import clock
from market.accounts import events, kept_keys, passwords, signing
from market.accounts.models import AccountKey, Person
from market.db import db, new_code
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.record.operations import record
from market.transaction import transactional


@transactional
def sign(person_code: str, password: str, text: bytes, *, by: Actor) -> tuple[AccountKey, str]:
    """The person's signature (base64, Ed25519) over `text`, and the key that made it; the first signature makes the key.

    Refused (`Invalid`, field "password"): a password that is not the present one. `NotFound` for another's or a closed
    account. `text` must say what it is for (framing with a label), so that it can be mistaken for nothing else.
    """
    person = lock(Person, person_code)
    if person.closed_at is not None or by.person != person_code:
        raise NotFound()
    running = _running(person)
    if running is not None and (private := kept_keys.opened_before(_owner(person, running), password)) is not None:
        return running, signing.signed(private, text)
    if not passwords.fits(person.password_hash, password):
        raise Invalid.field("password", N_("This is not your present password."))
    if running is not None:
        try:
            private = signing.opened(_sealed(running), password, owner=person.code)
        except signing.WrongPassword:
            # the password was set past this key (restored data, a command): nobody can use it any more
            _end(running, person, "lost", by)
        else:
            kept_keys.keep(_owner(person, running), password, private)
            return running, signing.signed(private, text)
    key = _make(person, password, by)
    private = signing.opened(_sealed(key), password, owner=person.code)
    kept_keys.keep(_owner(person, key), password, private)
    return key, signing.signed(private, text)


def _owner(person: Person, key: AccountKey) -> kept_keys.Owner:
    return kept_keys.Owner(person.code, key.code, person.password_hash)


@transactional
def reseal_key(person_code: str, password: str, new_password: str, *, by: Actor) -> None:
    """Seal the person's key under `new_password`; nothing where there is none. A key that `password` does not open ends."""
    person = lock(Person, person_code)
    key = _running(person)
    if key is None:
        return
    try:
        fresh = signing.resealed(_sealed(key), password, new_password, owner=person.code, cheap=_cheap())
    except signing.WrongPassword:
        _end(key, person, "lost", by)
        return
    key.sealed, key.resealed_at = fresh.sealed, clock.real()
    record(events.SigningKeyResealed(person.code, key.code), by=by)


@transactional
def end_key(person_code: str, cause: str, *, by: Actor) -> None:
    """End the person's key for good: its private half is erased, what it signed can still be checked."""
    person = lock(Person, person_code)
    if (key := _running(person)) is not None:
        _end(key, person, cause, by)


def _running(person: Person) -> AccountKey | None:
    rows = lock_where(AccountKey, AccountKey.person_id == person.id, AccountKey.ended_at.is_(None))
    return rows[0] if rows else None


def _make(person: Person, password: str, by: Actor) -> AccountKey:
    fresh = signing.new_key(password, owner=person.code, cheap=_cheap())
    key = AccountKey(code=new_code("Y"), person=person, public=fresh.public, sealed=fresh.sealed, made_at=clock.real())
    db.session.add(key)
    record(events.SigningKeyMade(person.code, key.code, key.public), by=by)
    return key


def _end(key: AccountKey, person: Person, cause: str, by: Actor) -> None:
    key.sealed, key.ended_at = None, clock.real()
    db.session.flush()  # before another one may run
    record(events.SigningKeyEnded(person.code, key.code, cause), by=by)


def _sealed(key: AccountKey) -> signing.SealedKey:
    return signing.SealedKey(key.public, key.sealed or "")


def _cheap() -> bool:
    return current_app.extensions["settings"].cheap_passwords
