"""Pages of the organisations one works with: members, invitations, one's own firm."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from market import clock, i18n, limits
from market.accounts import operations, queries, schemas
from market.accounts.account_views import me
from market.accounts.blueprint import bp
from market.http import allow, current_actor, form
from market.kernel import identifiers
from market.kernel.errors import Invalid, NotFound
from market.limits import limited


def _organisation_page(code: str) -> dict[str, Any]:
    """Its members; `NotFound` for everybody who is none of them."""
    organisation = queries.organisation(code)
    mine = [membership for membership in me().memberships if membership.organisation.code == code]
    if organisation is None or not mine:
        raise NotFound()
    here = me().membership
    acting = here if here is not None and here.code in {membership.code for membership in mine} else None
    members = queries.members_of(code)
    return {
        "organisation": organisation,
        "mine": mine,
        "acting": acting,
        "manages": acting is not None and acting.admin and current_actor().role is not None,
        "members": members,
        "managed": {row.code for row in members if acting is not None and _manages(acting, row)},
        "invitations": queries.open_invitations(code, clock.real()) if acting is not None and acting.admin else [],
    }


def _manages(acting: Any, row: Any) -> bool:
    return acting.admin and row.role == acting.role and acting.district in (None, row.district)


@bp.route("/organisations/<code>", methods=["GET", "POST"])
@allow()
@form(schemas.AddressForm, "accounts/organisation.html", page=_organisation_page)
@limited("invite", "60/hour")
def organisation(code: str, data: dict[str, Any]) -> Any:
    """Who works here; an administrator invites others by mail."""
    _organisation_page(code)
    limits.count("invitations of", code, "30/day")
    limits.count("mail to", data["email"], "3/hour", "10/day")
    operations.invite(code, data["email"], lang=i18n.language(), by=current_actor())
    flash(_("An invitation is on its way to %(email)s.", email=data["email"]))
    return redirect(url_for("accounts.organisation", code=code))


@bp.route("/memberships/<code>/end", methods=["POST"])
@allow()
def end_membership(code: str) -> Any:
    """End somebody's membership, or leave."""
    operations.end_membership(code, by=current_actor())
    flash(_("The membership has ended."))
    return redirect(url_for("accounts.account"))


@bp.route("/memberships/<code>/admin", methods=["POST"])
@allow()
def make_admin(code: str) -> Any:
    """Make a member an administrator."""
    operations.set_admin(code, True, by=current_actor())
    flash(_("The member is an administrator now."))
    return redirect(_back(code))


@bp.route("/memberships/<code>/no-admin", methods=["POST"])
@allow()
def end_admin(code: str) -> Any:
    """A member is no longer an administrator."""
    operations.set_admin(code, False, by=current_actor())
    flash(_("The member is no administrator any more."))
    return redirect(_back(code))


def _back(membership_code: str) -> str:
    membership = queries.membership(membership_code)
    return url_for("accounts.organisation", code=membership.organisation.code if membership else "")


@bp.route("/account/organisations/new", methods=["GET", "POST"])
@allow()
@form(schemas.FirmForm, "accounts/new_organisation.html")
@limited("new organisation", "20/hour")
def new_organisation(data: dict[str, Any]) -> Any:
    """Enter one's own firm, to buy for it."""
    limits.count("organisations of", me().code, "10/day")
    membership = operations.found_firm(
        data["name"], credit_code=_checked_credit_code(data["credit_code"]), by=current_actor()
    )
    operations.choose_role(me().sign_in.code, membership.code, by=current_actor())
    flash(_("Your firm is entered. You act for it now."))
    return redirect(url_for("accounts.organisation", code=membership.organisation.code))


def _checked_credit_code(text: str | None) -> str | None:
    if text is None:
        return None
    verdict = identifiers.credit_code(text, clock.today())
    if not verdict.accepted:
        raise Invalid({"credit_code": [verdict.refusal()]})
    return verdict.normalised
