"""Chromium for the browser tests: one browser for the run, a fresh context for each page.

Without a Chromium the tests are skipped with a line that says so; under CI=true they fail instead (.ci/run installs it).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.functional import served, shelf
from tests.functional.served import Market, until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCALES = {"zh-Hans-CN": "zh-CN", "en": "en-GB"}

NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium from the system; nothing is downloaded."""
    executable = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium on the path: .ci/run installs it")
        pytest.skip(
            "no chromium on the path: install Debian's packages chromium, fonts-noto-cjk and libatomic1 to run the browser tests"
        )
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=executable, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """`new_page(lang, width, mode)`: a page of `width` px that reads `lang` ("zh-Hans-CN" or "en"), in Shanghai's zone.

    `mode` is "light", "dark" or "care" (the cookies `lang` and `mode` are set for `url`). Errors of the page's scripts and
    what the content security policy blocks fail the test.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(
        lang: str = "zh-Hans-CN", width: int = 1280, mode: str = "light", *, url: str = "", **options: Any
    ) -> Page:
        context = browser.new_context(
            locale=LOCALES[lang],
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": 900},
            color_scheme="dark" if mode == "dark" else "light",
            **options,
        )
        contexts.append(context)
        if url:
            chosen = {"lang": "en" if lang == "en" else "zh", "mode": "care" if mode == "care" else "normal"}
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in chosen.items()])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("console", lambda line: _note(faults, line.type, line.text))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults


def _note(faults: list[str], kind: str, text: str) -> None:
    if kind == "error" and "Content Security Policy" in text:
        faults.append(text)


@pytest.fixture(scope="session")
def market(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The whole market, served, with a small invented market and offers of known prices (tests/functional/shelf.py) in it."""
    with served.opened(tmp_path_factory.mktemp("served")) as market:
        with market.app.app_context():
            shelf.stocked()
        until(market.finds_everything)
        yield market
