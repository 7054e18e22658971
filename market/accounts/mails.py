"""The mails that accounts send, and their words. Plain text; a link stands on a line of its own."""

import json

from flask import current_app
from flask_babel import force_locale, gettext

from market.kernel.words import N_
from market.personal_data import encrypt
from market.transaction import later

_IF_NOT_YOU = N_("If this was not you, do nothing: without the link nothing happens.")
_WARNING = N_(
    "If this was not you, set a new password at once (“Forgotten your password?” on the sign-in page), "
    "or call the hotline %(hotline)s."
)

#: kind -> subject and paragraphs; %(link)s where the mail carries one
TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sign_up": (
        N_("Open your account with West Market"),
        (
            N_("Somebody wants to open an account with this address. Open it here within 24 hours:"),
            "%(link)s",
            _IF_NOT_YOU,
        ),
    ),
    "claim": (
        N_("Take over your account at West Market"),
        (
            N_(
                "You were served at a counter. Take over your account here within 24 hours, with the printed code in hand:"
            ),
            "%(link)s",
            N_("The code is asked for once more, so that nobody else can use this link."),
            _IF_NOT_YOU,
        ),
    ),
    "has_account": (
        N_("You have an account with West Market already"),
        (
            N_(
                "Somebody, probably you, typed this address to open an account or to change to it. It belongs to an account."
            ),
            N_("Sign in with it, or set a new password if you forgot yours:"),
            "%(sign_in)s",
            N_("If this was not you, you need not do anything."),
        ),
    ),
    "reset": (
        N_("Set a new password"),
        (
            N_("Set a new password for West Market here within one hour:"),
            "%(link)s",
            N_("The link works once. It also ends a pause after wrong attempts."),
            _IF_NOT_YOU,
        ),
    ),
    "email_change": (
        N_("Confirm your new address"),
        (
            N_("Confirm here within 24 hours that this is your address. Until then messages go to your old one."),
            "%(link)s",
            _IF_NOT_YOU,
        ),
    ),
    "email_change_asked": (
        N_("Your address is about to change"),
        (
            N_("Your account asked to change to the address %(new)s. Until it is confirmed, everything comes here."),
            _WARNING,
        ),
    ),
    "email_changed": (
        N_("Your address was changed"),
        (N_("Messages of your account go to %(new)s from now on. This is the last one to this address."), _WARNING),
    ),
    "invitation": (
        N_("You are invited to an organisation"),
        (
            N_("%(organisation)s invites you to work with it on West Market. Accept here within seven days:"),
            "%(link)s",
            _IF_NOT_YOU,
        ),
    ),
    "password_changed": (
        N_("Your password was changed"),
        (N_("The password of your account was changed. All other sessions have ended."), _WARNING),
    ),
    "second_factor_set": (
        N_("One-time codes are on"),
        (N_("Your account asks for a one-time code at sign-in from now on."), _WARNING),
    ),
    "second_factor_removed": (
        N_("One-time codes are off"),
        (N_("Your account does not ask for a one-time code any more."), _WARNING),
    ),
    "sign_in_paused": (
        N_("Too many wrong attempts to sign in"),
        (
            N_(
                "Somebody typed a wrong password or code for your account several times. Sign-in pauses for 15 minutes there."
            ),
            N_(
                "If it was you, a new password ends the pause at once (“Forgotten your password?” on the sign-in page)."
            ),
            N_("If it was not you, nobody has come in."),
        ),
    ),
    "closed": (
        N_("Your account was closed"),
        (
            N_(
                "Your account was closed, and your name and address were erased from it. Thank you for having been here."
            ),
        ),
    ),
}


def words(kind: str, lang: str, **params: str) -> tuple[str, str]:
    """Subject and body of the mail `kind` in `lang` (a Babel locale). `secret` among `params` becomes the link."""
    settings = current_app.extensions["settings"]
    secret = params.pop("secret", "")
    filled = {
        **params,
        "link": f"{settings.public_url}/link?key={secret}",
        "sign_in": f"{settings.public_url}/sign-in",
        "hotline": settings.hotline,
    }
    subject, paragraphs = TEXTS[kind]
    with force_locale(lang):
        lines = [gettext(text) % filled for text in paragraphs]
        lines.append(gettext("West Market, Xi’an online market for intermediary services"))
        return gettext(subject), "\n\n".join(lines) + "\n"


def send_later(kind: str, to: str, lang: str, **params: str) -> None:
    """Send the mail `kind` of TEXTS after the commit; address and parameters lie encrypted in the outbox."""
    later("market.accounts.jobs.send_mail", kind, encrypt(json.dumps({"to": to, **params})), lang)
