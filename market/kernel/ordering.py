"""Neutral order: the one tie-break of all public lists. It favours nobody by alphabet, age, size or payment.

Each vendor stores 31 numbers made from its public code; day d (days since 1 January 1970 in Asia/Shanghai)
sorts by column d mod 31, then by the listing's own number. The rule is published, so anybody can compute
today's and tomorrow's order.
"""

from datetime import date
from hashlib import sha256

COLUMNS = 31
EPOCH = date(1970, 1, 1)


def order_number(text: str) -> int:
    """The first 8 bytes of SHA-256(text, UTF-8), big-endian, halved: 0 to 2**63 - 1.

    Halved (one bit dropped, `>> 1`) because PostgreSQL's bigint and Elasticsearch's long are signed: so the
    number is never negative and sorts alike in both. Two texts share a number with a chance of 1 in 2**63.
    """
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1


def vendor_numbers(code: str) -> tuple[int, ...]:
    """The 31 order numbers of the vendor with this public code: of `code|0` to `code|30`."""
    return tuple(order_number(f"{code}|{column}") for column in range(COLUMNS))


def listing_number(code: str) -> int:
    """The order number of a listing: it decides among listings of the same vendor."""
    return order_number(code)


def column_of(day: date) -> int:
    """Which of the 31 columns holds on `day`, a date in Asia/Shanghai: days since 1970-01-01, modulo 31."""
    return (day - EPOCH).days % COLUMNS


def order_key(vendor: str, listing: str, day: date) -> tuple[int, int, str]:
    """The sort key (ascending) of a listing by public codes on `day`: the same order that SQL and
    Elasticsearch give.

    The listing's random code stands last, so that the order is total even if two numbers should ever
    coincide.
    """
    return (order_number(f"{vendor}|{column_of(day)}"), listing_number(listing), listing)
