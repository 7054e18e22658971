"""The virus scanner: a small clamd on a real socket, over TCP and over a unix socket."""

import contextlib
import dataclasses
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from market import outbox
from market.db import db
from market.documents import jobs, operations, scan_operations, scanner, store
from market.documents.rules import Quarantined, Scan
from market.documents.scanner import Away, Clamd
from market.kernel.actor import Role
from market.kernel.errors import Invalid, Unavailable
from market.record.models import AuditEntry, OutboxRow
from tests.integration.factories.documents import given, pdf

#: the test file of the antivirus industry (EICAR), cut in two so that no scanner of this checkout finds it here
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
INFECTED = pdf(head=b"%" + EICAR + b"\n")
LIMIT = 5_000_000


class FakeClamd(socketserver.BaseRequestHandler):
    """INSTREAM as clamd answers it; what it saw is counted on the server."""

    def handle(self) -> None:
        if self._take(10) != b"zINSTREAM\0":
            return self.request.sendall(b"UNKNOWN COMMAND\0")
        body = b""
        while size := struct.unpack(">I", self._take(4))[0]:
            body += self._take(size)
            if len(body) > LIMIT:
                return self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
        self.server.seen.append(body)  # type: ignore[attr-defined]
        self.request.sendall(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in body else b"stream: OK\0")
        return None

    def _take(self, size: int) -> bytes:
        found = b""
        while len(found) < size and (piece := self.request.recv(size - len(found))):
            found += piece
        return found


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def clamd(kind: str) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a fake clamd, and what it saw."""
    with tempfile.TemporaryDirectory() as folder:
        server = Tcp(("127.0.0.1", 0), FakeClamd) if kind == "tcp" else Unix(f"{folder}/clamd", FakeClamd)
        with server:
            server.seen = []  # type: ignore[attr-defined]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            address = f"tcp://127.0.0.1:{server.server_address[1]}" if kind == "tcp" else f"unix://{folder}/clamd"
            yield address, server.seen  # type: ignore[attr-defined]
            server.shutdown()
            thread.join(5)


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], clamd=address))


@pytest.fixture
def seen(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A market with a scanner; what the scanner saw."""
    with clamd("tcp") as (address, found):
        use(app, monkeypatch, address)
        yield found


def events(name: str) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == name).order_by(AuditEntry.number)))


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_clamd_says_what_it_finds(kind: str) -> None:
    with clamd(kind) as (address, seen), tempfile.TemporaryFile() as file:
        file.write(b"clean" * 50_000)
        file.seek(0)
        assert Clamd(address).scan(file) is None
        assert seen == [b"clean" * 50_000], "in several pieces, whole"
        with tempfile.TemporaryFile() as other:
            other.write(INFECTED)
            other.seek(0)
            assert Clamd(address).scan(other) == "Eicar-Test-Signature"


def test_a_scanner_that_is_away_or_does_not_look_to_the_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as file:
        for address in (f"tcp://127.0.0.1:{port}", "unix:///nowhere/clamd"):
            with pytest.raises(Away):
                Clamd(address).scan(file)
        file.truncate(LIMIT + 100_000)
        with clamd("tcp") as (address, _), pytest.raises(Away):
            Clamd(address).scan(file)
    with socket.create_server(("127.0.0.1", 0)) as silent, tempfile.TemporaryFile() as file:
        monkeypatch.setattr(scanner, "ANSWER", 0.1)
        with pytest.raises(Away, match="no answer"):
            Clamd(f"tcp://127.0.0.1:{silent.getsockname()[1]}").scan(file)


@pytest.mark.parametrize(
    ("answer", "found"), [("stream: OK", None), ("stream: Win.Test.EICAR_HDB-1 FOUND", "Win.Test.EICAR_HDB-1")]
)
def test_verdicts(answer: str, found: str | None) -> None:
    assert scanner.verdict(answer) == found


@pytest.mark.parametrize(
    "answer", ["", "stream: ERROR", "INSTREAM size limit exceeded. ERROR", "stream: OK and more", "OK"]
)
def test_what_is_no_verdict_is_never_clean(answer: str) -> None:
    with pytest.raises(Away):
        scanner.verdict(answer)


def test_without_a_scanner_a_document_says_that_it_was_not_scanned(app: Flask, someone) -> None:
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    jobs.scan(document.code)
    assert document.file.scan is Scan.NOT_SCANNED
    assert "未查毒" in vendor.client.get("/documents").text
    assert scan_operations.scan_unscanned() == 0


def test_a_document_is_looked_at_once_after_it_was_given(app: Flask, seen: list[bytes], someone) -> None:
    """KF-JOB-02: twice means once."""
    vendor = someone(Role.VENDOR)
    document = given(vendor.actor)
    outbox.drain()
    jobs.scan(document.code)
    given(vendor.actor, name="again.pdf")
    outbox.drain()
    assert seen == [pdf()], "the same bytes given again were seen before"
    db.session.refresh(document.file)
    assert document.file.scan is Scan.CLEAN
    assert "已查毒" in vendor.client.get("/documents").text


def test_others_wait_until_it_was_looked_at(app: Flask, seen: list[bytes], someone) -> None:
    vendor, operator = someone(Role.VENDOR), someone(Role.OPERATOR)
    document = operations.attach(given(vendor.actor).code, "V-1", by=vendor.actor)
    path = f"/documents/{document.code}"
    assert [one.client.get(path).status_code for one in (vendor, operator)] == [200, 503]
    outbox.drain()
    assert [one.client.get(path).status_code for one in (vendor, operator)] == [200, 200]


def test_what_is_found_is_handed_to_nobody_and_its_owner_is_told(app: Flask, seen: list[bytes], someone) -> None:
    """KF-FIL-01, KF-FIL-02: and cannot be attached, shown or used again."""
    vendor, operator = someone(Role.VENDOR), someone(Role.OPERATOR)
    used = operations.attach(given(vendor.actor, INFECTED, purpose="listing").code, "L-1", by=vendor.actor)
    operations.show([used.code], public=True, by=vendor.actor)
    loose = given(vendor.actor, INFECTED, "other.pdf")
    outbox.drain()

    for one in (vendor, operator):
        got = one.client.get(f"/documents/{used.code}")
        assert got.status_code == 422
        assert "attachment" not in got.headers.get("Content-Disposition", "")
        assert "查毒" in got.text
    with pytest.raises(Quarantined):
        operations.attach(loose.code, "L-2", by=vendor.actor)
    with pytest.raises(Quarantined):
        operations.use_again(used.code, "L-2", used.purpose, by=vendor.actor)
    told = [
        (entry.facts["document"], entry.facts["party"], entry.facts["found"]) for entry in events("DocumentQuarantined")
    ]
    owner = vendor.actor.organisation
    assert told == [(used.code, owner, "Eicar-Test-Signature"), (loose.code, owner, "Eicar-Test-Signature")]
    assert "已隔离" in vendor.client.get("/documents").text
    assert "Eicar-Test-Signature" in vendor.client.get("/messages").text
    with pytest.raises(Invalid, match="harmful"):
        given(vendor.actor, INFECTED, "once more.pdf")


def test_while_the_scanner_is_away_the_job_waits_and_nothing_is_lost(
    app: Flask, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        use(app, monkeypatch, f"tcp://127.0.0.1:{free.getsockname()[1]}")
    vendor, operator = someone(Role.VENDOR), someone(Role.OPERATOR)
    document = operations.attach(given(vendor.actor).code, "V-1", by=vendor.actor)
    outbox.drain()
    [row] = db.session.scalars(select(OutboxRow).where(OutboxRow.job == "market.documents.jobs.scan"))
    assert row.done_at is None
    assert "scanner" in (row.error or "").lower()
    with pytest.raises(Unavailable):
        operations.read_document(document.code, by=operator.actor)
    with clamd("tcp") as (address, _):
        use(app, monkeypatch, address)
        jobs.scan(document.code)
    assert operations.read_document(document.code, by=operator.actor) == document


def test_what_was_given_before_there_was_a_scanner_is_looked_at(
    app: Flask, someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = someone(Role.VENDOR)
    given(vendor.actor)
    bad = given(vendor.actor, INFECTED)
    with clamd("unix") as (address, seen):
        use(app, monkeypatch, address)
        assert scan_operations.scan_unscanned() == 2
        assert scan_operations.scan_unscanned() == 0
        assert len(seen) == 2
    assert bad.file.scan is Scan.FOUND
    assert len(events("DocumentQuarantined")) == 1


def test_two_workers_that_look_at_the_same_file_say_it_once(
    app: Flask, seen: list[bytes], someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KF-JOB-02"""
    document = given(someone(Role.VENDOR).actor, INFECTED)
    scan, others = Clamd.scan, [document.code]

    def while_another_is_faster(self: Clamd, stream: store.Readable) -> str | None:
        found = scan(self, stream)
        if others:
            scan_operations.scan_document(others.pop())
        return found

    monkeypatch.setattr(Clamd, "scan", while_another_is_faster)
    assert scan_operations.scan_document(document.code) is Scan.FOUND
    assert len(seen) == 2
    assert len(events("DocumentQuarantined")) == 1
