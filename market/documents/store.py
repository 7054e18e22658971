"""The bytes of documents on disk, by digest, outside the web root.

A file arrives in `incoming/`, is written through to the disk, and takes its place `ab/abcd...` (hex SHA-256) by a rename: it is
there whole or not at all. A second arrival of the same bytes takes the place of the first, which also mends a damaged one.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog
from flask import current_app

from market.documents.content import Content
from market.kernel.errors import Unavailable
from market.kernel.words import N_

log = structlog.get_logger()

PIECE = 256 * 1024
INCOMING = "incoming"


class Readable(Protocol):
    """Anything that gives bytes piece by piece."""

    def read(self, size: int, /) -> bytes: ...


class TooLarge(Exception):
    """More bytes came than allowed; what had come was dropped."""


class OtherDigest(Exception):
    """Other bytes came than were announced; they were dropped."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that has arrived and has no place yet: its path, hex SHA-256 and size in bytes."""

    path: Path
    digest: str
    size: int

    def keep(self) -> None:
        """Give it its place in the store, for good."""
        place = path_of(self.digest)
        try:
            if not place.parent.is_dir():
                place.parent.mkdir(mode=0o750, exist_ok=True)
                _write_through(place.parent.parent)
            self.path.replace(place)
            _write_through(place.parent)
        except OSError as error:
            raise _not_stored(error) from error


@contextmanager
def arriving(stream: Readable, limit: int) -> Iterator[Arrival]:
    """Take in `stream`, at most `limit` bytes (`TooLarge` beyond). What is not kept inside the block is dropped.

    `Unavailable` when it cannot be written.
    """
    folder = _root() / INCOMING
    path = folder / secrets.token_hex(16)
    try:
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            arrival = _take_in(stream, path, limit)
        except OSError as error:
            raise _not_stored(error) from error
        yield arrival
    finally:
        path.unlink(missing_ok=True)


def _take_in(stream: Readable, path: Path, limit: int) -> Arrival:
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > limit:
                raise TooLarge
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Arrival(path, digest.hexdigest(), size)


@contextmanager
def content_of(arrival: Arrival) -> Iterator[Content]:
    """The bytes of an arrival, to be judged."""
    if arrival.size == 0:
        yield b""
        return
    with arrival.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        yield content


def open_whole(digest: str, size: int) -> BinaryIO:
    """The stored bytes, open at their beginning, after comparing them with `digest`.

    `Unavailable` when they are missing or were changed; that is logged as an error. Nothing wrong is ever handed out.
    """
    try:
        file = path_of(digest).open("rb")
    except OSError as error:
        raise _not_whole(digest, error.strerror or "cannot be read") from error
    try:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest or file.tell() != size:
            raise _not_whole(digest, f"has {file.tell()} bytes with digest {found}")
        file.seek(0)
    except OSError as error:
        file.close()
        raise _not_whole(digest, error.strerror or "cannot be read") from error
    except BaseException:
        file.close()
        raise
    return file


def path_of(digest: str) -> Path:
    """Where the bytes with this digest lie. ValueError for anything but 64 hex digits."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError("a digest has 64 hex digits")
    return _root() / digest[:2] / digest


def kept_before(at: datetime) -> list[str]:
    """Digests of the files that took their place before `at`, in order."""
    return sorted(path.name for path in _root().glob("??/*") if len(path.name) == 64 and _is_older(path, at))


def forget(digest: str) -> None:
    """Remove stored bytes. Only for bytes that no document has (operations.sweep)."""
    path_of(digest).unlink(missing_ok=True)


def forget_arrivals_before(at: datetime) -> int:
    """Remove what was left in `incoming` by processes that were killed; the number of files."""
    old = [path for path in (_root() / INCOMING).glob("*") if _is_older(path, at)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _root() -> Path:
    return current_app.extensions["settings"].files


def _is_older(path: Path, at: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < at
    except FileNotFoundError:
        return False


def _write_through(folder: Path) -> None:
    """Make renames and new entries in `folder` last over a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_stored(error: OSError) -> Unavailable:
    log.error("file not stored", error=error.strerror)
    return Unavailable(
        N_("The file could not be stored at the moment. Nothing was kept."),
        remedy=N_("Please try again in a few minutes."),
    )


def _not_whole(digest: str, why: str) -> Unavailable:
    log.error("stored file damaged", digest=digest, why=why)
    return Unavailable(
        N_("This file is missing or damaged in our store. It was not handed out, and the fault was reported."),
        remedy=N_("If you have the original, keep it safe and call the hotline."),
    )
