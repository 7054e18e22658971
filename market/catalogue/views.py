"""Pages of the catalogue: price standards with calculator, matters, the whole catalogue, consultations, the operator's desk."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market import clock
from market.catalogue import calculator, operations, queries, reviewed, rules, schemas
from market.catalogue.models import Version
from market.catalogue.tariff_inputs import decimal_text
from market.db import db
from market.http import allow, current_actor, form, page, public
from market.kernel.actor import Role
from market.kernel.errors import Invalid, NotFound
from market.kernel.words import N_
from market.review import gate_rules
from market.review import queries as review_queries
from market.review.wording import SEVERITIES
from market.schemas import Day, Nothing

bp = Blueprint("catalogue", __name__)

#: how the arithmetic of a standard is named in the list
SHAPES = {"progressive": N_("progressive slices"), "interpolated": N_("interpolated between points")}
KINDS = {"market": N_("reference only"), "guided": N_("guided: must lie in the band"), "set": N_("set: one price")}
STATES = {
    "proposed": N_("proposed"),
    "consulted": N_("open for comments"),
    "in_force": N_("in force"),
    "superseded": N_("superseded"),
    "withdrawn": N_("withdrawn"),
}


def district_name(code: str) -> str:
    """The name of a district by its division code, in the reader's language; the code where it is unknown."""
    found = next((district for district in queries.districts() if district.code == code), None)
    return queries.name(found) if found else code


bp.record_once(lambda state: state.app.extensions.update(district_names=district_name))
bp.add_app_template_global(queries.name, "name_of")
bp.add_app_template_global(calculator.column_label, "column_label")
bp.add_app_template_filter(calculator.wan_text, "wan4")
bp.add_app_template_filter(decimal_text, "plain")


# For everybody ----------------------------------------------------------------------------------------------------------


@bp.route("/catalogue")
@public
def browse() -> Any:
    """The whole catalogue on one page: what search falls back on."""
    by_category: dict[str, list[queries.Item]] = {}
    for item in queries.items():
        by_category.setdefault(item.category, []).append(item)
    return render_template(
        "catalogue/browse.html", categories=queries.categories(), by_category=by_category, matters=queries.matters()
    )


@bp.route("/matters")
@public
def matters() -> Any:
    """All government matters."""
    return render_template("catalogue/matters.html", matters=queries.matters())


@bp.route("/matters/<slug>")
@public
def matter(slug: str) -> Any:
    """What a government matter needs, in order, and what the city already holds."""
    found = queries.matter(slug)
    if found is None:
        raise NotFound()
    needs = [
        (need, queries.item(need["item"])) for need in sorted(found.intermediary_items, key=lambda need: need["order"])
    ]
    return render_template("catalogue/matter.html", matter=found, needs=[(n, i) for n, i in needs if i is not None])


@bp.route("/standards")
@public
def standards() -> Any:
    """All price standards, and the items that have none."""
    rows = []
    used: dict[str, list[queries.Item]] = {}
    for item in queries.items():
        if held := queries.standard_for(item.slug):
            used.setdefault(held.slug, []).append(item)
    today = clock.today()
    for row, standard in queries.standards():
        shape = next(iter(standard.version_on(today).tables.values())).shape
        band = standard.version_on(today).band
        rows.append((row, standard, SHAPES[str(shape)], band, standard.kind_on(today).kind, used.get(row.slug, [])))
    without = [item for item in queries.items() if queries.standard_for(item.slug) is None]
    return render_template(
        "catalogue/standards.html", rows=rows, without=without, kinds=KINDS, proposals=_open_proposals("standard")
    )


@bp.route("/standards/<slug>")
@public
def standard(slug: str) -> Any:
    """One price standard: calculator, explanation, tables, history. What was typed is in the address, so it can be shared."""
    on, wrong_day = _day(request.args.get("on"))
    row, found = queries.standard(slug, on)
    if row.slug != slug:
        return redirect(url_for(".standard", slug=row.slug, **request.args.to_dict()))  # type: ignore[arg-type]
    given = {name: value for name, value in request.args.items() if name not in ("on", "lang", "mode")}
    try:
        calc = calculator.calculate(found, given, on, asked=bool(given))
    except Invalid as invalid:
        calc = calculator.calculate(found, given, clock.today(), asked=False)
        wrong_day = str(invalid)
    status = 422 if calc.errors else 200
    entry = queries.entry("standard", slug)
    version = found.version_on(calc.on)
    return (
        render_template(
            "catalogue/standard.html",
            row=row,
            standard=found,
            version=version,
            calc=calc,
            wrong_day=wrong_day,
            entry=entry,
            kinds=KINDS,
            states=STATES,
            kind=found.kind_on(calc.on),
            items=[i for i in queries.items() if (h := queries.standard_for(i.slug)) and h.slug == slug],
        ),
        status,
    )


@bp.route("/catalogue/proposals")
@public
def proposals() -> Any:
    """What is proposed and may be commented on."""
    return render_template("catalogue/proposals.html", found=page(queries.proposals()), states=STATES)


def _version_page(code: str) -> dict[str, Any]:
    version = queries.version(code)
    before = next((v for v in reversed(version.entry.versions) if v.number < version.number), None)
    changed = rules.changes(before.content if before else {}, version.content)
    open_for_comments = version.state == "consulted" and bool(
        version.consulted_until and clock.today() <= version.consulted_until
    )
    return {
        "version": version,
        "before": before,
        "changed": changed,
        "comments": queries.comments(version.id),
        "open_for_comments": open_for_comments,
        "states": STATES,
        "pretty": json.dumps(version.content, ensure_ascii=False, indent=1),
        "seen": review_queries.reading(reviewed.changed(version), reviewed.findings(version)),
        "severities": SEVERITIES,
        "reason_field": gate_rules.REASON,
        "least_reason": gate_rules.LEAST_REASON,
    }


@bp.route("/catalogue/versions/<code>")
@public
def version(code: str) -> Any:
    """One version of an item, matter or standard: what changed, why, and what was said about it."""
    return render_template("catalogue/version.html", form=None, **_version_page(code))


@bp.route("/catalogue/versions/<code>/comment", methods=["GET", "POST"])
@allow()
@form(schemas.CommentForm, "catalogue/comment.html", page=_version_page)
def comment(data: Mapping[str, Any], code: str) -> Any:
    """Comment on a proposal."""

    operations.comment(code, data["text"], by=current_actor())
    flash(_("Your comment is published."))
    return redirect(url_for(".version", code=code))


# For operators ----------------------------------------------------------------------------------------------------------


@bp.route("/desk/catalogue")
@allow(Role.OPERATOR)
def desk() -> Any:
    """Everything with versions, and what waits for a decision."""
    kind = request.args.get("kind", "item")
    if kind not in ("item", "matter", "standard"):
        kind = "item"
    return render_template(
        "catalogue/desk.html",
        found=page(queries.versions(kind), per=40),
        kind=kind,
        waiting=_open_proposals(),
        states=STATES,
    )


def _item_page(slug: str) -> dict[str, Any]:
    found = queries.item(slug)
    if found is None:
        raise NotFound()
    values = {**found.content, "aliases_zh": "，".join(found.aliases_zh), "valid_from": clock.today().isoformat()}
    return {"item": found, "categories": queries.categories(), "standards": queries.standards(), "values": values}


@bp.route("/desk/catalogue/item/<slug>/propose", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.ItemForm, "catalogue/propose_item.html", page=_item_page)
def propose_item(data: Mapping[str, Any], slug: str) -> Any:
    """Propose a change of a service item."""
    found = queries.item(slug)
    if found is None:
        raise NotFound()
    aliases = [word.strip() for word in data["aliases_zh"].replace(",", "，").split("，") if word.strip()]
    changed = {name: value for name, value in data.items() if name not in ("reason", "valid_from")}
    return _propose("item", slug, {**found.content, **changed, "aliases_zh": aliases}, data)


def _json_page(kind: str, slug: str) -> dict[str, Any]:
    if kind not in ("matter", "standard"):
        raise NotFound()
    entry = queries.entry(kind, slug)
    newest = entry.versions[-1]
    values = {
        "content": json.dumps(newest.content, ensure_ascii=False, indent=1),
        "valid_from": clock.today().isoformat(),
        "items": newest.items,
        "district": newest.district or "",
    }
    return {"kind": kind, "slug": slug, "items": queries.items(), "districts": queries.districts(), "values": values}


@bp.route("/desk/catalogue/<kind>/<slug>/propose", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.ProposalForm, "catalogue/propose_content.html", page=_json_page)
def propose(data: Mapping[str, Any], kind: str, slug: str) -> Any:
    """Propose a new version of a matter or a price standard."""
    try:
        content = json.loads(data["content"], parse_float=_no_float)
    except ValueError as error:
        raise Invalid.field("content", N_("This is not valid JSON: %(fault)s"), fault=str(error)) from None
    if not isinstance(content, dict):
        raise Invalid.field("content", N_("This must be one JSON object."))
    return _propose(kind, slug, content, data)


def _no_float(text: str) -> None:
    raise ValueError(f'"{text}"')


def _propose(kind: str, slug: str, content: dict[str, Any], data: Mapping[str, Any]) -> Any:
    version = operations.propose_version(
        kind, slug, content, reason=data["reason"], valid_from=data["valid_from"], by=current_actor(),
        items=data.get("items") or (), district=data.get("district"),
    )  # fmt: skip
    flash(_("The proposal is kept. Open it for comments when it is ready."))
    return redirect(url_for(".version", code=version.code))


@bp.route("/catalogue/versions/<code>/consult", methods=["POST"])
@allow(Role.OPERATOR)
@form(schemas.ConsultForm, "catalogue/version.html", page=_version_page)
def consult(data: Mapping[str, Any], code: str) -> Any:
    """Open a proposal for comments."""

    reasons = gate_rules.reasons_in(request.form)
    operations.consult(code, by=current_actor(), days=data["days"], reasons=reasons)
    flash(_("Open for comments."))
    return redirect(url_for(".version", code=code))


@bp.route("/catalogue/versions/<code>/put-in-force", methods=["POST"])
@allow(Role.OPERATOR)
@form(Nothing, "catalogue/version.html", page=_version_page)
def put_in_force(data: Mapping[str, Any], code: str) -> Any:
    """Put a consulted version in force."""

    operations.put_in_force(code, by=current_actor())
    flash(_("This version is in force from its day on."))
    return redirect(url_for(".version", code=code))


@bp.route("/catalogue/versions/<code>/withdraw", methods=["POST"])
@allow(Role.OPERATOR)
@form(schemas.ReasonForm, "catalogue/version.html", page=_version_page)
def withdraw(data: Mapping[str, Any], code: str) -> Any:
    """Give a proposal up."""

    operations.withdraw_version(code, reason=data["reason"], by=current_actor())
    flash(_("The proposal is withdrawn."))
    return redirect(url_for(".version", code=code))


def _calendar_page() -> dict[str, Any]:
    return {"days": queries.declared_days(), "calendar": queries.calendar()}


@bp.route("/desk/calendar", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.DayForm, "catalogue/calendar.html", page=_calendar_page)
def calendar(data: Mapping[str, Any]) -> Any:
    """Working days: declare a day off or working."""

    operations.declare_day(data["on"], is_working=data["is_working"], basis=data["basis"], by=current_actor())
    flash(_("The day is declared."))
    return redirect(url_for(".calendar"))


def _open_proposals(kind: str | None = None) -> list[Version]:

    return [v for v in db.session.scalars(queries.proposals()) if kind is None or v.entry.kind == kind]


def _day(text: str | None) -> tuple[Any, str]:
    if not text:
        return clock.today(), ""
    try:
        return Day().deserialize(text), ""
    except Exception:
        return clock.today(), _("Please give a date as 2026-03-31.")
