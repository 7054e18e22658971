"""The market as it is served while Elasticsearch does not answer: only search is impaired, and says so."""

from collections.abc import Iterator

import httpx
import pytest

from market.pages import demo
from tests.functional import served
from tests.functional.served import Market


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A small market whose search engine is a closed port."""
    closed = f"http://127.0.0.1:{served.free_port()}"
    folder = tmp_path_factory.mktemp("away")
    with served.opened(folder, demo.Size(14, 70, 16), ELASTICSEARCH_URL=closed) as market:
        yield market


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search",
        "/search?q=环评",
        "/items/eia-form",
        "/standards",
        "/matters",
        "/vendors",
        "/catalogue",
        "/sign-in",
    ],
)
def test_every_page_answers_without_the_engine(market: Market, path: str) -> None:
    """KF-SEA-04: no page fails because a list on it comes from Elasticsearch."""
    assert httpx.get(f"{market.url}{path}", timeout=30).status_code == 200


def test_search_says_so_and_browses_from_the_database(market: Market) -> None:
    """KF-SEA-04."""
    page = httpx.get(f"{market.url}/search", params={"q": "环评", "lang": "en"}, timeout=30).text
    assert "Search does not answer at the moment" in page
    assert "/offers/L-" in page or "/items/eia-form" in page


def test_health_tells_what_is_away_and_stays_healthy(market: Market) -> None:
    answer = httpx.get(f"{market.url}/health", timeout=30)
    assert answer.status_code == 200
    assert answer.json()["database"] == "ok"
    assert answer.json()["elasticsearch"] == "away"
