"""What the demo market holds: invented firms, papers, offers and their fates, drawn from one source of chance.

Nothing here touches the market: `plan` turns facts, days and a `random.Random` into frozen data, the same for the same seed;
market/pages/demo.py brings them in through the operations.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from market.catalogue.queries import Item
from market.kernel import identifiers
from market.listings.pricing import Position, Price, PriceModel, Reference, position, quote
from market.vendors.levels import Either, Need, needs
from market.vendors.models import LegalForm

DATA: Mapping[str, Any] = json.loads(Path(__file__).with_name("demo_data.json").read_text(encoding="utf-8"))
#: a listing of the same item by one firm in so many variants at most
MOST_VARIANTS = 4
#: days at the end of the history that follow each other; offers are published before them
LATEST = 4


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made. The history is told on `days` working days of the past year."""

    vendors: int = 300
    listings: int = 2500
    days: int = 36


class Fate(StrEnum):
    """What becomes of a firm by the end of the history."""

    ACTIVE = "active"
    APPLIED = "applied"
    RETURNED = "returned"
    DRAFT = "draft"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    STRUCK_OFF = "struck_off"
    WITHDRAWN = "withdrawn"
    #: active, with something changed that waits for an operator
    CHANGED = "changed"


#: shares in thousandths of all firms; one at least of each where there are ten firms or more, in this order
FATES: Mapping[Fate, int] = {
    Fate.APPLIED: 30, Fate.RETURNED: 15, Fate.SUSPENDED: 12, Fate.CHANGED: 25, Fate.DRAFT: 10, Fate.WITHDRAWN: 12,
    Fate.STRUCK_OFF: 6, Fate.REINSTATED: 6,
}  # fmt: skip
IN_THE_MARKET = frozenset({Fate.ACTIVE, Fate.CHANGED, Fate.SUSPENDED, Fate.REINSTATED, Fate.STRUCK_OFF, Fate.WITHDRAWN})


class Shelf(StrEnum):
    """What becomes of an offer."""

    PUBLISHED = "published"
    DRAFT = "draft"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


SHELVES: Mapping[Shelf, int] = {
    Shelf.PUBLISHED: 92,
    Shelf.PAUSED: 3,
    Shelf.DRAFT: 2,
    Shelf.WITHDRAWN: 1,
    Shelf.EXPIRED: 2,
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A licence; its number says to the practice registry what to answer."""

    kind: str
    level: str | None
    number: str
    issuer: str
    valid_from: date
    valid_to: date | None
    #: number and last day of the licence that renews it, once it has lapsed
    renewal: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True)
class Professional:
    """A member of the firm with a registered profession. Nobody living can have the identity number (see `_nobody`)."""

    name: str
    id_number: str
    profession: str
    registration: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing: what its vendor writes, on which day of the history it is published, and what becomes of it."""

    item: str
    fields: Mapping[str, Any]
    day: int
    shelf: Shelf
    names_people: bool


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented firm and its history; `entered` counts days of the history."""

    number: int
    name: str
    legal_form: LegalForm
    credit_code: str
    address: str
    introduction: str
    languages: tuple[str, ...]
    entered: int
    fate: Fate
    papers: tuple[Paper, ...]
    people: tuple[Professional, ...]
    offers: tuple[Offer, ...]
    #: decided only after the two working days
    late: bool
    tied: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan rests on: items, references at the typical job with its quantity, districts, days of the history."""

    items: Mapping[str, Item]
    references: Mapping[str, tuple[Reference, Fraction | None]]
    #: items that a guided standard of the demo binds: day of the history on which it comes into force, units of the job
    guided: Mapping[str, tuple[int, Fraction]]
    districts: Sequence[str]
    days: Sequence[date]
    today: date


@dataclass(slots=True)
class _Sketch:
    """A firm while its offers are being shared out."""

    trade: Mapping[str, Any]
    fate: Fate
    entered: int
    level: float
    pairs: list[str] = field(default_factory=list)


def plan(size: Size, facts: Facts, chance: Random) -> list[Firm]:
    """`size.vendors` firms with `size.listings` offers, the same for the same facts and the same state of `chance`.

    The first firm is the one whose desk the demo's vendor opens: active, with a lapsed licence and one near its end.
    """
    fates = _fates(size.vendors, chance)
    trades = _trades(size.vendors, fates, chance)
    last = len(facts.days) - 1
    sketches = [
        _Sketch(trade, fate, _entered(number, fate, last, chance), chance.lognormvariate(0, 0.08))
        for number, (trade, fate) in enumerate(zip(trades, fates, strict=True))
    ]
    _share_out(sketches, size.listings, chance)
    names = _names(chance)
    numbers = _nobody(facts.today)
    return [_firm(number, sketch, facts, names, numbers, chance) for number, sketch in enumerate(sketches)]


# Firms ------------------------------------------------------------------------------------------------------------------


def _fates(count: int, chance: Random) -> list[Fate]:
    found: list[Fate] = []
    for fate, share in FATES.items():
        found += [fate] * max(count * share // 1000, 1 if count >= 10 else 0)
    # small markets keep two thirds of their firms active
    found = found[: count // 3]
    rest = [Fate.ACTIVE] * (count - 1 - len(found)) + found
    chance.shuffle(rest)
    return [Fate.ACTIVE, *rest][:count]


def _trades(count: int, fates: Sequence[Fate], chance: Random) -> list[Mapping[str, Any]]:
    """A trade for each firm: every trade's share by largest rest, at least one open firm each where there are enough."""
    trades = DATA["trades"]
    whole = sum(trade["weight"] for trade in trades)
    exact = [Fraction(trade["weight"] * count, whole) for trade in trades]
    shares = [max(int(one), 1 if count >= 2 * len(trades) else 0) for one in exact]
    by_rest = sorted(range(len(trades)), key=lambda n: (-(exact[n] - int(exact[n])), n))
    for turn in range(max(count - sum(shares), 0)):
        shares[by_rest[turn % len(trades)]] += 1
    wanted = [trade for trade, share in zip(trades, shares, strict=True) for _ in range(share)][:count]
    # the first of each trade goes to a firm that stays open, so that every item finds an offer
    firsts = list({trade["slug"]: trade for trade in wanted}.values())
    others = list(wanted)
    for trade in firsts:
        others.remove(trade)
    chance.shuffle(others)
    open_ = [number for number, fate in enumerate(fates) if fate is Fate.ACTIVE]
    given: dict[int, Mapping[str, Any]] = dict(zip(open_, firsts, strict=False))
    others = firsts[len(open_) :] + others
    rest = iter(others)
    return [given.get(number) or next(rest) for number in range(count)]


def _entered(number: int, fate: Fate, last: int, chance: Random) -> int:
    if number == 0:
        return 0
    if fate in (Fate.APPLIED, Fate.DRAFT):
        return last
    if fate is Fate.RETURNED:
        return max(last - chance.randint(0, 3), 0)
    # most enter in the first half of the year
    return int(max(last - LATEST - 1, 1) * chance.random() ** 1.6)


def _firm(
    number: int, sketch: _Sketch, facts: Facts, names: Iterator[str], nobody: Iterator[str], chance: Random
) -> Firm:
    trade = sketch.trade
    city = _weighted(DATA["cities"], chance)
    form = chance.choices(list(trade["forms"]), list(trade["forms"].values()))[0]
    shape = DATA["forms"][form]
    ending = chance.choice(shape["endings"])
    word = chance.choice(trade["words"])
    items = [facts.items[slug] for slug in trade["items"] if slug in facts.items]
    papers, professions = _qualifications(items, chance)
    begun = facts.days[sketch.entered]
    late = number > 0 and chance.random() < 0.06
    given = tuple(_papers(number, papers, begun, facts, chance))
    return Firm(
        number=number,
        name=f"{city['name']}{next(names)}{word}{ending}{DATA['mark']}",
        legal_form=LegalForm(form),
        credit_code=_credit_code(number, shape["code"], city["division"]),
        address=f"{city['name']}市{city['street']}{chance.randint(1, 299)}号（虚构）",
        introduction=chance.choice(DATA["introductions"]),
        languages=("zh", "en") if chance.random() < 0.15 else ("zh",),
        entered=sketch.entered,
        fate=sketch.fate,
        papers=given,
        people=tuple(_people(number, professions, nobody, chance)),
        offers=tuple(_offers(sketch, _open_days(sketch, late, given, facts), facts, chance, desk=number == 0)),
        late=late,
        tied=chance.random() < 0.04,
    )


def _names(chance: Random) -> Iterator[str]:
    """Invented two-character names, none twice."""
    found = [first + second for first in DATA["first"] for second in DATA["second"]]
    chance.shuffle(found)
    yield from found
    raise ValueError("there are no more invented names: add characters to demo_data.json")


def _credit_code(number: int, department: str, division: str) -> str:
    """A well-formed code that nobody has: the organisation codes inside begin with YY, which is not given out."""
    inner = f"YY{number:06d}"
    body = f"{department}{division}{inner}{identifiers.organisation_check(inner)}"
    return body + identifiers.credit_check(body)


def _nobody(today: date) -> Iterator[str]:
    """Well-formed identity numbers of people who would be 129 years old, each once: nobody living has one of them."""
    day = date(today.year - identifiers.OLDEST_YEARS + 1, 1, 1)
    while True:
        for sequence in range(900, 1000):
            body = f"610102{day:%Y%m%d}{sequence}"
            yield body + identifiers.resident_check(body)
        day += timedelta(days=1)


def _qualifications(items: Sequence[Item], chance: Random) -> tuple[dict[str, str | None], list[str]]:
    """Licences (kind -> level) and professions that these items demand or name."""
    papers: dict[str, str | None] = {}
    professions: list[str] = []
    wanted = [need for item in items for need in _first_choice(needs(item.qualification))]
    for need in wanted:
        if need.personal and not set(need.names) & set(professions):
            professions.append(need.names[0])
        elif not need.personal and not set(need.names) & set(papers):
            # the upper level is rarer; the first of the list is the highest
            papers[need.names[0]] = chance.choice(need.levels) if need.levels else None
    return papers, professions


def _first_choice(found: Sequence[Need | Either]) -> Iterator[Need]:
    for one in found:
        if isinstance(one, Need):
            yield one
        else:
            yield from _first_choice(one.choices[0])


#: days from today to the last day of a licence, for the firms whose licences are looked at: the rest has years left
_ENDS = (-75, -40, -20, -9, -3, 2, 4, 6, 7, 12, 18, 23, 27, 30, 36, 44, 52, 58, 60)


def _papers(number: int, kinds: Mapping[str, str | None], begun: date, facts: Facts, chance: Random) -> Iterator[Paper]:
    for place, (kind, level) in enumerate(kinds.items()):
        end: date | None = facts.today + timedelta(days=chance.randint(200, 1700))
        if number == 0:
            end = facts.today + timedelta(days=(23, -12)[place % 2])
        elif chance.random() < 0.14:
            end = facts.today + timedelta(days=chance.choice(_ENDS))
        elif chance.random() < 0.2:
            end = None
        if end is not None and end <= begun + timedelta(days=30):
            end = facts.today + timedelta(days=400)
        end = _plain_day(end) if end is not None else None
        mark = f"{number:04d}{place}"
        renewal = None
        if end is not None and end < facts.today - timedelta(days=15) and chance.random() < 0.6:
            until = _plain_day(facts.today + timedelta(days=1000))
            renewal = (f"YS-{until}-R{mark}", until)
        yield Paper(
            kind=kind,
            level=level,
            number=f"YS-{end.isoformat()}-{mark}" if end else f"YS-LONG-{mark}",
            issuer=chance.choice(DATA["issuers"]),
            valid_from=date(2020, 1, 1),
            valid_to=end,
            renewal=renewal,
        )


def _plain_day(day: date) -> date:
    """The practice registry's sample numbers know no 29 February."""
    return day.replace(day=28) if (day.month, day.day) == (2, 29) else day


def _people(number: int, professions: Sequence[str], nobody: Iterator[str], chance: Random) -> Iterator[Professional]:
    for profession in professions:
        for place in range(1, chance.randint(1, 3) + 1):
            yield Professional(
                f"示例人员{number:03d}{chr(64 + place)}", next(nobody), profession, f"示例注字{number:04d}{place:02d}"
            )


# Offers -----------------------------------------------------------------------------------------------------------------


def _share_out(sketches: Sequence[_Sketch], listings: int, chance: Random) -> None:
    """Give the firms in the market exactly `listings` offers: each of its items once, then variants where there is room."""
    open_ = [sketch for sketch in sketches if sketch.fate in IN_THE_MARKET]
    pairs = [(sketch, item) for sketch in open_ for item in sketch.trade["items"]]
    offered: set[str] = set()
    first = [pair for pair in pairs if not (pair[1] in offered or offered.add(pair[1]))]  # type: ignore[func-returns-value]
    others = [pair for pair in pairs if pair not in first]
    chance.shuffle(others)
    wanted = (first + others)[:listings]
    room = [pair for pair in wanted for _ in range(MOST_VARIANTS - 1)]
    # items that stand first in a trade are asked for most
    order = sorted(room, key=lambda pair: chance.random() * (1 + pair[0].trade["items"].index(pair[1])))
    wanted += order[: listings - len(wanted)]
    if len(wanted) < listings:
        raise ValueError(f"{len(open_)} firms have room for {len(wanted)} offers, not for {listings}")
    for sketch, item in wanted:
        sketch.pairs.append(item)


def _open_days(sketch: _Sketch, late: bool, papers: Sequence[Paper], facts: Facts) -> range:
    """The days on which a firm can publish: from the one after its entry while all its licences hold, before the latest."""
    first = sketch.entered + (2 if late else 1)
    ends = [paper.valid_to for paper in papers if paper.valid_to is not None]
    holds = sum(day <= min(ends, default=facts.today) for day in facts.days)
    return range(first, max(min(holds, len(facts.days) - LATEST), first + 1))


def _offers(sketch: _Sketch, days: range, facts: Facts, chance: Random, *, desk: bool) -> Iterator[Offer]:
    seen: dict[str, int] = {}
    for place, slug in enumerate(sorted(sketch.pairs, key=sketch.trade["items"].index)):
        variant = DATA["variants"][seen.setdefault(slug, 0)]
        seen[slug] += 1
        day = min(days.start + int(chance.expovariate(0.3)), days.stop - 1)
        shelf = chance.choices(list(SHELVES), list(SHELVES.values()))[0]
        if sketch.fate is not Fate.ACTIVE or seen[slug] == 1:
            # every firm that is open offers each of its items
            shelf = Shelf.PUBLISHED
        if desk:
            # the last item needs no licence, so that nothing else than the vendor keeps the offer back
            shelf = {1: Shelf.DRAFT, len(sketch.pairs) - 1: Shelf.PAUSED}.get(place, Shelf.PUBLISHED)
        fields = _fields(facts.items[slug], variant, sketch.level, day, facts, chance)
        if shelf is Shelf.EXPIRED:
            fields["valid_to"] = facts.days[day + 1]
        yield Offer(slug, fields, day, shelf, names_people=chance.random() < 0.3)


def _fields(
    item: Item, variant: Mapping[str, Any], level: float, day: int, facts: Facts, chance: Random
) -> dict[str, Any]:
    usual = DATA["days"][item.category]
    fields: dict[str, Any] = {
        "title": f"{item.name_zh}{variant['title']}",
        "description": "虚构示例。" + "".join(chance.sample(DATA["sentences"], 3)),
        "days": max(1, round(usual * variant["days"] * chance.uniform(0.7, 1.3))),
        "guarantee_days": chance.choice((0, 10, 20, 30, 60)),
        "deliverables": [*(f"{part} 3 份" for part in item.deliverable.split("、")[:6]), variant["gives"]],
        "districts": () if chance.random() < 0.82 else sorted(chance.sample(facts.districts, chance.randint(3, 9))),
        "capacity": chance.choice((1, 2, 3, 3, 4, 5, 8)),
        "languages": ("zh", "en") if chance.random() < 0.12 else ("zh",),
        "tax_included": chance.random() < 0.9,
        "tax_permille": chance.choice((60, 60, 60, 30, 10)),
    }
    if chance.random() < 0.1:
        fields["valid_to"] = facts.today + timedelta(days=chance.randint(20, 330))
    return fields | _price(item, variant["price"] * level, fields, day, facts, chance)


def _price(
    item: Item, usual: float, fields: Mapping[str, Any], day: int, facts: Facts, chance: Random
) -> dict[str, Any]:
    """A price around the reference or the invented usual price: some far below with an explanation, some far above."""
    reference, quantity = facts.references.get(item.slug, (None, None))
    bound_from, bound_quantity = facts.guided.get(item.slug, (None, None))
    bound = bound_from is not None and day >= bound_from
    factor = usual * chance.lognormvariate(-0.04, 0.16)
    turn = chance.random()
    if turn < 0.06:
        factor *= chance.uniform(0.4, 0.65)
    elif turn < 0.1:
        factor *= chance.uniform(1.5, 2.1)
    if bound:
        factor = min(max(factor, 0.78), 1.16)
    quantity = quantity or bound_quantity
    unit = DATA["units"].get(item.unit)
    per_unit = unit is not None and (reference is None or quantity is not None)
    if reference is not None:
        base = Fraction(reference.base_fen) * (Fraction(1, 2) if reference.ceiling else 1)
    else:
        base = Fraction(str(DATA["prices"][item.slug])) * 100 * (bound_quantity or 1)
    price = _model(item, base, factor, quantity, unit if per_unit else None, reference is not None or bound, chance)
    if bound and price["price_model"] is PriceModel.SHARE:
        price["share_permille"] = min(max(price["share_permille"], 780), 1160)
    if not bound and chance.random() < 0.12 and price["price_model"] is not PriceModel.QUOTATION:
        price["travel_fen"] = chance.choice((10_000, 20_000, 30_000))
    return price | _explained(price, fields, quantity, reference, chance)


def _model(
    item: Item,
    base: Fraction,
    factor: float,
    quantity: Fraction | None,
    unit: str | None,
    has_standard: bool,
    chance: Random,
) -> dict[str, Any]:
    whole = _nice(float(base) * factor)
    if unit is not None and chance.random() < 0.85:
        each = _nice(float(base) * factor / float(quantity or 1))
        least = _nice(each * float(quantity or 1) * 0.4) if chance.random() < 0.4 else None
        return {"price_model": PriceModel.PER_UNIT, "price_fen": each, "unit": unit, "minimum_fen": least}
    kinds = {PriceModel.FIXED: 60, PriceModel.QUOTATION: 15}
    if has_standard:
        kinds[PriceModel.SHARE] = 35
    model = chance.choices(list(kinds), list(kinds.values()))[0]
    if model is PriceModel.SHARE:
        return {"price_model": model, "share_permille": min(max(round(factor * 20) * 50, 100), 3000)}
    covers = int(quantity) if model is PriceModel.FIXED and quantity is not None else None
    return {"price_model": model, "price_fen": whole, "covers": covers}


def _explained(
    price: Mapping[str, Any],
    fields: Mapping[str, Any],
    quantity: Fraction | None,
    reference: Reference | None,
    chance: Random,
) -> dict[str, Any]:
    taxed = {name: fields[name] for name in ("tax_included", "tax_permille")}
    said = {("model" if name == "price_model" else name): value for name, value in price.items()}
    offered = quote(Price(**said, **taxed), quantity, reference)
    below = position(offered.fen, reference) is Position.BELOW
    return {"low_price_reason": chance.choice(DATA["low_reasons"])} if below else {}


def _nice(fen: float) -> int:
    """An amount as people ask for it: two digits that count, or three below 100 yuan; never nothing."""
    if fen < 1000:
        return max(round(fen / 5) * 5, 5)
    step = 10 ** (len(str(int(fen))) - (2 if fen >= 10_000 else 3))
    return int(round(fen / step) * step)


def _weighted(rows: Sequence[Mapping[str, Any]], chance: Random) -> Mapping[str, Any]:
    return chance.choices(rows, [row["weight"] for row in rows])[0]
