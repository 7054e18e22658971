"""Indexes of a test's own on the real engine, removed at its end."""

from collections.abc import Callable, Iterator

import pytest
from elasticsearch import Elasticsearch

from search.engine import connect
from search.index import Index
from search.offers import OFFERS, Offer
from search.vendors import VENDORS


@pytest.fixture(scope="session")
def engine(elasticsearch_url: str) -> Elasticsearch:
    """A client of the engine."""
    return connect(elasticsearch_url)


@pytest.fixture
def offers(engine: Elasticsearch, index_prefix: str) -> Iterator[Index]:
    """An empty index of offers."""
    index = Index(engine, index_prefix, OFFERS)
    index.forget()
    index.ensure()
    yield index
    index.forget()


@pytest.fixture
def vendors(engine: Elasticsearch, index_prefix: str) -> Iterator[Index]:
    """An empty index of vendors."""
    index = Index(engine, index_prefix, VENDORS)
    index.forget()
    index.ensure()
    yield index
    index.forget()


def numbers_of(vendor: int) -> tuple[int, ...]:
    """31 order numbers of an invented vendor, as the market makes them (kernel/ordering.py)."""
    from market.kernel.ordering import vendor_numbers

    return vendor_numbers(f"V-{vendor:08d}")


@pytest.fixture
def offer() -> Callable[..., Offer]:
    """`offer(7, item=..., ...)`: the seventh offer, by a vendor of its own."""

    def make(number: int, **fields: object) -> Offer:
        from market.kernel.ordering import listing_number

        code = f"L-{number:08d}"
        given: dict[str, object] = {
            "code": code,
            "version": 1,
            "vendor": f"V-{number:08d}",
            "vendor_name": "示例检测有限公司",
            "item": "indoor-air-test",
            "category": "people",
            "title": "室内空气检测",
            "numbers": numbers_of(number),
            "own": listing_number(code),
            **fields,
        }
        return Offer(**given)  # type: ignore[arg-type]

    return make
