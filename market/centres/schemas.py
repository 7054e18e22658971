"""Shapes of what the pages of centres take; those of the counter and the kiosk stand in market/pages."""

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.centres.states import Visit
from market.schemas import CHOOSE, Code, Day, Form, LocalMoment, Ticked


class BookForm(Form):
    """A place at a centre."""

    starts_at = LocalMoment(required=True, error_messages={"required": _l("Please choose a time.")})
    visit = ma.fields.Enum(Visit, by_value=True, required=True, error_messages=CHOOSE)
    order = Code("O", load_default=None)


class HoursForm(Form):
    """Other hours from a day on."""

    centre = ma.fields.String(load_default=None, validate=ma.validate.Length(max=12))
    weekday = ma.fields.Integer(load_default=None, validate=ma.validate.OneOf(range(1, 8)))
    hours = ma.fields.String(load_default="", validate=ma.validate.Length(max=400))
    follow = Ticked()
    valid_from = Day(required=True)
