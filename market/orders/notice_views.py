"""The review of a draft's need while it is written: findings as one types, neutral wording taken over by a click, reasons."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from market.http import allow, current_actor
from market.limits import limited
from market.orders import notice_operations, notices, queries, rules
from market.orders.blueprint import bp
from market.orders.models import Order
from market.orders.states import OrderState
from market.review import gate_rules
from market.review import queries as review_queries
from market.review.wording import SEVERITIES


def reading(row: Order, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What pages of a draft show of its need: the marked texts and findings, and whether anybody may read it (`public`).

    `typed`: the form's fields, where they say more than what is saved.
    """
    texts = _typed(row, typed or {})
    found = notices.findings(row, texts)
    return {
        "seen": review_queries.reading(texts, found),
        "severities": SEVERITIES,
        "public": notices.is_published(row),
        "least_reason": gate_rules.LEAST_REASON,
        "reason_field": gate_rules.REASON,
    }


def _typed(row: Order, typed: Mapping[str, Any]) -> dict[str, str]:
    texts = notices.texts_of(row)
    for name, column in notices.FIELDS.items():
        if column in typed:
            text = str(typed[column]).replace("\r\n", "\n").strip()
            texts[name] = text[: rules.LONGEST[column]]
    return texts


@bp.route("/orders/<code>/wording", methods=["POST"])
@allow()
@limited("review", "120/minute", "2000/hour")
def check_wording(code: str) -> Any:
    """The findings in what is being typed, as the part of the page that shows them. Keeps nothing."""
    row = queries.own_order(code, current_actor())
    return render_template("orders/wording.html", row=row, **reading(row, request.form))


def take_wording(row: Order, key: str) -> Any:
    """Put the neutral wording of the finding `key` in its place and show the step again; says so when the text has changed."""
    texts = notices.texts_of(row)
    found = {review_queries.key(one): one for one in notices.findings(row, texts)}
    number = int(request.view_args["number"]) if request.view_args else 2
    if (one := found.get(key)) is None:
        flash(_("The text has changed meanwhile: look at the findings again."), "error")
    else:
        wording = review_queries.wording(review_queries.rule(one.rule))
        notice_operations.save_wording(row.code, gate_rules.take(texts, one, wording), by=current_actor())
        flash(_("Taken over. Fill in its blanks, where it has any."))
    return redirect(url_for(".step", code=row.code, number=number, _anchor="found"))


def keep_reasons(row: Order) -> None:
    """Keep the reasons that were typed for clauses that stay."""
    given = {
        name.removeprefix(gate_rules.REASON): text.strip()
        for name, text in request.form.items()
        if name.startswith(gate_rules.REASON)
    }
    # an emptied field takes the reason back
    if row.state is OrderState.DRAFT and given:
        notice_operations.save_wording(row.code, reasons=given, by=current_actor())
