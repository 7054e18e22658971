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
from market.pages import demo, demo_plan
from market.vendors.models import Vendor


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
