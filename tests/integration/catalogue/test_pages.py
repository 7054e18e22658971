"""Every page of the catalogue answers, in both languages, for visitors and operators."""

import pytest
from flask import Flask

from market.catalogue import queries
from market.kernel.actor import Role
from tests.integration.conftest import Browser


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "path",
    ["/catalogue", "/matters", "/matters/restaurant-opening", "/standards", "/catalogue/proposals"],
)
def test_public_pages_answer(client: Browser, path: str, lang: str) -> None:
    assert client.get(f"{path}?lang={lang}").status_code == 200


def test_every_matter_and_every_standard_has_its_page(client: Browser) -> None:
    for matter in queries.matters():
        assert client.get(f"/matters/{matter.slug}").status_code == 200, matter.slug
    for row, _ in queries.standards():
        assert client.get(f"/standards/{row.slug}").status_code == 200, row.slug


def test_the_calculator_explains_the_official_example(client: Browser) -> None:
    answer = client.get("/standards/bid-agency-1980?amount=60000000&kind=works&lang=en")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "225,500.00" in text
    assert "22.5500" in text


def test_wrong_input_names_the_field_and_keeps_what_was_typed(client: Browser) -> None:
    answer = client.get("/standards/bid-agency-1980?amount=-5&kind=works&lang=en")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="-5"' in text


def test_an_alias_leads_to_the_standard(client: Browser) -> None:
    assert client.get("/standards/soil-water-22").headers["Location"].endswith("/standards/soil-22")


@pytest.mark.parametrize(
    "path",
    ["/matters/none", "/standards/none", "/catalogue/versions/G-00000000X", "/standards/bid-agency-1980?on=1950-01-01"],
)
def test_what_does_not_exist_is_said(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/desk/catalogue", "/desk/catalogue?kind=standard&page=9", "/desk/calendar",
        "/desk/catalogue/item/eia-form/propose", "/desk/catalogue/standard/eia-125/propose",
    ],
)  # fmt: skip
def test_the_operators_pages_answer_operators_alone(someone, client: Browser, path: str) -> None:
    assert someone(Role.OPERATOR).client.get(path).status_code == 200
    assert someone(Role.VENDOR).client.get(path).status_code == 403
    assert client.get(path).status_code == 302


def test_the_api_gives_items_matters_and_fees(client: Browser) -> None:
    assert len(client.get("/api/v1/items").json) == 75
    assert client.get("/api/v1/items/eia-form").json["name_zh"] == "环境影响报告表编制"
    assert client.get("/api/v1/matters/restaurant-opening").json["code"] == "restaurant-opening"
    assert len(client.get("/api/v1/districts").json) == 20
    fee = client.get("/api/v1/standards/bid-agency-1980/fee?amount=60000000&kind=works").json
    assert (fee["low"], fee["base"], fee["high"], fee["currency"]) == ("180400.00", "225500.00", "270600.00", "CNY")
    assert fee["steps"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("amount=-1&kind=works", "amount"), ("amount=abc&kind=works", "amount"), ("amount=1e9&kind=works", "amount"),
        ("amount=99999999999999999&kind=works", "amount"), ("amount=1", "kind"), ("amount=1&kind=castles", "kind"),
        ("amount=1&kind=works&colour=red", "colour"), ("amount=1&kind=works&on=never", "on"),
    ],
)  # fmt: skip
def test_wrong_input_to_the_api_is_a_problem_that_names_the_field(client: Browser, query: str, field: str) -> None:
    answer = client.get(f"/api/v1/standards/bid-agency-1980/fee?{query}", headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["fields"]) == [field]
    assert answer.json["fields"][field][0]


def test_the_openapi_document_is_valid(client: Browser, app: Flask) -> None:
    from openapi_spec_validator import validate

    validate(client.get("/api/openapi.json").json)
