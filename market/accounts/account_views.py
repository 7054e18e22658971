"""Pages of one's own account: security, sessions, roles, tokens, data."""

from datetime import timedelta
from typing import Any

import pyotp
import segno
from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _

from market import clock, i18n, limits
from market.accounts import guessing, operations, queries, rules, schemas, session
from market.accounts.blueprint import bp
from market.accounts.operations import TOKEN_DAYS
from market.accounts.words import device
from market.http import allow, current_actor, form, parse
from market.kernel.actor import OFFICIALS
from market.kernel.errors import Invalid, NotSignedIn
from market.kernel.words import N_
from market.limits import limited
from market.personal_data import decrypt, encrypt


def me() -> session.Visitor:
    """The signed-in person; `NotSignedIn` for programs, which have no pages."""
    visitor = session.visitor()
    if visitor is None:
        raise NotSignedIn()
    return visitor


def check_present_password(password: str) -> None:
    """Refuses unless the person types the present password once more."""
    guessing.check_own_password(me().person, password, peer=limits.peer())


@bp.route("/account")
@allow()
def account() -> Any:
    """What protects the account, where it is signed in, in which roles its owner works."""
    visitor = me()
    since = clock.real() - timedelta(days=current_app.extensions["settings"].session_days)
    return render_template(
        "accounts/account.html",
        person=visitor.person,
        sign_in=visitor.sign_in,
        sessions=queries.sessions_of(visitor.code, since),
        memberships=visitor.memberships,
        tokens=queries.tokens_of(visitor.code),
        device=device,
        officials=OFFICIALS,
    )


@bp.route("/account/role", methods=["POST"])
@allow()
def choose_role() -> Any:
    """Act in another of one's roles."""
    data = parse(schemas.MembershipChoice, request.form)
    membership = operations.choose_role(me().sign_in.code, data["membership"], by=current_actor())
    flash(_("You act for %(organisation)s now.", organisation=membership.organisation.name))
    return redirect(rules.safe_path(data["next"]) or url_for("accounts.account"))


# Sessions ---------------------------------------------------------------------------------------------------------------


@bp.route("/account/sessions/<code>/end", methods=["POST"])
@allow()
def end_session(code: str) -> Any:
    """End one session; the present one means signing out."""
    operations.end_session(code, by=current_actor())
    if code == me().sign_in.code:
        session.stop()
        return redirect(url_for("accounts.sign_in"))
    flash(_("That session has ended."))
    return redirect(url_for("accounts.account"))


@bp.route("/account/sessions/end-others", methods=["POST"])
@allow()
def end_other_sessions() -> Any:
    """End every session but this one."""
    operations.end_other_sessions(me().sign_in.code, by=current_actor())
    flash(_("All other sessions have ended."))
    return redirect(url_for("accounts.account"))


# Password, address, name ------------------------------------------------------------------------------------------------


@bp.route("/account/password", methods=["GET", "POST"])
@allow()
@form(schemas.ChangePasswordForm, "accounts/password.html")
def password(data: dict[str, Any]) -> Any:
    """A new password; other sessions end and this one gets a new secret."""
    check_present_password(data["current"])
    row, secret = operations.change_password(
        me().code, data["password"], current=data["current"], sign_in=me().sign_in.code, by=current_actor()
    )
    session.start(row, secret)
    flash(_("Your password is changed, and all other sessions have ended."))
    return redirect(url_for("accounts.account"))


@bp.route("/account/email", methods=["GET", "POST"])
@allow()
@form(schemas.ChangeEmailForm, "accounts/email.html", page=lambda: {"person": me().person})
@limited("change address", "20/hour")
def email(data: dict[str, Any]) -> Any:
    """Another address: a link goes there, and until it is followed the old one stays."""
    check_present_password(data["current"])
    limits.count("change address of", me().code, "5/hour")
    limits.count("mail to", data["email"], "3/hour", "10/day")
    operations.ask_email_change(me().code, data["email"], lang=i18n.language(), by=current_actor())
    flash(_("A link is on its way to the new address. Until you follow it, everything stays as it is."))
    return redirect(url_for("accounts.account"))


@bp.route("/account/name", methods=["GET", "POST"])
@allow()
@form(schemas.NameForm, "accounts/name.html", page=lambda: {"values": {"name": me().name}})
def name(data: dict[str, Any]) -> Any:
    """The name that others see."""
    operations.change_name(me().code, data["name"], by=current_actor())
    flash(_("Your name is changed."))
    return redirect(url_for("accounts.account"))


# Second factor ----------------------------------------------------------------------------------------------------------


def _second_factor_page() -> dict[str, Any]:
    """The secret to be set up lies encrypted in the cookie until the app has shown that it knows it."""
    secret = _draft()
    uri = rules.set_up_address(secret, me().person.email)
    return {
        "person": me().person,
        "official": queries.is_official(me().code),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "qr": segno.make(uri, error="m").svg_data_uri(scale=5, border=2, light="#fff"),
        "next": rules.safe_path(request.values.get("next")),
    }


def _draft() -> str:
    kept = cookie.get("second_factor", {})
    if kept.get("person") != me().code:
        kept = {"person": me().code, "secret": encrypt(pyotp.random_base32())}
        cookie["second_factor"] = kept
    return decrypt(kept["secret"])


@bp.route("/account/second-factor", methods=["GET", "POST"])
@allow()
@form(schemas.SecondFactorForm, "accounts/second_factor.html", page=_second_factor_page)
@limited("second factor", "60/hour")
def second_factor(data: dict[str, Any]) -> Any:
    """Set up an app for one-time codes, or another one in the place of the present one."""
    check_present_password(data["current"])
    secret = _draft()
    operations.set_second_factor(me().code, secret, data["code"], sign_in=me().sign_in.code, by=current_actor())
    cookie.pop("second_factor", None)
    flash(_("One-time codes are on. Sign-in asks for one from now on."))
    return redirect(rules.safe_path(request.form.get("next")) or url_for("accounts.account"))


@bp.route("/account/second-factor/remove", methods=["GET", "POST"])
@allow()
@form(schemas.PresentPasswordForm, "accounts/second_factor_off.html")
def remove_second_factor(data: dict[str, Any]) -> Any:
    """No more one-time codes; officials keep theirs."""
    check_present_password(data["current"])
    operations.remove_second_factor(me().code, by=current_actor())
    flash(_("One-time codes are off."))
    return redirect(url_for("accounts.account"))


# Tokens for programs ----------------------------------------------------------------------------------------------------


def scopes() -> list[str]:
    """Every scope that some address of the API asks for."""
    found = {getattr(view, "scope", "") for view in current_app.view_functions.values()}
    return sorted(filter(None, found))


def _tokens_page() -> dict[str, Any]:
    return {
        "tokens": queries.tokens_of(me().code),
        "scopes": scopes(),
        "days": TOKEN_DAYS,
        "membership": me().membership,
        "values": {"days": str(TOKEN_DAYS[1])},
        "now": clock.real(),
    }


@bp.route("/account/tokens", methods=["GET", "POST"])
@allow()
@form(schemas.TokenForm, "accounts/tokens.html", page=_tokens_page)
@limited("token", "30/hour")
def tokens(data: dict[str, Any]) -> Any:
    """Tokens for programs. A new one is shown on the page that answers, and never again."""
    if unknown := set(data["scopes"]) - set(scopes()):
        raise Invalid.field("scopes", N_("There is no scope %(scope)s."), scope=min(unknown))
    membership = me().membership
    code = membership.code if membership else ""
    token, secret = operations.make_api_token(code, data["label"], data["scopes"], data["days"], by=current_actor())
    return render_template("accounts/token_made.html", token=token, secret=secret)


@bp.route("/account/tokens/<code>/end", methods=["POST"])
@allow()
def end_token(code: str) -> Any:
    """End a token at once."""
    operations.end_api_token(code, by=current_actor())
    flash(_("That token does not work any more."))
    return redirect(url_for("accounts.tokens"))


# One's own data ---------------------------------------------------------------------------------------------------------


@bp.route("/account/data.json")
@allow()
@limited("own data", "20/hour")
def own_data() -> Response:
    """Everything that is kept about the person, to take along."""
    answer = jsonify(queries.own_data(me().code))
    answer.headers["Content-Disposition"] = f'attachment; filename="west-market-{me().code}.json"'
    return answer


@bp.route("/account/close", methods=["GET", "POST"])
@allow()
@form(schemas.CloseForm, "accounts/close.html")
def close(data: dict[str, Any]) -> Any:
    """Close the account and erase who its owner was."""
    check_present_password(data["current"])
    operations.close_account(me().code, lang=i18n.language(), by=current_actor())
    session.stop()
    flash(_("Your account is closed, and your name and address are erased."))
    return redirect(url_for("accounts.sign_in"))
