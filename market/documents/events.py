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
class DocumentShown:
    """A document of `owner` may be read by anybody from here on, or (`public` false) no longer."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str
    public: bool


@dataclass(frozen=True, slots=True)
class DocumentRemoved:
    """A document that belonged to nothing was removed; its bytes go with the last document that has them."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """Somebody of the market's staff opened another party's document."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str | None
