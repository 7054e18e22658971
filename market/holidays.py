"""The calendar that is shipped: the State Council's published days, and the statutory days of the years to
come.

Published days off and make-up working days come from the package chinese_calendar, through its last year
(2026 in 1.11.0; a newer version moves the border by itself). The statutory days after that stand here as
data. The operators' table, which holds a plan as soon as it is published, is put on top with
`Calendar.with_overrides`.
"""

from datetime import date
from functools import cache

from chinese_calendar import constants

from market.kernel.calendar import Calendar

#: Statutory days off by year as (month, day), with the weekday substitutes that the regulation itself grants
#: when such a day falls on a weekend: New Year's Day | Spring Festival from New Year's Eve | Qingming |
#: Labour Day | Dragon Boat | Mid-Autumn | National Day. Computed with the package holidays 0.109 on
#: 2026-11-25 (tests/unit/kernel compare them).
STATUTORY: dict[int, tuple[tuple[int, int], ...]] = {
    2027: (
        *((1, 1), (2, 5), (2, 6), (2, 7), (2, 8), (2, 9), (2, 10), (4, 5), (5, 1), (5, 2), (5, 3), (5, 4)),
        *((6, 9), (9, 15), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5)),
    ),
    2028: (
        *((1, 1), (1, 3), (1, 25), (1, 26), (1, 27), (1, 28), (4, 4), (5, 1), (5, 2), (5, 28), (5, 29)),
        *((10, 1), (10, 2), (10, 3), (10, 4)),
    ),
    2029: (
        *((1, 1), (2, 12), (2, 13), (2, 14), (2, 15), (4, 4), (5, 1), (5, 2), (6, 16), (6, 18)),
        *((9, 22), (9, 24), (10, 1), (10, 2), (10, 3)),
    ),
    2030: (
        *((1, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (4, 5), (5, 1), (5, 2), (6, 5), (9, 12)),
        *((10, 1), (10, 2), (10, 3)),
    ),
    2031: (
        *((1, 1), (1, 22), (1, 23), (1, 24), (1, 25), (1, 27), (4, 5), (4, 7), (5, 1), (5, 2), (6, 24)),
        *((10, 1), (10, 2), (10, 3)),
    ),
    2032: (
        *((1, 1), (2, 10), (2, 11), (2, 12), (2, 13), (4, 4), (4, 5), (5, 1), (5, 2), (5, 3), (5, 4)),
        *((6, 12), (6, 14), (9, 19), (9, 20), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5)),
    ),
    2033: (
        *((1, 1), (1, 3), (1, 30), (1, 31), (2, 1), (2, 2), (2, 3), (4, 4), (5, 1), (5, 2), (5, 3), (6, 1)),
        *((9, 8), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5)),
    ),
    2034: (
        *((1, 1), (1, 2), (2, 18), (2, 19), (2, 20), (2, 21), (2, 22), (2, 23), (4, 5), (5, 1), (5, 2)),
        *((6, 20), (9, 27), (10, 1), (10, 2), (10, 3), (10, 4)),
    ),
    2035: (
        *((1, 1), (2, 7), (2, 8), (2, 9), (2, 10), (2, 12), (4, 5), (5, 1), (5, 2), (6, 10), (6, 11)),
        *((9, 16), (9, 17), (10, 1), (10, 2), (10, 3)),
    ),
}


@cache
def shipped() -> Calendar:
    """The calendar of published and statutory days, built once for the process; without the operators'
    table."""
    days_off, make_up = frozenset(constants.holidays), frozenset(constants.workdays)
    last_year = max(day.year for day in days_off)
    statutory = frozenset(
        date(year, month, day) for year, days in STATUTORY.items() for month, day in days if year > last_year
    )
    return Calendar(
        days_off=days_off,
        make_up=make_up,
        published_from=date(min(day.year for day in days_off), 1, 1),
        published_through=date(last_year, 12, 31),
        statutory=statutory,
        statutory_through=date(max(last_year, *STATUTORY), 12, 31),
    )
