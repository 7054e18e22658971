"""Whoever saved a search hears of a new offer that fits, once and soon; vendors of needs they wait for."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from market import clock, mail, outbox
from market.accounts.models import Person
from market.alerts import jobs, operations, queries, questions
from market.alerts.models import SavedSearch
from market.alerts.operations import Published, match_notice, save_demand, save_search
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.actor import Role
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.listings import indexing
from market.listings import operations as listing_operations
from market.notifications.models import Message, MessageDelivery
from market.notifications.states import DeliveryState, Importance
from market.pages import finder, search_filters
from market.pages.search_names import known_names
from search.engine import Away
from search.offers import OfferSearch
from tests.integration.conftest import NOON
from tests.integration.factories import listings, vendors
from tests.integration.factories.listings import FREE_ITEM

#: another service without a standard and without a demanded licence would do; this one only has to be another
OTHER_ITEM = "indoor-air-test"


@pytest.fixture(autouse=True)
def indexed(app: Flask, elasticsearch_url: str) -> Iterator[None]:
    """Empty indexes of this test's own."""
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()
        index.ensure()
    yield
    for index in (indexing.offers_index(), indexing.vendors_index()):
        index.forget()


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, dict]]:
    mails: list[tuple[str, str, str, dict]] = []
    monkeypatch.setattr(mail, "send", lambda *parts, **more: mails.append((*parts, more)))
    return mails


@pytest.fixture
def vendor(someone, sent: list) -> Any:
    """An active vendor, told of it."""
    found = vendors.active(someone().actor)
    outbox.drain()
    sent.clear()
    return found


def alerts_of(person: str) -> list[str]:
    db.session.expire_all()
    statement = select(Message).join(Message.person).where(Person.code == person, Message.topic == "alerts")
    return [str(message.path) for message in db.session.scalars(statement.order_by(Message.id))]


def search(query: str = "") -> OfferSearch:
    """What the search page would ask for a query string of filters alone."""
    from werkzeug.urls import iri_to_uri

    args: MultiDict[str, str] = MultiDict(
        [tuple(part.split("=", 1)) for part in iri_to_uri(query).split("&") if part]  # type: ignore[misc]
    )
    return search_filters.read(args, known_names()).search("", {}, 0, 1)


# What fits ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        (OfferSearch(only_items=(FREE_ITEM,)), True),
        (OfferSearch(only_items=(OTHER_ITEM,)), False),
        (OfferSearch(items={FREE_ITEM: 0.9}), True),
        (OfferSearch(items={OTHER_ITEM: 0.9}), False),
        (OfferSearch(q="社会稳定风险评估"), True),
        (OfferSearch(q="无人机航拍"), False),
        (OfferSearch(district=("610117",)), True),
        (OfferSearch(price=("10000_50000",)), True),
        (OfferSearch(price=("under_500",)), False),
        (OfferSearch(days_at_most=20), True),
        (OfferSearch(days_at_most=10), False),
        (OfferSearch(free=True), True),
        (OfferSearch(rating_at_least=3000), False),
        (OfferSearch(levels=("x:甲级",)), False),
        (OfferSearch(only_items=(FREE_ITEM,), price=("under_500",)), False),
    ],
)
def test_an_offer_fits_a_saved_search_as_it_would_be_found(vendor, someone, question: OfferSearch, fits: bool) -> None:
    me = someone()
    save_search("a search", {}, question, by=me.actor)
    row = listings.published(*vendor)
    outbox.drain()
    assert alerts_of(me.person.code) == ([f"/offers/{row.code}"] if fits else [])
    # the search itself says the same
    indexing.offers_index().refresh()
    from search.offers import find_offers

    found = find_offers(indexing.offers_index(), questions.asked(questions.kept(question)))
    assert (row.code in [hit.code for hit in found.hits]) is fits


def test_what_is_kept_of_a_question_is_the_question() -> None:
    question = OfferSearch(
        q=" 环评 ", items={"a": 0.123456, "b": 1.0}, category=("x",), only_items=("b", "a"), district=("610117",),
        price=("under_500",), position=("within",), days_at_most=5, rating_at_least=4000, levels=("k:甲级",), free=True,
    )  # fmt: skip
    kept = questions.kept(question)
    again = questions.asked(kept)
    assert questions.kept(again) == kept
    assert (again.q, again.items, again.only_items, again.days_at_most) == (
        "环评",
        {"a": 0.123, "b": 1.0},
        ("a", "b"),
        5,
    )
    assert questions.fingerprint(kept) == questions.fingerprint(dict(reversed(kept.items())))


# Once, soon, and only while it is so ------------------------------------------------------------------------------------------


def test_the_alert_is_mailed_with_a_link_that_ends_it(vendor, someone, sent: list, client) -> None:
    me = someone()
    row_search = save_search("我的搜索", {"item": [FREE_ITEM]}, search(f"item={FREE_ITEM}"), by=me.actor)
    row = listings.published(*vendor)
    outbox.drain()
    [(to, subject, body, more)] = sent
    assert (to, subject) == (me.person.email, "有新服务符合“我的搜索”")
    assert f"/offers/{row.code}" in body
    assert "¥12,000.00" in body
    stop = more["stop"]
    assert stop in body
    path = stop.removeprefix("http://localhost:8000")
    assert client.get(path).status_code == 200
    assert queries.searches_of(me.person.code) == [row_search], "a look ends nothing"
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert queries.searches_of(me.person.code) == []
    assert client.post(path).status_code == 200
    listings.published(*vendor, title="第二项")
    outbox.drain()
    assert len(sent) == 1


def test_one_offer_alerts_a_person_once_whatever_happens_to_it(vendor, someone) -> None:
    """De-duplicated: two searches that both fit, the job run again, the offer changed and published anew."""
    me = someone()
    save_search("one", {}, search(f"item={FREE_ITEM}"), by=me.actor)
    save_search("two", {}, search("days=20"), by=me.actor)
    row = listings.published(*vendor)
    outbox.drain()
    jobs.match_listing(row.code)
    listing_operations.edit_listing(row.code, {**listings.FIELDS, "days": 12}, by=vendor[1])
    listing_operations.publish_listing(row.code, by=vendor[1])
    outbox.drain()
    assert alerts_of(me.person.code) == [f"/offers/{row.code}"]


def test_an_offer_that_is_gone_before_the_mail_leaves_is_not_mailed(vendor, someone, sent: list, monkeypatch) -> None:
    me = someone()
    save_search("one", {}, search(f"item={FREE_ITEM}"), by=me.actor)
    row = listings.published(*vendor)
    jobs.match_listing(row.code)
    listing_operations.withdraw_listing(row.code, by=vendor[1])
    outbox.drain()
    assert sent == []
    delivery = db.session.scalars(select(MessageDelivery).order_by(MessageDelivery.id.desc()).limit(1)).one()
    assert (delivery.state, delivery.error) == (DeliveryState.DROPPED, "no longer so")


def test_an_offer_that_is_gone_before_it_is_matched_alerts_nobody(vendor, someone) -> None:
    me = someone()
    save_search("one", {}, search(f"item={FREE_ITEM}"), by=me.actor)
    row = listings.published(*vendor)
    listing_operations.pause_listing(row.code, by=vendor[1])
    outbox.drain()
    assert alerts_of(me.person.code) == []


def test_while_elasticsearch_is_away_alerts_wait_and_then_come(
    vendor, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = someone()
    save_search("one", {}, search(f"item={FREE_ITEM}"), by=me.actor)
    real = jobs.several

    def away(*_: Any) -> Any:
        raise Away("away")

    monkeypatch.setattr(jobs, "several", away)
    row = listings.published(*vendor)
    outbox.drain()
    assert alerts_of(me.person.code) == []
    monkeypatch.setattr(jobs, "several", real)
    with clock.frozen(NOON + timedelta(seconds=30)):
        outbox.drain()
    assert alerts_of(me.person.code) == [f"/offers/{row.code}"]


def test_beyond_ten_a_day_alerts_are_no_mails_of_their_own(vendor, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAILED_A_DAY", 2)
    me = someone()
    saved = save_search("one", {}, search(f"item={FREE_ITEM}"), by=me.actor)
    for number in range(3):
        listings.published(*vendor, title=f"第{number}项")
    outbox.drain()
    told = list(db.session.scalars(select(Message).where(Message.topic == "alerts").order_by(Message.id)))
    assert [one.importance for one in told] == [Importance.IMPORTANT, Importance.IMPORTANT, Importance.ORDINARY]
    with clock.frozen(NOON + timedelta(days=1)):
        listings.published(*vendor, title="次日")
        outbox.drain()
    assert db.session.get(SavedSearch, saved.id).told == 1


def test_an_alert_comes_within_a_minute_past_five_hundred_searches_of_others(vendor, someone) -> None:
    """The index is asked for all that may fit in a few requests; those narrowed to other services are not asked at all."""
    others, me = someone(), someone()
    for number in range(500):
        item = OTHER_ITEM if number % 2 else FREE_ITEM
        db.session.add(
            SavedSearch(
                code=f"F-{number:09d}", person=others.person, label="x", args={},
                question={"only_items": [item], "days_at_most": 3}, fingerprint=f"{number}", items=[item],
                created_at=NOON, told=0,
            )
        )  # fmt: skip
    db.session.commit()
    asked = [code for batch in queries.candidates(FREE_ITEM) for code, _ in batch]
    assert len(asked) == 250
    save_search("one", {}, search("days=20"), by=me.actor)
    row = listings.published(*vendor)
    begun = time.monotonic()
    outbox.drain()
    assert alerts_of(me.person.code) == [f"/offers/{row.code}"]
    assert time.monotonic() - begun < 20
    assert alerts_of(others.person.code) == []


# Saving and ending ----------------------------------------------------------------------------------------------------------


def test_the_search_page_saves_what_it_shows(app: Flask, vendor, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    me = someone()
    row = listings.published(*vendor)
    outbox.drain()
    indexing.offers_index().refresh()
    address = f"/search?item={FREE_ITEM}&days=20"
    page = me.client.get(address).text
    assert f"/search/save?item={FREE_ITEM}&amp;days=20" in page
    assert me.client.submit(f"/search/save?item={FREE_ITEM}&days=20").location == "/alerts"
    [saved] = queries.searches_of(me.person.code)
    assert saved.items == [FREE_ITEM]
    assert saved.question == {"only_items": [FREE_ITEM], "days_at_most": 20}
    listed = me.client.get("/alerts").text
    assert "/search?" in listed
    assert f"item={FREE_ITEM}" in listed
    assert saved.label in listed
    assert row.code not in listed
    assert me.client.submit(f"/search/save?days=20&item={FREE_ITEM}").status_code == 302
    assert len(queries.searches_of(me.person.code)) == 1, "the same search is kept once"


def test_a_visitor_is_asked_to_sign_in_to_save(client, vendor) -> None:
    page = client.get(f"/search?item={FREE_ITEM}").text
    assert "/search/save" not in page
    assert "登录后可保存" in page


def test_what_was_typed_is_kept_as_it_was_understood(app: Flask, someone) -> None:
    me = someone()
    finder.finder().find_items("稳评", patience=60)
    assert me.client.submit("/search/save?q=稳评").status_code == 302
    [saved] = queries.searches_of(me.person.code)
    assert saved.label == "稳评"
    assert FREE_ITEM in saved.question["items"]
    assert saved.args == {"q": "稳评"}


def test_nothing_in_particular_cannot_be_saved_and_there_is_an_end(app: Flask, someone, monkeypatch) -> None:
    me = someone()
    with pytest.raises(RuleBroken):
        save_search("all", {}, OfferSearch(), by=me.actor)
    monkeypatch.setattr(operations, "MOST", 2)
    for days in (3, 5):
        save_search("x", {}, OfferSearch(days_at_most=days), by=me.actor)
    with pytest.raises(RuleBroken):
        save_search("x", {}, OfferSearch(days_at_most=10), by=me.actor)


def test_only_the_owner_ends_a_search(app: Flask, someone) -> None:
    me, other = someone(), someone()
    saved = save_search("x", {}, OfferSearch(days_at_most=3), by=me.actor)
    # each takes along what is kept of his own
    mine, theirs = (one.client.get("/alerts/data.json") for one in (me, other))
    assert [row["code"] for row in mine.json] == [saved.code]
    assert theirs.json == []
    assert "attachment" in mine.headers["Content-Disposition"]
    with pytest.raises(NotFound):
        operations.end_search(saved.code, by=other.actor)
    assert other.client.submit(f"/alerts/searches/{saved.code}/end").status_code == 404
    assert me.client.submit(f"/alerts/searches/{saved.code}/end").status_code == 302
    assert queries.searches_of(me.person.code) == []


def test_a_closed_account_leaves_no_searches(app: Flask, someone) -> None:
    me = someone()
    save_search("x", {}, OfferSearch(days_at_most=3), by=me.actor)
    operations.forget_searches(me.person.code)
    assert db.session.scalars(select(SavedSearch)).all() == []


def test_empty_lists_say_what_to_do(app: Flask, someone) -> None:
    assert "没有保存的搜索" in someone().client.get("/alerts").text


# Demands ----------------------------------------------------------------------------------------------------------------------


def notice(code: str = "T-00000000X", item: str = FREE_ITEM, district: str | None = "610117", **more: Any) -> Published:
    until = datetime(2026, 3, 20, 8, tzinfo=UTC)
    return Published(code, item, district, "某路口改造稳评", "/notices/x", until, **more)


@pytest.mark.parametrize(
    ("item", "districts", "wanted", "where", "fits"),
    [
        (FREE_ITEM, [], FREE_ITEM, "610117", True),
        (FREE_ITEM, ["610117"], FREE_ITEM, "610117", True),
        (FREE_ITEM, ["610113"], FREE_ITEM, "610117", False),
        (FREE_ITEM, ["610113"], FREE_ITEM, None, True),
        (OTHER_ITEM, [], FREE_ITEM, "610117", False),
    ],
)
def test_a_notice_fits_what_a_vendor_waits_for(
    app: Flask, someone, item: str, districts: list[str], wanted: str, where: str | None, fits: bool
) -> None:
    me = someone(Role.VENDOR)
    save_demand(item, districts, by=me.actor)
    assert match_notice(notice(item=wanted, district=where)) == fits
    assert len(alerts_of(me.person.code)) == fits


def test_a_notice_is_told_once_by_mail_with_its_end(app: Flask, someone, sent: list) -> None:
    me = someone(Role.VENDOR)
    save_demand(FREE_ITEM, [], by=me.actor)
    for _ in range(2):
        jobs.match_notice(
            "T-00000000X", FREE_ITEM, "610117", "某路口改造稳评", "/notices/x", "2026-03-20T08:00:00+00:00"
        )
    outbox.drain()
    [(_, subject, body, more)] = sent
    assert subject == "有新公告符合您等的需求"
    assert "3月20日 16:00" in body
    operations.stop(more["stop"] and queries.demands_of(me.actor.organisation)[0].code, what="demand")
    assert queries.demands_of(me.actor.organisation) == []


def test_a_vendor_saves_and_ends_demands_on_its_page(app: Flask, someone) -> None:
    me, other = someone(Role.VENDOR), someone(Role.VENDOR)
    district = catalogue.districts()[0].code
    form = {"item": FREE_ITEM, "districts": [district]}
    assert me.client.submit("/alerts", form).status_code == 302
    assert me.client.submit("/alerts", {"item": FREE_ITEM}).status_code == 302
    [row] = queries.demands_of(me.actor.organisation)
    assert row.districts == [], "saved again, the districts are the new ones"
    assert me.client.submit("/alerts", {"item": "nothing"}).status_code == 422
    assert other.client.submit(f"/alerts/demands/{row.code}/end").status_code == 404
    assert me.client.submit(f"/alerts/demands/{row.code}/end").status_code == 302
    assert queries.demands_of(me.actor.organisation) == []


def test_demands_are_for_vendors_and_for_what_exists(app: Flask, someone) -> None:
    with pytest.raises(Forbidden):
        save_demand(FREE_ITEM, [], by=someone(Role.BUYER).actor)
    with pytest.raises(Invalid):
        save_demand("nothing", [], by=someone(Role.VENDOR).actor)
    with pytest.raises(Invalid):
        save_demand(FREE_ITEM, ["999999"], by=someone(Role.VENDOR).actor)


def test_programs_read_and_end_what_they_wait_for(app: Flask, someone) -> None:
    me = someone(Role.VENDOR)
    save_search("x", {"days": "3"}, OfferSearch(days_at_most=3), by=me.actor)
    save_demand(FREE_ITEM, [], by=me.actor)
    got = me.client.get("/api/v1/alerts").json
    assert [one["parameters"] for one in got["searches"]] == [{"days": "3"}]
    assert [one["item"] for one in got["demands"]] == [FREE_ITEM]
