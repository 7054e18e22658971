"""The operator's pages: reported ratings, appeals, call-backs, proposed deductions; each with its clock, nothing waits unseen."""

from functools import partial
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from market import clock
from market.catalogue import queries as catalogue
from market.http import allow, current_actor, form
from market.kernel import codes
from market.kernel.actor import Role
from market.orders import queries as orders
from market.ratings import credit_operations, credit_queries, operations, public_facts, review_queries, rules, schemas
from market.ratings.blueprint import bp
from market.vendors import queries as vendors

_code = codes.normalise


@bp.route("/desk/ratings")
@allow(Role.OPERATOR)
def queue() -> str:
    """Everything about ratings and credit that waits for an operator, by deadline."""
    return render_template("ratings/queue.html", **_queue())


def _queue() -> dict[str, Any]:
    reviews, calls = review_queries.open_reviews(), review_queries.open_call_backs()
    proposals, appeals = credit_queries.open_proposals(), credit_queries.open_deduction_appeals()
    due = [one.appeal_due_at or one.due_at for one in reviews]
    due += [one.due_at for one in calls] + [one.due_at for one in proposals]
    due += [one.appeal_due_at for one in appeals if one.appeal_due_at]
    now = clock.now()
    done, whole = review_queries.call_backs_in_time()
    return {
        "reviews": reviews,
        "calls": calls,
        "proposals": proposals,
        "appeals": appeals,
        "waiting": len(due),
        "overdue": sum(one <= now for one in due),
        "in_time": (done, whole),
        "rates": review_queries.report_rates(),
        "names": credit_queries.ground_names(),
        "last_day": orders.last_day,
        "days": partial(orders.working_days_left, calendar=catalogue.calendar()),
        "me": current_actor().person,
    }


def _review_page(code: str) -> dict[str, Any]:
    review = review_queries.review(_code(code))
    row = review.rating
    appealed = review.state == "appealed"
    return {
        "review": review,
        "row": row,
        "facts": public_facts.ratings([row], row.vendor)[0],
        "appealed": appealed,
        "open": review.state in ("open", "appealed"),
        "others": appealed and review.decided_by == current_actor().person,
        "rate": next(iter(review_queries.report_rates(row.vendor_id)), None),
        "causes": {name: _(words) for name, words in rules.REPORT_CAUSES.items()},
        "links": {name: _(words) for name, words in rules.LINKS.items()},
        "last_day": orders.last_day,
        "days": orders.working_days_left,
        "least": rules.LEAST_REASONS,
    }


@bp.route("/desk/ratings/reviews/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.DecisionForm, "ratings/review.html", page=_review_page)
def review(code: str, data: dict[str, Any]) -> Response:
    """Decide a reported rating, or the appeal against such a decision."""
    found, yes, actor = review_queries.review(_code(code)), data["decision"] == "yes", current_actor()
    if found.state == "appealed":
        operations.decide_appeal(found.code, upheld=yes, reasons=data["reasons"], by=actor)
    else:
        operations.decide_review(found.code, removed=yes, reasons=data["reasons"], by=actor)
    flash(_("Decided; author and vendor are told, and every figure follows."))
    return redirect(url_for("ratings.queue"))


def _call_page(code: str) -> dict[str, Any]:
    call = review_queries.call_back(_code(code))
    return {
        "call": call,
        "row": call.rating,
        "facts": public_facts.ratings([call.rating], call.rating.vendor)[0],
        "outcomes": [(name, _(words)) for name, words in rules.CALL_BACK_OUTCOMES.items()],
        "last_day": orders.last_day,
        "days": orders.working_days_left,
        "least": rules.LEAST_REASONS,
    }


@bp.route("/desk/ratings/call-backs/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.CallBackForm, "ratings/call.html", page=_call_page)
def call(code: str, data: dict[str, Any]) -> Response:
    """Say what came of calling the author of a bad rating."""
    operations.finish_call_back(_code(code), outcome=data["outcome"], words=data["words"], by=current_actor())
    flash(_("Kept: the call-back is done."))
    return redirect(url_for("ratings.queue"))


def _proposal_page(code: str) -> dict[str, Any]:
    found = credit_queries.proposal(_code(code))
    return {
        "proposal": found,
        "vendor": found.vendor,
        "ground": credit_queries.ground_names()[found.ground],
        "last_day": orders.last_day,
        "days": orders.working_days_left,
        "least": rules.LEAST_REASONS,
    }


@bp.route("/desk/credit/proposals/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.DecisionForm, "ratings/proposal.html", page=_proposal_page)
def proposal(code: str, data: dict[str, Any]) -> Response:
    """Make a proposed deduction, or drop it."""
    make = data["decision"] == "yes"
    credit_operations.decide_proposal(_code(code), make=make, reasons=data["reasons"], by=current_actor())
    flash(_("Deducted; the vendor is told and can appeal.") if make else _("Dropped; nothing is deducted."))
    return redirect(url_for("ratings.queue"))


def _deduct_page(code: str) -> dict[str, Any]:
    vendor = vendors.vendor(_code(code))
    return {
        "vendor": vendor,
        "grounds": credit_queries.grounds(),
        "today": clock.today(),
        "least": rules.LEAST_REASONS,
        "values": {"decided_on": clock.today().isoformat()},
    }


@bp.route("/desk/vendors/<code>/deduct", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.DeductForm, "ratings/deduct.html", page=_deduct_page)
def deduct(code: str, data: dict[str, Any]) -> Response:
    """Deduct credit for a decision, by a row of the published table."""
    credit_operations.deduct(
        _code(code),
        data["ground"],
        data["decision"],
        reasons=data["reasons"],
        decided_on=data["decided_on"],
        by=current_actor(),
    )
    flash(_("Deducted; the vendor is told and can appeal."))
    return redirect(url_for("ratings.vendor_credit", code=_code(code)))


def _appeal_page(code: str) -> dict[str, Any]:
    found = credit_queries.deduction(_code(code))
    return {
        "row": found,
        "vendor": found.vendor,
        "ground": credit_queries.ground_names()[found.ground],
        "open": found.state == "appealed",
        "others": found.made_by == current_actor().person,
        "last_day": orders.last_day,
        "days": orders.working_days_left,
        "least": rules.LEAST_REASONS,
    }


@bp.route("/desk/credit/appeals/<code>", methods=["GET", "POST"])
@allow(Role.OPERATOR)
@form(schemas.DecisionForm, "ratings/deduction_appeal.html", page=_appeal_page)
def deduction_appeal(code: str, data: dict[str, Any]) -> Response:
    """Decide a vendor's appeal against a deduction."""
    credit_operations.decide_deduction(
        _code(code), upheld=data["decision"] == "yes", reasons=data["reasons"], by=current_actor()
    )
    flash(_("Decided; the vendor is told."))
    return redirect(url_for("ratings.queue"))
