"""Money: an integer number of fen with its currency. No float ever decides anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Self

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
#: the largest amount a form accepts: one trillion yuan, in fen. PostgreSQL's bigint holds more than that.
LARGEST_FEN = 10**14

_YUAN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")


def half_up(value: Fraction | Decimal | int, unit: int = 1) -> int:
    """`value` rounded half up (away from zero at the half) to a multiple of `unit`, as an exact integer."""
    exact = Fraction(value) / unit
    sign = -1 if exact < 0 else 1
    return sign * ((abs(exact) + Fraction(1, 2)).__floor__()) * unit


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of `fen` (1/100 yuan) in `currency`; amounts of different currencies never mix."""

    fen: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise TypeError(f"fen must be an integer, not {self.fen!r}")

    @classmethod
    def yuan(cls, amount: str | int | Decimal | Fraction) -> Self:
        """From yuan, rounded half up to the fen. A string must be plain decimal with at most two places, else ValueError."""
        if isinstance(amount, str):
            if not _YUAN.fullmatch(amount):
                raise ValueError(f"not an amount in yuan: {amount!r}")
            amount = Decimal(amount)
        return cls(half_up(Fraction(amount) * FEN_PER_YUAN))

    @classmethod
    def wan(cls, amount: Decimal | Fraction | int) -> Self:
        """From 万元 (10,000 yuan), rounded half up to the fen."""
        return cls(half_up(Fraction(amount) * FEN_PER_WAN))

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.fen + other.fen, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.fen - other.fen, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.fen, self.currency)

    def __bool__(self) -> bool:
        return self.fen != 0

    def times(self, factor: Fraction | int) -> "Money":
        """This amount times an exact factor, rounded half up to the fen once."""
        return Money(half_up(self.fen * Fraction(factor)), self.currency)

    def shares(self, weights: Sequence[int]) -> list["Money"]:
        """This amount split by `weights` (not negative, at least one above zero) so that the parts add up to it exactly.

        Largest remainder (Hamilton): each part gets the whole fen it is entitled to, the fen left over go to the largest
        remainders, the earlier part first among equals.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must not be negative and not all zero")
        sign, whole = (-1, -self.fen) if self.fen < 0 else (1, self.fen)
        parts = [whole * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
        for i in by_remainder[: whole - sum(parts)]:
            parts[i] += 1
        return [Money(sign * part, self.currency) for part in parts]

    def to_yuan(self) -> str:
        """Yuan as a plain decimal string with two places, the form used in JSON: 22550000 fen is "225500.00"."""
        sign = "-" if self.fen < 0 else ""
        return f"{sign}{abs(self.fen) // FEN_PER_YUAN}.{abs(self.fen) % FEN_PER_YUAN:02d}"

    def to_json(self) -> dict[str, str]:
        """The JSON form of all amounts: yuan as a decimal string beside the currency."""
        return {"amount": self.to_yuan(), "currency": self.currency}

    def __str__(self) -> str:
        whole, places = self.to_yuan().lstrip("-").split(".")
        return f"{'-' if self.fen < 0 else ''}¥{int(whole):,}.{places}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")


def round_decimal(value: Fraction, places: int) -> Decimal:
    """An exact value as a Decimal rounded half up to `places` decimals (for tables in 万元)."""
    quantum = Decimal(1).scaleb(-places)
    return (Decimal(half_up(value * 10**places)) * quantum).quantize(quantum, rounding=ROUND_HALF_UP)
