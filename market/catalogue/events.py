"""What can have happened in the catalogue. `entry` is kind:slug, `version` its public code."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class VersionProposed:
    """An operator proposed a new content for an entry; `changes` maps field to [old, new] where short enough to show."""

    ABOUT: ClassVar = ("version", "entry")
    version: str
    entry: str
    number: int
    reason: str
    changes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class VersionConsulted:
    """The proposal is open for comments until the end of `until` (ISO day)."""

    ABOUT: ClassVar = ("version", "entry")
    version: str
    entry: str
    until: str


@dataclass(frozen=True, slots=True)
class VersionCommented:
    """Somebody commented on a proposal."""

    ABOUT: ClassVar = ("version", "entry", "comment")
    version: str
    entry: str
    comment: str


@dataclass(frozen=True, slots=True)
class VersionPutInForce:
    """A version holds from `valid_from` (ISO day); `superseded` is the code of the one it replaces."""

    ABOUT: ClassVar = ("version", "entry", "superseded")
    version: str
    entry: str
    kind: str
    slug: str
    valid_from: str
    superseded: str | None


@dataclass(frozen=True, slots=True)
class VersionWithdrawn:
    """A proposal was given up before it held."""

    ABOUT: ClassVar = ("version", "entry")
    version: str
    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class DayDeclared:
    """An operator declared a day off or working; `basis` is the notice that says so."""

    ABOUT: ClassVar = ("day",)
    day: str
    is_working: bool
    basis: str
