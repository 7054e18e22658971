"""Schemas of the search interface for programs: queries in, answers out."""

import marshmallow as ma

from market.schemas import Between, Fen, Form, Whole


class ItemsQuery(Form):
    """What to look for among services and matters."""

    q = ma.fields.String(load_default="", metadata={"description": "what somebody needs, in his own words"})
    size = Whole(
        load_default=10, validate=Between(min=1, max=50), metadata={"description": "services at most, 1 to 50"}
    )
    as_typed = ma.fields.Boolean(load_default=False, metadata={"description": "true: no corrections"})


class ListingsQuery(Form):
    """What to look for among offers. Filters as on the search page; several values apart by commas or repeated."""

    q = ma.fields.String(load_default="")
    size = Whole(load_default=20, validate=Between(min=1, max=100))
    as_typed = ma.fields.Boolean(load_default=False)
    after = ma.fields.String(load_default=None, metadata={"description": "the cursor of the page before"})
    item = ma.fields.String(metadata={"description": "codes of services"})
    category = ma.fields.String(metadata={"description": "codes of fields"})
    district = ma.fields.String(metadata={"description": "division codes: offers that serve one of them"})
    price = ma.fields.String(
        metadata={
            "description": "under_500, 500_2000, 2000_10000, 10000_50000, 50000_200000, over_200000, on_quotation"
        }
    )
    position = ma.fields.String(metadata={"description": "against the standard: below, within, above, none"})
    level = ma.fields.String(metadata={"description": "qualification:level, as counted under facets"})
    days = ma.fields.String(metadata={"description": "working days at most: 3, 5, 10, 20, 40"})
    rating = ma.fields.String(metadata={"description": "lower bound in thousandths at least: 3000, 3500, 4000, 4500"})
    free = ma.fields.String(metadata={"description": "1: can begin now"})
    sort = ma.fields.String(metadata={"description": "relevance (default), price, days, rating; no other order exists"})


class SuggestQuery(Form):
    """What was typed so far."""

    q = ma.fields.String(load_default="")
    lang = ma.fields.String(load_default="", metadata={"description": "zh or en: language of `kind`"})


class CorrectionOut(ma.Schema):
    """Something read differently from how it was typed."""

    typed = ma.fields.String()
    read = ma.fields.String()
    why = ma.fields.String(attribute="because", metadata={"description": "pinyin, initials, sound, spelling"})


class UnderstoodOut(ma.Schema):
    """How the question was read."""

    query = ma.fields.String()
    read_as = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "empty, code, pinyin, initials, english, chinese"})
    corrections = ma.fields.List(ma.fields.Nested(CorrectionOut))
    matter = ma.fields.String(allow_none=True, metadata={"description": "the matter that the question describes"})
    hopeless = ma.fields.Boolean(metadata={"description": "nothing in the catalogue has to do with it"})


class HitOut(ma.Schema):
    """A service or matter found."""

    code = ma.fields.String()
    score = ma.fields.Float(metadata={"description": "0 to 1"})
    why = ma.fields.String(metadata={"description": "code, name, alias, words, sound, meaning, matter"})
    matched = ma.fields.String()
    name_zh = ma.fields.String()
    name_en = ma.fields.String()


class ItemsOut(ma.Schema):
    """Services and matters, best first."""

    understood = ma.fields.Nested(UnderstoodOut)
    items = ma.fields.List(ma.fields.Nested(HitOut))
    matters = ma.fields.List(ma.fields.Nested(HitOut))


class FoundOfferOut(ma.Schema):
    """An offer found; the price for the typical job of its service, tax included."""

    code = ma.fields.String()
    title = ma.fields.String()
    vendor = ma.fields.String()
    vendor_name = ma.fields.String()
    item = ma.fields.String()
    price = Fen()
    firm = ma.fields.Boolean(metadata={"description": "false: a maximum, or no amount can be given"})
    reference = Fen()
    position = ma.fields.String()
    days = ma.fields.Integer()
    free = ma.fields.Integer()
    rating_mean = ma.fields.Integer(allow_none=True, metadata={"description": "thousandths"})
    rating_low = ma.fields.Integer(allow_none=True)
    rating_high = ma.fields.Integer(allow_none=True)
    rating_count = ma.fields.Integer()


class ListingsOut(ma.Schema):
    """A page of offers with facets; `after` leads to the next page, none on the last."""

    understood = ma.fields.Nested(UnderstoodOut, allow_none=True)
    total = ma.fields.Integer()
    exact = ma.fields.Boolean()
    order = ma.fields.String()
    column = ma.fields.Integer(metadata={"description": "column of the neutral order that holds today"})
    listings = ma.fields.List(ma.fields.Nested(FoundOfferOut))
    facets = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    )
    after = ma.fields.String(allow_none=True)


class SuggestionOut(ma.Schema):
    """A term that begins with what was typed, and where it leads."""

    text = ma.fields.String()
    kind = ma.fields.String()
    url = ma.fields.String()


class SuggestionsOut(ma.Schema):
    """Suggestions, the likeliest first."""

    suggestions = ma.fields.List(ma.fields.Nested(SuggestionOut))


class PickupForm(Form):
    """A pick-up code at a kiosk, key by key: `typed` so far, and the `key` that was pressed (absent: look it up)."""

    typed = ma.fields.String(load_default="", validate=ma.validate.Length(max=20))
    key = ma.fields.String(load_default=None, validate=ma.validate.Length(max=5))


class SaveSearchForm(Form):
    """How a saved search is called; absent: by what was typed and chosen."""

    label = ma.fields.String(load_default="", validate=ma.validate.Length(max=80))
