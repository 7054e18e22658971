"""Pages before one is known: sign in, sign up, links from mails. The pages of one's own account are in account_views.py.

What is under way (the second step, a link from a mail) stands in the signed cookie, so that no secret remains in an address.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from markupsafe import Markup

from market import clock, i18n, limits, mail
from market.accounts import (
    account_views,
    counter_views,
    guessing,
    links,
    operations,
    organisation_views,
    queries,
    rules,
    schemas,
    session,
    words,
)
from market.accounts.blueprint import bp
from market.accounts.models import LinkPurpose, Person
from market.db import db
from market.http import allow, form, public
from market.kernel.actor import Actor, Channel
from market.kernel.errors import Forbidden, NotFound
from market.kernel.words import N_
from market.limits import limited

__all__ = ["account_views", "bp", "counter_views", "organisation_views"]

#: how long the second step may take
SECOND_STEP = timedelta(minutes=10)

VISITOR = operations.VISITOR


@bp.app_template_filter("role_words")
def role_words(role: Any) -> str:
    """A role in the reader's language."""
    return str(words.ROLES[role])


@bp.app_template_filter("district_words")
def district_words(code: str) -> str:
    """The name of a district, as the catalogue tells it (it stands after accounts and leaves its function here)."""
    name = current_app.extensions.get("district_names")
    return name(code) if name else code


@bp.app_template_filter("command")
def command(text: str) -> Markup:
    """A command as it is typed."""
    return Markup('<code class="nowrap">{}</code>').format(text)


@bp.before_app_request
def lead_officials_to_the_second_factor() -> Any:
    """An official without a one-time code is led to setting it up, instead of being told that the page is another role's."""
    visitor = session.visitor()
    if visitor is None or not visitor.lacks_second_factor or not isinstance(_permission(), frozenset):
        return None
    if request.method in ("GET", "HEAD") and not request.path.startswith("/api/"):
        return redirect(url_for("accounts.second_factor", next=request.full_path.rstrip("?")))
    raise Forbidden(
        N_("Officials act only with a one-time code."),
        remedy=N_("Set up your app for one-time codes in your account first."),
    )


@bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Pages on the way to an account show addresses too."""
    response.headers.setdefault("Cache-Control", "no-store, private")
    return response


@bp.app_errorhandler(links.DeadLink)
def dead_link(refusal: links.DeadLink) -> Any:
    """A link that no longer works, with the way to a new one."""
    db.session.rollback()
    cookie.pop("link", None)
    return render_template("accounts/dead_link.html", told=i18n.tell(refusal)), refusal.status


def _permission() -> Any:
    return getattr(session.view_of(current_app), "permission", None)  # type: ignore[arg-type]


# Signing in and out -----------------------------------------------------------------------------------------------------


def _sign_in_page() -> dict[str, Any]:
    return {"next": rules.safe_path(request.values.get("next"))}


@bp.route("/sign-in", methods=["GET", "POST"])
@public
@form(schemas.SignInForm, "accounts/sign_in.html", page=_sign_in_page)
@limited("sign in", "30/minute", "300/hour")
def sign_in(data: dict[str, Any]) -> Any:
    """First step: address and password. Whoever has a second factor goes on to the second step, signed in by neither alone."""
    code = guessing.check_password(data["email"], data["password"], peer=limits.peer())
    person = _person(code)
    way = rules.safe_path(data["next"])
    if person.totp_confirmed_at is None:
        return _begin(person, second_factor=False, way=way)
    _clear_but_link()
    cookie["pending"] = {
        "person": person.code,
        "at": clock.real().isoformat(),
        "password": _password_mark(person),
        "next": way,
    }
    return redirect(url_for("accounts.second_step"))


def _second_step_page() -> dict[str, Any]:
    person = _pending()
    return {"email": rules.masked_email(person.email) if person else ""}


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
@form(schemas.CodeForm, "accounts/second_step.html", page=_second_step_page)
@limited("sign in", "30/minute", "300/hour")
def second_step(data: dict[str, Any]) -> Any:
    """Second step: the one-time code. Without a first step within ten minutes it begins anew."""
    person = _pending()
    if person is None:
        flash(_("Please begin again: the first step was too long ago."), "error")
        return redirect(url_for("accounts.sign_in"))
    guessing.check_code(person, data["code"], peer=limits.peer())
    return _begin(person, second_factor=True, way=rules.safe_path(cookie["pending"]["next"]))


@bp.route("/sign-out", methods=["POST"])
@public
def sign_out() -> Any:
    """End this session, here and on the server."""
    visitor = session.visitor()
    if visitor is not None:
        operations.end_session(visitor.sign_in.code, by=Actor(visitor.code))
    session.stop()
    flash(_("You are signed out."))
    return redirect(_home())


def _pending() -> Person | None:
    """The person whose password was right within the last ten minutes and has not changed since."""
    found = cookie.get("pending") or {}
    person = queries.person(found.get("person", ""))
    if person is None or person.closed_at or clock.real() - datetime.fromisoformat(found["at"]) > SECOND_STEP:
        return None
    return person if _password_mark(person) == found["password"] else None


def _password_mark(person: Person) -> str:
    """Another one with each password, and no help in guessing it."""
    return session.hashed(person.password_hash)[:16]


def _clear_but_link() -> None:
    """Nothing of before goes on into the session but an invitation that is to be accepted in it."""
    link = cookie.get("link")
    cookie.clear()
    if link:
        cookie["link"] = link


def _person(code: str) -> Person:
    person = queries.person(code)
    if person is None:
        raise NotFound()
    return person


def _begin(person: Person, *, second_factor: bool, way: str | None) -> Response:
    row, secret = operations.begin_session(
        person.code,
        second_factor=second_factor,
        network=limits.peer(),
        agent=request.user_agent.string,
        by=Actor(person.code, channel=Channel.WEB),
    )
    link = cookie.get("link")
    session.start(row, secret)  # drops everything of before
    if link:
        cookie["link"] = link
    if queries.is_official(person.code) and not second_factor:
        flash(_("One more thing before you can act: set up one-time codes."))
        return redirect(url_for("accounts.second_factor", next=way))  # type: ignore[return-value]
    return redirect(way or _home())  # type: ignore[return-value]


def _home() -> str:
    return url_for("pages.home") if "pages.home" in current_app.view_functions else url_for("accounts.account")


# Opening an account -----------------------------------------------------------------------------------------------------


def _count_mail(email: str) -> None:
    """Mails to one address, whoever asks for them and whether or not it has an account."""
    limits.count("mail to", email, "3/hour", "10/day")


@bp.route("/sign-up", methods=["GET", "POST"])
@public
@form(schemas.AddressForm, "accounts/sign_up.html")
@limited("sign up", "20/hour")
def sign_up(data: dict[str, Any]) -> Any:
    """Ask for a link with which an account is opened. The answer is the same whether the address has an account."""
    _count_mail(data["email"])
    operations.ask_sign_up(data["email"], lang=i18n.language())
    return redirect(url_for("accounts.mail_sent", about="sign-up"))


@bp.route("/mail-sent")
@public
def mail_sent() -> Any:
    """What to do now that a mail is on its way; the same for everybody."""
    about = request.args.get("about")
    return render_template("accounts/mail_sent.html", about=about if about in ("sign-up", "reset") else "reset")


def _link_page(purpose: LinkPurpose) -> dict[str, Any]:
    return {"link": links.find(cookie.get("link", ""), purpose)}


@bp.route("/link")
@public
def follow_link() -> Any:
    """A link from a mail. Looking uses nothing up (mail scanners look too): the page behind it has a button.

    The secret moves from the address into the cookie, so that no later request tells it to anybody.
    """
    secret = request.args.get("key", "")
    link = links.find(secret)
    cookie["link"] = secret
    endpoint = {
        LinkPurpose.RESET_PASSWORD: "accounts.new_password",
        LinkPurpose.INVITATION: "accounts.invitation",
        LinkPurpose.CONFIRM_EMAIL: _confirming(link.person_id),
    }[link.purpose]
    answer = redirect(url_for(endpoint), 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _confirming(person_id: int | None) -> str:
    """The page behind a link that confirms an address: of a new account, of one taken over from a counter, or a new address."""
    if person_id is None:
        return "accounts.finish_sign_up"
    person = db.session.get_one(Person, person_id)
    return "accounts.confirm_email" if queries.is_reached_by_mail(person) else "accounts.finish_claim"


@bp.route("/sign-up/finish", methods=["GET", "POST"])
@public
@form(schemas.FinishForm, "accounts/finish_sign_up.html", page=lambda: _link_page(LinkPurpose.CONFIRM_EMAIL))
@limited("link", "30/hour")
def finish_sign_up(data: dict[str, Any]) -> Any:
    """Name and password: the account opens, and its owner is signed in."""
    person = operations.finish_sign_up(cookie.get("link", ""), **data, by=VISITOR)
    cookie.pop("link")
    answer = _begin(person, second_factor=False, way=url_for("accounts.account"))
    flash(_("Welcome, %(name)s. Your account is open.", name=person.name))  # a new session drops what was said before
    return answer


# Passwords by mail ------------------------------------------------------------------------------------------------------


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
@form(schemas.AddressForm, "accounts/forgotten.html")
@limited("reset", "20/hour")
def forgotten(data: dict[str, Any]) -> Any:
    """Ask for a link with which a new password is set. The answer is the same whether the address has an account."""
    _count_mail(data["email"])
    operations.ask_reset(data["email"], lang=i18n.language())
    return redirect(url_for("accounts.mail_sent", about="reset"))


@bp.route("/password/new", methods=["GET", "POST"])
@public
@form(schemas.NewPasswordForm, "accounts/new_password.html", page=lambda: _link_page(LinkPurpose.RESET_PASSWORD))
@limited("link", "30/hour")
def new_password(data: dict[str, Any]) -> Any:
    """Set a new password by the link from the mail; sign-in follows with it, second factor included."""
    operations.set_password_by_link(cookie.get("link", ""), data["password"], by=VISITOR)
    session.stop()
    flash(_("Your new password is set. Please sign in with it; all other sessions have ended."))
    return redirect(url_for("accounts.sign_in"))


@bp.route("/email/confirm", methods=["GET", "POST"])
@public
@form(schemas.Form, "accounts/confirm_email.html", page=lambda: _link_page(LinkPurpose.CONFIRM_EMAIL))
@limited("link", "30/hour")
def confirm_email(data: dict[str, Any]) -> Any:
    """The new address is right: it takes the old one's place."""
    operations.confirm_email_change(cookie.pop("link", ""), lang=i18n.language(), by=VISITOR)
    flash(_("Your new address is confirmed. Sign in with it from now on."))
    return redirect(url_for("accounts.account"))


# Invitations ------------------------------------------------------------------------------------------------------------


def _invitation_page() -> dict[str, Any]:
    link = links.find(cookie.get("link", ""), LinkPurpose.INVITATION)
    organisation = queries.organisation_of(link)
    return {"link": link, "organisation": organisation, "owner": queries.person_by_email(link.email)}


@bp.route("/invitation")
@public
def invitation() -> Any:
    """An invitation: its owner signs in and accepts, or opens an account first."""
    return render_template("accounts/invitation.html", **_invitation_page(), form=None)


@bp.route("/invitation/accept", methods=["POST"])
@allow()
def accept_invitation() -> Any:
    """Join, signed in with the address that was invited."""
    visitor = session.visitor()
    if visitor is None:
        raise NotFound()
    membership = operations.accept_invitation(cookie.pop("link", ""), by=Actor(visitor.code))
    operations.choose_role(visitor.sign_in.code, membership.code, by=Actor(visitor.code))
    flash(_("You work with %(organisation)s now.", organisation=membership.organisation.name))
    return redirect(url_for("accounts.organisation", code=membership.organisation.code))


@bp.route("/invitation/join", methods=["GET", "POST"])
@public
@form(schemas.FinishForm, "accounts/join.html", page=_invitation_page)
@limited("link", "30/hour")
def join(data: dict[str, Any]) -> Any:
    """Open an account with the invited address and join."""
    membership = operations.join_by_invitation(cookie.get("link", ""), **data, by=VISITOR)
    cookie.pop("link")
    answer = _begin(membership.person, second_factor=False, way=url_for("accounts.account"))
    flash(_("Welcome. You work with %(organisation)s now.", organisation=membership.organisation.name))
    return answer


# Practice ---------------------------------------------------------------------------------------------------------------


@bp.route("/practice/mail")
@public
def practice_mail() -> Any:
    """The mails that practice mode kept instead of sending them. There is no such page in production."""
    if not current_app.extensions["settings"].practice:
        raise NotFound()
    return render_template("accounts/practice_mail.html", mails=mail.practice_mails()[:50])
