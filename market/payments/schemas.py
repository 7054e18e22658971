"""Forms and JSON of payments."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.payments.models import TransferKind
from market.schemas import Code, Day, Fen, Form, Whole, Yuan


class PayForm(Form):
    """How a buyer pays an instalment."""

    method = ma.fields.String(required=True, validate=ma.validate.OneOf(["card", "wallet", "invoice"]))


class RefundForm(Form):
    """An officer's refund: exactly what is to go back, the amount that the form showed as available, and why."""

    amount = Yuan(required=True)
    shown = Whole(required=True)
    form_key = ma.fields.String(load_default=None, validate=ma.validate.Length(max=64))
    words = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))


class RefundBody(ma.Schema):
    """The same for programs: `amount` and `available` as {"amount": "100.00", "currency": "CNY"}."""

    amount = Yuan(required=True)
    available = Yuan(required=True)
    key = ma.fields.String(required=True, validate=ma.validate.Length(min=8, max=64))
    words = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))


class RefundSchema(ma.Schema):
    """A refund as programs see it."""

    code = ma.fields.String()
    amount = Fen(attribute="fen")
    state = ma.fields.Function(lambda row: str(row.state))
    cause = ma.fields.Function(lambda row: str(row.cause))


class DueSchema(ma.Schema):
    """An instalment."""

    payment = ma.fields.String()
    number = ma.fields.Integer()
    amount = Fen(attribute="fen")
    pay_by = ma.fields.AwareDateTime(allow_none=True)
    state = ma.fields.String()
    method = ma.fields.String(allow_none=True)


class MoneySchema(ma.Schema):
    """The money of an order."""

    order = ma.fields.String()
    instalments = ma.fields.List(ma.fields.Nested(DueSchema), attribute="due")
    held = Fen(attribute="held_fen")
    released = Fen(attribute="released_fen")
    fee = Fen(attribute="fee_fen")
    paid_out = Fen(attribute="paid_out_fen")
    refunded = Fen(attribute="refunded_fen")
    refunding = Fen(attribute="refunding_fen")
    taken_back = Fen(attribute="taken_back_fen")
    frozen = ma.fields.Boolean()
    settled_at = ma.fields.AwareDateTime(allow_none=True)


class TransferForm(Form):
    """A line of the bank statement."""

    kind = ma.fields.Enum(TransferKind, by_value=True, required=True)
    about = Code(required=True)
    amount = Yuan(required=True)
    reference = ma.fields.String(required=True, validate=ma.validate.Length(min=3, max=60))
    booked_on = Day(required=True)


class ReasonForm(Form):
    """Why an officer decided so."""

    words = ma.fields.String(required=True, validate=ma.validate.Length(min=5, max=2000))


class BankForm(Form):
    """A vendor's bank account for what public bodies pay by transfer."""

    bank = ma.fields.String(required=True, validate=ma.validate.Length(min=2, max=200))
    number = ma.fields.String(
        required=True,
        validate=ma.validate.Regexp(r"[0-9０-９ ]{8,60}\Z", error=_l("A bank account number has 8 to 30 digits.")),
    )

    @ma.post_load
    def half_width(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Digits as they are typed on a Chinese keyboard count too."""
        import unicodedata

        return {**data, "number": unicodedata.normalize("NFKC", data["number"])}
