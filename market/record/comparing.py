"""Comparing what the log has told to different people: two words that do not go together are proof of misconduct."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.record import log_queries, merkle, notes
from market.record.findings import Unproven
from market.record.notes import Checkpoint

#: the same as here, or continued by what is here
EQUAL, CONSISTENT = "equal", "consistent"
#: signed by this log, and neither: another tree, more leaves than are here, another root than a second note says
FORK, AHEAD = "fork", "ahead"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Compared:
    """One note that was brought: the verdict, the checkpoint if it could be read, and why (empty for equal and consistent)."""

    note: str
    verdict: str
    checkpoint: Checkpoint | None = None
    why: str = ""

    @property
    def is_misconduct(self) -> bool:
        """The log's own signatures show that it said two things, or that it lost what it had said."""
        return self.verdict in (FORK, AHEAD)


def compare(brought: Sequence[str]) -> list[Compared]:
    """Each checkpoint that was brought, against this log's tiles and against the others.

    Only a note with a valid signature of this log says anything; others are unreadable, with the reason.
    """
    logs = [log.key for log in log_queries.trusted().logs]
    here = log_queries.newest_checkpoint()
    read = log_queries.reader()
    seen: dict[int, bytes] = {}
    found = []
    for text in brought:
        note = text.strip("\r\n ").replace("\r\n", "\n") + "\n"
        try:
            said = notes.verify_log(notes.read_note(note), logs)
        except Unproven as fault:
            found.append(Compared(note, UNREADABLE, why=str(fault)))
            continue
        found.append(_compared(note, said, here.size if here else 0, read, seen))
    return found


def _compared(note: str, said: Checkpoint, size: int, read: merkle.Reader, seen: dict[int, bytes]) -> Compared:
    if seen.setdefault(said.size, said.root) != said.root:
        return Compared(note, FORK, said, f"another note shows a different root of the same {said.size} leaves")
    if said.size > size:
        return Compared(note, AHEAD, said, f"it has {said.size} leaves, and only {size} are here")
    try:
        root = merkle.root_of(read, 0, said.size)
    except LookupError as missing:
        return Compared(note, FORK, said, str(missing))
    if root != said.root:
        return Compared(note, FORK, said, f"the first {said.size} leaves here have another root")
    return Compared(note, EQUAL if said.size == size else CONSISTENT, said)
