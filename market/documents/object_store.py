"""Documents on an S3-compatible store (Amazon S3, MinIO, Ceph, Garage ...), by digest, with the package obstore.

Keys are `{prefix}/ab/abcd...`; an object appears whole or not at all. Everything that goes wrong out there is an OSError here.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from market.config import Settings

PARTS = "parts"
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """See `store.Store`. `place` is a store of obstore, `scratch` a folder for what is being looked at."""

    place: Any
    scratch: Path

    def keep(self, path: Path, digest: str) -> None:
        """See `store.Store`. Sent in one request, or in parts when it is large."""
        self._put(path, _key(digest))

    def open(self, digest: str) -> BinaryIO:
        """See `store.Store`: fetched into a nameless file first, since nothing is handed out before it was compared."""
        return self._get(_key(digest))

    def kept_before(self, at: datetime) -> list[str]:
        """See `store.Store`."""
        return sorted(name for name in self._names("", at) if len(name) == 64)

    def forget(self, digest: str) -> None:
        """See `store.Store`."""
        self._delete(_key(digest))

    def keep_part(self, path: Path, key: str) -> None:
        """See `store.Store`."""
        self._put(path, f"{PARTS}/{key}")

    def open_part(self, key: str) -> BinaryIO:
        """See `store.Store`."""
        return self._get(f"{PARTS}/{key}")

    def forget_part(self, key: str) -> None:
        """See `store.Store`."""
        self._delete(f"{PARTS}/{key}")

    def parts_before(self, at: datetime) -> list[str]:
        """See `store.Store`."""
        return sorted(self._names(PARTS, at))

    def _put(self, path: Path, key: str) -> None:
        with _as_os_error(), path.open("rb") as file:
            obstore.put(self.place, key, file)

    def _get(self, key: str) -> BinaryIO:
        self.scratch.mkdir(mode=0o750, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=self.scratch)  # noqa: SIM115 - handed on open
        try:
            with _as_os_error():
                for piece in obstore.get(self.place, key).stream(min_chunk_size=PIECE):
                    file.write(piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file  # type: ignore[return-value]

    def _delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError), _as_os_error():
            obstore.delete(self.place, key)

    def _names(self, prefix: str, at: datetime) -> Iterator[str]:
        with _as_os_error():
            for rows in obstore.list(self.place, prefix=prefix or None):
                yield from (row["path"].rpartition("/")[2] for row in rows if row["last_modified"] < at)


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise OSError(f"{type(error).__name__}: {str(error)[:200]}") from error


def of(settings: Settings) -> ObjectStore:
    """The store that FILES_URL names."""
    # the package's threads do not survive a fork: each process has a store of its own
    place = _place(
        os.getpid(), settings.files_url, settings.files_endpoint, settings.files_region, settings.files_key,
        settings.files_secret,
    )  # fmt: skip
    return ObjectStore(place, settings.files / "incoming")


@lru_cache(maxsize=4)
def _place(pid: int, url: str, endpoint: str, region: str, key: str, secret: str) -> S3Store:
    parts = urlsplit(url)
    more: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if key:
        more |= {"access_key_id": key, "secret_access_key": secret}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        region=region,
        client_options={"timeout": "60s", "connect_timeout": "3s", "allow_http": endpoint.startswith("http://")},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        **more,
    )


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
