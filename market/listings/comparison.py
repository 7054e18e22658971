"""Offers of one item side by side: pure. Which cells differ, and which is best by a published rule; nothing is recommended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from market.listings.pricing import Position, Quote, Reference, position

MOST = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """k of n, and a mean with its interval in thousandths; counts of 0 mean that nothing is known yet."""

    rating_mean: int | None = None
    rating_low: int | None = None
    rating_high: int | None = None
    rating_count: int = 0
    on_time: int = 0
    on_time_of: int = 0
    first_pass: int = 0
    first_pass_of: int = 0
    open_jobs: int = 0


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What a comparison shows of one offer; `quote` and `reference` for the buyer's own job, money in fen."""

    code: str
    title: str
    vendor_code: str
    vendor_name: str
    quote: Quote
    reference: Reference | None
    days: int
    guarantee_days: int
    travel_fen: int
    deliverables: Sequence[str]
    #: (name, level, valid through or none) of each licence that counts
    licences: Sequence[tuple[str, str | None, Any]]
    #: profession -> how many people named for the work
    practitioners: Mapping[str, int]
    capacity: int
    languages: Sequence[str]
    districts: Sequence[str]
    figures: Figures
    low_price_reason: str = ""

    @property
    def place(self) -> Position:
        """Where the quoted amount lies against the standard."""
        return position(self.quote.fen, self.reference)

    @property
    def free(self) -> int:
        """Jobs that can be taken now; never below 0."""
        return max(0, self.capacity - self.figures.open_jobs)


#: row name -> (what is compared, True when the smallest is best). Published on the page; a tie marks all that share it.
BEST: Mapping[str, tuple[Callable[[OfferFacts], Any], bool]] = {
    "price": (lambda offer: offer.quote.fen if offer.quote.firm and offer.place is not Position.BELOW else None, True),
    "days": (lambda offer: offer.days, True),
    "guarantee": (lambda offer: offer.guarantee_days, False),
    "rating": (lambda offer: offer.figures.rating_low, False),
    "on_time": (lambda offer: share(offer.figures.on_time, offer.figures.on_time_of), False),
    "first_pass": (lambda offer: share(offer.figures.first_pass, offer.figures.first_pass_of), False),
    "free": (lambda offer: offer.free, False),
}


def best(row: str, offers: Sequence[OfferFacts]) -> list[int]:
    """Positions of the best values of a row; empty when all are equal or nothing is known.

    Of prices, firm ones count that do not lie below the floor of the standard: being too cheap is no merit.
    """
    measure, smallest = BEST[row]
    values = [measure(offer) for offer in offers]
    known = [value for value in values if value is not None]
    if len(known) < 2 or len(set(values)) == 1:
        return []
    wanted = min(known) if smallest else max(known)
    return [index for index, value in enumerate(values) if value == wanted]


def same(cells: Sequence[Any]) -> bool:
    """True when all cells of a row say the same, so that the page can set the row back."""
    return all(cell == cells[0] for cell in cells[1:])


def share(part: int, whole: int) -> Fraction | None:
    """k of n as an exact share; None when nothing was counted. ValueError when the part exceeds the whole (KF-FAI-01)."""
    if part > whole:
        raise ValueError(f"{part} of {whole}")
    return Fraction(part, whole) if whole else None


def by_price(offers: Sequence[OfferFacts]) -> list[OfferFacts]:
    """Offers by the same amount that is shown, lowest first; those without a firm amount keep their order behind (KF-LST-04)."""
    return sorted(offers, key=lambda offer: (not offer.quote.firm or offer.quote.fen is None, offer.quote.fen or 0))
