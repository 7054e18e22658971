"""The page on which anybody has a clause or a notice looked at; nothing is kept."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from market.http import FormState, form, public
from market.limits import limited
from market.review import gate_rules, notice_views, queries, schemas
from market.review.blueprint import bp
from market.review.rules import Context, Fund
from market.review.wording import FUNDS, SEVERITIES

__all__ = ["bp", "notice_views"]


def _page() -> dict[str, Any]:
    return {"funds": [(key, _(words)) for key, words in FUNDS.items()], "severities": SEVERITIES, "result": None}


@bp.route("/review", methods=["GET", "POST"])
@public
@form(schemas.ReviewForm, "review/review.html", page=_page)
@limited("review", "120/minute", "2000/hour")
def page(data: dict[str, Any]) -> Any:
    """Show the findings under the text; with `take`, put a finding's neutral wording in its place and look again."""
    text = data["text"]
    context = Context(fund=Fund(data["fund"]) if data["fund"] else None, compulsory=data["compulsory"])
    found = queries.findings({"text": text}, context)
    taken = data["take"]
    if 0 < taken <= len(found):
        one = found[taken - 1]
        text = gate_rules.take({"text": text}, one, queries.wording(queries.rule(one.rule)))["text"]
        found = queries.findings({"text": text}, context)
    typed = MultiDict(request.form)
    typed["text"] = text
    result = {
        "findings": queries.public_form(found),
        "pieces": queries.pieces(text, found),
        "worst": queries.worst(found),
    }
    return render_template("review/review.html", form=FormState(typed), **(_page() | {"result": result}))


@bp.route("/review/rules")
@public
def rules() -> Any:
    """All rules: what each forbids, on what it rests, what it spares, how to write instead."""
    families: dict[str, list[Any]] = {}
    for rule in queries.rules():
        families.setdefault(rule.family, []).append(rule)
    return render_template("review/rules.html", families=families, severities=SEVERITIES)


bp.add_app_template_global(queries.name, "rule_name")
bp.add_app_template_global(queries.plain, "rule_plain")
bp.add_app_template_global(queries.basis_in_words, "rule_basis")
