"""Reads of the review: the rule book, the findings of texts, and how both are shown in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import get_locale

from market.review import rule_files
from market.review.rules import Context, Finding, Rule, Severity, review


def findings(texts: Mapping[str, str], context: Context | None = None) -> list[Finding]:
    """The findings of `texts` (field -> text) and of the structured fields in `context`, in their order."""
    return review(texts, context or Context(), rule_files.book())


def rule(code: str) -> Rule:
    """The rule `code`. KeyError for an unknown one."""
    return rule_files.book().rules[code]


def rules() -> list[Rule]:
    """All rules, by family and number as in the catalogue."""
    return list(rule_files.book().rules.values())


def name(found: Rule) -> str:
    """What the rule is called, in the reader's language."""
    return found.name[_language()]


def plain(found: Rule) -> str:
    """What is wrong, in one plain sentence of the reader's language."""
    return found.plain[_language()]


def wording(found: Rule) -> str:
    """The neutral wording as it is put in a text; what its brackets advise (delete this) is done, not written."""
    return re.sub(r"（[^）]*）", "", found.rewrite) if found.rewrite.startswith("（") else found.rewrite


def basis_in_words(found: Rule) -> str:
    """The articles a rule rests on, with what was read of them: 公平竞争审查条例 9(3); texts read only as quoted are marked."""
    sources, english = rule_files.book().sources, _language() == "en"
    words = []
    for one in found.basis:
        # what the articles add in Chinese (the name of a case) is no use to a reader of English
        articles = re.sub(r"[\u3400-\u9fff“”（）]+", "", one.articles.replace("、", ", ")) if english else one.articles
        said = f"{sources[one.key][_language()]} {articles}".strip()
        words.append(said if one.mark == "C" else f"{said} [{one.mark}]")
    return ("; " if english else "；").join(words)


def public_form(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as anybody may see them: field, span, rule, severity, quote, articles, neutral wording (texts in his language)."""
    return [
        {
            "rule": one.rule,
            "field": one.field,
            "start": one.start,
            "end": one.end,
            "severity": str(one.severity),
            "quote": one.quote,
            "words": list(one.words),
            "name": name(rule(one.rule)),
            "plain": plain(rule(one.rule)),
            "basis": basis_in_words(rule(one.rule)),
            "rewrite": rule(one.rule).rewrite,
        }
        for one in found
    ]


def reading(texts: Mapping[str, str], found: Sequence[Finding]) -> dict[str, Any]:
    """What a page shows of texts and their findings: `fields` with marked pieces (those in which something was found) and the
    `findings` in public form, each with a `key` that names it (rule, field, span) for "take this wording"."""
    forms = [
        {**form, "key": key(one), "fixed": one.end == one.start, "wording": wording(rule(one.rule))}
        for form, one in zip(public_form(found), found, strict=True)
    ]
    fields = []
    for name, text in texts.items():
        own = [(number, one) for number, one in enumerate(found, 1) if one.field == name]
        if own:
            cut = pieces(text, [one for _, one in own])
            fields.append((name, [(piece, own[at - 1][0] if at else 0) for piece, at in cut]))
    return {"fields": fields, "findings": forms, "worst": worst(found)}


def key(one: Finding) -> str:
    """The name of a finding within its texts: FC-LOC-02:content:12:30."""
    return f"{one.rule}:{one.field}:{one.start}:{one.end}"


def worst(found: Sequence[Finding]) -> str:
    """The most severe of the findings, "none" without any: what a clause takes."""
    order = (Severity.BLOCK, Severity.JUSTIFY, Severity.WARN)
    return next((str(one) for one in order if any(f.severity == one for f in found)), "none")


def pieces(text: str, found: Sequence[Finding]) -> list[tuple[str, int]]:
    """`text` cut at the findings' spans: (piece, number of its finding from 1, 0 for none), to be shown with marks."""
    cut: list[tuple[str, int]] = []
    at = 0
    for number, one in enumerate(found, 1):
        if one.start == one.end:
            continue
        cut += [(text[at : one.start], 0), (text[one.start : one.end], number)]
        at = one.end
    cut.append((text[at:], 0))
    return [piece for piece in cut if piece[0]]


def _language() -> str:
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"
