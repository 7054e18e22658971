"""The rules of accounts, on plain data: addresses, passwords, one-time codes, wrong guesses, memberships, paths to go on to."""

import hmac
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pyotp

from market.kernel.actor import Role
from market.kernel.errors import Refusal, RuleBroken
from market.kernel.words import N_

#: characters of a password (NIST SP 800-63B, 3.1.1.2: length counts, mixtures of kinds do not)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
LEAST_DIFFERENT = 5

#: seconds that a one-time code stands (RFC 6238, 5.2), and how many steps a telephone's clock may be off
STEP = 30
DRIFT = 1

#: how long links in mails work
LINK_LIVES = {
    "confirm_email": timedelta(hours=24),
    "reset_password": timedelta(hours=1),
    "invitation": timedelta(days=7),
}
#: the link with which an official sets up his account
SET_UP_LIVES = timedelta(days=3)


# Addresses and passwords ------------------------------------------------------------------------------------------------


def normalise_email(text: str) -> str:
    """A mail address as it is kept and compared: NFKC, lower case, no spaces around. Its shape is the schema's business."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def masked_email(email: str) -> str:
    """An address that the owner recognises and nobody else learns: `sun***@example.org`."""
    name, at, domain = email.partition("@")
    return f"{name[: min(3, max(1, len(name) - 2))]}***{at}{domain}"


def password_faults(password: str, *, about: Collection[str], common: Collection[str]) -> list[Refusal]:
    """Why `password` may not be used; empty when it may.

    Refused: shorter than 10 or longer than 128 characters, one of the `common` ones (lower case), nearly one character or a run
    of the keyboard, and what the person is known by: `about` holds address and name (NIST SP 800-63B, 3.1.1.2).
    """
    plain = unicodedata.normalize("NFKC", password).lower()
    if len(password) < SHORTEST_PASSWORD:
        return [
            Refusal(
                N_("At least %(least)s characters; a few words in a row are good."),
                least=SHORTEST_PASSWORD,
            )
        ]
    if len(password) > LONGEST_PASSWORD:
        return [Refusal(N_("At most %(most)s characters, please."), most=LONGEST_PASSWORD)]
    if _known_by(plain, about):
        return [Refusal(N_("This is your address or name; somebody who attacks you tries these first."))]
    if any(word in common for word in _words_of(plain)):
        return [Refusal(N_("This is one of the passwords that are tried first. Please choose another one."))]
    if len(set(plain)) < LEAST_DIFFERENT or _is_run(plain):
        return [
            Refusal(N_("This is too easy to guess: repeats or neighbours on the keyboard. Please choose another one."))
        ]
    return []


def _known_by(plain: str, about: Collection[str]) -> bool:
    known = {part for text in about for part in (normalise_email(text), normalise_email(text).partition("@")[0])}
    return any(word in known for word in _words_of(plain) if len(word) >= 4)


def _words_of(plain: str) -> list[str]:
    """`plain`, and the words inside it without the digits and signs (up to six) that people add at the end."""
    ends = [len(plain) - cut for cut in range(1, 7) if re.fullmatch(r"[\d\W_]+", plain[-cut:])]
    return [plain, *(plain[:end] for end in ends)]


_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)


def _is_run(plain: str) -> bool:
    kept = "".join(c for c in plain if c.isalnum())
    runs = [*_RUNS, *(run[::-1] for run in _RUNS)]
    return any(kept in run * 2 for run in runs) if kept else True


# One-time codes ---------------------------------------------------------------------------------------------------------


def step_of(at: datetime) -> int:
    """The number of the 30-second step at `at` (RFC 6238, 4.2)."""
    return int(at.timestamp()) // STEP


def code_at(secret: str, at: datetime) -> str:
    """The six-digit code of `secret` (base32) at `at`."""
    return pyotp.TOTP(secret).generate_otp(step_of(at))


def matching_step(secret: str, code: str, at: datetime, last: int | None) -> int:
    """The time step whose code `code` is, to be kept so that it works once.

    One step before and after count, for clocks that are off. Refused: a code that does not fit, and one whose step is not
    after `last`, the last accepted step (RFC 6238, 5.2: each code is accepted once).
    """
    typed = re.sub(r"\s", "", unicodedata.normalize("NFKC", code))
    now = step_of(at)
    fits = [
        step for step in range(now - DRIFT, now + DRIFT + 1) if _equal(pyotp.TOTP(secret).generate_otp(step), typed)
    ]
    fresh = [step for step in fits if last is None or step > last]
    if fresh:
        return fresh[0]
    if fits:
        raise RuleBroken(
            N_("This code was used already. Please wait for the next one, about %(seconds)s seconds."),
            seconds=STEP - int(at.timestamp()) % STEP,
        )
    raise RuleBroken(N_("The code does not fit. Please type the six digits that your app shows now."))


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def set_up_address(secret: str, email: str) -> str:
    """What the QR code says to an app (otpauth), named after the market and the masked address."""
    return pyotp.TOTP(secret).provisioning_uri(name=masked_email(email), issuer_name="西市 West Market")


# Wrong guesses ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GuessLimit:
    """After `most` wrong guesses within `within`, a pause of `pause`."""

    most: int
    within: timedelta
    pause: timedelta


#: from one network; and from all networks together from which the person has never signed in
ONE_NETWORK = GuessLimit(5, timedelta(minutes=15), timedelta(minutes=15))
ALL_NETWORKS = GuessLimit(50, timedelta(hours=1), timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class GuessCount:
    """What a locked row says: how many since when, and until when nothing is let through."""

    failed: int
    since: datetime
    locked_until: datetime | None = None


def wait_of(count: GuessCount, at: datetime) -> int:
    """Seconds until the next guess is looked at; 0 when it is now."""
    if count.locked_until is None or count.locked_until <= at:
        return 0
    return max(1, int((count.locked_until - at).total_seconds()))


def count_guess(count: GuessCount, at: datetime, limit: GuessLimit) -> GuessCount:
    """`count` with one more guess, counted before it is judged, so that guesses sent at once all count.

    Call it only when `wait_of` is 0. An old count, or one whose pause is over, begins anew.
    """
    over = count.locked_until is not None and count.locked_until <= at
    if over or at - count.since > limit.within:
        count = GuessCount(0, at)
    failed = count.failed + 1
    return replace(count, failed=failed, locked_until=at + limit.pause if failed >= limit.most else None)


# Memberships ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """A running membership as the rules see it."""

    code: str
    person: str
    role: Role
    district: str | None
    admin: bool


def check_may_manage(actor: Member, target: Member | None = None) -> None:
    """Refuses unless `actor` (of the same organisation) is its administrator, and `target` works in the same role and district.

    The role counts, because several roles may share one office and must not appoint each other.
    """
    if not actor.admin:
        raise RuleBroken(
            N_("Only an administrator of the organisation may do this."), remedy=N_("Ask one of its administrators.")
        )
    if target is None:
        return
    if target.role != actor.role or (actor.district is not None and target.district != actor.district):
        raise RuleBroken(
            N_("An administrator manages members of the own role and district only."),
            remedy=N_("Ask an administrator of that role."),
        )


def check_keeps_an_admin(members: Sequence[Member], leaving: str) -> None:
    """Refuses when the member `leaving` (a membership's code) is the last administrator while others of the role remain."""
    gone = next(member for member in members if member.code == leaving)
    rest = [member for member in members if member.code != leaving and member.role == gone.role]
    if gone.admin and rest and not any(member.admin for member in rest):
        raise RuleBroken(
            N_("This is the last administrator: the others could invite nobody any more."),
            remedy=N_("Make somebody else an administrator first."),
        )


# Where to go on ---------------------------------------------------------------------------------------------------------


def safe_path(text: str | None) -> str | None:
    """`text` when it is a path within this site, else None.

    Browsers read "//host", "/\\host" and a tab or line break within a path as the way to another host; none of these passes,
    nor a scheme (CWE-601).
    """
    if not text or not text.startswith("/") or len(text) > 2000:
        return None
    if "\\" in text or text.startswith("//") or any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else text
