"""Documents in a folder of this machine (or one that all machines share), by digest: `ab/abcd...` (hex SHA-256).

A file takes its place by a rename after it was written through to the disk: it is there whole or not at all.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

PARTS = "parts"


@dataclass(frozen=True, slots=True)
class FolderStore:
    """See `store.Store`. `root` is outside the web root; everything is readable by the market's own user and group alone."""

    root: Path

    def keep(self, path: Path, digest: str) -> None:
        """See `store.Store`. The file at `path`, on the same disk, takes its place."""
        place = self.path_of(digest)
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o750, exist_ok=True)
            _write_through(place.parent.parent)
        path.replace(place)
        _write_through(place.parent)

    def open(self, digest: str) -> BinaryIO:
        """See `store.Store`."""
        return self.path_of(digest).open("rb")

    def kept_before(self, at: datetime) -> list[str]:
        """See `store.Store`."""
        return sorted(path.name for path in self.root.glob("??/*") if len(path.name) == 64 and _is_older(path, at))

    def forget(self, digest: str) -> None:
        """See `store.Store`."""
        self.path_of(digest).unlink(missing_ok=True)

    def keep_part(self, path: Path, key: str) -> None:
        """See `store.Store`."""
        place = self.root / PARTS / key
        place.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        path.replace(place)

    def open_part(self, key: str) -> BinaryIO:
        """See `store.Store`."""
        return (self.root / PARTS / key).open("rb")

    def forget_part(self, key: str) -> None:
        """See `store.Store`."""
        (self.root / PARTS / key).unlink(missing_ok=True)

    def parts_before(self, at: datetime) -> list[str]:
        """See `store.Store`."""
        return sorted(path.name for path in (self.root / PARTS).glob("*") if _is_older(path, at))

    def path_of(self, digest: str) -> Path:
        """Where the bytes with this digest lie."""
        return self.root / digest[:2] / digest


def forget_files_before(folder: Path, at: datetime) -> int:
    """Remove the files of a folder that are older than `at`; their number."""
    old = [path for path in folder.glob("*") if _is_older(path, at)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _write_through(folder: Path) -> None:
    """Make renames and new entries in `folder` last over a power cut."""
    with _opened(folder) as handle:
        os.fsync(handle)


def _is_older(path: Path, at: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < at
    except FileNotFoundError:
        return False
