"""What a witness answers (C2SP tlog-witness, add-checkpoint). Pure: what it has seen comes in, what it shall keep goes out.

A witness knows the keys of logs and, of each log, the last checkpoint that it cosigned. It cosigns only what continues that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market.record import merkle, notes
from market.record.findings import Unproven
from market.record.notes import Checkpoint, Key

#: hashes in a consistency proof at most
LONGEST_PROOF = 63
#: the media type of a 409
SIZE = "text/x.tlog.size"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status with its text. With `cosign` (status 200) the checkpoint must be kept before the answer, which is the
    cosignature line. `misconduct`: the log signed what does not continue what it signed before; the request is the proof."""

    status: int
    body: str = ""
    media_type: str = PLAIN
    cosign: Checkpoint | None = None
    misconduct: bool = False


def answer(request: bytes, logs: Sequence[Key], seen: Mapping[str, Checkpoint]) -> Reply:
    """The reply to the body of an add-checkpoint request, given the keys of `logs` and the checkpoint last `seen` by origin.

    200 to cosign; 400 for a request that is none or an old size above the new; 404 for an unknown log; 403 without a valid
    signature of a known key; 409 with the size last seen when the old size is another, or when the roots of equal sizes
    differ; 422 for a proof that does not hold.
    """
    try:
        old, proof, note = _read(request)
        said = notes.read_checkpoint(note.text)
    except Unproven as fault:
        return Reply(400, f"{fault}\n")
    keys = [key for key in logs if key.name == said.origin]
    if not keys:
        return Reply(404, "this witness does not know the log\n")
    try:
        notes.verify_log(note, keys)
    except Unproven as fault:
        return Reply(403, f"{fault}\n")
    if old > said.size:
        return Reply(400, "the old size is larger than that of the checkpoint\n")
    last = seen.get(said.origin)
    if old != (last.size if last else 0):
        return Reply(409, f"{last.size if last else 0}\n", SIZE)
    if last is None or old == 0:
        return Reply(422, "a proof from nothing is empty\n") if proof else Reply(200, cosign=said)
    if old == said.size and last.root != said.root:
        return Reply(409, f"{last.size}\n", SIZE, misconduct=True)
    if not merkle.verify_consistency(old, said.size, last.root, said.root, proof):
        return Reply(422, "the proof does not show that the tree continues the one last seen\n", misconduct=True)
    return Reply(200, cosign=said)


def _read(request: bytes) -> tuple[int, list[bytes], notes.Note]:
    """Old size, proof and checkpoint of a request; `Unproven` when it is none."""
    try:
        head, blank, checkpoint = request.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Unproven("request", "it is not UTF-8") from None
    lines = head.split("\n")
    if not blank or not lines[0].startswith("old ") or len(lines) > LONGEST_PROOF + 1:
        raise Unproven("request", "an old size, at most 63 hashes, an empty line and a checkpoint are wanted")
    proof = [notes.decoded(line, "request") for line in lines[1:]]
    if any(len(one) != merkle.SIZE for one in proof):
        raise Unproven("request", "a hash has not 32 bytes")
    return (
        notes.read_decimal(lines[0].removeprefix("old "), "request"),
        proof,
        notes.read_note(checkpoint, "checkpoint"),
    )
