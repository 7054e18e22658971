"""A web service on the loopback that takes what the market sends, and answers as a test says."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and how it is answered: `status`, a place to send the caller on to, a wait in seconds before the answer."""

    url: str = ""
    status: int = 204
    location: str = ""
    wait: float = 0.0
    drip: bool = False
    taken: list[Taken] = field(default_factory=list)
    seen: Callable[[Taken], None] | None = None


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """The service, until the end of the block."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            taken = Taken(self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length))
            state.taken.append(taken)
            if state.seen:
                state.seen(taken)
            if state.drip:
                # one byte of the head at a time, for ever: no single read takes long
                with contextlib.suppress(OSError):
                    for _ in range(200):
                        self.wfile.write(b"H")
                        self.wfile.flush()
                        time.sleep(0.05)
                return
            time.sleep(state.wait)
            with contextlib.suppress(OSError):
                self.send_response(state.status)
                if state.location:
                    self.send_header("Location", state.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/market"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
