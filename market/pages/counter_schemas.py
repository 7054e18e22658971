"""Shapes of what the counter takes: a visit, who is served, the consent, what is said and read back, the end, the paper box."""

import marshmallow as ma

from market.centres.states import Act, ConfirmedHow, ConsentHow, Deed, Outcome
from market.schemas import CHOOSE, Code, Day, Form, LocalMoment, UploadedFile


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
    consent = Code("R", load_default=None)


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
    starts_at = LocalMoment(load_default=None)


class SlipForm(Form):
    """Paper originals, one on each line."""

    originals = ma.fields.String(load_default="", validate=ma.validate.Length(max=2500))


class ReceiveForm(Form):
    """What is missing in an envelope that was opened at the counter."""

    missing = ma.fields.List(ma.fields.String(validate=ma.validate.Length(max=100)), load_default=list)
