"""Pages of ratings and credit: rating an order, what the public sees of a vendor, how it is counted. Operators: desk_views.py."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from market import clock, http
from market.catalogue import queries as catalogue
from market.http import allow, current_actor, form, maybe_actor, public
from market.kernel import codes
from market.kernel.actor import Role
from market.kernel.errors import NotFound
from market.orders import queries as orders
from market.orders.states import Party
from market.ratings import (
    credit,
    credit_operations,
    credit_queries,
    desk_views,
    operations,
    public_facts,
    queries,
    review_queries,
    rules,
    schemas,
    score_queries,
    scoring,
    tie_queries,
)
from market.ratings.blueprint import bp
from market.ratings.models import Rating
from market.ratings.states import COUNTED, RatingState
from market.schemas import Nothing
from market.vendors import queries as vendors
from market.vendors.access import owns

__all__ = ["bp", "desk_views"]

_code = codes.normalise
TERMS_A_PAGE = 200


@bp.app_template_global("rating_dimensions")
def rating_dimensions(party: str = "buyer") -> dict[str, str]:
    """The five dimensions in the reader's language, as the buyer reads them, or as the vendor does."""
    side = 0 if party == Party.BUYER else 1
    return {name: _(words[side]) for name, words in rules.DIMENSIONS.items()}


@bp.app_template_global("rating_levels")
def rating_levels() -> dict[int, tuple[str, str]]:
    """The five levels, best first: label and anchor in the reader's language."""
    return {level: (_(label), _(anchor)) for level, (label, anchor) in rules.LEVELS.items()}


@bp.app_template_global("rating_level")
def rating_level(row: Rating) -> Any:
    """The level of a rating, as a fraction."""
    return queries.level_of(row)


# Rating an order ---------------------------------------------------------------------------------------------------------


def _rate_page(code: str) -> dict[str, Any]:
    actor = current_actor()
    order, party = orders.order_for(_code(code), actor)
    if party not in (Party.BUYER, Party.VENDOR):
        raise NotFound()
    own = queries.rating_by(order.id, party)
    box = queries.of_order(order.code, actor)
    hidden = own is not None and own.state is RatingState.HIDDEN
    return {
        "order": order,
        "party": str(party),
        "own": own,
        "correcting": hidden,
        "refusal": None if hidden else box.refusal,
        "until": box.until,
        "days": queries.term("reveal_days"),
        "call_days": queries.term("call_back_days"),
        "hints": {name: _(text) for name, text in rules.HINTS.items()},
        "most": rules.MOST_WORDS,
        "values": {**queries.levels(own), "text": own.text, "named": ["1"] if own.is_named else []}
        if hidden and own
        else {},
    }


@bp.route("/orders/<code>/rating", methods=["GET", "POST"])
@allow()
@form(schemas.RatingForm, "ratings/rate.html", page=_rate_page)
def rate(code: str, data: dict[str, Any]) -> Response:
    """Rate an order, or correct the rating while nobody has seen it. Sent twice, the second is the same correction."""
    actor = current_actor()
    order, party = orders.order_for(_code(code), actor)
    levels = {name: data[name] for name in rules.DIMENSIONS}
    own = queries.rating_by(order.id, party)
    if own is not None and own.state is RatingState.HIDDEN:
        operations.correct_rating(own.code, levels=levels, text=data["text"], named=data["named"], by=actor)
        flash(_("Your rating is kept as you wrote it now."))
    else:
        row = operations.give_rating(order.code, levels=levels, text=data["text"], named=data["named"], by=actor)
        if row.state is RatingState.HIDDEN:
            flash(_("Thank you. Your rating is kept and hidden until the other side has written, or its time is over."))
        else:
            flash(_("Thank you. Both sides have written, so both ratings are shown now."))
    return redirect(url_for("ratings.rate", code=order.code))


@bp.route("/orders/<code>/rating/withdraw", methods=["POST"])
@allow()
@form(Nothing, "ratings/rate.html", page=_rate_page)
def withdraw(code: str, data: dict[str, Any]) -> Response:
    """Take one's rating back before anybody saw it."""
    actor = current_actor()
    order, party = orders.order_for(_code(code), actor)
    own = queries.rating_by(order.id, party)
    if own is None:
        raise NotFound()
    operations.withdraw_rating(own.code, by=actor)
    flash(_("Taken back. This order cannot be rated anew by your side."))
    return redirect(url_for("ratings.rate", code=order.code))


# One rating --------------------------------------------------------------------------------------------------------------


def _rating_page(code: str) -> dict[str, Any]:
    row = queries.public_rating(_code(code))
    actor = maybe_actor()
    ours = actor is not None and owns(row.vendor, actor)
    author = actor is not None and queries.is_author(row, actor)
    reviews = review_queries.reviews_of(row.id)
    reporter = (actor.on_behalf_of or actor.organisation or actor.person) if actor else ""
    if actor is not None and tie_queries.works_for(actor.person, row.vendor.organisation_id):
        reporter = row.vendor.organisation.code
    now = clock.now()
    # a decision that a later one has replaced cannot be appealed any more
    appeal = next(
        (
            one
            for one in reviews[:1]
            if one.state == "decided"
            and one.appeal_until
            and now < one.appeal_until
            and (author if one.removed else ours)
        ),
        None,
    )
    shown = row.state in COUNTED
    return {
        "row": row,
        "facts": public_facts.ratings([row], row.vendor)[0],
        "shown": shown,
        "may_reply": ours and shown and row.reply is None,
        "may_report": actor is not None and not author and shown and review_queries.report_by(row.id, reporter) is None,
        "may_appeal": appeal,
        "reads_words": shown or author or ours,
        "reviews": reviews,
        "causes": {name: _(words) for name, words in rules.REPORT_CAUSES.items()},
        "last_day": orders.last_day,
        "days": orders.working_days_left,
        "least": rules.LEAST_REASONS,
        "call_back": review_queries.call_back_of(row.id),
        "outcomes": {name: _(words) for name, words in rules.CALL_BACK_OUTCOMES.items()},
        "links": {name: _(words) for name, words in rules.LINKS.items()},
    }


@bp.route("/ratings/<code>")
@public
def rating(code: str) -> str:
    """One public rating: what was written, the reply, every report of it with the decision and its reasons."""
    return render_template("ratings/rating.html", form=None, **_rating_page(code))


@bp.route("/ratings/<code>/reply", methods=["POST"])
@allow(Role.VENDOR)
@form(schemas.ReplyForm, "ratings/rating.html", page=_rating_page)
def reply(code: str, data: dict[str, Any]) -> Response:
    """The vendor's one public reply."""
    operations.reply_rating(_code(code), text=data["reply"], by=current_actor())
    flash(_("Your reply is public."))
    return redirect(url_for("ratings.rating", code=_code(code)))


@bp.route("/ratings/<code>/report", methods=["POST"])
@allow()
@form(schemas.ReportForm, "ratings/rating.html", page=_rating_page)
def report(code: str, data: dict[str, Any]) -> Response:
    """Report a rating; it stays shown until an operator has decided."""
    operations.report_rating(_code(code), cause=data["cause"], words=data["words"], by=current_actor())
    flash(_("Reported. The rating stays shown, marked as under review, until the operator has decided."))
    return redirect(url_for("ratings.rating", code=_code(code)))


@bp.route("/ratings/<code>/appeal", methods=["POST"])
@allow()
@form(schemas.AppealForm, "ratings/rating.html", page=_rating_page)
def appeal(code: str, data: dict[str, Any]) -> Response:
    """Appeal against the decision about a rating."""
    found = _rating_page(code)["may_appeal"]
    reviews = review_queries.reviews_of(queries.public_rating(_code(code)).id)
    if not reviews:
        raise NotFound()
    operations.appeal_review((found or reviews[0]).code, words=data["appeal"], by=current_actor())
    flash(_("Your appeal is with another operator."))
    return redirect(url_for("ratings.rating", code=_code(code)))


# A vendor ----------------------------------------------------------------------------------------------------------------


def _item() -> str | None:
    slug = request.args.get("item", "")
    return slug if slug and catalogue.item(slug) else None


@bp.route("/vendors/<code>/ratings")
@public
def of_vendor(code: str) -> str:
    """What buyers say of a vendor: score with interval, distribution, by dimension, every rating."""
    vendor = vendors.public_vendor(_code(code))
    item = _item()
    asked = request.args.get("level", "")
    level = int(asked) if asked in {"1", "2", "3", "4", "5"} else None
    page = http.page(queries.shown(vendor.id, item, level), per=20)
    done, whole = review_queries.call_backs_in_time(vendor.id)
    return render_template(
        "ratings/of_vendor.html",
        vendor=vendor,
        item=item,
        level=level,
        items=queries.items_rated(vendor.id),
        page=page,
        facts=public_facts.ratings(page.items, vendor),
        spread=queries.distribution(vendor.id, item),
        counted=score_queries.counted(vendor.id, item),
        intervals=_intervals(vendors.standing(vendor.id)),
        call_backs=(done, whole),
    )


def _intervals(standing: Any) -> list[tuple[str, int, int, Any, Any]]:
    """On time and accepted at first, each with Wilson's interval."""
    if standing is None:
        return []
    found = (
        (_("on time"), standing.on_time, standing.on_time_of),
        (_("accepted at first"), standing.first_pass, standing.first_pass_of),
    )
    return [(words, part, whole, *scoring.wilson(part, whole)) for words, part, whole in found if whole]


@bp.route("/vendors/<code>/score")
@public
def score(code: str) -> str:
    """Every term of a vendor's score, so that anybody can count it anew."""
    vendor = vendors.public_vendor(_code(code))
    counted = score_queries.counted(vendor.id, _item())
    facts = public_facts.score(vendor, counted)
    pages = max(1, -(-len(facts["terms"]) // TERMS_A_PAGE))
    number = min(max(1, http.page_number()), pages)
    first = (number - 1) * TERMS_A_PAGE
    return render_template(
        "ratings/score.html",
        vendor=vendor,
        items=queries.items_rated(vendor.id),
        counted=counted,
        facts=facts,
        terms=facts["terms"][first : first + TERMS_A_PAGE],
        number=number,
        pages=pages,
        categories={one.slug: one for one in catalogue.categories()},
    )


@bp.route("/ratings/formula")
@public
def formula() -> str:
    """How a score is counted, in plain words, with every figure that goes in."""
    return render_template(
        "ratings/formula.html",
        terms=queries.terms(),
        means=score_queries.months(),
        categories={one.slug: one for one in catalogue.categories()},
        scoring=scoring,
        links={name: _(words) for name, words in rules.LINKS.items()},
        in_time=review_queries.call_backs_in_time(),
        days={"reveal": queries.term("reveal_days"), "call": queries.term("call_back_days")},
    )


# Credit ------------------------------------------------------------------------------------------------------------------


@bp.route("/credit")
@public
def table() -> str:
    """The published table of deductions."""
    return render_template(
        "ratings/table.html", grounds=credit_queries.grounds(), start=credit.START, days=queries.term("appeal_days")
    )


@bp.route("/vendors/<code>/credit")
@public
def vendor_credit(code: str) -> str:
    """A vendor's credit with every deduction, what is left of it and the decision behind it."""
    vendor = vendors.public_vendor(_code(code))
    return render_template(
        "ratings/credit.html", vendor=vendor, facts=public_facts.credit_of(vendor), names=credit_queries.ground_names()
    )


def _deduction_page(code: str) -> dict[str, Any]:
    row = credit_queries.deduction(_code(code))
    actor = maybe_actor()
    ours = actor is not None and owns(row.vendor, actor)
    return {
        "row": row,
        "vendor": row.vendor,
        "facts": public_facts.deduction(row),
        "ground": credit_queries.ground_names()[row.ground],
        "may_appeal": ours and row.state == "counted" and clock.now() < row.appeal_until,
        "last_day": orders.last_day,
        "least": rules.LEAST_REASONS,
    }


@bp.route("/credit/<code>")
@public
def deduction(code: str) -> str:
    """One deduction with its decision, its reasons and what became of the appeal."""
    return render_template("ratings/deduction.html", form=None, **_deduction_page(code))


@bp.route("/credit/<code>/appeal", methods=["POST"])
@allow(Role.VENDOR)
@form(schemas.AppealForm, "ratings/deduction.html", page=_deduction_page)
def appeal_deduction(code: str, data: dict[str, Any]) -> Response:
    """The vendor's appeal against a deduction."""
    credit_operations.appeal_deduction(_code(code), words=data["appeal"], by=current_actor())
    flash(_("Your appeal is with another operator; meanwhile the deduction rests."))
    return redirect(url_for("ratings.deduction", code=_code(code)))


# The vendor's desk -------------------------------------------------------------------------------------------------------


@bp.route("/desk/our-ratings")
@allow(Role.VENDOR)
def ours() -> str:
    """The vendor's own ratings: those without a reply first to see, its credit, and the way to appeal."""
    vendor = vendors.vendor_of(current_actor().organisation)
    if vendor is None:
        raise NotFound()
    page = http.page(queries.shown(vendor.id), per=20)
    return render_template(
        "ratings/ours.html",
        vendor=vendor,
        page=page,
        facts=public_facts.ratings(page.items, vendor),
        standing=vendors.standing(vendor.id),
        credit=public_facts.credit_of(vendor),
        names=credit_queries.ground_names(),
    )
