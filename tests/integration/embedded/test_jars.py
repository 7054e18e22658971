"""Elasticsearch's jars: fetched once, gone on with after a break, never taken when they are not the locked ones."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import jars, locks
from embedded.prepare import Trouble

CONTENT = bytes(range(256)) * 2000


class Mirror(http.server.BaseHTTPRequestHandler):
    """A repository with one jar, that understands ranges; what it is asked for is kept in `asked`."""

    asked: list[tuple[str, str]] = []
    content = CONTENT
    breaks_at: int | None = None

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        type(self).asked.append((self.path, self.headers.get("Range", "")))
        if not self.path.endswith("/org/example/one/1.0/one-1.0.jar"):
            self.send_error(404)
            return
        body = self.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.breaks_at is not None:
            body, type(self).breaks_at = body[: self.breaks_at], None
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Be silent."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Mirror]]:
    """A repository on this machine, a lock with its one jar, and an empty cache."""

    class Own(Mirror):
        asked: list[tuple[str, str]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lock = tmp_path / "jars.lock"
    lock.write_text(f"# a lock\nlib org.example:one:1.0 {hashlib.sha1(CONTENT).hexdigest()} {len(CONTENT)}\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("WEST_MARKET_JAR_REPOSITORY", f"http://127.0.0.1:{server.server_port}/a/mirror/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield Own
    server.shutdown()
    server.server_close()


def test_a_jar_is_fetched_from_the_repository_of_the_setting_once(mirror: type[Mirror]) -> None:
    home = jars.fetch()
    assert (home / "lib" / "one-1.0.jar").read_bytes() == CONTENT
    assert jars.fetch() == home
    assert mirror.asked == [("/a/mirror/org/example/one/1.0/one-1.0.jar", "")]


def test_a_broken_download_is_gone_on_with(mirror: type[Mirror], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars.time, "sleep", lambda seconds: None)
    mirror.breaks_at = 100_000
    home = jars.fetch()
    assert (home / "lib" / "one-1.0.jar").read_bytes() == CONTENT
    assert [asked for _, asked in mirror.asked] == ["", "bytes=100000-"]


def test_what_a_killed_start_left_is_gone_on_with(mirror: type[Mirror]) -> None:
    part = jars.home() / "lib" / "one-1.0.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:300_000])
    assert (jars.fetch() / "lib" / "one-1.0.jar").read_bytes() == CONTENT
    assert mirror.asked[0][1] == "bytes=300000-"


def test_an_altered_jar_is_refused(mirror: type[Mirror]) -> None:
    mirror.content = CONTENT[:-1] + b"!"
    with pytest.raises(Trouble, match="not the file that this version was locked with"):
        jars.fetch()
    assert not jars.present()
    assert list((jars.home() / "lib").glob("*.jar")) == []


def test_a_repository_that_does_not_answer_is_one_sentence(
    mirror: type[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars.time, "sleep", lambda seconds: None)
    monkeypatch.setenv("WEST_MARKET_JAR_REPOSITORY", "http://127.0.0.1:9")
    with pytest.raises(Trouble, match=r"Elasticsearch could not be fetched: one-1\.0\.jar"):
        jars.fetch()


def test_the_lock_of_this_version_is_whole() -> None:
    assert locks.jar_faults() == []
    assert len(jars.read_lock()) == 53


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("lib org.elasticsearch:elasticsearch:9.5.3 cf6ceb5f 21929361", "has no SHA-1"),
        (f"lib org.example:one:1.0 {'a' * 40} 5", "lacks org.elasticsearch:elasticsearch:9.5.3"),
        (f"lib org.example:one:1.0 {'a' * 40} 5\nlib org.example:one:1.1 {'b' * 40} 5", "names one twice"),
        ("lib org.example:one", "not a jar"),
    ],
)
def test_a_lock_that_is_not_whole_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, fault: str
) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text(line + "\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    assert any(fault in found for found in locks.jar_faults())


@pytest.mark.parametrize(
    ("source", "lock", "fault"),
    [
        ("flask==3.1.3", "flask==3.1.3 \\\n    --hash=sha256:00\n    # via -r requirements.in\n", None),
        ("Flask_Login>=0.6", "flask-login==0.6.3 \\\n    --hash=sha256:00\n    # via -r requirements.in\n", None),
        ("flask==3.1.3\nhttpx", "flask==3.1.3 \\\n    --hash=sha256:00\n", "lacks httpx"),
        ("flask==3.1.4", "flask==3.1.3 \\\n    --hash=sha256:00\n", "asks for 3.1.4"),
        ("flask==3.1.3", "flask==3.1.3\n", "has no hash"),
        ("# nothing", "flask==3.1.3 \\\n    --hash=sha256:00\n    # via -r requirements.in\n", "no longer asks for it"),
    ],
)
def test_a_lock_of_packages_that_is_out_of_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, lock: str, fault: str | None
) -> None:
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    (tmp_path / "requirements.in").write_text(source + "\n")
    (tmp_path / "requirements.txt").write_text(lock)
    faults = locks._compare("requirements.in", "requirements.txt")
    assert faults == [] if fault is None else any(fault in found for found in faults)


def test_the_locks_of_this_version_are_in_step() -> None:
    assert locks.requirement_faults() == []
