"""How every practice server is served: on the loopback address, each request in a thread of its own, without a line for each."""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of single requests."""


def server(port: int, application: Callable[..., Iterable[bytes]]) -> WSGIServer:
    """A server of a WSGI `application` at `port` on 127.0.0.1 (0: any free one); closed at the end of the block."""
    return make_server("127.0.0.1", port, application, _Server, _Quiet)  # type: ignore[arg-type]
