"""What follows in accounts after a commit. Addresses and secrets come encrypted; every job may run twice."""

import json

from market import limits, mail
from market.accounts import counter_operations, mails, operations, queries
from market.i18n import LANGUAGES
from market.kernel.errors import TooMany
from market.personal_data import decrypt


def send_sign_up(sealed_email: str, lang: str) -> None:
    """Answer a sign-up by mail."""
    operations.send_sign_up(decrypt(sealed_email), lang=lang)


def send_reset(sealed_email: str, lang: str) -> None:
    """Answer a forgotten password by mail."""
    operations.send_reset(decrypt(sealed_email), lang=lang)


def send_email_change(person_code: str, sealed_email: str, lang: str) -> None:
    """Ask the new address to confirm itself."""
    operations.send_email_change(person_code, decrypt(sealed_email), lang=lang)


def send_claim(sealed_email: str, sealed_code: str, lang: str) -> None:
    """Answer, by mail, whoever takes over the account that a counter opened."""
    counter_operations.send_claim(decrypt(sealed_email), decrypt(sealed_code), lang=lang)


def send_mail(kind: str, sealed: str, lang: str) -> None:
    """Send the mail `kind`; `sealed` holds address and parameters."""
    params = json.loads(decrypt(sealed))
    to = params.pop("to")
    subject, body = mails.words(kind, lang, **params)
    mail.send(to, subject, body)


def tell_owner(kind: str, person_code: str) -> None:
    """Tell a person by mail, in the person's language, what happened to the account: at most three times an hour for each
    kind."""
    person = queries.person(person_code)
    if person is None or person.closed_at is not None:
        return
    try:
        limits.count(f"mail {kind}", person_code, "3/hour")
    except TooMany:
        return
    subject, body = mails.words(kind, LANGUAGES[person.language])
    mail.send(person.email, subject, body)


def forget_old() -> None:
    """Drop what is needed no more."""
    operations.forget_old()
