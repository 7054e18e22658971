"""What was typed into a draft: read field by field, so that what is right is kept when something else is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma

from market.http import invalid
from market.kernel.errors import Invalid, Refusal
from market.kernel.money import Money
from market.orders.models import Order
from market.orders.rules import QUANTITY, Project
from market.orders.schemas import ProjectForm

#: an input of a standard is typed in so many characters at most
LONGEST_INPUT = 200

#: fields of ProjectForm -> names of the order
FIELDS: Mapping[str, str] = {
    "title": "title", "description": "description", "requirements": "requirements", "conditions": "conditions",
    "district": "district", "fund": "fund", "ceiling": "ceiling_fen",
    "needed_by": "needed_by",
}  # fmt: skip
#: those that are empty, not absent, when nothing is typed
TEXTS = frozenset({"title", "description", "requirements", "conditions"})


def read_project(
    typed: Mapping[str, Any], inputs: Sequence[str], *, partly: bool = False
) -> tuple[Project, dict[str, list[Refusal | str]]]:
    """What step 2 says: the fields that could be read, and what is wrong with the others.

    `inputs` are the names that the standard of the item asks for; they are kept as typed. With `partly` (the API) fields that
    were not sent are left as they are; a form sends all.
    """
    known = {name: value for name, value in typed.items() if name in ProjectForm().fields}
    wrong: dict[str, list[Refusal | str]] = {}
    try:
        data = dict(ProjectForm().load(known))
    except ma.ValidationError as error:
        wrong = dict(invalid(error).fields)
        data = dict(error.valid_data or {})  # type: ignore[arg-type]
        for name in wrong:
            data.pop(name, None)
        data = {name: value for name, value in data.items() if name not in wrong}
    sent = [name for name in FIELDS if name not in wrong and (name in typed or not partly)]
    values: dict[str, Any] = {}
    for name in sent:
        value = data.get(name, "" if name in TEXTS else None)
        values[FIELDS[name]] = value.fen if isinstance(value, Money) else value
    facts = {name: str(typed[name]).strip()[:LONGEST_INPUT] for name in inputs if str(typed.get(name, "")).strip()}
    if "quantity" not in wrong and data.get("quantity"):
        facts[QUANTITY] = data["quantity"]
    given = set(values) | ({"facts"} if facts or not partly else set())
    return Project(given=frozenset(given), facts=facts, **values), wrong


def values_of(row: Order, step: int) -> dict[str, Any]:
    """A draft as a step's form shows it. Each step by itself: a standard may ask for something that is called like a field."""
    if step == 1:
        return {"matter": row.matter or "", "item": row.item or ""}
    if step == 4:
        return {
            "way": str(row.way or ""),
            "listing": row.listing or "",
            "justification": row.justification or "",
            "plan": str(row.plan),
        }
    return {
        **{name: str(value) for name, value in row.facts.items()},
        "title": row.title,
        "description": row.description,
        "requirements": row.requirements,
        "conditions": row.conditions,
        "district": row.district or "",
        "fund": str(row.fund),
        "ceiling": Money(row.ceiling_fen).to_yuan() if row.ceiling_fen is not None else "",
        "needed_by": row.needed_by.isoformat() if row.needed_by else "",
    }


def check_no_faults(wrong: dict[str, list[Refusal | str]]) -> None:
    """Raise `Invalid` when something could not be read."""
    if wrong:
        raise Invalid(wrong)
