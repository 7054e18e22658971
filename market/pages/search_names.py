"""Names of everything that offers can be filtered by."""

from market.catalogue import queries as catalogue
from market.pages.book import book
from market.pages.search_filters import Known


def known_names() -> Known:
    """What exists in the catalogue, with names in the reader's language."""
    return Known(
        {item.slug: catalogue.name(item) for item in book().items.values()},
        {category.slug: catalogue.name(category) for category in catalogue.categories()},
        {district.code: catalogue.name(district) for district in catalogue.districts()},
    )
