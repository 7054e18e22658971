"""Addresses that a mistyped one may have meant: codes at one slip, names of services and matters nearly spelled so.

Only what anybody may see is suggested, so that a suggestion tells nothing about what belongs to others.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from urllib.parse import unquote

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from market.catalogue import queries as catalogue
from market.catalogue.models import Version
from market.db import db
from market.kernel import codes
from market.pages import queries
from market.vendors import rules as vendor_rules
from market.vendors.models import Vendor

#: suggestions at most
MOST = 3
Suggestion = tuple[str, str]


def suggest_addresses(path: str) -> list[Suggestion]:
    """What the reader of a path that leads nowhere may have meant: (address, words), the likeliest first."""
    word = unquote(path.rstrip("/").rpartition("/")[2])[:60]
    if not word:
        return []
    code = codes.normalise(word)
    candidates = (code, *codes.near(code)) if len(code) == codes.CODE_LENGTH else ()
    return [*addresses_of(candidates), *_near_names(word)][:MOST]


def addresses_of(wanted: Iterable[str]) -> list[Suggestion]:
    """The addresses of those of these codes that stand for something public, in the order given."""
    wanted = [code for code in wanted if codes.is_valid(code)]
    found: dict[str, Suggestion] = {}
    for offer in queries.published_offers([code for code in wanted if code[0] == "L"]).values():
        words = _("%(code)s, %(name)s", code=offer.code, name=offer.title)
        found[offer.code] = (url_for("listings.offer", code=offer.code), words)
    for code, name in _vendors([code for code in wanted if code[0] == "V"]):
        found[code] = (url_for("vendors.vendor", code=code), _("%(code)s, %(name)s", code=code, name=name))
    for code in _versions([code for code in wanted if code[0] not in "LV"]):
        found[code] = (url_for("catalogue.version", code=code), code)
    return [found[code] for code in dict.fromkeys(wanted) if code in found]


def _vendors(wanted: list[str]) -> Iterable[tuple[str, str]]:
    if not wanted:
        return []
    statement = select(Vendor.code, Vendor.name).where(
        Vendor.code.in_(wanted), Vendor.accepted_at.is_not(None), Vendor.state.in_(vendor_rules.PUBLIC_STATES)
    )
    return db.session.execute(statement)


def _versions(wanted: list[str]) -> Iterable[str]:
    return db.session.scalars(select(Version.code).where(Version.code.in_(wanted))) if wanted else []


def _near_names(word: str) -> list[Suggestion]:
    """Services, matters and standards whose name in an address is nearly spelled like this."""
    known = {item.slug: (url_for("pages.item", slug=item.slug), catalogue.name(item)) for item in catalogue.items()}
    known |= {
        matter.slug: (url_for("catalogue.matter", slug=matter.slug), catalogue.name(matter))
        for matter in catalogue.matters()
    }
    for held, standard in catalogue.standards():
        known[held.slug] = (url_for("catalogue.standard", slug=held.slug), standard.title.to(_lang()))
    return [known[slug] for slug in get_close_matches(word.lower(), known, n=MOST, cutoff=0.75)]


def _lang() -> str:
    return "en" if str(get_locale()) == "en" else "zh"
