"""The filters speak the reader's language, also where Jinja could have worked them out beforehand."""

from datetime import date

import pytest
from flask import Flask, g
from flask_babel import Babel

from market import formats

TODAY = date(2026, 11, 25)


@pytest.fixture
def app() -> Flask:
    made = Flask("words")
    Babel(made, default_locale="en", locale_selector=lambda: g.get("language", "en"))
    formats.register(made, today=lambda: TODAY)
    return made


def said(app: Flask, template: str, language: str, **values: object) -> str:
    with app.test_request_context("/list?q=x&page=2&d=1&d=2"):
        g.language = language
        return app.jinja_env.from_string(template).render(**values)


def test_a_constant_in_a_template_is_not_frozen_in_the_first_readers_language(app: Flask) -> None:
    template = "{{ 2710600|wan }}"
    page = app.jinja_env.from_string(template)
    for language, words in (("zh_Hans_CN", "2.71 万元"), ("en", "CNY 27,100"), ("zh_Hans_CN", "2.71 万元")):
        with app.test_request_context("/"):
            g.language = language
            assert page.render() == words


def test_nothing_is_a_dash(app: Flask) -> None:
    names = ("yuan", "wan", "percent", "score", "count", "date_cn", "datetime_cn", "working_days")
    template = " ".join(f"{{{{ none|{name} }}}}" for name in names)
    assert said(app, template, "en") == " ".join("—" for _ in names)


def test_days_left_are_said_in_words(app: Flask) -> None:
    template = "{{ 2|days_left }}, {{ 1|days_left }}, {{ 0|days_left }}, {{ (-1)|days_left }}, {{ (-3)|days_left }}"
    assert said(app, template, "en") == (
        "2 working days left, 1 working day left, due today, 1 working day overdue, 3 working days overdue"
    )


def test_a_code_is_escaped_and_does_not_break(app: Flask) -> None:
    assert said(app, "{{ x|code }}", "en", x="<b>") == '<span class="nowrap tnum">&lt;b&gt;</span>'


def test_the_same_page_keeps_the_rest_of_its_address(app: Flask) -> None:
    assert said(app, "{{ same_page(lang='en')|safe }}", "en") == "/list?q=x&page=2&d=1&d=2&lang=en"
    assert said(app, "{{ same_page(page=none, d=['3'])|safe }}", "en") == "/list?q=x&d=3"
    assert said(app, "{{ same_page_without('d', '1', page=none)|safe }}", "en") == "/list?q=x&d=2"


def test_what_refuses_raises(app: Flask) -> None:
    with pytest.raises(ValueError, match="no icon"):
        said(app, "{{ refuse('no icon') }}", "en")


def test_the_year_shows_when_it_is_another(app: Flask) -> None:
    template = "{{ a|date_cn }} {{ b|date_cn }}"
    assert said(app, template, "zh_Hans_CN", a=date(2026, 3, 1), b=date(2025, 3, 1)) == "3月1日 2025年3月1日"
