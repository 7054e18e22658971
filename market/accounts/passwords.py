"""Passwords at rest: Argon2id (RFC 9106) with the library's parameters, renewed when these grow."""

from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from market.accounts import rules
from market.kernel.errors import Invalid

COMMON = Path(__file__).with_name("common_passwords.txt")


def check_choice(password: str, *, about: tuple[str, ...], field: str = "password") -> None:
    """Refuses, beside `field`, a password that may not be used; `about` holds the person's address and name."""
    if faults := rules.password_faults(password, about=about, common=common()):
        raise Invalid({field: faults})


def hashed(password: str) -> str:
    """What is kept of `password`."""
    return _hasher(_cheap()).hash(password)


def fits(stored: str, password: str) -> bool:
    """True when `password` belongs to `stored`. Takes the same time for an empty `stored` (no account), which never fits."""
    try:
        return _hasher(_cheap()).verify(stored or _nobody(_cheap()), password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """True when `stored` was made with weaker parameters than today's."""
    return _hasher(_cheap()).check_needs_rehash(stored)


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """Passwords that are tried first, in lower case: those of ten and more characters, and the stems of longer ones."""
    return frozenset(line.strip().lower() for line in COMMON.read_text("utf-8").splitlines() if line and line[0] != "#")


def _cheap() -> bool:
    return current_app.extensions["settings"].cheap_passwords


@lru_cache(maxsize=2)
def _hasher(cheap: bool) -> PasswordHasher:
    return PasswordHasher.from_parameters(profiles.CHEAPEST) if cheap else PasswordHasher()


@lru_cache(maxsize=2)
def _nobody(cheap: bool) -> str:
    """The hash that is worked through when there is no account, so that the answer takes as long."""
    return _hasher(cheap).hash("nobody has this password")
