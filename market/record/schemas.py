"""Shapes of the record's pages: checkpoints that somebody brings to compare."""

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from market.schemas import Form

LONGEST = 20_000


def _note() -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(max=LONGEST, error=_l("At most 20,000 characters, please."))
    )


class CompareForm(Form):
    """Up to three notes (signed checkpoints) from different places; at least one."""

    first = _note()
    second = _note()
    third = _note()

    @validates_schema
    def some(self, data: dict[str, str], **_: object) -> None:
        """Refuses a form without a note."""
        if not any(data.get(name) for name in ("first", "second", "third")):
            raise ValidationError(_l("Paste at least one checkpoint."), "first")
