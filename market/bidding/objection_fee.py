"""What a complaint costs where a law asks a fee for it. In this market the rate is zero: whoever objects pays nothing."""

from fractions import Fraction


def complaint_fee(value: Fraction, rate: Fraction, least: int, most: int) -> int:
    """The fee for a tender of `value`: `rate` (a share) of it, held between `least` and `most`, then rounded up to a full ten.

    All in the same unit. Source: Prozorro, resolution 292/2020 of the Cabinet of Ukraine. A rate of zero costs nothing.
    """
    if not rate:
        return 0
    fee = min(max(value * rate, Fraction(least)), Fraction(most))
    return -(-fee.numerator // (10 * fee.denominator)) * 10
