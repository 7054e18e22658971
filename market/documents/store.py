"""The bytes of documents, by digest, outside the web root: a folder, or an S3-compatible store by the setting FILES_URL.

A file arrives in the folder `incoming`, is written through to the disk, and is then kept in the store under its hex SHA-256. A
second arrival of the same bytes takes the place of the first, which also mends a damaged one.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog
from flask import current_app

from market.config import Settings
from market.documents.content import Content
from market.documents.folder_store import FolderStore, forget_files_before
from market.kernel.errors import Unavailable
from market.kernel.words import N_

log = structlog.get_logger()

PIECE = 256 * 1024
INCOMING = "incoming"


class Store(Protocol):
    """Where bytes lie, by digest, and the parts of uploads by key. Everything may raise OSError."""

    def keep(self, path: Path, digest: str) -> None:
        """Give the file at `path` its place, for good; it may be gone from `path` afterwards."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """The bytes, as they lie there; FileNotFoundError or another OSError when they cannot be had."""
        ...

    def kept_before(self, at: datetime) -> list[str]:
        """Digests of what took its place before `at`, in order."""
        ...

    def forget(self, digest: str) -> None:
        """Remove bytes; nothing when they are not there."""
        ...

    def keep_part(self, path: Path, key: str) -> None:
        """Keep a part of an upload."""
        ...

    def open_part(self, key: str) -> BinaryIO:
        """A part of an upload."""
        ...

    def forget_part(self, key: str) -> None:
        """Remove a part; nothing when it is not there."""
        ...

    def parts_before(self, at: datetime) -> list[str]:
        """Keys of the parts that came before `at`, in order."""
        ...


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
        """Give it its place in the store, for good. `Unavailable` when the store does not take it."""
        try:
            current().keep(self.path, self.digest)
        except OSError as error:
            raise _not_stored(error) from error

    def keep_part(self, key: str) -> None:
        """Keep it as a part of an upload. `Unavailable` as in `keep`."""
        try:
            current().keep_part(self.path, key)
        except OSError as error:
            raise _not_stored(error) from error


def current() -> Store:
    """The store of the running application."""
    settings = _settings()
    if settings.files_url:
        # only where it is used: the package brings threads of its own
        from market.documents import object_store

        return object_store.of(settings)
    return FolderStore(settings.files)


@contextmanager
def arriving(stream: Readable, limit: int) -> Iterator[Arrival]:
    """Take in `stream`, at most `limit` bytes (`TooLarge` beyond). What is not kept inside the block is dropped.

    `Unavailable` when it cannot be written.
    """
    folder = _settings().files / INCOMING
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
    _check_digest(digest)
    try:
        file = current().open(digest)
    except OSError as error:
        raise _not_whole(digest, error.strerror or str(error) or "cannot be read") from error
    try:
        found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
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
    """Where the bytes with this digest lie in the folder store. ValueError for anything but 64 hex digits."""
    _check_digest(digest)
    return FolderStore(_settings().files).path_of(digest)


def kept_before(at: datetime) -> list[str]:
    """Digests of the files that took their place before `at`, in order."""
    return current().kept_before(at)


def forget(digest: str) -> None:
    """Remove stored bytes. Only for bytes that no document has (operations.sweep)."""
    _check_digest(digest)
    current().forget(digest)


def forget_arrivals_before(at: datetime) -> int:
    """Remove what was left in `incoming` by processes that were killed; the number of files."""
    return forget_files_before(_settings().files / INCOMING, at)


def _settings() -> Settings:
    return current_app.extensions["settings"]


def _check_digest(digest: str) -> None:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError("a digest has 64 hex digits")


def _not_stored(error: OSError) -> Unavailable:
    log.error("file not stored", error=error.strerror or str(error))
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
