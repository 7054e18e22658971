"""What the Elasticsearch server is made of: the jars named in jars.lock, fetched once for all checkouts of this user.

The lock names each jar with its SHA-1, so a start resolves nothing and takes nothing else. Fetched from the repository in
WEST_MARKET_JAR_REPOSITORY (a mirror's address), by default from the one that the library jgo knows. Proxies and
certificates are those that the environment names in the ordinary way.
"""

import errno
import hashlib
import os
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from pathlib import Path

from embedded.prepare import VAR, Progress, Trouble, explained, locked

LOCK = Path(__file__).with_name("jars.lock")
VERSION = "9.5.3"
#: the two roots that are resolved, by the folder of the server's home that they and what they need go to
ROOTS = {
    "lib": ("org.elasticsearch", "elasticsearch", VERSION),
    "modules/transport-netty4": ("org.elasticsearch.plugin", "transport-netty4", VERSION),
}
#: a plugin is loaded beside the server, which has these already
ALREADY_THERE = {"elasticsearch-core", "elasticsearch-entitlement"}
PARALLEL = 6
PIECE = 1 << 16
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: where it goes, its coordinates, its SHA-1 (hexadecimal) and size in bytes."""

    place: str
    group: str
    artifact: str
    version: str
    sha1: str
    size: int

    @property
    def file(self) -> str:
        """Its name in every repository."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Its path in a repository of the usual layout."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file}"


def read_lock() -> list[Jar]:
    """The jars of the lock file; ValueError names a line that is not `place group:artifact:version sha1 size`."""
    jars = []
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            try:
                place, coordinates, sha1, size = line.split()
                group, artifact, version = coordinates.split(":")
            except ValueError:
                raise ValueError(f"{LOCK.name}: not a jar: {line!r}") from None
            jars.append(Jar(place, group, artifact, version, sha1, int(size)))
    return jars


def cache() -> Path:
    """The folder shared by the checkouts of this user: in its cache folder, or in var/ where that cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base if os.path.isabs(base) else VAR) / "west-market"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    folder = VAR / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def home() -> Path:
    """The server's home folder in the cache, complete or not; it changes its name with the lock."""
    return cache() / f"elasticsearch-{VERSION}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"


def present() -> bool:
    """True when nothing needs to be fetched."""
    return (home() / "complete").exists()


def fetch() -> Path:
    """The server's home folder, with every jar in it, fetched now where missing.

    What a broken download left is gone on with; a jar comes to its place only whole and with the right SHA-1. Trouble names
    what hinders: no connection, a full disk, a repository that has other files.
    """
    place = home()
    if present():
        return place
    with locked(cache() / "jars.lock", "Another start is fetching Elasticsearch; waiting for it."):
        if not present():
            try:
                _fill(place)
            except OSError as error:
                raise explained(error) from None
    return place


def _fill(place: Path) -> None:
    jars = read_lock()
    for folder in {jar.place for jar in jars} | {"plugins"}:
        (place / folder).mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not _is_whole(place / jar.place / jar.file, jar)]
    progress = Progress("Fetching Elasticsearch", sum(jar.size for jar in missing))
    count = _Counter(progress)
    with ThreadPoolExecutor(PARALLEL) as pool:
        tasks = [pool.submit(_fetch_one, jar, place / jar.place / jar.file, count) for jar in missing]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            progress.finish("stopped")
            pool.shutdown(wait=False, cancel_futures=True)
            count.stopped = True
            raise
    progress.finish(f"{len(missing)} files")
    (place / "complete").touch()


class _Counter:
    """Adds up what several downloads bring and shows it."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.lock, self.bytes, self.stopped = progress, threading.Lock(), 0, False

    def add(self, size: int, note: str) -> None:
        with self.lock:
            self.bytes += size
            if not self.stopped:
                self.progress.step(self.bytes, note)


def _is_whole(path: Path, jar: Jar) -> bool:
    return path.exists() and _sha1(path) == jar.sha1


def _sha1(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def repository() -> str:
    """The address of the repository, without a slash at its end."""
    given = os.environ.get("WEST_MARKET_JAR_REPOSITORY", "").strip()
    if not given:
        from jgo.constants import MAVEN_CENTRAL_URL

        given = MAVEN_CENTRAL_URL
    return given.rstrip("/")


def _fetch_one(jar: Jar, target: Path, count: _Counter) -> None:
    part = target.with_suffix(".part")
    for attempt in range(1, ATTEMPTS + 1):
        if count.stopped:
            return
        try:
            _download(jar, part, count)
        except (OSError, HTTPException) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EACCES, errno.EROFS):
                raise
            if attempt == ATTEMPTS:
                raise Trouble(_unreachable(jar, error)) from None
            time.sleep(attempt)
            continue
        if _sha1(part) == jar.sha1:
            part.replace(target)
            return
        part.unlink()
    raise Trouble(
        f"{jar.file} from {repository()} is not the file that this version was locked with (its SHA-1 differs). "
        "If that is a mirror, it serves an altered file."
    )


def _download(jar: Jar, part: Path, count: _Counter) -> None:
    """Fetch what is missing of `part`."""
    have = part.stat().st_size if part.exists() else 0
    if have >= jar.size:
        return
    request = urllib.request.Request(f"{repository()}/{jar.path}", headers={"User-Agent": "west-market"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=30, context=_trust()) as answer:
        goes_on = answer.status == 206
        with part.open("ab" if goes_on else "wb") as file:
            if goes_on:
                count.add(have, jar.file)
            while piece := answer.read(PIECE):
                file.write(piece)
                count.add(len(piece), jar.file)
    if part.stat().st_size < jar.size:
        raise IncompleteRead(b"", jar.size - part.stat().st_size)


def _trust() -> ssl.SSLContext:
    """The certificates that Python trusts here, those of pip and requests where the environment names them too."""
    named = os.environ.get("PIP_CERT") or os.environ.get("REQUESTS_CA_BUNDLE")
    context = ssl.create_default_context()
    if named and os.path.isfile(named):
        context.load_verify_locations(named)
    if not context.get_ca_certs():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _unreachable(jar: Jar, error: BaseException) -> str:
    return (
        f"Elasticsearch could not be fetched: {jar.file} from {repository()}: {error}. Check the network; behind a proxy set "
        "HTTPS_PROXY, for a mirror set WEST_MARKET_JAR_REPOSITORY to its address. What has arrived is kept."
    )


def resolve() -> Iterable[Jar]:
    """Resolve the two roots anew in the repository; `bin/market jars lock` writes the outcome to jars.lock."""
    from jgo.maven import MavenContext, PythonResolver, _core

    context = MavenContext(
        repo_cache=cache() / "resolving",
        resolver=PythonResolver(),
        remote_repos={"central": repository()},
        timeout=30,
    )
    for place, (group, artifact, version) in ROOTS.items():
        root = _core.Dependency(context.project(group, artifact).at_version(version).artifact())
        direct, further = context.resolver.resolve([root])
        for found in (
            dependency.artifact for dependency in direct + further if dependency.scope in (None, "compile", "runtime")
        ):
            if place == "lib" or found.artifactId not in ALREADY_THERE:
                path = Path(found.resolve())
                yield Jar(place, found.groupId, found.artifactId, found.version, _sha1(path), path.stat().st_size)


def lock_text(jars: Iterable[Jar]) -> str:
    """The text of jars.lock for `jars`."""
    head = (
        "# The Elasticsearch server: folder, coordinates, SHA-1, bytes. Made by `bin/market jars lock`; do not edit.\n"
    )
    return head + "".join(
        f"{jar.place} {jar.group}:{jar.artifact}:{jar.version} {jar.sha1} {jar.size}\n" for jar in jars
    )
