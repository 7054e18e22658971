"""Limits on how often somebody may do something: counted in Valkey for all processes, in this process while Valkey is away.

Counted per true peer (`peer`), or under any key the caller names (a mail address, an account). While Valkey is away each
process counts for itself and allows a quarter: stricter, never unlimited. Time here is real time, since it is about load.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from functools import wraps
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app, request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from market import clock
from market.config import Settings
from market.kernel.errors import TooMany
from market.kernel.words import N_

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])

#: while Valkey is away a process allows this part of a limit
STRICTER = 4
#: seconds until Valkey is asked again after it did not answer
PAUSE = 5
#: seconds to wait for Valkey
PATIENCE = 0.5


def limited(name: str, *rates: str) -> Callable[[View], View]:
    """Let each peer call this view only so often, for instance `@limited("sign in", "30/minute", "300/hour")`.

    Beneath `@form` only what was sent counts, and a refusal (429 with Retry-After) keeps what was typed. Views with the
    same `name` share the count.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            count(name, peer(), *rates)
            return view(*args, **kwargs)

        return counted  # type: ignore[return-value]

    return decorate


def count(name: str, key: str, *rates: str) -> None:
    """Count one act of kind `name` under `key` (hashed; it may be an address). `TooMany` beyond any of `rates` ("3/hour")."""
    wait = _counters().hit(name, key, rates)
    if wait is not None:
        raise TooMany(N_("This was tried too often from here. Please wait a little."), retry_after=wait)


def forget_all() -> None:
    """Set all counters of this installation to zero. For tests and for the operator's command."""
    _counters().reset()


def peer() -> str:
    """Who calls, as limits and locks know him: the address, for IPv6 its /64 network.

    A proxy's header counts only when as many proxies are configured and the connection itself comes from one of their
    networks; whoever reaches the application's own port can claim nothing.
    """
    return network_of(address())


def address() -> str:
    """The caller's address as `peer` believes it, whole."""
    settings: Settings = current_app.extensions["settings"]
    original = request.environ.get("werkzeug.proxy_fix.orig")
    if original is None:
        return request.remote_addr or ""
    direct = str(original.get("REMOTE_ADDR") or "")
    believed = _within(direct, settings.proxy_networks)
    return (request.remote_addr or "") if believed else direct


def network_of(address: str) -> str:
    """`address` as one counts callers: IPv4 as it is, IPv6 by its /64 (one household, one firm); anything else unchanged."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:45]
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))


def _within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return address == ""  # a connection over a local socket file has no address
    return any(found in ip_network(network, strict=False) for network in networks)


class _Counters:
    """The counters of one application: those in Valkey, and those in this process for when it is away."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.near = MovingWindowRateLimiter(MemoryStorage())
        self.far: MovingWindowRateLimiter | None = None
        self.away_until = 0.0
        self.lock = threading.Lock()

    def hit(self, name: str, key: str, rates: tuple[str, ...]) -> int | None:
        """Count; None when allowed, else the seconds until the next try counts."""
        hidden = hashlib.sha256(key.encode()).hexdigest()[:32]
        items = list(_items(rates))
        if time.monotonic() >= self.away_until:
            try:
                return _hit(self._far(), items, name, hidden)
            except (StorageError, OSError) as error:
                log.warning("limits counted in the process", error=type(error).__name__)
                self.away_until = time.monotonic() + PAUSE
        return _hit(self.near, [_stricter(item) for item in items], name, hidden)

    def reset(self) -> None:
        """Everything to zero."""
        self.near.storage.reset()
        try:
            self._far().storage.reset()
        except (StorageError, OSError):
            self.away_until = time.monotonic() + PAUSE

    def _far(self) -> MovingWindowRateLimiter:
        with self.lock:
            if self.far is None:
                storage: Storage = storage_from_string(  # type: ignore[assignment]
                    self.settings.redis_url,
                    key_prefix=f"{self.settings.prefix}-limits",
                    wrap_exceptions=True,
                    socket_connect_timeout=PATIENCE,
                    socket_timeout=PATIENCE,
                )
                self.far = MovingWindowRateLimiter(storage)
            return self.far


def _items(rates: tuple[str, ...]) -> Iterator[RateLimitItem]:
    for rate in rates:
        yield from parse_many(rate)


def _stricter(item: RateLimitItem) -> RateLimitItem:
    return type(item)(max(1, item.amount // STRICTER), item.multiples)


def _hit(limiter: MovingWindowRateLimiter, items: list[RateLimitItem], name: str, key: str) -> int | None:
    waits = []
    for item in items:
        if not limiter.hit(item, name, key):
            frees = limiter.get_window_stats(item, name, key).reset_time - clock.real().timestamp()
            # the library counts by the machine's time, which stands still in a test
            waits.append(min(max(1, ceil(frees)), item.get_expiry()))
    return max(waits) if waits else None


def _counters() -> _Counters:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app.extensions.setdefault("limits", _Counters(app.extensions["settings"]))
