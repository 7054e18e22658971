"""A POST to an address that somebody outside has named: never into our own network, and for five seconds at most once its
name is known.

The name is looked up here and the connection goes to the address that was looked at, so nothing can change between the look and
the call. Redirects are not followed. Of the answer only the status is read.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore

from market.notifications import rules

#: seconds for everything after the look-up of the name (the system bounds that): connection, sending, head of the answer
PATIENCE = 5.0

SocketOptions = Iterable[Any]


class NoAnswer(Exception):
    """Nothing could be sent, or no answer came. The text says why and holds no address."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, practice: bool, ours: bool = False) -> int:
    """Send `body` to `url`; the status of the answer. `NoAnswer` when there is none in five seconds or the address is inside.

    Outside practice mode only https with a certificate that holds and public addresses; in practice mode loopback and private
    networks too. `ours`: the operator of the market named the address in the settings, so it may lie in his own network.
    """
    given = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    backend = _Outside(practice or ours, time.monotonic() + PATIENCE)
    limits = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
    try:
        if not practice and not url.startswith("https://"):
            raise NoAnswer("not https")
        with (
            httpcore.ConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=backend, max_connections=1
            ) as pool,
            pool.stream("POST", url, headers=given, content=body, extensions={"timeout": limits}) as answer,
        ):
            return int(answer.status)
    except httpcore.TimeoutException:
        raise NoAnswer("no answer in five seconds") from None
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        ssl.SSLError,
        OSError,
    ) as error:
        raise NoAnswer(f"no connection: {type(error).__name__}") from None


class _Outside(httpcore.NetworkBackend):
    """Connects only to addresses that may be called, and ends at `end` (monotonic)."""

    def __init__(self, inside: bool, end: float) -> None:
        self._inside = inside
        self._end = end
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of `host` that answers, if all of them may be called."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NoAnswer("the name of the host is not known") from None
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        if not addresses or not all(rules.is_allowed(one, practice=self._inside) for one in addresses):
            raise NoAnswer("the address lies inside a private network")
        for last, address in [*((False, one) for one in addresses[:-1]), (True, addresses[-1])]:
            try:
                left = _left(self._end, timeout)
                stream = self._backend.connect_tcp(address, port, left, local_address, socket_options)
                return _Timed(stream, self._end)
            except httpcore.ConnectError:
                if last:
                    raise
        raise AssertionError("there is a last address")


class _Timed(httpcore.NetworkStream):
    """A connection on which no step reaches beyond the end of the whole."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Bytes that have come."""
        return self._stream.read(max_bytes, _left(self._end, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, _left(self._end, timeout))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection under TLS; the certificate must be that of the name, not of the address."""
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._end, timeout)), self._end)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._stream.get_extra_info(info)


def _left(end: float, timeout: float | None) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left if timeout is None else min(left, timeout)
