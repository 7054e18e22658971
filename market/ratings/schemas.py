"""What comes in by form and JSON, and what the API gives."""

from typing import Any

import marshmallow as ma

from market.ratings import rules
from market.schemas import Between, Code, Day, Fen, Form, Ticked, Whole

TEXT = ma.validate.Length(max=rules.MOST_WORDS)
VENDOR_NOTE = {"description": "public code of the vendor"}
THOUSANDTHS = {"description": "thousandths of a level (1000 to 5000)"}


class RatingForm(Form):
    """Five levels, words, and whether to be named."""

    quality = Whole(required=True, validate=Between(min=1, max=5))
    timeliness = Whole(required=True, validate=Between(min=1, max=5))
    attitude = Whole(required=True, validate=Between(min=1, max=5))
    charge = Whole(required=True, validate=Between(min=1, max=5))
    norms = Whole(required=True, validate=Between(min=1, max=5))
    text = ma.fields.String(load_default="", validate=TEXT)
    named = Ticked()


class ReplyForm(Form):
    """The vendor's public reply."""

    reply = ma.fields.String(required=True, validate=TEXT)


class ReportForm(Form):
    """A report with its cause."""

    cause = ma.fields.String(required=True, validate=ma.validate.OneOf(list(rules.REPORT_CAUSES)))
    words = ma.fields.String(required=True, validate=TEXT)


class AppealForm(Form):
    """Why a decision is wrong."""

    appeal = ma.fields.String(required=True, validate=TEXT)


class DecisionForm(Form):
    """A decision with reasons."""

    decision = ma.fields.String(required=True, validate=ma.validate.OneOf(["yes", "no"]))
    reasons = ma.fields.String(required=True, validate=TEXT)


class CallBackForm(Form):
    """What came of a call-back."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(list(rules.CALL_BACK_OUTCOMES)))
    words = ma.fields.String(required=True, validate=TEXT)


class DeductForm(Form):
    """A deduction on a row of the table."""

    ground = ma.fields.String(required=True)
    decision = ma.fields.String(required=True, validate=ma.validate.Length(max=80))
    decided_on = Day(required=True)
    reasons = ma.fields.String(required=True, validate=TEXT)


class PageQuery(ma.Schema):
    """Which page, for which item."""

    page = Whole(load_default=1, validate=Between(min=1))
    item = ma.fields.String(load_default=None, allow_none=True)


class ItemQuery(ma.Schema):
    """For which item; none: in all."""

    item = ma.fields.String(load_default=None, allow_none=True)


class RatingIn(RatingForm):
    """A rating by a program: `named` is true or false."""

    named = ma.fields.Boolean(load_default=False)  # type: ignore[assignment]

    @ma.pre_load
    def from_form(self, data: Any, **_: Any) -> Any:
        """JSON stays as it is."""
        return data


class LevelsOut(ma.Schema):
    """Levels 1 to 5 by dimension."""

    quality = ma.fields.Integer()
    timeliness = ma.fields.Integer()
    attitude = ma.fields.Integer()
    charge = ma.fields.Integer()
    norms = ma.fields.Integer()


class AuthorOut(ma.Schema):
    """Who wrote it, as far as the public may know."""

    kind = ma.fields.String(metadata={"description": "citizen, firm or public_body"})
    name = ma.fields.String(allow_none=True)


class RatingOut(ma.Schema):
    """A public rating."""

    code = Code()
    vendor = Code(metadata=VENDOR_NOTE)
    item = ma.fields.String()
    level = ma.fields.Integer(metadata=THOUSANDTHS)
    levels = ma.fields.Nested(LevelsOut)
    text = ma.fields.String()
    author = ma.fields.Nested(AuthorOut)
    state = ma.fields.String(metadata={"description": "public, under_review"})
    linked = ma.fields.Boolean(metadata={"description": "its author is tied to the vendor: it weighs nothing"})
    given_on = ma.fields.Date()
    revealed_at = ma.fields.DateTime()
    reply = ma.fields.String(allow_none=True)
    replied_at = ma.fields.DateTime(allow_none=True)


class GivenOut(ma.Schema):
    """One's own rating, just given: hidden until both sides have written."""

    code = Code()
    order = Code()
    party = ma.fields.String()
    state = ma.fields.String()
    levels = ma.fields.Nested(LevelsOut)
    text = ma.fields.String()
    reveal_at = ma.fields.DateTime()


class RatingsOut(ma.Schema):
    """A vendor's public ratings, with what is counted from them."""

    page = ma.fields.Integer()
    pages = ma.fields.Integer()
    total = ma.fields.Integer()
    plain_mean = ma.fields.Integer(allow_none=True, metadata=THOUSANDTHS)
    distribution = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    ratings = ma.fields.List(ma.fields.Nested(RatingOut))


class TermOut(ma.Schema):
    """One rating as the score counts it. Weights have 9 decimals; `counted` is exact, as numerator/denominator."""

    rating = Code()
    client = ma.fields.Integer(metadata={"description": "clients are numbered; the same number is the same client"})
    level = ma.fields.Integer(metadata=THOUSANDTHS)
    given_on = ma.fields.Date()
    age_days = ma.fields.Integer()
    amount = Fen(metadata={"description": "price of the order"})
    median = Fen(allow_none=True, metadata={"description": "median price of its category; null: amounts count alike"})
    linked = ma.fields.Boolean()
    fading = ma.fields.String(metadata={"description": "2^(-age/365)"})
    size = ma.fields.String(metadata={"description": "min(2, 1 + log10(max(1, amount/median)))"})
    weight = ma.fields.String(metadata={"description": "fading x size, 0 when linked"})
    counted = ma.fields.String(metadata={"description": "the weight after the cut of large clients"})


class ScoreOut(ma.Schema):
    """A vendor's score with every term: enough to count it anew."""

    vendor = Code(metadata=VENDOR_NOTE)
    item = ma.fields.String(allow_none=True)
    on = ma.fields.Date()
    category = ma.fields.String(allow_none=True)
    month = ma.fields.Date(metadata={"description": "month for which the mean was published"})
    m = ma.fields.Integer(metadata=THOUSANDTHS)
    c = ma.fields.Integer()
    z = ma.fields.String()
    half_life_days = ma.fields.Integer()
    least_clients = ma.fields.Integer()
    clients = ma.fields.Integer()
    count = ma.fields.Integer()
    shown = ma.fields.Boolean()
    mean = ma.fields.Integer(allow_none=True, metadata=THOUSANDTHS)
    low = ma.fields.Integer(allow_none=True, metadata=THOUSANDTHS)
    high = ma.fields.Integer(allow_none=True, metadata=THOUSANDTHS)
    plain_mean = ma.fields.Integer(allow_none=True, metadata=THOUSANDTHS)
    terms = ma.fields.List(ma.fields.Nested(TermOut))


class DeductionOut(ma.Schema):
    """One deduction, what is left of it, and the decision behind it."""

    code = Code()
    ground = ma.fields.String()
    points = ma.fields.Integer()
    fading_days = ma.fields.Integer()
    decided_on = ma.fields.Date()
    fades_on = ma.fields.Date()
    decision = ma.fields.String()
    reasons = ma.fields.String()
    state = ma.fields.String(metadata={"description": "counted, appealed (rests), lifted, final"})
    left = ma.fields.Integer(metadata={"description": "thousandths of a point on that day"})


class CreditOut(ma.Schema):
    """A vendor's credit on a day with every term."""

    vendor = Code(metadata=VENDOR_NOTE)
    on = ma.fields.Date()
    start = ma.fields.Integer()
    credit = ma.fields.Integer(metadata={"description": "thousandths of a point"})
    deductions = ma.fields.List(ma.fields.Nested(DeductionOut))


class GroundOut(ma.Schema):
    """A row of the published table of deductions."""

    slug = ma.fields.String()
    title_zh = ma.fields.String()
    title_en = ma.fields.String()
    points = ma.fields.Integer()
    fading_days = ma.fields.Integer()
    valid_from = ma.fields.Date()
    source_zh = ma.fields.String()
    source_en = ma.fields.String()
    mark = ma.fields.String()


class GroundsOut(ma.Schema):
    """The table in force."""

    grounds = ma.fields.List(ma.fields.Nested(GroundOut))
