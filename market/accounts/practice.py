"""Invented people of the demonstration: one password for all of them, and their present codes. Refused outside practice mode."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from flask import current_app

from market import clock
from market.accounts import passwords, queries, rules
from market.config import Settings
from market.kernel.actor import Role
from market.kernel.errors import Forbidden, NotFound
from market.kernel.words import N_

#: the addresses of invented people end in this; the name exists nowhere (RFC 2606, section 2)
DEMO_DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """How to sign in as an invented person."""

    role: Role
    email: str
    password: str
    code: str | None
    organisation: str


def demo_password() -> str:
    """The password of all invented people of this installation: made from its secret, so that no other has the same."""
    settings = _practice_settings()
    digest = hmac.new(settings.secret_key.encode(), b"password of the demonstration", hashlib.sha256).digest()
    return f"xishi-{base64.b32encode(digest[:5]).decode().lower()}"


def present_code(email: str) -> tuple[str, int]:
    """The one-time code that the app of an invented person shows now, and for how many seconds still."""
    _practice_settings()
    person = queries.person_by_email(rules.normalise_email(email))
    if person is None or person.totp_secret is None:
        raise NotFound(N_("There is nobody with this address and an app for one-time codes."))
    at = clock.real()
    return rules.code_at(person.totp_secret, at), rules.STEP - int(at.timestamp()) % rules.STEP


def sign_ins() -> list[DemoSignIn]:
    """One sign-in for each role that an invented person has; those whose password was changed are passed over."""
    password, found = demo_password(), []
    for role in Role:
        for membership in queries.demo_members(role, DEMO_DOMAIN):
            person = membership.person
            if passwords.fits(person.password_hash, password):
                code = rules.code_at(person.totp_secret, clock.real()) if person.totp_secret else None
                found.append(DemoSignIn(role, person.email, password, code, membership.organisation.name))
                break
    return found


def _practice_settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    if not settings.practice:
        raise Forbidden(N_("This is possible in practice mode only."))
    return settings
