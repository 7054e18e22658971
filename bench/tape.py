"""The statements of one placing, recorded and done again for another order: word for word but for fresh keys."""

import contextlib
import pickle
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, event

from market.kernel import codes

MADE = re.compile(r'INSERT INTO "?(\w+)"? \(code,')
#: rows that others of the same placing name by key
NAMED = "INSERT INTO message ("
#: the record's chain: its head is read under a lock, what is written has the next numbers
HEAD = "FROM audit_head"
CHAIN = ("INSERT INTO audit_entry", "UPDATE audit_head")


@dataclass
class Tape:
    """What one placing sent to the database, in order; the order's key and code; codes of rows that it made, and their keys."""

    order: int
    code: str
    statements: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    #: the number of the record's head before
    head: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A statement ready to be sent: parameters that stay, and names of those that are made anew, with what was recorded."""

    statement: str
    fixed: Mapping[str, Any]
    words: Mapping[str, Any]
    orders: tuple[str, ...]
    messages: Mapping[str, int]
    numbers: Mapping[str, int]
    #: keys that the recorded rows got, when others name them
    keys: tuple[int, ...]


@contextlib.contextmanager
def recording(engine: Engine, tape: Tape) -> Iterator[None]:
    """Everything that is sent through `engine` in the block goes on the tape."""

    def listen(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: bool) -> None:
        tape.statements.append((statement, dict(parameters)))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def note_made(tape: Tape, connection: Connection) -> None:
    """After the recording: which rows with codes it made, and where the record's chain stood before."""
    for statement, parameters in tape.statements:
        if found := MADE.match(statement):
            new = [value for name, value in parameters.items() if name.startswith("code")]
            rows = connection.exec_driver_sql(
                f"SELECT code, id FROM {found[1]} WHERE code = ANY(%(new)s)", {"new": new}
            )
            tape.made |= dict(rows.tuples().all())
        if statement.startswith(CHAIN[0]):
            numbers = [value for name, value in parameters.items() if name.startswith("number")]
            tape.head = min(numbers) - 1


def save(tapes: list[Tape], path: Path) -> None:
    """Keep recordings for the server beside."""
    path.write_bytes(pickle.dumps(tapes))


def load(path: Path) -> list[Tape]:
    """What `save` kept; only ever the bench's own file."""
    return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]


def ready(tape: Tape) -> list[Line]:
    """The tape's statements taken apart once, so that doing them again costs little."""
    return [_line(tape, statement, parameters) for statement, parameters in tape.statements]


def _line(tape: Tape, statement: str, parameters: Mapping[str, Any]) -> Line:
    varying = {tape.code, *tape.made}
    words = {name: value for name, value in parameters.items() if any(code in repr(_bare(value)) for code in varying)}
    orders = tuple(
        name for name, value in parameters.items() if name.startswith(("order_id", "id")) and value == tape.order
    )
    messages = {name: value for name, value in parameters.items() if name.startswith("message_id")}
    chained = statement.startswith(CHAIN)
    numbers = {name: value for name, value in parameters.items() if chained and name.startswith("number")}
    keys = sorted(tape.made[value] for value in parameters.values() if isinstance(value, str) and value in tape.made)
    moving = {*words, *orders, *messages, *numbers}
    fixed = {name: value for name, value in parameters.items() if name not in moving}
    named = tuple(keys) if statement.startswith(NAMED) else ()
    return Line(statement, fixed, words, orders, messages, numbers, named)


def replay(tape: Tape, lines: list[Line], connection: Connection, order: int, code: str) -> None:
    """Send the statements for another order: its key and code in place of the recorded ones, new codes for new rows, the keys
    that the database gives them, and the next numbers of the record's chain. Every answer is fetched."""
    text = {tape.code: code} | {old: codes.make(old[0], secrets.randbits(40)) for old in tape.made}
    keys: dict[int, int] = {}
    shift = 0
    for line in lines:
        fresh = {
            **line.fixed,
            **{name: _in_words(value, text) for name, value in line.words.items()},
            **dict.fromkeys(line.orders, order),
            **{name: keys[value] for name, value in line.messages.items()},
            **{name: value + shift for name, value in line.numbers.items()},
        }
        result = connection.exec_driver_sql(line.statement, fresh)
        if not result.returns_rows:
            continue
        rows = result.fetchall()
        if line.keys:
            keys |= dict(zip(line.keys, sorted(row[0] for row in rows), strict=True))
        if HEAD in line.statement:
            shift = next(value for name, value in rows[0]._mapping.items() if name.endswith("number")) - tape.head


def _bare(value: Any) -> Any:
    return value.obj if isinstance(value, Jsonb) else value


def _in_words(value: Any, text: Mapping[str, str]) -> Any:
    """Codes within texts, lists and objects replaced."""
    if isinstance(value, Jsonb):
        return Jsonb(_in_words(value.obj, text))
    if isinstance(value, str):
        for old, new in text.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, list):
        return [_in_words(one, text) for one in value]
    if isinstance(value, dict):
        return {name: _in_words(one, text) for name, one in value.items()}
    return value
