"""A small market with an index of its own, for the pages that join domains. Everything is invented."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from market.kernel.actor import Actor
from market.listings import indexing
from market.listings.models import Listing
from market.pages import finder, queries
from market.vendors.models import Vendor
from tests.integration.factories import listings, vendors

#: an item with a reference and without a demanded licence; one whose prices go by square metres
AGENCY, SURVEY = "bid-agency", "property-survey"


@pytest.fixture(scope="session")
def searchable(migrated_app: Flask) -> Iterator[None]:
    """The catalogue is ready to be searched before the first test asks."""
    with migrated_app.app_context():
        search = finder.finder()
        search.find_items("预热", patience=60)
        yield
        search.forget()


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> Iterator[None]:
    """No figures of the test before, and Elasticsearch asked again."""
    queries._figures.cache_clear()
    queries._newest.cache_clear()
    finder.finder().retry()
    yield
    finder.finder().retry()


@dataclass
class Market:
    """Vendors with their actors; `offer` publishes, `index` brings the index up to date and makes it searchable."""

    someone: Callable[..., Any]
    vendors: list[tuple[Vendor, Actor]] = field(default_factory=list)

    def vendor(self, name: str | None = None, licence: bool = False) -> tuple[Vendor, Actor]:
        """One more active vendor."""
        number = len(self.vendors) + 1
        made = vendors.active(self.someone().actor, number, name=name or f"示例第{number}咨询有限公司")
        if licence:
            vendors.confirmed_licence(*made, number=f"YS-2027-12-31-{number:04d}")
        self.vendors.append(made)
        return made

    def offer(self, item: str = AGENCY, vendor: tuple[Vendor, Actor] | None = None, **fields: Any) -> Listing:
        """One more offer, by a new vendor unless one is given."""
        made = vendor or self.vendor(licence=item == SURVEY)
        explained = {"low_price_reason": "本机构有同类项目的数据基础和固定团队，能省去两次外业。"}
        return listings.published(*made, item, **{"title": f"{item} 示例报价", **explained, **fields})

    def index(self) -> None:
        """Everything that is offered now can be found."""
        indexing.sync()
        indexing.offers_index().refresh()
        indexing.vendors_index().refresh()


@pytest.fixture
def market(app: Flask, someone: Callable[..., Any]) -> Iterator[Market]:
    """An empty market with empty indexes, removed afterwards."""
    _forget()
    yield Market(someone)
    _forget()


def _forget() -> None:
    indexing.offers_index().forget()
    indexing.vendors_index().forget()
