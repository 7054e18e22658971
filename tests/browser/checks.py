"""What is looked for on every page: its scripts at work, nothing that axe objects to, nothing that sticks out sideways."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def ready(page: Page) -> None:
    """Wait until the page's scripts are at work."""
    expect(page.locator("html")).to_have_attribute("data-scripts", "ready")


def violations(page: Page) -> list[str]:
    """What axe finds, with the place."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def overflowing(page: Page) -> list[str]:
    """The elements that stick out of the page sideways, when it scrolls sideways at all."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll("main *, header *, footer *")]
            .filter((one) => !one.closest(".wm-scroll") && one.getBoundingClientRect().right > wide + 0.5)
            .map((one) => `${one.tagName}.${one.getAttribute("class")} ${one.getBoundingClientRect().right}`).slice(0, 8)
            .concat(["the page scrolls sideways"]);
        }"""
    )


def sound(page: Page) -> None:
    """The page is at work, accessible, and as wide as the window."""
    ready(page)
    assert (page.url, violations(page), overflowing(page)) == (page.url, [], [])
