"""What can have happened to reviewed texts. Codes and rule ids only: no quotation, no reason, no personal data.

`kind` is a value of gate_rules.Kind; `subject` the code of what the text belongs to (an order, a tender, an
offer, a version of an item or of a price standard).
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ClausesFound:
    """Clauses were found in a text that was saved to be published later; `rules` that were not found in it before."""

    ABOUT: ClassVar = ("subject",)
    kind: str
    subject: str
    rules: list[str]


@dataclass(frozen=True, slots=True)
class NoticePublished:
    """A text was published with its findings. `digest`: SHA-256 of the canonical JSON (RFC 8785) of its texts by field.

    `rules`: those that it keeps with a written reason, to which the regulator may object until `object_by` (UTC; none without
    a reason). `replaces`: the notice whose place it takes.
    """

    ABOUT: ClassVar = ("notice", "subject")
    notice: str
    kind: str
    subject: str
    number: int
    digest: str
    rules: list[str]
    warned: list[str]
    object_by: str | None
    replaces: str | None


@dataclass(frozen=True, slots=True)
class NoticeObjected:
    """The regulator objects to the reasons for `rules`: what the notice is for stands still."""

    ABOUT: ClassVar = ("notice", "subject")
    notice: str
    kind: str
    subject: str
    rules: list[str]


@dataclass(frozen=True, slots=True)
class ObjectionWithdrawn:
    """The regulator withdrew an objection: what the notice is for goes on."""

    ABOUT: ClassVar = ("notice", "subject")
    notice: str
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class NoticeLetStand:
    """Nobody objects to the reasons of a notice any more: the regulator said so, or (`by_lapse`) his time is over."""

    ABOUT: ClassVar = ("notice", "subject")
    notice: str
    kind: str
    subject: str
    by_lapse: bool


@dataclass(frozen=True, slots=True)
class NoticeEnded:
    """A published text was taken back, or what it was for has ended."""

    ABOUT: ClassVar = ("notice", "subject")
    notice: str
    kind: str
    subject: str
