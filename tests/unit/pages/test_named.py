"""Names alone, units, filters read from an address: without application and services."""

import pytest
from werkzeug.datastructures import MultiDict

from market.listings.units import same_unit
from market.pages.named import named
from market.pages.search_filters import Filters, Known, read
from search.offers import Order

THINGS = [("bid-agency", ["招标代理", "Tender agency"]), ("eia-form", ["环境影响报告表编制", "环评"]), ("x", ["代"])]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("招标代理", ["bid-agency"]),
        ("我们工程要招标代理怎么找", ["bid-agency"]),
        ("招标", ["bid-agency"]),
        ("ＴＥＮＤＥＲ　agency", ["bid-agency"]),
        ("环评和招标代理", ["bid-agency", "eia-form"]),
        ("代", []),
        ("", []),
        ("天气", []),
    ],
)
def test_names_that_hold_the_text_or_stand_in_it(text: str, codes: list[str]) -> None:
    assert [code for code, _ in named(text, THINGS)] == codes


@pytest.mark.parametrize(
    ("written", "unit", "same"),
    [
        ("m2", "m2", True), ("m²", "m2", True), ("㎡", "m2", True), ("每平方米", "m2", True), ("per m2", "m2", True),
        (" M2 ", "m2", True), ("套", "m2", False), ("人次", "person", True), ("人", "m2", False), ("", "m2", False),
        ("台（套）", "equipment", True), ("辆", "vehicle", True), ("m2", "unknown", False), ("unknown", "unknown", True),
    ],
)  # fmt: skip
def test_the_same_unit_in_other_writing(written: str, unit: str, same: bool) -> None:
    """KF-LST-04: only the same unit is computed for a quantity."""
    assert same_unit(written, unit) is same


KNOWN = Known({"a": "A", "b": "B"}, {"f": "F"}, {"610117": "高陵区"})


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, {}),
        ({"item": ["a", "b", "a"]}, {"item": ["a", "b"]}),
        ({"item": ["a,b,none"]}, {"item": ["a", "b"]}),
        ({"category": ["f"], "district": ["610117", "1"]}, {"category": ["f"], "district": ["610117"]}),
        ({"level": ["工程监理资质:综合、专业甲级,乙级"]}, {"level": ["工程监理资质:综合、专业甲级,乙级"]}),
        ({"days": ["10"], "rating": ["4500"], "free": ["1"]}, {"days": "10", "rating": "4500", "free": "1"}),
        ({"days": ["11"], "rating": ["4.5"], "free": ["yes"], "sort": ["age"]}, {}),
        ({"sort": ["price"]}, {"sort": "price"}),
        ({"sort": ["relevance"]}, {}),
        ({"level": ["x" * 121, ""]}, {}),
    ],
)
def test_only_filters_that_exist_are_read_and_they_are_written_back_the_same(query: dict, wanted: dict) -> None:
    found = read(MultiDict(query), KNOWN)
    assert found.args() == wanted
    assert read(MultiDict({k: v if isinstance(v, list) else [v] for k, v in wanted.items()}), KNOWN) == found


def test_each_choice_is_taken_back_by_itself() -> None:
    filters = Filters({"item": ("a", "b")}, days=10, rating=4000, free=True, order=Order.DAYS)
    assert filters.chosen == 5
    assert filters.without("item", "a").several["item"] == ("b",)
    assert filters.without("days", "10").days is None
    assert filters.without("rating", "4000").rating is None
    assert filters.without("free", "1").free is False
    assert filters.without("item", "a").one_item == "b"
    assert filters.one_item is None


def test_the_question_carries_every_choice() -> None:
    filters = read(MultiDict({"item": ["a"], "district": ["610117"], "days": ["5"], "sort": ["rating"]}), KNOWN)
    asked = filters.search("招标", {"a": 1.0}, 12, 20, "cursor")
    assert (asked.q, asked.only_items, asked.district, asked.days_at_most) == ("招标", ("a",), ("610117",), 5)
    assert (asked.order, asked.column, asked.after) == (Order.RATING, 12, "cursor")
