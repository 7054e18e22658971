"""Shapes of what the pages of centres, the counter and the kiosk take."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market import clock
from market.centres.states import Act, ConfirmedHow, ConsentHow, Deed, Outcome, Visit
from market.schemas import Code, Day, Form, Ticked, UploadedFile

CHOOSE = {"unknown": _l("Please choose one of the answers given.")}


class Moment(ma.fields.String):
    """The first instant of a quarter hour as pages write it, 2026-03-05T10:00, in Shanghai; loaded aware."""

    default_error_messages = {"moment": _l("Please choose one of the times shown.")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:  # type: ignore[override]
        try:
            found = datetime.strptime(super()._deserialize(value, attr, data, **kwargs), "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError:
            raise self.make_error("moment") from None
        return found.replace(tzinfo=clock.SHANGHAI)


class Nothing(Form):
    """A form of one button."""


class BookForm(Form):
    """A place at a centre."""

    starts_at = Moment(required=True, error_messages={"required": _l("Please choose a time.")})
    visit = ma.fields.Enum(Visit, by_value=True, required=True, error_messages=CHOOSE)
    order = Code("O", load_default=None)


class HoursForm(Form):
    """Other hours from a day on."""

    centre = ma.fields.String(load_default=None, validate=ma.validate.Length(max=12))
    weekday = ma.fields.Integer(load_default=None, validate=ma.validate.OneOf(range(1, 8)))
    hours = ma.fields.String(load_default="", validate=ma.validate.Length(max=400))
    follow = Ticked()
    valid_from = Day(required=True)


class BeginForm(Form):
    """A visit begins at a window."""

    centre = ma.fields.String(required=True, validate=ma.validate.Length(max=12))
    window = ma.fields.String(required=True, validate=ma.validate.Length(max=20))
    booking = Code("J", load_default=None)


class CitizenForm(Form):
    """Who is served: a number from the card, with the name where nobody is known by it yet; or a code from the own account."""

    id_number = ma.fields.String(load_default=None, validate=ma.validate.Length(max=30))
    name = ma.fields.String(load_default=None, validate=ma.validate.Length(max=60))
    mobile = ma.fields.String(load_default=None, validate=ma.validate.Length(max=20))
    pass_code = ma.fields.String(load_default=None, validate=ma.validate.Length(max=20))
    consent = Code("U", load_default=None)


class ConsentForm(Form):
    """What the citizen agrees to, and how that was said."""

    acts = ma.fields.List(ma.fields.Enum(Act, by_value=True, error_messages=CHOOSE), load_default=list)
    how = ma.fields.Enum(ConsentHow, by_value=True, required=True, error_messages=CHOOSE)
    witness = Code("P", load_default=None)
    signature = ma.fields.String(load_default=None)
    scan = UploadedFile(load_default=None)
    until = Day(load_default=None)


class FindForm(Form):
    """An order by its pick-up code or its own."""

    code = ma.fields.String(load_default="", validate=ma.validate.Length(max=40))


class SayForm(Form):
    """What the citizen says, to be read back."""

    deed = ma.fields.Enum(Deed, by_value=True, required=True, error_messages=CHOOSE)
    words = ma.fields.String(load_default="", validate=ma.validate.Length(max=2000))
    reasons = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=24)), load_default=list)


class ConfirmForm(Form):
    """The citizen found right what was shown under `digest`."""

    digest = ma.fields.String(required=True, validate=ma.validate.Length(equal=64))
    how = ma.fields.Enum(ConfirmedHow, by_value=True, load_default=ConfirmedHow.SCREEN, error_messages=CHOOSE)
    signature = ma.fields.String(load_default=None)


class EndForm(Form):
    """How a visit ended, and the appointment where the rest is done."""

    outcome = ma.fields.Enum(Outcome, by_value=True, required=True, error_messages=CHOOSE)
    centre = ma.fields.String(load_default=None, validate=ma.validate.Length(max=12))
    starts_at = Moment(load_default=None)


class SlipForm(Form):
    """Paper originals, one on each line."""

    originals = ma.fields.String(load_default="", validate=ma.validate.Length(max=2500))


class ReceiveForm(Form):
    """What is missing in an envelope that was opened at the counter."""

    missing = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=100)), load_default=list)
