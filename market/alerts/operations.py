"""Saving searches and demands, ending them, and telling whoever waits for what was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from market import clock
from market.accounts.models import Organisation, Person
from market.alerts import queries, questions
from market.alerts.events import DemandEnded, DemandSaved, SearchEnded, SearchSaved
from market.alerts.models import SavedDemand, SavedSearch
from market.catalogue import queries as catalogue
from market.db import db, new_code
from market.kernel.actor import Actor, Role, system
from market.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from market.kernel.money import Money
from market.kernel.words import N_
from market.listings import queries as listings
from market.locks import lock
from market.notifications.operations import send_notice
from market.notifications.rules import Notice, Word
from market.notifications.states import Importance, Topic
from market.notifications.stopping import stop_path
from market.record.operations import record
from market.transaction import transactional
from search.offers import OfferSearch

#: searches of one person, demands of one vendor
MOST = 20
#: alerts of one search on one day that are worth a mail of their own; the others stand in the inbox and the daily mail
MAILED_A_DAY = 10


@dataclass(frozen=True, slots=True)
class Published:
    """A notice of a need that vendors can answer, as bidding hands it over. `still`: asked before each sending."""

    code: str
    item: str
    district: str | None
    title: str
    path: str
    until: datetime
    still: tuple[Any, ...] | None = None


@transactional
def save_search(label: str, args: Mapping[str, Any], search: OfferSearch, *, by: Actor) -> SavedSearch:
    """Keep a search; whoever saved the same before gets that one. `args`: the search page's parameters, to show it again.

    `RuleBroken` for a search that wants nothing in particular, and beyond MOST.
    """
    person = lock(Person, by.person)
    question = questions.kept(search)
    if not question:
        raise RuleBroken(
            N_("All offers are no search."), remedy=N_("Type what you need, or choose a filter, then save the search.")
        )
    mark = questions.fingerprint(question)
    running = SavedSearch.person_id == person.id, SavedSearch.fingerprint == mark, SavedSearch.ended_at.is_(None)
    if found := db.session.scalar(select(SavedSearch).where(*running)):
        return found
    _check_count(queries.count_searches(person.id))
    row = SavedSearch(
        code=new_code("F"), person=person, label=label, args=dict(args), question=question, fingerprint=mark,
        items=question.get("only_items", []), created_at=clock.now(), told=0,
    )  # fmt: skip
    db.session.add(row)
    record(SearchSaved(row.code, person.code), by=by)
    return row


@transactional
def end_search(code: str, *, by: Actor) -> None:
    """No more alerts of it. `NotFound` for others' searches."""
    row = lock(SavedSearch, code)
    if row.person.code != by.person:
        raise NotFound()
    _end_search(row, "own", by)


@transactional
def save_demand(item: str, districts: Sequence[str], *, by: Actor) -> SavedDemand:
    """A vendor waits for needs of `item` in `districts` (none: all); saved again, the districts are the new ones.

    `Forbidden` for who acts for no vendor, `Invalid` for what does not exist, `RuleBroken` beyond MOST.
    """
    if by.role is not Role.VENDOR or by.organisation is None:
        raise Forbidden(N_("Only vendors wait for needs."))
    if catalogue.item(item) is None:
        raise Invalid.field("item", N_("There is no such service."))
    if unknown := set(districts) - {one.code for one in catalogue.districts()}:
        raise Invalid.field("districts", N_("There is no district %(district)s."), district=min(unknown))
    organisation = lock(Organisation, by.organisation)
    running = SavedDemand.organisation_id == organisation.id, SavedDemand.item == item, SavedDemand.ended_at.is_(None)
    row = db.session.scalar(select(SavedDemand).where(*running))
    if row is None:
        _check_count(queries.count_demands(organisation.id))
        row = SavedDemand(code=new_code("F"), organisation=organisation, item=item, created_at=clock.now())
        db.session.add(row)
    row.districts = sorted(set(districts))
    record(DemandSaved(row.code, organisation.code, item, row.districts), by=by)
    return row


@transactional
def end_demand(code: str, *, by: Actor) -> None:
    """No more alerts of it. `NotFound` for demands of others."""
    row = lock(SavedDemand, code)
    if row.organisation.code != by.organisation or by.role is not Role.VENDOR:
        raise NotFound()
    _end_demand(row, "own", by)


@transactional
def stop(code: str, *, what: str) -> None:
    """End a saved search or demand by the link in a mail, which needs no sign-in. Nothing when it has ended or is gone."""
    table: Any = {"search": SavedSearch, "demand": SavedDemand}[what]
    if db.session.scalar(select(table.id).where(table.code == code)) is None:
        return
    if what == "search":
        _end_search(lock(SavedSearch, code), "mail", system())
    else:
        _end_demand(lock(SavedDemand, code), "mail", system())


@transactional
def alert(search_code: str, listing_code: str) -> list[str]:
    """Tell the owner of a saved search of an offer that fits; the codes of the new messages.

    One person hears of one offer once, whichever of his searches it fits. Nothing when the search has ended or the offer is not
    offered any more. Beyond MAILED_A_DAY it is no mail of its own.
    """
    row = lock(SavedSearch, search_code)
    listing = listings.listing(listing_code)
    if row.ended_at is not None or not listings.is_offered(listing):
        return []
    today = clock.today()
    count = row.told if row.told_on == today else 0
    made = send_notice([row.person.code], _notice(row, listing, mailed=count < MAILED_A_DAY))
    if made:
        row.told_on, row.told = today, min(count + 1, 32_000)
    return made


def _notice(row: SavedSearch, listing: Any, *, mailed: bool) -> Notice:
    last = listing.publications[-1]
    item = catalogue.item(listing.item)
    price = last.price_fen
    return Notice(
        N_("A new offer fits “%(label)s”"),
        N_("%(offer)s: %(service)s by %(vendor)s, %(price)s."),
        {
            "label": row.label,
            "offer": last.content["title"],
            "service": {"zh": item.name_zh, "en": item.name_en} if item else listing.item,
            "vendor": listing.vendor.name,
            "price": Money(price) if price is not None else Word(N_("price on quotation")),
        },
        path=f"/offers/{listing.code}",
        topic=Topic.ALERTS,
        importance=Importance.IMPORTANT if mailed else Importance.ORDINARY,
        once=f"alert {listing.code}",
        still=("market.alerts.jobs.is_still_wanted", row.code, listing.code),
        stop_path=stop_path("search", row.code),
    )


@transactional
def match_notice(notice: Published) -> int:
    """Tell the vendors who wait for such needs; how many demands it fits. Told once for each notice and person."""
    item = catalogue.item(notice.item)
    demands = queries.demands_for(notice.item, notice.district)
    for demand in demands:
        told = Notice(
            N_("A new notice fits what you wait for"),
            N_("%(title)s: %(service)s, open until %(until)s."),
            {
                "title": notice.title,
                "service": {"zh": item.name_zh, "en": item.name_en} if item else notice.item,
                "until": notice.until,
            },
            path=notice.path,
            topic=Topic.ALERTS,
            importance=Importance.IMPORTANT,
            once=f"alert {notice.code}",
            still=notice.still,
            stop_path=stop_path("demand", demand.code),
        )
        send_notice([demand.organisation.code], told)
    return len(demands)


@transactional
def forget_searches(person_code: str) -> None:
    """Remove the saved searches of a person whose account was closed."""
    own = select(Person.id).where(Person.code == person_code).scalar_subquery()
    db.session.execute(delete(SavedSearch).where(SavedSearch.person_id == own))


def _check_count(running: int) -> None:
    if running >= MOST:
        raise RuleBroken(
            N_("At most %(most)s can be saved."),
            remedy=N_("End one that you need no more, then save this one."),
            most=MOST,
        )


def _end_search(row: SavedSearch, cause: str, by: Actor) -> None:
    if row.ended_at is None:
        row.ended_at = clock.now()
        record(SearchEnded(row.code, cause), by=by)


def _end_demand(row: SavedDemand, cause: str, by: Actor) -> None:
    if row.ended_at is None:
        row.ended_at = clock.now()
        record(DemandEnded(row.code, row.organisation.code, cause), by=by)
