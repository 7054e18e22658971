"""The shape of what pages and API of contract, work and disputes take and give."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.orders.contract_text import Stage
from market.orders.work_rules import MOST_STAGES
from market.schemas import Between, Code, Fen, Form, UploadedFile, Whole, Yuan

TEXT = 4000
#: when a stage that an amendment adds is paid, as contracts say it
CONDITION = "验收通过"


def _text(required: bool = True, most: int = TEXT) -> ma.fields.String:
    if required:
        return ma.fields.String(required=True, validate=ma.validate.Length(max=most))
    return ma.fields.String(load_default="", validate=ma.validate.Length(max=most))


class Files(Form):
    """Files of a form: those sent now and codes of those sent before."""

    files = ma.fields.List(UploadedFile(), load_default=list)
    documents = ma.fields.List(Code("D"), load_default=list, validate=ma.validate.Length(max=30))


class SignForm(Form):
    """Signing with the account's key."""

    password = ma.fields.String(required=True, validate=ma.validate.Length(max=1024))
    read = ma.fields.Boolean(
        required=True,
        validate=ma.validate.Equal(True, error=_l("Please read the contract first, then tick this.")),
        error_messages={"required": _l("Please read the contract first, then tick this.")},
    )


class PaperForm(Files):
    """Signing on paper at a counter: the scan."""


class QualifiedForm(Form):
    """The number of a request at the signature service."""

    request = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=80))


class PauseForm(Form):
    """Why the clock stands."""

    cause = ma.fields.String(required=True)
    words = _text()


class ExtensionForm(Form):
    """More working days."""

    days = Whole(required=True, validate=Between(min=1, max=365))
    words = _text()


class ExtensionAnswerForm(Form):
    """Yes or no to more days."""

    agreed = ma.fields.Boolean(required=True)


class DeliverForm(Files):
    """A result."""

    note = _text(required=False)


class LookedAtForm(Form):
    """Which result was looked at when the button was pressed."""

    number = Whole(load_default=None)
    round = Whole(load_default=None)


class ReworkForm(LookedAtForm):
    """Why a result goes back."""

    reasons = ma.fields.List(ma.fields.String(), load_default=list)
    words = _text()


class MessageForm(Files):
    """What one side writes to the other."""

    text = _text(required=False)
    form_key = ma.fields.String(load_default=None, validate=ma.validate.Length(max=64))


class DisputeForm(Files):
    """What is disputed and what is wanted."""

    claim = Yuan(required=True)
    words = _text()


class AnswerForm(Files):
    """Words in a dispute."""

    text = _text()


class DecideForm(Form):
    """The operator's decision."""

    outcome = ma.fields.String(required=True)
    buyer = Yuan(load_default=None)
    vendor = Yuan(load_default=None)
    reasons = _text()


#: stages of an amendment as numbered fields, so that a blank one leaves the others in their places
AmendForm: type[ma.Schema] = Form.from_dict(
    {
        "reason": _text(),
        **{
            name: made
            for number in range(1, MOST_STAGES + 1)
            for name, made in (
                (f"title_{number}", ma.fields.String(load_default=None, validate=ma.validate.Length(max=100))),
                (f"days_{number}", Whole(load_default=None, validate=Between(min=1, max=3650))),
                (f"amount_{number}", Yuan(load_default=None)),
            )
        },
    },
    name="AmendForm",
)


def stages_of(data: dict[str, Any], conditions: list[str]) -> list[Stage]:
    """The stages that an amendment form names, in order; a stage without title, days and amount is left out.

    `conditions` are those of the present stages; a new stage is paid when it is accepted. ValidationError, by field, for a stage
    that is named in part.
    """
    found = []
    for number in range(1, MOST_STAGES + 1):
        title, days, amount = (data[f"{name}_{number}"] for name in ("title", "days", "amount"))
        if title is None and days is None and amount is None:
            continue
        missing = {
            f"{name}_{number}": [_l("Please fill this in.")]
            for name, value in (("title", title), ("days", days), ("amount", amount))
            if value is None
        }
        if missing:
            raise ma.ValidationError(missing)
        condition = conditions[number - 1] if number <= len(conditions) else CONDITION
        found.append(Stage(title, days, amount.fen, condition))
    return found


# For programs -----------------------------------------------------------------------------------------------------------


class StageIn(ma.Schema):
    """A stage of an amendment."""

    title = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=100))
    days = Whole(required=True, validate=Between(min=1, max=3650))
    price = Yuan(required=True)


class AmendIn(ma.Schema):
    """A proposed amendment."""

    stages = ma.fields.List(
        ma.fields.Nested(StageIn), required=True, validate=ma.validate.Length(min=1, max=MOST_STAGES)
    )
    reason = _text()


class SignIn(ma.Schema):
    """Signing with the account's key."""

    password = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(max=1024))


class DeliverIn(ma.Schema):
    """A result: codes of documents given before."""

    documents = ma.fields.List(Code("D"), required=True, validate=ma.validate.Length(min=1, max=30))
    note = _text(required=False)


class MessageIn(ma.Schema):
    """A message; the same key twice is one message."""

    text = _text(required=False)
    documents = ma.fields.List(Code("D"), load_default=list, validate=ma.validate.Length(max=30))
    form_key = ma.fields.String(load_default=None, validate=ma.validate.Length(max=64))


class DisputeIn(ma.Schema):
    """A dispute."""

    claim = Yuan(required=True)
    words = _text()
    documents = ma.fields.List(Code("D"), load_default=list, validate=ma.validate.Length(max=30))


class DisputeAnswerIn(ma.Schema):
    """Words in a dispute."""

    text = _text()
    documents = ma.fields.List(Code("D"), load_default=list, validate=ma.validate.Length(max=30))


class PauseIn(ma.Schema):
    """Why the clock stands."""

    cause = ma.fields.String(required=True)
    words = _text()


class ReworkIn(ma.Schema):
    """Why a result goes back."""

    reasons = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(min=1))
    words = _text()
    number = Whole(load_default=None)
    round = Whole(load_default=None)


class LookedAtIn(ma.Schema):
    """Which result is accepted."""

    number = Whole(load_default=None)
    round = Whole(load_default=None)


class ExtensionIn(ma.Schema):
    """More working days."""

    days = Whole(required=True, validate=Between(min=1, max=365))
    words = _text()


class ExtensionAnswerIn(ma.Schema):
    """Yes or no to more days."""

    agreed = ma.fields.Boolean(required=True)


class MilestoneOut(ma.Schema):
    """A stage of the work."""

    number = ma.fields.Integer()
    title = ma.fields.String()
    days = ma.fields.Integer()
    price = Fen(attribute="fen")
    state = ma.fields.String()
    funded = ma.fields.Boolean(attribute="is_funded")
    round = ma.fields.Integer()
    due_on = ma.fields.Date()
    accept_by = ma.fields.AwareDateTime()
    accepted_at = ma.fields.AwareDateTime()


class ContractHead(ma.Schema):
    """A version of a contract, by its digest."""

    code = ma.fields.String()
    number = ma.fields.Integer()
    state = ma.fields.String()
    digest = ma.fields.String()
    sign_by = ma.fields.AwareDateTime()
    in_force_at = ma.fields.AwareDateTime()


class ContractOut(ContractHead):
    """A version of a contract with its content."""

    content = ma.fields.Raw()


class WorkOut(ma.Schema):
    """Where an order's work stands."""

    order = ma.fields.String()
    state = ma.fields.String()
    waiting_for = ma.fields.String()
    waiting_on = ma.fields.String()
    due_at = ma.fields.AwareDateTime()
    milestones = ma.fields.List(ma.fields.Nested(MilestoneOut))
    contracts = ma.fields.List(ma.fields.Nested(ContractHead))


class DisputeOut(ma.Schema):
    """A dispute as its sides see it."""

    code = ma.fields.String()
    state = ma.fields.String()
    party = ma.fields.String()
    claim = Fen(attribute="claim_fen")
    opened_at = ma.fields.AwareDateTime()
    due_at = ma.fields.AwareDateTime()
    outcome = ma.fields.String()
    decision = ma.fields.String()


class OrderMessageOut(ma.Schema):
    """A message."""

    party = ma.fields.String()
    text = ma.fields.String()
    documents = ma.fields.List(ma.fields.String())
    sent_at = ma.fields.AwareDateTime()
