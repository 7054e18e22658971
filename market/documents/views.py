"""Pages and downloads of documents."""

from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict

from market import http, limits
from market.accounts.rules import safe_path
from market.documents import delivery, operations, owner_views, queries, slip_views, upload_views
from market.documents.blueprint import bp
from market.documents.models import Document
from market.documents.rules import PURPOSES, Purpose
from market.documents.schemas import DocumentOut, GiveForm
from market.http import allow, current_actor, form, maybe_actor, public
from market.kernel.errors import Refusal

__all__ = ["bp", "owner_views", "slip_views", "upload_views"]

#: files of one person
RATES = ("60/minute", "600/hour")


@bp.app_context_processor
def words_of_files() -> dict[str, Any]:
    """For file fields of all pages: `upload_limit` in bytes, `accepted(purpose)` as endings."""
    return {
        "upload_limit": current_app.extensions["settings"].upload_limit,
        "accepted": lambda purpose: PURPOSES[Purpose(purpose)].endings,
    }


@bp.errorhandler(Refusal)
def refused(refusal: Refusal) -> Any:
    """A script that sent a file gets a problem, everybody else a page."""
    return http.problem(refusal) if _is_script() else http.answer(refusal)


@bp.route("/documents", methods=["GET", "POST"])
@allow()
def given() -> Any:
    """What my organisation (or I) gave, and a form to give more; a script gets code, name and size as JSON."""
    if request.method == "POST" and _is_script():
        data = http.parse(GiveForm, CombinedMultiDict([request.form, request.files]))
        return jsonify(DocumentOut().dump(give(data))), 201
    return given_page()


def _given() -> dict[str, Any]:
    page = http.page(queries.given_by(current_actor()))
    # contracts are made by the market, never given
    return {"page": page, "purposes": PURPOSES, "givable": [one for one in Purpose if one is not Purpose.CONTRACT]}


@form(GiveForm, "documents/given.html", page=_given)
def given_page(data: dict[str, Any]) -> Any:
    """The same as a page: what was given leads on to `next`."""
    document = give(data)
    target = safe_path(data.get("next"))
    if target:
        path, _mark, query = target.partition("?")
        return redirect(f"{path}?{query}&document={document.code}" if query else f"{path}?document={document.code}")
    flash(_("%(name)s has arrived.", name=document.name))
    return redirect(url_for("documents.given"))


def give(data: dict[str, Any]) -> Document:
    """Take in the file of a checked form, counted for the person who sends it."""
    actor = current_actor()
    limits.count("upload", actor.person, *RATES)
    return operations.give(data["file"].stream, data["file"].filename or "", data["purpose"], by=actor)


@bp.route("/documents/<code>")
@public
def download(code: str) -> Response:
    """The bytes, as a download, for those who may have them."""
    return delivery.deliver(operations.read_document(code, by=maybe_actor()))


@bp.route("/documents/<code>/remove", methods=["POST"])
@allow()
def remove(code: str) -> Any:
    """Remove a file that belongs to nothing yet."""
    operations.remove(code, by=current_actor())
    if _is_script():
        return "", 204
    flash(_("The file was removed."))
    return redirect(safe_path(request.form.get("next")) or url_for("documents.given"))


def _is_script() -> bool:
    return (
        request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
        == "application/json"
    )
