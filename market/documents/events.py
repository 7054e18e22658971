"""What can have happened to documents."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DocumentGiven:
    """A file was stored: `digest` is the hex SHA-256 of its bytes, `size` in bytes."""

    ABOUT: ClassVar = ("document",)
    document: str
    purpose: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class DocumentAttached:
    """A document now belongs to `owner` (a public code)."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str


@dataclass(frozen=True, slots=True)
class DocumentRemoved:
    """A document is no longer shown; its bytes stay as long as anything is bound to them."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """Somebody of the market's staff opened another party's document."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str | None
