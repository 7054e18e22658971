"""The policy: whose word makes a checkpoint valid. Text by C2SP tlog-policy, or the same as JSON. Pure.

It names logs, witnesses and the quorum of witnesses, and, beyond the specification, the randomness beacons that draws may use:

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> <k|any|all> <member>...
    quorum <name|none>
    beacon <name> <chain hash> <public key> <period, seconds> <genesis, Unix second>

The JSON form is an object of `logs`, `witnesses`, `groups`, `quorum` and `beacons` with the same content. Whoever checks takes
the policy from a place that he trusts, never from what he checks.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from market.kernel import canonical
from market.record import merkle, notes
from market.record.findings import Unproven
from market.record.notes import Checkpoint, Key

PART = "policy"
NONE = "none"
#: bytes of a policy that are read at most
LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is believed; its key's name is its origin."""

    key: Key
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under the name that groups and quorum use."""

    name: str
    key: Key
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Members (witnesses or groups) of whom at least `threshold` must have seen a checkpoint."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beacon:
    """A chain of public randomness (drand): hash and public key in hexadecimal, `period` in seconds, `genesis` a Unix
    second."""

    name: str
    chain: str
    public_key: str
    period: int
    genesis: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses, groups by name, the name that is the quorum (or `none`), and beacons."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE
    beacons: tuple[Beacon, ...] = field(default=())

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys that may sign a checkpoint."""
        return tuple(log.key for log in self.logs) + tuple(witness.key for witness in self.witnesses)

    def satisfied_at(self, cosigned_at: Mapping[str, int]) -> int | None:
        """The Unix second from which the quorum had seen a checkpoint, given witness -> second; None when it has not.

        0 when no witness is wanted: then nothing says when a checkpoint was made.
        """
        for moment in sorted({0, *cosigned_at.values()}):
            if self._seen(self.quorum, {name for name, at in cosigned_at.items() if at <= moment}):
                return moment
        return None

    def _seen(self, name: str, by: set[str]) -> bool:
        if name == NONE or name in by:
            return True
        group = next((group for group in self.groups if group.name == name), None)
        return group is not None and sum(self._seen(member, by) for member in group.members) >= group.threshold


def read(content: str | bytes) -> Policy:
    """The policy that a file says, text or JSON. Raises `Unproven` of `policy`, naming the line or field that is wrong: an
    unknown word, a name used before it is defined or twice, one key twice, a key of the wrong kind, a missing quorum."""
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise Unproven(PART, "it is not UTF-8") from None
    if len(text) > LONGEST:
        raise Unproven(PART, "it is longer than 1 MiB")
    lines = _from_json(text) if text.lstrip().startswith("{") else _from_text(text)
    draft = _Draft()
    for words in lines:
        take = _WORDS.get(words[0])
        if take is None:
            raise Unproven(PART, f"{words[0][:40]!r} begins no line of a policy")
        try:
            take(draft, *words[1:])
        except TypeError:
            raise Unproven(PART, f"a {words[0]} line has not {len(words) - 1} words") from None
    return draft.finished()


def write(policy: Policy) -> str:
    """The policy as text, which `read` reads back."""
    lines = [_line("log", log.key, log.url) for log in policy.logs]
    lines += [_line("witness", witness.name, witness.key, witness.url) for witness in policy.witnesses]
    lines += [_line("group", group.name, group.threshold, *group.members) for group in policy.groups]
    lines += [_line("quorum", policy.quorum)]
    lines += [_line("beacon", b.name, b.chain, b.public_key, b.period, b.genesis) for b in policy.beacons]
    return "".join(lines)


def write_json(policy: Policy) -> bytes:
    """The policy as canonical JSON (RFC 8785), which `read` reads back."""
    return canonical.leaf(
        {
            "logs": [_plain(vkey=log.key, url=log.url) for log in policy.logs],
            "witnesses": [_plain(name=w.name, vkey=w.key, url=w.url) for w in policy.witnesses],
            "groups": [
                {"name": group.name, "threshold": group.threshold, "members": list(group.members)}
                for group in policy.groups
            ],
            "quorum": policy.quorum,
            "beacons": [
                {"name": b.name, "chain": b.chain, "public_key": b.public_key, "period": b.period, "genesis": b.genesis}
                for b in policy.beacons
            ],
        }
    )


def verify_checkpoint(
    note: str | bytes | notes.Note, policy: Policy, part: str = "checkpoint", *, strict: bool = True
) -> Checkpoint:
    """The checkpoint of a note that a log of the policy signed and that the quorum cosigned, with the times of all cosignatures.

    Raises `Unproven` of `part` otherwise: a signature that does not hold, one of a key that the policy does not name (unless
    `strict` is False), no signature of the log, too few witnesses.
    """
    if not isinstance(note, notes.Note):
        note = notes.read_note(note, part)
    checkpoint = notes.read_checkpoint(note.text, part)
    signed = notes.verify(note, policy.keys, part, strict=strict)
    if not any(log.key in signed and log.key.name == checkpoint.origin for log in policy.logs):
        raise Unproven(part, f"no key that the policy names for the log {checkpoint.origin} signed it")
    times = _times(signed, policy)
    if policy.satisfied_at(times) is None:
        raise Unproven(part, f"the quorum {policy.quorum} has not cosigned it ({len(times)} witnesses have)")
    if checkpoint.size == 0 and checkpoint.root != merkle.EMPTY:
        raise Unproven(part, "a tree without leaves has another root")
    return notes.cosigned(checkpoint, times)


def verify_times(note: notes.Note, policy: Policy, part: str = "checkpoint") -> dict[str, int]:
    """Witness -> Unix second of its cosignature, for all that hold; raises `Unproven` of `part` for one that does not."""
    return _times(notes.verify(note, policy.keys, part, strict=False), policy)


def _times(signed: Mapping[Key, int], policy: Policy) -> dict[str, int]:
    return {witness.name: signed[witness.key] for witness in policy.witnesses if witness.key in signed}


@dataclass
class _Draft:
    """What has been read so far; refuses what the specification refuses at each line."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    beacons: list[Beacon] = field(default_factory=list)
    quorum: str | None = None
    free: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=lambda: {NONE})

    def log(self, vkey: str, url: str = "") -> None:
        self.logs.append(Log(self._key(vkey, notes.ED25519, [log.key for log in self.logs]), url))

    def witness(self, name: str, vkey: str, url: str = "") -> None:
        self._define(name)
        key = self._key(vkey, notes.COSIGNATURE, [witness.key for witness in self.witnesses])
        self.witnesses.append(Witness(name, key, url))

    def group(self, name: str, threshold: str, *members: str) -> None:
        for member in members:
            if member not in self.free:
                raise Unproven(PART, f"{member} is not defined before, or is a member already")
            self.free.remove(member)
        counts = {"any": 1, "all": len(members)}
        wanted = counts[threshold] if threshold in counts else notes.read_decimal(threshold, PART)
        if not 1 <= wanted <= len(members):
            raise Unproven(PART, f"the group {name} of {len(members)} cannot want {wanted}")
        self._define(name)
        self.groups.append(Group(name, wanted, members))

    def set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise Unproven(PART, "it has two quorum lines")
        if name not in self.taken:
            raise Unproven(PART, f"the quorum {name} is not defined before")
        self.quorum = name

    def beacon(self, name: str, chain: str, public_key: str, period: str, genesis: str) -> None:
        if not re.fullmatch("[0-9a-f]{64}", chain) or not re.fullmatch("(?:[0-9a-f]{2}){48,96}", public_key):
            raise Unproven(PART, f"the beacon {name} needs a chain hash and a public key in hexadecimal")
        if any(name == other.name or chain == other.chain for other in self.beacons):
            raise Unproven(PART, f"the beacon {name} is named twice")
        seconds, first = notes.read_decimal(period, PART), notes.read_decimal(genesis, PART)
        if not seconds:
            raise Unproven(PART, f"the beacon {name} needs a period of at least one second")
        self.beacons.append(Beacon(name, chain, public_key, seconds, first))

    def finished(self) -> Policy:
        if self.quorum is None:
            raise Unproven(PART, "it has no quorum line")
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum, tuple(self.beacons))

    def _define(self, name: str) -> None:
        if name in self.taken:
            raise Unproven(PART, f"the name {name} is used twice")
        self.taken.add(name)
        self.free.add(name)

    @staticmethod
    def _key(vkey: str, kind: int, others: list[Key]) -> Key:
        key = notes.read_key(vkey, PART)
        if key.kind != kind:
            raise Unproven(PART, f"the key {key.name} is of another kind than its line wants")
        if any(key.public == other.public for other in others):
            raise Unproven(PART, f"the key of {key.name} is named twice")
        return key


_WORDS: dict[str, Callable[..., None]] = {
    "log": _Draft.log,
    "witness": _Draft.witness,
    "group": _Draft.group,
    "quorum": _Draft.set_quorum,
    "beacon": _Draft.beacon,
}


def _from_text(text: str) -> list[list[str]]:
    if any((character < " " and character not in "\t\n") or character == "\x7f" for character in text):
        raise Unproven(PART, "it holds a control character")
    lines = [line.strip(" \t") for line in text.split("\n")]
    return [re.split("[ \t]+", line) for line in lines if line and not line.startswith("#")]


def _from_json(text: str) -> list[list[str]]:
    """The lines that say the same as the JSON form."""
    try:
        said = json.loads(text, object_pairs_hook=_once)
        _fields(said, {"logs", "witnesses", "groups", "quorum", "beacons"}, {"quorum", "logs"})
        lines = [["log", *_texts(log, "vkey", "url")] for log in said["logs"]]
        lines += [["witness", *_texts(one, "name", "vkey", "url")] for one in said.get("witnesses", [])]
        for group in said.get("groups", []):
            _fields(group, {"name", "threshold", "members"}, {"name", "threshold", "members"})
            lines.append(["group", group["name"], str(group["threshold"]), *group["members"]])
        lines.append(["quorum", said["quorum"]])
        for one in said.get("beacons", []):
            names = ("name", "chain", "public_key", "period", "genesis")
            _fields(one, set(names), set(names))
            lines.append(["beacon", *(str(one[name]) for name in names)])
    except (ValueError, TypeError, RecursionError):
        raise Unproven(PART, "its JSON is not that of a policy") from None
    if not all(isinstance(word, str) and word for words in lines for word in words):
        raise Unproven(PART, "its JSON is not that of a policy")
    return lines


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _fields(said: Any, allowed: set[str], needed: set[str]) -> None:
    if not isinstance(said, dict) or not needed <= said.keys() <= allowed:
        raise ValueError


def _texts(said: Any, *names: str) -> list[str]:
    """The words of a line; `url`, the last, may be missing."""
    _fields(said, set(names), set(names) - {"url"})
    return [said[name] for name in names if name in said]


def _line(*words: object) -> str:
    return " ".join(text for word in words if (text := str(word))) + "\n"


def _plain(**words: object) -> dict[str, str]:
    return {name: text for name, word in words.items() if (text := str(word))}
