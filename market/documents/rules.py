"""Rules of documents: what may be given for which purpose, what it is called, who may read it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.documents import content
from market.documents.content import MediaType, NotTaken
from market.kernel.actor import Actor, Role
from market.kernel.errors import RuleBroken
from market.kernel.names import safe_file_name
from market.kernel.words import N_

#: files of one party that belong to nothing yet, at most
MOST_LOOSE = 200


class Purpose(StrEnum):
    """What a document is for; decides which types are accepted and who may read it."""

    LICENCE = "licence"
    PRACTITIONER = "practitioner"
    LISTING = "listing"


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


#: proofs are PDF or pictures, so that nothing can run and the look is fixed; offers may also carry forms and tables
PURPOSES: Mapping[Purpose, Terms] = {
    Purpose.LICENCE: Terms(N_("Licence or qualification"), (content.PDF, content.JPEG, content.PNG)),
    Purpose.PRACTITIONER: Terms(N_("Certificate of a practitioner"), (content.PDF, content.JPEG, content.PNG)),
    Purpose.LISTING: Terms(
        N_("Attachment of an offer"), (content.PDF, content.JPEG, content.PNG, content.DOCX, content.XLSX)
    ),
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


class Access(StrEnum):
    """In which capacity somebody may read a document."""

    NONE = "none"
    PUBLIC = "public"
    OWN = "own"
    #: of another party, in duty: each reading is recorded
    DUTY = "duty"


#: those whose duty is to check what parties hand in. Entry holds for the whole city, therefore officials of every district.
ON_DUTY = frozenset({Role.OPERATOR, Role.REGULATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What decides who may read: codes of the giver and of the organisation he gave it for, if any."""

    person: str
    organisation: str | None
    is_attached: bool
    is_public: bool
    is_removed: bool


def access(facts: DocumentFacts, reader: Actor | None) -> Access:
    """In which capacity `reader` (None: a visitor) may read a document.

    What was given for an organisation belongs to it, no longer to the person who gave it; what was given for none, to the
    person. Officials on duty read what was handed in (attached), not what still lies with its owner. A removed document is
    nobody's.
    """
    if facts.is_removed:
        return Access.NONE
    if reader is not None:
        if reader.is_system:
            return Access.OWN
        if facts.organisation is not None and reader.organisation == facts.organisation:
            return Access.OWN
        if facts.organisation is None and reader.person == facts.person:
            return Access.OWN
    if facts.is_public:
        return Access.PUBLIC
    if reader is not None and reader.role in ON_DUTY and facts.is_attached:
        return Access.DUTY
    return Access.NONE
