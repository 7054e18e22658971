"""How the demo market is built: all or nothing, in practice mode only, the same plan for the same seed."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select

from market import clock
from market.accounts.models import Person
from market.catalogue import queries as catalogue
from market.db import db
from market.kernel.errors import Forbidden
from market.listings.pricing import Position, Price, Reference, check_price, quote
from market.pages import demo, demo_plan
from market.vendors.models import Vendor

#: what an offer's fields say of its price
PRICE = set(Price.__dataclass_fields__)


def test_a_run_that_is_killed_leaves_nothing_and_the_next_makes_the_whole(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = demo.Size(vendors=3, listings=4, days=8)
    with monkeypatch.context() as patch:

        def killed(*args: object, **kwargs: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(demo.listings, "publish_listing", killed)
        with pytest.raises(KeyboardInterrupt):
            demo.build(size, say=lambda line: None)
    assert db.session.scalars(select(Vendor)).first() is None
    assert db.session.scalars(select(Person)).first() is None
    built = demo.build(size, say=lambda line: None)
    assert (built.made, built.vendors, built.listings) == (True, 3, 4)


def test_it_is_refused_outside_practice_mode(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(settings, mode="production"))
    with pytest.raises(Forbidden):
        demo.build(demo.Size(3, 4, 8))
    assert db.session.scalars(select(Vendor)).first() is None


def facts() -> demo_plan.Facts:
    return demo.facts_for(clock.today(), demo.history(clock.today(), 36))


def test_the_whole_plan_covers_every_item_and_is_the_same_for_the_same_seed(app: Flask) -> None:
    size, on = demo.Size(), facts()
    firms = demo_plan.plan(size, on, Random(demo.SEED))
    assert firms == demo_plan.plan(size, on, Random(demo.SEED))
    assert firms != demo_plan.plan(size, on, Random(demo.SEED + 1))
    assert len(firms) == 300
    assert sum(len(firm.offers) for firm in firms) == 2500
    assert len({firm.name for firm in firms}) == len({firm.credit_code for firm in firms}) == 300
    offered = Counter(offer.item for firm in firms for offer in firm.offers if firm.fate is demo_plan.Fate.ACTIVE)
    assert set(offered) == set(on.items), "every item finds an offer"
    assert {firm.fate for firm in firms} == set(demo_plan.Fate)
    paused = [offer.item for offer in firms[0].offers if offer.shelf is demo_plan.Shelf.PAUSED]
    assert [on.items[item].qualification[0]["statutory"] for item in paused] == [False]
    assert len({firm.legal_form for firm in firms}) == 5
    assert len({firm.address.partition("市")[0] for firm in firms}) > 20, "from many cities"


@pytest.mark.parametrize("day", [datetime(2028, 2, 29, 2, tzinfo=UTC), datetime(2027, 2, 8, 2, tzinfo=UTC)])
def test_the_history_ends_on_a_working_day_whenever_it_is_told(app: Flask, day: datetime) -> None:
    with clock.frozen(day):
        days = demo.history(clock.today(), 36)
        works = catalogue.calendar().is_working_day
        assert days == sorted(set(days))
        assert days[-1] <= clock.today()
        assert all(works(one) for one in days)
        demo_plan.plan(demo.Size(40, 300), facts(), Random(1))


def test_every_price_that_is_published_under_a_guided_standard_lies_in_its_band(app: Flask) -> None:
    on = facts()
    bound = [
        offer
        for firm in demo_plan.plan(demo.Size(), on, Random(demo.SEED))
        for offer in firm.offers
        if offer.item in on.guided and offer.day >= on.guided[offer.item][0]
    ]
    assert len(bound) > 40
    for offer in bound:
        _, quantity = on.guided[offer.item]
        base = round(float(demo_plan.DATA["prices"][offer.item]) * 100 * int(quantity))
        held = Reference("guided", base * 7 // 10, base, base * 13 // 10)
        says = {name: value for name, value in offer.fields.items() if name in PRICE} | {
            "model": offer.fields["price_model"]
        }
        offered = quote(Price(**says), quantity, held)
        assert check_price(offered, held, "") is Position.WITHIN, (offer, offered)


def test_the_vendor_who_signs_in_enters_before_all_others(app: Flask) -> None:
    """`bin/market accounts sign-ins` shows the oldest member of a role."""
    story = demo._Story(demo.Size(), demo.SEED)
    first, *others = (next(iter(story._entry(told)))[0] for told in story.firms)
    assert all(first < at for at in others)
