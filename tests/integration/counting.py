"""How much of the database something uses."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from market.db import db


def statements(run: Callable[[], object]) -> int:
    """How many statements `run` sends."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(sent)
