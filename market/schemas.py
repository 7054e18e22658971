"""What forms and the JSON API share: the base of all form schemas, the field types, texts of the checks.

A schema checks the shape of what was sent, nothing more: rules belong to rules.py. One class per direction serves the HTML form
and the JSON body alike.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma
from flask import current_app
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage, MultiDict

from market.kernel import codes
from market.kernel.calendar import SHANGHAI
from market.kernel.money import LARGEST_FEN, Money

# before any schema class is made: marshmallow copies these texts into each field
ma.fields.Field.default_error_messages |= {
    "required": _l("Please fill this in."),
    "null": _l("Please fill this in."),
    "validator_failed": _l("This does not fit."),
}
ma.fields.String.default_error_messages |= {
    "invalid": _l("This is not a text."),
    "invalid_utf8": _l("This is not a text."),
}
ma.fields.Integer.default_error_messages |= {
    "invalid": _l("Please give a whole number."),
    "too_large": _l("This number is too large."),
}
ma.fields.Number.default_error_messages |= {
    "invalid": _l("Please give a number."),
    "too_large": _l("This number is too large."),
}
ma.fields.Boolean.default_error_messages |= {"invalid": _l("Please choose yes or no.")}
ma.fields.Date.default_error_messages |= {
    "invalid": _l("Please give a date as 2026-03-31."),
    "format": _l("Please give a date as 2026-03-31."),
}
ma.fields.Email.default_error_messages |= {"invalid": _l("This is not a mail address.")}
ma.fields.List.default_error_messages |= {"invalid": _l("Please give a list.")}
ma.validate.Length.message_min = _l("At least {min} characters, please.")
ma.validate.Length.message_max = _l("At most {max} characters, please.")
ma.validate.Length.message_all = _l("Between {min} and {max} characters, please.")
ma.validate.Length.message_equal = _l("Exactly {equal} characters, please.")
ma.validate.OneOf.default_message = _l("Please choose one of the answers given.")
ma.validate.Email.default_message = _l("This is not a mail address.")


class Between(ma.validate.Range):
    """A number between `min` and `max`, both allowed; either may be absent. Use this instead of marshmallow's Range, which
    fixes the language of its text when the class is made.
    """

    def _format_error(self, value: Any, message: str) -> str:
        if self.max is None:
            text = _l("At least %(min)s, please.", min=self.min)
        elif self.min is None:
            text = _l("At most %(max)s, please.", max=self.max)
        else:
            text = _l("Between %(min)s and %(max)s, please.", min=self.min, max=self.max)
        return str(self.error or text)


#: of a field that chooses among values
CHOOSE = {"unknown": _l("Please choose one of the answers given.")}


class Form(ma.Schema):
    """Base of schemas behind an HTML form: unknown fields (the CSRF token) are passed over, what was left blank is absent."""

    class Meta:
        """Fields that the schema does not name are not its business."""

        unknown = ma.EXCLUDE

    @ma.pre_load
    def from_form(self, data: Any, **_: Any) -> dict[str, Any]:
        """Repeated fields become lists, blanks vanish, texts are NFC without control characters and outer spaces."""
        lists = {name for name, f in self.fields.items() if isinstance(f, ma.fields.List)}
        keys = list(data.keys()) if isinstance(data, Mapping | MultiDict) else []
        found: dict[str, Any] = {}
        for key in keys:
            if key in lists and isinstance(data, MultiDict):
                found[key] = [value for value in map(_clean, data.getlist(key)) if value not in ("", None)]
            else:
                value = _clean(data[key])
                if value not in ("", None) and not (isinstance(value, FileStorage) and not value.filename):
                    found[key] = value
        return found


class Nothing(Form):
    """A form of one button."""


class Yuan(ma.fields.Field):
    """An amount in yuan, typed as people type it ("12,345.60", full width too), loaded as `Money`; at most two decimals."""

    default_error_messages = {
        "invalid": _l("Please give an amount in yuan, for instance 12500 or 12500.50."),
        "negative": _l("The amount must not be negative."),
        "too_large": _l("This amount is too large."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Money:
        if isinstance(value, dict):  # the JSON form {"amount": "225500.00", "currency": "CNY"}
            if value.get("currency", "CNY") != "CNY":
                raise self.make_error("invalid")
            value = value.get("amount")
        plain = re.sub(r"[,\s¥￥元]", "", unicodedata.normalize("NFKC", str(value)))
        if plain.startswith(("-", "−")):
            raise self.make_error("negative")
        if not re.fullmatch(r"\d{1,15}(\.\d{1,2})?", plain, re.ASCII):
            raise self.make_error("invalid")
        fen = int(Decimal(plain) * 100)
        if fen > LARGEST_FEN:
            raise self.make_error("too_large")
        return Money(fen)

    def _serialize(self, value: Money | None, attr: str | None, obj: Any, **_: Any) -> dict[str, str] | None:
        return None if value is None else value.to_json()


class Fen(ma.fields.Field):
    """For answers: integer fen as {"amount": "225500.00", "currency": "CNY"}."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **_: Any) -> dict[str, str] | None:
        return None if value is None else Money(value).to_json()


class Whole(ma.fields.Integer):
    """A whole number, typed with full-width digits or thousands separators too. 0 is a number like others."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").strip()
            if not re.fullmatch(r"-?\d{1,15}", value, re.ASCII):
                raise self.make_error("invalid")
        if isinstance(value, bool | float):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Code(ma.fields.String):
    """A public code (kernel/codes.py), normalised; with `letter`, of that kind only."""

    default_error_messages = {"code": _l("This is not a code of the market: please compare it letter by letter.")}

    def __init__(self, letter: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.letter = letter

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = codes.normalise(super()._deserialize(value, attr, data, **kwargs))
        if not codes.is_valid(text) or (self.letter and not text.startswith(self.letter)):
            raise self.make_error("code")
        return text


class Day(ma.fields.Date):
    """A date as 2026-03-31; full-width digits, slashes, dots and 2026年3月31日 are read too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        text = unicodedata.normalize("NFKC", str(value)).strip()
        found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
        if not found:
            raise self.make_error("invalid", input=value, obj_type="date")
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type="date") from None


class LocalMoment(ma.fields.String):
    """A moment as pages write it, 2026-03-05T10:00, in Shanghai; loaded aware."""

    default_error_messages = {"moment": _l("Please choose one of the times shown.")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:  # type: ignore[override]
        try:
            found = datetime.strptime(super()._deserialize(value, attr, data, **kwargs), "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError:
            raise self.make_error("moment") from None
        return found.replace(tzinfo=SHANGHAI)


class Ticked(ma.fields.Boolean):
    """A checkbox: present means yes, absent no."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=False, **kwargs)


class UploadedFile(ma.fields.Field):
    """A file of a form, sent in it or before it in parts (then the form holds the code of the upload); the content is judged by
    `documents`, not here."""

    default_error_messages = {
        "invalid": _l("Please choose a file."),
        "not_here": _l("This file has not fully arrived. Please choose it again."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> FileStorage:
        if isinstance(value, str) and value.startswith("U-"):
            value = current_app.extensions["opened_upload"](value)
            if value is None:
                raise self.make_error("not_here")
        if not isinstance(value, FileStorage):
            raise self.make_error("invalid")
        return value


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
