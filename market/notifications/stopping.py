"""Links in mails that end such mails with one click (RFC 8058): signed, without an end, good for one thing of one person.

The address alone does nothing: a mail scanner that opens it sees a page with a button. The button, and the mail programs that
know the header List-Unsubscribe-Post, send a POST.
"""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from market.kernel.errors import NotFound
from market.kernel.words import N_

#: what can be ended so -> where
PLACES = {"digest": "/messages/stop/", "search": "/alerts/stop/", "demand": "/alerts/stop/"}


def stop_path(what: str, code: str) -> str:
    """The path that ends `what` (a word of PLACES) of `code` (a person, or the saved search or demand itself)."""
    return PLACES[what] + _serializer(what).dumps(code)


def stopped(what: str, token: str) -> str:
    """The code that the link of `what` was made for; `NotFound` for anything else."""
    try:
        return str(_serializer(what).loads(token))
    except BadSignature:
        raise NotFound(
            N_("This link is not complete."), remedy=N_("Open it from the mail once more, or change your choices.")
        ) from None


def _serializer(what: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["settings"].secret_key, salt=f"stop {what}")
