"""Shapes of what comes in and goes out of the catalogue."""

import marshmallow as ma

from market.schemas import Between, Day, Form, Whole


class ProposalForm(Form):
    """A new version of an entry. `content` is JSON in the form of market/catalogue/data."""

    content = ma.fields.String(required=True, validate=ma.validate.Length(max=400_000))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))
    valid_from = Day(required=True)
    items = ma.fields.List(ma.fields.String(), load_default=list)
    district = ma.fields.String(load_default=None)


class ItemForm(Form):
    """What an operator may change on an item through the form; the rest of its content stays as it is."""

    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True)
    category = ma.fields.String(required=True)
    summary_zh = ma.fields.String(required=True)
    summary_en = ma.fields.String(required=True)
    approval_matter = ma.fields.String(required=True)
    department = ma.fields.String(required=True)
    deliverable = ma.fields.String(required=True)
    who_pays = ma.fields.String(required=True)
    price_kind = ma.fields.String(required=True)
    price_standard = ma.fields.String(load_default=None)
    statutory_days = Whole(load_default=None, allow_none=True)
    statutory_days_source = ma.fields.String(load_default=None)
    aliases_zh = ma.fields.String(load_default="")
    reason = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))
    valid_from = Day(required=True)


class CommentForm(Form):
    """A comment in a consultation."""

    text = ma.fields.String(required=True, validate=ma.validate.Length(min=2, max=2000))


class ReasonForm(Form):
    """A reason, for withdrawing."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))


class ConsultForm(Form):
    """How many days a consultation lasts."""

    days = Whole(load_default=7, validate=Between(min=7, max=90))


class DayForm(Form):
    """A day that is declared off or working."""

    on = Day(required=True)
    is_working = ma.fields.Boolean(required=True)
    basis = ma.fields.String(required=True, validate=ma.validate.Length(min=4, max=200))


class ItemOut(ma.Schema):
    """A service item, as programs read it."""

    code = ma.fields.String(attribute="slug", metadata={"description": "stable code of the item"})
    version = ma.fields.String()
    name_zh = ma.fields.String()
    name_en = ma.fields.String()
    category = ma.fields.String()
    summary_zh = ma.fields.String()
    summary_en = ma.fields.String()
    approval_matter = ma.fields.String()
    department = ma.fields.String()
    legal_basis = ma.fields.List(ma.fields.Dict())
    who_commissions = ma.fields.String()
    who_pays = ma.fields.String()
    qualification = ma.fields.List(ma.fields.Dict())
    deliverable = ma.fields.String()
    statutory_days = ma.fields.Integer(allow_none=True)
    statutory_days_kind = ma.fields.String(allow_none=True)
    price_kind = ma.fields.String()
    price_standard = ma.fields.String(allow_none=True)
    unit = ma.fields.String()
    can_self_do = ma.fields.Boolean(allow_none=True)
    aliases_zh = ma.fields.List(ma.fields.String())


class MatterOut(ma.Schema):
    """A government matter, as programs read it."""

    code = ma.fields.String(attribute="slug")
    version = ma.fields.String()
    name_zh = ma.fields.String()
    name_en = ma.fields.String()
    department = ma.fields.String()
    who = ma.fields.String()
    documents = ma.fields.List(ma.fields.Dict())
    intermediary_items = ma.fields.List(ma.fields.Dict())


class NamedOut(ma.Schema):
    """A category, district or centre."""

    code = ma.fields.String()
    name_zh = ma.fields.String()
    name_en = ma.fields.String()


class StandardOut(ma.Schema):
    """The head of a price standard."""

    id = ma.fields.String()
    title = ma.fields.String()
    number = ma.fields.String()
    issuer = ma.fields.String()
    region = ma.fields.String()
    ceiling = ma.fields.Boolean()
    mark = ma.fields.String()
    source = ma.fields.String()
    kinds = ma.fields.List(ma.fields.Dict())
    versions = ma.fields.List(ma.fields.Dict())
    inputs = ma.fields.List(ma.fields.Dict())


class FeeQuery(ma.Schema):
    """Inputs of a standard by name; which there are is told by `/standards/{id}`."""

    class Meta:
        """Each standard asks for inputs of its own, so they are not listed here."""

        unknown = ma.INCLUDE

    amount = ma.fields.String(metadata={"description": "in yuan, for instance 60000000"})
    on = ma.fields.Date(metadata={"description": "the day to read the standard on; default today"})


class FeeOut(ma.Schema):
    """A computed fee; amounts are decimal yuan strings, null where the standard leaves the fee to agreement."""

    standard = ma.fields.String()
    number = ma.fields.String()
    title = ma.fields.String()
    version = ma.fields.String()
    kind = ma.fields.String()
    kind_text = ma.fields.String()
    on = ma.fields.String()
    inputs = ma.fields.Dict()
    low = ma.fields.String(allow_none=True)
    base = ma.fields.String(allow_none=True)
    high = ma.fields.String(allow_none=True)
    currency = ma.fields.String()
    ceiling = ma.fields.Boolean()
    open_above = ma.fields.Boolean()
    negotiated = ma.fields.List(ma.fields.String())
    steps = ma.fields.List(ma.fields.Dict())
    notes = ma.fields.List(ma.fields.String())
