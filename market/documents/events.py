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


@dataclass(frozen=True, slots=True)
class ReadersChanged:
    """`reader` (code of a person or an organisation) may read what is attached to `owner`, or (`reads` false) no longer."""

    ABOUT: ClassVar = ("owner", "reader")
    owner: str
    reader: str
    reads: bool


@dataclass(frozen=True, slots=True)
class DocumentsBound:
    """`number` documents of `owner` became part of a signed contract."""

    ABOUT: ClassVar = ("owner",)
    owner: str
    number: int


@dataclass(frozen=True, slots=True)
class DocumentsEnded:
    """What `owner` names has ended: the terms of its `number` documents run."""

    ABOUT: ClassVar = ("owner",)
    owner: str
    number: int


@dataclass(frozen=True, slots=True)
class DocumentsRevived:
    """What `owner` names goes on after all: no term of its `number` documents runs."""

    ABOUT: ClassVar = ("owner",)
    owner: str
    number: int


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The holder agreed that a document of this `kind` (as the matter names it) is fetched from the data hub for `order`."""

    ABOUT: ClassVar = ("consent", "order")
    consent: str
    order: str
    kind: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The consent ended. `document`: what had been fetched with it; `removed`: it was taken out again; else it stays, since it
    is part of a signed contract."""

    ABOUT: ClassVar = ("consent", "order", "document")
    consent: str
    order: str
    kind: str
    document: str | None
    removed: bool


@dataclass(frozen=True, slots=True)
class DocumentFetched:
    """A document came from the data hub by a consent, for `order`: nobody had to bring it."""

    ABOUT: ClassVar = ("document", "consent", "order")
    document: str
    consent: str
    order: str
    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class DocumentNotHeld:
    """The data hub holds no document of this kind for the holder."""

    ABOUT: ClassVar = ("consent", "order")
    consent: str
    order: str
    kind: str


@dataclass(frozen=True, slots=True)
class DocumentQuarantined:
    """The virus scanner found something in a document's bytes: nobody gets them any more. `party`: code of whose it is."""

    ABOUT: ClassVar = ("document", "owner", "party")
    document: str
    owner: str | None
    party: str | None
    found: str


@dataclass(frozen=True, slots=True)
class DocumentErased:
    """The bytes of a document go, its row with the digest stays. `cause`: term (of retention is over), erased (on request)."""

    ABOUT: ClassVar = ("document", "owner")
    document: str
    owner: str | None
    digest: str
    cause: str


@dataclass(frozen=True, slots=True)
class RetentionTermSet:
    """Documents of a purpose are kept for a term from a day on. `unit`: years or days; `counted` from: given or end."""

    ABOUT: ClassVar = ()
    purpose: str
    length: int
    unit: str
    counted: str
    valid_from: str


@dataclass(frozen=True, slots=True)
class UploadBegun:
    """Somebody begins to send a file of `size` bytes in parts."""

    ABOUT: ClassVar = ("upload",)
    upload: str
    size: int


@dataclass(frozen=True, slots=True)
class SlipMade:
    """A slip for `number` paper originals of an order was made."""

    ABOUT: ClassVar = ("slip", "order")
    slip: str
    order: str
    number: int


@dataclass(frozen=True, slots=True)
class SlipReceived:
    """Counter staff of a centre confirmed that the originals of a slip arrived; `missing` of them did not."""

    ABOUT: ClassVar = ("slip", "order")
    slip: str
    order: str
    centre: str
    missing: int
    #: code of whose they are
    party: str
