"""Saved searches and demands: what forms and programs send, and what programs read."""

import marshmallow as ma

from market.schemas import Form


class DemandForm(Form):
    """A kind of need that a vendor waits for."""

    item = ma.fields.String(required=True, validate=ma.validate.Length(max=60))
    districts = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=6)), load_default=list)


class DemandIn(ma.Schema):
    """A kind of need that a vendor waits for."""

    item = ma.fields.String(required=True, metadata={"description": "code of a service"})
    districts = ma.fields.List(ma.fields.String(), load_default=list, metadata={"description": "none: all"})


class SavedSearchOut(ma.Schema):
    """A saved search."""

    code = ma.fields.String()
    label = ma.fields.String()
    parameters = ma.fields.Dict(attribute="args", metadata={"description": "of the search page and GET /listings"})
    created_at = ma.fields.DateTime()


class SavedDemandOut(ma.Schema):
    """A saved demand."""

    code = ma.fields.String()
    item = ma.fields.String()
    districts = ma.fields.List(ma.fields.String())
    created_at = ma.fields.DateTime()


class AlertsOut(ma.Schema):
    """What somebody waits for."""

    searches = ma.fields.List(ma.fields.Nested(SavedSearchOut))
    demands = ma.fields.List(ma.fields.Nested(SavedDemandOut))
