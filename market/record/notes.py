"""Signed notes, keys, checkpoints and cosignatures by the C2SP specifications signed-note, tlog-checkpoint and
tlog-cosignature (Ed25519 alone). Pure.

Reading is strict: there is one way to write each thing, so that no byte of a note can change unseen. A note that says
something else raises `Unproven`, whose line names the part.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.record.findings import Unproven

#: a note's text signed as it is, and a witness's cosignature with its time
ED25519, COSIGNATURE = 0x01, 0x04
#: bytes of a note, and signatures on one, that are read at most
LONGEST, MOST = 1 << 20, 64
#: leaves of a tree at most, so that a size fits in 63 bits
LARGEST = 2**63 - 1

_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name; `kind` is ED25519 (a log) or COSIGNATURE (a witness)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, kind and key (signed-note)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The vkey: name, key id in hexadecimal, base64 of kind and key, joined by plus signs."""
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note. `blob` is what follows the key id."""

    name: str
    id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"— {self.name} {encoded(self.id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text (with its final newline) and the signatures below it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's word on its tree: name of the log, number of leaves, root. `cosigned_at`: witness -> Unix second at which it
    said that this is the largest tree it saw."""

    origin: str
    size: int
    root: bytes
    cosigned_at: Mapping[str, int] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The text that log and witnesses sign (tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def read_key(vkey: str, part: str = "policy") -> Key:
    """The key that `vkey` says. Raises `Unproven` (of `part`) unless it is written exactly as `Key` writes it."""
    name, _, rest = vkey.partition("+")
    claimed, _, encoded = rest.partition("+")
    body = decoded(encoded, part)
    if len(body) != 33 or body[0] not in (ED25519, COSIGNATURE) or not _NAME.fullmatch(name):
        raise Unproven(part, "a key is a name, a key id and an Ed25519 key of 32 bytes")
    key = Key(name, body[0], body[1:])
    if claimed != key.id.hex():
        raise Unproven(part, f"the key id {claimed} is not that of the key {name}")
    return key


def read_note(text: str | bytes, part: str = "note") -> Note:
    """A note from its text. Raises `Unproven` (of `part`) for a wrong byte in its frame; signatures are not looked at."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise Unproven(part, "it is not UTF-8") from None
    if len(text) > LONGEST:
        raise Unproven(part, "it is longer than 1 MiB")
    if any(character < " " and character != "\n" for character in text):
        raise Unproven(part, "it holds a control character")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Unproven(part, "a text, an empty line and signature lines are wanted")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MOST:
        raise Unproven(part, f"it holds more than {MOST} signatures")
    return Note(body + "\n", tuple(_signature(line, part) for line in signatures))


def read_checkpoint(text: str, part: str = "checkpoint") -> Checkpoint:
    """The checkpoint that the text of a note says: origin, size, root, and no line more. Raises `Unproven` (of `part`)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Unproven(part, "it has a line for the origin, one for the size, one for the root and no other")
    origin, size, root = lines[:3]
    if not _NAME.fullmatch(origin):
        raise Unproven(part, "the origin is no name")
    digest = decoded(root, part)
    if len(digest) != 32:
        raise Unproven(part, "the root has not 32 bytes")
    return Checkpoint(origin, read_decimal(size, part), digest)


def read_decimal(text: str, part: str) -> int:
    """A number from 0 to 2**63 - 1 without leading zeros; `Unproven` (of `part`) for another text."""
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST:
        raise Unproven(part, f"{text[:40]!r} is no number of leaves")
    return int(text)


def sign(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    """The signature line of a log under `text`, which ends in a newline. Ed25519 gives the same line for the same text."""
    key = Key(name, ED25519, private.public_key().public_bytes_raw())
    return Signature(name, key.id, private.sign(text.encode()))


def cosign(checkpoint: Checkpoint, name: str, private: Ed25519PrivateKey, at: int) -> Signature:
    """The cosignature line of the witness `name` at the Unix second `at` (cosignature/v1)."""
    key = Key(name, COSIGNATURE, private.public_key().public_bytes_raw())
    return Signature(name, key.id, at.to_bytes(8, "big") + private.sign(_cosigned(checkpoint.body, at)))


def verify(note: Note, keys: Iterable[Key], part: str = "note", *, strict: bool = True) -> dict[Key, int]:
    """The keys of `keys` that signed the note, each with the Unix second of its cosignature (0 for a log).

    Raises `Unproven` (of `part`) when a line of a known key does not hold, when a key signed twice, and, if `strict`, when a
    line is of an unknown key; the specification lets those be ignored, and `strict` False does. May be empty.
    """
    known = {(key.name, key.id): key for key in keys}
    found: dict[Key, int] = {}
    for line in note.signatures:
        key = known.get((line.name, line.id))
        if key is None:
            if strict:
                raise Unproven(
                    part, f"a signature is of a key that the policy does not name: {line.name} {line.id.hex()}"
                )
            continue
        if key in found:
            raise Unproven(part, f"{key.name} signed twice")
        found[key] = _time_if_valid(note.text, line, key, part)
    return found


def verify_log(note: Note, logs: Sequence[Key], part: str = "checkpoint", *, strict: bool = False) -> Checkpoint:
    """The checkpoint of a note that a log of `logs` signed whose key name is its origin. Raises `Unproven` (of `part`)."""
    checkpoint = read_checkpoint(note.text, part)
    signed = verify(note, logs, part, strict=strict)
    if not any(key.kind == ED25519 and key.name == checkpoint.origin for key in signed):
        raise Unproven(part, f"no known key of the log {checkpoint.origin} signed it")
    return checkpoint


def cosigned(checkpoint: Checkpoint, times: Mapping[str, int]) -> Checkpoint:
    """The same checkpoint with the cosignatures `times`: witness -> Unix second."""
    return replace(checkpoint, cosigned_at=dict(times))


def decoded(text: str, part: str) -> bytes:
    """The bytes of base64 (RFC 4648 section 4) written in the only way; `Unproven` (of `part`) for another text."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = None
    if value is None or encoded(value) != text:
        raise Unproven(part, f"{text[:60]!r} is not base64")
    return value


def _time_if_valid(text: str, line: Signature, key: Key, part: str) -> int:
    at, signature, signed = 0, line.blob, text.encode()
    if key.kind == COSIGNATURE:
        if len(line.blob) != 72:
            raise Unproven(part, f"the cosignature of {key.name} has not 72 bytes")
        at, signature = int.from_bytes(line.blob[:8], "big"), line.blob[8:]
        signed = _cosigned(text, at)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise Unproven(part, f"the signature of {key.name} does not hold") from None
    return at


def _cosigned(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()


def _signature(line: str, part: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not _NAME.fullmatch(name):
        raise Unproven(part, "a signature line is a dash (U+2014), a name and base64")
    blob = decoded(encoded, part)
    if len(blob) <= 4:
        raise Unproven(part, f"the signature of {name} is too short")
    return Signature(name, blob[:4], blob[4:])


def encoded(value: bytes) -> str:
    """Base64 (RFC 4648 section 4), as everything in a note is written."""
    return base64.b64encode(value).decode()
