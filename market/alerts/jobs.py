"""What alerts do after a commit. All safe to run twice: nobody is told of the same thing twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from market.alerts import operations, queries, questions
from market.alerts.models import SavedSearch
from market.db import db
from market.kernel.errors import NotFound
from market.listings import indexing
from market.listings import queries as listings
from market.listings.models import Listing
from search.engine import several
from search.offers import fits_query


def match_listing(code: str) -> int:
    """Tell everybody whose saved search fits an offer that was just published; how many were told.

    The offer's document is brought into the index first and made searchable, then each question that may fit (by its item) is
    asked restricted to that one document, many in one request. Raises `Away` when Elasticsearch does not answer: tried again.
    """
    listing = _offered(code)
    if listing is None:
        return 0
    index = indexing.offers_index()
    told = 0
    fresh = False
    for batch in queries.candidates(listing.item):
        if not fresh:
            indexing.index_listings([code])
            index.refresh()
            fresh = True
        bodies = [fits_query(questions.asked(question), code) for _, question in batch]
        answers = several(index.client, index.name, bodies)
        for (search, _), answer in zip(batch, answers, strict=True):
            if answer["hits"]["total"]["value"]:
                told += len(operations.alert(search, code))
    return told


def match_notice(
    code: str, item: str, district: str | None, title: str, path: str, until: str, still: list[Any] | None = None
) -> int:
    """Tell the vendors whose saved demand fits a notice; how many demands that were. `until` is an aware ISO time."""
    notice = operations.Published(
        code, item, district, title, path, datetime.fromisoformat(until), tuple(still) if still else None
    )
    return operations.match_notice(notice)


def is_still_wanted(search_code: str, listing_code: str) -> bool:
    """Whether the alert is still true: the search runs and the offer is offered."""
    running = select(SavedSearch.id).where(SavedSearch.code == search_code, SavedSearch.ended_at.is_(None))
    return _offered(listing_code) is not None and db.session.scalar(running) is not None


def _offered(code: str) -> Listing | None:
    try:
        row = listings.listing(code)
    except NotFound:
        return None
    return row if listings.is_offered(row) else None
