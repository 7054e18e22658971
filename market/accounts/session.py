"""From a request to the person and the role that act in it. Flask-Login is used in this file alone.

The cookie carries the secret of a SignIn row; a program sends `Authorization: Bearer TOKEN`. Cookie requests that change
something need the form's CSRF token; token requests do not, since no browser sends the header by itself.
"""

import hashlib
import secrets
from datetime import timedelta
from functools import cached_property
from typing import Any

import flask_login
from flask import Flask, abort, g, request
from flask import session as cookie
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from market import clock
from market.accounts.models import ApiToken, Membership, Person, SignIn
from market.config import Settings
from market.db import db
from market.kernel.actor import OFFICIALS, Actor, Channel
from market.kernel.errors import NotSignedIn
from market.kernel.words import N_

#: the time of the last request is written at most this often
SEEN_EVERY = timedelta(minutes=5)
TOKEN_PREFIX = "wm_"  # noqa: S105


class Visitor(flask_login.UserMixin):
    """The signed-in person as templates see it: name, code and the acting membership."""

    def __init__(self, sign_in: SignIn, secret: str) -> None:
        self.sign_in = sign_in
        self.secret = secret
        self.person: Person = sign_in.person
        self.name = sign_in.person.name
        self.code = sign_in.person.code
        self.membership: Membership | None = sign_in.membership

    @cached_property
    def memberships(self) -> list[Membership]:
        """The roles that the person may choose from, read when they are shown."""
        from market.accounts import queries

        return queries.memberships_of(self.code)

    @property
    def lacks_second_factor(self) -> bool:
        """True for an official who acts in no role yet, because this session has no second factor."""
        official = self.membership is not None and self.membership.role in OFFICIALS
        return official and self.sign_in.second_factor_at is None

    def get_id(self) -> str:
        """What the cookie keeps: the secret of the session row."""
        return self.secret


def init_app(app: Flask, settings: Settings) -> None:
    """Cookies, CSRF protection and the actor of each request."""
    app.config |= {
        "SESSION_COOKIE_NAME": "market",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": not settings.practice,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=settings.session_days),
    }
    manager = flask_login.LoginManager(app)
    manager.session_protection = None  # the row is the session; people change networks
    csrf = CSRFProtect(app)

    @manager.user_loader
    def load(secret: str) -> Visitor | None:
        row = db.session.scalar(
            select(SignIn)
            .where(SignIn.token_hash == hashed(secret))
            .options(joinedload(SignIn.person), joinedload(SignIn.membership).joinedload(Membership.organisation))
        )
        oldest = clock.real() - timedelta(days=settings.session_days)
        if row is None or row.ended_at or row.created_at < oldest or row.person.closed_at:
            return None
        return Visitor(row, secret)

    @app.before_request
    def act() -> None:
        if request.endpoint in ("static", "bootstrap.static"):
            return
        g.scopes = None
        header = request.headers.get("Authorization", "")
        if header.startswith("Bearer ") and request.path.startswith("/api/"):
            g.actor, g.scopes = _token_actor(header.removeprefix("Bearer ").strip())
            return
        user = flask_login.current_user
        g.actor = _cookie_actor(user) if user.is_authenticated else None
        if request.method not in ("GET", "HEAD", "OPTIONS") and not getattr(view_of(app), "no_csrf", False):
            try:
                csrf.protect()
            except CSRFError:
                abort(400)

    app.context_processor(lambda: {"actor": getattr(g, "actor", None)})

    def as_visitor() -> None:
        g.actor, g._login_user = None, manager.anonymous_user()

    # a page about a fault must show when the database is away, so it asks nobody who is signed in
    app.extensions["as_visitor"] = as_visitor


def start(row: SignIn, secret: str) -> None:
    """Make `row` this browser's session. The old cookie content is dropped, so that no session is fixed beforehand."""
    cookie.clear()
    cookie.permanent = True
    flask_login.login_user(Visitor(row, secret))


def stop() -> None:
    """Forget the session in this browser."""
    flask_login.logout_user()
    cookie.clear()


def visitor() -> Visitor | None:
    """Who is signed in by this browser's cookie; None for others and for programs."""
    user = flask_login.current_user
    return user if user.is_authenticated else None


def new_secret() -> str:
    """A secret for a session, link or token: 256 bits of chance."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a secret: hex SHA-256. Enough, since the secret itself is long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_of(membership: Membership | None, person: Person, channel: Channel, second_factor: bool = True) -> Actor:
    """The actor that `person` is in `membership`; an official without the second factor acts in no role."""
    if membership is None or membership.ended_at or (membership.role in OFFICIALS and not second_factor):
        return Actor(person=person.code, channel=channel)
    return Actor(
        person=person.code,
        role=membership.role,
        organisation=membership.organisation.code,
        district=membership.district,
        channel=channel,
    )


def view_of(app: Flask) -> Any:
    """The view function of this request, or None."""
    return app.view_functions.get(request.endpoint or "")


def _cookie_actor(user: Visitor) -> Actor:
    row = user.sign_in
    if clock.real() - row.seen_at > SEEN_EVERY:
        from market.accounts.operations import note_seen

        note_seen(row.code)
    return actor_of(row.membership, row.person, Channel.WEB, row.second_factor_at is not None)


def _token_actor(secret: str) -> tuple[Actor, frozenset[str]]:
    row = db.session.scalar(
        select(ApiToken)
        .where(ApiToken.token_hash == hashed(secret))
        .options(joinedload(ApiToken.membership).joinedload(Membership.person))
    )
    if row is None or not row.usable(clock.real()) or row.membership.person.closed_at:
        raise NotSignedIn(N_("This API token is not valid (any more)."), remedy=N_("Make a new one in your account."))
    return actor_of(row.membership, row.membership.person, Channel.API), frozenset(row.scopes)
