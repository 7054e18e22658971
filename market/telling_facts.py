"""What the table of who is told (market/telling.py) is made of: audiences, conditions, and what a placeholder stands for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from market import clock
from market.accounts.queries import organisation
from market.catalogue import queries as catalogue
from market.centres import queries as centres
from market.centres.models import Booking
from market.db import db
from market.documents import queries as documents
from market.kernel.actor import Actor, Role
from market.kernel.calendar import last_day
from market.kernel.money import Money
from market.kernel.words import N_
from market.listings.models import Listing
from market.notifications.rules import Word
from market.notifications.states import Importance
from market.orders import queries as orders
from market.orders import work_queries, work_rules
from market.orders.models import Contract, Order
from market.orders.states import ContractState, Party
from market.ratings import credit_queries
from market.ratings import queries as ratings
from market.ratings.models import Rating
from market.review import notice_queries
from market.review.models import Notice as ReviewNotice
from market.vendors import queries as vendors
from market.vendors import rules as vendor_rules

# What happened, with what belongs to it ---------------------------------------------------------------------------------------


class Happened:
    """An event while it is told: its fields, who did it, and the rows it is about, each read once."""

    def __init__(self, event: Any, by: Actor) -> None:
        self.event = event
        self.by = by
        self.fields = {one.name: getattr(event, one.name) for one in fields(event)}

    @cached_property
    def order(self) -> Order:
        """The order it is about: named by the event, or the one that was rated."""
        return orders.order(self.fields["order"]) if "order" in self.fields else self.rating.order

    @cached_property
    def rating(self) -> Rating:
        """The rating it is about."""
        return ratings.rating(self.fields["rating"])

    @cached_property
    def people(self) -> dict[str, list[str]]:
        """Codes of the order's sides."""
        return orders.people_of(self.order.code)

    @cached_property
    def contract(self) -> Contract:
        """The contract that the event names."""
        return work_queries.contract(self.fields["contract"])

    @cached_property
    def notice(self) -> ReviewNotice:
        """The published notice that the event names."""
        return notice_queries.notice(self.fields["notice"])

    @cached_property
    def booking(self) -> Booking:
        """The booked place that the event names."""
        return centres.booking(self.fields["booking"])

    @cached_property
    def buyer(self) -> list[str]:
        """Code of the order's buyer: an organisation or a person."""
        return self.people["buyer"]

    @cached_property
    def vendor(self) -> list[str]:
        """Code of the vendor's organisation: of the vendor that the event names, else of the order's."""
        if named := self.fields.get("vendor"):
            return [vendors.vendor(named).organisation.code]
        return self.people["vendor"] if "order" in self.fields else []

    @cached_property
    def party(self) -> str:
        """The side that acted: named by the event, else found by who did it."""
        return str(self.fields.get("party") or orders.party_of(self.order, self.by) or "")

    @cached_property
    def path_words(self) -> dict[str, str]:
        """What may stand in a path: codes."""
        found = {name: value for name, value in self.fields.items() if isinstance(value, str)}
        if "rating" in self.fields and "order" not in found:
            found["order"] = self.rating.order.code
        return found


# Who ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audience:
    """Somebody to tell: persons and organisations by code, or all officials in a role of a district (none: the city)."""

    words: str
    codes: Callable[[Happened], Sequence[str]] | None = None
    role: Role | None = None
    district: Callable[[Happened], str | None] | None = None


def _other(what: Happened) -> list[str]:
    sides = {Party.BUYER: what.vendor, Party.VENDOR: what.buyer}
    return sides.get(Party(what.party), [*what.buyer, *what.vendor]) if what.party else [*what.buyer, *what.vendor]


def _district(what: Happened) -> str | None:
    return what.order.district


def _author(what: Happened) -> list[str]:
    return [what.rating.organisation or what.rating.person]


def _publisher(what: Happened) -> list[str]:
    return [what.notice.organisation.code] if what.notice.organisation is not None else []


PUBLISHER = Audience(N_("who published it"), _publisher)
NOTICE_REGULATORS = Audience(
    N_("regulators of the district"), role=Role.REGULATOR, district=lambda what: what.notice.district
)
BUYER = Audience(N_("the buyer"), lambda what: what.buyer)
VENDOR = Audience(N_("the vendor"), lambda what: what.vendor)
BOTH = Audience(N_("both sides"), lambda what: [*what.buyer, *what.vendor])
OTHER = Audience(N_("the other side"), _other)
CLERK = Audience(N_("the clerk who took the order"), lambda what: [what.order.clerk] if what.order.clerk else [])
AUTHOR = Audience(N_("who wrote the rating"), _author)
PERSON = Audience(N_("the person concerned"), lambda what: [what.fields["person"]])
CITIZEN = Audience(N_("the citizen"), lambda what: [what.fields["citizen"]])
HOLDER = Audience(N_("whose file it is"), lambda what: [what.fields["party"]] if what.fields["party"] else [])
BOOKER = Audience(N_("who booked"), lambda what: [what.booking.person.code])
MEMBERS = Audience(N_("the organisation"), lambda what: [what.fields["organisation"]])
OPERATORS = Audience(N_("operators of the district"), role=Role.OPERATOR, district=_district)
REGULATORS = Audience(N_("regulators of the district"), role=Role.REGULATOR, district=_district)
ALL_OPERATORS = Audience(N_("all operators"), role=Role.OPERATOR)
ALL_REGULATORS = Audience(N_("all regulators"), role=Role.REGULATOR)
AUDITORS = Audience(N_("auditors"), role=Role.AUDITOR)


# When ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class When:
    """A condition: in words for the page, and as a question."""

    words: str
    holds: Callable[[Happened], bool]


def among(name: str, *values: Any, words: str) -> When:
    """The event's field `name` has one of `values`."""
    return When(words, lambda what: what.fields[name] in values)


def unlike(name: str, *values: Any, words: str) -> When:
    """The event's field `name` has none of `values`."""
    return When(words, lambda what: what.fields[name] not in values)


def _still_offered(what: Happened) -> bool:
    return what.contract.state is ContractState.OFFERED


ALWAYS = When("", lambda what: True)
BY_OTHERS = When(
    N_("when somebody else did it"), lambda what: not what.by.is_system and what.by.person != what.fields["person"]
)
NOT_YET_BOTH = When(N_("while the other signature is missing"), _still_offered)


# What is said -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """One line of the table.

    `subject` and `body` are message ids; each placeholder names a fact (FACTS) or a field of the event. `path`
    is filled with the event's codes. `once`: one message of that key to each person, filled from the facts too.
    """

    to: Audience
    importance: Importance
    subject: str
    body: str
    path: str
    when: When = ALWAYS
    once: str = ""


RETURNS: Mapping[str, str] = {
    "declined": N_("the vendor declined"),
    "lapsed": N_("the vendor did not answer in time"),
    "unsigned": N_("the contract was not signed in time"),
    "review": N_("an operator looked at it and sent it back with words"),
    "changed_mind": N_("the buyer took it back"),
    "objection": N_("the regulator objects to a clause of the need"),
}
FAILURES: Mapping[str, str] = {
    "unsigned": N_("the contract was not signed in time"),
    "unpaid": N_("it was not paid in time"),
    "no_vendor": N_("no vendor took it"),
    "vendor_gone": N_("the vendor may take no orders any more"),
}
REFUNDS: Mapping[str, str] = {
    "cancelled": N_("the order was called off"),
    "dispute": N_("a dispute was decided"),
    "late": N_("it was paid when it was owed no longer"),
    "chargeback_won": N_("your bank gave it back to us although nothing was owed"),
    "officer": N_("an officer of the market gives it back"),
}
PARTIES: Mapping[str, str] = {
    "buyer": N_("the buyer"),
    "vendor": N_("the vendor"),
    "operator": N_("the operator"),
    "market": N_("the market"),
}
POSITIONS: Mapping[str, str] = {
    "below": N_("below the standard"),
    "within": N_("within the standard"),
    "above": N_("above the standard"),
    "none": N_("without a standard"),
}


def worded(name: str, words: Mapping[str, str]) -> Callable[[Happened], Any]:
    """A fact: the event's field `name` in words; as it is where there are none."""
    return lambda what: Word(words[what.fields[name]]) if what.fields[name] in words else what.fields[name]


def _title(what: Happened) -> Any:
    if what.order.title:
        return what.order.title
    item = catalogue.item(what.order.item) if what.order.item else None
    return {"zh": item.name_zh, "en": item.name_en} if item else what.order.code


def _offer_title(what: Happened) -> str:
    code = what.fields["listing"]
    return db.session.scalar(select(Listing.title).where(Listing.code == code)) or code


def _organisation_name(what: Happened) -> str:
    found = organisation(what.fields["organisation"])
    return found.name if found else what.fields["organisation"]


def _vendor_name(what: Happened) -> str:
    code = what.fields.get("vendor")
    vendor = vendors.vendor(code) if code else what.order.vendor
    return vendor.name if vendor else ""


def _last_day(name: str) -> Callable[[Happened], date]:
    return lambda what: last_day(datetime.fromisoformat(what.fields[name]))


def _ground(what: Happened) -> Any:
    slug = what.fields["ground"]
    row = credit_queries.ground_names().get(slug)
    return {"zh": row.title_zh, "en": row.title_en} if row else slug


def _document_name(what: Happened) -> str:
    found = documents.document(what.fields["document"])
    return found.name if found else what.fields["document"]


def _place(what: Happened) -> dict[str, str]:
    place = what.booking.place_of
    return {"zh": place.name_zh, "en": place.name_en}


#: what a placeholder stands for, where it is not a field of the event
FACTS: Mapping[str, Callable[[Happened], Any]] = {
    "title": _title,
    "offer": _offer_title,
    "vendor_name": _vendor_name,
    "organisation_name": _organisation_name,
    "document_name": _document_name,
    "answer_by": _last_day("due_at"),
    "notice_title": lambda what: what.notice.title,
    "object_by_day": lambda what: last_day(what.notice.object_by) if what.notice.object_by else None,
    "clauses": lambda what: len(what.fields["rules"]),
    "pay_by_day": _last_day("pay_by"),
    "due_day": lambda what: last_day(what.order.due_at) if what.order.due_at else None,
    "sign_by": lambda what: last_day(what.contract.sign_by),
    "returned_since": worded("cause", RETURNS),
    "failed_since": worded("cause", FAILURES),
    "refunded_since": worded("cause", REFUNDS),
    "paused_since": worded("cause", work_rules.PAUSES),
    "outcome_words": worded("outcome", work_rules.OUTCOMES),
    "party_words": worded("party", PARTIES),
    "reason_words": worded("reason", vendor_rules.REASONS),
    "ground_words": _ground,
    "gaps": lambda what: len(what.fields["fields"]),
    "before_words": worded("position_before", POSITIONS),
    "now_words": worded("position_now", POSITIONS),
    "today": lambda what: clock.today(),
    "place": _place,
    "when": lambda what: what.booking.starts_at.astimezone(clock.SHANGHAI),
}

#: fields of events that hold days
DAYS = frozenset({"due_on", "valid_to", "appeal_until", "fades_on"})


def fact(what: Happened, name: str) -> Any:
    """What the placeholder `name` stands for: one of FACTS, an amount (`name`_fen), or a field of the event. KeyError when it is
    none of these."""
    if name in FACTS:
        return FACTS[name](what)
    if f"{name}_fen" in what.fields:
        return Money(what.fields[f"{name}_fen"])
    if name == "sum":
        return Money(what.fields["fen"])
    value = what.fields[name]
    return date.fromisoformat(value) if name in DAYS and value else value


def is_fact(event: type, name: str) -> bool:
    """Whether `fact` can be asked for `name` of events of this class. Looks at names alone."""
    own = {one.name for one in fields(event)}
    return name in FACTS or f"{name}_fen" in own or (name == "sum" and "fen" in own) or name in own
