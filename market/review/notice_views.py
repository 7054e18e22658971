"""Pages of published notices: the list and one notice with its findings and reasons, the regulator's list of reasons, the public
count of findings by rule and month with its files."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import ceil
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.http import Page, allow, current_actor, form, page, page_number, public
from market.kernel.actor import Role
from market.kernel.errors import NotFound
from market.review import gate_rules, notice_queries, operations, queries, schemas
from market.review.blueprint import bp
from market.review.models import Notice
from market.review.rules import Severity
from market.review.states import NoticeState
from market.review.wording import FIELDS, FUNDS, KINDS, SEVERITIES, STATES

#: rows of the public count on one page
PER_PAGE = 30
COLUMNS = ("month", "rule", "name", "drafts", "justified", "warned", "objected")

bp.add_app_template_global(lambda name: _(FIELDS[name]) if name in FIELDS else name, "notice_field")
bp.add_app_template_global(lambda state: _(STATES[NoticeState(state)]), "notice_state")
bp.add_app_template_global(lambda kind: _(KINDS[kind]), "notice_kind")


def _asked(name: str, known: Sequence[str]) -> str:
    """A choice of the address, empty when it is none."""
    given = request.args.get(name, "")
    return given if given in known else ""


def _choices() -> dict[str, Any]:
    rules = {one.id: queries.name(one) for one in queries.rules()}
    months = notice_queries.months()
    return {
        "rules": rules,
        "months": months,
        "rule": _asked("rule", list(rules)),
        "month": _asked("month", months),
    }


# Notices ----------------------------------------------------------------------------------------------------------------


@bp.route("/review/notices")
@public
def notices() -> Any:
    """What was published, the newest first, by rule, month and state."""
    chosen = _choices()
    state = _asked("state", [str(one) for one in NoticeState])
    found = page(notice_queries.published(chosen["rule"], chosen["month"], state))
    return render_template("review/notices.html", found=found, state=state, states=STATES, **chosen)


def _notice(code: str) -> dict[str, Any]:
    one = notice_queries.notice(code)
    return {
        "notice": one,
        "seen": notice_queries.shown(one),
        "others": [other for other in notice_queries.notices_of(one.kind, one.subject) if other.id != one.id],
        "funds": FUNDS,
        "severities": SEVERITIES,
    }


@bp.route("/review/notices/<code>")
@public
def notice(code: str) -> Any:
    """One notice: its texts with the clauses found, the reasons, what the regulator said, its earlier and later texts."""
    return render_template("review/notice.html", **_notice(code))


# The regulator ----------------------------------------------------------------------------------------------------------


@bp.route("/desk/reasons")
@allow(Role.REGULATOR)
def reasons() -> Any:
    """Notices whose reasons wait for the regulator, by deadline; those that his objection stops; what he answered lately."""
    district = current_actor().district
    stopped = page(notice_queries.for_regulator(district, NoticeState.OBJECTED), per=100, number=1)
    return render_template(
        "review/reasons.html",
        found=page(notice_queries.for_regulator(district, NoticeState.OPEN)),
        stopped=stopped,
    )


def _reason_page(code: str) -> dict[str, Any]:
    one, actor = notice_queries.notice(code), current_actor()
    if actor.district not in (None, one.district):
        raise NotFound()
    kept = [clause for clause in one.clauses if clause.severity == Severity.JUSTIFY]
    return _notice(code) | {
        "kept": list(dict.fromkeys(clause.rule for clause in kept)),
        "names": {one.id: queries.name(one) for one in queries.rules()},
        "least": gate_rules.LEAST_WORDS,
    }


@bp.route("/desk/reasons/<code>", methods=["GET", "POST"])
@allow(Role.REGULATOR)
@form(schemas.AnswerForm, "review/reason.html", page=_reason_page)
def reason(data: Mapping[str, Any], code: str) -> Any:
    """Object, let stand, or withdraw an objection."""
    actor = current_actor()
    if data["decision"] == "object":
        operations.object_to_notice(code, rules=data["rules"], words=data["words"], by=actor)
        flash(_("Objected. What the notice is for stands still; its publisher was told."))
    elif data["decision"] == "let_stand":
        operations.let_stand(code, by=actor)
        flash(_("It stands. Its publisher was told."))
    else:
        operations.withdraw_objection(code, words=data["words"], by=actor)
        flash(_("Withdrawn. What the notice is for goes on; its publisher was told."))
    return redirect(url_for(".reason", code=code))


# The public count -------------------------------------------------------------------------------------------------------


@bp.route("/review/findings")
@public
def findings() -> Any:
    """How often each rule was found in each month."""
    chosen = _choices()
    rows = notice_queries.counted(chosen["rule"], chosen["month"])
    pages = max(1, ceil(len(rows) / PER_PAGE))
    number = min(max(1, page_number()), pages)
    shown = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
    return render_template("review/findings.html", found=Page(shown, number, pages, len(rows)), **chosen)


def _rows() -> list[dict[str, Any]]:
    chosen = _choices()
    return [
        {**asdict(row), "name": queries.name(queries.rule(row.rule))}
        for row in notice_queries.counted(chosen["rule"], chosen["month"])
    ]


@bp.route("/review/findings.csv")
@public
def findings_csv() -> Response:
    """The count as a table for programs: UTF-8 with its mark, so that office programs read the Chinese."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS)
    table.writeheader()
    table.writerows(_rows())
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=fair-competition-findings.csv"
    return answer


@bp.route("/review/findings.json")
@public
def findings_json() -> Response:
    """The count for programs."""
    return jsonify({"findings": [{name: row[name] for name in COLUMNS} for row in _rows()]})


def notice_of(kind: gate_rules.Kind, subject: str) -> Notice | None:
    """The text that counts for a subject, else its last one; for pages of other things that link to it."""
    found = notice_queries.notices_of(kind, subject)
    return notice_queries.current(kind, subject) or (found[-1] if found else None)


bp.add_app_template_global(notice_of, "review_notice_of")
