"""What a contract says of its order, read from the tables: sides, work, promises, price standard, annexes."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from market import clock
from market.catalogue import queries as catalogue
from market.catalogue.standard import Takes
from market.documents import queries as document_queries
from market.documents.rules import Purpose
from market.kernel.errors import RuleBroken
from market.kernel.words import N_
from market.listings import queries as listings
from market.orders import contract_text, notices
from market.orders.contract_text import Annex, PriceStandard, Side, Stage, Subject
from market.orders.models import Contract, Order, Way

TEMPLATES = Path(__file__).with_name("data") / "contract-templates.json"
OTHER_FACTS = {"quantity": "数量", "area": "面积", "headcount": "人数", "investment": "总投资"}


def subject(
    order: Order,
    code: str,
    number: int,
    work: Sequence[Stage],
    terms: dict[str, int],
    replaces: str | None,
    reason: str | None,
) -> Subject:
    """What the version `code` is about; `work`: its stages. `RuleBroken` for a service that left the catalogue."""
    item = catalogue.item(order.item or "")
    if item is None:
        raise RuleBroken(N_("This service is no longer in the catalogue."))
    vendor = vendor_of(order)
    publication = _publication(order)
    promised = publication.content if publication is not None else {}
    return Subject(
        order=order.code,
        contract=code,
        number=number,
        buyer=_buyer(order),
        vendor=Side(vendor.name, vendor.credit_code, vendor.code, "vendor"),
        item=item.name_zh,
        item_slug=item.slug,
        item_version=item.version,
        category=item.category,
        deliverables=tuple(promised.get("deliverables") or (item.deliverable,)),
        qualifications=tuple(
            f"{one['name']}{'（' + one['level'] + '）' if one.get('level') else ''}" for one in item.qualification
        ),
        title=order.title or item.name_zh,
        description=notices.need_in_words(order),
        district=next((one.name_zh for one in catalogue.districts() if one.code == order.district), None),
        facts=tuple(_facts(order)),
        way=str(order.way or Way.DIRECT),
        listing=order.listing,
        publication=order.publication,
        days=sum(stage.days for stage in work),
        price_fen=sum(stage.fen for stage in work),
        guarantee_days=promised.get("guarantee_days") or 0,
        standard=_standard(order),
        terms=terms,
        annexes=tuple(_annexes(order)),
        replaces=replaces,
        reason=reason,
        drafted_on=clock.today().isoformat(),
    )


def template(order: Order) -> contract_text.Template:
    """The text that contracts of the order's service have."""
    item = catalogue.item(order.item or "")
    return contract_text.template_for(_templates(), item.category if item else "", order.item or "")


@lru_cache(maxsize=1)
def _templates() -> dict[str, Any]:
    return dict(json.loads(TEMPLATES.read_text("utf-8")))


def stages_of(contract: Contract) -> list[Stage]:
    """The stages that a version names."""
    return [Stage(one["title"], one["days"], one["fen"], one["condition"]) for one in contract.content["milestones"]]


def vendor_of(order: Order) -> Any:
    """The vendor of an order that has one."""
    if order.vendor is None:
        raise AssertionError(f"{order.code} has a contract and no vendor")
    return order.vendor


def _buyer(order: Order) -> Side:
    if order.organisation is not None:
        return Side(order.organisation.name, order.organisation.credit_code, None, str(order.buyer_kind))
    return Side(order.person.name, None, None, str(order.buyer_kind))


def _publication(order: Order) -> Any:
    if order.listing is None:
        return None
    row = listings.listing(order.listing)
    return next((one for one in row.publications if one.number == order.publication), None)


def _standard(order: Order) -> PriceStandard | None:
    held = catalogue.standard_for(order.item or "", district=order.district)
    if held is None or order.standard_version is None:
        return None
    return PriceStandard(
        held.title_zh, order.standard_version, held.kind, order.low_fen, order.reference_fen, order.high_fen
    )


def _facts(order: Order) -> list[tuple[str, str]]:
    """What the buyer said of the project, with the labels of the price standard, in Chinese."""
    held = catalogue.standard_for(order.item or "", district=order.district)
    today = clock.today()
    known = {}
    if held is not None and any(version.holds_on(today) for version in held.standard.versions):
        known = dict(held.standard.version_on(today).inputs)
    found = []
    for name, value in sorted(order.facts.items()):
        if value in (None, ""):
            continue
        asked = known.get(name)
        words = str(value)
        if asked is not None and asked.takes is Takes.CHOICE and words in {one.name for one in asked.choices}:
            words = asked.choice(words).label.zh
        elif asked is not None and asked.takes is Takes.AMOUNT:
            words = f"{words} 元"
        found.append((asked.label.zh if asked is not None else OTHER_FACTS.get(name, name), words))
    return found


def _annexes(order: Order) -> list[Annex]:
    """The papers of the order and what else was attached to it by now, except contracts: parts of the contract by digest."""
    kept = (Purpose.PAPER, Purpose.LISTING)
    return [
        Annex(one.code, one.name, one.file.digest, one.file.size)
        for one in document_queries.documents_of(order.code)
        if one.purpose in kept
    ]
