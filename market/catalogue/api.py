"""The catalogue for programs: items, matters, districts, price standards and the calculator. All of it public."""

from typing import Any

from flask import request
from flask_babel import get_locale, gettext
from flask_smorest import Blueprint

from market import clock
from market.catalogue import queries, schemas, tariff
from market.catalogue.tariff_words import fee_json, inputs_json, standard_json
from market.http import public
from market.kernel.errors import NotFound

blp = Blueprint("catalogue_api", __name__, url_prefix="/api/v1", description="Items, matters, price standards")


@blp.route("/items")
@public
@blp.response(200, schemas.ItemOut(many=True))
def items() -> Any:
    """All service items in force."""
    return queries.items()


@blp.route("/items/<slug>")
@public
@blp.response(200, schemas.ItemOut)
def item(slug: str) -> Any:
    """One service item as in force."""
    return queries.item(slug) or _nothing()


@blp.route("/matters")
@public
@blp.response(200, schemas.MatterOut(many=True))
def matters() -> Any:
    """All government matters with the items they may need."""
    return queries.matters()


@blp.route("/matters/<slug>")
@public
@blp.response(200, schemas.MatterOut)
def matter(slug: str) -> Any:
    """One government matter."""
    return queries.matter(slug) or _nothing()


@blp.route("/categories")
@public
@blp.response(200, schemas.NamedOut(many=True))
def categories() -> Any:
    """The fields of trade."""
    return [{"code": c.slug, "name_zh": c.name_zh, "name_en": c.name_en} for c in queries.categories()]


@blp.route("/districts")
@public
@blp.response(200, schemas.NamedOut(many=True))
def districts() -> Any:
    """The city's districts and zones."""
    return queries.districts()


@blp.route("/standards")
@public
@blp.response(200, schemas.StandardOut(many=True))
def standards() -> Any:
    """All price standards in force."""
    return [standard_json(standard, lang()) for _, standard in queries.standards()]


@blp.route("/standards/<slug>")
@public
@blp.response(200, schemas.StandardOut)
def standard(slug: str) -> Any:
    """One price standard: its versions, and what its calculator asks."""
    _, found = queries.standard(slug)
    version = found.version_on(clock.today())
    return {**standard_json(found, lang()), "inputs": inputs_json(found, version.id, lang())}


@blp.route("/standards/<slug>/fee")
@public
@blp.arguments(schemas.FeeQuery, location="query")
@blp.response(200, schemas.FeeOut)
def fee(query: dict[str, Any], slug: str) -> Any:
    """Compute a fee. Inputs by name in the query; wrong ones are named with what is accepted (422)."""
    on = query.pop("on", None) or clock.today()
    _, found = queries.standard(slug, on)
    given = {
        name: values[0] if len(values) == 1 else values
        for name, values in request.args.lists()
        if name not in ("on", "lang")
    }
    return fee_json(tariff.evaluate(found, given, on), gettext, lang())


def lang() -> str:
    """The reader's language as the tariffs name it: zh or en."""
    return "en" if str(get_locale()) == "en" else "zh"


def _nothing() -> Any:
    raise NotFound()
