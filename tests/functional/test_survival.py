"""What was accepted is neither lost nor doubled, whatever is killed: the served market with a Valkey of its own and a way to
Elasticsearch that can be shut.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded import services
from market.kernel.actor import Actor
from market.record.queries import chain_faults
from tests.functional import served
from tests.functional.served import Market, until
from tests.functional.visitor import ITEM, Visitor
from tests.integration.factories import accounts, vendors
from tests.integration.jobs.conftest import kill_server, processes_below
from tests.integration.jobs.test_workers import door_to


@dataclass
class World:
    """The market, its own Valkey's folder, and the door to Elasticsearch."""

    market: Market
    servers: Path
    door: int
    elasticsearch: str
    open_door: contextlib.ExitStack

    def shut(self) -> None:
        """Elasticsearch is away."""
        self.open_door.close()

    def open(self) -> None:
        """Elasticsearch answers."""
        self.open_door.enter_context(door_to(self.elasticsearch, self.door))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, elasticsearch_url: str) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("survival")
    servers, door = folder / "var", served.free_port()
    servers.mkdir()
    with contextlib.ExitStack() as doors:
        doors.enter_context(door_to(elasticsearch_url, door))
        try:
            own = {
                "REDIS_URL": services.ensure("valkey", servers),
                "ELASTICSEARCH_URL": f"http://127.0.0.1:{door}",
                "WEST_MARKET_MEANING": "off",
            }
            with served.opened(folder, size=None, hurried=True, **own) as market:
                with market.app.app_context():
                    vendors.active(Actor(accounts.person("survivor@example.org", "示例经办人").code), 700)
                yield World(market, servers, door, elasticsearch_url, doors)
        finally:
            services.discard(servers)


@pytest.fixture
def vendor(world: World) -> Visitor:
    """Somebody who works for a vendor in the market, signed in."""
    visitor = Visitor(world.market.url)
    visitor.sign_in("survivor@example.org", accounts.PASSWORD)
    return visitor


@pytest.fixture(autouse=True)
def agreed(world: World) -> Iterator[None]:
    """After each test database, queue, index and record agree, without a person's help."""
    yield
    visitor = Visitor(world.market.url)
    with world.market.connect() as connection:

        def settled() -> bool:
            # what shall happen later only (the figures of a comparison with the bank) is not waited for
            due = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND (attempts > 0 OR due_at <= now())"
            waiting = connection.execute(due).fetchone()
            offered = connection.execute("SELECT code FROM listing WHERE state = 'published'").fetchall()
            answer = visitor.http.get("/api/v1/search/listings", params={"item": ITEM, "size": "100"})
            if waiting != (0,) or answer.status_code != 200:  # 503 for some seconds after the engine was away
                return False
            return answer.json()["total"] == len(offered) and all(code in answer.text for (code,) in offered)

        until(settled)
        publications = "SELECT count(*), count(DISTINCT (listing_id, number)) FROM publication"
        assert len(set(connection.execute(publications).fetchone() or ())) == 1
    with world.market.app.app_context():
        assert chain_faults() == []


def test_an_offer_published_while_the_worker_is_dead_is_found_once_it_is_back(world: World, vendor: Visitor) -> None:
    code = vendor.begin_offer()
    world.market.kill("jobs")
    try:
        vendor.publish(code)
        assert code in vendor.get(f"/offers/{code}"), "the page itself needs no worker"
    finally:
        world.market.start("jobs")
    until(lambda: vendor.finds(code))


def test_an_offer_published_while_valkey_is_away_is_found_once_it_is_back(world: World, vendor: Visitor) -> None:
    """KF-JOB-06."""
    code = vendor.begin_offer()
    kill_server("valkey", world.servers)
    try:
        vendor.publish(code)
        assert vendor.get("/search", item=ITEM)
    finally:
        services.ensure("valkey", world.servers)
    until(lambda: vendor.finds(code))


def test_without_elasticsearch_offers_are_published_and_browsed_and_found_once_it_is_back(
    world: World, vendor: Visitor
) -> None:
    """KF-SEA-04."""
    shown, hidden = vendor.begin_offer(), vendor.begin_offer()
    vendor.publish(hidden)
    until(lambda: vendor.finds(hidden))
    world.shut()
    try:
        vendor.publish(shown)
        assert vendor.submit(f"/desk/offers/{hidden}/pause").status_code == 302
        page = vendor.get("/search", item=ITEM)
        assert "搜索现在答不上来" in page
        assert shown in page, "browsed from the database, what is new as well"
        assert hidden not in page
    finally:
        world.open()
    until(lambda: vendor.finds(shown))
    assert not vendor.finds(hidden)


def test_a_web_server_killed_under_load_loses_nothing_that_it_answered(world: World, vendor: Visitor) -> None:
    """Kill -9 of each of its processes in turn: every draft that was answered exists, and none twice."""
    answered: list[str] = []
    tried = 0

    def workers() -> set[int]:
        return set(processes_below(world.market.running["web"].pid))

    at_first = workers()
    assert len(at_first) >= 2

    def kill() -> None:
        for child in at_first:
            time.sleep(0.7)
            os.kill(child, signal.SIGKILL)
        time.sleep(0.7)

    killer = threading.Thread(target=kill)
    vendor.get("/desk/offers")
    with world.market.connect() as connection:
        count = "SELECT count(*) FROM listing"
        before = connection.execute(count).fetchone()[0]  # type: ignore[index]
        killer.start()
        while killer.is_alive():
            tried += 1
            with contextlib.suppress(Exception):
                answered.append(vendor.begin_offer())
        until(world.market.answers)
        until(lambda: len(workers()) == len(at_first))
        assert not workers() & at_first, "all of them are others now"
        codes = {code for (code,) in connection.execute("SELECT code FROM listing").fetchall()}
        made = connection.execute(count).fetchone()[0] - before  # type: ignore[index]
    assert answered
    assert len(answered) == len(set(answered))
    assert set(answered) <= codes
    assert len(answered) <= made <= tried
