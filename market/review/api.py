"""The review for programs: anybody may ask, nothing is kept."""

from fractions import Fraction
from typing import Any

from flask_smorest import Blueprint

from market.http import no_csrf, page, public
from market.kernel.errors import Invalid
from market.kernel.words import N_
from market.limits import limited
from market.review import notice_queries, queries, schemas
from market.review.rules import Context, Fund, NoPlainNumber

blp = Blueprint("review_api", __name__, url_prefix="/api/v1", description="Fair-competition review of texts")


@blp.route("/review/notices")
@public
@blp.arguments(schemas.NoticesQuery, location="query")
@blp.response(200, schemas.NoticesOut)
def notices(data: dict[str, Any]) -> Any:
    """Published notices with their findings, reasons and objections, the newest first, fifty a page."""
    statement = notice_queries.published(data["rule"], data["month"], data["state"], data["kind"])
    found = page(statement, per=50, number=max(1, data["page"]))
    return {
        "notices": [notice_queries.public_notice(one) for one in found.items],
        "page": found.number,
        "pages": found.pages,
        "total": found.total,
    }


@blp.route("/review/notices/<code>")
@public
@blp.response(200, schemas.NoticeOut)
def notice(code: str) -> Any:
    """One notice. Spans count code points of the text of their field, the end exclusive."""
    return notice_queries.public_notice(notice_queries.notice(code))


@blp.route("/review/findings")
@public
@blp.arguments(schemas.CountQuery, location="query")
@blp.response(200, schemas.CountOut)
def findings(data: dict[str, Any]) -> Any:
    """How often each rule was found in each month, the newest month first."""
    return {"findings": notice_queries.counted(data["rule"], data["month"])}


@blp.route("/review", methods=["POST"])
@public
@no_csrf
@limited("review", "120/minute", "2000/hour")
@blp.arguments(schemas.ReviewIn)
@blp.response(200, schemas.ReviewOut)
def check(data: dict[str, Any]) -> Any:
    """The findings of up to twenty texts. Spans count code points of the text as it was sent, the end exclusive."""
    amount = data["contract_sum"]
    context = Context(
        fund=Fund(data["fund"]) if data["fund"] else None,
        compulsory=data["compulsory"],
        contract_sum=Fraction(amount.fen, 100) if amount else None,
        fields=data["fields_"],
    )
    try:
        found = queries.findings(data["texts"], context)
    except NoPlainNumber as error:
        raise Invalid.field(
            f"fields.{error.field}", N_("Amounts, days and percentages are plain numbers, for instance 15.")
        ) from None
    return {"severity": queries.worst(found), "findings": queries.public_form(found)}
