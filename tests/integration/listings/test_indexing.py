"""The index is a copy that tells the truth: after commits, after a rebuild, after Elasticsearch was away."""

from collections.abc import Iterator

import pytest
from flask import Flask

from market import clock, outbox
from market.db import db
from market.listings import indexing, operations
from market.vendors import operations as vendor_operations
from search.engine import Away
from search.offers import OfferSearch, find_offers
from search.vendors import find_vendors
from tests.integration.factories import vendors
from tests.integration.factories.listings import FREE_ITEM, published


@pytest.fixture
def indexed(app: Flask, elasticsearch_url: str) -> Iterator[None]:
    """Empty indexes of this test's own."""
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()
        index.ensure()
    yield
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()


@pytest.fixture
def vendor(indexed, someone):
    return vendors.active(someone().actor)


def found(**question: object) -> list[str]:
    indexing.offers_index().refresh()
    return [hit.code for hit in find_offers(indexing.offers_index(), OfferSearch(**question)).hits]


def test_what_is_published_is_found_and_what_is_not_vanishes(vendor) -> None:
    row = published(*vendor)
    assert outbox.drain() > 0
    assert found(items={FREE_ITEM: 1.0}) == [row.code]
    operations.pause_listing(row.code, by=vendor[1])
    outbox.drain()
    assert found() == []
    operations.resume_listing(row.code, by=vendor[1])
    outbox.drain()
    assert found() == [row.code]


def test_a_suspended_vendor_vanishes_with_all_its_offers(vendor) -> None:
    row = published(*vendor)
    outbox.drain()
    indexing.vendors_index().refresh()
    assert [hit.code for hit in find_vendors(indexing.vendors_index(), vendor[0].name, column=0)] == [vendor[0].code]
    vendor_operations.suspend_vendor(
        vendor[0].code, reason="核查期间暂停，待补正材料", basis="示例依据", by=vendors.OPERATOR
    )
    outbox.drain()
    indexing.vendors_index().refresh()
    assert (found(), find_vendors(indexing.vendors_index(), vendor[0].name, column=0)) == ([], ())
    vendor_operations.reinstate_vendor(vendor[0].code, reason="材料已补正，核查完成", by=vendors.OPERATOR)
    outbox.drain()
    assert found() == [row.code]


def test_a_late_job_cannot_bring_back_what_was_withdrawn(vendor) -> None:
    """A job that read the row earlier writes an older version, which is left alone."""
    row = published(*vendor)
    old = next(iter(indexing._documents([row])))
    operations.withdraw_listing(row.code, by=vendor[1])
    outbox.drain()
    indexing.offers_index().put([old])
    assert found() == []


def test_the_sweep_mends_whatever_differs(vendor) -> None:
    stays, changed, gone = (published(*vendor, title=title) for title in ("一", "二", "三"))
    outbox.drain()
    operations.edit_listing(changed.code, {"title": "二改"}, by=vendor[1])
    operations.publish_listing(changed.code, by=vendor[1])
    operations.pause_listing(gone.code, by=vendor[1])
    indexing.offers_index().remove(stays.code, stays.revision, clock.real())
    assert indexing.mend() == (3, 0)
    assert sorted(found()) == sorted([stays.code, changed.code])
    assert indexing.mend() == (0, 0)


def test_a_rebuild_serves_the_whole_time_and_ends_with_the_truth(vendor) -> None:
    rows = [published(*vendor, title=f"第{n}项") for n in range(5)]
    outbox.drain()
    operations.withdraw_listing(rows[0].code, by=vendor[1])
    assert indexing.rebuild() == (4, 1)
    assert sorted(found()) == sorted(row.code for row in rows[1:])


def test_while_the_engine_is_away_changes_wait_and_follow_later(vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """KF-SEA-04: changes made meanwhile are found after it returns."""
    row = published(*vendor)

    def away(*_: object) -> None:
        raise Away("down")

    with monkeypatch.context() as patched:
        patched.setattr("search.index.Index.put", away)
        outbox.drain()
        assert outbox.waiting()[1] >= 1
    assert found() == []
    indexing.mend()
    assert found() == [row.code]


def test_an_index_that_was_lost_is_made_and_filled(vendor) -> None:
    row = published(*vendor)
    outbox.drain()
    indexing.offers_index().forget()
    assert indexing.sync()[0] == 1
    assert found() == [row.code]
    db.session.rollback()
