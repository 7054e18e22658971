"""Figures and the one table that every bench prints."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: our value, that of the limit or peer in the same run (none: there is none), their ratio, the goal in words."""

    name: str
    ours: str
    peer: str = "-"
    ratio: str = "-"
    goal: str = "-"
    #: None where the goal is no comparison
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed (nearest rank). ValueError without values."""
    if not values:
        raise ValueError("there is nothing measured")
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]


def milliseconds(seconds: float) -> str:
    """As people read it: 12.3 ms."""
    return f"{seconds * 1000:.1f} ms"


def times(ours: float, peer: float) -> str:
    """A ratio: 1.4 x."""
    return f"{ours / peer:.2f} x" if peer else "-"


def compared(name: str, ours: float, peer: float, *, most: float | None = None, least: float | None = None) -> Figure:
    """A time of ours beside the peer's, both in seconds: `most` times as long at most, or `least` times as fast at least."""
    ratio = ours / peer if peer else float("inf")
    if most is not None:
        return Figure(name, milliseconds(ours), milliseconds(peer), times(ours, peer), f"<= {most} x", ratio <= most)
    goal = f">= {least:g} x faster" if least is not None else "-"
    met = None if least is None else peer / ours >= least
    return Figure(name, milliseconds(ours), milliseconds(peer), f"{peer / ours:.1f} x faster", goal, met)


def table(title: str, figures: Iterable[Figure]) -> str:
    """All figures as a table of plain text, with the machine they were taken on."""
    head = ("figure", "ours", "limit or peer", "ratio", "goal", "")
    marks = {True: "met", False: "missed", None: ""}
    rows = [head, *((f.name, f.ours, f.peer, f.ratio, f.goal, marks[f.met]) for f in figures)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * max(map(_width, lines))
    load = os.getloadavg()[0]
    machine = f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}, {sys.platform}"
    return "\n".join((f"{title} ({machine})", rule, lines[0], rule, *lines[1:], rule))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
