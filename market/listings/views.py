"""Pages of listings: the offer as the public sees it, and the vendor's desk."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock
from market.catalogue import queries as catalogue
from market.db import db
from market.documents import operations as documents
from market.documents import queries as document_queries
from market.documents.models import Purpose
from market.http import allow, current_actor, form, page, public
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound, RuleBroken
from market.kernel.words import N_
from market.listings import importing, operations, queries, reviewed, rules, schemas
from market.listings.comparison import Figures
from market.listings.pricing import WHY_WORDS, Position, PriceModel
from market.record.queries import history_of
from market.review import gate_rules, notice_queries
from market.review import queries as review_queries
from market.review.gate_rules import Kind
from market.review.wording import SEVERITIES
from market.schemas import Nothing
from market.vendors import queries as vendors

bp = Blueprint("listings", __name__)

STATES = {
    "draft": N_("draft"),
    "published": N_("offered"),
    "paused": N_("paused"),
    "suspended": N_("suspended"),
    "withdrawn": N_("withdrawn"),
    "expired": N_("expired"),
}
CAUSES = {
    "vendor": N_("The vendor is suspended."),
    "licence": N_("A licence that the law demands is not valid: %(detail)s."),
    "standard": N_("The price does not fit the standard in force: %(detail)s."),
    "objection": N_("The regulator objects to a clause in its texts: change it and publish again."),
}
PLACES = {
    Position.BELOW: N_("below the standard"),
    Position.WITHIN: N_("within the standard"),
    Position.ABOVE: N_("above the standard"),
    Position.NONE: N_("no standard to compare with"),
}
MODELS = {
    PriceModel.FIXED: N_("Fixed price"),
    PriceModel.PER_UNIT: N_("Per unit"),
    PriceModel.SHARE: N_("Share of the standard"),
    PriceModel.QUOTATION: N_("On quotation, up to a maximum"),
}
EVENTS = {
    "ListingDrafted": N_("begun"),
    "ListingEdited": N_("changed"),
    "ListingPublished": N_("published"),
    "ListingPaused": N_("paused"),
    "ListingResumed": N_("offered again"),
    "ListingSuspended": N_("suspended"),
    "ListingRestored": N_("restored"),
    "ListingWithdrawn": N_("withdrawn"),
    "ListingExpired": N_("expired"),
    "ListingStandardChanged": N_("held to a new standard"),
}


@bp.app_template_filter("district_name")
def district_name(code: str, districts: Mapping[str, Any]) -> str:
    """The name of a district by its division code, in the reader's language; the code where it is not known any more."""
    return catalogue.name(districts[code]) if code in districts else code


@bp.app_template_global("offers_of")
def offers_of(vendor_id: int) -> list[tuple[Any, Any]]:
    """What a vendor offers now with its last publications, at most 100, for its public page."""
    rows = list(db.session.scalars(queries.public_offers_of(vendor_id).limit(100)))
    last = queries.publications_of([row.code for row in rows])
    return [(row, last[row.code]) for row in rows]


@bp.app_template_global("item_name")
def item_name(slug: str) -> str:
    """The name of a service item in the reader's language; its code where it is no longer in the catalogue."""
    item = catalogue.item(slug)
    return catalogue.name(item) if item else slug


MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


# For everybody ----------------------------------------------------------------------------------------------------------


@bp.route("/offers/<code>")
@public
def offer(code: str) -> Any:
    """One offer as published last: price against its standard, what is delivered, who does it. Says when it is over."""
    row = queries.published(code)
    publication = queries.publication(row)
    item = catalogue.item(row.item)
    standing = queries.standing_figures([row.vendor_id]).get(row.vendor_id, Figures())
    held = queries.held_for(row.item)
    return render_template(
        "listings/offer.html",
        row=row,
        content=publication.content,
        publication=publication,
        item=item,
        offered=queries.is_offered(row),
        standing=standing,
        held=held,
        reference=held.reference if held else None,
        price=operations.pricing.quote(
            queries.price_of(publication.content),
            queries.typical_quantity(held.standard if held else None),
            held.reference if held else None,
        ),
        why_words=WHY_WORDS,
        places=PLACES,
        models=MODELS,
        states=STATES,
        districts={d.code: d for d in catalogue.districts()},
        files=document_queries.documents_with(publication.content["attachments"]),
    )


# The vendor's desk ------------------------------------------------------------------------------------------------------


@bp.route("/desk/offers")
@allow(Role.VENDOR)
def mine() -> Any:
    """The vendor's own offers."""
    vendor = vendors.own_vendor(current_actor())
    found = page(queries.of_vendor(vendor.id), per=50)
    return render_template(
        "listings/mine.html",
        vendor=vendor,
        found=found,
        publications=queries.publications_of([row.code for row in found.items]),
        items={item.slug: item for item in catalogue.items()},
        states=STATES,
        places=PLACES,
    )


def _begin_page() -> dict[str, Any]:
    vendors.own_vendor(current_actor())
    by_category: dict[str, list[catalogue.Item]] = {}
    for item in catalogue.items():
        by_category.setdefault(item.category, []).append(item)
    values = {"item": request.args.get("item", "")}
    return {"categories": catalogue.categories(), "by_category": by_category, "values": values}


@bp.route("/desk/offers/new", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.BeginForm, "listings/begin.html", page=_begin_page)
def begin(data: Mapping[str, Any]) -> Any:
    """Choose the service item of a new offer."""
    item = catalogue.item(data["item"])
    if item is None:
        raise Invalid.field("item", N_("There is no such service."))
    row = operations.draft_listing(
        vendors.own_vendor(current_actor()).code, item.slug, {"title": item.name_zh}, by=current_actor()
    )
    return redirect(url_for(".edit", code=row.code))


def _edit_page(code: str) -> dict[str, Any]:
    row = queries.own_listing(code, current_actor().organisation)
    held = queries.held_for(row.item)
    return {
        "row": row,
        "item": catalogue.item(row.item),
        "held": held,
        "reference": held.reference if held else None,
        "districts": catalogue.districts(),
        "people": vendors.practitioners_of(row.vendor_id),
        "lacks": queries.lacks(row, clock.today()),
        "files": document_queries.documents_with(row.attachments),
        "history": page(history_of(row.code), per=20, number=1).items,
        "events": EVENTS,
        "states": STATES,
        "causes": CAUSES,
        "models": MODELS,
        "explanation": operations.pricing.EXPLANATION,
        "most_files": rules.MOST_ATTACHMENTS,
        "values": schemas.values_of(row),
        "seen": review_queries.reading(reviewed.changed(row), reviewed.findings(row)),
        "kept_reasons": notice_queries.reasons_before(Kind.LISTING, row.code),
        "severities": SEVERITIES,
        "reason_field": gate_rules.REASON,
        "least_reason": gate_rules.LEAST_REASON,
    }


@bp.route("/desk/offers/<code>", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.ListingForm, "listings/edit.html", page=_edit_page)
def edit(data: Mapping[str, Any], code: str) -> Any:
    """Write an offer; keep it as a draft, or publish it. What was typed is kept even when publishing is refused."""
    actor = current_actor()
    queries.own_listing(code, actor.organisation)
    fields = schemas.fields_of(data)
    if data["attachment"] is not None:
        if len(fields["attachments"]) >= rules.MOST_ATTACHMENTS:
            raise Invalid.field("attachment", N_("At most %(most)s files."), most=rules.MOST_ATTACHMENTS)
        given = documents.give(
            data["attachment"].stream, data["attachment"].filename, Purpose.LISTING, by=actor, field="attachment"
        )
        fields["attachments"] = [*fields["attachments"], given.code]
    row = operations.edit_listing(code, fields, by=actor)
    if (key := request.form.get("take")) is not None:
        operations.edit_listing(code, reviewed.with_wording(row, key), by=actor)
        return redirect(url_for(".edit", code=code, _anchor="found"))
    if "publish" not in request.form:
        flash(_("Kept. The public sees it after publication."))
        return redirect(url_for(".edit", code=code))
    operations.publish_listing(code, reasons=gate_rules.reasons_in(request.form), by=actor)
    flash(_("Published. It can be found within two seconds."))
    return redirect(url_for(".offer", code=code))


@bp.route("/desk/offers/<code>/<verb>", methods=["POST"])
@allow(Role.VENDOR)
@form(Nothing, "listings/edit.html", page=lambda code, verb: _edit_page(code))
def act(data: Mapping[str, Any], code: str, verb: str) -> Any:
    """Pause an offer, offer it again, or take it back."""
    acts = {
        "pause": (operations.pause_listing, _("Paused: no orders are taken on it.")),
        "resume": (operations.resume_listing, _("Offered again.")),
        "withdraw": (operations.withdraw_listing, _("Taken back.")),
    }
    if verb not in acts:
        raise NotFound()
    operation, words = acts[verb]
    operation(code, by=current_actor())
    flash(words)
    return redirect(url_for(".edit", code=code))


# In bulk ----------------------------------------------------------------------------------------------------------------


@bp.route("/desk/offers/export.<kind>")
@allow(Role.VENDOR)
def export(kind: str) -> Any:
    """All offers of the vendor as a file."""
    return _file(importing.rows_of(vendors.own_vendor(current_actor()).id), kind, "offers")


@bp.route("/desk/offers/template.<kind>")
@allow(Role.VENDOR)
def template(kind: str) -> Any:
    """The empty table with one invented row."""
    return _file(importing.example(), kind, "offers-template")


def _file(rows: list[dict[str, Any]], kind: str, name: str) -> Response:
    if kind not in MEDIA:
        raise NotFound()
    response = Response(importing.as_file(rows, kind), content_type=MEDIA[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


class ImportRefused(RuleBroken):
    """Rows were refused; `faults` names them."""

    code = "import_refused"


def _import_page() -> dict[str, Any]:
    vendors.own_vendor(current_actor())
    return {"most_rows": importing.MOST_ROWS, "faults": request.environ.get("market.import_faults", ())}


@bp.route("/desk/offers/import", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.ImportForm, "listings/import.html", page=_import_page)
def import_(data: Mapping[str, Any]) -> Any:
    """Read offers from a file into drafts."""
    outcome = importing.import_listings(data["file"].read(), good_rows_only=data["good_rows_only"], by=current_actor())
    if outcome.faults and not (outcome.made or outcome.changed):
        request.environ["market.import_faults"] = outcome.faults
        raise ImportRefused(
            N_("%(rows)s rows are refused, so nothing was imported."),
            remedy=N_("Mend them, or tick that the good rows count alone."),
            rows=len({fault.row for fault in outcome.faults}),
        )
    flash(
        _(
            "%(made)s made, %(changed)s changed, %(refused)s refused.",
            made=len(outcome.made),
            changed=len(outcome.changed),
            refused=len({fault.row for fault in outcome.faults}),
        )
    )
    if outcome.faults:
        request.environ["market.import_faults"] = outcome.faults
        return render_template("listings/import.html", form=None, **_import_page())
    return redirect(url_for(".mine"))
