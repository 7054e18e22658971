"""Taking over the account that a counter opened: the printed code and an address, then the link and the code once more."""

from typing import Any

from flask import flash, redirect, url_for
from flask import session as cookie
from flask_babel import gettext as _

from market import i18n
from market.accounts import counter_operations, links, schemas
from market.accounts.blueprint import bp
from market.accounts.models import LinkPurpose
from market.accounts.operations import VISITOR
from market.http import form, public
from market.limits import limited


@bp.route("/claim", methods=["GET", "POST"])
@public
@form(schemas.ClaimForm, "accounts/claim.html")
@limited("claim", "10/minute", "30/hour")
def claim(data: dict[str, Any]) -> Any:
    """The printed code and the address to which the link goes."""
    counter_operations.ask_claim(data["code"], data["email"], lang=i18n.language())
    return redirect(url_for("accounts.mail_sent", about="sign-up"))


@bp.route("/claim/finish", methods=["GET", "POST"])
@public
@form(
    schemas.FinishClaimForm,
    "accounts/finish_claim.html",
    page=lambda: {"link": links.find(cookie.get("link", ""), LinkPurpose.CONFIRM_EMAIL)},
)
@limited("claim", "10/minute", "30/hour")
def finish_claim(data: dict[str, Any]) -> Any:
    """The code once more and a password: the account is the citizen's own."""
    counter_operations.finish_claim(cookie.get("link", ""), code=data["code"], password=data["password"], by=VISITOR)
    cookie.pop("link", None)
    flash(_("The account is yours now. Sign in with your address and the new password."))
    return redirect(url_for("accounts.sign_in"))
