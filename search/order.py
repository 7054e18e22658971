"""The neutral order in Elasticsearch: the vendor's number of the day, then the document's own, then its code (rule 9)."""

import base64
import json
from collections.abc import Sequence
from typing import Any

#: how many columns a vendor has; day d (days since 1970 in Asia/Shanghai) uses column d mod COLUMNS
COLUMNS = 31

MAPPING: dict[str, Any] = {
    **{f"n{column}": {"type": "long", "index": False} for column in range(COLUMNS)},
    "own": {"type": "long", "index": False},
}


def fields(numbers: Sequence[int], own: int) -> dict[str, int]:
    """The order numbers of a document: 31 of its vendor and its own. ValueError for another count."""
    if len(numbers) != COLUMNS:
        raise ValueError(f"{COLUMNS} order numbers are needed, not {len(numbers)}")
    return {**{f"n{column}": number for column, number in enumerate(numbers)}, "own": own}


def neutral(column: int) -> list[dict[str, Any]]:
    """The sort that decides among equals on a day of that column (0 to 30): total, so pages neither repeat nor skip."""
    if not 0 <= column < COLUMNS:
        raise ValueError(f"there is no column {column}")
    return [{f"n{column}": "asc"}, {"own": "asc"}, {"code": "asc"}]


def to_cursor(column: int, order: str, sort: Sequence[Any]) -> str:
    """Where the next page begins, as a text for a link: column, order and the sort values of the last hit."""
    return (
        base64.urlsafe_b64encode(json.dumps([column, order, *sort], separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def from_cursor(cursor: str | None, order: str, keys: Sequence[dict[str, Any]]) -> tuple[int, list[Any]] | None:
    """Column and sort values of a cursor of this order; None (the first page) for anything else that somebody may put there.

    The column is that of the day on which the reading began, so that pages hold together over midnight. `keys`: the sort whose
    values it must hold: numbers, and a text for the code at the end.
    """
    if not cursor or len(cursor) > 600:
        return None
    try:
        column, given, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        return None
    if given != order or type(column) is not int or not 0 <= column < COLUMNS or len(values) != len(keys):
        return None
    *numbers, code = values
    right = (
        all(type(n) in (int, float) and abs(n) < 2**63 for n in numbers) and isinstance(code, str) and len(code) <= 40
    )
    return (column, values) if right else None
