"""A computed fee in words and as plain data for JSON, in the reader's language. Free of Flask: the translator is an argument."""

from collections.abc import Callable, Mapping
from typing import Any

from market.catalogue.standard import KIND_WORDS, Standard, Text
from market.catalogue.tariff import FeeResult, Line, Step, shown_amounts
from market.catalogue.tariff_inputs import decimal_text
from market.kernel.errors import Refusal, fill
from market.kernel.money import Money

#: a message id to the reader's language, placeholders still in it
Translate = Callable[[str], str]


def say(line: Line, translate: Translate, lang: str) -> str:
    """A line in the reader's language (`lang` is "zh" or "en")."""
    params = {name: value.to(lang) if isinstance(value, Text) else value for name, value in line.params.items()}
    return fill(translate(line.message), params)


def say_refusal(refusal: Refusal | str, translate: Translate) -> str:
    """What is wrong and what is accepted instead, in one line."""
    if isinstance(refusal, str):
        return translate(refusal)
    parts = (refusal.what, refusal.rule, refusal.remedy)
    return " ".join(fill(translate(part), refusal.params) for part in parts if part)


def fee_json(result: FeeResult, translate: Translate, lang: str) -> dict[str, Any]:
    """A computed fee as JSON data: amounts in yuan as decimal strings, null when the standard leaves the fee to agreement."""
    return {
        "standard": result.standard.id,
        "number": result.standard.number,
        "title": result.standard.title.to(lang),
        "version": result.version.id,
        "kind": str(result.kind.kind),
        "kind_text": translate(KIND_WORDS[result.kind.kind]),
        "on": result.on.isoformat(),
        "inputs": {name: reading.plain for name, reading in result.inputs.items()},
        "low": _yuan(result.low_money),
        "base": _yuan(result.base_money),
        "high": _yuan(result.high_money),
        "currency": "CNY",
        "ceiling": result.standard.ceiling,
        "open_above": result.open_above,
        "negotiated": [reason.to(lang) for reason in result.negotiated],
        "steps": [_step_json(step, part, after, translate, lang) for step, part, after in shown_amounts(result)],
        "notes": [say(note, translate, lang) for note in result.notes],
    }


def _step_json(step: Step, part: Money, after: Money, translate: Translate, lang: str) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "text": say(step.line, translate, lang),
        "rate": step.rate or None,
        "amount": part.to_yuan(),
        "subtotal": after.to_yuan(),
        "low": Money.yuan(step.low).to_yuan(),
        "high": Money.yuan(step.high).to_yuan(),
        "article": step.article.to(lang) if step.article else None,
    }


def _yuan(money: Money | None) -> str | None:
    return None if money is None else money.to_yuan()


def inputs_json(standard: Standard, version_id: str, lang: str) -> list[dict[str, Any]]:
    """What a version asks, as JSON data for a form: name, label, what it takes, choices with their coefficients, bounds."""
    version = next(one for one in standard.versions if one.id == version_id)
    return [
        {
            "name": one.name,
            "label": one.label.to(lang),
            "help": one.help.to(lang) if one.help else None,
            "takes": str(one.takes),
            "required": one.required,
            "default": one.default,
            "least": _plain(one.least),
            "most": _plain(one.most),
            "used_when": {name: list(choices) for name, choices in one.used_when.items()},
            "choices": [
                {"name": choice.name, "label": choice.label.to(lang), "factor": _plain(choice.factor)}
                for choice in one.choices
            ],
        }
        for one in version.inputs.values()
    ]


def _plain(value: Any) -> str | None:
    return None if value is None else decimal_text(value)


def standard_json(standard: Standard, lang: str) -> Mapping[str, Any]:
    """A standard's head as JSON data: title, document, kinds and versions with their days, source and certainty."""
    return {
        "id": standard.id,
        "title": standard.title.to(lang),
        "number": standard.number,
        "issuer": standard.issuer.to(lang),
        "region": standard.region.to(lang),
        "ceiling": standard.ceiling,
        "mark": str(standard.mark),
        "source": standard.source.to(lang),
        "kinds": [
            {
                "since": kind.since.isoformat() if kind.since else None,
                "kind": str(kind.kind),
                "basis": kind.basis.to(lang),
                "mark": str(kind.mark),
            }
            for kind in standard.kinds
        ],
        "versions": [
            {
                "id": version.id,
                "valid_from": version.valid_from.isoformat() if version.valid_from else None,
                "valid_to": version.valid_to.isoformat() if version.valid_to else None,
                "basis": version.basis.to(lang),
            }
            for version in standard.versions
        ],
    }
