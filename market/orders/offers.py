"""Offers for a need: found in Elasticsearch, or in PostgreSQL while it does not answer; judged by matching.py on the database.

The index only says which offers exist, in the neutral order of the day; price, capacity, licences and ties are read from the
tables, so a late index can hide an offer for seconds, never let one through (KF-LST-02).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from market import clock
from market.accounts.models import Membership
from market.catalogue import queries as catalogue
from market.config import Settings
from market.db import db
from market.kernel.calendar import Calendar
from market.kernel.names import name_key
from market.kernel.ordering import column_of
from market.listings import queries as listings
from market.listings.models import Listing
from market.listings.pricing import PriceModel, Quote, Reference, quote
from market.listings.units import COUNTED, same_unit
from market.orders import matching, queries, rules
from market.orders.matching import Match, NeedFacts, OfferFacts
from market.orders.models import Order
from market.orders.rules import BuyerKind
from market.vendors import queries as vendors
from market.vendors.models import Vendor
from market.vendors.rules import missing_qualifications
from search.engine import Away, connect
from search.index import Index
from search.offers import OFFERS, OfferSearch, find_offers

log = structlog.get_logger()

#: offers looked at on one page
PAGE = 100
#: seconds for which Elasticsearch is left alone after it did not answer
PAUSE = 5.0

_away_until = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """Offers for a need: the eligible ones and the others, each in the neutral order; `after`: cursor of the next page.

    `from_index` is false while Elasticsearch does not answer: the list is as true, only made in another way.
    """

    eligible: tuple[Match, ...]
    excluded: tuple[Match, ...]
    after: str | None
    from_index: bool


def matches(row: Order, after: str | None = None) -> Found:
    """All offers of the order's item, judged for it, a page at a time. Empty while no item is chosen."""
    if row.item is None:
        return Found((), (), None, True)
    codes, following, from_index = _codes(row.item, after)
    judged = judge(row, codes)
    eligible, excluded = matching.split(judged)
    return Found(tuple(eligible), tuple(excluded), following, from_index)


def judge(row: Order, codes: Sequence[str]) -> list[Match]:
    """The offers with these codes judged for an order, in the order of `codes`; what never was published is left out."""
    facts = _offer_facts(row, codes)
    need = NeedFacts(district=row.district, needed_by=row.needed_by, ceiling_fen=row.ceiling_fen)
    return [matching.match(need, one) for one in facts]


def judge_one(row: Order, code: str) -> Match | None:
    """One offer judged for an order; None for one that never was published or is of another item."""
    found = judge(row, [code])
    return found[0] if found else None


# Finding ----------------------------------------------------------------------------------------------------------------


def _codes(item: str, after: str | None) -> tuple[list[str], str | None, bool]:
    global _away_until
    from_database = after is not None and after.startswith("db:")
    if not from_database and time.monotonic() >= _away_until:
        try:
            request = OfferSearch(only_items=(item,), size=PAGE, column=column_of(clock.today()), after=after)
            found = find_offers(_index(_key()), request)
            return [hit.code for hit in found.hits], found.after, True
        except Away:
            _away_until = time.monotonic() + PAUSE
            log.warning("offers are matched without Elasticsearch")
    skipped = int(after[3:]) if after is not None and from_database and after[3:].isdigit() else 0
    rows = db.session.scalars(
        listings.offers(item).with_only_columns(Listing.code).offset(skipped).limit(PAGE + 1)
    ).all()
    following = f"db:{skipped + PAGE}" if len(rows) > PAGE else None
    return list(rows[:PAGE]), following, False


def _key() -> tuple[str, str]:
    settings: Settings = current_app.extensions["settings"]
    return settings.elasticsearch_url, settings.prefix


@lru_cache(maxsize=4)
def _index(key: tuple[str, str]) -> Index:
    url, prefix = key
    return Index(connect(url), prefix, OFFERS)


# Judging ----------------------------------------------------------------------------------------------------------------


def _offer_facts(row: Order, codes: Sequence[str]) -> list[OfferFacts]:
    statement = (
        select(Listing)
        .where(Listing.code.in_(codes), Listing.item == row.item)
        .options(
            joinedload(Listing.vendor).joinedload(Vendor.organisation),
            joinedload(Listing.vendor).selectinload(Vendor.licences),
            joinedload(Listing.vendor).selectinload(Vendor.practitioners),
            selectinload(Listing.publications),
        )
    )
    rows = {one.code: one for one in db.session.scalars(statement)}
    found = [rows[code] for code in dict.fromkeys(codes) if code in rows and rows[code].publications]
    if not found or row.item is None:
        return []
    today = clock.today()
    item = catalogue.item(row.item, today)
    calendar = catalogue.calendar()
    held = standard_of(row)
    jobs = queries.open_jobs([one.vendor_id for one in found], row.item)
    mine = _organisations_of(row)
    facts = []
    for one in found:
        last = one.publications[-1]
        content = last.content
        lacks = missing_qualifications(item.qualification, vendors.held_by(one.vendor), today) if item else []
        facts.append(
            OfferFacts(
                code=one.code,
                publication=last.number,
                vendor=one.vendor.code,
                vendor_name=one.vendor.name,
                title=content["title"],
                offered=listings.is_offered(one),
                missing=tuple(lack.refusal() for lack in lacks),
                own=one.vendor.organisation_id in mine,
                tie=tie_with(row, one.vendor),
                districts=tuple(content["districts"]),
                capacity=content["capacity"],
                open_jobs=jobs.get(one.vendor_id, 0),
                days=content["days"],
                ready_on=_ready_on(calendar, content["days"]),
                quote=price_for(row, item.unit if item else "", content, held),
                reference=held.reference if held else None,
                binds=held is not None and held.standard.kind != "market",
            )
        )
    return facts


def _ready_on(calendar: Calendar, days: int) -> date:
    return calendar.add_working_days(clock.today(), days).day


def _organisations_of(row: Order) -> frozenset[int]:
    """Keys of the organisation that orders and of all in which the person who began the order works."""
    works_in = db.session.scalars(
        select(Membership.organisation_id).where(Membership.person_id == row.person_id, Membership.ended_at.is_(None))
    )
    mine = set(works_in)
    if row.organisation_id is not None:
        mine.add(row.organisation_id)
    return frozenset(mine)


def tie_with(row: Order, vendor: Vendor) -> str:
    """The tie that a vendor declared with the public body that orders, in its words; empty when there is none."""
    if row.buyer_kind is not BuyerKind.PUBLIC_BODY or row.organisation is None:
        return ""
    name = name_key(row.organisation.name)
    return next(
        (str(one.get("explanation") or one["body"]) for one in vendor.ties if name_key(one["body"]) == name), ""
    )


# Prices -----------------------------------------------------------------------------------------------------------------


def inputs_of(row: Order) -> dict[str, str]:
    """What was typed for the price standard of the order's item."""
    return {name: str(value) for name, value in row.facts.items() if name != rules.QUANTITY}


def standard_of(row: Order) -> listings.Held | None:
    """The standard in force for the order's item and district with its reference for what was typed; None without one."""
    if row.item is None:
        return None
    return listings.held_for(row.item, inputs_of(row), district=row.district)


def quantity_of(row: Order) -> Fraction | None:
    """How many units the order has: the quantity, or the area where the standard asks for it."""
    return rules.number(row.facts.get(rules.QUANTITY)) or rules.number(row.facts.get("area"))


def asks_quantity(item: catalogue.Item, input_names: Sequence[str]) -> bool:
    """Whether a buyer of this item is asked how many units, beside what the standard asks."""
    return item.unit in COUNTED and "area" not in input_names


def price_for(row: Order, unit: str, content: Mapping[str, Any], held: listings.Held | None) -> Quote:
    """What a published offer comes to for the order's project, with tax and travel. `unit`: of the item."""
    price = listings.price_of(content)
    reference: Reference | None = held.reference if held else None
    quantity = quantity_of(row)
    if price.model is PriceModel.PER_UNIT and not same_unit(price.unit or "", unit):
        quantity = None  # a price per another unit is not computed (KF-LST-04)
    return quote(price, quantity, reference)
