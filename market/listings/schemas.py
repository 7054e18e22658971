"""Shapes of listings: the form of the vendor's desk, the API's body, the public answer."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.kernel.money import Money
from market.listings import rules
from market.listings.pricing import PriceModel
from market.schemas import Between, Day, Fen, Form, Ticked, UploadedFile, Whole, Yuan


def _most(name: str) -> ma.validate.Length:
    return ma.validate.Length(max=rules.LONGEST[name])


class Percent(ma.fields.Field):
    """A percentage with at most one decimal ("85.5", "６ %"), loaded as integer thousandths between `least` and `most`."""

    default_error_messages = {"invalid": _l("Please give a percentage with at most one decimal, for instance 85.5.")}

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "example": "85.5"}, **kwargs)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        text = unicodedata.normalize("NFKC", str(value)).replace("%", "").strip()
        found = re.fullmatch(r"([0-9]{1,4})(?:\.([0-9]))?", text)
        if not found:
            raise self.make_error("invalid")
        permille = int(found[1]) * 10 + int(found[2] or 0)
        if not self.least <= permille <= self.most:
            bounds = {"least": _tenths(self.least), "most": _tenths(self.most)}
            raise ma.ValidationError(str(_l("Between %(least)s and %(most)s per cent, please.", **bounds)))
        return permille


class ListingForm(Form):
    """A listing as its vendor writes it; `fields_of` turns it into what the operations take."""

    title = ma.fields.String(load_default="", validate=_most("title"))
    description = ma.fields.String(load_default="", validate=_most("description"))
    price_model = ma.fields.Enum(
        PriceModel,
        by_value=True,
        required=True,
        error_messages={"unknown": _l("Please choose one of the answers given.")},
    )
    price = Yuan(load_default=None)
    unit = ma.fields.String(load_default=None, validate=ma.validate.Length(max=40))
    covers = Whole(load_default=None, validate=Between(min=1, max=10**12))
    minimum = Yuan(load_default=None)
    share = Percent(load_default=None, least=10, most=5000)
    tax_excluded = Ticked()
    tax = Percent(load_default=lambda: 60, least=0, most=200)
    travel = Yuan(load_default=Money(0))
    days = Whole(required=True, validate=Between(min=0, max=3650))
    guarantee_days = Whole(load_default=0, validate=Between(min=0, max=3650))
    #: one line each
    deliverables = ma.fields.String(load_default="")
    districts = ma.fields.List(ma.fields.String(), load_default=list)
    practitioners = ma.fields.List(ma.fields.String(), load_default=list)
    capacity = Whole(required=True, validate=Between(min=0, max=10_000))
    languages = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(rules.LANGUAGES)), load_default=lambda: ["zh"]
    )
    attachment = UploadedFile(load_default=None)
    attachments = ma.fields.List(
        ma.fields.String(), load_default=list, validate=ma.validate.Length(max=rules.MOST_ATTACHMENTS)
    )
    low_price_reason = ma.fields.String(load_default=None, validate=_most("low_price_reason"))
    valid_to = Day(load_default=None)

    @ma.validates("deliverables")
    def _lines(self, value: str, **_: Any) -> None:
        lines = _split(value)
        if len(lines) > rules.MOST_DELIVERABLES:
            raise ma.ValidationError(str(_l("At most %(most)s lines, please.", most=rules.MOST_DELIVERABLES)))
        if any(len(line) > rules.LONGEST["deliverable"] for line in lines):
            raise ma.ValidationError(
                str(_l("At most %(most)s characters a line, please.", most=rules.LONGEST["deliverable"]))
            )


def fields_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the operations take, from a loaded `ListingForm`: money in fen, shares in thousandths, lines as a list."""
    return {
        "title": data["title"],
        "description": data["description"],
        "price_model": data["price_model"],
        "price_fen": data["price"].fen if data["price"] is not None else None,
        "unit": data["unit"],
        "covers": data["covers"],
        "minimum_fen": data["minimum"].fen if data["minimum"] is not None else None,
        "share_permille": data["share"],
        "tax_included": not data["tax_excluded"],
        "tax_permille": data["tax"],
        "travel_fen": data["travel"].fen,
        "days": data["days"],
        "guarantee_days": data["guarantee_days"],
        "deliverables": _split(data["deliverables"]),
        "districts": sorted(data["districts"]),
        "practitioners": sorted(data["practitioners"]),
        "capacity": data["capacity"],
        "languages": data["languages"] or ["zh"],
        "attachments": data["attachments"],
        "low_price_reason": data["low_price_reason"],
        "valid_to": data["valid_to"],
    }


def values_of(row: Any) -> dict[str, Any]:
    """A listing as its form shows it."""
    return {
        "title": row.title,
        "description": row.description,
        "price_model": str(row.price_model),
        "price": Money(row.price_fen).to_yuan() if row.price_fen is not None else "",
        "unit": row.unit or "",
        "covers": "" if row.covers is None else str(row.covers),
        "minimum": Money(row.minimum_fen).to_yuan() if row.minimum_fen is not None else "",
        "share": "" if row.share_permille is None else _tenths(row.share_permille),
        "tax_excluded": "" if row.tax_included else "true",
        "tax": _tenths(row.tax_permille),
        "travel": Money(row.travel_fen).to_yuan(),
        "days": str(row.days),
        "guarantee_days": str(row.guarantee_days),
        "deliverables": "\n".join(row.deliverables),
        "districts": list(row.districts),
        "practitioners": list(row.practitioners),
        "capacity": str(row.capacity),
        "languages": list(row.languages),
        "attachments": list(row.attachments),
        "low_price_reason": row.low_price_reason or "",
        "valid_to": row.valid_to.isoformat() if row.valid_to else "",
    }


def _tenths(permille: int) -> str:
    return f"{permille // 10}.{permille % 10}" if permille % 10 else str(permille // 10)


def _split(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class BeginForm(Form):
    """Which item a new listing is for."""

    item = ma.fields.String(required=True)


class ImportForm(Form):
    """A file with listings, and whether good rows count when others are refused."""

    file = UploadedFile(required=True)
    good_rows_only = Ticked()


class ListingIn(ListingForm):
    """The API's body of a listing; `item` only when it is made."""

    item = ma.fields.String(load_default=None)


class PublishIn(ma.Schema):
    """A publication; `reasons`: why a clause stays that needs one, by rule id (FC-QUA-03)."""

    reasons = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(max=12)), values=ma.fields.String(), load_default=dict
    )


class ListingOut(ma.Schema):
    """An offer as the public sees it."""

    code = ma.fields.String()
    vendor = ma.fields.String()
    vendor_name = ma.fields.String()
    item = ma.fields.String()
    title = ma.fields.String()
    description = ma.fields.String()
    state = ma.fields.String()
    offered = ma.fields.Boolean()
    price_model = ma.fields.String()
    price = Fen()
    unit = ma.fields.String(allow_none=True)
    covers = ma.fields.Integer(allow_none=True)
    minimum = Fen()
    share_permille = ma.fields.Integer(allow_none=True)
    tax_included = ma.fields.Boolean()
    tax_permille = ma.fields.Integer()
    travel = Fen()
    days = ma.fields.Integer()
    guarantee_days = ma.fields.Integer()
    deliverables = ma.fields.List(ma.fields.String())
    districts = ma.fields.List(ma.fields.String(), metadata={"description": "division codes; empty: the whole city"})
    capacity = ma.fields.Integer()
    languages = ma.fields.List(ma.fields.String())
    low_price_reason = ma.fields.String(allow_none=True)
    valid_to = ma.fields.String(allow_none=True)
    published_at = ma.fields.DateTime(allow_none=True)
    publication = ma.fields.Integer(allow_none=True)
    standard_version = ma.fields.String(allow_none=True)
    position = ma.fields.String(allow_none=True)
