"""Vendors for programs: what the public pages show, nothing else."""

from typing import Any

import flask_smorest

from market import clock, http
from market.http import public
from market.kernel import codes
from market.vendors import public_facts, queries
from market.vendors.schemas import PageQuery, VendorOut, VendorsOut

blp = flask_smorest.Blueprint(
    "vendors_api", __name__, url_prefix="/api/v1", description="Vendors, their licences and their standing"
)


@blp.route("/vendors")
@public
@blp.arguments(PageQuery, location="query")
@blp.response(200, VendorsOut)
def vendors(query: dict[str, Any]) -> dict[str, Any]:
    """Active vendors in the neutral order of the day, 50 a page."""
    page = http.page(queries.open_vendors(clock.today()), per=50, number=query["page"])
    return {
        "page": page.number,
        "pages": page.pages,
        "total": page.total,
        "order": "neutral",
        "vendors": [public_facts.short(row) for row in page.items],
    }


@blp.route("/vendors/<code>")
@public
@blp.response(200, VendorOut)
def vendor(code: str) -> dict[str, Any]:
    """A vendor that was entered once; 404 for others."""
    return public_facts.whole(queries.public_vendor(codes.normalise(code)))
