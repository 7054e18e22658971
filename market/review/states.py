"""The life of a reviewed notice: a text that was published, and what the regulator may still say to its reasons."""

from collections.abc import Mapping
from enum import StrEnum


class NoticeState(StrEnum):
    """Where a published text stands.

    `open`: it holds a reason, and the regulator may still object; `in_force`: nobody may (any more); `objected`: he did, and
    what the text is for stands still; `replaced`: a later text took its place; `ended`: taken back, or done with.
    """

    OPEN = "open"
    IN_FORCE = "in_force"
    OBJECTED = "objected"
    REPLACED = "replaced"
    ENDED = "ended"


S = NoticeState

TRANSITIONS: Mapping[tuple[NoticeState, str], NoticeState] = {
    # within two working days
    (S.OPEN, "object"): S.OBJECTED,
    (S.OPEN, "let_stand"): S.IN_FORCE,
    (S.OPEN, "lapse"): S.IN_FORCE,
    # the regulator is convinced after all
    (S.OBJECTED, "withdraw"): S.IN_FORCE,
    # written anew
    (S.OPEN, "replace"): S.REPLACED,
    (S.IN_FORCE, "replace"): S.REPLACED,
    (S.OBJECTED, "replace"): S.REPLACED,
    # taken back
    (S.OPEN, "end"): S.ENDED,
    (S.IN_FORCE, "end"): S.ENDED,
    (S.OBJECTED, "end"): S.ENDED,
}

#: the text that counts for its subject; there is one at most
CURRENT = frozenset({S.OPEN, S.IN_FORCE, S.OBJECTED})
