"""Shapes of the review: a text to look at, and what was found."""

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from market.review.gate_rules import Kind
from market.review.rules import Fund
from market.review.states import NoticeState
from market.schemas import Form, Ticked, Yuan

#: code points of one text and of all texts of one request; texts of one request
LONGEST, ALTOGETHER, MOST = 20_000, 40_000, 20
FUNDS = tuple(str(fund) for fund in Fund)


class ReviewForm(Form):
    """A clause or a whole notice that anybody pastes. `take`: the number of a finding whose neutral wording is taken over."""

    text = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST, error=_l("At most 20,000 characters at once, please.")),
    )
    fund = fields.String(load_default="", validate=validate.OneOf(FUNDS))
    compulsory = Ticked()
    take = fields.Integer(load_default=0, validate=lambda value: 0 <= value < 1000)


class AnswerForm(Form):
    """What the regulator says to the reasons of a notice: `rules` and `words` when he objects, `words` when he withdraws."""

    decision = fields.String(required=True, validate=validate.OneOf(("object", "let_stand", "withdraw")))
    rules = fields.List(fields.String(validate=validate.Length(max=12)), load_default=list)
    words = fields.String(load_default="")


def _together(texts: dict[str, str]) -> None:
    if sum(map(len, texts.values())) > ALTOGETHER:
        raise ma.ValidationError(_l("At most 40,000 characters in one request, please."))


class ReviewIn(ma.Schema):
    """Texts of a notice by the name of their field, and what is known beside them."""

    texts = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=60)),
        values=fields.String(validate=validate.Length(max=LONGEST)),
        required=True,
        validate=[validate.Length(min=1, max=MOST), _together],
    )
    fund = fields.String(load_default="", validate=validate.OneOf(("", *FUNDS)))
    compulsory = fields.Boolean(load_default=False)
    contract_sum = Yuan(load_default=None)
    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=60)),
        values=fields.String(validate=validate.Length(max=200)),
        load_default=dict,
        data_key="fields",
    )


class FindingOut(ma.Schema):
    """One finding: code points `start` to `end` (exclusive) of the text `field`."""

    rule = fields.String()
    field = fields.String()
    start = fields.Integer()
    end = fields.Integer()
    severity = fields.String(metadata={"enum": ["block", "justify", "warn"]})
    quote = fields.String()
    words = fields.List(fields.String())
    name = fields.String()
    plain = fields.String()
    basis = fields.String()
    rewrite = fields.String()


class CountQuery(ma.Schema):
    """Which findings: a rule (FC-LOC-02), a month (2026-03)."""

    rule = fields.String(load_default="", validate=validate.Length(max=12))
    month = fields.String(load_default="", validate=validate.Length(max=7))


class NoticesQuery(CountQuery):
    """Which notices, and which page of them."""

    state = fields.String(load_default="", metadata={"enum": ["", *map(str, NoticeState)]})
    kind = fields.String(load_default="", metadata={"enum": ["", *map(str, Kind)]})
    page = fields.Integer(load_default=1)


class PublishedFindingOut(FindingOut):
    """A finding as it was published: why it stays, and whether the regulator objected to that."""

    reason = fields.String(allow_none=True)
    objected = fields.Boolean()


class NoticeOut(ma.Schema):
    """A published notice. `digest`: SHA-256 of the canonical JSON (RFC 8785) of `texts`."""

    code = fields.String()
    state = fields.String(metadata={"enum": [str(one) for one in NoticeState]})
    kind = fields.String(metadata={"enum": [str(one) for one in Kind]})
    subject = fields.String()
    number = fields.Integer()
    title = fields.String()
    publisher = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    item = fields.String(allow_none=True)
    fund = fields.String(allow_none=True)
    texts = fields.Dict(keys=fields.String(), values=fields.String())
    digest = fields.String()
    published_at = fields.DateTime()
    object_by = fields.DateTime(allow_none=True)
    objected_rules = fields.List(fields.String())
    objection = fields.String(allow_none=True)
    objected_at = fields.DateTime(allow_none=True)
    answer = fields.String(allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    closed_at = fields.DateTime(allow_none=True)
    findings = fields.List(fields.Nested(PublishedFindingOut))


class NoticesOut(ma.Schema):
    """A page of notices."""

    notices = fields.List(fields.Nested(NoticeOut))
    page = fields.Integer()
    pages = fields.Integer()
    total = fields.Integer()


class CountedOut(ma.Schema):
    """How often a rule was found in a month: in drafts, and in what was published."""

    month = fields.String()
    rule = fields.String()
    drafts = fields.Integer()
    justified = fields.Integer()
    warned = fields.Integer()
    objected = fields.Integer()


class CountOut(ma.Schema):
    """The count by month and rule."""

    findings = fields.List(fields.Nested(CountedOut))


class ReviewOut(ma.Schema):
    """All findings and the most severe of their severities ("none" without any)."""

    severity = fields.String()
    findings = fields.List(fields.Nested(FindingOut))
