"""Ratings, scores and credit for programs: what the public pages show, and rating one's own order with `ratings:write`."""

from typing import Any

from flask_smorest import Blueprint

from market import http
from market.http import allow, current_actor, public
from market.kernel import codes
from market.ratings import credit_queries, operations, public_facts, queries, rules, schemas, score_queries
from market.vendors import queries as vendors

blp = Blueprint("ratings_api", __name__, url_prefix="/api/v1", description="Ratings, scores and credit")
WRITE = "ratings:write"


@blp.route("/vendors/<code>/ratings")
@public
@blp.arguments(schemas.PageQuery, location="query")
@blp.response(200, schemas.RatingsOut)
def ratings(query: dict[str, Any], code: str) -> dict[str, Any]:
    """A vendor's public ratings, newest first, 20 a page."""
    vendor = vendors.public_vendor(codes.normalise(code))
    page = http.page(queries.shown(vendor.id, query["item"]), per=20, number=query["page"])
    spread = queries.distribution(vendor.id, query["item"])
    return {
        "page": page.number,
        "pages": page.pages,
        "total": page.total,
        "plain_mean": spread.plain_mean,
        "distribution": {str(level): count for level, count in spread.counts.items()},
        "ratings": public_facts.ratings(page.items, vendor),
    }


@blp.route("/vendors/<code>/score")
@public
@blp.arguments(schemas.ItemQuery, location="query")
@blp.response(200, schemas.ScoreOut)
def score(query: dict[str, Any], code: str) -> dict[str, Any]:
    """A vendor's score for an item, or in all, with every term: enough to count it anew."""
    vendor = vendors.public_vendor(codes.normalise(code))
    return public_facts.score(vendor, score_queries.counted(vendor.id, query["item"]))


@blp.route("/vendors/<code>/credit")
@public
@blp.response(200, schemas.CreditOut)
def credit(code: str) -> dict[str, Any]:
    """A vendor's credit today with every deduction."""
    return public_facts.credit_of(vendors.public_vendor(codes.normalise(code)))


@blp.route("/credit/grounds")
@public
@blp.response(200, schemas.GroundsOut)
def grounds() -> dict[str, Any]:
    """The table of deductions in force."""
    return {"grounds": credit_queries.grounds()}


@blp.route("/orders/<code>/rating", methods=["POST"])
@allow(scope=WRITE)
@blp.arguments(schemas.RatingIn)
@blp.response(201, schemas.GivenOut)
def rate(data: dict[str, Any], code: str) -> dict[str, Any]:
    """Rate the other side of an order, once; the same rule and refusals as on the page."""
    row = operations.give_rating(
        codes.normalise(code),
        levels={name: data[name] for name in rules.DIMENSIONS},
        text=data["text"],
        named=data["named"],
        by=current_actor(),
    )
    return {
        "code": row.code,
        "order": row.order.code,
        "party": str(row.party),
        "state": str(row.state),
        "levels": queries.levels(row),
        "text": row.text,
        "reveal_at": row.reveal_at,
    }
