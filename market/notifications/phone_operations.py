"""A person's number for text messages: given freely, confirmed by a code, taken back at any time."""

import hmac
import secrets
from datetime import timedelta

import structlog
from flask_babel import force_locale, gettext

from market import clock
from market.accounts.models import Person
from market.db import db
from market.i18n import LANGUAGES
from market.kernel.actor import Actor
from market.kernel.errors import Invalid, NotFound, Unavailable
from market.kernel.words import N_
from market.locks import lock, lock_where
from market.notifications import rules, sms, web_post
from market.notifications.events import PhoneConfirmed, PhoneRemoved
from market.notifications.models import Phone
from market.personal_data import keyed_hash
from market.record.operations import record
from market.transaction import later, transactional

log = structlog.get_logger()


@transactional
def give_number(number: str, *, by: Actor) -> Phone:
    """Take a number that is not confirmed yet, and send a code to it after the commit. An earlier number stops at once.

    `Invalid` for anything but a mobile number. How often somebody may ask for codes is the caller's to limit.
    """
    person = lock(Person, by.person)
    plain = rules.normalise_phone(number)
    found = _of(person)
    if found is None:
        found = Phone(person=person)
        db.session.add(found)
    found.number, found.given_at, found.confirmed_at = plain, clock.real(), None
    found.code_hash, found.code_until, found.wrong = None, None, 0
    later("market.notifications.jobs.send_phone_code", person.code)
    return found


@transactional
def send_code(person_code: str) -> bool:
    """Make a code and send it to the number that waits to be confirmed: True when the gateway took it.

    The code is kept as a keyed hash alone and never stands in a job's arguments. `Unavailable` when the gateway does not take
    it; after rules.CODE_MINUTES nobody waits for it any more.
    """
    phone = _of(lock(Person, person_code))
    at = clock.real()
    if phone is None or phone.confirmed_at is not None or at - phone.given_at > timedelta(minutes=rules.CODE_MINUTES):
        log.info("no code to send")
        return False
    code = f"{secrets.randbelow(1_000_000):06d}"
    phone.code_hash = keyed_hash(f"phone {person_code} {code}")
    phone.code_until, phone.wrong = at + timedelta(minutes=rules.CODE_MINUTES), 0
    with force_locale(LANGUAGES.get(phone.person.language, "zh_Hans_CN")):
        text = gettext(
            "[West Market] Your code is %(code)s. It works for %(minutes)s minutes; tell it to nobody.",
            code=code,
            minutes=rules.CODE_MINUTES,
        )
    try:
        sms.gateway().send(phone.number, text, key=f"{person_code}-{int(at.timestamp())}")
    except web_post.NoAnswer:
        raise Unavailable() from None
    return True


@transactional
def confirm_number(code: str, *, by: Actor) -> None:
    """The number is the person's: the code that was sent to it was typed. `Invalid` for a wrong code (five tries) or a late one.

    A wrong code is a `WrongCode`, whose refusal undoes everything here: the caller counts the try with `count_wrong`.
    """
    phone = _of(lock(Person, by.person))
    if phone is None or phone.confirmed_at is not None:
        raise NotFound()
    if phone.code_hash is None or phone.code_until is None or clock.real() >= phone.code_until:
        raise Invalid.field("code", N_("This code works no more."), remedy=N_("Have a new one sent."))
    if phone.wrong >= rules.MOST_WRONG:
        raise Invalid.field("code", N_("Too many wrong codes."), remedy=N_("Have a new one sent."))
    if not hmac.compare_digest(phone.code_hash, keyed_hash(f"phone {by.person} {code}")):
        raise WrongCode.field("code", N_("This is not the code that was sent."))
    phone.confirmed_at, phone.code_hash, phone.code_until = clock.real(), None, None
    record(PhoneConfirmed(by.person), by=by)


@transactional
def count_wrong(*, by: Actor) -> None:
    """One more wrong code: counted in a transaction of its own, since the refusal undoes the other."""
    phone = _of(lock(Person, by.person))
    if phone is not None:
        phone.wrong = min(phone.wrong + 1, rules.MOST_WRONG)


@transactional
def remove_number(*, by: Actor) -> None:
    """The number is forgotten. Nothing when there is none."""
    phone = _of(lock(Person, by.person))
    if phone is not None:
        db.session.delete(phone)
        record(PhoneRemoved(by.person), by=by)


class WrongCode(Invalid):
    """A code was typed that is not the one that was sent."""


def _of(person: Person) -> Phone | None:
    rows = lock_where(Phone, Phone.person_id == person.id)
    return rows[0] if rows else None
