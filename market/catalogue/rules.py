"""What a version of the catalogue must say before it can be proposed, and when it may hold: pure."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from market.catalogue.standard import Kind, Standard
from market.kernel.errors import Invalid, Refusal, RuleBroken
from market.kernel.words import N_

#: texts that an item must have, each with the longest it may be
ITEM_TEXTS = {
    "name_zh": 60, "name_en": 120, "summary_zh": 600, "summary_en": 900, "approval_matter": 200, "department": 120,
    "deliverable": 200,
}  # fmt: skip
PRICE_KINDS = ("market", "guided", "set")
PARTIES = ("applicant", "department")
#: a consultation lasts at least so many days (a default of this market; no law fixes it for such catalogues)
CONSULTATION_DAYS = 7
#: longest text shown as a change in the record
SHOWN = 120


def check_item(content: Mapping[str, Any], categories: Collection[str], standards: Collection[str]) -> None:
    """Refuse, as `Invalid` by field, an item content with missing texts, an unknown category or standard, or odd choices.

    优化营商环境条例 (2020) art. 43 asks that an item be published with basis, time limit, conditions and fee standard: basis and
    deliverable are therefore required, a time limit must name its source.
    """
    wrong: dict[str, list[Refusal | str]] = {}
    for field, longest in ITEM_TEXTS.items():
        text = content.get(field)
        if not isinstance(text, str) or not text.strip():
            wrong[field] = [Refusal(N_("This must not be empty."))]
        elif len(text) > longest:
            wrong[field] = [Refusal(N_("At most %(longest)s characters."), longest=longest)]
    if content.get("category") not in categories:
        wrong["category"] = [Refusal(N_("There is no such category."))]
    if content.get("price_kind") not in PRICE_KINDS:
        wrong["price_kind"] = [Refusal(N_("Accepted: market, guided or set."))]
    if content.get("price_standard") and content["price_standard"] not in standards:
        wrong["price_standard"] = [Refusal(N_("There is no such price standard in force."))]
    for field in ("who_commissions", "who_pays"):
        if content.get(field) not in PARTIES:
            wrong[field] = [Refusal(N_("Accepted: applicant or department."))]
    if not content.get("legal_basis"):
        wrong["legal_basis"] = [
            Refusal(
                N_("An item needs a basis in law."),
                rule="优化营商环境条例第四十三条",
                remedy=N_("Name the law and the article."),
            )
        ]
    days = content.get("statutory_days")
    if days is not None and (type(days) is not int or not 0 < days <= 400):
        wrong["statutory_days"] = [Refusal(N_("Accepted: 1 to 400 days."))]
    elif days is not None and not content.get("statutory_days_source"):
        wrong["statutory_days_source"] = [Refusal(N_("A time limit must name the article that sets it."))]
    if wrong:
        raise Invalid(wrong)


def check_standard(standard: Standard, items: Collection[str], known_items: Collection[str], on: date) -> None:
    """Refuse a binding standard (guided, set) that names no items, and items that do not exist.

    公平竞争审查条例 art. 11(2): prices are set only within the authority to do so, hence a basis is asked for in the proposal.
    """
    if standard.kind_on(on).kind is not Kind.MARKET and not items:
        raise Invalid.field("items", N_("A binding standard must say for which items it binds."))
    if unknown := sorted(set(items) - set(known_items)):
        raise Invalid.field("items", N_("There is no item %(items)s."), items=", ".join(unknown))


def check_dates(valid_from: date, today: date, current_from: date | None) -> None:
    """Refuse a version that would hold from a past day, or not after the one it replaces."""
    if valid_from < today:
        raise Invalid.field(
            "valid_from", N_("A version cannot hold from a day that has passed."), remedy=N_("Choose today or later.")
        )
    if current_from is not None and valid_from <= current_from:
        raise Invalid.field(
            "valid_from", N_("It must begin after the version in force (%(day)s)."), day=current_from.isoformat()
        )


def check_consulted(consulted_until: date | None, today: date) -> None:
    """Refuse to put a version in force while its consultation still runs."""
    if consulted_until is not None and today <= consulted_until:
        raise RuleBroken(
            N_("The consultation runs until %(day)s."),
            rule="公平竞争审查条例第十六条",
            remedy=N_("Put it in force after that day."),
            day=consulted_until.isoformat(),
        )


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """Which fields differ: name -> [old, new] as short texts; long ones and structures are named by their size."""
    return {
        key: [_short(old.get(key)), _short(new.get(key))]
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    }


def _short(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)})"
