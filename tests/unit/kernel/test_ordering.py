"""Neutral order (architecture rule 9)."""

from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.codes import make
from market.kernel.ordering import column_of, listing_number, order_key, order_number, vendor_numbers


def test_a_vendors_numbers_are_the_published_hash_halved() -> None:
    """SHA-256 of the three bytes "abc" begins ba7816bf8f01cfea (FIPS 180-2, appendix B.1)."""
    assert order_number("abc") == 0xBA7816BF8F01CFEA // 2
    assert vendor_numbers("V-000000000")[7] == int(sha256(b"V-000000000|7").hexdigest()[:16], 16) // 2
    assert listing_number("L-000000000") == order_number("L-000000000")


def test_a_vendor_has_thirty_one_numbers_that_fit_a_signed_bigint() -> None:
    numbers = vendor_numbers(make("V", 1))

    assert len(numbers) == len(set(numbers)) == 31
    assert all(0 <= n < 2**63 for n in numbers)


@pytest.mark.parametrize(
    ("day", "column"),
    [
        *((date(1970, 1, 1), 0), (date(1970, 1, 31), 30), (date(1970, 2, 1), 0), (date(1969, 12, 31), 30)),
        # 20,782 days since 1970-01-01; 20,782 = 670 * 31 + 12
        (date(2026, 11, 25), 12),
    ],
)
def test_the_column_is_the_day_number_modulo_31(day: date, column: int) -> None:
    assert column_of(day) == column


def test_the_order_of_a_day_is_by_vendor_then_by_listing() -> None:
    day = date(2026, 11, 25)
    vendor = vendor_numbers("V-000000000")

    assert order_key("V-000000000", "L-000000000", day) == (
        vendor[12],
        listing_number("L-000000000"),
        "L-000000000",
    )


@pytest.mark.parametrize("seed", [0, 1_000_003, 777_777_777])
@pytest.mark.parametrize("first_day", [date(2026, 11, 25), date(2027, 2, 1)])
def test_over_thirty_days_no_vendor_is_favoured(seed: int, first_day: date) -> None:
    """KF-SEA-05: 100 equal offers, 30 days: mean rank 27 to 74, nobody in the first ten on more than 11 days."""
    vendors = [make("V", (seed + i * 2_654_435_761) % 2**40) for i in range(100)]
    ranks: dict[str, list[int]] = {vendor: [] for vendor in vendors}
    for day in (first_day + timedelta(days=i) for i in range(30)):
        for rank, vendor in enumerate(sorted(vendors, key=lambda v: order_key(v, "L-000000000", day)), start=1):
            ranks[vendor].append(rank)

    assert all(27 <= sum(of_vendor) / 30 <= 74 for of_vendor in ranks.values())
    assert all(sum(rank <= 10 for rank in of_vendor) <= 11 for of_vendor in ranks.values())


@given(st.dates(), st.lists(st.integers(0, 2**40 - 1), min_size=2, max_size=20, unique=True), st.randoms())
def test_the_order_is_total_and_does_not_depend_on_the_order_before(
    day: date, chances: list[int], random: object
) -> None:
    offers = [(make("V", c // 3), make("L", c)) for c in chances]
    shuffled = list(offers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert sorted(shuffled, key=lambda o: order_key(o[0], o[1], day)) == sorted(
        offers, key=lambda o: order_key(o[0], o[1], day)
    )
