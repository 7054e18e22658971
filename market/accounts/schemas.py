"""The shape of what the pages and the API of accounts take and give."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from market.accounts import rules
from market.accounts.operations import TOKEN_DAYS
from market.schemas import Form, Whole


class Address(ma.fields.String):
    """A mail address, normalised; at most 254 characters (RFC 5321, 4.5.3.1.3)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=[ma.validate.Email(), ma.validate.Length(max=254)], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return rules.normalise_email(super()._deserialize(value, attr, data, **kwargs))


class Secret(ma.fields.String):
    """A password as typed. What may be one is a rule, not a shape; only absurd lengths are refused here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, validate=ma.validate.Length(max=1024), **kwargs)


def _name() -> ma.fields.String:
    return ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=60))


class SignInForm(Form):
    """First step of signing in."""

    email = Address(required=True)
    password = Secret()
    next = ma.fields.String(load_default=None)


class CodeForm(Form):
    """Second step of signing in."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(max=20))


class AddressForm(Form):
    """An address to which a link is sent."""

    email = Address(required=True)


class ClaimForm(Form):
    """A code that a counter printed, and the address of whoever takes the account over."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(max=30))
    email = Address(required=True)


class FinishClaimForm(Form):
    """The printed code once more, and a password."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(max=30))
    password = Secret()


class FinishForm(Form):
    """What is still needed of a person whose address is confirmed."""

    name = _name()
    password = Secret()


class NewPasswordForm(Form):
    """A new password by link."""

    password = Secret()


class ChangePasswordForm(Form):
    """A new password by somebody who knows the present one."""

    current = Secret()
    password = Secret()


class ChangeEmailForm(Form):
    """A new address."""

    email = Address(required=True)
    current = Secret()


class NameForm(Form):
    """The name that others see."""

    name = _name()


class SecondFactorForm(Form):
    """Shows that the app has the secret."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(max=20))
    current = Secret()


class PresentPasswordForm(Form):
    """An act that needs the present password once more."""

    current = Secret()


class CloseForm(Form):
    """Closing the account."""

    current = Secret()
    sure = ma.fields.Boolean(
        required=True,
        error_messages={"required": _l("Please tick this if you are sure.")},
        validate=ma.validate.Equal(True, error=_l("Please tick this if you are sure.")),
    )


class FirmForm(Form):
    """One's own firm. The credit code is checked by kernel/identifiers.py."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(min=2, max=120))
    credit_code = ma.fields.String(load_default=None, validate=ma.validate.Length(max=40))


class TokenForm(Form):
    """A token for programs."""

    label = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=60))
    scopes = ma.fields.List(
        ma.fields.String(),
        required=True,
        validate=ma.validate.Length(min=1, error=_l("Please choose at least one.")),
    )
    days = Whole(required=True, validate=ma.validate.OneOf(TOKEN_DAYS))


class MembershipChoice(Form):
    """Which of one's roles to act in."""

    membership = ma.fields.String(required=True)
    next = ma.fields.String(load_default=None)


class MembershipOut(ma.Schema):
    """A role in an organisation."""

    code = ma.fields.String()
    role = ma.fields.String()
    organisation = ma.fields.String(attribute="organisation.code")
    organisation_name = ma.fields.String(attribute="organisation.name")
    district = ma.fields.String(allow_none=True, metadata={"description": "six digits; null means the whole city"})
    admin = ma.fields.Boolean()


class MeOut(ma.Schema):
    """Who the caller is to the market."""

    person = ma.fields.String(metadata={"description": "public code of the person"})
    name = ma.fields.String()
    acting = ma.fields.Nested(MembershipOut, allow_none=True, metadata={"description": "the role the caller acts in"})
    memberships = ma.fields.List(ma.fields.Nested(MembershipOut))
    scopes = ma.fields.List(
        ma.fields.String(), allow_none=True, metadata={"description": "of the token; null for a browser"}
    )
