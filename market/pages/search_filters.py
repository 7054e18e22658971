"""What a reader of the search page chose: filters and order, read from the address and written back into links.

Values that do not exist are passed over, so that every address gives a page.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from market.kernel.words import N_
from search import offers
from search.offers import OfferSearch, Order

#: facets in the order of the page, the longest last: name in the address -> message id of the legend
FACETS: Mapping[str, str] = {
    "item": N_("Service"),
    "category": N_("Field of trade"),
    "price": N_("Price"),
    "position": N_("Price and standard"),
    "days": N_("Delivered within"),
    "rating": N_("Rating, lower bound"),
    "level": N_("Licence level"),
    "free": N_("Capacity"),
    "district": N_("District served"),
}
#: facets that take one value; the others take several
SINGLE = ("days", "rating", "free")
SEVERAL = tuple(name for name in FACETS if name not in SINGLE)

PRICES: Mapping[str, str] = {
    "under_500": N_("below 500 yuan"),
    "500_2000": N_("500 to 2,000 yuan"),
    "2000_10000": N_("2,000 to 10,000 yuan"),
    "10000_50000": N_("10,000 to 50,000 yuan"),
    "50000_200000": N_("50,000 to 200,000 yuan"),
    "over_200000": N_("200,000 yuan and more"),
    "on_quotation": N_("on quotation"),
}
POSITIONS: Mapping[str, str] = {
    "below": N_("below the floor, explained in writing"),
    "within": N_("between floor and ceiling"),
    "above": N_("above the ceiling"),
    "none": N_("no standard to compare with"),
}
ORDERS: Mapping[Order, str] = {
    Order.RELEVANCE: N_("best match, then the public order of the day"),
    Order.PRICE: N_("price, lowest first"),
    Order.DAYS: N_("delivery, fastest first"),
    Order.RATING: N_("lower bound of the rating, highest first"),
}
#: options of a facet that are shown beside those chosen
MOST = 12
#: values of one facet at most, and their length: an address is no place for more
MOST_CHOSEN, LONGEST = 20, 120


@dataclass(frozen=True, slots=True)
class Known:
    """What exists in the catalogue, with names in the reader's language: code -> name."""

    items: Mapping[str, str]
    categories: Mapping[str, str]
    districts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen. `several`: facet -> values; `days` working days at most, `rating` thousandths of a star at least."""

    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    days: int | None = None
    rating: int | None = None
    free: bool = False
    order: Order = Order.RELEVANCE

    @property
    def chosen(self) -> int:
        """How many values are chosen."""
        return sum(map(len, self.several.values())) + sum((self.days is not None, self.rating is not None, self.free))

    @property
    def one_item(self) -> str | None:
        """The service when exactly one is chosen."""
        found = self.several.get("item", ())
        return found[0] if len(found) == 1 else None

    def args(self) -> dict[str, Any]:
        """As query parameters."""
        found: dict[str, Any] = {name: list(values) for name, values in self.several.items() if values}
        if self.days is not None:
            found["days"] = str(self.days)
        if self.rating is not None:
            found["rating"] = str(self.rating)
        if self.free:
            found["free"] = "1"
        if self.order is not Order.RELEVANCE:
            found["sort"] = str(self.order)
        return found

    def without(self, name: str, value: str) -> "Filters":
        """The same with one value taken back."""
        if name in SEVERAL:
            left = tuple(one for one in self.several.get(name, ()) if one != value)
            return replace(self, several={**self.several, name: left})
        if name == "free":
            return replace(self, free=False)
        return replace(self, days=None) if name == "days" else replace(self, rating=None)

    def search(
        self, q: str, items: Mapping[str, float], column: int, size: int, after: str | None = None
    ) -> OfferSearch:
        """The question for offers."""
        chosen = self.several
        return OfferSearch(
            q=q,
            items=items,
            category=chosen.get("category", ()),
            only_items=chosen.get("item", ()),
            district=chosen.get("district", ()),
            price=chosen.get("price", ()),
            position=chosen.get("position", ()),
            levels=chosen.get("level", ()),
            days_at_most=self.days,
            rating_at_least=self.rating,
            free=self.free,
            order=self.order,
            column=column,
            size=size,
            after=after,
        )


def read(args: "MultiDict[str, str]", known: Known) -> Filters:
    """The filters in a query string."""
    exist: dict[str, Collection[str]] = {
        "item": known.items,
        "category": known.categories,
        "district": known.districts,
        "price": PRICES,
        "position": POSITIONS,
    }
    several = {}
    for name in SEVERAL:
        values = [one.strip() for text in args.getlist(name)[:MOST_CHOSEN] for one in _parts(name, text)]
        real = [one for one in values if one and len(one) <= LONGEST and (name not in exist or one in exist[name])]
        several[name] = tuple(dict.fromkeys(real))
    order = args.get("sort", "")
    return Filters(
        several,
        days=_among(args.get("days"), offers.DAYS),
        rating=_among(args.get("rating"), offers.RATINGS),
        free=args.get("free") == "1",
        order=Order(order) if order in list(Order) else Order.RELEVANCE,
    )


def left_over(args: "MultiDict[str, str]", known: Known) -> dict[str, str]:
    """The arguments of an address that choose no filter: what a buyer typed about his job among them.

    A standard may ask for a `category` too; what is no field of trade is its answer.
    """
    plain = {name: value for name, value in args.items() if name not in FACETS}
    answers = [one for one in args.getlist("category") if one not in known.categories]
    return plain | ({"category": answers[0]} if answers else {})


def _parts(name: str, text: str) -> list[str]:
    """Programs may give several values apart by commas; a licence level may hold a comma itself."""
    return [text] if name == "level" else text.split(",")


def _among(text: str | None, values: Sequence[int]) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 and int(text) in values else None


# For the page -----------------------------------------------------------------------------------------------------------


def label(name: str, value: str, known: Known) -> str:
    """A value in the reader's words."""
    names: dict[str, Mapping[str, str]] = {
        "item": known.items, "category": known.categories, "district": known.districts
    }  # fmt: skip
    if name in names:
        return names[name].get(value, value)
    if name == "price":
        return _(PRICES[value])
    if name == "position":
        return _(POSITIONS[value])
    if name == "days":
        return _("%(days)s working days", days=value)
    if name == "rating":
        return _("%(stars)s and more", stars=f"{int(value) // 1000}.{int(value) % 1000 // 100}")
    if name == "free":
        return _("can begin now")
    return value.replace(":", " ", 1)


def groups(filters: Filters, counts: Mapping[str, Mapping[str, int]], known: Known) -> list[dict[str, Any]]:
    """The facets for macros/find.html, with how many offers each value would give beside the other facets."""
    found = []
    for name, legend in FACETS.items():
        of = _single if name in SINGLE else _several
        options = of(name, filters, counts.get(name, {}), known)
        # one field alone narrows nothing
        if options and (name != "category" or len(options) > 1 or options[0]["chosen"]):
            kind = "radio" if name in ("days", "rating") else "checkbox"
            found.append({"legend": _(legend), "name": name, "kind": kind, "options": options})
    return found


def _several(name: str, filters: Filters, counts: Mapping[str, int], known: Known) -> list[dict[str, Any]]:
    chosen = filters.several.get(name, ())
    if name == "district":
        counts = offers.serving(counts, list(known.districts))
        values = [code for code in known.districts if counts[code] or code in chosen]
    elif name in ("price", "position"):
        values = [one for one in (PRICES if name == "price" else POSITIONS) if counts.get(one) or one in chosen]
    else:
        ranked = sorted(counts, key=lambda one: (-counts[one], label(name, one, known)))
        values = [*chosen, *(one for one in ranked if one not in chosen and counts[one])][: max(MOST, len(chosen))]
    return [
        {"value": one, "label": label(name, one, known), "count": counts.get(one, 0), "chosen": one in chosen}
        for one in values
    ]


def _single(name: str, filters: Filters, counts: Mapping[str, int], known: Known) -> list[dict[str, Any]]:
    now = getattr(filters, name)
    chosen = "" if now in (None, False) else "1" if now is True else str(now)
    options = [
        {"value": one, "label": label(name, one, known), "count": count, "chosen": one == chosen}
        for one, count in counts.items()
        if count or one == chosen
    ]
    if options and name != "free":
        options.insert(0, {"value": "", "label": _("any"), "chosen": not chosen})
    return options


def chips(filters: Filters, known: Known) -> list[tuple[str, Filters]]:
    """What is chosen in words, each with the filters that are left without it."""
    found = [
        (label(name, value, known), filters.without(name, value))
        for name in SEVERAL
        for value in filters.several.get(name, ())
    ]
    for name in SINGLE:
        value = getattr(filters, name)
        if value not in (None, False):
            found.append((label(name, str(value), known), filters.without(name, str(value))))
    return found
