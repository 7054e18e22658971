"""Offers side by side: what was chosen, what can be compared, and the table for the page and the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from market import clock
from market.catalogue import queries as catalogue
from market.formats import percent_words, score_words, share, yuan_words
from market.kernel import codes, sheets
from market.kernel.money import Money
from market.kernel.ordering import order_key
from market.kernel.words import N_
from market.listings import comparison
from market.listings import queries as listings
from market.listings.comparison import OfferFacts
from market.listings.pricing import WHY_WORDS, Position, Price, PriceModel
from market.listings.units import same_unit
from market.pages import queries
from market.pages.buyer_job import Asked

PLACES = {
    Position.BELOW: N_("below the floor"),
    Position.WITHIN: N_("within the standard"),
    Position.ABOVE: N_("above the ceiling"),
    Position.NONE: N_("no standard to compare with"),
}
LANGUAGES = {"zh": N_("Chinese"), "en": N_("English")}


# What was chosen --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """The offers of an address. `codes` can be compared; `over` are no longer offered, `others` are of other services."""

    item: str | None
    codes: tuple[str, ...] = ()
    over: tuple[queries.PublishedOffer, ...] = ()
    others: tuple[queries.PublishedOffer, ...] = ()
    #: codes that are none, or of nothing that was ever published
    unknown: int = 0
    #: how many stood beyond the most that can be compared
    beyond: int = 0


def chosen(typed: Sequence[str], item: str | None) -> Chosen:
    """What the codes in an address stand for. Without `item`, the service of the first offer is meant."""
    wanted = list(
        dict.fromkeys(codes.normalise(part) for text in typed[:50] for part in text[:400].split(",") if part.strip())
    )
    valid = [code for code in wanted if codes.is_valid(code, "L")]
    found = queries.published_offers(valid)
    known = [found[code] for code in valid if code in found]
    item = item or (known[0].item if known else None)
    same = [offer for offer in known if offer.item == item]
    offered = [offer.code for offer in same if offer.offered]
    return Chosen(
        item,
        tuple(offered[: comparison.MOST]),
        tuple(offer for offer in same if not offer.offered),
        tuple(offer for offer in known if offer.item != item),
        unknown=len(wanted) - len(known),
        beyond=max(0, len(offered) - comparison.MOST),
    )


# The table --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """One offer of the comparison: its facts for the buyer's job, and the price as the vendor says it."""

    facts: OfferFacts
    price: Price


def compared(wanted: Sequence[str], asked: Asked) -> list[Compared]:
    """The offers with these codes for the buyer's job, in the neutral order of the day; what is over meanwhile is left out."""
    inputs = {name: value for name, value in asked.given.items() if name != "quantity"}
    inputs = {} if asked.typical or asked.errors else inputs
    prices = {
        code: listings.price_of(publication.content) for code, publication in listings.publications_of(wanted).items()
    }
    # a price per another unit than the service's is not computed for its quantity (KF-LST-04)
    fits = [code for code in wanted if code in prices and not _other_unit(prices[code], asked.job.unit)]
    odd = [code for code in wanted if code in prices and code not in fits]
    facts = listings.compare_facts(fits, inputs, asked.job.quantity)
    facts += listings.compare_facts(odd, {}, None) if odd else []
    today = clock.today()
    return sorted(
        (Compared(one, prices[one.code]) for one in facts),
        key=lambda one: order_key(one.facts.vendor_code, one.facts.code, today),
    )


def _other_unit(price: Price, unit: str) -> bool:
    return price.model is PriceModel.PER_UNIT and not same_unit(price.unit or "", unit)


def best(row: str, offers: Sequence[Compared]) -> list[int]:
    """Places of the most favourable values of a row. A price below the floor of the standard is never marked."""
    if row not in comparison.BEST:
        return []
    places = [place for place, one in enumerate(offers) if row != "price" or one.facts.place is not Position.BELOW]
    return [places[place] for place in comparison.best(row, [offers[place].facts for place in places])]


#: row -> what is compared to say whether the offers differ in it
VALUES: Mapping[str, Callable[[Compared], Any]] = {
    "price": lambda one: (one.facts.quote.fen, one.facts.quote.why),
    "bar": lambda one: one.facts.quote.fen,
    "position": lambda one: (one.facts.place, one.facts.quote.fen),
    "said": lambda one: (one.price.model, one.price.price_fen, one.price.share_permille, one.price.unit),
    "tax": lambda one: (one.price.tax_included, one.price.tax_permille, one.facts.travel_fen),
    "days": lambda one: one.facts.days,
    "guarantee": lambda one: one.facts.guarantee_days,
    "on_time": lambda one: (one.facts.figures.on_time, one.facts.figures.on_time_of),
    "first_pass": lambda one: (one.facts.figures.first_pass, one.facts.figures.first_pass_of),
    "rating": lambda one: (one.facts.figures.rating_mean, one.facts.figures.rating_count),
    "deliverables": lambda one: tuple(one.facts.deliverables),
    "languages": lambda one: frozenset(one.facts.languages),
    "districts": lambda one: frozenset(one.facts.districts),
    "licences": lambda one: tuple(one.facts.licences),
    "practitioners": lambda one: dict(one.facts.practitioners),
    "free": lambda one: one.facts.free,
}
#: (heading, rows)
GROUPS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    (
        N_("Price"),
        (
            ("price", N_("For this job")),
            ("bar", N_("Against the standard")),
            ("position", N_("Position")),
            ("said", N_("How the price is said")),
            ("tax", N_("Tax and travel")),
        ),
    ),
    (
        N_("Time"),
        (("days", N_("Delivery")), ("guarantee", N_("Faults mended free of charge")), ("on_time", N_("On time"))),
    ),
    (N_("Judged by buyers"), (("rating", N_("Rating")), ("first_pass", N_("Passed at the first try")))),
    (
        N_("What is included"),
        (("deliverables", N_("Deliverables")), ("languages", N_("Languages")), ("districts", N_("Districts served"))),
    ),
    (
        N_("Who does it"),
        (("licences", N_("Licences")), ("practitioners", N_("Professionals")), ("free", N_("Jobs it can take now"))),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the comparison: its key, label, which offers are most favourable, and whether all are the same."""

    key: str
    label: str
    best: list[int]
    same: bool


def lines(offers: Sequence[Compared]) -> list[tuple[str, list[Line]]]:
    """The rows in their groups. Rows that need a standard are left out where the service has none."""
    standard = any(one.facts.reference for one in offers)
    return [
        (
            _(heading),
            [
                Line(key, _(label), best(key, offers), comparison.same([VALUES[key](one) for one in offers]))
                for key, label in rows
                if standard or key not in ("bar", "position")
            ],
        )
        for heading, rows in GROUPS
    ]


# Words, for page and file alike -----------------------------------------------------------------------------------------


def licence_words(one: tuple[str, str | None, Any]) -> str:
    """A licence with its level and last day."""
    name, level, valid_to = one
    shown = f"{name} {level}" if level else name
    if valid_to is None:
        return _("%(licence)s, without an end", licence=shown)
    return _("%(licence)s, valid through %(day)s", licence=shown, day=f"{valid_to:%Y-%m-%d}")


def practitioner_words(professions: Mapping[str, int]) -> list[str]:
    """Professions with how many people."""
    return [_("%(profession)s × %(count)s", profession=name, count=count) for name, count in professions.items()]


def district_words(codes_: Sequence[str]) -> str:
    """The districts served."""
    if not codes_:
        return _("the whole city")
    names = {district.code: catalogue.name(district) for district in catalogue.districts()}
    return _list(names.get(code, code) for code in codes_)


def language_words(languages: Sequence[str]) -> str:
    """The languages of the work."""
    return _list(_(LANGUAGES.get(one, one)) for one in languages)


def tax_words(one: Compared) -> str:
    """Whether the price as said holds tax and travel; the amount for the job always holds both."""
    tax = percent_words(one.price.tax_permille)
    taxed = _("tax included") if one.price.tax_included else _("said without tax; %(tax)s added", tax=tax)
    travel = (
        _("travel %(amount)s added", amount=yuan_words(one.facts.travel_fen))
        if one.facts.travel_fen
        else _("travel free")
    )
    return _list((taxed, travel))


def said_words(price: Price) -> str:
    """The price as the vendor says it."""
    match price.model:
        case PriceModel.PER_UNIT:
            return _("%(price)s per %(unit)s", price=yuan_words(price.price_fen or 0), unit=price.unit)
        case PriceModel.SHARE:
            return _("%(share)s of the standard", share=percent_words(price.share_permille or 0))
        case PriceModel.QUOTATION:
            return _("on quotation, at most %(price)s", price=yuan_words(price.price_fen or 0))
    if price.covers is not None:
        return _("fixed: %(price)s for up to %(covers)s", price=yuan_words(price.price_fen or 0), covers=price.covers)
    return _("fixed: %(price)s", price=yuan_words(price.price_fen or 0))


def share_words(part: int, whole: int) -> str:
    """k of n with its percentage; nothing counted: says so."""
    if not whole:
        return _("no order yet")
    return _("%(percent)s (%(part)s of %(whole)s)", percent=percent_words(share(part, whole)), part=part, whole=whole)


def _list(parts: Any) -> str:
    return ("、" if str(get_locale()) != "en" else ", ").join(parts)


# The file ---------------------------------------------------------------------------------------------------------------


def csv(offers: Sequence[Compared], remark: str) -> bytes:
    """The comparison as CSV for people: one row an offer, a mark of encoding, nothing that a spreadsheet computes."""
    labels = {key: _(label) for _heading, rows in GROUPS for key, label in rows}
    columns = [
        sheets.Column("code", _("Code")),
        sheets.Column("vendor", _("Vendor")),
        sheets.Column("title", _("Title")),
        sheets.Column("price", _("For this job, in yuan, tax and travel included")),
        sheets.Column("firm", _("What the amount is")),
        sheets.Column("low", _("Floor in yuan")),
        sheets.Column("reference", _("Reference in yuan")),
        sheets.Column("high", _("Ceiling in yuan")),
        *(sheets.Column(key, labels[key]) for key in labels if key not in ("price", "bar")),
        sheets.Column("ratings", _("Ratings")),
        sheets.Column("reason", _("Explanation of a low price")),
    ]
    return sheets.to_csv([_row(one) for one in offers], columns, for_people=True, remark=remark)


def _row(one: Compared) -> dict[str, Any]:
    facts, figures = one.facts, one.facts.figures
    reference = facts.reference
    return {
        "code": facts.code,
        "vendor": facts.vendor_name,
        "title": facts.title,
        "price": Money(facts.quote.fen) if facts.quote.fen is not None else None,
        "firm": _("firm") if facts.quote.firm else _(WHY_WORDS[facts.quote.why]),
        "low": Money(reference.band[0]) if reference and not reference.ceiling else None,
        "reference": Money(reference.base_fen) if reference else None,
        "high": Money(reference.band[1]) if reference else None,
        "position": _(PLACES[facts.place]),
        "said": said_words(one.price),
        "tax": tax_words(one),
        "days": facts.days,
        "guarantee": facts.guarantee_days,
        "on_time": share_words(figures.on_time, figures.on_time_of),
        "first_pass": share_words(figures.first_pass, figures.first_pass_of),
        "rating": _stars(figures),
        "ratings": figures.rating_count,
        "deliverables": _list(facts.deliverables),
        "languages": language_words(facts.languages),
        "districts": district_words(facts.districts),
        "licences": _list(map(licence_words, facts.licences)),
        "practitioners": _list(practitioner_words(facts.practitioners)),
        "free": facts.free,
        "reason": facts.low_price_reason,
    }


def _stars(figures: comparison.Figures) -> str:
    if figures.rating_mean is None or not figures.rating_count:
        return _("new here")
    mean, low, high = (score_words(one or 0) for one in (figures.rating_mean, figures.rating_low, figures.rating_high))
    return ngettext(
        "%(mean)s (95%% interval %(low)s to %(high)s, %(num)s rating)",
        "%(mean)s (95%% interval %(low)s to %(high)s, %(num)s ratings)",
        figures.rating_count, mean=mean, low=low, high=high,
    )  # fmt: skip
