"""The calculator as pages show it: which fields, what was typed, what came out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import get_locale, gettext

from market import i18n
from market.catalogue import tariff
from market.catalogue.standard import Standard, Version
from market.catalogue.tariff_words import fee_json, inputs_json
from market.http import FormState
from market.kernel.errors import Invalid
from market.kernel.money import FEN_PER_WAN, Money, round_decimal

#: inputs that only somebody who knows the standard asks for; shown behind "more"
EXPERT = frozenset(
    {"factor", "band", "cap", "floor", "tender_amount", "coefficients", "rate_below_500", "equipment", "rule_534"}
)


@dataclass(frozen=True, slots=True)
class Calculation:
    """One use of the calculator. `result` is None while nothing was asked or something is wrong; money in fen."""

    standard: Standard
    on: date
    #: as `inputs_json`, without what is preset
    fields: list[dict[str, Any]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    low: Money | None = None
    base: Money | None = None
    high: Money | None = None

    @property
    def form(self) -> FormState:
        """What was typed, over the standard's defaults, with what is wrong."""
        defaults = {one["name"]: one["default"] for one in self.fields if one["default"]}
        return FormState({**defaults, **self.values}, dict(self.errors))

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The fields that everybody sees."""
        return [one for one in self.fields if one["name"] not in EXPERT]

    @property
    def expert(self) -> list[dict[str, Any]]:
        """The fields behind "more"."""
        return [one for one in self.fields if one["name"] in EXPERT]


def calculate(
    standard: Standard, given: Mapping[str, str], on: date, presets: Mapping[str, str] | None = None, asked: bool = True
) -> Calculation:
    """Evaluate `standard` on `on` for what was `given` (amounts in yuan) with what is preset; wrong input becomes `errors`.

    With `asked` false nothing is computed: the empty form. A day on which the standard was not in force raises `Invalid`.
    """
    lang = "en" if str(get_locale()) == "en" else "zh"
    version = standard.version_on(on)
    presets = presets or {}
    fields = [one for one in inputs_json(standard, version.id, lang) if one["name"] not in presets]
    names = {one["name"] for one in fields}
    values = {name: value.strip() for name, value in given.items() if name in names and value.strip()}
    if not asked:
        return Calculation(standard, on, fields, values)
    try:
        result = tariff.evaluate(standard, {**values, **presets}, on)
    except Invalid as invalid:
        errors = {name: [i18n.tell_line(text) for text in texts] for name, texts in invalid.fields.items()}
        return Calculation(standard, on, fields, values, errors)
    return Calculation(
        standard,
        on,
        fields,
        values,
        {},
        fee_json(result, gettext, lang),
        result.low_money,
        result.base_money,
        result.high_money,
    )


def wan_text(yuan: str) -> str:
    """A decimal yuan text in 万元 with four decimals, as tariff tables print it."""
    return str(round_decimal(Fraction(Money.yuan(yuan).fen, FEN_PER_WAN), 4))


def column_label(version: Version, column: str, lang: str) -> str:
    """What a column of a table is called: the label of the choice it stands for, or its own name."""
    for one in version.inputs.values():
        for choice in one.choices:
            if choice.name == column:
                return choice.label.to(lang)
    return column
