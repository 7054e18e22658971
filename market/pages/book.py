"""The catalogue in force, read once for a page: each reading asks the database whether another version came into force."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g, has_request_context

from market.catalogue import queries as catalogue


@dataclass(frozen=True, slots=True)
class Book:
    """Items and matters by slug, as the catalogue orders them."""

    items: Mapping[str, catalogue.Item]
    matters: Mapping[str, catalogue.Matter]


def book() -> Book:
    """The catalogue as in force today; within a request the same for its whole length."""
    if not has_request_context():
        return _read()
    if "catalogue_book" not in g:
        g.catalogue_book = _read()
    return g.catalogue_book


def _read() -> Book:
    return Book(
        {item.slug: item for item in catalogue.items()}, {matter.slug: matter for matter in catalogue.matters()}
    )
