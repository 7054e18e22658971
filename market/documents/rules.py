"""Rules of documents: what may be given for which purpose, what it is called, who may read it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from market.documents import content
from market.documents.content import MediaType, NotTaken
from market.kernel.actor import Actor, Role
from market.kernel.errors import Conflict, Invalid, NotFound, Refusal, RuleBroken, Unavailable
from market.kernel.names import safe_file_name
from market.kernel.words import N_

#: files of one party that belong to nothing yet, at most
MOST_LOOSE = 200


class Purpose(StrEnum):
    """What a document is for; decides which types are accepted and who may read it."""

    LICENCE = "licence"
    PRACTITIONER = "practitioner"
    LISTING = "listing"
    #: of orders: what the matter asks for, what was agreed, what was delivered, what was written, what is quarrelled about
    PAPER = "paper"
    CONTRACT = "contract"
    RESULT = "result"
    MESSAGE = "message"
    PROOF = "proof"


class Source(StrEnum):
    """Where a document comes from."""

    GIVEN = "given"
    HUB = "hub"
    #: given before for something else, and used again
    AGAIN = "again"
    #: by the market itself
    MADE = "made"


class Scan(StrEnum):
    """What the virus scanner said of bytes; what it found is never handed out."""

    NOT_SCANNED = "not_scanned"
    CLEAN = "clean"
    FOUND = "found"


class Removal(StrEnum):
    """Why the bytes of a document went while its row with the digest stays."""

    WITHDRAWN = "withdrawn"
    TERM = "term"
    ERASED = "erased"


class TermUnit(StrEnum):
    """In what a term of retention is counted, in the calendar."""

    YEARS = "years"
    DAYS = "days"


class Counted(StrEnum):
    """From when a term of retention runs: from the day it was given, or from the end of what it belongs to."""

    GIVEN = "given"
    END = "end"


#: further endings under which files of a kind lie on people's disks
_ALSO = {content.JPEG: (".jpeg",)}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is accepted for a purpose, and the word for it."""

    label: str
    kinds: tuple[MediaType, ...]

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings for the `accept` of a file field; what counts is the content."""
        return tuple(ending for kind in self.kinds for ending in (kind.ending, *_ALSO.get(kind, ())))


_FIXED = (content.PDF, content.JPEG, content.PNG)
_ALL = (*_FIXED, content.DOCX, content.XLSX)

#: proofs are PDF or pictures, so that nothing can run and the look is fixed; the others may also be forms and tables
PURPOSES: Mapping[Purpose, Terms] = {
    Purpose.LICENCE: Terms(N_("Licence or qualification"), _FIXED),
    Purpose.PRACTITIONER: Terms(N_("Certificate of a practitioner"), _FIXED),
    Purpose.LISTING: Terms(N_("Attachment of an offer"), _ALL),
    Purpose.PAPER: Terms(N_("Paper of an order"), _ALL),
    Purpose.CONTRACT: Terms(N_("Contract"), _FIXED),
    Purpose.RESULT: Terms(N_("Result of the work"), _ALL),
    Purpose.MESSAGE: Terms(N_("Attachment of a message"), _ALL),
    Purpose.PROOF: Terms(N_("Evidence in a dispute"), _ALL),
}

#: endings that say a kind of file: they are replaced by the true one
ENDINGS = frozenset(
    (
        "pdf", "jpg", "jpeg", "jpe", "jfif", "png", "docx", "xlsx", "doc", "xls", "docm", "xlsm", "ppt", "pptx", "gif", "bmp",
        "tif", "tiff", "webp", "heic", "svg", "htm", "html", "xhtml", "xml", "txt", "zip", "rar", "7z", "exe", "com", "bat",
        "cmd", "scr", "msi", "dll", "js", "vbs", "ps1", "sh", "jar", "lnk", "hta", "php", "jsp", "asp", "aspx",
    )
)  # fmt: skip


def check_kind(kind: MediaType, purpose: Purpose) -> None:
    """Refuse (`NotTaken`) a sound file of a kind that is not accepted for `purpose`."""
    if kind not in PURPOSES[purpose].kinds:
        raise NotTaken(
            N_("%(kind)s files are not taken here."),
            remedy=N_("Accepted are %(kinds)s."),
            kind=kind.label,
            kinds=", ".join(accepted.label for accepted in PURPOSES[purpose].kinds),
        )


def file_name(given: str, kind: MediaType, fallback: str = "file") -> str:
    """The name under which a file is shown and downloaded: as given, made harmless, with the ending of its true kind."""
    stem = safe_file_name(given, fallback)
    while (parts := stem.rpartition("."))[1] and parts[2].strip().lower() in ENDINGS:
        stem = parts[0].strip(". ")
    stem = re.sub(rf"^\.?(?:{'|'.join(sorted(ENDINGS))})$", "", stem, flags=re.IGNORECASE)
    return safe_file_name((stem or fallback) + kind.ending, fallback + kind.ending)


def check_room(loose: int) -> None:
    """Refuse (`RuleBroken`) one more file of a party that has `loose` files which belong to nothing yet."""
    if loose >= MOST_LOOSE:
        raise RuleBroken(
            N_("%(most)s files are waiting to be used already."),
            remedy=N_("Use or remove some of them first. What is not used within a day is removed by itself."),
            most=MOST_LOOSE,
        )


def too_large(field: str, limit: int) -> Invalid:
    """The refusal of a file above `limit` bytes."""
    return Invalid.field(
        field,
        N_("The file is larger than %(limit)s MB."),
        remedy=N_("Save it with fewer or smaller pictures, or send it in parts."),
        limit=limit // (1024 * 1024),
    )


#: files that one person may have on their way at once, and their bytes together
MOST_UPLOADS, MOST_BYTES = 20, 1024 * 1024 * 1024


def check_uploads(running: int, size_of_all: int, size: int, limit: int, field: str = "file") -> None:
    """Refuse one more upload of `size` bytes to a person who has `running` of together `size_of_all` bytes under way.

    `Invalid` for an empty file or one above `limit`; `RuleBroken` above 20 uploads or 1 GB together.
    """
    if size <= 0:
        raise Invalid.field(
            field, N_("The file is empty."), remedy=N_("Choose the file again: it may still have been open elsewhere.")
        )
    if size > limit:
        raise too_large(field, limit)
    if running >= MOST_UPLOADS or size_of_all + size > MOST_BYTES:
        raise RuleBroken(
            N_("%(most)s files, or 1 GB together, are on their way already."),
            remedy=N_("Wait until they have arrived. What is not finished within a day is removed by itself."),
            most=MOST_UPLOADS,
        )


class OtherOffset(Conflict):
    """A part that does not begin where the last one ended; `received` bytes are here."""

    code = "other_offset"

    def __init__(self, received: int) -> None:
        super().__init__(N_("The part does not begin where the last one ended."), remedy=N_("Ask how much is here."))
        self.received = received


class OtherChecksum(Refusal):
    """The bytes of a part are not those of its checksum: they were dropped."""

    status = 460
    code = "other_checksum"
    title = N_("The part was damaged on its way.")


class Quarantined(RuleBroken):
    """A file in which the virus scanner found something: nobody gets it."""

    code = "quarantined"


def check_scan(scan: Scan, scanner: bool, capacity: "Access", name: str) -> None:
    """Refuse to hand out a file in which a virus was found (`Quarantined`), and to others than its owner one that the scanner,
    where there is one, has not seen yet (`Unavailable`)."""
    if scan is Scan.FOUND:
        raise Quarantined(
            N_("The virus scanner found something harmful in %(name)s. Nobody gets this file."),
            rule=N_("Files with harmful content are kept apart."),
            remedy=N_("Clean the computer it comes from, then send a fresh copy."),
            name=name,
        )
    if scanner and scan is Scan.NOT_SCANNED and capacity is not Access.OWN:
        raise Unavailable(
            N_("%(name)s is still being checked for viruses."), remedy=N_("Please try again in a minute."), name=name
        )


def not_found(code: str) -> NotFound:
    """Word for word what market/locks.py says when there is no such thing."""
    return NotFound(N_("There is nothing with the code %(code)s."), code=code)


def term_end(ended: date, length: int, unit: TermUnit) -> date:
    """The last day on which a document is kept whose term of `length` years or days began on `ended` (29 February counts as
    28 in other years)."""
    if unit is TermUnit.DAYS:
        return ended + timedelta(days=length)
    try:
        return ended.replace(year=ended.year + length)
    except ValueError:
        return ended.replace(year=ended.year + length, day=28)


def check_originals(originals: Sequence[str]) -> list[str]:
    """The paper originals of a slip, one line each, blanks dropped. `Invalid` for none, more than 20, or one above 100
    characters."""
    lines = [line.strip() for line in originals if line.strip()]
    if not lines:
        raise Invalid.field("originals", N_("Say which papers you hand in."), remedy=N_("One line for each."))
    if len(lines) > 20 or any(len(line) > 100 for line in lines):
        raise Invalid.field(
            "originals",
            N_("At most 20 papers, each in up to 100 characters."),
            remedy=N_("Make a second slip for more."),
        )
    return lines


class Access(StrEnum):
    """In which capacity somebody may read a document."""

    NONE = "none"
    PUBLIC = "public"
    OWN = "own"
    #: let in by what the document belongs to: the other side of an order
    PARTY = "party"
    #: counter staff for somebody whom they serve: each reading is recorded
    BEHALF = "behalf"
    #: of another party, in duty: each reading is recorded
    DUTY = "duty"


#: readings by staff: recorded, and shown to the owner
RECORDED = frozenset({Access.BEHALF, Access.DUTY})
#: those whose duty is to check what parties hand in. Entry holds for the whole city, therefore officials of every district.
ON_DUTY = frozenset({Role.OPERATOR, Role.REGULATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What decides who may read: codes of the owner (of the organisation it was given for, if any) and of the persons and
    organisations that may read whatever is attached to the same thing."""

    person: str | None
    organisation: str | None
    is_attached: bool
    is_public: bool
    is_removed: bool
    readers: frozenset[str] = frozenset()


def party(actor: Actor) -> tuple[str, str | None]:
    """Codes of the person and the organisation for whom `actor` acts: whom counter staff serve, else himself and his own."""
    return (actor.on_behalf_of, None) if actor.on_behalf_of else (actor.person, actor.organisation)


def is_party(actor: Actor, person: str, organisation: str | None) -> bool:
    """Whether `actor` acts for this party: any member for an organisation, else the person."""
    mine = party(actor)
    return mine[1] == organisation if organisation is not None else mine[0] == person


def access(facts: DocumentFacts, reader: Actor | None) -> Access:
    """In which capacity `reader` (None: a visitor) may read a document.

    What was given for an organisation belongs to it, no longer to the person who gave it; what was given for none, to the
    person. Who was let in to what it is attached to reads it too. Officials on duty read what was handed in (attached), not
    what still lies with its owner. A removed document is nobody's.
    """
    if facts.is_removed:
        return Access.NONE
    if reader is not None:
        if reader.is_system or _is_owner(facts, reader.person, reader.organisation):
            return Access.OWN
        if reader.on_behalf_of and (
            _is_owner(facts, reader.on_behalf_of, None) or reader.on_behalf_of in facts.readers
        ):
            return Access.BEHALF
    if facts.is_public:
        return Access.PUBLIC
    if reader is not None and facts.is_attached:
        if {reader.person, reader.organisation} & facts.readers:
            return Access.PARTY
        if reader.role in ON_DUTY:
            return Access.DUTY
    return Access.NONE


def _is_owner(facts: DocumentFacts, person: str, organisation: str | None) -> bool:
    if facts.organisation is not None:
        return facts.organisation == organisation
    return facts.person is not None and facts.person == person
