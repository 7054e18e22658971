"""What a buyer typed about his own job: inputs of the item's standard, and a quantity where prices go by units."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from market import clock
from market.catalogue import calculator
from market.catalogue import queries as catalogue
from market.formats import yuan_words
from market.http import FormState
from market.kernel.money import Money
from market.listings import queries as listings
from market.listings.units import ASKED, COUNTED, WORDS
from market.pages.queries import Job

MOST = 10_000_000
#: query parameters of pages that are no inputs of a standard
NOT_INPUTS = frozenset({"lang", "mode", "item", "offer", "c", "quantity", "sort", "page", "after", "q"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The buyer's job. `calc` is None without a standard; `typical` says that nothing was typed and the typical job is shown.

    `given` are the inputs that belong in links to keep the job; `quantity_field` asks for a quantity: (label, unit).
    """

    job: Job
    calc: calculator.Calculation | None
    standard: catalogue.StandardInForce | None
    typical: bool
    given: Mapping[str, str]
    quantity_field: tuple[str, str] | None = None
    quantity_form: FormState = field(default_factory=FormState)

    @property
    def kept(self) -> dict[str, str]:
        """The service and the job as hidden fields of a form."""
        return {"item": self.job.item, **self.given}

    @property
    def words(self) -> list[tuple[str, str]]:
        """What was typed, as label and value, for paper and for whoever a link is sent to."""
        fields = {one["name"]: one for one in (self.calc.fields if self.calc else ())}
        found = [
            (fields[name]["label"], _said(fields[name], value)) for name, value in self.given.items() if name in fields
        ]
        if self.quantity_field and "quantity" in self.given:
            found.append((self.quantity_field[0], f"{self.given['quantity']} {self.quantity_field[1]}"))
        return found

    @property
    def errors(self) -> bool:
        """Whether something that was typed is wrong."""
        return bool((self.calc and self.calc.errors) or self.quantity_form.errors)


def read(item: catalogue.Item, args: Mapping[str, str]) -> Asked:
    """What `args` (a query string) say about a job of `item`. Wrong input is marked, and the typical job used instead."""
    standard = catalogue.standard_for(item.slug)
    quantity_text = args.get("quantity", "").strip()
    quantity, wrong = _quantity(quantity_text)
    calc: calculator.Calculation | None = None
    given: dict[str, str] = {}
    typical = not quantity_text
    if standard is not None:
        calc, given, typical = _calculated(standard, args)
    inputs = None if calc is None or typical or calc.errors else given
    held = listings.held_for(item.slug, inputs)
    if standard is not None:
        area = (given if inputs is not None else standard.typical_inputs).get("area", "")
        quantity = quantity or _quantity(area)[0]
    asks = item.unit in COUNTED and not (calc and any(one["name"] == "area" for one in calc.fields))
    return Asked(
        job=Job(item.slug, item.unit, quantity, held),
        calc=calc,
        standard=standard,
        typical=typical,
        given={**given, **({"quantity": quantity_text} if quantity_text and not wrong else {})},
        quantity_field=(_(ASKED[item.unit]), _(WORDS[item.unit])) if asks else None,
        quantity_form=FormState({"quantity": quantity_text}, {"quantity": [wrong]} if wrong else {}),
    )


def _calculated(
    standard: catalogue.StandardInForce, args: Mapping[str, str]
) -> tuple[calculator.Calculation, dict[str, str], bool]:
    today = clock.today()
    given = {name: value for name, value in args.items() if name not in NOT_INPUTS and value.strip()}
    known = calculator.calculate(standard.standard, given, today, standard.presets, asked=False).values
    if known:
        return calculator.calculate(standard.standard, known, today, standard.presets), dict(known), False
    typical = standard.typical_inputs
    calc = calculator.calculate(standard.standard, typical, today, standard.presets, asked=bool(typical))
    return calc, {}, True


def _quantity(text: str) -> tuple[Fraction | None, str]:
    plain = text.replace(",", "").replace("，", "")
    if not plain:
        return None, ""
    try:
        value = Decimal(plain)
    except ArithmeticError:
        value = Decimal(-1)
    if not value.is_finite() or not 0 < value <= MOST:
        return None, _("Please give a number above 0, at most %(most)s.", most=f"{MOST:,}")
    return Fraction(value), ""


def _said(field: Mapping[str, Any], value: str) -> str:
    """A typed value as one reads it: the name of a choice, an amount with its sign, an area with its unit."""
    if field["takes"] == "choice":
        return next((choice["label"] for choice in field["choices"] if choice["name"] == value), value)
    if field["takes"] == "amount":
        try:
            return yuan_words(Money.yuan(unicodedata.normalize("NFKC", value).replace(",", "")))
        except ValueError:  # typed with a unit, for instance 2亿元
            return value
    return f"{value} m²" if field["takes"] == "area" else value
