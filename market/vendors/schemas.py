"""What vendors and operators type, and what the API gives of a vendor: permitted fields only.

No field asks for local registration, a branch, turnover, tax, capital, age or headcount (tests/architecture holds the list of
words). Steps of the application may be saved half filled ("save, go on later"); what is missing is told when it is handed in.
"""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from market.schemas import Code, Day, Form, Ticked, UploadedFile
from market.vendors import rules
from market.vendors.models import LegalForm

LANGUAGES = ("zh", "en", "ja", "ko", "ru", "de", "fr", "es", "ar")


class BeginForm(Form):
    """The first question: which firm."""

    name = fields.String(required=True, validate=validate.Length(min=2, max=200))


class StepForm(Form):
    """A step of the application: NEEDED fields may be left out only when it is saved for later."""

    NEEDED: tuple[str, ...] = ()

    later = Ticked()

    @ma.validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        """Everything needed is there, or the person goes on later."""
        missing = [] if data["later"] else [name for name in self.NEEDED if not data.get(name)]
        if missing:
            raise ma.ValidationError({name: [_l("Please fill this in.")] for name in missing})


class FirmForm(StepForm):
    """Step 1."""

    NEEDED = ("legal_form", "credit_code", "address")

    name = fields.String(required=True, validate=validate.Length(min=2, max=200))
    legal_form = fields.Enum(
        LegalForm, by_value=True, error_messages={"unknown": _l("Please choose one of the answers given.")}
    )
    credit_code = fields.String(load_default="", validate=validate.Length(max=60))
    as_printed = Ticked()
    address = fields.String(load_default="", validate=validate.Length(max=300))
    introduction = fields.String(load_default=None, validate=validate.Length(max=2000))
    languages = fields.List(fields.String(validate=validate.OneOf(LANGUAGES)), load_default=lambda: ["zh"])
    paper = UploadedFile()
    paper_code = Code("D")


class ContactForm(StepForm):
    """Step 2."""

    NEEDED = ("representative", "contact_name", "contact_phone")

    representative = fields.String(load_default="", validate=validate.Length(max=100))
    contact_name = fields.String(load_default="", validate=validate.Length(max=100))
    contact_phone = fields.String(load_default="", validate=validate.Length(max=40))


class OneMoreForm(Form):
    """One more licence or person. The buttons that lead on save what was typed too; all blank, there is nothing to save."""

    NEEDED: tuple[str, ...] = ()

    onward = Ticked()
    later = Ticked()

    @ma.validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        """Everything needed is there, or nothing at all and the person only goes on."""
        if not self.is_blank(data) and (missing := [name for name in self.NEEDED if not data.get(name)]):
            raise ma.ValidationError({name: [_l("Please fill this in.")] for name in missing})

    @classmethod
    def is_blank(cls, data: dict[str, Any]) -> bool:
        """Whether the person only goes on: a button that leads on, and nothing typed."""
        typed = {name: value for name, value in data.items() if name not in ("onward", "later", "level", "profession")}
        return (data["onward"] or data["later"]) and not any(typed.values())


class LicenceForm(OneMoreForm):
    """A licence of step 3."""

    NEEDED = ("kind", "number", "issuer", "valid_from")

    kind = fields.String(validate=validate.Length(max=120))
    level = fields.String(load_default=None, validate=validate.Length(max=60))
    number = fields.String(validate=validate.Length(min=2, max=80))
    issuer = fields.String(validate=validate.Length(min=2, max=200))
    valid_from = Day()
    valid_to = Day(load_default=None)
    file = UploadedFile()
    file_code = Code("D")


class PractitionerForm(OneMoreForm):
    """A professional of step 4."""

    NEEDED = ("name", "id_number", "registration")

    name = fields.String(validate=validate.Length(min=2, max=100))
    id_number = fields.String(validate=validate.Length(max=60))
    profession = fields.String(load_default="", validate=validate.Length(max=120))
    other_profession = fields.String(load_default="", validate=validate.Length(max=120))
    registration = fields.String(validate=validate.Length(min=2, max=80))
    valid_to = Day(load_default=None)

    @ma.validates_schema
    def named(self, data: dict[str, Any], **_: Any) -> None:
        """A profession is chosen, or typed when it is not in the list."""
        if not self.is_blank(data) and not data.get("profession") and not data.get("other_profession"):
            raise ma.ValidationError({"profession": [_l("Please fill this in.")]})


class UndertakingsForm(Form):
    """Step 5."""

    given = fields.List(fields.String(validate=validate.OneOf(list(rules.UNDERTAKINGS))), load_default=list)
    no_ties = Ticked()
    hand_in = Ticked()


class TieForm(Form):
    """A tie with a public body."""

    body = fields.String(required=True, validate=validate.Length(min=2, max=200))
    kind = fields.String(required=True, validate=validate.OneOf(list(rules.TIES)))
    explanation = fields.String(load_default="", validate=validate.Length(max=1000))


class LeaveForm(Form):
    """Leaving the market."""

    sure = Ticked()

    @ma.validates("sure")
    def said(self, value: bool, **_: Any) -> None:
        """It is meant."""
        if not value:
            raise ma.ValidationError([_l("Please tick this if you mean it.")])


class CheckForm(Form):
    """The answers of a form check: answer-KEY yes or no, reason-KEY one of the neutral reasons, text-KEY typed."""

    answers = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)

    @ma.pre_load
    def from_form(self, data: Any, **kwargs: Any) -> dict[str, Any]:
        """Fields by their beginnings as one mapping of answers."""
        typed = super().from_form(data, **kwargs)
        given = {key.removeprefix("answer-"): value for key, value in typed.items() if key.startswith("answer-")}
        return {"answers": {key: answer(value, typed, key) for key, value in given.items() if value in ("yes", "no")}}


class ChangeForm(Form):
    """The answer to a change."""

    answer = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))
    reason = fields.String(load_default="")
    text = fields.String(load_default="", validate=validate.Length(max=1000))


class StandingForm(Form):
    """A decision about a vendor's standing."""

    verb = fields.String(required=True, validate=validate.OneOf(["suspend", "reinstate", "strike_off"]))
    reason = fields.String(load_default="", validate=validate.Length(max=1000))
    basis = fields.String(load_default="", validate=validate.Length(max=500))


def answer(value: str, typed: dict[str, Any], key: str) -> rules.Answer:
    """An answer to the question `key` from the typed fields; at most 1,000 characters of typed reason."""
    return rules.Answer(value == "yes", typed.get(f"reason-{key}", ""), typed.get(f"text-{key}", "")[:1000])


class LicenceOut(ma.Schema):
    """A licence as the public sees it."""

    kind = fields.String()
    level = fields.String(allow_none=True)
    number = fields.String()
    issuer = fields.String()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True, metadata={"description": "last day on which it is valid; null: no end"})
    state = fields.String()
    confirmed_by = fields.String(allow_none=True, metadata={"description": "registry or operator"})
    registry_checked_at = fields.AwareDateTime(allow_none=True)


class ProfessionOut(ma.Schema):
    """How many confirmed professionals of a profession a vendor has."""

    profession = fields.String()
    count = fields.Integer()


class StandingOut(ma.Schema):
    """Standing figures; ratings in thousandths of a star, null before the first."""

    rating_mean = fields.Integer(allow_none=True)
    rating_low = fields.Integer(allow_none=True)
    rating_high = fields.Integer(allow_none=True)
    rating_count = fields.Integer()
    on_time = fields.Integer()
    on_time_of = fields.Integer()
    first_pass = fields.Integer()
    first_pass_of = fields.Integer()
    credit = fields.Integer(metadata={"description": "thousandths of a point; 100000 is the start"})


class VendorShortOut(ma.Schema):
    """A vendor in a list."""

    code = fields.String()
    name = fields.String()
    state = fields.String()
    credit_code = fields.String(allow_none=True)
    legal_form = fields.String(allow_none=True)


class VendorOut(VendorShortOut):
    """A vendor with what its public page shows."""

    introduction = fields.String(allow_none=True)
    languages = fields.List(fields.String())
    accepted_at = fields.AwareDateTime()
    standing_reason = fields.String(allow_none=True)
    standing_basis = fields.String(allow_none=True)
    appeal_until = fields.Date(allow_none=True)
    licences = fields.List(fields.Nested(LicenceOut))
    professions = fields.List(fields.Nested(ProfessionOut))
    standing = fields.Nested(StandingOut, allow_none=True)


class VendorsOut(ma.Schema):
    """A page of vendors in the neutral order of the day."""

    page = fields.Integer()
    pages = fields.Integer()
    total = fields.Integer()
    order = fields.String(metadata={"description": "the published neutral order; turned every day"})
    vendors = fields.List(fields.Nested(VendorShortOut))


class PageQuery(ma.Schema):
    """Which page of a list."""

    class Meta:
        """Unknown parameters are passed over."""

        unknown = ma.EXCLUDE

    page = fields.Integer(load_default=1, metadata={"description": "from 1; out of range gives the nearest page"})
