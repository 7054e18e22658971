"""All stores keep the same promises: the folder; objects in memory (obstore's own contract); objects over the S3 protocol, on
moto's server as a process of its own.
"""

import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from flask import Flask
from obstore.store import MemoryStore

from market.config import Settings
from market.documents import object_store, operations, store
from market.documents.folder_store import FolderStore
from market.documents.object_store import ObjectStore
from market.documents.store import Store
from market.kernel.actor import Role
from market.kernel.errors import Unavailable
from tests.integration.factories.documents import given, pdf

LATER = datetime.now(UTC) + timedelta(hours=1)
EARLIER = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server with a bucket called bucket."""
    command = shutil.which("moto_server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if command is None:
        pytest.fail("moto_server is missing: requirements-dev.txt has it, bin/test installs it", pytrace=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([command, "-H", "127.0.0.1", "-p", str(port)], stdout=quiet, stderr=quiet)
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + 30
    try:
        while True:
            try:
                httpx.put(f"{address}/bucket").raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, "the S3 server does not start"
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    (tmp_path / "files").mkdir()
    if request.param == "folder":
        return FolderStore(tmp_path / "files")
    if request.param == "memory":
        return ObjectStore(MemoryStore(), tmp_path / "files" / "incoming")
    return object_store.of(objects_at(request.getfixturevalue("s3"), f"{request.node.name}", tmp_path / "files"))


def objects_at(address: str, prefix: str, files: Path) -> Settings:
    """Settings of a market with its documents on an S3 server."""
    return SimpleNamespace(  # type: ignore[return-value]
        files_url=f"s3://bucket/{prefix.replace('[', '-').replace(']', '')}", files_endpoint=address,
        files_region="us-east-1", files_key="key", files_secret="secret", files=files,
    )  # fmt: skip


def arrived(tmp_path: Path, content: bytes) -> tuple[Path, str]:
    path = tmp_path / "files" / f"new-{len(content)}"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


def test_what_is_kept_is_there_whole_under_its_digest(place: Store, tmp_path: Path) -> None:
    content = b"x" * 12_000_000
    path, digest = arrived(tmp_path, content)
    place.keep(path, digest)
    with place.open(digest) as file:
        assert file.read() == content
        assert file.tell() == len(content)
        file.seek(0)
        assert file.read(4) == b"xxxx"
    assert place.kept_before(LATER) == [digest]
    assert place.kept_before(EARLIER) == []


def test_keeping_again_mends(place: Store, tmp_path: Path) -> None:
    """KF-FIL-04"""
    path, _ = arrived(tmp_path, b"damaged")
    _, right = arrived(tmp_path, b"the right bytes")
    place.keep(path, right)
    fresh, _ = arrived(tmp_path, b"the right bytes")
    place.keep(fresh, right)
    with place.open(right) as file:
        assert file.read() == b"the right bytes"


def test_what_is_not_there_is_an_os_error_and_forgetting_it_is_nothing(place: Store) -> None:
    with pytest.raises(OSError):
        place.open("0" * 64)
    place.forget("0" * 64)
    with pytest.raises(OSError):
        place.open_part("U-1.0")
    place.forget_part("U-1.0")
    assert place.kept_before(LATER) == place.parts_before(LATER) == []


def test_parts_lie_apart_from_documents(place: Store, tmp_path: Path) -> None:
    path, digest = arrived(tmp_path, b"document")
    place.keep(path, digest)
    part, _ = arrived(tmp_path, b"a part")
    place.keep_part(part, "U-1.0.abc")
    with place.open_part("U-1.0.abc") as file:
        assert file.read() == b"a part"
    assert place.parts_before(LATER) == ["U-1.0.abc"]
    assert place.kept_before(LATER) == [digest]
    place.forget_part("U-1.0.abc")
    place.forget(digest)
    assert place.parts_before(LATER) == place.kept_before(LATER) == []


def test_a_store_out_there_that_does_not_answer_is_said(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """KF-FIL-04: nothing is handed out, nothing is said to be kept."""
    import dataclasses

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    settings = dataclasses.replace(
        app.extensions["settings"], files_url="s3://bucket/market", files_endpoint=f"http://127.0.0.1:{port}",
        files_key="k", files_secret="s",
    )  # fmt: skip
    quick = {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
    made = object_store.S3Store
    monkeypatch.setattr(object_store, "S3Store", lambda *a, **more: made(*a, **more | {"retry_config": quick}))
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert vendor.client.get(f"/documents/{document.code}").status_code == 503
    with pytest.raises(Unavailable):
        given(vendor.actor, pdf("other"))


def test_the_whole_way_of_a_document_on_an_object_store(app: Flask, someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """KF-FIL-04: given, compared, handed out, damaged, mended, swept."""
    memory = ObjectStore(MemoryStore(), app.extensions["settings"].files / "incoming")
    monkeypatch.setattr(store, "current", lambda: memory)
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    digest = document.file.digest
    assert memory.kept_before(LATER) == [digest]
    assert vendor.client.get(f"/documents/{document.code}").data == pdf()

    import obstore

    obstore.put(memory.place, f"{digest[:2]}/{digest}", io.BytesIO(b"damaged"))
    assert vendor.client.get(f"/documents/{document.code}").status_code == 503
    given(vendor.actor)
    assert vendor.client.get(f"/documents/{document.code}").data == pdf()
    assert operations.sweep().files == 0
