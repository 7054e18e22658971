"""Page numbers, addresses, and what a form carries."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from market import formats as f
from market.kernel.money import Money


@pytest.mark.parametrize(
    ("number", "total", "shown"),
    [
        (1, 1, [1]),
        (1, 2, [1, 2]),
        (1, 12, [1, 2, None, 12]),
        (5, 12, [1, None, 4, 5, 6, None, 12]),
        (3, 12, [1, 2, 3, 4, None, 12]),
        (4, 12, [1, 2, 3, 4, 5, None, 12]),
        (9, 12, [1, None, 8, 9, 10, 11, 12]),
        (12, 12, [1, None, 11, 12]),
    ],
)
def test_the_first_the_last_and_the_neighbours_are_linked(number: int, total: int, shown: list[int | None]) -> None:
    assert f.page_numbers(number, total) == shown


@pytest.mark.parametrize(
    ("path", "pairs", "link"),
    [
        ("/search", [], "/search"),
        ("/search", [("q", "环评"), ("d", "1"), ("d", "2")], "/search?q=%E7%8E%AF%E8%AF%84&d=1&d=2"),
        ("//evil.example/x", [("lang", "en")], "/evil.example/x?lang=en"),
        ("/\\evil.example", [], "/evil.example"),
        ("\\\\evil.example", [], "/evil.example"),
        ('/a"><script>', [], "/a%22%3E%3Cscript%3E"),
        ("/i/T-7K3M9Q2FX", [], "/i/T-7K3M9Q2FX"),
    ],
)
def test_a_link_to_the_same_page_never_names_another_host(path: str, pairs: list[tuple[str, str]], link: str) -> None:
    assert f.address(path, pairs) == link


def form(values: Any = None, errors: Any = None) -> SimpleNamespace:
    return SimpleNamespace(values=values or {}, errors=errors or {})


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"price": "1 亿"}, "1 亿"),
        ({"price": ""}, ""),
        ({"price": None}, ""),
        ({"price": Money(2520050)}, "25200.50"),
        ({"price": date(2026, 11, 25)}, "2026-11-25"),
        ({"price": 0}, "0"),
        ({"price": True}, "1"),
        ({"price": False}, ""),
        ({"other": "x"}, ""),
        (MultiDict([("price", "a"), ("price", "b")]), "a"),
    ],
)
def test_what_was_typed_is_shown_again_as_it_was(values: Any, shown: str) -> None:
    assert f.form_value(form(values), "price", "the default") == shown


@pytest.mark.parametrize("empty", [None, form(), form(MultiDict())])
def test_the_default_is_for_a_form_that_carries_nothing_yet(empty: Any) -> None:
    assert f.form_value(empty, "price", "25") == "25"
    assert f.form_values(empty, "near", ["homes"]) == ["homes"]


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        (MultiDict([("near", "homes"), ("near", "water")]), ["homes", "water"]),
        (MultiDict([("name", "x")]), []),
        ({"near": ["homes", 3]}, ["homes", "3"]),
        ({"near": "homes"}, ["homes"]),
        ({"near": None, "x": 1}, []),
        ({"near": {"homes"}}, ["homes"]),
    ],
)
def test_a_box_that_was_unticked_stays_unticked(values: Any, chosen: list[str]) -> None:
    assert f.form_values(form(values), "near", ["none"]) == chosen


def test_errors_are_lists_of_texts_whatever_they_come_as() -> None:
    shown = form(errors={"a": ["one", "two"], "b": "alone"})
    assert f.form_errors(shown, "a") == ["one", "two"]
    assert f.form_errors(shown, "b") == ["alone"]
    assert f.form_errors(shown, "c") == f.form_errors(None, "a") == []


def test_the_id_of_a_control_is_safe_in_a_link() -> None:
    assert f.field_id("licences.0.number") == "f-licences-0-number"
    assert f.field_id('a"b c') == "f-a-b-c"
