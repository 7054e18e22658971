"""Somebody at a browser, without the browser: pages by HTTP, forms with the token of their page, and patience."""

import re
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
#: seconds that a person goes on trying one step while servers come and go
PATIENCE = 240.0


#: there is no TLS on the loopback interface: reading the machine's authorities for each client would only take time
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Stuck(Exception):
    """A step did not come about in all the time a person would give it; says which, and the last answer."""


class Visitor:
    """One person's session with the market at `url`, from `address` when one is given. Nothing here repeats a request by
    itself."""

    def __init__(self, url: str, seconds: float = 20.0, address: str = "") -> None:
        # as a proxy in front of the market would say: limits are counted for each address
        headers = {"X-Forwarded-For": address} if address else {}
        self.http = httpx.Client(base_url=url, timeout=seconds, follow_redirects=False, verify=NO_TLS, headers=headers)
        self._token = ""
        self.last = ""

    def close(self) -> None:
        """The window is closed."""
        self.http.close()

    def get(self, path: str, **params: str) -> httpx.Response:
        """A page. Raises httpx.TransportError when nobody answers."""
        return self._noted(self.http.get(path, params=params))

    def submit(self, path: str, files: Any = None, **data: Any) -> httpx.Response:
        """Send a form with the session's token. Raises httpx.TransportError when nobody answers."""
        if not self._token:
            found = TOKEN.search(self.get("/sign-in").text) or TOKEN.search(self.get("/account").text)
            self._token = found[1] if found else ""
        return self._noted(self.http.post(path, data={**data, "csrf_token": self._token}, files=files))

    def sign_in(self, email: str, password: str) -> None:
        """Sign in, trying until it worked."""

        def signed_in() -> bool:
            return self.get("/account").status_code == 200

        def try_it() -> None:
            self._token = ""
            self.submit("/sign-in", email=email, password=password)
            self._token = ""

        insist("sign in", signed_in, try_it, lambda: self.last)

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        self.last = f"{answer.request.method} {answer.request.url.path} -> {answer.status_code}"
        return answer


def insist(
    name: str,
    seen: Callable[[], T],
    act: Callable[[], object],
    last: Callable[[], str] = lambda: "",
    seconds: float = PATIENCE,
) -> T:
    """Look whether a thing has come about, else do what brings it about, and look again, as one does whose page did not come.

    `seen` gives something true once it is so. Servers that do not answer are waited for. `Stuck` after `seconds`.
    """
    end = time.monotonic() + seconds
    pause = 0.02
    acted = False
    while True:
        try:
            if found := seen():
                return found
            if not acted or pause > 0.2:
                acted = True
                act()
        except httpx.TransportError:
            pass
        if time.monotonic() > end:
            raise Stuck(f"{name}: {last()}")
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def fields_of(page: str, name: str) -> list[str]:
    """The values of all hidden fields `name` of a page."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


def link_on(page: str, part: str) -> str | None:
    """The first address on a page that holds `part`."""
    found = re.search(rf'href="([^"]*{re.escape(part)}[^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else None


Row = Mapping[str, Any]
