"""Terms: the most special row that has begun, then the newest."""

from datetime import date

import pytest

from market.orders import terms
from market.orders.terms import Row

DAY = date(2026, 3, 4)
GENERAL = Row("sign_days", None, None, 5, date(2020, 1, 1))
NEWER = Row("sign_days", None, None, 7, date(2026, 1, 1))
LATER = Row("sign_days", None, None, 9, date(2026, 3, 5))
REGION = Row("sign_days", None, "610117", 6, date(2021, 1, 1))
ITEM = Row("sign_days", "eia-form", None, 4, date(2021, 1, 1))
BOTH = Row("sign_days", "eia-form", "610117", 3, date(2021, 1, 1))
OTHER = Row("pay_days", "eia-form", "610117", 99, date(2021, 1, 1))

CASES = [
    ("the only one", [GENERAL], 5),
    ("the newest that has begun", [NEWER, GENERAL, LATER], 7),
    ("the region before the city", [REGION, NEWER], 6),
    ("the item before the region", [ITEM, REGION, NEWER], 4),
    ("item and region before both", [BOTH, ITEM, REGION, GENERAL], 3),
    ("another term does not count", [GENERAL, OTHER], 5),
]


@pytest.mark.parametrize(("words", "rows", "value"), CASES, ids=lambda one: one if isinstance(one, str) else "")
def test_which_row_counts(words: str, rows: list[Row], value: int) -> None:
    for order in (rows, rows[::-1]):
        assert terms.in_force(order, "sign_days", item="eia-form", region="610117", on=DAY).value == value


def test_rows_of_another_item_or_region_do_not_count() -> None:
    assert terms.in_force([GENERAL, BOTH, ITEM], "sign_days", item="other", region="610117", on=DAY) is GENERAL
    assert terms.in_force([GENERAL, REGION], "sign_days", item=None, region=None, on=DAY) is GENERAL


def test_it_holds_from_its_first_day_on() -> None:
    before, on = date(2025, 12, 31), date(2026, 1, 1)
    assert terms.in_force([GENERAL, NEWER], "sign_days", item=None, region=None, on=before).value == 5
    assert terms.in_force([GENERAL, NEWER], "sign_days", item=None, region=None, on=on).value == 7


def test_no_row_and_no_such_term_are_said() -> None:
    with pytest.raises(LookupError):
        terms.in_force([LATER], "sign_days", item=None, region=None, on=DAY)
    with pytest.raises(KeyError):
        terms.in_force([GENERAL], "signing", item=None, region=None, on=DAY)


def test_every_default_names_its_source_and_how_sure_it_is() -> None:
    for row in terms.default_rows():
        mark, words = terms.source_of(row)
        assert mark in ("C", "C2", "M", "D"), row.name
        assert len(words) > 10, row.name
        assert row.value >= 0
        assert (row.item, row.region) == (None, None)
    own = Row("sign_days", None, None, 5, DAY, "市府办文件")
    assert terms.source_of(own) == ("", "市府办文件")
