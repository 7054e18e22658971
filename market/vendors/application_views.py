"""Pages of a vendor's own people: the application step by step, the desk, licences and professionals, leaving."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import current_app, flash, g, redirect, request, url_for
from flask import render_template as render
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from market import clock, formats, http, i18n
from market.accounts import operations as accounts
from market.catalogue import queries as catalogue
from market.documents import operations as documents
from market.documents.models import Purpose
from market.http import allow, current_actor, form
from market.kernel import codes
from market.kernel.actor import Role
from market.kernel.calendar import last_day
from market.kernel.errors import Conflict, Invalid, NotFound, Refusal
from market.kernel.identifiers import mask_mobile, mask_resident_id
from market.kernel.names import safe_file_name
from market.vendors import licence_operations, operations, queries, rules, schemas
from market.vendors.access import ENTERED, WRITING
from market.vendors.blueprint import bp
from market.vendors.models import ChangeKind, LegalForm, Licence, Vendor
from market.vendors.states import ChangeState, LicenceState, VendorState
from market.vendors.wording import words_of

#: step -> endpoint and heading
STEPS = {
    "firm": ("vendors.firm", _l("The firm")),
    "contact": ("vendors.contact", _l("Representative and contact")),
    "licences": ("vendors.licences", _l("Licences")),
    "staff": ("vendors.staff", _l("Professionals")),
    "undertakings": ("vendors.undertakings", _l("Undertakings and hand in")),
}

# Begin ------------------------------------------------------------------------------------------------------------------


def _begin_page() -> dict[str, Any]:
    actor = current_actor()
    own = queries.vendor_of(actor.organisation) if actor.role is Role.VENDOR else None
    return {"own": own}


@bp.route("/vendors/apply", methods=["GET", "POST"])
@allow()
@form(schemas.BeginForm, "vendors/apply.html", page=_begin_page)
def begin(data: dict[str, Any]) -> Response:
    """Begin an application; the person acts for the new vendor from now on."""
    actor = current_actor()
    row, membership = operations.begin_application(data["name"], by=actor)
    accounts.choose_role(current_user.sign_in.code, membership.code, by=actor)
    return redirect(url_for(STEPS[step_name(row.step)][0]))


def step_name(number: int) -> str:
    """The step with this number, from 1."""
    return next(name for name, place in rules.STEPS.items() if place == number)


def own_vendor() -> Vendor:
    """The vendor that the acting person works for, or `NotFound`."""
    return queries.own_vendor(current_actor())


def _own_licence(code: str) -> Licence:
    found = queries.licence(codes.normalise(code))
    if found.vendor.id != own_vendor().id or found.state is LicenceState.REPLACED:
        raise NotFound()
    return found


# The application, step by step -------------------------------------------------------------------------------------------


def _step_page(step: str, **more: Any) -> dict[str, Any]:
    row = own_vendor()
    applying = row.state in WRITING
    names = list(STEPS)
    place = names.index(step)
    return {
        "vendor": row,
        "step": step,
        "applying": applying,
        "entered": row.state in ENTERED,
        "steps": [title for _, title in STEPS.values()],
        "number": place + 1,
        "before": STEPS[names[place - 1]][0] if applying and place else None,
        "next_title": STEPS[names[place + 1]][1] if applying and place + 1 < len(names) else None,
        "reasons": [one for one in row.reasons if _step_of(one["question"]) == step] if applying else [],
        "reach": queries.reach(row.id, clock.today()) if step in ("licences", "staff") else [],
        "open_change": _open_change(row, step),
        "words": words_of,
        "kept": g.get("kept", {}),
        "today": clock.today(),
        "limit": current_app.extensions["settings"].upload_limit,
        **more,
    }


def _step_of(question: str) -> str:
    kind, _dash, subject = question.partition("-")
    return rules.Question(rules.QuestionKind(kind), subject).step


def _open_change(row: Vendor, step: str) -> Any:
    kind = {"firm": ChangeKind.FIRM, "contact": ChangeKind.REPRESENTATIVE}.get(step)
    change = queries.last_change(row.id, kind) if kind and row.state in ENTERED else None
    return change if change and change.state in (ChangeState.OPEN, ChangeState.RETURNED) else None


def _go_on(row: Vendor, step: str, *, later: bool) -> Response:
    """To the next step, or to the desk when the person goes on later or is in the market already."""
    if row.state in ENTERED:
        flash(_("Saved. What needs a second look is with the operator."))
        return redirect(url_for("vendors.desk"))
    if later:
        flash(_("Saved. You can go on at any time, on any computer."))
        return redirect(url_for("vendors.desk"))
    return redirect(url_for(STEPS[list(STEPS)[list(STEPS).index(step) + 1]][0]))


def _firm_page() -> dict[str, Any]:
    row = own_vendor()
    pending = dict(queries.change_values(change)) if (change := _open_change(row, "firm")) else {}
    values = {
        "name": row.name,
        "legal_form": row.legal_form,
        "credit_code": row.credit_code,
        "as_printed": "1" if row.credit_code_as_printed else None,
        "address": row.address,
        "introduction": row.introduction,
        "languages": row.languages,
    } | pending
    doubted = bool(request.form.get("credit_code")) or row.credit_code_as_printed
    return _step_page("firm", values=values, legal_forms=list(LegalForm), languages=schemas.LANGUAGES, doubted=doubted)


@bp.route("/desk/vendor/firm", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.FirmForm, "vendors/firm.html", page=_firm_page)
def firm(data: dict[str, Any]) -> Response:
    """Step 1: the firm."""
    row, later = own_vendor(), data.pop("later")
    paper, refused = _file(data, "paper")
    if refused:
        raise Invalid.field("paper", refused["what"], remedy=refused["remedy"], **refused["params"])
    operations.save_firm(row.code, paper=paper, by=current_actor(), **data)
    return _go_on(row, "firm", later=later)


def _contact_page() -> dict[str, Any]:
    row = own_vendor()
    values = {
        "representative": row.representative,
        "contact_name": row.contact_name,
        "contact_phone": row.contact_phone,
    }
    if change := _open_change(row, "contact"):
        values |= queries.change_values(change)
    return _step_page("contact", values=values)


@bp.route("/desk/vendor/contact", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.ContactForm, "vendors/contact.html", page=_contact_page)
def contact(data: dict[str, Any]) -> Response:
    """Step 2: representative and contact."""
    row, later = own_vendor(), data.pop("later")
    operations.save_contact(row.code, by=current_actor(), **data)
    return _go_on(row, "contact", later=later)


def _licences_page() -> dict[str, Any]:
    row = own_vendor()
    return _step_page(
        "licences",
        licences=queries.licences_of(row.id),
        kinds=queries.kinds(),
        changes=_changes_by_subject(row),
        values={},
    )


def _changes_by_subject(row: Vendor) -> dict[str, Any]:
    return {change.subject: change for change in queries.open_changes(row.id) if change.subject}


@bp.route("/desk/vendor/licences", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.LicenceForm, "vendors/licences.html", page=_licences_page)
def licences(data: dict[str, Any]) -> Response:
    """Step 3: the licences given so far, and one more."""
    if schemas.LicenceForm.is_blank(data):
        return _leave_step("licences", data)
    onward, later = data.pop("onward"), data.pop("later")
    document, refused = _file(data, "file")
    given = licence_operations.give_licence(
        own_vendor().code, document=document, file_refused=refused, by=current_actor(), **data
    )
    if refused:
        flash(
            _("“%(kind)s” is saved, but its file was not taken; the reason stands beside it.", kind=given.kind), "error"
        )
    else:
        flash(_("“%(kind)s” is saved; the registry is being asked.", kind=given.kind))
        if onward or later:
            return _leave_step("licences", {"later": later})
    return redirect(url_for("vendors.licences", _anchor=given.code))


def _leave_step(step: str, data: Mapping[str, Any]) -> Response:
    row = operations.pass_step(own_vendor().code, step, by=current_actor())
    return _go_on(row, step, later=data["later"])


def _licence_page(code: str) -> dict[str, Any]:
    found = _own_licence(code)
    values = {name: getattr(found, name) for name in ("kind", "level", "number", "issuer", "valid_from", "valid_to")}
    return _step_page("licences", licence=found, kinds=queries.kinds(), values=values)


@bp.route("/desk/vendor/licences/<code>", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.LicenceForm, "vendors/licence.html", page=_licence_page)
def licence(code: str, data: dict[str, Any]) -> Response:
    """Correct a licence that does not count yet."""
    found = _own_licence(code)
    del data["onward"], data["later"]
    document, refused = _file(data, "file")
    licence_operations.correct_licence(found.code, document=document, file_refused=refused, by=current_actor(), **data)
    flash(_("“%(kind)s” is saved; the registry is being asked.", kind=data["kind"]))
    return redirect(url_for("vendors.licences", _anchor=found.code))


@bp.route("/desk/vendor/licences/<code>/remove", methods=["POST"])
@allow(Role.VENDOR)
def remove_licence(code: str) -> Response:
    """Take a licence out."""
    licence_operations.remove_licence(_own_licence(code).code, by=current_actor())
    flash(_("Taken out."))
    return redirect(url_for("vendors.licences"))


def _staff_page() -> dict[str, Any]:
    row = own_vendor()
    people = queries.practitioners_of(row.id)
    return _step_page(
        "staff",
        people=people,
        professions=queries.professions(),
        changes=_changes_by_subject(row),
        mask=mask_resident_id,
        values={},
    )


@bp.route("/desk/vendor/staff", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.PractitionerForm, "vendors/staff.html", page=_staff_page)
def staff(data: dict[str, Any]) -> Response:
    """Step 4: the professionals entered so far, and one more."""
    if schemas.PractitionerForm.is_blank(data):
        return _leave_step("staff", data)
    onward, later = data.pop("onward"), data.pop("later")
    other = data.pop("other_profession")
    data["profession"] = data["profession"] or other
    licence_operations.add_practitioner(own_vendor().code, by=current_actor(), **data)
    flash(_("Saved."))
    return _leave_step("staff", {"later": later}) if onward or later else redirect(url_for("vendors.staff"))


@bp.route("/desk/vendor/staff/<code>/leave", methods=["POST"])
@allow(Role.VENDOR)
def practitioner_leaves(code: str) -> Response:
    """A professional has left."""
    found = queries.practitioner(codes.normalise(code))
    if found.vendor_id != own_vendor().id:
        raise NotFound()
    licence_operations.let_practitioner_go(found.code, by=current_actor())
    flash(_("Noted that this person has left."))
    return redirect(url_for("vendors.staff"))


def _undertakings_page() -> dict[str, Any]:
    row = own_vendor()
    gaps: dict[str, list[rules.Gap]] = {}
    for gap in rules.gaps(queries.application(row), clock.today()):
        gaps.setdefault(gap.step, []).append(gap)
    values = {
        "given": list(row.undertakings),
        "no_ties": "1" if row.ties_declared_at and not row.ties else None,
    }
    return _step_page(
        "undertakings",
        values=values,
        undertakings=rules.UNDERTAKINGS,
        gaps=gaps,
        tell=i18n.tell_line,
        all_steps=STEPS,
        licences=queries.licences_of(row.id),
        people=queries.practitioners_of(row.id),
        phone=mask_mobile(row.contact_phone or ""),
    )


@bp.route("/desk/vendor/undertakings", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.UndertakingsForm, "vendors/undertakings.html", page=_undertakings_page)
def undertakings(data: dict[str, Any]) -> Response:
    """Step 5: undertakings, ties, the whole application once more, and handing it in."""
    row, actor = own_vendor(), current_actor()
    operations.save_undertakings(row.code, given=data["given"], no_ties=data["no_ties"], by=actor)
    if not data["hand_in"]:
        return _go_on(row, "undertakings", later=True)
    row = operations.hand_in(row.code, by=actor)
    flash(_("Handed in. You will have the answer by the end of %(day)s.", day=formats.date_cn(_due_on(row))))
    return redirect(url_for("vendors.desk"))


@bp.route("/desk/vendor/ties", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.TieForm, "vendors/tie.html", page=lambda: _step_page("undertakings", ties=rules.TIES))
def tie(data: dict[str, Any]) -> Response:
    """Declare a tie with a public body."""
    operations.declare_tie(own_vendor().code, by=current_actor(), **data)
    flash(_("Declared."))
    return redirect(url_for("vendors.undertakings", _anchor="ties"))


@bp.route("/desk/vendor/ties/<int:number>/remove", methods=["POST"])
@allow(Role.VENDOR)
def remove_tie(number: int) -> Response:
    """Take a declared tie back."""
    operations.drop_tie(own_vendor().code, number, by=current_actor())
    flash(_("Taken out."))
    return redirect(url_for("vendors.undertakings", _anchor="ties"))


# The vendor's desk ------------------------------------------------------------------------------------------------------


@bp.route("/desk/vendor")
@allow(Role.VENDOR)
def desk() -> Any:
    """What waits for the vendor, by deadline."""
    row = queries.vendor_of(current_actor().organisation)
    if row is None:
        return redirect(url_for("vendors.begin"))
    calendar, today = catalogue.calendar(), clock.today()
    ending = queries.ending_licences(row.id, today)
    return render(
        "vendors/desk.html",
        vendor=row,
        words=words_of,
        due_on=_due_on(row),
        days_left=lambda day: calendar.working_days_between(today, day).days,
        todo=_todo(row, ending, today),
        ending=ending,
        licences=queries.licences_of(row.id),
        people=queries.practitioners_of(row.id),
        changes=[(one, queries.change_subject(one) if one.subject else "") for one in queries.open_changes(row.id)],
        change_due=last_day,
        standing=queries.standing(row.id),
        next_step=STEPS[step_name(row.step)],
        writing=row.state in WRITING,
        entered=row.state in ENTERED,
        can_leave=row.state not in (VendorState.WITHDRAWN, VendorState.STRUCK_OFF),
    )


def _todo(row: Vendor, ending: list[Licence], today: date) -> list[dict[str, Any]]:
    """What the vendor has to do: title, where, why, and until which day (none: whenever it likes); the nearest first."""
    todo: list[dict[str, Any]] = []
    if row.state is VendorState.DRAFT:
        endpoint, title = STEPS[step_name(row.step)]
        todo.append({"title": _("Go on with your application: %(step)s", step=title), "url": url_for(endpoint)})
    for reason in row.reasons if row.state is VendorState.RETURNED else ():
        endpoint, title = STEPS[_step_of(reason["question"])]
        todo.append(
            {"title": _("Correct: %(step)s", step=title), "url": url_for(endpoint), "text": words_of.reason(reason)}
        )
    for one in queries.licences_of(row.id):
        if one.state is LicenceState.REFUSED and row.state in ENTERED:
            title = _("“%(kind)s” does not count", kind=one.kind)
            url = url_for("vendors.licences", _anchor=one.code)
            todo.append({"title": title, "url": url, "text": words_of.reason(one.reason)})
    for one in ending:
        if one.state is LicenceState.LAPSED:
            title, text = (
                _("“%(kind)s” has ended", kind=one.kind),
                _("Offers that need it are suspended until a renewed one counts."),
            )
        else:
            title, text = _("Renew “%(kind)s”", kind=one.kind), _("It is valid through this day.")
        todo.append(
            {"title": title, "url": url_for("vendors.licences", _anchor=one.code), "text": text, "on": one.valid_to}
        )
    if row.appeal_until and row.appeal_until >= today:
        url = url_for("vendors.history")
        todo.append(
            {"title": _("An appeal is possible"), "url": url, "text": row.standing_reason, "on": row.appeal_until}
        )
    return sorted(todo, key=lambda entry: entry.get("on") or date.min)


@bp.route("/desk/vendor/history")
@allow(Role.VENDOR)
def history() -> str:
    """Everything that happened to the vendor, as it stands in the record."""
    row = own_vendor()
    page = http.page(queries.history_of(row.code), per=30)
    return render("vendors/history.html", vendor=row, page=page, words=words_of)


@bp.route("/desk/vendor/leave", methods=["GET", "POST"])
@allow(Role.VENDOR)
@form(schemas.LeaveForm, "vendors/leave.html", page=lambda: {"vendor": own_vendor()})
def leave(data: dict[str, Any]) -> Response:
    """Leave the market, or take the application back."""
    operations.withdraw_vendor(own_vendor().code, by=current_actor())
    flash(_("Done. You can apply again at any time; everything you typed is kept."))
    return redirect(url_for("vendors.desk"))


@bp.route("/desk/vendor/reapply", methods=["POST"])
@allow(Role.VENDOR)
def reapply() -> Response:
    """Begin again after having left."""
    operations.reapply(own_vendor().code, by=current_actor())
    return redirect(url_for("vendors.firm"))


# ------------------------------------------------------------------------------------------------------------------------


def _due_on(row: Vendor) -> date | None:
    return last_day(row.check_due_at) if row.check_due_at else None


def _file(data: dict[str, Any], name: str) -> tuple[str | None, Mapping[str, Any] | None]:
    """The code of the file in a form's field, kept at once so that a refused form does not lose it; or why it was not taken.

    A file that was kept by an earlier try comes back as the hidden field NAME_code.
    """
    upload, code = data.pop(name, None), data.pop(f"{name}_code", None)
    g.kept = {name: code} if code else {}
    if upload is None:
        return code, None
    try:
        document = documents.give(upload.stream, upload.filename or "", Purpose.LICENCE, by=current_actor())
    except (Invalid, Conflict) as refusal:
        return None, _refused(upload.filename or "", refusal)
    g.kept = {name: document.code}
    return document.code, None


def _refused(filename: str, refusal: Refusal) -> dict[str, Any]:
    said: Any = refusal
    if isinstance(refusal, Invalid) and refusal.fields:
        said = next(iter(refusal.fields.values()))[0]
    what, remedy, params = (said.what, said.remedy, said.params) if isinstance(said, Refusal) else (str(said), "", {})
    plain = {key: value if isinstance(value, int | str) else str(value) for key, value in params.items()}
    return {"name": safe_file_name(filename), "what": what, "remedy": remedy, "params": plain}
