"""What an offer costs, and where that lies against the standard: pure.

All amounts are integer fen with tax; a price without tax gets it added once, rounded half up to the fen. A price is compared
only with others for the same work: same quantity, same inputs of the standard (KF-LST-04).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from market.kernel.errors import RuleBroken
from market.kernel.money import Money, half_up
from market.kernel.words import N_


class PriceModel(StrEnum):
    """How a price is said: fixed; per unit; as a share of the standard; on quotation up to a stated maximum."""

    FIXED = "fixed"
    PER_UNIT = "per_unit"
    SHARE = "share"
    QUOTATION = "quotation"


class Position(StrEnum):
    """Where a price lies against the standard."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"
    NONE = "none"


#: standards without a band of their own: a price within a fifth of the reference counts as within. Most of the shipped
#: standards have ±20 %; this is the market's default for showing, never a limit [D].
DEFAULT_BAND = Fraction(1, 5)
#: a written explanation of a price below the floor has at least so many characters
EXPLANATION = 20


@dataclass(frozen=True, slots=True)
class Price:
    """A price as a vendor says it. `price_fen` and `minimum_fen` as in market/listings/models.py; shares in thousandths."""

    model: PriceModel
    price_fen: int | None = None
    unit: str | None = None
    covers: int | None = None
    minimum_fen: int | None = None
    share_permille: int | None = None
    tax_included: bool = True
    tax_permille: int = 0
    travel_fen: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """The standard for one job, in fen: floor, reference, ceiling. `kind`: market, guided, set; `ceiling`: no floor."""

    kind: str
    low_fen: int
    base_fen: int
    high_fen: int
    ceiling: bool = False
    title: str = ""

    @property
    def band(self) -> tuple[int, int]:
        """Floor and ceiling to compare with, the default band where the standard has none (for showing only)."""
        if self.ceiling:
            return 0, self.high_fen
        if self.low_fen == self.base_fen == self.high_fen:
            return half_up(self.base_fen * (1 - DEFAULT_BAND)), half_up(self.base_fen * (1 + DEFAULT_BAND))
        return self.low_fen, self.high_fen


class Why(StrEnum):
    """Why there is no firm amount."""

    FIRM = ""
    QUOTATION = "quotation"
    BEYOND = "beyond"
    NO_QUANTITY = "no_quantity"
    NO_REFERENCE = "no_reference"


WHY_WORDS: Mapping[Why, str] = {
    Why.QUOTATION: N_("on quotation, at most this"),
    Why.BEYOND: N_("on quotation: more than the price covers"),
    Why.NO_QUANTITY: N_("type the quantity to see the amount"),
    Why.NO_REFERENCE: N_("type the inputs of the standard to see the amount"),
}


@dataclass(frozen=True, slots=True)
class Quote:
    """What an offer comes to for one job: `fen` with tax and travel, or None; firm only when `why` is FIRM."""

    fen: int | None
    why: Why = Why.FIRM

    @property
    def firm(self) -> bool:
        """True when the vendor is bound to this amount."""
        return self.why is Why.FIRM


def quote(price: Price, quantity: Fraction | None, reference: Reference | None) -> Quote:
    """What `price` comes to for `quantity` units under `reference`.

    Fixed beyond what it covers is on quotation; per unit needs a quantity and is at least the minimum; a share needs the
    reference; on quotation gives the stated maximum, which is not firm.
    """
    match price.model:
        case PriceModel.FIXED:
            if price.covers is not None and quantity is not None and quantity > price.covers:
                return Quote(None, Why.BEYOND)
            net = Fraction(price.price_fen or 0)
        case PriceModel.PER_UNIT:
            if quantity is None:
                return Quote(None, Why.NO_QUANTITY)
            net = max((price.price_fen or 0) * quantity, Fraction(price.minimum_fen or 0))
        case PriceModel.SHARE:
            if reference is None:
                return Quote(None, Why.NO_REFERENCE)
            net = Fraction(reference.base_fen * (price.share_permille or 0), 1000)
        case PriceModel.QUOTATION:
            if price.price_fen is None:
                return Quote(None, Why.QUOTATION)
            return Quote(_gross(price, Fraction(price.price_fen)), Why.QUOTATION)
    return Quote(_gross(price, net))


def _gross(price: Price, net: Fraction) -> int:
    factor = Fraction(1) if price.tax_included else 1 + Fraction(price.tax_permille, 1000)
    return half_up((net + price.travel_fen) * factor)


def position(fen: int | None, reference: Reference | None) -> Position:
    """Where an amount lies against the standard's band (bounds included); NONE when either is missing."""
    if fen is None or reference is None:
        return Position.NONE
    low, high = reference.band
    if fen < low:
        return Position.BELOW
    return Position.ABOVE if fen > high else Position.WITHIN


class OutsideStandard(RuleBroken):
    """A price that a binding standard does not admit; `params` hold price, low and high in yuan."""

    code = "outside_standard"


class ExplanationMissing(RuleBroken):
    """A price below the floor of a reference needs a written explanation; it is never refused for being low."""

    code = "explanation_missing"


def check_price(offered: Quote, reference: Reference | None, explanation: str) -> Position:
    """Hold a price at the typical job to the standard in force; gives its position or refuses.

    Set: equal to the operator's dated standard. Guided: within its band, a stated maximum as well. Market: shown, and explained
    in writing when below the floor, never refused (公平竞争审查条例 art. 11(3): no interference with market-regulated price
    levels). Without a standard nothing is held.
    """
    if reference is None:
        return Position.NONE
    if reference.kind == "set":
        if offered.fen != reference.base_fen or not offered.firm:
            raise _outside(
                N_("The price of this service is set at %(low)s; yours comes to %(price)s."), offered, reference
            )
    elif reference.kind == "guided" and not _in_band(offered, reference):
        what = N_("The guided price lies between %(low)s and %(high)s; yours comes to %(price)s.")
        raise _outside(what, offered, reference)
    place = position(offered.fen, reference)
    if reference.kind == "market" and place is Position.BELOW and len(explanation.strip()) < EXPLANATION:
        low, _ = reference.band
        raise ExplanationMissing(
            N_("%(price)s lies below the floor of the reference, %(low)s."),
            rule="资产评估法第二十条第三项、测绘法第二十九条",
            remedy=N_(
                "Explain in at least %(least)s characters how you can do it for that; the explanation is public."
            ),
            price=str(Money(offered.fen or 0)),
            low=str(Money(low)),
            least=EXPLANATION,
        )
    return place


def _in_band(offered: Quote, reference: Reference) -> bool:
    return offered.fen is not None and reference.low_fen <= offered.fen <= reference.high_fen


def _outside(what: str, offered: Quote, reference: Reference) -> OutsideStandard:
    return OutsideStandard(
        what,
        rule=reference.title,
        remedy=N_("Change the price, or the share of the standard, so that it fits."),
        price="-" if offered.fen is None else str(Money(offered.fen)),
        low=str(Money(reference.low_fen if reference.kind == "guided" else reference.base_fen)),
        high=str(Money(reference.high_fen)),
    )


#: price buckets for searching, upper bounds in fen: 1,000, 5,000, 10,000, 50,000, 100,000 yuan
BUCKETS = (100_000, 500_000, 1_000_000, 5_000_000, 10_000_000)


def bucket(fen: int | None) -> str:
    """The price bucket of an amount: its upper bound in yuan, "more" above the last, "quotation" without an amount."""
    if fen is None:
        return "quotation"
    return next((str(bound // 100) for bound in BUCKETS if fen <= bound), "more")
