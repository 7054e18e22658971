"""The index behind its alias: versions, tombstones, rebuild while serving, comparison."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from search.engine import Away, connect
from search.index import Index, Written
from search.offers import OFFERS, Offer, OfferSearch, find_offers

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def codes(index: Index) -> set[str]:
    index.refresh()
    return {hit.code for hit in find_offers(index, OfferSearch(size=100)).hits}


def test_a_late_job_does_not_overwrite_what_is_newer(offers: Index, offer: Callable[..., Offer]) -> None:
    assert offers.put([offer(1, version=5, price_fen=900_00)]) == Written(1, 0)
    assert offers.put([offer(1, version=4, price_fen=100_00)]) == Written(0, 1)
    offers.refresh()
    assert find_offers(offers, OfferSearch()).hits[0].price_fen == 900_00


def test_the_same_version_may_be_written_again(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.put([offer(1, version=5, days=3)])
    assert offers.put([offer(1, version=5, days=4)]) == Written(1, 0)


def test_what_was_removed_is_not_brought_back_by_a_late_job(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.put([offer(1, version=5)])
    offers.remove("L-00000001", 6, NOW)
    assert codes(offers) == set()
    assert offers.put([offer(1, version=5)]) == Written(0, 1)
    assert codes(offers) == set()
    offers.put([offer(1, version=7)])
    assert codes(offers) == {"L-00000001"}


def test_a_removal_of_something_that_never_came_holds_against_it(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.remove("L-00000001", 6, NOW)
    offers.put([offer(1, version=5)])
    assert codes(offers) == set()


def test_old_tombstones_are_swept_and_young_ones_stay(offers: Index) -> None:
    offers.remove("L-00000001", 6, NOW - timedelta(days=3))
    offers.remove("L-00000002", 6, NOW)
    offers.refresh()
    assert offers.sweep_tombstones(NOW - timedelta(days=1)) == 1
    offers.refresh()
    assert offers.sweep_tombstones(NOW + timedelta(days=1)) == 1


def test_what_is_put_is_found_within_two_seconds_without_being_asked_to_refresh(
    offers: Index, offer: Callable[..., Offer]
) -> None:
    begin = time.monotonic()
    offers.put([offer(1)])
    while not find_offers(offers, OfferSearch()).hits:
        time.sleep(0.05)
    assert time.monotonic() - begin < 2


def test_changes_during_a_rebuild_are_not_lost(offers: Index, offer: Callable[..., Offer]) -> None:
    """KF-SEA-01: 600 offers, a slow rebuild; meanwhile 20 published, 20 changed, 20 withdrawn, one vendor suspended (10)."""
    rows = {n: offer(n, price_fen=100_00, vendor="V-SUSPENDED" if n >= 590 else f"V-{n}") for n in range(600)}
    offers.put(rows.values())
    offers.refresh()
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[Offer]:
        for n, row in list(rows.items()):
            if n == 300:
                begun.set()
                assert go_on.wait(20)
            yield row

    rebuilding = threading.Thread(target=offers.rebuild, args=(slowly(),))
    rebuilding.start()
    assert begun.wait(20)
    seen = []
    for n in range(600, 620):
        offers.put([offer(n, price_fen=100_00)])
    for n in [*range(10), *range(400, 410)]:
        offers.put([offer(n, version=2, price_fen=200_00)])
        seen.append(find_offers(offers, OfferSearch(size=1)).total)
    for n in [*range(10, 20), *range(410, 420), *range(590, 600)]:
        offers.remove(f"L-{n:08d}", 2, NOW)
    go_on.set()
    while rebuilding.is_alive():
        seen.append(find_offers(offers, OfferSearch(size=1)).total)
    rebuilding.join()
    offers.refresh()
    seen.append(find_offers(offers, OfferSearch(size=1)).total)
    assert min(seen) >= 570, "at no moment nothing"
    assert seen[-1] == 600 + 20 - 30
    changed = find_offers(offers, OfferSearch(price=("under_500",), size=100, order="price"))  # type: ignore[arg-type]
    assert changed.total == 590
    truth = [(f"L-{n:08d}", 2 if n < 10 or 400 <= n < 410 else 1) for n in range(620)]
    gone = {f"L-{n:08d}" for n in [*range(10, 20), *range(410, 420), *range(590, 600)]}
    assert not offers.compare([pair for pair in truth if pair[0] not in gone])


def test_a_rebuild_that_breaks_off_leaves_the_old_index_serving(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.put([offer(1)])
    offers.refresh()

    def breaking() -> Iterator[Offer]:
        yield offer(2)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        offers.rebuild(breaking())
    assert codes(offers) == {"L-00000001"}
    assert len(offers.client.indices.get_alias(name=offers.writes).body) == 1, "and nothing of it is left behind"


def test_what_a_killed_rebuild_left_behind_is_swept_after_a_day(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.put([offer(1)])
    left = offers._make([offers.writes], refresh="-1")
    created = offers.client.indices.get_settings(index=left).body[left]["settings"]["index"]["creation_date"]
    made = datetime.fromtimestamp(int(created) / 1000, UTC)
    assert offers.sweep_abandoned(made + timedelta(hours=23)) == []
    assert offers.sweep_abandoned(made + timedelta(hours=25)) == [left]
    assert codes(offers) == {"L-00000001"}


def test_a_rebuild_keeps_removals_that_a_late_job_would_undo(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.remove("L-00000001", 6, NOW)
    offers.rebuild([offer(2)])
    offers.put([offer(1, version=5)])
    assert codes(offers) == {"L-00000002"}


def test_a_write_to_an_index_that_was_just_deleted_goes_to_its_replacement(
    offers: Index, offer: Callable[..., Offer], monkeypatch: pytest.MonkeyPatch
) -> None:
    offers.put([offer(1)])
    asked: list[list[str]] = []
    real = Index._targets

    def late(self: Index) -> list[str]:
        asked.append(real(self))
        return ["t-deleted-index"] if len(asked) == 1 else asked[-1]

    monkeypatch.setattr(Index, "_targets", late)
    assert offers.put([offer(2)]) == Written(1, 0)
    assert not offers.client.indices.get(index="t-deleted-index*").body, "and none is created by accident"
    assert codes(offers) == {"L-00000001", "L-00000002"}


def test_compare_names_what_is_missing_stale_and_surplus(offers: Index, offer: Callable[..., Offer]) -> None:
    offers.put([offer(1), offer(2), offer(3, version=4)])
    offers.remove("L-00000004", 9, NOW)
    found = offers.compare([("L-00000001", 1), ("L-00000003", 5), ("L-00000005", 1)])
    assert (found.missing, found.stale, found.surplus) == (("L-00000005",), ("L-00000003",), ("L-00000002",))


def test_two_processes_that_make_the_index_at_once_end_with_one(engine: Elasticsearch, index_prefix: str) -> None:
    indexes = [Index(engine, f"{index_prefix}-twice", OFFERS) for _ in range(4)]
    threads = [threading.Thread(target=index.ensure) for index in indexes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    indexes[0].ensure()
    assert len(engine.indices.get_alias(name=indexes[0].name).body) == 1
    indexes[0].forget()


def test_an_engine_that_does_not_answer_is_away_within_its_time(index_prefix: str) -> None:
    """KF-SEA-04: refused."""
    index = Index(connect("http://127.0.0.1:9"), index_prefix, OFFERS)
    begin = time.monotonic()
    with pytest.raises(Away):
        find_offers(index, OfferSearch())
    assert time.monotonic() - begin < 2


def test_an_index_that_is_not_there_yet_is_away(engine: Elasticsearch, index_prefix: str) -> None:
    with pytest.raises(Away):
        find_offers(Index(engine, f"{index_prefix}-none", OFFERS), OfferSearch())
