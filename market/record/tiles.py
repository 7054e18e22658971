"""Tiles: how the tree is stored and served (C2SP tlog-tiles). Pure.

Tile `place` of level L holds up to 256 hashes, each the root over 256**L leaves; what lies between is hashed again when needed.
A tile only grows at its end until it is full, so a narrower one is always the beginning of the wider.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256

from market.record.merkle import SIZE, Reader

WIDTH, HEIGHT = 256, 8
FULL = WIDTH * SIZE
#: bytes of two hashes
PAIR = 2 * SIZE

#: (level, place) -> the hashes stored there, one after the other; empty where there are none
Fetch = Callable[[int, int], bytes]

_GROUP = re.compile("[0-9]{3}")


@lru_cache(maxsize=256)
def folded(tile: bytes) -> tuple[bytes, ...]:
    """The hashes of a tile and, above them, all nodes that they complete: row h has one for each 2**h hashes, end to end."""
    rows = [tile]
    while len(rows[-1]) > SIZE:
        below = rows[-1]
        rows.append(
            b"".join(sha256(b"\x01" + below[at : at + PAIR]).digest() for at in range(0, len(below) - SIZE, PAIR))
        )
    return tuple(rows)


def reader(fetch: Fetch) -> Reader:
    """A reader of the tree (merkle.py) that asks `fetch` for each tile once. Raises LookupError where hashes are missing."""
    known: dict[tuple[int, int], bytes] = {}

    def read(height: int, place: int) -> bytes:
        level, row = divmod(height, HEIGHT)
        tile, inside = divmod(place << row, WIDTH)
        if (level, tile) not in known:
            known[level, tile] = fetch(level, tile)
        rows, start = folded(known[level, tile]), (inside >> row) * SIZE
        if row >= len(rows) or start + SIZE > len(rows[row]):
            raise LookupError(f"tile {level}/{tile} lacks hash {inside}")
        return rows[row][start : start + SIZE]

    return read


def grown(size: int, fetch: Fetch, leaf_hashes: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """The tiles that change or begin when `leaf_hashes` follow the `size` leaves whose tiles `fetch` gives."""
    changed: dict[tuple[int, int], bytes] = {}
    level, fresh = 0, list(leaf_hashes)
    while fresh:
        place, inside = divmod(size >> (HEIGHT * level), WIDTH)
        beginning = fetch(level, place)[: inside * SIZE] if inside else b""
        if len(beginning) != inside * SIZE:
            raise LookupError(f"tile {level}/{place} has not the {inside} hashes of a tree of {size} leaves")
        row = beginning + b"".join(fresh)
        fresh = []
        for offset in range(0, len(row), FULL):
            tile = row[offset : offset + FULL]
            changed[level, place + offset // FULL] = tile
            if len(tile) == FULL:
                fresh.append(folded(tile)[HEIGHT])
        level += 1
    return changed


def address(place: int, width: int = WIDTH) -> str:
    """The end of a tile's path: `x001/x234/067`, with `.p/W` for a tile of `width` hashes that is not full."""
    groups = [place % 1000]
    while place := place // 1000:
        groups.insert(0, place % 1000)
    path = "/".join([*(f"x{group:03}" for group in groups[:-1]), f"{groups[-1]:03}"])
    return path if width == WIDTH else f"{path}.p/{width}"


def read_address(text: str) -> tuple[int, int]:
    """Place and width that the end of a path says. Raises ValueError unless it is exactly as `address` writes it."""
    path, partial, end = text.partition(".p/")
    groups = path.split("/")
    if len(groups) > 6 or not all(_GROUP.fullmatch(group.removeprefix("x")) for group in groups):
        raise ValueError(text)
    place = int("".join(group.removeprefix("x") for group in groups))
    width = int(end) if partial and end.isascii() and end.isdigit() and len(end) < 4 else WIDTH
    if address(place, width) != text or not 1 <= width <= WIDTH:
        raise ValueError(text)
    return place, width


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each after its length in two bytes, the larger first.

    Raises OverflowError for an entry of more than 65,535 bytes, which this form cannot hold.
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
