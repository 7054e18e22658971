"""What can have happened to saved searches and demands. What was typed stands nowhere here."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class SearchSaved:
    """A person keeps a search and is told of new offers that fit."""

    ABOUT: ClassVar = ("search", "person")
    search: str
    person: str


@dataclass(frozen=True, slots=True)
class SearchEnded:
    """No more alerts of it. `cause`: own (on the page), mail (by the link in one), closed (the account)."""

    ABOUT: ClassVar = ("search",)
    search: str
    cause: str


@dataclass(frozen=True, slots=True)
class DemandSaved:
    """A vendor waits for needs of an item, in these districts (none: all)."""

    ABOUT: ClassVar = ("demand", "organisation")
    demand: str
    organisation: str
    item: str
    districts: list[str]


@dataclass(frozen=True, slots=True)
class DemandEnded:
    """No more alerts of it."""

    ABOUT: ClassVar = ("demand", "organisation")
    demand: str
    organisation: str
    cause: str
