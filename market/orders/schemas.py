"""Shapes of orders: the forms of the five steps, the API's bodies and answers."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.orders import rules
from market.orders.rules import Fund, PaymentPlan, Way
from market.schemas import CHOOSE, Code, Day, Fen, Form, Ticked, Yuan


class WhatForm(Form):
    """Step 1, and the beginning: what gets done."""

    matter = ma.fields.String(load_default=None, validate=ma.validate.Length(max=60))
    item = ma.fields.String(load_default=None, validate=ma.validate.Length(max=60))
    listing = Code("L", load_default=None)


class AnyForm(Form):
    """A form whose fields are read one by one, so that what is right is kept when something else is wrong."""

    class Meta:
        """Everything typed is handed on."""

        unknown = ma.INCLUDE


class ProjectForm(Form):
    """Step 2 without the inputs of the standard."""

    title = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["title"]))
    description = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["description"]))
    requirements = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["requirements"]))
    conditions = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["conditions"]))
    district = ma.fields.String(load_default=None, validate=ma.validate.Length(max=6))
    quantity = ma.fields.String(load_default="", validate=ma.validate.Length(max=20))
    fund = ma.fields.Enum(Fund, by_value=True, load_default=None, error_messages=CHOOSE)
    ceiling = Yuan(load_default=None)
    needed_by = Day(load_default=None)

    @ma.validates("quantity")
    def _positive(self, value: str, **_: Any) -> None:
        if value and rules.number(value) is None:
            raise ma.ValidationError(str(_l("Please give a number above 0.")))


class WayForm(Form):
    """Step 4."""

    way = ma.fields.Enum(Way, by_value=True, required=True, error_messages=CHOOSE)
    listing = Code("L", load_default=None)
    justification = ma.fields.String(load_default=None, validate=ma.validate.Length(max=rules.LONGEST["justification"]))
    plan = ma.fields.Enum(PaymentPlan, by_value=True, load_default=None, error_messages=CHOOSE)


class AnswerForm(Form):
    """The vendor's yes or no."""

    answer = ma.fields.String(required=True, validate=ma.validate.OneOf(("yes", "no")))
    reason = ma.fields.String(load_default=None)
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["words"]))
    price = Yuan(load_default=None)


class CancelForm(Form):
    """Why an order is called off, and that its cost was read."""

    reason = ma.fields.String(load_default="")
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["words"]))
    understood = Ticked()


class ReviewForm(Form):
    """The operator's look at a need that may be divided."""

    decision = ma.fields.String(required=True, validate=ma.validate.OneOf(("clear", "return")))
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["words"]))


# The API ----------------------------------------------------------------------------------------------------------------


class OrderIn(WhatForm):
    """What an order begins with."""


class ProjectIn(ma.Schema):
    """The project; fields that are absent stay as they are. `facts`: inputs of the price standard of the item, as texts."""

    title = ma.fields.String()
    description = ma.fields.String()
    requirements = ma.fields.String(metadata={"description": "what is asked of the vendor"})
    conditions = ma.fields.String(metadata={"description": "the buyer's terms for the contract"})
    district = ma.fields.String(metadata={"description": "division code"})
    quantity = ma.fields.String()
    fund = ma.fields.String(metadata={"enum": [str(one) for one in Fund]})
    ceiling = ma.fields.Raw(metadata={"description": "amount in yuan: text, or {amount, currency}"})
    needed_by = ma.fields.String(metadata={"format": "date"})
    facts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), load_default=dict)


class WhatIn(ma.Schema):
    """Step 1 as a body."""

    matter = ma.fields.String(load_default=None, allow_none=True)
    item = ma.fields.String(load_default=None, allow_none=True)


class PlaceIn(ma.Schema):
    """Step 5; `reasons`: why a clause stays that needs one, by rule id (FC-QUA-03)."""

    reasons = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(max=12)), values=ma.fields.String(), load_default=dict
    )


class ConfirmIn(ma.Schema):
    """The vendor's answer: `accept`, or a reason of the published list."""

    accept = ma.fields.Boolean(required=True)
    reason = ma.fields.String(load_default=None, metadata={"enum": [*rules.DECLINE_REASONS, None]})
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["words"]))
    price = Yuan(load_default=None)


class CancelIn(ma.Schema):
    """Why an order is called off."""

    reason = ma.fields.String(required=True, metadata={"enum": list(rules.CANCEL_REASONS)})
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=rules.LONGEST["words"]))


class ReturnIn(ma.Schema):
    """What the buyer must change."""

    words = ma.fields.String(required=True, validate=ma.validate.Length(max=rules.LONGEST["words"]))


class OrdersQuery(ma.Schema):
    """Which orders: a group of states, a page."""

    group = ma.fields.String(
        load_default=None, validate=ma.validate.OneOf(("drafts", "choosing", "work", "done", "ended"))
    )
    page = ma.fields.Integer(load_default=1)


class ReasonOut(ma.Schema):
    """Why an order came back or ended."""

    code = ma.fields.String()
    text = ma.fields.String()
    words = ma.fields.String()


class OrderOut(ma.Schema):
    """An order as both of its sides may read it."""

    code = ma.fields.String()
    state = ma.fields.String()
    party = ma.fields.String(metadata={"description": "which side the reader is"})
    buyer_kind = ma.fields.String()
    channel = ma.fields.String()
    matter = ma.fields.String(allow_none=True)
    item = ma.fields.String(allow_none=True)
    title = ma.fields.String()
    description = ma.fields.String()
    requirements = ma.fields.String()
    conditions = ma.fields.String()
    stopped_at = ma.fields.DateTime(
        allow_none=True, metadata={"description": "since when an objection to a clause stops it"}
    )
    district = ma.fields.String(allow_none=True)
    facts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    fund = ma.fields.String()
    ceiling = Fen(metadata={"description": "for the buyer alone"})
    needed_by = ma.fields.Date(allow_none=True)
    way = ma.fields.String(allow_none=True)
    justification = ma.fields.String(allow_none=True)
    plan = ma.fields.String()
    listing = ma.fields.String(allow_none=True)
    vendor = ma.fields.String(allow_none=True)
    vendor_name = ma.fields.String(allow_none=True)
    price = Fen()
    reference = Fen()
    low = Fen()
    high = Fen()
    standard_version = ma.fields.String(allow_none=True)
    days = ma.fields.Integer(allow_none=True)
    step = ma.fields.Integer()
    waiting_for = ma.fields.String(allow_none=True)
    waiting_on = ma.fields.String(allow_none=True)
    due_at = ma.fields.DateTime(allow_none=True)
    kept_until = ma.fields.DateTime(allow_none=True)
    placed_at = ma.fields.DateTime(allow_none=True)
    reason = ma.fields.Nested(ReasonOut, allow_none=True)


class OrdersOut(ma.Schema):
    """A page of orders."""

    orders = ma.fields.List(ma.fields.Nested(OrderOut))
    page = ma.fields.Integer()
    pages = ma.fields.Integer()
    total = ma.fields.Integer()


class WayOut(ma.Schema):
    """A way of selection for an order, and why it is open or not."""

    way = ma.fields.String()
    permitted = ma.fields.Boolean()
    held = ma.fields.Boolean(metadata={"description": "in this market, now"})
    justify = ma.fields.Boolean(metadata={"description": "needs a written justification, which an operator looks at"})
    why = ma.fields.String()
    rule = ma.fields.String()
    remedy = ma.fields.String()


class WaysOut(ma.Schema):
    """All ways of selection for an order."""

    ways = ma.fields.List(ma.fields.Nested(WayOut))


class MatchGroundOut(ma.Schema):
    """One ground of a match."""

    ground = ma.fields.String()
    met = ma.fields.Boolean()
    words = ma.fields.String()


class MatchOut(ma.Schema):
    """An offer judged for an order."""

    listing = ma.fields.String()
    vendor = ma.fields.String()
    vendor_name = ma.fields.String()
    title = ma.fields.String()
    eligible = ma.fields.Boolean()
    price = Fen()
    days = ma.fields.Integer()
    reasons = ma.fields.List(ma.fields.Nested(MatchGroundOut))


class MatchesOut(ma.Schema):
    """Offers for an order in the neutral order of the day, the eligible ones first."""

    offers = ma.fields.List(ma.fields.Nested(MatchOut))
    after = ma.fields.String(allow_none=True, metadata={"description": "cursor of the next page"})


class MatchQuery(ma.Schema):
    """A page of offers."""

    after = ma.fields.String(load_default=None, validate=ma.validate.Length(max=2000))


class CostOut(ma.Schema):
    """What calling off costs now."""

    held = Fen()
    vendor = Fen()
    buyer = Fen()
    permille = ma.fields.Integer()
