"""Virus scanners: a Protocol, and the adapter for clamd over TCP or a unix socket (the setting CLAMD_URL).

clamd's INSTREAM (clamd(8)): "zINSTREAM", then pieces with a four-byte length in network order, a length of zero at the end; the
answer is "stream: OK", "stream: NAME FOUND" or "... ERROR", each ended by a zero byte.
"""

import re
import socket
import struct
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from market.config import Settings
from market.documents.store import Readable
from market.kernel.errors import Unavailable
from market.kernel.words import N_

#: seconds to wait for a connection, and for each piece and the verdict (large archives take their time)
CONNECT, ANSWER = 3.0, 60.0
PIECE = 64 * 1024
LONGEST_ANSWER = 4096

_FOUND = re.compile(r"stream: (.+) FOUND")


class Away(Unavailable):
    """The scanner does not answer, or did not look at the whole file; `why` is for the log."""

    code = "scanner_away"
    title = N_("The virus scanner does not answer at the moment.")

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def __str__(self) -> str:
        return f"{self.title} ({self.why})"


class Scanner(Protocol):
    """What looks for viruses."""

    def scan(self, stream: Readable) -> str | None:
        """The name of what was found in the bytes, None when they are clean. Raises `Away`."""
        ...


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd at tcp://host:port or unix:///path. Set its StreamMaxLength at least to WEST_MARKET_UPLOAD_LIMIT."""

    url: str

    def scan(self, stream: Readable) -> str | None:
        """See `Scanner`."""
        try:
            with self._connect() as line:
                line.settimeout(ANSWER)
                line.sendall(b"zINSTREAM\0")
                try:
                    while piece := stream.read(PIECE):
                        line.sendall(struct.pack(">I", len(piece)) + piece)
                    line.sendall(struct.pack(">I", 0))
                except (BrokenPipeError, ConnectionResetError) as error:
                    # clamd hangs up on what is too large for it, and says so first
                    raise Away(_read(line) or "connection lost") from error
                return verdict(_read(line))
        except OSError as error:
            raise Away(str(error)) from error

    def _connect(self) -> socket.socket:
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(CONNECT)
            try:
                line.connect(parts.path)
            except OSError:
                line.close()
                raise
            return line
        return socket.create_connection((parts.hostname or "", parts.port or 3310), timeout=CONNECT)


def verdict(answer: str) -> str | None:
    """What clamd's `answer` says: the name of what was found, None for clean. `Away` for anything else."""
    if answer == "stream: OK":
        return None
    if found := _FOUND.fullmatch(answer):
        return found[1][:200]
    raise Away(answer or "no answer")


def _read(line: socket.socket) -> str:
    """The answer up to its zero byte, or what came of it."""
    found = b""
    try:
        while b"\0" not in found and len(found) < LONGEST_ANSWER and (piece := line.recv(1024)):
            found += piece
    except OSError:
        pass
    return found.partition(b"\0")[0].decode(errors="replace").strip()


def of(settings: Settings) -> Scanner | None:
    """The scanner that the settings name; None when there is none, and documents say that they were not scanned."""
    return Clamd(settings.clamd) if settings.clamd else None
