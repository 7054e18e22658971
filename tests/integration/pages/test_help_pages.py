"""Help, the published order, health and robots."""

import re
from hashlib import sha256

import pytest
from click.testing import CliRunner
from flask import Flask

from market import clock
from market.commands import cli
from market.kernel.ordering import column_of
from market.pages import help_views
from tests.integration.conftest import Browser
from tests.integration.pages.conftest import Market


@pytest.mark.parametrize("path", ["/help", "/help/order", "/help/accessibility", "/help/api", "/compare"])
def test_the_pages_answer_in_both_languages(client: Browser, path: str) -> None:
    for lang in ("zh", "en"):
        assert client.get(f"{path}?lang={lang}").status_code == 200


def test_the_order_can_be_worked_out_again_from_the_page_alone(market: Market, client: Browser) -> None:
    """KF-SEA-05: what the page says is enough to sort the vendors."""
    firms = [market.vendor()[0] for _ in range(4)]
    page = client.get("/help/order?lang=en").get_data(as_text=True)
    column = int(re.search(r"so column (\d+)\.", page)[1])  # type: ignore[index]
    assert column == column_of(clock.today())
    shown = re.findall(r'href="/vendors/(V-\w+)"', page)
    assert shown == sorted(
        (one.code for one in firms), key=lambda code: sha256(f"{code}|{column}".encode()).hexdigest()
    )
    digests = re.findall(r'<code class="nowrap">(\w+)</code>', page)
    assert digests == [sha256(f"{code}|{column}".encode()).hexdigest()[:16] for code in shown]


def test_a_vendor_finds_its_places_on_the_coming_days(market: Market, client: Browser) -> None:
    firms = [market.vendor()[0] for _ in range(3)]
    page = client.get(f"/help/order?code={firms[0].code.lower()}&lang=en").get_data(as_text=True)
    today = column_of(clock.today())
    place = 1 + sum(one.neutral[today] < firms[0].neutral[today] for one in firms)
    cells = re.findall(r'data-l="(?:Column|Place)" class="num">(\d+)<', page)
    assert len(cells) == 14
    assert (int(cells[0]), int(cells[1])) == (today, place)


@pytest.mark.parametrize("code", ["V-00000000", "x", "V-7K3M9Q2FE", "L-7K3M9Q2FE", "\x00", "a" * 3000])
def test_a_code_of_no_vendor_is_named(client: Browser, code: str) -> None:
    answer = client.get("/help/order", query_string={"code": code, "lang": "en"})
    assert answer.status_code == 200
    assert "invalid-feedback" in answer.get_data(as_text=True)


def test_health_names_the_parts(client: Browser) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "valkey": "ok", "elasticsearch": "ok"}


@pytest.mark.parametrize(("part", "status"), [("database", 503), ("valkey", 200), ("elasticsearch", 200)])
def test_health_says_what_is_away(client: Browser, monkeypatch: pytest.MonkeyPatch, part: str, status: int) -> None:
    """KF-SEA-04: search away is no reason to take the market out of service."""

    def refuse() -> None:
        raise ConnectionError("refused")

    monkeypatch.setitem(help_views.PARTS, part, refuse)
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"], answer.json[part]) == (status, "impaired", "away")


def test_robots_stay_out_of_desks_and_endless_filters(client: Browser) -> None:
    text = client.get("/robots.txt").get_data(as_text=True)
    assert "Disallow: /desk" in text
    assert "Disallow: /search?" in text
    assert text.endswith("Allow: /\n")


def test_the_centres_are_listed_by_district(client: Browser) -> None:
    page = client.get("/help?lang=en").get_data(as_text=True)
    assert "Xi&#39;an Government Service Hall" in page or "Xi'an Government Service Hall" in page
    assert "invented" in page


def test_search_is_measured_by_command(app: Flask, tmp_path, elasticsearch_url: str) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"id": "1", "q": "招标代理", "type": "official", "relevant": {"bid-agency": 3}}\n'
        '{"id": "2", "q": "明天会不会下雨", "type": "hopeless", "relevant": {}}\n',
        encoding="utf-8",
    )
    command = ["search", "evaluate", str(queries), "--json", "--no-meaning", "--elasticsearch", elasticsearch_url]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    assert '"queries": 2' in result.output
    assert '"mrr": 1.0' in result.output
    away = CliRunner().invoke(cli, [*command[:-1], "http://127.0.0.1:9"])
    assert away.exit_code == 1
    assert "does not answer" in away.output
