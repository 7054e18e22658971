"""What an owner sees beside the files: who of the staff opened them, what was fetched with which consent; public figures."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market import http
from market.accounts.queries import organisation
from market.documents import operations, queries, rules
from market.documents.blueprint import bp
from market.http import allow, current_actor, public
from market.kernel.errors import NotFound


@bp.route("/documents/readings")
@allow()
def readings() -> Any:
    """Who opened my documents in duty, and which consents I gave."""
    actor = current_actor()
    page = http.page(queries.readings(actor))
    offices = {code: organisation(code) for code in {entry.organisation for entry in page.items if entry.organisation}}
    documents = queries.by_code(entry.facts["document"] for entry in page.items)
    consents = http.page(queries.consents_by(actor), per=100, number=1)
    shown = {"page": page, "offices": offices, "documents": documents, "consents": consents.items}
    return render_template("documents/readings.html", **shown)


@bp.route("/documents/consents/<code>/withdraw", methods=["POST"])
@allow()
def withdraw_consent(code: str) -> Any:
    """End a consent of my own."""
    consent, actor = queries.consent_with(code), current_actor()
    if consent is None or not rules.is_party(actor, consent.person, consent.organisation):
        raise NotFound()
    if consent.withdrawn_at is not None:
        flash(_("This consent had ended already."))
        return redirect(url_for("documents.readings") + "#consents")
    came = operations.withdraw_consent(consent.order_code, consent.kind, by=actor)
    if came.stays:
        flash(_("The consent has ended. “%(kind)s” is part of a signed contract and stays in it.", kind=consent.kind))
    elif came.document is not None:
        flash(_("The consent has ended, and “%(kind)s” was taken out of the order.", kind=consent.kind))
    else:
        flash(_("The consent has ended. Nothing had been fetched with it."))
    return redirect(url_for("documents.readings") + "#consents")


@bp.route("/documents/saved")
@public
def saved() -> Any:
    """How many documents nobody had to bring."""
    return render_template("documents/saved.html", document_figures=queries.saved_figures())
