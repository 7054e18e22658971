"""Reading the catalogue: what is in force on a day, and what was.

Items, matters and standards come as frozen dataclasses built from the version in force; parsed once per process and kept until
a version changes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import get_locale
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager

from market import clock, holidays
from market.catalogue.models import CalendarDay, Category, Centre, Comment, District, Entry, Version
from market.catalogue.standard import Standard
from market.catalogue.standard_files import DATA
from market.catalogue.standard_schema import parse_standard
from market.catalogue.states import VersionState
from market.db import db
from market.kernel.calendar import Calendar, Override
from market.kernel.errors import NotFound

IN_FORCE = (VersionState.IN_FORCE, VersionState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Item:
    """A service item as in force; `version` is the public code of its version."""

    slug: str
    name_zh: str
    name_en: str
    category: str
    summary_zh: str
    summary_en: str
    approval_matter: str
    department: str
    legal_basis: list[dict[str, Any]]
    who_commissions: str
    who_pays: str
    #: each {name, level, statutory}
    qualification: list[dict[str, Any]]
    deliverable: str
    statutory_days: int | None
    statutory_days_kind: str | None
    statutory_days_source: str | None
    price_kind: str
    #: slug of its price standard, none where there is none
    price_standard: str | None
    unit: str
    can_self_do: bool
    aliases_zh: list[str]
    marks: dict[str, str]
    version: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Matter:
    """A government matter as in force: its documents and the service items it may need, in order."""

    slug: str
    name_zh: str
    name_en: str
    department: str
    who: str
    documents: list[dict[str, Any]]
    #: each {order, item, need, condition_zh, paid_by}
    intermediary_items: list[dict[str, Any]]
    mark: str
    version: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StandardInForce:
    """The price standard that holds for an item on a day: how far it binds (market, guided, set) and what computes it."""

    version: str
    slug: str
    kind: str
    title_zh: str
    title_en: str
    standard: Standard
    #: what the item itself decides (its column of the table), not asked of anybody
    presets: Mapping[str, str]
    #: inputs of a typical job of the item, presets included; empty when nobody described one
    typical_inputs: Mapping[str, str]
    #: that typical job in words
    typical_zh: str
    typical_en: str


@dataclass(frozen=True, slots=True)
class HeldStandard:
    """The version of a price standard that is in force: its public code, and for what and where it binds."""

    code: str
    slug: str
    district: str | None
    items: tuple[str, ...]
    valid_from: date


def name(thing: Any) -> str:
    """The name in the reader's language of anything with name_zh and name_en."""
    return str(thing.name_en if str(get_locale()) == "en" and thing.name_en else thing.name_zh)


# Items and matters ------------------------------------------------------------------------------------------------------


def items(on: date | None = None) -> list[Item]:
    """All service items in force on a day (default today), by category and as the catalogue orders them."""
    return list(_book(on).items.values())


def item(slug: str, on: date | None = None) -> Item | None:
    """The service item `slug` as in force on a day, or None."""
    return _book(on).items.get(slug)


def matters(on: date | None = None) -> list[Matter]:
    """All government matters in force on a day."""
    return list(_book(on).matters.values())


def matter(slug: str, on: date | None = None) -> Matter | None:
    """The government matter `slug` as in force on a day, or None."""
    return _book(on).matters.get(slug)


def matters_needing(slug: str) -> list[Matter]:
    """The matters that may need the item `slug`."""
    return [matter for matter in matters() if any(need["item"] == slug for need in matter.intermediary_items)]


# Standards --------------------------------------------------------------------------------------------------------------


def standards(on: date | None = None) -> list[tuple[HeldStandard, Standard]]:
    """All price standards in force on a day, with the version of each."""
    return [_book(on).standards[slug] for slug in sorted(_book(on).standards)]


def standard(slug: str, on: date | None = None) -> tuple[HeldStandard, Standard]:
    """The price standard `slug` (or an alias of it) as in force on a day. `NotFound` when there is none."""
    book = _book(on)
    if slug in book.standards:
        return book.standards[slug]
    for row, found in book.standards.values():
        if slug in found.aliases:
            return row, found
    raise NotFound()


def standard_for(item_slug: str, on: date | None = None, district: str | None = None) -> StandardInForce | None:
    """What holds for the price of an item on a day in a district (none: the whole city).

    A binding standard that operators put in force for the item comes before the reference that the item names; among binding
    ones the district's own before the city's, then the newest.
    """
    on = on or clock.today()
    book = _book(on)
    found = book.items.get(item_slug)
    if found is None:
        return None
    binding = [
        (row.district is not None, row.valid_from, row, standard)
        for row, standard in book.standards.values()
        if item_slug in row.items and row.district in (None, district)
    ]
    if binding:
        *_, row, standard = max(binding, key=lambda entry: entry[:2])
    elif found.price_standard in book.standards:
        row, standard = book.standards[found.price_standard]
    else:
        return None
    presets = dict(standard.presets.get(item_slug, {}))
    job = _typical_jobs().get(item_slug, {})
    named = standard.version_on(on).inputs if any(v.holds_on(on) for v in standard.versions) else {}
    typical = {key: value for key, value in {**job.get("inputs", {}), **presets}.items() if key in named}
    return StandardInForce(
        version=row.code,
        slug=row.slug,
        kind=str(standard.kind_on(on).kind),
        title_zh=standard.title.zh,
        title_en=standard.title.en,
        standard=standard,
        presets=presets,
        typical_inputs=typical if job else {},
        typical_zh=job.get("what", {}).get("zh", ""),
        typical_en=job.get("what", {}).get("en", ""),
    )


# Versions ---------------------------------------------------------------------------------------------------------------


def entry(kind: str, slug: str) -> Entry:
    """The entry with all its versions, or `NotFound`."""
    found = db.session.scalar(select(Entry).where(Entry.kind == kind, Entry.slug == slug))
    if found is None:
        raise NotFound()
    return found


def version(code: str) -> Version:
    """The version with this public code, or `NotFound`."""
    found = db.session.scalar(select(Version).where(Version.code == code))
    if found is None:
        raise NotFound()
    return found


def proposals() -> Select[Version]:
    """Versions not yet decided, oldest first."""
    waiting = Version.state.in_((VersionState.PROPOSED, VersionState.CONSULTED))
    return select(Version).where(waiting).order_by(Version.created_at, Version.id)


def versions(kind: str) -> Select[Version]:
    """The newest version of each entry of a kind, by slug."""
    newest = select(func.max(Version.id)).group_by(Version.entry_id)
    return (
        select(Version)
        .join(Version.entry)
        .options(contains_eager(Version.entry))
        .where(Entry.kind == kind, Version.id.in_(newest))
        .order_by(Entry.slug)
    )


def comments(version_id: int) -> list[Comment]:
    """What was said in the consultation on a version, oldest first."""
    return list(db.session.scalars(select(Comment).where(Comment.version_id == version_id).order_by(Comment.id)))


# Places and days --------------------------------------------------------------------------------------------------------


def categories() -> list[Category]:
    """The fields of trade in their published order."""
    return list(db.session.scalars(select(Category).order_by(Category.position)))


def districts() -> list[District]:
    """The city's districts and zones, by code."""
    return list(db.session.scalars(select(District).order_by(District.code)))


def centres() -> list[Centre]:
    """The service centres, by code."""
    return list(db.session.scalars(select(Centre).order_by(Centre.code)))


def calendar() -> Calendar:
    """Working days: the shipped table with the operators' rows on top."""
    rows = db.session.execute(select(CalendarDay.on, CalendarDay.is_working)).all()
    return holidays.shipped().with_overrides(Override(day, works) for day, works in rows)


def declared_days() -> list[CalendarDay]:
    """The days that operators declared, newest first."""
    return list(db.session.scalars(select(CalendarDay).order_by(CalendarDay.on.desc())))


# The book: all that is in force on a day, parsed once --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Book:
    items: dict[str, Item]
    matters: dict[str, Matter]
    standards: dict[str, tuple[HeldStandard, Standard]]


#: (database, stamp, day) -> the versions in force; (database, versions) -> book. Most days share a book; whoever tells a
#: history (the demo market) asks for many days
_days: dict[tuple[Any, ...], tuple[int, ...]] = {}
_books: dict[tuple[Any, ...], _Book] = {}
MOST_DAYS, MOST_BOOKS = 500, 4
#: whether any version came, went or ended; put together once, since it is asked several times in most requests
_STAMP = select(
    func.current_database(),
    func.count(),
    func.max(Version.id),
    func.count().filter(Version.state.in_(IN_FORCE)),
    func.max(Version.valid_to),
)


def _book(on: date | None) -> _Book:
    on = on or clock.today()
    stamp = db.session.execute(_STAMP).one()
    key = (*stamp, on)
    in_force = (
        Version.state.in_(IN_FORCE),
        Version.valid_from <= on,
        or_(Version.valid_to.is_(None), Version.valid_to >= on),
    )
    versions = _days.get(key)
    if versions is None:
        versions = tuple(db.session.scalars(select(Version.id).where(*in_force).order_by(Version.id)))
        while len(_days) >= MOST_DAYS:
            _days.pop(next(iter(_days)))
        _days[key] = versions
    book = _books.get((stamp[0], versions))
    if book is None:
        rows = db.session.scalars(
            select(Version)
            .join(Version.entry)
            .options(contains_eager(Version.entry))
            .where(*in_force)
            .order_by(Version.valid_from, Version.number)
        ).all()
        book = _read(rows)
        while len(_books) >= MOST_BOOKS:
            _books.pop(next(iter(_books)))
        _books[stamp[0], versions] = book
    return book


def _read(rows: Iterable[Version]) -> _Book:
    book = _Book({}, {}, {})
    for row in rows:
        slug = row.entry.slug
        if row.entry.kind == "item":
            book.items[slug] = Item(**_known(Item, row))
        elif row.entry.kind == "matter":
            book.matters[slug] = Matter(**_known(Matter, row))
        else:
            held = HeldStandard(row.code, slug, row.district, tuple(row.items), row.valid_from)
            book.standards[slug] = (held, _parsed(row.code, json.dumps(row.content)))
    return book


def _known(kind: type, row: Version) -> dict[str, Any]:
    given = {**row.content, "slug": row.entry.slug, "version": row.code, "content": row.content}
    return {field.name: given.get(field.name) for field in fields(kind)}


@lru_cache(maxsize=128)
def _parsed(code: str, content: str) -> Standard:
    return parse_standard(json.loads(content), code)


@lru_cache(maxsize=1)
def _typical_jobs() -> dict[str, Any]:
    return json.loads((DATA / "typical-jobs.json").read_text(encoding="utf-8"))
